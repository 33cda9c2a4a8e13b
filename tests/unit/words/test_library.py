"""Which template is used: the nearest language, the channel's own, the desk's before ours. Nobody goes untold."""

import logging
import os
from dataclasses import replace
from pathlib import Path

import pytest

from services.words.words import CannotSayError, Words
from tests.support.telling import IDA, Life, an_opening, lives
from workflows.domain.errors import CalendarError
from workflows.domain.ticket.words import Audience


def opened(language: str) -> Life:
    """A request of somebody who reads that language."""
    return Life(opening=an_opening(replace(IDA, language=language)))


def write(folder: Path, name: str, text: str = "Subject: ours {{ reference }}\n\nours") -> Path:
    """Put a template of a desk's own there."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("language", "told"), [("de-AT", "Guten Tag"), ("DE", "Guten Tag"), ("en-US", "Hello"), ("fr-CA", "Hello")]
)
def test_the_nearest_language_is_used(language: str, told: str) -> None:
    """9: de-AT, de, then the default."""
    said = Words().say(opened(language).first("opened"))
    assert said.text.startswith(told)


def test_a_language_without_templates_is_told_in_the_default() -> None:
    """9: a desk may say which that is; the words are then said to be of it."""
    said = Words(default_language="de").say(opened("fr").first("opened"))
    assert (said.language, said.text[:9]) == ("de", "Guten Tag")
    assert "Freitag, 27. November, 09:00 Uhr" in said.text


@pytest.mark.parametrize(
    ("name", "channel", "is_used"),
    [
        ("en/opened.customer.txt", "sms", True),
        ("en/opened.customer.sms.txt", "sms", True),
        ("en/opened.customer.sms.txt", "mail", False),
        ("en-GB/opened.customer.txt", "sms", True),
        ("en-US/opened.customer.txt", "sms", False),
        ("de/opened.customer.txt", "sms", False),
        ("en/opened.desk.txt", "sms", False),
    ],
)
def test_a_desks_own_template_goes_first(tmp_path: Path, name: str, channel: str, is_used: bool) -> None:  # noqa: FBT001 - a column
    """9: where it is of the reader's language, side and channel."""
    write(tmp_path, name)
    said = Words(tmp_path).say(opened("en-GB").first("opened"), channel)
    assert (said.text == "ours") is is_used


def test_nearer_goes_before_more_special(tmp_path: Path) -> None:
    """9: the reader's language before the channel, the channel before the audience, an audience before its side."""
    write(tmp_path, "en/opened.customer.sms.txt", "Subject: {{ reference }}\n\nfor sms")
    write(tmp_path, "de/opened.customer.txt", "Subject: {{ reference }}\n\nauf Deutsch")
    assert Words(tmp_path).say(opened("de").first("opened"), "sms").text == "auf Deutsch"
    write(tmp_path, "en/clock_warned.owner.txt", "Subject: {{ reference }}\n\nto owners")
    write(tmp_path, "en/clock_warned.desk.sms.txt", "Subject: {{ reference }}\n\nby sms")
    warned = lives()[0].first("clock_warned", Audience.OWNER)
    assert Words(tmp_path).say(warned, "sms").text == "by sms"
    assert Words(tmp_path).say(warned).text == "to owners"


def test_a_part_of_the_desks_own_is_used_by_what_ships(tmp_path: Path) -> None:
    """9: a greeting is changed once, for every kind; and a page of HTML is a desk's to make."""
    write(tmp_path, "en/_head.customer.txt", "Dear {{ name }},\n")
    write(tmp_path, "en/opened.customer.html", "<p>{{ name }}, {{ reference }}: {{ title }}</p>")
    life = Life(opening=an_opening(replace(IDA, name="<Ida>")))
    said = Words(tmp_path).say(life.first("opened"))
    assert said.text.startswith("Dear <Ida>,\n\nThank you")
    assert said.html == "<p>&lt;Ida&gt;, QX7K-4MPD: We have your request (QX7K-4MPD)</p>\n"


