"""aiosqlite's connection, which can also do a whole piece of work at once, in its own thread.

A change of threads costs as much as a statement, and a settle has a dozen of them. Knows no statement.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import aiosqlite

Found = TypeVar("Found")

CHUNK = 64
"""Rows that a cursor reads ahead: aiosqlite's own default."""


class SqliteDriver(aiosqlite.Connection):
    """Everything that is asked of it runs in one thread, in the order of asking, also when nobody waits any more."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, CHUNK)
        self._thread.daemon = True  # as SQLAlchemy has it: a process that ends does not wait for it

    async def whole(self, work: Callable[[sqlite3.Connection], Found]) -> Found:
        """Do it all in the thread, with SQLite's own connection; raises what it raises."""
        found: Found = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]  # it has no types
        return found

    def stop(self) -> asyncio.Future[Any] | None:
        """Close and end the thread. Asked again, nothing: there is no thread any more that could answer."""
        return super().stop() if self._running else None


def sqlite_driver(path: str, **options: Any) -> SqliteDriver:  # noqa: ANN401 - what `sqlite3.connect` takes
    """A connection that awaits to be opened, as SQLAlchemy's dialect wants it."""
    return SqliteDriver(partial(sqlite3.connect, path, **options))
