"""A system of the feed's own: `followthrough up` as a child on free ports, in a folder of its own, by a scaled clock.

Gone when the feed is, in any way at all; its folder is left only when asked for.
"""

import asyncio
import logging
import os
import re
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from services.desk_log.log import Case
from services.dev_server import end_with_us
from services.feed.schedule import best_beginning
from services.process import CannotStart
from services.records.clock import RealClock, RecordClock, ScaledClock
from services.settings import Address, LogLevel, Settings, environment_with

logger = logging.getLogger(__name__)

START_SECONDS = 60.0
"""Real seconds the system gets to answer; it takes three to six."""
USUAL_START = timedelta(seconds=10)
"""Real time after which it does, by which the clock is set."""
STOP_SECONDS = 40.0
"""Real seconds it gets to stop in order; it takes one or two."""
INTAKE = re.compile(rb"\n +intake +(\S+)\s")
"""What `up` says once it answers, and where."""
LOG = "up.log"
LOOPBACK = "127.0.0.1"
UNASKED = (
    "intake_metrics_address",
    "exporter_address",
    "worker_metrics_address",
    "keeper_metrics_address",
    "delivery_metrics_address",
    "roster_metrics_address",
    "embedded_temporal_address",
)
"""Where it answers too, and nobody asks."""
PROGRAM = "from services.cli import main; main(prog_name='followthrough')"


def clock_for(cases: Sequence[Case], *, speed: float, real_at: datetime) -> RecordClock:
    """Make a clock by which it is the best weekday and hour to begin these cases, once the system has started.

    Raises `CannotStart` when the speed allows none.
    """
    if speed == 1:
        return RealClock()
    usual = ScaledClock(origin=real_at, speed=speed).read(real_at + USUAL_START)
    # Another weekday is had by an origin that lies back: from there on the record has gained on the world.
    try:
        origin = real_at - (best_beginning(cases, usual) - usual) / (speed - 1)
    except OverflowError:
        raise CannotStart(f"--speed {speed!r} gains too little on the world: give 1, or 2 and more") from None
    return ScaledClock(origin=origin, speed=speed)


@asynccontextmanager
async def embedded(
    folder: Path, clock: RecordClock, policies: Sequence[str] | None, ended: Callable[[], None]
) -> AsyncIterator[Settings]:
    """Run a system of our own in a folder, on these policies; gives the settings by which it is reached.

    Calls `ended` should it end unasked. Raises `CannotStart`.
    """
    chosen = {
        "var_dir": str(folder),
        "clock": clock.name,
        "intake_address": str(Address(LOOPBACK, 0)),
        **dict.fromkeys(UNASKED, str(Address(LOOPBACK, 0))),
        "log_level": LogLevel.WARNING.value,
        **({"policies": os.pathsep.join(policies)} if policies else {}),
    }
    with (folder / LOG).open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            "up",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env=environment_with(chosen),
            start_new_session=True,  # a terminal's Ctrl-C is ours: the system must answer until the feed has stopped
            preexec_fn=end_with_us(signal.SIGTERM),
        )
    try:
        # Where it answers it says itself: a port that is looked for beforehand may be somebody else's by then.
        answers = {"intake_address": await _is_up(process, folder)}
        watching = asyncio.create_task(_watch(process, ended))
        yield Settings.model_validate(chosen | answers | {"database_url": None, "temporal_address": None})
        watching.cancel()
    finally:
        await _stop(process)


async def _is_up(process: Process, folder: Path) -> str:
    """Wait until it answers; gives the address of its intake."""
    if process.stdout is None:
        raise AssertionError("the child's output is not piped")
    said = b""
    try:
        async with asyncio.timeout(START_SECONDS):
            while (found := INTAKE.search(said)) is None:
                line = await process.stdout.readline()
                if not line:
                    await process.wait()
                    raise CannotStart(f"the embedded system did not start: {_last_line(folder)}: see {folder / LOG}")
                said += line
    except TimeoutError:
        raise CannotStart(
            f"the embedded system did not answer within {START_SECONDS:.0f} s: see {folder / LOG}"
        ) from None
    return found[1].decode()


async def _watch(process: Process, ended: Callable[[], None]) -> None:
    code = await process.wait()
    logger.error("embedded system ended unasked", extra={"pid": process.pid, "code": code})
    ended()


def _last_line(folder: Path) -> str:
    lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.communicate()
    except TimeoutError:
        logger.warning("embedded system did not stop in order", extra={"pid": process.pid})
        process.kill()
        await process.wait()
