"""Followthrough beside the polling rival, on PostgreSQL, in one run: what `make bench` prints.

    python -m tests.bench.versus [--quick] [--write]

A cell is the median of the rounds, with the least and the greatest; a ratio is taken round by round. Others may use
the machine too: compare the columns of one run, not two runs. `--write` keeps the tables and a chart in
`docs/benchmarks/`.
"""

import argparse
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from services.dev_server import end_with_us
from services.process import run
from services.records import RealClock
from services.records.clock import RecordClock
from services.worker import CACHED_TICKETS
from tests.bench import races, written
from tests.bench.compared import COLUMNS, Aim, Comparison
from tests.bench.deadlines import Lag
from tests.bench.races import A_LONG_TIME_SECONDS, OURS, RIVAL, Bursts, Crowd, Load, Start
from tests.bench.rounds import Spread
from tests.bench.starting import followthrough, polling, stamping_cluster
from tests.support.databases import Cluster, PostgresqlMissing

FOLDER = Path(__file__).parents[2] / "docs" / "benchmarks"
STOPPED = 130
"""Exit code after Ctrl-C or SIGTERM: its processes are ended first, as they are when it or its parent is killed."""
WIDE = 150
"""Columns, where there is no terminal to fit."""
MILLISECONDS = 1000
AT_LEAST_AS_MANY = Aim(bound=1, is_least=True)
A_FIFTH = Aim(bound=0.2, is_least=False)
TWICE = Aim(bound=2, is_least=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much of everything."""

    rounds: int
    calls: Mapping[int, int]
    """A round, by so many clients."""
    lag_rounds: int
    deadlines: int
    a_second: float
    loads: Sequence[Load]


FULL = Amount(
    rounds=4,
    calls={1: 150, 16: 400, 64: 800},
    lag_rounds=2,
    deadlines=150,
    a_second=20.0,
    loads=(
        Load(
            rounds=3,
            tickets=1_000,
            clients=16,
            calls=400,
            deadlines=80,
            a_second=20.0,
            preparing_seconds=36.0,
            rival_preparing_seconds=18.0,
        ),
        Load(
            rounds=1,
            tickets=10_000,
            clients=16,
            calls=400,
            deadlines=80,
            a_second=20.0,
            preparing_seconds=130.0,
            rival_preparing_seconds=35.0,
        ),
    ),
)
"""Of its twelve minutes two thirds are waits: for deadlines, and until Temporal knows of what was opened."""
QUICK = Amount(
    rounds=2,
    calls={1: 5, 4: 8},
    lag_rounds=1,
    deadlines=10,
    a_second=20.0,
    loads=(
        Load(
            rounds=1,
            tickets=20,
            clients=4,
            calls=10,
            deadlines=5,
            a_second=20.0,
            preparing_seconds=20.0,
            rival_preparing_seconds=14.0,
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Everything that one run found."""

    comparisons: Sequence[Comparison]
    bounds: Sequence[tuple[str, ...]]
    """What the rates were bounded by: rows of `BOUNDS`."""
    notes: Sequence[str]


BOUNDS = ("a call", "clients", "intake, ms", "the rival, ms", "PostgreSQL, ms: ours", "the rival's", "callers' share")


def main() -> None:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two minutes, to see that it runs: figures mean little")
    parser.add_argument("--write", action="store_true", help="keep tables and chart in docs/benchmarks")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to keep them instead")
    asked = parser.parse_args()
    if end_with_parent := end_with_us(signal.SIGTERM):
        end_with_parent()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    before = written.surroundings()
    console.print(before)
    began = time.monotonic()
    results: list[Found] = []

    async def work() -> None:
        results.append(await measure(QUICK if asked.quick else FULL, console=console))

    try:
        run(work)
    except PostgresqlMissing as missing:
        parser.exit(1, f"make bench: {missing}\n")
    if not results:
        parser.exit(STOPPED, "make bench: stopped, and nothing is written\n")
    (found,) = results
    _print(console, found)
    console.print(f"It took {(time.monotonic() - began) / 60:.1f} minutes.")
    if asked.write:
        written.write(asked.folder, before, tuple(tables(found)), found.notes, found.comparisons)


def _print(console: Console, found: Found) -> None:
    for title, columns, rows in tables(found):
        table = Table(*columns, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for note in found.notes:
        console.print(note)


def tables(found: Found) -> Iterator[tuple[str, Sequence[str], Sequence[tuple[str, ...]]]]:
    """Title, columns and rows of each."""
    yield "Followthrough beside a polling rival, on PostgreSQL", COLUMNS, [each.cells for each in found.comparisons]
    yield "What a call costs in processor time, and of a core by the busiest calling process", BOUNDS, found.bounds


def starts(clock: RecordClock) -> dict[str, Start]:
    """Start ours by that clock, and the rival by the only one it knows."""
    return {OURS: partial(followthrough, clock=clock), RIVAL: polling}


def _say(console: Console, comparisons: Sequence[Comparison]) -> None:
    """What is known already: the whole takes some twelve minutes."""
    for each in comparisons:
        console.print(", ".join(each.cells))


async def measure(amount: Amount, *, console: Console, clock: RecordClock | None = None) -> Found:
    """Run everything, one after the other."""
    both = starts(clock or RealClock())
    comparisons: list[Comparison] = []
    bounds: list[tuple[str, ...]] = []
    async with stamping_cluster() as server:
        with console.status("lags and rates"):
            late, bare = await few(server, both, amount, comparisons, bounds)
        _say(console, comparisons)
        notes = [_floor(late, bare)]
        for load in amount.loads:
            with console.status(f"{load.tickets:,} tickets open, and a storm of as many"):
                found = await races.crowds(server, both, load)
            comparisons += (compared := of_crowd(load, found))
            _say(console, compared)
            notes.append(_memory(load, found[OURS]))
    return Found(comparisons=comparisons, bounds=bounds, notes=notes)


async def few(
    server: Cluster,
    starts: Mapping[str, Start],
    amount: Amount,
    comparisons: list[Comparison],
    bounds: list[tuple[str, ...]],
) -> tuple[dict[str, list[Lag]], list[Lag]]:
    """With few tickets open."""
    async with AsyncExitStack() as started:
        sides = {
            name: await started.enter_async_context(start(server, A_LONG_TIME_SECONDS, 0.0))
            for name, start in starts.items()
        }
        late, bare = await races.lags(sides, count=amount.deadlines, a_second=amount.a_second, rounds=amount.lag_rounds)
        for clients, calls in amount.calls.items():
            found = await races.rates(sides, calls=calls, clients=clients, rounds=amount.rounds)
            comparisons += _of_rates(clients, found)
            bounds += _of_bounds(clients, found)
    p99 = {name: [MILLISECONDS * each.p99 for each in found] for name, found in late.items()}
    name = f"lag p99 at {amount.a_second:g} deadlines/s"
    comparisons.append(Comparison.of(name, "ms", p99[OURS], p99[RIVAL], A_FIFTH))
    return late, bare


def _of_rates(clients: int, found: Bursts) -> Iterator[Comparison]:
    many = "1 client" if clients == 1 else f"{clients} clients"
    for name, bursts in (("openings", found.openings), ("acknowledgements", found.acknowledgements)):
        rates = {side: [each.a_second for each in of_side] for side, of_side in bursts.items()}
        yield Comparison.of(f"{name}, {many}", "a second", rates[OURS], rates[RIVAL], AT_LEAST_AS_MANY)


def _of_bounds(clients: int, found: Bursts) -> Iterator[tuple[str, ...]]:
    for name, bursts in (("opening", found.openings), ("acknowledgement", found.acknowledgements)):
        own = (str(Spread.of([each.server_milliseconds for each in bursts[side]])) for side in (OURS, RIVAL))
        database = (str(Spread.of([each.database_milliseconds for each in bursts[side]])) for side in (OURS, RIVAL))
        share = max(each.callers_share for of_side in bursts.values() for each in of_side)
        yield (name, str(clients), *own, *database, f"at most {share:.2f}")


def of_crowd(load: Load, found: Mapping[str, Sequence[Crowd]]) -> list[Comparison]:
    """Compare what both came to with so many tickets open."""
    many = f"{load.tickets:,} open"
    openings, late, storms = (
        {name: [figure(each) for each in side] for name, side in found.items()} for figure in (_openings, _lag, _storm)
    )
    lag, storm = f"lag p99 at {load.a_second:g} deadlines/s, {many}", f"a storm of {load.tickets:,}, until the last"
    return [
        Comparison.of(
            f"openings, {load.clients} clients, {many}", "a second", openings[OURS], openings[RIVAL], AT_LEAST_AS_MANY
        ),
        Comparison.of(lag, "ms", late[OURS], late[RIVAL], A_FIFTH),
        Comparison.of(storm, "s", storms[OURS], storms[RIVAL], TWICE),
    ]


def _openings(found: Crowd) -> float:
    return found.openings


def _lag(found: Crowd) -> float:
    return MILLISECONDS * found.lag


def _storm(found: Crowd) -> float:
    return found.storm


def _floor(late: Mapping[str, Sequence[Lag]], bare: Sequence[Lag]) -> str:
    """Say what our lag cannot be under."""
    medians = {name: Spread.of([MILLISECONDS * each.median for each in side]) for name, side in late.items()}
    floor = [Spread.of([MILLISECONDS * getattr(each, figure) for each in bare]) for figure in ("median", "p99")]
    return (
        f"Lag, median: ours {medians[OURS]} ms, the rival's {medians[RIVAL]} ms, half its period. Our floor is "
        f"Temporal's: a bare workflow of one timer finds its instant passed by {floor[0]} ms, p99 {floor[1]} ms, and "
        "what we add is one settle."
    )


def _memory(load: Load, found: Sequence[Crowd]) -> str:
    """Say what open tickets cost the worker's process."""
    cached = min(load.tickets, CACHED_TICKETS) / 1000
    each = Spread.of([(crowd.worker_after - crowd.worker_before) / cached for crowd in found])
    after = Spread.of([crowd.worker_after for crowd in found])
    kept = "" if load.tickets <= CACHED_TICKETS else f", of which {CACHED_TICKETS:,} are kept in memory"
    return (
        f"A `followthrough worker` with {load.tickets:,} open tickets that are due within two hours{kept}: {after} MB "
        f"resident, {each} MB for each 1,000 that it keeps. It keeps nothing of those that are due later."
    )


if __name__ == "__main__":
    main()
