"""What is written to the terminal, and what happened to a ticket. Shows what it is given; asks nobody."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click
from google.protobuf.message import Message
from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from protos.followthrough.v1.event_pb2 import PolicyChanged, TicketEvent
from services.cli import wording
from services.money import in_words

PIPED_WIDTH = 1000
"""Columns when nobody's terminal is at the other end: nothing is folded for a `grep`."""

NARROW = 80
"""Columns below which the columns of a log would be torn into single letters."""
CLOCK_RUN = {"target", "run", "tier"}
"""Fields that together name a clock run."""
PROMISE_RUN = {"name", "run"}
"""Fields that together name a promise's run."""
AMOUNT = {"minor", "currency"}
"""Fields that together are an amount of money."""
UNSHOWN = {"tzdata", "policy_version", "late_after_seconds"}
"""Fields of events that `--json` tells: proof for an auditor, noise for a reader."""


def write(renderable: RenderableType, *, is_wide: bool = False) -> None:
    """Write to standard output; a wide one is not fitted to the terminal, what is piped ends without blanks."""
    console = Console(highlight=False)
    if console.is_terminal:
        Console(highlight=False, width=PIPED_WIDTH if is_wide else None).print(renderable)
        return
    piped = io.StringIO()
    Console(highlight=False, width=PIPED_WIDTH, file=piped).print(renderable)
    click.echo("\n".join(line.rstrip() for line in piped.getvalue().splitlines()))


@dataclass(frozen=True, slots=True)
class Events:
    """What happened to one ticket, a line each, in the order of its log; without columns where they have no room."""

    events: Sequence[TicketEvent]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose by the width."""
        if options.max_width < NARROW:
            yield from map(of_event, self.events)
            return
        table = headed("#", "effective at", "what", "who", "details")
        for event in self.events:
            table.add_row(*(wording.plain(cell) for cell in _event_row(event)))
        yield table


def of_event(event: TicketEvent) -> Text:
    """Show one event as a line of its own, as it comes."""
    number, at, what, who, details = _event_row(event)
    by = f" by {who}" if who else ""
    return wording.plain(f"{number:>4}  {at}  {what}{by}{': ' if details else ''}{details}")


def _event_row(event: TicketEvent) -> tuple[str, str, str, str, str]:
    kind = event.WhichOneof("event")
    details = ", ".join(_details(getattr(event, kind))) if kind else ""
    what = kind.replace("_", " ") if kind else "unknown to this version"
    return str(event.sequence), wording.instant(event, "effective_time"), what, event.actor, details


def _details(event: Message) -> Iterator[str]:
    """Say every field that is set, in the contract's own words; which clock run it is about goes first."""
    if isinstance(event, PolicyChanged):
        yield from _of_policy(event)
        return
    fields = {
        field.name: wording.value_of(field, value) for field, value in event.ListFields() if _is_shown(field.name)
    }
    if fields.keys() >= CLOCK_RUN:
        target, run, tier = (fields.pop(name) for name in ("target", "run", "tier"))
        yield f"{target} {run} of {tier}"
    if fields.keys() >= PROMISE_RUN:
        yield f"{fields.pop('name')!r} {fields.pop('run')}"
    if fields.keys() >= AMOUNT:
        yield in_words(int(fields.pop("minor")), fields.pop("currency"))
    for name, value in fields.items():
        yield f"{name.replace('_', ' ')}: {value}"


def _of_policy(event: PolicyChanged) -> Iterator[str]:
    """Say what is called otherwise, or is another, since the policy was changed; and why it was."""
    for name in ("policy_version", "tier", "priority"):
        before, now = getattr(event, f"from_{name}"), getattr(event, name)
        if before != now:
            yield f"{name.replace('_', ' ')}: {before} -> {now}"
    if event.from_policy_version == event.policy_version:
        yield "by newer zone rules"
    yield f"reason: {event.reason}"


def _is_shown(name: str) -> bool:
    return name not in UNSHOWN


def headed(*columns: str) -> Table:
    """Begin a table with these columns."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
