"""The record's rows as of one instant, by plain SQL, of either database. Knows their columns' plain types only."""

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

SQLITE = "sqlite:///"
"""How a file's URL begins."""
INSTANTS = frozenset({"at", "recorded_at", "wake_at", "told_at", "changed_at", "from_at", "until_at"})
"""Columns that SQLite keeps as text."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything as it was at one instant."""

    real_at: datetime
    fetch: Callable[[str], Awaitable[Sequence[Row]]]


@asynccontextmanager
async def snapshot(url: str) -> AsyncIterator[Snapshot]:
    """Look at a record by its URL; nothing of it changes meanwhile."""
    opened = _of_file(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else _of_server(url)
    async with opened as taken:
        yield taken


@asynccontextmanager
async def _of_server(url: str) -> AsyncIterator[Snapshot]:
    connection: Any = await asyncpg.connect(url.replace("+asyncpg", ""))

    async def fetch(statement: str) -> Sequence[Row]:
        return [dict(row) for row in await connection.fetch(statement)]

    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield Snapshot(real_at=await connection.fetchval("SELECT clock_timestamp()"), fetch=fetch)
    finally:
        await connection.close()


@asynccontextmanager
async def _of_file(path: str) -> AsyncIterator[Snapshot]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None, timeout=60)) as connection:

        async def fetch(statement: str) -> Sequence[Row]:
            found = connection.execute(statement)
            names = [column[0] for column in found.description]
            return [{name: _plain(name, value) for name, value in zip(names, row, strict=True)} for row in found]

        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # from here on nothing changes
        yield Snapshot(real_at=datetime.now(UTC), fetch=fetch)


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 - whatever a column holds
    return datetime.fromisoformat(value) if name in INSTANTS and value is not None else value
