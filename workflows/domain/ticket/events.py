"""What happened to a ticket, in the past tense. The one log from which screen, API, metric and report derive.

Facts are written once and never changed. Every field is plain data; the order is the sequence, never the instant (4.6).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from workflows.domain.ticket.commands import Customer, HadBreach, SpentClock
from workflows.domain.ticket.words import (
    Cause,
    ClockState,
    ClosedBy,
    ContactKind,
    CreditOf,
    Outcome,
    Pause,
    PromiseKind,
    Signal,
    SkipReason,
    Status,
    Target,
    TicketKind,
    WaitEnd,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The request entered the record."""

    reference: str
    policy: str
    policy_version: str
    queue: str
    priority: str
    tier: str
    customer: Customer
    subject: str
    description: str
    channel: str
    follows: str | None
    thread: str | None = None
    kind: TicketKind = TicketKind.REQUEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Somebody took it on."""

    handler: str
    tier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """It was passed on within the tier."""

    from_handler: str
    handler: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePosted:
    """The customer was told something by a person."""

    text: str
    told_in: str | None = None
    """Reference of the customer's other ticket whose letter tells it; none: this ticket's own does."""
    also_for: tuple[str, ...] = ()
    """References of the customer's other tickets that this ticket's letter is for too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactReceived:
    """The customer came back."""

    kind: ContactKind
    channel: str
    text: str
    answered_wait: bool
    """Whether it was the answer that a wait was for: then it is no chase."""
    chases: int
    """Chases since the count last acted or a tier was entered, this one included."""
    thread: str | None = None
    """The conversation elsewhere that it came in; none where its channel has no such thing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStarted:
    """The customer was asked something; the customer's clocks pause."""

    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded:
    """The wait is over."""

    by: WaitEnd
    reason: str | None = None
    due_at: datetime | None = None
    """When it was to be given up; only where that resolved nothing."""
    detected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerReminded:
    """The customer was asked again (6.6)."""

    number: int
    due_at: datetime
    detected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """Up one tier."""

    from_tier: str
    to_tier: str
    causes: tuple[Cause, ...]
    reason: str | None
    """The words given by hand, or the customer's."""
    next_news_at: datetime | None
    """When the customer will hear next; none while waiting on the customer."""
    is_ping_pong: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TierSkipped:
    """A tier that was closed, or on whose roster nobody was, was passed by (4.5)."""

    tier: str
    why: SkipReason = SkipReason.CLOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationAbsorbed:
    """An escalation that coincided with the entry of the present tier, or with giving up a wait (4.8)."""

    tier: str
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderExhausted:
    """Escalated from the last tier: the last resort is told, again and again (4.4)."""

    tier: str
    causes: tuple[Cause, ...]
    reason: str | None
    last_resort: str
    is_repeat: bool
    """Whether the last resort was being reminded already: then the causes join the next reminder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastResortReminded:
    """Told again, with every reason gathered since (4.4)."""

    number: int
    last_resort: str
    causes: tuple[Cause, ...]
    due_at: datetime
    detected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """To another tier by hand."""

    from_tier: str
    to_tier: str
    reason: str
    is_forward: bool
    is_ping_pong: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Solved, says the desk."""

    outcome: Outcome
    explanation: str
    alternative: str | None = None
    duplicate_of: str | None = None
    due_at: datetime | None = None
    """When the wait was to be given up; only for `no_response` by the clock."""
    detected_at: datetime | None = None
    article: str | None = None
    """The id of the article whose answer solved it."""
    told_in: str | None = None
    """Reference of the customer's other ticket whose letter tells it; none: this ticket's own does."""
    also_for: tuple[str, ...] = ()
    """References of the customer's other tickets that this ticket's letter is for too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """The customer says that it is solved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The customer says that it is not solved."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Signed off, or closed by silence, the desk or its outcome."""

    by: ClosedBy
    outcome: Outcome
    reason: str | None = None
    due_at: datetime | None = None
    """When silence became consent; only for silence."""
    detected_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """The same ticket, back to work."""

    reason: str
    was: Outcome
    is_rejection: bool = False
    """Whether the customer said of the closed ticket that it is not solved: the reason is in their words (6.8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityChanged:
    """Other targets from now on; the time spent is kept (6.11)."""

    from_priority: str
    priority: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChanged:
    """On by another version of its policy; the time spent is kept (7.3). The same one twice: by newer zone rules."""

    from_policy_version: str
    policy_version: str
    from_tier: str
    tier: str
    """What the new version calls the tier that has the ticket: it did not move."""
    from_priority: str
    priority: str
    """What the new version calls the priority."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemLinked:
    """A known problem is behind it. Told to nobody: what the customer is to know is announced."""

    problem_id: str
    title: str
    """What the problem was called then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemUnlinked:
    """It was another matter. The reason is the desk's own."""

    problem_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded:
    """A work note, never shown to the customer (6.12)."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLogged:
    """Time somebody spent on it, never shown to the customer (6.12)."""

    spent: timedelta
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStarted:
    """A clock run began. `deadline_at` is none while it starts paused."""

    target: Target
    run: int
    tier: str
    length: timedelta
    """Working time allowed."""
    started_at: datetime
    """When it begins to count, given open hours: for an update that follows a breach, that deadline (4.3)."""
    spent: timedelta
    """Working time spent before, when a tier is entered again (2.3)."""
    deadline_at: datetime | None
    pause: Pause | None
    tzdata: str
    """Version of the time-zone rules the deadline was computed with (3.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockPaused:
    """It stands still."""

    target: Target
    run: int
    tier: str
    pause: Pause
    spent: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockResumed:
    """It runs on, by the zone rules of that day."""

    target: Target
    run: int
    tier: str
    spent: timedelta
    deadline_at: datetime
    tzdata: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMoved:
    """A clock got another length, calendar or start, with the time spent kept (2.2, 6.7, 6.11, 7.3)."""

    target: Target
    run: int
    tier: str
    """As it is called from then on."""
    length: timedelta
    spent: timedelta
    deadline_at: datetime | None
    tzdata: str
    started_at: datetime | None = None
    """When it began, where that is another instant now: of a ticket that was merged into this one (6.7)."""
    taken_over: timedelta = timedelta()
    """Of the time spent, what was spent on that other ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockWarned:
    """A fraction of the target is spent (2.8)."""

    target: Target
    run: int
    tier: str
    fraction: float
    due_at: datetime
    detected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMet:
    """In time. `as_of` is the instant that counts, earlier than the event's when a closing meets a resolution."""

    target: Target
    run: int
    tier: str
    held_by: str
    """The tier that had the ticket then: who the figures name. For the customer's clocks it may not be `tier`."""
    started_at: datetime
    as_of: datetime
    spent: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockBreached:
    """The deadline passed with the target unmet. Never withdrawn, never re-judged (4.1)."""

    target: Target
    run: int
    tier: str
    held_by: str
    """The tier that had the ticket then: who the figures name. For the customer's clocks it may not be `tier`."""
    due_at: datetime
    detected_at: datetime
    effective_at: datetime
    engine_late: bool
    """Whether it was detected more than `late_after_seconds` after it was due (4.6)."""
    late_after_seconds: int
    count: int = 1
    """How many runs this event stands for; above one only for late update runs beyond twenty (4.3)."""
    last_due_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCancelled:
    """It ended without a verdict: its tier was left, or the ticket closed without sign-off."""

    target: Target
    run: int
    tier: str
    held_by: str
    """The tier that had the ticket then: who the figures name. For the customer's clocks it may not be `tier`."""
    spent: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReinstated:
    """Reopened: the verdict `was` is withdrawn, the run goes on from the time spent (6.9). Never of a breach."""

    target: Target
    run: int
    tier: str
    held_by: str
    """The tier that had the ticket then: who the figures name. For the customer's clocks it may not be `tier`."""
    was: ClockState
    spent: timedelta
    deadline_at: datetime
    tzdata: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An internal wait began, which pauses nothing (2.11)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEnded:
    """The internal wait is over."""

    reason: str | None
    """None where the ticket was resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """The customer said what they thought of it (6.10)."""

    stars: int
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditOffered:
    """The customer is offered a goodwill credit (6.13)."""

    number: int
    minor: int
    currency: str
    reason: str
    of: CreditOf | None
    """What earned it; none where somebody offers it by hand."""
    approved_by: str | None
    """The lead who approved it, where it was above the limit."""
    earned_by: int | None = None
    """The sequence of the line that says what was broken: the message of that line tells of the credit too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditProposed:
    """A goodwill credit above the policy's limit awaits the lead's word (6.13)."""

    number: int
    minor: int
    currency: str
    reason: str
    merged_reference: str | None = None
    """Of the ticket on which it was proposed, where that was merged into this one (6.7)."""
    proposed_by: str | None = None
    """Who proposed it there; none: whoever the line is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditMoved:
    """The lead decides a goodwill credit on the ticket that goes on in this one's place (6.7, 6.13)."""

    number: int
    survivor_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditRefused:
    """The lead refused a goodwill credit; the customer never knew of it (6.13)."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFlagged:
    """The lead was told that this customer is at risk; the customer never is."""

    signals: tuple[Signal, ...]
    """As often as each happened, in the order in which it did."""
    since: datetime
    """The first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMade:
    """The customer was promised something by an instant (2.4). The engine's own says when they hear next (6.1, 6.5)."""

    name: str
    """Its name on this ticket."""
    run: int
    kind: PromiseKind
    promised_at: datetime
    owner: str | None
    """Who is to keep it; none: whoever has the ticket."""
    words: str
    """What the customer was told; empty for the engine's."""
    is_engines: bool
    replaces: bool
    """Whether it stands in the place of the run before, which ended by it without a verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseWarned:
    """A fraction of the time to its instant has passed (2.8)."""

    name: str
    run: int
    fraction: float
    due_at: datetime
    detected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseKept:
    """Somebody recorded that it was done; of a broken one: late, and it stays broken (2.4)."""

    name: str
    run: int
    kind: PromiseKind
    promised_at: datetime
    is_late: bool
    words: str = ""
    """What was done, for the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseBroken:
    """Its instant passed and nothing had kept it. Never withdrawn, never re-judged (4.1)."""

    name: str
    run: int
    kind: PromiseKind
    owner: str | None
    due_at: datetime
    """The promised instant."""
    detected_at: datetime
    effective_at: datetime
    engine_late: bool
    """Whether it was detected more than `late_after_seconds` after it was due (4.6)."""
    late_after_seconds: int
    held_by: str
    """The tier that had the ticket then: who the figures name."""
    is_engines: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseChanged:
    """Re-agreed before its instant: the run before ended without a verdict, this one stands in its place (2.4)."""

    name: str
    run: int
    """The new one's."""
    from_promised_at: datetime
    promised_at: datetime
    words: str
    """What the customer was told."""
    reason: str
    """For the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseCancelled:
    """It ended without a verdict: the ticket closed, or waits on the customer (2.4, 6.5)."""

    name: str
    run: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """It said the same as another ticket, which goes on alone: closed as a duplicate (6.7)."""

    survivor_id: str
    survivor_reference: str
    survivor_status: Status | None = None
    """How that one stands, going on for both; none: an older release did not say."""
    next_news_at: datetime | None = None
    """When the customer was promised to hear next, of that one; none: it is their turn, or nothing is promised."""
    survivor_outcome: Outcome | None = None
    """What that one is thought to have come to; none: it is not resolved, or an older release did not say."""
    sign_off_at: datetime | None = None
    """When silence closes that one; none likewise."""
    explanation: str | None = None
    """What the desk tells the customer besides; none: nothing, it was merged and not resolved as a duplicate."""
    survivor_kind: TicketKind | None = None
    """What they want there: of a request to leave nothing waits for an answer; none: an older release did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TookOver:
    """Another ticket was merged into this one; what is earlier of its clocks follows, a `ClockMoved` each (6.7)."""

    ticket_id: str
    reference: str
    customer_spoke_at: datetime | None = None
    """When its customer was last heard of on it; a wait for an answer to an earlier question ends by that (6.6)."""
    resolve_credited: bool = False
    """Whether the credit that the customer's resolve earns once was granted on it: none is earned here (6.13)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """It came from elsewhere as it stood there; its clocks follow, and the breaches it had count nowhere (6.14)."""

    opened_at: datetime
    """There; the line's own instant is when it entered the record."""
    status: Status
    handler: str | None
    owner: str | None
    chases: int
    clocks: tuple[SpentClock, ...]
    breaches: tuple[HadBreach, ...]
    references: tuple[str, ...]
    """What it is called elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureBegan:
    """The ticket's queue is closed, unplanned: from then on both clocks of the tier stand still (2.11)."""

    closure_id: str
    from_at: datetime
    """When the queue was closed; earlier than the event's instant where the ticket came later."""
    until_at: datetime | None
    """As it was said by then; none: until somebody says that it is over."""
    reason: str
    detected_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureEnded:
    """The queue is open again, so far as this closure goes."""

    closure_id: str
    until_at: datetime
    reason: str | None
    """Of who said that it is over; none: it ended as it was said at first."""
    detected_at: datetime


Event = (
    Opened
    | PromiseMade
    | PromiseWarned
    | PromiseKept
    | PromiseBroken
    | PromiseChanged
    | PromiseCancelled
    | Acknowledged
    | Assigned
    | UpdatePosted
    | ContactReceived
    | WaitStarted
    | WaitEnded
    | CustomerReminded
    | TierSkipped
    | Escalated
    | EscalationAbsorbed
    | LadderExhausted
    | LastResortReminded
    | Transferred
    | Resolved
    | Confirmed
    | Rejected
    | Closed
    | Reopened
    | PriorityChanged
    | PolicyChanged
    | ProblemLinked
    | ProblemUnlinked
    | NoteAdded
    | TimeLogged
    | ClockStarted
    | ClockPaused
    | ClockResumed
    | ClockMoved
    | ClockWarned
    | ClockMet
    | ClockBreached
    | ClockCancelled
    | ClockReinstated
    | Held
    | HoldEnded
    | Rated
    | CreditOffered
    | CreditProposed
    | CreditMoved
    | CreditRefused
    | CustomerFlagged
    | Merged
    | TookOver
    | Imported
    | ClosureBegan
    | ClosureEnded
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a ticket's log."""

    sequence: int
    """1, 2, 3 …, without gaps, per ticket."""
    at: datetime
    """When it took effect: a command's instant, a breach's `effective_at`."""
    actor: str | None
    """Who asked for it; none for what the clocks did."""
    event: Event
