"""Moving to another Temporal: forget what the old one was told, so that every open ticket is owed a nudge again.

Asks nothing of either Temporal: the keeper finds what is owed and sends it. May run beside everything else, be stopped
anywhere and be run again; a ticket whose timer runs already costs one signal too many.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from services.records.errors import RecordUnavailable

if TYPE_CHECKING:
    from services.records.upkeep import Forgotten

REST = 2.0
"""Between two steps, as a multiple of the time that the last one took: most of the record's time is the callers'."""
TRIES = 5
"""Of one step: somebody may hold one of its tickets."""
PAUSE_SECONDS = 0.5
"""Between two of them, in real time."""


class Told(Protocol):
    """The record, as far as it knows what Temporal was told. Everything raises `RecordError`."""

    async def forget_told(self, *, after: tuple[datetime, str] | None = None) -> "Forgotten":
        """Forget it of a few tickets, after that place."""
        ...


async def rebuild(record: Told, *, forgot: Callable[[int], None], pause_seconds: float = PAUSE_SECONDS) -> None:
    """Forget all of it, step by step; `forgot` hears of how many tickets after each.

    Raises `RecordError` when the record stays away: what was forgotten stays so, and the next run does the others.
    """
    after: tuple[datetime, str] | None = None
    while True:
        began = time.monotonic()
        step = await _step(record, after, pause_seconds)
        if step.last is None:
            return
        after = step.last
        forgot(step.tickets)
        await asyncio.sleep(REST * (time.monotonic() - began))


async def _step(record: Told, after: tuple[datetime, str] | None, pause_seconds: float) -> "Forgotten":
    for _ in range(TRIES - 1):
        try:
            return await record.forget_told(after=after)
        except RecordUnavailable:
            await asyncio.sleep(pause_seconds)
    return await record.forget_told(after=after)
