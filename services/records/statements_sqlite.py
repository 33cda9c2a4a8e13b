"""Settle's statements for SQLite: one writer at a time, so the lock is the database's and the clock is the process's.

Writers of one process queue on a lock of their own; those of different processes wait on `busy_timeout`.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.util import greenlet_spawn

from services.records.codec import data_to_json
from services.records.engine import IDLE, Database
from services.records.rows import (
    HELD_COLUMNS,
    HELD_PROBLEM_COLUMNS,
    DeltaColumns,
    EventColumns,
    Greeting,
    Held,
    HeldProblem,
    InputColumns,
    KeyColumns,
    LinkColumns,
    MessageColumns,
    PolicyColumns,
    ReplyColumns,
    ResultColumns,
    Rows,
    TicketColumns,
    TurnColumns,
)
from services.records.signals import SignalColumns
from services.records.sqlite_driver import SqliteDriver
from services.records.state_versions import STATE_VERSION
from services.records.statements import FIRST_WINS, LATELY, LATER_WINS, YOUNGEST_WINS, RequestKey
from services.records.tables import instant_to_text
from workflows.domain.ticket.closures import Closure, Told
from workflows.domain.ticket.roster import RosterAnswer

Found = TypeVar("Found")
Work: TypeAlias = Callable[[sqlite3.Connection], Found]
"""Done in the driver's thread."""

_BEGIN = "BEGIN IMMEDIATE"
_HELD = ", ".join(HELD_COLUMNS)
_REPLY = ", ".join(ReplyColumns._fields)
_POLICY_OF_HELD = HELD_COLUMNS.index("policy")
_QUEUE_OF_HELD = HELD_COLUMNS.index("queue")
_ADVANCED_OF_HELD = HELD_COLUMNS.index("advanced_to")
_INSTANTS_OF_HELD = tuple(Held._fields.index(name) for name in ("advanced_to", "wake_at", "told_at"))
_INSTANTS_OF_REPLY = tuple(ReplyColumns._fields.index(name) for name in ("at", "stored_at"))

_HOLD = f"SELECT {_HELD} FROM tickets WHERE ticket_id = ?"  # noqa: S608 - column names of our own
_HOLD_PROBLEM = f"SELECT {', '.join(HELD_PROBLEM_COLUMNS)} FROM problems WHERE problem_id = ?"  # noqa: S608 - column names of our own
_LINKED = "SELECT count(*) FROM problem_links WHERE problem_id = ? AND is_linked"
_INSTANTS_OF_PROBLEM = tuple(HELD_PROBLEM_COLUMNS.index(name) for name in ("opened_at", "changed_at", "closed_at"))

_HOLD_LATE = f"""
SELECT {_HELD} FROM tickets
WHERE wake_at <= ? AND (stuck_until IS NULL OR stuck_until <= ?) AND state_version <= ?
    AND policy_version NOT IN (SELECT value FROM json_each(?))
ORDER BY wake_at LIMIT ?
"""  # noqa: S608 - column names of our own
_ROSTER = """
SELECT tier, at, is_reachable FROM roster_answers WHERE policy = ?1 AND replaced_at IS NULL
UNION ALL
SELECT tier, at, is_reachable FROM roster_answers WHERE policy = ?1 AND replaced_at > ?2
"""
_CLOSURES = "SELECT closure_id, from_at, until_at, actor, reason, ended_by, end_reason FROM queue_closures WHERE "
_CLOSURES_OF_HELD = f"{_CLOSURES} queue = ? AND (until_at IS NULL OR until_at > ? OR ended_at IS NULL)"
_CLOSURES_OF_NEW = f"{_CLOSURES} queue = ? AND ended_at IS NULL"
"""Those that are over and seen through are no new ticket's business."""
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
_CLAIM_KEY = _insert("contact_keys", KeyColumns._fields)
_KEEP_KEY = f"{_CLAIM_KEY} {YOUNGEST_WINS}"
_KEEP_LINK = f"{_insert('problem_links', LinkColumns._fields)} {LATER_WINS}"
_KEEP_TURN = f"{_insert('announcement_tickets', TurnColumns._fields)} {FIRST_WINS}"
_INSERT_RESULT = _insert("announcement_results", ResultColumns._fields)
_INSERT_SIGNAL = _insert("customer_signals", SignalColumns._fields)
_INSERT_DELTA = _insert("total_deltas", DeltaColumns._fields)
_KEEP_POLICY = f"{_insert('policies', PolicyColumns._fields)} ON CONFLICT DO NOTHING"


def _bound(row: Iterable[Any]) -> list[Any]:
    return [instant_to_text(value) if type(value) is datetime else value for value in row]


def _with_instants(row: Sequence[Any], places: Iterable[int]) -> list[Any]:
    values = list(row)
    for place in places:
        if values[place] is not None:
            values[place] = datetime.fromisoformat(values[place])
    return values


