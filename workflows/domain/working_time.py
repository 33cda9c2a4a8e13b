"""Working-time arithmetic. Told the time, never asks it.

Two walks over a calendar's stream of open time: when is it due, and how much was worked? The stream is read once
for each calendar and year, and kept with its running total, so that neither walk depends on the length asked for.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile

from workflows.domain.calendar import Calendar
from workflows.domain.errors import CalendarError
from workflows.domain.zones import require_utc

HORIZON = timedelta(days=2 * 365)
"""How far ahead a calendar must offer the time that is promised in it (3.5): two years."""

_YEARS_AHEAD = 10
_ANY_DATE = date(2026, 1, 1)
_NOTHING = timedelta()


def due(calendar: Calendar, start_at: datetime, length: timedelta, *, years_ahead: int = _YEARS_AHEAD) -> datetime:
    """Return the instant at which that much open time has passed since the start.

    On closing time it is closing time; no length at all, at a closed instant, is due at the next opening.
    Raises CalendarError when that lies beyond so many years after the start.
    """
    require_utc(start_at)
    if length < _NOTHING:
        raise CalendarError(f"length {_in_hours(length)!r} is negative: working time only adds up")
    left = length
    for year in range(start_at.year, min(start_at.year + years_ahead, MAXYEAR) + 1):
        hours = _hours(calendar, year)
        due_at = hours.due(start_at, left)
        if due_at is not None:
            return due_at
        left -= hours.total - hours.open_before(start_at)
    raise CalendarError(
        f"calendar {str(calendar)!r} does not offer {_in_hours(length)} of open time in the {years_ahead} years after "
        f"{start_at.isoformat()}: give it more hours, or ask for less"
    )


def worked(calendar: Calendar, start_at: datetime, end_at: datetime) -> timedelta:
    """Return the open time between two instants."""
    require_utc(start_at)
    if require_utc(end_at) < start_at:
        raise CalendarError(f"'{end_at.isoformat()}' lies before '{start_at.isoformat()}': swap start and end")
    whole_years = sum((_hours(calendar, year).total for year in range(start_at.year, end_at.year)), _NOTHING)
    until_end = _hours(calendar, end_at.year).open_before(end_at)
    return whole_years + until_end - _hours(calendar, start_at.year).open_before(start_at)


def is_open(calendar: Calendar, at: datetime) -> bool:
    """Whether that instant is open time; at closing time it is not."""
    span = next(calendar.spans(at), None)
    return span is not None and span.start_at <= at


@lru_cache(maxsize=256)
def least_open(calendar: Calendar, horizon: timedelta = HORIZON) -> timedelta:
    """Return the least open time that a window of that length holds, wherever among the calendar's dates it starts."""
    return min(worked(calendar, start_at, start_at + horizon) for start_at in _worst_starts(calendar, horizon))


def _worst_starts(calendar: Calendar, horizon: timedelta) -> Iterator[datetime]:
    """Yield the closing times, no moment to start being worse, until a plain week has followed the last exception."""
    dates = calendar.exceptions or (_ANY_DATE,)
    first_at = datetime.combine(dates[0], time(), UTC) - horizon
    last_at = datetime.combine(dates[-1], time(), UTC) + timedelta(days=10)
    yield first_at
    yield from takewhile(lambda end_at: end_at <= last_at, (span.end_at for span in calendar.spans(first_at)))


@dataclass(frozen=True, slots=True)
class _Hours:
    """One calendar's open time in one UTC year, with its running total."""

    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]
    before: tuple[timedelta, ...]
    """Open time of the year before each span, and at last of all of them."""

    @property
    def total(self) -> timedelta:
        return self.before[-1]

    def open_before(self, at: datetime) -> timedelta:
        """Return the year's open time before an instant; of another year's instant, none or all."""
        index = bisect_right(self.ends, at)
        if index == len(self.ends) or at <= self.starts[index]:
            return self.before[index]
        return self.before[index] + (at - self.starts[index])

    def due(self, start_at: datetime, length: timedelta) -> datetime | None:
        """Return when that much has passed since the start, or None if it is not in this year."""
        if not length:
            index = bisect_right(self.ends, start_at)
            return max(self.starts[index], start_at) if index < len(self.ends) else None
        wanted = self.open_before(start_at) + length
        if wanted > self.total:
            return None
        index = bisect_left(self.before, wanted) - 1
        return self.starts[index] + (wanted - self.before[index])


@lru_cache(maxsize=512)
def _hours(calendar: Calendar, year: int) -> _Hours:
    """Return the year's part of the calendar's stream: a millisecond or two to read, some 60 kB to keep."""
    from_at = datetime(year, 1, 1, tzinfo=UTC)
    until_at = datetime(year + 1, 1, 1, tzinfo=UTC) if year < MAXYEAR else datetime.max.replace(tzinfo=UTC)
    starts, ends, before = [], [], [_NOTHING]
    for start_at, end_at in takewhile(lambda span: span.start_at < until_at, calendar.spans(from_at)):
        starts.append(start_at)
        ends.append(min(end_at, until_at))
        before.append(before[-1] + (ends[-1] - start_at))
    return _Hours(tuple(starts), tuple(ends), tuple(before))


def _in_hours(length: timedelta) -> str:
    return f"{length / timedelta(hours=1):.10g} hours"
