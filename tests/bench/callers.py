"""Callers of a benchmark in a process of their own, so that they share no interpreter with what they measure.

    python -m tests.bench.callers --address HOST:PORT

Reads one JSON object a line from standard input (`Asked`), calls, and answers each with one line (`Called`) when all
its calls are answered. Knows the contract and not who answers it; one channel a process.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Literal

import msgspec

from protos.followthrough.v1.ticket_pb2 import Customer, Ticket
from protos.followthrough.v1.ticket_service_pb2 import AcknowledgeTicketRequest, OpenTicketRequest
from services.client import TicketClient
from services.process import leave, run
from tests.bench.pacing import at_pace, timed

DEADLINE_SECONDS = 30.0

Call = Callable[[], Awaitable[object]]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What to call. With `a_second` calls begin at that pace, else by so many clients, each after its last answer."""

    do: Literal["open", "acknowledge"]
    calls: int = 0
    """Openings; acknowledgements are of all tickets that were opened last."""
    queue: str = "home"
    clients: int = 1
    a_second: float = 0.0


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """What it took, by the machine's monotonic clock, which all its processes share."""

    calls: int
    began_seconds: float
    ended_seconds: float
    processor_seconds: float
    """Of this process."""


def main() -> None:
    """Run them until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--address", required=True, help="who is called")
    asked = parser.parse_args()
    run(lambda: serve(asked.address))
    leave(0)


class Callers:
    """Opens tickets and takes them on."""

    def __init__(self, client: TicketClient) -> None:
        self._client = client
        self._opened: list[Ticket] = []

    async def call(self, asked: Asked) -> Called:
        """Make the calls."""
        work: list[Call]
        if asked.do == "open":
            self._opened = []
            work = [partial(self._open, asked.queue)] * asked.calls
        else:
            work = [partial(self._acknowledge, ticket) for ticket in self._opened]
        began, worked = time.monotonic(), time.process_time()
        if asked.a_second:
            await at_pace(len(work), asked.a_second, work[0])
        else:
            await timed(asked.clients, work)
        return Called(
            calls=len(work),
            began_seconds=began,
            ended_seconds=time.monotonic(),
            processor_seconds=time.process_time() - worked,
        )

    async def _open(self, queue: str) -> None:
        who = Customer(external_id="c-1", display_name="Ada Example", language="en", zone="Europe/London")
        request = OpenTicketRequest(
            queue=queue,
            priority="normal",
            customer=who,
            subject="No connection",
            description="The line is dead since this morning.",
            channel="phone",
        )
        self._opened.append(await self._client.change(request))

    async def _acknowledge(self, ticket: Ticket) -> None:
        request = AcknowledgeTicketRequest(ticket_id=ticket.ticket_id, handler="ann", tier=ticket.tier)
        await self._client.change(request)


async def serve(address: str) -> None:
    """Call what is asked, one line after the other."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with TicketClient(address, caller="bench", actor="bench", deadline_seconds=DEADLINE_SECONDS) as client:
        callers = Callers(client)
        print("callers ready", flush=True)  # noqa: T201 - what it was started for
        while line := await reader.readline():
            called = await callers.call(msgspec.json.decode(line, type=Asked))
            print(msgspec.json.encode(called).decode(), flush=True)  # noqa: T201 - what it was asked for


if __name__ == "__main__":
    main()
