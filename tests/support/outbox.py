"""What tests of the outbox wait for and bring about."""

import asyncio

from services.records import Records
from tests.support.record import Outsider

PATIENCE_SECONDS = 60.0


async def all_is_sent(records: Records) -> None:
    """Wait until nothing is pending."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await records.queries.figures()).pending_messages:  # noqa: ASYNC110 - another's work in SQL has no event
            await asyncio.sleep(0.005)


async def leases_end(record_url: str) -> None:
    """Let every claim run out, as it does with time."""
    await Outsider(record_url).run(
        "UPDATE outbox SET try_at = '1970-01-01T00:00:00.000000Z' WHERE claim IS NOT NULL AND status = 'pending'"
    )
