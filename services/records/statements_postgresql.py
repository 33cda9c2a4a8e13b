"""Settle's statements for PostgreSQL: each a single round trip, whatever the number of tables.

The lock is taken in a MATERIALIZED common table expression and the clock read outside it: in the locking SELECT's own
list the clock would be read before the wait for the lock, and `now()` is the transaction's start.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from services.records.codec import answers_from_json, closures_from_json
from services.records.decision import Poison, PolicyNotLoaded
from services.records.engine import Database
from services.records.errors import RecordError, RecordUnavailable, TicketUnknown
from services.records.faults import Duplicate
from services.records.postgresql_driver import Driver
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
    together,
)
from services.records.signals import SignalColumns
from services.records.state_versions import STATE_VERSION
from services.records.statements import FIRST_WINS, LATELY, LATER_WINS, YOUNGEST_WINS, RequestKey

_ANSWERED = (asyncpg.PostgresError, RecordError, TicketUnknown, Duplicate, PolicyNotLoaded, Poison)
"""The server's word, and our own refusals on it: what ended in one of these left no statement on its way."""

_NEVER_CHANGES = {"ticket_id", "reference", "queue", "policy", "customer_id", "opened_at"}
_CHANGES = tuple(column for column in TicketColumns._fields if column not in _NEVER_CHANGES)

_INTEGERS = {"sequence", "number", "version", "state_version", "rules_version", "inputs", "amount"}
_JSON = {"state", "body", "refusal"}
_BYTES = {"body_hash", "answer", "key"}

_HELD = ", ".join(HELD_COLUMNS)
_REPLY = ", ".join(f"replies.{column}" for column in ReplyColumns._fields)

_ROSTER = """
(
    SELECT json_agg(json_build_array(answers.tier, answers.at, answers.is_reachable))
    FROM (
        SELECT tier, at, is_reachable FROM roster_answers WHERE policy = {policy} AND replaced_at IS NULL
        UNION ALL
        SELECT tier, at, is_reachable FROM roster_answers
        WHERE policy = {policy} AND replaced_at > statement_timestamp() - {lately}::interval
    ) AS answers
)
"""
"""In two parts, each by its index: with OR, years of answers would be looked through.

Of the statement's start: an answer that is stored while the lock is waited for reaches the ticket with the next."""


def _roster(policy: str, lately: int) -> str:
    """What stands of a policy's roster, and what was replaced no longer ago than the parameter of that number."""
    return _ROSTER.format(policy=policy, lately=f"${lately}")


_CLOSURES = """
(
    SELECT json_agg(json_build_array(closure_id, from_at, until_at, actor, reason, ended_by, end_reason))
    FROM queue_closures WHERE {which}
)
"""
_CLOSURES_OF_HELD = _CLOSURES.format(
    which="queue = held.queue AND (until_at IS NULL OR until_at > held.advanced_to OR ended_at IS NULL)"
)
"""Those too that ended a moment before the ticket was last settled, by somebody who could not see that yet."""
_CLOSURES_OF_NEW = _CLOSURES.format(which="queue = $5 AND ended_at IS NULL")
"""Those that are over and seen through are no new ticket's business."""

_HOLD = f"""
WITH held AS MATERIALIZED (SELECT {_HELD} FROM tickets WHERE ticket_id = $1 FOR NO KEY UPDATE)
SELECT held.*, clock_timestamp(), {_roster("held.policy", 2)}, {_CLOSURES_OF_HELD} FROM held
"""  # noqa: S608 - column names of our own
_HOLD_AND_LOOK = f"""
WITH held AS MATERIALIZED (SELECT {_HELD} FROM tickets WHERE ticket_id = $1 FOR NO KEY UPDATE)
SELECT held.*, clock_timestamp(), {_roster("held.policy", 4)}, {_CLOSURES_OF_HELD}, {_REPLY}
FROM held LEFT JOIN replies ON replies.caller = $2 AND replies.request_id = $3
"""  # noqa: S608 - column names of our own
_HOLD_PROBLEM = f"""
WITH held AS MATERIALIZED (
    SELECT {", ".join(HELD_PROBLEM_COLUMNS)} FROM problems WHERE problem_id = $1 FOR NO KEY UPDATE
)
SELECT held.*, clock_timestamp() FROM held
"""  # noqa: S608 - column names of our own
_LINKED = "SELECT count(*) FROM problem_links WHERE problem_id = $1 AND is_linked"
"""A statement of its own: it sees what was committed while the lock was waited for."""
_HOLD_LATE = f"""
WITH held AS MATERIALIZED (
    SELECT {_HELD} FROM tickets
    WHERE wake_at <= $1 AND (stuck_until IS NULL OR stuck_until <= $2) AND state_version <= $3
        AND policy_version <> ALL ($4::text[])
    ORDER BY wake_at LIMIT $5
    FOR NO KEY UPDATE SKIP LOCKED
)
SELECT held.*, clock_timestamp(), {_roster("held.policy", 6)}, {_CLOSURES_OF_HELD} FROM held
"""  # noqa: S608 - column names of our own
_GREET = f"""
SELECT clock_timestamp(), (SELECT value FROM meta WHERE name = 'clock'), {_roster("$3", 4)},
    {_CLOSURES_OF_NEW}, {_REPLY}
FROM (SELECT) AS always LEFT JOIN replies ON replies.caller = $1 AND replies.request_id = $2
"""  # noqa: S608 - column names of our own
_TELL = "UPDATE tickets SET told_at = $2 WHERE ticket_id = $1"
_MARK_STUCK = """
UPDATE tickets SET stuck_type = $2, stuck_at = coalesce(stuck_at, $3), stuck_tries = stuck_tries + 1, stuck_until = $4
WHERE ticket_id = $1
"""
_POLICY = "SELECT body FROM policies WHERE version = $1"
_KEEP_POLICY = """
INSERT INTO policies (version, name, body, stored_at) VALUES ($1, $2, $3::text::json, $4) ON CONFLICT DO NOTHING
"""


