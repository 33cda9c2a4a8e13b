"""When several desks that hand on to each other are open (rules 3.1 and 3.2, for calendars that are several desks')."""

import json
import pickle
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import chain, islice, pairwise, takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.policies import ALWAYS, tiny, tiny_tier
from tests.unit.calendars import (
    MINUTE,
    ZONES,
    ClockChange,
    Notice,
    calendars,
    clock_changes,
    instants,
    notices,
    open_minutes,
    utc,
)
from workflows.domain.calendar import Calendar
from workflows.domain.errors import CalendarError, PolicyError
from workflows.domain.follow_the_sun import AnyCalendar, FollowTheSun, calendar_of
from workflows.domain.policy_data import from_data, to_data, version_of
from workflows.domain.working_time import due, is_open, least_open, worked
from workflows.testing.story import Tell

DUBLIN = Calendar("Europe/Dublin", {"mon-fri": "08:00-18:00"}, closed={"2026-12-25": "Christmas Day"})
SYDNEY = Calendar("Australia/Sydney", {"mon-fri": "08:00-18:00"}, closed=["2026-12-25", "2026-12-28"])
SUN = FollowTheSun(DUBLIN, SYDNEY)


def opened(calendar: AnyCalendar, from_: str, until: str) -> list[str]:
    """Read the stream between two instants, as '29 01:30 - 29 04:00'."""
    spans = takewhile(lambda span: span.start_at < utc(until), calendar.spans(utc(from_)))
    return [f"{span.start_at:%d %H:%M} - {span.end_at:%d %H:%M}" for span in spans]


