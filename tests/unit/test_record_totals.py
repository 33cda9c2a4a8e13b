"""What a settle adds to the figures, from the log's new lines alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.records.totals import TOTALS, Delta, deltas
from tests.support.record import a_policy, an_opening
from workflows.domain.policy import minutes
from workflows.domain.ticket.commands import Acknowledge, Command, RecordContact, Resolve, Transfer, WaitOnCustomer
from workflows.domain.ticket.events import (
    ClockBreached,
    ClockMet,
    ClockWarned,
    CreditOffered,
    CustomerFlagged,
    Entry,
    Escalated,
    Event,
    Held,
    LadderExhausted,
    Merged,
    PolicyChanged,
    PriorityChanged,
    Rated,
    Rejected,
    Resolved,
    TierSkipped,
    Transferred,
)
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Cause, ContactKind, CreditOf, Outcome, Signal, SkipReason, Target

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = a_policy()
TICKET = open_ticket(POLICY, an_opening(), NOON).ticket


def entries(*happened: Event) -> list[Entry]:
    """Lines of a log."""
    return [Entry(sequence=number, at=NOON, actor=None, event=event) for number, event in enumerate(happened, 1)]


def a_breach(lag: timedelta, count: int = 1) -> ClockBreached:
    """An update that was missed."""
    return ClockBreached(
        target=Target.UPDATE,
        run=1,
        tier="desk",
        held_by="desk",
        due_at=NOON,
        detected_at=NOON + lag,
        effective_at=NOON,
        engine_late=False,
        late_after_seconds=60,
        count=count,
    )


def added(*happened: Event, clock_speed: float = 1.0, rescued: bool = False) -> tuple[Delta, ...]:
    """What these lines add to the figures."""
    return deltas(TICKET, entries(*happened), POLICY, clock_speed=clock_speed, rescued=rescued)


def a_kept_acknowledgement(spent: timedelta) -> ClockMet:
    """Somebody took it on in time: the desk promises a quarter of an hour, the specialist half of one."""
    return ClockMet(
        target=Target.ACKNOWLEDGE,
        run=1,
        tier="desk",
        held_by="desk",
        started_at=NOON,
        as_of=NOON + spent,
        spent=spent,
    )


def after(ticket: Ticket, minute: int, command: Command) -> tuple[Ticket, tuple[Delta, ...]]:
    """A ticket after a command at so many minutes past noon, and what that added to the chases."""
    judged = judge(POLICY, ticket, NOON + timedelta(minutes=minute), command)
    assert judged.refusal is None
    counted = deltas(judged.ticket, judged.entries, POLICY)
    return judged.ticket, tuple(delta for delta in counted if delta.name == "chases")


def test_nothing_happened_adds_nothing() -> None:
    """A settle that found nothing is no rescue either."""
    assert added(rescued=True) == ()


def test_every_total_has_the_labels_it_declares() -> None:
    """The exporter emits zeros for the declared product: a label more or less would be another series."""
    counted = added(a_breach(timedelta(seconds=1)), a_kept_acknowledgement(timedelta(minutes=5)), rescued=True)

    assert all(len(delta.labels) == len(TOTALS[delta.name]) for delta in counted)
    assert Delta("rescued", (), 1) in counted


def test_late_runs_told_in_one_event_are_counted_each() -> None:
    """4.3: one event for many late update runs stands for as many breaches; its lag is observed once."""
    assert added(a_breach(timedelta(seconds=2), count=7)) == (
        Delta("breach_lag_bucket", ("2.5",), 1),
        Delta("breach_lag_microseconds", (), 2_000_000),
        Delta("clocks_breached", ("update", "desk", "normal", "home"), 7),
        Delta("time_to_bucket", ("update", "desk", "normal", "home", "+Inf"), 7),
        Delta("time_to_microseconds", ("update", "desk", "normal", "home"), 7 * 4 * 3_600_000_000),
    )


@pytest.mark.parametrize(
    ("lag", "bucket"),
    [
        (timedelta(microseconds=1), "0.05"),
        (timedelta(milliseconds=50), "0.05"),
        (timedelta(milliseconds=50, microseconds=1), "0.1"),
        (timedelta(seconds=60), "60"),
        (timedelta(hours=1), "3600"),
        (timedelta(hours=1, microseconds=1), "+Inf"),
    ],
)
def test_lag_falls_into_the_bucket_whose_bound_it_does_not_exceed(lag: timedelta, bucket: str) -> None:
    """`le` is at most; beyond the last bound is infinity."""
    assert added(a_breach(lag))[0] == Delta("breach_lag_bucket", (bucket,), 1)


def test_lag_is_real_time_however_fast_the_clock_runs() -> None:
    """What lags is the machine: four minutes of a clock that runs 2,400 times as fast are a tenth of a second."""
    assert added(a_breach(timedelta(minutes=4)), clock_speed=2400)[:2] == (
        Delta("breach_lag_bucket", ("0.1",), 1),
        Delta("breach_lag_microseconds", (), 100_000),
    )


@pytest.mark.parametrize(
    ("spent", "bucket"),
    [
        (timedelta(0), "900.0"),
        (timedelta(minutes=15), "900.0"),  # the desk's promise, to the microsecond
        (timedelta(minutes=15, microseconds=1), "1800.0"),
        (timedelta(minutes=30), "1800.0"),  # the specialist's
        (timedelta(minutes=31), "+Inf"),
    ],
)
def test_time_taken_falls_into_the_bucket_of_the_promise_that_it_kept(spent: timedelta, bucket: str) -> None:
    """The bounds are the promised targets of the ticket's policy: `le` at one is exactly what was kept."""
    counted = added(a_kept_acknowledgement(spent))

    assert Delta("time_to_bucket", ("acknowledge", "desk", "normal", "home", bucket), 1) in counted
    assert Delta("clocks_met", ("acknowledge", "desk", "normal", "home"), 1) in counted


