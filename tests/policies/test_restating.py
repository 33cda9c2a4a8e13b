"""What was said to past tickets, said under another policy: to whoever has the ticket there, and nothing twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.simulation.past import PastTicket, Said
from services.simulation.simulate import simulate
from services.simulation.tally import Tally
from tests.support.policies import LINES
from workflows.domain.policy import Policy, hours
from workflows.domain.ticket.commands import (
    Acknowledge,
    ChangePriority,
    Command,
    Confirm,
    Customer,
    Escalate,
    Open,
    Resolve,
    Transfer,
)
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.words import Cause, Outcome, Status, Target, TicketKind
from workflows.planning.restating import Ladder, counterpart

MONDAY = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
TAKE_ON = Acknowledge(actor="Ada", handler="Ada", tier="agent")
UP = Escalate(actor="Ada", from_tier="agent", reason="Stuck.")
SOLVE = Resolve(actor="Ada", outcome=Outcome.FIXED, explanation="Done.")


def told(
    policy: Policy,
    *story: tuple[int, Command],
    minutes: int = 60,
    priority: str = "urgent",
    roster: tuple[RosterAnswer, ...] = (),
    kind: TicketKind = TicketKind.REQUEST,
) -> Tally:
    """Tell a ticket of the lines' policy again under another: commands so many minutes after its opening."""
    opening = Open(
        actor="Ada",
        ticket_id="T1",
        reference="R1",
        queue="home",
        priority=priority,
        customer=Customer(external_id="C1", name="Cy", language="en-GB", zone="Europe/London"),
        subject="No line",
        description="",
        channel="phone",
        kind=kind,
    )
    said = tuple(Said(at=MONDAY + timedelta(minutes=after), command=command) for after, command in story)
    past = PastTicket(opening=opening, opened_at=MONDAY, said=said, ladder=Ladder.of(LINES), roster=roster)
    return simulate({"it": policy}, [past], MONDAY + timedelta(minutes=minutes)).runs[0].tally


def hasty() -> Policy:
    """The lines' policy with five minutes for the agents."""
    agent, *others = LINES.tiers
    row = replace(agent.targets["urgent"], acknowledge=hours(1 / 12))
    return replace(LINES, tiers=(replace(agent, targets={**agent.targets, "urgent": row}), *others))


def renamed() -> Policy:
    """The lines' policy with two tiers only, called otherwise."""
    first, second, _ = LINES.tiers
    return replace(LINES, name="renamed", tiers=(replace(first, name="shop"), replace(second, name="workshop")))


def test_under_its_own_policy_everything_is_said_as_it_was() -> None:
    """Nothing restated, nothing left out."""
    tally = told(LINES, (10, TAKE_ON), (30, SOLVE), (40, Confirm(actor="Ada")))

    assert tally.said == {"acknowledge": 1, "resolve": 1, "confirm": 1}
    assert (tally.restated, tally.unsaid) == ({}, {})
    assert tally.figures.at_the_front == {"urgent": 1}


def test_who_wanted_to_leave_has_the_priority_that_the_policy_has_for_it_or_the_one_of_then() -> None:
    """A policy that takes no such requests is simulated all the same: there it is a request like others."""
    leaving = replace(LINES, leaving="urgent")

    taken = told(leaving, (5, TAKE_ON), priority="normal", kind=TicketKind.LEAVING)
    assert taken.figures.met == {(Target.ACKNOWLEDGE, "agent", "urgent"): 1}
    not_taken = told(LINES, (5, TAKE_ON), priority="normal", kind=TicketKind.LEAVING)
    assert not_taken.figures.met == {(Target.ACKNOWLEDGE, "agent", "normal"): 1}


def test_who_took_it_on_takes_it_on_for_the_tier_that_has_it() -> None:
    """After five minutes it is the specialists'; that it was said to another tier is counted."""
    tally = told(hasty(), (10, TAKE_ON))

    assert tally.figures.met == {(Target.ACKNOWLEDGE, "specialist", "urgent"): 1}
    assert (tally.said, tally.restated) == ({"acknowledge": 1}, {"acknowledge": 1})


def test_a_step_that_the_clocks_have_taken_is_not_taken_twice() -> None:
    """The agents' hand-over at 9:10 finds it with the specialists since 9:05."""
    tally = told(hasty(), (10, UP), minutes=20)

    assert tally.figures.escalated == {("agent", "specialist", Cause.ACKNOWLEDGE_BREACHED): 1}
    assert tally.unsaid == {("escalate", "the tier that it asks for, or a later one, has the ticket already"): 1}


