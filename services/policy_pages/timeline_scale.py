"""Where an instant stands on the chart of a story: time runs downwards, and stretches where there is much to say.

A scale true to time would put an urgent quarter of an hour into one line beside an empty week end. This one gives each
instant the room that its words need, and lets quiet stretches grow slowly; between two stops it is true to time.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log2

_TEN_MINUTES = timedelta(minutes=10)
_GROWTH = 11.0
_LONGEST_QUIET = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """An instant that needs room below it."""

    at: datetime
    height: float
    """In the chart's units."""


class Scale:
    """Instants to places, from the first stop to the end of the last one's room."""

    def __init__(self, stops: Iterable[Stop], top: float) -> None:
        """Place the stops, which come in order of time; the first at the top."""
        self._ats: list[datetime] = []
        self._places: list[float] = []
        place, before = top, None
        for stop in stops:
            if before is not None:
                place += max(before.height, _quiet(stop.at - before.at))
            self._ats.append(stop.at)
            self._places.append(place)
            before = stop
        self.bottom = place + (before.height if before else 0.0)

    @property
    def places(self) -> tuple[float, ...]:
        """Of the stops, in their order."""
        return tuple(self._places)

    def place(self, at: datetime) -> float:
        """Where an instant stands; one before the first stop at the top, one after the last at the bottom."""
        above = bisect_right(self._ats, at)
        if above == 0:
            return self._places[0]
        if above == len(self._ats):
            return self._places[-1] if at == self._ats[-1] else self.bottom
        from_at, to_at = self._ats[above - 1], self._ats[above]
        begin, end = self._places[above - 1], self._places[above]
        return begin + (end - begin) * ((at - from_at) / (to_at - from_at))


def _quiet(length: timedelta) -> float:
    return min(_LONGEST_QUIET, _GROWTH * log2(1 + length / _TEN_MINUTES))
