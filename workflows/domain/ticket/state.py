"""A ticket as it stands: one frozen, serialisable value. It is what the record keeps and what the judge is given."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from workflows.domain.ticket.closures import Closures
from workflows.domain.ticket.commands import Customer
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.words import (
    Cause,
    ClockState,
    ClosedBy,
    CreditOf,
    CreditState,
    Outcome,
    Pause,
    PromiseKind,
    PromiseState,
    Status,
    Target,
    TicketKind,
)

TICK = timedelta(microseconds=1)
"""A deadline has passed when the instant judged is later than it (5.2): one tick later at the earliest."""


LATE_AFTER = timedelta(seconds=60)
"""Detected later than this after the deadline, a breach takes effect when detected: a constant of the engine (4.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingWarning:
    """A warning of a clock run that was not sent yet."""

    fraction: float
    """Of the target, between 0 and 1."""
    at: datetime | None
    """When it is due; none while the clock is paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The latest run of one target: of one tier for the tier's targets, of the ticket for the customer's."""

    target: Target
    run: int
    """Counts the runs of this target on this ticket, from 1. (target, run) names a clock run for ever."""
    tier: str
    """The tier whose target it is; for the customer's clocks, the tier that was entered when the run started."""
    state: ClockState
    started_at: datetime
    length: timedelta
    """Working time allowed."""
    spent: timedelta
    """Working time counted up to `running_since`; all of it when the clock is not running."""
    running_since: datetime | None = None
    deadline_at: datetime | None = None
    """None unless running. Recorded, not recomputed: a tzdata upgrade must not move a running deadline (3.6)."""
    warnings: tuple[PendingWarning, ...] = ()
    pause: Pause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The latest run of one promise: what the customer was told will happen by an instant (2.4)."""

    name: str
    run: int
    """Counts the runs of this name on this ticket, from 1. (name, run) names it for ever."""
    kind: PromiseKind
    promised_at: datetime
    """The deadline itself, in wall-clock time."""
    made_at: datetime
    made_by: str | None
    """Who promised; none: the engine (6.1, 6.5)."""
    owner: str | None
    """Who is to keep it, whoever has the ticket meanwhile; none: whoever has it."""
    words: str
    """What the customer was told; empty: the engine's own, or an instant only."""
    state: PromiseState
    warnings: tuple[PendingWarning, ...] = ()
    kept_at: datetime | None = None
    """When it was recorded as done; of a broken one: late."""

    @property
    def is_open(self) -> bool:
        """Whether it is still to be kept."""
        return self.state is PromiseState.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A wait on the customer (6.6)."""

    question_at: datetime
    reminders_sent: int
    next_at: datetime
    """When the next step is due: a reminder, or giving up after the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminding:
    """The ladder has ended; the last resort is being reminded (4.4)."""

    causes: tuple[Cause, ...]
    """Everything that exhausted the ladder, told with the next reminder."""
    sent: int
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How and when it was resolved (6.7)."""

    outcome: Outcome
    resolved_at: datetime
    sign_off_at: datetime | None
    """When silence closes it; none once closed."""
    closed_by: ClosedBy | None = None
    """Whose word closed it; none while nobody's has."""
    unanswered_since: datetime | None = None
    """When the question was asked that nobody answered; none: nobody was asked, or by an older release."""

    @property
    def is_unanswered(self) -> bool:
        """Whether the customer never said anything: then whatever they say is the answer (6.9)."""
        return self.outcome is Outcome.NO_RESPONSE and self.closed_by is not ClosedBy.CONFIRMATION

    def is_answered_at(self, at: datetime) -> bool:
        """Whether what the customer said at that instant, wherever that was, is the answer that never came."""
        return self.is_unanswered and at > (self.unanswered_since or self.resolved_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What the customer thought of it, in the end (6.10)."""

    stars: int
    """1 to 5."""
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A goodwill credit: offered, or awaiting the lead's word (6.13)."""

    number: int
    """Counts the credits of this ticket, from 1."""
    minor: int
    """In the currency's minor units: 500 of GBP are five pounds."""
    currency: str
    """ISO 4217 code."""
    state: CreditState
    reason: str
    by: str | None
    """Who offers it; none where the policy grants it."""
    at: datetime
    """Of its last step."""
    of: CreditOf | None = None
    """What earned it; none where somebody offers it by hand."""
    earned_by: int | None = None
    """The sequence of the line that says what was broken: the message of that line tells of the credit too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """An internal wait, which pauses nothing (2.11)."""

    reason: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One customer request (semantics 1)."""

    ticket_id: str
    reference: str
    policy: str
    policy_version: str
    queue: str
    priority: str
    customer: Customer
    subject: str
    description: str
    channel: str
    follows: str | None
    opened_at: datetime
    status: Status
    tier: str
    tier_entered_at: datetime
    visited: tuple[str, ...]
    """Every tier entered, in order, the present one last."""
    owner: str | None
    """Who speaks to the customer from start to end; none: the first tier."""
    handler: str | None
    clocks: tuple[Clock, ...]
    chases: int = 0
    update_breaches: int = 0
    """Since the last person's message or the entry to this tier, whichever is later (4.2)."""
    waiting: Waiting | None = None
    reminding: Reminding | None = None
    resolution: Resolution | None = None
    closed_at: datetime | None = None
    sequence: int = 0
    """Of the last line of the log."""
    version: int = 1
    """Rises by one with each settle that changes what a person decides on (5.4)."""
    problems: tuple[str, ...] = ()
    """The ids of the problems that it is linked to, in the order of linking."""
    roster: tuple[RosterAnswer, ...] = ()
    """The last answer that reached this ticket of each tier that has one; without one a tier is reachable (4.9)."""
    closures: Closures = ()
    """The unplanned closures of its queue that reached it (2.11)."""
    promises: tuple[Promise, ...] = ()
    """The latest run of each name, in the order of making."""
    thread: str | None = None
    """The conversation elsewhere in which the customer wrote last, as its channel names it (6.3)."""
    kind: TicketKind = TicketKind.REQUEST
    rating: Rating | None = None
    credits: tuple[Credit, ...] = ()
    holding: Holding | None = None
    article: str | None = None
    """The article whose answer solved it."""
    flagged_at: datetime | None = None
    """When the lead was last told by this ticket that its customer is at risk."""
    merged_into: str | None = None
    """The id of the ticket that goes on in its place (6.7)."""
    merged_into_reference: str | None = None
    merged: tuple[str, ...] = ()
    """The ids of the tickets that were merged into this one, in that order."""
    imported_at: datetime | None = None
    """When it entered the record, of a ticket that was opened elsewhere (6.14)."""
    resolve_credited: bool = False
    """Whether a ticket that was merged into this one had the credit that the customer's resolve earns once (6.13)."""
    customer_spoke_at: datetime | None = None
    """When the customer was last heard of on it, by a contact or a rejection; none: not since it was opened."""

    @property
    def entered_at(self) -> datetime:
        """When it entered the record: nothing before that is any of ours."""
        return self.imported_at or self.opened_at

    @property
    def is_worked_on(self) -> bool:
        """Whether the desk still owes work: neither resolved nor closed."""
        return self.status.is_worked_on

    @property
    def next_news_at(self) -> datetime | None:
        """When the customer was told they will hear next: by the earliest open promise of it (6.1, 6.5)."""
        kind = PromiseKind.NEXT_NEWS
        return min((each.promised_at for each in self.promises if each.kind is kind and each.is_open), default=None)

    def next_due_at(self) -> datetime | None:
        """The earliest instant at which anything at all is due (2.5); none when nothing is."""
        instants = [clock.deadline_at for clock in self.clocks]
        instants += [warning.at for clock in self.clocks for warning in clock.warnings]
        for promise in self.promises:
            if promise.is_open:
                instants.append(promise.promised_at)
                instants += [warning.at for warning in promise.warnings]
        if self.status is not Status.CLOSED:
            instants += [each.turns_at for each in self.closures]
        if self.waiting:
            instants.append(self.waiting.next_at)
        if self.reminding:
            instants.append(self.reminding.next_at)
        if self.resolution:
            instants.append(self.resolution.sign_off_at)
        return min(filter(None, instants), default=None)

    def wake_at(self) -> datetime | None:
        """The first instant at which settling finds something due; none when only a command can change it."""
        due_at = self.next_due_at()
        return None if due_at is None else due_at + TICK

    def deadline_at(self) -> datetime | None:
        """The earliest deadline of all that runs, for people; warnings and reminders are not deadlines."""
        deadlines = [clock.deadline_at for clock in self.clocks if clock.deadline_at is not None]
        deadlines += [promise.promised_at for promise in self.promises if promise.is_open]
        return min(deadlines, default=None)
