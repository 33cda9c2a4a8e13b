"""One ticket for a person: what they decide on, then its clocks. Shows what it is given; asks nobody, counts no time.

What a running clock has spent is the ledger's figure, as of the record's now; without a ledger, the ticket's own, and
up to when it was counted. To the second, rounded down, as the ledger's own page is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from protos.followthrough.v1.handover_pb2 import Handover
from protos.followthrough.v1.ledger_pb2 import ClockLedger
from protos.followthrough.v1.ticket_pb2 import (
    Clock,
    ClockState,
    EscalationCause,
    Promise,
    PromiseState,
    Reminding,
    Ticket,
    TicketKind,
)
from services.cli import wording
from services.cli.promises_shown import BROKEN, Promises
from services.cli.tables import PIPED_WIDTH, headed
from services.money import in_words
from workflows.domain.ticket.words import Cause
from workflows.planning.wording import of_causes

LIVE = {ClockState.CLOCK_STATE_RUNNING, ClockState.CLOCK_STATE_PAUSED}
"""The states of a clock that has not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """What the record told of a ticket's clocks, beside the ticket."""

    now: datetime | None = None
    """The record's; none: it was not asked, or gave no answer."""
    ledgers: Sequence[ClockLedger] = ()
    """Of every run of a clock or a promise."""
    story: Handover = field(default_factory=Handover)
    """What its log tells; empty: it was not asked."""
    called: Mapping[str, str] = field(default_factory=dict)
    """The references of tickets that it names by their ids."""

    def counted(self, clock: Clock) -> Clock | ClockLedger:
        """How far a clock is: by its ledger, else by the ticket's own figures."""
        named = (clock.target, clock.run)
        return next((each for each in self.ledgers if (each.target, each.run) == named and not each.promise), clock)


