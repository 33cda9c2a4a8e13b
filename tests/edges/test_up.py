"""`followthrough up` and each process alone, as real processes on free ports and a folder of the test's own."""

import asyncio
import contextlib
import json
import os
import re
import shlex
import signal
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services import parts
from services.dev_server import DevServer
from services.ports import try_port
from services.process import CannotStart
from services.settings import Address, Settings
from tests.support.databases import Cluster
from tests.support.processes import Running, above_nothing, ended, environment, is_gone, running
from workflows.policies import load

SHIPPED = load()
QUEUE = next(iter(SHIPPED.queues))
FIRST, SECOND, *_ = SHIPPED.of_queue(QUEUE).tiers
PRIORITY = SHIPPED.of_queue(QUEUE).priorities[-1]
LAST_LINE = r"Ctrl-C stops it\."


async def test_a_ticket_of_the_printed_line_is_held_to_its_deadline_across_a_restart(tmp_path: Path) -> None:
    """From the printed line to a breach on the page; after a restart it goes on where it was."""
    origin = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    env = environment(tmp_path, CLOCK=f"scaled:{origin}:50000")  # a closed week-end takes five seconds

    async with running("up", env=env) as up:
        await up.say(LAST_LINE)
        opened = await _printed_line(up, env)
        promised = ",".join(f'{name}="{value}"' for name, value in (("priority", opened["priority"]), ("queue", QUEUE)))
        await _wait_for(up, f'clocks_breached_total{{{promised},target="acknowledge",tier="{FIRST.name}"}}')
        server = await _server(up)
        withdrawn = [
            "ticket",
            "resolve",
            opened["ticket_id"],
            "--outcome",
            "withdrawn",
            "--explanation",
            "Sorted itself.",
        ]
        assert (await ended(*withdrawn, "--server", server, env=env)).code == 0
        second = await _printed_line(up, env)
        assert await up.stop() == 0

    async with running("up", env=env) as up:
        await up.say(LAST_LINE)
        server = await _server(up)
        listed = await ended("ticket", "list", "--json", "--server", server, env=env)
        assert [json.loads(line)["ticket_id"] for line in listed.out.splitlines()] == [
            opened["ticket_id"],
            second["ticket_id"],
        ]
        await _wait_for(
            up, f'escalations_total{{from_tier="{SECOND.name}",queue="{QUEUE}",reason="acknowledge_breached",'
        )
        assert await up.stop(signal.SIGINT) == 0


async def test_nothing_is_left_behind_and_nothing_runs_twice(tmp_path: Path) -> None:
    """One `up` a folder; its Temporal server ends with it, even when it is killed; the lock is free again."""
    env = environment(tmp_path)
    async with running("up", env=env) as up:
        temporal = int((await up.log(r"temporal started .*pid=(\d+)")).group(1))
        await up.say(LAST_LINE)

        beside = await ended("up", env=env)

        assert (beside.code, beside.out) == (2, "")
        assert beside.err == (
            f"followthrough: `followthrough up` runs on '{tmp_path}' already, as process {up.process.pid}: "
            "stop it, or set FOLLOWTHROUGH_VAR_DIR to another folder\n"
        )
        await up.stop(signal.SIGKILL)
        assert await is_gone(temporal)

    async with running("up", env=env) as up:
        temporal = int((await up.log(r"temporal started .*pid=(\d+)")).group(1))
        assert await up.stop() == 0  # while it starts
        assert await is_gone(temporal)


async def test_a_template_that_fails_is_told_before_anything_runs(tmp_path: Path) -> None:
    """Neither Temporal nor a metrics page is up by then, and the record is not made."""
    template = tmp_path / "words" / "en" / "opened.customer.txt"
    template.parent.mkdir(parents=True)
    template.write_text("Subject: {{ reference }}\n\n{{ nmae }}", encoding="utf-8")

    up = await ended("up", env=environment(tmp_path / "var", WORDS=str(tmp_path / "words")))

    assert (up.code, up.out) == (2, "")
    assert f"{template}:3: there is no variable 'nmae'" in up.err
    assert "`followthrough words check` tells all that is wrong" in up.err
    assert " started " not in up.err
    assert " answers " not in up.err
    assert [each.name for each in (tmp_path / "var").iterdir()] == ["up.lock"]


