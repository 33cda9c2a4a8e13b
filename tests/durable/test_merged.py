"""Two tickets merged, with real timers: whoever dies between the two nudges, no deadline is slept over."""

from datetime import timedelta

import pytest
from temporalio.client import Client

from services.keeper.keeper import Pace
from tests.support.clock import StoryClock
from tests.support.engine import Engine, keeping
from tests.support.policies import ladder
from tests.support.temporal import until_events, until_gone, working
from workflows.domain.policy import hours
from workflows.domain.ticket.events import ClockBreached
from workflows.domain.ticket.words import Status

EAGER = Pace(grace_seconds=0.0, owed_for_seconds=0.0, rescue_every_seconds=0.05, nudge_every_seconds=0.05)


@pytest.mark.parametrize("is_nudged", [False, True], ids=["lost", "sent twice"])
async def test_a_survivor_wakes_for_the_earlier_deadline_whatever_became_of_its_nudge(
    still_engine: Engine, story_clock: StoryClock, client: Client, task_queue: str, *, is_nudged: bool
) -> None:
    """6.7, 2.5: the merge is one commit, its nudges are two calls; the keeper sends what nobody lived to send."""
    engine, other_id, survivor_id = still_engine, f"{task_queue}-other", task_queue
    async with working(client, engine.records.record, task_queue):
        await engine.open(other_id, ladder(resolve=hours(2)))
        await engine.open(survivor_id, ladder(resolve=hours(1000)))
        await engine.until_told()
        before = await until_events(client, survivor_id, WorkflowExecutionStarted=1)
        assert "TimerStarted" not in before, "it has looked already, though its deadline is weeks away"
        story_clock.pass_(timedelta(minutes=10))

        pair = await engine.records.record.merge(other_id, survivor_id, actor="kim")
        assert pair.survivor.nudge is not None
        if is_nudged:
            engine.nudger.owe(pair.survivor.nudge)
        assert await engine.is_owing()
        async with keeping(engine, EAGER):
            await until_events(client, survivor_id, TimerStarted=1)
            await engine.until_told()
            story_clock.pass_(hours(2))
            await engine.until_happened(survivor_id, ClockBreached)

        await engine.timers.wake(other_id)
        await until_gone(client, other_id)
    assert (await engine.ticket(other_id)).status is Status.CLOSED
    assert await engine.count(other_id, ClockBreached) == 0
