"""Opening hours: when a desk is open, as one lazy stream of UTC spans.

Local time lives in this module and nowhere else in the domain. It knows no length of work (`working_time` does)
and never asks what time it is.
"""

import re
from bisect import insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple, Self, TypeVar

from workflows.domain import zones
from workflows.domain.errors import CalendarError
from workflows.domain.open_years import OpenYears

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_MIDNIGHT = 24 * 60
_A_DAY = timedelta(days=1)

# Room at both ends of what a datetime can hold for a tail, a zone's offset and a skipped day.
_FIRST_DAY = date(1, 1, 5)
_LAST_DAY = date(9999, 12, 28)
_END_OF_TIME = date(9999, 12, 30)
# Of closed and special dates: whoever writes 2206 meant 2026.
_YEARS = range(1900, 2200)

_Point = TypeVar("_Point", int, datetime)


class Span(NamedTuple):
    """Open time from `start_at` until `end_at`: half open, not empty, in UTC."""

    start_at: datetime
    end_at: datetime


class Opening(NamedTuple):
    """An interval of local time on the date on which it opens, in minutes since that date's midnight."""

    opens: int
    closes: int
    """More than 1440 for a tail that runs into the next morning."""

    def __str__(self) -> str:
        opens = f"{self.opens // 60:02}:{self.opens % 60:02}"
        closes = "24:00" if self.closes == _MIDNIGHT else f"{self.closes // 60 % 24:02}:{self.closes % 60:02}"
        if self.closes > _MIDNIGHT and self.closes - self.opens >= _MIDNIGHT:
            # Merged from two; a day and more cannot be written as one.
            return f"{opens}-24:00, 23:59-{closes}"
        return f"{opens}-{closes}"


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Calendar:
    """A zone, weekly hours, dates that are closed and dates with hours of their own.

    `Calendar("Europe/London", {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"}, closed=["2026-12-25"])`

    A day may have several intervals (`"08:00-12:00, 13:00-17:00"`); they may end at 24:00 or cross midnight
    (`"22:00-06:00"`) and belong, tail included, to the date on which they open. Days that are not named are closed.
    Whatever is wrong is raised as one CalendarError.
    """

    zone: str
    """IANA name."""
    week: tuple[tuple[Opening, ...], ...]
    """Seven days from Monday, each in order and without overlaps."""
    closed: tuple[date, ...]
    special: tuple[tuple[date, tuple[Opening, ...]], ...]
    years: OpenYears = field(compare=False)
    """What `spans` yields, by UTC years; worked out from the rest, and never part of its data."""

    def __init__(
        self,
        zone: str,
        week: Mapping[str, str],
        *,
        closed: Iterable[str] = (),
        special: Mapping[str, str] | None = None,
    ) -> None:
        problems: list[str] = []
        try:
            zones.zone(zone)
        except CalendarError as unknown:
            problems.extend(unknown.problems)
        hours = _read_week(week, problems)
        closed_on = _read_closed(closed, problems)
        special_on = _read_special(special or {}, problems)
        problems.extend(
            f"{day.isoformat()!r} is both closed and special: leave it in one of them"
            for day in sorted(closed_on & special_on.keys())
        )
        if problems:
            raise CalendarError(*(f"calendar {zone!r}: {problem}" for problem in problems))
        object.__setattr__(self, "zone", zone)
        object.__setattr__(self, "week", hours)
        object.__setattr__(self, "closed", tuple(sorted(closed_on)))
        object.__setattr__(self, "special", tuple(sorted(special_on.items())))
        object.__setattr__(self, "years", OpenYears(self))

    @classmethod
    def round_the_clock(cls, zone: str) -> Self:
        """Return a calendar that never closes."""
        return cls(zone, {"mon-sun": "00:00-24:00"})

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> Self:
        """Return the calendar that `to_data` gave."""
        match data:
            case {"zone": str(zone), "week": dict(week), "closed": list(closed), "special": dict(special), **rest} if (
                not rest and all(isinstance(text, str) for text in (*week.values(), *closed, *special.values()))
            ):
                return cls(zone, week, closed=closed, special=special)
        raise CalendarError(f"not a calendar: {data!r}; pass what to_data() returned")

    def to_data(self) -> dict[str, object]:
        """Return plain JSON data, in the words of the constructor; equal calendars give equal data."""
        return {
            "zone": self.zone,
            "week": {name: _text(hours) for name, hours in zip(_DAYS, self.week, strict=True) if hours},
            "closed": [day.isoformat() for day in self.closed],
            "special": {day.isoformat(): _text(hours) for day, hours in self.special},
        }

    def __repr__(self) -> str:
        return "Calendar({zone!r}, {week!r}, closed={closed!r}, special={special!r})".format(**self.to_data())

    def __str__(self) -> str:
        hours = groupby(zip(_DAYS, map(_text, self.week), strict=True), key=lambda day: day[1])
        runs = [(text, [name for name, _ in days]) for text, days in hours if text]
        week = "; ".join(
            f"{days[0]}-{days[-1]} {text}" if len(days) > 1 else f"{days[0]} {text}" for text, days in runs
        )
        dates = f" ({len(self.closed)} dates closed, {len(self.special)} special)" if self.exceptions else ""
        return f"{self.zone} {week or 'closed all week'}{dates}"

    @property
    def exceptions(self) -> tuple[date, ...]:
        """The dates that do not follow the week, in order."""
        return tuple(sorted((*self.closed, *(day for day, _ in self.special))))

    def spans(self, from_at: datetime) -> Iterator[Span]:
        """Return open time after an instant, lazily: in order, merged, the first span cut at that instant.

        The stream ends where datetimes do, or where no date opens any more.
        """
        zones.require_utc(from_at)
        # A tail reaches two days on, a skipped day moves one more, and the desk's date may be tomorrow's.
        first = max(from_at.toordinal() - 4, _FIRST_DAY.toordinal())
        stream = _merged(_in_order(_in_utc(_merged(self._openings(first)))))
        return (Span(max(start_at, from_at), end_at) for start_at, end_at in stream if end_at > from_at)

    def _openings(self, first: int) -> Iterator[tuple[datetime, datetime]]:
        """Yield every opening and closing by the desk's own clock, from the date of that ordinal on.

        Aware datetimes of one zone compare, and are added to, by what the clock on the wall reads: what is meant here.
        """
        rules = zones.zone(self.zone)
        special, closed = dict(self.special), set(self.closed)
        last_exception = max(self.exceptions, default=date.min).toordinal()
        never_opens, never_closes = not any(self.week), self._never_closes()
        for ordinal in range(first, _LAST_DAY.toordinal() + 1):
            day = date.fromordinal(ordinal)
            midnight = datetime.combine(day, time(), rules)
            if never_opens and ordinal > last_exception:
                return
            if never_closes and ordinal > last_exception + 1:
                yield midnight, datetime.combine(_END_OF_TIME, time(), rules)
                return
            hours = special[day] if day in special else () if day in closed else self.week[day.weekday()]
            for opens, closes in hours:
                yield midnight + timedelta(minutes=opens), midnight + timedelta(minutes=closes)

    def _never_closes(self) -> bool:
        """Say whether a week without exceptions has no gap; two in a row show it."""
        fortnight = enumerate(self.week * 2)
        minutes = (
            (day * _MIDNIGHT + opens, day * _MIDNIGHT + closes) for day, hours in fortnight for opens, closes in hours
        )
        return any(end - start >= 7 * _MIDNIGHT for start, end in _merged(minutes))


