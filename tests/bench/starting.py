"""Followthrough and the polling rival, each started as its processes on one PostgreSQL.

What either recorded late, and when, is read from its own database: PostgreSQL stamps each transaction as it commits.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import make_url
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from services.dev_server import DevServer
from services.ports import try_port
from services.records import RealClock, codec, migrate
from services.records.clock import RecordClock
from services.records.tables import OWED, PENDING
from services.settings import Address
from tests.bench.beside import module
from tests.bench.deadlines import next_minute
from tests.bench.pacing import STORM_SECONDS
from tests.bench.sides import CALLING_PROCESSES, Breach, Side, processor_seconds
from tests.support.databases import Cluster, cluster
from tests.support.processes import Running, environment, running
from workflows import names
from workflows.domain.ticket.events import ClockBreached

LONGEST_SECONDS = 400.0
"""How long anything is waited for."""
QUIET_SHARE = 0.1
"""Of a core: a worker that uses less for `QUIET_SECONDS` has nothing in hand."""
QUIET_SECONDS = 0.5

_OUR_REST = f"""
SELECT (SELECT count(*) FROM tickets WHERE {OWED.text}) + (SELECT count(*) FROM outbox WHERE {PENDING.text})
"""  # noqa: S608 - conditions of our own
_OUR_BREACHES = """
SELECT pg_xact_commit_timestamp(events.xmin), events.kind, events.body
FROM events JOIN tickets USING (ticket_id) WHERE events.kind = 'clock_breached' AND tickets.queue = $1
"""
_RIVALS_BREACHES = """
SELECT pg_xact_commit_timestamp(events.xmin), events.due_at
FROM events JOIN tickets USING (ticket_id) WHERE events.kind = 'breached' AND tickets.queue = $1
"""

_numbers = count(1)


@asynccontextmanager
async def stamping_cluster() -> AsyncIterator[Cluster]:
    """A server that writes through to the disk, and remembers when each transaction committed."""
    with cluster(is_durable=True) as server:
        for setting in ("track_commit_timestamp = on", "max_connections = 200"):
            await server.execute(f"ALTER SYSTEM SET {setting}")
        server.stop()
        server.start_again()
        yield server


@asynccontextmanager
async def followthrough(
    server: Cluster, storm_in_seconds: float, phase: float = 0.5, *, clock: RecordClock | None = None
) -> AsyncIterator[Side]:
    """Ours as it is deployed: intake, worker, keeper and delivery as a process each, beside a Temporal server.

    The storm breaks that part of a second after a whole one, and up to a minute later: desks open at whole minutes.
    """
    clock = clock or RealClock()
    async with AsyncExitStack() as started:
        url = await started.enter_async_context(_database(server))
        await migrate(url)
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="followthrough-bench-")))
        free = Address("127.0.0.1", try_port(Address("127.0.0.1", 0)))
        temporal = await DevServer.start(folder=folder, address=free, namespace="default")
        started.push_async_callback(temporal.stop)
        told = {"DATABASE_URL": url, "CLOCK": clock.name, "LOG_LEVEL": "error"}
        env = environment(folder, **told | {"EMBEDDED_TEMPORAL_ADDRESS": str(temporal.address)})
        worker, _, _ = [
            await started.enter_async_context(running(each, env=env)) for each in ("worker", "keeper", "delivery")
        ]
        await _until_polled(await Client.connect(str(temporal.address)))
        opens_at = next_minute(clock.read(datetime.now(UTC) + timedelta(seconds=storm_in_seconds)))
        storm_at = opens_at + timedelta(seconds=STORM_SECONDS + phase)
        intake = await started.enter_async_context(module("promising", "--storm-at", storm_at.isoformat(), env=env))
        address = (await intake.say(r"intake (\S+)"))[1]
        look = await started.enter_async_context(_looking(url))

        async def breaches(queue: str) -> list[Breach]:
            rows = [(at, codec.event_from_json(kind, body)) for at, kind, body in await look(_OUR_BREACHES, queue)]
            return [
                Breach(due_at=_real(clock, event.due_at), recorded_at=at)
                for at, event in rows
                if isinstance(event, ClockBreached)
            ]

        async def until_rest() -> None:
            async with asyncio.timeout(LONGEST_SECONDS):
                while (await look(_OUR_REST))[0][0] or not await _is_quiet(worker.process.pid):  # noqa: ASYNC110 - other processes
                    await asyncio.sleep(0.1)

        yield Side(
            server=intake.process.pid,
            database=server.process.pid,
            worker=worker.process.pid,
            storm_at=_real(clock, storm_at),
            callers=await _callers(started, address),
            breaches=breaches,
            until_rest=until_rest,
        )


@asynccontextmanager
async def polling(server: Cluster, storm_in_seconds: float, phase: float = 0.5) -> AsyncIterator[Side]:
    """The rival: one process. The storm breaks that part of a second after one of its looks."""
    second_at = (datetime.now(UTC) + timedelta(seconds=storm_in_seconds)).replace(microsecond=0)
    storm_at = second_at + timedelta(seconds=phase)
    async with AsyncExitStack() as started:
        url = await started.enter_async_context(_database(server))
        words = ("--url", url, "--storm-at", storm_at.isoformat())
        rival = await started.enter_async_context(module("polling", *words))
        address = (await rival.say(r"polling (\S+)"))[1]
        look = await started.enter_async_context(_looking(url))

        async def breaches(queue: str) -> list[Breach]:
            return [Breach(due_at=due_at, recorded_at=at) for at, due_at in await look(_RIVALS_BREACHES, queue)]

        async def until_rest() -> None:
            """Nothing goes on after an answer."""

        yield Side(
            server=rival.process.pid,
            database=server.process.pid,
            worker=None,
            storm_at=storm_at,
            callers=await _callers(started, address),
            breaches=breaches,
            until_rest=until_rest,
        )


async def _callers(started: AsyncExitStack, address: str) -> list[Running]:
    running_ = [
        await started.enter_async_context(module("callers", "--address", address, is_asked=True))
        for _ in range(CALLING_PROCESSES)
    ]
    for each in running_:
        await each.say("callers ready")
    return running_


@asynccontextmanager
async def _database(server: Cluster) -> AsyncIterator[str]:
    name = f"side_{next(_numbers)}"
    await server.execute(f"CREATE DATABASE {name}")
    try:
        yield server.url(name)
    finally:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def _looking(url: str) -> AsyncIterator[Callable[..., Awaitable[list[Any]]]]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection: Any = await asyncpg.connect(plain)
    try:
        yield connection.fetch
    finally:
        await connection.close()


async def _until_polled(temporal: Client) -> None:
    """Wait until a worker takes what is to be done."""
    asked = DescribeTaskQueueRequest(
        namespace="default",
        task_queue=TaskQueue(name=names.TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    async with asyncio.timeout(LONGEST_SECONDS):
        while not (await temporal.workflow_service.describe_task_queue(asked)).pollers:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


async def _is_quiet(pid: int) -> bool:
    before = processor_seconds(pid)
    await asyncio.sleep(QUIET_SECONDS)
    return processor_seconds(pid) - before < QUIET_SHARE * QUIET_SECONDS


def _real(clock: RecordClock, at: datetime) -> datetime:
    """The real instant at which a clock says so: both agree to the microsecond at both ends of a straight line."""
    now = datetime.now(UTC)
    return now + (at - clock.read(now)) / clock.speed
