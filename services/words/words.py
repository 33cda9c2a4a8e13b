"""Messages in words: an occasion comes in, and what any channel can carry comes out.

Never says nothing: where a desk's template fails the one that ships is used, and said so loudly; where that fails too,
that there is news and of which ticket. Refuses to know how anything is sent.
"""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import assert_never

from services.words.facts import By, Facts, When, facts_of
from services.words.kinds import BARE, KINDS, MOMENT, PAGE, Kind, Side, Type
from services.words.library import ANY_CHANNEL, LAST_LANGUAGE, SHIPPED, Found, Library
from services.words.occasion import Occasion
from services.words.plain import line, one_line, paragraphs, text_of
from services.words.speech import Speech
from workflows.domain.money import Money
from workflows.domain.ticket.words import Audience

logger = logging.getLogger(__name__)

LONGEST_SUBJECT = 200
SUBJECT = re.compile(r"Subject: *(?P<subject>[^\n]*)\n*(?P<text>.*)", re.DOTALL)
"""What a template of text comes to: its first line is the subject."""


class CannotSayError(Exception):
    """There are no words for it here: a newer release's kind, or a line that is not there. Its text names neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message in words, with all that a channel could need to carry it."""

    key: str
    """Of this message and no other, however often it is sent."""
    kind: str
    audience: Audience
    recipient: str
    ticket_id: str
    sequence: int
    reference: str
    """What the customer calls the ticket."""
    language: str
    """BCP 47 tag of the words."""
    direction: str
    """`ltr` or `rtl`."""
    zone: str
    """IANA zone of the instants in the words."""
    subject: str
    """One line."""
    text: str
    """Plain text, paragraphs apart by an empty line."""
    html: str
    happened_at: datetime
    next_news_at: datetime | None
    """When the reader is told that the customer hears next; none: nothing is promised here."""
    facts: Mapping[str, object]
    """What the words were made from, by the templates' names: plain data, for channels with words of their own."""


