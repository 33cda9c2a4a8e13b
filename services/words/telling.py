"""One message on its way into words: finding its template, saying its facts by it, and parting subject and text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import assert_never

from services.words.kinds import ALSO, BARE, MOMENT, PAGE, Kind, Side, Type
from services.words.library import ANY_CHANNEL, Found, Library
from services.words.plain import has_words, line, of_html, one_line, paragraphs, text_of
from services.words.reading import By, Fact, Facts, When
from services.words.speech import Speech
from workflows.domain.languages import spoken
from workflows.domain.money import Money
from workflows.domain.ticket.words import Audience

LONGEST_SUBJECT = 200
SUBJECT = re.compile(r"Subject: *(?P<subject>[^\n]*)\n*(?P<text>.*)", re.DOTALL)
"""What a template of text comes to: its first line is the subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The words alone."""

    speech: Speech
    subject: str
    text: str
    html: str
    says_also: bool = False
    """Whether it tells of all that it could tell of besides: a template may leave that out."""
    says_also_for: bool = True
    """Whether it names all the other tickets that it is for."""


class Telling:
    """One message on its way into words."""

    def __init__(
        self,
        *,
        kind: Kind,
        audience: Audience,
        asked: str,
        zone: str,
        usual_zone: str,
        beside: datetime,
        facts: Facts,
        channel: str,
        besides: Sequence[Facts] = (),
    ) -> None:
        """`besides`: of all that it can tell of too, the facts of each."""
        self._kind = kind
        self._audience = audience
        self._asked = asked
        self._zone = zone
        self._usual_zone = usual_zone
        self._beside = beside
        self._facts = facts
        self._channel = channel
        self._besides = besides
        self.last: str | None = None
        """The template that was used last, by its path."""

    def by(self, library: Library) -> Said:
        """Put it into words by the templates of a library. Raises whatever a template can."""
        return self._put(library, self._kind)

    def try_out(self, library: Library, found: Found) -> None:
        """Fill in that very template; raises whatever it can, and where it prints what is none."""
        speech = self._speech(library, found.language)
        values = {name: self._value(speech, self._kind, name) for name in self._kind.variables}
        said = library.trial.get_template(found.name).render({**values, "title": "a title"})
        if found.file.endswith(".txt") and self._kind not in (MOMENT, ALSO):
            self._parted(said)

    def bare(self, library: Library) -> Said:
        """Say that there is news, and of which ticket."""
        return self._put(library, BARE[self._kind.side])

    def _put(self, library: Library, kind: Kind) -> Said:
        found = self._found(library, kind, self._asked, "txt")
        if found is None:
            raise LookupError(f"no template of {kind.name!r}")
        speech = self._speech(library, found.language)
        values = {name: self._value(speech, kind, name) for name in kind.variables}
        also = self._also(library, speech, found.language) if "also" in values and self._besides else None
        if also is not None:
            values["also"] = also
        subject, text = self._parted(library.template(found).render(values))
        own = self._found(library, kind, found.language, "html")
        if own is not None and own.language == found.language:
            html = library.template(own).render({**values, "title": subject}).strip() + "\n"
        else:
            html = self._page(library, speech, subject, text)
        says_also = kind is self._kind and (not self._besides or _says(text, html, also))
        says_also_for = all(_says(text, html, line(each)) for each in self._others())
        return Said(
            speech=speech, subject=subject, text=text, html=html, says_also=says_also, says_also_for=says_also_for
        )

    def _others(self) -> Sequence[str]:
        """The references of the other tickets that it is for."""
        also_for = self._facts.get("also_for")
        return also_for.split(", ") if isinstance(also_for, str) else ()

    def _also(self, library: Library, speech: Speech, language: str) -> str | None:
        """What it tells of besides, each in its paragraph; none where the language has no words for that."""
        part = library.find(ALSO, language, audience=None, channel=ANY_CHANNEL, ending="txt")
        if part is None or spoken(part.language) != spoken(language):
            return None
        template = library.template(part)
        said = (
            template.render({name: _worded(speech, ALSO, name, facts.get(name)) for name in ALSO.variables})
            for facts in self._besides
        )
        return "\n\n".join(text_of(each) for each in said)

    def _parted(self, said: str) -> tuple[str, str]:
        matched = SUBJECT.fullmatch(said.strip())
        if matched is None:
            raise ValueError("its first line is no subject: begin it with 'Subject: …'")
        subject, text = one_line(matched["subject"], LONGEST_SUBJECT), text_of(matched["text"])
        if not subject or not text:
            raise ValueError("it has no subject or no text: write 'Subject: …', an empty line, and a text")
        return subject, text

    def _page(self, library: Library, speech: Speech, subject: str, text: str) -> str:
        page = self._found(library, PAGE, speech.language, "html")
        if page is None:
            raise LookupError("no page of HTML")
        return library.template(page).render(
            title=subject,
            paragraphs=paragraphs(text),
            language=speech.language,
            direction=speech.direction,
        )

    def _found(self, library: Library, kind: Kind, language: str, ending: str) -> Found | None:
        found = library.find(kind, language, audience=self._audience, channel=self._channel, ending=ending)
        self.last = str(found.path) if found else None
        return found

    def _speech(self, library: Library, language: str) -> Speech:
        moment = library.find(MOMENT, language, audience=None, channel=ANY_CHANNEL, ending="txt")
        if moment is None:
            raise LookupError("no template of a moment")
        template = library.template(moment)

        def join(day: str, time: str, place: str | None) -> str:
            return line(template.render(day=day, time=time, place=place))

        # British English is said to a Briton in British English, and to a Frenchman who reads the English templates.
        is_asked = spoken(self._asked) == spoken(language)
        return Speech(
            self._asked if is_asked else language,
            self._zone,
            usual_zone=self._usual_zone,
            beside=self._beside,
            join=join,
        )

    def _value(self, speech: Speech, kind: Kind, name: str) -> object:
        if name == "kind":
            return self._kind.name
        return _worded(speech, kind, name, self._facts.get(name))


def try_out(library: Library, found: Found, kind: Kind, facts: Facts, *, zone: str) -> None:
    """Fill in one template as `words` would. Raises whatever it can, and where it prints what is none."""
    telling = Telling(
        kind=kind,
        audience=Audience.CUSTOMER if kind.side is Side.CUSTOMER else Audience.LEAD,
        asked=found.language,
        zone=zone,
        usual_zone=zone,
        beside=beside(facts),
        facts=facts,
        channel=ANY_CHANNEL,
    )
    telling.try_out(library, found)


def beside(facts: Facts) -> datetime:
    """The instant of what is told; any day for what has none."""
    happened = facts.get("happened")
    return happened.at if isinstance(happened, When) else datetime(2026, 1, 1, tzinfo=UTC)


def _worded(speech: Speech, kind: Kind, name: str, value: Fact) -> object:
    if isinstance(value, str):
        return text_of(value) if kind.variables[name] is Type.TEXT else line(value)
    return _in_words(speech, value)


def _says(text: str, html: str, also: str | None) -> bool:
    """Whether both forms of a message have that in them."""
    return also is not None and has_words(text, also) and has_words(of_html(html), also)


def _in_words(speech: Speech, value: int | By | When | timedelta | Money | tuple[str, ...] | None) -> object:
    match value:
        case None | int():
            return value
        case By(at=at) | When(at=at):
            return speech.at(at)
        case Money(minor=minor, currency=currency):
            return speech.money(minor, currency)
        case timedelta():
            return speech.length(value)
        case tuple():
            return tuple(str(each) for each in value)
        case _:
            assert_never(value)
