"""What a settle adds to the figures, from the log's new lines alone."""

from datetime import UTC, datetime, timedelta

import pytest

from services.records.totals import TOTALS, Delta, deltas
from tests.support.record import a_policy, an_opening
from workflows.domain.ticket.events import ClockBreached, ClockWarned, Entry, Escalated, Event
from workflows.domain.ticket.judge import open_ticket
from workflows.domain.ticket.words import Cause, Target

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TICKET = open_ticket(a_policy(), an_opening(), NOON).ticket


def entries(*happened: Event) -> list[Entry]:
    """Lines of a log."""
    return [Entry(sequence=number, at=NOON, actor=None, event=event) for number, event in enumerate(happened, 1)]


def a_breach(lag: timedelta, count: int = 1) -> ClockBreached:
    """An update that was missed."""
    return ClockBreached(
        target=Target.UPDATE,
        run=1,
        tier="first",
        held_by="desk",
        due_at=NOON,
        detected_at=NOON + lag,
        effective_at=NOON,
        engine_late=False,
        late_after_seconds=60,
        count=count,
    )


def test_nothing_happened_adds_nothing() -> None:
    """A settle that found nothing is no rescue either."""
    assert deltas(TICKET, [], rescued=True) == ()


def test_every_total_has_the_labels_it_declares() -> None:
    """The exporter emits zeros for the declared product: a label more or less would be another series."""
    added = deltas(TICKET, entries(a_breach(timedelta(seconds=1))), rescued=True)

    assert all(len(delta.labels) == len(TOTALS[delta.name]) for delta in added)
    assert Delta("rescued", (), 1) in added


def test_late_runs_told_in_one_event_are_counted_each() -> None:
    """4.3: one event for many late update runs stands for as many breaches; its lag is observed once."""
    added = deltas(TICKET, entries(a_breach(timedelta(seconds=2), count=7)))

    assert added == (
        Delta("breach_lag_bucket", ("2.5",), 1),
        Delta("breach_lag_microseconds", (), 2_000_000),
        Delta("clocks_breached", ("update", "desk", "normal", "home"), 7),
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
    assert deltas(TICKET, entries(a_breach(lag)))[0] == Delta("breach_lag_bucket", (bucket,), 1)


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

    assert deltas(TICKET, entries(step)) == (
        Delta("escalations", ("desk", "specialist", "acknowledge_breached", "home"), 1),
        Delta("ping_pongs", ("specialist", "home"), 1),
    )


def test_warning_is_counted_nowhere() -> None:
    """Only what was promised and kept, broken or moved is a figure."""
    warning = ClockWarned(target=Target.UPDATE, run=1, tier="desk", fraction=0.75, due_at=NOON, detected_at=NOON)

    assert deltas(TICKET, entries(warning)) == ()