def test_a_hand_over_from_a_tier_that_never_got_it_is_one_rung_up() -> None:
    """The clocks had brought it to the specialists then; here it is still with the agents."""
    tally = told(LINES, (5, TAKE_ON), (10, replace(UP, from_tier="specialist")))

    assert tally.figures.escalated[("agent", "specialist", Cause.BY_HAND)] == 1
    assert tally.restated == {"escalate": 1}


def test_a_transfer_goes_to_the_tier_of_that_name_or_that_rung() -> None:
    """The supplier was the third; of two tiers the last stands in for it."""
    away = Transfer(actor="Ada", to_tier="supplier", reason="Theirs.")

    assert told(LINES, (5, away)).figures.transferred == {("agent", "supplier"): 1}
    assert told(renamed(), (5, away)).figures.transferred == {("shop", "workshop"): 1}


def test_the_end_of_one_ladder_is_the_end_of_a_shorter_one() -> None:
    """Three steps up of three tiers, the last of them exhaustion; of two tiers the second step already is."""
    steps = tuple((5 * place, replace(UP, from_tier=tier)) for place, tier in enumerate(LINES.tier_names, start=1))

    assert told(LINES, *steps).figures.exhausted == 1
    short = told(renamed(), *steps)
    assert (short.figures.escalations, short.figures.exhausted) == (1, 1)
    assert short.restated == {"escalate": 3}


def test_the_last_resort_takes_on_only_what_it_was_told_of() -> None:
    """Under the longer ladder nobody told it anything yet."""
    word = Acknowledge(actor="Sue", handler="Sue", tier="duty-manager")
    other = replace(renamed(), last_resort="owner")
    up_twice = ((5, UP), (6, replace(UP, from_tier="specialist")))

    assert told(other, *up_twice, (7, word)).restated["acknowledge"] == 1
    assert told(LINES, (5, UP), (7, word)).unsaid == {("acknowledge", "the last resort is not reminded"): 1}


def test_a_priority_that_there_is_not_is_the_one_of_its_place() -> None:
    """Normal, the last of three, is the last of two; one that the ticket has already is refused and counted."""
    only = LINES.priorities[:2]
    tiers = tuple(replace(tier, targets={each: tier.targets[each] for each in only}) for tier in LINES.tiers)
    short = replace(LINES, name="short", resolve={each: LINES.resolve[each] for each in only}, tiers=tiers)
    lower = ChangePriority(actor="Ada", priority="normal", reason="It can wait.")

    tally = told(short, (2, lower), (3, replace(lower, priority="high")))

    assert tally.restated == {"change priority": 1}
    assert tally.unsaid == {("change priority", "refused: WRONG_STATE"): 1}
    assert told(short, priority="normal").priorities_taken == {("normal", "high"): 1}


def test_a_command_that_the_ticket_does_not_allow_is_refused_and_counted() -> None:
    """Nobody confirms what is not resolved."""
    tally = told(LINES, (5, Confirm(actor="Ada")))

    assert tally.unsaid == {("confirm", "refused: WRONG_STATE"): 1}
    assert tally.figures.statuses[Status.CLOSED] == 0


def test_who_could_not_be_reached_then_cannot_be_reached_here() -> None:
    """4.9: from 9:10 on no specialist is there, and at 9:15 the supplier gets it; of two tiers the last is kept."""
    empty = RosterAnswer(tier="specialist", at=MONDAY + timedelta(minutes=10), is_reachable=False)

    passed_by = told(LINES, roster=(empty,), minutes=20).figures
    assert passed_by.escalated == {("agent", "supplier", Cause.ACKNOWLEDGE_BREACHED): 1}
    assert passed_by.skipped == {"specialist": 1}
    assert told(renamed(), roster=(empty,), minutes=20).figures.skipped == {}
    # Under a hastier policy it climbed at 9:05, when nobody had said so yet.
    assert told(hasty(), roster=(empty,), minutes=20).figures.skipped == {}


@pytest.mark.parametrize(
    ("name", "now", "found"),
    [
        ("b", ("x", "b"), "b"),
        ("b", ("x", "y", "z"), "y"),
        ("c", ("x", "y"), "y"),
        ("unheard-of", ("x", "y"), "unheard-of"),
    ],
)
def test_the_counterpart_of_a_name(name: str, now: tuple[str, ...], found: str) -> None:
    """By name, else by place, else the last; what was never there stays, to be refused."""
    assert counterpart(name, ("a", "b", "c"), now) == found
