"""Around every call: nothing leaks, nothing hangs, health is told, and stopping loses no answer."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, cast

import grpc
import grpc.aio
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest, ServerReflectionResponse

from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import GetTicketRequest, ListTicketsRequest, ListTicketsResponse
from services.intake.errors import Problem, Reason
from services.intake.interceptors import Around, FirstMessage, Kind, Step
from services.intake.rooms import SERVICES
from services.intake.server import AddressTaken, Intake, Limits
from services.intake.steps import guard
from services.records import (
    Encode,
    Queries,
    Record,
    RecordFailed,
    Records,
    RecordUnavailable,
    Request,
    Settled,
    StateTooNew,
    TicketStuck,
)
from services.settings import Address
from tests.support.intake import (
    MONDAY,
    SERVICE,
    Desk,
    KeptNudges,
    Replace,
    a_desk,
    answered_in_time,
    opening,
    refusal_of,
)
from tests.support.policies import Standing
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Import, Open
from workflows.domain.ticket.verdict import Refusal as Verdict
from workflows.domain.ticket.verdict import RefusalReason

if TYPE_CHECKING:
    from datetime import datetime

CODES = grpc.StatusCode
SOON = timedelta(seconds=1)
OURS = {service.full_name for service in SERVICES}
NAMES = ("", *OURS, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection")


class RaisingRecord(Record):
    """Opens nothing: raises what it was told to."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def open_ticket(
        self,
        policy: Policy,  # noqa: ARG002 - the record's signature
        command: Open | Import,  # noqa: ARG002 - the record's signature
        *,
        request: Request | None = None,  # noqa: ARG002 - the record's signature
        encode: Encode | None = None,  # noqa: ARG002 - the record's signature
        claims: bool = False,  # noqa: ARG002 - the record's signature
    ) -> Settled:
        """Raise."""
        raise self._error


class SlowRecord(Record):
    """Opens when it is let."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_go_on = asyncio.Event()

    def in_front_of(self, records: Records) -> Records:
        """Stand before the real one."""
        self._real = records.record
        return replace(records, record=self)

    async def open_ticket(
        self,
        policy: Policy,
        command: Open | Import,
        *,
        request: Request | None = None,
        encode: Encode | None = None,
        claims: bool = False,
    ) -> Settled:
        """Wait, then open."""
        self.asked.set()
        await self.may_go_on.wait()
        return await self._real.open_ticket(policy, command, request=request, encode=encode, claims=claims)


class SwitchedQueries(Queries):
    """Answers the probe, or says that the record is away."""

    def __init__(self) -> None:
        self.is_there = True

    async def instant(self) -> "datetime":
        """Answer like a record that is there or not."""
        if not self.is_there:
            raise RecordUnavailable("the record did not answer: try again")
        return cast("datetime", None)


def raising(error: BaseException) -> Replace:
    """Put a record that fails so in the place of the real one."""
    return lambda records: replace(records, record=RaisingRecord(error))


async def health_of(desk: Desk, name: str = SERVICE) -> int:
    """What the server says of itself."""
    check: grpc.aio.UnaryUnaryMultiCallable[HealthCheckRequest, HealthCheckResponse] = desk.channel.unary_unary(
        "/grpc.health.v1.Health/Check", HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString
    )
    return (await check(HealthCheckRequest(service=name))).status


def watched(desk: Desk) -> AsyncIterator[HealthCheckResponse]:
    """What the server says of itself from now on."""
    watch: grpc.aio.UnaryStreamMultiCallable[HealthCheckRequest, HealthCheckResponse] = desk.channel.unary_stream(
        "/grpc.health.v1.Health/Watch", HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString
    )
    return aiter(watch(HealthCheckRequest(service=SERVICE)))


async def reflected(desk: Desk) -> set[str]:
    """The services that the server tells tools of."""
    ask: grpc.aio.StreamStreamMultiCallable[ServerReflectionRequest, ServerReflectionResponse] = (
        desk.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            ServerReflectionRequest.SerializeToString,
            ServerReflectionResponse.FromString,
        )
    )
    call = ask(iter([ServerReflectionRequest(list_services="")]))
    return {each.name async for answer in call for each in answer.list_services_response.service}


@pytest.mark.parametrize(
    ("error", "code", "reason", "retry_after"),
    [
        (RuntimeError("Ada Example fell over"), CODES.INTERNAL, "INTERNAL", None),
        (RecordFailed("Ada Example fell over"), CODES.INTERNAL, "INTERNAL", None),
        (TicketStuck("t-1", "KeyError"), CODES.INTERNAL, "TICKET_STUCK", None),
        (StateTooNew("t-1", 2, 1), CODES.UNAVAILABLE, "RELEASE_TOO_OLD", SOON),
        (RecordUnavailable("Ada Example fell over"), CODES.UNAVAILABLE, "RECORD_UNAVAILABLE", SOON),
        (asyncio.CancelledError(), CODES.UNAVAILABLE, "INTERRUPTED", SOON),
        (TimeoutError("Ada Example fell over"), CODES.INTERNAL, "INTERNAL", None),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_whatever_goes_wrong_has_a_reason_and_no_text_of_its_own(
    sqlite_url: str, error: BaseException, code: grpc.StatusCode, reason: str, retry_after: timedelta | None
) -> None:
    """Nothing answers UNKNOWN, nothing hangs, and no exception's text leaves."""
    async with a_desk(sqlite_url, replaced=raising(error)) as desk:
        refusal = await desk.refusal(opening())
    assert (refusal.code, refusal.reason) == (code, reason)
    assert "Ada" not in str(refusal)
    assert refusal.retry_after == retry_after


