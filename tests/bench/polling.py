"""The polling rival: the engine for promises that a good developer writes in a few days, without Followthrough.

    python -m tests.bench.polling --url URL [--storm-at INSTANT]

Runs as a process of its own until SIGTERM and says where it answers. gRPC, async SQLAlchemy and asyncpg, on uvloop: one
transaction a call, three deadlines a ticket, and a poll each second that takes what is overdue with FOR UPDATE SKIP
LOCKED, 200 at once, and writes one event a breach. It answers the two methods of our contract that are measured, so
that the same callers call both.

It promises less than we do, and so has less to write: no calendars, ladder, warnings or escalation, no messages to
anybody, no remembered answers, no totals. Nothing is slowed down here to look better elsewhere.
"""

import argparse
import asyncio
import contextlib
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import grpc.aio
from sqlalchemy import Row, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from protos.followthrough.v1 import ticket_service_pb2
from protos.followthrough.v1.ticket_pb2 import (
    CLOCK_STATE_RUNNING,
    TARGET_ACKNOWLEDGE,
    TARGET_RESOLVE,
    TARGET_UPDATE,
    TICKET_STATUS_IN_PROGRESS,
    TICKET_STATUS_OPEN,
    Clock,
    Customer,
    Ticket,
)
from protos.followthrough.v1.ticket_service_pb2 import AcknowledgeTicketRequest, OpenTicketRequest
from services.process import leave, run
from tests.bench.pacing import BRISK_SECONDS
from tests.bench.polling_tables import BATCH, RUNNING, breach, deadlines, events, metadata, tickets

SERVICE = ticket_service_pb2.DESCRIPTOR.services_by_name["TicketService"]
CONNECTIONS = 16
"""As many as a process of ours has."""
POLL_SECONDS = 1.0
ACKNOWLEDGE, UPDATE, RESOLVE = "acknowledge", "update", "resolve"
TARGETS = {ACKNOWLEDGE: TARGET_ACKNOWLEDGE, UPDATE: TARGET_UPDATE, RESOLVE: TARGET_RESOLVE}
PROMISED = {ACKNOWLEDGE: timedelta(hours=3), UPDATE: timedelta(hours=4), RESOLVE: timedelta(hours=27)}
TIER = "agent"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", required=True, help="an empty PostgreSQL database")
    parser.add_argument("--storm-at", type=datetime.fromisoformat, help="when tickets of queue `storm` run out")
    asked = parser.parse_args()
    run(lambda: serve(asked.url, asked.storm_at))
    leave(0)


@dataclass(frozen=True, slots=True)
class Desk:
    """The methods that callers call."""

    engine: AsyncEngine
    storm_at: datetime | None

    async def open(self, request: OpenTicketRequest, context: grpc.aio.ServicerContext[object, object]) -> Ticket:
        """Store a ticket with its three deadlines."""
        if not request.subject or not request.customer.external_id:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "a ticket needs a subject and a customer")
        now = datetime.now(UTC)
        due = self._due(request, now)
        row = _row(request, now)
        ticket_id = row["ticket_id"]
        running = [{"ticket_id": ticket_id, "target": target, "due_at": at} for target, at in due.items()]
        opened = {"ticket_id": ticket_id, "kind": "opened", "actor": request.actor, "at": now}
        try:
            async with self.engine.begin() as connection:
                await connection.execute(insert(tickets), row)
                await connection.execute(insert(deadlines), running)
                await connection.execute(insert(events), opened)
        except IntegrityError:
            await context.abort(grpc.StatusCode.ALREADY_EXISTS, "this request_id has opened a ticket before")
        ticket = Ticket(
            ticket_id=ticket_id,
            reference=row["reference"],
            status=TICKET_STATUS_OPEN,
            queue=request.queue,
            priority=request.priority,
            customer=request.customer,
            subject=request.subject,
            description=request.description,
            channel=request.channel,
            tier=TIER,
        )
        return _with_clocks(ticket, now, due)

    async def acknowledge(
        self, request: AcknowledgeTicketRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> Ticket:
        """Take a ticket on: its first deadline is met."""
        now = datetime.now(UTC)
        async with self.engine.begin() as connection:
            taken = await connection.execute(
                update(tickets)
                .where(tickets.c.ticket_id == request.ticket_id, tickets.c.status == "open")
                .values(status="in_progress", handler=request.handler)
                .returning(tickets)
            )
            row = taken.one_or_none()
            if row is None:
                await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "there is no such ticket to be taken on")
                raise AssertionError("unreachable: abort raises")
            await connection.execute(
                update(deadlines)
                .where(deadlines.c.ticket_id == request.ticket_id, deadlines.c.target == ACKNOWLEDGE, RUNNING)
                .values(met_at=now)
            )
            noted = {"ticket_id": request.ticket_id, "kind": "acknowledged", "actor": request.actor, "at": now}
            await connection.execute(insert(events), noted)
        return _ticket(row)

    def _due(self, request: OpenTicketRequest, now: datetime) -> dict[str, datetime]:
        """When each target runs out."""
        due = {target: now + length for target, length in PROMISED.items()}
        if request.queue == "brisk":
            due[ACKNOWLEDGE] = now + timedelta(seconds=BRISK_SECONDS)
        elif request.queue == "storm" and self.storm_at is not None:
            due[ACKNOWLEDGE] = self.storm_at
        return due


