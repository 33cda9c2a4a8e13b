"""A caller that goes away in the middle of anything, or is given up: what others are told is stored all the same."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress

import pytest

from services.records import RecordError, Records, RecordUnavailable, SettledBy, Timeouts, connect, engine
from services.records.settled import Nudge
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.record import Outsider, a_policy, an_opening
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
