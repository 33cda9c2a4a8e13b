"""A folder of everything embedded that was left half-written, or is no such folder: one line, or put right by itself.

What is a customer's is never deleted; what is Temporal's is set aside, and made anew from the record.
"""

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from services import temporal_file
from services.records.schema import SCHEMA
from services.settings import RECORD_FILE
from services.temporal_file import BESIDE, NAME
from tests.support.databases import Cluster
from tests.support.processes import ended, environment, page, running
from tests.support.record import Outsider
from tests.support.schema import at_revision
from workflows.policies import load

SHIPPED = load()
QUEUE = next(iter(SHIPPED.queues))
PRIORITY = SHIPPED.of_queue(QUEUE).priorities[-1]
LAST_LINE = r"Ctrl-C stops it\."
METRICS = r"\n  metrics +http://(\S+)/metrics\n"
RECORD_LOG = f"{RECORD_FILE}-wal"
PAGE = 4096


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a whole database of a few hundred pages, as if Temporal's server had left it."""
    folder = tmp_path_factory.mktemp("made")
    with closing(sqlite3.connect(folder / NAME)) as database:
        database.execute("CREATE TABLE namespaces (name TEXT)")
        database.execute("CREATE TABLE executions (body BLOB)")
        database.executemany("INSERT INTO executions VALUES (?)", [(b"timer" * 600,)] * 300)
        database.commit()
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test to spoil."""
    return shutil.copytree(made, tmp_path / "var")


def _write(path: Path, at: int, what: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(what)


def test_a_file_of_temporals_that_is_whole_is_used(folder: Path, tmp_path: Path) -> None:
    """And one that is not there is for the server to make."""
    assert temporal_file.why_unusable(folder, is_thorough=True) is None
    assert temporal_file.why_unusable(tmp_path, is_thorough=True) is None


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda file: file.write_bytes(b""), "it is empty"),  # the server was killed before it made its tables
        (lambda file: file.write_bytes(b"x" * 9000), "it is damaged (SQLITE_NOTADB)"),
        (lambda file: os.truncate(file, 3 * PAGE), "it is damaged (SQLITE_CORRUPT)"),
        (lambda file: _write(file, 0, b"x" * PAGE), "it is damaged (SQLITE_NOTADB)"),
    ],
    ids=["empty", "no database", "truncated", "another head"],
)
def test_a_file_of_temporals_that_cannot_be_used_is_told_from_one_that_can(
    folder: Path, spoil: Callable[[Path], None], why: str
) -> None:
    """Found out before the server, which would end without a word to the point."""
    spoil(folder / NAME)

    assert temporal_file.why_unusable(folder) == why


def test_a_damage_in_the_middle_is_found_when_the_server_does_not_start(folder: Path) -> None:
    """Reading all of a large file at each start would take too long."""
    _write(folder / NAME, 40 * PAGE, b"\xff" * PAGE)

    assert temporal_file.why_unusable(folder) is None
    assert temporal_file.why_unusable(folder, is_thorough=True) == "it is damaged"


def test_a_file_that_somebody_looks_into_is_not_set_aside(folder: Path) -> None:
    """It cannot be read just now, and nothing is wrong with it."""
    with closing(sqlite3.connect(folder / NAME, isolation_level=None)) as somebody:
        somebody.execute("BEGIN EXCLUSIVE")

        assert temporal_file.why_unusable(folder, is_thorough=True) is None


def test_what_is_set_aside_is_all_there(folder: Path) -> None:
    """With what SQLite keeps beside it, under names that belong together: nothing is deleted."""
    contents = {ending: f"contents{ending}".encode() for ending in BESIDE}
    for ending, content in contents.items():
        (folder / f"{NAME}{ending}").write_bytes(content)

    aside = temporal_file.set_aside(folder, "it is damaged")

    assert {ending: aside.with_name(f"{aside.name}{ending}").read_bytes() for ending in BESIDE} == contents
    assert not [ending for ending in BESIDE if (folder / f"{NAME}{ending}").exists()]


async def test_timers_are_made_anew_when_temporals_file_cannot_be_used(tmp_path: Path) -> None:
    """The server was killed before it had made its tables: it would never start again. The record knows every ticket.

    The record's file was as empty, at first: it is made. A dead process's lock is nobody's.
    """
    env = environment(tmp_path)
    (tmp_path / RECORD_FILE).touch()
    (tmp_path / "up.lock").write_text("4194305\n", encoding="ascii")
    async with running("up", env=env) as up:
        await up.log(rf"record made  record=sqlite:///{tmp_path / RECORD_FILE} schema={SCHEMA}\n")
        server = (await up.say(r"\n  intake +(\S+) ")).group(1)
        await up.say(LAST_LINE)
        who = ["--queue", QUEUE, "--priority", PRIORITY, "--customer", "C-1", "--name", "Ada Example"]
        opened = await ended("ticket", "open", *who, "--subject", "No mail", "--server", server, "--json", env=env)
        ticket_id = json.loads(opened.out)["ticket_id"]
        metrics = (await up.say(METRICS)).group(1)
        while _owed(await page(metrics)):  # noqa: ASYNC110 - another process's state has no event
            await asyncio.sleep(0.05)
        assert await up.stop() == 0
    record = Outsider(f"sqlite:///{tmp_path / RECORD_FILE}")
    told = await record.run("SELECT ticket_id FROM tickets WHERE told_at IS NOT NULL")
    assert told == [(ticket_id,)]
    for ending in BESIDE:
        (tmp_path / f"{NAME}{ending}").unlink(missing_ok=True)
    (tmp_path / NAME).touch()

    async with running("up", env=env) as up:
        aside = await up.log(
            rf"warning temporal's file is set aside, the timers are made anew from the record  "
            rf'file={tmp_path / NAME} why="it is empty" aside=(\S+)\n'
        )
        await up.log(r"warning temporal knows of no ticket, the keeper starts the timers anew  tickets=1\n")
        await up.say(LAST_LINE)
        owed = _owed(await page((await up.say(METRICS)).group(1)))
        assert await up.stop() == 0

    assert Path(aside.group(1)).name in _contents(tmp_path)
    assert owed == 1  # until the keeper's next look


async def test_a_first_start_has_nothing_to_make_anew(tmp_path: Path) -> None:
    """No ticket, no word of it."""
    env = environment(tmp_path)
    async with running("up", env=env) as up:
        await up.say(LAST_LINE)
        assert await up.stop() == 0
        await up.log("temporal stopped")

    assert "aside" not in up.logged
    assert "anew" not in up.logged


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda file: os.truncate(file, 3 * PAGE),
            "the record in it: the file is damaged: keep it, and put a backup in its place or name another",
        ),
        (
            lambda file: _write(file, PAGE, b"\xff" * 9 * PAGE),
            "the record in it: the file is damaged: keep it, and put a backup in its place or name another",
        ),
        (
            lambda file: file.rename(file.with_name(RECORD_LOG)),
            (
                f"'{RECORD_LOG}' is in it, the last of a record, but '{RECORD_FILE}' is not: put that back beside it, "
                "or take the first away to begin an empty record"
            ),
        ),
        (
            lambda file: (file.unlink(), file.mkdir()),
            "the record in it: the file cannot be opened: see who owns it and its folder",
        ),
    ],
    ids=["truncated", "overwritten", "only its log", "a folder"],
)
async def test_a_record_that_cannot_be_used_is_one_line_and_is_left_as_it_is(
    tmp_path: Path, spoil: Callable[[Path], object], said: str
) -> None:
    """Nobody's promises are begun anew without a word."""
    env = environment(tmp_path)
    assert (await ended("migrate", env=env)).code == 0
    spoil(tmp_path / RECORD_FILE)
    before = _contents(tmp_path)

    up = await ended("up", env=env)

    assert (up.code, up.out) == (2, "")
    assert up.err == f"followthrough: FOLLOWTHROUGH_VAR_DIR='{tmp_path}': {said}\n"
    assert {name: content for name, content in _contents(tmp_path).items() if name in before} == before


