"""A short chaos run in the suite, as its own processes: `make chaos` is the same for longer, by another seed."""

import asyncio
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.chaos.parts import ROOT, dying_with_us
from tests.support.databases import Cluster
from tests.support.processes import is_gone

PATIENCE_SECONDS = 280.0


@asynccontextmanager
async def chaos(folder: Path, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a run, and make sure of its end."""
    process = await asyncio.create_subprocess_exec(
        *(*dying_with_us(), sys.executable, "-m", "tests.chaos", "--logs", str(folder), *words),
        cwd=ROOT,
        env=os.environ | {"GRPC_ENABLE_FORK_SUPPORT": "0"},
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def descendants(pid: int) -> list[int]:
    """Find a process's children, and theirs."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text(encoding="ascii").split()):
            found += [child, *descendants(child)]
    return found


@pytest.mark.timeout(300)
async def test_nothing_is_lost_doubled_missed_or_skipped_under_fire(tmp_path: Path, postgresql: Cluster) -> None:
    """Issue 5, item 3: each kind of fault, every command, several callers; all 0, or the seed and the timeline."""
    assert postgresql.process.poll() is None  # there is a server to be had at all: otherwise this test skips
    async with chaos(tmp_path, "--seed", "5", "--seconds", "40") as run:
        said, _ = await run.communicate()
    assert run.returncode == 0, said.decode()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="nothing sees here to it that children end with a parent")
@pytest.mark.timeout(300)
async def test_a_run_that_is_killed_leaves_nobody_behind(tmp_path: Path, postgresql: Cluster) -> None:
    """Nobody who was stopped either: chaos ends with its run."""
    assert postgresql.process.poll() is None  # there is a server to be had at all: otherwise this test skips
    async with chaos(tmp_path, "--faults", "", "--seconds", "250") as run:
        assert run.stdout is not None
        while b"everybody is there" not in await run.stdout.readline():
            assert run.returncode is None
        children = descendants(run.pid)
        assert len(children) > len(
            ("temporal", "intake", "intake", "worker", "worker", "keeper", "delivery", "postgres")
        )
        os.kill(children[-1], signal.SIGSTOP)
        run.kill()
        assert all([await is_gone(pid) for pid in children])
