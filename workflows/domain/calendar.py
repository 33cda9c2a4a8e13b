"""Opening hours: when a desk is open, as one lazy stream of UTC spans.

Local time lives in this module and nowhere else in the domain. It knows no length of work (`working_time` does)
and never asks what time it is.
"""

import re
from bisect import insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Self

from workflows.domain.errors import CalendarError
from workflows.domain.zones import require_utc, zone

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 24 * 60
_INTERVAL = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_A_DAY = timedelta(days=1)

# Room for a tail, a zone's offset and a skipped day at both ends of what a datetime can hold.
_FIRST_DAY = date(1, 1, 2)
_LAST_DAY = date(9999, 12, 28)
_END_OF_TIME = datetime.combine(date(9999, 12, 30), time())


class Span(NamedTuple):
    """Open time from `start_at` until `end_at`: half open, not empty, in UTC."""

    start_at: datetime
    end_at: datetime


class Opening(NamedTuple):
    """An interval of local time on the date on which it opens, in minutes since that date's midnight."""

    opens: int
    closes: int
    """Beyond 1440 it is a tail that runs into the next morning."""

    def __str__(self) -> str:
        closing = f"{_clock(self.closes % _MIDNIGHT)}" if self.closes % _MIDNIGHT else "24:00"
        if self.closes - self.opens < _MIDNIGHT or closing == "24:00":
            return f"{_clock(self.opens)}-{closing}"
        # A day and more (merged, so never written as one) needs two intervals to be read back.
        return f"{_clock(self.opens)}-24:00, 23:59-{closing}"


type_placeholder = None
