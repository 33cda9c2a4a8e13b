"""Settle's statements for SQLite: one writer at a time, so the lock is the database's and the clock is the process's.

Writers of one process queue on a lock of their own; those of different processes wait on `busy_timeout`.
"""

import sqlite3
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiosqlite

from services.records.codec import STATE_VERSION, data_to_json
from services.records.engine import Database
from services.records.rows import (
    DeltaColumns,
    EventColumns,
    Greeting,
    Held,
    InputColumns,
    MessageColumns,
    PolicyColumns,
    ReplyColumns,
    Rows,
    TicketColumns,
)
from services.records.statements import RequestKey
from services.records.tables import instant_to_text

_HELD = ", ".join(Held._fields[:-1])
_REPLY = ", ".join(ReplyColumns._fields)
_INSTANTS_OF_HELD = tuple(Held._fields.index(name) for name in ("advanced_to", "wake_at", "told_at"))
_INSTANTS_OF_REPLY = tuple(ReplyColumns._fields.index(name) for name in ("at", "stored_at"))

_HOLD = f"SELECT {_HELD} FROM tickets WHERE ticket_id = ?"  # noqa: S608 - column names of our own
_HOLD_LATE = f"""
SELECT {_HELD} FROM tickets
WHERE wake_at <= ? AND (stuck_until IS NULL OR stuck_until <= ?) AND state_version <= ?
    AND policy_version NOT IN (SELECT value FROM json_each(?))
ORDER BY wake_at LIMIT ?
"""  # noqa: S608 - column names of our own
_LOOK = f"SELECT {_REPLY} FROM replies WHERE caller = ? AND request_id = ?"  # noqa: S608 - column names of our own
_CLOCK = "SELECT value FROM meta WHERE name = 'clock'"
_TELL = "UPDATE tickets SET told_at = ? WHERE ticket_id = ?"
_MARK_STUCK = """
UPDATE tickets SET stuck_type = ?, stuck_at = coalesce(stuck_at, ?), stuck_tries = stuck_tries + 1, stuck_until = ?
WHERE ticket_id = ?
"""
_POLICY = "SELECT body FROM policies WHERE version = ?"
_CLEAR_STUCK = "stuck_type = NULL, stuck_at = NULL, stuck_tries = 0, stuck_until = NULL"
_UPDATE = (
    f"UPDATE tickets SET {', '.join(f'{column} = ?' for column in TicketColumns._fields[1:])}, {_CLEAR_STUCK} "  # noqa: S608 - column names of our own
    "WHERE ticket_id = ?"
)


