"""What is announced to a ticket: the words nearest to its customer's language, and whose letter says so."""

import pytest

from services.records.letters import Turns
from services.records.problem_facts import AnnouncementKind
from workflows.domain.ticket.commands import PostUpdate, Resolve
from workflows.domain.ticket.words import Outcome


def announced(kind: AnnouncementKind = AnnouncementKind.UPDATE, **words_in: str) -> Turns:
    """Something that is announced in English, and in these languages."""
    return Turns(
        announcement_id="a-1",
        problem_id="p-1",
        kind=kind,
        words="a digger",
        words_in={tag.replace("_", "-"): words for tag, words in words_in.items()},
        actor="lea",
        tickets_per_second=50,
        is_over=False,
        turns=[],
    )


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("de", "ein Bagger"),
        ("DE-ch", "ein Bagger"),
        ("de-at", "a Bagga"),
        ("de-AT-x-vienna", "a Bagga"),
        ("den", "a digger"),
        ("en-GB", "a digger"),
        ("", "a digger"),
    ],
)
def test_a_customer_is_told_in_the_nearest_language(language: str, words: str) -> None:
    """Region before language before the words for everybody; capitals make no difference."""
    assert announced(de="ein Bagger", de_AT="a Bagga").command(language) == PostUpdate(actor="lea", text=words)


def test_each_is_told_in_the_name_of_who_announced_it() -> None:
    """6.4, 6.7: an update or a fix, with the reference of who carries it, or of all that it is for."""
    assert announced(AnnouncementKind.FIX).command(told_in="R-1") == Resolve(
        actor="lea", outcome=Outcome.FIXED, explanation="a digger", told_in="R-1"
    )
    assert announced().command("en", also_for=("R-2", "R-3")) == PostUpdate(
        actor="lea", text="a digger", also_for=("R-2", "R-3")
    )
