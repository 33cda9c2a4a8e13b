"""Working-time arithmetic. Told the time, never asks it.

Two questions about a calendar's open time: when is it due, and how much was worked?
"""

from collections.abc import Iterator
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile

from workflows.domain.errors import CalendarError
from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.zones import require_utc

HORIZON = timedelta(days=2 * 365)
"""How far ahead a calendar must offer the time that is promised in it (3.5): two years."""

_YEARS_AHEAD = 10
_ANY_DATE = date(2026, 1, 1)
_NOTHING = timedelta()


def due(calendar: AnyCalendar, start_at: datetime, length: timedelta, *, years_ahead: int = _YEARS_AHEAD) -> datetime:
    """Return the instant at which that much open time has passed since the start.

    On closing time it is closing time; no length at all, at a closed instant, is due at the next opening.
    Raises CalendarError when that lies beyond so many years after the start.
    """
    require_utc(start_at)
    if length < _NOTHING:
        raise CalendarError(f"length {_in_hours(length)!r} is negative: ask for none or more")
    year = start_at.year
    found = calendar.years[year].due(start_at, length)
    while not isinstance(found, datetime):
        year += 1
        if year > MAXYEAR or year - start_at.year > years_ahead:
            raise CalendarError(
                f"calendar {str(calendar)!r} does not offer {_in_hours(length)} of open time in the {years_ahead} "
                f"years after {start_at.isoformat()}: give it more hours, or ask for less"
            )
        found = calendar.years[year].due(start_at, found)
    return found


def worked(calendar: AnyCalendar, start_at: datetime, end_at: datetime) -> timedelta:
    """Return the open time between two instants."""
    require_utc(start_at)
    if require_utc(end_at) < start_at:
        raise CalendarError(f"end '{end_at.isoformat()}' lies before start '{start_at.isoformat()}': swap them")
    years = calendar.years
    counted = years[end_at.year].open_before(end_at) - years[start_at.year].open_before(start_at)
    for year in range(start_at.year, end_at.year):
        counted += years[year].total
    return counted


def is_open(calendar: AnyCalendar, at: datetime) -> bool:
    """Whether that instant is open time; at closing time it is not."""
    return calendar.years[require_utc(at).year].is_open(at)


@lru_cache(maxsize=256)
def least_open(calendar: AnyCalendar, horizon: timedelta = HORIZON) -> timedelta:
    """Return the least open time that a window of that length holds, wherever among the calendar's dates it starts."""
    return min(worked(calendar, start_at, start_at + horizon) for start_at in _worst_starts(calendar, horizon))


def _worst_starts(calendar: AnyCalendar, horizon: timedelta) -> Iterator[datetime]:
    """Yield the closing times, no moment to start being worse, until a plain week has followed the last exception."""
    dates = calendar.exceptions or (_ANY_DATE,)
    first_at = datetime.combine(dates[0], time(), UTC) - horizon
    last_at = datetime.combine(dates[-1], time(), UTC) + timedelta(days=10)
    yield first_at
    yield from takewhile(lambda end_at: end_at <= last_at, (span.end_at for span in calendar.spans(first_at)))


def _in_hours(length: timedelta) -> str:
    return f"{length / timedelta(hours=1):.10g} hours"
