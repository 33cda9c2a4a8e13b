"""Intake's own metrics page: what callers saw, in the names that public dashboards read."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast

import grpc
import grpc.aio
import pytest
from prometheus_client.parser import text_string_to_metric_families

from protos.followthrough.v1.ticket_service_pb2 import AcknowledgeTicketRequest, GetTicketRequest, WatchTicketResponse
from services.intake.rooms import SERVICES
from services.intake.server import Limits
from services.process_page import ProcessPage
from services.records.store import Record
from tests.support.intake import SERVICE, Desk, a_desk, of, opening
from tests.support.prometheus import checked
from tests.support.waiting import PATIENCE_SECONDS

CODES = {
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
}
Page = dict[tuple[str, str, str], float]


class HeldRecord:
    """A record that never answers."""

    async def open_ticket(self, *_: object, **__: object) -> None:
        """Hang."""
        await asyncio.Event().wait()


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """An intake of its own."""
    async with a_desk(sqlite_url) as running:
        yield running


async def written(desk: Desk) -> str:
    """The page as text."""
    return (await ProcessPage(desk.intake.metrics).metrics({})).body.decode()


async def read(desk: Desk) -> Page:
    """Every figure of a method that is not nothing, by series, method and code."""
    found: Page = {}
    for family in text_string_to_metric_families(await written(desk)):
        for sample in family.samples:
            if "grpc_method" in sample.labels and "le" not in sample.labels and not sample.name.endswith("_sum"):
                key = (sample.name, sample.labels["grpc_method"], sample.labels.get("grpc_code", ""))
                found[key] = sample.value
    return {key: value for key, value in found.items() if value}


async def until_counted(desk: Desk, key: tuple[str, str, str]) -> Page:
    """Read the page until something is on it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            page = await read(desk)
            if key in page:
                return page
            await asyncio.sleep(0.01)


def calls(method: str, *codes: str, received: int | None = None, sent: int | None = None) -> Page:
    """What the page shows of calls of one method that ended with these codes."""
    figures: Page = {
        ("grpc_server_started_total", method, ""): len(codes),
        ("grpc_server_handling_seconds_count", method, ""): len(codes),
        ("grpc_server_msg_received_total", method, ""): len(codes) if received is None else received,
        ("grpc_server_msg_sent_total", method, ""): codes.count("OK") if sent is None else sent,
    }
    for code in codes:
        figures["grpc_server_handled_total", method, code] = codes.count(code)
    return {key: value for key, value in figures.items() if value}


async def test_every_method_has_every_code_at_zero_before_anybody_called(desk: Desk) -> None:
    """A series born at one has no increase: the first error of each kind must show."""
    handled = {}
    for family in text_string_to_metric_families(await written(desk)):
        for sample in family.samples:
            if sample.name == "grpc_server_handled_total":
                labels = sample.labels
                handled[labels["grpc_service"], labels["grpc_method"], labels["grpc_code"]] = sample

    methods = {(service.full_name, method.name) for service in SERVICES for method in service.methods}
    assert set(handled) == {(*method, code) for method in methods | {("unknown", "unknown")} for code in CODES}
    assert {sample.value for sample in handled.values()} == {0}
    assert {method for (_, method, _), sample in handled.items() if sample.labels["grpc_type"] == "server_stream"} == {
        "WatchTicket"
    }


async def test_calls_are_counted_by_what_their_caller_was_told(desk: Desk) -> None:
    """Answered, refused and not understood: each under its code, with the messages that went either way."""
    ticket = await desk.open()
    await desk.take(ticket)
    await desk.refusal(of(ticket, AcknowledgeTicketRequest(handler="bo", tier="nobody")))
    await desk.refusal(GetTicketRequest(ticket_id="t-none"))
    await desk.refusal(opening(queue="nowhere"))
    garbage: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = desk.channel.unary_unary(f"/{SERVICE}/AddNote")
    with pytest.raises(grpc.aio.AioRpcError):
        await garbage(b"\xff")

    assert await read(desk) == (
        calls("OpenTicket", "OK", "InvalidArgument")
        | calls("AcknowledgeTicket", "OK", "FailedPrecondition")
        | calls("GetTicket", "NotFound")
        | calls("AddNote", "InvalidArgument", received=0)
    )


async def test_what_nobody_serves_is_one_method(desk: Desk) -> None:
    """Names that callers make up make no series; health, which is asked each second, is not counted."""
    for path in ("/no.such.Service/Method", f"/{SERVICE}/NoSuchMethod"):
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = desk.channel.unary_unary(path)
        with pytest.raises(grpc.aio.AioRpcError):
            await call(b"")
    health: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = desk.channel.unary_unary("/grpc.health.v1.Health/Check")
    assert await health(b"")

    assert await read(desk) == calls("unknown", "Unimplemented", "Unimplemented")


async def test_stream_counts_what_it_told_and_ends_as_its_caller_ended_it(desk: Desk) -> None:
    """A watch is one call with many messages; a caller who has seen enough leaves it, which is no failure."""
    ticket = await desk.open()
    await desk.take(ticket)
    watch = desk.watch(ticket)
    assert cast(WatchTicketResponse, await watch.read()).events
    watch.cancel()
    page = await until_counted(desk, ("grpc_server_handled_total", "WatchTicket", "Canceled"))

    messages = page["grpc_server_msg_sent_total", "WatchTicket", ""]
    assert messages >= 1
    assert {key: value for key, value in page.items() if key[1] == "WatchTicket"} == calls(
        "WatchTicket", "Canceled", sent=int(messages)
    )


async def test_caller_whose_deadline_passed_counts_as_that(sqlite_url: str) -> None:
    """A server is told that such a caller has left, not why: the page says which it was."""
    held = cast(Record, HeldRecord())
    limits = Limits(longest_call_seconds=300, longest_work_seconds=300, finish_seconds=0.01)
    async with a_desk(sqlite_url, limits=limits, replaced=lambda records: replace(records, record=held)) as desk:
        page: Page = {}
        while not page.get(("grpc_server_handled_total", "OpenTicket", "DeadlineExceeded")):
            with pytest.raises(grpc.aio.AioRpcError) as late:  # on a busy machine it may not even have left
                await desk.ask(opening(), timeout=0.5)
            assert late.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            page = await read(desk)

    assert ("grpc_server_msg_sent_total", "OpenTicket", "") not in page


async def test_promtool_has_nothing_against_the_page(desk: Desk) -> None:
    """Names, units and help are as Prometheus wants them."""
    ticket = await desk.open()
    await desk.take(ticket)

    assert await checked(await written(desk)) == ""
