"""What one settle adds to the business figures: pure, from the log's new lines and the ticket they belong to.

Business figures come from the record, never from a process's counters: a row that is unique there is counted once.
Whole numbers only, so that folding in any order can never lower a sum by a rounding.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.records import time_to
from workflows.domain.policy import Policy
from workflows.domain.ticket.clocks import length_of
from workflows.domain.ticket.events import (
    ClockBreached,
    ClockCancelled,
    ClockMet,
    ClockReinstated,
    ClockWarned,
    Closed,
    ContactReceived,
    CreditOffered,
    CustomerFlagged,
    Entry,
    Escalated,
    Event,
    Held,
    Imported,
    LadderExhausted,
    Merged,
    Opened,
    PolicyChanged,
    PriorityChanged,
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseKept,
    PromiseMade,
    PromiseWarned,
    Rated,
    Rejected,
    Reopened,
    Resolved,
    TierSkipped,
    Transferred,
)
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Target, TicketKind

OPENED = "opened"
CLOSED = "closed"
REOPENED = "reopened"
CLOCKS_MET = "clocks_met"
CLOCKS_BREACHED = "clocks_breached"
CLOCKS_CANCELLED = "clocks_cancelled"
CLOCKS_REINSTATED = "clocks_reinstated"
CLOCKS_WARNED = "clocks_warned"
ESCALATIONS = "escalations"
EXHAUSTIONS = "exhaustions"
TIERS_PASSED_BY = "tiers_passed_by"
TRANSFERS = "transfers"
PING_PONGS = "ping_pongs"
CHASES = "chases"
HOLDS = "holds"
RATINGS = "ratings"
CREDITS_OFFERED = "credits_offered"
CUSTOMERS_FLAGGED = "customers_flagged"
LEAVING = "leaving"
MERGED = "merged"
IMPORTED = "imported"
REJECTED = "rejected"
SOLVED_BY_ARTICLE = "solved_by_article"
TIME_TO_BUCKET = "time_to_bucket"
TIME_TO_MICROSECONDS = "time_to_microseconds"
BREACH_LAG_BUCKET = "breach_lag_bucket"
BREACH_LAG_MICROSECONDS = "breach_lag_microseconds"
RESCUED = "rescued"
MESSAGES_SENT = "messages_sent"
MESSAGES_REJECTED = "messages_rejected"
MESSAGES_POSSIBLY_SENT_TWICE = "messages_possibly_sent_twice"

MICROSECOND = timedelta(microseconds=1)

_CLOCK = ("target", "tier", "priority", "queue")

TOTALS: Mapping[str, tuple[str, ...]] = {
    OPENED: ("priority", "queue"),
    CLOSED: ("outcome", "priority", "queue"),
    REOPENED: ("priority", "queue"),
    CLOCKS_MET: _CLOCK,
    CLOCKS_BREACHED: _CLOCK,
    CLOCKS_CANCELLED: _CLOCK,
    CLOCKS_REINSTATED: _CLOCK,
    CLOCKS_WARNED: _CLOCK,
    ESCALATIONS: ("from_tier", "to_tier", "cause", "queue"),
    EXHAUSTIONS: ("tier", "cause", "queue"),
    TIERS_PASSED_BY: ("tier", "reason", "queue"),
    TRANSFERS: ("from_tier", "to_tier", "queue"),
    PING_PONGS: ("to_tier", "queue"),
    CHASES: ("kind", "tier", "priority", "queue"),
    HOLDS: ("tier", "queue"),
    RATINGS: ("stars", "queue"),
    CREDITS_OFFERED: ("of", "queue"),
    CUSTOMERS_FLAGGED: ("queue",),
    LEAVING: ("queue",),
    MERGED: ("queue",),
    IMPORTED: ("queue",),
    REJECTED: ("queue",),
    SOLVED_BY_ARTICLE: ("queue",),
    TIME_TO_BUCKET: (*_CLOCK, "le"),
    TIME_TO_MICROSECONDS: _CLOCK,
    BREACH_LAG_BUCKET: ("le",),
    BREACH_LAG_MICROSECONDS: (),
    RESCUED: (),
    MESSAGES_SENT: ("kind",),
    MESSAGES_REJECTED: ("kind",),
    MESSAGES_POSSIBLY_SENT_TWICE: ("kind",),
}
"""Every total with the names of its labels, in the order in which their values are stored.

Totals of clocks hold the promises too, under a `target` of their own, by the tier that had the ticket as they ended.
`clocks_reinstated` counts verdicts that reopening withdrew: subtract it from `clocks_met` for attainment. One step of
the ladder counts once, under the first of its causes, and its end once until somebody takes the ticket on. `tier` is
the one that had the ticket. What ends in `bucket` is observations by the upper bound of their bucket, *not* cumulated:
of `breach_lag_bucket` one a breach event, in real seconds; of `time_to_bucket` one a run that was met or breached.
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
        ClockWarned,
        ContactReceived,
        TierSkipped,
        Escalated,
        LadderExhausted,
        Transferred,
        PriorityChanged,
        PolicyChanged,
        PromiseMade,
        PromiseWarned,
        PromiseKept,
        PromiseBroken,
        PromiseChanged,
        PromiseCancelled,
        Held,
        Rated,
        CreditOffered,
        CustomerFlagged,
        Imported,
        Merged,
        Rejected,
        Resolved,
    }
)
"""Most lines of a log are none of these: they are told from them once, and quickly."""