def _in_utc(local: Iterable[tuple[datetime, datetime]]) -> Iterator[Span]:
    """Yield what is left of each stretch in UTC.

    fold=0 is the rule: a skipped time moves forward by the gap, of one that happens twice the first is meant.
    """
    for opens, closes in local:
        start_at, end_at = opens.astimezone(UTC), closes.astimezone(UTC)
        if start_at < end_at:
            yield Span(start_at, end_at)


def _in_order(spans: Iterable[Span]) -> Iterator[Span]:
    """Sort spans that a clock change has put out of order: an opening it skips can move past a later one."""
    held: list[Span] = []
    for span in spans:
        insort(held, span)
        # No clock change moves local time by more than a day.
        while held[0].start_at < span.start_at - _A_DAY:
            yield held.pop(0)
    yield from held


def _merged(intervals: Iterable[tuple[_Point, _Point]]) -> Iterator[tuple[_Point, _Point]]:
    """Join intervals that touch or overlap; they come in order of their start."""
    run: tuple[_Point, _Point] | None = None
    for start, end in intervals:
        if run and start <= run[1]:
            run = run[0], max(run[1], end)
        else:
            if run:
                yield run
            run = start, end
    if run:
        yield run


def _text(hours: Iterable[Opening]) -> str:
    return ", ".join(map(str, hours))


