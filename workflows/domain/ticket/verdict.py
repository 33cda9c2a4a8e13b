"""What the judge returns: the ticket as it stands, what was recorded, who is to be told, and a refusal if any."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from workflows.domain.ticket.closures import Closures
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Audience

RULES_VERSION = 3
"""Raised when a rule changes what the judge does: re-derivation compares tickets of one version only (5.3)."""


class RefusalReason(StrEnum):
    """Why a command was refused. The values are public contract: the `reason` of an error's ErrorInfo."""

    WRONG_STATE = "WRONG_STATE"
    """The transition is not allowed from the present state (6)."""
    WRONG_TIER = "WRONG_TIER"
    """The tier named is not the one that has the ticket (5.4, 6.2)."""
    UNKNOWN_TIER = "UNKNOWN_TIER"
    """The policy has no such tier."""
    UNKNOWN_PRIORITY = "UNKNOWN_PRIORITY"
    """The policy promises nothing for such a priority (6.11)."""
    STALE_VERSION = "STALE_VERSION"
    """The ticket has moved on since the caller looked (5.4)."""
    ALTERNATIVE_REQUIRED = "ALTERNATIVE_REQUIRED"
    """Not feasible, and nothing offered instead (6.7)."""
    SURVIVOR_REQUIRED = "SURVIVOR_REQUIRED"
    """A duplicate that does not name the ticket it doubles (6.7)."""
    MERGED = "MERGED"
    """It was merged into another ticket, which goes on: ask that one (6.7)."""
    MERGE_IMPOSSIBLE = "MERGE_IMPOSSIBLE"
    """Into itself, in a chain, or of another customer (6.7)."""
    REOPEN_WINDOW_OVER = "REOPEN_WINDOW_OVER"
    """Closed for too long: open a new ticket that follows it (6.3, 6.9)."""
    PROMISE_UNKNOWN = "PROMISE_UNKNOWN"
    """The ticket has no promise of that name (2.4)."""
    PROMISE_NAME_TAKEN = "PROMISE_NAME_TAKEN"
    """A promise of that name is open, or the name is the engine's own (2.4)."""
    PROMISE_NOT_AHEAD = "PROMISE_NOT_AHEAD"
    """The promised instant is not in the future (2.4)."""
    PROMISE_TOO_FAR = "PROMISE_TOO_FAR"
    """The promised instant is more than a year away."""
    TOO_MANY_PROMISES = "TOO_MANY_PROMISES"
    """The ticket has promises under as many names as it can have."""
    TOO_MANY_CREDITS = "TOO_MANY_CREDITS"
    """The ticket has as many credits by hand as it can have (6.13)."""
    PROMISE_OVER = "PROMISE_OVER"
    """It was kept, broken or cancelled: nothing is left to keep, or to agree on anew (2.4)."""
    PROBLEM_LINKED_ALREADY = "PROBLEM_LINKED_ALREADY"
    """The ticket is linked to that problem."""
    PROBLEM_NOT_LINKED = "PROBLEM_NOT_LINKED"
    """The ticket is not linked to that problem."""
    TOO_MANY_PROBLEMS = "TOO_MANY_PROBLEMS"
    """The ticket is linked to as many problems as a ticket can be."""
    PROBLEM_CLOSED = "PROBLEM_CLOSED"
    """Nothing is linked to the problem any more, and nothing announced. Not the judge's to say: the record's."""
    NOTHING_LINKED = "NOTHING_LINKED"
    """There is nobody to announce it to. The record's to say."""
    ANNOUNCEMENT_RUNNING = "ANNOUNCEMENT_RUNNING"
    """Another announcement of the problem has not ended. The record's to say."""
    ANNOUNCEMENT_OVER = "ANNOUNCEMENT_OVER"
    """The announcement has ended, or is not in the state that was asked to end. The record's to say."""
    NOT_THE_CUSTOMER = "NOT_THE_CUSTOMER"
    """Somebody else's word is no sign-off, no rating and no contact of this ticket's customer (6.8)."""
    RATED_ALREADY = "RATED_ALREADY"
    """It is rated once (6.10)."""
    CREDIT_UNKNOWN = "CREDIT_UNKNOWN"
    """No credit of that number awaits the lead's word (6.13)."""
    CREDIT_OTHER_CURRENCY = "CREDIT_OTHER_CURRENCY"
    """The policy's credits are in another currency (6.13)."""
    NOT_THE_LEAD = "NOT_THE_LEAD"
    """Only the policy's lead decides (6.13)."""
    LEAVING_NOT_OFFERED = "LEAVING_NOT_OFFERED"
    """The policy has no priority for requests to leave."""
    NOT_AT_RISK = "NOT_AT_RISK"
    """Too little for the policy to flag the customer for, or too soon again: the engine's own affair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A command that was judged and refused; nothing of it changed the ticket."""

    reason: RefusalReason
    text: str
    """The fact and the remedy; holds no personal data."""
    facts: Mapping[str, str] = field(default_factory=dict)
    """The present state, and what else the caller needs to decide anew."""


ADMISSIONS = frozenset({"promise_broken", "resolve_missed", "clock_breached"})
"""Kinds of messages that admit something to the customer, and tell of one another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Somebody is to be told of something; its words are delivery's."""

    sequence: int
    """Of the log entry that says what happened."""
    kind: str
    audience: Audience
    recipient: str
    """The person's, tier's or contact's name; the external id for the customer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One settle's worth of change."""

    ticket: Ticket
    entries: tuple[Entry, ...] = ()
    messages: tuple[Message, ...] = ()
    refusal: Refusal | None = None
    answers: tuple[RosterAnswer, ...] = ()
    """What it learnt from the roster: inputs as a command is one, to be kept if anything is (4.9, 5.3)."""
    closures: Closures = ()
    """What it learnt of its queue being closed: inputs too (2.11, 5.3)."""