def test_time_taken_is_open_time() -> None:
    """What the promise measures: the time that the run counted, not the time on the wall."""
    assert added(a_kept_acknowledgement(timedelta(minutes=5)))[-1] == Delta(
        "time_to_microseconds", ("acknowledge", "desk", "normal", "home"), 300_000_000
    )


def test_step_with_several_causes_counts_once() -> None:
    """4.8: coinciding escalations are one step; its figure is under the first of its causes."""
    step = Escalated(
        from_tier="desk",
        to_tier="specialist",
        causes=(Cause.ACKNOWLEDGE_BREACHED, Cause.UPDATE_BREACHED),
        reason=None,
        next_news_at=None,
        is_ping_pong=True,
    )

    assert added(step) == (
        Delta("escalations", ("desk", "specialist", "acknowledge_breached", "home"), 1),
        Delta("ping_pongs", ("specialist", "home"), 1),
    )


def test_tier_that_was_passed_by_is_counted() -> None:
    """4.5: nothing is skipped without a figure, and without its reason."""
    assert added(TierSkipped(tier="desk"), TierSkipped(tier="night", why=SkipReason.EMPTY)) == (
        Delta("tiers_passed_by", ("desk", "closed", "home"), 1),
        Delta("tiers_passed_by", ("night", "empty", "home"), 1),
    )


def test_end_of_the_ladder_is_counted() -> None:
    """4.4: an exhaustion that joins one that is being told already is no further one."""
    end = LadderExhausted(
        tier="specialist", causes=(Cause.BY_HAND,), reason="no spare part", last_resort="duty", is_repeat=False
    )

    assert added(end, replace(end, is_repeat=True)) == (Delta("exhaustions", ("specialist", "by_hand", "home"), 1),)


def test_solutions_are_counted_by_what_became_of_them() -> None:
    """6.7, 6.8: one that an article gave, one that the customer says is none; a ticket that went into another."""
    solved = Resolved(outcome=Outcome.FIXED, explanation="as written")

    assert added(
        solved,
        replace(solved, article="a-1"),
        Rejected(reason="it is no better"),
        Merged(survivor_id="t-2", survivor_reference="FT-2"),
    ) == (
        Delta("merged", ("home",), 1),
        Delta("rejected", ("home",), 1),
        Delta("solved_by_article", ("home",), 1),
    )


