"""Due instants beside `businesstimedelta`: the same cases, the same run; and who is right where the two differ.

Right is what somebody finds who counts minutes: `open_minutes`, the oracle of the tests. Weeks in which clocks change
are among the cases, and a desk that works at night.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from itertools import islice, product

import businesstimedelta  # type: ignore[import-untyped]  # it ships no types
import pytz  # type: ignore[import-untyped]  # businesstimedelta takes no other zones; the types are a package of their own

from tests.bench.rounds import Spread, in_turns, ratio
from tests.unit.calendars import DAY, DAYS, MINUTE, ClockChange, Notice, open_minutes
from workflows.domain.calendar import Calendar
from workflows.domain.working_time import due

WEEKS = (date(2026, 3, 26), date(2026, 6, 8), date(2026, 10, 22), date(2026, 12, 21))
"""Eight days from each: clocks go forward, nothing happens, clocks go back, Christmas."""
LENGTHS = tuple(timedelta(hours=hours) for hours in (0.25, 1, 4, 9, 27))
APART = timedelta(hours=3, minutes=7)
"""Between two starts, so that they fall into all parts of the day."""
HALF_A_YEAR = timedelta(hours=1300)
"""In working hours: 26 weeks of 50."""
WINDOW = 5 * DAY
"""What the oracle looks at in one go."""

Case = tuple[datetime, timedelta]
Calculate = Callable[[datetime, timedelta], datetime]


@dataclass(frozen=True)
class Desk:
    """The same opening hours, told to both."""

    name: str
    notice: Notice
    theirs: object
    """A rule of businesstimedelta."""
    seen: dict[int, list[datetime]] = field(default_factory=dict)
    """Open minutes that the oracle has found, by the number of its window."""

    @cached_property
    def calendar(self) -> Calendar:
        """As ours has it."""
        return self.notice.calendar

    @cached_property
    def ours(self) -> Calculate:
        """What our code says."""
        return partial(due, self.calendar)

    def other(self, start_at: datetime, length: timedelta) -> datetime:
        """What the library says."""
        answer: datetime = start_at + businesstimedelta.BusinessTimeDelta(self.theirs, timedelta=length)
        return answer.astimezone(UTC)

    def right(self, start_at: datetime, length: timedelta) -> datetime:
        """What counting says; the case is in whole minutes."""
        return next(islice(self._minutes(start_at), length // MINUTE - 1, None)) + MINUTE

    def _minutes(self, start_at: datetime) -> Iterator[datetime]:
        first = datetime(2026, 1, 1, tzinfo=UTC)
        for number in range((start_at - first) // WINDOW, 1000):
            if number not in self.seen:
                change = ClockChange(self.notice.zone, (first + number * WINDOW + 2 * DAY).date())
                self.seen[number] = open_minutes(self.notice, change)
            yield from (minute for minute in self.seen[number] if minute >= start_at)


def desks() -> tuple[Desk, ...]:
    """Office hours, a split day, a supplier in another zone with holidays; nights, and hours that clocks change in."""
    return (
        _desk("weekdays, London", "Europe/London", {"mon-fri": "08:00-18:00"}),
        _desk("office, London", "Europe/London", {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"}),
        _desk("split day, New York", "America/New_York", {"mon-fri": "08:00-12:00, 13:00-17:00"}),
        _desk(
            "supplier, Berlin, holidays",
            "Europe/Berlin",
            {"mon-thu": "08:00-16:00", "fri": "08:00-13:00"},
            closed=("2026-04-03", "2026-04-06", "2026-05-01", "2026-10-26", "2026-12-25", "2027-01-01", "2027-03-26"),
        ),
        _desk("nights, London", "Europe/London", {"mon-sun": "22:00-06:00"}),
        _desk("early, London", "Europe/London", {"mon-sun": "01:30-05:00"}),
    )


def _desk(name: str, zone: str, week: dict[str, str], *, closed: tuple[str, ...] = ()) -> Desk:
    rules_zone = pytz.timezone(zone)
    by_day: dict[str, str] = {}
    rules: list[object] = []
    for days, hours in week.items():
        first, _, last = days.partition("-")
        named = DAYS[DAYS.index(first) : DAYS.index(last or first) + 1]
        by_day |= dict.fromkeys(named, hours)
        for interval in hours.split(", "):
            opens, closes = (datetime.strptime(text, "%H:%M").time() for text in interval.split("-"))  # noqa: DTZ007 - a time of day
            working = [DAYS.index(day) for day in named]
            rules.append(businesstimedelta.WorkDayRule(opens, closes, working, tz=rules_zone))
    if closed:
        rules.append(businesstimedelta.HolidayRule({date.fromisoformat(day) for day in closed}, tz=rules_zone))
    # A single rule needs no combining, which costs the library more than half its speed.
    theirs = rules[0] if len(rules) == 1 else businesstimedelta.Rules(rules)
    return Desk(name, Notice(zone, by_day, set(closed), {}), theirs)


def cases(*, apart: timedelta = APART, weeks: Sequence[date] = WEEKS) -> list[Case]:
    """Starts all over these weeks, each with every length."""
    begins = (datetime(week.year, week.month, week.day, tzinfo=UTC) for week in weeks)
    starts = [begin + number * apart for begin in begins for number in range(8 * DAY // apart)]
    return list(product(starts, LENGTHS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Calculations a second on one desk's cases."""

    ours: Spread
    theirs: Spread
    ratio: Spread