def _insert(table: str, columns: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - names of our own


_INSERT_TICKET = _insert("tickets", TicketColumns._fields)
_INSERT_EVENT = _insert("events", EventColumns._fields)
_INSERT_INPUT = _insert("inputs", InputColumns._fields)
_INSERT_REPLY = _insert("replies", ReplyColumns._fields)
_INSERT_MESSAGE = _insert("outbox", MessageColumns._fields)
_INSERT_DELTA = _insert("total_deltas", DeltaColumns._fields)
_KEEP_POLICY = f"{_insert('policies', PolicyColumns._fields)} ON CONFLICT DO NOTHING"


def _bound(row: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(instant_to_text(value) if isinstance(value, datetime) else value for value in row)


def _with_instants(row: Sequence[Any], places: Iterable[int]) -> list[Any]:
    values = list(row)
    for place in places:
        if values[place] is not None:
            values[place] = datetime.fromisoformat(values[place])
    return values


def _held(row: Sequence[Any], real_at: datetime) -> Held:
    return Held(*_with_instants((*row, real_at), _INSTANTS_OF_HELD))


class SqliteSettling:
    """One transaction, on the driver's own connection."""

    def __init__(self, driver: aiosqlite.Connection) -> None:
        self._driver = driver

    async def hold(self, ticket_id: str, key: RequestKey | None) -> tuple[Held, ReplyColumns | None] | None:
        """The transaction holds the database already; the clock is read after that."""
        rows = list(await self._driver.execute_fetchall(_HOLD, (ticket_id,)))
        if not rows:
            return None
        return _held(rows[0], datetime.now(UTC)), await _reply(self._driver, key)

    async def hold_late(
        self, before: datetime, real_at: datetime, limit: int, *, not_under: Collection[str]
    ) -> list[Held]:
        """Nobody else writes: there is no lock to pass by."""
        asked = _bound((before, real_at, STATE_VERSION, data_to_json(list(not_under)), limit))
        rows = await self._driver.execute_fetchall(_HOLD_LATE, asked)
        return [_held(row, datetime.now(UTC)) for row in rows]

    async def write(self, rows: Rows) -> None:
        """Write everything that tickets in hand changed."""
        await self._many(_UPDATE, [(*row[1:], row.ticket_id) for row in rows.tickets])
        await self.insert(rows)

    async def write_each(self, batch: Sequence[Rows]) -> list[int]:
        """Write ticket by ticket: a savepoint costs no trip worth saving here."""
        return [place for place, rows in enumerate(batch) if not await self._can_write(rows)]

    async def _can_write(self, rows: Rows) -> bool:
        await self._driver.execute("SAVEPOINT ticket")
        try:
            await self.write(rows)
        except (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.DataError):
            await self._driver.execute("ROLLBACK TO ticket")
            return False
        await self._driver.execute("RELEASE ticket")
        return True

    async def tell(self, ticket_id: str, told_at: datetime | None) -> None:
        """Write what the workflow knows of, and nothing else."""
        await self._driver.execute(_TELL, _bound((told_at, ticket_id)))

    async def mark_stuck(self, ticket_id: str, error_type: str, real_at: datetime, until: datetime) -> None:
        """Mark a ticket that could not be judged."""
        await self._driver.execute(_MARK_STUCK, _bound((error_type, real_at, until, ticket_id)))

    async def insert(self, rows: Rows) -> None:
        """Append what stands beside the tickets."""
        await self._many(_INSERT_EVENT, rows.events)
        await self._many(_INSERT_INPUT, rows.inputs)
        await self._many(_INSERT_REPLY, rows.replies)
        await self._many(_INSERT_MESSAGE, rows.messages)
        await self._many(_INSERT_DELTA, rows.deltas)

    async def insert_tickets(self, rows: Rows) -> None:
        """Insert new tickets; first, so that what refers to them finds them."""
        await self._many(_INSERT_TICKET, rows.tickets)

    async def _many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            await self._driver.executemany(statement, [_bound(row) for row in rows])


async def _reply(driver: aiosqlite.Connection, key: RequestKey | None) -> ReplyColumns | None:
    if key is None:
        return None
    rows = list(await driver.execute_fetchall(_LOOK, key))
    return ReplyColumns(*_with_instants(rows[0], _INSTANTS_OF_REPLY)) if rows else None


class SqliteStatements:
    """Reached through the driver's connection, which SQLAlchemy's pool keeps.

    Whoever waits for the writers' queue holds no connection: readers need them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def opening(self) -> AsyncIterator["SqliteStatements"]:
        """Reads, lets judge, and only then begins: an opening needs nobody's row."""
        yield self

    async def greet(self, key: RequestKey | None = None) -> Greeting:
        """The process's clock, its name in the record and the stored reply."""
        async with self._connection() as driver:
            clock = list(await driver.execute_fetchall(_CLOCK))
            return Greeting(datetime.now(UTC), clock[0][0] if clock else None, await _reply(driver, key))

    async def keep_policy(self, policy: PolicyColumns) -> None:
        """Store a policy's snapshot unless it is there."""
        async with self._database.writing, self._connection() as driver:
            await driver.execute(_KEEP_POLICY, _bound(policy))

    async def write(self, rows: Rows) -> None:
        """Insert one new ticket and all that comes with it."""
        async with self.settling() as settling:
            await settling.insert_tickets(rows)
            await settling.insert(rows)

    @asynccontextmanager
    async def settling(self) -> AsyncIterator[SqliteSettling]:
        """BEGIN IMMEDIATE: a transaction that reads first and writes later would lose to one that wrote meanwhile."""
        async with self._database.writing, self._connection() as driver:
            try:
                await driver.execute("BEGIN IMMEDIATE")
                yield SqliteSettling(driver)
                await driver.commit()
            except BaseException:
                # A cancelled statement is still run by the driver's thread: this comes after it.
                await driver.rollback()
                raise

    async def policy(self, version: str) -> str | None:
        """A stored policy's snapshot."""
        async with self._connection() as driver:
            rows = list(await driver.execute_fetchall(_POLICY, (version,)))
            return rows[0][0] if rows else None

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[aiosqlite.Connection]:
        async with self._database.engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            if not isinstance(driver, aiosqlite.Connection):
                raise TypeError("the engine's driver is not aiosqlite")
            yield driver
