"""The metrics page while PostgreSQL stands still: it takes connections, and answers nothing."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.error import HTTPError

import pytest

from services.exporter.exporter import Exporter
from services.records import connect, migrate
from services.records.clock import RealClock
from services.settings import Address
from tests.chaos.parts import children_of
from tests.support.databases import Cluster, PostgresqlMissing, cluster
from tests.support.needed import missing
from tests.support.processes import page
from workflows.policies import PolicySet

NOTHING = PolicySet(policies={}, queues={})


@contextmanager
def standing_still(server: Cluster) -> Iterator[None]:
    """Stop the server and every process that it has; they go on afterwards."""
    pids = [server.process.pid, *map(int, children_of(server.process.pid))]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def a_server_of_ones_own() -> Iterator[Cluster]:
    """Nobody else's tests are to wait for it."""
    try:
        with cluster() as server:
            yield server
    except PostgresqlMissing as why:
        missing(str(why))


async def test_no_page_while_the_database_stands_still_and_the_page_again_afterwards() -> None:
    """A server that is stopped enforces no time-out of its own, and a scrape must not wait for it."""
    with a_server_of_ones_own() as server:
        await server.execute("CREATE DATABASE desk")
        url = server.url("desk")
        await migrate(url)
        async with await connect(url, RealClock()) as records:
            exporter = Exporter(records.queries, lambda: NOTHING)
            address = f"127.0.0.1:{await exporter.start(Address('127.0.0.1', 0))}"
            assert "followthrough_record_timestamp_seconds" in await page(address)
            with standing_still(server), pytest.raises(HTTPError, match="503"):
                await page(address)
            assert "followthrough_record_timestamp_seconds" in await page(address)
            await exporter.stop()
