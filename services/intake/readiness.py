"""Whether intake is ready: the record can be read, and written. Temporal's absence delays nobody who calls.

Asks only; who is told, and how, is the server's.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from services.records.errors import RecordError


class Asked(Protocol):
    """The record, as far as it is asked whether it is there."""

    async def instant(self) -> object:
        """Read its clock. Raises `RecordError`."""
        ...


class Readiness:
    """Reads each time; writes at first, now and then, and each time once that has failed.

    A full disk lets itself be read as ever. Writing costs a transaction, so it is not done each time.
    """

    def __init__(
        self,
        queries: Asked,
        require_writable: Callable[[], Awaitable[None]],
        *,
        read_seconds: float,
        write_seconds: float,
        write_every_seconds: float,
    ) -> None:
        """Take what reads and what writes, which raises `RecordError`; how long each may take, in real seconds."""
        self._queries = queries
        self._require_writable = require_writable
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds
        self._write_every_seconds = write_every_seconds
        self._written_at = float("-inf")

    async def why_not(self) -> str | None:
        """Say why not, in the record's own words; none when it is ready."""
        try:
            async with asyncio.timeout(self._read_seconds):
                await self._queries.instant()
            if time.monotonic() - self._written_at >= self._write_every_seconds:
                async with asyncio.timeout(self._write_seconds):
                    await self._require_writable()
                self._written_at = time.monotonic()
        except RecordError as refused:
            self._written_at = float("-inf")
            return str(refused)
        except TimeoutError:
            self._written_at = float("-inf")
            return "it gave no answer in time"
        return None
