"""A real Temporal development server for tests, one a session, and what a history shows.

Each test connects a client of its own (event loops are a test's) and works on a task queue of its own.
"""

import asyncio
import shutil
import socket
import subprocess
import sysconfig
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from services.temporal import TemporalPlace, TicketTimers, connect
from services.worker import Worker
from tests.support.waiting import PATIENCE_SECONDS
from workflows.ports import Settler

EVENTS_BEFORE_CONTINUING = 60
"""Continue-as-new is suggested after so many events on the test server; Temporal's default is 4,096."""

PLAIN = (
    f"limit.historyCount.suggestContinueAsNew={EVENTS_BEFORE_CONTINUING}",
    'history.timerProcessorMaxTimeShift="100ms"',
)
"""The second: by default a timer of less than a second fires when the second is over."""
OF_SKIPPING = {"WorkflowExecutionOptionsUpdated", "WorkflowExecutionTimeSkippingTransitioned"}
"""What forwarding a workflow adds to its history; no shipped server does."""
SKIPPING = ("frontend.WorkflowTimeSkippingEnabled=true", 'history.timerProcessorMaxTimeShift="10ms"')


def free_port() -> int:
    """Find a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def dev_server(*dynamic_config: str, port: int | None = None, file: Path | None = None) -> Iterator[str]:
    """Run the development server, in memory and on a free port of loopback unless told; gives its address."""
    scripts = sysconfig.get_path("scripts")
    program = shutil.which("temporal", path=scripts) or shutil.which("temporal")
    assert program is not None, "the program `temporal` is not installed: run `make setup`"
    port = port or free_port()
    options = ["--headless", "--ip", "127.0.0.1", "--port", str(port), "--log-level", "error"]
    if file is not None:
        options += [
            "--db-filename",
            str(file),
            "--sqlite-pragma",
            "journal_mode=wal",
            "--sqlite-pragma",
            "synchronous=1",
        ]
    for setting in dynamic_config:
        options += ["--dynamic-config-value", setting]
    process = subprocess.Popen(  # noqa: S603 - the program is the locked package's own
        [program, "server", "start-dev", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    """Give the address of the session's server."""
    with dev_server(*PLAIN) as address:
        yield address


@pytest.fixture(scope="session")
def skipping_address() -> Iterator[str]:
    """Give the address of the session's server whose workflows can be fast-forwarded."""
    with dev_server(*SKIPPING) as address:
        yield address


@pytest.fixture
async def client(temporal_address: str) -> Client:
    """Give a client of the session's server, of this test's event loop."""
    return await connect_for_test(temporal_address)


@pytest.fixture
async def skipper(skipping_address: str) -> TimeSkipper:
    """Give what starts workflows that stand still until they are fast-forwarded, and forwards them."""
    connected = await connect_for_test(skipping_address)
    return TimeSkipper(connected, config=TimeSkippingConfig(enabled=False))


@pytest.fixture
def task_queue() -> str:
    """Give a task queue that no other test uses."""
    return f"tickets-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def timers(client: Client, task_queue: str) -> TicketTimers:
    """Give the tickets' timers on this test's task queue."""
    return TicketTimers(client, task_queue=task_queue)


async def connect_for_test(address: str) -> Client:
    """Wait for a server that was started a moment ago."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await connect(TemporalPlace(address=address), say=lambda _: None)


@asynccontextmanager
async def working(
    client: Client, settler: Settler, task_queue: str, *, grace_seconds: float = 1.0
) -> AsyncIterator[Worker]:
    """Run the shipped worker for as long as the block lasts; a settle in hand at its end gets so many real seconds."""
    worker = Worker(client, settler, task_queue=task_queue, grace_seconds=grace_seconds)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop()
        await running


async def history_of(client: Client, ticket_id: str, run_id: str | None = None) -> WorkflowHistory:
    """Fetch the history of a ticket's run; of the latest when none is named."""
    return await client.get_workflow_handle(ticket_id, run_id=run_id).fetch_history()


def kinds(history: WorkflowHistory) -> list[str]:
    """Name the history's events in order, like `TimerStarted`; without those of the test's own forwarding."""
    return [name for event in history.events if (name := _name(event.event_type)) not in OF_SKIPPING]


async def events_of(client: Client, ticket_id: str, run_id: str | None = None) -> list[str]:
    """Name the events of a ticket's run in order; of the latest when none is named."""
    return kinds(await history_of(client, ticket_id, run_id))


async def until_events(client: Client, ticket_id: str, run_id: str | None = None, **least: int) -> list[str]:
    """Wait until a ticket's run has at least so many events of each kind, and its workflow tasks are done."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with suppress(RPCError):  # not started yet
                seen = await events_of(client, ticket_id, run_id)
                counted = Counter(seen)
                if _is_idle(counted) and all(counted[kind] >= number for kind, number in least.items()):
                    return seen
            await asyncio.sleep(0.02)


def _is_idle(counted: Counter[str]) -> bool:
    over = sum(counted[f"WorkflowTask{how}"] for how in ("Completed", "Failed", "TimedOut"))
    return counted["WorkflowTaskScheduled"] == over


async def until_gone(client: Client, ticket_id: str) -> None:
    """Wait until the ticket's latest run is over. Raises `WorkflowFailureError` when it failed."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await client.get_workflow_handle(ticket_id).result()


async def until_another_run(client: Client, ticket_id: str, run_id: str) -> None:
    """Wait until a ticket has another run than that."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await client.get_workflow_handle(ticket_id).describe()).run_id == run_id:  # noqa: ASYNC110 - none for it
            await asyncio.sleep(0.02)


async def until_tried(client: Client, ticket_id: str, times: int) -> PendingActivityInfo:
    """Wait until a ticket's ordinary settle has failed so often; gives how it waits for the next try."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            with suppress(RPCError):  # not started yet
                described = await client.get_workflow_handle(ticket_id).describe()
                for waiting in described.raw_description.pending_activities:
                    if waiting.attempt > times:
                        return waiting
            await asyncio.sleep(0.02)


def _name(event_type: "EventType.ValueType") -> str:
    words = EventType.Name(event_type).removeprefix("EVENT_TYPE_").split("_")
    return "".join(word.capitalize() for word in words)


def read_history(path: Path) -> WorkflowHistory:
    """Read a recorded history; the file's name is the workflow's id."""
    return WorkflowHistory.from_json(path.stem, path.read_text())
