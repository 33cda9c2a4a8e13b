"""How a process runs and ends: signals, and the exit itself. Knows no part of the product."""

import asyncio
import gc
import inspect
import logging
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import NoReturn

import uvloop

logger = logging.getLogger(__name__)

STOPPING = (signal.SIGINT, signal.SIGTERM)
HASTENED = 130
"""Exit code when a second signal did not wait for the orderly stop."""
ONE_SIGNAL_SECONDS = 0.3
"""Real seconds within which signals are one: a terminal or supervisor tells the group, and `make` tells us again."""


class CannotStart(Exception):  # noqa: N818 - the fact, in the desk's words
    """The process cannot do its work as things are: its text is one line with the remedy."""


def run(work: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run until the work ends, or until Ctrl-C or SIGTERM has stopped it in order; what it raises is raised."""
    gc.freeze()  # what is imported stays: looking through it for garbage took a seventh of the work in a storm
    working = _until_stopped(work)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(working)
    finally:
        if inspect.getcoroutinestate(working) == inspect.CORO_CREATED:
            working.close()  # Ctrl-C came before it began: nobody is to be told that it was never awaited


def leave(code: int) -> NoReturn:
    """Exit at once, with everything flushed.

    The interpreter's own way out crashes now and then after a clean stop (Temporal's core is still being taken down).
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def stop_gently(stop: Callable[[], None]) -> None:
    """Have Ctrl-C or SIGTERM ask the running work to stop, rather than cancel it; a second one ends the process."""
    loop = asyncio.get_running_loop()
    told_at: float | None = None

    def told() -> None:
        nonlocal told_at
        if told_at is None:
            told_at = loop.time()
            stop()
        elif loop.time() - told_at > ONE_SIGNAL_SECONDS:
            leave(HASTENED)

    for number in STOPPING:
        loop.add_signal_handler(number, told)


async def _until_stopped(work: Callable[[], Coroutine[None, None, None]]) -> None:
    task = asyncio.create_task(work(), name="work")
    loop = asyncio.get_running_loop()
    told_at: float | None = None

    def stop(name: str) -> None:
        nonlocal told_at
        if told_at is None:
            told_at = loop.time()
            logger.info("stopping", extra={"signal": name})
            task.cancel()
        elif loop.time() - told_at > ONE_SIGNAL_SECONDS:
            leave(HASTENED)  # children end with us; what was committed is on disk

    for number in STOPPING:
        loop.add_signal_handler(number, stop, number.name)
    try:
        await task
    except asyncio.CancelledError:
        if told_at is None:
            raise
