"""The two that are compared, as the bench sees either: called alike, and looked at alike. Starts neither."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from tests.bench.callers import Asked, Called
from tests.support.processes import Running

CLIENTS_A_PROCESS = 32
"""More would wait for their own process."""
CALLING_PROCESSES = 2
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Both are real instants."""

    due_at: datetime
    recorded_at: datetime
    """When its transaction committed."""

    @property
    def lag_seconds(self) -> float:
        """How late it was recorded."""
        return (self.recorded_at - self.due_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """What some calls at once came to."""

    calls: int
    seconds: float
    callers_share: float
    """Of a core, by the busiest calling process: near 1 it is the callers that are measured."""
    server_seconds: float
    """Of the answering process's processor time."""
    database_seconds: float
    """Of PostgreSQL's, for whatever else goes on meanwhile too."""

    @property
    def a_second(self) -> float:
        """The rate."""
        return self.calls / self.seconds

    @property
    def server_milliseconds(self) -> float:
        """Of the answering process's processor time, for each call."""
        return 1000 * self.server_seconds / self.calls

    @property
    def database_milliseconds(self) -> float:
        """Of PostgreSQL's processor time, for each call."""
        return 1000 * self.database_seconds / self.calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two, running."""

    server: int
    """The answering process."""
    database: int
    """PostgreSQL's first process."""
    worker: int | None
    """The process that runs the tickets' workflows; the rival has none."""
    storm_at: datetime
    """The real instant at which tickets of queue `storm` run out."""
    callers: Sequence[Running]
    breaches: Callable[[str], Awaitable[list[Breach]]]
    """All of a queue."""
    until_rest: Callable[[], Awaitable[None]]
    """Wait until nothing is left to be done of what was called."""

    async def open(self, calls: int, *, clients: int, queue: str = "home") -> Burst:
        """Open so many tickets, as fast as they are answered."""
        return await self._burst(
            [
                Asked(do="open", calls=share, clients=some, queue=queue)
                for share, some in zip(*(_shared(each, _processes(clients)) for each in (calls, clients)), strict=True)
            ]
        )

    async def acknowledge(self, *, clients: int) -> Burst:
        """Take on all that was opened last by as many clients."""
        return await self._burst(
            [Asked(do="acknowledge", clients=some) for some in _shared(clients, _processes(clients))]
        )

    async def pace(self, calls: int, *, a_second: float, queue: str) -> None:
        """Open so many tickets at an even pace."""
        await self._burst([Asked(do="open", calls=calls, a_second=a_second, queue=queue)])

    async def _burst(self, asked: Sequence[Asked]) -> Burst:
        before, database_before = processor_seconds(self.server), family_seconds(self.database)
        called = await asyncio.gather(*(_ask(*each) for each in zip(self.callers, asked, strict=False)))
        return Burst(
            calls=sum(each.calls for each in called),
            seconds=max(each.ended_seconds for each in called) - min(each.began_seconds for each in called),
            callers_share=max(each.processor_seconds / (each.ended_seconds - each.began_seconds) for each in called),
            server_seconds=processor_seconds(self.server) - before,
            database_seconds=family_seconds(self.database) - database_before,
        )


def processor_seconds(pid: int) -> float:
    """Of the threads that a process has, so far."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(each.read_text(encoding="ascii").split()[0]) for each in threads) / NANOSECONDS


def family_seconds(pid: int) -> float:
    """Of a process and the children that it has, so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return sum(_processor_seconds_if_alive(each) for each in (pid, *map(int, children)))


def _processor_seconds_if_alive(pid: int) -> float:
    try:
        return processor_seconds(pid)
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def resident_bytes(pid: int) -> int:
    """How much of the machine's memory a process holds."""
    pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _processes(clients: int) -> int:
    return min(CALLING_PROCESSES, -(-clients // CLIENTS_A_PROCESS))


def _shared(amount: int, among: int) -> list[int]:
    return [amount // among + (place < amount % among) for place in range(among)]


async def _ask(callers: Running, asked: Asked) -> Called:
    reader, writer = callers.process.stdout, callers.process.stdin
    if reader is None or writer is None:
        raise AssertionError("callers are asked through pipes")
    writer.write(msgspec.json.encode(asked) + b"\n")
    await writer.drain()
    if not (line := await reader.readline()):
        raise AssertionError(f"the callers ended when they were asked for {asked}")
    return msgspec.json.decode(line, type=Called)
