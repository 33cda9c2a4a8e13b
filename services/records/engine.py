"""Engines for the two databases, set up so that no process can hold a ticket for long and no write is lost.

SQLite: WAL, the driver in autocommit and `BEGIN IMMEDIATE` by hand: with the driver's own transactions two of three
concurrent settles were lost without an error. PostgreSQL: a time-out for everything that can wait.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, exc, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection, PoolResetState

from services.records.errors import RecordUnavailable
from services.records.postgresql_driver import postgresql_driver
from services.records.sqlite_driver import sqlite_driver

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
POSTGRESQL_CONNECTIONS = 16
SQLITE_CONNECTIONS = 8
"""At most, for each process."""
READS = "followthrough_reads"
"""Execution option of SQLite connections that only read: their transaction need not wait for the writers."""
IDLE = "followthrough_idle"
"""In a SQLite connection's `info` when it goes back: all that was asked of it is answered, and it is in no transaction.

Then it need not roll back, which is a change of threads.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long anything may wait, in real seconds. A stopped process must not hold a ticket."""

    lock_seconds: float = 1.0
    """For a row's lock in PostgreSQL."""
    busy_seconds: float = 5.0
    """For SQLite's one writer, whose lock other processes are not given in order."""
    statement_seconds: float = 1.5
    idle_in_transaction_seconds: float = 5.0
    connect_seconds: float = 3.0
    pool_seconds: float = 1.5
    """For a free connection of the pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An engine and what its users share."""

    engine: AsyncEngine
    """For transactions that write."""
    looking: AsyncEngine
    """For single statements that only read."""
    reading: AsyncEngine
    """For transactions that only read: one snapshot, and no waiting for writers."""
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """SQLite has one writer: those of one process queue here, in order, rather than spin on `busy_timeout`."""

    @property
    def is_sqlite(self) -> bool:
        """Which of the two it is."""
        return self.engine.dialect.name == "sqlite"

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes; on SQLite, in the queue of this process's writers."""
        queue = self.writing if self.is_sqlite else nullcontext()
        async with queue, self.engine.begin() as connection:
            yield connection

    async def aclose(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def url_of(text: str) -> URL:
    """Read a database URL in its long or short form; `ValueError` for another database, or SQLite in memory."""
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError):  # the second of a port that is no number
        raise ValueError("database URL cannot be read: write sqlite:///PATH or postgresql://USER@HOST/NAME") from None
    if url.drivername not in _DRIVERS:
        raise ValueError(
            f"database {url.drivername!r} is not supported: write sqlite:///PATH or postgresql://USER@HOST/NAME"
        )
    url = url.set(drivername=_DRIVERS[url.drivername])
    if sqlite_path(url) == Path():
        raise ValueError("a record in memory ends with its process: name a file, sqlite:///PATH")
    return url


def sqlite_path(url: URL) -> Path | None:
    """The file of a SQLite record, `Path()` for one in memory; none for another database."""
    if not url.drivername.startswith("sqlite"):
        return None
    return Path() if url.database in {None, "", ":memory:"} else Path(str(url.database))


def open_database(text: str, *, timeouts: Timeouts | None = None) -> Database:
    """Make an engine; nothing is connected yet."""
    url = url_of(text)
    limits = timeouts or Timeouts()
    shared: dict[str, Any] = {
        "hide_parameters": True,  # parameters are customers' names and words
        "json_serializer": str,  # JSON columns carry text that the codec made
        "json_deserializer": str,
        "pool_timeout": limits.pool_seconds,
        "max_overflow": 0,  # a connection costs more than a settle: keep those there are
    }
    if sqlite_path(url) is not None:
        arguments: dict[str, Any] = {
            "isolation_level": None,
            "timeout": limits.busy_seconds,
            "async_creator_fn": sqlite_driver,
        }
        shared |= {"pool_size": SQLITE_CONNECTIONS, "pool_reset_on_return": None}  # see `_roll_back`
        engine = create_async_engine(url, connect_args=arguments, **shared)
        _set_up_sqlite(engine)
        reading = engine.execution_options(**{READS: True})
        return Database(engine=engine, looking=reading, reading=reading)
    arguments = _postgresql_arguments(limits)
    engine = create_async_engine(url, connect_args=arguments, pool_size=POSTGRESQL_CONNECTIONS, **shared)
    event.listen(engine.sync_engine, "checkout", _refuse_unfit)
    return Database(
        engine=engine,
        looking=engine.execution_options(isolation_level="AUTOCOMMIT"),
        reading=engine.execution_options(isolation_level="REPEATABLE READ"),
    )


def _postgresql_arguments(limits: Timeouts) -> dict[str, Any]:
    return {
        "async_creator_fn": postgresql_driver,
        "timeout": limits.connect_seconds,
        # Behind the server's own: a server that is stopped enforces none.
        "command_timeout": limits.statement_seconds * 2,
        "server_settings": {
            "application_name": "followthrough",
            "timezone": "UTC",
            "jit": "off",
            "plan_cache_mode": "force_generic_plan",
            "lock_timeout": _milliseconds(limits.lock_seconds),
            "statement_timeout": _milliseconds(limits.statement_seconds),
            "idle_in_transaction_session_timeout": _milliseconds(limits.idle_in_transaction_seconds),
        },
    }


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


def _refuse_unfit(connection: Any, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:  # noqa: ANN401 - the dialect's own adapter, untyped
    """A restarted server leaves closed connections in the pool, and an open transaction would swallow what comes next.

    Seeing either costs no round trip.
    """
    driver = connection.driver_connection
    if driver.is_closed():
        raise exc.DisconnectionError("closed by the server")
    if driver.is_in_transaction():
        driver.terminate()
        raise exc.DisconnectionError("left in a transaction")


def _roll_back(connection: DBAPIConnection, entry: ConnectionPoolEntry, state: PoolResetState) -> None:
    """What the pool does itself with `pool_reset_on_return`, but for connections that are known to be idle."""
    if entry.info.pop(IDLE, False) or state.transaction_was_reset or not state.asyncio_safe:
        return
    connection.rollback()


class _File:
    """SQLite's file. It can be deleted while it is open: what is written then is answered for, and gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._first: os.stat_result | None = None

    def note(self) -> None:
        """It is open."""
        self._first = self._first or self._path.stat()

    def require_same(self) -> None:
        """See that it is still there, and the one that was opened first: nothing is known of another."""
        if self._first is None:
            return
        try:
            is_same = os.path.samestat(self._path.stat(), self._first)
        except OSError:
            is_same = False
        if not is_same:
            raise RecordUnavailable(f"the record's file {str(self._path)!r} was taken away: put it back, or start anew")


def _set_up_sqlite(engine: AsyncEngine) -> None:
    path = Path(str(engine.url.database))
    file = _File(path)

    @event.listens_for(engine.sync_engine, "do_connect")
    def look_first(*_: object) -> None:
        file.require_same()
        # A file that cannot be opened is found out here: the driver would tell it from a thread that may outlive us.
        sqlite3.connect(path).close()

    event.listen(engine.sync_engine, "checkout", lambda *_: file.require_same())
    event.listen(engine.sync_engine, "reset", _roll_back)

    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        file.note()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(READS, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
