"""What is true of a message is read from its own line and from how the ticket stood then, fact by fact."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.words.facts import facts_of
from services.words.occasion import Occasion
from services.words.reading import By, Facts, When
from tests.support.telling import HOUR, OPENED_AT, Life, a_policy, an_opening
from tests.unit.words.test_truth import IMPORTED
from workflows.domain.money import Money
from workflows.domain.policy import Policy, hours
from workflows.domain.ticket import events
from workflows.domain.ticket.commands import (
    Acknowledge,
    ChangePromise,
    Escalate,
    Import,
    MakePromise,
    Open,
    Resolve,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import Entry, Event
from workflows.domain.ticket.words import (
    Audience,
    Cause,
    ContactKind,
    Outcome,
    PromiseKind,
    Status,
    Target,
)

ANN = Acknowledge(actor="ann", handler="ann", tier="agent")
ASKED = WaitOnCustomer(actor="ann", question="Which lights are on?")
FIXED = Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new router.")


def facts(
    life: Life,
    kind: str,
    line: Event,
    *after: Event,
    audience: Audience = Audience.LEAD,
    now_at: datetime | None = None,
) -> Facts:
    """The facts of a message of that line, which is written after a life, with what the same settle wrote besides."""
    entries = [entry for judged in life.judgements for entry in judged.entries]
    at, last = life.now + timedelta(minutes=1), entries[-1].sequence
    new = [Entry(sequence=last + place, at=at, actor="zoe", event=each) for place, each in enumerate((line, *after), 1)]
    return facts_of(
        Occasion(
            kind=kind,
            audience=audience,
            recipient="somebody",
            key="0" * 32,
            sequence=last + 1,
            ticket=life.ticket,
            policy=life.policy,
            entries=(*entries, *new),
            now_at=now_at or at,
        )
    )


def breach(target: Target, run: int, *, last_due_at: datetime | None = None) -> events.ClockBreached:
    """A target was missed four hours after the opening, or until later once more."""
    due_at = OPENED_AT + 4 * HOUR
    return events.ClockBreached(
        target=target,
        run=run,
        tier="agent",
        held_by="agent",
        due_at=due_at,
        detected_at=due_at,
        effective_at=due_at,
        engine_late=True,
        late_after_seconds=60,
        count=2 if last_due_at else 1,
        last_due_at=last_due_at,
    )


def credit(earned_by: int | None) -> events.CreditOffered:
    """Five pounds for a line, or by hand."""
    return events.CreditOffered(
        number=1, minor=500, currency="GBP", reason="", of=None, approved_by=None, earned_by=earned_by
    )


@pytest.mark.parametrize(("does", "is_waiting"), [((ANN, ASKED), True), ((ANN,), False)])
@pytest.mark.parametrize("kind", ["escalated", "transferred"])
def test_who_is_asked_something_is_told_so_when_it_goes_on(
    kind: str, does: Sequence[Acknowledge | WaitOnCustomer], *, is_waiting: bool
) -> None:
    """6.5, 6.6: the wait is theirs, also in the next tier: the letter says that an answer is still needed."""
    line: Event = events.Transferred(
        from_tier="agent", to_tier="specialist", reason="theirs", is_forward=True, is_ping_pong=False
    )
    if kind == "escalated":
        line = events.Escalated(
            from_tier="agent",
            to_tier="specialist",
            causes=(Cause.BY_HAND,),
            reason="theirs",
            next_news_at=None,
            is_ping_pong=False,
        )
    found = facts(Life().do(*does), kind, line, audience=Audience.CUSTOMER)
    assert found["is_waiting"] is is_waiting


def test_until_when_an_answer_is_waited_for_is_the_policys_give_up() -> None:
    """6.6: from the question on, in the policy's open time; not what silence after a solution takes (6.8)."""
    policy: Policy = replace(a_policy(), give_up=hours(8), sign_off=hours(9))
    life = Life(policy=policy).do(ANN, ASKED)
    asked = life.first("question_asked")
    assert facts_of(asked)["wait_until"] == When(at=asked.entry.at + 8 * HOUR)


