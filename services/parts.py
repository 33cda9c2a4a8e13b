"""The parts of a running Followthrough, built from settings: each is there, and answers, within its `async with`.

The one place where settings, record, Temporal and policies meet. Decides nothing; what cannot be built is said in one
line with its remedy (`CannotStart`, `SettingsError`).
"""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from services import records, temporal
from services.dev_server import DevServer, DevServerFailed
from services.exporter.exporter import Exporter
from services.intake.server import AddressTaken, Intake, Limits
from services.keeper.keeper import Keeper, Pace
from services.loops import Loops
from services.nudge import Nudger
from services.process import CannotStart
from services.records.clock import RecordClock, parse, require_present
from services.records.errors import RecordError
from services.settings import Address, Settings, broken
from services.temporal import TemporalPlace, TicketTimers
from services.worker import Worker
from workflows import names, policies
from workflows.domain.errors import PolicyError
from workflows.policies import PolicySet

logger = logging.getLogger(__name__)

POLLED_SECONDS = 15.0
"""Real seconds a worker gets until Temporal has heard of it; it takes a tenth of one."""
TAKEN = "another process has the port: stop it, or name another"


def load_policies(modules: Iterable[str] = policies.MODULES) -> PolicySet:
    """Load what may be promised here."""
    try:
        return policies.load(modules)
    except PolicyError as error:
        raise CannotStart(f"a policy does not load: {error}") from None


def clock(settings: Settings) -> RecordClock:
    """Make the record's clock, and see that it can be gone by now."""
    try:
        made = parse(settings.clock)
        require_present(made, datetime.now(UTC))
    except ValueError as error:
        raise broken("clock", settings.clock, str(error)) from None
    return made


async def migrate(settings: Settings) -> str:
    """Bring the record to this release's schema; return the revision."""
    with _record_or_one_line():
        return await records.migrate(settings.record_url)


@asynccontextmanager
async def record(settings: Settings) -> AsyncIterator[records.Records]:
    """Open the record, and see that it has this release's schema and this clock."""
    its_clock = clock(settings)
    with _record_or_one_line():
        opened = await records.connect(settings.record_url, its_clock)
    try:
        yield opened
    finally:
        await opened.aclose()


@asynccontextmanager
async def dev_server(settings: Settings, loops: Loops) -> AsyncIterator[Address]:
    """Run the embedded Temporal server."""
    address = settings.embedded_temporal_address
    try:
        server = await DevServer.start(
            folder=settings.var_dir,
            address=address if address.port else replace(address, port=try_port(address)),
            namespace=settings.temporal_namespace,
        )
    except DevServerFailed as failed:
        raise CannotStart(str(failed)) from None
    async with loops.running("temporal", server.wait(), server.stop):
        yield server.address


@asynccontextmanager
async def exporter(settings: Settings, opened: records.Records, promised: PolicySet) -> AsyncIterator[Address]:
    """Serve the metrics page."""
    serving = Exporter(opened.queries, promised)
    with listening("exporter_address", settings.exporter_address):
        port = await serving.start(settings.exporter_address)
    address = replace(settings.exporter_address, port=port)
    logger.info("exporter answers", extra={"address": str(address)})
    try:
        yield address
    finally:
        await serving.stop()
        logger.info("exporter stopped")


@asynccontextmanager
async def keeper(settings: Settings, opened: records.Records, nudger: Nudger, loops: Loops) -> AsyncIterator[None]:
    """Keep what falls through from being lost."""
    keeping = Keeper(opened.upkeep, nudger, Pace(grace_seconds=settings.keeper_grace_seconds))

    async def stop() -> None:
        keeping.stop()

    async with loops.running("keeper", keeping.run(), stop):
        yield


@asynccontextmanager
async def worker(settings: Settings, opened: records.Records, loops: Loops) -> AsyncIterator[None]:
    """Run the tickets' workflows, as soon as Temporal is there."""
    client = await temporal.connect(_place(settings), say=logger.warning)
    working = Worker(client, opened.record, grace_seconds=settings.worker_grace_seconds)
    async with loops.running("worker", working.run(), working.stop):
        await _until_polled(client)
        yield


async def make_nudger(settings: Settings, opened: records.Records) -> Nudger:
    """Make what takes nudges over, whether or not Temporal is there; it sends none before `nudging`."""
    client = await temporal.connect_lazily(_place(settings))
    return Nudger(TicketTimers(client), opened.upkeep)


@asynccontextmanager
async def nudging(nudger: Nudger, loops: Loops) -> AsyncIterator[None]:
    """Send the nudges that were taken over."""
    async with loops.running("nudger", nudger.run(), nudger.aclose):
        yield


@asynccontextmanager
async def intake(
    settings: Settings, opened: records.Records, promised: PolicySet, nudger: Nudger
) -> AsyncIterator[Address]:
    """Answer gRPC."""
    answering = Intake(
        record=opened.record,
        queries=opened.queries,
        policies=promised,
        nudger=nudger,
        address=settings.intake_address,
        limits=Limits(max_in_flight=settings.intake_max_in_flight),
    )
    try:
        port = await answering.start()
    except AddressTaken:
        raise broken("intake_address", settings.intake_address, TAKEN) from None
    address = replace(settings.intake_address, port=port)
    logger.info("intake answers", extra={"address": str(address)})
    try:
        yield address
    finally:
        await answering.stop(settings.intake_drain_seconds)
        logger.info("intake stopped")


@contextmanager
def listening(field: str, address: Address) -> Iterator[None]:
    """Say in one line why an address cannot be had."""
    try:
        yield
    except OSError as error:
        why = (error.strerror or "cannot be listened on").lower()
        raise broken(field, address, TAKEN if error.errno == errno.EADDRINUSE else f"{why}: name another") from None


def try_port(address: Address) -> int:
    """Listen for a moment; the port that was had. Raises `OSError` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((address.host, address.port))
        port: int = trial.getsockname()[1]
        return port


async def _until_polled(client: Client) -> None:
    """Wait until Temporal has heard of a worker of this process."""
    ask = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=names.TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    try:
        async with asyncio.timeout(POLLED_SECONDS):
            while True:
                with contextlib.suppress(RPCError):
                    queue = await client.workflow_service.describe_task_queue(ask, timeout=temporal.CALL_TIMEOUT)
                    if client.identity in [poller.identity for poller in queue.pollers]:
                        return
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise CannotStart(
            f"the worker got no way to its task queue at {client.service_client.config.target_host} within "
            f"{POLLED_SECONDS:.0f} s: see the log"
        ) from None


@contextmanager
def _record_or_one_line() -> Iterator[None]:
    try:
        yield
    except (RecordError, ValueError) as error:
        raise CannotStart(str(error)) from None


def _place(settings: Settings) -> TemporalPlace:
    key = settings.temporal_api_key
    return TemporalPlace(
        address=str(settings.temporal),
        namespace=settings.temporal_namespace,
        tls=settings.temporal_tls,
        api_key=key.get_secret_value() if key else None,
    )
