"""Calendars at random, and open time found minute by minute, as somebody with a wall clock and a list would.

The oracle shares the zone files with the code under test and nothing else: it walks through UTC, reads the wall clock
at each minute, and so finds skipped and repeated times for itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise

from hypothesis import strategies as st

from workflows.domain.calendar import Calendar
from workflows.domain.zones import zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def utc(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True)
class ClockChange:
    """A zone, and a date on or beside which its clocks change."""

    zone: str
    on: date

    @property
    def from_at(self) -> datetime:
        """Midnight UTC two days before it: where the window that is looked at begins."""
        return datetime.combine(self.on, time(), UTC) - 2 * DAY

    @property
    def until_at(self) -> datetime:
        """Where the window ends, five days later."""
        return self.from_at + 5 * DAY


CLOCK_CHANGES = (
    ClockChange("Europe/London", date(2026, 3, 29)),
    ClockChange("Europe/London", date(2026, 10, 25)),
    ClockChange("Asia/Tehran", date(2015, 3, 22)),
    ClockChange("America/Sao_Paulo", date(2017, 10, 15)),
    ClockChange("America/Sao_Paulo", date(2018, 2, 18)),
    ClockChange("Australia/Lord_Howe", date(2026, 10, 4)),
    ClockChange("Australia/Lord_Howe", date(2026, 4, 5)),
    ClockChange("Pacific/Apia", date(2011, 12, 30)),
    ClockChange("Asia/Pyongyang", date(2015, 8, 15)),
    ClockChange("Asia/Pyongyang", date(2018, 5, 5)),
    ClockChange("Asia/Kathmandu", date(2026, 5, 1)),
)


ZONES = tuple(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
"""Every zone that there is."""


@dataclass(frozen=True)
class Notice:
    """Opening hours as somebody wrote them down."""

    zone: str
    week: dict[str, str]
    closed: set[str]
    special: dict[str, str]

    @property
    def calendar(self) -> Calendar:
        """What the code under test makes of it."""
        return Calendar(self.zone, self.week, closed=self.closed, special=self.special)

    def on(self, day: date) -> Iterator[tuple[int, int]]:
        """Return the hours of a date, in minutes since its midnight."""
        by_week = "" if day.isoformat() in self.closed else self.week.get(DAYS[day.weekday()], "")
        return _minutes(self.special.get(day.isoformat(), by_week))

    @property
    def minutes_a_week(self) -> int:
        """Open minutes of a week, those that overlap counted for each interval."""
        return sum(closes - opens for hours in self.week.values() for opens, closes in _minutes(hours))


def _minutes(hours: str) -> Iterator[tuple[int, int]]:
    for interval in filter(None, hours.split(", ")):
        opens, closes = (int(text[:2]) * 60 + int(text[3:]) for text in interval.split("-"))
        yield opens, closes if closes > opens else closes + 1440


def _interval(opens: int, closes: int) -> str:
    return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"


# Half of all times lie where clocks are changed.
_times = st.one_of(st.integers(0, 1439), st.sampled_from([0, 30, 60, 90, 105, 120, 125, 150, 180, 1410, 1425, 1439]))
_intervals = st.one_of(
    st.just("00:00-24:00"),
    st.tuples(_times, _times).filter(lambda ends: ends[0] != ends[1]).map(lambda ends: _interval(*ends)),
)
_hours = st.lists(_intervals, min_size=1, max_size=3).map(", ".join)


@st.composite
def notices(draw: st.DrawFn, zones: tuple[str, ...], around: date) -> Notice:
    """Draw hours on at least one day of the week, with exceptional dates around a date."""
    week = draw(st.dictionaries(st.sampled_from(DAYS), _hours, min_size=1))
    dates = st.integers(-4, 4).map(lambda days: (around + days * DAY).isoformat())
    closed = draw(st.sets(dates, max_size=3))
    special = draw(st.dictionaries(dates.filter(lambda day: day not in closed), _hours, max_size=2))
    return Notice(draw(st.sampled_from(zones)), week, closed, special)


def calendars() -> st.SearchStrategy[Calendar]:
    """Draw a calendar that is open for about an hour a week at least, with exceptional dates in the spring of 2026."""
    zones = tuple(dict.fromkeys(change.zone for change in CLOCK_CHANGES))
    enough = notices(zones, date(2026, 4, 1)).filter(lambda notice: notice.minutes_a_week >= 60)
    return enough.map(lambda notice: notice.calendar)


@st.composite
def _changes_anywhere(draw: st.DrawFn) -> ClockChange:
    """Draw any zone and a date: one on which its clocks change, if they do in the year from a date drawn first."""
    name, first = draw(st.sampled_from(ZONES)), draw(st.dates(date(1980, 1, 1), date(2036, 12, 31)))
    midnights = (datetime.combine(first, time(), zone(name)) + number * DAY for number in range(366))
    offsets = [(midnight.date(), midnight.utcoffset()) for midnight in midnights]
    changes = (day for (day, offset), (_, later) in pairwise(offsets) if offset != later)
    return ClockChange(name, next(changes, first))


@st.composite
def clock_changes(draw: st.DrawFn) -> tuple[Notice, ClockChange]:
    """Draw a clock change of those above or of any zone, and hours there with exceptional dates about it."""
    change = draw(st.sampled_from(CLOCK_CHANGES) | _changes_anywhere())
    return draw(notices((change.zone,), change.on)), change


def instants() -> st.SearchStrategy[datetime]:
    """Draw an instant from December 2025 to January 2027, to the microsecond."""
    first, last = datetime.fromisoformat("2025-12-01"), datetime.fromisoformat("2027-02-01")
    return st.datetimes(first, last, timezones=st.just(UTC))


def open_minutes(notice: Notice, change: ClockChange) -> list[datetime]:
    """Return the open minutes of the change's window, in order."""
    on_the_wall = {
        day * 1440 + minute
        for day in range(-3, 9)
        for opens, closes in notice.on(change.from_at.date() + day * DAY)
        for minute in range(opens, closes)
    }
    openings = sorted(minute for minute in on_the_wall if minute - 1 not in on_the_wall)
    closings = sorted(minute + 1 for minute in on_the_wall if minute + 1 not in on_the_wall)
    instant_of = _instants_by_the_wall_clock(change)
    found: set[int] = set()
    for opens, closes in zip(openings, closings, strict=True):
        found.update(range(instant_of[opens], instant_of[closes]))
    return [change.from_at + minute * MINUTE for minute in sorted(found & set(range(5 * 1440)))]


@cache
def _instants_by_the_wall_clock(change: ClockChange) -> dict[int, int]:
    """Tell for each reading of the wall clock which minute it is; both count from the window's first midnight."""
    rules, from_at = zone(change.zone), change.from_at
    instant_of: dict[int, int] = {}
    skipped: dict[int, int] = {}
    last: int | None = None
    for minute in range(-6 * 1440, 13 * 1440):
        wall = (from_at + minute * MINUTE).astimezone(rules).replace(tzinfo=UTC)
        reading = (wall - from_at) // MINUTE
        instant_of.setdefault(reading, minute)
        if last is not None:
            gap = range(last + 1, reading)
            skipped.update((missed, missed + len(gap)) for missed in gap)
        last = reading
    return instant_of | {missed: instant_of[meant] for missed, meant in skipped.items()}
