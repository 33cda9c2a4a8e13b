"""Streams have a limit of their own: however many are open, tickets are opened."""

import grpc
import grpc.aio
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from services.intake.server import Limits
from tests.support.intake import Desk, Refusal, a_desk, refusal_of

CODES = grpc.StatusCode
Reflecting = grpc.aio.StreamStreamCall[ServerReflectionRequest, ServerReflectionResponse]


async def asking(desk: Desk) -> Reflecting:
    """A reflection stream that was asked something and is left open."""
    ask: grpc.aio.StreamStreamMultiCallable[ServerReflectionRequest, ServerReflectionResponse] = (
        desk.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            ServerReflectionRequest.SerializeToString,
            ServerReflectionResponse.FromString,
        )
    )
    call = ask(timeout=20)
    await call.write(ServerReflectionRequest(list_services=""))
    return call


async def reflecting(desk: Desk) -> Reflecting:
    """A reflection stream that was answered once and is left open."""
    call = await asking(desk)
    assert isinstance(await call.read(), ServerReflectionResponse)
    return call


async def end_of(call: Reflecting) -> Refusal:
    """How a stream ends that the server ends."""
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await read_all(call)
    return refusal_of(ended.value)


async def read_all(call: Reflecting) -> None:
    """Take every answer."""
    while await call.read() is not grpc.aio.EOF:
        pass


async def refused(desk: Desk) -> Refusal:
    """How one more reflection stream is refused."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await reflecting(desk)
    return refusal_of(raised.value)


async def test_idle_streams_shut_no_call_out(sqlite_url: str) -> None:
    """As many reflection streams as the server takes, all idle: tickets are opened as ever."""
    async with a_desk(sqlite_url, limits=Limits(max_in_flight=2, max_streams=3)) as desk:
        streams = [await reflecting(desk) for _ in range(3)]
        assert (await desk.open()).reference
        refusal = await refused(desk)
        assert (refusal.code, refusal.reason) == (CODES.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS")
        assert refusal.retry_after is not None
        await streams[0].done_writing()
        assert await streams[0].read() is grpc.aio.EOF
        await reflecting(desk)


async def test_health_is_watched_however_many_streams_are_open(sqlite_url: str) -> None:
    """Load balancers that watch are not counted among those who look around, and watch for as long as they like."""
    async with a_desk(sqlite_url, limits=Limits(max_streams=1, longest_stream_seconds=0.05)) as desk:
        watch: grpc.aio.UnaryStreamMultiCallable[HealthCheckRequest, HealthCheckResponse] = desk.channel.unary_stream(
            "/grpc.health.v1.Health/Watch", HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString
        )
        watching = [watch(HealthCheckRequest()) for _ in range(3)]
        for each in watching:
            assert (await anext(aiter(each))).status == HealthCheckResponse.SERVING
        assert (await end_of(await asking(desk))).code is CODES.DEADLINE_EXCEEDED
        assert not any(each.done() for each in watching)


async def test_no_stream_is_for_ever(sqlite_url: str) -> None:
    """A forgotten stream makes room for others."""
    async with a_desk(sqlite_url, limits=Limits(max_streams=1, longest_stream_seconds=0.05)) as desk:
        refusal = await end_of(await asking(desk))
        assert (refusal.code, refusal.reason) == (CODES.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        assert refusal.text == "a stream stays open for 0.05 s at most: open another"
        assert (await end_of(await asking(desk))).reason == "DEADLINE_EXCEEDED"
