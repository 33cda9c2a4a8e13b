"""A database that cannot be written, is full, or goes in the middle: told by type and remedy, and nothing half done."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from services.records import (
    RecordFailed,
    RecordNotWritable,
    Records,
    RecordUnavailable,
    SchemaMissing,
    SettledBy,
    Timeouts,
    connect,
)
from tests.support.clock import StoryClock
from tests.support.dying import TRY_AGAIN
from tests.support.judging import Judging
from tests.support.record import Outsider, a_policy, a_request, an_acknowledgement, an_opening, answer
from workflows.domain.ticket.commands import Command
from workflows.domain.ticket.events import Acknowledged
from workflows.domain.ticket.state import Ticket

HASTY = Timeouts(lock_seconds=0.1, busy_seconds=0.1)
"""Long enough for a ticket that nobody holds."""
TABLES = ("tickets", "events", "inputs", "replies", "outbox", "total_deltas", "policies")


async def everything(record_url: str) -> list[list[tuple[Any, ...]]]:
    """All that is in the record."""
    outsider = Outsider(record_url)
    return [await outsider.run(f"SELECT * FROM {table}") for table in TABLES]  # noqa: S608 - names of our own


async def acknowledged(records: Records) -> int:
    """How often the log says so."""
    return sum(isinstance(entry.event, Acknowledged) for entry in await records.queries.entries("t-0001"))


@contextmanager
def pragma(records: Records, words: str) -> Iterator[None]:
    """Say this to SQLite whenever a connection is lent."""

    def say(connection: Any, *_: object) -> None:  # noqa: ANN401 - the dialect's own adapter, untyped
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA {words}")
        cursor.close()

    engine = records.database.engine.sync_engine
    event.listen(engine, "checkout", say)
    try:
        yield
    finally:
        event.remove(engine, "checkout", say)


async def is_refused_unchanged(record_url: str, records: Records, told: str) -> None:
    """Whatever would be written is refused in these words, and nothing changed."""
    before = await everything(record_url)
    for asked in (
        lambda: records.record.open_ticket(a_policy(), an_opening(2, text="x" * 8000), request=a_request()),
        lambda: records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE),
        lambda: records.record.settle_for_workflow("t-0001"),
    ):
        with pytest.raises(RecordNotWritable, match=told):
            await asked()
    assert await everything(record_url) == before
    assert (await records.queries.ticket("t-0001")).handler is None


async def test_database_that_is_read_only_is_read_and_not_written(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """Both say the same, with the remedy; questions are answered all the while; no ticket is marked as stuck."""
    await records.record.open_ticket(a_policy(), an_opening())
    told = "it can be read but not written: "
    if records.database.is_sqlite:
        with pragma(records, "query_only = ON"):
            await is_refused_unchanged(record_url, records, told)
        with pragma(records, "query_only = OFF"):
            await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
    else:
        now_and_ever = "'ALTER DATABASE %I SET default_transaction_read_only = on', current_database()"
        await Outsider(record_url).run(f"DO $$ BEGIN EXECUTE format({now_and_ever}); END $$")
        async with await connect(record_url, story_clock) as other:
            await is_refused_unchanged(record_url, other, told)
        await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)

    assert await acknowledged(records) == 1
    assert (await records.queries.figures()).stuck_tickets == 0


async def test_database_that_is_full_takes_nothing_by_halves(record_url: str, records: Records) -> None:
    """What does not fit is rolled back and told; with room made, the next try goes through."""
    await records.record.open_ticket(a_policy(), an_opening())
    if records.database.is_sqlite:
        with pragma(records, "max_page_count = 1"):  # never less than there are
            before = await everything(record_url)
            with pytest.raises(RecordNotWritable, match="the disk is full: make room"):
                await records.record.open_ticket(a_policy(), an_opening(2, text="x" * 8000), request=a_request())
            assert await everything(record_url) == before
        with pragma(records, "max_page_count = 1000000"):
            await records.record.open_ticket(a_policy(), an_opening(2, text="x" * 8000), request=a_request())
        return
    # A server's disk cannot be filled from here: it says what it would say on its last write.
    outsider = Outsider(record_url)
    await outsider.run(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no space left for Zebedee Canary' USING ERRCODE = 'disk_full'; END $$"
    )
    await outsider.run("CREATE TRIGGER full_disk BEFORE INSERT ON total_deltas EXECUTE FUNCTION full_disk()")
    before = await everything(record_url)
    with pytest.raises(RecordNotWritable, match="the disk is full: make room"):
        await records.record.open_ticket(a_policy(), an_opening(2), request=a_request())
    with pytest.raises(RecordNotWritable, match="the disk is full: make room"):
        await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
    assert await everything(record_url) == before
    await outsider.run("DROP TRIGGER full_disk ON total_deltas")
    await records.record.open_ticket(a_policy(), an_opening(2), request=a_request())


class CuttingJudge(Judging):
    """Judges by the rules; meanwhile the server ends the connection that holds the ticket's lock."""

    def __init__(self, outsider: Outsider) -> None:
        self._outsider = outsider
        self.cuts = 0
        super().__init__(before=self._cut_once)

    def _cut_once(self, _: Ticket, __: Command | None) -> None:
        if not self.cuts:
            self.cuts += 1
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(asyncio.run, self._cut()).result()

    async def _cut(self) -> None:
        holding = "datname = current_database() AND state = 'idle in transaction'"
        [(pid,)] = await self._outsider.run(f"SELECT pid FROM pg_stat_activity WHERE {holding}")  # noqa: S608 - words of our own
        await self._outsider.run(f"SELECT pg_terminate_backend({pid}, 5000)")


