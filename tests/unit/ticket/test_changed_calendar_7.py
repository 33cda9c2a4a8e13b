"""Semantics 7.3, 3.6: what a calendar that changes in mid-clock leaves of a clock."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.policies import ALWAYS, LINES, ladder, row
from tests.unit.calendars import calendars
from tests.unit.ticket.lives import OPENING
from workflows.domain.calendar import Calendar
from workflows.domain.follow_the_sun import AnyCalendar, FollowTheSun
from workflows.domain.policy import Policy, hours
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import ChangePolicy
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.words import Target
from workflows.domain.working_time import due, worked
from workflows.testing.story import PureDomain, Story, telling

WEEK = {"mon-fri": "09:00-17:00"}
OFFICE = Calendar("Europe/London", WEEK)
SYDNEY = Calendar("Australia/Sydney", WEEK)
AROUND = FollowTheSun(OFFICE, SYDNEY)


def _policy(calendar: AnyCalendar) -> Policy:
    """The agents' resolve target counts in that calendar; nothing else is in the way."""
    return ladder(agents_calendar=calendar, agent=row(acknowledge=9, resolve=8))


def _changed(before: Policy, after: Policy, *, at: str) -> Story:
    """Open on Friday 27 November 2026 at 15:00 in London, and change the policy at that instant."""
    stories = telling(lambda policy: PureDomain(policy, after))
    story = next(stories)(before, zone="Europe/London").open("Fri 27 Nov 15:00").until("Fri 27 Nov 15:01")
    story.acknowledge().until(at).as_told()
    return story.send(ChangePolicy(actor="ops", policy_version=version_of(after), reason="other hours")).as_told()


def _due(story: Story) -> datetime:
    deadline_at = story.clock(Target.TIER_RESOLVE).deadline_at
    assert deadline_at is not None
    return deadline_at


@pytest.mark.parametrize(
    ("after", "deadline"),
    [
        # One hour is spent by 16:00, seven are left: one more today, six of the next day that is open.
        (OFFICE, "Mon 30 Nov 15:00"),
        (
            Calendar("Europe/London", WEEK, closed={"2026-11-30": "Saint Andrew's Day"}),
            "Tue 1 Dec 15:00",
        ),
        (
            Calendar("Europe/London", WEEK, special={"2026-11-28": "10:00-14:00"}),
            "Mon 30 Nov 11:00",
        ),
        # The same hours by the clocks of Berlin: it is 17:00 there, and closed.
        (Calendar("Europe/Berlin", WEEK), "Mon 30 Nov 15:00"),
        # London until 17:00, then Sydney's Monday from Sunday 22:00 on.
        (AROUND, "Mon 30 Nov 04:00"),
        (ALWAYS, "Fri 27 Nov 23:00"),
    ],
    ids=["as it was", "a day closed", "a day opened", "another zone", "follow the sun", "round the clock"],
)
def test_what_is_left_counts_in_the_new_calendar(after: AnyCalendar, deadline: str) -> None:
    """7.3: eight hours from Friday 15:00, with an hour spent by 16:00, whatever the hours are from then on."""
    before, later = _policy(OFFICE), replace(_policy(after), warn_at=(0.9,))
    story = _changed(before, later, at="Fri 27 Nov 16:00")
    assert _due(story) == story.instant(deadline)
    lines = ledger(before, story.entries, story.instant("Fri 27 Nov 16:00"), later={version_of(later): later})
    (line,) = (line for line in lines if line.target is Target.TIER_RESOLVE)
    assert (line.spent, line.left, line.calendar) == (hours(1), hours(7), str(after))


def test_an_hour_spent_while_one_desk_was_there_is_spent() -> None:
    """7.3: back from two desks to one, what Sydney worked at the week-end's end stays counted."""
    # Two hours in London on Friday, two in Sydney from Sunday 22:00 on: four are left, of London's Monday.
    story = _changed(_policy(AROUND), _policy(OFFICE), at="Mon 30 Nov 00:00")
    assert _due(story) == story.instant("Mon 30 Nov 13:00")


def test_a_name_of_a_closed_date_is_no_change() -> None:
    """7.2, 7.3: it is the same version: there is nothing to move to."""
    plain = Calendar("Europe/London", WEEK, closed=["2026-12-25"])
    named = Calendar("Europe/London", WEEK, closed={"2026-12-25": "Christmas Day"})
    assert version_of(_policy(plain)) == version_of(_policy(named))
    assert version_of(replace(LINES, calendar=named)) != version_of(LINES)


@given(before=calendars(), after=calendars(), other=calendars(), spent=st.integers(0, 8 * 60 - 1))
@settings(max_examples=25)
def test_time_is_neither_lost_nor_won(before: Calendar, after: Calendar, other: Calendar, spent: int) -> None:
    """7.3: spent by the old calendar and left by the new one are the eight hours, for one desk as for several."""
    onto = after if after == other else FollowTheSun(after, other)
    old, new = _policy(before), replace(_policy(onto), warn_at=(0.9,))
    opened_at = datetime(2026, 3, 30, 12, tzinfo=UTC)
    ticket = open_ticket(old, OPENING, opened_at).ticket
    at = max(due(before, opened_at, timedelta(minutes=spent)), opened_at + timedelta(microseconds=1))
    command = ChangePolicy(actor="ops", policy_version=version_of(new), reason="other hours")
    judged = judge(old, ticket, at, command, onto=new)
    (clock,) = (clock for clock in judged.ticket.clocks if clock.target is Target.TIER_RESOLVE)
    assert clock.deadline_at is not None
    assert worked(before, opened_at, at) + worked(onto, at, clock.deadline_at) == hours(8)
