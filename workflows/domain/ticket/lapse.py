"""What falls due while nobody acts: warnings, breaches, and the automatic steps of a life (semantics 4, 5.2).

Told the instant it judges, never asks it. The order within one instant is `Due`'s own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from workflows.domain.ticket import clocks, closed_queue, closing, credit, ladder, promises
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import ClockBreached, ClockWarned, CustomerReminded, LastResortReminded
from workflows.domain.ticket.state import LATE_AFTER, Clock
from workflows.domain.ticket.words import Audience, Cause, ClockState, ClosedBy, Target
from workflows.domain.working_time import due, worked

UPDATE_RUNS_TOLD_SINGLY = 20
"""Late runs of `update` beyond so many in one settle are one event with a count (4.3)."""


class Kind(IntEnum):
    """What falls due, in the order in which it is judged within one instant (5.2)."""

    CLOSURE = 0
    """First, so that what would run out as the queue is closed stands still (2.11)."""
    WARNING = 1
    BREACH = 2
    CUSTOMER_STEP = 3
    LAST_RESORT_REMINDER = 4
    SIGN_OFF_SILENCE = 5


class Due(NamedTuple):
    """Something due at an instant; sorts into the order in which it is judged."""

    at: datetime
    kind: Kind
    order: int = 0
    """Of a clock's target, as declared; promises come after all clocks (5.2)."""
    name: str = ""
    """Of a promise; promises of one instant go by it (5.2). Of a closure its id."""
    run: int = 0
    fraction: float = 0.0


@dataclass(frozen=True, slots=True)
class _Escalation:
    at: datetime
    causes: tuple[Cause, ...]


_TARGETS = tuple(Target)
_PROMISES = _TARGETS.index(Target.PROMISE)
_CAUSES = {
    Target.ACKNOWLEDGE: Cause.ACKNOWLEDGE_BREACHED,
    Target.TIER_RESOLVE: Cause.TIER_RESOLVE_BREACHED,
    Target.UPDATE: Cause.UPDATE_BREACHED,
    Target.RESOLVE: Cause.RESOLVE_BREACHED,
    Target.PROMISE: Cause.PROMISE_BROKEN,
}


