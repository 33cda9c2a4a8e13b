"""What a database's error means to us. Drivers quote statements, values and customers: none of their text passes."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import exc

from services.records.errors import RecordError, RecordFailed, RecordUnavailable, SchemaMissing

MIGRATE = "run `followthrough migrate`"

_PASSING_CLASSES = {"08", "53", "57"}
"""SQLSTATE classes: connection, resources, operator's intervention (a statement's time-out is one)."""
_PASSING_STATES = {"25P03", "40001", "40P01", "55P03", "55006"}
"""Idle too long in a transaction, serialisation, deadlock, lock time-out, object in use."""
_UNDEFINED_STATES = {"42P01", "42703", "3F000"}
"""Table, column, schema."""
_PASSING_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_INTERRUPT,
}


class Duplicate(Exception):  # noqa: N818 - the fact; never leaves the record
    """A row of that key is there already."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


@contextmanager
def spoken_plainly() -> Iterator[None]:
    """Turn what a driver raises into the record's own errors, and a broken unique key into `Duplicate`."""
    try:
        yield
    except (exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, OSError) as error:
        raise meaning_of(error) from None


def meaning_of(error: BaseException) -> RecordError | Duplicate:
    """Say it in our words."""
    cause = _driver_error(error)
    kind = type(cause).__name__
    if (table := _duplicated(cause)) is not None:
        return Duplicate(table)
    if _is_undefined(cause):
        return SchemaMissing(f"the record's tables are not the ones of this release ({kind}): {MIGRATE}")
    if _is_passing(cause):
        return RecordUnavailable(f"the record did not answer ({kind}): try again")
    return RecordFailed(f"the database refused a statement ({kind}{_code(cause)})")


def _driver_error(error: BaseException) -> BaseException:
    """Undo SQLAlchemy's wrapping: its own error, around the adapter's, around the driver's."""
    if isinstance(error, exc.DBAPIError) and error.orig is not None:
        error = error.orig
    if not isinstance(error, (asyncpg.PostgresError, sqlite3.Error)) and isinstance(error.__cause__, Exception):
        return error.__cause__
    return error


def _duplicated(error: BaseException) -> str | None:
    if isinstance(error, asyncpg.UniqueViolationError):
        return str(error.table_name)
    if isinstance(error, sqlite3.IntegrityError) and str(error).startswith("UNIQUE constraint failed: "):
        return str(error).removeprefix("UNIQUE constraint failed: ").partition(".")[0]
    return None


def _is_undefined(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return "no such table" in str(error) or "no such column" in str(error)
    return getattr(error, "sqlstate", None) in _UNDEFINED_STATES


def _is_passing(error: BaseException) -> bool:
    match error:
        case sqlite3.Error():
            return getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING_CODES
        case asyncpg.PostgresError():
            state = str(error.sqlstate)
            return state[:2] in _PASSING_CLASSES or state in _PASSING_STATES
        case asyncpg.DataError():
            return False
        case asyncpg.InterfaceError() | OSError() | exc.TimeoutError():
            return True
        case _:
            return False


def _code(error: BaseException) -> str:
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return f" {code}" if code else ""