async def test_a_part_that_ends_unasked_ends_the_process_with_exit_code_1(tmp_path: Path) -> None:
    """Half a Followthrough is none: whoever supervises the process starts it anew."""
    async with running("up", env=environment(tmp_path)) as up:
        temporal = int((await up.log(r"temporal started .*pid=(\d+)")).group(1))
        await up.say(LAST_LINE)

        os.kill(temporal, signal.SIGKILL)

        await up.log(rf"temporal ended unasked  code=-9 log={tmp_path}/temporal.log")
        await up.log("followthrough: temporal has ended unasked: see the log\n")
        assert await up.process.wait() == 1


async def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    """It leaves at once, and still leaves nothing behind."""
    async with running("up", env=environment(tmp_path)) as up:
        temporal = int((await up.log(r"temporal started .*pid=(\d+)")).group(1))
        await up.say(LAST_LINE)
        while up.process.returncode is None:  # an impatient finger; the first few are one press
            with contextlib.suppress(ProcessLookupError):
                os.kill(up.process.pid, signal.SIGINT)  # asyncio's own might reap it, and lose its exit code
            await asyncio.sleep(0.1)

        assert up.process.returncode == 130
        assert await is_gone(temporal)


@pytest.mark.parametrize(
    "early",
    ["os.kill(os.getpid(), signal.SIGINT)", "new_event_loop = lambda: os.kill(os.getpid(), signal.SIGINT)"],
    ids=["imports", "first lines"],
)
async def test_ctrl_c_before_anything_runs_says_nothing(tmp_path: Path, early: str) -> None:
    """Neither a module that is half imported nor the command line has a word to say to it; the exit code has."""
    (tmp_path / "uvloop.py").write_text(f"import os, signal\n{early}\n", encoding="ascii")

    up = await ended("up", env=environment(tmp_path / "var") | {"PYTHONPATH": str(tmp_path)})

    assert (up.code, up.out, up.err.strip()) == (130, "", "")
    assert not (tmp_path / "var").exists()


async def test_it_stops_in_order_and_temporal_is_the_last(tmp_path: Path) -> None:
    """Who takes work stops before who does it, and nobody is left without the server that he talks to."""
    async with running("up", env=environment(tmp_path)) as up:
        await up.say(LAST_LINE)
        up.process.send_signal(signal.SIGTERM)  # `make` passes on what the whole group was told
        assert await up.stop() == 0
        await up.log("temporal stopped")

    assert re.findall(r" info +(\w+) stopped", up.logged) == [
        "intake",
        "worker",
        "keeper",
        "delivery",
        "exporter",
        "temporal",
    ]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"CLOCK": "sundial"}, "FOLLOWTHROUGH_CLOCK='sundial': clock 'sundial' is unknown: write 'real', or "),
        (
            {"CLOCK": "scaled:2199-11-21T12:00:00Z:5000"},
            "FOLLOWTHROUGH_CLOCK='scaled:2199-11-21T12:00:00Z:5000': clock origin '2199-11-21T12:00:00Z' is in the ",
        ),
        (
            {"CLOCK": "scaled:1970-01-01T00:00:00Z:5000"},
            "FOLLOWTHROUGH_CLOCK='scaled:1970-01-01T00:00:00Z:5000': clock origin '1970-01-01T00:00:00Z' at 5000 ",
        ),
        ({"LOG_LEVEL": "loud"}, "FOLLOWTHROUGH_LOG_LEVEL='loud': input should be "),
        ({"VAR_DIR": "/dev/null/var"}, "FOLLOWTHROUGH_VAR_DIR='/dev/null/var': not a directory: name a folder "),
    ],
)
async def test_a_broken_setting_is_one_line(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    """It names the variable, its value and the remedy, and nothing is started."""
    up = await ended("up", env=environment(tmp_path, **settings))

    assert (up.code, up.out) == (2, "")
    assert up.err.startswith(f"followthrough: {said}")
    assert up.err.count("\n") == 1
    assert not (tmp_path / "temporal.log").exists()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "postgresql://desk:secret@127.0.0.1:1/ft",
            "nobody listens there: start the database and try again, or correct ",
        ),
        ("postgresql://desk:secret@nowhere.invalid/ft", "there is no such host: correct the address"),
        ("postgresql://desk:secret@127.0.0.1:port/ft", "database URL cannot be read: write sqlite:///PATH or "),
        ("sqlite:////dev", "the file cannot be opened: see who owns it and its folder"),
        ("sqlite:////dev/null", "the file could not be read or written: see its disk"),
    ],
)
@pytest.mark.parametrize("command", ["migrate", "up"])
async def test_a_record_out_of_reach_is_one_line_and_nothing_is_started(
    tmp_path: Path, command: str, url: str, said: str
) -> None:
    """It names the setting, the address without its password, and the remedy."""
    ran = await ended(command, env=environment(tmp_path, DATABASE_URL=url))

    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"followthrough: FOLLOWTHROUGH_DATABASE_URL='{url.replace('secret', '***')}': {said}")
    assert ran.err.count("\n") == 1