class Lapse:
    """Advances a draft to an instant: everything due before it, in order, with what each brings about."""

    def __init__(self, draft: Draft, to: datetime) -> None:
        self._draft = draft
        self._to = to
        self._effective_at: datetime | None = None
        self._escalation: _Escalation | None = None
        self._late_update_runs = 0
        self._update_breach: tuple[datetime, int] | None = None
        """When the update clock ran out last in this settle, and the line that says so."""
        self._news_missed: tuple[datetime, tuple[int, ...]] | None = None
        """When promised news did not come last in this settle, and the lines that say so."""

    def run(self) -> None:
        """Judge until nothing is due before the instant; a deadline at the instant itself has not passed (5.2)."""
        while True:
            item = min(_passed(self._draft, self._to), key=self._turn, default=None)
            escalation = self._escalation
            if escalation and (item is None or escalation.at < self._turn(item)[0]):
                self._escalation = None
                ladder.escalate(self._draft, escalation.at, escalation.causes)
            elif item:
                self._pass(item)
            else:
                return

    def _turn(self, item: Due) -> tuple[datetime, Due]:
        """When it is judged: warnings and breaches when due, a step when it takes effect.

        So a step that is found late swallows no deadline that passed before it took effect (4.6).
        """
        is_step = item.kind > Kind.BREACH
        return (self._effect_of(item.at) if is_step else item.at), item

    def _pass(self, item: Due) -> None:
        match item.kind:
            case Kind.CLOSURE:
                closed_queue.go_on(self._draft, item.name, detected_at=self._to)
            case Kind.WARNING:
                self._warn(item)
            case Kind.BREACH:
                self._breach(item)
            case Kind.CUSTOMER_STEP:
                self._customer_step(item.at)
            case Kind.LAST_RESORT_REMINDER:
                self._remind_last_resort(item.at)
            case Kind.SIGN_OFF_SILENCE:
                closing.close(
                    self._draft, self._takes_effect(item.at), ClosedBy.SILENCE, due_at=item.at, detected_at=self._to
                )

    def _is_late(self, due_at: datetime) -> bool:
        return self._to - due_at > LATE_AFTER

    def _effect_of(self, due_at: datetime) -> datetime:
        """When due, or when detected if late; never earlier than what took effect before in this settle (4.6)."""
        at = self._to if self._is_late(due_at) else due_at
        return max(at, self._effective_at or at)

    def _takes_effect(self, due_at: datetime) -> datetime:
        self._effective_at = self._effect_of(due_at)
        return self._effective_at

    def _clock(self, item: Due) -> Clock:
        target = _TARGETS[item.order]
        return next(clock for clock in self._draft.live(target) if clock.run == item.run)

    def _warn(self, item: Due) -> None:
        at = self._to if self._is_late(item.at) else item.at
        if item.name:
            promises.warn(self._draft, at, item.name, item.fraction, due_at=item.at, detected_at=self._to)
            return
        clock = self._clock(item)
        left = tuple(warning for warning in clock.warnings if warning.fraction != item.fraction)
        self._draft.keep(replace(clock, warnings=left))
        sequence = self._draft.record(
            at,
            ClockWarned(
                target=clock.target,
                run=clock.run,
                tier=clock.tier,
                fraction=item.fraction,
                due_at=item.at,
                detected_at=self._to,
            ),
        )
        self._draft.tell(sequence, "clock_warned", Audience.HANDLER, Audience.OWNER)

    def _breach(self, item: Due) -> None:
        if item.name:
            self._break(item)
            return
        clock = self._clock(item)
        if clock.target is Target.UPDATE and self._is_late(item.at):
            if self._late_update_runs == UPDATE_RUNS_TOLD_SINGLY:
                self._breach_together(clock)
                return
            self._late_update_runs += 1
        self._record_breach(clock, count=1, last_due_at=None)

    def _break(self, item: Due) -> None:
        """A promise's instant passed (2.4)."""
        draft, effective_at = self._draft, self._takes_effect(item.at)
        breach, missed = self._update_breach, self._news_missed
        news = missed[1] if missed and missed[0] == item.at else ()
        sequence = promises.break_(
            draft,
            effective_at,
            item.name,
            detected_at=self._to,
            is_late=self._is_late(item.at),
            breach=breach[1] if breach and breach[0] == item.at else None,
            news=news,
        )
        if promises.is_news(draft, item.name):
            self._news_missed = (item.at, (*news, sequence))
        if draft.policy.on_breach(draft.tier, Target.PROMISE).escalate_every > 0:
            self._owe_escalation(effective_at, Cause.PROMISE_BROKEN)

    def _breach_together(self, clock: Clock) -> None:
        """All late update runs from this one on, as one event; the last of them is the run that is continued.

        Counted, not walked: an outage of a year costs what one of an hour does.
        """
        first_at, calendar = _deadline_of(clock), self._draft.policy.calendar
        late_before = self._to - LATE_AFTER
        length = self._next_update(clock, first_at, run=clock.run + 1).length
        more = worked(calendar, first_at, late_before) // length
        years = late_before.year - first_at.year  # it lies before that, however long nobody looked
        if more and due(calendar, first_at, more * length, years_ahead=years) == late_before:
            more -= 1
        if more:
            last_from = due(calendar, first_at, (more - 1) * length, years_ahead=years) if more > 1 else first_at
            last = self._next_update(clock, last_from, run=clock.run + more)
            self._draft.keep(last)
            self._record_breach(clock, count=more + 1, last_due_at=last.deadline_at)
        else:
            self._record_breach(clock, count=1, last_due_at=first_at)

    def _next_update(self, clock: Clock, at: datetime, run: int) -> Clock:
        draft = self._draft
        return clocks.started(draft.policy, clock.target, run=run, tier=draft.tier, priority=draft.priority, at=at)

    def _record_breach(self, clock: Clock, *, count: int, last_due_at: datetime | None) -> None:
        draft, due_at = self._draft, _deadline_of(clock)
        effective_at = self._takes_effect(due_at)
        current = next(live for live in draft.live(clock.target) if live.run == clock.run + count - 1)
        over = clocks.ended(draft.policy, current, last_due_at or due_at, ClockState.BREACHED)
        draft.keep(replace(over, spent=current.length))
        sequence = draft.record(
            effective_at,
            ClockBreached(
                target=clock.target,
                run=clock.run,
                tier=clock.tier,
                held_by=draft.tier,
                due_at=due_at,
                detected_at=self._to,
                effective_at=effective_at,
                engine_late=self._is_late(due_at),
                late_after_seconds=int(LATE_AFTER.total_seconds()),
                count=count,
                last_due_at=last_due_at,
            ),
        )
        rule = draft.policy.on_breach(draft.tier, clock.target)
        draft.tell(sequence, "clock_breached", *rule.notify)
        if clock.target is Target.RESOLVE:
            draft.tell(sequence, "resolve_missed", Audience.CUSTOMER)
            credit.earned_by_resolve(draft, effective_at, sequence)
        if self._escalates(clock.target, rule.escalate_every, count):
            self._owe_escalation(effective_at, _CAUSES[clock.target])
        if clock.target is Target.UPDATE:
            self._update_breach = (due_at, sequence)
            draft.start(Target.UPDATE, last_due_at or due_at, recorded_at=effective_at)

    def _escalates(self, target: Target, every: int, count: int) -> bool:
        if target is not Target.UPDATE:
            return every > 0
        before = self._draft.update_breaches
        self._draft.update_breaches = before + count
        return every > 0 and before // every < (before + count) // every

    def _owe_escalation(self, at: datetime, cause: Cause) -> None:
        """Escalations of one instant are one step (4.8): it is taken when everything else of the instant is judged."""
        causes = self._escalation.causes if self._escalation else ()
        self._escalation = _Escalation(at, causes if cause in causes else (*causes, cause))

    def _customer_step(self, due_at: datetime) -> None:
        """A reminder of the question, or giving up; the next step counts from when this one took effect (4.6)."""
        draft, waiting = self._draft, self._draft.waiting
        if waiting is None:
            raise AssertionError("a step of a wait is due while nobody waits")
        at = self._takes_effect(due_at)
        steps = draft.policy.wait_steps
        if waiting.reminders_sent + 1 >= len(steps):  # a policy that was changed may have fewer than were sent (7.3)
            closing.give_up(draft, at, due_at=due_at, detected_at=self._to)
            return
        sent = waiting.reminders_sent + 1
        sequence = draft.record(at, CustomerReminded(number=sent, due_at=due_at, detected_at=self._to))
        next_at = due(draft.policy.calendar, at, steps[sent] - steps[sent - 1])
        draft.waiting = replace(waiting, reminders_sent=sent, next_at=next_at)
        draft.tell(sequence, "customer_reminded", Audience.CUSTOMER)

    def _remind_last_resort(self, due_at: datetime) -> None:
        draft, reminding = self._draft, self._draft.reminding
        if reminding is None:
            raise AssertionError("a reminder of the last resort is due while nobody is reminded")
        at = self._takes_effect(due_at)
        sequence = draft.record(
            at,
            LastResortReminded(
                number=reminding.sent + 1,
                last_resort=draft.policy.last_resort,
                causes=reminding.causes,
                due_at=due_at,
                detected_at=self._to,
            ),
        )
        next_at = due(draft.policy.calendar, at, draft.policy.remind_every)
        draft.reminding = replace(reminding, sent=reminding.sent + 1, next_at=next_at)
        draft.tell(sequence, "last_resort_reminded", Audience.LAST_RESORT)


