"""What a driver's errors mean to the record, and what intake says of them."""

import sqlite3

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest

from services.intake.errors import Reason, of_record
from services.records.errors import RecordError, RecordNotWritable, RecordUnavailable
from services.records.faults import spoken_plainly


def test_a_connection_that_ends_while_it_is_spoken_to_is_a_record_that_did_not_answer() -> None:
    """The driver calls it an internal error of its own: whoever asked may try again all the same."""
    with pytest.raises(RecordUnavailable, match="try again") as told, spoken_plainly():
        raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")
    assert "state 15" not in str(told.value)


def of_sqlite(code: int) -> sqlite3.OperationalError:
    """What SQLite's driver raises."""
    error = sqlite3.OperationalError("for Zebedee Canary")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("raised", "meant", "said"),
    [
        (of_sqlite(sqlite3.SQLITE_FULL), RecordNotWritable, "the record cannot be written just now: try again"),
        (of_sqlite(sqlite3.SQLITE_READONLY), RecordNotWritable, "the record cannot be written just now: try again"),
        (of_sqlite(sqlite3.SQLITE_IOERR_WRITE), RecordNotWritable, "the record cannot be written just now: try again"),
        (of_sqlite(sqlite3.SQLITE_IOERR_READ), RecordUnavailable, "the record cannot be reached: try again"),
        (of_sqlite(sqlite3.SQLITE_BUSY), RecordUnavailable, "the record cannot be reached: try again"),
        (asyncpg.DiskFullError("x"), RecordNotWritable, "the record cannot be written just now: try again"),
        (
            asyncpg.ReadOnlySQLTransactionError("x"),
            RecordNotWritable,
            "the record cannot be written just now: try again",
        ),
        (asyncpg.CannotConnectNowError("x"), RecordUnavailable, "the record cannot be reached: try again"),
    ],
    ids=["full", "read only", "not written", "not read", "busy", "server full", "standby", "server away"],
)
def test_record_that_cannot_be_written_is_not_one_that_cannot_be_reached(
    raised: Exception, meant: type[RecordError], said: str
) -> None:
    """Callers hear which of the two it is, and may try again either way."""
    with pytest.raises(RecordUnavailable) as told, spoken_plainly():
        raise raised

    assert type(told.value) is meant
    problem = of_record(told.value)
    assert (problem.reason, problem.text) == (Reason.RECORD_UNAVAILABLE, said)