class TestTwoDesks:
    """3.1: open whenever one of them is."""

    def test_the_desks_take_turns(self) -> None:
        """3.1, 3.2: in June Sydney opens at 22:00 UTC, Dublin at 07:00; for an hour of the day both are there."""
        # Thursday 2026-06-11 noon to Monday 2026-06-15: Sydney's Friday runs to 08:00 UTC, its Monday begins on Sunday.
        assert opened(SUN, "2026-06-11 12:00", "2026-06-15 12:00") == [
            "11 12:00 - 11 17:00",
            "11 22:00 - 12 17:00",
            "14 22:00 - 15 17:00",
        ]

    def test_in_winter_they_are_further_apart(self) -> None:
        """3.2: Dublin's clocks go back as Sydney's have gone forward; nobody is there from 18:00 to 21:00 UTC."""
        # Tuesday 2026-11-24: Sydney from 21:00 to 07:00 UTC, Dublin from 08:00 to 18:00 UTC
        assert opened(SUN, "2026-11-24", "2026-11-25 12:00") == [
            "24 00:00 - 24 07:00",
            "24 08:00 - 24 18:00",
            "24 21:00 - 25 07:00",
            "25 08:00 - 25 18:00",
        ]

    def test_a_date_closed_at_one_desk_is_open_where_another_works_on(self) -> None:
        """3.1: Monday 2026-12-28 is kept in Sydney, and not in Dublin."""
        # Sunday evening to Tuesday morning: Sydney would have opened on Sunday at 21:00 UTC.
        assert opened(SUN, "2026-12-27 12:00", "2026-12-29 07:30") == ["28 08:00 - 28 18:00", "28 21:00 - 29 07:00"]

    def test_working_time_is_counted_once_where_both_are_there(self) -> None:
        """2.6: an hour is an hour, whoever is there."""
        # Friday 2026-06-12: Sydney until 08:00 UTC, Dublin from 07:00
        assert worked(SUN, utc("2026-06-12 06:00"), utc("2026-06-12 09:00")) == timedelta(hours=3)
        assert due(SUN, utc("2026-06-12 16:00"), timedelta(hours=2)) == utc("2026-06-14 23:00")
        assert [is_open(SUN, utc(f"2026-06-12 {at}")) for at in ("07:30", "16:59", "17:00")] == [True, True, False]

    def test_a_deadline_on_the_closing_time_of_the_last_desk(self) -> None:
        """3.3: it is closing time, not the next opening; the closing time of the first desk is none."""
        assert due(SUN, utc("2026-06-12 16:00"), timedelta(hours=1)) == utc("2026-06-12 17:00")
        assert due(SUN, utc("2026-06-12 06:00"), timedelta(hours=2)) == utc("2026-06-12 08:00")

    def test_desks_that_never_leave_a_gap(self) -> None:
        """3.1: desks that hand on well never close; what is read of them ends with each UTC year, and goes on."""
        day, night = Calendar("UTC", {"mon-sun": "06:00-18:00"}), Calendar("UTC", {"mon-sun": "18:00-06:00"})
        both = FollowTheSun(day, night)
        assert list(islice(both.spans(utc("2026-06-12")), 2)) == [
            (utc("2026-06-12"), utc("2027-01-01")),
            (utc("2027-01-01"), utc("2028-01-01")),
        ]
        assert due(both, utc("2026-12-31 23:00"), timedelta(hours=2)) == utc("2027-01-01 01:00")
        assert due(both, utc("2026-12-31 23:00"), timedelta(hours=1)) == utc("2027-01-01")
        assert least_open(both) == timedelta(days=730)

    def test_a_desk_that_never_closes_is_enough(self) -> None:
        """3.1: what the other does makes no difference."""
        both = FollowTheSun(DUBLIN, ALWAYS)
        assert next(both.spans(utc("2026-06-12"))) == (utc("2026-06-12"), utc("2027-01-01"))

    def test_desks_that_never_open_end(self) -> None:
        """3.1: the stream is over when no desk opens any more."""
        bazaar = Calendar("UTC", {}, special={"2026-12-19": "10:00-12:00"})
        assert list(FollowTheSun(bazaar, Calendar("UTC", {})).spans(utc("2026-01-01"))) == [
            (utc("2026-12-19 10:00"), utc("2026-12-19 12:00"))
        ]

    def test_it_is_shown_in_the_first_desks_zone(self) -> None:
        """8: one zone for its deadlines, all desks and their hours in its words."""
        assert SUN.zone == "Europe/Dublin"
        assert FollowTheSun(SYDNEY, DUBLIN).zone == "Australia/Sydney"
        assert str(SUN) == (
            "Europe/Dublin mon-fri 08:00-18:00 (1 dates closed, 0 special) + "
            "Australia/Sydney mon-fri 08:00-18:00 (2 dates closed, 0 special)"
        )
        assert SUN.plain_week == "mon-fri 08:00-18:00 in Europe/Dublin; mon-fri 08:00-18:00 in Australia/Sydney"
        assert SUN.exceptions == (date(2026, 12, 25), date(2026, 12, 28))
        assert (SUN.desks, DUBLIN.desks) == ((DUBLIN, SYDNEY), (DUBLIN,))


