"""Clocks that forget a pause, break while they stand, or run against the wrong person: told at our desk."""

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_service_pb2 import (
    ChangePriorityRequest,
    ConfirmResolutionRequest,
    PostUpdateRequest,
    RecordContactRequest,
    ReopenTicketRequest,
    WaitOnCustomerRequest,
)
from tests.support.day import Day

QUESTION = WaitOnCustomerRequest(question="Which lamps are lit?")
ANSWER = RecordContactRequest(channel="phone", text="Only the red one.")


async def test_family_02_a_change_of_priority_forgets_no_pause(day: Day) -> None:
    """glpi#6902, #15605: an hour of work and five of waiting, then high becomes urgent: the five hours stay out.

    Urgent promises eight hours: one was spent by 10:00, the clock stood still until 15:00, three are left today and
    four tomorrow from 08:00 on.
    """
    ticket = await day.open(priority="high")
    await day.take(ticket)
    await day.comes("Mon 23 Nov 10:00")
    await day.ask(ticket, QUESTION)
    await day.comes("Mon 23 Nov 15:00")
    await day.ask(ticket, ANSWER)
    assert await day.deadline(ticket, ticket_pb2.TARGET_RESOLVE) == "Wed 25 Nov 10:00"
    await day.ask(ticket, ChangePriorityRequest(priority="urgent", reason="The shop stands still."))
    resolve = next(clock for clock in (await day.now(ticket)).clocks if clock.target == ticket_pb2.TARGET_RESOLVE)
    assert resolve.spent.seconds == 3600
    assert await day.deadline(ticket, ticket_pb2.TARGET_RESOLVE) == "Tue 24 Nov 12:00"


async def test_family_03_nothing_is_breached_while_it_waits_on_the_customer(day: Day) -> None:
    """glpi#24481, frappe/helpdesk#1554: for two days every clock stands, shows no deadline, breaks nothing."""
    ticket = await day.open()
    await day.take(ticket)
    await day.ask(ticket, QUESTION)
    await day.comes("Wed 25 Nov 09:00")
    now = await day.now(ticket)
    assert now.status == ticket_pb2.TICKET_STATUS_WAITING_ON_CUSTOMER
    standing = {clock.target for clock in now.clocks if clock.state == ticket_pb2.CLOCK_STATE_PAUSED}
    assert standing == {ticket_pb2.TARGET_UPDATE, ticket_pb2.TARGET_TIER_RESOLVE, ticket_pb2.TARGET_RESOLVE}
    assert not any(clock.HasField("deadline_time") for clock in now.clocks if clock.target in standing)
    assert await day.breaches(ticket) == []


async def test_family_04_reopening_neither_resets_nor_breaches_at_once(day: Day) -> None:
    """osTicket#5955, zammad#188, glpi#9267: an hour was spent, a week lies between; seven of eight hours are left."""
    ticket = await day.open()
    await day.take(ticket)
    await day.comes("Mon 23 Nov 10:00")
    await day.desk.resolve(ticket)
    await day.ask(ticket, ConfirmResolutionRequest())
    await day.comes("Mon 30 Nov 10:00")
    reopened = await day.ask(ticket, ReopenTicketRequest(reason="It is down again."))
    assert reopened.reference == ticket.reference
    assert await day.deadline(ticket, ticket_pb2.TARGET_RESOLVE) == "Mon 30 Nov 17:00"
    assert await day.breaches(ticket) == []


async def test_family_17_no_clock_runs_against_a_customer_who_is_silent_though_the_agent_answered(day: Day) -> None:
    """zammad#3140: asked at 10:00 the customer says nothing; the desk is not in breach at 11:00, nor the week after.

    Asked twice more, the ticket rests as `no_response`, and whatever the customer says later opens it again.
    """
    ticket = await day.open()
    await day.take(ticket)
    await day.comes("Mon 23 Nov 10:00")
    await day.ask(ticket, QUESTION)
    await day.comes("Mon 30 Nov 10:00")
    assert await day.breaches(ticket) == []
    now = await day.now(ticket)
    assert now.resolution.outcome == ticket_pb2.OUTCOME_NO_RESPONSE
    assert await day.happened(ticket, "customer_reminded") == [
        "Tue 24 Nov 09:00 customer_reminded",
        "Tue 24 Nov 18:00 customer_reminded",
    ]
    await day.ask(ticket, ANSWER)
    assert (await day.now(ticket)).status == ticket_pb2.TICKET_STATUS_OPEN


async def test_family_17_waiting_on_the_customer_cannot_be_gamed(day: Day) -> None:
    """The mirror: the answer came at 12:00 and the clocks run from 12:00, whether anybody at the desk looks or not."""
    ticket = await day.open()
    await day.take(ticket)
    await day.ask(ticket, PostUpdateRequest(text="We need one more thing from you."))
    await day.ask(ticket, QUESTION)
    await day.comes("Mon 23 Nov 12:00")
    answered = await day.ask(ticket, ANSWER)
    assert answered.status == ticket_pb2.TICKET_STATUS_IN_PROGRESS
    assert answered.chases == 0
    assert await day.deadline(ticket, ticket_pb2.TARGET_UPDATE) == "Mon 23 Nov 13:00"
    await day.comes("Mon 23 Nov 13:01")
    assert await day.breaches(ticket) == ["update of agent due Mon 23 Nov 13:00"]
