"""What dies under the engine, and that nothing of it is lost or doubled."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from temporalio.client import Client

from services.keeper.keeper import Pace
from tests.support.clock import StoryClock
from tests.support.engine import Engine, impatient, keeping
from tests.support.temporal import events_of, until_another_run, until_events, working
from tests.support.waiting import PATIENCE_SECONDS
from workflows.domain.ticket.events import ClockBreached, Escalated

ROOT = Path(__file__).parents[2]
EAGER = Pace(
    grace_seconds=0.2,
    storm_grace_seconds=0.2,
    owed_for_seconds=0.0,
    rescue_every_seconds=0.05,
    nudge_every_seconds=0.05,
)


async def test_a_worker_killed_after_its_settle_committed_loses_and_doubles_nothing(
    engine: Engine, client: Client, temporal_address: str, task_queue: str, ticket_id: str
) -> None:
    """4.7: SIGKILL between commit and task completion; another worker tries again and finds the work done."""
    async with doomed_worker(engine, temporal_address, task_queue, "after") as doomed:
        await engine.open(ticket_id, impatient(agent=0.5))
        await doomed("committed")
    assert await engine.count(ticket_id, Escalated) == 1
    assert "MarkerRecorded" not in await events_of(client, ticket_id)
    await goes_on_once(engine, client, task_queue, ticket_id)


async def test_a_worker_killed_in_the_middle_of_a_settle_leaves_nothing_half_way(
    engine: Engine, client: Client, temporal_address: str, task_queue: str, ticket_id: str
) -> None:
    """4.7: SIGKILL between lock and commit; nothing was written, the lock is free, another worker settles it once."""
    async with doomed_worker(engine, temporal_address, task_queue, "before") as doomed:
        await engine.open(ticket_id, impatient(agent=0.5))
        await doomed("judged")
    assert await engine.count(ticket_id, ClockBreached) == 0
    await goes_on_once(engine, client, task_queue, ticket_id)


async def test_the_keeper_starts_a_ticket_whose_nudge_was_lost(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """Architecture 4: intake died between commit and nudge; the keeper finds the debt and sends it."""
    await engine.open(ticket_id, impatient(agent=3600.0), is_nudged=False)
    assert await engine.is_owing()
    once = replace(EAGER, nudge_every_seconds=3600.0)  # a second look, before the record was told, would add a signal
    async with keeping(engine, once), working(client, engine.records.record, task_queue):
        await until_events(client, ticket_id, TimerStarted=1)
        await engine.until_told()
    assert len(await events_of(client, ticket_id)) == 5


async def test_the_keeper_settles_what_is_late_and_the_workflow_finds_the_work_done(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """Architecture 5: no worker for a while; each deadline is settled once, and the workflow goes on from there."""
    await engine.open(ticket_id, impatient(agent=0.2, specialist=0.5, supplier=3600.0))
    await engine.until_told()
    async with keeping(engine, EAGER):
        await engine.until_happened(ticket_id, Escalated, 2)
        async with working(client, engine.records.record, task_queue):
            await until_events(client, ticket_id, TimerStarted=1)
            await engine.until_told()
    log = await engine.log(ticket_id)
    assert [entry.event.tier for entry in log if isinstance(entry.event, ClockBreached)] == ["agent", "specialist"]


async def test_the_keeper_finds_a_ticket_whose_run_was_terminated(
    still_engine: Engine, story_clock: StoryClock, client: Client, task_queue: str, ticket_id: str
) -> None:
    """Architecture 3: a run terminated by an operator leaves nothing behind; the ticket is rescued, and runs again."""
    engine = still_engine
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, impatient(agent=3600.0, specialist=3600.0))
        await until_events(client, ticket_id, TimerStarted=1)
        await engine.until_told()
        first = await client.get_workflow_handle(ticket_id).describe()
        await client.get_workflow_handle(ticket_id).terminate()
        story_clock.pass_(timedelta(seconds=3601))
        async with keeping(engine, EAGER) as keeper:
            await engine.until_happened(ticket_id, Escalated)
            await until_another_run(client, ticket_id, first.run_id)
            await until_events(client, ticket_id, TimerStarted=1)
            await engine.until_told()
    assert keeper.counts.rescued == 1


@asynccontextmanager
async def doomed_worker(
    engine: Engine, temporal_address: str, task_queue: str, when: str
) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Run a worker that is killed at the end of the block; gives what waits until it has said something."""
    url = engine.records.database.engine.url.render_as_string(hide_password=False)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.durable.doomed_worker", temporal_address, task_queue, url, when),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )

    async def said(fact: str) -> None:
        assert process.stdout is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert (await process.stdout.readline()).decode().strip() == fact

    try:
        yield said
    finally:
        process.kill()
        await process.wait()


async def goes_on_once(engine: Engine, client: Client, task_queue: str, ticket_id: str) -> None:
    """Another worker takes the lost task over; the deadline was or is settled once, and the next timer is set."""
    async with working(client, engine.records.record, task_queue):
        events = await until_events(client, ticket_id, MarkerRecorded=1, TimerStarted=1)
    assert await engine.count(ticket_id, Escalated) == 1
    log = await engine.log(ticket_id)
    assert [entry.event.tier for entry in log if isinstance(entry.event, ClockBreached)] == ["agent"]
    assert [entry.sequence for entry in log] == list(range(1, len(log) + 1))
    assert "WorkflowTaskTimedOut" in events
