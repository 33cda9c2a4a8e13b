"""Waiting in tests: for a fact, as long as it takes within reason, never for a length of time."""

import asyncio
from collections.abc import Callable

PATIENCE_SECONDS = 60.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so; `TimeoutError` when it never is."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - fakes and processes have no event to wait for
            await asyncio.sleep(0.002)