def _read_week(week: Mapping[str, str], problems: list[str]) -> tuple[tuple[Opening, ...], ...]:
    hours: dict[str, tuple[Opening, ...]] = {}
    for key, text in week.items():
        openings = _read_hours(text, f"{key!r}", problems)
        for day in _read_days(key, problems):
            if day in hours:
                problems.append(f"{key!r} names {day!r} a second time: write each day once")
            hours[day] = openings
    return tuple(hours.get(day, ()) for day in _DAYS)


def _read_days(text: str, problems: list[str]) -> tuple[str, ...]:
    ends = [name.strip() for name in text.split("-", 1)]
    if unknown := ", ".join(repr(name) for name in ends if name not in _DAYS):
        problems.append(
            f"unknown day {unknown} in {text!r}: write one of {', '.join(_DAYS)}, or a range such as 'mon-fri'"
        )
        return ()
    first, last = _DAYS.index(ends[0]), _DAYS.index(ends[-1])
    if first > last:
        problems.append(f"days {text!r} run backwards: a week starts on 'mon', write two ranges")
    return _DAYS[first : last + 1]


def _read_hours(text: str, where: str, problems: list[str]) -> tuple[Opening, ...]:
    """Return the intervals of one day, in order, those that touch or overlap merged."""
    hours: list[Opening] = []
    for part in map(str.strip, text.split(",")):
        found = _INTERVAL.fullmatch(part)
        if not found:
            problems.append(f"{where} has hours {part!r}: write 'HH:MM-HH:MM', the latest end being 24:00")
            continue
        opens = int(found[1]) * 60 + int(found[2])
        closes = int(found[3]) * 60 + int(found[4]) if found[3] else _MIDNIGHT
        if opens == closes:
            problems.append(f"{where} has an empty interval {part!r}: write '00:00-24:00' for a whole day")
        hours.append(Opening(opens, closes if closes > opens else closes + _MIDNIGHT))
    return tuple(Opening(*interval) for interval in _merged(sorted(hours)))


def _read_closed(closed: Iterable[str], problems: list[str]) -> set[date]:
    if isinstance(closed, str):
        problems.append(f"closed is one text {closed!r}: write a list, ['{closed}']")
        return set()
    return {day for text in closed if (day := _read_date(text, problems))}


def _read_special(special: Mapping[str, str], problems: list[str]) -> dict[date, tuple[Opening, ...]]:
    read = ((_read_date(text, problems), _read_hours(hours, f"{text!r}", problems)) for text, hours in special.items())
    return {day: hours for day, hours in read if day}


def _read_date(text: str, problems: list[str]) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or day.year not in _YEARS:
        problems.append(f"{text!r} is not a date from {_YEARS[0]} to {_YEARS[-1]}: write 'YYYY-MM-DD'")
        return None
    return day
