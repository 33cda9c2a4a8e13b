"""The record fails under a ticket's timer: what goes on, what ends, and what may be seen of it."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowFailureError
from temporalio.exceptions import ApplicationError

from services.records.errors import RecordUnavailable
from services.temporal import TicketTimers
from tests.support.settlers import ScriptedSettler, Stuck, TimelineRecord, closed, due_in
from tests.support.temporal import events_of, history_of, until_events, until_gone, until_tried, working

CANARY = "Zwetschgenkuchen"


async def test_a_record_that_is_away_is_asked_for_as_long_as_it_takes(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Architecture 3: when the local activity fails, the same function goes on as an ordinary one without end."""
    away = [RecordUnavailable(CANARY) for _ in range(4)]
    settler = ScriptedSettler(*away, due_in(3600.0, found=2))
    async with working(client, settler, task_queue):
        await timers.wake("T-AWAY")
        events = await until_events(client, "T-AWAY", TimerStarted=1)
    assert settler.settles == 5
    assert events.count("ActivityTaskScheduled") == events.count("ActivityTaskCompleted") == 1
    assert "ActivityTaskFailed" not in events


async def test_the_next_settle_after_an_outage_is_a_local_activity_again(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Architecture 3: each settle tries within its workflow task first."""
    away = [RecordUnavailable("away") for _ in range(3)]
    async with working(client, ScriptedSettler(*away, due_in(0.05, found=1), closed()), task_queue):
        await timers.wake("T-BACK")
        await until_gone(client, "T-BACK")
    assert (await events_of(client, "T-BACK")).count("ActivityTaskScheduled") == 1


async def test_a_record_that_does_not_answer_in_time_is_asked_as_an_ordinary_activity(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Notes, temporal 5: a local activity holds the workflow task, so it gets three seconds and no more."""
    settler = ScriptedSettler(due_in(3600.0))
    settler.may_answer.clear()
    async with working(client, settler, task_queue):
        await timers.wake("T-SLOW")
        await until_events(client, "T-SLOW", ActivityTaskScheduled=1)
        settler.may_answer.set()
        events = await until_events(client, "T-SLOW", TimerStarted=1)
    assert "WorkflowTaskTimedOut" not in events


async def test_a_ticket_that_the_record_never_had_ends_its_workflow(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Ports: `TicketUnknown` ends the workflow instead of trying for ever; nothing is asked twice."""
    async with working(client, TimelineRecord(), task_queue):
        await timers.wake("T-UNKNOWN")
        with pytest.raises(WorkflowFailureError) as failed:
            await until_gone(client, "T-UNKNOWN")
    assert isinstance(failed.value.cause, ApplicationError)
    assert failed.value.cause.type == "TicketUnknown"
    assert failed.value.cause.message == "the record has no such ticket"
    assert "ActivityTaskScheduled" not in await events_of(client, "T-UNKNOWN")


async def test_a_stuck_ticket_is_tried_again_when_the_record_says(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Architecture, the record: a poison ticket is retried with back-off, by its own timer too, which else insists."""
    hours = Stuck(timedelta(hours=1))
    async with working(client, ScriptedSettler(Stuck(timedelta(hours=9)), hours), task_queue):
        await timers.wake("T-STUCK")
        waiting = await until_tried(client, "T-STUCK", 1)
    assert waiting.current_retry_interval.seconds == 3600
    assert waiting.last_failure.application_failure_info.type == "TicketStuck"
    assert CANARY not in str(waiting)
    history = (await history_of(client, "T-STUCK")).to_json()
    assert "the rules did not judge the ticket" in history
    assert CANARY not in history


async def test_a_ticket_that_was_stuck_goes_on(client: Client, timers: TicketTimers, task_queue: str) -> None:
    """Architecture 3: the rules were mended; one try within the task, then ordinary ones until one succeeds."""
    soon = Stuck(timedelta(milliseconds=10))
    settler = ScriptedSettler(soon, soon, soon, due_in(3600.0, found=1))
    async with working(client, settler, task_queue):
        await timers.wake("T-MENDED")
        events = await until_events(client, "T-MENDED", TimerStarted=1)
    assert settler.settles == 4
    assert events.count("ActivityTaskCompleted") == 1


async def test_nothing_that_an_error_says_enters_a_history(
    client: Client, timers: TicketTimers, task_queue: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Architecture, the record: errors cross to Temporal as a type and a fixed text; logs name the type alone."""
    failures = [ValueError(CANARY), KeyError(CANARY), RuntimeError(CANARY), OSError(CANARY)]
    async with working(client, ScriptedSettler(*failures, closed()), task_queue):
        await timers.wake("T-CANARY")
        await until_gone(client, "T-CANARY")
    history = (await history_of(client, "T-CANARY")).to_json()
    assert "RuntimeError" in history
    assert CANARY not in history
    assert "RuntimeError" in caplog.text or any("RuntimeError" in str(vars(record)) for record in caplog.records)
    assert not any(CANARY in str(vars(record)) for record in caplog.records)


async def test_a_worker_that_stops_finishes_the_settle_in_hand(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """A graceful stop leaves no settle half-way; the task is completed, not timed out."""
    settler = ScriptedSettler(closed())
    settler.may_answer.clear()
    async with working(client, settler, task_queue, grace_seconds=20.0) as worker:
        await timers.wake("T-STOP")
        await settler.is_asked.wait()
        stopping = asyncio.create_task(worker.stop())
        await asyncio.sleep(0.1)
        settler.may_answer.set()
        await stopping
        events = await events_of(client, "T-STOP")
    assert events[-1] == "WorkflowExecutionCompleted"
    assert settler.settles == 1
