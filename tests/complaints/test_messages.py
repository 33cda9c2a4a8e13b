"""Mail that comes in storms or at midnight, alerts that are swallowed, ladders that end in silence: at our desk."""

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    RecordContactRequest,
    WaitOnCustomerRequest,
)
from tests.support.day import Day
from tests.support.policies import LINES
from tests.support.story_record import keep_answer
from workflows.domain.ticket.roster import RosterAnswer


async def test_family_05_no_storm_and_nothing_at_midnight(day: Day) -> None:
    """glpi#1996, #2408, zammad#4432: a question on Friday at 17:30 is asked again twice, in open hours only."""
    await day.comes("Fri 27 Nov 17:00")
    ticket = await day.open()
    await day.take(ticket)
    await day.comes("Fri 27 Nov 17:30")
    await day.ask(ticket, WaitOnCustomerRequest(question="Which lamps are lit?"))
    await day.comes("Fri 4 Dec 12:00")
    assert await day.happened(ticket, "customer_reminded", "resolved") == [
        "Mon 30 Nov 12:30 customer_reminded",
        "Tue 1 Dec 11:30 customer_reminded",
        "Thu 3 Dec 09:30 resolved",
    ]
    sent = await day.told(ticket, "customer")
    assert sent.count("customer_reminded to customer c-1") == 2
    assert sent.count("question_asked to customer c-1") == 1


async def test_family_05_no_alert_is_swallowed_as_a_double(day: Day) -> None:
    """zammad#4348: two tickets of one customer break in one minute; each breach is told, each once."""
    tickets = [await day.open(subject=subject) for subject in ("no line", "no television")]
    for ticket in tickets:
        await day.take(ticket)
    await day.comes("Mon 23 Nov 10:01")
    for ticket in tickets:
        assert (await day.told(ticket, "handler")).count("clock_breached to handler ana") == 1


async def test_family_05_a_contact_sets_off_no_mail_loop(day: Day) -> None:
    """glpi#2408: a machine that answers each mail with a mail gets none for it: a contact is told to the desk alone."""
    ticket = await day.open(priority="normal")
    await day.take(ticket)
    before = len(await day.told(ticket, "customer"))
    for _ in range(10):
        await day.ask(
            ticket, RecordContactRequest(kind=ticket_pb2.CONTACT_KIND_INFORMATION, channel="mail", text="away")
        )
    assert len(await day.told(ticket, "customer")) == before


async def test_family_16_exhaustion_is_not_silent(day: Day) -> None:
    """GoAlert and Grafana OnCall go silent when the ladder ends: here the last resort hears of it hour after hour.

    Until somebody acknowledges: then it is quiet.
    """
    ticket = await day.open()
    await day.comes("Mon 23 Nov 13:00")
    assert await day.told(ticket, "last_resort") == [
        "ladder_exhausted to last_resort duty-manager",
        "last_resort_reminded to last_resort duty-manager",
        "last_resort_reminded to last_resort duty-manager",
    ]
    await day.ask(ticket, AcknowledgeTicketRequest(handler="dora", tier="duty-manager"))
    await day.comes("Mon 23 Nov 13:59")
    assert len(await day.told(ticket, "last_resort")) == 3


async def test_family_16_an_empty_step_does_not_wait_its_full_delay(day: Day) -> None:
    """goalert#4548: the roster says that no specialist is there; at 09:15 it goes past them at once, and says so."""
    nobody = RosterAnswer(tier="specialist", at=day.instant("Mon 23 Nov 09:00"), is_reachable=False)
    await keep_answer(day.desk.records, LINES, nobody)
    await day.comes("Mon 23 Nov 09:01")
    ticket = await day.open()
    await day.comes("Mon 23 Nov 09:17")
    assert await day.happened(ticket, "tier_skipped", "escalated") == [
        "Mon 23 Nov 09:16 tier_skipped",
        "Mon 23 Nov 09:16 escalated",
    ]
    assert (await day.now(ticket)).tier == "supplier"