def test_news_of_what_is_thought_solved_says_so() -> None:
    """2.10: an update posted while the customer's word is awaited, and none before."""
    line = events.UpdatePosted(text="We watch it.")
    solved = facts(Life().do(ANN, FIXED), "update_posted", line, audience=Audience.CUSTOMER)
    working = facts(Life().do(ANN), "update_posted", line, audience=Audience.CUSTOMER)
    assert (solved["is_solved"], working["is_solved"]) == (True, False)


def test_of_runs_that_broke_in_silence_the_last_is_named() -> None:
    """4.3: one line for many: what is due is the latest of them; whether the engine was late is said."""
    line = breach(Target.UPDATE, 1, last_due_at=OPENED_AT + 9 * HOUR)
    found = facts(Life().do(ANN), "clock_breached", line)
    assert (found["due"], found["count"], found["is_engine_late"]) == (By(at=OPENED_AT + 9 * HOUR), 2, True)
    found = facts(Life().do(ANN), "clock_breached", breach(Target.UPDATE, 1))
    assert found["due"] == By(at=OPENED_AT + 4 * HOUR)
    # The customer was told of one instant alone.
    theirs = facts(Life().do(ANN), "clock_breached", line, audience=Audience.CUSTOMER)
    first = facts(Life().do(ANN), "clock_breached", breach(Target.UPDATE, 1), audience=Audience.CUSTOMER)
    assert (theirs["due"], first["due"]) == (None, By(at=OPENED_AT + 4 * HOUR))


def test_a_warning_names_the_deadline_of_its_own_run() -> None:
    """2.8: another run may have begun in the same step."""
    life = Life().do(ANN)
    (update,) = [each for each in life.ticket.clocks if each.target is Target.UPDATE]
    assert update.deadline_at is not None
    warned = events.ClockWarned(
        target=Target.UPDATE,
        run=update.run,
        tier="agent",
        fraction=0.75,
        due_at=OPENED_AT + 3 * HOUR,
        detected_at=OPENED_AT + 3 * HOUR,
    )
    later = events.ClockStarted(
        target=Target.UPDATE,
        run=update.run + 1,
        tier="agent",
        length=hours(8),
        started_at=OPENED_AT,
        spent=timedelta(),
        pause=None,
        deadline_at=update.deadline_at + 4 * HOUR,
        tzdata="2026a",
    )
    found = facts(life, "clock_warned", warned, later)
    assert (found["deadline"], found["percent"]) == (By(at=update.deadline_at), 75)


def test_a_broken_promise_says_whose_it_was_whether_it_was_found_late_and_what_is_offered_for_it() -> None:
    """2.4, 4.6, 6.13: the credit of that very line, and no other that the same step offers."""
    life = Life().do(ANN)
    due_at = OPENED_AT + HOUR
    line = events.PromiseBroken(
        name="call",
        run=1,
        kind=PromiseKind.CALL_BACK,
        owner="ben",
        due_at=due_at,
        detected_at=due_at,
        effective_at=due_at,
        engine_late=True,
        late_after_seconds=60,
        held_by="agent",
        is_engines=False,
    )
    own = life.ticket.sequence + 1
    found = facts(life, "promise_broken", line, credit(None), credit(own), audience=Audience.OWNER)
    assert (found["promise_owner"], found["is_engine_late"], found["promised"]) == ("ben", True, By(at=due_at))
    assert found["credit"] == Money(minor=500, currency="GBP")
    assert facts(life, "promise_broken", line, credit(own + 5))["credit"] is None


