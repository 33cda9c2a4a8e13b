"""Questions to the record. They lock nothing, write nothing, and read one snapshot each.

A ticket is told as it was last settled: nobody is advanced by being looked at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records import codec
from services.records.clock import RecordClock
from services.records.engine import Database
from services.records.errors import StateTooNew, TicketUnknown
from services.records.faults import spoken_plainly
from services.records.policies import KnownPolicies
from services.records.statements import Statements
from services.records.tables import (
    LATE,
    NOT_CLOSED,
    OWED,
    PENDING,
    STUCK,
    EventRow,
    InputRow,
    MessageRow,
    TicketRow,
    TotalDeltaRow,
    TotalRow,
)
from workflows.domain.policy import Policy
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Status

LabelValues = tuple[str, ...]


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
    customer_id: str | None = None
    """The customer's external id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input at its instant (5.3). Number 1 is the opening."""

    number: int
    at: datetime
    command: codec.Input


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the exporter shows, all of one snapshot. Instants are the record's."""

    instant: datetime
    """When it was read, by the record's clock."""
    totals: Mapping[tuple[str, LabelValues], int] = field(default_factory=dict)
    """By the total's name and label values, in the order that `totals.TOTALS` declares."""
    open_tickets: Mapping[LabelValues, int] = field(default_factory=dict)
    """Not closed, by queue, tier, priority, status."""
    overdue_tickets: Mapping[LabelValues, int] = field(default_factory=dict)
    """Not closed, and a running clock's deadline has passed unseen; by queue, tier, priority."""
    next_deadline_at: datetime | None = None
    """The earliest deadline of all running clocks; one that is past was neither met nor breached."""
    next_wake_at: datetime | None = None
    """The earliest wake-up of all tickets that are not stuck; how far it is past is the engine's backlog."""
    late_tickets: int = 0
    """Tickets whose wake-up has passed, those that are stuck included."""
    stuck_tickets: int = 0
    owed_nudges: int = 0
    pending_messages: int = 0
    """Messages that nobody has sent yet."""


class Queries:
    """What can be asked of the record. Every call raises `RecordError`."""

    def __init__(self, database: Database, statements: Statements, clock: RecordClock, policies: KnownPolicies) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock
        self._policies = policies

    async def ticket(self, ticket_id: str) -> Ticket:
        """Return a ticket; `TicketUnknown` otherwise."""
        return await self._one(TicketRow.ticket_id == ticket_id, ticket_id)

    async def ticket_by_reference(self, reference: str) -> Ticket:
        """Return the ticket of a customer's reference; `TicketUnknown` otherwise."""
        return await self._one(TicketRow.reference == reference, reference)

    async def tickets(self, wanted: TicketFilter, *, page_size: int, after: str | None = None) -> list[Ticket]:
        """List tickets in the order of their ids, those after one of them; shorter than `page_size` is the last page.

        For people: a ticket that commits late may fall into a page that was read already.
        """
        row = TicketRow
        query = (
            select(row.ticket_id, row.state, row.state_version)
            .where(*_conditions(wanted))
            .order_by(row.ticket_id)
            .limit(page_size)
        )
        if after is not None:
            query = query.where(row.ticket_id > after)
        return [_ticket(*found) for found in await self._all(query)]

    async def entries(self, ticket_id: str, *, after_sequence: int = 0, limit: int | None = None) -> list[Entry]:
        """Return lines of a ticket's log in order, all when no limit is given; `TicketUnknown` when there is none."""
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
            Entry(sequence=sequence, at=at, actor=actor, event=codec.event_from_json(kind, body))
            for sequence, at, actor, kind, body in found
        ]

    async def inputs(self, ticket_id: str) -> list[Input]:
        """Return a ticket's inputs in order, the opening first; `TicketUnknown` when there is none."""
        row = InputRow
        query = select(row.number, row.at, row.kind, row.body).where(row.ticket_id == ticket_id).order_by(row.number)
        found = await self._all(query)
        if not found:
            await self._require(ticket_id)
        return [
            Input(number=number, at=at, command=codec.command_from_json(kind, body)) for number, at, kind, body in found
        ]

    async def settle_instants(self, ticket_id: str) -> list[datetime]:
        """Return the instants of the settles that appended something to a ticket's log, in order."""
        row = EventRow
        query = select(row.recorded_at).where(row.ticket_id == ticket_id).distinct().order_by(row.recorded_at)
        return [at for (at,) in await self._all(query)]

    async def rules_versions(self, ticket_id: str) -> set[int]:
        """Return the versions of the rules that a ticket was judged by: only those of one can be derived anew."""
        query = select(EventRow.rules_version).where(EventRow.ticket_id == ticket_id).distinct()
        return {version for (version,) in await self._all(query)}

    async def policy(self, version: str) -> Policy:
        """Return a policy as the tickets of that version carry it."""
        return await self._policies.learn(version)

    async def instant(self) -> datetime:
        """Return the record's clock."""
        with spoken_plainly():
            return self._clock.read((await self._statements.greet()).real_at)

    async def figures(self) -> Figures:
        """Return what the exporter shows."""
        with spoken_plainly():
            instant = self._clock.read((await self._statements.greet()).real_at)
            async with self._database.reading.connect() as connection:
                return await _figures(connection, instant)

    async def _one(self, condition: ColumnElement[bool], named: str) -> Ticket:
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


