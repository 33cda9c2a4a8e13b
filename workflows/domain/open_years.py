"""Open time by UTC years, each read once from a calendar's stream and kept with its running total.

So neither question of working time depends on the length asked for. It knows spans, and nothing of opening hours.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from itertools import takewhile
from typing import Protocol

_NOTHING = timedelta()


class Stream(Hashable, Protocol):
    """What open time is read from; equal ones are read once for all of them."""

    def spans(self, from_at: datetime, /) -> Iterator[tuple[datetime, datetime]]:
        """Yield start and end of open time after an instant, in order, without overlaps."""
        ...


@dataclass(frozen=True, slots=True)
class OpenYear:
    """The open time of one UTC year, in columns: one place a span."""

    starts: tuple[datetime, ...]
    ends: tuple[datetime, ...]
    before: tuple[timedelta, ...]
    """Open time of the year before each span, and at last of all of them."""
    origins: tuple[datetime, ...]
    """Of each span, its start less the open time before it: to get from an instant to open time and back."""

    @property
    def total(self) -> timedelta:
        """All of it."""
        return self.before[-1]

    def is_open(self, at: datetime) -> bool:
        """Whether an instant of the year is open time."""
        index = bisect_right(self.ends, at)
        return index < len(self.ends) and self.starts[index] <= at

    def open_before(self, at: datetime) -> timedelta:
        """Return the year's open time before an instant; of another year's instant, none or all."""
        index = bisect_right(self.ends, at)
        if index == len(self.ends) or at <= self.starts[index]:
            return self.before[index]
        return at - self.origins[index]

    def due(self, start_at: datetime, length: timedelta) -> datetime | timedelta:
        """Return when that much has passed since the start, or how much of it is left when the year is over."""
        index = bisect_right(self.ends, start_at)
        try:
            opens_at = self.starts[index]
        except IndexError:
            return length
        passed = start_at - self.origins[index] if opens_at < start_at else self.before[index]
        wanted = passed + length
        if wanted > self.before[index + 1]:
            if wanted > self.before[-1]:
                return wanted - self.before[-1]
            index = bisect_left(self.before, wanted, index + 2) - 1
        return self.origins[index] + wanted


class OpenYears(dict[int, OpenYear]):
    """A calendar's years by number, each read when it is first asked for."""

    def __init__(self, stream: Stream) -> None:
        super().__init__()
        self._stream = stream

    def __missing__(self, year: int) -> OpenYear:
        """Read it: a millisecond or two, some 70 kB to keep."""
        self[year] = _read(self._stream, year)
        return self[year]


@lru_cache(maxsize=512)
def _read(stream: Stream, year: int) -> OpenYear:
    from_at = datetime(year, 1, 1, tzinfo=UTC)
    until_at = datetime(year + 1, 1, 1, tzinfo=UTC) if year < MAXYEAR else datetime.max.replace(tzinfo=UTC)
    starts, ends, before = [], [], [_NOTHING]
    for start_at, end_at in takewhile(lambda span: span[0] < until_at, stream.spans(from_at)):
        starts.append(start_at)
        ends.append(min(end_at, until_at))
        before.append(before[-1] + (ends[-1] - start_at))
    origins = (start_at - passed for start_at, passed in zip(starts, before, strict=False))
    return OpenYear(tuple(starts), tuple(ends), tuple(before), tuple(origins))
