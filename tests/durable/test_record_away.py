"""PostgreSQL stopped and started again under the engine: nothing is lost, nothing is done twice, all of it goes on."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest
from temporalio.client import Client

from services.records import RecordUnavailable, connect, migrate
from services.temporal import TicketTimers
from tests.support.clock import StoryClock
from tests.support.databases import Cluster, PostgresqlMissing, cluster
from tests.support.engine import Engine, engine_of, impatient
from tests.support.needed import missing
from tests.support.temporal import events_of, until_events, until_tried, working
from workflows.domain.ticket.commands import Acknowledge, PostUpdate
from workflows.domain.ticket.events import ClockBreached, Escalated

TICKET = "T-OUTAGE"


@pytest.fixture
def server() -> Iterator[Cluster]:
    """A PostgreSQL of this test's own, to be stopped."""
    try:
        with cluster() as running:
            yield running
    except PostgresqlMissing as why:
        missing(why)


@pytest.fixture
async def engine(server: Cluster, timers: TicketTimers, story_clock: StoryClock) -> AsyncIterator[Engine]:
    """Staff an engine on it."""
    await migrate(server.url("postgres"))
    async with await connect(server.url("postgres"), story_clock) as records, engine_of(records, timers) as whole:
        yield whole


async def test_an_outage_of_the_record_is_waited_out(
    server: Cluster, engine: Engine, story_clock: StoryClock, client: Client, task_queue: str
) -> None:
    """Architecture 3: beyond the local activity's patience an ordinary one tries until it succeeds, without a keeper.

    4.6: what was due in the outage is settled once, late; the next settle is within its workflow task again.
    """
    async with working(client, engine.records.record, task_queue):
        await engine.open(TICKET, impatient(agent=3600.0, specialist=3600.0))
        await until_events(client, TICKET, TimerStarted=1)
        await engine.until_told()
        server.stop()

        story_clock.pass_(timedelta(hours=3))
        await engine.timers.wake(TICKET)
        waiting = await until_tried(client, TICKET, 2)
        assert waiting.last_failure.application_failure_info.type == "RecordUnavailable"
        with pytest.raises(RecordUnavailable):
            await engine.do(TICKET, Acknowledge(actor="ann", handler="ann", tier="agent"))

        server.start_again()
        log = await engine.until_happened(TICKET, Escalated)
        events = await until_events(client, TICKET, ActivityTaskCompleted=1)
        breaches = [entry.event for entry in log if isinstance(entry.event, ClockBreached)]
        assert [(breach.tier, breach.engine_late) for breach in breaches] == [("agent", True)]
        assert "WorkflowTaskFailed" not in events

        await engine.do(TICKET, Acknowledge(actor="ann", handler="ann", tier="specialist"))
        await engine.do(TICKET, PostUpdate(actor="ann", text="we are back"))
        await engine.timers.wake(TICKET)
        await until_events(client, TICKET, MarkerRecorded=events.count("MarkerRecorded") + 1)
    assert (await events_of(client, TICKET)).count("ActivityTaskScheduled") == 1
    assert [entry.sequence for entry in log] == list(range(1, len(log) + 1))
