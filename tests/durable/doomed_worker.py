"""A worker process to be killed in its first settle that finds something: before or after that commits.

Run by a test as `python -m tests.durable.doomed_worker TEMPORAL TASK_QUEUE RECORD before|after`. It says where it is,
and then waits for the end.
"""

import asyncio
import sys
import time

from services.records import RealClock, Record, connect
from services.temporal import TemporalPlace
from services.temporal import connect as connect_to_temporal
from services.worker import Worker
from tests.support.judging import Judging
from workflows.domain.ticket.commands import Command
from workflows.domain.ticket.judge import Judged
from workflows.domain.ticket.state import Ticket
from workflows.messages import SettleResult

LONGER_THAN_ANY_TEST_SECONDS = 600.0


class DoomedSettler:
    """The real record, whose first answer worth having never arrives."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Settle and commit; then wait for the end."""
        result = await self._record.settle_for_workflow(ticket_id)
        if result.found:
            say("committed")
            await asyncio.Event().wait()
        return result


def wait_for_the_end(_: Ticket, __: Command | None, judged: Judged) -> Judged:
    """With the ticket's lock in hand; what was found is never written."""
    if judged.entries:
        say("judged")
        time.sleep(LONGER_THAN_ANY_TEST_SECONDS)
    return judged


def say(fact: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{fact}\n")
    sys.stdout.flush()


async def work(temporal_address: str, task_queue: str, record_url: str, when: str) -> None:
    """Run the shipped worker on the doomed record."""
    client = await connect_to_temporal(TemporalPlace(address=temporal_address), say=lambda _: None)
    judging = Judging(after=wait_for_the_end if when == "before" else None)
    async with await connect(record_url, RealClock(), judge=judging) as records:
        await Worker(client, DoomedSettler(records.record), task_queue=task_queue).run()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
