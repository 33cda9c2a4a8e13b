"""The ladder: entering a tier, climbing it, coming to its end (semantics 4.4, 4.8, 6.5)."""

from datetime import datetime
from typing import NamedTuple

from workflows.domain.policy import Policy, Tier
from workflows.domain.ticket import clocks, promises, roster
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import Escalated, EscalationAbsorbed, LadderExhausted, TierSkipped, Transferred
from workflows.domain.ticket.state import Clock, Reminding
from workflows.domain.ticket.words import Audience, Cause, ClockState, Pause, SkipReason, Status, Target
from workflows.domain.working_time import due, is_open

TIERS_TARGETS = (Target.ACKNOWLEDGE, Target.TIER_RESOLVE)


class Skipped(NamedTuple):
    """A tier that is passed by."""

    tier: str
    why: SkipReason


def escalate(draft: Draft, at: datetime, causes: tuple[Cause, ...], reason: str | None = None) -> None:
    """Up one tier; from the last one, exhaustion (4.4).

    One that takes effect no later than the entry of the present tier is absorbed by that step (4.8), and so is one
    that coincides with giving up a wait: a resolved ticket does not climb.
    """
    if at <= draft.tier_entered_at or not draft.status.is_worked_on:
        draft.record(at, EscalationAbsorbed(tier=draft.tier, causes=causes))
        return
    if draft.policy.next_tier(draft.tier) is None:
        _exhaust(draft, at, causes, reason)
        return
    above, skipped = reachable(draft.policy, draft.policy.rung(draft.tier) + 1, draft.priority, at, draft.answers)
    record_skipped(draft, skipped, at)
    moved = _moved_update(draft, above.name, at)
    next_news_at = _next_news_at(draft, moved)
    sequence = draft.record(
        at,
        Escalated(
            from_tier=draft.tier,
            to_tier=above.name,
            causes=causes,
            reason=reason,
            next_news_at=next_news_at,
            is_ping_pong=above.name in draft.visited,
        ),
    )
    _enter(draft, above.name, at, moved)
    promises.promise_next_news(draft, at, next_news_at)
    draft.tell(sequence, "escalated", Audience.CUSTOMER, Audience.TIER, Audience.OWNER)


def transfer(draft: Draft, at: datetime, to_tier: str, reason: str) -> None:
    """To any other tier. The customer is told when it goes forward (6.5)."""
    moved = _moved_update(draft, to_tier, at)
    is_forward = draft.policy.rung(to_tier) > draft.policy.rung(draft.tier)
    sequence = draft.record(
        at,
        Transferred(
            from_tier=draft.tier,
            to_tier=to_tier,
            reason=reason,
            is_forward=is_forward,
            is_ping_pong=to_tier in draft.visited,
        ),
    )
    next_news_at = _next_news_at(draft, moved)
    _enter(draft, to_tier, at, moved)
    if is_forward:
        promises.promise_next_news(draft, at, next_news_at)
    told = (Audience.CUSTOMER, Audience.TIER, Audience.OWNER) if is_forward else (Audience.TIER, Audience.OWNER)
    draft.tell(sequence, "transferred", *told)


def reachable(
    policy: Policy, rung: int, priority: str, at: datetime, answers: roster.Answers
) -> tuple[Tier, tuple[Skipped, ...]]:
    """The first tier from that rung up that is not skipped, and those that are (4.5).

    A tier is skipped while its roster is empty; where its policy says so, also while it is closed and a later one is
    open, that is open with somebody there. The last tier never is.
    """
    skipped: list[Skipped] = []
    for above, tier in enumerate(policy.tiers[rung:], start=rung + 1):
        why = _why_skipped(tier, policy.tiers[above:], priority, at, answers)
        if why is None:
            return tier, tuple(skipped)
        skipped.append(Skipped(tier.name, why))
    raise AssertionError("the last tier is never skipped")


def _why_skipped(
    tier: Tier, later: tuple[Tier, ...], priority: str, at: datetime, answers: roster.Answers
) -> SkipReason | None:
    if not later:
        return None
    if roster.is_empty(answers, tier.name, at):
        return SkipReason.EMPTY
    if priority not in tier.skip_when_closed or is_open(tier.calendar, at):
        return None
    is_somebody_there = any(
        is_open(other.calendar, at) and not roster.is_empty(answers, other.name, at) for other in later
    )
    return SkipReason.CLOSED if is_somebody_there else None


def record_skipped(draft: Draft, skipped: tuple[Skipped, ...], at: datetime) -> None:
    """Nothing is passed by without a word."""
    for tier, why in skipped:
        draft.record(at, TierSkipped(tier=tier, why=why))


def start_tier_clocks(draft: Draft, at: datetime) -> None:
    """Acknowledge starts anew; resolve goes on from the time this tier has spent, unless it broke it (2.3, 4.4)."""
    waiting = Pause.WAITING_ON_CUSTOMER if draft.status is Status.WAITING_ON_CUSTOMER else None
    paused_targets = draft.waiting_pauses if waiting else ()
    for target in TIERS_TARGETS:
        before = draft.latest(target, draft.tier) if target is Target.TIER_RESOLVE else None
        if before and before.state is ClockState.BREACHED:
            continue
        draft.start(target, at, carried=before, pause=waiting if target in paused_targets else None)


def _enter(draft: Draft, tier: str, at: datetime, moved: Clock | None) -> None:
    draft.cancel(TIERS_TARGETS, at)
    draft.tier = tier
    draft.tier_entered_at = at
    draft.visited = (*draft.visited, tier)
    if draft.status is not Status.WAITING_ON_CUSTOMER:
        draft.status = Status.OPEN
    draft.handler = None
    draft.chases = 0
    draft.update_breaches = 0
    draft.reminding = None
    start_tier_clocks(draft, at)
    if moved:
        draft.move(moved, at)


def _exhaust(draft: Draft, at: datetime, causes: tuple[Cause, ...], reason: str | None) -> None:
    policy, before = draft.policy, draft.reminding
    sequence = draft.record(
        at,
        LadderExhausted(
            tier=draft.tier,
            causes=causes,
            reason=reason,
            last_resort=policy.last_resort,
            is_repeat=before is not None,
        ),
    )
    if before:
        new = tuple(cause for cause in causes if cause not in before.causes)
        draft.reminding = Reminding(causes=(*before.causes, *new), sent=before.sent, next_at=before.next_at)
        return
    draft.reminding = Reminding(causes=causes, sent=0, next_at=due(policy.calendar, at, policy.remind_every))
    draft.tell(sequence, "ladder_exhausted", Audience.LAST_RESORT)


def _moved_update(draft: Draft, tier: str, at: datetime) -> Clock | None:
    """The running update run with the new tier's length from the same start, when that ends earlier (2.2)."""
    for clock in draft.live(Target.UPDATE):
        row = draft.policy.tier(tier).targets[draft.priority]
        return clocks.shortened(draft.policy, clock, at, row.update_every, row.acknowledge)
    return None


def _next_news_at(draft: Draft, moved: Clock | None) -> datetime | None:
    """When the customer hears next: the deadline of the update run, moved or not; none while they are waited for."""
    if not promises.is_news_owed(draft):
        return None
    return moved.deadline_at if moved else next((clock.deadline_at for clock in draft.live(Target.UPDATE)), None)
