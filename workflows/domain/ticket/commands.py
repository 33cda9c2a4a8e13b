"""What can be asked of a ticket, in the imperative. Every command names its actor (5.6).

Texts arrive checked for length and emptiness by the edge; what needs the ticket or its policy is the judge's.
"""

from dataclasses import dataclass
from datetime import timedelta

from workflows.domain.errors import DomainError
from workflows.domain.ticket.words import ContactKind, Outcome

LONGEST_SPENT = timedelta(hours=1000)
"""Of the time that is logged at once."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """Somebody takes it on, speaking for the current tier (6.2)."""

    actor: str
    handler: str
    tier: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContact:
    """The customer came back, by any channel (6.3)."""

    actor: str
    kind: ContactKind
    channel: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOnCustomer:
    """Asks the customer something and waits (6.6)."""

    actor: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Continue:
    """Ends the wait without an answer, with a reason (6.6)."""

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
    """The ticket id of the survivor; required for a duplicate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """The customer says that it is solved (6.8)."""

    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """The customer says that it is not solved (6.8)."""

    actor: str
    reason: str


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
    | AddNote
    | LogTime
)
"""Everything that can be asked of a ticket that exists."""
