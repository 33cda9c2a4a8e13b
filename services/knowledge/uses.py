"""What articles were good for: suggested, helped before a ticket was needed, solved a ticket, came back.

The first two are counted here. The others are derived from the tickets' log when they are asked for, through an index
of the events that name an article: nothing is written beside a settle, so that no figure can differ from the log.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, TextClause, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.knowledge.article import ArticleUnknown, Report
from services.records import Records, RequestIdReused
from services.records.clock import instant_by
from services.records.faults import spoken_plainly
from services.records.tables import Instant
from services.records.tables_articles import ArticleHelpedRow, ArticleRow, ArticleSuggestedRow

_COUNT_SUGGESTED = text("""
INSERT INTO article_suggested (article_id, times) VALUES (:article_id, 1)
ON CONFLICT (article_id) DO UPDATE SET times = article_suggested.times + 1
""")
_KEEP_HELPED = text("""
INSERT INTO article_helped (caller, request_id, article_id, queue, at)
VALUES (:caller, :request_id, :article_id, :queue, :at)
ON CONFLICT (caller, request_id) DO NOTHING
""").bindparams(bindparam("at", type_=Instant()))

_NAMED: Mapping[str, str] = {"sqlite": "json_extract(body, '$.article')", "postgresql": "body ->> 'article'"}
"""The article that a resolution names, as the index of them spells it."""


def _solved(named: str) -> TextClause:
    """Of each article the tickets whose resolution named it, and those that came back since it did so last."""
    return text(f"""
        SELECT article_id, count(*), count(*) FILTER (WHERE EXISTS (
            SELECT 1 FROM events
            WHERE events.ticket_id = solved.ticket_id AND events.sequence > solved.sequence
                AND events.kind IN ('rejected', 'reopened')
        ))
        FROM (
            SELECT ({named}) AS article_id, ticket_id, max(sequence) AS sequence FROM events
            WHERE kind = 'resolved' AND ({named}) IS NOT NULL AND ({named}) IN :article_ids
            GROUP BY ({named}), ticket_id
        ) AS solved
        GROUP BY article_id
    """).bindparams(bindparam("article_ids", expanding=True))  # noqa: S608 - words of our own


class Uses:
    """What came of the articles of one record. Every call may raise what `Articles` does."""

    def __init__(self, records: Records) -> None:
        self._database = records.database
        self._clock = records.clock
        self._solved = _solved(_NAMED["sqlite" if records.database.is_sqlite else "postgresql"])

    async def count_suggested(self, article_ids: Sequence[str]) -> None:
        """Count each of these once more. In one order, whoever counts: nobody waits for each other in a ring."""
        with spoken_plainly():
            async with self._database.begin() as connection:
                rows = [{"article_id": article_id} for article_id in sorted(article_ids)]
                await connection.execute(_COUNT_SUGGESTED, rows)

    async def keep_helped(self, *, caller: str, request_id: str, article_id: str, queue: str | None) -> None:
        """Record that an article helped, once for each request.

        Raises `ArticleUnknown`; `RequestIdReused` when the caller said so of another, or for another queue.
        """
        row = ArticleHelpedRow
        with spoken_plainly():
            async with self._database.begin() as connection:
                if not await connection.scalar(select(_is_known(article_id))):
                    raise ArticleUnknown(article_id)
                values = {"caller": caller, "request_id": request_id, "article_id": article_id, "queue": queue}
                kept = await connection.execute(_KEEP_HELPED, {**values, "at": await self._now(connection)})
                if kept.rowcount:
                    return
                before = select(row.article_id, row.queue).where(row.caller == caller, row.request_id == request_id)
                if (await connection.execute(before)).one() != (article_id, queue):
                    raise RequestIdReused(request_id)

    async def is_known(self, article_id: str) -> bool:
        """Whether there is such an article, in use or retired."""
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                return bool(await connection.scalar(select(_is_known(article_id))))

    async def reports(self, *, is_retired_too: bool, page_size: int, after: str | None) -> list[Report]:
        """Tell what articles were good for, in the order of their ids; shorter than `page_size` is the last page."""
        row, suggested, helped = ArticleRow, ArticleSuggestedRow, ArticleHelpedRow
        conditions: list[ColumnElement[bool]] = [] if is_retired_too else [row.retired_at.is_(None)]
        if after is not None:
            conditions.append(row.article_id > after)
        times = select(suggested.times).where(suggested.article_id == row.article_id).scalar_subquery()
        helps = select(func.count()).where(helped.article_id == row.article_id).scalar_subquery()
        query = (
            select(row.article_id, row.title, func.coalesce(times, 0), helps)
            .where(*conditions)
            .order_by(row.article_id)
            .limit(page_size)
        )
        with spoken_plainly():
            async with self._database.reading.connect() as connection:
                page = (await connection.execute(query)).all()
                named = {"article_ids": [article_id for article_id, *_ in page]}
                solved = {article_id: counts for article_id, *counts in await connection.execute(self._solved, named)}
        return [_report(*found, *solved.get(found[0], (0, 0))) for found in page]

    async def _now(self, connection: AsyncConnection) -> datetime:
        if self._database.is_sqlite:
            return instant_by(self._clock, datetime.now(UTC))
        return instant_by(self._clock, (await connection.execute(select(func.clock_timestamp()))).scalar_one())


def _is_known(article_id: str) -> Any:  # noqa: ANN401 - SQLAlchemy's name for an EXISTS differs by version
    return select(ArticleRow.article_id).where(ArticleRow.article_id == article_id).exists()


def _report(article_id: str, title: str, suggested: int, helped: int, solved: int, reopened: int) -> Report:  # noqa: PLR0917 - as many as a row has columns
    return Report(
        article_id=article_id, title=title, suggested=suggested, helped=helped, solved=solved, reopened=reopened
    )
