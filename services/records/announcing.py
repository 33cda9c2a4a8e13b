"""Announcements as they are carried out: which are to be, whose turn it is, and when one has come to its end."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records.clock import RecordClock, instant_by
from services.records.decision import Judge
from services.records.door import require_count
from services.records.engine import Database
from services.records.faults import spoken_plainly
from services.records.letters import Turn, Turns
from services.records.policies import KnownPolicies
from services.records.problem_facts import AnnouncementKind, AnnouncementState
from services.records.problem_rows import words_in
from services.records.statements import Statements
from services.records.tables import TicketRow
from services.records.tables_problems import LIVE, AnnouncementRow, AnnouncementTicketRow
from services.records.telling import Teller, has_result
from workflows.domain.ticket import judge as judging
from workflows.ports import AnnouncementUnknown

ASKED_AGAIN_AFTER = timedelta(seconds=30)
"""Real time after which Temporal is asked again to carry on: it may have lost the run, and asking twice is harmless."""


class Announcing:
    """The record's side of telling. Every call raises `RecordError`, and may be made again."""

    def __init__(
        self,
        database: Database,
        statements: Statements,
        clock: RecordClock,
        policies: KnownPolicies,
        *,
        judge: Judge = judging.judge,
    ) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock
        self._teller = Teller(database, statements, clock, policies, judge)

    async def unstarted(self, *, limit: int) -> tuple[str, ...]:
        """Find announcements that Temporal was not asked to carry out, or not lately."""
        require_count("limit", limit)
        row = AnnouncementRow
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            is_untold = or_(row.asked_at.is_(None), row.asked_at < real_at - ASKED_AGAIN_AFTER)
            query = (
                select(row.announcement_id)
                .where(LIVE, row.state == AnnouncementState.RUNNING.value, is_untold)
                .order_by(row.announcement_id)
                .limit(limit)
            )
            async with self._database.looking.connect() as connection:
                return tuple((await connection.scalars(query)).all())

    async def was_asked(self, announcement_id: str) -> None:
        """Note that Temporal was."""
        row = AnnouncementRow
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            async with self._database.begin() as connection:
                await connection.execute(
                    update(row).where(row.announcement_id == announcement_id).values(asked_at=real_at)
                )

    async def turns(self, announcement_id: str, *, after: str, limit: int) -> Turns:
        """Read whose turn it is, of those whose ids sort after one; when nobody's is, the announcement is done.

        Raises `AnnouncementUnknown`.
        """
        require_count("limit", limit)
        row, ticket = AnnouncementRow, AnnouncementTicketRow
        waiting = (
            select(ticket.ticket_id, ticket.instead_of, TicketRow.customer_id)
            .join(TicketRow, TicketRow.ticket_id == ticket.ticket_id)
            .where(ticket.announcement_id == announcement_id, ticket.ticket_id > after, ~has_result(ticket))
            .order_by(ticket.ticket_id)
            .limit(limit)
        )
        with spoken_plainly():
            async with self._database.reading.connect() as connection:
                query = select(*row.__table__.columns).where(row.announcement_id == announcement_id)
                found = (await connection.execute(query)).one_or_none()
                if found is None:
                    raise AnnouncementUnknown(f"announcement {announcement_id!r} is not in the record")
                is_running = found.state == AnnouncementState.RUNNING.value
                rows = (await connection.execute(waiting)).all() if is_running else []
                several = await _with_several(connection, announcement_id, {each.customer_id for each in rows})
        turns = [Turn(each.ticket_id, each.instead_of, each.customer_id in several) for each in rows]
        is_done = is_running and not turns and not after and await self._has_ended(announcement_id)
        return Turns(
            announcement_id=announcement_id,
            problem_id=found.problem_id,
            kind=AnnouncementKind(found.kind),
            words=found.words,
            words_in=words_in(found.words_in),
            actor=found.actor,
            tickets_per_second=found.tickets_per_second,
            is_over=not is_running or is_done,
            turns=turns,
        )

    async def tell(self, turns: Turns, turn: Turn) -> Mapping[str, str]:
        """Settle a ticket with what is announced, and its customer's others with it; returns what became of each.

        Raises what `Teller.tell` does.
        """
        return await self._teller.tell(turns, turn)

    async def _has_ended(self, announcement_id: str) -> bool:
        """End it, unless somebody's turn came meanwhile."""
        row, ticket = AnnouncementRow, AnnouncementTicketRow
        waits = exists().where(ticket.announcement_id == announcement_id, ~has_result(ticket))
        with spoken_plainly():
            instant = instant_by(self._clock, (await self._statements.greet()).real_at)
            async with self._database.begin() as connection:
                ended = await connection.execute(
                    update(row)
                    .where(row.announcement_id == announcement_id, row.state == AnnouncementState.RUNNING.value, ~waits)
                    .values(state=AnnouncementState.DONE.value, changed_at=instant, ended_at=instant)
                )
                return ended.rowcount > 0


async def _with_several(connection: AsyncConnection, announcement_id: str, customers: set[str]) -> set[str]:
    """Those of these customers of whom it is for several tickets."""
    own, ticket = TicketRow, AnnouncementTicketRow
    query = (
        select(own.customer_id)
        .join(ticket, ticket.ticket_id == own.ticket_id)
        .where(own.customer_id.in_(customers), ticket.announcement_id == announcement_id)
        .group_by(own.customer_id)
        .having(func.count() > 1)
    )
    return set((await connection.scalars(query)).all()) if customers else set()
