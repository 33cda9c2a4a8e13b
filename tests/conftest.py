"""Fixtures for everybody: databases, and a clock that a test owns."""

import shutil
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from services.records import Records, connect, migrate
from tests.support.clock import StoryClock
from tests.support.databases import Cluster, PostgresqlMissing, cluster
from tests.support.needed import missing
from tests.support.waiting import UNHURRIED

pytest_plugins = ["workflows.testing.plugin", "pytester"]

_numbers = count(1)

# No timing is asserted on a noisy machine, and explaining a failure of long lives takes longer than finding it.
settings.register_profile("house", deadline=None, phases=set(Phase) - {Phase.explain}, print_blob=True)
settings.load_profile("house")


@pytest.fixture
def story_clock() -> StoryClock:
    """A clock that stands at Monday, 2026-11-23, 12:00 UTC."""
    return StoryClock()


@pytest.fixture(scope="session")
def _postgresql_server() -> Iterator[Cluster | PostgresqlMissing]:
    """One server a test process, started by the first test that needs it."""
    with_server = cluster()
    try:
        server = with_server.__enter__()
    except PostgresqlMissing as missing:
        yield missing
        return
    try:
        yield server
    finally:
        with_server.__exit__(None, None, None)


@pytest.fixture
def postgresql(_postgresql_server: Cluster | PostgresqlMissing) -> Cluster:
    """The server; skips with the reason where there is none, or fails where there has to be one."""
    if isinstance(_postgresql_server, PostgresqlMissing):
        missing(_postgresql_server)
    return _postgresql_server


@pytest.fixture(scope="session")
def _templates() -> set[int]:
    """Ports of the servers that have a migrated template."""
    return set()


@pytest.fixture
async def postgresql_url(postgresql: Cluster, _templates: set[int]) -> AsyncIterator[str]:
    """A fresh, migrated PostgreSQL database."""
    if postgresql.port not in _templates:
        await postgresql.execute("CREATE DATABASE migrated")
        await migrate(postgresql.url("migrated"))
        _templates.add(postgresql.port)
    name = f"test_{next(_numbers)}"
    await postgresql.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    yield postgresql.url(name)
    await postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_postgresql_url(postgresql: Cluster) -> AsyncIterator[str]:
    """A database that nobody migrated."""
    await postgresql.execute("CREATE DATABASE nobodys")
    yield postgresql.url("nobodys")
    await postgresql.execute("DROP DATABASE nobodys WITH (FORCE)")


@pytest.fixture(scope="session")
def _migrated_files() -> list[Path]:
    """The migrated file that later tests copy, once there is one."""
    return []


@pytest.fixture
async def sqlite_url(_migrated_files: list[Path], tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    if not _migrated_files:
        template = tmp_path_factory.mktemp("record") / "migrated.sqlite3"
        await migrate(f"sqlite+aiosqlite:///{template}")
        _migrated_files.append(template)
    path = tmp_path / "record.sqlite3"
    shutil.copyfile(_migrated_files[0], path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def record_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database: the test runs once on each of the two."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that nobody migrated, of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'old.sqlite3'}"
    url: str = request.getfixturevalue("empty_postgresql_url")
    return url


@pytest.fixture
async def records(record_url: str, story_clock: StoryClock) -> AsyncIterator[Records]:
    """The record on each of the two databases, by the test's own clock."""
    async with await connect(record_url, story_clock, timeouts=UNHURRIED) as opened:
        yield opened
