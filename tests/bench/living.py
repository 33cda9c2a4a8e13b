"""What a ticket's ordinary life comes to: messages and the rule behind each, lines, rows, events in Temporal.

    python -m tests.bench.living [--write]

Each life is played through everything on SQLite and on PostgreSQL, which must leave the same. Counts, no timings: every
run of one release prints the same. `--write` keeps the tables in `docs/benchmarks/life.md`.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table

from services.words.kinds import Side
from tests.bench import written
from tests.bench.beside import DATABASES, fresh_record
from tests.bench.left import Left, play
from tests.bench.ordinary import LIVES
from tests.bench.played import Life
from tests.bench.reasons import place_of, rule_of
from tests.support.databases import PostgresqlMissing
from tests.support.temporal import SKIPPING, dev_server
from workflows.domain.ticket.words import Audience

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks" / "life.md"
WIDE = 150
"""Columns, where there is no terminal to fit."""
MESSAGES = "Messages, and the rule that caused each"
LEAVES = "What a life leaves"

Found = Mapping[str, Left]
"""What each life left, by its name."""


async def measure(databases: Sequence[str] = DATABASES, lives: Sequence[Life] = LIVES) -> Found:
    """Play each life on each database, one after the other; raises `PostgresqlMissing`."""
    with dev_server(*SKIPPING) as temporal:
        by_database = []
        for kind in databases:
            async with fresh_record(kind) as url:
                by_database.append({life.name: await play(url, temporal, life) for life in lives})
    first, *others = by_database
    for name, left in first.items():
        if any(other[name] != left for other in others):
            raise AssertionError(f"{name!r} leaves not the same on {databases}: {[each[name] for each in by_database]}")
    return first


def messages(found: Found) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """Columns and rows: each kind of message to each audience, its rule, and how many in each life."""
    told = sorted({each for left in found.values() for each in left.messages}, key=_in_a_lifes_order)
    rows = [
        (
            kind,
            audience.value,
            rule_of(kind, audience),
            *_numbers(left.messages.get((kind, audience), 0) for left in found.values()),
        )
        for kind, audience in told
    ]
    for side, name in ((Side.CUSTOMER, "to the customer"), (Side.DESK, "to the desk")):
        rows.append((name, "", "", *(str(_told(left, side)) for left in found.values())))
    return ("message", "to", "rule", *found), rows


def leaves(found: Found) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """Columns and rows: tickets, lines of the log, rows by table, events by kind."""
    rows = [("tickets", *(str(left.tickets) for left in found.values()))]
    tables = sorted({table for left in found.values() for table in left.rows})
    rows += [(f"rows of `{name}`", *_numbers(left.rows.get(name, 0) for left in found.values())) for name in tables]
    rows.append(("rows in all", *(str(sum(left.rows.values())) for left in found.values())))
    for name, kind in (
        ("timers that fired", "TimerFired"),
        ("timers cancelled", "TimerCanceled"),
        ("wake-up calls", "WorkflowExecutionSignaled"),
        ("settles", "MarkerRecorded"),
    ):
        rows.append((f"Temporal: {name}", *_numbers(left.history.get(kind, 0) for left in found.values())))
    rows.append(("Temporal: events in all", *(str(sum(left.history.values())) for left in found.values())))
    rows.append(
        ("Temporal: events of announcements", *_numbers(sum(left.announcing.values()) for left in found.values()))
    )
    return ("what", *found), rows


def _in_a_lifes_order(told: tuple[str, Audience]) -> tuple[int, str]:
    kind, audience = told
    return place_of(kind, audience), audience.value


def _told(left: Left, side: Side) -> int:
    return sum(number for (_, audience), number in left.messages.items() if Side.of(audience) is side)


def _numbers(numbers: Iterable[int]) -> Iterator[str]:
    yield from (str(number or "") for number in numbers)


def page(found: Found) -> str:
    """All of it as a page."""
    parts = [TOLD, *(f"- **{life.name}**: {life.told}\n" for life in LIVES)]
    for title, (columns, rows) in ((MESSAGES, messages(found)), (LEAVES, leaves(found))):
        parts += [f"\n## {title}\n\n", *written.table(columns, rows)]
    return "".join((*parts, HOW))


TOLD = """# What a ticket's ordinary life comes to

Written by `make bench-life WRITE=1`, not by hand. Seven lives, each played through everything: calls by gRPC, a record
(SQLite and PostgreSQL leave the same), and a Temporal server whose workflows are forwarded from one wake-up to the
next. These are counts: every run of one release comes to the same, on any machine. The desk works in London from 8:00
to 18:00; each ticket is opened on a Monday at 9:00, with three hours to take it on, four between two pieces of news,
nine for the tier and 27 for the customer's solution, and a warning at three quarters of each.

"""
HOW = """
## How to read it

- A **message** is owed to one recipient, and sent once; who is two audiences at once gets one. Its rule is one of
  [these](../rules.md), by kind of message and side in `tests/bench/reasons.py`.
- **Rows** are those that are there in the end. Of them `replies` go after 30 days, and messages of `outbox` some time
  after they were sent; `total_deltas` are folded into totals within seconds. A policy's row is all its tickets', and is
  left out.
- Promises have no workflow and no timer of their own: the ticket's one timer wakes for whatever is due first. A
  call-back costs a call to Temporal where its warning is due before all else, and two more wake-ups: at the warning,
  and at its own instant, kept or broken.
- **Events of Temporal** are those of a server as it ships: what forwarding adds is left out. An announcement has a
  workflow of its own, one for all of its tickets: its events are here of an update and of a fix.
"""


def main() -> None:
    """Print the tables, and write them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="keep the tables in docs/benchmarks")
    asked = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    with console.status("live"), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            found = runner.run(measure())
        except PostgresqlMissing as missing:
            parser.exit(1, f"make bench-life: {missing}\n")
    for title, (columns, rows) in ((MESSAGES, messages(found)), (LEAVES, leaves(found))):
        table = Table(*columns, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for life in LIVES:
        console.print(f"{life.name}: {life.told}")
    if asked.write:
        PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
