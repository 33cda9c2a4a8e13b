"""Opening hours: when a desk is open, as one lazy stream of UTC spans.

Local time lives in this module and nowhere else in the domain. It knows no length of work (`working_time` does)
and never asks what time it is.
"""

from bisect import insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple, Self

from workflows.domain import zones
from workflows.domain.errors import CalendarError
from workflows.domain.open_years import OpenYears
from workflows.domain.opening_hours import (
    DAYS,
    MIDNIGHT,
    Opening,
    merged,
    read_closed,
    read_special,
    read_week,
    read_zone,
    said,
    written,
)

_A_DAY = timedelta(days=1)

# Room at both ends of what a datetime can hold for a tail, a zone's offset and a skipped day.
_FIRST_DAY = date(1, 1, 5)
_LAST_DAY = date(9999, 12, 28)
_END_OF_TIME = date(9999, 12, 30)


class Span(NamedTuple):
    """Open time from `start_at` until `end_at`: half open, not empty, in UTC."""

    start_at: datetime
    end_at: datetime


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Calendar:
    """A zone, weekly hours, dates that are closed and dates with hours of their own.

    `Calendar("Europe/London", {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"}, closed=["2026-12-25"])`

    A day may have several intervals (`"08:00-12:00, 13:00-17:00"`); they may end at 24:00 or cross midnight
    (`"22:00-06:00"`) and belong, tail included, to the date on which they open. Days that are not named are closed.
    Closed dates may be a mapping, date to name, as `workflows.closed_dates` gives them. Whatever is wrong is raised as
    one CalendarError.
    """

    zone: str
    """IANA name."""
    week: tuple[tuple[Opening, ...], ...]
    """Seven days from Monday, each in order and without overlaps."""
    closed: tuple[date, ...]
    special: tuple[tuple[date, tuple[Opening, ...]], ...]
    names: tuple[tuple[date, str], ...] = field(compare=False)
    """What closed dates are called, for people: no part of its value or data, and so of no policy's version."""
    years: OpenYears = field(compare=False)
    """What `spans` yields, by UTC years; worked out from the rest, and never part of its data."""

    def __init__(
        self,
        zone: str,
        week: Mapping[str, str],
        *,
        closed: Iterable[str] | Mapping[str, str] = (),
        special: Mapping[str, str] | None = None,
    ) -> None:
        problems: list[str] = []
        read_zone(zone, problems)
        hours = read_week(week, problems)
        closed_on, names = read_closed(closed, problems)
        special_on = read_special({} if special is None else special, problems)
        problems.extend(
            f"{day.isoformat()!r} is both closed and special: leave it in one of them"
            for day in sorted(closed_on & special_on.keys())
        )
        if problems:
            raise CalendarError(*(f"calendar {said(zone)}: {problem}" for problem in problems))
        object.__setattr__(self, "zone", zone)
        object.__setattr__(self, "week", hours)
        object.__setattr__(self, "closed", tuple(sorted(closed_on)))
        object.__setattr__(self, "special", tuple(sorted(special_on.items())))
        object.__setattr__(self, "names", tuple(sorted(names.items())))
        object.__setattr__(self, "years", OpenYears(self))

    @classmethod
    def round_the_clock(cls, zone: str) -> Self:
        """Return a calendar that never closes."""
        return cls(zone, {"mon-sun": "00:00-24:00"})

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> Self:
        """Return the calendar that `to_data` gave."""
        match data:
            case {
                "zone": str(zone),
                "week": dict(week),
                "closed": (list() | dict()) as closed,
                "special": dict(special),
                **rest,
            } if not rest and all(isinstance(text, str) for text in (*week.values(), *closed, *special.values())):
                return cls(zone, week, closed=closed, special=special)
        raise CalendarError(f"not a calendar: {data!r}; pass what to_data() returned")

    def to_data(self, *, with_names: bool = False) -> dict[str, object]:
        """Return plain JSON data, in the words of the constructor; equal calendars give equal data.

        With the names of closed dates it is for the way to another process only: not what a version is the hash of.
        """
        closed = [day.isoformat() for day in self.closed]
        return {
            "zone": self.zone,
            "week": {name: written(hours) for name, hours in zip(DAYS, self.week, strict=True) if hours},
            "closed": dict(zip(closed, map(self.name_of, self.closed), strict=True)) if with_names else closed,
            "special": {day.isoformat(): written(hours) for day, hours in self.special},
        }

    def __repr__(self) -> str:
        return "Calendar({zone!r}, {week!r}, closed={closed!r}, special={special!r})".format(**self.to_data())

    def __str__(self) -> str:
        dates = f" ({len(self.closed)} dates closed, {len(self.special)} special)" if self.exceptions else ""
        return f"{self.zone} {self.plain_week}{dates}"

    @property
    def plain_week(self) -> str:
        """The hours of a week without exceptions, days of the same hours together: `mon-fri 08:00-18:00; sat …`."""
        hours = groupby(zip(DAYS, map(written, self.week), strict=True), key=lambda day: day[1])
        runs = [(text, [name for name, _ in days]) for text, days in hours if text]
        week = "; ".join(
            f"{days[0]}-{days[-1]} {text}" if len(days) > 1 else f"{days[0]} {text}" for text, days in runs
        )
        return week or "closed all week"

    @property
    def desks(self) -> tuple["Calendar", ...]:
        """The calendars that it is made of: itself, as FollowTheSun is of several."""
        return (self,)

    def name_of(self, day: date) -> str:
        """What a closed date is called; empty where nobody gave it a name."""
        return dict(self.names).get(day, "")

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
        stream = merged(_in_order(_in_utc(merged(self._openings(first)))))
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
            (day * MIDNIGHT + opens, day * MIDNIGHT + closes) for day, hours in fortnight for opens, closes in hours
        )
        return any(end - start >= 7 * MIDNIGHT for start, end in merged(minutes))


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