def _held(connection: sqlite3.Connection, row: Sequence[Any], real_at: datetime, roster: tuple[Told, ...]) -> Held:
    closures = _closures(connection, _CLOSURES_OF_HELD, row[_QUEUE_OF_HELD], row[_ADVANCED_OF_HELD])
    return Held(*_with_instants((*row, real_at, (*roster, *closures)), _INSTANTS_OF_HELD))


def _closures(connection: sqlite3.Connection, query: str, *of: str) -> tuple[Closure, ...]:
    return tuple(
        Closure(
            closure_id=closure_id,
            from_at=datetime.fromisoformat(from_at),
            until_at=None if until_at is None else datetime.fromisoformat(until_at),
            actor=actor,
            reason=reason,
            ended_by=ended_by,
            end_reason=end_reason,
        )
        for closure_id, from_at, until_at, actor, reason, ended_by, end_reason in connection.execute(query, of)
    )


def _roster(
    connection: sqlite3.Connection, policy: str, real_at: datetime, lately: timedelta
) -> tuple[RosterAnswer, ...]:
    """What stands of a policy's roster, and what was replaced lately."""
    found = connection.execute(_ROSTER, _bound((policy, real_at - lately)))
    return tuple(
        RosterAnswer(tier=tier, at=datetime.fromisoformat(at), is_reachable=bool(is_reachable))
        for tier, at, is_reachable in found
    )


class SqliteSettling:
    """One transaction, on SQLite's own connection: what is asked of it at once is done in one change of threads."""

    def __init__(self, driver: SqliteDriver, lately: timedelta) -> None:
        self._driver = driver
        self._lately = lately

    async def hold(self, ticket_id: str, key: RequestKey | None) -> tuple[Held, ReplyColumns | None] | None:
        """The transaction holds the database already; the clock is read after that."""

        def work(connection: sqlite3.Connection) -> tuple[Held, ReplyColumns | None] | None:
            row = connection.execute(_HOLD, (ticket_id,)).fetchone()
            if row is None:
                return None
            real_at = datetime.now(UTC)
            roster = _roster(connection, row[_POLICY_OF_HELD], real_at, self._lately)
            return _held(connection, row, real_at, roster), _reply(connection, key)

        return await self._within(work)

    async def hold_problem(self, problem_id: str) -> HeldProblem | None:
        """The transaction holds the database already."""

        def work(connection: sqlite3.Connection) -> HeldProblem | None:
            row = connection.execute(_HOLD_PROBLEM, (problem_id,)).fetchone()
            if row is None:
                return None
            (linked,) = connection.execute(_LINKED, (problem_id,)).fetchone()
            return HeldProblem(*(*_with_instants(row, _INSTANTS_OF_PROBLEM), datetime.now(UTC), linked))

        return await self._within(work)

    async def hold_late(
        self, before: datetime, real_at: datetime, limit: int, *, not_under: Collection[str]
    ) -> list[Held]:
        """Nobody else writes: there is no lock to pass by."""
        asked = _bound((before, real_at, STATE_VERSION, data_to_json(list(not_under)), limit))

        def work(connection: sqlite3.Connection) -> list[Held]:
            rows = connection.execute(_HOLD_LATE, asked).fetchall()
            now = datetime.now(UTC)
            rosters = {
                policy: _roster(connection, policy, now, self._lately)
                for policy in {row[_POLICY_OF_HELD] for row in rows}
            }
            return [_held(connection, row, now, rosters[row[_POLICY_OF_HELD]]) for row in rows]

        return await self._within(work)

    async def write(self, rows: Rows) -> None:
        """Write everything that tickets in hand changed, and commit."""
        await self._finally(lambda connection: _write(connection, rows))

    async def write_each(self, batch: Sequence[Rows]) -> list[int]:
        """Write ticket by ticket: a savepoint costs no trip worth saving here."""
        return await self._within(
            lambda connection: [place for place, rows in enumerate(batch) if not _can_write(connection, rows)]
        )

    async def tell(self, ticket_id: str, told_at: datetime | None) -> None:
        """Write what the workflow knows of, and nothing else, and commit."""
        await self._finally(lambda connection: connection.execute(_TELL, _bound((told_at, ticket_id))))

    async def mark_stuck(self, ticket_id: str, error_type: str, real_at: datetime, until: datetime) -> None:
        """Mark a ticket that could not be judged."""
        marked = _bound((error_type, real_at, until, ticket_id))
        await self._within(lambda connection: connection.execute(_MARK_STUCK, marked))

    async def commit(self) -> None:
        """Commit what was not committed with the last that was asked."""
        if self._driver.in_transaction:
            await self._driver.commit()

    async def _finally(self, work: Work[object]) -> None:
        def and_commit(connection: sqlite3.Connection) -> None:
            work(connection)
            connection.commit()

        await self._within(and_commit)

    async def _within(self, work: Work[Found]) -> Found:
        def within(connection: sqlite3.Connection) -> Found:
            if not connection.in_transaction:
                connection.execute(_BEGIN)
            return work(connection)

        return await self._driver.whole(within)


def _write(connection: sqlite3.Connection, rows: Rows) -> None:
    _many(connection, _UPDATE, [(*row[1:], row.ticket_id) for row in rows.tickets])
    _insert_beside(connection, rows)


