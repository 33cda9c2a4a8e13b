"""Time that passes for a record and for the workflows of its tickets alike, from one wake-up to the next.

The record's clock stands still between two moves; a workflow's does not, and runs ahead by the real time that a story
takes: a timer then finds nothing, and rests.
"""

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import select
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import TimeSkipper

from services.records.tables import TicketRow
from tests.support.clock import StoryClock
from tests.support.engine import Engine
from tests.support.temporal import until_events
from tests.support.waiting import PATIENCE_SECONDS
from workflows.domain.ticket.state import TICK
from workflows.domain.ticket.words import Status


class Passing:
    """Moves both clocks by the same lengths. Settles nothing: that is the workflows' own doing."""

    def __init__(self, engine: Engine, clock: StoryClock, skipper: TimeSkipper) -> None:
        self._engine = engine
        self._clock = clock
        self._skipper = skipper
        self.ticket_ids: list[str] = []
        """Of those that there are."""
        self.wakes = 0
        """At how many wake-ups a workflow was due, and was there."""

    async def until(self, at: datetime) -> None:
        """Move from one wake-up that a workflow knows of to the next: it may find nothing there."""
        while (due := await self._next()) is not None and due[0] <= at:
            told_at, ticket_id = due
            if told_at > self._clock.at:
                await self._move(told_at)
            await self.until_woken(ticket_id, told_at)
            await until_events(self._skipper.client, ticket_id)  # the next timer is not only asked for, it runs
        if at > self._clock.at:
            await self._move(at)

    async def forward(self, length: timedelta) -> None:
        """Move the workflows' clocks alone; a closed ticket may have none any more."""
        for each in self.ticket_ids:
            try:
                await self._skipper.fast_forward(self._skipper.client.get_workflow_handle(each), length)
            except RPCError as refused:
                if refused.status is not RPCStatusCode.NOT_FOUND:
                    raise
                is_closed = (await self._engine.ticket(each)).status is Status.CLOSED
                assert is_closed, "an open ticket has no workflow"

    async def until_woken(self, ticket_id: str, told_at: datetime) -> None:
        """Wait until a workflow has been there, and knows when to wake up next."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.told_at(ticket_id) == told_at:  # noqa: ASYNC110 - the workflow is at it
                await asyncio.sleep(0.005)
        self.wakes += 1

    async def until_idle(self) -> None:
        """Wait for the nudges that are owed, and for what is due so soon that a workflow is there at once."""
        await self._engine.until_told()
        for each in self.ticket_ids:
            while (told_at := await self.told_at(each)) is not None and told_at <= await self._next_instant(each):
                await self.until_woken(each, told_at)
            await until_events(self._skipper.client, each)

    async def told_at(self, ticket_id: str) -> datetime | None:
        """Read the wake-up that a workflow knows of."""
        return (await self._row(ticket_id))[0]

    async def _move(self, at: datetime) -> None:
        length = at - self._clock.at
        self._clock.set(at)
        await self.forward(length)

    async def _next(self) -> tuple[datetime, str] | None:
        """The earliest wake-up that a workflow knows of, and whose it is."""
        found = [(await self.told_at(each), each) for each in self.ticket_ids]
        return min(((at, each) for at, each in found if at is not None), default=None)

    async def _next_instant(self, ticket_id: str) -> datetime:
        """Say when the record would settle the ticket if asked now: its instants only rise."""
        return max(self._clock.at, (await self._row(ticket_id))[1] + TICK)

    async def _row(self, ticket_id: str) -> tuple[datetime | None, datetime]:
        query = select(TicketRow.told_at, TicketRow.advanced_to).where(TicketRow.ticket_id == ticket_id)
        async with self._engine.records.database.looking.connect() as connection:
            told_at, advanced_to = (await connection.execute(query)).one()
        return told_at, advanced_to
