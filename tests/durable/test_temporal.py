"""The way to Temporal: patient when it must be there, quick to say so when it need not."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from services.keeper.keeper import Pace
from services.records import connect
from services.temporal import TemporalAway, TemporalPlace, TicketTimers, connect_lazily
from services.temporal import connect as connect_to_temporal
from tests.support.clock import StoryClock
from tests.support.engine import engine_of, impatient, keeping
from tests.support.settlers import ScriptedSettler
from tests.support.temporal import (
    PLAIN,
    SKIPPING,
    connect_for_test,
    dev_server,
    events_of,
    free_port,
    until_events,
    working,
)
from tests.support.waiting import UNHURRIED, until
from workflows.domain.ticket.commands import Escalate
from workflows.domain.ticket.events import ClockBreached, Escalated
from workflows.messages import SettleResult

NUDGING_ONLY = Pace(grace_seconds=7 * 24 * 3600.0, owed_for_seconds=0.0, nudge_every_seconds=0.2)
EAGER = Pace(grace_seconds=0.2, owed_for_seconds=0.0, rescue_every_seconds=0.1, nudge_every_seconds=0.1)


async def test_it_waits_until_temporal_is_there_and_says_so_once() -> None:
    """Whatever order processes start in; who waits is told what for, with the remedy."""
    port, said = free_port(), list[str]()
    connecting = asyncio.create_task(connect_to_temporal(TemporalPlace(address=f"127.0.0.1:{port}"), say=said.append))
    await until(lambda: bool(said))
    with dev_server(port=port) as address:
        client = await connecting
        assert client.namespace == "default"
    remedy = "start it, or correct the address, or set TLS if it speaks only that"
    assert said == [f"temporal does not answer at {address!r}: {remedy}; still waiting"]


@pytest.mark.usefixtures("client")  # the server is up
async def test_it_waits_for_the_namespace_and_says_so(temporal_address: str) -> None:
    """A worker of a namespace that is not there would end at once; it waits until somebody has created it."""
    said: list[str] = []
    place = TemporalPlace(address=temporal_address, namespace="nowhere")
    connecting = asyncio.create_task(connect_to_temporal(place, say=said.append))
    await until(lambda: bool(said))
    connecting.cancel()
    assert said == [f"temporal at {temporal_address!r} has no namespace 'nowhere': create it; still waiting"]


async def test_who_need_not_wait_is_told_at_once() -> None:
    """Architecture 2: intake works while Temporal is away, from its start on."""
    timers = TicketTimers(await connect_lazily(TemporalPlace(address=f"127.0.0.1:{free_port()}")))
    with pytest.raises(TemporalAway, match="UNREACHABLE"):
        await timers.start("T-AWAY", 60.0)
    with pytest.raises(TemporalAway, match="UNREACHABLE"):
        await timers.wake("T-AWAY")


def test_a_key_is_not_shown() -> None:
    """A place may be logged; its key may not."""
    assert "s3cret" not in repr(TemporalPlace(address="127.0.0.1:7233", api_key="s3cret"))


async def test_a_workflow_of_a_far_wake_up_begins_later_and_a_signal_begins_it_at_once(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Decision 18: until two hours before its wake-up a ticket's workflow is one event, and no worker is asked."""
    settler = ScriptedSettler(SettleResult(is_closed=False, wake_in_seconds=3600.0, found=0, summary="agent, open"))
    ticket_id = f"T-{task_queue}"
    async with working(client, settler, task_queue):
        assert await timers.start(ticket_id, 30 * 3600.0)
        history = await client.get_workflow_handle(ticket_id).fetch_history()
        backoff = history.events[0].workflow_execution_started_event_attributes.first_workflow_task_backoff
        assert backoff.ToTimedelta() == timedelta(hours=27)
        assert await events_of(client, ticket_id) == ["WorkflowExecutionStarted"]
        await timers.wake(ticket_id)
        events = await until_events(client, ticket_id, TimerStarted=1)
    assert events[:3] == ["WorkflowExecutionStarted", "WorkflowExecutionSignaled", "WorkflowTaskScheduled"]
    assert events.count("TimerStarted") == 1