def _can_write(connection: sqlite3.Connection, rows: Rows) -> bool:
    connection.execute("SAVEPOINT ticket")
    try:
        _write(connection, rows)
    except (sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.DataError):
        connection.execute("ROLLBACK TO ticket")
        return False
    connection.execute("RELEASE ticket")
    return True


def _open(connection: sqlite3.Connection, rows: Rows) -> None:
    """Tickets first, so that what refers to them finds them."""
    connection.execute(_BEGIN)
    _many(connection, _INSERT_TICKET, rows.tickets)
    _insert_beside(connection, rows)
    connection.commit()


def _insert_beside(connection: sqlite3.Connection, rows: Rows) -> None:
    """Append what stands beside the tickets."""
    _many(connection, _INSERT_EVENT, rows.events)
    _many(connection, _INSERT_INPUT, rows.inputs)
    _many(connection, _INSERT_REPLY, rows.replies)
    _many(connection, _INSERT_MESSAGE, rows.messages)
    _many(connection, _KEEP_LINK, rows.links)
    _many(connection, _KEEP_TURN, rows.turns)
    _many(connection, _KEEP_KEY, rows.keys)
    _many(connection, _CLAIM_KEY, rows.claims)
    _many(connection, _INSERT_RESULT, rows.results)
    _many(connection, _INSERT_SIGNAL, rows.signals)
    _many(connection, _INSERT_DELTA, rows.deltas)


def _many(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        connection.executemany(statement, [_bound(row) for row in rows])


def _reply(connection: sqlite3.Connection, key: RequestKey | None) -> ReplyColumns | None:
    row = None if key is None else connection.execute(_LOOK, key).fetchone()
    return None if row is None else ReplyColumns(*_with_instants(row, _INSTANTS_OF_REPLY))


class SqliteStatements:
    """Reached through the driver's connection, which SQLAlchemy's pool keeps.

    Whoever waits for the writers' queue holds no connection: readers need them.
    """

    def __init__(self, database: Database, *, lately: timedelta = LATELY) -> None:
        """Take a database; `lately` is for how long, in real time, a replaced answer of a roster may still matter."""
        self._database = database
        self._lately = lately

    @asynccontextmanager
    async def opening(self) -> AsyncIterator["SqliteStatements"]:
        """Reads, lets judge, and only then begins: an opening needs nobody's row."""
        yield self

    async def greet(
        self, key: RequestKey | None = None, policy: str | None = None, queue: str | None = None
    ) -> Greeting:
        """The process's clock, its name in the record, the stored reply, the roster and the queue's closures."""

        def work(connection: sqlite3.Connection) -> Greeting:
            clock = connection.execute(_CLOCK).fetchone()
            reply, real_at = _reply(connection, key), datetime.now(UTC)
            roster = () if policy is None else _roster(connection, policy, real_at, self._lately)
            closures = () if queue is None else _closures(connection, _CLOSURES_OF_NEW, queue)
            return Greeting(real_at, None if clock is None else clock[0], reply, (*roster, *closures))

        async with self._connection() as driver:
            return await driver.whole(work)

    async def keep_policy(self, policy: PolicyColumns) -> None:
        """Store a policy's snapshot unless it is there."""
        async with self._database.writing, self._connection() as driver:
            await driver.whole(lambda connection: connection.execute(_KEEP_POLICY, _bound(policy)))

    async def write(self, rows: Rows) -> None:
        """Insert one new ticket and all that comes with it."""
        async with self._writing() as driver:
            await driver.whole(lambda connection: _open(connection, rows))

    @asynccontextmanager
    async def settling(self) -> AsyncIterator[SqliteSettling]:
        """BEGIN IMMEDIATE: a transaction that reads first and writes later would lose to one that wrote meanwhile."""
        async with self._writing() as driver:
            settling = SqliteSettling(driver, self._lately)
            yield settling
            await settling.commit()

    async def policy(self, version: str) -> str | None:
        """A stored policy's snapshot."""
        async with self._connection() as driver:
            row = await driver.whole(lambda connection: connection.execute(_POLICY, (version,)).fetchone())
            return None if row is None else row[0]

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[SqliteDriver]:
        async with self._database.writing, self._connection() as driver:
            yield driver

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[SqliteDriver]:
        """Borrow a connection; one of which it is not known that it is idle rolls back when it goes back.

        What was cancelled is still done by the driver's thread: rolling back comes after it.
        """
        lent = await self._database.engine.raw_connection()
        is_idle = False
        try:
            driver = lent.driver_connection
            if not isinstance(driver, SqliteDriver):
                raise TypeError("the engine's driver is not ours")
            yield driver
            is_idle = not driver.in_transaction
        finally:
            if is_idle:
                lent.info[IDLE] = True
                lent.close()
            else:
                # Shielded, as SQLAlchemy gives back its own: it is to be done also when whoever left leaves again.
                await asyncio.shield(asyncio.create_task(greenlet_spawn(lent.close)))
