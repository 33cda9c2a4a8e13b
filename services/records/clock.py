"""The record's clock: which instant of the record a real instant is.

A port: the record asks the database (PostgreSQL) or the process (SQLite) for the real instant, once it has the lock,
and this for what it means. A scaled clock compresses time for feeds; policies and calendars never know.
"""

import math
from dataclasses import dataclass, field
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Protocol

from services.records.errors import ClockRunOut, ClockUnusable

LAST_YEAR = 2199
"""Of a record whose clock is begun or continued: what is promised then still ends well before the calendar does."""
INSTANTS = range(1900, 9000)
"""Years that a record's instants may be of: what is promised at either end is still a date."""
SLOWEST, FASTEST = 0.001, 1_000_000
"""Speeds that a clock may have: beyond them no timer could be set."""
SHORTEST_SLEEP_SECONDS = 0.001
"""A wake-up that is due already still lets others have a turn."""


class RecordClock(Protocol):
    """What the record needs of a clock."""

    @property
    def name(self) -> str:
        """Written with the record, and readable by `parse`; a record is never continued by another clock."""
        ...

    @property
    def speed(self) -> float:
        """Seconds of the record for each real second."""
        ...

    def read(self, real: datetime) -> datetime:
        """Return the record's instant, in UTC and whole microseconds, of a real one. Raises `ClockRunOut`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RealClock:
    """The record's time is the world's."""

    name: str = field(default="real", init=False)
    speed: float = field(default=1.0, init=False)

    def read(self, real: datetime) -> datetime:
        """Return the instant itself."""
        return real


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaledClock:
    """Stands at the real instant at `origin` and runs `speed` times as fast, before and after."""

    origin: datetime
    speed: float

    def __post_init__(self) -> None:
        if self.origin.tzinfo is not UTC:
            raise ValueError(f"clock origin {str(self.origin)!r} is not in UTC: write it like 2026-11-21T12:00:00Z")
        if not (math.isfinite(self.speed) and self.speed > 0):
            raise ValueError(f"clock speed {self.speed!r} is not a positive number: write one like 5000")
        if not SLOWEST <= self.speed <= FASTEST:
            raise ValueError(f"clock speed {self.speed!r} is no use: write one from {SLOWEST:g} to {FASTEST}")

    @property
    def name(self) -> str:
        """The setting that makes this very clock."""
        speed = repr(float(self.speed)).removesuffix(".0")
        return f"scaled:{self.origin.isoformat().replace('+00:00', 'Z')}:{speed}"

    def read(self, real: datetime) -> datetime:
        """Return the record's instant, rounded to whole microseconds. Raises `ClockRunOut`."""
        try:
            return self.origin + (real - self.origin) * self.speed
        except OverflowError:
            raise ClockRunOut(self.name) from None


def instant_by(clock: RecordClock, real: datetime) -> datetime:
    """Read a clock, and see that what it says is an instant; it is a port, and may be anybody's.

    Raises `ClockRunOut`, and `ClockUnusable` for what is naive, in another zone, too long ago or no datetime at all.
    """
    at: object = clock.read(real)
    if not isinstance(at, datetime) or at.tzinfo is not UTC or at.year < INSTANTS.start:
        raise ClockUnusable(clock.name, at)
    if at.year >= INSTANTS.stop:
        raise ClockRunOut(clock.name)
    return at


def parse(text: str) -> RecordClock:
    """Read `real` or `scaled:ORIGIN:SPEED`, such as `scaled:2026-11-21T12:00:00Z:5000`; `ValueError` otherwise."""
    if text == "real":
        return RealClock()
    kind, _, rest = text.partition(":")
    origin, _, speed = rest.rpartition(":")
    if kind != "scaled" or not origin or not speed:
        raise ValueError(
            f"clock {text!r} is unknown: write 'real', or 'scaled:ORIGIN:SPEED' like 'scaled:2026-11-21T12:00:00Z:5000'"
        )
    return ScaledClock(origin=_instant(origin), speed=_number(speed))


def require_present(clock: RecordClock, real: datetime) -> None:
    """See that it can be gone by this clock from this real instant on; `ValueError` otherwise."""
    if not isinstance(clock, ScaledClock):
        return
    remedy = f"write the real instant from which the record runs faster, like {real:%Y-%m-%dT%H:%M:%SZ}, which is now"
    origin = f"clock origin {clock.origin.isoformat().replace('+00:00', 'Z')!r}"
    if clock.origin > real:
        raise ValueError(f"{origin} is in the future: {remedy}")
    try:
        year = clock.read(real).year
    except ClockRunOut:
        year = MAXYEAR + 1
    if year < INSTANTS.start:
        raise ValueError(
            f"{origin} at {clock.speed:g} times the speed puts the record before the year {INSTANTS.start}: {remedy}"
        )
    if year > LAST_YEAR:
        raise ValueError(
            f"{origin} at {clock.speed:g} times the speed puts the record beyond the year {LAST_YEAR}: {remedy}"
        )


def real_seconds_until(at: datetime, instant: datetime, clock: RecordClock) -> float:
    """How long to sleep, in real seconds, from one instant of the record until another; at least a millisecond."""
    return max((at - instant) / timedelta(seconds=1) / clock.speed, SHORTEST_SLEEP_SECONDS)


def _instant(text: str) -> datetime:
    example = "write it like 2026-11-21T12:00:00Z"
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"clock origin {text!r} is not an instant: {example}") from None
    if at.tzinfo is None:
        raise ValueError(f"clock origin {text!r} has no zone: {example}")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"clock origin {text!r} lies at the end of all calendars: {example}") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"clock speed {text!r} is not a positive number: write one like 5000") from None