TIERS_SKIPPED_BEFORE = "tiers_skipped"
"""What older releases count tiers under that were passed by, for whatever reason: of tier and queue."""

UNKNOWN = "unknown"
"""The reason of those."""

BY_HAND = "hand"
"""What a credit is counted under that nothing earned: somebody offered it."""

LAG_BUCKETS_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
"""Upper bounds of the lag histogram, in real seconds: what lags is the machine, however fast the clock runs."""

LONGEST_LAG = timedelta(days=366)
"""Real time, as which a longer lag counts: a clock was set forward then, and sums of it would not fit their column."""


@dataclass(frozen=True, slots=True, order=True)
class Delta:
    """What is added to one total."""

    name: str
    labels: tuple[str, ...]
    amount: int


def deltas(
    ticket: Ticket,
    entries: Sequence[Entry],
    policy: Policy,
    *,
    after: Policy | None = None,
    clock_speed: float = 1.0,
    rescued: bool = False,
) -> tuple[Delta, ...]:
    """Sum up what these new lines of the log add. `policy` is the ticket's own, until they say that it is `after`.

    `clock_speed`: seconds of the record's clock in a real one. `rescued`: the keeper found them, not the timer.
    """
    sums: dict[tuple[str, tuple[str, ...]], int] = {}
    if rescued and entries:
        sums[RESCUED, ()] = 1
    counted = [entry.event for entry in entries if type(entry.event) in _COUNTED]
    counting = _Counting(ticket, counted, policy, after or policy, clock_speed)
    for event in counted:
        for name, labels, amount in counting.added_by(event):
            sums[name, labels] = sums.get((name, labels), 0) + amount
    return tuple(Delta(name, labels, amount) for (name, labels), amount in sorted(sums.items()) if amount)


def had_work(ticket: Ticket, events: Sequence[Event]) -> bool:
    """Whether the desk owed work when the command of a settle was obeyed, of which these are the new lines."""
    return ticket.status.is_worked_on and not any(isinstance(event, Reopened) for event in events)


_Added = Iterator[tuple[str, tuple[str, ...], int]]
_Promise = PromiseMade | PromiseWarned | PromiseKept | PromiseBroken | PromiseChanged | PromiseCancelled
_Turn = Opened | Closed | Reopened | Imported | Merged | Resolved | Rejected
_ONCE: Mapping[type[_Turn], str] = {Imported: IMPORTED, Merged: MERGED, Rejected: REJECTED}
_Ending = ClockMet | ClockCancelled | ClockReinstated | ClockBreached


