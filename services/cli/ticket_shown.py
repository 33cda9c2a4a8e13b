"""One ticket for a person: what they decide on, then its clocks. Shows what it is given; asks nobody, counts no time.

What a running clock has spent is the ledger's figure, as of the record's now; without a ledger, the ticket's own, and
up to when it was counted. To the second, rounded down, as the ledger's own page is.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from protos.followthrough.v1.ledger_pb2 import ClockLedger
from protos.followthrough.v1.ticket_pb2 import Clock, ClockState, Ticket
from services.cli import wording
from services.cli.tables import PIPED_WIDTH, headed

BROKEN = "BROKEN"
"""How a promise that was not kept is marked: it must not be overlooked among what runs well."""
LIVE = {ClockState.CLOCK_STATE_RUNNING, ClockState.CLOCK_STATE_PAUSED}
"""The states of a clock that has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """What the record told of a ticket's clocks, beside the ticket."""

    now: datetime | None = None
    """The record's; none: it was not asked, or gave no answer."""
    ledgers: Mapping[tuple[int, int], ClockLedger] = field(default_factory=dict)
    """Of every run, by target and run."""


def of_ticket(ticket: Ticket, as_of: AsOf) -> RenderableType:
    """One ticket: what a person decides on, then its clocks."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(ticket, as_of):
        if value:
            facts.add_row(name, wording.plain(value))
    return Group(facts, Clocks([_Row.of(clock, as_of) for clock in ticket.clocks]))


@dataclass(frozen=True, slots=True)
class Clocks:
    """A ticket's clocks: a table where there is room for one, else a few words each."""

    rows: "list[_Row]"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Choose by the width."""
        table = self._table()
        is_room = Measurement.get(console, options.update(width=PIPED_WIDTH), table).maximum <= options.max_width
        yield table if is_room else Group(Text(""), *self._words())

    def _table(self) -> Table:
        clocks = headed("clock", "run", "tier", "state", "spent", "left", "deadline", "due in")
        for row in self.rows:
            cells = (row.target, row.run, row.tier, row.state, row.spent, row.left, row.deadline, row.due_in)
            clocks.add_row(*(wording.plain(cell) for cell in cells))
        return clocks

    def _words(self) -> Iterator[RenderableType]:
        for row in self.rows:
            yield wording.plain(f"{row.target} {row.run} of {row.tier}: {row.state}")
            left = f", {row.left} left" if row.left else ""
            yield _indented(f"spent {row.spent}{left}")
            if row.deadline:
                yield _indented(row.deadline)
            if row.due_in:
                yield _indented(row.due_in if row.due_in.endswith("late") else f"due in {row.due_in}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What is said of one clock; nothing where nothing can be said."""

    target: str
    run: str
    tier: str
    state: str
    spent: str
    left: str
    deadline: str
    due_in: str

    @classmethod
    def of(cls, clock: Clock, as_of: AsOf) -> "_Row":
        """Put it into words."""
        spent, left = _counted(clock, as_of)
        return cls(
            target=wording.word(clock, "target"),
            run=str(clock.run),
            tier=clock.tier,
            state=_state(clock),
            spent=spent,
            left=left,
            deadline=wording.instant(clock, "deadline_time"),
            due_in=wording.until(clock.deadline_time, as_of.now) if clock.HasField("deadline_time") else "",
        )


def _counted(clock: Clock, as_of: AsOf) -> tuple[str, str]:
    """What is spent of what is allowed, and what is left of it."""
    counted = as_of.ledgers.get((clock.target, clock.run), clock)
    spent = wording.whole_seconds(counted.spent)
    said = f"{wording.seconds(spent)} of {wording.length(counted.length)}"
    since = clock.running_since_time if clock.HasField("running_since_time") else None
    if since is not None and isinstance(counted, Clock) and wording.at(since) != as_of.now:
        return f"{said} before {_minute(since)}", ""
    left = max(wording.whole_seconds(counted.length) - spent, 0)
    return said, wording.seconds(left) if clock.state in LIVE else ""