def _conditions(wanted: TicketFilter) -> list[ColumnElement[bool]]:
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
    return [column == value for column, value in asked.items() if value is not None]


def _ticket(ticket_id: str, state: str, state_version: int) -> Ticket:
    if state_version > codec.STATE_VERSION:
        raise StateTooNew(ticket_id, state_version, codec.STATE_VERSION)
    return codec.state_from_json(state)


async def _figures(connection: AsyncConnection, instant: datetime) -> Figures:
    row = TicketRow
    open_tickets = (
        select(row.queue, row.tier, row.priority, row.status, func.count())
        .where(NOT_CLOSED)
        .group_by(row.queue, row.tier, row.priority, row.status)
    )
    overdue = (
        select(row.queue, row.tier, row.priority, func.count())
        .where(NOT_CLOSED, row.deadline_at < instant)
        .group_by(row.queue, row.tier, row.priority)
    )
    singles = select(
        select(func.min(row.deadline_at)).where(NOT_CLOSED).scalar_subquery(),
        select(func.min(row.wake_at)).where(LATE, row.stuck_until.is_(None)).scalar_subquery(),
        select(func.count()).select_from(row).where(LATE, row.wake_at <= instant).scalar_subquery(),
        select(func.count()).select_from(row).where(STUCK).scalar_subquery(),
        select(func.count()).select_from(row).where(OWED).scalar_subquery(),
        select(func.count()).select_from(MessageRow).where(PENDING).scalar_subquery(),
    )
    deadline_at, wake_at, late, stuck, owed, pending = (await connection.execute(singles)).one()
    return Figures(
        instant=instant,
        totals=await _totals(connection),
        open_tickets={tuple(found[:-1]): found[-1] for found in await connection.execute(open_tickets)},
        overdue_tickets={tuple(found[:-1]): found[-1] for found in await connection.execute(overdue)},
        next_deadline_at=deadline_at,
        next_wake_at=wake_at,
        late_tickets=late,
        stuck_tickets=stuck,
        owed_nudges=owed,
        pending_messages=pending,
    )


async def _totals(connection: AsyncConnection) -> dict[tuple[str, LabelValues], int]:
    """Folded and not yet folded together: one statement, so that no fold can come between."""
    folded, fresh = TotalRow, TotalDeltaRow
    parts = union_all(
        select(folded.name, folded.labels, folded.amount), select(fresh.name, fresh.labels, fresh.amount)
    ).subquery()
    summed = select(parts.c.name, parts.c.labels, func.sum(parts.c.amount)).group_by(parts.c.name, parts.c.labels)
    return {
        (name, tuple(codec.data_from_json(labels))): int(amount)
        for name, labels, amount in await connection.execute(summed)
    }
