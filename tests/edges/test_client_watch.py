"""A watch against a real intake that ends its streams, restarts, and is found again."""

import asyncio
from contextlib import aclosing
from dataclasses import replace

from protos.followthrough.v1.ticket_service_pb2 import AddNoteRequest
from services.client import TicketClient
from services.intake.server import Intake, Limits
from services.settings import Address
from tests.support.intake import Desk, a_desk, of
from tests.support.policies import Standing
from tests.support.waiting import PATIENCE_SECONDS

NOTES = 20


async def test_many_short_streams_are_one_watch(sqlite_url: str) -> None:
    """Each stream is let go after a moment: the watch goes on, with every event once and in order."""
    async with a_desk(sqlite_url, limits=Limits(longest_watch_seconds=0.01)) as desk:
        ticket = await desk.open()
        async with TicketClient(str(desk.address), caller="crm-1", actor="ana") as client:
            watching = asyncio.create_task(_sequences(client, ticket.ticket_id, until=ticket.sequence + NOTES))
            for number in range(NOTES):
                await desk.ticket(of(ticket, AddNoteRequest(text=f"note {number}")))
            async with asyncio.timeout(PATIENCE_SECONDS):
                seen = await watching

    assert seen == list(range(1, ticket.sequence + NOTES + 1))


async def test_a_watch_outlives_its_intake(sqlite_url: str) -> None:
    """Intake stops, notes are written through another, and one comes back at the old address: nothing is left out."""
    async with a_desk(sqlite_url) as desk:
        ticket = await desk.open()
        async with TicketClient(str(desk.address), caller="crm-1", actor="ana") as client:
            watching = asyncio.create_task(_sequences(client, ticket.ticket_id, until=ticket.sequence + 2))
            await desk.ticket(of(ticket, AddNoteRequest(text="before")))
            await desk.intake.stop(0)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await _served(desk, AddNoteRequest(text="meanwhile"), ticket.ticket_id, Address("127.0.0.1", 0))
                back = _another(desk, desk.address)
                await back.start()
                try:
                    seen = await watching
                finally:
                    await back.stop(0)

    assert seen == list(range(1, ticket.sequence + 3))


async def _sequences(client: TicketClient, ticket_id: str, *, until: int) -> list[int]:
    """Watch from the first event to that one."""
    seen = list[int]()
    async with aclosing(client.watch(ticket_id)) as events:
        async for event in events:
            seen.append(event.sequence)
            if event.sequence == until:
                break
    return seen


async def _served(desk: Desk, note: AddNoteRequest, ticket_id: str, address: Address) -> None:
    """Write a note through an intake of its own."""
    other = _another(desk, address)
    address = replace(address, port=await other.start())
    try:
        async with TicketClient(str(address), caller="crm-1", actor="ana") as client:
            note.ticket_id = ticket_id
            await client.change(note)
    finally:
        await other.stop(0)


def _another(desk: Desk, address: Address) -> Intake:
    """One more intake on the same record."""
    return Intake(
        records=desk.records,
        require_writable=desk.records.require_writable,
        policies=Standing(),
        nudger=desk.nudges,
        address=address,
    )
