"""A typed client of the public contract, for the command line and the feed: no privileges, no way round intake.

Gives each change its caller, actor and `request_id`, each call a deadline, and retries what the contract's service
config says. Raises `Refused` with the contract's reason, or `Unreachable`; a gRPC error never leaves this module.
"""

import copy
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING, Self, TypeVar, cast

import grpc
import grpc.aio
from google.protobuf.message import Message
from google.rpc import error_details_pb2  # type: ignore[import-untyped]  # googleapis-common-protos has no stubs
from grpc_status import rpc_status

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    CloseTicketRequest,
    ConfirmResolutionRequest,
    ContinueTicketRequest,
    EscalateTicketRequest,
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketsRequest,
    OpenTicketRequest,
    PostUpdateRequest,
    RecordContactRequest,
    RejectResolutionRequest,
    ReopenTicketRequest,
    ResolveTicketRequest,
    TransferTicketRequest,
    WaitOnCustomerRequest,
)
from protos.followthrough.v1.ticket_service_pb2_grpc import TicketServiceStub
from services.settings import Address

if TYPE_CHECKING:
    from protos.followthrough.v1.ticket_service_pb2_grpc import TicketServiceAsyncStub

Request = TypeVar("Request")
Answer = TypeVar("Answer")
Detail = TypeVar("Detail", bound=Message)

DEADLINE_SECONDS = 10.0
"""Real seconds a call may take, its retries included, unless the client was told otherwise."""

Change = (
    OpenTicketRequest
    | AcknowledgeTicketRequest
    | PostUpdateRequest
    | RecordContactRequest
    | WaitOnCustomerRequest
    | ContinueTicketRequest
    | EscalateTicketRequest
    | TransferTicketRequest
    | ResolveTicketRequest
    | ConfirmResolutionRequest
    | RejectResolutionRequest
    | ReopenTicketRequest
    | CloseTicketRequest
)
"""Every request that changes a ticket: one method each, of the same name, and all return the ticket."""


class Refused(Exception):  # noqa: N818 - the fact, in the desk's words
    """Intake answered, and the answer is no."""

    def __init__(
        self,
        code: grpc.StatusCode,
        text: str,
        reason: str,
        facts: Mapping[str, str],
        blamed: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.reason = reason
        """The contract's word for it, like `WRONG_STATE`; empty when somebody else than intake answered."""
        self.facts = facts
        self.blamed = blamed
        """The request's fields that are not as they must be, each with what is wrong and the remedy."""


class Unreachable(Exception):  # noqa: N818 - the fact, in the desk's words
    """No answer: whether a change was applied is unknown, the same `request_id` tells."""


class TicketClient:
    """Asks one intake. Of one event loop; use it in `async with`."""

    def __init__(
        self, address: Address, *, caller: str, actor: str, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._address = address
        self._caller = caller
        self._actor = actor
        self._deadline_seconds = deadline_seconds
        config = files("protos.followthrough.v1").joinpath("service_config.json").read_text(encoding="utf-8")
        self._channel = grpc.aio.insecure_channel(str(address), options=[("grpc.service_config", config)])
        self._tickets: TicketServiceAsyncStub = TicketServiceStub(self._channel)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()

    async def change(self, request: Change) -> Ticket:
        """Send a change and return the ticket as it stands afterwards.

        Fills in who asks and a new `request_id` where the request does not say; the request itself is not touched.
        """
        stamped = copy.deepcopy(request)
        stamped.caller = request.caller or self._caller
        stamped.actor = request.actor or self._actor
        stamped.request_id = request.request_id or str(uuid.uuid4())
        method: grpc.aio.UnaryUnaryMultiCallable[Change, Ticket] = getattr(
            self._tickets, stamped.DESCRIPTOR.name.removesuffix("Request")
        )
        return await self._ask(method, stamped)

    async def ticket(self, *, ticket_id: str = "", reference: str = "") -> Ticket:
        """Read one ticket, by its id or by its reference."""
        key = GetTicketRequest(ticket_id=ticket_id) if ticket_id else GetTicketRequest(reference=reference)
        return await self._ask(self._tickets.GetTicket, key)

    async def tickets(self, request: ListTicketsRequest) -> AsyncIterator[Ticket]:
        """Read every ticket that passes the request's filters, page by page, in the order of opening."""
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
            raise self._said(error) from None

    def _said(self, error: grpc.aio.AioRpcError) -> Refused | Unreachable:
        """Read an error's details in the contract's words."""
        code, text = error.code(), error.details() or "no reason was given"
        info = _detail(error, error_details_pb2.ErrorInfo())
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return Unreachable(f"{self._address} gave no answer within {self._deadline_seconds:g} s")
        if code is grpc.StatusCode.UNAVAILABLE and info is None:
            return Unreachable(f"nobody answers at {self._address}: is it running? start it with `followthrough up`")
        if code is grpc.StatusCode.UNAVAILABLE:
            return Unreachable(text)
        blamed = _detail(error, error_details_pb2.BadRequest()) or error_details_pb2.BadRequest()
        return Refused(
            code,
            text,
            info.reason if info else "",
            dict(info.metadata) if info else {},
            [(each.field, each.description) for each in blamed.field_violations],
        )


def _detail(error: grpc.aio.AioRpcError, wanted: Detail) -> Detail | None:
    """Find a detail of the wanted kind."""
    status = rpc_status.from_call(cast(grpc.Call, error))
    for detail in status.details if status else ():
        if detail.Unpack(wanted):
            return wanted
    return None
