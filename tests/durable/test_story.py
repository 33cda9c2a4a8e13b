"""Days of a ticket in seconds: each workflow has a clock of its own, forwarded by what the record's clock moves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.testing import TimeSkipper

from services.records import Records, SettledBy, connect
from services.temporal import TicketTimers
from tests.support.clock import StoryClock
from tests.support.engine import opening
from tests.support.policies import LINES
from tests.support.temporal import until_gone, working
from tests.support.waiting import PATIENCE_SECONDS, UNHURRIED
from workflows.domain.ticket.commands import Acknowledge, Command, Resolve
from workflows.domain.ticket.events import ClockBreached, Entry, Escalated
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.words import Outcome, Status

FRIDAY = datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
TICKET = "T-STORY"


class Days:
    """Lets time pass for the record and the ticket's workflow alike, from one wake-up to the next."""

    def __init__(self, skipper: TimeSkipper, records: Records, clock: StoryClock) -> None:
        self._skipper = skipper
        self._records = records
        self._clock = clock
        self.settled_at = list[tuple[datetime, Command | None]]()

    async def pass_until(self, goal: datetime) -> None:
        """Each wake-up is the workflow's own doing; the test only lets it be that late."""
        while (wake_at := await self._wake_at()) and wake_at <= goal:
            await self._forward(wake_at)
            self.settled_at.append((wake_at, None))
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await self._wake_at() == wake_at:  # noqa: ASYNC110 - the workflow is at it
                    await asyncio.sleep(0.005)
        if wake_at is not None:
            await self._forward(goal)

    async def do(self, command: Command) -> None:
        """Give a command that leaves the wake-up where it is, or later: nobody tells the workflow."""
        settled = await self._records.record.settle(TICKET, command, by=SettledBy.INTAKE)
        assert settled.refusal is None
        assert settled.nudge is None
        self.settled_at.append((settled.instant, command))

    async def _wake_at(self) -> datetime | None:
        return (await self._records.queries.ticket(TICKET)).wake_at()

    async def _forward(self, at: datetime) -> None:
        length = at - self._clock.at
        self._clock.set(at)
        await self._skipper.fast_forward(self._skipper.client.get_workflow_handle(TICKET), length)


@pytest.fixture
async def friday(sqlite_url: str) -> AsyncIterator[tuple[Records, StoryClock]]:
    """Open the record on a Friday afternoon."""
    clock = StoryClock(FRIDAY)
    async with await connect(sqlite_url, clock, timeouts=UNHURRIED) as records:
        yield records, clock


async def test_a_friday_afternoon_ticket_is_seen_through_to_wednesday(
    friday: tuple[Records, StoryClock], skipper: TimeSkipper, task_queue: str
) -> None:
    """5.3: five days over closed desks in two zones; the workflow's wake-ups give what the pure domain gives."""
    records, clock = friday
    days = Days(skipper, records, clock)
    opened = await records.record.open_ticket(LINES, opening(TICKET, priority="high"))
    assert opened.nudge is not None
    async with working(skipper.client, records.record, task_queue):
        timers = TicketTimers(skipper.client, task_queue=task_queue)
        await timers.start(TICKET, opened.nudge.wake_in_seconds)
        await records.upkeep.mark_told([opened.nudge])
        await days.pass_until(MONDAY)
        await days.do(Acknowledge(actor="sue", handler="sue", tier="supplier"))
        await days.do(Resolve(actor="sue", outcome=Outcome.FIXED, explanation="a new port"))
        await days.pass_until(MONDAY + timedelta(days=5))
        await until_gone(skipper.client, TICKET)
        ticket, log = await records.queries.ticket(TICKET), await records.queries.entries(TICKET)
    assert [(at_of(entry), entry.event.target.value) for entry in log if isinstance(entry.event, ClockBreached)] == [
        ("Fri 17:00", "acknowledge"),  # an hour of the agents'
        ("Fri 18:00", "update"),
        ("Sat 10:00", "acknowledge"),  # two of the specialists', over a night
        ("Sat 12:00", "update"),
    ]
    climbed = [(at_of(entry), entry.event.to_tier) for entry in log if isinstance(entry.event, Escalated)]
    assert climbed == [("Fri 17:00", "specialist"), ("Sat 10:00", "supplier")]
    assert ticket.status is Status.CLOSED
    assert at_of(log[-1]) == "Wed 16:00"  # 27 hours of the office after Monday's solution
    assert log == as_the_domain_says(opened.instant, days.settled_at)


def at_of(entry: Entry) -> str:
    """Write down an instant; the story lies within one week of London's winter."""
    return f"{entry.at:%a %H:%M}"


def as_the_domain_says(opened_at: datetime, settled_at: list[tuple[datetime, Command | None]]) -> list[Entry]:
    """Tell the same story to the judge alone."""
    judged = open_ticket(LINES, opening(TICKET, priority="high"), opened_at)
    entries = list(judged.entries)
    for at, command in settled_at:
        judged = judge(LINES, judged.ticket, at, command)
        entries += judged.entries
    return entries