def _facts(ticket: Ticket, as_of: AsOf) -> Iterator[tuple[str, str]]:
    now = as_of.now
    yield "reference", ticket.reference
    yield "ticket id", ticket.ticket_id
    yield "status", wording.word(ticket, "status") if ticket.status else ""
    yield BROKEN, _broken(ticket, as_of)
    yield "subject", ticket.subject
    yield "description", ticket.description
    yield "customer", wording.customer(ticket.customer)
    yield "came by", ticket.channel
    yield "follows", ticket.follows
    yield "priority", f"{ticket.priority}, queue {ticket.queue}, policy {ticket.policy} {ticket.policy_version}"
    yield "tier", ticket.tier
    yield "handler", ticket.handler
    yield "owner", ticket.owner
    yield "opened", wording.instant(ticket, "open_time")
    yield "next deadline", _due(ticket, "deadline_time", now)
    yield "news promised for", _due(ticket, "next_news_time", now)
    yield from _standing(ticket, now)
    yield "version", str(ticket.version or "")


def _standing(ticket: Ticket, now: datetime | None) -> Iterator[tuple[str, str]]:
    """What is due next of a ticket that waits for somebody, and how it ended."""
    if ticket.HasField("waiting"):
        reminders = f"reminded {_times(ticket.waiting.reminders_sent)}" if ticket.waiting.reminders_sent else ""
        yield "asked", ", ".join(filter(None, (wording.instant(ticket.waiting, "question_time"), reminders)))
        yield "reminder or end", _due(ticket.waiting, "next_time", now)
    if ticket.HasField("reminding"):
        causes = wording.value_of(ticket.reminding.DESCRIPTOR.fields_by_name["causes"], ticket.reminding.causes)
        yield "ladder ended", causes
        sent = f", {_times(ticket.reminding.sent)} so far" if ticket.reminding.sent else ""
        yield "last resort", f"told again {_due(ticket.reminding, 'next_time', now)}{sent}"
    if ticket.HasField("resolution"):
        yield "outcome", wording.word(ticket.resolution, "outcome")
        yield "resolved", wording.instant(ticket.resolution, "resolve_time")
        yield "closes by silence", _due(ticket.resolution, "sign_off_time", now)
        by = f", by {wording.word(ticket.resolution, 'closed_by')}" if ticket.resolution.closed_by else ""
        yield "closed", f"{wording.instant(ticket, 'close_time')}{by}" if ticket.HasField("close_time") else ""


def broken(ticket: Ticket) -> list[Clock]:
    """The promises that were not kept, of those that the ticket itself tells: an earlier run is in the ledger alone."""
    return [clock for clock in ticket.clocks if clock.state == ClockState.CLOCK_STATE_BREACHED]


def _broken(ticket: Ticket, as_of: AsOf) -> str:
    """Every promise that was not kept: the one run of a target that broke, or how many did."""
    runs: Collection[Clock | ClockLedger] = as_of.ledgers.values() or ticket.clocks
    by_target: dict[str, list[Clock | ClockLedger]] = {}
    for run in runs:
        if run.state == ClockState.CLOCK_STATE_BREACHED:
            by_target.setdefault(wording.word(run, "target"), []).append(run)
    return ", ".join(
        f"{target} {_times(len(broke))}" if len(broke) > 1 else _run(broke[0]) for target, broke in by_target.items()
    )


def _due(message: Message, name: str, now: datetime | None) -> str:
    """When something is due, and how long that is from the record's now."""
    if not message.HasField(name):
        return ""
    until = wording.until(getattr(message, name), now)
    said = "" if not until else f" ({until})" if until.endswith(("late", "now")) else f" (in {until})"
    return wording.instant(message, name) + said


def _run(clock: Clock | ClockLedger) -> str:
    return f"{wording.word(clock, 'target')} {clock.run} of {clock.tier}"


def _state(clock: Clock) -> str:
    if clock.state == ClockState.CLOCK_STATE_BREACHED:
        return BROKEN
    state = wording.word(clock, "state")
    return f"{state}: {wording.word(clock, 'pause')}" if clock.pause else state


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _minute(timestamp: Timestamp) -> str:
    return f"{wording.at(timestamp):%a %H:%M %Z}"


def _indented(text: str) -> Padding:
    return Padding(wording.plain(text), (0, 0, 0, 2), expand=False)
