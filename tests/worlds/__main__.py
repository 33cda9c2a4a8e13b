"""Worlds by lot, one after another: every property of the domain, then the record on both databases.

    python -m tests.worlds [--seed N] [--seconds N] [--steps N]

The tests look at some of these worlds; this at as many as there is time for. Exit 0: all held. 1: one did not; its
seed and what it broke are printed. 2: there is no PostgreSQL to ask.
"""

import argparse
import asyncio
import sys
import tempfile
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

from services.records import connect, migrate
from tests.support.clock import StoryClock
from tests.support.databases import Cluster, PostgresqlMissing, cluster
from tests.support.record import Outsider
from tests.support.recorded import Recorder
from tests.unit.ticket import test_clock_properties, test_promise_properties, test_properties
from tests.unit.ticket.plans import Plan, a_plan, gone_through
from tests.unit.ticket.worlds import World

PROPERTIES = (test_properties, test_clock_properties, test_promise_properties)
A_MINUTE = 59_999_999
"""Microseconds: found later than that, it is late (4.6)."""


def main() -> int:
    """Look at worlds; the exit code."""
    asked = _arguments()
    try:
        with cluster() as server, tempfile.TemporaryDirectory(prefix="followthrough-worlds-") as folder:
            return asyncio.run(_look(asked, Databases(server, Path(folder))))
    except PostgresqlMissing as missing:
        say(f"the record needs PostgreSQL: {missing}")
        return 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.worlds", description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="of the first world, 1 by default")
    parser.add_argument("--seconds", type=float, default=60.0, help="to go on for, 60 by default")
    parser.add_argument("--steps", type=int, default=30, help="that happen in each world, 30 by default")
    return parser.parse_args()


class Databases:
    """A fresh, migrated database of either kind, as often as one is wanted."""

    def __init__(self, server: Cluster, folder: Path) -> None:
        self._server = server
        self._template = folder / "migrated.sqlite3"
        self._folder = folder

    async def prepare(self) -> None:
        """Migrate what the others are copied from."""
        await migrate(f"sqlite+aiosqlite:///{self._template}")
        await self._server.execute("CREATE DATABASE migrated")
        await migrate(self._server.url("migrated"))

    async def with_each(self, seed: int, work: Callable[[str], Awaitable[None]]) -> None:
        """Do it with one of each kind, which is gone afterwards."""
        path = self._folder / f"world-{seed}.sqlite3"
        path.write_bytes(self._template.read_bytes())
        await work(f"sqlite+aiosqlite:///{path}")
        for each in self._folder.glob(f"{path.name}*"):
            each.unlink()
        name = f"world_{seed}"
        await self._server.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
        await work(self._server.url(name))
        await self._server.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def _look(asked: argparse.Namespace, databases: Databases) -> int:
    await databases.prepare()
    until, seed = time.monotonic() + asked.seconds, asked.seed
    while time.monotonic() < until:
        try:
            await _try(_plan(seed, asked.steps), seed, databases)
        except Exception:  # noqa: BLE001 - whatever it is, this world found it
            say(traceback.format_exc())
            say(
                f"seed {seed}: have it again by: python -m tests.worlds --seed {seed} --steps {asked.steps} --seconds 1"
            )
            return 1
        seed += 1
    say(f"{seed - asked.seed} worlds, seeds {asked.seed} to {seed - 1}: everything held")
    return 0


def _plan(seed: int, steps: int) -> Plan:
    """Every other world is found at once, the rest up to a minute later."""
    draw = Random(seed)  # noqa: S311 - a made-up delay
    lag = timedelta(microseconds=draw.choice((0, draw.randint(0, A_MINUTE))))
    return a_plan(seed, steps)._replace(lag=lag)


async def _try(plan: Plan, seed: int, databases: Databases) -> None:
    """See that everything holds of one world; raises what it breaks."""
    for holds in _properties():
        holds(plan)
    world = gone_through(plan)
    await databases.with_each(seed, lambda url: _record(world, url))


def _properties() -> Iterator[Callable[[Plan], None]]:
    for module in PROPERTIES:
        yield from _of(module)


def _of(module: ModuleType) -> Iterator[Callable[[Plan], None]]:
    for name, each in vars(module).items():
        if name.startswith("test_"):
            drawn: Any = each
            yield drawn.hypothesis.inner_test


async def _record(world: World, url: str) -> None:
    clock = StoryClock()
    async with await connect(url, clock) as records:
        recorder = Recorder(records, clock, Outsider(url))
        await recorder.play(world)
        await recorder.require_same(world)


def say(line: str) -> None:
    """Tell whoever watches, at once."""
    print(line, flush=True)  # noqa: T201 - what it was started for


if __name__ == "__main__":
    sys.exit(main())
