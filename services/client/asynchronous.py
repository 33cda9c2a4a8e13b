"""The client for callers with an event loop."""

import copy
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Self, TypeVar

import grpc
import grpc.aio
from google.protobuf.message import Message

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketsRequest,
)
from protos.followthrough.v1.ticket_service_pb2_grpc import TicketServiceStub
from services.client.calls import DEADLINE_SECONDS, Change, Options, Who, channel_options, method_of
from services.client.errors import Asked

if TYPE_CHECKING:
    from protos.followthrough.v1.ticket_service_pb2_grpc import TicketServiceAsyncStub

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer")


class TicketClient:
    """Asks one intake. Of the event loop it is made in; use it in `async with`, or `close` it.

    `address` is intake's `host:port`. With `credentials` the way there is encrypted; `options` are gRPC's own, and win
    over the ones that come with this package. A `channel` of your own is used as it is and left open.
    """

    def __init__(
        self,
        address: str,
        *,
        caller: str,
        actor: str,
        deadline_seconds: float = DEADLINE_SECONDS,
        credentials: grpc.ChannelCredentials | None = None,
        options: Options = (),
        channel: grpc.aio.Channel | None = None,
    ) -> None:
        self._address = address
        self._who = Who(caller=caller, actor=actor)
        self._deadline_seconds = deadline_seconds
        self._channel = channel or _channel(address, credentials, options)
        self._is_channel_own = channel is None
        self._tickets: TicketServiceAsyncStub = TicketServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End every call and give up the channel, if it is the client's own."""
        if self._is_channel_own:
            await self._channel.close()

    async def change(self, request: Change) -> Ticket:
        """Send a change and return the ticket as it stands afterwards.

        Fills in who asks and a new `request_id` where the request does not say; the request itself is not touched.
        """
        stamped = self._who.stamped(request)
        method: grpc.aio.UnaryUnaryMultiCallable[Change, Ticket] = getattr(self._tickets, method_of(stamped))
        return await self._ask(method, stamped)

    async def ticket(self, *, ticket_id: str = "", reference: str = "") -> Ticket:
        """Read one ticket, by its id or by its reference."""
        key = GetTicketRequest(ticket_id=ticket_id) if ticket_id else GetTicketRequest(reference=reference)
        return await self._ask(self._tickets.GetTicket, key)

    async def tickets(self, request: ListTicketsRequest) -> AsyncIterator[Ticket]:
        """Read every ticket that passes the request's filters, page by page, in the request's order."""
        page = copy.deepcopy(request)
        while True:
            answer = await self._ask(self._tickets.ListTickets, page)
            for ticket in answer.tickets:
                yield ticket
            if not answer.next_page_token:
                return
            page.page_token = answer.next_page_token

    async def events(self, ticket_id: str, *, after_sequence: int = 0) -> AsyncIterator[TicketEvent]:
        """Read what happened to one ticket, page by page, in the order of its log."""
        while True:
            page = ListTicketEventsRequest(ticket_id=ticket_id, after_sequence=after_sequence)
            answer = await self._ask(self._tickets.ListTicketEvents, page)
            for event in answer.events:
                yield event
            if not answer.next_after_sequence:
                return
            after_sequence = answer.next_after_sequence

    async def _ask(self, method: grpc.aio.UnaryUnaryMultiCallable[Request, Answer], request: Request) -> Answer:
        try:
            return await method(request, timeout=self._deadline_seconds)
        except grpc.aio.AioRpcError as error:
            asked = Asked(address=self._address, deadline_seconds=self._deadline_seconds, request=request)
            raise asked.came_to(error) from None


def _channel(address: str, credentials: grpc.ChannelCredentials | None, own: Options) -> grpc.aio.Channel:
    options = channel_options(own)
    if credentials is None:
        return grpc.aio.insecure_channel(address, options=options)
    return grpc.aio.secure_channel(address, credentials, options=options)