def test_who_asked_the_lead_for_a_credit_is_named_also_where_it_came_with_another_ticket() -> None:
    """6.7, 6.13: the lead decides on what somebody offered, and not on who merged two tickets."""
    line = events.CreditProposed(number=1, minor=900, currency="GBP", reason="two visits")
    assert facts(Life(), "credit_to_approve", line)["proposed_by"] == "zoe"
    taken = replace(line, merged_reference="QX7K-4MPD", proposed_by="ann")
    found = facts(Life(), "credit_to_approve", taken)
    assert (found["proposed_by"], found["other"]) == ("ann", "QX7K-4MPD")


@pytest.mark.parametrize(
    ("status", "outcome", "expected"),
    [
        (Status.OPEN, None, (False, False, False)),
        (Status.WAITING_ON_CUSTOMER, None, (True, False, False)),
        (Status.RESOLVED, Outcome.FIXED, (False, True, False)),
        (Status.RESOLVED, Outcome.NO_RESPONSE, (False, False, True)),
    ],
)
def test_whoever_was_merged_is_told_how_the_one_that_goes_on_stands(
    status: Status, outcome: Outcome | None, expected: tuple[bool, bool, bool]
) -> None:
    """6.7: whether it is their turn, thought solved, or set aside, and until when their word counts."""
    until = OPENED_AT + 9 * HOUR
    line = events.Merged(
        survivor_id="t-2",
        survivor_reference="RT5H-9WXA",
        survivor_status=status,
        survivor_outcome=outcome,
        sign_off_at=until,
    )
    found = facts(Life(), "merged", line, audience=Audience.CUSTOMER)
    assert (found["is_waiting"], found["is_solved"], found["is_set_aside"]) == expected
    assert found["sign_off_until"] == When(at=until)
    late = facts(Life(), "merged", line, audience=Audience.CUSTOMER, now_at=until)
    assert late["sign_off_until"] is None


@pytest.mark.parametrize("is_answer", [True, False])
def test_whether_a_contact_answers_is_told_to_the_desk(*, is_answer: bool) -> None:
    """6.3: an answer is what was waited for, and no chase."""
    line = events.ContactReceived(
        kind=ContactKind.NEWS, channel="mail", text="The red one.", answered_wait=is_answer, chases=0
    )
    assert facts(Life(), "contact_received", line)["is_answer"] is is_answer


def test_how_it_stood_is_told_as_of_the_line_and_not_as_of_now() -> None:
    """4.7: priority, tier and handler of then, with the deadlines that ran then."""
    life = Life().do(ANN)
    then = facts(life, "assigned", events.Assigned(from_handler="ann", handler="ben"))
    assert (then["tier"], then["handler"], then["acknowledge_by"]) == ("agent", "ben", None)
    up = Escalate(actor="ben", from_tier="agent", reason="ours")
    life.do(up)
    found = facts_of(life.first("escalated", Audience.TIER))
    acknowledge = next(each for each in life.ticket.clocks if each.target is Target.ACKNOWLEDGE and each.state.is_live)
    assert acknowledge.deadline_at is not None
    assert (found["tier"], found["handler"], found["acknowledge_by"]) == (
        "specialist",
        None,
        By(at=acknowledge.deadline_at),
    )
    moved = events.PolicyChanged(
        from_policy_version="a",
        policy_version="b",
        from_tier="specialist",
        tier="expert",
        from_priority="normal",
        priority="common",
        reason="another word",
    )
    after = facts(life, "priority_changed", events.PriorityChanged(from_priority="x", priority="y", reason="z"), moved)
    assert (after["tier"], after["priority"]) == ("expert", "common")


def test_who_helps_takes_nothing_from_the_handler_and_whoever_rejects_does() -> None:
    """4.4, 6.8: the last resort acknowledges beside the handler; what is not solved is nobody's until it is taken."""
    life = Life().do(ANN)
    helped = facts(life, "contact_received", _contact(), events.Acknowledged(handler="max", tier="agent"))
    assert helped["handler"] == "ann"
    rejected = facts(life.do(FIXED), "rejected", events.Rejected(reason="still dead"))
    assert rejected["handler"] is None


