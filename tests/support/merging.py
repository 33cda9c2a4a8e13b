"""Two tickets of one customer, to be merged; and a way to be killed in the middle of it.

`python -m tests.support.merging URL judged|between|written|committed`: merges `t-0001` into `t-0002` and kills itself,
as a machine that loses its power would, under both locks or just after the commit.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from services.records import Request, connect
from services.records.rows import Rows
from services.records.statements_postgresql import PostgresqlSettling
from services.records.statements_sqlite import SqliteSettling
from tests.support.clock import StoryClock
from tests.support.record import a_request, an_opening, answer
from workflows.domain.ticket.commands import Open
from workflows.domain.ticket.verdict import Judged

Write = Callable[[Any, Rows], Awaitable[None]]

OTHER, SURVIVOR = "t-0001", "t-0002"


def an_opening_of_one(number: int) -> Open:
    """A request for ticket `t-…`, of the same customer whatever its number."""
    return replace(an_opening(number), customer=an_opening(1).customer)


def a_merge_request() -> Request:
    """Names the merge."""
    return a_request("m-1", body=b"merge")


def _die(*_: object) -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def _of_the_first(rows: Rows) -> Rows:
    """What is written of one of the two tickets."""
    first = rows.tickets[0].ticket_id
    own: dict[str, Any] = {
        table: tuple(row for row in found if getattr(row, "ticket_id", first) == first)
        for table, found in zip(Rows._fields, rows, strict=True)
    }
    return Rows(**own)


def _dying(when: str) -> None:
    """Have what is written followed by death, before anything is committed: of one of the two, or of both."""
    if when not in {"between", "written"}:
        return
    settlings: Sequence[Any] = (PostgresqlSettling, SqliteSettling)
    for settling in settlings:
        write = settling.write

        async def die(self: Any, rows: Rows, write: Write = write) -> None:  # noqa: ANN401 - of either dialect
            settling_class = type(self)
            settling_class.write = write  # `write_each` may use it
            assert await self.write_each([_of_the_first(rows) if when == "between" else rows]) == []
            _die()

        settling.write = die


async def main(url: str, when: str) -> None:
    """Merge, and die."""

    def encode(judged: Judged) -> bytes:
        return _die() if when == "judged" else answer(judged)

    _dying(when)
    records = await connect(url, StoryClock())
    await records.record.merge(OTHER, SURVIVOR, actor="kim", request=a_merge_request(), encode=encode)
    _die()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
