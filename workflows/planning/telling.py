"""A timeline as a manager reads it aloud: day by day, in the local time of whoever is concerned. Knows no layout.

What stands on a terminal, on a page and in a golden file comes from here, so that they say the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, takewhile

from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.opening_hours import merged
from workflows.domain.policy import Policy
from workflows.domain.ticket.words import Audience, Target
from workflows.domain.zones import zone
from workflows.planning.local_time import Wall, in_full
from workflows.planning.moments import Deadline, Moment, Timeline, Told

_A_DAY = timedelta(days=1)
_INDENT = " " * 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A moment in words."""

    moment: Moment
    time: str
    """By the customer's clock."""
    elsewhere: str
    """By the clock of the tier that has the ticket, where that shows another time; else empty."""
    what: str
    """What happens, and why: a sentence."""
    rule: str
    """The number of the rule that says so; may be empty."""
    due: tuple[str, ...]
    """What has to be done from then on, and by when."""
    told: str
    """Who is told; empty when nobody is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What happens on one date of the customer's."""

    date: date
    heading: str
    hours: str
    """When each tier is open that day, by its own clock."""
    moments: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """A whole timeline in words."""

    title: str
    introduction: str
    days: tuple[Day, ...]
    ending: tuple[str, ...]


def telling(timeline: Timeline) -> Telling:
    """Put a timeline into words."""
    policy, wall = timeline.policy, Wall(timeline.customer_zone)
    opened = f"{in_full(wall.day(timeline.opened_at))}, {wall.time(timeline.opened_at)}"
    others = sorted({tier.calendar.zone for tier in policy.tiers} - {wall.zone})
    elsewhere = f"; where a tier's clock shows another time, that stands beside it ({', '.join(others)})"
    return Telling(
        title=f"{policy.name}: {timeline.priority}, opened on {opened}",
        introduction=f"Times are the customer's, {wall.zone}{elsewhere if others else ''}.",
        days=tuple(
            Day(
                date=day,
                heading=in_full(day),
                hours=_hours(policy, day, wall),
                moments=tuple(_said(policy, moment, wall) for moment in moments),
            )
            for day, moments in groupby(timeline.moments, key=lambda moment: wall.day(moment.at))
        ),
        ending=tuple(_ending(timeline, wall)),
    )


def as_text(told: Telling) -> str:
    """Return it as plain lines, the last with its end."""
    return "".join(f"{line}\n" for line in _lines(told))


def deadline_in_words(policy: Policy, deadline: Deadline, wall: Wall, beside: date | None = None) -> str:
    """Say what has to be done by when: `agent to acknowledge by 09:40`."""
    by = _when(policy, deadline, wall, beside)
    match deadline.target:
        case Target.ACKNOWLEDGE:
            return f"{deadline.tier} to acknowledge by {by}"
        case Target.TIER_RESOLVE:
            return f"{deadline.tier} to resolve it by {by}"
        case Target.UPDATE:
            return f"the customer to hear something by {by}"
        case Target.RESOLVE:
            return f"to be solved for the customer by {by}"
        case Target.PROMISE:
            return f"what was promised to be done by {by}"


def listeners(moment: Moment) -> str:
    """Say who is told of a moment; empty when nobody is."""
    return ", ".join(map(_listener, moment.told))


def _said(policy: Policy, moment: Moment, wall: Wall) -> Said:
    there = Wall(policy.tier(moment.tier).calendar.zone)
    day = wall.day(moment.at)
    words = moment.words
    differs = there.local(moment.at).replace(tzinfo=None) != wall.local(moment.at).replace(tzinfo=None)
    return Said(
        moment=moment,
        time=wall.time(moment.at),
        elsewhere=f"{there.day_and_time(moment.at, beside=day)} in {there.place}" if differs else "",
        what=f"{words.what}: {words.why}." if words.why else f"{words.what}.",
        rule=words.rule,
        due=tuple(deadline_in_words(policy, deadline, wall, day) for deadline in sorted(moment.deadlines, key=_order)),
        told=listeners(moment),
    )


def _order(deadline: Deadline) -> int:
    return tuple(Target).index(deadline.target)


def _when(policy: Policy, deadline: Deadline, wall: Wall, beside: date | None) -> str:
    """By the customer's clock; for a tier's own target by the tier's as well, where that shows another time."""
    here = wall.day_and_time(deadline.at, beside)
    if not deadline.target.is_the_tiers:
        return here
    there = Wall(policy.tier(deadline.tier).calendar.zone)
    if there.local(deadline.at).replace(tzinfo=None) == wall.local(deadline.at).replace(tzinfo=None):
        return here
    return f"{here} ({there.day_and_time(deadline.at, beside=wall.day(deadline.at))} in {there.place})"


def _listener(told: Told) -> str:
    if Audience.CUSTOMER in told.audiences:
        return "the customer"
    return f"{told.recipient} as owner" if told.audiences == (Audience.OWNER,) else told.recipient


def _hours(policy: Policy, day: date, wall: Wall) -> str:
    """When each tier is open on a date of its own, tiers of the same hours together."""
    by_hours: dict[str, list[str]] = {}
    for tier in policy.tiers:
        by_hours.setdefault(_open_on(tier.calendar, day, wall), []).append(tier.name)
    return "; ".join(f"{', '.join(names)} {hours}" for hours, names in by_hours.items())


def _open_on(calendar: AnyCalendar, day: date, wall: Wall) -> str:
    rules = zone(calendar.zone)
    from_at, to_at = (datetime.combine(each, time(), rules).astimezone(UTC) for each in (day, day + _A_DAY))
    there = Wall(calendar.zone)
    # Several desks' spans end where a UTC year does, though they go on.
    spans = takewhile(lambda span: span.start_at < to_at, calendar.spans(from_at))
    stretches = [f"{there.time(start)}-{'24:00' if end >= to_at else there.time(end)}" for start, end in merged(spans)]
    if not stretches:
        return "closed"
    if stretches == ["00:00-24:00"]:
        return "open all day"
    return f"{', '.join(stretches)}{f' in {there.place}' if there.zone != wall.zone else ''}"


def _ending(timeline: Timeline, wall: Wall) -> Iterator[str]:
    ending = timeline.ending
    yield f"{ending.text}."
    if ending.running:
        still = "; ".join(deadline_in_words(timeline.policy, deadline, wall) for deadline in ending.running)
        yield f"Still to come by then: {still}."


def _lines(told: Telling) -> Iterator[str]:
    yield told.title
    yield told.introduction
    for day in told.days:
        yield ""
        yield f"{day.heading} ({day.hours})"
        yield from _of_day(day.moments)
    yield ""
    yield from told.ending


def _of_day(moments: Iterable[Said]) -> Iterator[str]:
    """Yield the lines of a day; what happens at one instant stands under its time once."""
    for at, together in groupby(moments, key=lambda said: said.time):
        begin, before = at.ljust(len(_INDENT)), ""
        for said in together:
            elsewhere = f"({said.elsewhere}) " if said.elsewhere != before else ""
            yield f"{begin}{elsewhere}{said.what}{f' [{said.rule}]' if said.rule else ''}"
            yield from (f"{_INDENT}  {line}" for line in below(said))
            begin, before = _INDENT, said.elsewhere


def below(said: Said) -> Iterator[str]:
    """Yield the lines under a moment: what has to be done from then on, and who is told."""
    if said.due:
        yield f"From then on: {'; '.join(said.due)}."
    if said.told:
        yield f"Told: {said.told}."
