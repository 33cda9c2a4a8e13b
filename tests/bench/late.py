"""A storm: late tickets by the thousand that nobody settled, and the keeper's way through them.

A few tickets are opened by the record, the rest are copies of their rows, made by the database. Time passes by the
bench's own clock, and `Upkeep.rescue_late` is called until it finds no more, as the keeper does.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from sqlalchemy import func, select, text

from services.keeper.keeper import Pace
from services.records import Records, connect, migrate
from services.records.tables import EventRow
from tests.bench.rounds import Spread
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.databases import Cluster
from tests.support.policies import LINES
from tests.support.record import an_opening

_COPY = """
INSERT INTO {table} SELECT copy.* FROM {table} AS original, generate_series(1, :copies) AS number, json_populate_record(
    NULL::{table},
    replace(replace(to_json(original)::text, 't-0', 't-' || number || '-'), 'R-0', 'R-' || number || '-')::json
) AS copy
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """For how long nobody settled, and so what is due on every ticket; each is of normal priority."""

    name: str
    outage: timedelta


STORMS = (
    Storm(name="each to be warned of", outage=timedelta(hours=2, minutes=20)),
    Storm(name="each warned of, missed and escalated", outage=timedelta(hours=3, minutes=5)),
)
KINDS = 8
"""Tickets that are opened by the record, to be copied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescued:
    """What one round came to."""

    seconds: float
    processor_seconds: float
    """Of this process; the database's own come on top."""
    settled: int
    found: int
    """Entries written to the logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of all rounds of a storm."""

    seconds: Spread
    processor_seconds: Spread
    settled: int
    found: int

    @classmethod
    def of(cls, rescued: Sequence[Rescued]) -> Self:
        """Of its rounds, which all come to the same."""
        (came_to,) = {(each.settled, each.found) for each in rescued}
        return cls(
            seconds=Spread.of([each.seconds for each in rescued]),
            processor_seconds=Spread.of([each.processor_seconds for each in rescued]),
            settled=came_to[0],
            found=came_to[1],
        )


async def measure(server: Cluster, *, tickets: int, rounds: int) -> dict[str, Figures]:
    """Prepare a database once, and rescue a copy of it in each round of each storm; by the storm's name."""
    await server.execute("CREATE DATABASE prepared")
    await migrate(server.url("prepared"))
    await prepare(server.url("prepared"), tickets=tickets)
    rescued: dict[str, list[Rescued]] = {storm.name: [] for storm in STORMS}
    for storm in STORMS * rounds:
        await server.execute("CREATE DATABASE late TEMPLATE prepared")
        rescued[storm.name].append(await rescue(server.url("late"), storm))
        await server.execute("DROP DATABASE late")
    await server.execute("DROP DATABASE prepared")
    return {name: Figures.of(each) for name, each in rescued.items()}


async def prepare(url: str, *, tickets: int) -> None:
    """Open that many tickets at Monday noon: a multiple of `KINDS`."""
    async with await connect(url, StoryClock()) as records:
        for number in range(KINDS):
            await records.record.open_ticket(LINES, an_opening(number))
        async with records.database.engine.begin() as connection:
            await connection.execute(text("SET LOCAL statement_timeout = 0"))
            for table in ("tickets", "events"):
                await connection.execute(text(_COPY.format(table=table)), {"copies": tickets // KINDS - 1})


async def rescue(url: str, storm: Storm) -> Rescued:
    """Settle all that the outage made late."""
    async with await connect(url, StoryClock(MONDAY_NOON + storm.outage)) as records:
        before = await _entries(records)
        limit = Pace().batch
        settled = stuck = 0
        began, worked = time.perf_counter(), time.process_time()
        while True:
            batch = await records.upkeep.rescue_late(grace_seconds=0, limit=limit)
            settled += batch.settled
            stuck += batch.stuck
            if batch.tried < limit:
                break
        seconds, processor_seconds = time.perf_counter() - began, time.process_time() - worked
        if stuck:
            raise AssertionError(f"{stuck} tickets are stuck")
        return Rescued(
            seconds=seconds,
            processor_seconds=processor_seconds,
            settled=settled,
            found=await _entries(records) - before,
        )


async def _entries(records: Records) -> int:
    async with records.database.reading.connect() as connection:
        return await connection.scalar(select(func.count()).select_from(EventRow)) or 0
