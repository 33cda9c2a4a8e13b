"""`followthrough` as a real process: started, listened to, stopped; none is left behind, whatever a test does."""

import asyncio
import contextlib
import os
import re
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.settings import PREFIX
from tests.support.parents import dying_with_parent

PROGRAM = str(Path(sys.executable).with_name("followthrough"))
PATIENCE_SECONDS = 60.0
"""How long anything may take before the test fails; nothing takes a tenth of it on an idle machine."""

_DROP_AND_RUN = """
import ctypes, os, sys
drop_from_bounding_set, override_modes, read_and_search = 24, 1, 2
for capability in (override_modes, read_and_search):
    ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""

_CONFINE_AND_RUN = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Running:
    """A process that runs."""

    process: asyncio.subprocess.Process
    said: str = ""
    """Standard output so far."""
    logged: str = ""
    """Standard error so far."""

    async def say(self, pattern: str) -> re.Match[str]:
        """Wait until standard output has it."""
        return await self._until(pattern, is_log=False)

    async def log(self, pattern: str) -> re.Match[str]:
        """Wait until standard error has it."""
        return await self._until(pattern, is_log=True)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        self.process.send_signal(number)
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()

    async def _until(self, pattern: str, *, is_log: bool) -> re.Match[str]:
        stream = self.process.stderr if is_log else self.process.stdout
        assert stream is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := re.search(pattern, self.logged if is_log else self.said)):
                line = (await stream.readline()).decode()
                assert line, f"ended without {pattern!r}:\n{self.said}\n{self.logged}"
                if is_log:
                    self.logged += line
                else:
                    self.said += line
        return found


def environment(var: Path, **settings: str) -> dict[str, str]:
    """Make an environment with free ports, a folder of its own, and no setting but those given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    own = {
        "VAR_DIR": str(var),
        "INTAKE_ADDRESS": "127.0.0.1:0",
        "INTAKE_METRICS_ADDRESS": "127.0.0.1:0",
        "EXPORTER_ADDRESS": "127.0.0.1:0",
        "WORKER_METRICS_ADDRESS": "127.0.0.1:0",
        "KEEPER_METRICS_ADDRESS": "127.0.0.1:0",
        "DELIVERY_METRICS_ADDRESS": "127.0.0.1:0",
        "ROSTER_METRICS_ADDRESS": "127.0.0.1:0",
        "EMBEDDED_TEMPORAL_ADDRESS": "127.0.0.1:0",
    }
    return inherited | {PREFIX + name: value for name, value in (own | settings).items()}


@asynccontextmanager
async def running(
    *words: str, env: Mapping[str, str], is_bound: bool = False, room_bytes: int | None = None
) -> AsyncIterator[Running]:
    """Start it, and make sure of its end.

    A bound one is kept from what files' modes forbid, the superuser's too. One with so much room finds the disk full
    in any file that would be longer.
    """
    line: Sequence[str] = (PROGRAM, *words)
    if room_bytes is not None:
        line = (sys.executable, "-c", _CONFINE_AND_RUN, str(room_bytes), *line)
    process = await asyncio.create_subprocess_exec(
        *dying_with_parent(signal.SIGKILL),
        *(_bound(line) if is_bound else line),
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ended(*words: str, env: Mapping[str, str], is_bound: bool = False, room_bytes: int | None = None) -> Ended:
    """Run it to its end."""
    async with (
        running(*words, env=env, is_bound=is_bound, room_bytes=room_bytes) as started,
        asyncio.timeout(PATIENCE_SECONDS),
    ):
        out, err = await started.process.communicate()
        code = await started.process.wait()
    return Ended(code=code, out=out.decode(), err=err.decode())


def _bound(words: Sequence[str]) -> Sequence[str]:
    """Take from a child what lets the superuser pass over a file's mode: in the child, as a fork copies no threads."""
    if os.geteuid() != 0:
        return words
    if sys.platform != "linux":
        pytest.skip("the superuser is kept from nothing here")
    return (sys.executable, "-c", _DROP_AND_RUN, *words)


async def page(address: str) -> str:
    """Scrape an exporter."""

    def read() -> str:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=PATIENCE_SECONDS) as answer:
            text: str = answer.read().decode()
            return text

    return await asyncio.to_thread(read)


async def above_nothing(address: str, series: str) -> float:
    """Scrape until one of the series that begin so is above nothing; its value."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            lines = [line for line in (await page(address)).splitlines() if line.startswith(f"followthrough_{series}")]
            assert lines, f"no series {series}"
            if value := max(float(line.rpartition(" ")[2]) for line in lines):
                return value
            await asyncio.sleep(0.1)


async def is_gone(pid: int) -> bool:
    """Wait for a process that is nobody's child of ours to be gone."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                if not _is_alive(pid):
                    return True
                await asyncio.sleep(0.05)
    return False


def _is_alive(pid: int) -> bool:
    """A zombie whose new parent has not looked yet is not alive."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
