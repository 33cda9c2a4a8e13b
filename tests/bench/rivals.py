"""What Followthrough is measured beside: bare Temporal timers, and a plain gRPC server that inserts a row.

    python -m tests.bench.rivals timers --folder FOLDER
    python -m tests.bench.rivals rows --url URL

Each runs as a process of its own until SIGTERM and says where it answers. They know no ticket: the least that a
durable timer, and a recorded call, can cost on this machine with these libraries.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiosqlite
import asyncpg  # type: ignore[import-untyped]  # it ships no types
import grpc
import grpc.aio
from sqlalchemy import make_url
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import OpenTicketRequest
from services.dev_server import DevServer
from services.ports import try_port
from services.process import leave, run
from services.settings import Address
from services.worker import TASKS_A_CORE

TASK_QUEUE = "bare"
METHOD = "/bare.Rows/Insert"
TABLE = "CREATE TABLE bare (ticket_id TEXT PRIMARY KEY, body TEXT NOT NULL)"
CONNECTIONS = 16

Insert = Callable[[str, str], Awaitable[None]]


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(required=True, dest="rival")
    timers = commands.add_parser("timers", help="a development server and a worker of empty timer workflows")
    timers.add_argument("--folder", type=Path, required=True, help="for the server's file, and for lags.txt")
    rows = commands.add_parser("rows", help="a gRPC server that inserts one row a call")
    rows.add_argument("--url", required=True, help="an empty database")
    asked = parser.parse_args()
    run(lambda: serve_timers(asked.folder) if asked.rival == "timers" else serve_rows(asked.url))
    leave(0)


@workflow.defn(name="Bare")
class BareTimer:
    """Sleeps until an instant, and has it noted how late it woke up."""

    @workflow.run
    async def run(self, due_at: float) -> None:
        """Sleep until `due_at`, in seconds of the epoch."""
        # On a loaded machine it may begin after its instant, and a workflow cannot sleep until then.
        await workflow.sleep(timedelta(seconds=max(due_at - workflow.now().timestamp(), 0.0)))
        await workflow.execute_local_activity("note", due_at, schedule_to_close_timeout=timedelta(seconds=3))


class Lags:
    """Notes to a file, a line of seconds each."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="ascii", buffering=1)

    @activity.defn(name="note")
    async def note(self, due_at: float) -> None:
        """Note how long ago that instant was."""
        self._file.write(f"{time.time() - due_at:.6f}\n")


async def serve_timers(folder: Path) -> None:
    """Run the server on a file and the worker beside it, both as Followthrough has them."""
    server = await DevServer.start(folder=folder, address=_free_address(), namespace="default")
    try:
        client = await Client.connect(str(server.address))
        async with Worker(
            client,
            task_queue=TASK_QUEUE,
            workflows=[BareTimer],
            activities=[Lags(folder / "lags.txt").note],
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_cached_workflows=5000,
            max_concurrent_workflow_tasks=2 * TASKS_A_CORE,
        ):
            print(f"timers {server.address}", flush=True)  # noqa: T201 - what it was started for
            await asyncio.Event().wait()
    finally:
        await server.stop()


async def serve_rows(url: str) -> None:
    """Answer each call with a ticket once its row is committed."""
    async with _inserting(url) as insert:

        async def handle(request: OpenTicketRequest, _: object) -> Ticket:
            await insert(request.request_id, request.subject)
            return Ticket(ticket_id=request.request_id, subject=request.subject)

        method = grpc.unary_unary_rpc_method_handler(handle, OpenTicketRequest.FromString, Ticket.SerializeToString)
        _, service, name = METHOD.split("/")
        server = grpc.aio.server()
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: method}),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        print(f"rows 127.0.0.1:{port}", flush=True)  # noqa: T201 - what it was started for
        try:
            await asyncio.Event().wait()
        finally:
            await server.stop(1)


def _free_address() -> Address:
    return Address("127.0.0.1", try_port(Address("127.0.0.1", 0)))


@asynccontextmanager
async def _inserting(url: str) -> AsyncIterator[Insert]:
    """A way to insert a row that is on the disk when it returns, as the record's are."""
    place = make_url(url)
    statement = "INSERT INTO bare (ticket_id, body) VALUES ({}, {})"
    if place.drivername.startswith("sqlite"):
        async with aiosqlite.connect(str(place.database), isolation_level=None) as connection:
            for pragma in ("journal_mode = WAL", "synchronous = FULL"):
                await connection.execute(f"PRAGMA {pragma}")
            await connection.execute(TABLE)

            async def insert_in_file(ticket_id: str, body: str) -> None:
                await connection.execute_insert(statement.format("?", "?"), (ticket_id, body))

            yield insert_in_file
        return
    plain = place.set(drivername="postgresql").render_as_string(hide_password=False)
    async with asyncpg.create_pool(plain, min_size=CONNECTIONS, max_size=CONNECTIONS) as pool:
        await pool.execute(TABLE)

        async def insert_in_table(ticket_id: str, body: str) -> None:
            await pool.execute(statement.format("$1", "$2"), ticket_id, body)

        yield insert_in_table


if __name__ == "__main__":
    main()
