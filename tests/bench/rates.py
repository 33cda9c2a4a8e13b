"""Openings and acknowledgements a second through gRPC, beside bare workflow starts and bare rows; what runs when.

Each side has processes of its own, and is at rest while another is measured: what ours still owes Temporal is waited
for. The callers are in this process.
"""

import asyncio
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import grpc.aio
from temporalio.client import Client

from protos.followthrough.v1.ticket_pb2 import Customer, Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    ChangePriorityRequest,
    OpenTicketRequest,
)
from services.client import TicketClient
from services.records import RealClock, Records, connect
from services.records.clock import RecordClock
from tests.bench.beside import empty_database, module
from tests.bench.pacing import timed
from tests.bench.rivals import METHOD, TASK_QUEUE
from tests.bench.rounds import Spread, in_turns, ratio
from tests.support.processes import environment, running
from tests.support.temporal import until_events

A_MONTH_SECONDS = 30 * 86_400.0
LONGEST_SECONDS = 120.0
"""How long anything is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """A running Followthrough, and ways to look behind it."""

    client: TicketClient
    records: Records
    temporal: Client

    async def open(self, queue: str = "home") -> Ticket:
        """Open a ticket of normal priority."""
        who = Customer(external_id="c-1", display_name="Ada Example", language="en", zone="Europe/London")
        request = OpenTicketRequest(
            queue=queue, priority="normal", customer=who, subject="No connection", channel="phone"
        )
        return await self.client.change(request)

    async def acknowledge(self, ticket: Ticket) -> Ticket:
        """Take it on."""
        request = AcknowledgeTicketRequest(ticket_id=ticket.ticket_id, handler="ann", tier=ticket.tier)
        return await self.client.change(request)

    async def until_told(self) -> None:
        """Wait until Temporal knows of every wake-up."""
        async with asyncio.timeout(LONGEST_SECONDS):
            while await self.records.upkeep.owed_nudges(older_than_seconds=0, limit=1):  # noqa: ASYNC110 - other process
                await asyncio.sleep(0.02)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """A second, of all rounds, by so many callers at once."""

    clients: int
    openings: Spread
    acknowledgements: Spread
    starts: Spread
    """Of bare workflows that hold one timer."""
    rows: Spread
    """Answered by the plain server."""
    openings_to_starts: Spread
    openings_to_rows: Spread
    acknowledgements_to_starts: Spread
    acknowledgements_to_rows: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Of tickets opened at once."""

    tickets: int
    opening_seconds: float
    running_seconds: float
    """From the first request until the last one runs in Temporal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """In a ticket's history."""

    opened: int
    later: int
    """More, after a command that moved its wake-up later."""
    earlier: int
    """More, after a command that moved it earlier."""


@asynccontextmanager
async def ours(url: str) -> AsyncIterator[Ours]:
    """Run `followthrough up` on that migrated record."""
    async with AsyncExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="followthrough-bench-")))
        env = environment(folder, DATABASE_URL=url, LOG_LEVEL="error")
        up = await started.enter_async_context(running("up", env=env))
        intake = (await up.say(r"intake +(\S+)"))[1]
        temporal = (await up.say(r"temporal +(\S+)"))[1]
        yield await started.enter_async_context(reached(url, intake, temporal, RealClock()))
        draining = asyncio.create_task(up.process.communicate())
        await up.stop()
        await draining


@asynccontextmanager
async def reached(url: str, intake: str, temporal: str, clock: RecordClock) -> AsyncIterator[Ours]:
    """The ways to one that runs."""
    async with (
        TicketClient(intake, caller="bench", actor="bench", deadline_seconds=30) as client,
        await connect(url, clock) as records,
    ):
        yield Ours(client=client, records=records, temporal=await Client.connect(temporal))


