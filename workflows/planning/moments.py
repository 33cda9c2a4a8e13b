"""What a dated story of a policy is made of: moments, who is told of them, what is due from then on. Values only.

Instants are UTC; zones are named for whoever tells the story.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command
from workflows.domain.ticket.ledger import Line
from workflows.domain.ticket.words import Target
from workflows.planning.wording import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody does, and when; the judge may refuse it."""

    at: datetime
    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Somebody who is told of a moment, in every part in which they are."""

    recipient: str
    """A tier, a person, or a contact by name; the customer is `customer`."""
    audiences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A deadline that a moment gave, moved or promised."""

    target: Target
    tier: str
    """The tier that it is of; for the customer's targets, the one that has the ticket."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something that happens."""

    at: datetime
    """When it takes effect."""
    kind: str
    """The event's name, like `clock_breached`; `refused` for an act that the judge refuses."""
    tier: str
    """Which tier has the ticket then."""
    words: Words
    told: tuple[Told, ...] = ()
    deadlines: tuple[Deadline, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A stretch in which one tier has the ticket, half open; until none: it still has it when the story ends."""

    tier: str
    from_at: datetime
    until_at: datetime | None


class End(StrEnum):
    """How a story ends."""

    EXHAUSTED = "exhausted"
    """The ladder has ended, and the last resort is told again and again (4.4)."""
    QUIET = "quiet"
    """Nothing is due any more: the ticket is closed."""
    CUT = "cut"
    """It would go on like this: it was cut after so many moments."""
    CALENDAR = "calendar"
    """A calendar does not offer the time that is asked of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a story ends."""

    end: End
    text: str
    """A sentence without its full stop."""
    running: tuple[Deadline, ...] = ()
    """What is still promised then, in order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A dated story."""

    policy: Policy
    priority: str
    customer_zone: str
    opened_at: datetime
    moments: tuple[Moment, ...]
    stays: tuple[Stay, ...]
    clocks: tuple[Line, ...]
    """Every clock run, in the order in which they started, as of the end of the story."""
    ending: Ending

    @property
    def until_at(self) -> datetime:
        """The instant of its last moment."""
        return self.moments[-1].at
