"""A database server that is there and lets nobody in, yet or any more: whoever asks the record is to try again."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from protos.followthrough.v1.ticket_service_pb2 import AddNoteRequest, GetTicketRequest, ListTicketsRequest
from services.records import RecordUnavailable, SettledBy, connect
from services.records.engine import open_database
from services.records.faults import spoken_plainly
from services.records.statements_postgresql import PostgresqlStatements
from tests.support.clock import StoryClock
from tests.support.intake import a_desk, of, opening
from tests.support.record import Outsider, a_policy, a_request, an_acknowledgement, an_opening

STARTING = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
NO_ENCRYPTION = b"N"
LENGTH_OF_ENCRYPTION_REQUEST = 8


@asynccontextmanager
async def a_server_that_is_starting() -> AsyncIterator[int]:
    """Answer as PostgreSQL does while it recovers; gives its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            (length,) = struct.unpack("!i", await reader.readexactly(4))
            await reader.readexactly(length - 4)
            if length != LENGTH_OF_ENCRYPTION_REQUEST:
                break
            writer.write(NO_ENCRYPTION)
        writer.write(b"E" + struct.pack("!i", 4 + len(STARTING)) + STARTING)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_a_database_that_is_starting_is_unavailable() -> None:
    """Found by chaos: a settle's connection is had from the pool itself, whose errors SQLAlchemy does not wrap."""
    async with a_server_that_is_starting() as port:
        database = open_database(f"postgresql://somebody@127.0.0.1:{port}/record")
        statements = PostgresqlStatements(database)

        with (
            pytest.raises(RecordUnavailable, match="the server is starting, recovering or stopping: try again"),
            spoken_plainly(),
        ):
            await statements.greet()

        await database.aclose()


class Slots:
    """A user of a real server, as whom so many may be connected as the test allows."""

    def __init__(self, url: str) -> None:
        self._outsider = Outsider(url)
        self.user = f"narrow_{url.rpartition('/')[2]}"
        self.url = url.replace("//followthrough@", f"//{self.user}@")

    async def make(self) -> None:
        """Let the user do everything with the record's tables."""
        await self._outsider.run(f"CREATE ROLE {self.user} LOGIN")
        await self._outsider.run(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {self.user}")
        await self._outsider.run(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {self.user}")

    async def take_all(self) -> None:
        """End every connection, and let none be made."""
        await self._outsider.run(f"ALTER ROLE {self.user} CONNECTION LIMIT 0")
        theirs = f"usename = '{self.user}'"
        await self._outsider.run(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {theirs}")  # noqa: S608 - words of our own

    async def give_back(self) -> None:
        """Let as many be made as like."""
        await self._outsider.run(f"ALTER ROLE {self.user} CONNECTION LIMIT -1")

    async def drop(self) -> None:
        """Leave no user behind."""
        await self._outsider.run(f"DROP OWNED BY {self.user}")
        await self._outsider.run(f"DROP ROLE {self.user}")


@pytest.fixture
async def slots(postgresql_url: str) -> AsyncIterator[Slots]:
    """A user who is let in."""
    made = Slots(postgresql_url)
    await made.make()
    yield made
    await made.drop()


async def test_a_server_without_a_free_connection_is_unavailable(slots: Slots, story_clock: StoryClock) -> None:
    """Opening, settling, asking and rescuing are told so alike, with the remedy; with one free, all is as it was."""
    async with await connect(slots.url, story_clock) as records:
        await records.record.open_ticket(a_policy(), an_opening())
        await slots.take_all()
        for asked in (
            lambda: records.record.open_ticket(a_policy(), an_opening(2), request=a_request()),
            lambda: records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE),
            lambda: records.record.settle_for_workflow("t-0001"),
            lambda: records.upkeep.rescue_late(grace_seconds=0.0, limit=10),
            lambda: records.queries.ticket("t-0001"),
            records.queries.figures,
            lambda: records.outbox.take(limit=10, lease_seconds=60.0),
        ):
            with pytest.raises(RecordUnavailable, match="the server takes no more connections: end some of them"):
                await asked()

        await slots.give_back()
        await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
        assert (await records.queries.ticket("t-0001")).handler == "kim"


async def test_callers_may_try_again_while_the_server_has_no_free_connection(slots: Slots) -> None:
    """UNAVAILABLE, with RetryInfo: it is neither the caller's fault nor ours."""
    async with a_desk(slots.url) as desk:
        ticket = await desk.open()
        await slots.take_all()
        for request in (
            opening(),
            of(ticket, AddNoteRequest(text="Seen.")),
            GetTicketRequest(ticket_id=ticket.ticket_id),
            ListTicketsRequest(),
        ):
            refusal = await desk.refusal(request)
            assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAVAILABLE, "RECORD_UNAVAILABLE")
            assert refusal.retry_after is not None
        await slots.give_back()
        await desk.ask(of(ticket, AddNoteRequest(text="Seen.")))
