"""A real intake on loopback for tests: a real record, a clock that the test tells, nudges that are kept.

Requests come with everything that is required, so that a test says only what it is about.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar, cast

import grpc
import grpc.aio
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # the wheel has no stubs
from grpc_status import rpc_status

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    OpenTicketRequest,
    ResolveTicketRequest,
    WatchTicketRequest,
    WatchTicketResponse,
)
from services.intake.ids import Ids
from services.intake.methods import path
from services.intake.promises import HoldsPolicies
from services.intake.server import Intake, Limits
from services.records import Nudge, Records, connect
from services.settings import Address
from tests.support.clock import StoryClock
from tests.support.policies import Standing
from tests.support.waiting import PATIENCE_SECONDS

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""09:00 in London: the desk has been open for an hour."""
SERVICE = "followthrough.v1.TicketService"

Watch = grpc.aio.UnaryStreamCall[WatchTicketRequest, WatchTicketResponse]
Asked = TypeVar("Asked", bound=Message)
Detail = TypeVar("Detail")


@dataclass(slots=True)
class KeptNudges:
    """Stands in for the nudger: keeps what is owed, sends nothing."""

    kept: list[Nudge] = field(default_factory=list)

    def owe(self, nudge: Nudge) -> None:
        """Keep one."""
        self.kept.append(nudge)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """How a call was refused, read as a client reads it."""

    code: grpc.StatusCode
    text: str
    reason: str
    facts: dict[str, str]
    violations: dict[str, str]
    """Description by field."""
    resource: str | None
    retry_after: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A contact centre in front of a running intake."""

    intake: Intake
    records: Records
    clock: StoryClock
    nudges: KeptNudges
    channel: grpc.aio.Channel
    address: Address

    async def ask(self, request: Message, *, timeout: float | None = 20) -> Message:  # noqa: ASYNC109 - the call's own deadline
        """Call the method of the request's name."""
        method = method_of(type(request))
        call = self.channel.unary_unary(
            path(method),
            request_serializer=type(request).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        return await call(request, timeout=timeout)

    def watch(self, ticket: Ticket, *, after: int = 0) -> Watch:
        """Follow a ticket from a sequence on."""
        call: grpc.aio.UnaryStreamMultiCallable[WatchTicketRequest, WatchTicketResponse] = self.channel.unary_stream(
            f"/{SERVICE}/WatchTicket", WatchTicketRequest.SerializeToString, WatchTicketResponse.FromString
        )
        return call(WatchTicketRequest(ticket_id=ticket.ticket_id, after_sequence=after))

    async def ticket(self, request: Message) -> Ticket:
        """Call a method that returns a ticket."""
        return cast(Ticket, await self.ask(request))

    async def refusal(self, request: Message) -> Refusal:
        """Call a method that must refuse."""
        try:
            answer = await self.ask(request)
        except grpc.aio.AioRpcError as error:
            return refusal_of(error)
        raise AssertionError(f"was not refused: {answer}")

    async def open(self, **given: object) -> Ticket:
        """Open a ticket."""
        return await self.ticket(opening(**given))

    async def take(self, ticket: Ticket, handler: str = "ana") -> Ticket:
        """Acknowledge it for its present tier."""
        return await self.ticket(of(ticket, AcknowledgeTicketRequest(handler=handler, tier=ticket.tier)))

    async def resolve(self, ticket: Ticket) -> Ticket:
        """Resolve it as fixed."""
        request = ResolveTicketRequest(outcome=ticket_pb2.OUTCOME_FIXED, explanation="cable replaced")
        return await self.ticket(of(ticket, request))


async def answered_in_time(desk: Desk, request: Message) -> Message:
    """Ask again for as long as a server that allows a moment only, on a busy machine, says that it was too short."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await desk.ask(request)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise


def opening(**given: object) -> OpenTicketRequest:
    """A request to open that is complete; what is given replaces what it says."""
    request = OpenTicketRequest(
        caller="crm-1",
        actor="ana",
        request_id=str(uuid.uuid4()),
        queue="home",
        priority="urgent",
        customer=ticket_pb2.Customer(
            external_id="c-1", display_name="Ada Example", language="en-GB", zone="Europe/London"
        ),
        subject="no line",
        channel="phone",
    )
    for name, value in given.items():
        if isinstance(value, Message):
            getattr(request, name).CopyFrom(value)
        else:
            setattr(request, name, value)
    return request


def of(ticket: Ticket, request: Asked) -> Asked:
    """Complete a request for a ticket with who asks."""
    for name, value in (
        ("ticket_id", ticket.ticket_id),
        ("caller", "crm-1"),
        ("actor", "ana"),
        ("request_id", str(uuid.uuid4())),
    ):
        if not getattr(request, name):
            setattr(request, name, value)
    return request


def method_of(request: type[Message]) -> MethodDescriptor:
    """The method that takes it: the one of its name, of the service beside which it stands."""
    (service,) = request.DESCRIPTOR.file.services_by_name.values()
    return cast(MethodDescriptor, service.methods_by_name[request.DESCRIPTOR.name.removesuffix("Request")])


def refusal_of(error: grpc.aio.AioRpcError) -> Refusal:
    """Read a refusal; it must have exactly one ErrorInfo, of our domain."""
    status = cast(status_pb2.Status, rpc_status.from_call(cast(grpc.Call, error)))
    assert status is not None, f"{error.code()} has no details: {error.details()}"
    (info,) = _details(status, error_details_pb2.ErrorInfo)
    assert info.domain == "followthrough"
    assert status.message == error.details()
    bad, resource, retry = (
        list(_details(status, kind))
        for kind in (error_details_pb2.BadRequest, error_details_pb2.ResourceInfo, error_details_pb2.RetryInfo)
    )
    return Refusal(
        code=error.code(),
        text=status.message,
        reason=info.reason,
        facts=dict(info.metadata),
        violations={each.field: each.description for one in bad for each in one.field_violations},
        resource=resource[0].resource_name if resource else None,
        retry_after=retry[0].retry_delay.ToTimedelta() if retry else None,
    )


Replace = Callable[[Records], Records]
"""Puts a stand-in in the place of a part of the record."""


@asynccontextmanager
async def a_desk(
    url: str,
    *,
    limits: Limits | None = None,
    has_reflection: bool = True,
    ids: Ids | None = None,
    replaced: Replace = lambda records: records,
    policies: HoldsPolicies | None = None,
    operators: Collection[str] = (),
) -> AsyncIterator[Desk]:
    """Run an intake on a fresh record, on the tests' own policies unless others are given."""
    clock, nudges = StoryClock(MONDAY), KeptNudges()
    async with await connect(url, clock) as real:
        records = replaced(real)
        intake = Intake(
            records=records,
            require_writable=records.require_writable,
            policies=policies or Standing(),
            nudger=nudges,
            address=Address("127.0.0.1", 0),
            limits=limits,
            has_reflection=has_reflection,
            ids=ids,
            operators=operators,
            languages=("de", "en"),
        )
        address = Address("127.0.0.1", await intake.start())
        try:
            async with grpc.aio.insecure_channel(str(address)) as channel:
                yield Desk(intake=intake, records=records, clock=clock, nudges=nudges, channel=channel, address=address)
        finally:
            await intake.stop(0)


def _details(status: status_pb2.Status, kind: type[Detail]) -> Iterator[Detail]:
    for detail in status.details:
        found = kind()
        if detail.Unpack(found):
            yield found
