"""Forgets tickets that were closed long ago, with all that the record has of them: log, inputs, messages, keys, links.

What figures counted of them stays counted. Safe beside any number of settles and of other keepers: what somebody holds
is passed by. Refuses to know how long is long enough.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, TextClause, delete, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records import codec
from services.records.clock import RecordClock, instant_by
from services.records.contact_keys import key_of_matter, key_of_thread, keys_of_import
from services.records.door import instant_before
from services.records.engine import Database
from services.records.errors import PolicyTooNew, PolicyUnreadable
from services.records.faults import spoken_plainly
from services.records.policies import KnownPolicies
from services.records.state_versions import STATE_VERSION
from services.records.statements import Statements
from services.records.tables import CLOSED, ContactKeyRow, EventRow, InputRow, MessageRow, TicketRow
from services.records.tables_problems import (
    AnnouncementResultRow,
    AnnouncementRow,
    AnnouncementTicketRow,
    ProblemLinkRow,
    ProblemRow,
)
from services.records.tables_signals import SignalRow
from workflows.domain.ticket.events import ContactReceived, Imported, Opened
from workflows.domain.ticket.state import Ticket

POSTGRESQL_STEP = 200
SQLITE_STEP = 20
"""Tickets looked at in one transaction, at most: SQLite has one writer, and callers need it."""
_COLUMNS = (
    TicketRow.ticket_id,
    TicketRow.closed_at,
    TicketRow.policy_version,
    TicketRow.state_version,
    TicketRow.state,
)
_OWN = (
    MessageRow,
    ProblemLinkRow,
    SignalRow,
    AnnouncementTicketRow,
    InputRow,
    EventRow,
    TicketRow,
)
"""Tables in which every row is one ticket's, in the order in which they can be emptied."""

_Found = Row[*tuple[Any, ...]]
_Place = tuple[datetime | None, str]


class ClosedTickets:
    """The record's side of forgetting tickets."""

    def __init__(self, database: Database, statements: Statements, clock: RecordClock, policies: KnownPolicies) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock
        self._policies = policies
        self._step = SQLITE_STEP if database.is_sqlite else POSTGRESQL_STEP

    async def forget(self, *, older_than: timedelta, limit: int) -> int:
        """Forget about so many tickets that were closed longer ago than that, by the record's clock; returns how many.

        A ticket that can still be reopened by its policy stays; so does one with a message that nobody has sent, with
        a credit that awaits the lead, of a problem that is not closed, or of an announcement that has not ended. One
        that was merged goes with its survivor. Raises `RecordError`.
        """
        with spoken_plainly():
            now = instant_by(self._clock, (await self._statements.greet()).real_at)
            before = instant_before(now, "older_than", older_than.total_seconds())
            after: _Place | None = None
            forgotten = 0
            while forgotten < limit:
                page = await self._page(before, after)
                families = [family for found in page if (family := await self._family(found, now))]
                forgotten += await self._forget(families)
                if len(page) < self._step:
                    break
                after = (page[-1].closed_at, page[-1].ticket_id)
        return forgotten

    async def _page(self, before: datetime, after: _Place | None) -> Sequence[_Found]:
        """Those that may be old enough, in the order in which they were closed."""
        row = TicketRow
        old = select(*_COLUMNS).where(*_done(), row.closed_at < before).order_by(row.closed_at, row.ticket_id)
        if after is not None:
            old = old.where(tuple_(row.closed_at, row.ticket_id) > after)
        async with self._database.looking.connect() as connection:
            return (await connection.execute(old.limit(self._step))).all()

    async def _family(self, found: _Found, now: datetime) -> list[Ticket]:
        """The ticket with those that were merged into it; nothing while one of them is to stay."""
        ticket = await self._over(found, now)
        if ticket is None:
            return []
        row = TicketRow
        async with self._database.looking.connect() as connection:
            if ticket.merged_into is not None:  # it goes with its survivor, but one whose survivor is gone
                survivor = select(row.ticket_id).where(row.ticket_id == ticket.merged_into)
                return [] if await connection.scalar(survivor) else [ticket]
            others = select(*_COLUMNS).where(row.ticket_id.in_(ticket.merged), *_done())
            rows = (await connection.execute(others)).all() if ticket.merged else []
        family = [ticket, *[each for row in rows if (each := await self._over(row, now))]]
        return family if len(family) == 1 + len(ticket.merged) else []

    async def _over(self, found: _Found, now: datetime) -> Ticket | None:
        """A ticket that nobody can reopen any more; none where that is not known here."""
        if found.state_version > STATE_VERSION or found.closed_at is None:
            return None
        try:
            policy = await self._policies.learn(found.policy_version)
        except (PolicyTooNew, PolicyUnreadable):
            return None
        return codec.state_from_json(found.state) if found.closed_at + policy.reopen_window < now else None

    async def _forget(self, families: Sequence[list[Ticket]]) -> int:
        """Forget those that are nobody's just now, in one transaction; how many tickets."""
        row = TicketRow
        wanted = [ticket.ticket_id for family in families for ticket in family]
        if not wanted:
            return 0
        held = select(row.ticket_id).where(row.ticket_id.in_(wanted), *_done()).order_by(row.ticket_id)
        async with self._database.begin() as connection:
            free = set((await connection.scalars(held.with_for_update(skip_locked=True))).all())
            tickets = [
                ticket for family in families if all(each.ticket_id in free for each in family) for ticket in family
            ]
            if tickets:
                await _delete(connection, tickets)
        return len(tickets)


