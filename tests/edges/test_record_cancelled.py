"""A caller that goes away in the middle of anything, or is given up: what others are told is stored all the same."""

import asyncio
import gc
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress

import pytest

from services.records import (
    RecordError,
    Records,
    RecordUnavailable,
    SettledBy,
    TicketUnknown,
    Timeouts,
    connect,
    engine,
    postgresql_driver,
)
from services.records.engine import url_of
from services.records.postgresql_driver import Driver
from services.records.settled import Nudge
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.record import Outsider, a_policy, an_opening
from tests.support.waiting import PATIENCE_SECONDS
from workflows.domain.ticket.commands import PostUpdate

TURNS = 120
"""Of the event loop: a settle that finds nothing is over in half as many."""
HASTY = Timeouts(statement_seconds=0.1)
"""Waits for the server no longer than twice as long."""


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes next is given the connection that the one before left."""
    monkeypatch.setattr(engine, "POSTGRESQL_CONNECTIONS", 1)
    monkeypatch.setattr(engine, "SQLITE_CONNECTIONS", 1)


@asynccontextmanager
async def frozen(outsider: Outsider) -> AsyncIterator[None]:
    """Stop the server's side of our one connection: what is asked of it is done when it goes on, and not before."""
    [(pid,)] = await outsider.run(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'followthrough' AND datname = current_database()"
    )
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def stored(outsider: Outsider) -> set[str]:
    """Tickets that others see."""
    return {ticket_id for (ticket_id,) in await outsider.run("SELECT ticket_id FROM tickets")}


async def test_nothing_acknowledged_is_lost_wherever_another_is_cancelled(
    record_url: str, story_clock: StoryClock
) -> None:
    """5.4: an answer is given once it is stored; a caller that leaves at any moment takes nobody's work with it."""
    opened, posted = {"t-0000"}, 0
    async with await connect(record_url, story_clock) as records:
        await records.record.open_ticket(a_policy(), an_opening(0))
        for turns in range(1, TURNS):
            leaving = asyncio.create_task(records.record.settle("nobody", by=SettledBy.INTAKE))
            for _ in range(turns):
                await asyncio.sleep(0)
            leaving.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await leaving
            if turns % 2:
                await records.record.open_ticket(a_policy(), an_opening(turns))
                opened.add(f"t-{turns:04d}")
            else:
                await records.record.settle("t-0000", PostUpdate(actor="kim", text="soon"), by=SettledBy.INTAKE)
                posted += 1

        outsider = Outsider(record_url)
        assert await stored(outsider) == opened
        found = await outsider.run("SELECT count(*) FROM inputs WHERE ticket_id = 't-0000' AND kind = 'post_update'")
        assert found == [(posted,)]


async def a_cancelled_settle(records: Records) -> None:
    """Its BEGIN is on its way when it is cancelled."""
    settling = asyncio.create_task(records.record.settle("t-0001", by=SettledBy.INTAKE))
    await asyncio.sleep(0.05)
    settling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await settling


async def a_settle_given_up(records: Records) -> None:
    """Its BEGIN is not answered in time."""
    with pytest.raises(RecordUnavailable):
        await records.record.settle("t-0001", by=SettledBy.INTAKE)


async def a_note_given_up(records: Records) -> None:
    """The keeper's own transactions are begun by other means."""
    told = Nudge(ticket_id="t-0001", wake_at=MONDAY_NOON, is_new=True, wake_in_seconds=1.0)
    with pytest.raises(RecordUnavailable):
        await records.upkeep.mark_told([told])


@pytest.mark.parametrize("left", [a_cancelled_settle, a_settle_given_up, a_note_given_up])
async def test_transaction_that_begins_when_nobody_waits_takes_nothing_with_it(
    postgresql_url: str, story_clock: StoryClock, left: Callable[[Records], Coroutine[None, None, None]]
) -> None:
    """5.4: the connection is not used again, so what is answered next is stored, the policy of a first ticket too."""
    outsider = Outsider(postgresql_url)
    async with await connect(postgresql_url, story_clock, timeouts=HASTY) as records:
        await records.queries.instant()
        async with frozen(outsider):
            leaving = asyncio.create_task(left(records))
            await asyncio.wait([leaving], timeout=0.5)
        await leaving

        await records.record.open_ticket(a_policy(), an_opening(1))
        await records.record.open_ticket(a_policy(), an_opening(2))

        assert await stored(outsider) == {"t-0001", "t-0002"}
        async with await connect(postgresql_url, story_clock) as another:
            assert (await another.record.settle("t-0002", by=SettledBy.WORKFLOW)).refusal is None


