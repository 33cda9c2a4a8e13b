"""Watching a ticket: everything once and in order, from whichever process, nothing held for who takes their time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import grpc
import grpc.aio
import pytest

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AddNoteRequest,
    CloseTicketRequest,
    ConfirmResolutionRequest,
    ReopenTicketRequest,
    WatchTicketRequest,
)
from services.intake.server import Limits
from services.records import Queries, Records, RecordUnavailable, SettledBy
from services.records.owed_messages import WasSent
from tests.support.intake import SERVICE, Desk, Watch, a_desk, of, refusal_of
from tests.support.waiting import PATIENCE_SECONDS, until
from workflows.domain.ticket.commands import AddNote
from workflows.domain.ticket.events import Entry

CODES = grpc.StatusCode
NEVER = 3600.0
"""Longer than any test."""
ALONE = Limits(look_every_seconds=NEVER)
"""Only what this process itself wrote is seen."""
LOOKING = Limits(look_every_seconds=0.01)


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """A contact centre whose watchers see what its own intake wrote."""
    async with a_desk(record_url, limits=ALONE) as desk:
        yield desk


async def events_of(watch: Watch) -> AsyncGenerator[TicketEvent, None]:
    """What a watcher is told, one by one."""
    async for answer in watch:
        assert answer.events, "an answer without events"
        for event in answer.events:
            yield event


async def read(watch: Watch, *, to: int, after: int = 0) -> list[str]:
    """The kinds of the events up to a sequence; none is missing and none comes twice."""
    kinds = []
    async with asyncio.timeout(PATIENCE_SECONDS), aclosing(events_of(watch)) as events:
        async for event in events:
            after += 1
            assert event.sequence == after
            kinds.append(str(event.WhichOneof("event")))
            if after == to:
                return kinds
    raise AssertionError(f"the stream ended after {after}, not {to}")


async def end_of(watch: Watch) -> grpc.aio.AioRpcError:
    """How a stream ends that the server ends with an error."""
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await read(watch, to=-1)
    return ended.value


async def noted(desk: Desk, ticket: Ticket, text: str = "seen") -> Ticket:
    """Write a note through intake."""
    return await desk.ticket(of(ticket, AddNoteRequest(text=text)))


async def note_elsewhere(desk: Desk, ticket: Ticket) -> None:
    """Write a note as another process does: this one's intake does not know."""
    command = AddNote(actor="ben", text="from another process")
    await desk.records.record.settle(ticket.ticket_id, command, by=SettledBy.INTAKE)


async def test_what_happened_and_what_happens_is_told_once_and_in_order(desk: Desk) -> None:
    """First the log, then each change as this process commits it, however many come at once."""
    ticket = await desk.take(await desk.open())
    watch = desk.watch(ticket)
    told = await read(watch, to=ticket.sequence)
    assert told[0] == "opened"
    assert "acknowledged" in told
    last = max([(await noted(desk, ticket)).sequence for _ in range(3)])
    await asyncio.gather(*(noted(desk, ticket) for _ in range(5)))
    assert await read(watch, to=last + 5, after=ticket.sequence) == ["note_added"] * 8
    watch.cancel()


async def test_a_long_log_is_told_in_pieces(desk: Desk) -> None:
    """More than one answer holds: the rest follows at once."""
    ticket = await desk.open()
    last = max([(await noted(desk, ticket)).sequence for _ in range(120)])
    watch = desk.watch(ticket)
    sizes: list[int] = []
    while sum(sizes) < last:
        sizes.append(len((await anext(aiter(watch))).events))
    assert sizes == [100, last - 100]
    watch.cancel()


async def test_who_has_read_already_is_told_what_comes(desk: Desk) -> None:
    """From a sequence on; headers say that the ticket is watched before anything happens."""
    ticket = await desk.open()
    watch = desk.watch(ticket, after=ticket.sequence)
    await watch.initial_metadata()
    last = (await noted(desk, ticket)).sequence
    assert await read(watch, to=last, after=ticket.sequence) == ["note_added"]
    watch.cancel()


async def test_what_another_process_wrote_is_found(record_url: str) -> None:
    """The record is looked at again and again: nobody has to tell this process."""
    async with a_desk(record_url, limits=LOOKING) as desk:
        ticket = await desk.open()
        watch = desk.watch(ticket, after=ticket.sequence)
        await watch.initial_metadata()
        await note_elsewhere(desk, ticket)
        assert await read(watch, to=ticket.sequence + 1, after=ticket.sequence) == ["note_added"]
        watch.cancel()


