"""What callers and customers notice: rates through gRPC, when a ticket's timer runs, how late a deadline is found.

    python -m tests.bench.smoke [--quick]

Everything is measured beside the least that it could cost on this machine, in turns, in one run: bare Temporal
workflows of one timer, and a plain gRPC server that inserts one row. A cell is the median of the rounds, with the least
and the greatest. Others use the machine too: compare the columns of one run, not two runs.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench import deadlines, rates
from tests.bench.beside import DATABASES, fresh_record
from tests.bench.deadlines import Lag
from tests.bench.rounds import machine
from tests.support.databases import PostgresqlMissing

WIDE = 150
"""Columns, where there is no terminal to fit."""
MILLISECONDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much of everything."""

    rounds: int
    calls: int
    """A round, of each kind."""
    clients: tuple[int, ...]
    followed: int
    """Tickets opened at once, until the last has its workflow."""
    deadlines: int
    a_second: float
    storm: int
    preparing_seconds: float
    """Between the start of a storm's process and its deadlines, at least."""


FULL = Amount(
    rounds=5,
    calls=200,
    clients=(1, 16),
    followed=1000,
    deadlines=400,
    a_second=20.0,
    storm=1000,
    preparing_seconds=45.0,
)
QUICK = Amount(
    rounds=2, calls=10, clients=(1, 4), followed=20, deadlines=10, a_second=10.0, storm=20, preparing_seconds=8.0
)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two minutes, to see that it runs: figures mean little")
    amount = QUICK if parser.parse_args().quick else FULL
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    console.print(machine())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_print(console, amount))


async def _print(console: Console, amount: Amount) -> None:
    for kind in DATABASES:
        try:
            async for table in _of_database(console, kind, amount):
                console.print(table)
        except PostgresqlMissing as missing:
            console.print(f"{kind}: {missing}")
    with console.status("bare timers"):
        bare = await deadlines.bare(deadlines=amount.deadlines, a_second=amount.a_second)
    console.print(_lags("bare Temporal timers", [(f"{amount.a_second:g} deadlines a second", bare)]))


async def _of_database(console: Console, kind: str, amount: Amount) -> AsyncIterator[Table]:
    async with fresh_record(kind) as url, rates.ours(url) as our:
        with console.status(f"{kind}: rates"):
            measured = await rates.rates(our, kind, clients=amount.clients, calls=amount.calls, rounds=amount.rounds)
        for each in measured:
            yield _rates(kind, each)
        with console.status(f"{kind}: {amount.followed:,} tickets until the last one runs"):
            followed = await rates.followed(our, tickets=amount.followed, clients=max(amount.clients))
            events = await rates.events(our)
    table = Table(title=f"{kind}: what Temporal is told")
    for name in ("tickets at once", "opened, s", "all run, s", "events: opened", "later", "earlier"):
        table.add_column(name)
    seconds = (f"{followed.opening_seconds:.1f}", f"{followed.running_seconds:.1f}")
    table.add_row(f"{followed.tickets:,}", *seconds, str(events.opened), str(events.later), str(events.earlier))
    yield table
    lags: list[tuple[str, Lag]] = []
    with console.status(f"{kind}: {amount.a_second:g} deadlines a second"):
        paced = await deadlines.paced(kind, deadlines=amount.deadlines, a_second=amount.a_second)
    lags.append((f"{amount.a_second:g} deadlines a second", paced))
    for name, has_keeper in (("workflows alone", False), ("with the keeper", True)):
        with console.status(f"{kind}: a storm, {name}"):
            lag = await deadlines.storm(
                kind, tickets=amount.storm, has_keeper=has_keeper, preparing_seconds=amount.preparing_seconds
            )
        lags.append((f"{amount.storm:,} at one instant, {name}", lag))
    yield _lags(kind, lags)


def _rates(kind: str, found: rates.Rates) -> Table:
    table = Table("a second", "rate", "over bare starts", "over plain rows", title=f"{kind}, {found.clients} clients")
    table.add_row("openings", str(found.openings), str(found.openings_to_starts), str(found.openings_to_rows))
    table.add_row(
        "acknowledgements",
        str(found.acknowledgements),
        str(found.acknowledgements_to_starts),
        str(found.acknowledgements_to_rows),
    )
    table.add_row("bare workflow starts", str(found.starts))
    table.add_row("plain rows", str(found.rows))
    return table


def _lags(title: str, lags: list[tuple[str, Lag]]) -> Table:
    table = Table("deadlines found late by, ms", "counted", "median", "p99", "greatest", title=title)
    for name, lag in lags:
        figures = (f"{MILLISECONDS * each:,.0f}" for each in (lag.median, lag.p99, lag.greatest))
        table.add_row(name, f"{lag.deadlines:,}", *figures)
    return table


if __name__ == "__main__":
    main()
