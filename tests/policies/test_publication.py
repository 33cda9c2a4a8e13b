"""What stands on a policy's page for customers and in no table (7.4)."""

import json
import re
from dataclasses import replace

import pytest

from workflows.domain.errors import PolicyError
from workflows.planning.publication import LONGEST_WORDS, Channel, Publication
from workflows.policies.broadband import policy

PHONE = Channel(name="phone", address="0800 000 000", cost="free from every network")
PUBLISHED = Publication(
    provider="Northern Broadband",
    channels=(PHONE,),
    complaints="Write to the team lead.",
    refunds="A day's fee for each day too many.",
    priorities={"urgent": "nothing works at all"},
    tiers={"supplier": "the company whose lines we use"},
)


def test_it_goes_from_process_to_process_as_data() -> None:
    """What the loader hands on is the same publication."""
    assert Publication.from_data(json.loads(json.dumps(PUBLISHED.to_data()))) == PUBLISHED


GERMAN = replace(PUBLISHED, language="de", title="Was wir versprechen", names={"urgent": "dringend"})


def test_it_is_found_in_the_nearest_language() -> None:
    """7.4: whoever reads Austrian German reads the German one; nobody reads another language than theirs."""
    both = replace(PUBLISHED, also=(GERMAN,))
    assert Publication.from_data(json.loads(json.dumps(both.to_data()))) == both
    assert both.languages == ("en", "de")
    assert [both.in_language(tag) for tag in ("de-AT", "DE", "en", "en-US", "fr")] == [GERMAN, GERMAN, both, both, None]


def test_languages_that_cannot_be_are_refused() -> None:
    """7.1: each language once, beside each other, by its tag; what they describe is the policy's own."""
    nested = replace(GERMAN, also=(replace(PUBLISHED, language="fr"),))
    with pytest.raises(PolicyError) as found:
        replace(PUBLISHED, language="EN!", also=(GERMAN, GERMAN, nested, "de"))  # type: ignore[arg-type]  # the slip
    assert found.value.problems == (
        "publication: language is 'EN!': write its tag, like 'en' or 'pt-BR'",
        "publication: also has 'de' a second time: write each language once",
        "publication: also has 'de', which has others in turn: name them all beside each other",
        "publication: also names 'de': write Publication(language='de', …)",
    )
    strange = replace(PUBLISHED, also=(replace(GERMAN, priorities={"dringend": "nichts geht"}),))
    assert list(strange.problems_beside(policy)) == [
        "publication: describes priorities ['dringend']: the policy has ['urgent', 'high', 'normal'] (in 'de')"
    ]


def test_what_is_no_data_of_it_is_refused() -> None:
    """A publication is not guessed at."""
    with pytest.raises(PolicyError, match="not a publication: of type dict; pass what to_data"):
        Publication.from_data({"provider": "Northern Broadband"})


def test_nobody_changes_what_was_published() -> None:
    """The tables of words are frozen like the rest."""
    with pytest.raises(TypeError):
        PUBLISHED.priorities["urgent"] = "never"  # type: ignore[index]  # what a careless author might write


def test_all_that_is_wrong_is_told_at_once() -> None:
    """7.1: each problem names its field, the value and the remedy."""
    with pytest.raises(PolicyError) as found:
        Publication(
            provider="",
            channels=("phone",),  # type: ignore[arg-type]  # the slip that is told
            complaints="x" * (LONGEST_WORDS + 1),
            refunds=12,  # type: ignore[arg-type]  # the slip that is told
            priorities={"urgent": " "},
            tiers="agent",  # type: ignore[arg-type]  # the slip that is told
        )
    assert found.value.problems == (
        "publication: provider is empty: say it in a sentence",
        "publication: complaints has 2001 characters: say it in at most 2000",
        "publication: refunds is 12: write a text in quotes",
        "publication: channels names 'phone': write Channel(name='phone', address='…', cost='free')",
        "publication: priorities['urgent'] is empty: say it in a sentence",
        "publication: tiers is 'agent': write words for each, like {'urgent': 'nothing works at all'}",
    )


def test_a_page_without_a_way_to_reach_anybody_is_refused() -> None:
    """A promise that nobody can ask for is none."""
    with pytest.raises(PolicyError, match="channels is empty: name at least one way to reach you"):
        replace(PUBLISHED, channels=())


@pytest.mark.parametrize(("character", "code"), [("\x00", "U+0000"), ("\x1b", "U+001B"), ("\udc80", "U+DC80")])
def test_characters_that_no_page_can_show_are_refused(character: str, code: str) -> None:
    """They would end in a traceback when the page is written, or do something to whoever reads it in a terminal."""
    with pytest.raises(PolicyError, match=rf"refunds has the character {re.escape(code)} at 5: leave control char"):
        replace(PUBLISHED, refunds=f"money{character}back")
    assert replace(PUBLISHED, refunds="money\n\nback").refunds


def test_it_describes_what_the_policy_has() -> None:
    """Words for a priority that is not promised would be read as a promise."""
    assert list(PUBLISHED.problems_beside(policy)) == []
    strange = replace(PUBLISHED, priorities={"low": "whenever"}, tiers={"wizard": "magic"})
    assert list(strange.problems_beside(policy)) == [
        "publication: describes priorities ['low']: the policy has ['urgent', 'high', 'normal']",
        "publication: describes tiers ['wizard']: the policy has ['agent', 'specialist', 'supplier']",
    ]
