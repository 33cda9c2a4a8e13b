"""The closed sets of words a ticket is described with (semantics 1, 2, 6). Their values are what is stored."""

from enum import StrEnum


class Status(StrEnum):
    """Where in its life a ticket is (semantics 6)."""

    OPEN = "open"
    """Nobody of the current tier has it."""
    IN_PROGRESS = "in_progress"
    WAITING_ON_CUSTOMER = "waiting_on_customer"
    RESOLVED = "resolved"
    """Solved, says the desk; the customer has not signed off."""
    CLOSED = "closed"

    @property
    def is_worked_on(self) -> bool:
        """Whether the desk still owes work: neither resolved nor closed."""
        return self is not Status.RESOLVED and self is not Status.CLOSED


class Target(StrEnum):
    """What a clock measures. Declared in the order in which breaches of one instant are recorded (5.2)."""

    ACKNOWLEDGE = "acknowledge"
    """The tier's: somebody takes the ticket on (2.1)."""
    TIER_RESOLVE = "tier_resolve"
    """The tier's: solved, or handed on, in this tier's own time (2.3)."""
    UPDATE = "update"
    """The customer's: told something by a person (2.2)."""
    RESOLVE = "resolve"
    """The customer's: solved (2.3)."""
    PROMISE = "promise"
    """A commitment with its own instant (2.4). No clock: it has no length, no calendar, and never stands still."""

    @property
    def is_the_tiers(self) -> bool:
        """Whether it counts in the tier's calendar; the customer's count in the policy's (2.6)."""
        return self is Target.ACKNOWLEDGE or self is Target.TIER_RESOLVE


class PromiseKind(StrEnum):
    """What the customer was promised, and with it what keeps the promise (2.4)."""

    CALL_BACK = "call_back"
    """Kept only by name."""
    NEXT_NEWS = "next_news"
    """Kept by any person's message to the customer: an update, a question, a resolution's explanation."""
    TURNAROUND = "turnaround"
    """That it is done by then (6.2). Kept by name, or by resolving the ticket."""


class PromiseState(StrEnum):
    """How a promise stands. All but the first are how its run ended."""

    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    """Its instant passed. A fact: doing it late is recorded, and withdraws nothing (2.4)."""
    CANCELLED = "cancelled"


class ClockState(StrEnum):
    """Running and paused clocks are live; the other three are how a run ended."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"

    @property
    def is_live(self) -> bool:
        """Whether the run has not ended."""
        return self is ClockState.RUNNING or self is ClockState.PAUSED


class Outcome(StrEnum):
    """How a ticket was resolved (6.7)."""

    FIXED = "fixed"
    WORKAROUND = "workaround"
    NOT_FEASIBLE = "not_feasible"
    NO_RESPONSE = "no_response"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"

    @property
    def closes_at_once(self) -> bool:
        """Whether no sign-off is asked for (6.7)."""
        return self is Outcome.WITHDRAWN or self is Outcome.DUPLICATE


class ContactKind(StrEnum):
    """What the customer came back with (6.3)."""

    NEWS = "news"
    """Asks for news: counts as a chase."""
    INFORMATION = "information"
    COMPLAINT = "complaint"
    """Counts as a chase."""

    @property
    def is_a_chase(self) -> bool:
        """Whether it counts towards the repeat contacts that escalate."""
        return self is not ContactKind.INFORMATION


class Cause(StrEnum):
    """Why the ladder moved. The label `reason` of the escalation figures; words by hand are kept beside it."""

    ACKNOWLEDGE_BREACHED = "acknowledge_breached"
    TIER_RESOLVE_BREACHED = "tier_resolve_breached"
    UPDATE_BREACHED = "update_breached"
    RESOLVE_BREACHED = "resolve_breached"
    BY_HAND = "by_hand"
    REPEAT_CONTACT = "repeat_contact"
    SOLUTION_REJECTED = "solution_rejected"
    PROMISE_BROKEN = "promise_broken"


class SkipReason(StrEnum):
    """Why a tier was passed by (4.5)."""

    CLOSED = "closed"
    """It is closed, and a later tier is open."""
    EMPTY = "empty"
    """The roster says that nobody is on duty in it."""


class Pause(StrEnum):
    """Why a clock stands still (2.7, 2.10)."""

    WAITING_ON_CUSTOMER = "waiting_on_customer"
    RESOLVED = "resolved"
    QUEUE_CLOSED = "queue_closed"
    """The queue is closed, unplanned: both clocks of the tier stand still (2.11)."""


class TicketKind(StrEnum):
    """What the customer asks for."""

    REQUEST = "request"
    LEAVING = "leaving"
    """They want to leave: it has a priority of its own, and nobody holds them up."""


class CreditState(StrEnum):
    """How far a goodwill credit is (6.13)."""

    AWAITING_APPROVAL = "awaiting_approval"
    """Above the policy's limit: the lead decides, and the customer knows nothing of it yet."""
    OFFERED = "offered"
    REFUSED = "refused"
    MOVED = "moved"
    """It awaits the lead on the ticket that goes on, under a number of that one's (6.7)."""


class CreditOf(StrEnum):
    """What earned a goodwill credit without anybody's asking (6.13)."""

    PROMISE = "promise"
    RESOLVE = "resolve"


class Signal(StrEnum):
    """What makes a customer likely to leave; several of one customer over a period are told to the lead."""

    PROMISE_BROKEN = "promise_broken"
    """A person's promise."""
    CHASED = "chased"
    RATED_LOW = "rated_low"


class ClosureStage(StrEnum):
    """How far a ticket has come with a closure of its queue (2.11)."""

    AHEAD = "ahead"
    IN_FORCE = "in_force"
    OVER = "over"


class WaitEnd(StrEnum):
    """What ended a wait on the customer (6.6)."""

    CONTACT = "contact"
    CONTINUED = "continued"
    RESOLVED = "resolved"
    GAVE_UP = "gave_up"


class ClosedBy(StrEnum):
    """Whose word closed the ticket (6.7, 6.8)."""

    CONFIRMATION = "confirmation"
    SILENCE = "silence"
    DESK = "desk"
    """The desk closed it, with a reason."""
    OUTCOME = "outcome"
    """Withdrawn or duplicate: closed at once."""


class Audience(StrEnum):
    """Who a message is for; a policy's breach rules name these (4.2)."""

    CUSTOMER = "customer"
    HANDLER = "handler"
    """The handler; the whole tier while there is none (2.8)."""
    OWNER = "owner"
    TIER = "tier"
    LEAD = "lead"
    LAST_RESORT = "last_resort"
