"""Explains a deadline: for each clock run, when it counted, when it stood still and why (semantics 8).

Read from the log alone: recorded, not recomputed, so an edited calendar or newer zone rules cannot change what was
told. Only the interval that still counts is measured, with the ticket's own policy: a run that was over when the
ticket's policy got another version (7.3) is told by the one that it ended under.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
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
    PolicyChanged,
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
    sequence: int
    """Of the line of the log that let it begin."""
    length: timedelta
    """Working time allowed for the whole run while it lasted: another length begins another interval."""


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
    """Working time spent before this run: by the tier (2.3), on a ticket merged into it (6.7), elsewhere (6.14)."""
    state: ClockState
    deadline_at: datetime | None
    """While it runs, the deadline; once breached, the one it broke; none while it stands still or when it was kept."""
    intervals: tuple[Interval, ...]
    as_of: datetime
    """The instant up to which is counted what still counts."""

    @property
    def counted(self) -> timedelta:
        """Working time of all its intervals."""
        return sum((interval.counted for interval in self.intervals), ZERO)

    @property
    def spent(self) -> timedelta:
        """Working time spent, what was carried over included."""
        return self.carried + self.counted

    @property
    def left(self) -> timedelta:
        """Working time left."""
        return self.length - self.spent


def ledger(
    policy: Policy, entries: Iterable[Entry], at: datetime, *, later: Mapping[str, Policy] = MappingProxyType({})
) -> tuple[Line, ...]:
    """The ledger of every clock run of a ticket, in the order in which they started, as of `at`.

    `policy` is the snapshot that it was opened with; `later` those that it was moved to, by version; `entries` its
    whole log.
    """
    drafts: dict[tuple[Target, int], _Draft] = {}
    standing, policies = (policy, ""), later
    for entry in entries:
        match entry.event:
            case Opened(policy_version=policy_version):
                standing = (policy, policy_version)
                policies = {**later, policy_version: policy}
            case PolicyChanged(policy_version=policy_version):
                standing = (policies[policy_version], policy_version)
                for draft in drafts.values():
                    draft.go_on(*standing)
            case ClockStarted() as started:
                drafts[started.target, started.run] = _Draft(started, entry, *standing)
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
                drafts[event.target, event.run].take(event, entry)
            case _:
                pass  # the rest of the log moves no clock
    return tuple(draft.line(at) for draft in drafts.values())


class _Draft:
    """One clock run while its log is read: lives are long, and nothing is copied or added up twice."""

    def __init__(self, started: ClockStarted, entry: Entry, policy: Policy, version: str) -> None:
        self._started = started
        self._started_at = started.started_at
        self._carried = started.spent
        self._tier = started.tier
        self._policy = policy
        self._version = version
        self._tzdata = started.tzdata
        self._length = started.length
        self._deadline_at = started.deadline_at
        self._state = ClockState.PAUSED if started.pause else ClockState.RUNNING
        self._spent = started.spent
        self._ended: list[Interval] = []
        self._last: Interval | None = None
        self._begin(started.started_at, started.pause, entry)

    def go_on(self, policy: Policy, version: str) -> None:
        """Go on by another version of the policy, unless it is over."""
        if self._state.is_live:
            self._policy, self._version = policy, version

    def take(self, event: ClockEvent, entry: Entry) -> None:
        """Read on."""
        match event:
            case ClockStarted() | ClockWarned():
                pass
            case ClockPaused(spent=spent, pause=pause):
                self._end(entry.at, spent)
                self._begin(entry.at, pause, entry)
                self._state, self._deadline_at = ClockState.PAUSED, None
            case ClockResumed(spent=spent) | ClockReinstated(spent=spent):
                self._end(entry.at, spent)
                self._begin(entry.at, None, entry)
                self._state, self._deadline_at, self._tzdata = ClockState.RUNNING, event.deadline_at, event.tzdata
            case ClockMoved(length=length, spent=spent):
                self._tier = event.tier
                still = self._last.pause if self._last else None
                self._end(entry.at, spent - event.taken_over)
                self._take_over(event.started_at or self._started_at, event.taken_over)
                self._length, self._deadline_at, self._tzdata = length, event.deadline_at, event.tzdata
                self._begin(entry.at, still, entry)
            case ClockMet(spent=spent):
                self._over(ClockState.MET, entry.at, spent)
            case ClockCancelled(spent=spent):
                self._over(ClockState.CANCELLED, entry.at, spent)
            case ClockBreached(due_at=due_at):
                # Nothing is left at the deadline, however late it was found.
                self._over(ClockState.BREACHED, due_at, self._length)
                self._deadline_at = due_at
            case _:
                assert_never(event)

    def line(self, at: datetime) -> Line:
        """What was read, with the interval that still counts measured."""
        started = self._started
        calendar = calendar_of(self._policy, started.target, self._tier)
        last = self._last
        if last is not None and last.pause is None and at > last.from_at:
            counted = min(worked(calendar, last.from_at, at), self._length - self._spent)
            last = replace(last, counted=counted)
        return Line(
            target=started.target,
            run=started.run,
            tier=self._tier,
            calendar=str(calendar),
            policy_version=self._version,
            tzdata=self._tzdata,
            started_at=self._started_at,
            length=self._length,
            carried=self._carried,
            state=self._state,
            deadline_at=self._deadline_at,
            intervals=(*self._ended, *([last] if last else [])),
            as_of=at,
        )

    def _take_over(self, started_at: datetime, spent: timedelta) -> None:
        """Begin when a ticket's run did that was merged into this one, and carry what it spent (6.7)."""
        self._started_at = started_at
        self._carried += spent
        self._spent += spent

    def _over(self, state: ClockState, at: datetime, spent: timedelta) -> None:
        self._end(at, spent)
        self._state, self._deadline_at = state, None

    def _begin(self, from_at: datetime, pause: Pause | None, entry: Entry) -> None:
        self._last = Interval(
            from_at=from_at,
            to_at=None,
            counted=ZERO,
            pause=pause,
            actor=entry.actor,
            sequence=entry.sequence,
            length=self._length,
        )

    def _end(self, at: datetime, spent: timedelta) -> None:
        """End the interval that lasts, if any, with what it added to the time spent as the log recorded it."""
        if self._last is not None:
            self._ended.append(replace(self._last, to_at=at, counted=spent - self._spent))
            self._spent, self._last = spent, None
