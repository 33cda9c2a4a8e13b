"""`followthrough policy simulate` as a real process: its tables, its JSON, its page, its gate, what it refuses."""

import asyncio
import contextlib
import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import PATIENCE_SECONDS, Ended, ended, environment, is_gone, running

MADE_UP = str(Path(__file__).parent.parent / "data" / "made-up-incidents.csv")
HEADER = "case,at,status,who\n"
STRICT = """
from dataclasses import replace
from workflows.policies.broadband import policy as today

policy = replace(today, name="strict", resolve={priority: length / 2 for priority, length in today.resolve.items()})
queues = ("strict",)
"""


async def simulated(*words: str, var: Path) -> Ended:
    """Run it to its end."""
    return await ended("policy", "simulate", *words, env=environment(var))


def strict(folder: Path) -> str:
    """Write a policy that promises everything in half the time."""
    path = folder / "strict.py"
    path.write_text(STRICT, encoding="utf-8")
    return str(path)


def one_case(folder: Path, *rows: str, name: str = "log.csv") -> str:
    """Write a log of these rows."""
    path = folder / name
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return str(path)


async def test_tables_tell_what_was_read_and_what_came_of_it(tmp_path: Path) -> None:
    """Broken rows with their lines, how priorities and lines were made up, every table; piped without a bar."""
    told = await simulated("broadband", "--log", MADE_UP, "--workers", "1", var=tmp_path)

    assert (told.code, told.err) == (0, "")
    assert re.search(r"^broadband: policy broadband, version [0-9a-f]{16}$", told.out, re.MULTILINE)
    assert "priorities: the log has none. Each case is given one by a hash of its number" in told.out
    assert "broken: line 119: status 'Completed+Fixed': use one of Queued+Awaiting Assignment" in told.out
    for name, number in {"cases in the log": 28, "broken rows": 1, "cases told again": 27}.items():
        assert re.search(rf"^ *{name} +{number}$", told.out, re.MULTILINE), told.out
    for title in (
        "clocks, by target",
        "clocks, by target and tier",
        "clocks, by target and priority",
        "on the ladder",
        "escalations, by cause",
        "push to front",
        "waiting on the customer",
        "what people did, done again",
        "what people did, not done here",
    ):
        assert f"\n{title}\n" in told.out


async def test_two_policies_give_the_same_answer_however_many_work_at_it(tmp_path: Path) -> None:
    """Byte for byte; each flip is in it, and none is of a clock that both breach or neither."""
    words = ("broadband", strict(tmp_path), "--log", MADE_UP, "--json")

    one, three = [await simulated(*words, "--workers", workers, var=tmp_path) for workers in ("1", "3")]

    assert (one.code, three.code) == (0, 0), one.err + three.err
    assert one.out == three.out
    told: dict[str, Any] = json.loads(one.out)
    assert [policy["name"] for policy in told["policies"]] == ["broadband", "strict"]
    assert told["tickets"] == 27
    assert told["flips"]
    for flip in told["flips"]:
        breaches = [verdict is not None and verdict["verdict"] == "breached" for verdict in flip["verdicts"]]
        assert breaches == [not flip["is_worse"], flip["is_worse"]]
    worse, better = [
        sum(clock["breached"] for clock in policy["clocks"] if clock["target"] == "resolve")
        for policy in told["policies"]
    ]
    resolves = [flip["is_worse"] for flip in told["flips"] if flip["target"] == "resolve"]
    assert better - worse == sum(resolves) - sum(not is_worse for is_worse in resolves)


