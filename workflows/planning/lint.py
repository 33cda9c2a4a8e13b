"""What is odd about a policy that is valid: promises that cannot be kept, steps that nobody takes (7.1, 7.4).

Knows what is worth a second look. Refuses nothing: what cannot be promised at all was refused when it was built.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from workflows.domain.calendar import Span
from workflows.domain.money import Money, plainly
from workflows.domain.policy import Policy
from workflows.domain.policy_as_written import in_hours, said
from workflows.domain.policy_rows import Tier
from workflows.domain.ticket.commands import Customer, Open
from workflows.domain.ticket.events import Escalated, LadderExhausted, Opened
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.working_time import due
from workflows.domain.zones import zone
from workflows.planning.coverage import Coverage, Roster, TierCover, coverage

LOOKED_AHEAD = timedelta(weeks=4)
"""The weeks whose cover is looked at."""
HOLIDAYS_KNOWN = timedelta(days=90)
"""Closed dates that end sooner than this after the weeks' beginning are running out."""
_STEPS = 500
"""Settles of an untouched ticket after which it is going round in circles."""


class Kind(StrEnum):
    """What was found."""

    UNREACHABLE_TIER = "unreachable_tier"
    NO_OPEN_HOURS = "no_open_hours"
    SLOWER_THAN_PROMISED = "slower_than_promised"
    BOTH_AT_ONCE = "both_at_once"
    NOBODY_ON_THE_ROSTER = "nobody_on_the_roster"
    ROSTER_FAILED = "roster_failed"
    COVERAGE_GAP = "coverage_gap"
    CLOSED_DATES_RUN_OUT = "closed_dates_run_out"
    LEAVING_IS_SLOW = "leaving_is_slow"
    CREDIT_BEYOND_LIMIT = "credit_beyond_limit"


class Weight(StrEnum):
    """How much it weighs."""

    WARNING = "warning"
    """A promise that will be broken, or a rung that nobody stands on: mend it, or accept it by name."""
    NOTE = "note"
    """Good to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is worth a second look."""

    kind: Kind
    weight: Weight
    text: str
    """The fact and the remedy, with tier and priority."""
    tier: str | None = None
    priority: str | None = None


def lint(policy: Policy, from_at: datetime, roster: Roster | None = None) -> tuple[tuple[Finding, ...], Coverage]:
    """Look at a policy as it is in force for the four weeks from that instant (UTC); the cover is told too.

    `roster` says whether anybody is on duty in a tier; none: everybody is, as far as is known (4.9).
    """
    cover = coverage(policy, from_at, from_at + LOOKED_AHEAD, roster)
    return tuple(_findings(policy, from_at, cover, has_roster=roster is not None)), cover


def _findings(policy: Policy, from_at: datetime, cover: Coverage, *, has_roster: bool) -> Iterator[Finding]:
    yield from _unreachable(policy, cover)
    for tier, hours in zip(policy.tiers, cover.tiers, strict=True):
        yield from _no_open_hours(policy, tier, hours)
        yield from _slower(policy, tier, cover)
        yield from _both_at_once(policy, tier)
        if has_roster:
            yield from _nobody(policy, hours)
    yield from _gaps(policy, cover)
    yield from _closed_dates(policy, from_at)
    yield from _leaving(policy)
    yield from _credits(policy)


def _unreachable(policy: Policy, cover: Coverage) -> Iterator[Finding]:
    """Find the tiers that no ticket reaches which nobody touches, whenever in a week it is opened."""
    starts = [cover.from_at, *(each for each in _edges(cover) if each < cover.from_at + timedelta(weeks=1))]
    for priority in policy.priorities:
        missing = list(policy.tier_names)
        for at in starts:
            missing = [tier for tier in missing if tier not in _entered(policy, priority, at)]
            if not missing:
                break
        for tier in missing:
            yield Finding(
                kind=Kind.UNREACHABLE_TIER,
                weight=Weight.WARNING,
                tier=tier,
                priority=priority,
                text=f"tier {said(tier)} is never reached by a ticket of priority {said(priority)} that nobody touches:"
                " let a breach of the tiers below escalate (on_breach), or leave the tier out",
            )


def _edges(cover: Coverage) -> list[datetime]:
    """Every opening and closing, and what lies half-way between two: where what follows is worst, or turns."""
    instants = sorted(
        {at for spans in (cover.promised, *(tier.open for tier in cover.tiers)) for span in spans for at in span}
    )
    between = [first + (second - first) / 2 for first, second in pairwise(instants)]
    return sorted([*instants, *between])


def _entered(policy: Policy, priority: str, at: datetime) -> set[str]:
    """The tiers that an untouched ticket enters until its ladder ends: by the judge itself (7.5)."""
    nobody = Customer(external_id="nobody", name="Nobody", language="en", zone="UTC")
    command = Open(
        actor="check",
        ticket_id="check",
        reference="check",
        queue="check",
        priority=priority,
        customer=nobody,
        subject="check",
        description="",
        channel="check",
    )
    judged = open_ticket(policy, command, at)
    tiers = {entry.event.tier for entry in judged.entries if isinstance(entry.event, Opened)}
    for _ in range(_STEPS):
        wake_at = judged.ticket.wake_at()
        if wake_at is None:
            break
        judged = judge(policy, judged.ticket, wake_at)
        events = [entry.event for entry in judged.entries]
        tiers |= {event.to_tier for event in events if isinstance(event, Escalated)}
        if any(isinstance(event, LadderExhausted) for event in events):
            break
    return tiers


