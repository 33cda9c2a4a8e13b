"""Instants as people write them: read once, or refused with what to write instead."""

from datetime import UTC, datetime, timedelta

import pytest

from workflows.domain.calendar import Calendar
from workflows.domain.errors import DomainError
from workflows.planning.local_time import Wall, before_the_week_ends, length_in_words, read_instant, wall_clock_in_words

OFFICE = Calendar("Europe/London", {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"})
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-07-01 09:00", "2026-07-01T08:00:00+00:00"),
        (" 2026-11-27T17:55:30 ", "2026-11-27T17:55:30+00:00"),
        ("2026-11-27T17:55Z", "2026-11-27T17:55:00+00:00"),
        ("2026-11-27 17:55+01:00", "2026-11-27T16:55:00+00:00"),
        ("2026-10-25 01:30+00:00", "2026-10-25T01:30:00+00:00"),
        ("2026-10-25 01:30 +01:00", "2026-10-25T00:30:00+00:00"),
    ],
)
def test_with_an_offset_or_by_the_clock_on_the_wall(text: str, instant: str) -> None:
    """Without an offset it is the wall's, in its summer and in its winter."""
    assert read_instant(text, "Europe/London").isoformat() == instant


NO_TIME = "is no date and time"
WRITE = "write '2026-11-27 17:55', or with its offset '2026-11-27 17:55+01:00'"
FORWARD = "does not exist in Europe/London, the clocks go forward"
BACK = "happens twice in Europe/London, the clocks go back"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-29 01:30", f"{FORWARD}: write '2026-03-29 02:30', or an offset"),
        ("2026-10-25 01:30", f"{BACK}: write '2026-10-25 01:30+01:00' or '2026-10-25 01:30+00:00'"),
        ("2026-10-25 01:30:15", f"{BACK}: write '2026-10-25 01:30:15+01:00' or '2026-10-25 01:30:15+00:00'"),
        ("2026-02-30 12:00", f"{NO_TIME}: day is out of range for month: {WRITE}"),
        ("0001-01-01 00:00+14:00", f"is not in the years 1900 to 2199: {WRITE}"),
        ("2206-11-27 17:55", f"is not in the years 1900 to 2199: {WRITE}"),
        ("27.11.2026", f"{NO_TIME}: {WRITE}"),
        ("2026-11-27", f"{NO_TIME}: {WRITE}"),
    ],
)
def test_what_cannot_be_read_says_what_to_write(text: str, said: str) -> None:
    """3.2: of a time that is skipped, or that happens twice, nobody guesses."""
    with pytest.raises(DomainError) as refused:
        read_instant(text, "Europe/London")
    assert str(refused.value) == f"'{text}' {said}"


def test_a_zone_that_changes_by_half_an_hour() -> None:
    """Lord Howe's clocks go by thirty minutes: the remedy does too."""
    with pytest.raises(DomainError, match=r"does not exist in Australia/Lord_Howe.*write '2026-10-04 02:45'"):
        read_instant("2026-10-04 02:15", "Australia/Lord_Howe")


def test_by_default_it_is_five_minutes_before_the_longest_closing() -> None:
    """Saturday 12:55 of an ordinary week; where nothing ever closes, an hour from then."""
    assert before_the_week_ends(OFFICE, MONDAY) == datetime(2026, 11, 28, 12, 55, tzinfo=UTC)
    assert before_the_week_ends(Calendar.round_the_clock("UTC"), MONDAY) == datetime(2026, 11, 23, 1, tzinfo=UTC)


def test_by_default_it_is_not_before_now() -> None:
    """Asked on Saturday at 12:58, it is the week after that counts."""
    shortly = datetime(2026, 11, 28, 12, 58, tzinfo=UTC)
    assert before_the_week_ends(OFFICE, shortly) == datetime(2026, 12, 4, 17, 55, tzinfo=UTC)


def test_what_the_wall_says() -> None:
    """The date once, seconds only where there are any, a city for a zone."""
    wall = Wall("America/New_York")
    at = datetime(2026, 11, 28, 9, 6, 15, 999_999, tzinfo=UTC)
    assert wall.place == "New York"
    assert wall.day_and_time(at) == "Sat 28 Nov 04:06:15"
    assert wall.day_and_time(at, beside=wall.day(at)) == "04:06:15"


def test_a_length_is_said_exactly() -> None:
    """3.7: hours, minutes and seconds; a day is no unit."""
    said = [
        length_in_words(timedelta(**each))
        for each in ({"days": 14}, {"minutes": 90}, {"hours": 336, "seconds": 1.5}, {})
    ]
    assert said == ["336 h", "1 h 30 min", "336 h 1.5 s", "0"]


def test_a_window_by_the_clock_on_the_wall_has_days() -> None:
    """3.7: a day is a unit there, where it is whole, as on the page for customers; the hours stand beside it."""
    lengths: tuple[dict[str, float], ...] = ({"days": 14}, {"days": 1}, {"hours": 36}, {"hours": 8}, {})
    said = [wall_clock_in_words(timedelta(**each)) for each in lengths]
    assert said == ["14 days (336 h)", "1 day (24 h)", "36 h", "8 h", "0"]
