"""`followthrough rebuild` as a real process: what it says, and how it ends."""

import asyncio
import json
import socket
from pathlib import Path

import pytest

from services.records import RealClock, connect
from tests.support.engine import impatient, opening
from tests.support.processes import PATIENCE_SECONDS, ended, environment, running
from tests.support.record import Outsider
from workflows.policies import load

SHIPPED = load()
QUEUE = next(iter(SHIPPED.queues))
PRIORITY = SHIPPED.of_queue(QUEUE).priorities[-1]

OPEN = [f"T-{number}" for number in range(1, 46)]
"""More than one step's."""


@pytest.fixture
async def told_url(record_url: str) -> str:
    """A record whose tickets Temporal knows."""
    async with await connect(record_url, RealClock()) as records:
        for ticket_id in OPEN:
            await records.record.open_ticket(impatient(), opening(ticket_id))
        await records.upkeep.mark_told(await records.upkeep.owed_nudges(older_than_seconds=0.0, limit=99))
    return record_url


async def test_every_open_ticket_is_owed_a_timer_again(tmp_path: Path, told_url: str) -> None:
    """Architecture 4: it says how many, what happens next and how that is seen; done again, it finds nothing."""
    env = environment(tmp_path, DATABASE_URL=told_url)

    done = await ended("rebuild", env=env)

    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "45 open tickets are owed a timer.\n"
        "A running keeper starts them, soonest due first, at most 150 a second of those that are not due at once;\n"
        "what gets late meanwhile it settles itself. `followthrough_owed_nudges` is 0 when all of them run.\n"
    )
    assert await Outsider(told_url).run("SELECT count(*) FROM tickets WHERE told_at IS NULL") == [(45,)]
    again = await ended("rebuild", env=env)
    assert (again.code, again.out) == (
        0,
        "No open ticket has a timer: nothing was changed. What is owed, the keeper sends.\n",
    )


async def test_a_program_reads_one_json_object(tmp_path: Path, told_url: str) -> None:
    """House style: whoever scripts it parses no sentence."""
    done = await ended("rebuild", "--json", env=environment(tmp_path, DATABASE_URL=told_url))
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {"tickets": len(OPEN)}


async def test_a_record_that_is_away_is_one_line(tmp_path: Path) -> None:
    """What cannot start says why in one line and exits with 2."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://desk:s3cret@127.0.0.1:{nobody.getsockname()[1]}/desk"
        done = await ended("rebuild", "--json", env=environment(tmp_path, DATABASE_URL=url))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("followthrough: FOLLOWTHROUGH_DATABASE_URL='postgresql://desk:***@127.0.0.1:")
    assert done.err.count("\n") == 1
    assert "s3cret" not in done.err


async def test_a_record_of_another_release_is_one_line(tmp_path: Path) -> None:
    """It never changes a schema: the line says which command does."""
    url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    done = await ended("rebuild", env=environment(tmp_path, DATABASE_URL=url))
    assert done.code == 2
    assert "run `followthrough migrate`" in done.err
    assert done.err.count("\n") == 1


async def test_beside_everything_that_runs_the_keeper_makes_good_at_once(tmp_path: Path) -> None:
    """Architecture 4: no part is stopped for it, and each ticket's timer is known of again without anybody's doing."""
    env = environment(tmp_path)
    async with running("up", env=env) as up:
        server = (await up.say(r"intake +(\S+)")).group(1)
        await up.say(r"Ctrl-C stops it\.")
        words = ("--queue", QUEUE, "--priority", PRIORITY, "--customer", "C-1", "--name", "Ada", "--subject", "No line")
        assert (await ended("ticket", "open", *words, "--server", server, env=env)).code == 0
        record = Outsider(f"sqlite:///{tmp_path / 'record.sqlite3'}")
        await until_told(record)

        done = await ended("rebuild", "--json", env=env)

        assert (done.code, json.loads(done.out)) == (0, {"tickets": 1})
        await until_told(record)
        assert await up.stop() == 0


async def until_told(record: Outsider) -> None:
    """Wait until Temporal knows of the one ticket's wake-up."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await record.run("SELECT told_at IS NOT NULL FROM tickets") != [(1,)]:  # noqa: ASYNC110 - another's state
            await asyncio.sleep(0.05)
