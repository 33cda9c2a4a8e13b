"""The words that an article is found by, and those of what a customer says."""

from hypothesis import given
from hypothesis import strategies as st

from services.knowledge.words import LONGEST_WORD, MOST_ASKED, asked_for, plain


def test_case_accents_and_signs_make_no_difference() -> None:
    """Whoever writes without accents, in capitals or with a sign between finds the same."""
    assert plain("Störung: Über-Nacht, CAFÉ!") == "storung uber nacht cafe"
    assert plain("STORUNG uber/nacht cafe\u0301") == "storung uber nacht cafe"
    assert plain("Straße ﬁnden №5") == "strasse finden no5"


def test_letters_of_other_scripts_stay_whole() -> None:
    """What stands above or beside a letter in its own script is part of the word."""
    assert plain("हिन्दी ไทย 日本語 한국어") == "हिन्दी ไทย 日本語 한국어"


def test_nothing_in_a_text_is_an_operator() -> None:
    """Quotes, brackets, stars and emoji are gaps: none of them reaches a database."""
    assert plain("\"red\" NEAR(light*) -- 'x' & y | !z 🎉🎉 \\") == "red near light x y z"
    assert plain("🎉 … !?") == ""
    assert plain("\x00\ud800") == ""


def test_what_everybody_says_tells_nothing() -> None:
    """A question is looked for by what is its own, in whatever language it is asked."""
    assert asked_for("Hello, my internet isn't working, please help!") == ("internet", "working")
    assert asked_for("Hallo, ich habe seit gestern kein Freizeichen, danke") == ("freizeichen", "gestern")
    assert asked_for("Hi, can you help me please? Thanks!") == ()


def test_the_longest_words_are_looked_for() -> None:
    """Of a long story those are left out that are likeliest to be everybody's; of one length the first counts."""
    words = [f"{'x' * length}{number}" for number in range(10) for length in (5, 6, 7)]
    assert asked_for(" ".join(words)) == tuple([*words[2::3], *words[1::3]][:MOST_ASKED])


@given(st.text(max_size=200))
def test_any_text_becomes_plain_words(text: str) -> None:
    """Words have letters, marks and numbers only, once folded they stay as they are, and none is endless."""
    words = plain(text).split()
    assert plain(" ".join(words)).split() == words
    assert all(len(word) <= LONGEST_WORD and not set(word) & set("'\"*()|&!:\\") for word in words)
    assert len(asked_for(text)) <= MOST_ASKED
