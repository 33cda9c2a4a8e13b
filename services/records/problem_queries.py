"""What can be asked about problems and announcements. Pages begin after an id; tickets aside, the newest come first."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from services.records.door import is_possible, require_count
from services.records.engine import Database
from services.records.faults import spoken_plainly
from services.records.problem_facts import (
    WAITING,
    AnnouncedTo,
    Announcement,
    Linked,
    Problem,
    ProblemKind,
    ProblemState,
    ProblemUnknown,
)
from services.records.problem_rows import Condition, announcements, problems
from services.records.tables import TicketRow
from services.records.tables_problems import (
    OPEN,
    AnnouncementResultRow,
    AnnouncementRow,
    AnnouncementTicketRow,
    ProblemLinkRow,
    ProblemRow,
)
from workflows.ports import AnnouncementUnknown


class ProblemQueries:
    """Reads about problems. Every call raises `RecordError`, and may be made again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def problem(self, problem_id: str) -> Problem:
        """Read one. Raises `ProblemUnknown`."""
        if is_possible(problem_id):
            with spoken_plainly():
                async with self._database.reading.connect() as connection:
                    if found := await problems(connection, ProblemRow.problem_id == problem_id):
                        return found[0]
        raise ProblemUnknown("there is no such problem in the record")

    async def problems(
        self,
        *,
        kind: ProblemKind | None,
        state: ProblemState | None,
        is_closed_wanted: bool,
        page_size: int,
        before: str | None,
    ) -> list[Problem]:
        """Read a page of them."""
        require_count("page_size", page_size)
        row = ProblemRow
        wanted: list[Condition] = [] if is_closed_wanted else [OPEN]
        if kind is not None:
            wanted.append(row.kind == kind.value)
        if state is not None:
            wanted.append(row.state == state.value)
        if before is not None:
            wanted.append(row.problem_id < before)
        with spoken_plainly():
            async with self._database.reading.connect() as connection:
                return await problems(connection, *wanted, limit=page_size)

    async def linked(self, problem_id: str, *, page_size: int, after: str | None) -> list[Linked]:
        """Read a page of a problem's tickets, in the order of their ids. Raises `ProblemUnknown`."""
        require_count("page_size", page_size)
        link, ticket = ProblemLinkRow, TicketRow
        query = (
            select(link.ticket_id, ticket.reference, ticket.status, link.at)
            .join(ticket, ticket.ticket_id == link.ticket_id)
            .where(link.problem_id == problem_id, link.is_linked, link.ticket_id > (after or ""))
            .order_by(link.ticket_id)
            .limit(page_size)
        )
        if is_possible(problem_id):
            with spoken_plainly():
                async with self._database.reading.connect() as connection:
                    found = (await connection.execute(query)).all()
            if found:
                return [
                    Linked(ticket_id=ticket_id, reference=reference, status=status, linked_at=at)
                    for ticket_id, reference, status, at in found
                ]
        await self.problem(problem_id)
        return []

    async def announcement(self, announcement_id: str) -> Announcement:
        """Read one, with how far it is. Raises `AnnouncementUnknown`."""
        if is_possible(announcement_id):
            found = await self._announcements(AnnouncementRow.announcement_id == announcement_id)
            if found:
                return found[0]
        raise AnnouncementUnknown("there is no such announcement in the record")

    async def announcements(self, *, problem_id: str | None, page_size: int, before: str | None) -> list[Announcement]:
        """Read a page of them, of one problem or of all. Raises `ProblemUnknown`."""
        require_count("page_size", page_size)
        row = AnnouncementRow
        wanted: list[Condition] = []
        if problem_id is not None:
            await self.problem(problem_id)
            wanted.append(row.problem_id == problem_id)
        if before is not None:
            wanted.append(row.announcement_id < before)
        return await self._announcements(*wanted, limit=page_size)

    async def announced_to(
        self, announcement_id: str, *, outcome: str | None, page_size: int, after: str | None
    ) -> list[AnnouncedTo]:
        """Read a page of an announcement's tickets, in the order of their ids. Raises `AnnouncementUnknown`."""
        require_count("page_size", page_size)
        await self.announcement(announcement_id)
        ticket, result = AnnouncementTicketRow, AnnouncementResultRow
        own, carrier = aliased(TicketRow), aliased(TicketRow)
        is_of_it = (result.announcement_id == ticket.announcement_id) & (result.ticket_id == ticket.ticket_id)
        query = (
            select(ticket.ticket_id, own.reference, result.outcome, result.at, ticket.instead_of, carrier.reference)
            .join(own, own.ticket_id == ticket.ticket_id)
            .join(result, is_of_it, isouter=True)
            .join(carrier, carrier.ticket_id == result.told_in, isouter=True)
            .where(ticket.announcement_id == announcement_id, ticket.ticket_id > (after or ""))
            .order_by(ticket.ticket_id)
            .limit(page_size)
        )
        if outcome is not None:
            query = query.where(result.outcome.is_(None) if outcome == WAITING else result.outcome == outcome)
        with spoken_plainly():
            async with self._database.reading.connect() as connection:
                found = (await connection.execute(query)).all()
        return [
            AnnouncedTo(
                ticket_id=ticket_id,
                reference=reference,
                outcome=what or WAITING,
                at=at,
                instead_of=instead_of,
                told_in=told_in,
            )
            for ticket_id, reference, what, at, instead_of, told_in in found
        ]

    async def _announcements(self, *wanted: Condition, limit: int | None = None) -> list[Announcement]:
        with spoken_plainly():
            async with self._database.reading.connect() as connection:
                return await announcements(connection, *wanted, limit=limit)
