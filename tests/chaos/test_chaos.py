"""A short chaos run in the suite, as its own processes: `make chaos` is the same for longer, by another seed."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.chaos import __main__ as program
from tests.chaos.__main__ import ENDED_BEFORE, accuse
from tests.chaos.checker import check
from tests.chaos.doctored import ID, REFUSED, answered, honest
from tests.chaos.faults import Kind
from tests.chaos.parts import ROOT, Postgresql, children_of, dying_with_us
from tests.chaos.run import Came, Chosen
from tests.support.databases import Cluster, PostgresqlMissing, cluster
from tests.support.needed import missing
from tests.support.processes import is_gone

PATIENCE_SECONDS = 280.0


@asynccontextmanager
async def chaos(folder: Path, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a run, and make sure of its end."""
    process = await asyncio.create_subprocess_exec(
        *(*dying_with_us(), sys.executable, "-m", "tests.chaos", "--logs", str(folder), *words),
        cwd=ROOT,
        env=os.environ | {"GRPC_ENABLE_FORK_SUPPORT": "0"},
        stdout=PIPE,
        stderr=STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def descendants(pid: int) -> list[int]:
    """Find a process's children, and theirs."""
    found = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, children.read_text(encoding="ascii").split()):
            found += [child, *descendants(child)]
    return found


@pytest.mark.timeout(300)
async def test_nothing_is_lost_doubled_missed_or_skipped_under_fire(tmp_path: Path, postgresql: Cluster) -> None:
    """Each kind of fault, every command, several callers; all 0, or the seed and the timeline."""
    assert postgresql.process.poll() is None  # there is a server to be had at all: otherwise this test skips
    async with chaos(tmp_path, "--seed", "5", "--seconds", "40") as run:
        said, _ = await run.communicate()
    assert run.returncode == 0, said.decode()
    shutil.rmtree(tmp_path)  # megabytes, that are looked into only when something was found


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="nothing sees here to it that children end with a parent")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_a_run_that_is_ended_leaves_nobody_behind(
    tmp_path: Path, postgresql: Cluster, number: signal.Signals
) -> None:
    """Nobody who was stopped either: chaos ends with its run, and what was asked to end says that nothing counts."""
    assert postgresql.process.poll() is None  # there is a server to be had at all: otherwise this test skips
    async with chaos(tmp_path, "--faults", "", "--seconds", "250") as run:
        assert run.stdout is not None
        while b"everybody is there" not in (line := await run.stdout.readline()):
            assert line, "it came to an end before it began"
        children = descendants(run.pid)
        assert len(children) > len(
            ("temporal", "intake", "intake", "worker", "worker", "keeper", "delivery", "roster", "postgres")
        )
        clusters = {each for pid in children if (each := _cluster_of(pid))}
        os.kill(children[-1], signal.SIGSTOP)
        run.send_signal(number)
        said, _ = await run.communicate()
        assert all([await is_gone(pid) for pid in children])
    assert len(clusters) == 1
    left = [folder for folder in clusters if folder.exists()]
    for folder in (*left, tmp_path):
        shutil.rmtree(folder)
    if number is not signal.SIGKILL:
        assert left == []
        assert run.returncode == ENDED_BEFORE
        assert said.decode().splitlines()[-1] == "ended before its time: nothing was counted"


def _cluster_of(pid: int) -> Path | None:
    """The folder of the database server that a process is of, if it is."""
    works_in = Path(f"/proc/{pid}/cwd").readlink()
    return next((each for each in (works_in, works_in.parent) if each.name.startswith("followthrough-pg-")), None)


@pytest.mark.parametrize("code", [0, 1, 2, ENDED_BEFORE])
def test_a_runs_own_folder_stays_only_for_what_was_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Eight megabytes a run are nobody's to clear up: they stay where they are to be looked into."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["chaos"])
    monkeypatch.setattr(program, "_run", lambda _: code)
    assert program.main() == code
    assert len(list(tmp_path.iterdir())) == (code == 1)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("--faults", "kill,bogus"), "there is no fault 'bogus': write some of kill,stop,postgres,temporal"),
        (("--seconds", "-3"), "'-3' is no length of a run: write seconds, from 25 to 86400"),
        (("--seconds", "nan"), "'nan' is no length of a run: write seconds, from 25 to 86400"),
        (("--seconds", "soon"), "'soon' is no length of a run: write seconds, from 25 to 86400"),
        (("--seed", "x"), "invalid int value: 'x'"),
        (
            ("--database", "sqlite", "--faults", "postgres"),
            "sqlite has no server that could be restarted: leave postgres out",
        ),
    ],
    ids=lambda value: "=".join(value) if isinstance(value, tuple) else "",
)
async def test_a_run_that_would_show_nothing_is_refused(tmp_path: Path, words: tuple[str, ...], refusal: str) -> None:
    """A run of no time finds nothing, and all 0 would be believed."""
    async with chaos(tmp_path, *words) as run:
        said, _ = await run.communicate()
    assert run.returncode == 2
    assert said.decode().splitlines()[-1].endswith(refusal)


async def test_a_database_that_stands_still_does_so_with_all_its_processes() -> None:
    """One of them would go on serving those who are connected."""
    try:
        with cluster() as server:
            holding = Postgresql(server)
            pids = [server.process.pid, *map(int, children_of(server.process.pid))]
            still = asyncio.create_task(holding.stand_still(2.0))
            while not all(_state(pid) == "T" for pid in pids):
                assert not still.done()
                await asyncio.sleep(0.01)
            await still
            assert not [pid for pid in pids if _state(pid) == "T"]
            await server.execute("SELECT 1")
    except PostgresqlMissing as why:
        missing(str(why))


def test_what_was_found_is_told_with_seed_and_timeline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All 0, else the seed and that ticket's timeline are printed."""
    facts = answered("crm-2/1", REFUSED)(honest())
    chosen = Chosen(seed=77, kinds=(Kind.KILL, Kind.STOP), seconds=60, settling_seconds=90, folder=tmp_path)

    accuse(chosen, Came(findings=tuple(check(facts)), figures={}, facts=facts))

    said = capsys.readouterr().out
    assert "\nseed 77: what was found; the logs are in " in said
    assert f"  commands applied though refused, or never asked: {ID} acknowledge by 'crm-2/1' was refused" in said
    assert (
        f"\nticket {ID}\n     1 12:00:00.000000 crm-1/1      opened priority=urgent tier=agent policy_version=v-1\n"
        in said
    )
    assert "  7 12:04:00.000000 crm-2/1      acknowledged handler=ada tier=specialist\n" in said
    assert "asked acknowledge: FAILED_PRECONDITION\n" in said
    assert said.endswith("\nagain: make chaos SEED=77 FAULTS=kill,stop SECONDS=60\n")


def _state(pid: int) -> str:
    """As the system tells it: `T` is stopped."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
