"""What a database's error means to us. Drivers quote statements, values and customers: none of their text passes."""

import socket
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import asyncpg  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import exc
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi

from services.records.errors import RecordError, RecordFailed, RecordNotWritable, RecordUnavailable, SchemaMissing

MIGRATE = "run `followthrough migrate`"

_PASSING_CLASSES = {"08", "53", "57"}
"""SQLSTATE classes: connection, resources, operator's intervention (a statement's time-out is one)."""
_PASSING_STATES = {"25006", "25P03", "40001", "40P01", "55P03", "55006"}
"""Read only (a standby may be promoted), idle too long in a transaction, serialisation, deadlock, lock time-out, object
in use."""
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

_UNWRITABLE_STATES = {"25006", "53100"}
_UNWRITABLE_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY}
_UNWRITABLE_EXTENDED_CODES = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}
"""Of what passes: reading may go on meanwhile."""

_TOLD_BY_STATE: Mapping[str, str] = {
    "28000": "the server does not let this user in: correct the user, or the server's pg_hba.conf",
    "28P01": "the user or the password is wrong: correct them",
    "3D000": "there is no such database: create it, or name another",
    "42501": "this user may not do that there: grant it, or name the user who owns the tables",
    "53100": "the disk is full: make room",
    "53300": "the server takes no more connections: end some of them, or allow more (max_connections, or the limit "
    "of this user or database)",
    "57P03": "the server is starting, recovering or stopping: try again, and see its log when that lasts",
    "25006": "it can be read but not written: name the server that takes writes",
}
_TOLD_BY_CODE: Mapping[int, str] = {
    sqlite3.SQLITE_NOTADB: "the file is no SQLite database: name another",
    sqlite3.SQLITE_CORRUPT: "the file is damaged: keep it, and put a backup in its place or name another",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened: see who owns it and its folder",
    sqlite3.SQLITE_READONLY: "it can be read but not written: see who owns the file and its folder",
    sqlite3.SQLITE_IOERR: "the file could not be read or written: see its disk",
    sqlite3.SQLITE_FULL: "the disk is full: make room",
}
"""What the operator can do about it, where there is something."""

_OF_ASYNCPG = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The last is raised when the server ends a connection while it is spoken to."""
_OF_ADAPTER = AsyncAdapt_asyncpg_dbapi.Error
"""Bare, from a pool that was asked for a driver's connection and could open none: the server is starting, or full."""


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
    except (exc.SQLAlchemyError, *_OF_ASYNCPG, _OF_ADAPTER, sqlite3.Error, OSError) as error:
        raise meaning_of(error) from None


def meaning_of(error: BaseException) -> RecordError | Duplicate:
    """Say it in our words."""
    cause = _driver_error(error)
    kind = type(cause).__name__
    if (table := _duplicated(cause)) is not None:
        return Duplicate(table)
    if _is_undefined(cause):
        return SchemaMissing(f"the record's tables are not the ones of this release ({kind}): {MIGRATE}")
    told = _told(cause)
    if _is_unwritable(cause):
        return RecordNotWritable(told or f"the record cannot be written just now ({kind}): try again")
    if _is_passing(cause):
        return RecordUnavailable(told or f"the record did not answer ({kind}): try again")
    return RecordFailed(told or f"the database refused a statement ({kind}{_code(cause)})")


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
        return any(each in str(error) for each in ("no such table", "no such column", "has no column named"))
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
        case asyncpg.InterfaceError() | asyncpg.InternalClientError() | OSError() | exc.TimeoutError():
            return True
        case _:
            return False


def _is_unwritable(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        return code & 0xFF in _UNWRITABLE_CODES or code in _UNWRITABLE_EXTENDED_CODES
    return getattr(error, "sqlstate", None) in _UNWRITABLE_STATES


def _told(error: BaseException) -> str | None:
    """Say what is wrong in words that an operator can act on, where we know more than its kind."""
    match error:
        case sqlite3.Error() if "no such module: fts5" in str(error):
            return "the SQLite of this Python has no FTS5: run a Python whose SQLite has it, or use PostgreSQL"
        case sqlite3.Error():
            return _TOLD_BY_CODE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        case asyncpg.PostgresError():
            return _TOLD_BY_STATE.get(str(error.sqlstate))
        case OSError():
            return _told_of_the_way(error)
        case _:
            return None


def _told_of_the_way(error: OSError) -> str | None:
    match error:
        case socket.gaierror():
            return "there is no such host: correct the address"
        case TimeoutError():
            return "nobody answered in time: try again, or correct the address"
        case OSError(filename=str() as name, strerror=str() as why):
            return f"{name!r}: {why.lower()}: name a place that can be written"
        case ConnectionRefusedError() | OSError(errno=None):  # the second: of several addresses none answers
            return "nobody listens there: start the database and try again, or correct the address"
        case _:
            return None


def _code(error: BaseException) -> str:
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    return f" {code}" if code else ""
