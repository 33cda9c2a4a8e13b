"""A worker process to be killed: its first settle that finds something commits, says so, and never answers.

Run by a test as `python -m tests.durable.doomed_worker TEMPORAL TASK_QUEUE RECORD`.
"""

import asyncio
import sys

from services.records import RealClock, Record, connect
from services.temporal import TemporalPlace
from services.temporal import connect as connect_to_temporal
from services.worker import Worker
from workflows.messages import SettleResult


class DoomedSettler:
    """The real record, whose first answer worth having never arrives."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Settle and commit; then wait for the end."""
        result = await self._record.settle_for_workflow(ticket_id)
        if result.found:
            sys.stdout.write("committed\n")
            sys.stdout.flush()
            await asyncio.Event().wait()
        return result


async def work(temporal_address: str, task_queue: str, record_url: str) -> None:
    """Run the shipped worker on the doomed record."""
    client = await connect_to_temporal(TemporalPlace(address=temporal_address), say=lambda _: None)
    async with await connect(record_url, RealClock()) as records:
        await Worker(client, DoomedSettler(records.record), task_queue=task_queue).run()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
