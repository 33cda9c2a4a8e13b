"""What many tickets came to, counted from their logs. Pure: told tickets and logs, one at a time.

Counted by who had the ticket then, and by the priority that it had. Figures of parts add up to those of the whole.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from workflows.domain.ticket.events import (
    ClockBreached,
    ClockCancelled,
    ClockMet,
    ClockReinstated,
    Closed,
    Entry,
    Escalated,
    Event,
    LadderExhausted,
    LastResortReminded,
    Opened,
    PolicyChanged,
    PriorityChanged,
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseKept,
    PromiseMade,
    Reopened,
    TierSkipped,
    Transferred,
)
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Cause, ClockState, ClosedBy, Status, Target

_Word = PromiseMade | PromiseKept | PromiseBroken | PromiseChanged | PromiseCancelled
Clocks = Counter[tuple[Target, str, str]]
"""Clock runs, and promises, by target, the tier that had the ticket, and priority."""


@dataclass(slots=True)
class _Where:
    """Who has a ticket while its log is read, and how urgent it is."""

    tier: str = ""
    priority: str = ""

    def read(self, event: Event) -> None:
        match event:
            case Opened(tier=tier, priority=priority) | PolicyChanged(tier=tier, priority=priority):
                self.tier, self.priority = tier, priority
            case PriorityChanged(priority=priority):
                self.priority = priority
            case Escalated(to_tier=tier) | Transferred(to_tier=tier):
                self.tier = tier
            case _:
                pass


@dataclass(slots=True)
class Figures:
    """Counts over every ticket that was added."""

    opened: int = 0
    priorities: Counter[str] = field(default_factory=Counter)
    """As they were opened."""
    statuses: Counter[Status] = field(default_factory=Counter)
    """How they stand at the end."""
    closed_by: Counter[ClosedBy] = field(default_factory=Counter)
    """Closings, a reopened ticket's first one included."""
    met: Clocks = field(default_factory=Counter)
    """Less what a reopening withdrew."""
    breached: Clocks = field(default_factory=Counter)
    cancelled: Clocks = field(default_factory=Counter)
    """Ended without a verdict, less what a reopening withdrew."""
    undecided: Clocks = field(default_factory=Counter)
    """Live at the end, running or paused."""
    escalations: int = 0
    """Steps up the ladder."""
    escalated: Counter[tuple[str, str, Cause]] = field(default_factory=Counter)
    """From which tier, to which, why; a step that had several causes counts for each."""
    exhausted: int = 0
    exhaustions: Counter[Cause] = field(default_factory=Counter)
    """Why the ladder ended; once that had several causes counts for each."""
    exhausted_tickets: int = 0
    """Whose ladder ended at least once."""
    reminders: int = 0
    """Of the last resort."""
    transferred: Counter[tuple[str, str]] = field(default_factory=Counter)
    """From which tier, to which."""
    forward: int = 0
    """Transfers up the ladder."""
    backward: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    """Tiers passed by (4.5)."""
    ping_pong: int = 0
    """Entries of a tier that had the ticket before."""
    ping_pong_tickets: int = 0
    """That were in one tier twice or more often."""
    reopened: int = 0
    solved: Counter[str] = field(default_factory=Counter)
    """Resolved or closed at the end, by the priority that they have then."""
    at_the_front: Counter[str] = field(default_factory=Counter)
    """Of these, those that never left the first tier: push to front."""
    events: int = 0

    @property
    def causes(self) -> Counter[Cause]:
        """Why tickets climbed; a step that had several causes counts for each."""
        causes: Counter[Cause] = Counter()
        for (_, _, cause), number in self.escalated.items():
            causes[cause] += number
        return causes

    def add(self, ticket: Ticket, entries: Iterable[Entry]) -> None:
        """Count one ticket, by its whole log and how it stands."""
        self.statuses[ticket.status] += 1
        if not ticket.is_worked_on:
            self.solved[ticket.priority] += 1
            self.at_the_front[ticket.priority] += len(set(ticket.visited)) == 1
        self.ping_pong_tickets += len(set(ticket.visited)) < len(ticket.visited)
        for clock in ticket.clocks:
            if clock.state.is_live:
                self.undecided[clock.target, ticket.tier, ticket.priority] += 1
        for promise in ticket.promises:
            if promise.is_open:
                self.undecided[Target.PROMISE, ticket.tier, ticket.priority] += 1
        exhausted_before, where = self.exhausted, _Where()
        for entry in entries:
            self.events += 1
            where.read(entry.event)
            match entry.event:
                case Opened():
                    self.opened += 1
                    self.priorities[where.priority] += 1
                case ClockMet() | ClockBreached() | ClockCancelled() | ClockReinstated() as verdict:
                    self._judged(verdict, where.priority)
                case PromiseMade() | PromiseKept() | PromiseBroken() | PromiseChanged() | PromiseCancelled() as word:
                    self._given(word, (Target.PROMISE, where.tier, where.priority))
                case _:
                    self._moved(entry)
        self.exhausted_tickets += self.exhausted > exhausted_before

    def _judged(self, verdict: ClockMet | ClockBreached | ClockCancelled | ClockReinstated, priority: str) -> None:
        key = (verdict.target, verdict.held_by, priority)
        match verdict:
            case ClockMet():
                self.met[key] += 1
            case ClockBreached():
                self.breached[key] += verdict.count
            case ClockCancelled():
                self.cancelled[key] += 1
            case ClockReinstated(was=ClockState.MET):
                self.met[key] -= 1
            case ClockReinstated():
                self.cancelled[key] -= 1

    def _given(self, word: _Word, key: tuple[Target, str, str]) -> None:
        """Count a run of a promise as it ends; one that another took the place of ended without a verdict."""
        match word:
            case PromiseBroken():
                self.breached[key] += 1
            case PromiseKept(is_late=False):
                self.met[key] += 1
            case PromiseMade(replaces=True) | PromiseChanged() | PromiseCancelled():
                self.cancelled[key] += 1
            case PromiseMade() | PromiseKept():
                pass  # it only begins, or was counted when it broke

    def _moved(self, entry: Entry) -> None:
        match entry.event:
            case Escalated() as escalated:
                self.escalations += 1
                self.escalated.update((escalated.from_tier, escalated.to_tier, cause) for cause in escalated.causes)
                self.ping_pong += escalated.is_ping_pong
            case Transferred() as transferred:
                self.transferred[transferred.from_tier, transferred.to_tier] += 1
                self.forward += transferred.is_forward
                self.backward += not transferred.is_forward
                self.ping_pong += transferred.is_ping_pong
            case LadderExhausted(is_repeat=False) as exhausted:
                self.exhausted += 1
                self.exhaustions.update(exhausted.causes)
            case LastResortReminded():
                self.reminders += 1
            case TierSkipped() as skipped:
                self.skipped[skipped.tier] += 1
            case Closed() as closed:
                self.closed_by[closed.by] += 1
            case Reopened():
                self.reopened += 1
            case _:
                pass

    def include(self, other: "Figures") -> None:
        """Add another part's counts."""
        for each in fields(self):
            ours, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(ours, Counter):
                ours.update(theirs)
            else:
                setattr(self, each.name, ours + theirs)


def of(clocks: Clocks, target: Target, tier: str | None = None, priority: str | None = None) -> int:
    """How many runs of that target; of one tier, of one priority when they are given."""
    return sum(
        number
        for (its_target, its_tier, its_priority), number in clocks.items()
        if its_target is target and tier in {None, its_tier} and priority in {None, its_priority}
    )
