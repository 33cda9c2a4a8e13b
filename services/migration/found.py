"""Finds the tickets that a migration is about. Pages by status and ticket id, each page one question to the record.

A ticket that changes its state, or is opened, while pages are read may be passed by: whoever has to have them all
reads again until a reading finds nothing to do.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from services.migration.asked import Migration
from services.records.errors import RecordUnavailable
from services.records.queries import TicketFilter
from workflows.domain.policy import Policy
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Status

PAGE = 200
"""Tickets in one question."""
RUNNING = (Status.RESOLVED, Status.WAITING_ON_CUSTOMER, Status.IN_PROGRESS, Status.OPEN)
"""Everything but closed; tickets mostly go from the last of these to the first."""


class Reading(Protocol):
    """The record, as far as it is read. Everything raises `RecordError`."""

    async def tickets(self, wanted: TicketFilter, *, page_size: int, after: str | None = None) -> list[Ticket]:
        """List tickets in the order of their ids, those after one of them."""
        ...

    async def count(self, wanted: TicketFilter) -> int:
        """Count tickets."""
        ...

    async def policy(self, version: str) -> Policy:
        """Return a policy as the tickets of that version carry it."""
        ...

    async def instant(self) -> datetime:
        """Return the record's present instant."""
        ...


async def pages(reading: Reading, migration: Migration) -> AsyncIterator[Sequence[Ticket]]:
    """Yield the running tickets of the migration's policy, queues and versions, page by page. Raises `RecordError`."""
    for wanted in _filters(migration):
        after: str | None = None
        while True:
            page = await reading.tickets(wanted, page_size=PAGE, after=after)
            yield [ticket for ticket in page if migration.is_of(ticket)]
            if len(page) < PAGE:
                break
            after = page[-1].ticket_id


async def running(reading: Reading, migration: Migration) -> int | None:
    """How many running tickets the policy has in the migration's queues, whatever their version.

    None: the record did not count them in time, which is no reason not to move them.
    """
    try:
        return sum([await reading.count(wanted) for wanted in _filters(migration)])
    except RecordUnavailable:
        return None


def _filters(migration: Migration) -> list[TicketFilter]:
    of_policy = TicketFilter(policy=migration.onto.name)
    return [
        replace(of_policy, status=status, queue=queue) for status in RUNNING for queue in (migration.queues or (None,))
    ]
