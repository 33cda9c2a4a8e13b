"""Instants, lengths and money as somebody is told them: in their language, by their wall, never UTC by accident."""

from datetime import UTC, datetime, timedelta

import pytest

from services.words.speech import Speech
from workflows.domain.languages import nearest

TUESDAY = datetime(2026, 11, 24, 9, 12, tzinfo=UTC)


def speech(
    language: str, zone: str = "Europe/London", *, usual: str = "Europe/London", beside: datetime = TUESDAY
) -> Speech:
    """How one person is told things of that day."""
    return Speech(
        language,
        zone,
        usual_zone=usual,
        beside=beside,
        join=lambda day, time, place: f"{day} at {time}{f' ({place})' if place else ''}",
    )


@pytest.mark.parametrize(
    ("language", "zone", "words"),
    [
        ("en-GB", "Europe/London", "Thursday 26 November at 12:00"),
        ("en", "Europe/London", "Thursday 26 November at 12:00"),
        ("en-US", "America/New_York", "Thursday, November 26 at 7:00\N{NARROW NO-BREAK SPACE}AM (New York)"),
        ("de", "Europe/Berlin", "Donnerstag, 26. November at 13:00 (Berlin)"),
        ("de-AT", "Europe/Vienna", "Donnerstag, 26. November at 13:00 (Wien)"),
        ("fr-FR", "Asia/Kolkata", "jeudi 26 novembre at 17:30 (Kolkata)"),
        ("ja", "Asia/Tokyo", "11月26日(木曜日) at 21:00 (東京)"),
        ("tlh", "Europe/London", "Thursday 26 November at 12:00"),
    ],
)
def test_an_instant_is_said_in_the_readers_zone_and_words(language: str, zone: str, words: str) -> None:
    """6.1: the zone is named where it is not the policy's; a language that nobody knows is said as English is."""
    assert str(speech(language, zone).at(datetime(2026, 11, 26, 12, 0, tzinfo=UTC))) == words


def test_an_arabic_reader_is_told_from_right_to_left() -> None:
    """9: the direction goes with the words."""
    assert speech("ar-AE").direction == "rtl"
    assert speech("he").direction == "rtl"
    assert speech("de").direction == "ltr"


def test_an_instant_is_said_as_a_clock_shows_it() -> None:
    """2.4: what is told is never later than what is kept: half a minute past twelve is by twelve."""
    assert speech("en").at(datetime(2026, 11, 26, 12, 0, 30, tzinfo=UTC)).time == "12:00"
    assert speech("en").at(datetime(2026, 11, 26, 23, 59, 59, tzinfo=UTC)).day == "Thursday 26 November"


def test_a_year_is_said_where_it_does_not_go_without_saying() -> None:
    """A date of next January is clear in November, one of next November is not."""
    assert speech("en").at(datetime(2027, 1, 4, 9, 0, tzinfo=UTC)).day == "Monday 4 January"
    assert speech("en").at(datetime(2027, 11, 26, 9, 0, tzinfo=UTC)).day == "Friday, 26 November 2027"


def test_a_time_that_happens_twice_says_which() -> None:
    """3.2: the night in which clocks go back has two half past twos."""
    said = speech("en", "Europe/Berlin", usual="Europe/Berlin")
    assert said.at(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)).time == "02:30 Central European Summer Time"
    assert said.at(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)).time == "02:30 Central European Standard Time"
    assert said.at(datetime(2026, 10, 25, 2, 30, tzinfo=UTC)).time == "03:30"


def test_a_zone_that_the_rules_lost_is_the_policys() -> None:
    """3.6: an old row's zone may be gone from newer rules: somebody is told all the same, and whose clock it is."""
    said = speech("en", "Europe/Atlantis")
    assert said.zone.key == "Europe/London"
    assert str(said.at(TUESDAY)) == "Tuesday 24 November at 09:12"


@pytest.mark.parametrize(
    ("language", "length", "words"),
    [
        ("en", timedelta(hours=1), "1 hour"),
        ("en", timedelta(hours=30, minutes=5), "30 hours, 5 minutes"),
        ("de", timedelta(minutes=90), "1 Stunde, 30 Minuten"),
        ("en", timedelta(seconds=1), "1 minute"),
        ("en", timedelta(), "0 minutes"),
    ],
)
def test_a_length_is_said_in_hours_and_minutes(language: str, length: timedelta, words: str) -> None:
    """3.7: a day is no unit."""
    assert speech(language).length(length) == words


@pytest.mark.parametrize(
    ("language", "minor", "currency", "words"),
    [
        ("en-GB", 1000, "GBP", "£10.00"),
        ("de-DE", 123456, "EUR", "1.234,56\N{NO-BREAK SPACE}€"),
        ("de-AT", 1250, "EUR", "€\N{NO-BREAK SPACE}12,50"),
        ("en-US", 500, "JPY", "¥500"),
        ("en-GB", 1500, "KWD", "KWD\N{NO-BREAK SPACE}1.500"),
        ("en-GB", 100, "XXY", "XXY\N{NO-BREAK SPACE}1.00"),
    ],
)
def test_money_is_said_in_its_own_units(language: str, minor: int, currency: str, words: str) -> None:
    """6.13: 500 of JPY are five hundred yen; a code that nobody knows has two digits."""
    assert speech(language).money(minor, currency) == words


def test_a_language_is_asked_for_from_near_to_far() -> None:
    """9: de-AT, then de; a script is kept, and what is said to machines is not."""
    assert list(nearest("DE-at")) == ["de-AT", "de"]
    assert list(nearest("zh-hant-tw")) == ["zh-Hant-TW", "zh-Hant", "zh"]
    assert list(nearest("en-GB-x-desk")) == ["en-GB", "en"]
