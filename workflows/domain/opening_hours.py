"""A zone and opening hours as somebody writes them down: read into minutes of the local day, and written back.

Whoever writes them needs no type checker and sees no traceback. Each reader adds what is wrong to a list of problems,
so that all of it is told at once. It knows no instant.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from reprlib import Repr
from typing import NamedTuple, TypeVar

from workflows.domain import zones
from workflows.domain.errors import CalendarError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60
"""The end of a day, in minutes."""

# Other scripts have digits, too: hours that not every reader can check are no promise.
_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
# Of closed and special dates: whoever writes 2206 meant 2026.
_YEARS = range(1900, 2200)

_quotes = Repr()
_quotes.maxstring = 60  # a zone's name, or the hours of a day, as a whole

_Point = TypeVar("_Point", int, datetime)


class Opening(NamedTuple):
    """An interval of local time on the date on which it opens, in minutes since that date's midnight."""

    opens: int
    closes: int
    """More than 1440 for a tail that runs into the next morning."""

    def __str__(self) -> str:
        opens = f"{self.opens // 60:02}:{self.opens % 60:02}"
        closes = "24:00" if self.closes == MIDNIGHT else f"{self.closes // 60 % 24:02}:{self.closes % 60:02}"
        if self.closes > MIDNIGHT and self.closes - self.opens >= MIDNIGHT:
            # Merged from two; a day and more cannot be written as one.
            return f"{opens}-24:00, 23:59-{closes}"
        return f"{opens}-{closes}"


def said(value: object) -> str:
    """Quote a value that somebody wrote, never a page long."""
    return _quotes.repr(value)


def written(hours: Iterable[Opening]) -> str:
    """Return the hours of one day as they are read."""
    return ", ".join(map(str, hours))


def merged(intervals: Iterable[tuple[_Point, _Point]]) -> Iterator[tuple[_Point, _Point]]:
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


def read_zone(name: object, problems: list[str]) -> None:
    """See that there is such a zone."""
    if not isinstance(name, str):
        problems.append(f"the zone is {said(name)}: write an IANA name such as 'Europe/London'")
        return
    try:
        zones.zone(name)
    except CalendarError as unknown:
        problems.extend(unknown.problems)


def read_week(week: object, problems: list[str]) -> tuple[tuple[Opening, ...], ...]:
    """Return seven days from Monday."""
    if not isinstance(week, Mapping):
        problems.append(f"the week is {said(week)}: write {{'mon-fri': '08:00-18:00'}}")
        return ()
    hours: dict[str, tuple[Opening, ...]] = {}
    for key, text in week.items():
        openings = _read_hours(text, said(key), problems)
        for day in _read_days(key, problems):
            if day in hours:
                problems.append(f"{key!r} names {day!r} a second time: write each day once")
            hours[day] = openings
    return tuple(hours.get(day, ()) for day in DAYS)


def read_closed(closed: object, problems: list[str]) -> tuple[set[date], dict[date, str]]:
    """Return the dates of a list of texts, or of a mapping from text to name, and the names that there are."""
    if isinstance(closed, str):
        problems.append(f"closed is one text {said(closed)}: write a list, [{said(closed)}]")
        return set(), {}
    if not isinstance(closed, Iterable):
        problems.append(f"closed is {said(closed)}: write a list of dates, ['2026-12-25']")
        return set(), {}
    days: set[date] = set()
    names: dict[date, str] = {}
    for text in closed:
        if not (day := _read_date(text, problems)):
            continue
        days.add(day)
        name = closed[text] if isinstance(closed, Mapping) else ""
        if not isinstance(name, str):
            problems.append(f"{text!r} is called {said(name)}: write its name in quotes, 'Christmas Day'")
        elif name:
            names[day] = name
    return days, names


def read_special(special: object, problems: list[str]) -> dict[date, tuple[Opening, ...]]:
    """Return the hours of each date."""
    if not isinstance(special, Mapping):
        problems.append(f"special is {said(special)}: write {{'2026-12-24': '08:00-12:00'}}")
        return {}
    read = ((_read_date(text, problems), _read_hours(hours, said(text), problems)) for text, hours in special.items())
    return {day: hours for day, hours in read if day}


def _read_days(text: object, problems: list[str]) -> tuple[str, ...]:
    ends = [name.strip() for name in text.split("-", 1)] if isinstance(text, str) else [text]
    if unknown := ", ".join(said(name) for name in ends if name not in DAYS):
        problems.append(
            f"unknown day {unknown} in {said(text)}: write one of {', '.join(DAYS)}, or a range such as 'mon-fri'"
        )
        return ()
    first, last = DAYS.index(ends[0]), DAYS.index(ends[-1])
    if first > last:
        problems.append(f"days {text!r} run backwards: a week starts on 'mon', write two ranges")
    return DAYS[first : last + 1]


def _read_hours(text: object, where: str, problems: list[str]) -> tuple[Opening, ...]:
    """Return the intervals of one day, in order, those that touch or overlap merged."""
    hours: list[Opening] = []
    for part in map(str.strip, text.split(",")) if isinstance(text, str) else [text]:
        found = _INTERVAL.fullmatch(part) if isinstance(part, str) else None
        if not found:
            problems.append(f"{where} has hours {said(part)}: write 'HH:MM-HH:MM', the latest end being 24:00")
            continue
        opens = int(found[1]) * 60 + int(found[2])
        closes = int(found[3]) * 60 + int(found[4]) if found[3] else MIDNIGHT
        if opens == closes:
            problems.append(f"{where} has an empty interval {part!r}: write '00:00-24:00' for a whole day")
        hours.append(Opening(opens, closes if closes > opens else closes + MIDNIGHT))
    return tuple(Opening(*interval) for interval in merged(sorted(hours)))


def _read_date(text: object, problems: list[str]) -> date | None:
    if not isinstance(text, str):
        problems.append(f"{said(text)} stands where a date is: write it in quotes, 'YYYY-MM-DD'")
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or day.year not in _YEARS:
        problems.append(f"{said(text)} is not a date from {_YEARS[0]} to {_YEARS[-1]}: write 'YYYY-MM-DD'")
        return None
    return day
