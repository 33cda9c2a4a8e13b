"""Recorded histories replay, whatever becomes of rules and policies: replay never runs domain code."""

import asyncio
import os
import shutil
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from services.records import RealClock, connect
from tests.support.engine import CANARY, Engine, impatient, opening
from tests.support.judging import Judging
from tests.support.temporal import events_of, kinds, read_history, until_events, working
from tests.support.waiting import UNHURRIED
from workflows import names
from workflows.announcement import AnnouncementWorkflow
from workflows.domain.ticket.events import Escalated
from workflows.messages import TicketStart
from workflows.ticket import TicketWorkflow

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RECORDED = sorted((HERE / "histories").glob("*.json"))
EXPECTED = [
    "announced-first",
    "announced-next",
    "announced-unknown",
    "behind",
    "climbs",
    "continued-first",
    "continued-next",
    "nudged",
    "outage",
    "unknown",
]


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
async def test_a_recorded_history_replays(file: Path) -> None:
    """Architecture 3: every history of a running ticket or announcement fits the shell as it is now."""
    shells = [TicketWorkflow, AnnouncementWorkflow]
    replayer = Replayer(workflows=shells, workflow_runner=UnsandboxedWorkflowRunner())
    await replayer.replay_workflow(read_history(file))


def test_the_recorded_histories_show_every_way_through_the_shell() -> None:
    """Re-armed, cancelled, fallen back, continued, failed and completed are all on file."""
    assert [file.stem for file in RECORDED] == EXPECTED
    seen = {kind for file in RECORDED for kind in kinds(read_history(file))}
    assert seen >= {
        "TimerCanceled",
        "TimerFired",
        "MarkerRecorded",
        "ActivityTaskCompleted",
        "WorkflowExecutionSignaled",
        "WorkflowExecutionContinuedAsNew",
        "WorkflowExecutionFailed",
        "WorkflowExecutionCompleted",
    }


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_a_recorded_history_holds_nothing_personal(file: Path) -> None:
    """Architecture 6: personal data live in SQL only; the canary stood in every text of these tickets."""
    assert not any(CANARY.encode() in event.SerializeToString() for event in read_history(file).events)


async def test_replay_imports_no_rule_and_no_policy(tmp_path: Path) -> None:
    """Architecture 3: the shell imports names and messages, nothing else of ours; a process of its own shows it."""
    assert await replayed_by_itself(ROOT, tmp_path) == [
        "workflows",
        "workflows.announcement",
        "workflows.messages",
        "workflows.names",
        "workflows.ticket",
    ]


async def test_histories_replay_after_every_rule_and_policy_was_torn_out(tmp_path: Path) -> None:
    """Rules, arithmetic and policies may change under running tickets; here they raise on import."""
    shutil.copytree(ROOT / "workflows", tmp_path / "workflows", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("domain", "policies"):
        for file in (tmp_path / "workflows" / folder).rglob("*.py"):
            file.write_text("raise AssertionError('replay ran a rule')\n")
    assert "workflows.ticket" in await replayed_by_itself(tmp_path, tmp_path)


async def test_a_shell_with_another_timer_does_not_replay() -> None:
    """The replay tests bite: one more command in the shell is found."""
    replayer = Replayer(workflows=[AnotherShell], workflow_runner=UnsandboxedWorkflowRunner())
    with pytest.raises(workflow.NondeterminismError):
        await replayer.replay_workflow(read_history(HERE / "histories" / "climbs.json"))


async def test_a_running_ticket_goes_on_by_an_edited_rule(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """Architecture 3: a worker with another judge replays the ticket's history without a murmur and goes on by it."""
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, impatient(agent=1800.0))
        await until_events(client, ticket_id, TimerStarted=1)
        await engine.until_told()
        await engine.timers.wake(ticket_id)
        await until_events(client, ticket_id, MarkerRecorded=1)
        assert await engine.count(ticket_id, Escalated) == 0
    url = engine.records.database.engine.url.render_as_string(hide_password=False)
    async with (
        await connect(url, RealClock(), judge=an_hour_ahead, timeouts=UNHURRIED) as edited,
        working(client, edited.record, task_queue),
    ):
        await engine.timers.wake(ticket_id)
        await engine.until_happened(ticket_id, Escalated)
        events = await until_events(client, ticket_id, MarkerRecorded=2)
    assert "WorkflowTaskFailed" not in events
    assert (await engine.log(ticket_id))[-1].at - (await engine.ticket(ticket_id)).opened_at > timedelta(minutes=59)
    assert await events_of(client, ticket_id) == events


async def test_a_running_ticket_keeps_its_promise_when_its_policy_is_edited(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """7.2: a worker beside the edited policy replays the history and keeps the deadline; new tickets get the new."""
    before, after = impatient(agent=7200.0), impatient(agent=3600.0)
    assert before.name == after.name
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, before)
        await until_events(client, ticket_id, TimerStarted=1)
    promised = (await engine.ticket(ticket_id)).deadline_at()
    url = engine.records.database.engine.url.render_as_string(hide_password=False)
    async with await connect(url, RealClock(), timeouts=UNHURRIED) as edited:
        await edited.record.open_ticket(after, opening(f"{ticket_id}-new"))
        async with working(client, edited.record, task_queue):
            await engine.timers.wake(ticket_id)
            events = await until_events(client, ticket_id, MarkerRecorded=1)
    assert "WorkflowTaskFailed" not in events
    old, new = await engine.ticket(ticket_id), await engine.ticket(f"{ticket_id}-new")
    assert old.policy_version != new.policy_version
    assert promised == old.deadline_at() == old.opened_at + timedelta(hours=2)
    assert new.deadline_at() == new.opened_at + timedelta(hours=1)


an_hour_ahead = Judging(ahead=timedelta(hours=1))
"""Another rule: everything is due an hour sooner."""


@workflow.defn(name=names.TICKET_WORKFLOW)
class AnotherShell:
    """A shell with a timer more."""

    @workflow.run
    async def run(self, start: TicketStart) -> None:
        """Sleep twice."""
        await workflow.sleep(start.wake_in_seconds)
        await workflow.sleep(start.wake_in_seconds)


async def replayed_by_itself(tree: Path, folder: Path) -> list[str]:
    """Replay everything in a process that imports `workflows` from that tree; gives our modules that came in."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(HERE / "replay_histories.py"), *map(str, RECORDED)),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(tree)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().splitlines()