async def test_an_outage_of_temporal_loses_no_ticket(
    tmp_path: Path, sqlite_url: str, story_clock: StoryClock, task_queue: str
) -> None:
    """Architecture 2 and 5: settled by the keeper while it is away, handed over when it is back on its file."""
    port, file = free_port(), tmp_path / "temporal.sqlite3"
    async with await connect(sqlite_url, story_clock, timeouts=UNHURRIED) as records, AsyncExitStack() as parts:
        with dev_server(*PLAIN, port=port, file=file) as address:
            client = await connect_for_test(address)
            engine = await parts.enter_async_context(engine_of(records, TicketTimers(client, task_queue=task_queue)))
            await parts.enter_async_context(keeping(engine, EAGER))
            await parts.enter_async_context(working(client, records.record, task_queue))
            await engine.open("T-BEFORE", impatient(agent=3600.0, specialist=1800.0))
            await until_events(client, "T-BEFORE", TimerStarted=1)
            await engine.until_told()
        await engine.open("T-DURING", impatient(agent=3600.0, specialist=1800.0))
        story_clock.pass_(timedelta(seconds=3601))
        await engine.until_happened("T-DURING", Escalated)
        await engine.until_happened("T-BEFORE", Escalated)
        with dev_server(*PLAIN, port=port, file=file):
            await until_events(client, "T-BEFORE", TimerStarted=2)
            await until_events(client, "T-DURING", TimerStarted=1)
            await engine.until_told()
            await parts.aclose()
        assert await engine.count("T-BEFORE", ClockBreached) == 1
        assert await engine.count("T-DURING", ClockBreached) == 1


async def test_a_ticket_escalated_by_hand_while_temporal_is_stopped_keeps_its_new_deadline_by_its_workflow(
    tmp_path: Path, sqlite_url: str, story_clock: StoryClock, task_queue: str
) -> None:
    """Architecture 4: the nudge finds nobody, the keeper sends it later; its grace is too long to rescue anything."""
    port, file = free_port(), tmp_path / "temporal.sqlite3"
    async with await connect(sqlite_url, story_clock, timeouts=UNHURRIED) as records, AsyncExitStack() as parts:
        with dev_server(*SKIPPING, port=port, file=file) as address:
            skipper = TimeSkipper(await connect_for_test(address), config=TimeSkippingConfig(enabled=False))
            client = skipper.client
            engine = await parts.enter_async_context(engine_of(records, TicketTimers(client, task_queue=task_queue)))
            await parts.enter_async_context(working(client, records.record, task_queue))
            await engine.open("T-HAND", impatient(agent=7200.0, specialist=1800.0))
            await until_events(client, "T-HAND", TimerStarted=1)
            await engine.until_told()
        await engine.do("T-HAND", Escalate(actor="kim", from_tier="agent", reason="needs a technician"))
        await until(lambda: engine.nudger.counts.failed > 0)
        keeper = await parts.enter_async_context(keeping(engine, NUDGING_ONLY))
        with dev_server(*SKIPPING, port=port, file=file):
            await until_events(client, "T-HAND", TimerStarted=2)
            await engine.until_told()
            story_clock.pass_(timedelta(seconds=1801))
            await skipper.fast_forward(client.get_workflow_handle("T-HAND"), timedelta(seconds=1800))
            log = await engine.until_happened("T-HAND", Escalated, 2)
            events = await until_events(client, "T-HAND", TimerFired=1)
            await parts.aclose()
    assert [entry.event.to_tier for entry in log if isinstance(entry.event, Escalated)] == ["specialist", "supplier"]
    assert [entry.event.tier for entry in log if isinstance(entry.event, ClockBreached)] == ["specialist"]
    assert keeper.counts.rescued == 0
    assert events.count("TimerCanceled") == 1