class RefusingRecord(Record):
    """Opens nothing: refuses as it was told to."""

    def __init__(self, refusal: Verdict) -> None:
        self._refusal = refusal

    async def open_ticket(
        self,
        policy: Policy,  # noqa: ARG002 - the record's signature
        command: Open | Import,
        *,
        request: Request | None = None,  # noqa: ARG002 - the record's signature
        encode: Encode | None = None,  # noqa: ARG002 - the record's signature
        claims: bool = False,  # noqa: ARG002 - the record's signature
    ) -> Settled:
        """Refuse."""
        return Settled(
            ticket_id=command.ticket_id,
            judged=None,
            answer=None,
            refusal=self._refusal,
            repeated=True,
            instant=MONDAY,
        )


class LaterReason(StrEnum):
    """Of a release whose rules refuse for a reason that has no row here."""

    WRONG_MOON = "WRONG_MOON"


LATER = cast(RefusalReason, LaterReason.WRONG_MOON)


@pytest.mark.parametrize(
    ("refusal", "code", "reason"),
    [
        (Verdict(reason=LATER, text="no"), CODES.FAILED_PRECONDITION, "WRONG_MOON"),
        (Verdict(reason=LATER, text="no", facts={"moon": cast(str, 4)}), CODES.INTERNAL, "INTERNAL"),
        (Verdict(reason=RefusalReason.WRONG_STATE, text="\ud800"), CODES.INTERNAL, "INTERNAL"),
    ],
    ids=["no-status", "facts", "text"],
)
async def test_a_refusal_that_cannot_be_told_is_still_an_answer(
    sqlite_url: str, refusal: Verdict, code: grpc.StatusCode, reason: str
) -> None:
    """A reason without a status, or a refusal that fits no status at all: one ErrorInfo all the same."""
    record = RefusingRecord(refusal)
    async with a_desk(sqlite_url, replaced=lambda records: replace(records, record=record)) as desk:
        told = await desk.refusal(opening())
    assert (told.code, told.reason) == (code, reason)


