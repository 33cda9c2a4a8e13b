"""A database server that is there and lets nobody in yet: whoever asks the record is told to try again."""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.records import RecordUnavailable
from services.records.engine import open_database
from services.records.faults import spoken_plainly
from services.records.statements_postgresql import PostgresqlStatements

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

        with pytest.raises(RecordUnavailable, match="CannotConnectNowError"), spoken_plainly():
            await statements.greet()

        await database.aclose()
