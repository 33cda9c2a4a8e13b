"""How the benchmarks compare on a machine that others use too: turn by turn in one run, several rounds, and the spread.

Knows nothing of what is measured.
"""

import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version
from statistics import median
from typing import Self

from workflows.domain.zones import tzdata_version

LIBRARIES = ("sqlalchemy", "asyncpg", "aiosqlite", "msgspec", "businesstimedelta", "pytz")
WRITES = 50


class Spread(tuple[float, float, float]):
    """Least, median and greatest of some rounds."""

    __slots__ = ()

    @classmethod
    def of(cls, figures: Sequence[float]) -> Self:
        """Of at least one figure."""
        return cls((min(figures), median(figures), max(figures)))

    @property
    def middle(self) -> float:
        """The median."""
        return self[1]

    def __str__(self) -> str:
        digits = 0 if self.middle >= 100 else 1 if self.middle >= 10 else 2
        least, middle, greatest = (f"{figure:,.{digits}f}" for figure in self)
        return f"{middle} ({least} to {greatest})"


async def in_turns(rounds: int, racers: Mapping[str, Callable[[], Awaitable[float]]]) -> dict[str, list[float]]:
    """Each racer's figure of each round; who is first changes from round to round."""
    figures: dict[str, list[float]] = {name: [] for name in racers}
    for number in range(rounds):
        order = list(racers)[:: -1 if number % 2 else 1]
        for name in order:
            figures[name].append(await racers[name]())
    return figures


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Ours over theirs, round by round."""
    return Spread.of([one / other for one, other in zip(ours, theirs, strict=True)])


def machine() -> str:
    """What the figures depend on, on one line."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, load {load}, a write through to the disk {_write_through()} ms; "
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{libraries}, tzdata {tzdata_version()}"
    )


def _write_through() -> Spread:
    """Milliseconds that a commit waits for at least, where temporary files are: records of the benchmarks are there."""
    taken = []
    with tempfile.TemporaryFile() as file:
        for _ in range(WRITES):
            began = time.perf_counter()
            file.write(bytes(8192))
            file.flush()
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1000)
    return Spread.of(taken)
