"""A call once begun is finished: a caller that goes away comes between no commit and what it owes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace

import grpc
import grpc.aio
import pytest
from google.protobuf.message import Message

from protos.followthrough.v1.ticket_service_pb2 import AcknowledgeTicketRequest, GetTicketRequest
from services.intake.server import Limits
from services.records import Encode, Record, Records, Request, Settled, SettledBy
from tests.support.intake import Desk, KeptNudges, a_desk, answered_in_time, of, opening, refusal_of
from tests.support.waiting import PATIENCE_SECONDS, until
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command, Import, Open
from workflows.domain.ticket.verdict import RefusalReason

CODES = grpc.StatusCode


class HeldRecord(Record):
    """Stops where nothing may come between: the commit is done, and whoever asked does not know it yet."""

    def __init__(self, *, fails_with: Exception | None = None) -> None:
        self.committed = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.was_cancelled = asyncio.Event()
        self._fails_with = fails_with

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
        """Open, and stop."""
        return await self._held(
            await self._real.open_ticket(policy, command, request=request, encode=encode, claims=claims)
        )

    async def settle(
        self,
        ticket_id: str,
        command: Command | None = None,
        *,
        by: SettledBy,
        request: Request | None = None,
        expected_version: int | None = None,
        encode: Encode | None = None,
        elsewhere: Collection[RefusalReason] = (),
    ) -> Settled:
        """Settle, and stop."""
        settled = await self._real.settle(
            ticket_id,
            command,
            by=by,
            request=request,
            expected_version=expected_version,
            encode=encode,
            elsewhere=elsewhere,
        )
        return await self._held(settled)

    async def _held(self, settled: Settled) -> Settled:
        self.committed.set()
        try:
            await self.may_go_on.wait()
        except asyncio.CancelledError:
            self.was_cancelled.set()
            raise
        if self._fails_with:
            raise self._fails_with
        return settled


@asynccontextmanager
async def a_held_desk(url: str, held: HeldRecord, limits: Limits | None = None) -> AsyncIterator[Desk]:
    """A contact centre whose record stops after each commit."""
    async with a_desk(url, limits=limits, replaced=held.in_front_of) as desk:
        yield desk


Heard = Callable[[str, str], bool]


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Heard:
    """Whether intake's log has a line with that message and that reason."""
    caplog.set_level(logging.DEBUG, logger="services.intake")

    def has(message: str, reason: str) -> bool:
        return any(
            record.getMessage() == message and getattr(record, "reason", "") == reason for record in caplog.records
        )

    return has


async def leave(calling: asyncio.Task[Message], held: HeldRecord, heard: Heard) -> None:
    """Let the caller go away right after the commit, and the server know it."""
    await held.committed.wait()
    calling.cancel()
    await until(lambda: heard("call ended", "CALLER_LEFT"))


async def test_a_caller_that_leaves_after_the_commit_of_an_opening_takes_no_nudge_along(
    sqlite_url: str, heard: Heard
) -> None:
    """What the commit owes Temporal is owed although nobody waits; the repeated request has the stored answer (5.5)."""
    held, request = HeldRecord(), opening()
    async with a_held_desk(sqlite_url, held) as desk:
        await leave(asyncio.create_task(desk.ticket(request)), held, heard)
        assert desk.nudges.kept == []
        held.may_go_on.set()
        await until(lambda: bool(desk.nudges.kept))
        (nudge,) = desk.nudges.kept
        assert nudge.is_new
        assert (await desk.ticket(request)).ticket_id == nudge.ticket_id
        assert len(desk.nudges.kept) == 1


async def test_a_caller_that_leaves_after_the_commit_of_a_change_takes_no_nudge_along(
    sqlite_url: str, heard: Heard
) -> None:
    """A command's wake-up is owed as an opening's is."""
    held = HeldRecord()
    async with a_held_desk(sqlite_url, held) as desk:
        held.may_go_on.set()
        ticket = await desk.open()
        desk.nudges.kept.clear()
        held.committed.clear()
        held.may_go_on.clear()
        request = of(ticket, AcknowledgeTicketRequest(handler="ana", tier=ticket.tier))
        await leave(asyncio.create_task(desk.ticket(request)), held, heard)
        held.may_go_on.set()
        await until(lambda: bool(desk.nudges.kept))
        assert [nudge.ticket_id for nudge in desk.nudges.kept] == [ticket.ticket_id]
        assert (await desk.ticket(request)).handler == "ana"


