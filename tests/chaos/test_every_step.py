"""One ticket's way, killed at every step of it in turn: whoever comes after brings it to the same end.

Before and after each commit, each nudge, each completion; settles of intake, of the workflow's activity and of the
keeper; delivery's intent, sending and record.
"""

import asyncio
import signal
import sys
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.chaos.checker import check
from tests.chaos.doomed import WAY
from tests.chaos.facts import Answer, Asked, Verdict
from tests.chaos.parts import ROOT, dying_with_us
from tests.chaos.reading import Where, read
from tests.support.databases import Cluster

COMMANDS = ("open", *(name for name, _ in WAY))
KINDS = ("open", "acknowledge", "wait_on_customer", "record_contact", "resolve")
INTAKE = tuple(f"{name}: {when} its commit" for name in COMMANDS for when in ("before", "after"))
NUDGES = (
    "start: before it is sent",
    "start: sent",
    "start: before the record is told",
    "start: the record is told",
    "signal: before it is sent",
    "signal: sent",
)
WORKER = (
    "worker, the breach: before its commit",
    "worker, the breach: after its commit",
    "worker, the breach: its task is completed",
    "worker, nothing: after its commit",
    "worker, the closing: before its commit",
    "worker, the closing: after its commit",
    "worker, the closing: the workflow is completed",
)
KEEPER = (
    "keeper, owed: before it is sent",
    "keeper, late: before its commit",
    "keeper, late: after its commit",
)
DELIVERY = (
    "delivery: claimed",
    "delivery: sent",
    "delivery: before it is written down",
    "delivery: written down",
)
EVERY_STEP = {*INTAKE, *NUDGES, *WORKER, *KEEPER, *DELIVERY}
AT_ONCE = 3
"""So many ways are gone beside each other, each on a database and a task queue of its own."""
PATIENCE_SECONDS = 120.0
SPEED = 60.0
LOG = (
    *("opened", *["clock_started"] * 4, "promise_made"),
    *("clock_breached", "escalated", "clock_cancelled", *["clock_started"] * 2, "promise_made"),
    *("acknowledged", "clock_met"),
    *("wait_started", "clock_met", "clock_started", "promise_kept", "clock_paused", "clock_paused"),
    *("contact_received", "wait_ended", *["clock_resumed"] * 3),
    *("resolved", "clock_met", "clock_started", "clock_paused", "clock_paused"),
    *("closed", *["clock_met"] * 3),
)
"""What the log says in the end, whoever died on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where one way is gone."""

    name: str
    """Of its ticket, its task queue and its database."""
    where: Where

    @property
    def noted(self) -> Path:
        """Where each step is noted."""
        return self.where.printed.with_suffix(".steps")

    async def live(self, *words: str) -> int:
        """Run a process that goes the way; its exit code."""
        arguments = {
            "ticket": self.name,
            "record": self.where.record,
            "temporal": self.where.temporal_address,
            "queue": self.name,
            "clock": f"scaled:{self.where.origin:%Y-%m-%dT%H:%M:%SZ}:{self.where.speed:g}",
            "printed": str(self.where.printed),
            "noted": str(self.noted),
        }
        process = await asyncio.create_subprocess_exec(
            *(*dying_with_us(), sys.executable, "-m", "tests.chaos.doomed"),
            *(word for name, value in arguments.items() for word in (f"--{name}", value)),
            *words,
            cwd=ROOT,
            stdin=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


MakeStage = Callable[[], Awaitable[Stage]]


@pytest.fixture
def make_stage(postgresql: Cluster, postgresql_url: str, temporal_address: str, tmp_path: Path) -> MakeStage:
    """Give what makes a database, and the rest that one way needs."""
    assert postgresql_url  # whoever made it has made the template, too

    async def make() -> Stage:
        name = f"way_{uuid.uuid4().hex[:12]}"
        await postgresql.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
        where = Where(
            record=postgresql.url(name),
            temporal_address=temporal_address,
            printed=tmp_path / name,
            origin=datetime.now(UTC).replace(microsecond=0),
            speed=SPEED,
        )
        return Stage(name=name, where=where)

    return make


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("steps", "how"),
    [
        (INTAKE, ()),
        (NUDGES, ()),
        (WORKER, ()),
        (KEEPER, ("--with", "keeper,delivery", "--without-nudges")),
        (DELIVERY, ()),
    ],
    ids=["intake", "nudges", "worker", "keeper", "delivery"],
)
async def test_a_way_that_is_cut_anywhere_comes_to_the_same_end(
    steps: Sequence[str], how: Sequence[str], make_stage: MakeStage
) -> None:
    """4.7: nothing is lost and nothing is done twice, wherever the process dies."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def cut(step: str) -> None:
        async with turns:
            stage = await make_stage()
            assert await stage.live("--step", step, *how) == -signal.SIGKILL, f"never came to {step!r}"
            assert await stage.live("--with", "worker,keeper,delivery") == 0, step
            facts = await read(stage.where, _asked(stage.name))
        assert set(stage.noted.read_text(encoding="ascii").splitlines()) <= EVERY_STEP, "a step that is never cut"
        assert [line.kind for line in facts.lines[stage.name]] == list(LOG), step
        assert list(check(facts)) == [], step
        assert facts.standings[stage.name].is_closed, step

    async with asyncio.TaskGroup() as group:
        for step in steps:
            group.create_task(cut(step))


def _asked(ticket_id: str) -> list[Asked]:
    """Every request was accepted in the end: the second process has asked all of them."""
    done = Answer(verdict=Verdict.DONE, body=b"", ticket_id=ticket_id, sequence=len(LOG))
    return [
        Asked(mark=f"crm/{number}", kind=kind, ticket_id=ticket_id, answers=[done])
        for number, kind in enumerate(KINDS, start=1)
    ]
