"""What an operator sets reaches the intake that runs."""

import grpc
import grpc.aio
import pytest

from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import WatchTicketRequest
from services import parts
from services.nudge import Nudger
from services.records import connect
from services.settings import Address, Settings
from tests.support.clock import StoryClock
from tests.support.intake import SERVICE, opening, refusal_of
from tests.support.policies import Standing

REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


class NoTimers:
    """Stands in for Temporal, which nobody asks here: nudges wait for a run that never comes."""

    async def start(self, ticket_id: str, wake_in_seconds: float) -> bool:
        """Fail."""
        raise AssertionError(f"started {ticket_id} in {wake_in_seconds}")

    async def wake(self, ticket_id: str) -> None:
        """Fail."""
        raise AssertionError(f"woke {ticket_id}")


async def refused(method: "grpc.aio.StreamStreamMultiCallable[bytes, bytes]", content: bytes) -> str:
    """Why a stream is refused."""
    call = method()
    await call.write(content)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call.read()
    return refusal_of(raised.value).reason


async def test_streams_and_reflection_are_as_set(sqlite_url: str) -> None:
    """One stream, and nobody is told what there is to call."""
    settings = Settings(
        intake_address=Address("127.0.0.1", 0),
        intake_metrics_address=Address("127.0.0.1", 0),
        intake_max_streams=1,
        intake_reflection=False,
        database_url=sqlite_url,
    )
    async with await connect(sqlite_url, StoryClock()) as records:
        nudger = Nudger(NoTimers(), records.upkeep)
        async with (
            parts.intake(settings, records, Standing(), nudger) as address,
            grpc.aio.insecure_channel(str(address)) as channel,
        ):
            unary: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(f"/{SERVICE}/OpenTicket")
            ticket = Ticket.FromString(await unary(opening().SerializeToString()))
            watch: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(f"/{SERVICE}/WatchTicket")
            content = WatchTicketRequest(ticket_id=ticket.ticket_id).SerializeToString()
            open_ = watch()
            await open_.write(content)
            assert await open_.read()
            assert await refused(watch, content) == "TOO_MANY_CALLS"
            open_.cancel()
            reflecting: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(REFLECTION)
            assert await refused(reflecting, b"") == "UNKNOWN_METHOD"
