"""Explains a deadline: for each clock run, when it counted, when it stood still and why; promises too (semantics 8).

Read from the log alone: recorded, not recomputed, so an edited calendar or newer zone rules cannot change what was
told. Only the interval that still counts is measured, with the ticket's own policy: a run that was over when the
ticket's policy got another version (7.3) is told by the one that it ended under.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
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
    ClosureBegan,
    ClosureEnded,
    Entry,
    Escalated,
    Held,
    HoldEnded,
    Opened,
    PolicyChanged,
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseKept,
    PromiseMade,
    Transferred,
)
from workflows.domain.ticket.ledger_lines import ZERO, Interval, Line, OnHold
from workflows.domain.ticket.ledger_pauses import Because, ClosedQueue
from workflows.domain.ticket.ledger_promises import PromiseDraft
from workflows.domain.ticket.words import ClockState, Pause, Target
from workflows.domain.working_time import worked

__all__ = ["Interval", "Line", "OnHold", "ledger"]

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


def ledger(
    policy: Policy, entries: Iterable[Entry], at: datetime, *, later: Mapping[str, Policy] = MappingProxyType({})
) -> tuple[Line, ...]:
    """The ledger of every clock run and every promise of a ticket, in the order in which they began, as of `at`.

    `policy` is the snapshot that it was opened with; `later` those that it was moved to, by version; `entries` its
    whole log.
    """
    reading = _Reading(policy, later)
    for entry in entries:
        reading.read(entry)
    return tuple(draft.line(at).during(reading.holds) for draft in reading.drafts.values())


class _Reading:
    """A ticket's log while it is read."""

    def __init__(self, policy: Policy, later: Mapping[str, Policy]) -> None:
        self.drafts: dict[tuple[str, int], _Draft | PromiseDraft] = {}
        self.holds: list[OnHold] = []
        self._closed = ClosedQueue()
        self._clocks: dict[tuple[Target, int], _Draft] = {}
        self._promises: dict[str, PromiseDraft] = {}
        """The latest run of each name."""
        self._policies = {**later, "": policy}
        self._policy, self._version, self._tier = policy, "", ""

    def read(self, entry: Entry) -> None:
        """Read the next line."""
        match entry.event:
            case Opened(policy_version=version, tier=tier):
                self._policies[version] = self._policy
                self._version, self._tier = version, tier
            case Escalated(to_tier=tier) | Transferred(to_tier=tier):
                self._tier = tier
            case PolicyChanged(policy_version=version, tier=tier) as changed:
                self._policy, self._version, self._tier = self._policies[version], version, tier
                for clock in self._clocks.values():
                    clock.go_on(self._policy, version)
                for promise in self._promises.values():
                    promise.go_on(version, changed.from_tier, tier)
            case ClockStarted() as started:
                because = self._closed.because(started.pause, entry)
                clock = _Draft(started, because, self._policy, self._version)
                self._clocks[started.target, started.run] = self.drafts[started.target, started.run] = clock
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
                clock = self._clocks[event.target, event.run]
                clock.take(event, entry, self._closed)
            case PromiseMade() | PromiseChanged() | PromiseKept() | PromiseBroken() | PromiseCancelled():
                self._read_promise(entry)
            case _:
                self._read_waiting(entry)

    def _read_waiting(self, entry: Entry) -> None:
        """Read what is waited for inside, and what closes the queue."""
        match entry.event:
            case Held(reason=reason):
                hold = OnHold(from_at=entry.at, to_at=None, reason=reason, actor=entry.actor, sequence=entry.sequence)
                self.holds.append(hold)
            case HoldEnded():
                self.holds[-1] = replace(self.holds[-1], to_at=entry.at)
            case ClosureBegan() as closure:
                self._closed.began(closure, entry)
            case ClosureEnded() as closure:
                if both := self._closed.ended(closure):
                    for clock in self._clocks.values():
                        clock.stay_closed(entry.at, *both)
            case _:
                pass  # the rest of the log moves no deadline

    def _read_promise(self, entry: Entry) -> None:
        match entry.event:
            case PromiseMade() | PromiseChanged() as begun:
                if before := self._promises.get(begun.name):
                    before.give_way(entry.at)
                promise = PromiseDraft(begun, entry, self._tier, self._version)
                self._promises[begun.name] = self.drafts[f"promise {begun.name}", begun.run] = promise
            case PromiseKept() | PromiseBroken() | PromiseCancelled() as ended:
                # One that an older release made has no line that says so.
                if (made := self._promises.get(ended.name)) is not None:
                    made.take(ended, entry.at)
            case _:
                pass  # no promise's


class _Draft:
    """One clock run while its log is read: lives are long, and nothing is copied or added up twice."""

    def __init__(self, started: ClockStarted, because: Because, policy: Policy, version: str) -> None:
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
        self._begin(started.started_at, started.pause, because)

    def go_on(self, policy: Policy, version: str) -> None:
        """Go on by another version of the policy, unless it is over."""
        if self._state.is_live:
            self._policy, self._version = policy, version

    def stay_closed(self, at: datetime, over: Because, still: Because) -> None:
        """Stand still for another closure from there on, if it was the one that is over until then (2.11)."""
        last = self._last
        if last is None or last.pause is not Pause.QUEUE_CLOSED or last.sequence != over.sequence:
            return
        if at > last.from_at:
            self._end(at, self._spent)
        self._begin(max(at, last.from_at), Pause.QUEUE_CLOSED, still)

    def take(self, event: ClockEvent, entry: Entry, closed: ClosedQueue) -> None:
        """Read on."""
        match event:
            case ClockStarted() | ClockWarned():
                pass
            case ClockPaused(spent=spent, pause=pause):
                self._end(entry.at, spent)
                self._begin(entry.at, pause, closed.because(pause, entry))
                self._state, self._deadline_at = ClockState.PAUSED, None
            case ClockResumed(spent=spent) | ClockReinstated(spent=spent):
                self._end(entry.at, spent)
                self._begin(entry.at, None, closed.because(None, entry))
                self._state, self._deadline_at, self._tzdata = ClockState.RUNNING, event.deadline_at, event.tzdata
            case ClockMoved(length=length, spent=spent):
                self._tier = event.tier
                still = self._last.pause if self._last else None
                self._end(entry.at, spent - event.taken_over)
                self._take_over(event.started_at or self._started_at, event.taken_over)
                self._length, self._deadline_at, self._tzdata = length, event.deadline_at, event.tzdata
                self._begin(entry.at, still, closed.because(still, entry))
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

    def _begin(self, from_at: datetime, pause: Pause | None, because: Because) -> None:
        self._last = Interval(
            from_at=from_at,
            to_at=None,
            counted=ZERO,
            pause=pause,
            actor=because.actor,
            reason=because.reason,
            sequence=because.sequence,
            length=self._length,
        )

    def _end(self, at: datetime, spent: timedelta) -> None:
        """End the interval that lasts, if any, with what it added to the time spent as the log recorded it."""
        if self._last is not None:
            self._ended.append(replace(self._last, to_at=at, counted=spent - self._spent))
            self._spent, self._last = spent, None