def test_warnings_are_counted_where_the_ticket_was_and_as_urgent_as_it_was() -> None:
    """What one settle finds is counted under the labels of its own moment: tier and priority change on the way."""
    warning = ClockWarned(target=Target.UPDATE, run=1, tier="desk", fraction=0.75, due_at=NOON, detected_at=NOON)
    moved = Transferred(from_tier="elsewhere", to_tier="desk", reason="asked for", is_forward=False, is_ping_pong=False)
    raised = PriorityChanged(from_priority="low", priority="normal", reason="asked for")

    assert added(warning, moved, raised, warning) == (
        Delta("clocks_warned", ("update", "desk", "normal", "home"), 1),
        Delta("clocks_warned", ("update", "elsewhere", "low", "home"), 1),
        Delta("transfers", ("elsewhere", "desk", "home"), 1),
    )


def test_what_a_ticket_is_counted_under_follows_its_policy() -> None:
    """7.3: tier and priority are called otherwise from then on; how long it took is told in the new lengths."""
    change = PolicyChanged(
        from_policy_version="old",
        policy_version="new",
        from_tier="clerk",
        tier="desk",
        from_priority="low",
        priority="normal",
        reason="a new name",
    )
    lines = entries(a_kept_acknowledgement(minutes(20)), change, a_kept_acknowledgement(minutes(20)))
    desk, specialist = POLICY.tiers
    quick = {"normal": replace(desk.targets["normal"], acknowledge=minutes(25))}
    after = replace(POLICY, tiers=(replace(desk, targets=quick), specialist))

    counted = deltas(TICKET, lines, POLICY, after=after)

    assert [each for each in counted if each.name in {"clocks_met", "time_to_bucket"}] == [
        Delta("clocks_met", ("acknowledge", "desk", "low", "home"), 1),
        Delta("clocks_met", ("acknowledge", "desk", "normal", "home"), 1),
        Delta("time_to_bucket", ("acknowledge", "desk", "low", "home", "1800.0"), 1),
        Delta("time_to_bucket", ("acknowledge", "desk", "normal", "home", "1500.0"), 1),
    ]


def test_contact_is_a_chase_only_while_the_customer_waits_for_the_desk() -> None:
    """6.3: news and complaints are chases; information, an answer that was asked for and words afterwards are none."""
    ask = WaitOnCustomer(actor="kim", question="which lamp is lit?")
    news = RecordContact(actor="customer", kind=ContactKind.NEWS, channel="phone", text="well?")
    complaint = RecordContact(actor="customer", kind=ContactKind.COMPLAINT, channel="phone", text="a disgrace")
    information = RecordContact(actor="customer", kind=ContactKind.INFORMATION, channel="phone", text="it is red")
    fixed = Resolve(actor="kim", outcome=Outcome.FIXED, explanation="port reset")
    back = Transfer(actor="kim", to_tier="desk", reason="they know the house")
    taken = Acknowledge(actor="kim", handler="kim", tier="specialist")

    chases = []
    ticket = TICKET
    day: list[Command] = [news, information, complaint, taken, ask, news, back, news, fixed, news]
    for minute, command in enumerate(day, 1):
        ticket, counted = after(ticket, minute, command)
        chases.append(counted)

    assert chases == [
        (Delta("chases", ("news", "desk", "normal", "home"), 1),),
        (),  # information
        (Delta("chases", ("complaint", "desk", "normal", "home"), 1),),  # the second: it goes one tier up
        (),
        (),
        (),  # the answer
        (),
        (Delta("chases", ("news", "desk", "normal", "home"), 1),),
        (),
        (),  # said after it was solved
    ]


def test_what_a_customer_waits_for_thinks_and_is_given_is_counted() -> None:
    """2.11, 6.10, 6.13: by the tier that has it, by the stars, by what earned it; and each time the lead was told."""
    credit = CreditOffered(number=1, minor=500, currency="GBP", reason="", of=None, approved_by=None)
    assert added(Held(reason="a part")) == (Delta("holds", ("desk", "home"), 1),)
    assert added(Rated(stars=4, comment="")) == (Delta("ratings", ("4", "home"), 1),)
    assert added(credit, replace(credit, number=2, of=CreditOf.PROMISE)) == (
        Delta("credits_offered", ("hand", "home"), 1),
        Delta("credits_offered", ("promise", "home"), 1),
    )
    assert added(CustomerFlagged(signals=(Signal.CHASED,), since=NOON)) == (Delta("customers_flagged", ("home",), 1),)
