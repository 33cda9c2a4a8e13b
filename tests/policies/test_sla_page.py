"""The page for customers (7.4): what it says, in HTML and in Markdown."""

import re
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest

from services.policy_pages import sla
from services.words.page_words import PageWords, page_languages
from services.words.words import Words
from tests.policies.test_publication import PUBLISHED
from tests.support.policies import LINES
from workflows.domain.calendar import Calendar
from workflows.domain.follow_the_sun import FollowTheSun
from workflows.domain.policy import Money, Policy, hours
from workflows.planning.promised import promised
from workflows.planning.publication import Channel, Publication
from workflows.policies import broadband, craft_shop, software_vendor
from workflows.testing.plugin import Golden

DAY = date(2026, 11, 23)


def words(language: str) -> PageWords:
    """A language that ships."""
    found = PageWords.of(Words().library, language)
    assert found is not None
    return found


ENGLISH = words("en")
WORD = r"[\w:']+"
OPEN_TAGS = {"meta", "br"}


def _policy() -> Policy:
    desk = Calendar(
        "Europe/London",
        {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"},
        closed={"2025-12-25": "Christmas Day", "2026-12-25": "Christmas Day"},
        special={"2026-12-24": "08:00-12:00"},
    )
    return replace(LINES, calendar=desk)


def test_the_page_as_it_is_kept(golden: Golden) -> None:
    """7.4: targets, hours, closed dates from that day on, channels and their costs, complaints and refunds."""
    content = promised(_policy(), PUBLISHED, DAY, ENGLISH)
    golden("sla.md", sla.markdown(content))
    golden("sla.html", sla.html(content))


@pytest.mark.parametrize("name", ["broadband", "craft-shop", "software-vendor"])
@pytest.mark.parametrize("language", page_languages(Words().library))
def test_what_ships_is_published_in_each_language_that_ships(name: str, language: str, golden: Golden) -> None:
    """7.4: the author's words, ours, dates, lengths and money, all in the customer's language."""
    declared = {each.policy.name: each for each in (broadband, craft_shop, software_vendor)}[name]
    content = promised(declared.policy, declared.published, DAY, words(language))
    golden(f"sla-{name}.{language}.md", sla.markdown(content))
    assert f'<html lang="{language}" dir="ltr">' in sla.html(content)


def test_who_reads_another_kind_of_the_language_is_told_in_it() -> None:
    """9: an American reads the English page by an American clock, an Austrian the German one."""
    american = promised(_policy(), PUBLISHED, DAY, words("en-US"))
    assert re.match(r"Monday.Friday 8:00\sAM.6:00\sPM;", american.hours)
    assert "Fri, Dec 25, 2026" in sla.markdown(american)
    assert broadband.published.in_language("de-AT") is broadband.published.also[0]


def test_what_nobody_wrote_in_a_language_is_not_published_in_it() -> None:
    """7.4: half a page in another language is no page."""
    with pytest.raises(LookupError, match="nothing is published in 'de': use one of en"):
        promised(_policy(), PUBLISHED, DAY, words("de"))


def test_the_name_of_a_holiday_is_said_in_its_own_language_only() -> None:
    """7.4: a calendar's names are its author's; in another language they are said where somebody translated them."""
    german = replace(PUBLISHED, language="de", title="Was wir versprechen")
    named = replace(german, names={"Christmas Day": "Weihnachten"})
    pages = [
        sla.markdown(promised(_policy(), replace(PUBLISHED, also=(each,)), DAY, words("de")))
        for each in (german, named)
    ]
    assert "- Fr., 25. Dez. 2026: geschlossen\n" in pages[0]
    assert "- Fr., 25. Dez. 2026: geschlossen (Weihnachten)\n" in pages[1]


class _Reader(HTMLParser):
    """Reads a page as a browser would: its words, and whether every tag that is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in OPEN_TAGS:
            self.open.append(tag)
        self.fetched += [str(value) for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "title"}:
            self.words += re.findall(WORD, data)


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def test_both_pages_say_the_same() -> None:
    """A customer with the paper and one with the site were promised the same."""
    content = promised(_policy(), PUBLISHED, DAY, ENGLISH)
    assert _read(sla.html(content)).words == re.findall(WORD, sla.markdown(content).replace("---", ""))


def test_nothing_is_fetched_and_nothing_runs() -> None:
    """One file, good on any machine and in any archive."""
    page = sla.html(promised(_policy(), PUBLISHED, DAY, ENGLISH))
    assert _read(page).fetched == []
    assert "<script" not in page
    assert "url(" not in page


def test_words_of_a_policy_are_words_on_the_page() -> None:
    """What looks like mark-up in somebody's text stays text, in both."""
    odd = replace(
        PUBLISHED,
        provider="Smith & <b>Sons</b>",
        channels=(Channel(name="chat | mail", address="<script>alert(1)</script>", cost="1 | 2"),),
    )
    content = promised(_policy(), odd, DAY, ENGLISH)
    page = sla.html(content)
    assert "Smith &amp; &lt;b&gt;Sons&lt;/b&gt;" in page
    assert "<script" not in page
    assert "| chat \\| mail | <script>alert(1)</script> | 1 \\| 2 |" in sla.markdown(content)


def test_a_desk_of_one_tier_has_no_ladder_to_speak_of() -> None:
    """Nobody is told of steps that there are not."""
    alone = replace(LINES, tiers=LINES.tiers[:1], customer_reminders=(), reopen_window=hours(12))
    content = promised(alone, PUBLISHED_ALONE, DAY, ENGLISH)
    assert content.steps == (
        "When you have to ask for news twice, whoever answers for it in the end is told.",
        (
            "At the end of the ladder it does not fall silent: whoever answers for it in the end is told, and told"
            " again, 1 hour later each time, until somebody takes it on."
        ),
    )
    assert content.waiting == (
        "When we ask you something, the time until your answer does not count for the solution.",
        (
            "Without an answer we take it that you need nothing more after 36 hours: the request is ended, and an"
            " answer from you opens it again."
        ),
    )
    assert content.ending[1].startswith("Within 12 hours by the clock of closing you can")
    assert "| Who | Works |" not in sla.markdown(content)


def test_what_the_longest_silence_is() -> None:
    """2.2: whichever tier has it, the customer hears at least so often: the longest of the ladder is the promise."""
    content = promised(LINES, PUBLISHED, DAY, ENGLISH)
    longest = {
        priority: max(tier.targets[priority].update_every for tier in LINES.tiers) for priority in LINES.priorities
    }
    assert longest["normal"] == timedelta(hours=9)
    assert [each.news for each in content.priorities] == ["2 hours", "4 hours", "9 hours"]


PUBLISHED_ALONE: Publication = replace(PUBLISHED, tiers={})


def test_desks_that_hand_on_say_whose_day_it_is() -> None:
    """3.1: a page of several desks names the hours and the closed dates of each, in its own zone."""
    dublin = Calendar("Europe/Dublin", {"mon-fri": "08:00-16:00"}, closed={"2026-12-25": "Christmas Day"})
    sydney = Calendar("Australia/Sydney", {"mon-fri": "09:00-17:00"}, closed={"2027-01-26": "Australia Day"})
    policy = replace(LINES, calendar=FollowTheSun(dublin, sydney))
    page = sla.markdown(promised(policy, PUBLISHED, DAY, ENGLISH)).replace("\N{EN DASH}", "-")
    assert (
        "Monday-Friday 08:00-16:00, by the clocks of Dublin; Monday-Friday 09:00-17:00, by the clocks of Sydney."
        in page
    )
    assert "- Fri, 25 Dec 2026 (Dublin): closed (Christmas Day)\n" in page
    assert "- Tue, 26 Jan 2027 (Sydney): closed (Australia Day)\n" in page


def test_a_holiday_on_a_day_off_is_not_told() -> None:
    """A Sunday on which nobody works is closed every week: a customer need not read that it is a holiday."""
    desk = Calendar("UTC", {"mon-fri": "09:00-17:00"}, closed={"2027-05-01": "Labour Day", "2027-05-03": "in lieu"})
    days = promised(replace(LINES, calendar=desk), PUBLISHED, DAY, ENGLISH).other_days
    assert [(each.day.isoformat(), each.name) for each in days] == [("2027-05-03", "in lieu")]


def test_it_says_what_is_given_unasked_and_how_to_leave() -> None:
    """7.4, 6.13: a customer would want to know: the credits, and that nobody is held back."""
    silent = sla.markdown(promised(_policy(), PUBLISHED, DAY, ENGLISH))
    assert "is yours" not in silent
    assert "leave us" not in silent
    generous = replace(
        _policy(),
        credit_for_promise=Money(minor=500, currency="GBP"),
        credit_for_resolve=Money(minor=1500, currency="GBP"),
        leaving="high",
    )
    content = promised(generous, PUBLISHED, DAY, ENGLISH)
    promise, solution = content.given
    assert promise.endswith("it was not done by then, £5.00 is yours. You do not have to ask.")
    assert solution.endswith("£15.00 is yours, once for each request. You do not have to ask.")
    assert content.ending[-1].startswith("When you want to leave us, say so: it is handled as high.")
    for page in (sla.markdown(content), sla.html(content)):
        assert all(sentence in page for sentence in (*content.given, content.ending[-1]))
    assert "\n\n\n" not in sla.markdown(content)
