"""The record's clock and Temporal's are two: they may differ, and one may be set back, at the cost of a few settles."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from temporalio.client import Client

from services.records import Record, connect
from services.temporal import TicketTimers
from tests.support.engine import Engine, engine_of, impatient
from tests.support.temporal import events_of, until_events, working
from tests.support.waiting import UNHURRIED
from workflows.domain.ticket.events import ClockBreached, Escalated
from workflows.messages import SettleResult

TWO_SECONDS = timedelta(seconds=2)


class ApartClock:
    """The world's time, but for what the test sets it apart."""

    def __init__(self) -> None:
        self.name = "real"
        self.speed = 1.0
        self.behind = timedelta()

    def read(self, real: datetime) -> datetime:
        """Return the record's instant."""
        return real - self.behind


class CountingSettler:
    """The real record, asked through a counter."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self.settles = 0

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Settle."""
        self.settles += 1
        return await self._record.settle_for_workflow(ticket_id)


@pytest.fixture
def clock() -> ApartClock:
    """The record's."""
    return ApartClock()


@pytest.fixture
async def engine(record_url: str, timers: TicketTimers, clock: ApartClock) -> AsyncIterator[Engine]:
    """Staff an engine by that clock."""
    async with await connect(record_url, clock, timeouts=UNHURRIED) as records, engine_of(records, timers) as whole:
        yield whole


@pytest.mark.parametrize("is_always_behind", [True, False], ids=["always", "set back"])
async def test_a_record_two_seconds_behind_temporal_costs_at_most_five_settles(
    engine: Engine, clock: ApartClock, client: Client, task_queue: str, ticket_id: str, *, is_always_behind: bool
) -> None:
    """Architecture, the clock: an absolute instant made 990 settles of this; seconds from now, and a rest, make few.

    Set back while the timer runs, as when another database server takes over: then the timer runs out too soon.
    """
    settler = CountingSettler(engine.records.record)
    if is_always_behind:
        clock.behind = TWO_SECONDS
    async with working(client, settler, task_queue):
        await engine.open(ticket_id, impatient(agent=2.5))
        await until_events(client, ticket_id)
        clock.behind = TWO_SECONDS
        log = await engine.until_happened(ticket_id, Escalated)
        await until_events(client, ticket_id)
    assert settler.settles <= 5
    assert len(await events_of(client, ticket_id)) <= 5 + 5 * 6
    (breach,) = [entry.event for entry in log if isinstance(entry.event, ClockBreached)]
    assert breach.detected_at > breach.due_at
