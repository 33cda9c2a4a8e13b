"""Merged, closed and imported tickets that go on escalating: told at our desk."""

import uuid

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_pb2 import HadBreach, SpentClock
from protos.followthrough.v1.ticket_service_pb2 import (
    ConfirmResolutionRequest,
    ImportTicketRequest,
    MergeTicketsRequest,
    PostUpdateRequest,
)
from tests.support.day import Day, a_day
from tests.support.intake import opening


async def test_family_08_a_merged_ticket_never_escalates(day: Day) -> None:
    """zammad#904, znuny#200: merged at 11:00 it is quiet for ever; its customer is told, and which one goes on.

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


async def test_family_08_an_imported_ticket_escalates_for_nothing_that_was_before_it_came(record_url: str) -> None:
    """znuny#200: what was broken elsewhere is known and causes nothing here; no customer is told that they were moved.

    What is still to be kept is kept from here on: it has eight working hours to solve it, of which three are spent.
    """
    async with a_day(record_url, operators=("ops",)) as day:
        request = ImportTicketRequest(
            caller="crm-1",
            actor="ops",
            request_id=str(uuid.uuid4()),
            queue="home",
            priority="urgent",
            customer=opening().customer,
            subject="no line",
            channel="phone",
            open_time=_stamp(day, "Fri 20 Nov 15:00"),
            tier="agent",
            status=ticket_pb2.TICKET_STATUS_IN_PROGRESS,
            handler="ana",
            clocks=[
                SpentClock(target=ticket_pb2.TARGET_RESOLVE, used=Duration(seconds=3 * 3600)),
                SpentClock(target=ticket_pb2.TARGET_TIER_RESOLVE, used=Duration(seconds=1800)),
                SpentClock(target=ticket_pb2.TARGET_UPDATE, used=Duration(seconds=1800)),
            ],
            breaches=[HadBreach(target=ticket_pb2.TARGET_UPDATE, due_time=_stamp(day, "Fri 20 Nov 16:00"))],
        )
        ticket = await day.bring_in(request)
        assert await day.told(ticket) == []
        assert await day.happened(ticket, "escalated", "clock_breached") == []
        assert await day.deadline(ticket, ticket_pb2.TARGET_RESOLVE) == "Mon 23 Nov 14:00"
        assert await day.deadline(ticket, ticket_pb2.TARGET_UPDATE) == "Mon 23 Nov 09:30"


def _stamp(day: Day, text: str) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(day.instant(text))
    return stamp