async def test_a_mistyped_folder_is_not_made(tmp_path: Path) -> None:
    """A record that one named is not begun anew somewhere else: only the embedded record's folder is ours to make."""
    url = f"sqlite:///{tmp_path / 'mistyped' / 'record.sqlite3'}"

    ran = await ended("migrate", env=environment(tmp_path, DATABASE_URL=url))

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"followthrough: FOLLOWTHROUGH_DATABASE_URL='{url}': there is no folder '{tmp_path / 'mistyped'}': "
        "make it, or correct the path\n"
    )
    assert not (tmp_path / "mistyped").exists()


async def test_a_database_that_is_not_there_or_only_read_is_one_line(
    tmp_path: Path, postgresql: Cluster, postgresql_url: str
) -> None:
    """The server's own reason, in words that can be acted on."""
    absent = postgresql.url("absent")
    name = postgresql_url.rpartition("/")[2]
    await postgresql.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")

    ran = [await ended("up", env=environment(tmp_path, DATABASE_URL=url)) for url in (absent, postgresql_url)]

    assert [(each.code, each.out) for each in ran] == [(2, ""), (2, "")]
    of = "followthrough: FOLLOWTHROUGH_DATABASE_URL="
    assert ran[0].err == f"{of}'{absent}': there is no such database: create it, or name another\n"
    assert ran[1].err == (
        f"{of}'{postgresql_url}': it can be read but not written: name the server that takes writes\n"
    )


async def test_a_file_that_is_no_record_is_one_line(tmp_path: Path) -> None:
    """The embedded record is named by the folder that it is in."""
    (tmp_path / "record.sqlite3").write_text("Dear diary, " * 100, encoding="ascii")

    up = await ended("up", env=environment(tmp_path))

    assert (up.code, up.out) == (2, "")
    assert up.err == (
        f"followthrough: FOLLOWTHROUGH_VAR_DIR='{tmp_path}': the record in it: the file is no SQLite database: "
        "name another\n"
    )


@pytest.mark.parametrize("writable", [("up.lock",), ("up.lock", "record.sqlite3")])
async def test_a_folder_of_somebody_else_is_one_line(tmp_path: Path, writable: tuple[str, ...]) -> None:
    """That the lock can be had says nothing of the folder."""
    assert (await ended("migrate", env=environment(tmp_path))).code == 0
    _leave_to_others(tmp_path, writable)

    up = await ended("up", env=environment(tmp_path), is_bound=True)

    assert (up.code, up.out) == (2, "")
    assert up.err == (
        f"followthrough: FOLLOWTHROUGH_VAR_DIR='{tmp_path}': permission denied: name a folder that can be written\n"
    )


