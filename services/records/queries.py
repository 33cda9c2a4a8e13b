"""Questions to the record. They lock nothing, write nothing, and read one snapshot each.

A ticket is told as it was last settled: nobody is advanced by being looked at.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import ColumnElement, Row, Select, TextClause, and_, func, literal, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records import codec
from services.records.clock import RecordClock, instant_by
from services.records.door import LAST_SEQUENCE, is_possible, require_count, require_possible
from services.records.engine import Database
from services.records.errors import LogTooNew, PolicyTooNew, PolicyUnreadable, StateTooNew, TicketUnknown
from services.records.faults import spoken_plainly
from services.records.figures import Figures, read_figures
from services.records.policies import KnownPolicies
from services.records.state_versions import STATE_VERSION
from services.records.statements import Statements
from services.records.tables import PROMISED, UNTAKEN, WORKED_ON, EventRow, InputRow, Instant, TicketRow
from workflows.domain.policy import Policy
from workflows.domain.ticket.events import Entry, Opened, PolicyChanged
from workflows.domain.ticket.ledger import Line, ledger
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Status

Read = TypeVar("Read")
Condition: TypeAlias = ColumnElement[bool] | TextClause

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFilter:
    """Which tickets to list; a field that is none asks for nothing."""

    status: Status | None = None
    tier: str | None = None
    queue: str | None = None
    priority: str | None = None
    policy: str | None = None
    owner: str | None = None
    handler: str | None = None
    with_promises: bool = False
    """With a handler: those too that others work on, and on which that person owes the customer a promise."""
    customer_id: str | None = None
    """The customer's external id."""
    is_untaken: bool = False
    """Only those that nobody handles."""
    opened_since: datetime | None = None
    opened_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page of what is due next ended: of its last ticket, what the list is ordered by."""

    deadline_at: datetime | None
    """The record's instant; none: no clock runs."""
    ticket_id: str

    @classmethod
    def of(cls, ticket: Ticket) -> "Place":
        """The place of a ticket as it was listed."""
        return cls(deadline_at=ticket.deadline_at(), ticket_id=ticket.ticket_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input at its instant (5.3). Number 1 is the opening."""

    number: int
    at: datetime
    command: codec.Input


class Queries:
    """What can be asked of the record.

    Every call may raise `RecordUnavailable` (try again), `RecordFailed`, `SchemaMissing`, `AskedWrongly` (a number that
    cannot be asked for), and says what else. Every instant is the record's, in UTC.
    """

    def __init__(self, database: Database, statements: Statements, clock: RecordClock, policies: KnownPolicies) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock
        self._policies = policies

    async def ticket(self, ticket_id: str) -> Ticket:
        """Return a ticket as it was last settled. Raises `TicketUnknown`, `StateTooNew`."""
        return await self._one(TicketRow.ticket_id == ticket_id, ticket_id)

    async def ticket_by_reference(self, reference: str) -> Ticket:
        """Return the ticket of a customer's reference. Raises `TicketUnknown`, `StateTooNew`."""
        return await self._one(TicketRow.reference == reference, reference)

    async def tickets(self, wanted: TicketFilter, *, page_size: int, after: str | None = None) -> list[Ticket]:
        """List tickets in the order of their ids, those after one of them; shorter than `page_size` is the last page.

        For people: a ticket that commits late may fall into a page that was read already. Raises `TextError` for a
        value that no ticket can have, `StateTooNew`.
        """
        require_count("page_size", page_size)
        if after is not None:
            require_possible("after", after)
        row = TicketRow
        found: dict[str, Ticket] = {}
        for conditions in _alternatives(wanted):
            query = (
                select(row.ticket_id, row.state, row.state_version)
                .where(*conditions)
                .order_by(row.ticket_id)
                .limit(page_size)
            )
            if after is not None:
                query = query.where(row.ticket_id > after)
            found.update((each.ticket_id, _ticket(*each)) for each in await self._all(query))
        return [found[ticket_id] for ticket_id in sorted(found)][:page_size]

    async def count(self, wanted: TicketFilter) -> int:
        """Count tickets. Raises `TextError` for a value that no ticket can have."""
        alternatives = or_(*(and_(true(), *conditions) for conditions in _alternatives(wanted)))
        [(counted,)] = await self._all(select(func.count()).select_from(TicketRow).where(alternatives))
        return int(counted)

    async def next_due(self, wanted: TicketFilter, *, page_size: int, after: Place | None = None) -> list[Ticket]:
        """List what the desk still owes work on, next due first: by next deadline, then id; last those without one.

        "Mine" is a filter by handler, and `with_promises` what I owe on others' too; what a tier has still to take is
        one by tier with `is_untaken`. Shorter than `page_size` is the last page. A page is one snapshot and begins
        after a place, not after a count: a ticket whose deadline stands is listed exactly once, whatever happens to
        others meanwhile. One whose deadline moved later since may be listed again; one whose deadline moved to before
        the place is in the next reading's first page. Raises `TextError` for a value that no ticket can have,
        `StateTooNew`.
        """
        require_count("page_size", page_size)
        if after is not None:
            require_possible("after.ticket_id", after.ticket_id)
        found: dict[str, Ticket] = {}
        with spoken_plainly():
            async with self._database.reading.connect() as connection:
                for conditions in _alternatives(wanted, WORKED_ON):
                    rows = await _next_due(connection, conditions, page_size, after)
                    found.update((each.ticket_id, _ticket(*each)) for each in rows)
        return sorted(found.values(), key=_place)[:page_size]

    async def ledger(self, ticket_id: str) -> tuple[Line, ...]:
        """Explain every clock run of a ticket from its log, as of the record's present instant (8).

        Times in it are working time. Log and policy are as they were recorded; nothing is written, and what is due
        and not settled yet is not in it. Raises `TicketUnknown`, `PolicyUnreadable`, `ClockUnusable`, `ClockRunOut`.
        """
        entries = await self.entries(ticket_id)
        policy, later = await self.policies_of(entries)
        return ledger(policy, entries, max(await self.instant(), entries[-1].at), later=later)

    async def entries(self, ticket_id: str, *, after_sequence: int = 0, limit: int | None = None) -> list[Entry]:
        """Return lines of a ticket's log in order, those after a sequence; all of them when no limit is given.

        After the last there are none. Raises `TicketUnknown`, `LogTooNew`.
        """
        _require_possible(ticket_id)
        require_count("after_sequence", after_sequence, most=LAST_SEQUENCE)
        if limit is not None:
            require_count("limit", limit)
        row = EventRow
        query = (
            select(row.sequence, row.at, row.actor, row.kind, row.body)
            .where(row.ticket_id == ticket_id, row.sequence > after_sequence)
            .order_by(row.sequence)
            .limit(limit)
        )
        found = await self._all(query)
        if not found:
            await self._require(ticket_id)
        return [
            Entry(sequence=sequence, at=at, actor=actor, event=_known(codec.event_from_json, ticket_id, kind, body))
            for sequence, at, actor, kind, body in found
        ]

    async def inputs(self, ticket_id: str) -> list[Input]:
        """Return a ticket's inputs in order, the opening first. Raises `TicketUnknown`, `LogTooNew`."""
        _require_possible(ticket_id)
        row = InputRow
        query = select(row.number, row.at, row.kind, row.body).where(row.ticket_id == ticket_id).order_by(row.number)
        found = await self._all(query)
        if not found:
            await self._require(ticket_id)
        return [
            Input(number=number, at=at, command=_known(codec.command_from_json, ticket_id, kind, body))
            for number, at, kind, body in found
        ]

    async def inputs_of(self, ticket_ids: Sequence[str]) -> dict[str, list[Input] | LogTooNew]:
        """Return the inputs of a page of tickets, each as `inputs` does; in a list's place why it cannot be read.

        A ticket that is not in the record is not in the answer.
        """
        row = InputRow
        query = (
            select(row.ticket_id, row.number, row.at, row.kind, row.body)
            .where(row.ticket_id.in_(ticket_ids))
            .order_by(row.ticket_id, row.number)
        )
        found: dict[str, list[Input] | LogTooNew] = {}
        for ticket_id, number, at, kind, body in await self._all(query):
            of_ticket = found.setdefault(ticket_id, [])
            if isinstance(of_ticket, LogTooNew):
                continue
            try:
                command = _known(codec.command_from_json, ticket_id, kind, body)
            except LogTooNew as too_new:
                found[ticket_id] = too_new
            else:
                of_ticket.append(Input(number=number, at=at, command=command))
        return found

    async def rules_versions(self, ticket_id: str) -> set[int]:
        """Return the versions of the rules that a ticket was judged by: only those of one can be derived anew.

        Raises `TicketUnknown`.
        """
        _require_possible(ticket_id)
        query = select(EventRow.rules_version).where(EventRow.ticket_id == ticket_id).distinct()
        found = {version for (version,) in await self._all(query)}
        if not found:
            await self._require(ticket_id)
        return found

    async def policies_of(self, entries: Sequence[Entry]) -> tuple[Policy, Mapping[str, Policy]]:
        """Return the policy that a ticket with this log was opened under, and those it was moved to, by version (7.3).

        Raises `PolicyUnreadable`, `PolicyTooNew`.
        """
        opened = next(entry.event.policy_version for entry in entries if isinstance(entry.event, Opened))
        moved = dict.fromkeys(entry.event.policy_version for entry in entries if isinstance(entry.event, PolicyChanged))
        return await self.policy(opened), {version: await self.policy(version) for version in moved}

    async def policy(self, version: str) -> Policy:
        """Return a policy as the tickets of that version carry it. Raises `PolicyUnreadable`, `PolicyTooNew`."""
        return await self._policies.learn(version)

    async def instant(self) -> datetime:
        """Return the record's present instant. Raises `ClockRunOut`, `ClockUnusable`."""
        with spoken_plainly():
            return instant_by(self._clock, (await self._statements.greet()).real_at)

    async def figures(self) -> Figures:
        """Return what the exporter shows, of one snapshot. Raises `ClockRunOut`, `ClockUnusable`."""
        with spoken_plainly():
            instant = instant_by(self._clock, (await self._statements.greet()).real_at)
            async with self._database.reading.connect() as connection:
                figures = await read_figures(connection, instant)
        policies = []
        for queue, version in sorted(figures.open_versions):
            with suppress(PolicyUnreadable, PolicyTooNew):  # its tickets are stuck, or a newer release's
                policies.append((queue, await self._policies.learn(version)))
        return replace(figures, open_policies=policies)

    async def _one(self, condition: ColumnElement[bool], named: str) -> Ticket:
        _require_possible(named)
        row = TicketRow
        found = await self._all(select(row.ticket_id, row.state, row.state_version).where(condition))
        if not found:
            raise TicketUnknown(f"ticket {named!r} is not in the record")
        return _ticket(*found[0])

    async def _require(self, ticket_id: str) -> None:
        if not await self._all(select(TicketRow.ticket_id).where(TicketRow.ticket_id == ticket_id)):
            raise TicketUnknown(f"ticket {ticket_id!r} is not in the record")

    async def _all(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[*tuple[Any, ...]]]:
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                return (await connection.execute(query)).all()


def _known(read: Callable[[str, str], Read], ticket_id: str, kind: str, body: str) -> Read:
    try:
        return read(kind, body)
    except KeyError:
        raise LogTooNew(ticket_id, kind) from None


def _require_possible(named: str) -> None:
    """No ticket has such a name, and not every database can be asked for it."""
    if not is_possible(named):
        raise TicketUnknown(f"ticket {named!r} is not in the record")


async def _next_due(
    connection: AsyncConnection, conditions: Sequence[Condition], page_size: int, after: Place | None
) -> Sequence[Row[str, str, int]]:
    """Read so many rows by next deadline, then id, and last those without one; all after a place."""
    row = TicketRow
    query = select(row.ticket_id, row.state, row.state_version).where(*conditions)
    dated = query.where(row.deadline_at.is_not(None)).order_by(row.deadline_at, row.ticket_id)
    undated = query.where(row.deadline_at.is_(None)).order_by(row.ticket_id)
    if after is not None and after.deadline_at is not None:
        place = tuple_(literal(after.deadline_at, Instant()), literal(after.ticket_id))
        dated = dated.where(tuple_(row.deadline_at, row.ticket_id) > place)
    elif after is not None:
        undated = undated.where(row.ticket_id > after.ticket_id)
    found: list[Row[str, str, int]] = []
    if after is None or after.deadline_at is not None:
        found += (await connection.execute(dated.limit(page_size))).all()
    if len(found) < page_size:
        found += (await connection.execute(undated.limit(page_size - len(found)))).all()
    return found


def _place(ticket: Ticket) -> tuple[bool, datetime, str]:
    """Where it stands among what is due next."""
    deadline_at = ticket.deadline_at()
    return deadline_at is None, deadline_at or _NEVER, ticket.ticket_id


def _alternatives(wanted: TicketFilter, *work: Condition) -> Iterator[list[Condition]]:
    """Yield what is asked of a row in each of the ways in which it may belong to a list; `work` is asked of work only.

    Each is a question of its own, with an index of its own. Raises `TextError`, as `_conditions` does.
    """
    yield [*work, *_conditions(wanted)]
    if wanted.with_promises and wanted.handler is not None:
        owed = func.replace(TicketRow.promised_by, f"\n{wanted.handler}\n", "") != TicketRow.promised_by
        yield [PROMISED, owed, *_conditions(replace(wanted, handler=None))]


def _conditions(wanted: TicketFilter) -> list[Condition]:
    """Raises `TextError` for a value that no ticket can have, and that not every database can be asked for."""
    row = TicketRow
    asked = {
        row.status: wanted.status.value if wanted.status else None,
        row.tier: wanted.tier,
        row.queue: wanted.queue,
        row.priority: wanted.priority,
        row.policy: wanted.policy,
        row.owner: wanted.owner,
        row.handler: wanted.handler,
        row.customer_id: wanted.customer_id,
    }
    for column, value in asked.items():
        if value is not None:
            require_possible(column.key, value)
    found: list[Condition] = [column == value for column, value in asked.items() if value is not None]
    if wanted.is_untaken:
        found.append(UNTAKEN)
    if wanted.opened_since is not None:
        found.append(row.opened_at >= wanted.opened_since)
    if wanted.opened_before is not None:
        found.append(row.opened_at < wanted.opened_before)
    return found


def _ticket(ticket_id: str, state: str, state_version: int) -> Ticket:
    if state_version > STATE_VERSION:
        raise StateTooNew(ticket_id, state_version, STATE_VERSION)
    return codec.state_from_json(state)
