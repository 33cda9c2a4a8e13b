"""What can be asked of a ticket, in the imperative. Every command names its actor (5.6).

Texts arrive checked for length and emptiness by the edge; what needs the ticket or its policy is the judge's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from workflows.domain.errors import DomainError
from workflows.domain.money import require_money
from workflows.domain.ticket.words import ContactKind, Outcome, PromiseKind, Signal, Status, Target, TicketKind
from workflows.domain.zones import require_utc

LONGEST_SPENT = timedelta(hours=1000)
"""Of the time that is logged at once."""

LONGEST_USED = timedelta(days=3660)
"""Of what is used of a target elsewhere, and of how long ago that began."""

MOST_REFERENCES = 10
"""Of what a ticket is called elsewhere."""

MOST_STARS = 5
"""The best rating (6.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who was promised something."""

    external_id: str
    """The contact centre's own key for this person; unique within the caller's world."""
    name: str
    language: str
    """BCP 47 tag, like `en-GB`: the language the customer is told things in."""
    zone: str
    """IANA zone, like `Europe/London`: the customer's own clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A new request (6.1). The ids are given by intake; the policy is the one that was loaded there."""

    actor: str
    ticket_id: str
    reference: str
    queue: str
    priority: str
    customer: Customer
    subject: str
    description: str
    channel: str
    follows: str | None = None
    """The ticket id of an older one that this continues after its reopen window (6.9)."""
    thread: str | None = None
    """The id of the conversation elsewhere that it came in, as its channel names it (6.3)."""
    kind: TicketKind = TicketKind.REQUEST
    """A request to leave takes the policy's priority for leaving, whatever it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Somebody takes it on, speaking for the current tier (6.2)."""

    actor: str
    handler: str
    tier: str
    turnaround_at: datetime | None = None
    """By when it is done, the customer is told: a promise named `turnaround`."""

    def __post_init__(self) -> None:
        if self.turnaround_at is not None:
            require_utc(self.turnaround_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assign:
    """Whoever has it passes it on within the tier (6.2)."""

    actor: str
    handler: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostUpdate:
    """The owner or handler tells the customer something (6.4)."""

    actor: str
    text: str
    keeps: tuple[str, ...] = ()
    """Names of promises that it keeps, besides those of next news."""
    told_in: str | None = None
    """Reference of the ticket whose letter tells the customer so; none: its own does. The record alone says it."""
    also_for: tuple[str, ...] = ()
    """References of the customer's other tickets that its letter tells of too. The record alone says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContact:
    """The customer came back, by any channel (6.3)."""

    actor: str
    kind: ContactKind
    channel: str
    text: str
    thread: str | None = None
    """The id of the conversation elsewhere that it came in, as its channel names it."""
    customer: str | None = None
    """The external id of whoever came back; another than the ticket's is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOnCustomer:
    """Asks the customer something and waits (6.6)."""

    actor: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """Ends the wait without an answer (6.6); where nobody is waited for, the hold (2.11). With a reason."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """Up one tier, by hand. Names the tier it leaves, so that two people cannot skip one (5.4, 6.5)."""

    actor: str
    from_tier: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """To any other named tier (6.5)."""

    actor: str
    to_tier: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve:
    """Solved, or as solved as it gets (6.7)."""

    actor: str
    outcome: Outcome
    explanation: str
    alternative: str | None = None
    """What is offered instead; required when not feasible."""
    duplicate_of: str | None = None
    """The ticket id of the survivor; required for a duplicate. An older release's: what is asked so is a merge now."""
    keeps: tuple[str, ...] = ()
    """Names of promises that it keeps, besides those of next news and turnarounds."""
    article: str | None = None
    """The id of the article whose answer solved it."""
    told_in: str | None = None
    """Reference of the ticket whose letter tells the customer so; none: its own does. The record alone says it."""
    also_for: tuple[str, ...] = ()
    """References of the customer's other tickets that its letter tells of too. The record alone says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The customer says that it is solved (6.8)."""

    actor: str
    customer: str | None = None
    """The external id of whoever says so; another than the ticket's is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """The customer says that it is not solved (6.8)."""

    actor: str
    reason: str
    customer: str | None = None
    """The external id of whoever says so; another than the ticket's is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What the customer thought of it: once, after closing (6.10)."""

    actor: str
    stars: int
    comment: str = ""
    customer: str | None = None
    """The external id of whoever says so; another than the ticket's is refused."""

    def __post_init__(self) -> None:
        if not 1 <= self.stars <= MOST_STARS:
            raise DomainError(f"stars are {self.stars}: rate it 1 to {MOST_STARS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen:
    """Back to work at the same tier, within the reopen window (6.9)."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """The desk closes a resolved ticket without waiting for the customer's word, and says why (6.8)."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePriority:
    """Other targets from now on, counted from each clock's own start (6.11)."""

    actor: str
    priority: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNote:
    """A work note, never shown to the customer (6.12)."""

    actor: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTime:
    """Time somebody spent on it, never shown to the customer (6.12)."""

    actor: str
    spent: timedelta
    text: str

    def __post_init__(self) -> None:
        if self.spent <= timedelta():
            raise DomainError(f"spent is {self.spent.total_seconds():g} s: log more than nothing")
        if self.spent > LONGEST_SPENT:
            raise DomainError(f"spent is {self.spent}: log at most {LONGEST_SPENT / timedelta(hours=1):g} h at once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An internal wait, for a part say: it pauses nothing, and the ledger shows it (2.11)."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferCredit:
    """A goodwill credit by hand; above the policy's limit the lead decides (6.13)."""

    actor: str
    minor: int
    """In the currency's minor units: 500 of GBP are five pounds."""
    currency: str
    """ISO 4217 code."""
    reason: str

    def __post_init__(self) -> None:
        require_money(self.minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideCredit:
    """The lead's word on a credit that awaits it (6.13)."""

    actor: str
    number: int
    is_approved: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagCustomer:
    """The engine has seen too much go wrong for one customer: the lead is told, by their latest ticket."""

    actor: str
    signals: tuple[Signal, ...]
    """As often as each happened, in the order in which it did."""
    since: datetime
    """The first of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkProblem:
    """It is one of the tickets that a known problem, or a wish for the product, is behind."""

    actor: str
    problem_id: str
    title: str
    """What the problem is called when it is linked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkProblem:
    """It is not, after all."""

    actor: str
    problem_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """What a policy's word is called from now on."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePolicy:
    """On by another version of its policy: new lengths and calendars, the time spent and the pauses kept (7.3)."""

    actor: str
    policy_version: str
    """The version's content is given beside the command: thousands of tickets would each keep a copy of it."""
    reason: str
    tiers: tuple[Renaming, ...] = ()
    """Of tiers that the new version calls otherwise; who has the ticket does not change by it."""
    priorities: tuple[Renaming, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MakePromise:
    """The customer is told that something will have happened by an instant (2.4)."""

    actor: str
    name: str
    """Its name on this ticket; free again once the promise of that name is over."""
    kind: PromiseKind
    promised_at: datetime
    """In the future, and within a year."""
    words: str
    """What the customer is told."""
    owner: str | None = None
    """Who is to keep it; none: the handler, else the actor."""

    def __post_init__(self) -> None:
        require_utc(self.promised_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPromise:
    """It was done; of a broken one: it was done late (2.4)."""

    actor: str
    name: str
    words: str = ""
    """What was done, for the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePromise:
    """Re-agreed with the customer before its instant: another instant in its place (2.4)."""

    actor: str
    name: str
    promised_at: datetime
    words: str
    """What the customer is told."""
    reason: str
    """For the desk."""

    def __post_init__(self) -> None:
        require_utc(self.promised_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeInto:
    """It says the same as another ticket of the customer's, which goes on alone (6.7): the other half is `TakeOver`."""

    actor: str
    survivor_id: str
    survivor_reference: str
    survivor_kind: TicketKind = TicketKind.REQUEST
    survivor_external_id: str | None = None
    """Whose it is; none: it was not said when this was asked, and the survivor alone compares."""
    survivor_status: Status | None = None
    """How that one stands once it goes on for both; none: it was not said when this was asked."""
    next_news_at: datetime | None = None
    """When the customer was promised to hear next, of that one; none: nothing is promised, or it was not said."""
    survivor_outcome: Outcome | None = None
    """What that one is thought to have come to; none: it is not resolved, or it was not said."""
    sign_off_at: datetime | None = None
    """When silence closes that one; none likewise."""
    explanation: str | None = None
    """What the customer is told besides, where the desk resolved it as a duplicate; none: it was merged, no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenClock:
    """A customer's clock of the ticket that is merged, as it stood at that instant (6.7)."""

    target: Target
    run: int
    started_at: datetime
    spent: timedelta
    """Working time, by the calendar that it counted in."""
    due_at: datetime
    """Its deadline; of one that stood still, the one that it would have if it ran on; of one that broke, the past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenPromise:
    """A promise of the ticket that is merged that was still to be kept (6.7)."""

    name: str
    kind: PromiseKind
    promised_at: datetime
    made_at: datetime
    made_by: str | None
    """Who promised; none: the engine."""
    owner: str | None
    """Who is to keep it; none: whoever has the ticket."""
    words: str
    warnings: tuple[float, ...]
    """The fractions of its time that were not warned of yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenCredit:
    """A credit of the ticket that is merged that still awaited the lead's word (6.13)."""

    number: int
    """On the ticket that is merged."""
    minor: int
    """In the currency's minor units."""
    currency: str
    reason: str
    by: str | None
    """Who proposed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """Goes on for a ticket that says the same: takes its customer's clocks where they are earlier, and its promises."""

    actor: str
    ticket_id: str
    reference: str
    external_id: str
    """Of its customer: only of the same one (6.7)."""
    clocks: tuple[TakenClock, ...]
    promises: tuple[TakenPromise, ...]
    customer_spoke_at: datetime | None = None
    """When its customer was last heard of on it, by the opening at least: a question asked before is answered (6.6)."""
    credits: tuple[TakenCredit, ...] = ()
    """What the lead has not decided yet."""
    resolve_credited: bool = False
    """Whether the credit that the customer's resolve earns once was granted on it already (6.13)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentClock:
    """How much of a target was used elsewhere, before the import."""

    target: Target
    used: timedelta
    """Working time, by the calendar that it counts in here; of an update, since the last message from a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HadBreach:
    """A breach that was had elsewhere, before the import: it causes nothing here."""

    target: Target
    due_at: datetime
    """The deadline that passed."""
    tier: str | None = None
    """Whose target it was; none: the present tier's, or the customer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """An open ticket from elsewhere, as it stands there (6.14). Only an operator's; nobody tells the customer."""

    actor: str
    ticket_id: str
    reference: str
    queue: str
    priority: str
    customer: Customer
    subject: str
    description: str
    channel: str
    opened_at: datetime
    """There, in the past."""
    tier: str
    status: Status
    """`OPEN`, or `IN_PROGRESS` with a handler."""
    handler: str | None = None
    owner: str | None = None
    """Who speaks to the customer; none: the first tier."""
    chases: int = 0
    clocks: tuple[SpentClock, ...]
    breaches: tuple[HadBreach, ...] = ()
    references: tuple[str, ...] = ()
    """What it is called elsewhere."""
    follows: str | None = None
    thread: str | None = None
    kind: TicketKind = TicketKind.REQUEST


Command = (
    Acknowledge
    | Assign
    | PostUpdate
    | RecordContact
    | WaitOnCustomer
    | Continue
    | Escalate
    | Transfer
    | Resolve
    | Confirm
    | Reject
    | Reopen
    | Close
    | ChangePriority
    | ChangePolicy
    | LinkProblem
    | UnlinkProblem
    | AddNote
    | LogTime
    | MakePromise
    | KeepPromise
    | ChangePromise
    | Hold
    | Rate
    | OfferCredit
    | DecideCredit
    | FlagCustomer
    | MergeInto
    | TakeOver
)
"""Everything that can be asked of a ticket that exists."""
