"""Semantics 2.3, 2.7, 6.11: the time a resolve target has spent, told from where the ticket was and what it waited for.

Nothing is read of the clocks' own lines: only who had the ticket, and whether work, a wait or the customer's word was
what it stood in. Open time is counted quarter by quarter.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import given

from tests.unit.ticket.counting import counted
from tests.unit.ticket.lives import ENOUGH, OPENED_AT, Life, Step, lags, lived, plans, policies
from tests.unit.ticket.test_journeys import Leg, journeys, travelled
from workflows.domain.policy import Policy
from workflows.domain.ticket.events import (
    ClockBreached,
    Closed,
    Entry,
    Escalated,
    LadderExhausted,
    Opened,
    PriorityChanged,
    Rejected,
    Reopened,
    Resolved,
    Transferred,
    WaitEnded,
    WaitStarted,
)
from workflows.domain.ticket.words import ClockState, Target

RESOLVES = (Target.TIER_RESOLVE, Target.RESOLVE)
STANDING = frozenset(RESOLVES)


class Stretch(NamedTuple):
    """A part of a life in which one tier had the ticket and the same targets stood still."""

    from_at: datetime
    to_at: datetime
    tier: str
    standing: frozenset[Target]


def stretches(policy: Policy, entries: list[Entry], now: datetime) -> Iterator[Stretch]:
    """Cut a life where it changed hands, waited, rested or was worked on again."""
    waiting = frozenset(policy.waiting_pauses)
    since, tier, standing = OPENED_AT, "", frozenset[Target]()
    for entry in entries:
        before = (tier, standing)
        match entry.event:
            case Opened(tier=first):
                tier = first
            case Escalated(to_tier=to_tier) | Transferred(to_tier=to_tier):
                tier = to_tier
            case WaitStarted():
                standing = waiting
            case Resolved() | Closed():
                standing = STANDING
            case WaitEnded() | Rejected() | Reopened():
                standing = frozenset()
            case _:
                continue
        if since < entry.at:
            yield Stretch(since, entry.at, *before)
        since = entry.at
    yield Stretch(since, now, tier, standing)


def time_spent(policy: Policy, entries: list[Entry], target: Target, tier: str, until: datetime) -> timedelta:
    """What a resolve target has spent by an instant: the tier's while it had the ticket, the customer's all along."""
    calendar = policy.tier(tier).calendar if target is Target.TIER_RESOLVE else policy.calendar
    return sum(
        (
            counted(calendar, each.from_at, min(each.to_at, until))
            for each in stretches(policy, entries, until)
            if each.from_at < until and target not in each.standing and (target is Target.RESOLVE or each.tier == tier)
        ),
        timedelta(),
    )


def assert_spent(life: Life) -> None:
    """Each resolve clock has spent what the life says; a breached one had spent all of it at its deadline."""
    policy, entries, now = life.policy, life.entries, life.settled_at[-1]
    due_at = {
        (entry.event.target, entry.event.run): entry.event.due_at
        for entry in entries
        if isinstance(entry.event, ClockBreached)
    }
    for clock in (clock for clock in life.ticket.clocks if clock.target in RESOLVES):
        if clock.state is ClockState.BREACHED:
            until = due_at[clock.target, clock.run]
            assert clock.spent == clock.length == time_spent(policy, entries, clock.target, clock.tier, until)
            continue
        calendar = policy.tier(clock.tier).calendar if clock.target is Target.TIER_RESOLVE else policy.calendar
        since = counted(calendar, clock.running_since, now) if clock.running_since else timedelta()
        assert clock.spent + since == time_spent(policy, entries, clock.target, clock.tier, now)


@ENOUGH
@given(policies, plans, lags)
def test_any_life_spends_the_time_it_was_worked_on(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """2.3, 2.6, 2.7, 2.10: neither more nor less, in each clock's own calendar, whoever looks and however late."""
    assert_spent(lived(policy, plan, lag=lag))


@ENOUGH
@given(policies, journeys, lags)
def test_time_spent_and_pauses_survive_priority_changes_escalation_rejection_and_reopening(
    policy: Policy, journey: tuple[Leg, ...], lag: timedelta
) -> None:
    """2.3, 2.7, 6.5, 6.8, 6.9, 6.11: all four in one life, in any order, each in the middle of a wait or not."""
    for life in travelled(policy, journey, lag):
        assert_spent(life)
    happened = {type(entry.event) for entry in life.entries}
    assert {PriorityChanged, Rejected, Reopened, Transferred} <= happened
    assert happened & {Escalated, LadderExhausted}
