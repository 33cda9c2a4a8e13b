"""The client for callers with an event loop."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import UTC, datetime
from functools import cached_property
from time import monotonic
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.handover_pb2 import Handover
from protos.followthrough.v1.ledger_pb2 import ClockLedger
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    ExplainDeadlinesRequest,
    GetHandoverRequest,
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketsRequest,
    ReceiveContactRequest,
    ReceiveContactResponse,
)
from protos.followthrough.v1.ticket_service_pb2_grpc import TicketServiceStub
from services.client.calls import Change, method_of
from services.client.connection import Connection
from services.client.paging import after_events, after_intervals, joined, next_page
from services.client.watching import PATIENCE_SECONDS, STREAM_SECONDS, Tell, Watch

if TYPE_CHECKING:
    from protos.followthrough.v1.ticket_service_pb2_grpc import TicketServiceAsyncStub
    from services.client.errors import Refused, Unreachable


class TicketClient(Connection):
    """Asks one intake about tickets."""

    @cached_property
    def _tickets(self) -> "TicketServiceAsyncStub":
        return TicketServiceStub(self._channel)

    async def change(self, request: Change) -> Ticket:
        """Send a change and return the ticket as it stands afterwards.

        Fills in who asks and a new `request_id` where the request does not say; the request itself is not touched.
        """
        stamped = self._who.stamped(request)
        method: grpc.aio.UnaryUnaryMultiCallable[Change, Ticket] = getattr(self._tickets, method_of(stamped))
        return await self._ask(method, stamped)

    async def receive(self, request: ReceiveContactRequest) -> ReceiveContactResponse:
        """Send what a customer says, and return the ticket it is on: the one that it joined, or a new one.

        Fills in what `change` does.
        """
        return await self._ask(self._tickets.ReceiveContact, self._who.stamped_contact(request))

    async def ticket(self, *, ticket_id: str = "", reference: str = "") -> Ticket:
        """Read one ticket, by its id or by its reference."""
        key = GetTicketRequest(ticket_id=ticket_id) if ticket_id else GetTicketRequest(reference=reference)
        return await self._ask(self._tickets.GetTicket, key)

    async def handover(self, ticket_id: str) -> Handover:
        """Read a ticket's story as whoever has it next needs it."""
        return await self._ask(self._tickets.GetHandover, GetHandoverRequest(ticket_id=ticket_id))

    async def tickets(self, request: ListTicketsRequest) -> AsyncIterator[Ticket]:
        """Read every ticket that passes the request's filters, page by page, in the request's order."""
        async for answer in self._pages(self._tickets.ListTickets, request, next_page):
            for ticket in answer.tickets:
                yield ticket

    async def record_time(self) -> datetime | None:
        """Read the record's present instant, in UTC: its clock decides what is ahead. None: an older intake."""
        answer = await self._ask(self._tickets.ListTickets, ListTicketsRequest(page_size=1))
        return answer.as_of_time.ToDatetime(UTC) if answer.HasField("as_of_time") else None

    async def events(self, ticket_id: str, *, after_sequence: int = 0) -> AsyncIterator[TicketEvent]:
        """Read what happened to one ticket, page by page, in the order of its log."""
        request = ListTicketEventsRequest(ticket_id=ticket_id, after_sequence=after_sequence)
        async for answer in self._pages(self._tickets.ListTicketEvents, request, after_events):
            for event in answer.events:
                yield event

    async def ledgers(self, request: ExplainDeadlinesRequest) -> AsyncIterator[ClockLedger]:
        """Read why the deadlines are when they are: a clock run each, in the order in which they started."""
        async for answer in self._pages(self._tickets.ExplainDeadlines, request, next_page):
            for ledger in answer.ledgers:
                yield await self._whole(request.ticket_id, ledger)

    async def watch(
        self,
        ticket_id: str,
        *,
        after_sequence: int = 0,
        patience_seconds: float = PATIENCE_SECONDS,
        tell: Tell | None = None,
    ) -> AsyncGenerator[TicketEvent, None]:
        """Follow one ticket: what happened after that sequence, then what happens, as it happens; it never ends.

        A stream that is lost or over is followed by another, after the last sequence that was read. Raises
        `Unreachable` when nobody answers for `patience_seconds` (real ones), `Refused` for what no patience mends, and
        when there is no room for a first stream. `tell` is told None when a stream is open, else why there is none.
        """
        watch = Watch(
            ticket_id, after_sequence=after_sequence, patience_seconds=patience_seconds, now=monotonic(), tell=tell
        )
        while True:
            why: Refused | Unreachable | None = None
            call = self._tickets.WatchTicket(watch.request(), timeout=STREAM_SECONDS)
            try:
                await call.initial_metadata()
                if not call.done():
                    watch.heard(monotonic())
                async for answer in call:
                    for event in watch.new(answer):
                        yield event
                watch.heard(monotonic())
            except grpc.aio.AioRpcError as error:
                why = self._asked(watch.request()).came_to(error)
            finally:
                call.cancel()
            await asyncio.sleep(watch.pause(monotonic(), why))

    async def _whole(self, ticket_id: str, ledger: ClockLedger) -> ClockLedger:
        """Read the rest of a run's intervals."""
        while (following := after_intervals(ticket_id, ledger)) is not None:
            answer = await self._ask(self._tickets.ExplainDeadlines, following)
            ledger = joined(ledger, answer.ledgers[0])
        return ledger