def _type(column: str) -> str:
    if column.endswith("_at") or column in {"at", "advanced_to"}:
        return "timestamptz"
    if column in _INTEGERS:
        return "bigint"
    if column == "is_linked":
        return "boolean"
    return "bytea" if column in _BYTES else "text"


def _unnest(columns: Sequence[str], first: int) -> str:
    arrays = ", ".join(f"${place}::{_type(column)}[]" for place, column in enumerate(columns, first))
    return f"unnest({arrays}) AS new({', '.join(columns)})"


def _value(column: str) -> str:
    return f"new.{column}::json" if column in _JSON else f"new.{column}"


def _insert(table: str, columns: Sequence[str], first: int, conflict: str = "") -> str:
    values = ", ".join(_value(column) for column in columns)
    inserted = f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {_unnest(columns, first)}"  # noqa: S608 - names of our own
    return f"{inserted} {conflict}"


_HEALTHY = "stuck_type = NULL, stuck_at = NULL, stuck_tries = 0, stuck_until = NULL"


class _Beside(NamedTuple):
    """Rows that stand beside the ticket's own."""

    table: str
    columns: tuple[str, ...]
    conflict: str = ""
    """What happens to one that is there already; where nothing is said, nothing is written at all."""


_BESIDE = (
    _Beside("events", EventColumns._fields),
    _Beside("inputs", InputColumns._fields),
    _Beside("replies", ReplyColumns._fields),
    _Beside("outbox", MessageColumns._fields),
    _Beside("problem_links", LinkColumns._fields, LATER_WINS),
    _Beside("announcement_tickets", TurnColumns._fields, FIRST_WINS),
    _Beside("announcement_results", ResultColumns._fields),
    _Beside("customer_signals", SignalColumns._fields),
    _Beside("contact_keys", KeyColumns._fields, YOUNGEST_WINS),
    _Beside("contact_keys", KeyColumns._fields),
    _Beside("total_deltas", DeltaColumns._fields),
)


def _in_one(ticket: str, columns: int) -> str:
    """Join the ticket's own change and the rows of every other table into one statement."""
    parts = [ticket]
    first = columns + 1
    for table, fields, conflict in _BESIDE:
        parts.append(_insert(table, fields, first, conflict))
        first += len(fields)
    return _together(parts)


def _together(parts: Sequence[str]) -> str:
    """Make one statement of several."""
    *others, last = parts
    named = ", ".join(f"part_{number} AS ({part})" for number, part in enumerate(others))
    return f"WITH {named} {last}" if others else last


_OPEN = _in_one(_insert("tickets", TicketColumns._fields, 1), len(TicketColumns._fields))
_WRITE = _in_one(
    f"UPDATE tickets SET {', '.join(f'{column} = {_value(column)}' for column in _CHANGES)}, "  # noqa: S608 - names of our own
    f"{_HEALTHY} FROM {_unnest(('ticket_id', *_CHANGES), 1)} WHERE tickets.ticket_id = new.ticket_id",
    len(_CHANGES) + 1,
)
_CHANGED_PLACES = tuple(TicketColumns._fields.index(column) for column in ("ticket_id", *_CHANGES))


