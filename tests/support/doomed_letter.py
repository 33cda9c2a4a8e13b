"""A process that tells and dies: `python -m tests.support.doomed_letter URL written|committed`.

It tells the first customer of `a-1`, and kills itself as a machine that loses its power would: with every row of all
their tickets written and nothing committed, or just after the commit.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from services.records import connect
from services.records.rows import Rows
from services.records.statements_postgresql import PostgresqlSettling
from services.records.statements_sqlite import SqliteSettling
from tests.support.clock import StoryClock


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dying() -> None:
    """Have what is written of several tickets followed by death."""
    settlings: Sequence[Any] = (PostgresqlSettling, SqliteSettling)
    for settling in settlings:
        write_each = settling.write_each

        async def die(self: Any, batch: Sequence[Rows], write_each: Any = write_each) -> list[int]:  # noqa: ANN401 - of either dialect
            assert await write_each(self, batch) == []
            _die()
            return []

        settling.write_each = die


async def main(url: str, when: str) -> None:
    """Tell, and die."""
    if when == "written":
        _dying()
    records = await connect(url, StoryClock())
    turns = await records.announcing.turns("a-1", after="", limit=1)
    await records.announcing.tell(turns, turns.turns[0])
    _die()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