def _no_open_hours(policy: Policy, tier: Tier, hours: TierCover) -> Iterator[Finding]:
    if hours.open:
        return
    for priority in policy.priorities:
        yield Finding(
            kind=Kind.NO_OPEN_HOURS,
            weight=Weight.WARNING,
            tier=tier.name,
            priority=priority,
            text=f"tier {said(tier.name)} has no open hours for priority {said(priority)} in the coming four weeks:"
            " see its calendar's closed dates",
        )


def _slower(policy: Policy, tier: Tier, cover: Coverage) -> Iterator[Finding]:
    """Compare what a tier is given, had it the ticket from the start, with what the customer is promised."""
    starts = [at for at in _edges(cover) if at < cover.from_at + timedelta(weeks=1)]
    for priority, promised in policy.resolve.items():
        own = tier.targets[priority].resolve
        late = [
            (ends_at - promised_at, at, ends_at, promised_at)
            for at in starts
            if (ends_at := due(tier.calendar, at, own)) > (promised_at := due(policy.calendar, at, promised))
        ]
        if not late:
            continue
        _, at, ends_at, promised_at = max(late)
        always = len(late) == len(starts)
        when = "always" if always else "at times"
        yield Finding(
            kind=Kind.SLOWER_THAN_PROMISED,
            weight=Weight.WARNING if always else Weight.NOTE,
            tier=tier.name,
            priority=priority,
            text=f"tier {said(tier.name)} is {when} slower than what the customer is promised for priority"
            f" {said(priority)}: with the ticket from {_local(policy, at)} on its {in_hours(own)} end"
            f" {_local(policy, ends_at)}, the customer was promised {_local(policy, promised_at)}:"
            " promise the customer more, or the tier less",
        )


def _both_at_once(policy: Policy, tier: Tier) -> Iterator[Finding]:
    if tier.calendar != policy.calendar:
        return
    for priority, row in tier.targets.items():
        if row.acknowledge == row.update_every:
            yield Finding(
                kind=Kind.BOTH_AT_ONCE,
                weight=Weight.WARNING,
                tier=tier.name,
                priority=priority,
                text=f"tier {said(tier.name)} gives priority {said(priority)} {in_hours(row.acknowledge)} both to"
                " acknowledge and to update: a ticket that nobody touches breaches both at once; make one longer (7.1)",
            )


def _nobody(policy: Policy, hours: TierCover) -> Iterator[Finding]:
    if not hours.unstaffed:
        return
    whole = sum(((end_at - start_at) for start_at, end_at in hours.unstaffed), timedelta())
    yield Finding(
        kind=Kind.NOBODY_ON_THE_ROSTER,
        weight=Weight.WARNING,
        tier=hours.tier,
        text=f"nobody is on the roster of tier {said(hours.tier)} for {in_hours(whole)} of its open hours in the coming"
        f" four weeks, first {_stretch(policy, hours.unstaffed[0])}: name a cover, or close the tier then",
    )


def _gaps(policy: Policy, cover: Coverage) -> Iterator[Finding]:
    if not cover.gaps:
        return
    whole = sum(((end_at - start_at) for start_at, end_at in cover.gaps), timedelta())
    yield Finding(
        kind=Kind.COVERAGE_GAP,
        weight=Weight.WARNING,
        text=f"for {in_hours(whole)} in the coming four weeks the customer's clocks run and no tier is there, first"
        f" {_stretch(policy, cover.gaps[0])}: let a tier be open then, or the policy's calendar closed",
    )


def _closed_dates(policy: Policy, from_at: datetime) -> Iterator[Finding]:
    for owner, calendar in (
        ("the policy", policy.calendar),
        *((f"tier {said(tier.name)}", tier.calendar) for tier in policy.tiers),
    ):
        exceptions = calendar.exceptions
        if exceptions and exceptions[-1] < (from_at + HOLIDAYS_KNOWN).date():
            yield Finding(
                kind=Kind.CLOSED_DATES_RUN_OUT,
                weight=Weight.NOTE,
                text=f"the calendar of {owner} knows no closed or special date after {exceptions[-1]}:"
                " name those of the year to come",
            )


def _leaving(policy: Policy) -> Iterator[Finding]:
    """Find a request to leave that waits longer than any other: to a customer that is a hurdle."""
    last = policy.priorities[-1]
    if policy.leaving == last and len(policy.priorities) > 1:
        yield Finding(
            kind=Kind.LEAVING_IS_SLOW,
            weight=Weight.WARNING,
            priority=last,
            text=f"leaving is {said(last)}, the least urgent priority: who wants to leave waits longest, which looks"
            " like holding them back; name a more urgent one",
        )


def _credits(policy: Policy) -> Iterator[Finding]:
    """Find a desk that may not offer by hand what the engine gives without asking anybody."""
    limit = policy.credit_limit
    for field in ("credit_for_promise", "credit_for_resolve"):
        money: Money | None = getattr(policy, field)
        if money is not None and (limit is None or money.minor > limit.minor):
            allowed = "nothing" if limit is None else f"no more than {plainly(limit)}"
            yield Finding(
                kind=Kind.CREDIT_BEYOND_LIMIT,
                weight=Weight.NOTE,
                text=f"{field} is {plainly(money)}, and the desk may offer {allowed} by hand without the lead:"
                " whoever makes good what the engine did not see has to wait; raise credit_limit",
            )


def _local(policy: Policy, at: datetime) -> str:
    return f"{at.astimezone(zone(policy.calendar.zone)):%a %d %b %H:%M}"


def _stretch(policy: Policy, span: Span) -> str:
    return f"{_local(policy, span.start_at)} to {_local(policy, span.end_at)}"