async def test_a_watcher_reads_once_for_each_write(sqlite_url: str) -> None:
    """Once when asked, once when sure to hear of all, then for each change of that ticket; between them it rests."""
    counting: list[FailingQueries] = []

    def replaced(records: Records) -> Records:
        counting.append(FailingQueries(records.queries))
        return replace(records, queries=counting[0])

    async with a_desk(sqlite_url, limits=ALONE, replaced=replaced) as desk:
        ticket = await desk.open()
        watch, last, reads = desk.watch(ticket), ticket.sequence, [0]
        await read(watch, to=last)
        for _ in range(2):
            reads.append(counting[0].reads)
            noted_at = (await noted(desk, ticket)).sequence
            await read(watch, to=noted_at, after=last)
            last = noted_at
            for _ in range(5):  # a watcher that does not rest would read beside them
                await desk.open()
        reads.append(counting[0].reads)
        watch.cancel()
    assert reads == [0, 2, 3, 4]


async def test_closing_does_not_end_it(desk: Desk) -> None:
    """A closed ticket may be reopened (6.9): who watches hears of it."""
    ticket = await desk.resolve(await desk.take(await desk.open()))
    watch = desk.watch(ticket, after=ticket.sequence)
    closed = await desk.ticket(of(ticket, ConfirmResolutionRequest()))
    assert "closed" in await read(watch, to=closed.sequence, after=ticket.sequence)
    reopened = await desk.ticket(of(ticket, ReopenTicketRequest(reason="dead again")))
    assert "reopened" in await read(watch, to=reopened.sequence, after=closed.sequence)
    watch.cancel()


async def test_a_ticket_forgotten_meanwhile_is_not_found(record_url: str) -> None:
    """Whoever watches it still is told so, as those are who ask for it then; it is no fault of ours."""
    async with a_desk(record_url, limits=LOOKING) as desk:
        ticket = await desk.resolve(await desk.take(await desk.open()))
        ticket = await desk.ticket(of(ticket, CloseTicketRequest(reason="agreed")))
        while messages := await desk.records.outbox.take(limit=100, lease_seconds=600):
            await desk.records.outbox.write_down([WasSent(message=message) for message in messages])
        watch = desk.watch(ticket)
        await read(watch, to=ticket.sequence)
        desk.clock.pass_(timedelta(days=100))
        assert await desk.records.upkeep.purge_tickets(older_than=timedelta(days=90), limit=9) == 1
        assert (await end_of(watch)).code() is CODES.NOT_FOUND


async def test_nothing_of_the_record_is_held_between_two_answers(postgresql_url: str) -> None:
    """However long a caller takes: no connection, and so no transaction, is theirs."""
    async with a_desk(postgresql_url, limits=ALONE) as desk:
        ticket = await desk.open()
        watches = [desk.watch(ticket) for _ in range(20)]
        for watch in watches:
            await read(watch, to=ticket.sequence)
        await until(lambda: not any(pool.checkedout() for pool in pools(desk.records)))  # type: ignore[attr-defined]  # each is a queue
        for watch in watches:
            watch.cancel()


def pools(records: Records) -> list[object]:
    """Where connections are when nobody has them."""
    database = records.database
    return [engine.sync_engine.pool for engine in (database.engine, database.looking, database.reading)]


async def test_it_ends_well_after_a_while(sqlite_url: str) -> None:
    """OK, whatever the ticket does: open another, after the last sequence that was read."""
    async with a_desk(sqlite_url, limits=replace(ALONE, longest_watch_seconds=0.2)) as desk:
        ticket = await desk.open()
        watch = desk.watch(ticket)
        assert [event.sequence async for event in events_of(watch)] == list(range(1, ticket.sequence + 1))
        assert await watch.code() is CODES.OK


async def test_an_unknown_ticket_is_not_found(desk: Desk) -> None:
    """Before the stream begins: no headers, one reason, the resource named."""
    refusal = refusal_of(await end_of(desk.watch(Ticket(ticket_id="nobody"))))
    assert (refusal.code, refusal.reason) == (CODES.NOT_FOUND, "UNKNOWN_TICKET")
    assert refusal.resource == "nobody"


async def test_a_wrong_request_is_told_all_that_is_wrong(desk: Desk) -> None:
    """As for any method."""
    refusal = refusal_of(await end_of(desk.watch(Ticket(), after=-1)))
    assert refusal.violations == {
        "ticket_id": "ticket_id is empty: say it",
        "after_sequence": "after_sequence is -1: the least is 0",
    }


async def test_few_watch_at_once(sqlite_url: str) -> None:
    """One more is refused with a time to come back; calls are not in their way; who leaves makes room."""
    async with a_desk(sqlite_url, limits=replace(ALONE, max_streams=2)) as desk:
        ticket = await desk.open()
        first, second = desk.watch(ticket), desk.watch(ticket)
        for watch in (first, second):
            await read(watch, to=ticket.sequence)
        refusal = refusal_of(await end_of(desk.watch(ticket)))
        assert (refusal.code, refusal.reason) == (CODES.RESOURCE_EXHAUSTED, "TOO_MANY_CALLS")
        assert refusal.retry_after is not None
        assert (await desk.open()).reference
        first.cancel()
        await a_place(desk, ticket)
        last = (await noted(desk, ticket)).sequence
        assert await read(second, to=last, after=ticket.sequence) == ["note_added"]
        second.cancel()


