"""How late deadlines are found: at an even pace beside bare timers, and a thousand at one instant.

Lags are those that the record keeps of each breach, `detected_at` less `due_at`, and for the bare timers what their
workflow's activity reads from the clock. Real seconds.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from sqlalchemy import select
from temporalio.client import Client

from services.records import RealClock, codec
from services.records.clock import RecordClock
from services.records.tables import EventRow
from tests.bench.beside import fresh_record, module
from tests.bench.pacing import BRISK_SECONDS, STORM_SECONDS, at_pace, timed
from tests.bench.rates import LONGEST_SECONDS, Ours, reached, start_bare
from tests.support.processes import environment
from workflows.domain.ticket.events import ClockBreached

MANY = 16
"""Callers at once."""
BREACHED = "clock_breached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """In seconds."""

    deadlines: int
    median: float
    p99: float
    greatest: float

    @classmethod
    def of(cls, lags: Sequence[float]) -> Self:
        """Of at least one."""
        ordered = sorted(lags)
        return cls(
            deadlines=len(ordered),
            median=ordered[len(ordered) // 2],
            p99=ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)],
            greatest=ordered[-1],
        )


async def paced(kind: str, *, deadlines: int, a_second: float) -> Lag:
    """Of our deadlines, so many a second."""
    clock = RealClock()
    async with fresh_record(kind) as url, _serving(url, clock=clock) as our:
        await at_pace(deadlines, a_second, lambda: our.open("brisk"))
        return await _breached(our, deadlines, clock)


async def bare(*, deadlines: int, a_second: float) -> Lag:
    """Of bare timers as long, so many a second."""
    with tempfile.TemporaryDirectory(prefix="followthrough-bench-") as folder:
        lags = Path(folder) / "lags.txt"
        async with module("rivals", "timers", "--folder", folder) as timers:
            temporal = await Client.connect((await timers.say(r"timers (\S+)"))[1])
            await at_pace(deadlines, a_second, lambda: start_bare(temporal, time.time() + BRISK_SECONDS))
            async with asyncio.timeout(LONGEST_SECONDS):
                while len(found := lags.read_text(encoding="ascii").splitlines()) < deadlines:  # noqa: ASYNC110 - another process writes it
                    await asyncio.sleep(0.1)
    return Lag.of([float(line) for line in found])


async def storm(
    kind: str, *, tickets: int, has_keeper: bool, preparing_seconds: float, clock: RecordClock | None = None
) -> Lag:
    """Of so many deadlines at one instant, with the keeper or by the workflows alone.

    It breaks at a whole minute, `preparing_seconds` from now at the earliest: a faster clock has it sooner. When it
    breaks before all tickets are there, another is prepared for, with twice the time.
    """
    clock = clock or RealClock()
    for patience in (1, 2, 4, 8):
        due_at = next_minute(_now(clock) + timedelta(seconds=patience * preparing_seconds * clock.speed))
        words = ["--due-at", due_at.isoformat(), *([] if has_keeper else ["--without-keeper"])]
        async with fresh_record(kind) as url, _serving(url, *words, clock=clock) as our:
            await timed(MANY, [lambda: our.open("storm")] * tickets)
            await our.until_told()
            if (now := _now(clock)) >= due_at:
                continue
            await asyncio.sleep(((due_at - now).total_seconds() + STORM_SECONDS) / clock.speed)
            return await _breached(our, tickets, clock)
    raise AssertionError(f"{tickets} tickets were not there within {8 * preparing_seconds:g} s")


def next_minute(at: datetime) -> datetime:
    """The first whole minute that is not before an instant."""
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


def _now(clock: RecordClock) -> datetime:
    return clock.read(datetime.now(UTC))


@asynccontextmanager
async def _serving(url: str, *words: str, clock: RecordClock) -> AsyncIterator[Ours]:
    """Run everything with promises due within seconds."""
    with tempfile.TemporaryDirectory(prefix="followthrough-bench-") as folder:
        env = environment(Path(folder), DATABASE_URL=url, CLOCK=clock.name, LOG_LEVEL="error")
        async with module("serving", *words, env=env) as running:
            said = await running.say(r"intake (\S+) temporal (\S+)")
            async with reached(url, said[1], said[2], clock) as our:
                yield our


async def _breached(our: Ours, tickets: int, clock: RecordClock) -> Lag:
    """Wait until so many have breached once, and read how late each was found."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while len(found := await _breaches(our)) < tickets:  # noqa: ASYNC110 - another process writes them
            await asyncio.sleep(0.5)
    if len(found) > tickets:
        raise AssertionError(f"{tickets} tickets breached {len(found)} times")
    return Lag.of([lag / clock.speed for lag in found])


async def _breaches(our: Ours) -> list[float]:
    """Seconds of the record by which each breach in it was found late."""
    query = select(EventRow.body).where(EventRow.kind == BREACHED)
    async with our.records.database.reading.connect() as connection:
        bodies = (await connection.scalars(query)).all()
    breaches = [codec.event_from_json(BREACHED, body) for body in bodies]
    return [(each.detected_at - each.due_at).total_seconds() for each in breaches if isinstance(each, ClockBreached)]
