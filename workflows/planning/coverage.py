"""When is somebody there? Stretches of time laid over each other. Told which weeks to look at, never asks."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from workflows.domain.calendar import Span
from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.policy import Policy

Roster = Callable[[str, datetime], bool]
"""Whether anybody is on duty in the tier of that name at that instant."""

ASKED_EVERY = timedelta(minutes=30)
"""How often the roster is asked within open time: a duty that is shorter is not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierCover:
    """A tier's own hours in the weeks looked at."""

    tier: str
    open: tuple[Span, ...]
    unstaffed: tuple[Span, ...]
    """Open, and nobody on the roster; empty where no roster is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Who is there while the customer's clocks run, from one instant until another."""

    from_at: datetime
    until_at: datetime
    promised: tuple[Span, ...]
    """When the customer's clocks run."""
    tiers: tuple[TierCover, ...]
    gaps: tuple[Span, ...]
    """The customer's clocks run, and no tier at all is there."""


def coverage(policy: Policy, from_at: datetime, until_at: datetime, roster: Roster | None = None) -> Coverage:
    """Lay the tiers' hours, and the roster if there is one, over the hours in which the customer's clocks run."""
    promised = _open(policy.calendar, from_at, until_at)
    tiers = []
    for tier in policy.tiers:
        hours = _open(tier.calendar, from_at, until_at)
        unstaffed = () if roster is None else tuple(_joined(_unstaffed(roster, tier.name, hours)))
        tiers.append(TierCover(tier=tier.name, open=hours, unstaffed=unstaffed))
    there = _joined(sorted(span for tier in tiers for span in without(tier.open, tier.unstaffed)))
    gaps = without(promised, tuple(there))
    return Coverage(from_at=from_at, until_at=until_at, promised=promised, tiers=tuple(tiers), gaps=gaps)


def without(spans: Sequence[Span], taken: Sequence[Span]) -> tuple[Span, ...]:
    """What is left of stretches in order when others, in order too, are taken away."""
    return tuple(_left(spans, taken))


def _left(spans: Iterable[Span], taken: Sequence[Span]) -> Iterator[Span]:
    for span in spans:
        start_at = span.start_at
        for start, end in taken:
            if end <= start_at or start >= span.end_at:
                continue
            if start > start_at:
                yield Span(start_at, start)
            start_at = end
        if start_at < span.end_at:
            yield Span(start_at, span.end_at)


def _open(calendar: AnyCalendar, from_at: datetime, until_at: datetime) -> tuple[Span, ...]:
    found = []
    for start_at, end_at in calendar.spans(from_at):
        if start_at >= until_at:
            break
        found.append(Span(start_at, min(end_at, until_at)))
    return tuple(found)


def _unstaffed(roster: Roster, tier: str, hours: Iterable[Span]) -> Iterator[Span]:
    """Yield the half hours of open time at whose beginning nobody is on duty."""
    for start_at, end_at in hours:
        at = start_at
        while at < end_at:
            after = min(at + ASKED_EVERY, end_at)
            if not roster(tier, at):
                yield Span(at, after)
            at = after


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Join what touches or overlaps; the stretches come in order of their start."""
    held: Span | None = None
    for span in spans:
        if held is not None and span.start_at <= held.end_at:
            held = Span(held.start_at, max(held.end_at, span.end_at))
            continue
        if held is not None:
            yield held
        held = span
    if held is not None:
        yield held
