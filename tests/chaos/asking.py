"""How callers ask: through both intakes, again under the same `request_id` until answered, and everything is kept.

Knows the contract's services and what an answer means; what is asked, and of whom, is the load's to say.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import grpc
import grpc.aio
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2  # type: ignore[import-untyped]  # the wheel has no stubs
from grpc_status import rpc_status

from protos.followthrough.v1 import queue_service_pb2 as q
from protos.followthrough.v1 import ticket_pb2 as t
from protos.followthrough.v1 import ticket_service_pb2 as s
from protos.followthrough.v1.problem_service_pb2_grpc import ProblemServiceStub
from protos.followthrough.v1.queue_service_pb2_grpc import QueueServiceStub
from protos.followthrough.v1.ticket_service_pb2_grpc import TicketServiceStub
from tests.chaos.facts import Answer, Asked, Verdict

PATIENCE_SECONDS = 4.0
"""For one try."""
TRIES = 5
"""In a row; after the run whoever was never answered asks again."""
AGAIN = 0.08
"""How often a request that was answered is sent once more."""
AT_BOTH = 0.05
"""How often a request is sent to both intakes at once."""

REFUSED = (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.ABORTED, grpc.StatusCode.INVALID_ARGUMENT)
NO_ANSWER = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.CANCELLED,
)
STUBS = {"ticket": TicketServiceStub, "problem": ProblemServiceStub, "queue": QueueServiceStub}


class Asking:
    """The way to both intakes. Of one event loop; `close` it."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.asked: list[Asked] = []
        self.tickets: dict[str, t.Ticket] = {}
        """As last answered."""
        self._channels = [
            grpc.aio.insecure_channel(
                address,
                options=[
                    ("grpc.enable_retries", 0),
                    ("grpc.min_reconnect_backoff_ms", 100),
                    ("grpc.initial_reconnect_backoff_ms", 100),
                    ("grpc.max_reconnect_backoff_ms", 1000),
                ],
            )
            for address in addresses
        ]
        self._stubs: list[Mapping[str, Any]] = [
            {name: stub(channel) for name, stub in STUBS.items()} for channel in self._channels
        ]
        self._unsure: list[tuple[Message, Asked]] = []

    async def close(self) -> None:
        """Give up the channels."""
        for channel in self._channels:
            await channel.close()

    async def until_answering(self) -> None:
        """Wait until both intakes answer."""
        for stubs in self._stubs:
            while True:
                try:
                    await stubs["ticket"].ListTickets(s.ListTicketsRequest(page_size=1), timeout=PATIENCE_SECONDS)
                    break
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.2)

    async def ask(self, rolls: random.Random, request: Message, asked: Asked) -> Message | None:
        """Ask until it is answered, or give up for now; the message that was answered, if it was one."""
        self.asked.append(asked)
        message = await self._ask(rolls, request, asked)
        if asked.final and rolls.random() < AGAIN:
            await self._try(rolls.randrange(2), request, asked)
        return message

    async def make_sure(self, rolls: random.Random) -> None:
        """Ask again what was never answered, until it is."""
        while self._unsure:
            unsure, self._unsure = self._unsure, []
            for request, asked in unsure:
                await self._ask(rolls, request, asked)

    async def look(self, intake: int, request: Message) -> Any:  # noqa: ANN401 - whatever it answers
        """Ask for something that changes nothing; none: there was no answer."""
        try:
            return await self._method(intake, request)(request, timeout=PATIENCE_SECONDS)
        except grpc.aio.AioRpcError:
            return None

    def seen(self, ticket: t.Ticket) -> None:
        """Remember how a ticket stands, unless more is known."""
        known = self.tickets.get(ticket.ticket_id)
        if known is None or known.sequence < ticket.sequence:
            self.tickets[ticket.ticket_id] = ticket

    async def _ask(self, rolls: random.Random, request: Message, asked: Asked) -> Message | None:
        first, message = rolls.randrange(2), None
        if rolls.random() < AT_BOTH:
            found = await asyncio.gather(self._try(0, request, asked), self._try(1, request, asked))
            message = found[0] or found[1]
        for number in range(TRIES):
            if asked.final:
                return message
            if number:
                await asyncio.sleep(rolls.uniform(0.1, 0.5) * number)
            message = await self._try((first + number) % 2, request, asked)
        if not asked.final:
            self._unsure.append((request, asked))
        return message

    async def _try(self, intake: int, request: Message, asked: Asked) -> Message | None:
        try:
            message: Message = await self._method(intake, request)(request, timeout=PATIENCE_SECONDS)
        except grpc.aio.AioRpcError as error:
            asked.answers.append(_no(error))
            return None
        asked.answers.append(_yes(message))
        ticket = message.ticket if isinstance(message, s.ReceiveContactResponse) else message
        if isinstance(ticket, t.Ticket):
            asked.ticket_id = asked.ticket_id or ticket.ticket_id
            self.seen(ticket)
        return message

    def _method(self, intake: int, request: Message) -> Any:  # noqa: ANN401 - gRPC's own are not typed
        """Find the method that takes such a request: of the service whose file it stands in, and of its name."""
        service = request.DESCRIPTOR.file.name.rpartition("/")[2].removesuffix("_service.proto")
        return getattr(self._stubs[intake][service], request.DESCRIPTOR.name.removesuffix("Request"))


def _yes(message: Message) -> Answer:
    ticket = message.ticket if isinstance(message, s.ReceiveContactResponse) else message
    if not isinstance(ticket, t.Ticket):
        return Answer(verdict=Verdict.DONE, body=_lasting(message), text="OK")
    breached = frozenset(
        (t.Target.Name(clock.target).removeprefix("TARGET_").lower(), clock.run)
        for clock in ticket.clocks
        if clock.state == t.CLOCK_STATE_BREACHED
    )
    return Answer(
        verdict=Verdict.DONE,
        body=message.SerializeToString(deterministic=True),
        text=f"OK, line {ticket.sequence}",
        ticket_id=ticket.ticket_id,
        sequence=ticket.sequence,
        breached=breached,
    )


def _lasting(message: Message) -> bytes:
    """All of it; of a closure what holds for ever, for a retry is shown how it stands by then."""
    if isinstance(message, q.QueueClosure):
        return f"{message.closure_id} {message.queue} {instant(message.start_time)}".encode()
    return message.SerializeToString(deterministic=True)


def _no(error: grpc.aio.AioRpcError) -> Answer:
    code, reason = error.code(), _reason(error)
    text = f"{code.name} {reason}: {error.details()}"
    if code in REFUSED:
        is_remembered = code is not grpc.StatusCode.INVALID_ARGUMENT  # that may be said in other words by then (5.5)
        return Answer(verdict=Verdict.REFUSED, body=(text if is_remembered else reason).encode(), text=text)
    is_answer = reason and code not in NO_ANSWER
    return Answer(verdict=Verdict.WRONG if is_answer else Verdict.UNKNOWN, body=text.encode(), text=text)


def _reason(error: grpc.aio.AioRpcError) -> str:
    """Find the contract's word; empty when it was not intake that answered."""
    status = rpc_status.from_call(cast(grpc.Call, error))
    info = error_details_pb2.ErrorInfo()
    for detail in status.details if status else ():
        if detail.Unpack(info):
            return str(info.reason)
    return ""


def instant(stamp: Timestamp) -> datetime:
    """The contract's instant as Python's."""
    return datetime.fromtimestamp(stamp.seconds, UTC) + timedelta(microseconds=stamp.nanos // 1000)
