"""Processes that die and databases that go away: nothing is lost, nothing is done twice, and no name is told."""

import asyncio
import signal
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import pytest

from services.records import (
    RecordFailed,
    Records,
    RecordUnavailable,
    SettledBy,
    connect,
    migrate,
)
from tests.support.clock import StoryClock
from tests.support.databases import Cluster, PostgresqlMissing, cluster
from tests.support.judging import Judging
from tests.support.record import (
    Outsider,
    a_policy,
    a_request,
    an_acknowledgement,
    an_opening,
    answer,
)
from workflows.domain.ticket.commands import Command
from workflows.domain.ticket.events import Acknowledged
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import Judged

CANARY = "Zebedee Canary"


async def a_process_that_dies(url: str, when: str) -> None:
    """Acknowledge the first ticket in another process, which is killed before or after its commit."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "tests.support.dying", url, "t-0001", when
    )
    async with asyncio.timeout(30):
        assert await process.wait() == -signal.SIGKILL


async def acknowledged(records: Records) -> int:
    """How often the log says so."""
    return sum(isinstance(entry.event, Acknowledged) for entry in await records.queries.entries("t-0001"))


async def test_process_killed_before_its_commit_has_done_nothing(record_url: str, records: Records) -> None:
    """The lock goes with the process, its work is rolled back, and the caller's next try does it."""
    await records.record.open_ticket(a_policy(), an_opening())

    await a_process_that_dies(record_url, "before")
    assert await acknowledged(records) == 0
    settled = await records.record.settle(
        "t-0001", an_acknowledgement(), by=SettledBy.INTAKE, request=a_request(), encode=answer
    )

    assert (settled.repeated, settled.answer) == (False, b"t-0001 in_progress kim")
    assert await acknowledged(records) == 1


async def test_process_killed_after_its_commit_is_answered_for(record_url: str, records: Records) -> None:
    """5.5: the caller that never heard the answer asks again, and gets it without anything being done twice."""
    await records.record.open_ticket(a_policy(), an_opening())

    await a_process_that_dies(record_url, "after")
    assert await acknowledged(records) == 1
    settled = await records.record.settle(
        "t-0001", an_acknowledgement(), by=SettledBy.INTAKE, request=a_request(), encode=answer
    )

    assert (settled.repeated, settled.answer) == (True, b"t-0001 in_progress kim")
    assert await acknowledged(records) == 1


async def test_database_that_goes_away_is_unavailable(postgresql: Cluster, story_clock: StoryClock) -> None:
    """Whatever is asked while the database is gone is told to try again."""
    assert postgresql.process.poll() is None  # there is a server to be had at all: otherwise this test skips
    try:
        with cluster() as own:
            await own.execute("CREATE DATABASE record")
            url = own.url("record")
            await migrate(url)
            records = await connect(url, story_clock)
            await records.record.open_ticket(a_policy(), an_opening())
            own.stop()
            for _ in range(3):
                with pytest.raises(RecordUnavailable):
                    await records.record.settle_for_workflow("t-0001")
            with pytest.raises(RecordUnavailable):
                await records.record.open_ticket(a_policy(), an_opening(2))
            with pytest.raises(RecordUnavailable):
                await records.queries.figures()
            with pytest.raises(RecordUnavailable):
                await records.upkeep.rescue_late(grace_seconds=0, limit=9)
            await records.aclose()
    except PostgresqlMissing as missing:
        pytest.fail(str(missing))


async def test_database_that_comes_back_is_used_again(postgresql_url: str, story_clock: StoryClock) -> None:
    """Connections that a restarted server closed are not tried on callers."""
    async with await connect(postgresql_url, story_clock) as records:
        await asyncio.gather(*(records.record.open_ticket(a_policy(), an_opening(number)) for number in range(1, 9)))
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        outsider = Outsider(postgresql_url)
        await outsider.run(f"SELECT pg_terminate_backend(pid) {others}")
        async with asyncio.timeout(10):
            while (await outsider.run(f"SELECT count(*) {others}")) != [(0,)]:  # noqa: ASYNC110 - a server's state
                await asyncio.sleep(0.01)

        settled = await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)

        assert settled.refusal is None


def everything_told(error: BaseException) -> str:
    """What a log, a terminal or Temporal could make of an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + str(error)


async def test_value_that_the_driver_refuses_is_not_told(
    postgresql_url: str, story_clock: StoryClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Drivers quote what they refuse: none of their text passes, and nothing of the command stays."""

    def spoilt(_: Ticket, __: Command | None, judged: Judged) -> Judged:
        return replace(judged, ticket=replace(judged.ticket, handler=f"{CANARY}\x00"))

    async with await connect(postgresql_url, story_clock, judge=Judging(after=spoilt)) as records:
        await records.record.open_ticket(a_policy(), an_opening(1))

        with pytest.raises(RecordFailed, match="the database refused a statement") as failed:
            await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)

        assert CANARY not in everything_told(failed.value) + caplog.text
        assert (await records.queries.ticket("t-0001")).handler is None
        assert (await records.queries.figures()).stuck_tickets == 0


async def test_statement_that_fails_tells_no_parameters(
    record_url: str, records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a driver's error nor SQLAlchemy's passes the record: what is told is its type."""
    await Outsider(record_url).run("ALTER TABLE tickets ADD COLUMN unforeseen INTEGER CHECK (customer_id <> 'c-7')")

    with pytest.raises(RecordFailed, match="the database refused a statement") as failed:
        await records.record.open_ticket(a_policy(), an_opening(7, name=CANARY, text=CANARY))

    assert CANARY not in everything_told(failed.value) + caplog.text
    assert "c-7" not in everything_told(failed.value)


async def test_file_that_was_deleted_is_written_no_more(sqlite_url: str, story_clock: StoryClock) -> None:
    """5.4: what a process writes into a file that nobody can find again would be acknowledged and lost."""
    path = Path(sqlite_url.removeprefix("sqlite+aiosqlite:///"))
    async with await connect(sqlite_url, story_clock) as records:
        await records.record.open_ticket(a_policy(), an_opening(1))
        for file in path.parent.glob("record.sqlite3*"):
            file.rename(file.with_name(f"lost-{file.name}"))

        for _ in range(2):  # with the connections that there are, and with new ones
            with pytest.raises(RecordUnavailable, match="taken away"):
                await records.record.open_ticket(a_policy(), an_opening(2))
            with pytest.raises(RecordUnavailable, match="taken away"):
                await records.queries.instant()
            assert not list(path.parent.glob("record.sqlite3*"))

        await migrate(sqlite_url)
        with pytest.raises(RecordUnavailable, match="taken away"):
            await records.record.open_ticket(a_policy(), an_opening(2))

        for file in path.parent.glob("lost-*"):
            file.replace(file.with_name(file.name.removeprefix("lost-")))
        await records.record.open_ticket(a_policy(), an_opening(2))
        assert len(await Outsider(sqlite_url).run("SELECT ticket_id FROM tickets")) == 2
