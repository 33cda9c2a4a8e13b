"""A worker process that kills itself in the middle of an announcement: with a customer told whom nobody knows of yet.

Run by a test as `python -m tests.durable.doomed_announcer TEMPORAL TASK_QUEUE RECORD TICKETS`: after so many tickets,
between the commit of the last and its being heard of, it dies as a machine that loses its power would.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from datetime import timedelta

from services.problems.announcer import PacedAnnouncer
from services.records import Announcing, RealClock, connect
from services.records.letters import Turn, Turns
from services.temporal import TemporalPlace
from services.temporal import connect as connect_to_temporal
from tests.support.announcing import announcing
from workflows import announcement


class DoomedAnnouncing:
    """The real record, that is told a few tickets and no more."""

    def __init__(self, record: Announcing, tickets: int) -> None:
        self._record = record
        self._left = tickets

    async def turns(self, announcement_id: str, *, after: str, limit: int) -> Turns:
        """Whose turn it is."""
        return await self._record.turns(announcement_id, after=after, limit=limit)

    async def tell(self, turns: Turns, turn: Turn) -> Mapping[str, str]:
        """Tell; die after the last, with its commit done and nobody told of it."""
        outcomes = await self._record.tell(turns, turn)
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcomes


async def work(temporal_address: str, task_queue: str, record_url: str, tickets: str) -> None:
    """Run the shipped worker on the doomed record."""
    announcement.SILENCE = timedelta(seconds=2)  # so long a test waits until it is taken for dead
    client = await connect_to_temporal(TemporalPlace(address=temporal_address), say=lambda _: None)
    async with await connect(record_url, RealClock()) as records:
        doomed = PacedAnnouncer(DoomedAnnouncing(records.announcing, int(tickets)))
        async with announcing(client, records, task_queue, announcer=doomed):
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
