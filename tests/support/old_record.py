"""The record that the release before really wrote, brought into a database of its own schema.

`tests/data/record-of-0004.py.txt` is the program that wrote it. Knows rows as that release had them, no rule of today.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, LargeBinary, MetaData, Table, delete, insert

from services.records.engine import open_database
from tests.support.schema import at_revision

REVISION = "0004"
WRITTEN_AT = datetime.fromisoformat("2026-11-18T12:10:00Z")
"""The record's instant at which its rows were read."""
_FILE = Path(__file__).parents[1] / "data" / "record-of-0004.json"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OldLine:
    """One line that the release before wrote in the week after, and who was owed a message of it."""

    at: datetime
    recorded_at: datetime
    kind: str
    body: str
    messages: tuple[tuple[str, str, str], ...]
    """Kind, audience and recipient of each."""


@cache
def rows(table: str) -> tuple[Row, ...]:
    """A table's rows; instants are text, what is JSON is read, bytes are in hex."""
    return tuple(_document()["tables"][table])


def ticket_ids() -> list[str]:
    """Of every ticket of it."""
    return [row["ticket_id"] for row in rows("tickets")]


def a_week_on(ticket_id: str) -> list[OldLine]:
    """What the release before found as it settled on at every wake-up for seven days, in order."""
    return [
        OldLine(
            at=datetime.fromisoformat(at),
            recorded_at=datetime.fromisoformat(recorded_at),
            kind=kind,
            body=_text(body),
            messages=tuple((kind, audience, recipient) for kind, audience, recipient in messages),
        )
        for at, recorded_at, kind, body, messages in _document()["a_week_on"][ticket_id]
    ]


async def as_written(url: str) -> None:
    """Make an empty database what the release before left behind."""
    await at_revision(url, REVISION)
    database = open_database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(_fill)
    await database.aclose()


def _fill(connection: Connection) -> None:
    found = MetaData()
    found.reflect(connection)
    for name in _document()["tables"]:
        table = found.tables[name]
        for column in table.columns:
            if isinstance(column.type, JSON):
                column.type.none_as_null = True
        connection.execute(delete(table))  # a migration may have left words of its own
        if given := [dict(_row(table, row)) for row in rows(name)]:
            connection.execute(insert(table), given)


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
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return document


def _text(read: object) -> str:
    """JSON as the codec writes it."""
    return json.dumps(read, ensure_ascii=False, separators=(",", ":"))
