"""The client for callers without an event loop: a desk's own web application, a script. Of any thread.

A channel of its own kind, not an event loop in a thread: that would not outlive the fork of a web server's workers.
"""

import copy
from collections.abc import Iterator
from typing import Self, TypeVar

import grpc
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

Request = TypeVar("Request", bound=Message)
Answer = TypeVar("Answer")


class BlockingTicketClient:
    """Asks one intake, and blocks the thread that asks. The same methods as `TicketClient`, with the same answers.

    Make it after a fork, one a process: gRPC's channels do not survive one.
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
        channel: grpc.Channel | None = None,
    ) -> None:
        self._address = address
        self._who = Who(caller=caller, actor=actor)
        self._deadline_seconds = deadline_seconds
        self._channel = channel or _channel(address, credentials, options)
        self._is_channel_own = channel is None
        self._tickets = TicketServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every call and give up the channel, if it is the client's own."""
        if self._is_channel_own:
            self._channel.close()

    def change(self, request: Change) -> Ticket:
        """Send a change and return the ticket as it stands afterwards."""
        stamped = self._who.stamped(request)
        method: grpc.UnaryUnaryMultiCallable[Change, Ticket] = getattr(self._tickets, method_of(stamped))
        return self._ask(method, stamped)

    def ticket(self, *, ticket_id: str = "", reference: str = "") -> Ticket:
        """Read one ticket, by its id or by its reference."""
        key = GetTicketRequest(ticket_id=ticket_id) if ticket_id else GetTicketRequest(reference=reference)
        return self._ask(self._tickets.GetTicket, key)

    def tickets(self, request: ListTicketsRequest) -> Iterator[Ticket]:
        """Read every ticket that passes the request's filters, page by page, in the request's order."""
        page = copy.deepcopy(request)
        while True:
            answer = self._ask(self._tickets.ListTickets, page)
            yield from answer.tickets
            if not answer.next_page_token:
                return
            page.page_token = answer.next_page_token

    def events(self, ticket_id: str, *, after_sequence: int = 0) -> Iterator[TicketEvent]:
        """Read what happened to one ticket, page by page, in the order of its log."""
        while True:
            page = ListTicketEventsRequest(ticket_id=ticket_id, after_sequence=after_sequence)
            answer = self._ask(self._tickets.ListTicketEvents, page)
            yield from answer.events
            if not answer.next_after_sequence:
                return
            after_sequence = answer.next_after_sequence

    def _ask(self, method: "grpc.UnaryUnaryMultiCallable[Request, Answer]", request: Request) -> Answer:
        try:
            return method(request, timeout=self._deadline_seconds)
        except grpc.RpcError as error:
            asked = Asked(address=self._address, deadline_seconds=self._deadline_seconds, request=request)
            raise asked.came_to(error) from None


def _channel(address: str, credentials: grpc.ChannelCredentials | None, own: Options) -> grpc.Channel:
    options = channel_options(own)
    if credentials is None:
        return grpc.insecure_channel(address, options=options)
    return grpc.secure_channel(address, credentials, options=options)