async def test_the_page_is_one_file_that_fetches_nothing_and_runs_nothing(tmp_path: Path) -> None:
    """A log is a stranger's: what it calls its cases is text and nothing else."""
    hostile = "<script>alert('x')</script>"
    log = one_case(
        tmp_path,
        f"{hostile},2024-03-04T09:00:00Z,Accepted+In Progress,Ben",
        f"{hostile},2024-03-04T15:00:00Z,Completed+Resolved,Ben",
        f"{hostile},2024-03-04T15:30:00Z,Completed+Closed,Ben",
    )
    page = tmp_path / "page.html"

    told = await simulated(
        "broadband", strict(tmp_path), "--log", log, "--priority", "urgent", "--html", str(page), var=tmp_path
    )

    assert told.code == 0, told.err
    written = page.read_text(encoding="utf-8")
    assert "<svg" in written
    assert "&lt;script&gt;" in written
    assert not re.search(r"<script|<link|<img|<iframe|https?://|@import|url\(", written)
    assert written.count("<table>") == written.count("</table>") > 5


async def test_a_pipeline_stops_at_more_breaches_than_it_allows(tmp_path: Path) -> None:
    """1: what is shown is shown all the same, and the reason stands on standard error."""
    log = one_case(
        tmp_path,
        "late,2024-03-04T09:00:00Z,Accepted+In Progress,Ben",
        "late,2024-03-04T15:00:00Z,Completed+Resolved,Ben",
        "late,2024-03-04T15:30:00Z,Completed+Closed,Ben",
    )
    words = (strict(tmp_path), "--log", log, "--priority", "urgent", "--json", "--max-breached")

    none, all_of_it = [await simulated(*words, most, var=tmp_path) for most in ("99", "100")]

    assert (none.code, all_of_it.code) == (1, 0)
    assert none.err.endswith("breaches 1 of 1, 100.0% of the customer's resolves: allowed are 99%\n")
    assert none.out == all_of_it.out


