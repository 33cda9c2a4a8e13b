"""Semantics 3.6: newer zone rules, or an edited calendar, change nothing that was said already.

Rules that move by an hour, as a government moves them, are told here by a calendar that opens an hour later.
"""

from datetime import timedelta

from tests.support.policies import ladder, row
from tests.unit.calendars import utc
from tests.unit.ticket.lives import OPENING
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, hours
from workflows.domain.ticket.commands import RecordContact, WaitOnCustomer
from workflows.domain.ticket.events import ClockBreached, ClockResumed, ClockWarned
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.state import TICK
from workflows.domain.ticket.words import ContactKind, Target
from workflows.domain.zones import tzdata_version

ASK = WaitOnCustomer(actor="ann", question="which router?")
ANSWER = RecordContact(actor="desk", kind=ContactKind.NEWS, channel="phone", text="the old one")


def desk(weekdays: str) -> Policy:
    """Four hours to acknowledge, eight to resolve, in those hours of each weekday."""
    calendar = Calendar("UTC", {"mon-fri": weekdays})
    return ladder(
        agent=row(acknowledge=4), agents_calendar=calendar, calendar=calendar, resolve=hours(8), warn_at=(0.75,)
    )


OLD, NEW = desk("09:00-17:00"), desk("10:00-18:00")


def test_a_deadline_that_was_given_stays() -> None:
    """3.6: of Monday 2026-11-23 09:00, the warning is at 12:00, the deadline at 13:00, whatever the rules say now."""
    ticket = open_ticket(OLD, OPENING, utc("2026-11-23 09:00")).ticket
    entries = judge(NEW, ticket, utc("2026-11-23 13:00") + TICK).entries
    warned = next(each.event for each in entries if isinstance(each.event, ClockWarned))
    breached = next(each.event for each in entries if isinstance(each.event, ClockBreached))
    assert (warned.target, warned.due_at) == (Target.ACKNOWLEDGE, utc("2026-11-23 12:00"))
    assert (breached.target, breached.due_at) == (Target.ACKNOWLEDGE, utc("2026-11-23 13:00"))
    assert not judge(NEW, ticket, utc("2026-11-23 12:00")).entries


def test_a_clock_that_resumes_uses_the_rules_of_that_day() -> None:
    """3.6: five of eight hours are left on Tuesday 2026-11-24 at 09:30, and count from 10:00; the ledger says so."""
    opened = open_ticket(OLD, OPENING, utc("2026-11-23 09:00"))
    asked = judge(OLD, opened.ticket, utc("2026-11-23 12:00"), ASK)
    answered = judge(NEW, asked.ticket, utc("2026-11-24 09:30"), ANSWER)
    resumed = next(
        each.event
        for each in answered.entries
        if isinstance(each.event, ClockResumed) and each.event.target is Target.RESOLVE
    )
    assert (resumed.spent, resumed.deadline_at) == (hours(3), utc("2026-11-24 15:00"))
    assert resumed.tzdata == tzdata_version()

    lines = ledger(NEW, (*opened.entries, *asked.entries, *answered.entries), utc("2026-11-24 11:00"))
    line = next(each for each in lines if each.target is Target.RESOLVE)
    assert [(each.from_at, each.counted) for each in line.intervals] == [
        (utc("2026-11-23 09:00"), hours(3)),  # as it was counted then; by the new rules it would be two
        (utc("2026-11-23 12:00"), timedelta()),
        (utc("2026-11-24 09:30"), hours(1)),
    ]
    assert (line.deadline_at, line.tzdata) == (utc("2026-11-24 15:00"), tzdata_version())
