"""One ticket, and what happened to it, for a person. Shows what it is given; asks nobody, decides nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from google.protobuf.message import Message
from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.ticket_pb2 import Clock, Ticket
from services.cli import wording

PIPED_WIDTH = 1000
"""Columns when nobody's terminal is at the other end: nothing is folded for a `grep`."""

CLOCK_RUN = {"target", "run", "tier"}
"""Fields that together name a clock run."""
UNSHOWN = {"tzdata", "policy_version", "late_after_seconds"}
"""Fields of events that `--json` tells: proof for an auditor, noise for a reader."""


def write(renderable: RenderableType, *, is_wide: bool = False) -> None:
    """Write to standard output; a wide one is not fitted to the terminal."""
    console = Console(highlight=False)
    if is_wide or not console.is_terminal:
        console = Console(highlight=False, width=PIPED_WIDTH)
    console.print(renderable)


def of_ticket(ticket: Ticket) -> RenderableType:
    """One ticket: what a person decides on, then its clocks."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(ticket):
        if value:
            facts.add_row(name, wording.plain(value))
    return Group(facts, Clocks(ticket.clocks))


@dataclass(frozen=True, slots=True)
class Clocks:
    """A ticket's clocks: a table where there is room for one, else a few words each."""

    clocks: Sequence[Clock]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose by the width."""
        table = self._table()
        is_room = Measurement.get(console, options.update(width=PIPED_WIDTH), table).maximum <= options.max_width
        yield table if is_room else Group(Text(""), *self._words())

    def _table(self) -> Table:
        clocks = _table("clock", "run", "tier", "state", "allowed", "spent", "deadline")
        for clock in self.clocks:
            clocks.add_row(
                wording.plain(wording.word(clock, "target")),
                str(clock.run),
                wording.plain(clock.tier),
                wording.plain(_state(clock)),
                wording.length(clock.length),
                wording.length(clock.spent),
                wording.instant(clock, "deadline_time"),
            )
        return clocks

    def _words(self) -> Iterator[RenderableType]:
        for clock in self.clocks:
            yield wording.plain(f"{wording.word(clock, 'target')} {clock.run} of {clock.tier}: {_state(clock)}")
            yield Padding(
                f"{wording.length(clock.spent)} spent of {wording.length(clock.length)}", (0, 0, 0, 2), expand=False
            )
            if clock.HasField("deadline_time"):
                yield Padding(wording.instant(clock, "deadline_time"), (0, 0, 0, 2), expand=False)


def of_events(events: Sequence[TicketEvent]) -> RenderableType:
    """Show what happened to one ticket, a line each, in the order of its log."""
    table = _table("#", "effective at", "what", "who", "details")
    for event in events:
        table.add_row(*(wording.plain(cell) for cell in _event_row(event)))
    return table


def of_event(event: TicketEvent) -> RenderableType:
    """Show one event as a line of its own, as it comes."""
    number, at, what, who, details = _event_row(event)
    by = f" by {who}" if who else ""
    return wording.plain(f"{number:>4}  {at}  {what}{by}{': ' if details else ''}{details}")


def _event_row(event: TicketEvent) -> tuple[str, str, str, str, str]:
    kind = event.WhichOneof("event")
    details = ", ".join(_details(getattr(event, kind))) if kind else ""
    what = kind.replace("_", " ") if kind else "unknown to this version"
    return str(event.sequence), wording.instant(event, "effective_time"), what, event.actor, details


def _facts(ticket: Ticket) -> Iterator[tuple[str, str]]:
    is_reminding = ticket.HasField("reminding")
    yield "reference", ticket.reference
    yield "ticket id", ticket.ticket_id
    yield "status", wording.word(ticket, "status") if ticket.status else ""
    yield "subject", ticket.subject
    yield "customer", wording.customer(ticket.customer)
    yield "priority", f"{ticket.priority}, queue {ticket.queue}, policy {ticket.policy} {ticket.policy_version}"
    yield "tier", ticket.tier
    yield "handler", ticket.handler
    yield "owner", ticket.owner
    yield "opened", wording.instant(ticket, "open_time")
    yield "next deadline", wording.instant(ticket, "deadline_time")
    yield "news promised for", wording.instant(ticket, "next_news_time")
    yield "asked", wording.instant(ticket.waiting, "question_time") if ticket.HasField("waiting") else ""
    yield "last resort", f"told again {wording.instant(ticket.reminding, 'next_time')}" if is_reminding else ""
    yield "outcome", wording.word(ticket.resolution, "outcome") if ticket.HasField("resolution") else ""
    yield "closed", wording.instant(ticket, "close_time")
    yield "version", str(ticket.version or "")


def _state(clock: Clock) -> str:
    state = wording.word(clock, "state")
    return f"{state}: {wording.word(clock, 'pause')}" if clock.pause else state


def _details(event: Message) -> Iterator[str]:
    """Say every field that is set, in the contract's own words; which clock run it is about goes first."""
    fields = {
        field.name: wording.value_of(field, value) for field, value in event.ListFields() if _is_shown(field.name)
    }
    if fields.keys() >= CLOCK_RUN:
        target, run, tier = (fields.pop(name) for name in ("target", "run", "tier"))
        yield f"{target} {run} of {tier}"
    for name, value in fields.items():
        yield f"{name.replace('_', ' ')}: {value}"


def _is_shown(name: str) -> bool:
    return name not in UNSHOWN


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
