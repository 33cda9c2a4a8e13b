"""How late other tickets' deadlines are found while something is done: tickets of queue `brisk`, at an even pace."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sqlalchemy import func, select

from services.records import Records, codec
from services.records.tables import EventRow, TicketRow
from tests.bench.deadlines import BREACHED, Lag
from tests.bench.pacing import BRISK_SECONDS
from tests.bench.rates import LONGEST_SECONDS, Ours
from workflows.domain.ticket.events import ClockBreached


async def lag_during(
    our: Ours, a_second: float, work: Callable[[], Awaitable[float | None]]
) -> tuple[Lag, float | None]:
    """Do the work while tickets are opened at an even pace; how late what ran out meanwhile was found."""
    done = asyncio.Event()
    before = await _opened(our.records)
    opening = asyncio.create_task(_open_until(done, our, a_second))
    await asyncio.sleep(BRISK_SECONDS)
    began_at = datetime.now(UTC)
    try:
        result = await work()
    finally:
        ended_at = datetime.now(UTC)
        done.set()
        opened = await opening
    async with asyncio.timeout(LONGEST_SECONDS):
        while len(breaches := await _breaches(our.records)) < before + opened:  # noqa: ASYNC110 - other processes write them
            await asyncio.sleep(0.5)
    lags = [each.detected_at - each.due_at for each in breaches if began_at <= each.due_at <= ended_at]
    return Lag.of([each.total_seconds() for each in lags]), result


async def _open_until(done: asyncio.Event, our: Ours, a_second: float) -> int:
    loop = asyncio.get_running_loop()
    began, calls = loop.time(), list[asyncio.Task[object]]()
    while not done.is_set():
        calls.append(asyncio.create_task(our.open("brisk")))
        await asyncio.sleep(began + len(calls) / a_second - loop.time())
    await asyncio.gather(*calls)
    return len(calls)


async def _opened(records: Records) -> int:
    query = select(func.count()).select_from(TicketRow).where(TicketRow.queue == "brisk")
    async with records.database.reading.connect() as connection:
        return await connection.scalar(query) or 0


async def _breaches(records: Records) -> list[ClockBreached]:
    query = (
        select(EventRow.body)
        .join(TicketRow, TicketRow.ticket_id == EventRow.ticket_id)
        .where(EventRow.kind == BREACHED, TicketRow.queue == "brisk")
    )
    async with records.database.reading.connect() as connection:
        bodies = (await connection.scalars(query)).all()
    events = [codec.event_from_json(BREACHED, body) for body in bodies]
    return [each for each in events if isinstance(each, ClockBreached)]
