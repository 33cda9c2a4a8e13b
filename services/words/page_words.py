"""The page for customers in a language: its sentences by a template, its lengths, hours, dates and money by Babel.

`_sla.txt` of a language says each heading and sentence of the page by its name, `phrase`. Refuses to know what a policy
promises, and how the page looks.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Self

from babel import dates, numbers

from services.words.library import Found, Library
from services.words.speech import Speech
from workflows.domain.calendar import Calendar
from workflows.domain.languages import nearest
from workflows.domain.money import Money
from workflows.domain.opening_hours import written
from workflows.domain.zones import zone
from workflows.planning.page_words import HEADINGS, SENTENCES, Says

SLA_FILE = "_sla.txt"
PHRASES = (*HEADINGS, *SENTENCES, "week_hours", "closed_all_week")
"""Every name that a template is asked for."""
EN_DASH = "\N{EN DASH}"

_SPACE = re.compile(r"[ \t\r\n]+")
"""What only parts words; what keeps an amount from its sign stays."""
_TIME = re.compile(r"(\d{2}):(\d{2})")
_SAMPLE: Mapping[str, Says] = {
    "tier": "agent",
    "tiers": ("specialist", "supplier"),
    "length": timedelta(hours=3),
    "lengths": ("4 hours", "8 hours"),
    "credit": Money(minor=500, currency="GBP"),
    "times": 3,
    "days": "14",
    "priority": "urgent",
    "week": "Monday",
    "place": "London",
}
FACTS = tuple(_SAMPLE)
"""What a sentence may be made with; each is none where the sentence has no use for it."""


class UnsaidError(Exception):
    """A template says nothing of a phrase."""


class PageWords:
    """One language. Implements `workflows.planning.page_words.PageWords`."""

    def __init__(self, library: Library, found: Found, language: str) -> None:
        self._language = language
        self._template = library.template(found)
        self._speech = Speech(
            language,
            "UTC",
            usual_zone="UTC",
            beside=datetime.min.replace(tzinfo=UTC),
            join=lambda day, time, _: f"{day} {time}",
        )

    @classmethod
    def of(cls, library: Library, language: str) -> Self | None:
        """The words for one who reads that language; none where there are none in it."""
        found = next(filter(None, (library.at(each, SLA_FILE) for each in nearest(language))), None)
        return None if found is None else cls(library, found, next(nearest(language)))

    @property
    def language(self) -> str:
        """Its BCP 47 tag."""
        return self._language

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return self._speech.direction

    def say(self, phrase: str, **facts: Says) -> str:
        """Say a heading or a sentence. Raises whatever a template can, and `UnsaidError`."""
        values = {name: self._in_words(facts[name]) if name in facts else None for name in FACTS}
        said = _SPACE.sub(" ", self._template.render({**values, "phrase": phrase})).strip(" ")
        if not said:
            raise UnsaidError(f'says nothing of {phrase!r}: add {{% elif phrase == "{phrase}" %}} and what it says')
        return said

    def length(self, length: timedelta) -> str:
        """Say a length of open time; a day is no unit."""
        return self._speech.length(length)

    def hours(self, desk: Calendar) -> str:
        """Say the hours of a desk's week, days of the same hours together, by the clocks of its place."""
        names = dates.get_day_names("wide", "stand-alone", self._speech.locale)
        by_hours = groupby(enumerate(map(written, desk.week)), key=lambda day: day[1])
        runs = [(text, [names[number] for number, _ in days]) for text, days in by_hours if text]
        week = "; ".join(
            f"{days[0]}{f'{EN_DASH}{days[-1]}' if len(days) > 1 else ''} {self.hours_of(text)}" for text, days in runs
        )
        return self.say("week_hours", week=week or self.say("closed_all_week"), place=self.place(desk.zone))

    def hours_of(self, written: str) -> str:
        """Say the hours of one day."""
        return _TIME.sub(lambda found: self._time(int(found[1]), int(found[2])), written).replace("-", EN_DASH)

    def date(self, day: date) -> str:
        """Say a date with its weekday and its year."""
        return dates.format_skeleton("yMMMEd", day, locale=self._speech.locale)

    def place(self, zone_name: str) -> str:
        """Say whose clocks they are: a city's."""
        return str(dates.get_timezone_location(zone(zone_name), locale=self._speech.locale, return_city=True))

    def number(self, number: float) -> str:
        """Say a number."""
        return numbers.format_decimal(number, locale=self._speech.locale)

    def _time(self, hour: int, minute: int) -> str:
        said = dates.format_time(time(hour % 24, minute), "short", locale=self._speech.locale)
        is_midnight = hour == 24 and said.startswith("00")  # noqa: PLR2004 - the end of a day, by a clock of 24 hours
        return f"24{said[2:]}" if is_midnight else said

    def _in_words(self, fact: Says) -> object:
        match fact:
            case timedelta():
                return self.length(fact)
            case Money(minor=minor, currency=currency):
                return self._speech.money(minor, currency)
            case _:
                return fact


def page_languages(library: Library) -> tuple[str, ...]:
    """Every language that the page can be said in."""
    return tuple(each for each in library.languages() if library.at(each, SLA_FILE))


def trials(library: Library) -> Iterator[tuple[Found, str, Exception]]:
    """Yield every phrase that a template fails at, of samples; of a template that fails whole, once."""
    for language in page_languages(library):
        found = library.at(language, SLA_FILE)
        if found is None:
            continue
        try:
            words = PageWords(library, found, language)
        except Exception:  # noqa: BLE001, S112 - what is no template is told of where files are read
            continue
        for phrase in PHRASES:
            try:
                words.say(phrase, **_SAMPLE)
            except Exception as error:  # noqa: BLE001 - whatever a template can raise
                yield found, phrase, error
