"""A short chaos run in the suite, as its own processes: `make chaos` is the same for longer, by another seed."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.chaos.parts import ROOT, dying_with_us
from tests.support.databases import Cluster

PATIENCE_SECONDS = 280.0


@pytest.mark.timeout(300)
async def test_nothing_is_lost_doubled_missed_or_skipped_under_fire(tmp_path: Path, postgresql: Cluster) -> None:
    """Issue 5, item 3: each kind of fault, every command, several callers; all 0, or the seed and the timeline."""
    assert postgresql.process.poll() is None  # there is a server to be had at all: otherwise this test skips
    process = await asyncio.create_subprocess_exec(
        *(*dying_with_us(), sys.executable, "-m", "tests.chaos"),
        *("--seed", "5", "--seconds", "40", "--logs", str(tmp_path)),
        cwd=ROOT,
        env=os.environ | {"GRPC_ENABLE_FORK_SUPPORT": "0"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode()
