"""A process that dies in the middle of a settle: `python -m tests.support.dying URL TICKET before|after`.

It kills itself, as a machine that loses its power would: nothing is flushed, closed or said.
"""

import asyncio
import os
import signal
import sys

from services.records import SettledBy, connect
from tests.support.clock import StoryClock
from tests.support.record import a_request, an_acknowledgement, answer
from workflows.domain.ticket.verdict import Judged


def die(_judged: Judged) -> bytes:
    """Between the lock and the commit."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


async def main(url: str, ticket_id: str, when: str) -> None:
    """Settle, and die before or after the commit."""
    records = await connect(url, StoryClock())
    await records.record.settle(
        ticket_id,
        an_acknowledgement(),
        by=SettledBy.INTAKE,
        request=a_request(),
        encode=die if when == "before" else answer,
    )
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
