"""How calls are made, and when what they open runs out. Imports little: processes that only call begin with it."""

import asyncio
from collections.abc import Awaitable, Callable

BRISK_SECONDS = 5.0
"""An acknowledgement of queue `brisk` is due so long after its opening, by the record's clock."""
STORM_SECONDS = 1.0
"""One of queue `storm`, so long after its desk opens."""


async def timed(clients: int, calls: list[Callable[[], Awaitable[object]]]) -> float:
    """Seconds that so many callers at once take for all the calls."""
    waiting = iter(calls)

    async def caller() -> None:
        for call in waiting:
            await call()

    began = asyncio.get_running_loop().time()
    await asyncio.gather(*(caller() for _ in range(clients)))
    return asyncio.get_running_loop().time() - began


async def at_pace(times: int, a_second: float, call: Callable[[], Awaitable[object]]) -> None:
    """Begin so many calls at even distances, whether or not those before have been answered."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as calls:
        for number in range(times):
            await asyncio.sleep(began + number / a_second - loop.time())
            calls.create_task(_await(call))


async def _await(call: Callable[[], Awaitable[object]]) -> None:
    await call()