class TestMistakes:
    """7.1: what is no calendar of several desks is told, with the remedy."""

    @pytest.mark.parametrize(
        ("desks", "told"),
        [
            ((), "it has 0 desks: name two or more, or use a Calendar by itself"),
            ((DUBLIN,), "it has 1 desks: name two or more, or use a Calendar by itself"),
            ((DUBLIN, SYDNEY, DUBLIN), "it names a desk twice: name each once, it is open no longer for that"),
            (
                (DUBLIN, "Australia/Sydney"),
                "desk 2 is 'Australia/Sydney': write Calendar('Europe/Dublin', {'mon-fri': '08:00-18:00'})",
            ),
        ],
    )
    def test_what_is_not_two_desks(self, desks: tuple[Calendar, ...], told: str) -> None:
        """7.1: one desk, the same desk, or something else."""
        with pytest.raises(CalendarError) as refused:
            FollowTheSun(*desks)
        assert refused.value.problems == (f"follow the sun: {told}",)

    def test_desks_do_not_nest(self) -> None:
        """7.1: all desks stand in one row."""
        with pytest.raises(CalendarError, match="desk 2 is FollowTheSun"):
            FollowTheSun(ALWAYS, SUN)  # type: ignore[arg-type]  # the slip that is meant

    @pytest.mark.parametrize(
        "data",
        [
            {"desks": []},
            {"desks": [DUBLIN.to_data()], "zone": "UTC"},
            {"desks": "UTC"},
            {"desks": ["UTC", "UTC"]},
            {"desks": [DUBLIN.to_data(), {}]},
            {},
        ],
    )
    def test_other_data_is_refused(self, data: Mapping[str, object]) -> None:
        """3.1: what is not understood is not dropped."""
        with pytest.raises(CalendarError):
            calendar_of(data)

    def test_too_little_open_time_is_told_as_of_one_calendar(self) -> None:
        """3.5: both desks together must hold what is promised."""
        bazaar = Calendar("UTC", {}, special={"2026-12-19": "10:00-12:00"})
        fair = Calendar("UTC", {}, special={"2026-12-20": "10:00-12:00"})
        with pytest.raises(PolicyError) as refused:
            tiny(calendar=FollowTheSun(bazaar, fair))
        assert "calendar 'UTC closed all week (0 dates closed, 1 special) + UTC closed all week" in str(refused.value)


class TestAsData:
    """7.2: what a ticket carries."""

    def test_it_is_its_desks_in_order(self) -> None:
        """7.2: each desk's data, the first first; another order is another calendar."""
        assert SUN.to_data() == {"desks": [DUBLIN.to_data(), SYDNEY.to_data()]}
        assert calendar_of(json.loads(json.dumps(SUN.to_data()))) == SUN
        assert FollowTheSun(SYDNEY, DUBLIN) != SUN

    def test_names_go_to_another_process_and_into_no_version(self) -> None:
        """7.2: what a closed date is called is for people."""
        again = calendar_of(SUN.to_data(with_names=True))
        assert again == SUN
        assert again.to_data() == SUN.to_data()
        assert again.desks[0].name_of(date(2026, 12, 25)) == "Christmas Day"

    def test_it_is_a_value(self) -> None:
        """7.2: frozen, a key, and whole after a pickle."""
        with pytest.raises(AttributeError):
            SUN.desks = ()  # type: ignore[misc]  # what must fail
        assert {SUN: 1}[pickle.loads(pickle.dumps(SUN))] == 1  # noqa: S301 (our own bytes)
        assert eval(repr(SUN)) == SUN  # noqa: S307 - our own words

    def test_a_policy_and_its_tiers_may_count_in_it(self) -> None:
        """7.2: a snapshot with several desks' hours is read back as the very policy."""
        policy = tiny(calendar=SUN, tiers=(tiny_tier(calendar=SUN),))
        again = from_data(json.loads(json.dumps(to_data(policy))))
        assert (again, version_of(again)) == (policy, version_of(policy))


def test_a_ticket_goes_round_the_earth(tell: Tell) -> None:
    """2.6: opened in Dublin at the end of the day, it is due while Sydney is at work."""
    sun = tiny(calendar=SUN, tiers=(tiny_tier(calendar=SUN, on_breach={}),))
    # Thursday 26 November 2026, 17:45 in Dublin; Sydney opens at 21:00.
    tell(sun, zone="Europe/Dublin").open("Thu 26 Nov 17:45").happened(
        "Thu 26 Nov 17:45 opened normal in agent",
        "Thu 26 Nov 17:45 started acknowledge/1 of agent, 30m, until 21:15",
        "Thu 26 Nov 17:45 started tier_resolve/1 of agent, 4h, until Fri 27 Nov 00:45",
        "Thu 26 Nov 17:45 started update/1 of agent, 2h, until 22:45",
        "Thu 26 Nov 17:45 started resolve/1 of agent, 8h, until Fri 27 Nov 04:45",
        "Thu 26 Nov 17:45 promise next_news/1 made: next_news, by 22:45",
    )