@pytest.mark.parametrize("command", ["up", "intake", "worker", "keeper", "delivery"])
async def test_a_record_that_can_only_be_read_is_one_line(tmp_path: Path, command: str) -> None:
    """Who has to write is told at the start, not by each refused ticket."""
    url = f"sqlite:///{tmp_path / 'record.sqlite3'}"
    assert (await ended("migrate", env=environment(tmp_path, DATABASE_URL=url))).code == 0
    (tmp_path / "record.sqlite3").chmod(0o444)

    up = await ended(command, env=environment(tmp_path / "var", DATABASE_URL=url), is_bound=True)

    assert (up.code, up.out) == (2, "")
    assert up.err == (
        f"followthrough: FOLLOWTHROUGH_DATABASE_URL='{url}': it can be read but not written: "
        "see who owns the file and its folder\n"
    )


async def test_up_can_be_stopped_while_its_worker_waits(tmp_path: Path) -> None:
    """Nobody has to start Temporal to stop us."""
    async with running("up", env=environment(tmp_path, TEMPORAL_ADDRESS="127.0.0.1:1")) as up:
        await up.say(LAST_LINE)
        assert await up.stop() == 0


async def test_up_takes_tickets_while_anothers_temporal_is_away(tmp_path: Path) -> None:
    """Only the worker waits, says so, and works once it is there; what the record's clock is, is told."""
    origin = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    clock = f"scaled:{origin}:2"
    there = Address("127.0.0.1", try_port(Address("127.0.0.1", 0)))
    env = environment(tmp_path, TEMPORAL_ADDRESS=str(there), CLOCK=clock)
    async with running("up", env=env) as up:
        opened = await _printed_line(up, env)
        assert opened["status"] == "TICKET_STATUS_OPEN"
        await up.log("temporal does not answer at .*; still waiting")
        server = await DevServer.start(folder=tmp_path, address=there, namespace="default")
        try:
            await up.log("worker started")
            assert await up.stop() == 0
        finally:
            await server.stop()

    assert f"\n  temporal  {there}  (does not answer yet: the worker waits for it, the keeper settles" in up.said
    assert re.search(rf"\n  clock     {clock}  \(it is \w+ \d+ \w+ \d+ \d+:\d+ UTC there\)\n", up.said)


def test_a_policy_that_does_not_load_is_one_line() -> None:
    """It names the module and what is wrong with it; `up` and intake end with it before anything runs."""
    with pytest.raises(CannotStart) as refused:
        parts.load_policies(Settings(policies=("tests.support.processes",)))

    assert str(refused.value) == (
        "a policy does not load: tests.support.processes: it has no `policy`: end the module with policy = Policy(…); "
        "tests.support.processes: it has no `queues`: name the desks it serves, like queues = ('home',)"
    )


def _leave_to_others(folder: Path, writable: Iterable[str]) -> None:
    """Close a folder, but not these files in it."""
    for name in writable:
        (folder / name).touch()
        (folder / name).chmod(0o666)
    folder.chmod(0o555)


async def _printed_line(up: Running, env: dict[str, str]) -> dict[str, str]:
    """Run the printed line as it stands; the ticket that it opened."""
    line = shlex.split((await up.say(r"\n  (\S+ ticket open .*)\n")).group(1))
    ran = await ended(*line[1:], "--json", env=env)
    assert ran.code == 0, ran.err
    ticket: dict[str, str] = json.loads(ran.out)
    assert ticket["deadline_time"]
    return ticket


async def _server(up: Running) -> str:
    return (await up.say(r"\n  intake +(\S+) ")).group(1)


async def _wait_for(up: Running, series: str) -> None:
    """Scrape until the series is above nothing."""
    await above_nothing((await up.say(r"\n  metrics +http://(\S+)/metrics\n")).group(1), series)
