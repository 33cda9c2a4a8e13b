"""The dates of a year on which a policy's desks do not follow their week, so that an over-generous feed is seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from workflows.domain.calendar import Calendar
from workflows.domain.opening_hours import written
from workflows.domain.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDay:
    """A date that is closed, or has hours of its own."""

    day: date
    hours: str
    """As they are written down; `closed` where there are none."""
    name: str
    """What it is called; empty where nobody said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDays:
    """Of one desk's calendar, in a year."""

    of: tuple[str, ...]
    """Whose it is: `customer`, or a tier as `tier NAME`."""
    zone: str
    days: tuple[OtherDay, ...]
    last: date | None
    """The last date of any year; none where every date follows the week."""


def other_days(policy: Policy, year: int) -> tuple[OtherDays, ...]:
    """Each calendar once, in the order of the policy; also those without such a date in that year."""
    owners: dict[Calendar, list[str]] = {}
    whose = [("customer", policy.calendar), *((f"tier {tier.name}", tier.calendar) for tier in policy.tiers)]
    for owner, calendar in whose:
        for desk in calendar.desks:
            owners.setdefault(desk, []).append(owner)
    return tuple(
        OtherDays(
            of=tuple(names),
            zone=desk.zone,
            days=tuple(sorted(_in_year(desk, year), key=lambda each: each.day)),
            last=max(desk.exceptions, default=None),
        )
        for desk, names in owners.items()
    )


def _in_year(desk: Calendar, year: int) -> Iterator[OtherDay]:
    for day in desk.closed:
        if day.year == year:
            yield OtherDay(day=day, hours="closed", name=desk.name_of(day))
    for day, hours in desk.special:
        if day.year == year:
            yield OtherDay(day=day, hours=written(hours) or "closed", name=desk.name_of(day))