_FEW = 8
"""Rows of one table that are written as parameters of their own: each number of rows is a statement of its own."""


def _given(columns: Sequence[str], first: int) -> list[str]:
    casts = (f"{_type(column)}::json" if column in _JSON else _type(column) for column in columns)
    return [f"${place}::{cast}" for place, cast in enumerate(casts, first)]


@lru_cache(maxsize=256)
def _few(*counts: int, is_new: bool) -> str:
    """Write one ticket and so many rows of each other table, each value a parameter of its own.

    asyncpg looks through each array in Python, and the server unnests it: a third of what both take for an opening.
    """
    columns = TicketColumns._fields if is_new else ("ticket_id", *_CHANGES)
    given = _given(columns, 1)
    if is_new:
        parts = [f"INSERT INTO tickets ({', '.join(columns)}) VALUES ({', '.join(given)})"]  # noqa: S608 - names of our own
    else:
        changes = ", ".join(f"{column} = {value}" for column, value in zip(columns[1:], given[1:], strict=True))
        parts = [f"UPDATE tickets SET {changes}, {_HEALTHY} WHERE ticket_id = {given[0]}"]  # noqa: S608 - names of our own
    first = len(columns) + 1
    for (table, fields, conflict), count in zip(_BESIDE, counts, strict=True):
        if count:
            rows = (", ".join(_given(fields, first + row * len(fields))) for row in range(count))
            parts.append(f"INSERT INTO {table} ({', '.join(fields)}) VALUES ({'), ('.join(rows)}) {conflict}")  # noqa: S608 - names of our own
            first += count * len(fields)
    return _together(parts)


def _arrays(rows: Sequence[tuple[Any, ...]], columns: int) -> Iterable[Sequence[Any]]:
    return zip(*rows, strict=True) if rows else ((),) * columns


def _beside(rows: Rows) -> tuple[Sequence[tuple[Any, ...]], ...]:
    """In the order of `_BESIDE`."""
    return (
        rows.events,
        rows.inputs,
        rows.replies,
        rows.messages,
        rows.links,
        rows.turns,
        rows.results,
        rows.signals,
        rows.keys,
        rows.claims,
        rows.deltas,
    )


def _statement(rows: Rows, *, is_new: bool) -> tuple[str, Iterable[Any]]:
    """Text and values that write all tables in one trip."""
    beside = _beside(rows)
    tickets: Sequence[tuple[Any, ...]] = rows.tickets
    if not is_new:
        tickets = [tuple(row[place] for place in _CHANGED_PLACES) for row in tickets]
    counts = tuple(map(len, beside))
    if len(tickets) == 1 and max(counts) <= _FEW:
        return _few(*counts, is_new=is_new), chain(tickets[0], *map(chain.from_iterable, beside))
    columns = TicketColumns._fields if is_new else _CHANGED_PLACES
    tables = zip((tickets, *beside), (columns, *(each.columns for each in _BESIDE)), strict=True)
    return _OPEN if is_new else _WRITE, chain(*(_arrays(table, len(fields)) for table, fields in tables))


def _reply(values: Sequence[Any]) -> ReplyColumns | None:
    return ReplyColumns(*values) if values[0] is not None else None


def _held(values: Sequence[Any]) -> Held:
    *columns, roster, closures = values
    return Held(*(*columns, (*answers_from_json(roster), *closures_from_json(closures))))


