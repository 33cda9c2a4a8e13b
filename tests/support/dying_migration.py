"""A migration that dies: `python -m tests.support.dying_migration URL POLICY TICKETS before|between`.

It kills itself at that ticket, as a machine that loses its power would: between lock and commit, or between the commit
and the nudge that is owed. POLICY is the seconds that the first tier of `impatient` has to acknowledge.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from services.migration.applying import Mover
from services.migration.asked import Migration
from services.records import RealClock, connect
from services.records.settled import Nudge
from tests.support.engine import impatient
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.verdict import Judged


class Doom:
    """Counts tickets, and dies at one of them."""

    def __init__(self, at: int, when: str) -> None:
        self.nudges = 0
        self._at = at
        self._when = when
        self._judged = 0

    def judge(self, *asked: Any, **more: Any) -> Judged:  # noqa: ANN401 - whatever the judge is asked
        """Judge, with the ticket's lock in hand."""
        judged = judge(*asked, **more)
        self._judged += 1
        if self._when == "before" and self._judged == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        return judged

    def owe(self, _: Nudge) -> None:
        """Take a nudge over, and send none."""
        self.nudges += 1
        if self._when == "between" and self.nudges == self._at:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, seconds: str, at: str, when: str) -> None:
    """Move tickets, one after the other, until it dies."""
    doom = Doom(int(at), when)
    migration = Migration(onto=impatient(agent=float(seconds)), actor="ops", reason="quicker")
    async with await connect(url, RealClock(), judge=doom.judge) as records:
        mover = Mover(records.record, records.queries, doom, migration, per_second=1000, at_once=1)
        await mover.run(lambda _: None)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
