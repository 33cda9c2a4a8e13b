"""A walk of the keeper's that dies: `python -m tests.support.walking URL judged|settled|noted TICKETS`.

It brings tickets to a closure of their queue, and kills itself, as a machine that loses its power would, at that
ticket: between lock and commit, after its commit, or after the last one's, before the closure is noted as seen through.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta

from services.records import Settled, SettledBy, connect
from services.records.closure_walk import ClosureWalk
from services.records.closures import Closures, Turn
from services.records.store import Record
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.judging import Judging
from workflows.domain.ticket.commands import Command
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import Judged

BEGUN = timedelta(minutes=1)
"""After noon: when the queue was closed, and so much later its tickets are walked."""


class Doom:
    """Counts tickets, and dies at one of them."""

    def __init__(self, at: int) -> None:
        self._left = at

    def strike(self) -> None:
        """One more."""
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, when: str, tickets: str) -> None:
    """Walk until it dies."""
    doom = Doom(int(tickets))

    def judged(_: Ticket, __: Command | None, found: Judged) -> Judged:
        if when == "judged":
            doom.strike()
        return found

    clock = StoryClock()
    clock.set(MONDAY_NOON + 2 * BEGUN)
    async with await connect(url, clock, judge=Judging(after=judged)) as records:
        walk = ClosureWalk(_closures(records.closures, when), _record(records.record, when, doom))
        await walk.sweep()


def _record(record: Record, when: str, doom: Doom) -> Record:
    settle = record.settle

    async def dying(ticket_id: str, *, by: SettledBy) -> Settled:
        settled = await settle(ticket_id, by=by)
        if when == "settled":
            doom.strike()
        return settled

    record.settle = dying  # type: ignore[method-assign,assignment]  # as the walk calls it
    return record


def _closures(closures: Closures, when: str) -> Closures:
    seen_through = closures.seen_through

    async def dying(turn: Turn) -> None:
        if when == "noted":
            os.kill(os.getpid(), signal.SIGKILL)
        await seen_through(turn)

    closures.seen_through = dying  # type: ignore[method-assign]  # the step before it is the worst
    return closures


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
