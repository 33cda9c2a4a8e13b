"""Loops that run beside each other in one process: each is watched while it runs and stopped when its turn comes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager

logger = logging.getLogger(__name__)


class LoopEnded(Exception):  # noqa: N818 - the fact, in the desk's words
    """A loop that was to run on has ended: the process cannot do its work."""


class Loops:
    """Watches loops. One of them that ends unasked ends the process."""

    def __init__(self) -> None:
        self._first_end: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @asynccontextmanager
    async def running(
        self, name: str, loop: Coroutine[None, None, object], stop: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[None]:
        """Run a loop; on leaving, `stop` it and wait until it has ended."""
        task = asyncio.create_task(loop, name=name)
        task.add_done_callback(self._note)
        try:
            yield
        finally:
            task.remove_done_callback(self._note)
            await stop()
            await asyncio.wait([task])
            _log_failure(task)

    async def until_one_ends(self) -> None:
        """Wait as long as every loop runs. Raises `LoopEnded`."""
        name = await self._first_end
        raise LoopEnded(f"{name} has ended unasked: see the log")

    def _note(self, task: asyncio.Task[object]) -> None:
        if not self._first_end.done():
            self._first_end.set_result(task.get_name())


def _log_failure(task: asyncio.Task[object]) -> None:
    failure = None if task.cancelled() else task.exception()
    if failure is not None:
        logger.error("loop failed", extra={"loop": task.get_name()}, exc_info=failure)
