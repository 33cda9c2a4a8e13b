"""How a ticket stood when a line of its log was written, read from the log: a message may be sent much later.

Whose the first tier is stands in no line: who speaks to the customer (1) is read with the policy of that line, and with
the owner whom the ticket has now, for it has one at most.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workflows.domain.policy import Policy
from workflows.domain.ticket.events import (
    Acknowledged,
    Assigned,
    ClockBreached,
    ClockCancelled,
    ClockMet,
    ClockMoved,
    ClockPaused,
    ClockReinstated,
    ClockResumed,
    ClockStarted,
    Entry,
    Escalated,
    Imported,
    Opened,
    PolicyChanged,
    PriorityChanged,
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseKept,
    PromiseMade,
    Rated,
    Rejected,
    Reopened,
    Resolved,
    Transferred,
    WaitEnded,
    WaitStarted,
)
from workflows.domain.ticket.words import PromiseKind, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """One run of a promise as the log has it."""

    kind: PromiseKind
    promised_at: datetime
    owner: str | None
    words: str


@dataclass(slots=True, kw_only=True)
class Standing:
    """A ticket at an instant, as far as anybody is told of it. What the log given does not say is none."""

    tier: str | None = None
    priority: str | None = None
    owner: str | None = None
    handler: str | None = None
    is_waiting: bool = False
    question: str | None = None
    """The last that was asked."""
    asked_at: datetime | None = None
    resolved: Resolved | None = None
    """The resolution that stands, or stood when it was closed."""
    resolved_at: datetime | None = None
    is_rated: bool = False
    """Whether the customer has said what they thought of it, which they do once (6.10)."""
    deadlines: dict[tuple[Target, int], datetime | None] = field(default_factory=dict)
    """By clock run; none while it stands still. A run that is over is not there."""
    promises: dict[tuple[str, int], Promised] = field(default_factory=dict)
    """Every run of every promise."""
    open_promises: dict[str, int] = field(default_factory=dict)
    """By name, the run that is neither kept nor over."""
    owner_now: str | None = None
    """Who speaks to the customer as the ticket stands now: what it is to be read for, and in no line."""
    later_tiers: frozenset[str] = frozenset()
    """What the tiers after the first are called, and were; and the last resort: whoever speaks for it owns nothing."""
    told_at: datetime | None = None
    """When it was opened, and its customer was told so; none of one that was opened elsewhere (6.14)."""
    told_solve_by: datetime | None = None
    """By when the customer was told that it should be solved: on opening, and never again."""

    def deadline(self, target: Target) -> datetime | None:
        """When the live run of a target runs out; none where there is none, or it stands still."""
        runs = {run: at for (which, run), at in self.deadlines.items() if which is target}
        return runs[max(runs)] if runs else None

    def next_news_at(self) -> datetime | None:
        """When the customer hears next: the earliest open promise of it. A deadline is none of these."""
        promised = [self.promises[name, run] for name, run in self.open_promises.items()]
        news = [each.promised_at for each in promised if each.kind is PromiseKind.NEXT_NEWS]
        return min(news, default=None)

    def still_promised(self) -> Sequence[Promised]:
        """What else than news is promised and neither kept nor over, the earliest first."""
        promised = (self.promises[name, run] for name, run in self.open_promises.items())
        return sorted(
            (each for each in promised if each.kind is not PromiseKind.NEXT_NEWS), key=lambda each: each.promised_at
        )

    def has_told(self, target: Target, due_at: datetime) -> bool:
        """Whether the customer was told that instant of a target's: deadlines move, and nobody is told of that.

        Of news by a promise of it, whatever became of that since; of the solution on opening.
        """
        if target is Target.UPDATE:
            news = (each for each in self.promises.values() if each.kind is PromiseKind.NEXT_NEWS)
            return any(each.promised_at == due_at for each in news)
        return target is Target.RESOLVE and self.told_solve_by == due_at

    def read(self, entry: Entry) -> None:
        """Read on by one line."""
        event = entry.event
        match event:
            case Opened(tier=tier, priority=priority):
                self.tier = tier
                self.priority = priority
                self.told_at = entry.at
            case Imported(handler=handler, owner=owner):
                self.handler, self.owner = handler, owner
                self.told_at = None
            case Acknowledged() | Assigned() | Escalated() | Transferred() | PriorityChanged() | PolicyChanged():
                self._read_hands(event)
            case WaitStarted(question=question):
                self.is_waiting, self.question, self.asked_at = True, question, entry.at
            case WaitEnded():
                self.is_waiting = False
            case Resolved():
                self.resolved, self.resolved_at, self.is_waiting = event, entry.at, False
            case Rejected() | Reopened():
                self.handler = None
            case Rated():
                self.is_rated = True
            case PromiseMade() | PromiseChanged() | PromiseKept() | PromiseBroken() | PromiseCancelled():
                self._read_promise(event)
            case _:
                self._read_clock(entry)

    def _read_hands(
        self, event: Acknowledged | Assigned | Escalated | Transferred | PriorityChanged | PolicyChanged
    ) -> None:
        match event:
            case Acknowledged(handler=handler, tier=tier):
                self.handler = self.handler or handler
                if handler == self.owner_now and tier not in self.later_tiers:
                    self.owner = handler
            case Assigned(handler=handler):
                self.handler = handler
            case Escalated(to_tier=tier) | Transferred(to_tier=tier):
                self.tier, self.handler = tier, None
            case PriorityChanged(priority=priority):
                self.priority = priority
            case PolicyChanged(tier=tier, priority=priority):
                self.tier, self.priority = tier, priority

    def _read_promise(
        self, event: PromiseMade | PromiseChanged | PromiseKept | PromiseBroken | PromiseCancelled
    ) -> None:
        match event:
            case PromiseMade(name=name, run=run):
                self.promises[name, run] = Promised(
                    kind=event.kind, promised_at=event.promised_at, owner=event.owner, words=event.words
                )
                self.open_promises[name] = run
            case PromiseChanged(name=name, run=run):
                before = self.promises.get((name, run - 1))
                self.promises[name, run] = Promised(
                    kind=before.kind if before else PromiseKind.CALL_BACK,
                    promised_at=event.promised_at,
                    owner=before.owner if before else None,
                    words=event.words,
                )
                self.open_promises[name] = run
            case PromiseKept(name=name) | PromiseBroken(name=name) | PromiseCancelled(name=name):
                self.open_promises.pop(name, None)

    def _read_clock(self, entry: Entry) -> None:
        event = entry.event
        match event:
            case ClockStarted() | ClockMoved() | ClockResumed() | ClockReinstated():
                self.deadlines[event.target, event.run] = event.deadline_at
                if event.target is Target.RESOLVE and isinstance(event, ClockStarted) and entry.at == self.told_at:
                    self.told_solve_by = event.deadline_at
            case ClockPaused():
                self.deadlines[event.target, event.run] = None
            case ClockMet() | ClockBreached() | ClockCancelled():
                # A breach that stands for several runs ends them all.
                for each in [key for key in self.deadlines if key[0] is event.target and key[1] >= event.run]:
                    del self.deadlines[each]
            case _:
                pass  # nobody is told of it, or all of it stands in the line itself


def standing(entries: Iterable[Entry], policy: Policy, owner_now: str | None) -> Standing:
    """How the ticket stood after these lines, the last of which was written under that version of its policy."""
    lines = tuple(entries)
    found = Standing(owner_now=owner_now, later_tiers=_later_tiers(lines, policy))
    for entry in lines:
        found.read(entry)
    return found


def _later_tiers(entries: Sequence[Entry], policy: Policy) -> frozenset[str]:
    """Their names now, and those by earlier versions, so far as the ticket was there when they were renamed."""
    first = policy.first_tier.name
    names = {*policy.tier_names, policy.last_resort} - {first}
    for entry in reversed(entries):
        if isinstance(entry.event, PolicyChanged) and entry.event.tier in names:
            names.add(entry.event.from_tier)
    return frozenset(names - {first})
