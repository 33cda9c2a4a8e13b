"""The desk that these stories are told at."""

from collections.abc import AsyncIterator

import pytest

from tests.support.day import Day, a_day


@pytest.fixture
async def day(record_url: str) -> AsyncIterator[Day]:
    """Monday, 23 November 2026, 09:00 in London."""
    async with a_day(record_url) as day:
        yield day
