"""The life of one clock run: how it starts, pauses, resumes, gets another length and ends (semantics 2).

Pure arithmetic on a `Clock`; which clock does what at which moment is the ladder's and the judge's business.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.policy import Policy
from workflows.domain.ticket.state import Clock, PendingWarning
from workflows.domain.ticket.words import ClockState, Pause, Target
from workflows.domain.working_time import due, worked

ZERO = timedelta()


def calendar_of(policy: Policy, target: Target, tier: str) -> AnyCalendar:
    """The calendar a clock counts in: the tier's own for its targets, the policy's for the customer's (2.6)."""
    return policy.tier(tier).calendar if target.is_the_tiers else policy.calendar


def length_of(policy: Policy, target: Target, tier: str, priority: str) -> timedelta:
    """Working time allowed by the policy table."""
    match target:
        case Target.ACKNOWLEDGE:
            return policy.tier(tier).targets[priority].acknowledge
        case Target.TIER_RESOLVE:
            return policy.tier(tier).targets[priority].resolve
        case Target.UPDATE:
            return policy.tier(tier).targets[priority].update_every
        case Target.RESOLVE:
            return policy.resolve[priority]
        case Target.PROMISE:
            raise AssertionError("a promise has an instant, no length")


def started(
    policy: Policy,
    target: Target,
    *,
    run: int,
    tier: str,
    priority: str,
    at: datetime,
    carried: Clock | None = None,
    pause: Pause | None = None,
) -> Clock:
    """A new run that begins at `at`, paused from the start when `pause` is given.

    `carried` is the tier's run before, whose time spent it goes on from (2.3).
    """
    length, spent = length_of(policy, target, tier, priority), ZERO
    if carried:
        spent = carried.spent
        floor = length_of(policy, Target.ACKNOWLEDGE, tier, priority)
        length = whole_length(length, spent, floor, left=carried.length - spent)
    if pause:
        return Clock(
            target=target,
            run=run,
            tier=tier,
            state=ClockState.PAUSED,
            started_at=at,
            length=length,
            spent=spent,
            warnings=_unscheduled(policy.warn_at),
            pause=pause,
        )
    calendar = calendar_of(policy, target, tier)
    return Clock(
        target=target,
        run=run,
        tier=tier,
        state=ClockState.RUNNING,
        started_at=at,
        length=length,
        spent=spent,
        running_since=at,
        deadline_at=due(calendar, at, length - spent),
        warnings=_scheduled(calendar, at, length, spent, policy.warn_at),
    )


def running(policy: Policy, clock: Clock, at: datetime) -> Clock:
    """The same run, counting from `at` on: deadline and unsent warnings are computed, and kept from then on (3.6)."""
    calendar, length, spent = calendar_of(policy, clock.target, clock.tier), clock.length, clock.spent
    return replace(
        clock,
        state=ClockState.RUNNING,
        running_since=at,
        deadline_at=due(calendar, at, length - spent),
        warnings=_scheduled(calendar, at, length, spent, (warning.fraction for warning in clock.warnings)),
        pause=None,
    )


def paused(policy: Policy, clock: Clock, at: datetime, pause: Pause) -> Clock:
    """The same run, standing still from `at` on with the time spent kept; a run paused already changes its reason."""
    return replace(
        clock,
        state=ClockState.PAUSED,
        spent=spent_by(policy, clock, at),
        running_since=None,
        deadline_at=None,
        warnings=_unscheduled(warning.fraction for warning in clock.warnings),
        pause=pause,
    )


def ended(policy: Policy, clock: Clock, at: datetime, state: ClockState) -> Clock:
    """The run is over, with the working time it took; it remembers what was not warned of, should it be reinstated."""
    return replace(
        clock,
        state=state,
        spent=spent_by(policy, clock, at),
        running_since=None,
        deadline_at=None,
        warnings=_unscheduled(warning.fraction for warning in clock.warnings),
        pause=None,
    )


def reinstated(policy: Policy, clock: Clock, at: datetime) -> Clock:
    """A run whose verdict is withdrawn, counting again from the time it had spent; warnings stay sent (6.9)."""
    return running(policy, clock, at)


def spent_by(policy: Policy, clock: Clock, at: datetime) -> timedelta:
    """Working time counted by this run up to `at`, never more than its length."""
    if clock.running_since is None:
        return clock.spent
    counted = worked(calendar_of(policy, clock.target, clock.tier), clock.running_since, at)
    return min(clock.length, clock.spent + counted)


def kept_until(
    policy: Policy, clock: Clock, at: datetime, deadline_at: datetime, *, tier: str, priority: str
) -> timedelta:
    """What a run keeps that stands still from `at` on, of a deadline ahead: the open time up to it.

    A deadline that was promised by other opening hours (6.7) may have none before it. Then it is the acknowledge target
    of the tier that has the ticket, as in 6.11, but never more than the time to that instant on the wall: so that no
    answer of the customer's is ever itself a breach. Of a run whose own length ends there nothing more is kept than
    that: what is spent to the last stays spent (3.3).
    """
    calendar = calendar_of(policy, clock.target, clock.tier)
    if clock.running_since and due(calendar, clock.running_since, clock.length - clock.spent) == deadline_at:
        return clock.length - spent_by(policy, clock, at)
    left = worked(calendar, at, deadline_at)
    return left or min(length_of(policy, Target.ACKNOWLEDGE, tier, priority), deadline_at - at)


def is_warned(policy: Policy, clock: Clock) -> bool:
    """Whether the run counts, and a fraction of its target was warned of: it is at risk (2.8)."""
    return clock.state is ClockState.RUNNING and len(clock.warnings) < len(policy.warn_at)


def shortened(policy: Policy, clock: Clock, at: datetime, length: timedelta, floor: timedelta) -> Clock | None:
    """The same run with a shorter length from the same start; none when that does not end it earlier (2.2)."""
    return None if length >= clock.length else with_length(policy, clock, at, length, floor)


def with_length(policy: Policy, clock: Clock, at: datetime, length: timedelta, floor: timedelta) -> Clock | None:
    """The same run with another length from the same start and the time spent kept; none when nothing moves (6.11).

    `floor` is the tier's acknowledge target: what a run whose new length is spent already keeps as its remainder,
    though never more than it had left. So neither a priority changed nor a tier entered is ever itself a breach.
    """
    spent = spent_by(policy, clock, at)
    whole = whole_length(length, spent, floor, left=clock.length - spent)
    if whole == clock.length:
        return None
    moved = replace(clock, length=whole, spent=spent)
    return running(policy, moved, at) if clock.state is ClockState.RUNNING else moved


def whole_length(length: timedelta, spent: timedelta, floor: timedelta, *, left: timedelta) -> timedelta:
    """What a run is allowed in all, when so much of a new length is spent (6.11)."""
    return length if spent < length else spent + min(floor, left)


def _scheduled(
    calendar: AnyCalendar, at: datetime, length: timedelta, spent: timedelta, fractions: Iterable[float]
) -> tuple[PendingWarning, ...]:
    """Warnings of a run that counts from `at` on; one whose fraction is spent already is due at once (2.8)."""
    ahead = [(fraction, length * fraction - spent) for fraction in fractions]
    return tuple(
        PendingWarning(fraction=fraction, at=due(calendar, at, left) if left > ZERO else at) for fraction, left in ahead
    )


def _unscheduled(fractions: Iterable[float]) -> tuple[PendingWarning, ...]:
    return tuple(PendingWarning(fraction=fraction, at=None) for fraction in fractions)
