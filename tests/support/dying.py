"""A process that dies in the middle of a settle: `python -m tests.support.dying URL TICKET before|after|stopped`.

It kills itself, as a machine that loses its power would: nothing is flushed, closed or said. Or it stops itself while
it holds the lock, as one that is swapped out would, and ends with 75 when it goes on and is told to try again.
"""

import asyncio
import os
import signal
import sys

from services.records import RecordUnavailable, SettledBy, Timeouts, connect
from tests.support.clock import StoryClock
from tests.support.record import a_request, an_acknowledgement, answer
from workflows.domain.ticket.verdict import Judged

TRY_AGAIN = 75
"""Exit code: EX_TEMPFAIL."""


def die(_judged: Judged) -> bytes:
    """Between the lock and the commit."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def stop(judged: Judged) -> bytes:
    """Between the lock and the commit."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return answer(judged)


async def main(url: str, ticket_id: str, when: str) -> None:
    """Settle, and die before or after the commit, or stop before it."""
    records = await connect(url, StoryClock(), timeouts=Timeouts(idle_in_transaction_seconds=2.0))
    try:
        await records.record.settle(
            ticket_id,
            an_acknowledgement(),
            by=SettledBy.INTAKE,
            request=a_request(),
            encode={"before": die, "after": answer, "stopped": stop}[when],
        )
    except RecordUnavailable:
        await records.aclose()
        sys.exit(TRY_AGAIN)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
