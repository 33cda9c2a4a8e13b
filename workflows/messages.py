"""What crosses the wire to Temporal: ids and numbers only, never a customer's words. Fields are only ever added."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TicketStart:
    """Arguments of a Ticket workflow."""

    ticket_id: str
    wake_in_seconds: float
    """Real seconds from the start request to the first wake-up; 0 settles at once."""


@dataclass(frozen=True)
class SettleRequest:
    """Arguments of the settle activity."""

    ticket_id: str


@dataclass(frozen=True)
class SettleResult:
    """What the shell needs to know until the next wake-up."""

    is_closed: bool
    wake_in_seconds: float | None
    """Real seconds, never an absolute instant: the record's clock is not Temporal's. None: only a command wakes it."""
    found: int
    """How many events the settle appended; 0: nothing was due."""
    summary: str
    """For people in the Temporal UI: tier, state and what comes next, no personal data."""


@dataclass(frozen=True)
class AnnouncementStart:
    """Arguments of an Announcement workflow."""

    announcement_id: str
    after: str = ""
    """The ticket up to which all were told, in the order of their ids; empty: none."""
    tickets: int = 0
    """How many something became of in runs before."""


@dataclass(frozen=True)
class AnnounceRequest:
    """Arguments of the announce activity."""

    announcement_id: str
    after: str


@dataclass(frozen=True)
class AnnounceResult:
    """What the shell of an announcement needs to know to go on."""

    is_over: bool
    """Nobody is to be told just now: it is done, paused or cancelled. Who resumes it starts it anew."""
    after: str
    tickets: int
    """How many something became of in this stretch."""
