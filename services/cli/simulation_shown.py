"""What came of a simulation, for a terminal. Shows the tables that it is given; counts nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from services.cli import wording
from services.simulation import report
from services.simulation.simulate import Simulation
from services.simulation.source import Source
from services.simulation.tables import Table as Told

PROBLEMS = 10
"""Of each sort that are written out; all are counted."""
NARROW = 100
"""Columns up to which every one is needed."""
LONGEST_WORD = 20
"""Characters; a longer one may be torn."""


def of_simulation(simulation: Simulation, source: Source, *, flips: int) -> RenderableType:
    """What was read, how it was told again, and every table."""
    told = report.tables(simulation, source, flips=flips)
    return Group(*_beginning(simulation, source), *map(_Table, told))


def _beginning(simulation: Simulation, source: Source) -> Iterator[RenderableType]:
    names = report.NAMES if len(simulation.runs) > 1 else ("",)
    for name, run in zip(names, simulation.runs, strict=False):
        yield wording.plain(f"{name} {run.label}: policy {run.policy.name}, version {run.version}".strip())
    yield wording.plain(
        f"{source.name}, {simulation.tickets} tickets, judged until {simulation.until:%Y-%m-%d %H:%M} UTC"
    )
    yield from (wording.plain(note) for note in source.notes)
    for what, lines in (("broken", source.problems), ("left out", source.left_out)):
        yield from (wording.plain(f"{what}: {line}") for line in lines[:PROBLEMS])
        if len(lines) > PROBLEMS:
            yield Text(f"{what}: and {len(lines) - PROBLEMS} more")


@dataclass(frozen=True, slots=True)
class _Table:
    """A table under its title; its columns close up where the terminal is narrow, and no word is torn."""

    told: Told

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose by the width."""
        yield Text(f"\n{self.told.title}", style="bold")
        if self.told.note:
            yield Text(self.told.note, style="dim")
        gap = 1 if options.max_width > NARROW else 0
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap))
        for place, name in enumerate(self.told.columns):
            is_a_word = all(" " not in row[place] and len(row[place]) <= LONGEST_WORD for row in self.told.rows)
            justify: JustifyMethod = "left" if place < self.told.words else "right"
            header = name if gap else re.sub(r"^([AB]) (?=[a-z])", r"\1\n", name)
            table.add_column(header, justify=justify, overflow="fold", no_wrap=is_a_word)
        for row in self.told.rows:
            table.add_row(*map(wording.plain, row))
        yield table
