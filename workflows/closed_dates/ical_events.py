"""What keeps an event of an iCal file from closing whole dates. Knows no file and no year."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import icalendar

from workflows.closed_dates.years import YEARS, said

_A_DAY = timedelta(days=1)
_LONGEST = timedelta(days=366)
_ONCE = ("DTSTART", "DTEND", "DURATION", "RRULE", "UID", "SUMMARY", "STATUS", "RECURRENCE-ID")
_REPEATS = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_HIGHEST = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
"""By part of a rule, how far its numbers go; a wrong one would never match, and nobody would notice."""
_OF_TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
_UNDERSTOOD = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST", *_HIGHEST, *_OF_TIMES}


def value(event: icalendar.Component, name: str) -> object:
    """Return what a property says, as Python has it; None where there is no such property."""
    return getattr(event.get(name), "dt", None)


def named(event: icalendar.Component) -> str:
    """Return how an event is told of."""
    uid = event.get("UID")
    return f"event {said(str(uid))}" if isinstance(uid, icalendar.vText) else "event without UID"


def problems_of(event: icalendar.Component) -> Iterator[str]:
    """Yield what is wrong with an event; none when it closes dates, once or again and again."""
    if event.errors:
        yield from (
            f"{said(name)[1:-1] if name else 'a line'} cannot be read: {said(problem)}"
            for name, problem in event.errors
        )
        return
    if twice := [name for name in _ONCE if isinstance(event.get(name), list)]:
        yield from (f"{name} stands more than once: write each event by itself" for name in twice)
        return
    starts_on = value(event, "DTSTART")
    if starts_on is None:
        yield "no DTSTART: write DTSTART;VALUE=DATE:20261225"
    elif not _is_date(starts_on):
        yield "DTSTART has a time: make it an all-day event, or write the hours of that date in `special`"
    elif isinstance(starts_on, date) and starts_on.year not in YEARS:
        yield f"DTSTART is in {starts_on.year}: write a year from {YEARS[0]} to {YEARS[-1]}"
    elif isinstance(starts_on, date):
        yield from _of_length(event, starts_on)
        yield from _of_rule(event)
        yield from _of_dates(event)


def _of_length(event: icalendar.Component, starts_on: date) -> Iterator[str]:
    ends_on, length = value(event, "DTEND"), value(event, "DURATION")
    if ends_on is not None and length is not None:
        yield "both DTEND and DURATION: write one"
    elif ends_on is not None and not _is_date(ends_on):
        yield "DTEND has a time, DTSTART none: write DTEND;VALUE=DATE, the day after the last"
    elif isinstance(ends_on, date) and ends_on <= starts_on:
        yield f"ends on {ends_on}, not after its start on {starts_on}: DTEND is the day after the last"
    elif length is not None and (not isinstance(length, timedelta) or length < _A_DAY or length % _A_DAY):
        yield "DURATION is no number of days: write DURATION:P2D"
    elif _lasts(starts_on, ends_on, length) > _LONGEST:
        yield "closes for more than a year at once: leave the days out of the week instead"


def _lasts(starts_on: date, ends_on: object, length: object) -> timedelta:
    if isinstance(ends_on, date):
        return ends_on - starts_on
    return length if isinstance(length, timedelta) else _A_DAY


def _of_rule(event: icalendar.Component) -> Iterator[str]:
    rule = event.get("RRULE")
    if not isinstance(rule, icalendar.vRecur):
        return
    if not set(rule.get("FREQ", ())) & set(_REPEATS):
        yield f"RRULE repeats no dates: write FREQ, one of {', '.join(_REPEATS)}"
    if any(number < 1 for number in rule.get("INTERVAL", ())):
        yield "RRULE has an INTERVAL of less than 1: write 1 or more"
    for part, highest in _HIGHEST.items():
        if wrong := [int(number) for number in rule.get(part, ()) if not 1 <= abs(number) <= highest]:
            yield f"RRULE has {part}={wrong[0]}: write one from 1 to {highest}"
    if times := [part for part in _OF_TIMES if part in rule]:
        yield f"RRULE has {', '.join(times)}, but the event has no time: leave it out"
    if others := [part for part in rule if part.upper() not in _UNDERSTOOD]:
        yield f"RRULE has {said(', '.join(others))[1:-1]}, which is not understood: write its dates as RDATE"


def _of_dates(event: icalendar.Component) -> Iterator[str]:
    """Yield what is wrong with dates added, left out or changed. Some programs write those of midnight."""
    if "EXRULE" in event:
        yield "EXRULE is of another age: write EXDATE;VALUE=DATE:20261228 for each date that is left out"
    if not all(map(_is_date, _dates_in(event, "RDATE"))):
        yield "RDATE has a time: write RDATE;VALUE=DATE:20261228"
    if not all(map(_is_midnight, _dates_in(event, "EXDATE"))):
        yield "EXDATE has a time: write EXDATE;VALUE=DATE:20261228"
    if not _is_midnight(value(event, "RECURRENCE-ID") or date.min):
        yield "RECURRENCE-ID has a time: write RECURRENCE-ID;VALUE=DATE:20261228"


def _dates_in(event: icalendar.Component, name: str) -> Iterator[object]:
    lists = event.get(name, [])
    for each in lists if isinstance(lists, list) else [lists]:
        yield from (one.dt for one in each.dts)


def _is_midnight(what: object) -> bool:
    return _is_date(what) or (isinstance(what, datetime) and what.time() == time())


def _is_date(what: object) -> bool:
    return isinstance(what, date) and not isinstance(what, datetime)
