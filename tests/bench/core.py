"""What the core does in a second: due instants, the judge, settles on both databases, and a storm of late tickets.

    python -m tests.bench.core [--quick]

Ratios are taken side by side in one run, turn by turn; a cell is the median of the rounds, with the least and the
greatest. Others use the machine too: compare the columns of one run, not two runs.
"""

import argparse
import asyncio
import gc
import sys
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

import uvloop
from rich.console import Console
from rich.table import Table

from tests.bench import due, late, lives, settles
from tests.bench.beside import DATABASES, fresh_record
from tests.bench.rounds import machine
from tests.support.databases import PostgresqlMissing, cluster

Found = TypeVar("Found")
TOLD = 3
"""Differences told of each desk; all are counted."""
WIDE = 150
"""Columns, where there is no terminal to fit."""
MANY = 16
"""Clients at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much of everything."""

    rounds: int
    weeks: tuple[date, ...]
    starts_apart: timedelta
    due_calculations: int
    """Of theirs, a round."""
    judge_calls: int
    settle_rounds: int
    settles: tuple[int, int]
    """A round, by one client and by many."""
    late: int

    @property
    def cases(self) -> list[due.Case]:
        """For due instants."""
        return due.cases(apart=self.starts_apart, weeks=self.weeks)


FULL = Amount(
    rounds=5,
    weeks=due.WEEKS,
    starts_apart=due.APART,
    due_calculations=1200,
    judge_calls=2000,
    settle_rounds=9,
    settles=(100, 200),
    late=10_000,
)
QUICK = Amount(
    rounds=3,
    weeks=due.WEEKS[::2],
    starts_apart=5 * due.APART,
    due_calculations=100,
    judge_calls=200,
    settle_rounds=3,
    settles=(15, 32),
    late=200,
)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a few seconds, to see that it runs: figures mean little")
    amount = QUICK if parser.parse_args().quick else FULL
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    console.print(machine())
    for part in (_due, _right, _judge, _settles, _late):
        for table in part(amount):
            console.print(table)


def _due(amount: Amount) -> Iterator[Table]:
    table = Table("desk", "cases", "ours", "businesstimedelta", "ratio", title="due instants a second")
    few = [at for at, _ in amount.cases[:: len(due.LENGTHS) * 5]]
    office = due.desks()[0]
    asked = [(desk, desk.name, amount.cases, amount.due_calculations) for desk in due.desks()]
    asked += [
        (office, f"{office.name}: {name}", [(at, length) for at in few], len(few))
        for name, length in (("4 hours", timedelta(hours=4)), ("half a year", due.HALF_A_YEAR))
    ]
    for desk, name, cases, calculations in asked:
        pace = _run(due.pace(desk, cases, rounds=amount.rounds, calculations=calculations))
        table.add_row(name, str(len(cases)), str(pace.ours), str(pace.theirs), str(pace.ratio))
    table.caption = f"the first by a calendar and year that nobody has read: {due.first_look(5 * amount.rounds)} ms"
    yield table


def _right(amount: Amount) -> Iterator[Table]:
    counts = Table("desk", "cases", "ours wrong", "businesstimedelta wrong", title="held against counted minutes")
    told = Table("desk", "start, UTC", "length", "ours", "businesstimedelta", "counted", title="where they differ")
    for desk in due.desks():
        found = due.compared(desk, amount.cases)
        counts.add_row(desk.name, str(found.asked), str(found.ours_wrong), str(found.theirs_wrong))
        for each in found.differences[:: max(len(found.differences) // TOLD, 1)][:TOLD]:
            instants = map(_minute, (each.ours, each.theirs, each.right))
            told.add_row(each.desk, _minute(each.start_at), str(each.length), *instants)
    yield counts
    yield told


def _judge(amount: Amount) -> Iterator[Table]:
    table = Table("life", "questions", "entries", "judge calls/s", "openings/s", title="the judge, on one core")
    questions: list[lives.Question] = []
    for life in lives.lives():
        questions += life.questions
        judged = lives.judged_per_second(life.questions, rounds=amount.rounds, calls=amount.judge_calls)
        opened = lives.openings_per_second(life, rounds=amount.rounds, calls=amount.judge_calls // 4)
        table.add_row(life.name, str(len(life.questions)), str(life.found), str(judged), str(opened))
    judged = lives.judged_per_second(questions, rounds=amount.rounds, calls=amount.judge_calls)
    table.add_row("all of them", str(len(questions)), "", str(judged), "")
    yield table


def _settles(amount: Amount) -> Iterator[Table]:
    table = Table(
        "record",
        "clients",
        "settle",
        "record/s",
        "bare/s",
        "ratio",
        "record, µs of processor",
        "bare, µs of processor",
        title="settles, beside the bare transactions of the same rows",
    )
    for database in DATABASES:
        try:
            for clients, paces in _run(_paces(database, amount)).items():
                for settle, pace in (("open", paces.opening), ("acknowledge", paces.acknowledging)):
                    figures = (pace.record, pace.bare, pace.ratio, pace.record_processor, pace.bare_processor)
                    table.add_row(database, str(clients), settle, *map(str, figures))
        except PostgresqlMissing as missing:
            table.add_row(database, "-", "-", str(missing))
    yield table


async def _paces(database: str, amount: Amount) -> dict[int, settles.Paces]:
    """By one client and by many, on one record."""
    async with fresh_record(database) as url:
        return {
            clients: await settles.measure(url, tickets=tickets, clients=clients, rounds=amount.settle_rounds)
            for clients, tickets in zip((1, MANY), amount.settles, strict=True)
        }


def _late(amount: Amount) -> Iterator[Table]:
    table = Table(
        "late tickets",
        "settled",
        "entries written",
        "seconds",
        "of which this process's processor",
        title="a batch settle of late tickets, on PostgreSQL",
    )
    try:
        with cluster(is_durable=True) as server:
            measured = _run(late.measure(server, tickets=amount.late, rounds=3))
        for name, figures in measured.items():
            counts = (f"{figures.settled:,}", f"{figures.found:,}")
            table.add_row(name, *counts, str(figures.seconds), str(figures.processor_seconds))
    except PostgresqlMissing as missing:
        table.add_row("-", "-", str(missing))
    yield table


def _minute(at: datetime) -> str:
    return f"{at:%a %F %H:%M}"


def _run(work: Coroutine[None, None, Found]) -> Found:
    """On the loop that the services run on, and with their garbage collector."""
    gc.freeze()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


if __name__ == "__main__":
    main()
