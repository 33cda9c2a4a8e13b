"""When it is due, and how much was worked (rules 3.2 to 3.5)."""

import sys
from datetime import datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.calendars import MINUTE, ClockChange, Notice, calendars, clock_changes, instants, open_minutes, utc
from workflows.domain.calendar import Calendar
from workflows.domain.errors import CalendarError
from workflows.domain.working_time import due, is_open, least_open, worked
from workflows.domain.zones import zone

OFFICE = Calendar("Europe/London", {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"})
WEEKDAYS = Calendar("Europe/London", {"mon-fri": "08:00-18:00"})
NIGHTS = Calendar("Europe/Berlin", {"mon-sun": "22:00-06:00"})
TWO_SHIFTS = Calendar("UTC", {"mon-fri": "08:00-12:00, 13:00-17:00"})
ROUND_THE_CLOCK = Calendar.round_the_clock("Europe/London")
NEVER = Calendar("UTC", {})

NOTHING = timedelta()
MICROSECOND = timedelta(microseconds=1)


def hours(number: float) -> timedelta:
    """Return a length of working time."""
    return timedelta(hours=number)


def calls(calendar: Calendar, start_at: datetime, length: timedelta) -> int:
    """Count what is called to find a due instant, in Python and in C."""
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        due(calendar, start_at, length)
    finally:
        sys.setprofile(before)
    return made


class TestDue:
    """3.2 to 3.4: the instant at which that much open time has passed."""

    def test_a_morning_ticket_is_due_the_same_day(self) -> None:
        """3.2: inside opening hours, working time is time."""
        # Friday 2026-06-12, 10:00 in London
        assert due(OFFICE, utc("2026-06-12 09:00"), hours(4)) == utc("2026-06-12 13:00")

    def test_friday_afternoon_ticket_is_due_monday(self) -> None:
        """3.2: two hours on Friday 2026-06-12, two on Monday 2026-06-15."""
        assert due(WEEKDAYS, utc("2026-06-12 15:00"), hours(4)) == utc("2026-06-15 09:00")

    def test_friday_afternoon_ticket_is_due_on_saturday_where_saturday_is_worked(self) -> None:
        """3.2: two hours on Friday 2026-06-12, two from 09:00 on Saturday."""
        assert due(OFFICE, utc("2026-06-12 15:00"), hours(4)) == utc("2026-06-13 10:00")

    def test_a_deadline_on_closing_time_is_closing_time(self) -> None:
        """3.3: Friday 2026-06-12 at 18:00 in London, not Saturday's opening; a microsecond more is Saturday."""
        assert due(OFFICE, utc("2026-06-12 13:00"), hours(4)) == utc("2026-06-12 17:00")
        assert due(OFFICE, utc("2026-06-12 13:00"), hours(4) + MICROSECOND) == utc("2026-06-13 08:00:00.000001")

    def test_nothing_left_while_open_is_now(self) -> None:
        """3.3: a zero-length remainder at an open instant is that instant."""
        # Friday 2026-06-12
        assert due(OFFICE, utc("2026-06-12 09:11:12.131415"), NOTHING) == utc("2026-06-12 09:11:12.131415")
        assert due(OFFICE, utc("2026-06-12 07:00"), NOTHING) == utc("2026-06-12 07:00")

    def test_nothing_left_while_closed_is_the_next_opening(self) -> None:
        """3.3: at closing time on Saturday 2026-06-13 and all the Sunday, that is Monday 08:00 in London."""
        assert due(OFFICE, utc("2026-06-13 12:00"), NOTHING) == utc("2026-06-15 07:00")
        assert due(OFFICE, utc("2026-06-14 12:00"), NOTHING) == utc("2026-06-15 07:00")

    def test_a_clock_started_outside_hours_begins_at_the_next_opening(self) -> None:
        """3.4: Sunday 2026-06-14 counts from Monday 08:00 in London, and so does early Monday."""
        assert due(OFFICE, utc("2026-06-14 12:00"), hours(1)) == utc("2026-06-15 08:00")
        assert due(OFFICE, utc("2026-06-15 05:00"), hours(1)) == utc("2026-06-15 08:00")

    def test_lunch_does_not_count(self) -> None:
        """3.2: started at 11:30 on Monday 2026-06-15, an hour ends at 13:30."""
        assert due(TWO_SHIFTS, utc("2026-06-15 11:30"), hours(1)) == utc("2026-06-15 13:30")

    def test_a_night_shift_goes_on_after_midnight(self) -> None:
        """3.2: Friday 2026-06-12 23:00 in Berlin and six hours are Saturday 05:00."""
        assert due(NIGHTS, utc("2026-06-12 21:00"), hours(6)) == utc("2026-06-13 03:00")

    def test_round_the_clock_is_plain_addition(self) -> None:
        """3.1: 2026-12-31 is a Thursday; the year ends and nothing happens."""
        assert due(ROUND_THE_CLOCK, utc("2026-12-31 22:00"), hours(4)) == utc("2027-01-01 02:00")
        assert due(ROUND_THE_CLOCK, utc("2026-12-31 22:00"), hours(2)) == utc("2027-01-01 00:00")

    def test_a_deadline_on_the_year_s_last_closing_time(self) -> None:
        """3.3: Thursday 2026-12-31 18:00 in London, not Friday's opening in the new year."""
        assert due(WEEKDAYS, utc("2026-12-31 15:00"), hours(3)) == utc("2026-12-31 18:00")
        assert due(WEEKDAYS, utc("2026-12-30 15:00"), hours(13)) == utc("2026-12-31 18:00")
        assert due(WEEKDAYS, utc("2026-12-31 18:00"), NOTHING) == utc("2027-01-01 08:00")

    def test_christmas_is_not_worked(self) -> None:
        """3.1: from Wednesday 2026-12-23 17:00 over a short Thursday and two closed dates to Monday 2026-12-28."""
        calendar = Calendar(
            "Europe/London",
            {"mon-fri": "08:00-18:00", "sat": "09:00-13:00"},
            closed=["2026-12-25", "2026-12-26"],
            special={"2026-12-24": "08:00-12:00"},
        )
        assert due(calendar, utc("2026-12-23 17:00"), hours(5)) == utc("2026-12-24 12:00")
        assert due(calendar, utc("2026-12-23 17:00"), hours(6)) == utc("2026-12-28 09:00")

    def test_a_supplier_keeps_its_own_hours(self) -> None:
        """2.6: one start, Monday 2026-06-15 15:00 UTC, is an hour before one desk closes and after the other has."""
        supplier = Calendar("Europe/Berlin", {"mon-fri": "08:00-16:00"})
        assert due(WEEKDAYS, utc("2026-06-15 15:00"), hours(1)) == utc("2026-06-15 16:00")
        assert due(supplier, utc("2026-06-15 15:00"), hours(1)) == utc("2026-06-16 07:00")

    def test_a_target_of_half_a_year(self) -> None:
        """3.2: 1,300 hours of 50 a week are 26 weeks, from Monday 2026-01-05 to closing time on Friday 2026-07-03."""
        assert due(WEEKDAYS, utc("2026-01-05 08:00"), hours(1300)) == utc("2026-07-03 17:00")

    @pytest.mark.parametrize("start", ["2026-01-05 08:00", "2026-06-12 15:00", "2026-10-05 11:00", "2026-12-07 03:00"])
    def test_half_a_year_is_no_more_than_twice_the_work_of_four_hours(self, start: str) -> None:
        """3.2: by the number of calls that are made, over a new year too; inside of each a table is halved at most."""
        for length in (hours(4), hours(1300)):
            due(WEEKDAYS, utc(start), length)  # what is read once has been read
        assert calls(WEEKDAYS, utc(start), hours(1300)) <= 2 * calls(WEEKDAYS, utc(start), hours(4))

    def test_a_day_is_not_a_unit(self) -> None:
        """3.7: 24 hours of an eight-hour desk are three of its days, from Monday 2026-06-15 to Wednesday's closing."""
        assert due(TWO_SHIFTS, utc("2026-06-15 08:00"), hours(24)) == utc("2026-06-17 17:00")

    def test_a_target_that_outlasts_the_year(self) -> None:
        """3.2: 500 hours of 50 a week are ten weeks, from Monday 2026-12-07 to closing time on Friday 2027-02-12."""
        assert due(WEEKDAYS, utc("2026-12-07 08:00"), hours(500)) == utc("2027-02-12 18:00")


class TestDueWhenClocksChange:
    """3.2: time is added in UTC."""

    def test_a_weekend_on_which_clocks_go_forward(self) -> None:
        """3.2: Friday 2026-03-27 16:00 in London and four hours are Monday 10:00, which has become 09:00 UTC."""
        assert due(WEEKDAYS, utc("2026-03-27 16:00"), hours(4)) == utc("2026-03-30 09:00")

    def test_a_weekend_on_which_clocks_go_back(self) -> None:
        """3.2: Friday 2026-10-23 16:00 in London and four hours are Monday 10:00, which has become 10:00 UTC."""
        assert due(WEEKDAYS, utc("2026-10-23 15:00"), hours(4)) == utc("2026-10-26 10:00")

    def test_the_short_night(self) -> None:
        """3.2: the shift of Saturday 2026-03-28 in Berlin has seven hours; the eighth is at 23:00 on Sunday."""
        assert due(NIGHTS, utc("2026-03-28 21:00"), hours(7)) == utc("2026-03-29 04:00")
        assert due(NIGHTS, utc("2026-03-28 21:00"), hours(8)) == utc("2026-03-29 21:00")

    def test_the_long_night(self) -> None:
        """3.2: the shift of Saturday 2026-10-24 in Berlin has nine hours."""
        assert due(NIGHTS, utc("2026-10-24 20:00"), hours(9)) == utc("2026-10-25 05:00")

    def test_tehran_opens_at_one_when_there_is_no_midnight(self) -> None:
        """3.2: Sunday 2015-03-22 began at 01:00 in Tehran, half past eight in the evening UTC."""
        calendar = Calendar("Asia/Tehran", {"sun": "00:00-08:00"})
        assert due(calendar, utc("2015-03-21 12:00"), NOTHING) == utc("2015-03-21 20:30")
        assert due(calendar, utc("2015-03-21 12:00"), hours(7)) == utc("2015-03-22 03:30")

    def test_sao_paulo_loses_midnight(self) -> None:
        """3.2: four hours from Saturday 2017-10-14 23:00 are Sunday 04:00, by the new time."""
        calendar = Calendar("America/Sao_Paulo", {"sat": "22:00-06:00"})
        assert due(calendar, utc("2017-10-15 02:00"), hours(4)) == utc("2017-10-15 06:00")

    def test_lord_howe_loses_half_an_hour(self) -> None:
        """3.2: from 00:00 to 05:00 on Sunday 2026-10-04 are four and a half hours."""
        calendar = Calendar("Australia/Lord_Howe", {"sun": "00:00-05:00"})
        assert due(calendar, utc("2026-10-03 13:30"), hours(4.5)) == utc("2026-10-03 18:00")

    def test_apia_is_served_on_saturday_for_the_friday_it_never_had(self) -> None:
        """3.2: Thursday 2011-12-29 16:00 and four hours were Saturday 2011-12-31 12:00 in Samoa."""
        calendar = Calendar("Pacific/Apia", {"mon-fri": "09:00-17:00"})
        assert due(calendar, utc("2011-12-30 02:00"), hours(4)) == utc("2011-12-30 22:00")

    def test_pyongyang_has_half_an_hour_more(self) -> None:
        """3.2: 23:00 to 24:00 on Friday 2015-08-14 lasted ninety minutes."""
        calendar = Calendar("Asia/Pyongyang", {"fri": "23:00-24:00"})
        assert due(calendar, utc("2015-08-14 14:00"), hours(1.5)) == utc("2015-08-14 15:30")


class TestWorked:
    """3.2: open time between two instants."""

    def test_a_weekend_in_between(self) -> None:
        """3.2: from Friday 2026-06-12 16:00 to Monday 2026-06-15 10:00 in London, Saturday morning included or not."""
        assert worked(WEEKDAYS, utc("2026-06-12 15:00"), utc("2026-06-15 09:00")) == hours(4)
        assert worked(OFFICE, utc("2026-06-12 15:00"), utc("2026-06-15 09:00")) == hours(8)

    def test_closed_time_does_not_count(self) -> None:
        """3.2: Sunday 2026-06-14 and both its ends."""
        assert worked(OFFICE, utc("2026-06-13 12:00"), utc("2026-06-15 07:00")) == NOTHING

    def test_microseconds_count(self) -> None:
        """3.2: nothing is rounded; Friday 2026-06-12."""
        assert worked(OFFICE, utc("2026-06-12 09:00"), utc("2026-06-12 09:00:00.000001")) == MICROSECOND

    def test_several_years(self) -> None:
        """3.2: from Monday 2024-01-01 to Monday 2029-01-01 there are five times 365 days and two."""
        assert worked(ROUND_THE_CLOCK, utc("2024-01-01 06:00"), utc("2029-01-01 07:00")) == timedelta(1827, 3600)

    def test_never_open_is_never_worked(self) -> None:
        """3.1: there is nothing to count."""
        assert worked(NEVER, utc("2026-06-12 09:00"), utc("2027-06-12 09:00")) == NOTHING

    def test_the_last_year_there_is(self) -> None:
        """3.2: the end of time ends the count and raises nothing."""
        assert worked(ROUND_THE_CLOCK, utc("9999-12-01 00:00"), utc("9999-12-02 00:00")) == hours(24)


class TestIsOpen:
    """3.2: whether an instant is open time."""

    def test_opening_is_open_and_closing_is_not(self) -> None:
        """3.2: intervals are half open; Friday 2026-06-12 from 08:00 to 18:00 in London."""
        assert is_open(OFFICE, utc("2026-06-12 07:00"))
        assert is_open(OFFICE, utc("2026-06-12 17:00") - MICROSECOND)
        assert not is_open(OFFICE, utc("2026-06-12 07:00") - MICROSECOND)
        assert not is_open(OFFICE, utc("2026-06-12 17:00"))

    def test_a_night_shift_is_open_when_the_year_ends(self) -> None:
        """3.1: the shift of Thursday 2026-12-31 in Berlin belongs to that date, tail included."""
        assert is_open(NIGHTS, utc("2027-01-01 00:00"))
        assert is_open(NIGHTS, utc("2027-01-01 00:00") - MICROSECOND)
        assert not is_open(NIGHTS, utc("2027-01-01 05:00"))

    def test_never_open_is_never_open(self) -> None:
        """3.1: a year without any open time is a year too."""
        assert not is_open(NEVER, utc("2026-06-12 09:00"))


class TestRefusals:
    """What cannot be kept is refused with the reason."""

    def test_a_naive_instant(self) -> None:
        """3.2: local time appears only inside the calendar."""
        with pytest.raises(CalendarError, match=r"instant '2026-06-12 09:00:00' is not in UTC"):
            due(OFFICE, datetime.fromisoformat("2026-06-12 09:00"), hours(1))
        with pytest.raises(CalendarError, match="is not in UTC"):
            worked(OFFICE, utc("2026-06-12 09:00"), datetime.fromisoformat("2026-06-12 10:00"))
        with pytest.raises(CalendarError, match="is not in UTC"):
            is_open(OFFICE, datetime.fromisoformat("2026-06-12 09:00"))

    def test_an_instant_in_another_zone(self) -> None:
        """3.2: London is refused in winter too, when it stands at zero."""
        with pytest.raises(CalendarError, match="is not in UTC"):
            due(OFFICE, utc("2026-01-15 09:00").astimezone(zone("Europe/London")), hours(1))

    def test_a_negative_length(self) -> None:
        """3.2: a deadline never lies before its start."""
        with pytest.raises(CalendarError, match="length '-1 hours' is negative: ask for none or more"):
            due(OFFICE, utc("2026-06-12 09:00"), hours(-1))

    def test_an_end_before_the_start(self) -> None:
        """3.2: swapped arguments are told, not counted backwards."""
        with pytest.raises(CalendarError, match=r"end '2026-06-12T08:59:00\+00:00' lies before start '.*': swap them"):
            worked(OFFICE, utc("2026-06-12 09:00"), utc("2026-06-12 08:59"))

    def test_a_deadline_that_never_comes(self) -> None:
        """3.5: a calendar that never opens is named, with the length."""
        with pytest.raises(CalendarError) as refused:
            due(NEVER, utc("2026-06-12 09:00"), hours(4))
        (problem,) = refused.value.problems
        assert problem == (
            "calendar 'UTC closed all week' does not offer 4 hours of open time in the 10 years after "
            "2026-06-12T09:00:00+00:00: give it more hours, or ask for less"
        )
        with pytest.raises(CalendarError, match="closed all week"):
            due(NEVER, utc("2026-06-12 09:00"), NOTHING)

    def test_a_deadline_at_the_end_of_time(self) -> None:
        """3.5: where datetimes end there is no more open time."""
        with pytest.raises(CalendarError, match="does not offer 10000 hours"):
            due(ROUND_THE_CLOCK, utc("9999-01-01 09:00"), hours(10_000))


class TestHorizon:
    """3.5: a calendar that offers too little open time within its horizon is refused when the policy is loaded."""

    def test_an_hour_a_week(self) -> None:
        """3.5: 730 days hold 104 Mondays at least."""
        assert least_open(Calendar("UTC", {"mon": "09:00-10:00"})) == hours(104)

    def test_a_shorter_horizon(self) -> None:
        """3.5: two years are the default only."""
        calendar = Calendar("UTC", {"mon": "09:00-10:00"})
        assert least_open(calendar, timedelta(days=28)) == hours(4)
        assert least_open(calendar, timedelta(days=27)) == hours(3)

    def test_never_open(self) -> None:
        """3.5: no target fits a calendar that never opens."""
        assert least_open(NEVER) == hours(0)

    def test_special_dates_alone(self) -> None:
        """3.5: they will have gone by."""
        assert least_open(Calendar("UTC", {}, special={"2026-12-20": "10:00-12:00"})) == hours(0)

    def test_the_worst_start_may_lie_in_the_week_after_the_last_exception(self) -> None:
        """3.5: six days from any earlier closing hold a Monday or the special Tuesday; from the next Monday, none."""
        calendar = Calendar("UTC", {"mon": "09:00-10:00"}, special={"2026-12-22": "10:00-12:00"})
        assert least_open(calendar, timedelta(days=6)) == NOTHING
        weekend = Calendar("UTC", {"mon": "09:00-10:00"}, special={"2026-12-19": "10:00-12:00"})
        assert least_open(weekend) == hours(104)

    def test_a_long_closure_counts(self) -> None:
        """3.5: the week's hours are not enough when the dates given take them away."""
        july = [f"2026-07-{day:02}" for day in range(1, 32)]
        calendar = Calendar("UTC", {"mon-sun": "00:00-24:00"}, closed=july)
        assert least_open(calendar, timedelta(days=31)) == NOTHING
        assert least_open(calendar, timedelta(days=62)) == timedelta(days=31)

    def test_round_the_clock_offers_all_of_it(self) -> None:
        """3.5: there is no closing time to start at."""
        assert least_open(ROUND_THE_CLOCK) == timedelta(days=730)


lengths = st.one_of(st.timedeltas(NOTHING, hours(60)), st.timedeltas(NOTHING, hours(2)), st.just(NOTHING))
some_days = st.timedeltas(NOTHING, timedelta(days=60))


class TestAllCalendars:
    """What holds whatever the hours and the zone."""

    @given(calendar=calendars(), start_at=instants(), length=lengths)
    @settings(max_examples=100)
    def test_what_was_asked_for_has_been_worked_when_it_is_due(
        self, calendar: Calendar, start_at: datetime, length: timedelta
    ) -> None:
        """3.2, 3.3: and not a microsecond earlier."""
        due_at = due(calendar, start_at, length)
        assert worked(calendar, start_at, due_at) == length
        if length:
            assert worked(calendar, start_at, due_at - MICROSECOND) == length - MICROSECOND

    @given(calendar=calendars(), start_at=instants(), length=lengths, later=some_days, longer=lengths)
    @settings(max_examples=100)
    def test_more_or_later_is_never_due_earlier(
        self, calendar: Calendar, start_at: datetime, length: timedelta, later: timedelta, longer: timedelta
    ) -> None:
        """3.2: due is monotone in the start and in the length, and never lies before the start."""
        due_at = due(calendar, start_at, length)
        assert start_at <= due_at <= due(calendar, start_at + later, length)
        assert due_at <= due(calendar, start_at, length + longer)

    @given(calendar=calendars(), start_at=instants(), one=some_days, other=some_days)
    @settings(max_examples=100)
    def test_time_worked_adds_up(
        self, calendar: Calendar, start_at: datetime, one: timedelta, other: timedelta
    ) -> None:
        """3.2: where a stretch is cut changes nothing."""
        middle, end_at = start_at + one, start_at + one + other
        whole = worked(calendar, start_at, end_at)
        assert whole == worked(calendar, start_at, middle) + worked(calendar, middle, end_at)

    @given(calendar=calendars(), start_at=instants(), one=lengths, other=lengths.filter(bool))
    @settings(max_examples=100)
    def test_a_target_in_two_parts_is_due_when_the_whole_is(
        self, calendar: Calendar, start_at: datetime, one: timedelta, other: timedelta
    ) -> None:
        """3.3: a clock that stops and resumes at once keeps its deadline."""
        assert due(calendar, due(calendar, start_at, one), other) == due(calendar, start_at, one + other)

    @given(calendar=calendars(), start_at=instants(), length=st.timedeltas(NOTHING, timedelta(days=500)))
    @settings(max_examples=50)
    def test_time_worked_is_the_length_of_the_stream(
        self, calendar: Calendar, start_at: datetime, length: timedelta
    ) -> None:
        """3.2: what is kept for each year agrees with the one stream it was read from, across years."""
        end_at = start_at + length
        spans = takewhile(lambda span: span.start_at < end_at, calendar.spans(start_at))
        assert worked(calendar, start_at, end_at) == sum(
            (min(span.end_at, end_at) - span.start_at for span in spans), NOTHING
        )

    @given(story=clock_changes(), start=st.integers(0, 5 * 1440), data=st.data())
    @settings(max_examples=150)
    def test_both_walks_agree_with_counting_minutes(
        self, story: tuple[Notice, ClockChange], start: int, data: st.DataObject
    ) -> None:
        """3.2 to 3.4: through any change of clocks, due and worked are what one counts on the wall."""
        notice, change = story
        start_at = change.from_at + start * MINUTE
        minutes = [minute for minute in open_minutes(notice, change) if minute >= start_at]
        assert worked(notice.calendar, start_at, change.until_at) == len(minutes) * MINUTE
        if minutes:
            assert due(notice.calendar, start_at, NOTHING) == minutes[0]
            assert is_open(notice.calendar, start_at) == (start_at == minutes[0])
            number = data.draw(st.integers(1, len(minutes)))
            assert due(notice.calendar, start_at, number * MINUTE) == minutes[number - 1] + MINUTE
