"""Waiting in tests: for a fact, as long as it takes within reason, never for a length of time."""

import asyncio
from collections.abc import Callable

from services.records import Timeouts

PATIENCE_SECONDS = 60.0
UNHURRIED = Timeouts(
    lock_seconds=PATIENCE_SECONDS,
    busy_seconds=PATIENCE_SECONDS,
    statement_seconds=PATIENCE_SECONDS,
    idle_in_transaction_seconds=PATIENCE_SECONDS,
    connect_seconds=PATIENCE_SECONDS,
    pool_seconds=PATIENCE_SECONDS,
)
"""For a record on a machine so loaded that it answers late: that is no outage, and no test of one."""


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; `TimeoutError` when it never is."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - fakes and processes have no event to wait for
            await asyncio.sleep(0.002)
