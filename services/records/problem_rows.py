"""How problems and announcements are read from their tables, within any connection. Raises the drivers' own errors."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, TextClause, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records.codec import data_from_json
from services.records.problem_facts import Announcement, AnnouncementKind, AnnouncementState, Problem
from services.records.problem_facts import ProblemKind as Kind
from services.records.problem_facts import ProblemState as State
from services.records.rows import HeldProblem
from services.records.tables_problems import (
    OPEN,
    AnnouncementResultRow,
    AnnouncementRow,
    AnnouncementTicketRow,
    ProblemLinkRow,
    ProblemRow,
)

Condition = ColumnElement[bool] | TextClause


def problem_of(held: HeldProblem, linked_count: int) -> Problem:
    """A problem that is in hand, with another number of tickets."""
    return Problem(
        problem_id=held.problem_id,
        kind=Kind(held.kind),
        state=State(held.state),
        title=held.title,
        words=held.words,
        opened_by=held.opened_by,
        opened_at=held.opened_at,
        changed_by=held.changed_by,
        changed_at=held.changed_at,
        closed_at=held.closed_at,
        closed_for=held.closed_for,
        version=held.version,
        linked_count=linked_count,
    )


def words_in(stored: str | None) -> Mapping[str, str]:
    """An announcement's words in other languages, by tag, as they are stored."""
    found: dict[str, str] = data_from_json(stored) if stored else {}
    return found


async def problems(connection: AsyncConnection, *wanted: Condition, limit: int | None = None) -> list[Problem]:
    """Those that are wanted, the newest first."""
    row, link = ProblemRow, ProblemLinkRow
    linked = (
        select(func.count())
        .select_from(link)
        .where(link.problem_id == row.problem_id, link.is_linked)
        .scalar_subquery()
    )
    query = select(*row.__table__.columns, linked.label("linked_count")).where(*wanted)
    found = await connection.execute(query.order_by(row.problem_id.desc()).limit(limit))
    return [Problem(**{**each._asdict(), "kind": Kind(each.kind), "state": State(each.state)}) for each in found.all()]


async def count_problems(connection: AsyncConnection) -> dict[tuple[str, ...], int]:
    """Count open problems by kind and state."""
    row = ProblemRow
    counted = select(row.kind, row.state, func.count()).where(OPEN).group_by(row.kind, row.state)
    return {(kind, state): number for kind, state, number in await connection.execute(counted)}


async def announcements(
    connection: AsyncConnection, *wanted: Condition, limit: int | None = None
) -> list[Announcement]:
    """Those that are wanted, with how far each is, the newest first."""
    row = AnnouncementRow
    found = (
        await connection.execute(
            select(*row.__table__.columns).where(*wanted).order_by(row.announcement_id.desc()).limit(limit)
        )
    ).all()
    ids = [each.announcement_id for each in found]
    tickets, outcomes = await _tickets(connection, ids), await _outcomes(connection, ids)
    return [
        Announcement(
            announcement_id=each.announcement_id,
            problem_id=each.problem_id,
            kind=AnnouncementKind(each.kind),
            words=each.words,
            words_in=words_in(each.words_in),
            actor=each.actor,
            announced_at=each.announced_at,
            tickets_per_second=each.tickets_per_second,
            state=AnnouncementState(each.state),
            changed_by=each.changed_by,
            ended_at=each.ended_at,
            ticket_count=tickets.get(each.announcement_id, 0),
            outcomes=outcomes[each.announcement_id],
        )
        for each in found
    ]


async def _tickets(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, int]:
    row = AnnouncementTicketRow
    counted = (
        select(row.announcement_id, func.count()).where(row.announcement_id.in_(ids)).group_by(row.announcement_id)
    )
    return {found[0]: found[1] for found in await connection.execute(counted)}


async def _outcomes(connection: AsyncConnection, ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
    row = AnnouncementResultRow
    counted = (
        select(row.announcement_id, row.outcome, func.count())
        .where(row.announcement_id.in_(ids))
        .group_by(row.announcement_id, row.outcome)
        .order_by(row.outcome)
    )
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for announcement_id, outcome, count in await connection.execute(counted):
        found[announcement_id][outcome] = count
    return found