async def rates(our: Ours, kind: str, *, clients: Sequence[int], calls: int, rounds: int) -> list[Rates]:
    """Measure all in turns, by each number of callers."""
    async with AsyncExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="followthrough-bench-")))
        timers = await started.enter_async_context(module("rivals", "timers", "--folder", str(folder)))
        url = await started.enter_async_context(empty_database(kind))
        rows = await started.enter_async_context(module("rivals", "rows", "--url", url))
        temporal = await Client.connect((await timers.say(r"timers (\S+)"))[1])
        channel = await started.enter_async_context(grpc.aio.insecure_channel((await rows.say(r"rows (\S+)"))[1]))
        return [await _rates(our, temporal, channel, clients=each, calls=calls, rounds=rounds) for each in clients]


async def _rates(
    our: Ours, temporal: Client, channel: grpc.aio.Channel, *, clients: int, calls: int, rounds: int
) -> Rates:
    acknowledgements: list[float] = []

    async def opened() -> float:
        tickets: list[Ticket] = []

        async def one() -> None:
            tickets.append(await our.open())

        opening = await timed(clients, [one] * calls)
        await our.until_told()
        acknowledgements.append(calls / await timed(clients, [partial(our.acknowledge, each) for each in tickets]))
        await our.until_told()
        return calls / opening

    async def started() -> float:
        return calls / await timed(clients, [lambda: start_bare(temporal, time.time() + A_MONTH_SECONDS)] * calls)

    insert: grpc.aio.UnaryUnaryMultiCallable[OpenTicketRequest, Ticket] = channel.unary_unary(
        METHOD, request_serializer=OpenTicketRequest.SerializeToString, response_deserializer=Ticket.FromString
    )

    async def inserted() -> float:
        async def one() -> Ticket:
            return await insert(OpenTicketRequest(request_id=str(uuid.uuid4()), subject="No connection"))

        return calls / await timed(clients, [one] * calls)

    figures = await in_turns(rounds, {"openings": opened, "starts": started, "rows": inserted})
    return Rates(
        clients=clients,
        openings=Spread.of(figures["openings"]),
        acknowledgements=Spread.of(acknowledgements),
        starts=Spread.of(figures["starts"]),
        rows=Spread.of(figures["rows"]),
        openings_to_starts=ratio(figures["openings"], figures["starts"]),
        openings_to_rows=ratio(figures["openings"], figures["rows"]),
        acknowledgements_to_starts=ratio(acknowledgements, figures["starts"]),
        acknowledgements_to_rows=ratio(acknowledgements, figures["rows"]),
    )


async def start_bare(temporal: Client, due_at: float) -> None:
    """Start an empty workflow that sleeps until that instant."""
    run: Callable[..., Any] = temporal.start_workflow
    await run("Bare", due_at, id=str(uuid.uuid4()), task_queue=TASK_QUEUE)


async def followed(our: Ours, *, tickets: int, clients: int) -> Followed:
    """Open so many tickets, and wait until each has its workflow."""
    began = asyncio.get_running_loop().time()
    opening = await timed(clients, [our.open] * tickets)
    await our.until_told()
    return Followed(tickets=tickets, opening_seconds=opening, running_seconds=asyncio.get_running_loop().time() - began)


async def events(our: Ours) -> Events:
    """Count what one ticket writes into its history: opened, taken on (later), more urgent (earlier)."""
    ticket = await our.open()
    await our.until_told()
    opened = len(await until_events(our.temporal, ticket.ticket_id, WorkflowExecutionStarted=1))
    ticket = await our.acknowledge(ticket)
    await our.until_told()
    later = len(await until_events(our.temporal, ticket.ticket_id, WorkflowExecutionStarted=1)) - opened
    ticket = await our.client.change(
        ChangePriorityRequest(ticket_id=ticket.ticket_id, priority="urgent", reason="the whole street is out")
    )
    await our.until_told()
    earlier = len(await until_events(our.temporal, ticket.ticket_id, TimerStarted=1)) - later - opened
    return Events(opened=opened, later=later, earlier=earlier)
