"""Several tickets, a line each, with as many columns as the terminal has room for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from protos.followthrough.v1.ticket_pb2 import Ticket
from services.cli import wording

GAP = 3
"""Characters between two columns."""
EDGES = 2
"""Characters around them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One of a list of tickets."""

    title: str
    cell: Callable[[Ticket], str]
    rank: int
    """The higher, the sooner it is left out where the terminal is too narrow; 0 never is."""


REFERENCE = Column(title="reference", cell=lambda ticket: ticket.reference, rank=0)
STATUS = Column(title="status", cell=lambda ticket: wording.word(ticket, "status").partition(" on ")[0], rank=0)
DEADLINE = Column(title="next deadline", cell=lambda ticket: wording.short_instant(ticket, "deadline_time"), rank=0)
PRIORITY = Column(title="priority", cell=lambda ticket: ticket.priority, rank=2)
QUEUE = Column(title="queue", cell=lambda ticket: ticket.queue, rank=4)
TIER = Column(title="tier", cell=lambda ticket: ticket.tier, rank=1)
HANDLER = Column(title="handler", cell=lambda ticket: ticket.handler, rank=3)
SUBJECT = Column(title="subject", cell=lambda ticket: ticket.subject, rank=0)
TICKET_ID = Column(title="ticket id", cell=lambda ticket: ticket.ticket_id, rank=5)

SUBJECT_WIDTH = 15
"""Of a subject at least so much is shown; what is longer is cut where the terminal ends."""


@dataclass(frozen=True, slots=True)
class TicketList:
    """A line a ticket."""

    tickets: Sequence[Ticket]
    columns: Sequence[Column] = (REFERENCE, STATUS, DEADLINE, PRIORITY, QUEUE, TIER, HANDLER, SUBJECT, TICKET_ID)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose the columns, and give the subject what the others leave."""
        width = options.max_width - EDGES
        columns = self._chosen(width)
        others = sum(self._width(column) + GAP for column in columns if column is not SUBJECT)
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            longest = max(width - others, 1) if column is SUBJECT else None
            table.add_column(column.title, no_wrap=True, overflow="ellipsis", max_width=longest)
        for ticket in self.tickets:
            table.add_row(*(wording.plain(column.cell(ticket)) for column in columns))
        yield table

    def _chosen(self, width: int) -> Sequence[Column]:
        """Leave out by rank until the rest has room."""
        chosen = list(self.columns)
        for column in sorted(self.columns, key=lambda column: column.rank, reverse=True):
            if column.rank and sum(self._width(each) + GAP for each in chosen) - GAP > width:
                chosen.remove(column)
        return chosen

    def _width(self, column: Column) -> int:
        longest = max((cell_len(column.cell(ticket)) for ticket in self.tickets), default=0)
        return max(cell_len(column.title), min(longest, SUBJECT_WIDTH) if column is SUBJECT else longest)


def due_next(tickets: Sequence[Ticket], now: datetime | None) -> TicketList:
    """What is due next, with the wall-clock time that is left by the record's clock."""
    left = Column(title="left", cell=lambda ticket: _left(ticket, now), rank=0)
    return TicketList(tickets, (REFERENCE, left, DEADLINE, STATUS_LAST, PRIORITY, QUEUE, TIER, SUBJECT, TICKET_ID))


STATUS_LAST = Column(title=STATUS.title, cell=STATUS.cell, rank=3)
"""Of less interest where every ticket is somebody's work."""


def _left(ticket: Ticket, now: datetime | None) -> str:
    if now is None or not ticket.HasField("deadline_time"):
        return ""
    minutes, _ = divmod(round((wording.at(ticket.deadline_time) - now) / wording.SECOND), 60)
    said = wording.seconds(abs(minutes) * 60)
    return f"{said} late" if minutes < 0 else said if minutes else "now"
