"""When two subjects are the same matter in other words (6.3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.domain.ticket.subjects import matter_of


@pytest.mark.parametrize(
    "subject",
    [
        "No line",
        "NO LINE",
        "  no \t line ",
        "Re: No line",
        "RE:no line",
        "AW: Re[2]: No line",
        "Fwd: WG: No line",
        "re (3) : no line",
        "R: I: no line",
        "VÁ: no line",
        "ΑΠ: no line",
        "Отв: no line",
        "回复\uff1ano line",
        "返信: 転送: no line",
        "\uff2e\uff4f line",
        "\u200fRe: \u200eno l\u00adine\u200b",
    ],
)
def test_a_reply_is_the_same_matter(subject: str) -> None:
    """Case, spaces, width, and what mail programs put in front, in whatever language, make no other matter."""
    assert matter_of(subject) == "no line"


def test_accents_are_the_same_however_they_are_written() -> None:
    """One letter with two marks, in capitals, is two letters to Unicode."""
    assert matter_of("\u0390") == matter_of("\u03aa\u0301") == matter_of("\u1fd3")


@pytest.mark.parametrize("subject", ["no lines", "no line!", "line no", "no line: garden", "Reno line", "ref: no line"])
def test_another_subject_is_another_matter(subject: str) -> None:
    """What is only like it is not it: a ticket too many is seen and merged, a contact in the wrong one is lost."""
    assert matter_of(subject) != "no line"


@pytest.mark.parametrize("subject", ["", " ", "Re:", "AW: Fwd:", "\u200b"])
def test_a_subject_that_says_nothing_joins_nothing(subject: str) -> None:
    """Two who write nothing do not write about the same."""
    assert not matter_of(subject)


@given(subject=st.text(max_size=40), before=st.sampled_from(("Re: ", "AW:", "Fwd : ", "SV: RE: ", "转发\uff1a")))
def test_a_prefix_never_matters(subject: str, before: str) -> None:
    """Whatever the subject is, a reply to it is the same matter."""
    assert matter_of(before + subject) == matter_of(subject)
