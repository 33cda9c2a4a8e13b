"""Instants and lengths as people write and say them, by the clock on a wall in a named zone. Never asks for now."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from workflows.domain.errors import DomainError
from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.policy_as_written import said
from workflows.domain.zones import require_utc, zone

_WRITTEN = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?) ?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_EXAMPLE = "write '2026-11-27 17:55', or with its offset '2026-11-27 17:55+01:00'"
_YEARS = range(1900, 2200)
_A_WEEK = timedelta(days=7)
_SHORTLY = timedelta(minutes=5)


def read_instant(text: str, name: str) -> datetime:
    """The UTC instant of a text: an ISO date and time, with its offset, or by the clock on the wall in the zone named.

    Raises `DomainError` for a time that a clock change skips, and for one that happens twice: an offset tells which.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if not found:
        raise DomainError(f"{said(text)} is no date and time: {_EXAMPLE}")
    day, time, offset = found.groups()
    if int(day[:4]) not in _YEARS:
        raise DomainError(f"{said(text)} is not in the years {_YEARS[0]} to {_YEARS[-1]}: {_EXAMPLE}")
    try:
        written = datetime.fromisoformat(f"{day}T{time}{'+00:00' if offset == 'Z' else offset or ''}")
    except ValueError as error:
        raise DomainError(f"{said(text)} is no date and time: {error}: {_EXAMPLE}") from None
    return (written if offset else _on_the_wall(written, zone(name))).astimezone(UTC)


def _on_the_wall(written: datetime, rules: ZoneInfo) -> datetime:
    first, second = (written.replace(tzinfo=rules, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    shown = _as_written(written)
    if first.astimezone(UTC).astimezone(rules).replace(tzinfo=None) == written:
        ways = " or ".join(f"'{shown}{_offset(each)}'" for each in (first, second))
        raise DomainError(f"'{shown}' happens twice in {rules.key}, the clocks go back: write {ways}")
    later = _as_written(first.astimezone(UTC).astimezone(rules).replace(tzinfo=None))
    raise DomainError(f"'{shown}' does not exist in {rules.key}, the clocks go forward: write '{later}', or an offset")


def _as_written(local: datetime) -> str:
    return local.isoformat(sep=" ", timespec="seconds" if local.second else "minutes")


def _offset(at: datetime) -> str:
    text = f"{at:%z}"
    return f"{text[:3]}:{text[3:5]}"


def before_the_week_ends(calendar: AnyCalendar, from_at: datetime) -> datetime:
    """Five minutes before the calendar closes for longest in the week that follows: what tells most of a policy.

    An hour from then where it never closes.
    """
    require_utc(from_at)
    spans = calendar.spans(from_at)
    before, found, longest = next(spans, None), None, timedelta()
    for after in spans:
        if before is None or before.end_at > from_at + _A_WEEK:
            break
        closed = after.start_at - before.end_at
        if closed > longest and before.end_at - _SHORTLY >= from_at:
            found, longest = before.end_at, closed
        before = after
    return found - _SHORTLY if found else from_at + timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wall:
    """The clock on a wall: how an instant is said by it. To the second, what is less is left out."""

    zone: str
    """IANA name."""

    @property
    def place(self) -> str:
        """The zone as people call it: its city."""
        return self.zone.rpartition("/")[2].replace("_", " ")

    def local(self, at: datetime) -> datetime:
        """What the wall shows."""
        return at.astimezone(zone(self.zone))

    def day(self, at: datetime) -> date:
        """The date there."""
        return self.local(at).date()

    def time(self, at: datetime) -> str:
        """`09:10`, with seconds where there are any."""
        local = self.local(at)
        return f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"

    def day_and_time(self, at: datetime, beside: date | None = None) -> str:
        """`Mon 30 Nov 08:00`; the time alone on the day that is talked about."""
        local = self.local(at)
        return self.time(at) if local.date() == beside else f"{local:%a} {local.day} {local:%b} {self.time(at)}"


def in_full(day: date) -> str:
    """`Friday 27 November 2026`."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def length_in_words(length: timedelta) -> str:
    """`1 h 30 min`, exactly: two lengths that differ are said differently. A day is no unit of working time (3.7)."""
    minutes, rest = divmod(length, timedelta(minutes=1))
    seconds = rest / timedelta(seconds=1)
    parts = ((minutes // 60, "h"), (minutes % 60, "min"), (seconds, "s"))
    return " ".join(f"{number:.10g} {unit}" for number, unit in parts if number) or "0"


def wall_clock_in_words(length: timedelta) -> str:
    """`14 days (336 h)`: a length by the clock on the wall, of which a whole day is a unit; any other in hours."""
    days, rest = divmod(length, timedelta(days=1))
    hours = length_in_words(length)
    return hours if rest or not days else f"{days} day{'' if days == 1 else 's'} ({hours})"