def _deadline_of(clock: Clock) -> datetime:
    if clock.deadline_at is None:
        raise AssertionError(f"a {clock.target} clock that ran out has no deadline")
    return clock.deadline_at


def _passed(draft: Draft, to: datetime) -> Iterator[Due]:
    """Yield everything that was due before the instant."""
    yield from _closures_passed(draft, to)
    for clock in draft.clocks:
        if clock.deadline_at is None:
            continue
        if clock.deadline_at < to:
            yield Due(clock.deadline_at, Kind.BREACH, _TARGETS.index(clock.target), run=clock.run)
        for warning in clock.warnings:
            if warning.at is not None and warning.at < to:
                yield Due(
                    warning.at, Kind.WARNING, _TARGETS.index(clock.target), run=clock.run, fraction=warning.fraction
                )
    yield from _promises_passed(draft, to)
    if draft.waiting and draft.waiting.next_at < to:
        yield Due(draft.waiting.next_at, Kind.CUSTOMER_STEP)
    if draft.reminding and draft.reminding.next_at < to:
        yield Due(draft.reminding.next_at, Kind.LAST_RESORT_REMINDER)
    if draft.resolution and draft.resolution.sign_off_at and draft.resolution.sign_off_at < to:
        yield Due(draft.resolution.sign_off_at, Kind.SIGN_OFF_SILENCE)


def _closures_passed(draft: Draft, to: datetime) -> Iterator[Due]:
    for at, closure_id in closed_queue.turns(draft):
        if at < to:
            yield Due(at, Kind.CLOSURE, name=closure_id)


def _promises_passed(draft: Draft, to: datetime) -> Iterator[Due]:
    for promise in draft.promises:
        if not promise.is_open:
            continue
        if promise.promised_at < to:
            yield Due(promise.promised_at, Kind.BREACH, _PROMISES, promise.name)
        for warning in promise.warnings:
            if warning.at is not None and warning.at < to:
                yield Due(warning.at, Kind.WARNING, _PROMISES, promise.name, fraction=warning.fraction)