def of_ticket(ticket: Ticket, as_of: AsOf) -> RenderableType:
    """One ticket: what a person decides on, then its clocks."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column(overflow="fold")
    for name, value in _facts(ticket, as_of):
        if value:
            facts.add_row(name, wording.plain(value))
    clocks = Clocks([_Row.of(clock, as_of) for clock in ticket.clocks])
    return Group(facts, clocks, Promises(ticket.promises, as_of.now))


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
    counted = as_of.counted(clock)
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
    yield "thread", ticket.thread
    yield "wants", "to leave" if ticket.kind == TicketKind.TICKET_KIND_LEAVING else ""
    yield "follows", as_of.called.get(ticket.follows, ticket.follows)
    yield from _joined(ticket, as_of)
    yield "priority", f"{ticket.priority}, queue {ticket.queue}, policy {ticket.policy} {ticket.policy_version}"
    yield "tier", ticket.tier
    yield "handler", ticket.handler
    yield "owner", ticket.owner
    yield "opened", wording.instant(ticket, "open_time")
    yield "next deadline", _due(ticket, "deadline_time", now)
    yield "news promised for", _due(ticket, "next_news_time", now)
    yield from _standing(ticket, as_of)
    yield from _besides(ticket, as_of.story)
    yield "version", str(ticket.version or "")


def _joined(ticket: Ticket, as_of: AsOf) -> Iterator[tuple[str, str]]:
    """What it has to do with other tickets and with known problems."""
    yield "MERGED into", ticket.merged_into_reference
    yield "merged into it", ", ".join(as_of.called.get(each, each) for each in ticket.merged)
    titles = {problem.problem_id: problem.title for problem in as_of.story.problems}
    yield "problem", ", ".join(f"{each}{f' ({titles[each]})' if titles.get(each) else ''}" for each in ticket.problems)


def _besides(ticket: Ticket, story: Handover) -> Iterator[tuple[str, str]]:
    """What the customer says of it and was offered, and what it took."""
    comment = f": {ticket.rating.comment}" if ticket.rating.comment else ""
    yield "rated", f"{ticket.rating.stars} of 5{comment}" if ticket.HasField("rating") else ""
    for credit in ticket.credits:
        yield "credit", f"{credit.number}: {in_words(credit.minor, credit.currency)}, {wording.word(credit, 'state')}"
    yield "told to the lead", wording.instant(ticket, "flag_time")
    yield "time spent", wording.length(story.time_spent) if story.time_spent.seconds else ""


def _standing(ticket: Ticket, as_of: AsOf) -> Iterator[tuple[str, str]]:
    """What is due next of a ticket that waits for somebody, and how it ended."""
    now, story = as_of.now, as_of.story
    if ticket.HasField("holding"):
        yield "on hold", f"{ticket.holding.reason}, since {wording.instant(ticket.holding, 'since_time')}"
    if ticket.HasField("waiting"):
        yield "question", story.questions[-1].question if story.questions else ""
        reminders = f"reminded {_times(ticket.waiting.reminders_sent)}" if ticket.waiting.reminders_sent else ""
        yield "asked", ", ".join(filter(None, (wording.instant(ticket.waiting, "question_time"), reminders)))
        yield "reminder or end", _due(ticket.waiting, "next_time", now)
    if ticket.HasField("reminding"):
        yield "ladder ended", ", and ".join(map(_cause, ticket.reminding.causes))
        sent = f", {_times(ticket.reminding.sent)} so far" if ticket.reminding.sent else ""
        yield "last resort", f"told again {_due(ticket.reminding, 'next_time', now)}{sent}"
    if ticket.HasField("resolution"):
        yield "outcome", wording.word(ticket.resolution, "outcome")
        yield "explanation", story.explanation
        yield "offered instead", story.alternative
        yield "article", ticket.article
        yield "resolved", wording.instant(ticket.resolution, "resolve_time")
        yield "closes by silence", _due(ticket.resolution, "sign_off_time", now)
        by = f", by {wording.word(ticket.resolution, 'closed_by')}" if ticket.resolution.closed_by else ""
        yield "closed", f"{wording.instant(ticket, 'close_time')}{by}" if ticket.HasField("close_time") else ""


def broken(ticket: Ticket) -> list[Clock]:
    """The promises that were not kept, of those that the ticket itself tells: an earlier run is in the ledger alone."""
    return [clock for clock in ticket.clocks if clock.state == ClockState.CLOCK_STATE_BREACHED]


def broken_promises(ticket: Ticket) -> list[Promise]:
    """What was promised for an instant and not kept, of the latest run of each name."""
    return [promise for promise in ticket.promises if promise.state == PromiseState.PROMISE_STATE_BROKEN]


def _broken(ticket: Ticket, as_of: AsOf) -> str:
    """Everything that was not kept: the one run of a target or a promise that broke, or how many did."""
    broke: dict[str, list[str]] = {}
    for run in as_of.ledgers or ticket.clocks:
        if run.state == ClockState.CLOCK_STATE_BREACHED:
            broke.setdefault(_measured(run), []).append(_run(run))
    for promise in () if as_of.ledgers else broken_promises(ticket):
        broke.setdefault(f"promise {promise.name!r}", []).append(f"promise {promise.name!r} {promise.run}")
    return ", ".join(f"{what} {_times(len(runs))}" if len(runs) > 1 else runs[0] for what, runs in broke.items())


def _measured(run: Clock | ClockLedger) -> str:
    name = run.promise if isinstance(run, ClockLedger) else ""
    return f"promise {name!r}" if name else wording.word(run, "target")


def _due(message: Message, name: str, now: datetime | None) -> str:
    """When something is due, and how long that is from the record's now."""
    if not message.HasField(name):
        return ""
    until = wording.until(getattr(message, name), now)
    said = "" if not until else f" ({until})" if until.endswith(("late", "now")) else f" (in {until})"
    return wording.instant(message, name) + said


def _run(run: Clock | ClockLedger) -> str:
    said = f"{_measured(run)} {run.run}"
    return said if isinstance(run, ClockLedger) and run.promise else f"{said} of {run.tier}"


def _state(clock: Clock) -> str:
    if clock.state == ClockState.CLOCK_STATE_BREACHED:
        return BROKEN
    state = wording.word(clock, "state")
    return f"{state}: {wording.word(clock, 'pause')}" if clock.pause else state


def _cause(cause: "EscalationCause.ValueType") -> str:
    """Say why the ladder ended as the handover says it; one that this version does not know, as it is called."""
    try:
        return of_causes([Cause(EscalationCause.Name(cause).removeprefix("ESCALATION_CAUSE_").lower())])
    except ValueError:
        return wording.value_of(Reminding.DESCRIPTOR.fields_by_name["causes"], [cause])


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _minute(timestamp: Timestamp) -> str:
    return f"{wording.at(timestamp):%a %H:%M %Z}"


def _indented(text: str) -> Padding:
    return Padding(wording.plain(text), (0, 0, 0, 2), expand=False)
