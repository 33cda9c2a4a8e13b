"""The record's articles: put, read, retired, found. Any number of authors at once; a reader sees one snapshot.

Every call may raise `RecordUnavailable` (try again), `RecordFailed`, `SchemaMissing`, and says what else.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, exists, func, insert, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.knowledge.article import Article, ArticleMovedOn, ArticleUnknown, Content, Suggestion
from services.knowledge.search import PostgresqlSearch, Search, SqliteSearch
from services.knowledge.words import asked_for
from services.records import Records, codec
from services.records.clock import instant_by
from services.records.faults import spoken_plainly
from services.records.tables_articles import ArticleQueueRow, ArticleRow
from workflows.domain.languages import spoken

_LOCK_KEY = 0x61_7274_6963_6C65
"""Two processes never write articles at a time. The key is arbitrary and never changes."""


class Articles:
    """All articles of one record."""

    def __init__(self, records: Records) -> None:
        self._database = records.database
        self._clock = records.clock
        self._search: Search = SqliteSearch() if records.database.is_sqlite else PostgresqlSearch()

    async def put(self, article_id: str, content: Content, *, by: str, expected_version: int | None = None) -> Article:
        """Make an article, or change it; one that says the same already stays as it is.

        Raises `ArticleMovedOn` when it has another version and says something else; `ClockUnusable`, `ClockRunOut`.
        """
        with spoken_plainly():
            async with self._database.begin() as connection:
                now = await self._locked(connection)
                number, before = await _held(connection, article_id)
                if before is not None and before.content == content and before.retired_at is None:
                    return before
                _require_version(article_id, before, expected_version)
                article = Article(
                    article_id=article_id,
                    version=before.version + 1 if before else 1,
                    content=content,
                    created_at=before.created_at if before else now,
                    changed_at=max(now, before.changed_at) if before else now,
                    changed_by=by,
                    retired_at=None,
                )
                await _write(connection, number, article, is_new=before is None)
                await self._search.learn(connection, number, article_id, content)
        return article

    async def retire(self, article_id: str, *, by: str, expected_version: int | None = None) -> Article:
        """Have an article found no more; one that is retired stays as it is.

        Raises `ArticleUnknown`, `ArticleMovedOn`, `ClockUnusable`, `ClockRunOut`.
        """
        with spoken_plainly():
            async with self._database.begin() as connection:
                now = await self._locked(connection)
                number, before = await _held(connection, article_id)
                if before is None:
                    raise ArticleUnknown(article_id)
                if before.retired_at is not None:
                    return before
                _require_version(article_id, before, expected_version)
                at = max(now, before.changed_at)
                article = Article(
                    article_id=article_id,
                    version=before.version + 1,
                    content=before.content,
                    created_at=before.created_at,
                    changed_at=at,
                    changed_by=by,
                    retired_at=at,
                )
                await _write(connection, number, article, is_new=False)
                await self._search.forget(connection, number)
        return article

    async def article(self, article_id: str) -> Article:
        """Return one article. Raises `ArticleUnknown`."""
        with spoken_plainly():
            async with self._database.reading.connect() as connection:
                _, found = await _held(connection, article_id)
        if found is None:
            raise ArticleUnknown(article_id)
        return found

    async def articles(
        self, *, language: str | None, queue: str | None, is_retired_too: bool, page_size: int, after: str | None
    ) -> list[Article]:
        """List articles in the order of their ids, without their bodies; shorter than `page_size` is the last page."""
        row = ArticleRow
        conditions: list[ColumnElement[bool]] = []
        if not is_retired_too:
            conditions.append(row.retired_at.is_(None))
        if language is not None:
            conditions.append(row.spoken == spoken(language))
        if queue is not None:
            conditions.append(_is_for(queue))
        if after is not None:
            conditions.append(row.article_id > after)
        query = select(*_columns(body=literal(""))).where(*conditions).order_by(row.article_id).limit(page_size)
        with spoken_plainly():
            async with self._database.reading.connect() as connection:
                found = (await connection.execute(query)).all()
                queues = await _queues(connection, [each.article_id for each in found])
        return [_article(each, queues.get(each.article_id, ())) for each in found]

    async def suggestions(
        self, said: str, *, language: str | None = None, queue: str | None = None, limit: int
    ) -> list[Suggestion]:
        """Find the articles in use that may answer what somebody says, the likeliest first; none for no words."""
        words = asked_for(said)
        if not words:
            return []
        of_language = None if language is None else spoken(language)
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                return await self._search.find(connection, words, spoken=of_language, queue=queue, limit=limit)

    async def _locked(self, connection: AsyncConnection) -> datetime:
        """Be the one who writes, then read the clock; SQLite's transaction has the database already."""
        if self._database.is_sqlite:
            return instant_by(self._clock, datetime.now(UTC))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        return instant_by(self._clock, (await connection.execute(select(func.clock_timestamp()))).scalar_one())


