"""The durable timer on a real server: it wakes, re-arms, is woken earlier, and is left alone otherwise."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.client import Client, WorkflowFailureError, WorkflowHistory
from temporalio.exceptions import CancelledError
from temporalio.testing import TimeSkipper

from services.temporal import TicketTimers
from tests.support.settlers import ScriptedSettler, StagedSettler, Stuck, TimelineRecord, closed, due_in
from tests.support.temporal import (
    EVENTS_BEFORE_CONTINUING,
    events_of,
    history_of,
    until_another_run,
    until_events,
    until_gone,
    working,
)
from workflows.messages import SettleResult

OPENED = ["WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted"]
WOKEN = [
    "WorkflowExecutionSignaled",
    "WorkflowTaskScheduled",
    "WorkflowTaskStarted",
    "WorkflowTaskCompleted",
    "MarkerRecorded",
]


class AtLeisure(ScriptedSettler):
    """Answers no settle within a workflow task; an ordinary one may be held for as long as the test likes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: SettleResult) -> None:
        super().__init__(*answers)
        self.may_answer.clear()
        monkeypatch.setattr("workflows.ticket.AT_LEISURE", timedelta(hours=1))

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Give the next answer of the script, at leisure."""
        if activity.info().is_local:
            raise Stuck(timedelta())
        return await super().settle_for_workflow(ticket_id)


async def test_an_opened_ticket_costs_five_events(client: Client, timers: TicketTimers, task_queue: str) -> None:
    """Architecture 4: a plain start carries `wake_in_seconds`, so opening settles nothing and starts one timer."""
    async with working(client, ScriptedSettler(), task_queue):
        assert await timers.start("T-FIVE", 3600.0)
        assert await until_events(client, "T-FIVE", TimerStarted=1) == [*OPENED, "TimerStarted"]


async def test_it_wakes_at_each_deadline_and_completes_when_closed(skipper: TimeSkipper, task_queue: str) -> None:
    """2.5: the timer runs to the next deadline, settles it, and is armed for the one after, until the ticket closes."""
    client, settler = skipper.client, StagedSettler(due_in(1800.0, found=1), due_in(7200.0, found=2), closed())
    async with working(client, settler, task_queue):
        await TicketTimers(client, task_queue=task_queue).start("T-WAKES", 3600.0)
        for stage, hours in enumerate((1.0, 0.5, 2.0)):
            await until_events(client, "T-WAKES", TimerStarted=stage + 1)
            settler.stage = stage
            await skipper.fast_forward(client.get_workflow_handle("T-WAKES"), timedelta(hours=hours))
        await until_gone(client, "T-WAKES")
    assert but_tasks(await events_of(client, "T-WAKES")) == [
        "WorkflowExecutionStarted",
        *["TimerStarted", "TimerFired", "MarkerRecorded"] * 3,
        "WorkflowExecutionCompleted",
    ]


async def test_a_nudge_with_an_earlier_deadline_costs_seven_events(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Architecture 4: woken earlier, it settles once within the workflow task and moves its one timer."""
    record = TimelineRecord()
    ticket = record.opened("T-EARLIER", 3600.0)
    async with working(client, record, task_queue):
        await timers.start("T-EARLIER", 3600.0)
        before = await until_events(client, "T-EARLIER", TimerStarted=1)
        record.moved("T-EARLIER", 1800.0)
        await timers.wake("T-EARLIER")
        events = await until_events(client, "T-EARLIER", TimerStarted=2)
    assert events[len(before) :] == [*WOKEN, "TimerCanceled", "TimerStarted"]
    assert ticket.found == [0]


async def test_a_later_deadline_costs_nothing_until_the_old_timer_runs_out(
    skipper: TimeSkipper, task_queue: str
) -> None:
    """Architecture 4: a deadline that moves later sends nothing; the old timer finds nothing due and is armed anew."""
    client = skipper.client
    async with working(client, ScriptedSettler(due_in(3600.0)), task_queue):
        await TicketTimers(client, task_queue=task_queue).start("T-LATER", 3600.0)
        before = await until_events(client, "T-LATER", TimerStarted=1)
        await skipper.fast_forward(client.get_workflow_handle("T-LATER"), timedelta(hours=1))
        events = await until_events(client, "T-LATER", TimerStarted=2)
    assert but_tasks(events[len(before) :]) == ["TimerFired", "MarkerRecorded", "TimerStarted"]