class Words:
    """Puts messages into words by the templates that ship, and a desk's own."""

    def __init__(self, own: Path | None = None, *, default_language: str = LAST_LANGUAGE) -> None:
        """`own` is the desk's folder; `default_language` is for who reads a language without templates."""
        self.shipped = Library((SHIPPED,), default_language)
        self.library = Library((own, SHIPPED), default_language) if own else self.shipped
        self.default_language = default_language

    def say(self, occasion: Occasion, channel: str = ANY_CHANNEL) -> Rendered:
        """Put it into words. Raises `CannotSayError` where only another release can."""
        side = Side.of(occasion.audience)
        kind = KINDS.get((occasion.kind, side))
        if kind is None:
            raise CannotSayError("a message of a kind that this release does not know")
        try:
            facts = facts_of(occasion)
        except LookupError:
            raise CannotSayError("a message whose line is not there, or is another's") from None
        return self.put(kind, occasion, facts, channel)

    def put(self, kind: Kind, occasion: Occasion, facts: Facts, channel: str = ANY_CHANNEL) -> Rendered:
        """Put facts into words; that of `occasion` which is no fact goes with them."""
        is_customer = kind.side is Side.CUSTOMER
        customer = occasion.ticket.customer
        asked = customer.language if is_customer else self.default_language
        usual_zone = occasion.policy.calendar.zone
        telling = _Telling(
            kind=kind,
            audience=occasion.audience,
            asked=asked,
            zone=customer.zone if is_customer else usual_zone,
            usual_zone=usual_zone,
            beside=occasion.entry.at,
            facts=facts,
            channel=channel,
        )
        said = self._said(telling, occasion)
        news = facts.get("next_news")
        return Rendered(
            key=occasion.key,
            kind=occasion.kind,
            audience=occasion.audience,
            recipient=occasion.recipient,
            ticket_id=occasion.ticket.ticket_id,
            sequence=occasion.sequence,
            reference=occasion.ticket.reference,
            language=said.speech.language,
            direction=said.speech.direction,
            zone=said.speech.zone.key,
            subject=said.subject,
            text=said.text,
            html=said.html,
            happened_at=occasion.entry.at,
            next_news_at=news.at if isinstance(news, By) else None,
            facts={name: _plain(value) for name, value in facts.items() if name in kind.variables},
        )

    def preview(
        self, kind: Kind, facts: Facts, *, language: str, zone: str, usual_zone: str, audience: Audience, channel: str
    ) -> "Said":
        """Put made-up facts into words. Raises whatever a template can."""
        telling = _Telling(
            kind=kind,
            audience=audience,
            asked=language,
            zone=zone,
            usual_zone=usual_zone,
            beside=_beside(facts),
            facts=facts,
            channel=channel,
        )
        return telling.by(self.library)

    def _said(self, telling: "_Telling", occasion: Occasion) -> "Said":
        for library in dict.fromkeys((self.library, self.shipped)):
            try:
                return telling.by(library)
            except Exception as failed:  # noqa: BLE001 - whatever a desk's template can raise, somebody is to be told
                logger.error(  # noqa: TRY400 - what a template raises may hold a customer's words
                    "a template failed, another is used",
                    extra={
                        "ticket_id": occasion.ticket.ticket_id,
                        "sequence": occasion.sequence,
                        "kind": occasion.kind,
                        "audience": occasion.audience.value,
                        "template": telling.last,
                        "error": type(failed).__name__,
                    },
                )
        return telling.bare(self.shipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The words alone."""

    speech: Speech
    subject: str
    text: str
    html: str


class _Telling:
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
    ) -> None:
        self._kind = kind
        self._audience = audience
        self._asked = asked
        self._zone = zone
        self._usual_zone = usual_zone
        self._beside = beside
        self._facts = facts
        self._channel = channel
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
        if found.file.endswith(".txt") and self._kind is not MOMENT:
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
        subject, text = self._parted(library.template(found).render(values))
        own = self._found(library, kind, found.language, "html")
        if own is not None and own.language == found.language:
            html = library.template(own).render({**values, "title": subject}).strip() + "\n"
        else:
            html = self._page(library, speech, subject, text)
        return Said(speech=speech, subject=subject, text=text, html=html)

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
        is_asked = self._asked.partition("-")[0].lower() == language.partition("-")[0].lower()
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
        value = self._facts.get(name)
        if isinstance(value, str):
            return text_of(value) if kind.variables[name] is Type.TEXT else line(value)
        return _in_words(speech, value)


def try_out(library: Library, found: Found, kind: Kind, facts: Facts, *, zone: str) -> None:
    """Fill in one template as `words` would. Raises whatever it can, and where it prints what is none."""
    telling = _Telling(
        kind=kind,
        audience=Audience.CUSTOMER if kind.side is Side.CUSTOMER else Audience.LEAD,
        asked=found.language,
        zone=zone,
        usual_zone=zone,
        beside=_beside(facts),
        facts=facts,
        channel=ANY_CHANNEL,
    )
    telling.try_out(library, found)


def _beside(facts: Facts) -> datetime:
    happened = facts.get("happened")
    return happened.at if isinstance(happened, When) else datetime.min.replace(tzinfo=UTC)


def _in_words(speech: Speech, value: int | By | When | timedelta | Money | tuple[str, ...] | None) -> object:
    match value:
        case None | int():
            return value
        case By(at=at):
            return speech.by(at)
        case When(at=at):
            return speech.at(at)
        case Money(minor=minor, currency=currency):
            return speech.money(minor, currency)
        case timedelta():
            return speech.length(value)
        case tuple():
            return tuple(str(each) for each in value)
        case _:
            assert_never(value)


def _plain(value: object) -> object:
    """A fact as plain data."""
    match value:
        case By(at=at) | When(at=at):
            return at
        case Money(minor=minor, currency=currency):
            return {"minor": minor, "currency": currency}
        case timedelta():
            return int(value.total_seconds())
        case tuple():
            return [str(each) for each in value]
        case str():
            return str(value)
        case _:
            return value
