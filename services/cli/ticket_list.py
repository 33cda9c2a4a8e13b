"""Several tickets, a line each, with as many columns as the terminal has room for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from protos.followthrough.v1.ticket_pb2 import Promise, PromiseState, Ticket, TicketStatus
from services.cli import wording
from services.cli.promises_shown import BROKEN
from services.cli.ticket_shown import broken, broken_promises

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
    columns: Sequence[Column]

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


def oldest_first(tickets: Sequence[Ticket]) -> TicketList:
    """Tickets as they were opened."""
    deadline, marks = _deadline(tickets), _marks(tickets)
    columns = (REFERENCE, STATUS, *marks, deadline, PRIORITY, QUEUE, TIER, HANDLER, SUBJECT, TICKET_ID)
    return TicketList(tickets, columns)


def due_next(tickets: Sequence[Ticket], now: datetime | None, who: str) -> TicketList:
    """What is due next, with the wall-clock time that is left by the record's clock; the most pressing first.

    Of a ticket that others work on, or that is resolved, `who` owes what they promised the customer: that is due then.
    """

    def due(ticket: Ticket) -> Timestamp | None:
        return min((each.promise_time for each in _owed(ticket, who)), key=_instant, default=_next_deadline(ticket))

    def left(ticket: Ticket) -> str:
        return wording.until(at, now) if (at := due(ticket)) else ""

    promised = Column(title="you promised", cell=lambda ticket: ", ".join(_names(ticket, who)), rank=0)
    owed = [promised] if any(_owed(ticket, who) for ticket in tickets) else []
    left_of_it = Column(title="left", cell=left, rank=0)
    columns = (REFERENCE, left_of_it, *owed, *_marks(tickets), _deadline(tickets, due), STATUS_LAST)
    return TicketList(sorted(tickets, key=lambda ticket: _instant(due(ticket))), (*columns, *OTHERS))


def _owed(ticket: Ticket, who: str) -> Sequence[Promise]:
    """What that person promised its customer without having it among their work."""
    if ticket.handler == who and ticket.status != TicketStatus.TICKET_STATUS_RESOLVED:
        return ()
    return [each for each in ticket.promises if each.owner == who and each.state == PromiseState.PROMISE_STATE_OPEN]


def _names(ticket: Ticket, who: str) -> Sequence[str]:
    return [repr(each.name) for each in _owed(ticket, who)]


OTHERS = (PRIORITY, QUEUE, TIER, SUBJECT, TICKET_ID)


STATUS_LAST = Column(title=STATUS.title, cell=STATUS.cell, rank=3)
"""Of less interest where every ticket is somebody's work."""


def _next_deadline(ticket: Ticket) -> Timestamp | None:
    return ticket.deadline_time if ticket.HasField("deadline_time") else None


def _instant(at: Timestamp | None) -> datetime:
    """For order: what has none comes last."""
    return wording.at(at, UTC) if at else datetime.max.replace(tzinfo=UTC)


def _deadline(tickets: Sequence[Ticket], due: Callable[[Ticket], Timestamp | None] = _next_deadline) -> Column:
    """What is due, in the reader's zone: named once, or with each where summer time ends between them."""
    zones = {f"{wording.at(at):%Z}" for ticket in tickets if (at := due(ticket))}
    zone = f" ({''.join(zones)})" if len(zones) == 1 else ""
    form = "%Y-%m-%d %H:%M" if len(zones) <= 1 else "%Y-%m-%d %H:%M %Z"

    def said(ticket: Ticket) -> str:
        at = due(ticket)
        return f"{wording.at(at):{form}}" if at else ""

    return Column(title=f"deadline{zone}", cell=said, rank=0)


def _marks(tickets: Sequence[Ticket]) -> Sequence[Column]:
    """What went wrong, where anything did."""
    return [BROKEN_PROMISES] if any(map(_mark, tickets)) else []


def _mark(ticket: Ticket) -> str:
    """How much was not kept, of what it still tells of, and whether nobody is left to escalate to."""
    count = len(broken(ticket)) + len(broken_promises(ticket))
    ladder = ("ladder ended",) if ticket.HasField("reminding") else ()
    return ", ".join((*([f"{BROKEN} {count}"] if count else []), *ladder))


BROKEN_PROMISES = Column(title="promises", cell=_mark, rank=0)