class _Counting:
    """Reads new lines of one log in their order: where the ticket was, how urgent, and by what, changes on the way."""

    def __init__(
        self, ticket: Ticket, events: Sequence[Event], policy: Policy, after: Policy, clock_speed: float
    ) -> None:
        self._policy = policy
        self._after = after
        self._clock_speed = clock_speed
        self._queue = ticket.queue
        self._priority = next(
            (event.from_priority for event in events if isinstance(event, PriorityChanged | PolicyChanged)),
            ticket.priority,
        )
        self._tier = next(
            (event.from_tier for event in events if isinstance(event, Escalated | Transferred | PolicyChanged)),
            ticket.tier,
        )
        self._has_work = had_work(ticket, events)

    def added_by(self, event: Event) -> _Added:
        """Yield what the next line adds."""
        match event:
            case Opened() | Closed() | Reopened() | Imported() | Merged() | Resolved() | Rejected():
                yield from self._by_life(event)
            case PriorityChanged(priority=priority):
                self._priority = priority
            case PolicyChanged(tier=tier, priority=priority):
                self._policy, self._tier, self._priority = self._after, tier, priority
            case ContactReceived():
                yield from self._by_contact(event)
            case ClockWarned(target=target):
                yield CLOCKS_WARNED, (target.value, self._tier, self._priority, self._queue), 1
            case ClockMet() | ClockCancelled() | ClockReinstated() | ClockBreached():
                yield from self._by_clock(event)
            case Escalated() | Transferred() | TierSkipped() | LadderExhausted():
                yield from self._by_step(event)
            case Held() | Rated() | CreditOffered() | CustomerFlagged():
                yield from self._by_customer(event)
            case (
                PromiseMade()
                | PromiseWarned()
                | PromiseKept()
                | PromiseBroken()
                | PromiseChanged()
                | PromiseCancelled()
            ):
                yield from self._by_promise(event)
            case _:
                pass  # the rest of the log is counted nowhere

    def _by_promise(self, event: _Promise) -> _Added:
        """A run counts once, as it ends: one that another took the place of ended without a verdict."""
        labels = (Target.PROMISE.value, self._tier, self._priority, self._queue)
        match event:
            case PromiseBroken():
                yield CLOCKS_BREACHED, labels, 1
                yield from self._by_lag(event.detected_at - event.due_at)
            case PromiseKept(is_late=False):
                yield CLOCKS_MET, labels, 1
            case PromiseMade(replaces=True) | PromiseChanged() | PromiseCancelled():
                yield CLOCKS_CANCELLED, labels, 1
            case PromiseWarned():
                yield CLOCKS_WARNED, labels, 1
            case PromiseMade() | PromiseKept():
                pass  # it only begins, or was counted when it broke

    def _by_life(self, event: _Turn) -> _Added:
        match event:
            case Opened(kind=kind):
                yield OPENED, (self._priority, self._queue), 1
                if kind is TicketKind.LEAVING:
                    yield LEAVING, (self._queue,), 1
            case Closed(outcome=outcome):
                yield CLOSED, (outcome.value, self._priority, self._queue), 1
            case Reopened():
                yield REOPENED, (self._priority, self._queue), 1
            case Resolved(article=article):
                if article is not None:
                    yield SOLVED_BY_ARTICLE, (self._queue,), 1
            case Imported() | Merged() | Rejected():
                yield _ONCE[type(event)], (self._queue,), 1

    def _by_contact(self, contact: ContactReceived) -> _Added:
        """A contact is a chase while the desk owes work and nothing was asked of the customer (6.3)."""
        if contact.kind.is_a_chase and not contact.answered_wait and self._has_work:
            yield CHASES, (contact.kind.value, self._tier, self._priority, self._queue), 1

    def _by_customer(self, event: Held | Rated | CreditOffered | CustomerFlagged) -> _Added:
        """What a customer waits for, thinks of it and is given."""
        match event:
            case Held():
                yield HOLDS, (self._tier, self._queue), 1
            case Rated(stars=stars):
                yield RATINGS, (str(stars), self._queue), 1
            case CreditOffered(of=of):
                yield CREDITS_OFFERED, (of.value if of else BY_HAND, self._queue), 1
            case CustomerFlagged():
                yield CUSTOMERS_FLAGGED, (self._queue,), 1

    def _by_step(self, step: Escalated | Transferred | TierSkipped | LadderExhausted) -> _Added:
        match step:
            case TierSkipped(tier=tier, why=why):
                yield TIERS_PASSED_BY, (tier, why.value, self._queue), 1
            case LadderExhausted(tier=tier, causes=causes, is_repeat=is_repeat):
                if not is_repeat:  # the last resort is told of it already
                    yield EXHAUSTIONS, (tier, causes[0].value, self._queue), 1
            case Escalated(from_tier=from_tier, to_tier=to_tier, causes=causes):
                yield ESCALATIONS, (from_tier, to_tier, causes[0].value, self._queue), 1
                yield from self._by_entry(to_tier, is_ping_pong=step.is_ping_pong)
            case Transferred(from_tier=from_tier, to_tier=to_tier):
                yield TRANSFERS, (from_tier, to_tier, self._queue), 1
                yield from self._by_entry(to_tier, is_ping_pong=step.is_ping_pong)

    def _by_entry(self, tier: str, *, is_ping_pong: bool) -> _Added:
        self._tier = tier
        if is_ping_pong:
            yield PING_PONGS, (tier, self._queue), 1

    def _by_clock(self, event: _Ending) -> _Added:
        labels = (event.target.value, event.held_by, self._priority, self._queue)
        match event:
            case ClockMet(target=target, spent=spent):
                yield CLOCKS_MET, labels, 1
                yield TIME_TO_BUCKET, (*labels, time_to.bucket(self._policy, target, spent)), 1
                yield TIME_TO_MICROSECONDS, labels, spent // MICROSECOND
            case ClockCancelled():
                yield CLOCKS_CANCELLED, labels, 1
            case ClockReinstated():
                yield CLOCKS_REINSTATED, labels, 1
            case ClockBreached(target=target, tier=tier, count=count):
                yield CLOCKS_BREACHED, labels, count
                yield TIME_TO_BUCKET, (*labels, time_to.BEYOND), count
                at_least = length_of(self._policy, target, tier, self._priority)
                yield TIME_TO_MICROSECONDS, labels, count * (at_least // MICROSECOND)
                yield from self._by_lag(event.detected_at - event.due_at)

    def _by_lag(self, recorded: timedelta) -> _Added:
        lag = min(recorded, LONGEST_LAG * self._clock_speed) / self._clock_speed
        yield BREACH_LAG_BUCKET, (_lag_bucket(lag),), 1
        yield BREACH_LAG_MICROSECONDS, (), lag // MICROSECOND


def _lag_bucket(lag: timedelta) -> str:
    place = bisect_left(LAG_BUCKETS_SECONDS, lag.total_seconds())
    return str(LAG_BUCKETS_SECONDS[place]) if place < len(LAG_BUCKETS_SECONDS) else "+Inf"
