"""What a message is of: a line of a ticket's log, what led to it, and whom it is for. Made by whoever reads the log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from workflows.domain.policy import Policy
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Audience
from workflows.planning.handover_log import READ

HISTORY = frozenset(
    {
        "opened",
        "imported",
        "acknowledged",
        "assigned",
        "wait_started",
        "wait_ended",
        "escalated",
        "transferred",
        "resolved",
        "rejected",
        "reopened",
        "closed",
        "policy_changed",
        "priority_changed",
        "merged",
        "promise_made",
        "promise_kept",
        "promise_broken",
        "promise_changed",
        "promise_cancelled",
        *READ,
    }
)
"""Kinds of lines that may matter however long before they were written: what stands still, and what a story is of."""

LATELY = 400
"""Lines before a message's own in which every kind may matter: clocks start and stop in them."""

AFTERWARDS = 60
"""Lines after it that one settle may have added for the same step."""


class Behind(NamedTuple):
    """A message that is owed to the same recipient of the same settle, and comes after it: its line and its kind."""

    sequence: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One message to be put into words."""

    kind: str
    audience: Audience
    recipient: str
    """The person's, tier's or contact's name; the external id for the customer."""
    key: str
    """Of this message and no other, however often it is sent."""
    sequence: int
    """Of the line that it is of."""
    ticket: Ticket
    """As it stands now: only what never changes is taken from it, for a message may come late."""
    policy: Policy
    """The version that it was held to when the line was written."""
    entries: tuple[Entry, ...]
    """The log as far as it matters: what came before the line, the line, and what the same settle wrote after it."""
    now_at: datetime
    """The record's present instant: what was promised for an earlier one is not promised again."""
    merged: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    """By its id, what the log of each ticket tells that was merged into it by then: of those that are retold."""
    behind: tuple[Behind, ...] = ()
    """What else the same settle owes the recipient, in its order, and nobody has sent yet."""
    is_late: bool = False
    """Whether it reaches its reader so late that this must be said."""

    @property
    def entry(self) -> Entry:
        """The line that it is of; `LookupError` when it is not there."""
        for entry in self.entries:
            if entry.sequence == self.sequence:
                return entry
        raise LookupError(f"line {self.sequence} is not among the lines given")
