"""A past ticket, from a help desk's log or from the system's own record: what people did, and when.

Plain data that a worker process is sent. Does not know under which policy it is told again.
"""

from dataclasses import dataclass
from datetime import datetime

from services.desk_log.log import Case
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.commands import Command, Open
from workflows.domain.ticket.roster import RosterAnswer
from workflows.planning.restating import Ladder


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCase:
    """One incident of a help desk's log."""

    case: Case
    priority: str
    ladder: Ladder
    """Of whose priorities that is one."""

    @property
    def key(self) -> str:
        """By which a person finds it."""
        return self.case.case

    @property
    def opened_at(self) -> datetime:
        """When its first row was written."""
        return self.case.started_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A command that was obeyed, and the instant that it counts from (5.1)."""

    at: datetime
    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTicket:
    """One ticket of the record."""

    opening: Open
    opened_at: datetime
    said: tuple[Said, ...]
    ladder: Ladder
    """In whose words it was said."""
    closures: tuple[Closure, ...] = ()
    """Of its queue, as they reached it (2.11)."""
    roster: tuple[RosterAnswer, ...] = ()
    """Who could be reached, as far as it reached this ticket (4.9)."""

    @property
    def key(self) -> str:
        """By which a person finds it."""
        return self.opening.reference

    @property
    def priority(self) -> str:
        """With which it was opened."""
        return self.opening.priority


Past = PastCase | PastTicket