async def test_database_that_goes_between_lock_and_commit_has_taken_nothing(
    postgresql_url: str, story_clock: StoryClock
) -> None:
    """The caller is told to try again, the ticket is as it was and marked by nobody, and the next try is applied once.

    SQLite has no server to go: there the process goes with it, which `test_record_crash` tells.
    """
    cutting = CuttingJudge(Outsider(postgresql_url))
    async with await connect(postgresql_url, story_clock, judge=cutting) as records:
        await records.record.open_ticket(a_policy(), an_opening())
        before = await everything(postgresql_url)

        with pytest.raises(RecordUnavailable, match="try again"):
            await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE, request=a_request())
        assert await everything(postgresql_url) == before

        again = await records.record.settle(
            "t-0001", an_acknowledgement(), by=SettledBy.INTAKE, request=a_request(), encode=answer
        )
        assert (cutting.cuts, again.repeated, again.answer) == (1, False, b"t-0001 in_progress kim")
        assert await acknowledged(records) == 1


def is_stopped(pid: int) -> bool:
    """Whether our child has stopped; it is left for others to wait for."""
    return os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None


@asynccontextmanager
async def a_stopped_process(record_url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process, stopped while it holds the first ticket's lock."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "tests.support.dying", record_url, "t-0001", "stopped"
    )
    try:
        async with asyncio.timeout(30):
            while not is_stopped(process.pid):  # noqa: ASYNC110 - another process's state has no event
                await asyncio.sleep(0.01)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_process_stopped_while_it_holds_the_lock_makes_others_wait_a_while_only(
    record_url: str, story_clock: StoryClock
) -> None:
    """Others are told to try again within their time-outs, and go on once it is gone; what it began is undone."""
    async with await connect(record_url, story_clock, timeouts=HASTY) as records:
        await records.record.open_ticket(a_policy(), an_opening())

        async with a_stopped_process(record_url) as stopped:
            with pytest.raises(RecordUnavailable, match="try again"):
                await records.record.settle("t-0001", an_acknowledgement("lee"), by=SettledBy.INTAKE)
            assert (await records.queries.ticket("t-0001")).handler is None
            stopped.kill()
            await stopped.wait()

        await until_settled(records)
        assert (await records.queries.ticket("t-0001")).handler == "lee"
        assert await acknowledged(records) == 1


async def test_process_that_was_stopped_too_long_has_lost_the_ticket(
    postgresql_url: str, story_clock: StoryClock
) -> None:
    """The server ends its idle transaction, others go on, and when it goes on itself it is told and writes nothing."""
    async with await connect(postgresql_url, story_clock, timeouts=HASTY) as records:
        await records.record.open_ticket(a_policy(), an_opening())

        async with a_stopped_process(postgresql_url) as stopped:
            await until_settled(records)
            stopped.send_signal(signal.SIGCONT)
            async with asyncio.timeout(30):
                assert await stopped.wait() == TRY_AGAIN

        assert (await records.queries.ticket("t-0001")).handler == "lee"
        assert await acknowledged(records) == 1


async def until_settled(records: Records) -> None:
    """Try again for as long as is asked for."""
    async with asyncio.timeout(30):
        while True:
            try:
                settled = await records.record.settle("t-0001", an_acknowledgement("lee"), by=SettledBy.INTAKE)
            except RecordUnavailable:
                continue
            assert settled.refusal is None
            return


async def test_file_that_is_no_database_is_told(tmp_path: Path, story_clock: StoryClock) -> None:
    """By type and with the remedy; the file is left as it is."""
    path = tmp_path / "letter.txt"
    path.write_text("Dear customer, " * 500, encoding="utf-8")

    with pytest.raises(RecordFailed, match="the file is no SQLite database: name another"):
        await connect(f"sqlite:///{path}", story_clock)

    assert path.read_text(encoding="utf-8") == "Dear customer, " * 500


async def test_database_of_another_program_is_told_and_left_alone(record_url: str, story_clock: StoryClock) -> None:
    """Its tables are not ours: nothing is read as if they were, and nothing is written."""
    outsider = Outsider(record_url)
    await outsider.run("ALTER TABLE events RENAME COLUMN body TO contents")
    before = await everything(record_url)

    async with await connect(record_url, story_clock) as records:
        with pytest.raises(SchemaMissing, match="not the ones of this release"):
            await records.record.open_ticket(a_policy(), an_opening())

    assert (await everything(record_url))[:6] == before[:6]