OURS_MORE = 50
"""Ours takes too little time to be measured on as few calculations as theirs."""


async def pace(desk: Desk, asked: Sequence[Case], *, rounds: int, calculations: int) -> Pace:
    """Measure both, round by round: theirs on so many calculations, rounded up to all cases, and ours on more."""
    repeats = -(-calculations // len(asked))

    async def ours() -> float:
        return _rate(desk.ours, asked, repeats * OURS_MORE)

    async def theirs() -> float:
        return _rate(desk.other, asked, repeats)

    _rate(desk.ours, asked, 1)  # each year of a calendar is read once: see `first_look`
    found = await in_turns(rounds, {"ours": ours, "theirs": theirs})
    return Pace(
        ours=Spread.of(found["ours"]), theirs=Spread.of(found["theirs"]), ratio=ratio(found["ours"], found["theirs"])
    )


def _rate(calculate: Calculate, asked: Sequence[Case], repeats: int) -> float:
    began = time.perf_counter()
    for _ in range(repeats):
        for start_at, length in asked:
            calculate(start_at, length)
    return repeats * len(asked) / (time.perf_counter() - began)


def first_look(times: int) -> Spread:
    """Milliseconds of the first calculation by a calendar and year that nobody has read yet."""
    start_at, length = datetime(2026, 6, 8, 9, tzinfo=UTC), timedelta(hours=4)
    taken = []
    for number in range(times):
        calendar = Calendar("Europe/London", {"mon-fri": "08:00-18:00"}, closed=[f"2031-01-{number % 31 + 1:02}"])
        began = time.perf_counter()
        due(calendar, start_at, length)
        taken.append((time.perf_counter() - began) * 1000)
    return Spread.of(taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A case on which the two do not agree, and what counting says."""

    desk: str
    start_at: datetime
    length: timedelta
    ours: datetime
    theirs: datetime
    right: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both held against the oracle on one desk's cases."""

    asked: int
    ours_wrong: int
    theirs_wrong: int
    differences: tuple[Difference, ...]


def compared(desk: Desk, asked: Sequence[Case]) -> Comparison:
    """Hold both against the oracle; every case is counted out, those on which they agree too."""
    found = [
        Difference(
            desk=desk.name,
            start_at=case[0],
            length=case[1],
            ours=desk.ours(*case),
            theirs=desk.other(*case),
            right=desk.right(*case),
        )
        for case in asked
    ]
    return Comparison(
        asked=len(found),
        ours_wrong=sum(each.ours != each.right for each in found),
        theirs_wrong=sum(each.theirs != each.right for each in found),
        differences=tuple(each for each in found if each.ours != each.theirs),
    )