def _contact() -> events.ContactReceived:
    return events.ContactReceived(kind=ContactKind.NEWS, channel="mail", text="", answered_wait=False, chases=1)


def test_what_was_to_end_a_wait_ends_it_for_the_letters_too() -> None:
    """6.7: resolved while they were asked: no letter asks them again."""
    life = Life().do(ANN, ASKED, FIXED)
    line = events.Transferred(from_tier="agent", to_tier="specialist", reason="x", is_forward=True, is_ping_pong=False)
    assert facts(life, "transferred", line, audience=Audience.CUSTOMER)["is_waiting"] is False


def test_what_a_later_instant_wrote_says_nothing_of_this_line() -> None:
    """4.7: a message that is made late is of its own instant."""
    life = Life().do(ANN)
    before = life.first("opened", Audience.TIER)
    whole = replace(before, entries=tuple(entry for judged in life.judgements for entry in judged.entries))
    assert facts_of(whole)["handler"] is None
    assert facts_of(whole) == facts_of(before)


def test_a_breach_that_stands_for_many_runs_ends_all_of_them() -> None:
    """4.3: no letter names a deadline of a run that is over."""
    started = events.ClockStarted(
        target=Target.UPDATE,
        run=3,
        tier="agent",
        length=hours(4),
        started_at=OPENED_AT,
        spent=timedelta(),
        deadline_at=OPENED_AT + 9 * HOUR,
        pause=None,
        tzdata="2026a",
    )
    many = breach(Target.UPDATE, 1, last_due_at=OPENED_AT + 8 * HOUR)
    assigned = events.Assigned(from_handler="ann", handler="ben")
    assert facts(Life(), "assigned", assigned, started)["update_by"] == By(at=OPENED_AT + 9 * HOUR)
    assert facts(Life(), "assigned", assigned, started, many)["update_by"] is None


def test_of_an_opening_that_promised_no_news_the_update_deadline_is_told() -> None:
    """6.1: as an older release opened tickets: it told its customers so without a line of its own."""
    opened = Life().first("opened")
    promised = facts_of(opened)["next_news"]
    older = tuple(entry for entry in opened.entries if not isinstance(entry.event, events.PromiseMade))
    assert len(older) < len(opened.entries)
    assert facts_of(replace(opened, entries=older))["next_news"] == promised == By(at=OPENED_AT + 4 * HOUR)


def test_a_promise_that_was_agreed_anew_is_whose_it_was() -> None:
    """2.4: another instant and other words; who is to keep it stays."""
    call = MakePromise(
        actor="ann",
        name="call",
        kind=PromiseKind.CALL_BACK,
        promised_at=OPENED_AT + 5 * HOUR,
        words="We call you.",
        owner="ben",
    )
    later = ChangePromise(
        actor="ann", name="call", promised_at=OPENED_AT + 7 * HOUR, words="We call you at work.", reason="they asked"
    )
    found = facts_of(Life().do(ANN, call, later).first("promise_changed"))
    assert (found["promise_owner"], found["promised"], found["promised_before"], found["words"]) == (
        "ben",
        By(at=OPENED_AT + 7 * HOUR),
        By(at=OPENED_AT + 5 * HOUR),
        "We call you at work.",
    )


@pytest.mark.parametrize("opening", [an_opening(), IMPORTED])
def test_only_who_was_told_an_instant_is_told_that_it_passed(opening: Open | Import) -> None:
    """6.1, 6.14: by when it should be solved is told on opening; of an import no customer was told anything."""
    life = Life(opening=opening)
    (resolve,) = [each for each in life.ticket.clocks if each.target is Target.RESOLVE]
    assert resolve.deadline_at is not None
    line = replace(breach(Target.RESOLVE, resolve.run), due_at=resolve.deadline_at)
    found = facts(life, "resolve_missed", line, audience=Audience.CUSTOMER)
    assert found["due"] == (None if isinstance(opening, Import) else By(at=resolve.deadline_at))
