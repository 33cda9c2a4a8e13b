"""Processes of a benchmark: modules of this folder, started on a fresh record, listened to, stopped."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from services.records import migrate
from tests.support.databases import cluster
from tests.support.parents import dying_with_parent
from tests.support.processes import Running

DATABASES = ("sqlite", "postgresql")


@asynccontextmanager
async def empty_database(kind: str) -> AsyncIterator[str]:
    """The URL of a database with nothing in it; PostgreSQL writes through to the disk. Raises `PostgresqlMissing`."""
    if kind == "postgresql":
        with cluster(is_durable=True) as server:
            await server.execute("CREATE DATABASE followthrough")
            yield server.url("followthrough")
        return
    with tempfile.TemporaryDirectory(prefix="followthrough-bench-") as folder:
        yield f"sqlite+aiosqlite:///{folder}/record.sqlite3"


@asynccontextmanager
async def fresh_record(kind: str) -> AsyncIterator[str]:
    """The URL of a migrated record with nothing in it."""
    async with empty_database(kind) as url:
        await migrate(url)
        yield url


@asynccontextmanager
async def module(
    name: str, *words: str, env: Mapping[str, str] | None = None, is_asked: bool = False
) -> AsyncIterator[Running]:
    """Run a module of this folder until the block ends, or this process; what it says on standard error goes to ours.

    One that is asked has a pipe for its standard input.
    """
    process = await asyncio.create_subprocess_exec(
        *dying_with_parent(signal.SIGTERM),
        sys.executable,
        "-m",
        f"tests.bench.{name}",
        *words,
        cwd=Path(__file__).parents[2],
        env=env or dict(os.environ),
        stdin=asyncio.subprocess.PIPE if is_asked else None,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()
