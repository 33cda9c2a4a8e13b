"""Merged, closed and imported tickets that go on escalating: told at our desk."""

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_service_pb2 import (
    ConfirmResolutionRequest,
    MergeTicketsRequest,
    PostUpdateRequest,
)
from tests.support.day import Day


async def test_family_08_a_merged_ticket_never_escalates(day: Day) -> None:
    """zammad#904, znuny#200: merged at 09:10 it is quiet for ever; its customer is told, and which one goes on.

    The one that goes on has the earlier deadlines: the customer waits since the first of the two.
    """
    first = await day.open(priority="normal")
    await day.comes("Mon 23 Nov 11:00")
    second = await day.open(priority="normal", subject="no line at all")
    survivor = await day.ask(first, MergeTicketsRequest(survivor_id=second.ticket_id))
    assert survivor.ticket_id == second.ticket_id
    await day.comes("Wed 25 Nov 12:00")
    assert await day.happened(first, "escalated", "ladder_exhausted", "clock_breached", "promise_broken") == []
    assert (await day.told(first, "customer"))[-1] == "merged to customer c-1"
    assert (await day.breaches(second))[0] == "update of agent due Mon 23 Nov 13:00"
    late = await day.refused(first, PostUpdateRequest(text="Any news?"))
    assert late.reason == "MERGED"
    assert late.facts["survivor_reference"] == second.reference


async def test_family_08_a_closed_ticket_never_escalates(day: Day) -> None:
    """zammad#904: signed off within the hour; a week later nothing has been breached, told or begun anew."""
    ticket = await day.open()
    await day.take(ticket)
    await day.desk.resolve(ticket)
    closed = await day.ask(ticket, ConfirmResolutionRequest())
    assert closed.status == ticket_pb2.TICKET_STATUS_CLOSED
    told = await day.told(ticket)
    await day.comes("Mon 30 Nov 12:00")
    assert await day.told(ticket) == told
    assert await day.breaches(ticket) == []
