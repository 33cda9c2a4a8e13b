"""`followthrough up` and each process alone, as real processes on free ports and a folder of the test's own."""

import asyncio
import contextlib
import json
import os
import re
import shlex
import signal
import socket
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services import parts
from services.process import CannotStart
from tests.support.processes import Running, ended, environment, is_gone, running
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
                up.process.send_signal(signal.SIGINT)
            await asyncio.sleep(0.1)

        assert up.process.returncode == 130
        assert await is_gone(temporal)


async def test_it_stops_in_order_and_temporal_is_the_last(tmp_path: Path) -> None:
    """Who takes work stops before who does it, and nobody is left without the server that he talks to."""
    async with running("up", env=environment(tmp_path)) as up:
        await up.say(LAST_LINE)
        up.process.send_signal(signal.SIGTERM)  # `make` passes on what the whole group was told
        assert await up.stop() == 0
        await up.log("temporal stopped")

    assert re.findall(r" info +(\w+) stopped", up.logged) == ["intake", "worker", "keeper", "exporter", "temporal"]


@pytest.mark.parametrize("field", ["INTAKE_ADDRESS", "EXPORTER_ADDRESS", "EMBEDDED_TEMPORAL_ADDRESS"])
async def test_a_busy_port_is_one_line_and_nothing_is_started(tmp_path: Path, field: str) -> None:
    """Found out before anything runs."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        address = f"127.0.0.1:{busy.getsockname()[1]}"

        up = await ended("up", env=environment(tmp_path, **{field: address}))

    assert (up.code, up.out) == (2, "")
    assert up.err == (
        f"followthrough: FOLLOWTHROUGH_{field}='{address}': another process has the port: stop it, or name another\n"
    )
    assert not (tmp_path / "temporal.log").exists()


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


def test_a_policy_that_does_not_load_is_one_line() -> None:
    """It names the module and what is wrong with it; `up` and intake end with it before anything runs."""
    with pytest.raises(CannotStart) as refused:
        parts.load_policies(["tests.support.processes"])

    assert str(refused.value) == (
        "a policy does not load: tests.support.processes: it has no `policy`: end the module with policy = Policy(…); "
        "tests.support.processes: it has no `queues`: name the desks it serves, like queues = ('home',)"
    )


async def test_a_record_without_its_schema_says_which_command_to_run(tmp_path: Path) -> None:
    """A process alone migrates nothing; `followthrough migrate` does, as often as one likes."""
    env = environment(tmp_path)

    before = await ended("exporter", env=env)
    migrated = [await ended("migrate", env=env), await ended("migrate", env=env)]

    assert (before.code, before.out) == (2, "")
    assert before.err.endswith("run `followthrough migrate`\n")
    assert [run.code for run in migrated] == [0, 0]


async def test_each_process_runs_alone_and_tickets_are_taken_while_temporal_is_away(tmp_path: Path) -> None:
    """Opening and acknowledging need the record only; what Temporal is owed is on the page."""
    env = environment(tmp_path)
    assert (await ended("migrate", env=env)).code == 0
    async with (
        running("intake", env=env) as intake,
        running("worker", env=env) as worker,
        running("keeper", env=env) as keeper,
        running("exporter", env=env) as exporter,
    ):
        server = (await intake.log(r"intake answers  address=(\S+)")).group(1)
        page = (await exporter.log(r"exporter answers  address=(\S+)")).group(1)
        await keeper.log("keeper started")
        await worker.log("temporal does not answer at .*; still waiting")
        who = ["--queue", QUEUE, "--priority", PRIORITY, "--customer", "C-1", "--name", "Ada Example"]

        opened = await ended("ticket", "open", *who, "--subject", "No mail", "--server", server, "--json", env=env)
        ticket_id = json.loads(opened.out)["ticket_id"]
        taken = await ended("ticket", "ack", ticket_id, "--tier", FIRST.name, "--server", server, "--json", env=env)

        assert json.loads(taken.out)["status"] == "TICKET_STATUS_IN_PROGRESS"
        assert "\nfollowthrough_owed_nudges 1.0\n" in await _page(page)
        assert [await process.stop() for process in (intake, worker, keeper, exporter)] == [0, 0, 0, 0]


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
    address = (await up.say(r"\n  metrics +http://(\S+)/metrics\n")).group(1)
    async with asyncio.timeout(60):
        while True:
            page = await _page(address)
            lines = [line for line in page.splitlines() if line.startswith(f"followthrough_{series}")]
            assert lines, f"no series {series}"
            if any(float(line.rpartition(" ")[2]) for line in lines):
                return
            await asyncio.sleep(0.1)


async def _page(address: str) -> str:
    def read() -> str:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
            text: str = answer.read().decode()
            return text

    return await asyncio.to_thread(read)
