"""What a driver's errors mean to the record."""

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import pytest

from services.records.errors import RecordUnavailable
from services.records.faults import spoken_plainly


def test_a_connection_that_ends_while_it_is_spoken_to_is_a_record_that_did_not_answer() -> None:
    """The driver calls it an internal error of its own: whoever asked may try again all the same."""
    with pytest.raises(RecordUnavailable, match="try again") as told, spoken_plainly():
        raise asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress")
    assert "state 15" not in str(told.value)