def _row(request: OpenTicketRequest, now: datetime) -> dict[str, Any]:
    return {
        "ticket_id": str(uuid.uuid4()),
        "reference": secrets.token_hex(5),
        "request_id": request.request_id,
        "queue": request.queue,
        "priority": request.priority,
        "customer_id": request.customer.external_id,
        "customer_name": request.customer.display_name,
        "language": request.customer.language,
        "zone": request.customer.zone,
        "subject": request.subject,
        "description": request.description,
        "channel": request.channel,
        "status": "open",
        "opened_at": now,
    }


def _ticket(row: Row[tuple[object, ...]]) -> Ticket:
    return Ticket(
        ticket_id=row.ticket_id,
        reference=row.reference,
        status=TICKET_STATUS_IN_PROGRESS,
        queue=row.queue,
        priority=row.priority,
        customer=Customer(
            external_id=row.customer_id, display_name=row.customer_name, language=row.language, zone=row.zone
        ),
        subject=row.subject,
        description=row.description,
        channel=row.channel,
        tier=TIER,
        handler=row.handler,
    )


def _with_clocks(ticket: Ticket, opened_at: datetime, due: dict[str, datetime]) -> Ticket:
    ticket.open_time.FromDatetime(opened_at)
    for target, at in due.items():
        clock = Clock(target=TARGETS[target], run=1, state=CLOCK_STATE_RUNNING)
        clock.start_time.FromDatetime(opened_at)
        clock.deadline_time.FromDatetime(at)
        ticket.clocks.append(clock)
    ticket.deadline_time.FromDatetime(min(due.values()))
    return ticket


async def poll(engine: AsyncEngine) -> None:
    """Look at each whole second for what is overdue, until cancelled; batch after batch while they are full.

    At the second, so that a deadline's place between two looks can be chosen: else luck would.
    """
    while True:
        await asyncio.sleep(POLL_SECONDS - time.time() % POLL_SECONDS)
        while await breach(engine) == BATCH:
            pass


@contextlib.asynccontextmanager
async def _polled(engine: AsyncEngine) -> AsyncIterator[None]:
    polling = asyncio.create_task(poll(engine))
    try:
        yield
    finally:
        polling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await polling


async def serve(url: str, storm_at: datetime | None) -> None:
    """Make the tables, answer and poll until cancelled."""
    engine = create_async_engine(url, pool_size=CONNECTIONS, max_overflow=0)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    desk = Desk(engine, storm_at)
    methods: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "OpenTicket": grpc.unary_unary_rpc_method_handler(
            desk.open, OpenTicketRequest.FromString, Ticket.SerializeToString
        ),
        "AcknowledgeTicket": grpc.unary_unary_rpc_method_handler(
            desk.acknowledge, AcknowledgeTicketRequest.FromString, Ticket.SerializeToString
        ),
    }
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE.full_name, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    try:
        async with _polled(engine):
            await server.start()
            print(f"polling 127.0.0.1:{port}", flush=True)  # noqa: T201 - what it was started for
            try:
                await asyncio.Event().wait()
            finally:
                await server.stop(1)
    finally:
        await engine.dispose()


if __name__ == "__main__":
    main()