@pytest.mark.parametrize("name", [NAME, "temporal.log", "up.lock"])
async def test_a_folder_in_a_files_place_is_one_line(tmp_path: Path, name: str) -> None:
    """It names what is in the way."""
    (tmp_path / name).mkdir()

    up = await ended("up", env=environment(tmp_path))

    assert (up.code, up.out) == (2, "")
    assert up.err.splitlines()[-1] == (
        f"followthrough: FOLLOWTHROUGH_VAR_DIR='{tmp_path}': '{name}' in it: is a directory: see who owns it"
    )


@pytest.mark.parametrize("name", [NAME, f"{NAME}-wal", "temporal.log"])
async def test_a_file_that_another_owns_is_one_line(tmp_path: Path, name: str) -> None:
    """Begun by the superuser, say, and gone on with by somebody else."""
    (tmp_path / NAME).touch()
    (tmp_path / name).touch()
    (tmp_path / name).chmod(0o444)

    up = await ended("up", env=environment(tmp_path), is_bound=True)

    assert (up.code, up.out) == (2, "")
    assert up.err.splitlines()[-1] == (
        f"followthrough: FOLLOWTHROUGH_VAR_DIR='{tmp_path}': '{name}' in it: permission denied: see who owns it"
    )


async def test_what_is_no_folder_is_one_line(tmp_path: Path) -> None:
    """A file, a link that leads nowhere, one that leads to itself, a name that no system takes."""
    (tmp_path / "file").touch()
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    said = {
        "file": "it is no folder",
        "nowhere": "it is a link that leads nowhere",
        "round": "it is a link that leads nowhere",
        "n" * 300: "file name too long",
        "/".join(["d" * 100] * 5): "file name too long",
    }
    for name, why in said.items():
        up = await ended("up", env=environment(tmp_path / name))

        assert (up.code, up.out) == (2, "")
        assert up.err == (
            f"followthrough: FOLLOWTHROUGH_VAR_DIR='{tmp_path / name}': {why}: name a folder that can be written\n"
        )


