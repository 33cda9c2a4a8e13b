"""What one settle adds to the business figures: pure, from the log's new lines and the ticket they belong to.

Business figures come from the record, never from a process's counters: a row that is unique there is counted once.
Whole numbers only, so that folding in any order can never lower a sum by a rounding.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from workflows.domain.ticket.events import (
    ClockBreached,
    ClockCancelled,
    ClockMet,
    ClockReinstated,
    Closed,
    Entry,
    Escalated,
    Event,
    LadderExhausted,
    Opened,
    PriorityChanged,
    Reopened,
    Transferred,
)
from workflows.domain.ticket.state import Ticket

OPENED = "opened"
CLOSED = "closed"
REOPENED = "reopened"
CLOCKS_MET = "clocks_met"
CLOCKS_BREACHED = "clocks_breached"
CLOCKS_CANCELLED = "clocks_cancelled"
CLOCKS_REINSTATED = "clocks_reinstated"
ESCALATIONS = "escalations"
EXHAUSTIONS = "exhaustions"
TRANSFERS = "transfers"
PING_PONGS = "ping_pongs"
BREACH_LAG_BUCKET = "breach_lag_bucket"
BREACH_LAG_MICROSECONDS = "breach_lag_microseconds"
RESCUED = "rescued"
MESSAGES_SENT = "messages_sent"
MESSAGES_REJECTED = "messages_rejected"
MESSAGES_POSSIBLY_SENT_TWICE = "messages_possibly_sent_twice"

_CLOCK = ("target", "tier", "priority", "queue")

TOTALS: Mapping[str, tuple[str, ...]] = {
    OPENED: ("priority", "queue"),
    CLOSED: ("outcome", "priority", "queue"),
    REOPENED: ("priority", "queue"),
    CLOCKS_MET: _CLOCK,
    CLOCKS_BREACHED: _CLOCK,
    CLOCKS_CANCELLED: _CLOCK,
    CLOCKS_REINSTATED: _CLOCK,
    ESCALATIONS: ("from_tier", "to_tier", "cause", "queue"),
    EXHAUSTIONS: ("tier", "cause", "queue"),
    TRANSFERS: ("from_tier", "to_tier", "queue"),
    PING_PONGS: ("to_tier", "queue"),
    BREACH_LAG_BUCKET: ("le",),
    BREACH_LAG_MICROSECONDS: (),
    RESCUED: (),
    MESSAGES_SENT: ("kind",),
    MESSAGES_REJECTED: ("kind",),
    MESSAGES_POSSIBLY_SENT_TWICE: ("kind",),
}
"""Every total with the names of its labels, in the order in which their values are stored.

`clocks_reinstated` counts verdicts that reopening withdrew: subtract it from `clocks_met` for attainment. One step of
the ladder counts once, under the first of its causes. `breach_lag_bucket` is one observation a breach event, *not*
cumulated, by the upper bound of its bucket.
"""

_COUNTED = frozenset(
    {
        Opened,
        Closed,
        Reopened,
        ClockMet,
        ClockCancelled,
        ClockReinstated,
        ClockBreached,
        Escalated,
        LadderExhausted,
        Transferred,
        PriorityChanged,
    }
)
"""Most lines of a log are none of these: they are told from them once, and quickly."""

LAG_BUCKETS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
"""Upper bounds of the lag histogram, in seconds of the record's clock: with a scaled clock, divide by its speed."""


@dataclass(frozen=True, slots=True, order=True)
class Delta:
    """What is added to one total."""

    name: str
    labels: tuple[str, ...]
    amount: int


def deltas(ticket: Ticket, entries: Sequence[Entry], *, rescued: bool = False) -> tuple[Delta, ...]:
    """Sum up what these new lines of the log add; `rescued`: the keeper found them, not the ticket's own timer."""
    sums: dict[tuple[str, tuple[str, ...]], int] = {}
    if rescued and entries:
        sums[RESCUED, ()] = 1
    counted = [entry.event for entry in entries if type(entry.event) in _COUNTED]
    changes = [event for event in counted if isinstance(event, PriorityChanged)]
    priority = changes[0].from_priority if changes else ticket.priority
    for event in counted:
        if isinstance(event, PriorityChanged):
            priority = event.priority
            continue
        for name, labels, amount in _of_event(event, priority, ticket.queue):
            sums[name, labels] = sums.get((name, labels), 0) + amount
    return tuple(Delta(name, labels, amount) for (name, labels), amount in sorted(sums.items()))


def _of_event(event: Event, priority: str, queue: str) -> Iterator[tuple[str, tuple[str, ...], int]]:
    match event:
        case Opened():
            yield OPENED, (priority, queue), 1
        case Closed(outcome=outcome):
            yield CLOSED, (outcome.value, priority, queue), 1
        case Reopened():
            yield REOPENED, (priority, queue), 1
        case ClockMet() | ClockCancelled() | ClockReinstated() | ClockBreached():
            yield from _of_clock(event, priority, queue)
        case Escalated(from_tier=from_tier, to_tier=to_tier, causes=causes, is_ping_pong=is_ping_pong):
            yield ESCALATIONS, (from_tier, to_tier, causes[0].value, queue), 1
            if is_ping_pong:
                yield PING_PONGS, (to_tier, queue), 1
        case LadderExhausted(tier=tier, causes=causes):
            yield EXHAUSTIONS, (tier, causes[0].value, queue), 1
        case Transferred(from_tier=from_tier, to_tier=to_tier, is_ping_pong=is_ping_pong):
            yield TRANSFERS, (from_tier, to_tier, queue), 1
            if is_ping_pong:
                yield PING_PONGS, (to_tier, queue), 1
        case _:
            pass  # the rest of the log is counted nowhere


def _of_clock(
    event: ClockMet | ClockCancelled | ClockReinstated | ClockBreached, priority: str, queue: str
) -> Iterator[tuple[str, tuple[str, ...], int]]:
    labels = (event.target.value, event.held_by, priority, queue)
    match event:
        case ClockMet():
            yield CLOCKS_MET, labels, 1
        case ClockCancelled():
            yield CLOCKS_CANCELLED, labels, 1
        case ClockReinstated():
            yield CLOCKS_REINSTATED, labels, 1
        case ClockBreached(due_at=due_at, detected_at=detected_at, count=count):
            yield CLOCKS_BREACHED, labels, count
            lag = detected_at - due_at
            yield BREACH_LAG_BUCKET, (_bucket(lag),), 1
            yield BREACH_LAG_MICROSECONDS, (), lag // timedelta(microseconds=1)


def _bucket(lag: timedelta) -> str:
    place = bisect_left(LAG_BUCKETS_SECONDS, lag.total_seconds())
    return str(LAG_BUCKETS_SECONDS[place]) if place < len(LAG_BUCKETS_SECONDS) else "+Inf"
