"""The embedded Temporal server: one child process of this one, its file and its log in a folder. It never outlives us.

Temporal's development server, for trying and for one small desk. Refuses to be anybody's production cluster.
"""

import asyncio
import ctypes
import logging
import shutil
import signal
import sys
import sysconfig
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Self

import grpc.aio
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from services import temporal_file
from services.settings import Address

logger = logging.getLogger(__name__)

LOG = "temporal.log"
"""What the server says, in its folder."""
ANSWER_SECONDS = 30.0
"""Real seconds the server gets to answer for the first time; it takes one or two."""
STOP_SECONDS = 10.0
"""Real seconds it gets to stop by itself; it takes one."""
LOG_BYTES = 10_000_000
"""A log larger than this is set aside when the server starts, in place of the one set aside before."""
LEAST_BYTES = 1_000_000
"""A server that ends on a disk with less has ended of that."""
FRONTEND = "temporal.api.workflowservice.v1.WorkflowService"
_SET_PARENT_DEATH_SIGNAL = 1


async def _nothing() -> None:
    """What has to be done where nobody owes Temporal anything."""


class DevServerFailed(Exception):  # noqa: N818 - the fact, in the desk's words
    """The server did not start: says why and where to look."""


class DevServer:
    """A running development server."""

    def __init__(self, process: Process, address: Address, log: Path) -> None:
        self.address = address
        self._process = process
        self._log = log
        self._is_stopping = False

    @classmethod
    async def start(
        cls, *, folder: Path, address: Address, namespace: str, before_new: Callable[[], Awaitable[None]] = _nothing
    ) -> Self:
        """Start it on its file in `folder` and wait until it answers; a file that it cannot work on is set aside.

        `before_new` is awaited before it begins with a new file, knowing of nothing. Raises `DevServerFailed`, and
        `OSError` for what is not ours in the folder.
        """
        if why := temporal_file.why_unusable(folder):
            temporal_file.set_aside(folder, why)
        try:
            return await cls._start(folder, address, namespace, before_new)
        except DevServerFailed:
            why = await asyncio.to_thread(temporal_file.why_unusable, folder, is_thorough=True)
            if why is None:
                raise
        temporal_file.set_aside(folder, why)
        return await cls._start(folder, address, namespace, before_new)

    @classmethod
    async def _start(
        cls, folder: Path, address: Address, namespace: str, before_new: Callable[[], Awaitable[None]]
    ) -> Self:
        if not temporal_file.is_there(folder):
            await before_new()
        log = folder / LOG
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *_command(temporal_file.NAME, address, namespace),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,  # a terminal's Ctrl-C is ours to pass on, last of all
                preexec_fn=end_with_us(signal.SIGKILL),
            )
        server = cls(process, address, log)
        try:
            await server._answers()
        except BaseException:
            await server.stop()
            raise
        logger.info("temporal started", extra={"address": str(address), "pid": process.pid})
        return server

    async def wait(self) -> int:
        """Wait until the process has ended, by itself or by `stop`; its exit code."""
        code = await self._process.wait()
        if not self._is_stopping:
            logger.error("temporal ended unasked", extra={"code": code, "log": str(self._log)})
        return code

    async def stop(self) -> None:
        """Ask it to stop; make it, when it does not."""
        self._is_stopping = True
        if self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()  # its file survives that: what it answered for is on disk
            await self._process.wait()
        logger.info("temporal stopped", extra={"pid": self._process.pid})

    async def _answers(self) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), grpc.aio.insecure_channel(str(self.address)) as channel:
                while not await _is_serving(channel):
                    if self._process.returncode is not None:
                        raise DevServerFailed(self._why_it_ended())
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise DevServerFailed(
                f"the embedded temporal server gave no answer within {ANSWER_SECONDS:.0f} s: see {self._log}"
            ) from None

    def _why_it_ended(self) -> str:
        ended = f"the embedded temporal server ended with code {self._process.returncode}"
        if shutil.disk_usage(self._log.parent).free < LEAST_BYTES:
            return f"{ended}, and the disk of {str(self._log.parent)!r} is full: make room"
        return f"{ended}: see {self._log}"


def _command(file: str, address: Address, namespace: str) -> list[str]:
    beside_python = Path(sysconfig.get_path("scripts")) / "temporal"
    found = str(beside_python) if beside_python.exists() else shutil.which("temporal")
    if found is None:
        raise DevServerFailed(
            "the program `temporal` is not installed: run `make setup`, or set FOLLOWTHROUGH_TEMPORAL_ADDRESS"
        )
    options = {
        "--ip": address.host,
        "--port": str(address.port),
        "--db-filename": file,  # from its own folder: the server would read ?, # and % of a path as a URL's
        "--namespace": namespace,
        "--log-level": "warn",
    }
    # By default a timer shorter than a second fires up to a second late (p50 0.9 s). At 10 ms each timer, long ones
    # too, fires about 130 ms late; at 100 ms short ones are on time and long ones 2 ms late.
    timers = ["--dynamic-config-value", 'history.timerProcessorMaxTimeShift="100ms"']
    # The two pragmas make the file as fast as memory: four times what it is without them.
    pragmas = ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"]
    return [
        str(Path(found).absolute()),
        "server",
        "start-dev",
        "--headless",
        *(word for pair in options.items() for word in pair),
        *pragmas,
        *timers,
    ]


async def _is_serving(channel: grpc.aio.Channel) -> bool:
    check: grpc.aio.UnaryUnaryMultiCallable[HealthCheckRequest, HealthCheckResponse] = channel.unary_unary(
        "/grpc.health.v1.Health/Check",
        request_serializer=HealthCheckRequest.SerializeToString,
        response_deserializer=HealthCheckResponse.FromString,
    )
    try:
        answer = await check(HealthCheckRequest(service=FRONTEND), timeout=1)
    except grpc.aio.AioRpcError:
        return False
    return answer.status == HealthCheckResponse.SERVING


def end_with_us(last: signal.Signals) -> Callable[[], None] | None:
    """Have the kernel send a child its last signal when this process ends in any way at all, where it can (Linux)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up before the fork: after it only the call is safe

    def after_fork() -> None:
        prctl(_SET_PARENT_DEATH_SIGNAL, last)

    return after_fork
