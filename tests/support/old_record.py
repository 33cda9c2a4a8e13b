"""Records that older releases really wrote, brought into a database of their own schema.

`tests/data/record-of-….py.txt` are the programs that wrote them. Knows rows as each release had them, no rule of today.
"""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Connection, DateTime, LargeBinary, MetaData, Table, delete, insert, inspect, select

from services.records import Records, SettledBy, connect, migrate
from services.records.engine import open_database
from services.records.tables import TicketRow
from tests.support.clock import StoryClock
from tests.support.schema import at_revision
from tests.support.waiting import UNHURRIED

_FOLDER = Path(__file__).parents[1] / "data"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OldLine:
    """One line that a release wrote in the week after, and who was owed a message of it."""

    at: datetime
    recorded_at: datetime
    kind: str
    body: str
    messages: tuple[tuple[str, str, str], ...]
    """Kind, audience and recipient of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldRecord:
    """What one release left behind, and what it made of it in the week after."""

    revision: str
    """Its schema."""
    written_at: datetime
    """The record's instant at which its rows were read."""

    def rows(self, table: str) -> tuple[Row, ...]:
        """A table's rows; instants are text, what is JSON is read, bytes are in hex."""
        return tuple(_document(self.revision)["tables"][table])

    def ticket_ids(self) -> list[str]:
        """Of every ticket of it."""
        return [row["ticket_id"] for row in self.rows("tickets")]

    def a_week_on(self, ticket_id: str) -> list[OldLine]:
        """What the release found as it settled on at every wake-up for seven days, in order."""
        return [
            OldLine(
                at=datetime.fromisoformat(at),
                recorded_at=datetime.fromisoformat(recorded_at),
                kind=kind,
                body=_text(body),
                messages=tuple((kind, audience, recipient) for kind, audience, recipient in messages),
            )
            for at, recorded_at, kind, body, messages in _document(self.revision)["a_week_on"][ticket_id]
        ]

    async def as_written(self, url: str) -> None:
        """Make an empty database what the release left behind."""
        await at_revision(url, self.revision)
        database = open_database(url)
        async with database.engine.begin() as connection:
            await connection.run_sync(self._fill)
        await database.aclose()

    @asynccontextmanager
    async def opened(self, url: str, clock: StoryClock) -> AsyncIterator[Records]:
        """Open it in an empty database, migrated to the schema of today."""
        await self.as_written(url)
        await migrate(url)
        async with await connect(url, clock, timeouts=UNHURRIED) as records:
            yield records

    def _fill(self, connection: Connection) -> None:
        tables = [_found(connection, name) for name in _document(self.revision)["tables"]]
        for table in reversed(tables):
            connection.execute(delete(table))  # a migration may have left words of its own
        for table in tables:
            if given := [dict(_row(table, row)) for row in self.rows(table.name)]:
                connection.execute(insert(table), given)


BEFORE_PROMISES = OldRecord(revision="0004", written_at=datetime.fromisoformat("2026-11-18T12:10:00Z"))
WITH_PROMISES = OldRecord(revision="0005", written_at=datetime.fromisoformat("2026-11-18T12:10:00Z"))


async def until(records: Records, clock: StoryClock, to: datetime) -> None:
    """Let time pass; each ticket is settled at each wake-up that its row says, as workflows do."""
    row = TicketRow
    due = select(row.wake_at, row.ticket_id).where(row.wake_at <= to).order_by(row.wake_at, row.ticket_id).limit(1)
    while True:
        async with records.database.looking.connect() as connection:
            found = (await connection.execute(due)).first()
        if found is None:
            break
        wake_at, ticket_id = found
        assert wake_at is not None
        clock.set(max(clock.at, wake_at))
        await records.record.settle(ticket_id, by=SettledBy.WORKFLOW)
    clock.set(to)


def _found(connection: Connection, name: str) -> Table:
    """A table as the database has it: its columns, and nothing else."""
    columns = [Column(each["name"], each["type"]) for each in inspect(connection).get_columns(name)]
    for column in columns:
        if isinstance(column.type, JSON):
            column.type.none_as_null = True
    return Table(name, MetaData(), *columns)


def _row(table: Table, row: Row) -> Iterator[tuple[str, object]]:
    for name, value in row.items():
        match table.columns[name].type:
            case JSON():
                yield name, None if value is None else _text(value)
            case LargeBinary():
                yield name, None if value is None else bytes.fromhex(value)
            case DateTime():  # text, in SQLite
                yield name, None if value is None else datetime.fromisoformat(value)
            case _:
                yield name, value


@cache
def _document(revision: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((_FOLDER / f"record-of-{revision}.json").read_text(encoding="utf-8"))
    return document


def _text(read: object) -> str:
    """JSON as the codec writes it."""
    return json.dumps(read, ensure_ascii=False, separators=(",", ":"))