async def test_connection_found_in_a_transaction_stores_nothing_and_says_so(
    postgresql_url: str, story_clock: StoryClock
) -> None:
    """However it came to be in one, nothing that is written in it is acknowledged; the next try is stored."""
    async with await connect(postgresql_url, story_clock) as records:
        async with records.database.engine.connect() as borrowed:
            driver = (await borrowed.get_raw_connection()).driver_connection
            assert driver is not None
            await driver.execute("BEGIN")

        told = []
        for number in (1, 2):
            with suppress(RecordError):
                await records.record.open_ticket(a_policy(), an_opening(number))
                told.append(f"t-{number:04d}")

        assert set(told) == await stored(Outsider(postgresql_url))
        assert "t-0002" in told


async def test_caller_who_leaves_leaves_nothing_in_the_log(
    record_url: str, story_clock: StoryClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever is cancelled, at any moment, is no error: connections are opened, given back and closed all the same."""
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(repr(what)))
    times = 2 if Outsider(record_url).is_sqlite else 1  # cancelled twice, asyncpg lets its word to the server drop
    async with await connect(record_url, story_clock) as records:
        await records.record.open_ticket(a_policy(), an_opening(1))
        for turns in range(1, TURNS):
            for ask in (records.record.settle("nobody", by=SettledBy.INTAKE), records.queries.ticket("t-0001")):
                leaving = asyncio.create_task(ask)
                for _ in range(turns):
                    await asyncio.sleep(0)
                for _ in range(times):
                    leaving.cancel()
                    await asyncio.sleep(0)
                with suppress(asyncio.CancelledError, TicketUnknown):
                    await leaving

        assert (await records.queries.ticket("t-0001")).ticket_id == "t-0001"
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []
    assert [told.getMessage() for told in caplog.records if told.levelno >= logging.WARNING] == []


async def leave(opening: Coroutine[None, None, Driver]) -> None:
    """Begin to open a connection, and go away."""
    leaving = asyncio.create_task(opening)
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_connection_that_nobody_waits_for_is_closed_once_it_is_open(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller who leaves while it is opened leaves none behind at the server."""
    monkeypatch.setattr(postgresql_driver, "PATIENCE_SECONDS", PATIENCE_SECONDS)
    url, outsider = url_of(postgresql_url), Outsider(postgresql_url)
    others = asyncio.all_tasks()
    named = {"application_name": "left"}
    await leave(
        postgresql_driver.postgresql_driver(
            host=url.host, port=url.port, user=url.username, database=url.database, server_settings=named
        )
    )

    await asyncio.wait(asyncio.all_tasks() - others)

    async with asyncio.timeout(PATIENCE_SECONDS):
        while await outsider.run("SELECT 1 FROM pg_stat_activity WHERE application_name = 'left'"):  # noqa: ASYNC110 - another process's state has no event
            await asyncio.sleep(0.01)


async def test_connection_that_nobody_waits_for_and_never_opens_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is stopped does not find a crowd at its door."""
    monkeypatch.setattr(postgresql_driver, "PATIENCE_SECONDS", 0.05)
    called, was_left = asyncio.Event(), asyncio.Event()

    async def hear_and_say_nothing(heard: asyncio.StreamReader, said: asyncio.StreamWriter) -> None:
        called.set()
        await heard.read()
        was_left.set()
        said.close()

    async with await asyncio.start_server(hear_and_say_nothing, "127.0.0.1", 0) as server:
        _, port = server.sockets[0].getsockname()
        opening = asyncio.create_task(
            postgresql_driver.postgresql_driver(host="127.0.0.1", port=port, user="crm", timeout=PATIENCE_SECONDS)
        )
        await called.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening

        async with asyncio.timeout(PATIENCE_SECONDS / 2):
            await was_left.wait()
