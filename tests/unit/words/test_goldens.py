"""Every kind of message in every language that ships, as a reviewer reads it: of real lives, and of every turn."""

import pytest

from services.words.kinds import KINDS, Kind, Side
from services.words.samples import ZONE, samples
from services.words.words import Rendered, Words
from tests.support.telling import lives
from workflows.domain.ticket.commands import Customer
from workflows.domain.ticket.words import Audience
from workflows.testing.plugin import Golden

READERS = {
    "en": Customer(external_id="c-1", name="Ida Example", language="en-GB", zone="Europe/London"),
    "de": Customer(external_id="c-1", name="Ida Beispiel", language="de-AT", zone="Europe/Vienna"),
}
CUSTOMERS = [kind for kind in KINDS.values() if kind.side is Side.CUSTOMER]


def as_page(said: Rendered) -> str:
    """A message as it stands in a golden file."""
    news = f", next news {said.next_news_at:%a %d %b %H:%M:%S} UTC" if said.next_news_at else ""
    return (
        f"{said.kind} to {said.audience} {said.recipient}, {said.language} {said.direction}, {said.zone}{news}\n"
        f"{'=' * 72}\n{said.subject}\n{'-' * 72}\n{said.text}\n"
    )


@pytest.mark.parametrize("language", READERS)
def test_what_each_kind_says_in_a_real_life(golden: Golden, language: str) -> None:
    """9: reference, what happens, when next, in the reader's zone and language."""
    pages: dict[tuple[str, Audience], str] = {}
    for life in lives(READERS[language]):
        for occasion in life.occasions():
            is_customers = occasion.audience is Audience.CUSTOMER
            if is_customers or language == "en":
                pages.setdefault((occasion.kind, occasion.audience), as_page(Words().say(occasion)))
    for (kind, audience), page in pages.items():
        golden(f"{language}/{kind}.{audience}.txt", page)


@pytest.mark.parametrize("language", READERS)
@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS.values() if kind.side is Side.CUSTOMER], ids=lambda kind: kind.name
)
def test_what_each_turn_of_words_says(golden: Golden, language: str, kind: Kind) -> None:
    """6.5, 6.7: every cause, outcome and promise, in full and with nothing that may be missing."""
    words, pages = Words(), []
    for facts in samples(kind):
        said = words.preview(
            kind,
            facts,
            language=language,
            zone=ZONE,
            usual_zone=ZONE,
            audience=Audience.CUSTOMER,
            channel="",
        )
        pages.append(f"{said.subject}\n{'-' * 72}\n{said.text}\n")
    golden(f"{language}/turns/{kind.name}.txt", f"{'=' * 72}\n".join(pages))


def test_a_page_of_html_is_made_of_the_text(golden: Golden) -> None:
    """9: any channel can carry it: one that sends HTML too."""
    life = lives()[1]
    golden("en/promise_broken.customer.html", Words().say(life.first("promise_broken")).html)