async def test_what_nobody_foresaw_is_in_the_log(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The detail that the caller does not get is kept for the operator."""
    async with a_desk(sqlite_url, replaced=raising(ZeroDivisionError())) as desk:
        await desk.refusal(opening())
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.getMessage() == "call failed"
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


async def test_a_call_that_takes_too_long_is_ended(sqlite_url: str) -> None:
    """A caller without a deadline of its own does not wait for ever."""
    slow = SlowRecord()
    async with a_desk(sqlite_url, limits=Limits(longest_call_seconds=0.05), replaced=slow.in_front_of) as desk:
        refusal = await desk.refusal(opening())
        assert (refusal.code, refusal.reason) == (CODES.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        assert "repeat it with the same request_id" in refusal.text
        slow.may_go_on.set()
        assert cast(Ticket, await answered_in_time(desk, opening())).reference


async def test_too_many_calls_are_refused_and_health_is_still_told(sqlite_url: str) -> None:
    """A busy server says so at once, with a time to come back, and is not taken for a dead one."""
    slow = SlowRecord()
    async with a_desk(sqlite_url, limits=Limits(max_in_flight=1), replaced=slow.in_front_of) as desk:
        first = asyncio.create_task(desk.open())
        await slow.asked.wait()
        refusal = await desk.refusal(ListTicketsRequest())
        assert (refusal.code, refusal.reason) == (CODES.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS")
        assert refusal.retry_after == timedelta(seconds=1)
        assert await health_of(desk) == HealthCheckResponse.SERVING
        slow.may_go_on.set()
        opened = await first
        assert await desk.ask(GetTicketRequest(ticket_id=opened.ticket_id)) == opened


async def test_more_calls_than_anybody_can_take_are_each_told_why(sqlite_url: str) -> None:
    """A crowd at once: who finds no room hears it from admission, with a time to come back, never from gRPC without."""
    crowd = 2_000
    limits = Limits(max_in_flight=5, longest_call_seconds=600, longest_work_seconds=600, message_seconds=600)
    async with a_desk(sqlite_url, limits=limits) as desk:

        async def ask() -> str:
            try:
                await desk.ask(ListTicketsRequest(), timeout=None)
            except grpc.aio.AioRpcError as error:
                refusal = refusal_of(error)
                assert refusal.retry_after == SOON
                return refusal.reason
            return "answered"

        heard = Counter(await asyncio.gather(*(ask() for _ in range(crowd))))
    assert set(heard) <= {"answered", "TOO_MANY_CALLS"}
    assert heard.total() == crowd


async def test_a_method_that_a_caller_made_up_is_not_in_the_log(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A path may hold anything, and any length of it; those of the contract are named."""
    caplog.set_level(logging.DEBUG, "services")
    async with a_desk(sqlite_url) as desk:
        for path in (f"/{SERVICE}/OpenTicketForZebedeeCanary", "/grpc.health.Canary/Check", f"/Canary/{'C' * 4000}"):
            call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = desk.channel.unary_unary(path)
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await call(b"")
            assert refusal_of(raised.value).reason == "UNKNOWN_METHOD"
        await desk.ask(ListTicketsRequest())
        await health_of(desk)

    told = [vars(line)["method"] for line in caplog.records if line.getMessage() == "call ended"]
    assert told == ["unknown"] * 3 + [f"/{SERVICE}/ListTickets", "/grpc.health.v1.Health/Check"]
    assert not any("Canary" in str(vars(line)) for line in caplog.records)


@pytest.mark.parametrize(
    ("content", "headers", "compression"),
    [
        (b"x" * (17 << 20), (), grpc.Compression.NoCompression),
        (bytes(17 << 20), (), grpc.Compression.Gzip),
        (b"", (("x", "y" * 20_000),), grpc.Compression.NoCompression),
    ],
    ids=["large", "large when unpacked", "headers"],
)
async def test_what_grpc_refuses_itself_is_what_the_contract_says(
    sqlite_url: str, content: bytes, headers: tuple[tuple[str, str], ...], compression: grpc.Compression
) -> None:
    """Its header names these: a status without an ErrorInfo, and the next call is served."""
    async with a_desk(sqlite_url) as desk:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = desk.channel.unary_unary(f"/{SERVICE}/ListTickets")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(content, metadata=headers, compression=compression)
        assert raised.value.code() is CODES.RESOURCE_EXHAUSTED
        assert "grpc-status-details-bin" not in dict(raised.value.trailing_metadata())
        await desk.ask(ListTicketsRequest())


async def test_readiness_is_the_records(sqlite_url: str) -> None:
    """Every name is SERVING while the record answers and NOT_SERVING while it does not; it comes back by itself."""
    queries = SwitchedQueries()
    limits = Limits(probe_every_seconds=0.01)
    async with a_desk(sqlite_url, limits=limits, replaced=lambda records: replace(records, queries=queries)) as desk:
        for name in NAMES:
            assert await health_of(desk, name) == HealthCheckResponse.SERVING
        stream = watched(desk)
        assert (await anext(stream)).status == HealthCheckResponse.SERVING
        queries.is_there = False
        assert (await anext(stream)).status == HealthCheckResponse.NOT_SERVING
        for name in NAMES:
            assert await health_of(desk, name) == HealthCheckResponse.NOT_SERVING
        queries.is_there = True
        assert (await anext(stream)).status == HealthCheckResponse.SERVING


async def test_a_record_that_is_away_at_the_start_is_told(sqlite_url: str) -> None:
    """Intake starts all the same and says that it is not ready."""
    queries = SwitchedQueries()
    queries.is_there = False
    async with a_desk(sqlite_url, replaced=lambda records: replace(records, queries=queries)) as desk:
        assert await health_of(desk) == HealthCheckResponse.NOT_SERVING


async def test_stopping_lets_calls_finish_and_ends_streams(sqlite_url: str) -> None:
    """Watchers hear NOT_SERVING and are let go, a call in flight is answered, a new one is not taken."""
    slow = SlowRecord()
    async with a_desk(sqlite_url, replaced=slow.in_front_of) as desk:
        stream = watched(desk)
        await anext(stream)
        in_flight = asyncio.create_task(desk.open())
        await slow.asked.wait()
        stopping = asyncio.create_task(desk.intake.stop(60))
        assert (await anext(stream)).status == HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await anext(stream)
        assert refusal_of(ended.value).reason == "SHUTTING_DOWN"
        assert not stopping.done()
        slow.may_go_on.set()
        assert (await in_flight).reference
        await stopping
        with pytest.raises(grpc.aio.AioRpcError) as late:
            await desk.ask(ListTicketsRequest(), timeout=5)
        assert late.value.code() is CODES.UNAVAILABLE


async def test_a_busy_port_is_named(sqlite_url: str) -> None:
    """A second intake at the same address is refused, not silently given half of the calls."""
    async with a_desk(sqlite_url) as desk:
        second = another(desk, desk.address)
        with pytest.raises(AddressTaken, match=f"cannot listen on {desk.address}: another process has the port"):
            await second.start()
        await second.stop(0)


def another(desk: Desk, address: Address) -> Intake:
    """One more intake on the same record."""
    return Intake(
        records=desk.records,
        require_writable=desk.records.require_writable,
        policies=Standing(),
        nudger=KeptNudges(),
        address=address,
    )


async def test_an_address_of_another_machine_is_told_apart(sqlite_url: str) -> None:
    """Nobody looks for a process that holds the port when there is none."""
    async with a_desk(sqlite_url) as desk:
        elsewhere = another(desk, Address("192.0.2.1", 7300))  # reserved for documentation: no machine has it
        with pytest.raises(AddressTaken, match="cannot assign requested address: name another"):
            await elsewhere.start()
        await elsewhere.stop(0)


async def test_a_call_given_up_by_its_caller_is_done_once_when_repeated(sqlite_url: str) -> None:
    """However far a call had come when its caller gave up: the same request id tells, and it is one ticket (5.5)."""
    async with a_desk(sqlite_url) as desk:
        requests = [opening() for _ in range(40)]
        hurried = [desk.ask(request, timeout=0.001 * number) for number, request in enumerate(requests)]
        for outcome in await asyncio.gather(*hurried, return_exceptions=True):
            if isinstance(outcome, BaseException):
                assert isinstance(outcome, grpc.aio.AioRpcError)
                assert outcome.code() is CODES.DEADLINE_EXCEEDED
        repeated = {(await desk.ticket(request)).ticket_id for request in requests}
        page = cast(ListTicketsResponse, await desk.ask(ListTicketsRequest(page_size=100)))
        assert {ticket.ticket_id for ticket in page.tickets} == repeated
        assert len(page.tickets) == 40


async def test_reflection_tells_the_services(sqlite_url: str) -> None:
    """Tools can ask what there is to call."""
    async with a_desk(sqlite_url) as desk:
        assert await reflected(desk) == set(NAMES) - {""}


async def test_reflection_may_be_left_out(sqlite_url: str) -> None:
    """Where nobody is to look, there is no such method."""
    async with a_desk(sqlite_url, has_reflection=False) as desk:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await reflected(desk)
        assert refusal_of(raised.value).reason == "UNKNOWN_METHOD"


FIRST = FirstMessage(60, received=lambda _: None)


@pytest.mark.parametrize("is_read_here", [False, True], ids=["read-by-grpc", "read-here"])
@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream", "stream_unary", "stream_stream"])
async def test_all_four_kinds_of_calls_are_guarded(kind: str, is_read_here: bool) -> None:  # noqa: FBT001 - pytest gives it
    """Whether request or answer is a stream: a problem has its reason, and a good answer passes."""

    async def one(request: object, _: object) -> bytes:
        content = request if isinstance(request, bytes) else b"".join([part async for part in cast(Parts, request)])
        if content == b"no":
            raise Problem(Reason.UNKNOWN_TICKET, "no")
        return content

    async def many(request: object, context: object) -> AsyncIterator[bytes]:
        yield await one(request, context)

    make = getattr(grpc, f"{kind}_rpc_method_handler")
    handler = make(many if kind.endswith("stream") else one)

    def way(called: Kind) -> Sequence[Step]:
        return [guard] if called.takes_stream or not is_read_here else [guard, FIRST]

    server = grpc.aio.server(interceptors=[Around(way)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("made.Up", {"Echo": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        method = getattr(channel, kind)("/made.Up/Echo")

        async def echo(content: bytes) -> bytes:
            call = method(iter([content]) if kind.startswith("stream") else content)
            return b"".join([part async for part in call]) if kind.endswith("stream") else await call

        assert await echo(b"yes") == b"yes"
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await echo(b"no")
        assert refusal_of(raised.value).code is CODES.NOT_FOUND
    await server.stop(0)


Parts = AsyncIterator[bytes]
