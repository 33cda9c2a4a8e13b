"""When a desk is open (rules 3.1 and 3.2)."""

import json
import pickle
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.calendars import MINUTE, ClockChange, Notice, calendars, clock_changes, instants, open_minutes, utc
from workflows.domain.calendar import Calendar
from workflows.domain.errors import CalendarError, DomainError
from workflows.domain.zones import require_utc, tzdata_version, zone

OFFICE = Calendar("Europe/London", {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"})


def opened(calendar: Calendar, from_: str, until: str) -> list[str]:
    """Read the stream between two instants, as '29 01:30 - 29 04:00'."""
    spans = takewhile(lambda span: span.start_at < utc(until), calendar.spans(utc(from_)))
    return [f"{span.start_at:%d %H:%M} - {span.end_at:%d %H:%M}" for span in spans]


def problems_of(*args: object, **kwargs: object) -> tuple[str, ...]:
    """Return why such a calendar is refused."""
    with pytest.raises(CalendarError) as refused:
        Calendar(*args, **kwargs)  # type: ignore[arg-type]  # whatever somebody may write
    return refused.value.problems


class TestAWeek:
    """3.1 and 3.2 where no clock changes."""

    def test_office_hours_become_spans_in_utc(self) -> None:
        """3.2: local time appears only inside the calendar; London is an hour ahead of UTC in June."""
        # Friday 2026-06-12 to Monday 2026-06-15
        assert opened(OFFICE, "2026-06-12", "2026-06-16") == [
            "12 07:00 - 12 17:00",
            "13 08:00 - 13 12:00",
            "15 07:00 - 15 17:00",
        ]

    def test_the_first_span_is_cut_at_the_instant_asked_for(self) -> None:
        """3.2: the stream begins with what is left of today."""
        # Friday 2026-06-12
        assert opened(OFFICE, "2026-06-12 11:11", "2026-06-13") == ["12 11:11 - 12 17:00"]

    def test_closing_time_is_not_open_time(self) -> None:
        """3.2: intervals are half open, so at closing time the next opening is next."""
        # Friday 2026-06-12, 18:00 in London; then Saturday
        assert opened(OFFICE, "2026-06-12 17:00", "2026-06-14") == ["13 08:00 - 13 12:00"]

    def test_a_lunch_break_makes_two_spans(self) -> None:
        """3.1: several intervals a day are allowed, in any order."""
        calendar = Calendar("UTC", {"mon": "13:00-17:00, 08:00-12:00"})
        # Monday 2026-06-15
        assert opened(calendar, "2026-06-15", "2026-06-16") == ["15 08:00 - 15 12:00", "15 13:00 - 15 17:00"]

    def test_overlapping_and_touching_intervals_are_one(self) -> None:
        """3.1: overlaps merge, and so do intervals that touch."""
        calendar = Calendar("UTC", {"mon": "08:00-12:00, 11:00-13:00, 13:00-15:00"})
        assert calendar == Calendar("UTC", {"mon": "08:00-15:00"})

    def test_intervals_of_two_dates_that_overlap_are_one_span(self) -> None:
        """3.1: overlaps merge across midnight too."""
        calendar = Calendar("UTC", {"mon": "20:00-06:00", "tue": "05:00-09:00"})
        # Monday 2026-06-15
        assert opened(calendar, "2026-06-15", "2026-06-17") == ["15 20:00 - 16 09:00"]

    def test_a_day_may_end_at_midnight(self) -> None:
        """3.1: 24:00 is the end of the day; 00:00 as an end means the same."""
        calendar = Calendar("UTC", {"mon": "18:00-24:00"})
        assert calendar == Calendar("UTC", {"mon": "18:00-00:00"})
        # Monday 2026-06-15
        assert opened(calendar, "2026-06-15", "2026-06-17") == ["15 18:00 - 16 00:00"]

    def test_a_night_shift_runs_into_the_next_morning(self) -> None:
        """3.1: an interval may cross midnight."""
        calendar = Calendar("UTC", {"fri": "22:00-06:00"})
        # Friday 2026-06-12; asked on Saturday at 01:00, while it is on
        assert opened(calendar, "2026-06-13 01:00", "2026-06-14") == ["13 01:00 - 13 06:00"]

    def test_a_tail_far_behind_utc_is_found(self) -> None:
        """3.1: 22:00 on Saturday in Honolulu is Sunday 08:00 UTC, two dates after the Friday on which it opened."""
        calendar = Calendar("Pacific/Honolulu", {"fri": "23:00-22:00"})
        # Friday 2026-06-12
        assert opened(calendar, "2026-06-14 07:00", "2026-06-15") == ["14 07:00 - 14 08:00"]

    def test_round_the_clock_is_one_span_without_end(self) -> None:
        """3.1: round the clock is a calendar too."""
        (span,) = Calendar.round_the_clock("Europe/London").spans(utc("2026-06-12 11:11"))
        assert span.start_at == utc("2026-06-12 11:11")
        assert span.end_at.year == 9999

    def test_shifts_that_meet_are_round_the_clock(self) -> None:
        """3.1: two shifts that hand over to each other never close."""
        calendar = Calendar("Europe/London", {"mon-sun": "07:00-19:00, 19:00-07:00"})
        (span,) = calendar.spans(utc("2026-06-12 11:11"))
        assert span.end_at.year == 9999

    def test_round_the_clock_but_christmas(self) -> None:
        """3.1: a calendar that closes on one date only is open before it and for ever after."""
        calendar = Calendar("UTC", {"mon-sun": "00:00-24:00"}, closed=["2026-12-25"])
        # Friday 2026-12-25
        before, after = calendar.spans(utc("2020-01-01"))
        assert before == (utc("2020-01-01"), utc("2026-12-25"))
        assert after.start_at == utc("2026-12-26")

    def test_a_calendar_that_never_opens_has_no_spans(self) -> None:
        """3.1: it is a calendar all the same; 3.5 refuses it where something is promised in it."""
        assert list(Calendar("UTC", {}).spans(utc("2026-06-12"))) == []


class TestExceptionalDates:
    """3.1 on dates that are closed or have hours of their own."""

    def test_christmas(self) -> None:
        """3.1: a closed date is closed, a special date has its own hours only."""
        calendar = Calendar(
            "Europe/London", {"mon-fri": "08:00-18:00"}, closed=["2026-12-25"], special={"2026-12-24": "08:00-12:00"}
        )
        # Wednesday 2026-12-23 to Monday 2026-12-28
        assert opened(calendar, "2026-12-23", "2026-12-29") == [
            "23 08:00 - 23 18:00",
            "24 08:00 - 24 12:00",
            "28 08:00 - 28 18:00",
        ]

    def test_a_special_sunday_opens(self) -> None:
        """3.1: special hours open a day that the week leaves closed."""
        calendar = Calendar("UTC", {"mon-fri": "08:00-18:00"}, special={"2026-12-20": "10:00-12:00, 13:00-14:00"})
        # Sunday 2026-12-20
        assert opened(calendar, "2026-12-20", "2026-12-21") == ["20 10:00 - 20 12:00", "20 13:00 - 20 14:00"]

    def test_a_closed_date_takes_its_tail_with_it(self) -> None:
        """3.1: an interval belongs, tail included, to the date on which it opens."""
        calendar = Calendar("UTC", {"mon-sun": "22:00-06:00"}, closed=["2026-12-25"])
        # Thursday 2026-12-24 to Saturday 2026-12-26: the night before Christmas keeps its tail, Christmas has none
        assert opened(calendar, "2026-12-24 12:00", "2026-12-27") == ["24 22:00 - 25 06:00", "26 22:00 - 27 06:00"]

    def test_special_hours_may_cross_midnight(self) -> None:
        """3.1: the tail of a special date runs into the next morning, closed or not."""
        calendar = Calendar("UTC", {}, closed=["2027-01-01"], special={"2026-12-31": "20:00-02:00"})
        # Thursday 2026-12-31
        assert opened(calendar, "2026-12-31", "2027-01-05") == ["31 20:00 - 01 02:00"]

    def test_a_calendar_of_special_dates_alone_ends(self) -> None:
        """3.1: when no date opens any more the stream is over."""
        calendar = Calendar("UTC", {}, special={"2026-12-19": "10:00-12:00", "2026-12-20": "10:00-12:00"})
        # Saturday 2026-12-19 and Sunday
        assert [span.start_at.day for span in calendar.spans(utc("2026-01-01"))] == [19, 20]


class TestClockChanges:
    """3.2: a skipped time moves forward by the gap, one that happens twice means the first."""

    @pytest.mark.parametrize(
        ("hours", "expected"),
        [
            ("00:00-05:00", ["29 00:00 - 29 04:00"]),  # the night is an hour short
            ("01:30-05:00", ["29 01:30 - 29 04:00"]),  # opens at 02:30 by the new time
            ("00:00-01:30", ["29 00:00 - 29 01:30"]),  # closes at 02:30 by the new time
            ("01:15-01:45", ["29 01:15 - 29 01:45"]),  # both move
            ("01:30-02:15", []),  # opens at 02:30, after it has closed
            ("01:50-01:55, 02:00-03:00", ["29 01:00 - 29 02:00"]),  # the first moves into the second
            ("01:10-01:20, 01:30-01:40, 02:05-02:10", ["29 01:05 - 29 01:20", "29 01:30 - 29 01:40"]),  # past the third
        ],
    )
    def test_london_springs_forward(self, hours: str, expected: list[str]) -> None:
        """3.2: on Sunday 2026-03-29 01:00 becomes 02:00 in London."""
        assert opened(Calendar("Europe/London", {"sun": hours}), "2026-03-29", "2026-03-30") == expected

    def test_an_opening_in_the_middle_of_open_time_does_not_move(self) -> None:
        """3.1, 3.2: overlaps merge first, so shifts that overlap at the skipped hour leave no hole in the night."""
        calendar = Calendar("Europe/London", {"sat": "20:00-02:15", "sun": "01:30-05:00"})
        # Saturday 2026-03-28
        assert opened(calendar, "2026-03-28 12:00", "2026-03-30") == ["28 20:00 - 29 04:00"]

    @pytest.mark.parametrize(
        ("hours", "expected"),
        [
            ("00:00-05:00", ["24 23:00 - 25 05:00"]),  # the night is an hour longer
            ("01:30-05:00", ["25 00:30 - 25 05:00"]),  # the first 01:30, by summer time
            ("00:00-01:30", ["24 23:00 - 25 00:30"]),
            ("01:15-01:45", ["25 00:15 - 25 00:45"]),  # once, not twice
        ],
    )
    def test_london_falls_back(self, hours: str, expected: list[str]) -> None:
        """3.2: on Sunday 2026-10-25 02:00 becomes 01:00 in London."""
        assert opened(Calendar("Europe/London", {"sun": hours}), "2026-10-24 12:00", "2026-10-26") == expected

    def test_tehran_has_no_midnight_in_march(self) -> None:
        """3.2: on Sunday 2015-03-22 00:00 became 01:00 in Tehran, so what opens at midnight opens at 01:00."""
        assert opened(Calendar("Asia/Tehran", {"sun": "00:00-08:00"}), "2015-03-21", "2015-03-23") == [
            "21 20:30 - 22 03:30"
        ]
        assert opened(Calendar("Asia/Tehran", {"sun": "00:30-08:00"}), "2015-03-21", "2015-03-23") == [
            "21 21:00 - 22 03:30"
        ]

    def test_a_day_that_ends_at_a_skipped_midnight_ends_as_ever(self) -> None:
        """3.2: 24:00 on Saturday 2017-10-14 in São Paulo read 01:00; it was the same instant."""
        assert opened(Calendar("America/Sao_Paulo", {"sat": "22:00-24:00"}), "2017-10-14 12:00", "2017-10-16") == [
            "15 01:00 - 15 03:00"
        ]

    def test_sao_paulo_works_an_hour_less_in_october(self) -> None:
        """3.2: the night shift of Saturday 2017-10-14 lost the hour from midnight."""
        assert opened(Calendar("America/Sao_Paulo", {"sat": "22:00-06:00"}), "2017-10-14 12:00", "2017-10-16") == [
            "15 01:00 - 15 08:00"
        ]

    def test_sao_paulo_has_its_last_hour_twice_in_february(self) -> None:
        """3.2: on Saturday 2018-02-17 23:30 came twice; a desk that closes then closes the first time."""
        assert opened(Calendar("America/Sao_Paulo", {"sat": "22:00-23:30"}), "2018-02-17 12:00", "2018-02-19") == [
            "18 00:00 - 18 01:30"
        ]
        assert opened(Calendar("America/Sao_Paulo", {"sat": "22:00-24:00"}), "2018-02-17 12:00", "2018-02-19") == [
            "18 00:00 - 18 03:00"
        ]

    def test_lord_howe_moves_by_half_an_hour(self) -> None:
        """3.2: 02:00 becomes 02:30 on Sunday 2026-10-04, and 01:30 on Sunday 2026-04-05."""
        assert opened(Calendar("Australia/Lord_Howe", {"sun": "02:15-05:00"}), "2026-10-03", "2026-10-05") == [
            "03 15:45 - 03 18:00"
        ]
        assert opened(Calendar("Australia/Lord_Howe", {"sun": "01:45-03:00"}), "2026-04-04", "2026-04-06") == [
            "04 14:45 - 04 16:30"
        ]

    def test_apia_works_the_hours_of_a_skipped_friday_on_saturday(self) -> None:
        """3.2: Samoa had no Friday 2011-12-30; a time on it moves forward by the gap, which was a day."""
        calendar = Calendar("Pacific/Apia", {"mon-fri": "09:00-17:00"})
        # Thursday 2011-12-29, Saturday 2011-12-31 (for Friday), Monday 2012-01-02, all by the desk's clock
        assert opened(calendar, "2011-12-29 12:00", "2012-01-02") == [
            "29 19:00 - 30 03:00",
            "30 19:00 - 31 03:00",
            "01 19:00 - 02 03:00",
        ]

    def test_pyongyang_changes_its_mind(self) -> None:
        """3.2: 24:00 became 23:30 on Friday 2015-08-14, and 23:30 became 24:00 on Friday 2018-05-04."""
        assert opened(Calendar("Asia/Pyongyang", {"fri": "23:00-23:45"}), "2015-08-14", "2015-08-16") == [
            "14 14:00 - 14 14:45"
        ]
        assert opened(Calendar("Asia/Pyongyang", {"fri": "22:00-23:45"}), "2018-05-04", "2018-05-06") == [
            "04 13:30 - 04 15:15"
        ]


class TestTheEndsOfTime:
    """What a datetime cannot hold is not open."""

    @pytest.mark.parametrize("name", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Manila", "UTC"])
    @pytest.mark.parametrize("hours", ["00:00-24:00", "22:00-06:00", "09:00-17:00"])
    def test_the_stream_begins_and_ends_cleanly(self, name: str, hours: str) -> None:
        """3.2: neither the first year nor the last one raises."""
        calendar = Calendar(name, {"mon-sun": hours})
        first = next(calendar.spans(datetime.min.replace(tzinfo=UTC)))
        *_, last = calendar.spans(utc("9999-12-01 00:00"))
        assert first.start_at.year == 1
        assert last.end_at > utc("9999-12-27 00:00")
        assert list(calendar.spans(datetime.max.replace(tzinfo=UTC))) == []


class TestRefusals:
    """3.1: what is not a calendar is refused, all of it at once, with the remedy."""

    def test_everything_that_is_wrong_is_told_at_once(self) -> None:
        """3.1: one error names every problem."""
        assert problems_of(
            "Europe/Lodon",
            {"mun-fri": "08:00-25", "sat": "09:00-09:00"},
            closed=["2026-02-30", "2026-12-24"],
            special={"2026-12-24": "8-12"},
        ) == (
            "calendar 'Europe/Lodon': unknown time zone 'Europe/Lodon': did you mean 'Europe/London'?",
            "calendar 'Europe/Lodon': 'mun-fri' has hours '08:00-25': write 'HH:MM-HH:MM', the latest end being 24:00",
            (
                "calendar 'Europe/Lodon': unknown day 'mun' in 'mun-fri': "
                "write one of mon, tue, wed, thu, fri, sat, sun, or a range such as 'mon-fri'"
            ),
            "calendar 'Europe/Lodon': 'sat' has an empty interval '09:00-09:00': write '00:00-24:00' for a whole day",
            "calendar 'Europe/Lodon': '2026-02-30' is not a date from 1900 to 2199: write 'YYYY-MM-DD'",
            "calendar 'Europe/Lodon': '2026-12-24' has hours '8-12': write 'HH:MM-HH:MM', the latest end being 24:00",
            "calendar 'Europe/Lodon': '2026-12-24' is both closed and special: leave it in one of them",
        )

    @pytest.mark.parametrize(
        "hours",
        ["", "closed", "24:00-06:00", "08:60-09:00", "08:00-25:00", "08:00-12:00,", "08:00", "0\u0668:00-1\u0662:00"],
    )
    def test_hours_that_cannot_be_read(self, hours: str) -> None:
        """3.1: an interval is two times of day in digits that everybody reads, the second at most 24:00."""
        (problem,) = problems_of("UTC", {"mon": hours})
        assert "'mon' has hours" in problem

    @pytest.mark.parametrize("hours", ["00:00-00:00", "09:00-09:00"])
    def test_an_empty_interval(self, hours: str) -> None:
        """3.1: an empty interval is refused, lest it were meant as a whole day."""
        (problem,) = problems_of("UTC", {"mon": hours})
        assert "write '00:00-24:00' for a whole day" in problem

    @pytest.mark.parametrize("days", ["", "Mon", "monday", "mon-", "-fri", "mon-wed-fri", "mon, tue"])
    def test_days_that_cannot_be_read(self, days: str) -> None:
        """3.1: a day is one of seven names, or a range of them."""
        (problem,) = problems_of("UTC", {days: "09:00-17:00"})
        assert "unknown day" in problem

    def test_days_that_run_backwards(self) -> None:
        """3.1: a range over the weekend is two ranges."""
        (problem,) = problems_of("UTC", {"fri-mon": "09:00-17:00"})
        assert problem == "calendar 'UTC': days 'fri-mon' run backwards: a week starts on 'mon', write two ranges"

    def test_a_day_that_is_named_twice(self) -> None:
        """3.1: whether Monday's hours replace the week's or add to them is not guessed."""
        (problem,) = problems_of("UTC", {"mon-fri": "09:00-17:00", "mon": "07:00-09:00"})
        assert problem == "calendar 'UTC': 'mon' names 'mon' a second time: write each day once"

    @pytest.mark.parametrize("day", ["25.12.2026", "20261225", "2026-W52-5", "2206-12-25"])
    def test_dates_that_cannot_be_read(self, day: str) -> None:
        """3.1: a date is written in one way, and in a century in which somebody works."""
        assert "is not a date from 1900 to 2199" in problems_of("UTC", {}, closed=[day])[0]

    @pytest.mark.parametrize("field", ["zone", "week", "closed", "special"])
    def test_a_problem_is_never_a_page_long_and_can_be_printed(self, field: str) -> None:
        """3.1, 7.1: whatever stands in the wrong place is quoted cut, and not as it is."""
        for slip in ("x" * 9000, "\ud800\0"):
            (problem,) = problems_of(**{"zone": "UTC", "week": {}, field: slip})
            assert len(problem) < 300
            assert problem.isprintable()

    def test_the_forgotten_comma(self) -> None:
        """3.1: ("2026-12-25") is a text, not a tuple of one."""
        (problem,) = problems_of("UTC", {}, closed="2026-12-25")
        assert problem == "calendar 'UTC': closed is one text '2026-12-25': write a list, ['2026-12-25']"

    @pytest.mark.parametrize(
        ("written", "told"),
        [
            ({"zone": None}, "the zone is None: write an IANA name such as 'Europe/London'"),
            ({"week": ["mon"]}, "the week is ['mon']: write {'mon-fri': '08:00-18:00'}"),
            ({"week": {"mon": 8}}, "'mon' has hours 8: write 'HH:MM-HH:MM', the latest end being 24:00"),
            (
                {"week": {1: "09:00-17:00"}},
                "unknown day 1 in 1: write one of mon, tue, wed, thu, fri, sat, sun, or a range such as 'mon-fri'",
            ),
            ({"closed": 25}, "closed is 25: write a list of dates, ['2026-12-25']"),
            (
                {"closed": [date(2026, 12, 25)]},
                "datetime.date(2026, 12, 25) stands where a date is: write it in quotes, 'YYYY-MM-DD'",
            ),
            (
                {"closed": {"2026-12-25": 25}},
                "'2026-12-25' is called 25: write its name in quotes, 'Christmas Day'",
            ),
            (
                {"closed": {date(2026, 12, 25): "Christmas Day"}},
                "datetime.date(2026, 12, 25) stands where a date is: write it in quotes, 'YYYY-MM-DD'",
            ),
            ({"special": ["2026-12-24"]}, "special is ['2026-12-24']: write {'2026-12-24': '08:00-12:00'}"),
        ],
    )
    def test_what_is_of_another_kind(self, written: dict[str, object], told: str) -> None:
        """3.1, 7.1: whoever writes a calendar needs no type checker and sees no traceback."""
        slipped = {"zone": "UTC", "week": {}, **written}
        assert problems_of(**slipped) == (f"calendar {slipped['zone']!r}: {told}",)

    @pytest.mark.parametrize("name", ["", "../zones", "/etc/localtime", "Europe/../Europe/London", "europe/london"])
    def test_a_zone_is_a_listed_name(self, name: str) -> None:
        """3.1: the name of a zone is never used as a path."""
        with pytest.raises(CalendarError, match="unknown time zone"):
            zone(name)

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            ("GMT+1", "a zone is a place: use its IANA name, like 'Europe/London'"),
            ("UTC+02:00", "a zone is a place: use its IANA name, like 'Europe/London'"),
            ("Etc/GMT+15", "a zone is a place: use its IANA name, like 'Europe/London'"),
            ("BST", "a zone is a place: use its IANA name, like 'Europe/London'"),
            ("Paris", "did you mean 'Europe/Paris'?"),
            ("new york", "did you mean 'America/New_York'?"),
            ("Utc", "did you mean 'UTC'?"),
        ],
    )
    def test_no_other_offset_is_suggested_for_one(self, name: str, told: str) -> None:
        """3.1: whoever follows a remedy must not get another time than they meant."""
        with pytest.raises(CalendarError) as error:
            zone(name)
        assert str(error.value) == f"unknown time zone {name!r}: {told}"

    def test_instants_are_in_utc(self) -> None:
        """3.2: a naive instant is refused, and so is one that merely stands at zero in winter."""
        with pytest.raises(CalendarError, match=r"instant '2026-01-15 12:00:00' is not in UTC: pass an aware datetime"):
            OFFICE.spans(datetime.fromisoformat("2026-01-15 12:00"))
        with pytest.raises(CalendarError, match="is not in UTC"):
            require_utc(utc("2026-01-15 12:00").astimezone(zone("Europe/London")))

    def test_errors_survive_a_pickle(self) -> None:
        """An error that crosses a process keeps its problems apart."""
        error = pickle.loads(pickle.dumps(CalendarError("one", "two")))  # noqa: S301 (our own bytes)
        assert isinstance(error, DomainError)
        assert error.problems == ("one", "two")
        assert str(error) == "one; two"


class TestAsData:
    """A policy's version is a hash of its calendars' data."""

    def test_a_calendar_in_plain_json(self) -> None:
        """3.1: days, intervals and dates are in one order, whatever order they were written in."""
        calendar = Calendar(
            "Europe/London",
            {"sat": "09:00-13:00", "mon-tue": "13:00-17:00, 08:00-12:00"},
            closed=["2026-12-26", "2026-12-25", "2026-12-25"],
            special={"2026-12-24": "22:00-06:00"},
        )
        assert calendar.to_data() == {
            "zone": "Europe/London",
            "week": {"mon": "08:00-12:00, 13:00-17:00", "tue": "08:00-12:00, 13:00-17:00", "sat": "09:00-13:00"},
            "closed": ["2026-12-25", "2026-12-26"],
            "special": {"2026-12-24": "22:00-06:00"},
        }
        assert str(calendar) == (
            "Europe/London mon-tue 08:00-12:00, 13:00-17:00; sat 09:00-13:00 (2 dates closed, 1 special)"
        )

    def test_what_a_calendar_has_read_is_no_part_of_its_value(self) -> None:
        """7.2: asked or not, it is the same calendar in the same words; equal ones read a year once for all of them."""
        hours = {"mon-fri": "07:45-16:15"}
        asked, other = Calendar("Europe/Madrid", hours), Calendar("Europe/Madrid", hours)
        year = asked.years[2026]
        assert (asked, hash(asked), repr(asked), asked.to_data()) == (other, hash(other), repr(other), other.to_data())
        assert other.years[2026] is year

    def test_names_of_closed_dates_are_for_people(self) -> None:
        """3.1, 7.2: with or without them it is the same calendar, with the same data: a name gives no new version."""
        named = Calendar(
            "UTC", {"mon": "09:00-17:00"}, closed={"2026-12-28": "Boxing Day (observed)", "2026-12-25": ""}
        )
        plain = Calendar("UTC", {"mon": "09:00-17:00"}, closed=["2026-12-25", "2026-12-28"])
        assert (named, hash(named), repr(named), named.to_data()) == (plain, hash(plain), repr(plain), plain.to_data())
        assert named.names == ((date(2026, 12, 28), "Boxing Day (observed)"),)
        assert [named.name_of(date(2026, 12, day)) for day in (25, 28)] == ["", "Boxing Day (observed)"]

    def test_names_of_closed_dates_can_be_carried_to_another_process(self) -> None:
        """3.1: beside the data, when asked for."""
        named = Calendar("UTC", {}, closed={"2026-12-28": "Boxing Day (observed)", "2026-12-25": ""})
        data = named.to_data(with_names=True)
        assert data["closed"] == {"2026-12-25": "", "2026-12-28": "Boxing Day (observed)"}
        assert Calendar.from_data(json.loads(json.dumps(data))).names == named.names

    def test_merged_hours_of_more_than_a_day_can_be_read_back(self) -> None:
        """3.1: 00:00 to 06:00 of the next day cannot be written as one interval."""
        calendar = Calendar("UTC", {"mon": "00:00-24:00, 22:00-06:00"})
        assert calendar.to_data()["week"] == {"mon": "00:00-24:00, 23:59-06:00"}
        assert Calendar.from_data(calendar.to_data()) == calendar

    @pytest.mark.parametrize(
        "data",
        [
            {},
            {"zone": "UTC", "week": [], "closed": [], "special": {}},
            {"zone": "UTC", "week": {"mon": 8}, "closed": [], "special": {}},
            {"zone": "UTC", "week": {}, "closed": {8: "eight"}, "special": {}},
            {"zone": "UTC", "week": {}, "closed": "2026-12-25", "special": {}},
            {"zone": "UTC", "week": {}, "closed": [], "special": {}, "holidays": "GB"},
        ],
    )
    def test_other_data_is_refused(self, data: dict[str, object]) -> None:
        """3.1: what is not understood is not dropped."""
        with pytest.raises(CalendarError, match="not a calendar"):
            Calendar.from_data(data)

    def test_a_calendar_cannot_be_changed(self) -> None:
        """7.2: it is a frozen value that can be a key."""
        with pytest.raises(AttributeError):
            OFFICE.zone = "UTC"  # type: ignore[misc]  # what must fail
        assert {OFFICE: 1}[pickle.loads(pickle.dumps(OFFICE))] == 1  # noqa: S301 (our own bytes)

    def test_the_zone_rules_have_a_version(self) -> None:
        """3.6: what was computed is recorded with the tzdata version."""
        assert tzdata_version()[:2] == "20"
        assert tzdata_version()[4:].isalpha()


class TestAllCalendars:
    """What holds whatever the hours and the zone."""

    @given(calendar=calendars(), start_at=instants())
    @settings(max_examples=60)
    def test_spans_are_in_order_and_never_touch(self, calendar: Calendar, start_at: datetime) -> None:
        """3.2: the stream is merged, disjoint and begins no earlier than asked."""
        spans = list(islice(calendar.spans(start_at), 50))
        assert all(span.start_at < span.end_at for span in spans)
        assert all(earlier.end_at < later.start_at for earlier, later in pairwise(spans))
        assert all(span.start_at >= start_at for span in spans)

    @given(calendar=calendars(), start_at=instants(), later=st.timedeltas(timedelta(), timedelta(days=20)))
    @settings(max_examples=60)
    def test_the_stream_is_the_same_wherever_it_is_entered(
        self, calendar: Calendar, start_at: datetime, later: timedelta
    ) -> None:
        """3.2: entering later cuts the stream and changes nothing else."""
        until = start_at + timedelta(days=40)
        from_start, from_later = (
            list(takewhile(lambda span: span.start_at < until, calendar.spans(from_at)))
            for from_at in (start_at, start_at + later)
        )
        assert from_later == [
            (max(opens, start_at + later), closes) for opens, closes in from_start if closes > start_at + later
        ]

    @given(calendar=calendars())
    @settings(max_examples=100)
    def test_every_calendar_can_be_read_back(self, calendar: Calendar) -> None:
        """7.2: what a ticket carries is the calendar itself."""
        again = Calendar.from_data(json.loads(json.dumps(calendar.to_data())))
        assert again == calendar
        assert hash(again) == hash(calendar)
        assert again.to_data() == calendar.to_data()

    @given(story=clock_changes())
    @settings(max_examples=150)
    def test_every_minute_agrees_with_the_clock_on_the_wall(self, story: tuple[Notice, ClockChange]) -> None:
        """3.1, 3.2: the stream has the very minutes that are found by walking through them."""
        notice, change = story
        spans = takewhile(lambda span: span.start_at < change.until_at, notice.calendar.spans(change.from_at))
        streamed = [
            opens + minutes * MINUTE
            for opens, closes in spans
            for minutes in range((min(closes, change.until_at) - opens) // MINUTE)
        ]
        assert streamed == open_minutes(notice, change)