async def test_a_link_to_a_folder_is_as_good_as_the_folder(tmp_path: Path) -> None:
    """And its lock is the folder's: whoever comes by another name is told."""
    (tmp_path / "var").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "var")
    async with running("up", env=environment(tmp_path / "link")) as up:
        await up.say(LAST_LINE)
        beside = await ended("up", env=environment(tmp_path / "var"))
        assert await up.stop() == 0

    assert beside.code == 2
    assert f"already, as process {up.process.pid}: " in beside.err


async def test_the_embedded_record_of_an_older_release_is_brought_up_with_a_line(tmp_path: Path) -> None:
    """Who runs everything on defaults has nothing to do, and can read what was done."""
    await at_revision(f"sqlite:///{tmp_path / RECORD_FILE}", "0001")

    async with running("up", env=environment(tmp_path)) as up:
        await up.log(
            rf"info    record brought to this release's schema  record=\S+ schema={SCHEMA} before=0001\n",
        )
        await up.say(LAST_LINE)
        assert await up.stop() == 0


@pytest.mark.parametrize("command", ["up", "intake", "worker", "keeper", "exporter"])
async def test_a_named_database_is_migrated_by_nobody_in_passing(
    tmp_path: Path, command: str, postgresql: Cluster
) -> None:
    """Without a schema, with an older one, with a newer one: one line with what to do."""
    name = f"passed_{command}"
    await postgresql.execute(f"CREATE DATABASE {name}")
    try:
        env = environment(tmp_path, DATABASE_URL=postgresql.url(name))
        none = await ended(command, env=env)
        await at_revision(postgresql.url(name), "0001")
        older = await ended(command, env=env)
        await Outsider(postgresql.url(name)).run("UPDATE alembic_version SET version_num = '9999'")
        newer = await ended(command, env=env)
    finally:
        await postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)")

    assert [(ran.code, ran.out, ran.err.count("\n")) for ran in (none, older, newer)] == [(2, "", 1)] * 3
    said = f"followthrough: FOLLOWTHROUGH_DATABASE_URL='{postgresql.url(name)}': the "
    assert none.err == f"{said}database has none of the record's tables: run `followthrough migrate`\n"
    assert older.err == f"{said}record has schema 0001, this release needs {SCHEMA}: run `followthrough migrate`\n"
    assert newer.err.startswith(f"{said}record has schema 9999 of a newer release, this one knows {SCHEMA}: deploy ")


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _owed(scraped: str) -> float:
    """How many nudges the record owes Temporal."""
    return next(
        float(line.split()[1]) for line in scraped.splitlines() if line.startswith("followthrough_owed_nudges ")
    )
