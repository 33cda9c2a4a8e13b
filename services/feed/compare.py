"""The record against the domain and against the feed's own count, ticket by ticket, once a run is over.

Reads, never settles. What the domain says is derived from the record's inputs and looks (semantics 5.3); what was
opened and accepted is counted by the feed itself, so that a lost command cannot hide behind a log that lacks it too.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta

from services.feed.figures import lags
from services.feed.run import Driven
from services.records.errors import TicketUnknown
from services.records.queries import Queries
from workflows.domain.ticket import rederive
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.commands import ChangePolicy, Command, Import, Open
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.rederive import Derived
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import RULES_VERSION
from workflows.planning.figures import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the record keeps of one ticket, its log as far as its state goes."""

    ticket: Ticket
    entries: tuple[Entry, ...]
    opening: Open | Import
    inputs: tuple[rederive.Input, ...]
    learnt: tuple[rederive.Learnt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """The first place where the record and the domain do not say the same."""

    case: str
    ticket_id: str
    where: str
    recorded: str
    derived: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One case's ticket, looked into."""

    kept: Kept | None
    """None when the case has no ticket in the record."""
    mismatch: Mismatch | None = None
    lost: str | None = None
    """What the feed was told was done and the record does not have, or has more than once."""
    other_rules: bool = False
    """Judged, at least in part, by another version of the rules: it cannot be derived by this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What looking into every ticket of a run brought to light."""

    figures: Figures
    lags: tuple[timedelta, ...]
    """Of breaches: from due to detected, in the record's time."""
    mismatches: tuple[Mismatch, ...]
    lost: tuple[str, ...]
    other_rules: int
    """Tickets that could not be compared."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost, every ticket could be compared, and each is what the domain says."""
        return not self.mismatches and not self.lost and not self.other_rules


async def look_into(queries: Queries, driven: Sequence[Driven], compared: Callable[[], None]) -> Findings:
    """Compare and count every ticket; calls `compared` after each. Raises `RecordError`."""
    figures, mismatches, lost, other_rules = Figures(), [], _opened_twice(driven), 0
    late_by: list[timedelta] = []
    for each in driven:
        found = await compare(queries, each)
        if found.kept:
            figures.add(found.kept.ticket, found.kept.entries)
            late_by += lags(found.kept.entries)
        if found.mismatch:
            mismatches.append(found.mismatch)
        if found.lost:
            lost.append(found.lost)
        other_rules += found.other_rules
        compared()
    return Findings(
        figures=figures,
        lags=tuple(late_by),
        mismatches=tuple(mismatches),
        lost=tuple(lost),
        other_rules=other_rules,
    )


async def compare(queries: Queries, driven: Driven) -> Compared:
    """Compare one case's ticket. Raises `RecordError` when the record cannot be read."""
    if driven.ticket_id is None:
        return Compared(kept=None)
    case = driven.plan.case.case
    kept = await _kept(queries, driven.ticket_id)
    if kept is None:
        return Compared(kept=None, lost=f"case {case!r}: the opening of {driven.ticket_id} is not in the record")
    lost = next((f"case {case!r}, ticket {driven.ticket_id}: {what}" for what in _lost(driven, kept)), None)
    if await queries.rules_versions(driven.ticket_id) != {RULES_VERSION}:
        return Compared(kept=kept, lost=lost, other_rules=True)
    policy, later = await queries.policies_of(kept.entries)
    try:
        derived = rederive.rederive(
            policy,
            kept.opening,
            kept.ticket.entered_at,
            kept.inputs,
            rederive.looks(kept.entries),
            learnt=kept.learnt,
            later=later,
        )
    except Exception as error:  # noqa: BLE001 - whatever the judge raises, it is not what the record says
        said = f"{type(error).__name__}: {error}"
        return Compared(kept=kept, lost=lost, mismatch=_mismatch(case, kept, "derivation", "a log", said))
    return Compared(kept=kept, lost=lost, mismatch=_first_mismatch(case, kept, derived))


def _opened_twice(driven: Sequence[Driven]) -> list[str]:
    """Two cases that were given one ticket."""
    cases: dict[str, str] = {}
    twice = []
    for each in driven:
        case, ticket_id = each.plan.case.case, each.ticket_id
        if ticket_id is not None and cases.setdefault(ticket_id, case) != case:
            twice.append(f"cases {cases[ticket_id]!r} and {case!r} were both opened as ticket {ticket_id}")
    return twice


async def _kept(queries: Queries, ticket_id: str) -> Kept | None:
    """Read the state first: the log only grows, and is then cut where the state was."""
    try:
        ticket = await queries.ticket(ticket_id)
    except TicketUnknown:
        return None
    entries = await queries.entries(ticket_id, limit=ticket.sequence)
    openings, inputs, learnt = [], [], []
    for each in await queries.inputs(ticket_id):
        match each.command:
            case Open() | Import() as opening:
                openings.append(opening)
            case RosterAnswer() | Closure() as told:
                learnt.append(rederive.Learnt(at=each.at, told=told))
            case command:
                inputs.append(rederive.Input(at=each.at, command=command))
    if len(openings) != 1:
        return None
    return Kept(ticket=ticket, entries=tuple(entries), opening=openings[0], inputs=tuple(inputs), learnt=tuple(learnt))


def _lost(driven: Driven, kept: Kept) -> Iterator[str]:
    """What the feed was told and what the record has: every accepted command, once, in order, and no other.

    But for changes of policy: those are an operator's.
    """
    subject = f"Incident {driven.plan.case.case}"
    if kept.opening.subject != subject:
        yield f"opened as {subject!r}, recorded as {kept.opening.subject!r}"
    recorded: list[Command] = [each.command for each in kept.inputs if not isinstance(each.command, ChangePolicy)]
    perhaps = [driven.unsure] if driven.unsure else []
    if recorded not in (driven.said, [*driven.said, *perhaps]):
        counts = f"accepted were {len(driven.said)} commands, recorded {len(recorded)}"
        yield f"{counts}: {_parting(driven.said, recorded)}"


def _parting(said: list[Command], recorded: list[Command]) -> str:
    for number, (one, other) in enumerate(zip(said, recorded, strict=False), start=1):
        if one != other:
            return f"number {number} was {type(one).__name__}, recorded is {type(other).__name__}"
    return "the shorter list is the beginning of the longer"


def _first_mismatch(case: str, kept: Kept, derived: Derived) -> Mismatch | None:
    difference = rederive.first_difference(kept.entries, derived.entries)
    if difference:
        where = f"line {difference.sequence}"
        return _mismatch(case, kept, where, _line(difference.recorded), _line(difference.derived))
    for field in fields(Ticket):
        recorded, said = getattr(kept.ticket, field.name), getattr(derived.ticket, field.name)
        if recorded != said:
            return _mismatch(case, kept, f"state, {field.name}", repr(recorded), repr(said))
    return None


def _mismatch(case: str, kept: Kept, where: str, recorded: str, derived: str) -> Mismatch:
    return Mismatch(case=case, ticket_id=kept.ticket.ticket_id, where=where, recorded=recorded, derived=derived)


def _line(entry: Entry | None) -> str:
    return "no such line" if entry is None else f"{entry.at.isoformat()} {entry.actor or 'the clocks'}: {entry.event!r}"