def _require_version(article_id: str, before: Article | None, expected: int | None) -> None:
    version = before.version if before else 0
    if expected is not None and expected != version:
        raise ArticleMovedOn(article_id, expected, version)


async def _held(connection: AsyncConnection, article_id: str) -> tuple[int, Article | None]:
    """An article with its number; the next number when there is none."""
    row = ArticleRow
    query = select(*_columns(body=row.body), row.number).where(row.article_id == article_id)
    found = (await connection.execute(query)).one_or_none()
    if found is None:
        return (await connection.execute(select(func.coalesce(func.max(row.number), 0) + 1))).scalar_one(), None
    queues = await _queues(connection, [article_id])
    return found.number, _article(found, queues.get(article_id, ()))


async def _write(connection: AsyncConnection, number: int, article: Article, *, is_new: bool) -> None:
    row, content = ArticleRow, article.content
    values = {
        "version": article.version,
        "title": content.title,
        "body": content.body,
        "language": content.language,
        "spoken": content.spoken,
        "keywords": codec.data_to_json(content.keywords),
        "changed_at": article.changed_at,
        "changed_by": article.changed_by,
        "retired_at": article.retired_at,
    }
    if is_new:
        new = {"article_id": article.article_id, "number": number, "created_at": article.created_at}
        await connection.execute(insert(row).values(**new, **values))
    else:
        await connection.execute(update(row).where(row.article_id == article.article_id).values(**values))
        await connection.execute(delete(ArticleQueueRow).where(ArticleQueueRow.article_id == article.article_id))
    if content.queues:
        queues = [{"article_id": article.article_id, "queue": queue} for queue in content.queues]
        await connection.execute(insert(ArticleQueueRow), queues)


async def _queues(connection: AsyncConnection, article_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The queues of each article that is for some only, in the order of their names."""
    row = ArticleQueueRow
    found: dict[str, list[str]] = {}
    query = select(row.article_id, row.queue).where(row.article_id.in_(article_ids))
    for article_id, queue in await connection.execute(query):
        found.setdefault(article_id, []).append(queue)
    return {article_id: tuple(sorted(queues)) for article_id, queues in found.items()}


def _is_for(queue: str) -> ColumnElement[bool]:
    its = ArticleQueueRow.article_id == ArticleRow.article_id
    return ~exists().where(its) | exists().where(its, ArticleQueueRow.queue == queue)


def _columns(*, body: ColumnElement[str] | Any) -> Iterable[Any]:  # noqa: ANN401 - a column of whatever spelling
    row = ArticleRow
    return (
        row.article_id,
        row.version,
        row.title,
        body.label("body"),
        row.language,
        row.keywords,
        row.created_at,
        row.changed_at,
        row.changed_by,
        row.retired_at,
    )


def _article(found: Row[*tuple[Any, ...]], queues: tuple[str, ...]) -> Article:
    return Article(
        article_id=found.article_id,
        version=found.version,
        content=Content(
            title=found.title,
            body=found.body,
            language=found.language,
            keywords=tuple(codec.data_from_json(found.keywords)),
            queues=queues,
        ),
        created_at=found.created_at,
        changed_at=found.changed_at,
        changed_by=found.changed_by,
        retired_at=found.retired_at,
    )