def test_an_edit_is_used_by_the_next_message(tmp_path: Path) -> None:
    """9: templates are read again when they change, come or go."""
    words, message = Words(tmp_path), opened("en").first("opened")
    assert words.say(message).text.startswith("Hello")
    own = write(tmp_path, "en/opened.customer.txt")
    assert words.say(message).text == "ours"
    own.write_text("Subject: {{ reference }}\n\nours anew", encoding="utf-8")
    os.utime(own, ns=(1, 1))
    assert words.say(message).text == "ours anew"
    own.unlink()
    assert words.say(message).text.startswith("Hello")


@pytest.mark.parametrize(
    "broken",
    [
        "Subject: {{ referense }}\n\nours",
        "Subject: ours\n\n{% if %}",
        "no subject\n\nours",
        "Subject: ours\n\n",
        "Subject: {{ 1 // 0 }}\n\nours",
        "Subject: ours\n\n{{ ().__class__.__mro__ }}",
        "Subject: ours\n\n{% include 'opened.customer.txt' %}",
        "Subject: ours\n\n{% include '../../../secret.txt' %}",
        "Subject: ours\n\n{% include 'nowhere.txt' %}",
    ],
)
def test_nobody_goes_untold_where_a_desks_template_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    """9: the one that ships is used, and it is said loudly, without a word of the customer's."""
    write(tmp_path, "en/opened.customer.txt", broken)
    write(tmp_path.parent, "secret.txt", "secret")
    words = Words(tmp_path)
    with caplog.at_level(logging.ERROR):
        said = words.say(opened("en").first("opened"))
    assert said.text.startswith("Hello Ida Example,")
    assert words.told_instead == {"shipped": 1, "bare": 0}
    [record] = caplog.records
    assert (record.levelname, record.message) == ("ERROR", "a template failed, another is used")
    assert "Ida" not in str(record.__dict__)


def test_where_all_else_fails_there_is_still_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """9: that there is news, and of which request."""
    write(tmp_path, "en/_moment.txt", "{{ day }} at {{ time }}")
    write(tmp_path, "en/_page.html", "{{ title }}")
    write(tmp_path, "en/_bare.customer.txt", "Subject: News ({{ reference }})\n\nThere is news of {{ reference }}.")
    monkeypatch.setattr("services.words.words.SHIPPED", tmp_path)
    words = Words()
    said = words.say(opened("en").first("opened"))
    assert said.text == "There is news of QX7K-4MPD."
    assert words.told_instead == {"shipped": 0, "bare": 1}


def test_a_message_that_cannot_be_worked_out_is_bare_news(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """9: a calendar that has come to its end keeps nobody from hearing that there is news."""
    message = lives()[3].first("resolved")

    def ended(*_: object, **__: object) -> None:
        raise CalendarError("there is no more open time")

    monkeypatch.setattr("services.words.reading.due", ended)
    words = Words()
    said = words.say(message)
    assert words.told_instead == {"shipped": 0, "bare": 1}
    assert said.text.startswith("There is news of your request QX7K-4MPD, of Monday 23 November at 09:00.")
    assert said.kind == "resolved"
    [record] = caplog.records
    assert (record.levelname, record.message) == ("ERROR", "a message could not be worked out, its bare news is told")


def test_what_only_a_newer_release_can_say_is_not_said_here() -> None:
    """A release that rolls out beside this one has kinds of its own: its delivery says them."""
    message = opened("en").first("opened")
    with pytest.raises(CannotSayError):
        Words().say(replace(message, kind="sung"))
    with pytest.raises(CannotSayError):
        Words().say(replace(message, sequence=99))
    with pytest.raises(CannotSayError):
        Words().say(replace(message, kind="closed"))


@pytest.mark.parametrize(
    "said", ['{{ "x" * 10**9 }}', '{{ "%999999999d" % 1 }}', '{{ "x"|center(10**9) }}', "{{ 9 ** 9 ** 9 }}"]
)
def test_a_template_makes_no_more_than_it_is_given(tmp_path: Path, said: str) -> None:
    """9: one that would fill the memory fails, and ours is told in its place."""
    write(tmp_path, "en/opened.customer.txt", f"Subject: mine {{{{ reference }}}}\n\n{said}")
    assert Words(tmp_path).say(opened("en").first("opened")).text.startswith("Hello")