async def a_place(desk: Desk, ticket: Ticket) -> Watch:
    """A watch, as soon as there is room."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            watch = desk.watch(ticket)
            try:
                await read(watch, to=ticket.sequence)
            except grpc.aio.AioRpcError as error:
                assert error.code() is CODES.RESOURCE_EXHAUSTED  # noqa: PT017 - then it is tried again
                await asyncio.sleep(0.005)
            else:
                return watch


async def test_who_goes_away_without_a_word_leaves_nothing_behind(sqlite_url: str) -> None:
    """A connection that is closed in the middle of a stream frees its place."""
    async with a_desk(sqlite_url, limits=replace(LOOKING, max_streams=1)) as desk:
        ticket = await desk.open()
        async with grpc.aio.insecure_channel(str(desk.address)) as channel:
            gone = replace(desk, channel=channel).watch(ticket)
            await read(gone, to=ticket.sequence)
        (await a_place(desk, ticket)).cancel()


async def test_stopping_tells_who_watches(sqlite_url: str) -> None:
    """UNAVAILABLE, to be tried again elsewhere; and nobody waits for them."""
    async with a_desk(sqlite_url, limits=ALONE) as desk:
        ticket = await desk.open()
        watch = desk.watch(ticket)
        await read(watch, to=ticket.sequence)
        stopping = asyncio.create_task(desk.intake.stop(NEVER))
        refusal = refusal_of(await end_of(watch))
        assert (refusal.code, refusal.reason) == (CODES.UNAVAILABLE, "SHUTTING_DOWN")
        assert refusal.retry_after is not None
        await stopping


class FailingQueries(Queries):
    """Answers as the real ones do, and counts, until it is told to fail."""

    def __init__(self, real: Queries) -> None:
        self._real = real
        self.error: Exception | None = None
        self.reads = 0

    async def entries(self, ticket_id: str, *, after_sequence: int = 0, limit: int | None = None) -> list[Entry]:
        """Read a log, or fail."""
        self.reads += 1
        if self.error is not None:
            raise self.error
        return await self._real.entries(ticket_id, after_sequence=after_sequence, limit=limit)

    async def instant(self) -> object:  # type: ignore[override]  # only whether it answers matters here
        """Answer the probe."""
        return await self._real.instant()


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (RecordUnavailable("Ada Example fell over"), CODES.UNAVAILABLE, "RECORD_UNAVAILABLE"),
        (KeyError("Ada Example fell over"), CODES.INTERNAL, "INTERNAL"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_goes_wrong_in_the_middle_has_a_reason_too(
    sqlite_url: str, error: Exception, code: grpc.StatusCode, reason: str
) -> None:
    """Exactly one ErrorInfo after answers were sent, and no exception's text."""
    failing: list[FailingQueries] = []

    def replaced(records: Records) -> Records:
        failing.append(FailingQueries(records.queries))
        return replace(records, queries=failing[0])

    async with a_desk(sqlite_url, limits=LOOKING, replaced=replaced) as desk:
        ticket = await desk.open()
        watch = desk.watch(ticket)
        await read(watch, to=ticket.sequence)
        failing[0].error = error
        refusal = refusal_of(await end_of(watch))
    assert (refusal.code, refusal.reason) == (code, reason)
    assert "Ada" not in str(refusal)


def calling(desk: Desk, method: str) -> grpc.aio.StreamStreamCall[bytes, bytes]:
    """A call whose request is in the test's own hands."""
    call: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = desk.channel.stream_stream(f"/{SERVICE}/{method}")
    return call()


@pytest.mark.parametrize("method", ["WatchTicket", "GetTicket", "OpenTicket"])
async def test_a_request_that_ends_without_a_message_is_answered(desk: Desk, method: str) -> None:
    """Half-closed: gRPC itself would leave this caller without an answer until their own deadline."""
    call = calling(desk, method)
    await call.done_writing()
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await call.read()
    refusal = refusal_of(ended.value)
    assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "REQUEST_MALFORMED")
    assert refusal.text == "the request ended without a message: send one"


@pytest.mark.parametrize("method", ["WatchTicket", "GetTicket", "OpenTicket"])
async def test_a_request_without_a_message_is_not_waited_for(sqlite_url: str, method: str) -> None:
    """Abandoned: nothing is sent and nothing is ended."""
    async with a_desk(sqlite_url, limits=Limits(message_seconds=0.05)) as desk:
        call = calling(desk, method)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            await call.read()
        refusal = refusal_of(ended.value)
        assert (refusal.code, refusal.reason) == (CODES.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")
        assert refusal.text == "no message came within 0.05 s: send one, and end the request"
        call.cancel()


async def test_a_request_that_is_never_ended_is_answered_all_the_same(desk: Desk) -> None:
    """One message is all that is asked for."""
    ticket = await desk.open()
    call = calling(desk, "WatchTicket")
    await call.write(WatchTicketRequest(ticket_id=ticket.ticket_id).SerializeToString())
    assert await call.read()
    call.cancel()
