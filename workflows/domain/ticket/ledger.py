"""Explains a deadline: for each clock run, when it counted, when it stood still and why (semantics 8).

Read from the log alone: recorded, not recomputed, so an edited calendar or newer zone rules cannot change what was
told. Only the interval that still counts is measured, with the ticket's own policy.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import assert_never

from workflows.domain.policy import Policy
from workflows.domain.ticket.clocks import calendar_of
from workflows.domain.ticket.events import (
    ClockBreached,
    ClockCancelled,
    ClockMet,
    ClockMoved,
    ClockPaused,
    ClockReinstated,
    ClockResumed,
    ClockStarted,
    ClockWarned,
    Entry,
    Opened,
)
from workflows.domain.ticket.words import ClockState, Pause, Target
from workflows.domain.working_time import worked

ZERO = timedelta()
ClockEvent = (
    ClockStarted
    | ClockPaused
    | ClockResumed
    | ClockMoved
    | ClockWarned
    | ClockMet
    | ClockBreached
    | ClockCancelled
    | ClockReinstated
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A stretch of a clock run, half open: it counted all the while, or stood still all the while."""

    from_at: datetime
    to_at: datetime | None
    """None: it lasts."""
    counted: timedelta
    """Open time of the clock's calendar within it; nothing while it stood still."""
    pause: Pause | None
    """Why it stood still; none: it counted."""
    actor: str | None
    """Who let it begin; none: the clocks did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The ledger of one clock run."""

    target: Target
    run: int
    tier: str
    calendar: str
    """The opening hours that it counts in, in words."""
    policy_version: str
    tzdata: str
    """Release of the zone rules that the present deadline was computed with (3.6)."""
    started_at: datetime
    length: timedelta
    """Working time allowed, as it stands now."""
    carried: timedelta
    """Working time that the tier had spent before this run (2.3)."""
    state: ClockState
    deadline_at: datetime | None
    """While it runs, the deadline; once breached, the one it broke; none while it stands still or when it was kept."""
    intervals: tuple[Interval, ...] = ()
    moved: tuple[tuple[datetime, timedelta], ...] = field(default=())
    """Each change of the length: when, and to what."""

    @property
    def spent(self) -> timedelta:
        """Working time spent, what was carried over included."""
        return self.carried + sum((interval.counted for interval in self.intervals), ZERO)

    @property
    def left(self) -> timedelta:
        """Working time left."""
        return self.length - self.spent


def ledger(policy: Policy, entries: Iterable[Entry], at: datetime) -> tuple[Line, ...]:
    """The ledger of every clock run of a ticket, in the order in which they started, as of `at`.

    `policy` is the ticket's snapshot; `entries` its whole log.
    """
    lines: dict[tuple[Target, int], Line] = {}
    version = ""
    for entry in entries:
        match entry.event:
            case Opened(policy_version=policy_version):
                version = policy_version
            case ClockStarted() as started:
                lines[started.target, started.run] = _begun(policy, started, entry, version)
            case (
                ClockPaused()
                | ClockResumed()
                | ClockMoved()
                | ClockWarned()
                | ClockMet()
                | ClockBreached()
                | ClockCancelled()
                | ClockReinstated()
            ) as event:
                key = (event.target, event.run)
                lines[key] = _continued(lines[key], event, entry)
            case _:
                pass  # the rest of the log moves no clock
    return tuple(_as_of(policy, line, at) for line in lines.values())


def _begun(policy: Policy, started: ClockStarted, entry: Entry, version: str) -> Line:
    return Line(
        target=started.target,
        run=started.run,
        tier=started.tier,
        calendar=str(calendar_of(policy, started.target, started.tier)),
        policy_version=version,
        tzdata=started.tzdata,
        started_at=started.started_at,
        length=started.length,
        carried=started.spent,
        state=ClockState.PAUSED if started.pause else ClockState.RUNNING,
        deadline_at=started.deadline_at,
        intervals=(_open_interval(started.started_at, started.pause, entry),),
    )


def _continued(line: Line, event: ClockEvent, entry: Entry) -> Line:
    match event:
        case ClockStarted() | ClockWarned():
            return line
        case ClockPaused(spent=spent, pause=pause):
            line = _begin(_ended(line, entry.at, spent), entry, pause)
            return replace(line, state=ClockState.PAUSED, deadline_at=None)
        case ClockResumed(spent=spent) | ClockReinstated(spent=spent):
            line = _begin(_ended(line, entry.at, spent), entry, None)
            return replace(line, state=ClockState.RUNNING, deadline_at=event.deadline_at, tzdata=event.tzdata)
        case ClockMoved(length=length, spent=spent):
            line = _begin(_ended(line, entry.at, spent), entry, line.intervals[-1].pause)
            moved = (*line.moved, (entry.at, length))
            return replace(line, length=length, deadline_at=event.deadline_at, tzdata=event.tzdata, moved=moved)
        case ClockMet() | ClockCancelled() | ClockBreached():
            return _over(line, event, entry)
        case _:
            assert_never(event)


def _over(line: Line, event: ClockMet | ClockCancelled | ClockBreached, entry: Entry) -> Line:
    match event:
        case ClockMet(spent=spent):
            return replace(_ended(line, entry.at, spent), state=ClockState.MET, deadline_at=None)
        case ClockCancelled(spent=spent):
            return replace(_ended(line, entry.at, spent), state=ClockState.CANCELLED, deadline_at=None)
        case ClockBreached(due_at=due_at):
            # Nothing is left at the deadline, however late it was found.
            return replace(_ended(line, due_at, line.length), state=ClockState.BREACHED, deadline_at=due_at)
        case _:
            assert_never(event)


def _begin(line: Line, entry: Entry, pause: Pause | None) -> Line:
    return replace(line, intervals=(*line.intervals, _open_interval(entry.at, pause, entry)))


def _open_interval(from_at: datetime, pause: Pause | None, entry: Entry) -> Interval:
    return Interval(from_at=from_at, to_at=None, counted=ZERO, pause=pause, actor=entry.actor)


def _ended(line: Line, at: datetime, spent: timedelta) -> Line:
    """End the last interval, if it lasts, with what it added to the time spent as the log recorded it."""
    *before, last = line.intervals
    if last.to_at is not None:
        return line
    return replace(line, intervals=(*before, replace(last, to_at=at, counted=spent - line.spent)))


def _as_of(policy: Policy, line: Line, at: datetime) -> Line:
    """Measure the interval that still counts."""
    *before, last = line.intervals
    if last.to_at is not None or last.pause is not None or at <= last.from_at:
        return line
    counted = min(worked(calendar_of(policy, line.target, line.tier), last.from_at, at), line.left)
    return replace(line, intervals=(*before, replace(last, counted=counted)))