async def test_how_a_call_ended_for_a_caller_who_left_is_known(
    sqlite_url: str, heard: Heard, caplog: pytest.LogCaptureFixture
) -> None:
    """Whose own deadline ran out, and who hung up: gRPC tells the server neither, and whoever counts wants both."""
    held = HeldRecord()
    async with a_held_desk(sqlite_url, held) as desk:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not heard("call ended", "CALLERS_DEADLINE"):  # a busy server may see some of them too late
                with pytest.raises(grpc.aio.AioRpcError):
                    await desk.ask(opening(), timeout=0.2)
                await asyncio.sleep(0.02)
        await held.committed.wait()
        held.committed.clear()
        await leave(asyncio.create_task(desk.open()), held, heard)
        held.may_go_on.set()
    codes = {getattr(record, "reason", ""): getattr(record, "code", "") for record in caplog.records}
    assert (codes["CALLERS_DEADLINE"], codes["CALLER_LEFT"]) == ("DEADLINE_EXCEEDED", "CANCELLED")


async def test_the_servers_own_limit_takes_no_nudge_along(sqlite_url: str) -> None:
    """A caller that is told DEADLINE_EXCEEDED is answered; the work goes on."""
    held = HeldRecord()
    async with a_held_desk(sqlite_url, held, Limits(longest_call_seconds=0.05)) as desk:
        calling = asyncio.create_task(desk.refusal(opening()))
        await held.committed.wait()
        assert (await calling).code is CODES.DEADLINE_EXCEEDED
        held.may_go_on.set()
        await until(lambda: bool(desk.nudges.kept))


async def test_who_left_is_counted_until_the_work_is_done(sqlite_url: str, heard: Heard) -> None:
    """Callers that give up early and come again do not pile up work: it is one of the calls at once until it ends."""
    held = HeldRecord()
    async with a_held_desk(sqlite_url, held, Limits(max_in_flight=1)) as desk:
        await leave(asyncio.create_task(desk.open()), held, heard)
        refusal = await desk.refusal(GetTicketRequest(ticket_id="any"))
        assert refusal.reason == "TOO_MANY_CALLS"
        held.may_go_on.set()
        await until(lambda: bool(desk.nudges.kept))
        ticket_id = desk.nudges.kept[0].ticket_id
        assert (await desk.ticket(GetTicketRequest(ticket_id=ticket_id))).ticket_id == ticket_id


async def test_stopping_waits_for_what_was_begun(sqlite_url: str, heard: Heard) -> None:
    """However short the grace: whoever stops intake has every nudge by then, and may close the record."""
    held = HeldRecord()
    async with a_held_desk(sqlite_url, held) as desk:
        await leave(asyncio.create_task(desk.open()), held, heard)
        stopping = asyncio.create_task(desk.intake.stop(0))
        done, _ = await asyncio.wait({stopping}, timeout=0.3)
        assert not done
        held.may_go_on.set()
        await stopping
        assert len(desk.nudges.kept) == 1


async def test_what_hangs_keeps_no_place(sqlite_url: str) -> None:
    """A record that never answers is given up, and its calls make room for others."""
    held, limits = HeldRecord(), Limits(longest_work_seconds=0.05, max_in_flight=1)
    async with a_held_desk(sqlite_url, held, limits) as desk:
        calling = asyncio.create_task(desk.open())
        await until(held.was_cancelled.is_set)
        with pytest.raises(grpc.aio.AioRpcError) as told:
            await calling
        assert refusal_of(told.value).reason == "DEADLINE_EXCEEDED"
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await answered_in_time(desk, GetTicketRequest(ticket_id="any"))
        assert refusal_of(unknown.value).reason == "UNKNOWN_TICKET"


async def test_what_hangs_keeps_no_process(sqlite_url: str, heard: Heard) -> None:
    """Stopping gives up what does not end, and says so."""
    held = HeldRecord()
    async with a_held_desk(sqlite_url, held, Limits(finish_seconds=0.05)) as desk:
        await leave(asyncio.create_task(desk.open()), held, heard)
        await desk.intake.stop(0)
        assert held.was_cancelled.is_set()
        assert heard("call given up", "")


async def test_what_fails_unheard_is_in_the_log(sqlite_url: str, heard: Heard) -> None:
    """Nobody is there to be told: the operator is."""
    held = HeldRecord(fails_with=ZeroDivisionError())
    async with a_held_desk(sqlite_url, held) as desk:
        await leave(asyncio.create_task(desk.open()), held, heard)
        held.may_go_on.set()
        await until(lambda: heard("call failed", "") and heard("call ended without its caller", "INTERNAL"))
        assert desk.nudges == KeptNudges()