class PostgresqlSettling:
    """One transaction, on the driver's own connection."""

    def __init__(self, driver: Driver, lately: timedelta) -> None:
        self._driver = driver
        self._lately = lately

    async def hold(self, ticket_id: str, key: RequestKey | None) -> tuple[Held, ReplyColumns | None] | None:
        """Lock, clock, ticket and reply in one trip.

        The reply is of the statement's start: one that was stored while the lock was waited for is met on writing.
        """
        if key is None:
            row = await self._driver.fetchrow(_HOLD, ticket_id, self._lately)
            return None if row is None else (_held(row), None)
        row = await self._driver.fetchrow(_HOLD_AND_LOOK, ticket_id, *key, self._lately)
        if row is None:
            return None
        values = tuple(row)
        width = len(Held._fields) + 1
        return _held(values[:width]), _reply(values[width:])

    async def hold_problem(self, problem_id: str) -> HeldProblem | None:
        """Lock and clock in one trip."""
        row = await self._driver.fetchrow(_HOLD_PROBLEM, problem_id)
        return None if row is None else HeldProblem(*(*row, await self._driver.fetchval(_LINKED, problem_id)))

    async def hold_late(
        self, before: datetime, real_at: datetime, limit: int, *, not_under: Collection[str]
    ) -> list[Held]:
        """Each row's clock is read after its own lock."""
        asked = (before, real_at, STATE_VERSION, list(not_under), limit, self._lately)
        return [_held(row) for row in await self._driver.fetch(_HOLD_LATE, *asked)]

    async def write(self, rows: Rows) -> None:
        """Write all tables in one trip."""
        text, values = _statement(rows, is_new=False)
        await self._driver.execute(text, *values)

    async def write_each(self, batch: Sequence[Rows]) -> list[int]:
        """Write all at once; where the database refuses a row, find out whose."""
        try:
            async with self._driver.transaction():
                await self.write(together(batch))
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError, asyncpg.PostgresSyntaxError):
            return [place for place, rows in enumerate(batch) if not await self._can_write(rows)]
        return []

    async def _can_write(self, rows: Rows) -> bool:
        try:
            async with self._driver.transaction():
                await self.write(rows)
        except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError):
            return False
        return True

    async def tell(self, ticket_id: str, told_at: datetime | None) -> None:
        """Write what the workflow knows of, and nothing else."""
        await self._driver.execute(_TELL, ticket_id, told_at)

    async def mark_stuck(self, ticket_id: str, error_type: str, real_at: datetime, until: datetime) -> None:
        """Mark a ticket that could not be judged."""
        await self._driver.execute(_MARK_STUCK, ticket_id, error_type, real_at, until)


class PostgresqlOpening:
    """Two trips: the row that an opening needs is not there yet, so there is nothing to lock."""

    def __init__(self, driver: Driver, lately: timedelta) -> None:
        self._driver = driver
        self._lately = lately

    async def greet(self, key: RequestKey | None, policy: str | None = None, queue: str | None = None) -> Greeting:
        """Clock, its name, the stored reply, the roster and the queue's closures in one trip."""
        row = tuple(await self._driver.fetchrow(_GREET, *(key or (None, None)), policy, self._lately, queue))
        return Greeting(row[0], row[1], _reply(row[4:]), (*answers_from_json(row[2]), *closures_from_json(row[3])))

    async def keep_policy(self, policy: PolicyColumns) -> None:
        """Store a policy's snapshot unless it is there."""
        await self._driver.execute(_KEEP_POLICY, *policy)

    async def write(self, rows: Rows) -> None:
        """One statement is a transaction of its own; that the connection was in none is seen when it goes back."""
        text, values = _statement(rows, is_new=True)
        await self._driver.execute(text, *values)


class PostgresqlStatements:
    """Reached through the driver's connection, twice as fast as the same two statements through SQLAlchemy."""

    def __init__(self, database: Database, *, lately: timedelta = LATELY) -> None:
        """Take a database; `lately` is for how long, in real time, a replaced answer of a roster may still matter."""
        self._database = database
        self._lately = lately

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[PostgresqlOpening]:
        """One connection for all: having two from the pool is where many would wait for one another."""
        async with self._connection() as driver:
            yield PostgresqlOpening(driver, self._lately)

    async def greet(
        self, key: RequestKey | None = None, policy: str | None = None, queue: str | None = None
    ) -> Greeting:
        """Clock, its name, the stored reply, the roster and the queue's closures in one trip."""
        async with self.opening() as opening:
            return await opening.greet(key, policy, queue)

    @asynccontextmanager
    async def settling(self) -> AsyncIterator[PostgresqlSettling]:
        """READ COMMITTED: whoever waited for the lock sees what the one before wrote."""
        async with self._connection() as driver, driver.transaction():
            yield PostgresqlSettling(driver, self._lately)

    async def policy(self, version: str) -> str | None:
        """A stored policy's snapshot."""
        async with self._connection() as driver:
            body: str | None = await driver.fetchval(_POLICY, version)
            return body

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Driver]:
        """Borrow a connection; it goes back only when all that was asked of it is answered, and in no transaction.

        Cancelled or timed out, a statement may be done all the same, and the driver does not know yet what of: a BEGIN
        that nobody waited for would take the next caller's writes with it when it ends.
        """
        lent = await self._database.engine.raw_connection()
        driver: Driver = lent.driver_connection
        is_fit = False
        try:
            yield driver
            if driver.is_in_transaction():
                raise asyncpg.InterfaceError("nothing of this is committed: the connection was in a transaction")
            is_fit = True
        except RecordUnavailable:
            raise
        except _ANSWERED:
            is_fit = not driver.is_closed() and not driver.is_in_transaction()
            raise
        finally:
            # Neither way is anything awaited, so neither can be cancelled.
            if is_fit:
                lent.close()
            else:
                lent.invalidate()