async def test_the_systems_own_record_is_simulated(tmp_path: Path) -> None:
    """An empty one is told, with what to do; where there is none, with the command that makes it."""
    absent = await simulated("broadband", "--record", var=tmp_path)
    made = await ended("migrate", env=environment(tmp_path))
    empty = await simulated("broadband", "--record", var=tmp_path)

    assert (absent.code, made.code, empty.code) == (2, 0, 2)
    assert absent.err.count("\n") == empty.err.count("\n") == 1
    assert "followthrough" in absent.err
    assert "has no ticket opened under policy 'broadband': ask for others, or simulate a log with --log" in empty.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "which past tickets? give --log FILE, or --record for this system's own"),
        (("--log", MADE_UP, "--record"), "which past tickets? give --log FILE, or --record for this system's own"),
        (("--log", "absent.csv"), "log 'absent.csv' cannot be read: No such file or directory: name a readable .csv"),
        (("--log", MADE_UP, "--queue", "home"), "--queue 'home' goes with --record: a log has neither queues nor poli"),
        (("--log", MADE_UP, "--priority", "vip"), "policy 'broadband' has no priority 'vip': use one of urgent, high"),
        (("--log", MADE_UP, "--html", "absent/x.html"), "--html 'absent/x.html': there is no folder 'absent': make it"),
        (("--log", MADE_UP, "--since", "2030-01-01"), "has no case opened then: it has those of 2024-"),
        (("--log", MADE_UP, "--since", "yesterday"), "'yesterday': write a date or an instant in UTC, like 2012-04-30"),
        (("broadband", "--log", MADE_UP), "'broadband' is named twice: name two that differ, or one"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_one_line(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    """2, before anything was simulated."""
    refused = await simulated("broadband", *words, var=tmp_path)

    assert (refused.code, refused.out) == (2, "")
    assert told in refused.err.splitlines()[-1]


async def test_a_log_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    """2: nothing was simulated, and nobody takes that for a good result."""
    log = tmp_path / "log.csv"
    log.write_bytes(b"")

    refused = await simulated("broadband", "--log", str(log), var=tmp_path)

    assert (refused.code, refused.out) == (2, "")
    assert re.fullmatch(r"followthrough: log '.*log\.csv'.*: the first line must be case,at,status,who\n", refused.err)


async def test_odd_times_cost_their_own_case_and_are_told_with_their_lines(tmp_path: Path) -> None:
    """Naive, another zone's, tomorrow's; what is out of order is put in order, and told too."""
    log = one_case(
        tmp_path,
        "naive,2024-03-04T09:00:00,Accepted+In Progress,Ben",
        "elsewhere,2024-03-04T09:00:00+01:00,Accepted+In Progress,Ben",
        "tomorrow,2999-03-04T09:00:00Z,Accepted+In Progress,Ben",
        "good,2024-03-04T10:00:00Z,Completed+Resolved,Ben",
        "good,2024-03-04T09:00:00Z,Accepted+In Progress,Ben",
    )

    told = await simulated("broadband", "--log", log, "--json", var=tmp_path)

    assert told.code == 0, told.err
    source = json.loads(told.out)["source"]
    assert source["counts"]["cases left out: a broken row"] == 3
    assert source["counts"]["cases told again"] == 1
    assert [problem.partition(":")[0] for problem in source["problems"]] == ["line 2", "line 3", "line 4", "line 6"]


def endless(folder: Path) -> str:
    """Write a log that takes minutes: tickets that nobody touched for thirteen years."""
    opened = (f"{number},2011-01-31T10:00:00Z,Queued+Awaiting Assignment,Ada" for number in range(200))
    return one_case(folder, *opened, "last,2024-03-04T09:00:00Z,Accepted+In Progress,Ben")


def children(of: int) -> list[int]:
    """Which processes it has started and not outlived; what keeps track of their semaphores is none of them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((folder / "stat").read_text(encoding="ascii").rpartition(") ")[2].split()[1])
            if parent == of and b"spawn_main" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


async def both_workers(pid: int) -> list[int]:
    """Wait for both to be at work."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = children(pid)
            if len(found) == 2:
                return found
            await asyncio.sleep(0.05)


async def test_ctrl_c_ends_it_and_its_workers_at_once(tmp_path: Path) -> None:
    """130 and one line, though each worker is in the middle of something long; a terminal tells all of them."""
    words = ("policy", "simulate", "broadband", "--log", endless(tmp_path), "--priority", "urgent", "--workers", "2")
    async with running(*words, env=environment(tmp_path)) as simulating:
        workers = await both_workers(simulating.process.pid)
        for pid in (*workers, simulating.process.pid):
            os.kill(pid, signal.SIGINT)
        _, said = await asyncio.wait_for(simulating.process.communicate(), PATIENCE_SECONDS)

        assert simulating.process.returncode == 130
        assert said.decode() == "followthrough: stopped: nothing was simulated to its end\n"
        assert all([await is_gone(pid) for pid in workers])


async def test_workers_do_not_outlive_a_process_that_is_killed(tmp_path: Path) -> None:
    """Nothing is left that eats a core for minutes for nobody."""
    words = ("policy", "simulate", "broadband", "--log", endless(tmp_path), "--priority", "urgent", "--workers", "2")
    async with running(*words, env=environment(tmp_path)) as simulating:
        workers = await both_workers(simulating.process.pid)

        simulating.process.kill()
        await simulating.process.wait()

        assert all([await is_gone(pid) for pid in workers])


async def test_a_worker_that_is_killed_is_told_with_the_remedy(tmp_path: Path) -> None:
    """2 and one line: out of memory looks like that."""
    words = ("policy", "simulate", "broadband", "--log", endless(tmp_path), "--priority", "urgent", "--workers", "2")
    async with running(*words, env=environment(tmp_path)) as simulating:
        workers = await both_workers(simulating.process.pid)
        os.kill(workers[0], signal.SIGKILL)
        _, said = await asyncio.wait_for(simulating.process.communicate(), PATIENCE_SECONDS)

        assert simulating.process.returncode == 2
        assert said.decode().endswith("a worker process was killed, perhaps for want of memory: give --workers 1\n")
        assert all([await is_gone(pid) for pid in workers])