@st.composite
def _desks(draw: st.DrawFn) -> tuple[tuple[Notice, ...], tuple[ClockChange, ...]]:
    """Draw a clock change with hours about it, and one or two desks elsewhere, with exceptions about the same date."""
    notice, change = draw(clock_changes())
    elsewhere = draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=2))
    others = [draw(notices((name,), change.on)) for name in elsewhere]
    desks = (notice, *(other for other in others if other.calendar != notice.calendar))
    changes = tuple(replace(change, zone=each.zone) for each in desks)
    return desks, changes


_lengths = st.timedeltas(timedelta(), timedelta(days=20))


class TestAllDesks:
    """What holds whatever the hours and the zones."""

    @given(drawn=_desks(), start=st.integers(0, 5 * 1440), length=st.integers(0, 5 * 1440))
    @settings(max_examples=120)
    def test_every_minute_agrees_with_the_clocks_on_the_walls(
        self, drawn: tuple[tuple[Notice, ...], tuple[ClockChange, ...]], start: int, length: int
    ) -> None:
        """3.1, 3.2: stream, worked and due have the very minutes at which a walk finds some desk open."""
        desks, changes = drawn
        if len({desk.calendar for desk in desks}) < 2:
            return
        calendar = FollowTheSun(*dict.fromkeys(desk.calendar for desk in desks))
        from_at, until_at = changes[0].from_at, changes[0].until_at
        walked = sorted(set(chain(*map(open_minutes, desks, changes))))
        spans = takewhile(lambda span: span.start_at < until_at, calendar.spans(from_at))
        assert walked == [
            opens + minutes * MINUTE
            for opens, closes in spans
            for minutes in range((min(closes, until_at) - opens) // MINUTE)
        ]
        asked_at = from_at + start * MINUTE
        after = [minute for minute in walked if minute >= asked_at]
        assert worked(calendar, asked_at, until_at) == len(after) * MINUTE
        if 0 < length <= len(after):
            assert due(calendar, asked_at, length * MINUTE) == after[length - 1] + MINUTE

    @given(
        one=calendars(), other=calendars(), start_at=instants(), later=st.timedeltas(timedelta(), timedelta(days=20))
    )
    @settings(max_examples=40)
    def test_the_stream_is_the_same_wherever_it_is_entered(
        self, one: Calendar, other: Calendar, start_at: datetime, later: timedelta
    ) -> None:
        """3.2: in order, never empty, apart from each other but at the turn of a year; entering later only cuts it."""
        if one == other:
            return
        calendar, until = FollowTheSun(one, other), start_at + timedelta(days=40)
        from_start, from_later = (
            list(takewhile(lambda span: span.start_at < until, calendar.spans(from_at)))
            for from_at in (start_at, start_at + later)
        )
        assert from_later == [
            (max(opens, start_at + later), closes) for opens, closes in from_start if closes > start_at + later
        ]
        assert all(opens < closes for opens, closes in from_start)
        assert all(
            earlier.end_at < next_.start_at or (next_.start_at.month, next_.start_at.day) == (1, 1)
            for earlier, next_ in pairwise(from_start)
        )

    @given(
        one=calendars(), other=calendars(), start_at=instants(), length=st.timedeltas(timedelta(), timedelta(days=9))
    )
    @settings(max_examples=60)
    def test_what_is_due_was_worked(
        self, one: Calendar, other: Calendar, start_at: datetime, length: timedelta
    ) -> None:
        """3.2, 3.3: the two walks agree, and several desks are never later than one of them."""
        if one == other:
            return
        calendar = FollowTheSun(one, other)
        due_at = due(calendar, start_at, length)
        assert worked(calendar, start_at, due_at) == length
        assert due_at <= min(due(one, start_at, length), due(other, start_at, length))
