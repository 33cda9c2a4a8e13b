"""Nobody is exact, and nobody catches up: what others do once a deadline has passed, told at our desk."""

import asyncio
from datetime import UTC

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_service_pb2 import PostUpdateRequest
from services.records import SettledBy
from tests.support.day import Day
from tests.support.intake import of, opening

SURGE = 60


async def test_family_01_late_and_later_in_a_surge(day: Day) -> None:
    """Others poll, a hundred tickets a run: here sixty that come due at one instant are each in breach as of it.

    They are settled by the keeper while no workflow runs at all, within the minute that is the engine's (4.6). How late
    it is in a storm of ten thousand, `make bench` measures beside a rival that polls.
    """
    tickets = [await day.open(customer=_customer(number)) for number in range(SURGE)]
    day.passes_unseen("Mon 23 Nov 09:15:30")
    await day.engine_is_back()
    for ticket in tickets:
        (breach,) = await day.of_kind(ticket, "clock_breached", lambda event: event.clock_breached)
        assert day.at(breach.due_time) == "Mon 23 Nov 09:15"
        assert breach.effective_time == breach.due_time
        assert not breach.engine_late
        assert await day.happened(ticket, "escalated") == ["Mon 23 Nov 09:15 escalated"]


async def test_family_06_only_the_first_level_ever_fires(day: Day) -> None:
    """glpi#5319: here every rung fires, the first one at its own minute, and after the last the last resort is told."""
    ticket = await day.open()
    await day.comes("Mon 23 Nov 13:00")
    assert await day.happened(ticket, "escalated", "ladder_exhausted", "last_resort_reminded") == [
        "Mon 23 Nov 09:15 escalated",
        "Mon 23 Nov 09:45 escalated",
        "Mon 23 Nov 10:45 ladder_exhausted",
        "Mon 23 Nov 11:45 last_resort_reminded",
        "Mon 23 Nov 12:00 ladder_exhausted",
        "Mon 23 Nov 12:45 last_resort_reminded",
    ]


async def test_family_06_missed_levels_are_caught_up_one_by_one(day: Day) -> None:
    """glpi#5319, the other half: five hours without an engine skip no rung; each tier gets its time once it is told.

    From where the outage ended every consequence counts, and the breach says that the engine was late (4.6).
    """
    ticket = await day.open()
    day.passes_unseen("Mon 23 Nov 14:00")
    await day.engine_is_back()
    now = await day.now(ticket)
    assert now.tier == "specialist"
    assert await day.deadline(ticket, ticket_pb2.TARGET_ACKNOWLEDGE) == "Mon 23 Nov 14:30"
    late = await day.of_kind(ticket, "clock_breached", lambda event: event.clock_breached)
    assert {breach.engine_late for breach in late} == {True}
    assert day.at(late[0].due_time) == "Mon 23 Nov 09:15"
    await day.comes("Mon 23 Nov 14:31")
    assert (await day.now(ticket)).tier == "supplier"


async def test_family_07_a_later_target_hides_no_earlier_one(day: Day) -> None:
    """zammad#5177: taken on in time, told nothing: the update is breached at its hour, long before the resolve is."""
    ticket = await day.open()
    await day.take(ticket)
    assert (await day.now(ticket)).deadline_time.ToDatetime(UTC) == day.instant("Mon 23 Nov 10:00")
    await day.comes("Mon 23 Nov 11:30")
    assert await day.breaches(ticket) == [
        "update of agent due Mon 23 Nov 10:00",
        "tier_resolve of agent due Mon 23 Nov 11:00",
        "update of agent due Mon 23 Nov 11:00",
    ]


async def test_family_13_a_breach_is_not_doubled_on_re_apply(day: Day) -> None:
    """Zendesk, iTop, OneUptime: here ten who settle at once, and a caller's retries, give one breach and one step."""
    ticket = await day.open()
    await day.take(ticket)
    await day.comes("Mon 23 Nov 09:30")
    update = of(ticket, PostUpdateRequest(text="We are looking at the line."))
    answers = [await day.desk.ticket(update) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert await day.happened(ticket, "update_posted") == ["Mon 23 Nov 09:30 update_posted"]
    day.passes_unseen("Mon 23 Nov 10:30:30")
    settle = day.desk.records.record.settle
    await asyncio.gather(*(settle(ticket.ticket_id, by=SettledBy.WORKFLOW) for _ in range(10)))
    assert await day.breaches(ticket) == ["update of agent due Mon 23 Nov 10:30"]
    assert (await day.told(ticket, "handler")).count("clock_breached to handler ana") == 1


async def test_family_14_nothing_is_lost_without_a_trace(day: Day) -> None:
    """Grafana OnCall's auditor does not see what never started: here the nudge to Temporal is lost, and all is found.

    The keeper reads the record, not what was started: the escalation comes, and a workflow is owed to the ticket.
    """
    ticket = await day.open()
    day.desk.nudges.kept.clear()
    day.passes_unseen("Mon 23 Nov 09:15:05")
    rescue = await day.desk.records.upkeep.rescue_late(grace_seconds=0, limit=10)
    assert [nudge.ticket_id for nudge in rescue.owed] == [ticket.ticket_id]
    assert await day.happened(ticket, "escalated") == ["Mon 23 Nov 09:15 escalated"]


async def test_family_15_a_catch_up_is_no_storm(day: Day) -> None:
    """PagerDuty, January 2023: here a night's backlog is one step up the ladder and one event for the silent hours.

    The thirty update runs that nobody saw are twenty lines and one that counts the others (4.3).
    """
    ticket = await day.open()
    await day.take(ticket)
    day.passes_unseen("Thu 26 Nov 17:30")
    await day.engine_is_back()
    assert await day.happened(ticket, "escalated", "ladder_exhausted") == ["Thu 26 Nov 17:30 escalated"]
    late = await day.of_kind(ticket, "clock_breached", lambda event: event.clock_breached)
    updates = [breach for breach in late if breach.target == ticket_pb2.TARGET_UPDATE]
    assert len(updates) == 21
    assert sum(breach.count for breach in updates) == 38
    to_customer = await day.told(ticket, "customer")
    assert to_customer.count("escalated to customer c-1") == 1


def _customer(number: int) -> ticket_pb2.Customer:
    customer = ticket_pb2.Customer()
    customer.CopyFrom(opening().customer)
    customer.external_id = f"c-{number}"
    return customer
