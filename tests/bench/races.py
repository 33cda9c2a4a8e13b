"""Followthrough beside the polling rival, in turns: rates, lags, storms, and all of it with many tickets open.

Each side answers the same callers on the same PostgreSQL. What is measured is the caller's time, and PostgreSQL's own
stamp of when a breach was committed: neither side's word. A side is at rest while the other is measured.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.bench import deadlines
from tests.bench.deadlines import Lag
from tests.bench.pacing import STORM_SECONDS
from tests.bench.sides import Breach, Burst, Side, resident_bytes
from tests.support.databases import Cluster

OURS, RIVAL = "ours", "rival"
Start = Callable[[Cluster, float, float], AbstractAsyncContextManager[Side]]
"""How a side is started, with a storm about so many seconds from now and that part of a second after a whole one."""
A_LONG_TIME_SECONDS = 43_000.0
"""No storm: within the twelve hours that a desk of ours can be told of."""
LONGEST_SECONDS = 120.0
"""How long breaches are waited for after their deadlines."""
MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a round with many open tickets is made of."""

    rounds: int
    tickets: int
    """Open, before anything is measured."""
    clients: int
    calls: int
    """Openings that are measured."""
    deadlines: int
    a_second: float
    preparing_seconds: float
    """What ours is expected to need before the storm."""
    rival_preparing_seconds: float
    """What the rival is: it tells nobody of its tickets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """What one round with many open tickets came to."""

    openings: float
    """A second, with all of them open."""
    lag: float
    """The p99 in seconds, with all of them open."""
    storm: float
    """Seconds from the instant at which all of them ran out until the last breach was committed."""
    worker_before: float
    worker_after: float
    """Megabytes that the worker's process held, without tickets and with all of them; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Bursts:
    """Of each side, round by round."""

    openings: Mapping[str, list[Burst]] = field(default_factory=lambda: {OURS: [], RIVAL: []})
    acknowledgements: Mapping[str, list[Burst]] = field(default_factory=lambda: {OURS: [], RIVAL: []})


async def rates(sides: Mapping[str, Side], *, calls: int, clients: int, rounds: int) -> Bursts:
    """Open so many tickets and take them on, by so many clients."""
    found = Bursts()
    for side in sides.values():
        await _warm(side, clients)
        await side.until_rest()
    for number in range(rounds):
        for name in _turn(sides, number):
            found.openings[name].append(await sides[name].open(calls, clients=clients))
            await sides[name].until_rest()
            found.acknowledgements[name].append(await sides[name].acknowledge(clients=clients))
            await sides[name].until_rest()
    return found


async def lags(
    sides: Mapping[str, Side], *, count: int, a_second: float, rounds: int
) -> tuple[dict[str, list[Lag]], list[Lag]]:
    """How late breaches are recorded at an even pace, of each side; and how late bare timers of Temporal are."""
    found: dict[str, list[Lag]] = {name: [] for name in sides}
    bare: list[Lag] = []
    for number in range(rounds):
        for name in _turn(sides, number):
            found[name].append(await lag(sides[name], count=count, a_second=a_second))
        bare.append(await deadlines.bare(deadlines=count, a_second=a_second))
    return found, bare


async def lag(side: Side, *, count: int, a_second: float) -> Lag:
    """Open tickets at an even pace and wait until each has breached."""
    began_at = datetime.now(UTC)
    await side.pace(count, a_second=a_second, queue="brisk")
    breached = await _breached(side, "brisk", count, since=began_at)
    await side.until_rest()
    return Lag.of([each.lag_seconds for each in breached])


async def crowd(server: Cluster, start: Start, load: Load, *, preparing_seconds: float, phase: float) -> Crowd:
    """Have so many tickets open on a fresh record, measure, and wait until all of them run out at one instant.

    When it comes before all is ready, the round begins again with twice the time.
    """
    for patience in (1, 2, 4, 8):
        async with start(server, patience * preparing_seconds, phase) as side:
            await _warm(side, load.clients)
            await side.until_rest()
            before = _worker_megabytes(side)
            await side.open(load.tickets, clients=load.clients, queue="storm")
            await side.until_rest()
            after = _worker_megabytes(side)
            opened = await side.open(load.calls, clients=load.clients)
            await side.until_rest()
            late = await lag(side, count=load.deadlines, a_second=load.a_second)
            left_seconds = (side.storm_at - datetime.now(UTC)).total_seconds()
            if left_seconds < STORM_SECONDS:
                continue
            await asyncio.sleep(left_seconds)
            breached = await _breached(side, "storm", load.tickets)
            return Crowd(
                openings=opened.a_second,
                lag=late.p99,
                storm=max(each.lag_seconds for each in breached),
                worker_before=before,
                worker_after=after,
            )
    raise AssertionError(f"{load.tickets} tickets were not ready within {8 * preparing_seconds:g} s")


async def crowds(server: Cluster, starts: Mapping[str, Start], load: Load) -> dict[str, list[Crowd]]:
    """Round by round, each side alone on the machine.

    Over the rounds storms break at even places between two of the rival's looks: it waits half its period on average.
    """
    found: dict[str, list[Crowd]] = {name: [] for name in starts}
    for number in range(load.rounds):
        phase = (number + 0.5) / load.rounds
        for name in _turn(starts, number):
            seconds = load.rival_preparing_seconds if name == RIVAL else load.preparing_seconds
            found[name].append(await crowd(server, starts[name], load, preparing_seconds=seconds, phase=phase))
    return found


async def _warm(side: Side, clients: int) -> None:
    """Every connection prepares its statements, and every way is gone once."""
    await side.open(4 * clients, clients=clients)
    await side.acknowledge(clients=clients)


def _turn(sides: Mapping[str, object], number: int) -> Sequence[str]:
    return list(sides)[:: -1 if number % 2 else 1]


def _worker_megabytes(side: Side) -> float:
    return resident_bytes(side.worker) / MEGABYTE if side.worker is not None else 0.0


async def _breached(side: Side, queue: str, count: int, *, since: datetime | None = None) -> list[Breach]:
    """Wait until so many tickets of a queue have breached, each once."""
    async with asyncio.timeout(LONGEST_SECONDS):
        while True:
            found = [each for each in await side.breaches(queue) if since is None or each.due_at > since]
            if len(found) >= count:
                break
            await asyncio.sleep(0.5)
    if len(found) > count:
        raise AssertionError(f"{count} tickets of queue {queue!r} breached {len(found)} times")
    return found
