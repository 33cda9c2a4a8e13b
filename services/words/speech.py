"""Instants, lengths and money as somebody is told them: in their language, by the clock on their wall.

An instant is said as a clock shows it, in whole minutes: what is told is never later than what is kept, and every
letter and page names the same minute of it. Never UTC but for those whose zone that is. Never asks for now.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError, dates, numbers
from babel.lists import format_list

from workflows.domain.errors import CalendarError
from workflows.domain.languages import nearest
from workflows.domain.money import decimals
from workflows.domain.zones import zone as zone_of

A_MINUTE = timedelta(minutes=1)
A_LONG_WAY = timedelta(days=300)
"""From there on a date is said with its year."""

_PLAIN = {"en": "en-GB"}
"""Where a language alone would be written as in a country that most who read it do not live in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant in words. Written out, it is the whole of it."""

    words: str
    day: str
    """`Thursday 26 November`."""
    time: str
    """`12:00`."""
    place: str | None
    """The city whose clock it is; none where that goes without saying."""
    iso: str
    """With its offset, for machines."""

    def __str__(self) -> str:
        return self.words


Join = Callable[[str, str, str | None], str]
"""Puts day, time and place together as a language does."""


class Speech:
    """How one person is told things."""

    def __init__(self, language: str, zone: str, *, usual_zone: str, beside: datetime, join: Join) -> None:
        """`beside` is the instant of what is told: its year goes without saying, as does the policy's zone."""
        self.language = language
        self.locale = locale_of(language)
        self.zone = _zone(zone, usual_zone)
        self._place = None if self.zone.key == usual_zone else self._city()
        self._beside = beside
        self._join = join

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return self.locale.text_direction

    def at(self, at: datetime) -> Moment:
        """Say the minute in which something happened, or is owed."""
        local = at.astimezone(self.zone)
        day, time = self._day(local), self._time(local)
        return Moment(
            words=self._join(day, time, self._place),
            day=day,
            time=time,
            place=self._place,
            iso=local.replace(second=0, microsecond=0).isoformat(timespec="minutes"),
        )

    def length(self, length: timedelta) -> str:
        """Say a length of time, exactly to the minute. A day is no unit."""
        minutes = -(-length // A_MINUTE)
        parts = []
        if minutes >= 60:  # noqa: PLR2004 - an hour
            parts.append(self._units(timedelta(hours=minutes // 60), "hour"))
        if minutes % 60 or not minutes:
            parts.append(self._units(timedelta(minutes=minutes % 60), "minute"))
        return format_list(parts, style="unit", locale=self.locale) if len(parts) > 1 else parts[0]

    def _units(self, length: timedelta, unit: Literal["hour", "minute"]) -> str:
        return dates.format_timedelta(length, granularity=unit, threshold=10**9, locale=self.locale)

    def money(self, minor: int, currency: str) -> str:
        """Say an amount of a currency's minor units."""
        digits = decimals(currency)
        # What is shown of a currency in shops may be less than it has: nobody is told of another amount for that.
        is_usual = digits == numbers.get_currency_precision(currency)
        said = numbers.format_currency(
            Decimal(minor).scaleb(-digits),
            currency,
            locale=self.locale,
            currency_digits=is_usual,
            decimal_quantization=is_usual,
        )
        # A code that has no sign of its own stands apart from the figure, as CLDR says and Babel does not.
        return re.sub(f"^{currency}(?=[0-9])", f"{currency}\N{NO-BREAK SPACE}", said)

    def _day(self, local: datetime) -> str:
        beside = self._beside.astimezone(self.zone)
        has_year = local.year != beside.year and abs(local - beside) > A_LONG_WAY
        return dates.format_date(local.date(), _day_pattern(self.locale, has_year=has_year), locale=self.locale)

    def _time(self, local: datetime) -> str:
        time = dates.format_time(local, "short", tzinfo=self.zone, locale=self.locale)
        other = local.replace(fold=1 - local.fold)
        if other.utcoffset() == local.utcoffset():
            return time
        if other.astimezone(UTC).astimezone(self.zone).replace(tzinfo=None) != local.replace(tzinfo=None):
            return time
        return f"{time} {dates.get_timezone_name(local, locale=self.locale)}"  # it happens twice: say which

    def _city(self) -> str:
        return str(dates.get_timezone_location(self.zone, locale=self.locale, return_city=True))


@cache
def locale_of(tag: str) -> Locale:
    """The locale that is nearest to a language tag; English where the world has never heard of it."""
    for language in nearest(tag):
        try:
            return Locale.parse(_PLAIN.get(language, language), sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse(_PLAIN["en"], sep="-")


@cache
def _day_pattern(locale: Locale, *, has_year: bool) -> str:
    """Weekday, day and month in full: patterns are found for short ones, and widened as CLDR says they may be."""
    skeletons = locale.datetime_skeletons
    for asked in ("yMMMMEEEEd", "yMMMMEd", "yMMMEd") if has_year else ("MMMMEEEEd", "MMMMEd", "MMMEd"):
        if asked in skeletons:
            pattern = skeletons[asked].pattern
            return re.sub(r"E+", "EEEE", re.sub(r"M{3,}", "MMMM", re.sub(r"L{3,}", "LLLL", pattern)))
    return str(locale.date_formats["full"].pattern)


def _zone(name: str, usual: str) -> ZoneInfo:
    try:
        return zone_of(name)
    except CalendarError:  # rules of a release that knows it no more
        return zone_of(usual)
