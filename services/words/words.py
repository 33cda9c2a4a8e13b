"""Messages in words: an occasion comes in, and what any channel can carry comes out.

Never says nothing: where a desk's template fails the one that ships is used, and said so loudly; where that fails too,
that there is news and of which ticket. Refuses to know how anything is sent.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from services.words.besides import besides
from services.words.facts import bare_of, facts_of
from services.words.kinds import ALSO, KINDS, Kind, Side
from services.words.library import ANY_CHANNEL, LAST_LANGUAGE, SHIPPED, Library
from services.words.occasion import Behind, Occasion
from services.words.reading import By, Facts, When
from services.words.samples import ALSO_BROKEN
from services.words.telling import Said, Telling, beside
from workflows.domain.money import Money
from workflows.domain.ticket.words import Audience

logger = logging.getLogger(__name__)


INSTEAD = ("shipped", "bare")
"""In what words a message is told whose template fails, or does not say all that it is for: those that ship, or, where
these fail too, bare news."""


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
    also: tuple[Behind, ...] = ()
    """The messages behind it that it tells of too: sent with it, they are not sent again."""


class Words:
    """Puts messages into words by the templates that ship, and a desk's own."""

    def __init__(self, own: Path | None = None, *, default_language: str = LAST_LANGUAGE) -> None:
        """`own` is the desk's folder; `default_language` is for who reads a language without templates."""
        self.shipped = Library((SHIPPED,), default_language)
        self.library = Library((own, SHIPPED), default_language) if own else self.shipped
        self.default_language = default_language
        self.told_instead: Counter[str] = Counter(dict.fromkeys(INSTEAD, 0))
        """Messages that were told in other words because a template failed, by which."""

    def say(self, occasion: Occasion, channel: str = ANY_CHANNEL) -> Rendered:
        """Put it into words. Raises `CannotSayError` where only another release can."""
        side = Side.of(occasion.audience)
        kind = KINDS.get((occasion.kind, side))
        if kind is None:
            raise CannotSayError("a message of a kind that this release does not know")
        try:
            facts, more = facts_of(occasion), besides(occasion)
        except LookupError:
            raise CannotSayError("a message whose line is not there, or is another's") from None
        except Exception as failed:  # noqa: BLE001 - a calendar that ends, say: somebody is to be told all the same
            _loudly("a message could not be worked out, its bare news is told", occasion, failed)
            self.told_instead["bare"] += 1
            return self._rendered(kind, occasion, bare_of(occasion), {}, channel, is_bare=True)
        return self._rendered(kind, occasion, facts, more, channel)

    def _rendered(
        self,
        kind: Kind,
        occasion: Occasion,
        facts: Facts,
        more: Mapping[Behind, Facts | None],
        channel: str,
        *,
        is_bare: bool = False,
    ) -> Rendered:
        is_customer = kind.side is Side.CUSTOMER
        customer = occasion.ticket.customer
        asked = customer.language if is_customer else self.default_language
        usual_zone = occasion.policy.calendar.zone
        telling = Telling(
            kind=kind,
            audience=occasion.audience,
            asked=asked,
            zone=customer.zone if is_customer else usual_zone,
            usual_zone=usual_zone,
            beside=occasion.entry.at,
            facts=facts,
            channel=channel,
            besides=[each for each in more.values() if each is not None],
        )
        said = telling.bare(self.shipped) if is_bare else self._said(telling, occasion)
        news = facts.get("next_news")
        also = tuple(more) if said.says_also else ()
        plain: dict[str, object] = {name: _plain(value) for name, value in facts.items() if name in kind.variables}
        if also:
            plain["also"] = [_all_plain(each) for each in more.values() if each is not None]
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
            facts=plain,
            also=also,
        )

    def preview(
        self, kind: Kind, facts: Facts, *, language: str, zone: str, usual_zone: str, audience: Audience, channel: str
    ) -> Said:
        """Put made-up facts into words, `also` by the language's own. Raises whatever a template can."""
        besides = (ALSO_BROKEN,) if facts.get("also") is not None else ()
        telling = Telling(
            kind=kind,
            audience=audience,
            asked=language,
            zone=zone,
            usual_zone=usual_zone,
            beside=beside(facts),
            facts={**facts, "also": None} if besides else facts,
            channel=channel,
            besides=besides,
        )
        return telling.by(self.library)

    def _said(self, telling: Telling, occasion: Occasion) -> Said:
        for library in dict.fromkeys((self.library, self.shipped)):
            try:
                said = telling.by(library)
            except Exception as failed:  # noqa: BLE001 - whatever a desk's template can raise, somebody is to be told
                _loudly("a template failed, another is used", occasion, failed, template=telling.last)
                continue
            if library is self.shipped or said.says_also_for:
                self.told_instead["shipped"] += library is not self.library
                return said
            _loudly("a template leaves out which other requests it is for, another is used", occasion)
        self.told_instead["bare"] += 1
        return telling.bare(self.shipped)


def _loudly(what: str, occasion: Occasion, failed: Exception | None = None, **more: str | None) -> None:
    error = {} if failed is None else {"error": type(failed).__name__}  # its text may hold a customer's words
    logger.error(
        what,
        extra={
            "ticket_id": occasion.ticket.ticket_id,
            "sequence": occasion.sequence,
            "kind": occasion.kind,
            "audience": occasion.audience.value,
            **error,
            **more,
        },
    )


def _all_plain(facts: Facts) -> dict[str, object]:
    return {name: _plain(value) for name, value in facts.items() if name in ALSO.variables}


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
