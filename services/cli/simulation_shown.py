"""What came of a simulation, for a terminal. Shows the tables that it is given; counts nothing."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli import wording
from services.simulation import report
from services.simulation.simulate import Simulation
from services.simulation.source import Source
from services.simulation.tables import Table as Told

PROBLEMS = 10
"""That are written out; all are counted."""


def of_simulation(simulation: Simulation, source: Source, *, flips: int) -> RenderableType:
    """What was read, how it was told again, and every table."""
    told = report.tables(simulation, source, flips=flips)
    return Group(*_beginning(simulation, source), *(part for table in told for part in _table(table)))


def _beginning(simulation: Simulation, source: Source) -> Iterator[RenderableType]:
    names = report.NAMES if len(simulation.runs) > 1 else ("",)
    for name, run in zip(names, simulation.runs, strict=False):
        yield wording.plain(f"{name} {run.label}: policy {run.policy.name}, version {run.version}".strip())
    yield wording.plain(
        f"{source.name}, {simulation.tickets} tickets, judged until {simulation.until:%Y-%m-%d %H:%M} UTC"
    )
    yield from (wording.plain(note) for note in source.notes)
    yield from (wording.plain(f"broken: {problem}") for problem in source.problems[:PROBLEMS])
    if len(source.problems) > PROBLEMS:
        yield Text(f"broken: and {len(source.problems) - PROBLEMS} more")


def _table(told: Told) -> Iterator[RenderableType]:
    yield Text(f"\n{told.title}", style="bold")
    if told.note:
        yield Text(told.note, style="dim")
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(told.columns):
        table.add_column(name, justify="left" if place < told.words else "right", overflow="fold")
    for row in told.rows:
        table.add_row(*map(wording.plain, row))
    yield table
