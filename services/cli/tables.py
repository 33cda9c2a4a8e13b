"""Tickets and their logs as tables for a person. Shows what it is given; asks nobody, decides nothing.

Instants are shown in the zone of the reader's terminal. Customers' words are shown as they are, less what would
steer the terminal.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.ticket_pb2 import Clock, Customer, Ticket

PIPED_WIDTH = 1000
"""Columns when nobody's terminal is at the other end: nothing is folded for a `grep`."""

GAP = 3
"""Characters between two columns."""
EDGES = 2
"""Characters around them all."""

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
    facts.add_column(style="dim")
    facts.add_column()
    for name, value in _facts(ticket):
        if value:
            facts.add_row(name, _plain(value))
    clocks = _table("clock", "run", "tier", "state", "allowed", "spent", "deadline")
    for clock in ticket.clocks:
        clocks.add_row(*(_plain(cell) for cell in _clock_row(clock)))
    return Group(facts, clocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One of a list of tickets."""

    title: str
    cell: Callable[[Ticket], str]
    rank: int
    """The higher, the sooner it is left out where the terminal is too narrow; 0 never is."""


SUBJECT = Column(title="subject", cell=lambda ticket: ticket.subject, rank=0)
COLUMNS = (
    Column(title="reference", cell=lambda ticket: ticket.reference, rank=0),
    Column(title="status", cell=lambda ticket: _word(ticket, "status").partition(" on ")[0], rank=0),
    Column(title="next deadline", cell=lambda ticket: _short_instant(ticket, "deadline_time"), rank=0),
    Column(title="priority", cell=lambda ticket: ticket.priority, rank=2),
    Column(title="queue", cell=lambda ticket: ticket.queue, rank=4),
    Column(title="tier", cell=lambda ticket: ticket.tier, rank=1),
    Column(title="handler", cell=lambda ticket: ticket.handler, rank=3),
    SUBJECT,
    Column(title="ticket id", cell=lambda ticket: ticket.ticket_id, rank=5),
)
SUBJECT_WIDTH = 15
"""Of a subject at least so much is shown; what is longer is cut where the terminal ends."""


@dataclass(frozen=True, slots=True)
class TicketList:
    """Several tickets, a line each, with as many columns as there is room for."""

    tickets: Sequence[Ticket]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose the columns, and give the subject what the others leave."""
        width = options.max_width - EDGES
        columns = self._columns(width)
        others = sum(self._width(column) + GAP for column in columns if column is not SUBJECT)
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            longest = max(width - others, 1) if column is SUBJECT else None
            table.add_column(column.title, no_wrap=True, overflow="ellipsis", max_width=longest)
        for ticket in self.tickets:
            table.add_row(*(_plain(column.cell(ticket)) for column in columns))
        yield table

    def _columns(self, width: int) -> Sequence[Column]:
        """Leave out by rank until the rest has room."""
        chosen = list(COLUMNS)
        for column in sorted(COLUMNS, key=lambda column: column.rank, reverse=True):
            if column.rank and sum(self._width(each) + GAP for each in chosen) - GAP > width:
                chosen.remove(column)
        return chosen

    def _width(self, column: Column) -> int:
        longest = max((cell_len(column.cell(ticket)) for ticket in self.tickets), default=0)
        return max(cell_len(column.title), min(longest, SUBJECT_WIDTH) if column is SUBJECT else longest)


def of_events(events: Sequence[TicketEvent]) -> RenderableType:
    """Show what happened to one ticket, a line each, in the order of its log."""
    table = _table("#", "effective at", "what", "who", "details")
    for event in events:
        kind = event.WhichOneof("event")
        details = ", ".join(_details(getattr(event, kind))) if kind else ""
        what = kind.replace("_", " ") if kind else "unknown to this version"
        row = (str(event.sequence), _instant(event, "effective_time"), what, event.actor, details)
        table.add_row(*(_plain(cell) for cell in row))
    return table


def _facts(ticket: Ticket) -> Iterator[tuple[str, str]]:
    yield "reference", ticket.reference
    yield "ticket id", ticket.ticket_id
    yield "status", _word(ticket, "status") if ticket.status else ""
    yield "subject", ticket.subject
    yield "customer", _customer(ticket.customer)
    yield "priority", f"{ticket.priority}, queue {ticket.queue}, policy {ticket.policy} {ticket.policy_version}"
    yield "tier", ticket.tier
    yield "handler", ticket.handler
    yield "owner", ticket.owner
    yield "opened", _instant(ticket, "open_time")
    yield "next deadline", _instant(ticket, "deadline_time")
    yield "news promised for", _instant(ticket, "next_news_time")
    yield "asked", _instant(ticket.waiting, "question_time") if ticket.HasField("waiting") else ""
    yield "last resort", f"told again {_instant(ticket.reminding, 'next_time')}" if ticket.HasField("reminding") else ""
    yield "outcome", _word(ticket.resolution, "outcome") if ticket.HasField("resolution") else ""
    yield "closed", _instant(ticket, "close_time")
    yield "version", str(ticket.version or "")


def _clock_row(clock: Clock) -> tuple[str, ...]:
    state = _word(clock, "state")
    return (
        _word(clock, "target"),
        str(clock.run),
        clock.tier,
        f"{state}: {_word(clock, 'pause')}" if clock.pause else state,
        _length(clock.length),
        _length(clock.spent),
        _instant(clock, "deadline_time"),
    )


def _details(event: Message) -> Iterator[str]:
    """Say every field that is set, in the contract's own words; which clock run it is about goes first."""
    fields = {field.name: _value(field, value) for field, value in event.ListFields() if field.name not in UNSHOWN}
    if fields.keys() >= CLOCK_RUN:
        target, run, tier = (fields.pop(name) for name in ("target", "run", "tier"))
        yield f"{target} {run} of {tier}"
    for name, value in fields.items():
        yield f"{name.replace('_', ' ')}: {value}"


def _value(field: FieldDescriptor, value: object) -> str:
    if field.is_repeated:
        return " + ".join(_single(field, item) for item in cast(Sequence[object], value))
    return _single(field, value)


def _single(field: FieldDescriptor, value: object) -> str:
    match value:
        case Timestamp():
            return _local(value)
        case Duration():
            return _length(value)
        case Customer():
            return _customer(value)
        case bool():
            return "yes" if value else "no"
        case int() if field.enum_type is not None:
            return _enum_word(field.enum_type, value)
        case _:
            return str(value)


def _word(message: Message, name: str) -> str:
    """Read an enum's value as a word: `TICKET_STATUS_IN_PROGRESS` is `in progress`."""
    kind = message.DESCRIPTOR.fields_by_name[name].enum_type
    if kind is None:
        raise TypeError(f"{name!r} is no enum")
    return _enum_word(cast(EnumDescriptor, kind), getattr(message, name))


def _enum_word(kind: EnumDescriptor, number: int) -> str:
    known = kind.values_by_number.get(number)
    if known is None:
        return f"unknown to this version ({number})"
    prefix = kind.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return known.name.removeprefix(prefix).lower().replace("_", " ")


def _customer(customer: Customer) -> str:
    return f"{customer.display_name} ({customer.external_id}), {customer.language}, {customer.zone}"


def _instant(message: Message, name: str) -> str:
    return _local(getattr(message, name)) if message.HasField(name) else ""


def _local(timestamp: Timestamp) -> str:
    at: datetime = timestamp.ToDatetime().replace(tzinfo=UTC).astimezone()
    return f"{at:%a %d %b %Y %H:%M:%S %Z}"


def _short_instant(message: Message, name: str) -> str:
    """To the minute, in the reader's zone, as the long form is."""
    if not message.HasField(name):
        return ""
    timestamp: Timestamp = getattr(message, name)
    return f"{timestamp.ToDatetime().replace(tzinfo=UTC).astimezone():%Y-%m-%d %H:%M}"


def _length(duration: Duration) -> str:
    minutes, seconds = divmod(round(duration.ToTimedelta() / timedelta(seconds=1)), 60)
    parts = ((minutes // 60, "h"), (minutes % 60, "min"), (seconds, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0"


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _plain(text: str) -> Text:
    """Keep a customer's words from steering the terminal."""
    return Text("".join(char if char.isprintable() else " " for char in text))
