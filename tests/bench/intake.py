"""Openings and acknowledgements a second through gRPC, on SQLite and on PostgreSQL, everything running beside it.

    python -m tests.bench.intake [--tickets N] [--clients 1 16]

Each cell has a `followthrough up` of its own (embedded Temporal, worker and keeper included, in one process), a client
in this process, and a fresh record; PostgreSQL writes through to the disk. Medians are not enough on a shared machine:
compare the columns of one run, not two runs.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from protos.followthrough.v1.ticket_pb2 import Customer, Ticket
from protos.followthrough.v1.ticket_service_pb2 import AcknowledgeTicketRequest, OpenTicketRequest
from services.client import TicketClient
from services.records import migrate
from services.settings import Address
from tests.support.databases import PostgresqlMissing, cluster
from tests.support.processes import environment, running

Rates = tuple[float, float]
"""Openings and acknowledgements a second."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tickets", type=int, default=500, help="opened and acknowledged in each cell (default 500)")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 16], help="callers at once (default 1 16)")
    asked = parser.parse_args()
    table = Table("record", "clients", "openings/s", "acknowledgements/s")
    for database in ("sqlite", "postgresql"):
        for clients in asked.clients:
            try:
                with record_url(database) as url:
                    opened, acknowledged = asyncio.run(measure(url, asked.tickets, clients))
            except PostgresqlMissing as missing:
                table.add_row(database, str(clients), "-", str(missing))
                continue
            table.add_row(database, str(clients), f"{opened:.0f}", f"{acknowledged:.0f}")
    Console().print(table)


@contextmanager
def record_url(database: str) -> Iterator[str]:
    """A fresh, migrated record."""
    if database == "postgresql":
        with cluster(is_durable=True) as server:
            url = server.url("followthrough")
            asyncio.run(_create(server.execute, url))
            yield url
        return
    with tempfile.TemporaryDirectory(prefix="followthrough-bench-") as folder:
        url = f"sqlite+aiosqlite:///{folder}/record.sqlite3"
        asyncio.run(migrate(url))
        yield url


async def _create(execute: Callable[[str], Awaitable[None]], url: str) -> None:
    await execute("CREATE DATABASE followthrough")
    await migrate(url)


async def measure(url: str, tickets: int, clients: int) -> Rates:
    """Open that many tickets with so many callers at once, then acknowledge each."""
    with tempfile.TemporaryDirectory(prefix="followthrough-bench-") as folder:
        env = environment(Path(folder), DATABASE_URL=url, LOG_LEVEL="error")
        async with running("up", env=env) as up:
            said = await up.say(r"intake +(\S+)")
            place = Address.parse(said[1])
            async with TicketClient(str(place), caller="bench", actor="bench", deadline_seconds=30) as client:
                opened, opening = await _timed(clients, [partial(_open, client)] * tickets)
                _, acknowledging = await _timed(clients, [partial(_acknowledge, client, each) for each in opened])
            draining = asyncio.create_task(up.process.communicate())
            await up.stop()
            await draining
    return tickets / opening, tickets / acknowledging


async def _timed(clients: int, calls: list[Callable[[], Awaitable[Ticket]]]) -> tuple[list[Ticket], float]:
    waiting, answers = iter(calls), list[Ticket]()

    async def caller() -> None:
        for call in waiting:
            answers.append(await call())

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(clients)))
    return answers, time.perf_counter() - began


async def _open(client: TicketClient) -> Ticket:
    customer = Customer(external_id="c-1", display_name="Ada Example", language="en", zone="Europe/London")
    return await client.change(
        OpenTicketRequest(queue="home", priority="normal", customer=customer, subject="No connection", channel="phone")
    )


async def _acknowledge(client: TicketClient, ticket: Ticket) -> Ticket:
    return await client.change(AcknowledgeTicketRequest(ticket_id=ticket.ticket_id, handler="ann", tier=ticket.tier))


if __name__ == "__main__":
    main()
