"""A log's step against the ticket as it stands by then."""

from dataclasses import replace
from datetime import timedelta

import pytest

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_service_pb2 import RecordContactRequest, ResolveTicketRequest
from services.desk_log.decide import Course, Said, Seen, Skip, decide
from services.desk_log.plan import Moment, Step
from services.feed.requests import REQUESTS, change, seen
from workflows.domain.ticket import commands
from workflows.domain.ticket.commands import (
    Acknowledge,
    Confirm,
    Continue,
    Escalate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.words import ContactKind, Outcome, Status

LADDER = ("agent", "specialist", "supplier")
OPEN = Seen(status=Status.OPEN, tier="agent", awaits_acknowledgement=True)
WORKED_ON = Seen(status=Status.IN_PROGRESS, tier="agent", awaits_acknowledgement=False)
WAITING = Seen(status=Status.WAITING_ON_CUSTOMER, tier="agent", awaits_acknowledgement=False)
RESOLVED = Seen(status=Status.RESOLVED, tier="agent", awaits_acknowledgement=False, outcome=Outcome.FIXED)
CLOSED = replace(RESOLVED, status=Status.CLOSED)
GIVEN_UP = replace(RESOLVED, outcome=Outcome.NO_RESPONSE)


def said(step: Step, ticket: Seen, course: Course | None = None) -> object:
    """Give the command, or why there is none."""
    decided = decided_on(step, ticket, course or Course())
    return decided.command if isinstance(decided, Said) else decided


def decided_on(step: Step, ticket: Seen, course: Course) -> Said | Skip:
    """Decide Ada's step on this ladder."""
    return decide(Moment(offset=timedelta(), who="Ada", step=step), ticket, LADDER, course)


def test_whoever_takes_it_on_speaks_for_the_tier_that_has_it_now() -> None:
    """The clocks may have escalated it since the log's agent had it (6.2)."""
    ticket = replace(OPEN, tier="specialist")

    assert said(Step.TAKE_ON, ticket) == Acknowledge(actor="Ada", handler="Ada", tier="specialist")


def test_what_is_taken_on_already_needs_no_second_word() -> None:
    """Acknowledge is legal only while the tier's acknowledge clock runs, or the last resort is reminded."""
    assert said(Step.TAKE_ON, WORKED_ON) is Skip.TAKEN_ON


def test_hand_overs_go_up_to_the_ladders_end_and_back_again() -> None:
    """Sent back and forth: two up, two down, and up again."""
    tier, course, way = "agent", Course(), []
    for _ in range(6):
        decided = decided_on(Step.HAND_OVER, replace(WORKED_ON, tier=tier), course)
        assert isinstance(decided, Said)
        course = decided.course
        match decided.command:
            case Escalate(from_tier=left):
                assert left == tier
                tier = LADDER[LADDER.index(left) + 1]
            case Transfer(to_tier=entered):
                tier = entered
            case other:
                pytest.fail(f"{other} hands nothing over")
        way.append(tier)

    assert way == ["specialist", "supplier", "specialist", "agent", "specialist", "supplier"]


def test_a_ladder_of_one_tier_has_nobody_to_hand_over_to() -> None:
    """There is no other line."""
    moment = Moment(offset=timedelta(), who="Ada", step=Step.HAND_OVER)

    assert decide(moment, WORKED_ON, ("agent",), Course()) is Skip.NO_OTHER_TIER


def test_the_supplier_gives_it_back_to_the_tier_that_sent_it() -> None:
    """And only what the case itself has sent there comes back."""
    sent = decided_on(Step.TO_SUPPLIER, WORKED_ON, Course())
    assert isinstance(sent, Said)
    assert sent.command == Transfer(actor="Ada", to_tier="supplier", reason="The supplier has to look at it.")
    there = replace(WORKED_ON, tier="supplier")

    assert said(Step.FROM_SUPPLIER, there, sent.course) == Transfer(
        actor="Ada", to_tier="agent", reason="The supplier is done."
    )
    assert said(Step.FROM_SUPPLIER, there) is Skip.NOT_WITH_SUPPLIER
    assert said(Step.FROM_SUPPLIER, WORKED_ON, sent.course) is Skip.NOT_WITH_SUPPLIER
    assert said(Step.TO_SUPPLIER, there) is Skip.WITH_SUPPLIER


def test_a_wait_on_the_customer_ends_by_an_answer_or_without_one() -> None:
    """6.6: by a contact, which is no chase, or by Continue."""
    assert said(Step.ASK, WORKED_ON) == WaitOnCustomer(
        actor="Ada", question="Can you tell us more, so that we can go on?"
    )
    assert said(Step.ANSWER, WAITING) == RecordContact(
        actor="Ada", kind=ContactKind.INFORMATION, channel="phone", text="Here is what you asked for."
    )
    assert said(Step.GO_ON, WAITING) == Continue(actor="Ada", reason="We go on without the answer.")


def test_work_after_the_clocks_gave_up_waiting_takes_it_up_again() -> None:
    """6.9: an answer to `no_response` reopens; work without one rejects what is resolved, reopens what is closed."""
    closed = replace(GIVEN_UP, status=Status.CLOSED)

    assert isinstance(said(Step.ANSWER, GIVEN_UP), RecordContact)
    assert isinstance(said(Step.ANSWER, closed), RecordContact)
    assert isinstance(said(Step.GO_ON, GIVEN_UP), Reject)
    assert isinstance(said(Step.GO_ON, closed), Reopen)


def test_what_ends_it() -> None:
    """Solved, withdrawn, signed off."""
    assert said(Step.SOLVE, OPEN) == Resolve(actor="Ada", outcome=Outcome.FIXED, explanation="It works again.")
    assert said(Step.WITHDRAW, OPEN) == Resolve(actor="Ada", outcome=Outcome.WITHDRAWN, explanation="No longer wanted.")
    assert said(Step.SIGN_OFF, RESOLVED) == Confirm(actor="Ada")


def test_work_goes_on_after_an_end() -> None:
    """6.8, 6.9: what is resolved is rejected, what is closed is reopened."""
    assert said(Step.BACK_TO_WORK, RESOLVED) == Reject(actor="Ada", reason="It still does not work.")
    assert said(Step.BACK_TO_WORK, CLOSED) == Reopen(actor="Ada", reason="It is worked on again.")


@pytest.mark.parametrize("step", [step for step in Step if step not in {Step.SIGN_OFF, Step.BACK_TO_WORK}])
@pytest.mark.parametrize(("ticket", "why"), [(RESOLVED, Skip.RESOLVED), (CLOSED, Skip.CLOSED)])
def test_a_ticket_that_has_ended_takes_no_more_steps(step: Step, ticket: Seen, why: Skip) -> None:
    """The clocks closed it before the log did: silence is consent (6.8)."""
    assert said(step, ticket) is why


@pytest.mark.parametrize(
    ("step", "ticket", "why"),
    [
        (Step.SIGN_OFF, CLOSED, Skip.CLOSED),
        (Step.SIGN_OFF, WORKED_ON, Skip.NOT_RESOLVED),
        (Step.BACK_TO_WORK, WORKED_ON, Skip.AT_WORK),
        (Step.ANSWER, WORKED_ON, Skip.NOT_WAITING),
        (Step.GO_ON, OPEN, Skip.NOT_WAITING),
    ],
)
def test_a_step_that_is_not_legal_any_more_is_skipped_with_its_reason(step: Step, ticket: Seen, why: Skip) -> None:
    """Never an error."""
    assert said(step, ticket) is why


NEVER_LOGGED = {
    *(commands.MakePromise, commands.KeepPromise, commands.ChangePromise),
    *(commands.Hold, commands.Rate, commands.OfferCredit, commands.DecideCredit, commands.FlagCustomer),
    *(commands.LinkProblem, commands.UnlinkProblem, commands.MergeInto, commands.TakeOver, commands.ChangePolicy),
}
"""What no desk's log says of a ticket; that each has its method in the contract is the contract's own test."""


def test_every_command_has_its_request() -> None:
    """The contract's fields have the commands' names, and none that a log asks for is without a method."""
    assert set(REQUESTS) == set(commands.Command.__args__) - NEVER_LOGGED
    assert change("T1", Resolve(actor="Ada", outcome=Outcome.FIXED, explanation="Done.")) == ResolveTicketRequest(
        ticket_id="T1", actor="Ada", outcome=ticket_pb2.OUTCOME_FIXED, explanation="Done."
    )
    contact = RecordContact(actor="Ada", kind=ContactKind.COMPLAINT, channel="web", text="Well?")
    assert change("T1", contact) == RecordContactRequest(
        ticket_id="T1", actor="Ada", kind=ticket_pb2.CONTACT_KIND_COMPLAINT, channel="web", text="Well?"
    )


def test_the_desk_sees_a_ticket_by_the_contract() -> None:
    """Whoever is reminded as the last resort may be answered too, and the last tier may be late (4.2, 4.4)."""
    clock = ticket_pb2.Clock(target=ticket_pb2.TARGET_ACKNOWLEDGE, state=ticket_pb2.CLOCK_STATE_RUNNING)
    waiting = ticket_pb2.Ticket(status=ticket_pb2.TICKET_STATUS_WAITING_ON_CUSTOMER, tier="agent", clocks=[clock])
    assert seen(waiting) == replace(WAITING, awaits_acknowledgement=True)
    clock.state = ticket_pb2.CLOCK_STATE_BREACHED
    late = ticket_pb2.Ticket(status=ticket_pb2.TICKET_STATUS_OPEN, tier="agent", clocks=[clock])
    assert seen(late) == OPEN

    worked_on = ticket_pb2.Ticket(status=ticket_pb2.TICKET_STATUS_IN_PROGRESS, tier="agent", clocks=[clock])
    assert seen(worked_on) == WORKED_ON
    worked_on.reminding.sent = 1
    assert seen(worked_on) == replace(WORKED_ON, awaits_acknowledgement=True)

    resolution = ticket_pb2.Resolution(outcome=ticket_pb2.OUTCOME_FIXED)
    ended = ticket_pb2.Ticket(status=ticket_pb2.TICKET_STATUS_RESOLVED, tier="agent", resolution=resolution)
    assert seen(ended) == RESOLVED
