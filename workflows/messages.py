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
