"""Temporal lost, or left for another: every open ticket gets its timer again, and keeps its deadline by it."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from services.keeper.keeper import Pace
from services.keeper.rebuild import TRIES, rebuild
from services.records import connect
from services.records.errors import RecordUnavailable
from services.records.upkeep import Forgotten
from services.temporal import TicketTimers
from tests.support.clock import StoryClock
from tests.support.engine import Engine, engine_of, impatient, keeping
from tests.support.temporal import SKIPPING, connect_for_test, dev_server, free_port, until_events, working
from tests.support.waiting import UNHURRIED
from workflows.domain.ticket.commands import Confirm, Resolve
from workflows.domain.ticket.events import Escalated
from workflows.domain.ticket.words import Outcome

PATIENT = Pace(grace_seconds=7 * 24 * 3600.0, owed_for_seconds=0.0, nudge_every_seconds=0.2)
"""Sends what is owed, and leaves every deadline to the workflows."""
HALF_AN_HOUR = timedelta(minutes=30)
PLACE = (datetime(2026, 11, 23, 9, 0, tzinfo=UTC), "t-1")


async def test_every_open_ticket_has_a_timer_in_an_empty_temporal_and_meets_its_deadline_by_it(
    record_url: str, task_queue: str
) -> None:
    """Architecture 4: Temporal's memory is gone; the record is told, the keeper nudges, the workflows do the rest."""
    open_ones, port, clock, heard = [f"T-{number}" for number in range(1, 31)], free_port(), StoryClock(), list[int]()
    async with await connect(record_url, clock, timeouts=UNHURRIED) as records, AsyncExitStack() as parts:
        with dev_server(*SKIPPING, port=port) as address:
            timers = TicketTimers((await _skipper(address)).client, task_queue=task_queue)
            engine = await parts.enter_async_context(engine_of(records, timers))
            await _opened(engine, [*open_ones, "T-CLOSED"])
            await engine.until_told()
            await engine.do("T-CLOSED", Resolve(actor="kim", outcome=Outcome.FIXED, explanation="a new port"))
            await engine.do("T-CLOSED", Confirm(actor="ida"))
        with dev_server(*SKIPPING, port=port):
            skipper = await _skipper(address)
            keeper = await parts.enter_async_context(keeping(engine, PATIENT))
            await parts.enter_async_context(working(skipper.client, records.record, task_queue))
            assert not await engine.is_owing()  # the keeper has no way to know

            await rebuild(records.upkeep, forgot=heard.append)

            assert sum(heard) == len(open_ones)
            for ticket_id in open_ones:
                await until_events(skipper.client, ticket_id, TimerStarted=1)
            await engine.until_told()
            clock.pass_(HALF_AN_HOUR + timedelta(seconds=1))  # nobody is rescued: see the keeper's grace
            await skipper.fast_forward(skipper.client.get_workflow_handle("T-7"), HALF_AN_HOUR)
            await engine.until_happened("T-7", Escalated)
            listed = {run.id async for run in skipper.client.list_workflows()}
            await parts.aclose()
        assert listed == set(open_ones)
        assert keeper.counts.rescued == 0


async def test_doing_it_again_costs_a_signal_and_changes_no_timer(record_url: str, task_queue: str) -> None:
    """Architecture 4: idempotent; a ticket whose run is there is woken, settles, and knows of its timer again."""
    async with await connect(record_url, StoryClock(), timeouts=UNHURRIED) as records, AsyncExitStack() as parts:
        with dev_server(*SKIPPING) as address:
            skipper = await _skipper(address)
            timers = TicketTimers(skipper.client, task_queue=task_queue)
            engine = await parts.enter_async_context(engine_of(records, timers))
            await parts.enter_async_context(working(skipper.client, records.record, task_queue))
            await _opened(engine, ["T-TWICE"])
            before = await until_events(skipper.client, "T-TWICE", TimerStarted=1)
            await engine.until_told()

            await rebuild(records.upkeep, forgot=lambda _: None)
            assert await engine.is_owing()
            async with keeping(engine, Pace(owed_for_seconds=0.0, nudge_every_seconds=3600.0)):
                after = await until_events(skipper.client, "T-TWICE", MarkerRecorded=1)
                await engine.until_told()
            await parts.aclose()
    assert sorted(after[len(before) :]) == [
        "MarkerRecorded",
        "WorkflowExecutionSignaled",
        "WorkflowTaskCompleted",
        "WorkflowTaskScheduled",
        "WorkflowTaskStarted",
    ]


class ScriptedRecord:
    """Answers from a script, and remembers from where on it was asked."""

    def __init__(self, answers: Sequence[Forgotten | RecordUnavailable]) -> None:
        self.answers = list(answers)
        self.asked: list[object] = []

    async def forget_told(self, *, after: tuple[datetime, str] | None = None) -> Forgotten:
        """Give the next answer."""
        self.asked.append(after)
        answer = self.answers.pop(0)
        if isinstance(answer, RecordUnavailable):
            raise answer
        return answer


async def test_a_step_that_meets_a_held_ticket_is_tried_again() -> None:
    """Beside everything that runs somebody may hold a ticket: the step is done again from the same place."""
    held = RecordUnavailable("held")
    record = ScriptedRecord([Forgotten(tickets=3, last=PLACE), held, held, Forgotten(tickets=0, last=None)])
    heard = list[int]()
    await rebuild(record, forgot=heard.append, pause_seconds=0.0)
    assert record.asked == [None, PLACE, PLACE, PLACE]
    assert heard == [3]


async def test_a_record_that_stays_away_is_said() -> None:
    """It does not insist for ever; what was forgotten is forgotten, and the next run does the others."""
    record = ScriptedRecord([RecordUnavailable("away")] * TRIES)
    with pytest.raises(RecordUnavailable, match="away"):
        await rebuild(record, forgot=lambda _: None, pause_seconds=0.0)
    assert record.answers == []


async def _opened(engine: Engine, ticket_ids: list[str]) -> None:
    for ticket_id in ticket_ids:
        await engine.open(ticket_id, impatient(agent=HALF_AN_HOUR.total_seconds()))


async def _skipper(address: str) -> TimeSkipper:
    return TimeSkipper(await connect_for_test(address), config=TimeSkippingConfig(enabled=False))