def _done() -> tuple[ColumnElement[bool] | TextClause, ...]:
    """What must hold of a ticket that is forgotten: nothing is owed for it, and nothing else needs it."""
    row, message, link, problem = TicketRow, MessageRow, ProblemLinkRow, ProblemRow
    is_owed = exists().where(message.ticket_id == row.ticket_id, message.status == "pending")
    is_of_a_problem = exists().where(
        link.ticket_id == row.ticket_id,
        link.is_linked,
        problem.problem_id == link.problem_id,
        problem.closed_at.is_(None),
    )
    told, announced = AnnouncementTicketRow, AnnouncementRow
    is_being_told = exists().where(
        told.ticket_id == row.ticket_id,
        announced.announcement_id == told.announcement_id,
        announced.ended_at.is_(None),
    )
    return (
        CLOSED,
        row.wake_at.is_(None),
        row.credit_asked_at.is_(None),
        ~is_owed,
        ~is_of_a_problem,
        ~is_being_told,
    )


async def _delete(connection: AsyncConnection, tickets: Sequence[Ticket]) -> None:
    ids = sorted(ticket.ticket_id for ticket in tickets)
    keys = await _keys(connection, tickets)
    key = ContactKeyRow
    await connection.execute(delete(key).where(key.key.in_(keys), key.ticket_id.in_(ids)))
    told, result = AnnouncementTicketRow, AnnouncementResultRow
    places = select(told.announcement_id, told.ticket_id).where(told.ticket_id.in_(ids))
    await connection.execute(delete(result).where(tuple_(result.announcement_id, result.ticket_id).in_(places)))
    for table in _OWN:
        await connection.execute(delete(table).where(table.ticket_id.in_(ids)))


async def _keys(connection: AsyncConnection, tickets: Sequence[Ticket]) -> set[bytes]:
    """What leads to these tickets: their matters, the conversations that contacts came in, what they were elsewhere."""
    said, by_id = EventRow, {ticket.ticket_id: ticket for ticket in tickets}
    saying = select(said.ticket_id, said.kind, said.body).where(
        said.ticket_id.in_(by_id), said.kind.in_(("opened", "contact_received", "imported"))
    )
    threads = {ticket.thread for ticket in tickets}
    keys = {key_of_matter(ticket.customer.external_id, ticket.subject) for ticket in tickets}
    for line in await connection.execute(saying):
        ticket, event = by_id[line.ticket_id], codec.event_from_json(line.kind, line.body)
        if isinstance(event, Opened | ContactReceived):
            threads.add(event.thread)
        elif isinstance(event, Imported):
            keys.update(keys_of_import(event.references, ticket.customer.external_id, ticket.subject, event.opened_at))
    return {key for key in keys if key} | {key_of_thread(thread) for thread in threads if thread}
