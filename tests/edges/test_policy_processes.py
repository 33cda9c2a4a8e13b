"""Processes that hold a user's policies: which they go by is seen, an edit reaches them, and nothing is left over."""

import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from tests.policies.example import EXAMPLE
from tests.support.policy_files import ROUTING, PolicyFiles, named
from tests.support.processes import (
    PATIENCE_SECONDS,
    PROGRAM,
    Running,
    above_nothing,
    ended,
    environment,
    is_gone,
    page,
    running,
)

ROUTE = "def route(request):\n    return default_route\n"
OPENING = ("ticket", "open", "--customer", "C-1", "--name", "Ada Example", "--subject", "Moss", "--json")


async def test_an_edit_reaches_every_process_and_a_broken_one_none(tmp_path: Path) -> None:
    """On SIGHUP or by itself; what each goes by is on its page and in its log, so that a difference shows."""
    files = PolicyFiles(folder=tmp_path / "policies")
    files.folder.mkdir()
    files.write("garden.py", EXAMPLE, ROUTING, ROUTE)
    env = environment(
        tmp_path,
        DATABASE_URL=f"sqlite:///{tmp_path}/record.sqlite3",
        POLICIES=str(files.folder),
        POLICIES_LOAD_SECONDS="60",
        ROUTE_SECONDS="60",
    )
    assert (await ended("migrate", env=env)).code == 0
    async with AsyncExitStack() as stack:
        started = {
            name: await stack.enter_async_context(
                running(name, env=env | {"FOLLOWTHROUGH_POLICIES_WATCH_SECONDS": pace})
            )
            for name, pace in (("intake", "3600"), ("exporter", "0.1"))
        }
        intake, exporter = started["intake"], started["exporter"]
        calls = (await intake.log(r"metrics are served  part=intake address=(\S+)")).group(1)
        server = (await intake.log(r"intake answers  address=(\S+)")).group(1)
        record = (await exporter.log(r"exporter answers  address=(\S+)")).group(1)
        before = (await intake.log(r"policies in force  reason=start policies=gardening@(\w+)")).group(1)
        await exporter.log(f"policies in force  reason=start policies=gardening@{before}")

        opened = json.loads((await ended(*OPENING, "--server", server, env=env)).out)
        assert (opened["queue"], opened["priority"], opened["policy_version"]) == ("garden", "normal", before)

        files.write("craft.py", named("craft", "shop"))
        await exporter.log(f"policies in force  reason=changed policies=.*gardening@{before}")
        zeros = 'followthrough_tickets_opened_total{priority="normal",queue="shop"} 0.0'
        assert zeros in await page(record)
        info = 'followthrough_policy_info{policy="craft",'
        assert (info in await page(record), info in await page(calls)) == (True, False)

        intake.process.send_signal(signal.SIGHUP)
        await intake.log(f"policies in force  reason=asked policies=.*gardening@{before}")
        assert info in await page(calls)

        files.write("craft.py", EXAMPLE)
        intake.process.send_signal(signal.SIGHUP)
        told = await intake.log(r"policies do not load, those in force stay: mend the files  .*")
        assert f"{files.folder}/garden.py: policy 'gardening' is declared twice: rename one" in told.group(0)
        broken = await page(calls)
        assert "followthrough_policies_last_reload_successful 0.0" in broken
        assert "followthrough_policies_reload_failures_total 1.0" in broken
        await above_nothing(record, "policies_reload_failures_total")
        second = json.loads((await ended(*OPENING, "--queue", "shop", "--server", server, env=env)).out)
        assert (second["queue"], second["policy"]) == ("shop", "craft")

        (child,) = _children(intake.process.pid)
        assert _children(exporter.process.pid) == []  # it asks nobody
        assert await exporter.stop() == 0
        await intake.stop(signal.SIGKILL)
        assert await is_gone(child)


async def test_policies_that_do_not_load_are_one_line_and_nothing_starts(tmp_path: Path) -> None:
    """All that is wrong, with files and lines, and the exit code of what cannot start."""
    files = PolicyFiles(folder=tmp_path / "policies")
    files.folder.mkdir()
    files.write("craft.py", EXAMPLE.replace("hours(8)", "8"))
    files.write("garden.py", "import sys\nsys.exit(0)\n")
    env = environment(tmp_path / "var", POLICIES=str(files.folder), POLICIES_LOAD_SECONDS="60")

    up = await ended("up", env=env)

    assert (up.code, up.out) == (2, "")
    assert up.err == (
        f"followthrough: a policy does not load: {files.folder}/craft.py:6: policy 'gardening': resolve for priority "
        f"'normal' is 8: write hours(8) or minutes(15); {files.folder}/garden.py:2: SystemExit: a policy's file only "
        "declares: take out what ends the process\n"
    )
    assert not (tmp_path / "var").exists()


async def test_up_goes_by_the_users_policies_alone(tmp_path: Path) -> None:
    """None of those that ship is served beside them; the line to try is one of theirs."""
    path = PolicyFiles(folder=tmp_path).write("garden.py", EXAMPLE)
    async with running("up", env=environment(tmp_path / "var", POLICIES=str(path))) as up:
        await up.say(r"\n  \S+ ticket open --queue garden --priority normal .*\n")
        await up.log(r"policies in force  reason=start policies=gardening@\w+\n")
        assert await up.stop() == 0


async def test_a_terminal_that_has_gone_still_ends_what_ran_in_it(tmp_path: Path) -> None:
    """SIGHUP asks for the policies again; but whose terminal hangs up has nobody to stop it, and stops."""
    path = PolicyFiles(folder=tmp_path).write("garden.py", EXAMPLE)
    env = environment(tmp_path / "var", DATABASE_URL=f"sqlite:///{tmp_path}/record.sqlite3", POLICIES=str(path))
    assert (await ended("migrate", env=env)).code == 0
    ours, its = os.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])",
        PROGRAM,
        "exporter",
        stdin=its,
        stderr=asyncio.subprocess.PIPE,
        env=env,
        start_new_session=True,
    )
    os.close(its)
    exporter = Running(process)
    try:
        await exporter.log("policies in force  reason=start")
        process.send_signal(signal.SIGHUP)
        await exporter.log("policies in force  reason=asked")
    finally:
        os.close(ours)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await process.wait() == 0


def _children(pid: int) -> list[int]:
    """Every process that a process of ours started and that still runs."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text(encoding="ascii").split()]
