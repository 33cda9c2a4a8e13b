"""What a language says on the page for customers (7.4): headings and sentences by their names, lengths, hours, dates.

A port: whoever has words implements it. Knows no policy, and no language.
"""

from datetime import date, timedelta
from typing import Protocol

from workflows.domain.calendar import Calendar
from workflows.domain.money import Money

Says = str | int | timedelta | Money | tuple[str, ...]
"""What a sentence may be made with."""


class PageWords(Protocol):
    """A language, as the page for customers speaks it."""

    @property
    def language(self) -> str:
        """Its BCP 47 tag."""
        ...

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        ...

    def say(self, phrase: str, **facts: Says) -> str:
        """Say one of the page's headings and sentences, by its name."""
        ...

    def length(self, length: timedelta) -> str:
        """Say a length of open time."""
        ...

    def hours(self, desk: Calendar) -> str:
        """Say the hours of a desk's week, by the clocks of its zone."""
        ...

    def hours_of(self, written: str) -> str:
        """Say the hours of one day, as a calendar has them."""
        ...

    def date(self, day: date) -> str:
        """Say a date, with its weekday."""
        ...

    def place(self, zone: str) -> str:
        """Say whose clocks a zone's are."""
        ...

    def number(self, number: float) -> str:
        """Say a number."""
        ...


HEADINGS = (
    "how_soon",
    "when_it_is",
    "taken_on",
    "news",
    "solved",
    "times_count",
    "when_open",
    "how_to_reach",
    "by",
    "where",
    "cost",
    "too_long",
    "who",
    "works",
    "we_need",
    "when_solved",
    "not_content",
    "get_back",
)
"""What the page says of itself, in its order."""
SENTENCES = (
    "closed",
    "first_tier",
    "told",
    "chases_step",
    "chases_end",
    "in_the_end",
    "answer_pauses",
    "reminded",
    "given_up",
    "sign_off",
    "reopen_hours",
    "reopen_days",
    "leaving",
    "credit_promise",
    "credit_resolve",
)
"""Every sentence that it says of a policy."""
