"""What a ticket's customer was promised, for a person: a table where there is room for one, else a few words each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from protos.followthrough.v1.ticket_pb2 import Promise, PromiseState
from services.cli import wording
from services.cli.tables import PIPED_WIDTH, headed

BROKEN = "BROKEN"
"""How what was not kept is marked: it must not be overlooked among what runs well."""


@dataclass(frozen=True, slots=True)
class Promises:
    """Every promise's latest run, in the order in which they were made."""

    promises: Sequence[Promise]
    now: datetime | None
    """The record's; none: it was not asked."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose by the width; nothing without promises."""
        if not self.promises:
            return
        rows = [self._row(promise) for promise in self.promises]
        table = headed("promise", "run", "kind", "owner", "state", "promised for", "due in")
        _fill(table, rows)
        is_room = Measurement.get(console, options.update(width=PIPED_WIDTH), table).maximum <= options.max_width
        yield table if is_room else Group(Text(""), *_in_words(rows))

    def _row(self, promise: Promise) -> "_Row":
        is_open = promise.state == PromiseState.PROMISE_STATE_OPEN
        return _Row(
            name=promise.name,
            run=str(promise.run),
            kind=wording.word(promise, "kind"),
            owner=promise.owner,
            state=_state(promise),
            promised_for=wording.instant(promise, "promise_time"),
            due_in=wording.until(promise.promise_time, self.now) if is_open else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What is said of one promise; nothing where nothing can be said."""

    name: str
    run: str
    kind: str
    owner: str
    state: str
    promised_for: str
    due_in: str


def _fill(table: Table, rows: Sequence[_Row]) -> None:
    for row in rows:
        cells = (row.name, row.run, row.kind, row.owner, row.state, row.promised_for, row.due_in)
        table.add_row(*(wording.plain(cell) for cell in cells))


def _in_words(rows: Sequence[_Row]) -> Iterator[RenderableType]:
    for row in rows:
        whose = f", {row.owner}'s to keep" if row.owner else ""
        yield wording.plain(f"promise {row.name!r} {row.run} ({row.kind}): {row.state}{whose}")
        yield _indented(row.promised_for)
        if row.due_in:
            yield _indented(row.due_in if row.due_in.endswith("late") else f"due in {row.due_in}")


def _state(promise: Promise) -> str:
    if promise.state != PromiseState.PROMISE_STATE_BROKEN:
        return wording.word(promise, "state")
    return f"{BROKEN}, done late {wording.instant(promise, 'keep_time')}" if promise.HasField("keep_time") else BROKEN


def _indented(text: str) -> Padding:
    return Padding(wording.plain(text), (0, 0, 0, 2), expand=False)