async def test_a_nudge_that_finds_a_later_deadline_leaves_the_timer_alone(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Architecture 4: one timer, re-armed lazily; a nudge too many settles and costs five events."""
    record = TimelineRecord()
    record.opened("T-LAZY", 7200.0)
    async with working(client, record, task_queue):
        await timers.start("T-LAZY", 3600.0)
        before = await until_events(client, "T-LAZY", TimerStarted=1)
        await timers.wake("T-LAZY")
        events = await until_events(client, "T-LAZY", MarkerRecorded=1)
    assert events[len(before) :] == WOKEN


async def test_nudges_that_wait_together_are_one_settle(client: Client, timers: TicketTimers, task_queue: str) -> None:
    """Architecture 4: a wake says only "look again", so fifty before the worker comes are as good as one."""
    settler = ScriptedSettler(closed())
    await asyncio.gather(*(timers.wake("T-FIFTY") for _ in range(50)))
    async with working(client, settler, task_queue):
        await until_gone(client, "T-FIFTY")
    assert settler.settles == 1


async def test_what_the_start_waited_for_a_worker_is_subtracted(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Notes, sql: `wake_in_seconds` counts from the start request, however late the first task is."""
    await timers.start("T-WAITED", 3600.0)
    await asyncio.sleep(1.1)
    async with working(client, ScriptedSettler(), task_queue):
        await until_events(client, "T-WAITED", TimerStarted=1)
    lengths = timer_lengths(await history_of(client, "T-WAITED"))
    assert timedelta(seconds=3540) < lengths[0] <= timedelta(seconds=3598.9)


async def test_a_start_that_waited_beyond_its_deadline_settles_at_once(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """2.5: a deadline that passed before the first task is settled in it, without a timer."""
    await timers.start("T-OVERDUE", 0.1)
    await asyncio.sleep(0.2)
    async with working(client, ScriptedSettler(due_in(3600.0, found=3)), task_queue):
        assert await until_events(client, "T-OVERDUE", TimerStarted=1) == [*OPENED, "MarkerRecorded", "TimerStarted"]


async def test_a_timer_ahead_of_the_records_clock_rests_longer_each_time(skipper: TimeSkipper, task_queue: str) -> None:
    """Architecture, the clock: at least 1 ms, doubling, after a timer's settle that found nothing due."""
    client = skipper.client
    nothing = [due_in(0.001) for _ in range(5)]
    found = [due_in(0.02, found=1), due_in(0.001), closed()]
    async with working(client, ScriptedSettler(*nothing, *found), task_queue):
        await TicketTimers(client, task_queue=task_queue).start("T-BEHIND", 3600.0)
        await until_events(client, "T-BEHIND", TimerStarted=1)
        await skipper.fast_forward(client.get_workflow_handle("T-BEHIND"), timedelta(hours=1))
        await until_gone(client, "T-BEHIND")
    lengths = timer_lengths(await history_of(client, "T-BEHIND"))[1:]
    assert [length / timedelta(milliseconds=1) for length in lengths] == [1, 2, 4, 8, 16, 20, 1]


async def test_a_nudge_that_finds_nothing_due_lengthens_no_rest(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Architecture, the clock: only timers that run out too early rest longer; of whoever calls, nothing is late."""
    async with working(client, ScriptedSettler(*[due_in(0.001)] * 3, closed()), task_queue):
        await timers.wake("T-CALLED")
        await until_gone(client, "T-CALLED")
    lengths = timer_lengths(await history_of(client, "T-CALLED"))
    assert [length / timedelta(milliseconds=1) for length in lengths] == [1, 1, 2]


async def test_without_a_deadline_there_is_no_timer(client: Client, timers: TicketTimers, task_queue: str) -> None:
    """2.5: while no clock runs nothing is due, and the old deadline settles nothing; the next nudge arms anew."""
    nothing_due = replace(due_in(3600.0), wake_in_seconds=None)
    async with working(client, ScriptedSettler(nothing_due, due_in(7200.0)), task_queue):
        await timers.start("T-PAUSED", 3600.0)
        before = await until_events(client, "T-PAUSED", TimerStarted=1)
        await timers.wake("T-PAUSED")
        paused = await until_events(client, "T-PAUSED", MarkerRecorded=1)
        await timers.wake("T-PAUSED")
        events = await until_events(client, "T-PAUSED", MarkerRecorded=2)
    assert paused[len(before) :] == [*WOKEN, "TimerCanceled"]
    assert events[len(paused) :] == [*WOKEN, "TimerStarted"]


async def test_a_run_that_is_cancelled_asks_no_further(
    client: Client, timers: TicketTimers, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Architecture 3: a settle that is cancelled is no record that is away, of which ordinary activities ask on.

    It hears of that while it still runs only where it may outlast its workflow task, unlike as shipped.
    """
    monkeypatch.setattr("workflows.ticket.AT_ONCE", timedelta(hours=1))
    monkeypatch.setattr("services.temporal.TASK_TIMEOUT", timedelta(seconds=1))
    settler = ScriptedSettler()
    settler.may_answer.clear()
    async with working(client, settler, task_queue):
        await timers.wake("T-CANCELLED")
        await settler.is_asked.wait()
        await client.get_workflow_handle("T-CANCELLED").cancel()
        with pytest.raises(WorkflowFailureError) as ended:
            await until_gone(client, "T-CANCELLED")
    assert isinstance(ended.value.cause, CancelledError)
    assert "ActivityTaskScheduled" not in await events_of(client, "T-CANCELLED")


async def test_a_nudge_that_meets_a_completing_run_is_not_lost(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Architecture 4: Temporal makes the completing task retry, and the run goes on with the reopened ticket."""
    settler = ScriptedSettler(closed(), due_in(3600.0))
    settler.may_answer.clear()
    async with working(client, settler, task_queue):
        await timers.wake("T-MEETS")
        await settler.is_asked.wait()
        await timers.wake("T-MEETS")
        settler.may_answer.set()
        events = await until_events(client, "T-MEETS", TimerStarted=1)
    assert events.count("WorkflowTaskFailed") == 1
    assert events[-2:] == ["MarkerRecorded", "TimerStarted"]


async def test_a_nudge_that_comes_during_a_settle_which_closes_is_not_lost(
    client: Client, timers: TicketTimers, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Architecture 4: noted by the workflow before it knew of the end, so Temporal sees nothing to retry for."""
    settler = AtLeisure(monkeypatch, closed(), due_in(3600.0))
    async with working(client, settler, task_queue):
        await timers.wake("T-NOTED")
        await settler.is_asked.wait()
        await timers.wake("T-NOTED")
        await until_events(client, "T-NOTED", WorkflowExecutionSignaled=2)
        settler.may_answer.set()
        events = await until_events(client, "T-NOTED", TimerStarted=1)
    assert settler.settles == 2
    assert "WorkflowTaskFailed" not in events


async def test_a_nudge_that_comes_before_a_long_history_is_continued_is_not_lost(
    client: Client, timers: TicketTimers, task_queue: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Notes, temporal 8: the next run arms what was left and settles nothing, so this one settles what it was told."""
    settler = AtLeisure(monkeypatch, due_in(7200.0), due_in(3600.0))
    await asyncio.gather(*(timers.wake("T-CARRIED") for _ in range(EVENTS_BEFORE_CONTINUING)))
    first = (await client.get_workflow_handle("T-CARRIED").describe()).run_id
    async with working(client, settler, task_queue):
        await settler.is_asked.wait()
        await timers.wake("T-CARRIED")
        await until_events(client, "T-CARRIED", first, WorkflowExecutionSignaled=EVENTS_BEFORE_CONTINUING + 1)
        settler.may_answer.set()
        await until_another_run(client, "T-CARRIED", first)
        assert await until_events(client, "T-CARRIED", TimerStarted=1) == [*OPENED, "TimerStarted"]
    assert settler.settles == 2
    assert timer_lengths(await history_of(client, "T-CARRIED"))[0] <= timedelta(seconds=3600)


async def test_reopening_a_finished_run_starts_a_new_one(client: Client, timers: TicketTimers, task_queue: str) -> None:
    """6.9: a nudge for a ticket whose run is over starts another run, which settles at once."""
    async with working(client, ScriptedSettler(closed(), due_in(3600.0)), task_queue):
        await timers.wake("T-REOPENED")
        await until_gone(client, "T-REOPENED")
        first = await client.get_workflow_handle("T-REOPENED").describe()
        await timers.wake("T-REOPENED")
        await until_events(client, "T-REOPENED", TimerStarted=1)
        second = await client.get_workflow_handle("T-REOPENED").describe()
    assert first.run_id != second.run_id


async def test_a_plain_start_of_a_running_ticket_says_so(client: Client, timers: TicketTimers, task_queue: str) -> None:
    """Architecture 4: one workflow a ticket; whoever starts a second learns that there is one."""
    async with working(client, ScriptedSettler(), task_queue):
        assert await timers.start("T-TWICE", 3600.0)
        assert not await timers.start("T-TWICE", 3600.0)


async def test_a_long_history_is_continued_with_what_is_left_of_the_timer(
    client: Client, timers: TicketTimers, task_queue: str
) -> None:
    """Notes, temporal 8: continued as new from the main loop; the next run arms what was left and settles nothing."""
    record = TimelineRecord()
    record.opened("T-LONG", 3600.0)
    async with working(client, record, task_queue):
        await timers.start("T-LONG", 3600.0)
        first = (await client.get_workflow_handle("T-LONG").describe()).run_id
        history = await until_events(client, "T-LONG", TimerStarted=1)
        while history[-1] != "WorkflowExecutionContinuedAsNew":
            await timers.wake("T-LONG")
            history = await until_events(client, "T-LONG", first, MarkerRecorded=history.count("MarkerRecorded") + 1)
        assert await until_events(client, "T-LONG", TimerStarted=1) == [*OPENED, "TimerStarted"]
    assert len(history) > EVENTS_BEFORE_CONTINUING
    lengths = timer_lengths(await history_of(client, "T-LONG"))
    assert timedelta(seconds=3500) < lengths[0] < timedelta(seconds=3600)


def but_tasks(events: list[str]) -> list[str]:
    """Leave out workflow tasks: where the clock is forwarded, one is split into two now and then."""
    return [event for event in events if not event.startswith("WorkflowTask")]


def timer_lengths(history: WorkflowHistory) -> list[timedelta]:
    """Say how long each timer was set to."""
    return [
        event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta()
        for event in history.events
        if event.HasField("timer_started_event_attributes")
    ]
