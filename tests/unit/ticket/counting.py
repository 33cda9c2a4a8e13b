"""Open time counted quarter of an hour by quarter of an hour, beside the code under test and by nothing of it.

Knows the calendars of the ticket's properties, whose hours and clock changes all lie on quarters; no clock, no ticket.
"""

from datetime import datetime, timedelta
from functools import cache
from itertools import accumulate

from tests.unit.calendars import DAYS, Notice
from tests.unit.ticket.lives import CALENDARS, OPENED_AT
from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.zones import zone

QUARTER = timedelta(minutes=15)
FROM_AT = OPENED_AT.replace(hour=0)
QUARTERS = 150 * 24 * 4
"""As far as any deadline of such a life lies."""

NOTICES = (
    Notice("UTC", dict.fromkeys(DAYS, "00:00-24:00"), set(), {}),
    Notice("UTC", dict.fromkeys(DAYS[:5], "09:00-17:00"), set(), {}),
    Notice("Europe/Berlin", {**dict.fromkeys(DAYS[:4], "08:00-12:00, 13:00-16:00"), "fri": "08:00-13:00"}, set(), {}),
    Notice("UTC", dict.fromkeys(DAYS, "20:00-04:00"), set(), {}),
)
"""The hours of `CALENDARS`, day by day."""


def counted(calendar: AnyCalendar, from_at: datetime, to_at: datetime) -> timedelta:
    """Open time between two instants; less than nothing when they are the wrong way round."""
    return _before(calendar, to_at) - _before(calendar, from_at)


def _before(calendar: AnyCalendar, at: datetime) -> timedelta:
    is_open, whole = _quarters(NOTICES[CALENDARS.index(calendar)].zone, CALENDARS.index(calendar))
    quarter, rest = divmod(at - FROM_AT, QUARTER)
    return whole[quarter] * QUARTER + (rest if is_open[quarter] else timedelta())


@cache
def _quarters(name: str, notice: int) -> tuple[list[bool], list[int]]:
    """Whether each quarter is open by the clock on the wall, and how many were before it."""
    walls = ((FROM_AT + number * QUARTER).astimezone(zone(name)) for number in range(QUARTERS))
    is_open = [_is_open(NOTICES[notice], wall) for wall in walls]
    return is_open, list(accumulate(is_open, initial=0))


def _is_open(notice: Notice, wall: datetime) -> bool:
    minute, day = wall.hour * 60 + wall.minute, wall.date()
    today = any(opens <= minute < closes for opens, closes in notice.on(day))
    return today or any(opens <= minute + 1440 < closes for opens, closes in notice.on(day - timedelta(days=1)))
