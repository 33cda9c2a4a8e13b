"""What a run came to, counted from the record's own log. Pure: told tickets and logs, one at a time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil

from services.desk_log.plan import LeftOut, Plan, Silence
from workflows.domain.ticket.events import (
    ClockBreached,
    ClockMet,
    ClockReinstated,
    Closed,
    Entry,
    Escalated,
    LadderExhausted,
    Reopened,
    Transferred,
)
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Cause, ClockState, ClosedBy, Status, Target


@dataclass(slots=True)
class Figures:
    """Counts over every ticket that was added."""

    opened: int = 0
    priorities: Counter[str] = field(default_factory=Counter)
    statuses: Counter[Status] = field(default_factory=Counter)
    """How they stand at the end."""
    closed_by: Counter[ClosedBy] = field(default_factory=Counter)
    """Closings, a reopened ticket's first one included."""
    met: Counter[tuple[Target, str]] = field(default_factory=Counter)
    """By target and tier, less what a reopening withdrew."""
    breached: Counter[tuple[Target, str]] = field(default_factory=Counter)
    escalations: int = 0
    causes: Counter[Cause] = field(default_factory=Counter)
    """Of escalations; one that had several counts for each."""
    exhausted: int = 0
    forward: int = 0
    """Transfers up the ladder."""
    backward: int = 0
    ping_pong: int = 0
    """Entries of a tier that had the ticket before."""
    reopened: int = 0
    at_the_front: int = 0
    """Solved without ever leaving the first tier."""
    lags: list[timedelta] = field(default_factory=list)
    """Of breaches: from due to detected, in the record's time."""
    events: int = 0

    def add(self, ticket: Ticket, entries: Iterable[Entry]) -> None:
        """Count one ticket."""
        self.opened += 1
        self.priorities[ticket.priority] += 1
        self.statuses[ticket.status] += 1
        self.at_the_front += not ticket.is_worked_on and len(set(ticket.visited)) == 1
        for entry in entries:
            self.events += 1
            self._count(entry)

    def _count(self, entry: Entry) -> None:
        match entry.event:
            case ClockMet() as met:
                self.met[met.target, met.held_by] += 1
            case ClockReinstated(was=ClockState.MET) as withdrawn:
                self.met[withdrawn.target, withdrawn.held_by] -= 1
            case ClockBreached() as breach:
                self.breached[breach.target, breach.held_by] += breach.count
                self.lags.append(breach.detected_at - breach.due_at)
            case Escalated() as escalated:
                self.escalations += 1
                self.causes.update(escalated.causes)
                self.ping_pong += escalated.is_ping_pong
            case LadderExhausted(is_repeat=False):
                self.exhausted += 1
            case Transferred() as transferred:
                self.forward += transferred.is_forward
                self.backward += not transferred.is_forward
                self.ping_pong += transferred.is_ping_pong
            case Closed() as closed:
                self.closed_by[closed.by] += 1
            case Reopened():
                self.reopened += 1
            case _:
                pass


def silences(plans: Iterable[Plan]) -> Counter[Silence | LeftOut]:
    """Count the rows that asked for nothing, or were ignored, by their reason."""
    return Counter(row.says for plan in plans for row in plan.rows if not isinstance(row.says, tuple))


def percentile(lengths: Iterable[timedelta], fraction: float) -> timedelta | None:
    """The smallest length that so large a part of them does not exceed; none of nothing."""
    ordered = sorted(lengths)
    return ordered[ceil(fraction * len(ordered)) - 1] if ordered else None
