"""The real Temporal servers of these tests, and an engine on each of the two databases."""

from collections.abc import AsyncIterator

import pytest

from services.records import RealClock, connect
from services.temporal import TicketTimers
from tests.support.clock import StoryClock
from tests.support.engine import Engine, engine_of
from tests.support.temporal import client, skipper, skipping_address, task_queue, temporal_address, timers
from tests.support.waiting import UNHURRIED

__all__ = ["client", "skipper", "skipping_address", "task_queue", "temporal_address", "timers"]


@pytest.fixture
async def engine(record_url: str, timers: TicketTimers) -> AsyncIterator[Engine]:
    """Staff an engine."""
    async with (
        await connect(record_url, RealClock(), timeouts=UNHURRIED) as records,
        engine_of(records, timers) as whole,
    ):
        yield whole


@pytest.fixture
async def still_engine(record_url: str, timers: TicketTimers, story_clock: StoryClock) -> AsyncIterator[Engine]:
    """Staff an engine whose record's clock stands still until the test moves it: nothing is due by accident."""
    async with (
        await connect(record_url, story_clock, timeouts=UNHURRIED) as records,
        engine_of(records, timers) as whole,
    ):
        yield whole


@pytest.fixture
def ticket_id(task_queue: str) -> str:
    """Give an id that no other test uses: the server is the session's."""
    return task_queue.replace("tickets", "T")
