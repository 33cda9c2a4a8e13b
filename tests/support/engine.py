"""The whole engine for tests, without gRPC: the real record, the real nudger, commands given straight to the record.

What intake does: settle, then hand over the nudge that is owed.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.keeper.keeper import Keeper, Pace
from services.nudge import Nudger
from services.records import Records, Settled, SettledBy
from services.temporal import TicketTimers
from tests.support.policies import ladder, row
from tests.support.waiting import PATIENCE_SECONDS
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command, Customer, Open
from workflows.domain.ticket.events import Entry, Event
from workflows.domain.ticket.state import Ticket

SECOND = 1 / 3600
"""In hours, the unit of policies' rows."""
CANARY = "Zwetschgenkuchen"
"""Stands in every text that a customer or an agent may write."""


def impatient(*, agent: float = 700 * 3600, specialist: float = 700 * 3600, supplier: float = 700 * 3600) -> Policy:
    """Make a policy whose acknowledgements are due within so many real seconds, round the clock."""
    return ladder(
        agent=row(acknowledge=agent * SECOND),
        specialist=row(acknowledge=specialist * SECOND),
        supplier=row(acknowledge=supplier * SECOND),
    )


def opening(ticket_id: str, *, priority: str = "normal") -> Open:
    """Write down a request."""
    return Open(
        actor=f"{CANARY} desk",
        ticket_id=ticket_id,
        reference=f"R-{ticket_id}",
        queue="home",
        priority=priority,
        customer=Customer(external_id=CANARY, name=CANARY, language="en-GB", zone="Europe/London"),
        subject=CANARY,
        description=CANARY,
        channel=CANARY,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Opens tickets and works on them."""

    records: Records
    timers: TicketTimers
    nudger: Nudger

    async def open(
        self, ticket_id: str, policy: Policy, *, priority: str = "normal", is_nudged: bool = True
    ) -> Settled:
        """Open a ticket; its nudge gets lost when asked."""
        settled = await self.records.record.open_ticket(policy, opening(ticket_id, priority=priority))
        return self._owe(settled) if is_nudged else settled

    async def do(self, ticket_id: str, command: Command) -> Settled:
        """Give a command, which must not be refused."""
        settled = await self.records.record.settle(ticket_id, command, by=SettledBy.INTAKE)
        assert settled.refusal is None, settled.refusal
        return self._owe(settled)

    async def ticket(self, ticket_id: str) -> Ticket:
        """Look at a ticket."""
        return await self.records.queries.ticket(ticket_id)

    async def log(self, ticket_id: str) -> list[Entry]:
        """Read a ticket's log."""
        return await self.records.queries.entries(ticket_id)

    async def count(self, ticket_id: str, kind: type[Event]) -> int:
        """Count a ticket's events of one kind."""
        return sum(isinstance(entry.event, kind) for entry in await self.log(ticket_id))

    async def until_happened(self, ticket_id: str, kind: type[Event], times: int = 1) -> list[Entry]:
        """Wait until something happened so often; gives the log."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.count(ticket_id, kind) < times:  # noqa: ASYNC110 - the writer may be another process
                await asyncio.sleep(0.02)
        return await self.log(ticket_id)

    async def until_told(self) -> None:
        """Wait until Temporal knows of every wake-up."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.is_owing():  # noqa: ASYNC110 - the record has no event for it
                await asyncio.sleep(0.02)

    async def is_owing(self) -> bool:
        """Whether Temporal does not know of some wake-up."""
        return bool(await self.records.upkeep.owed_nudges(older_than_seconds=0.0, limit=1))

    def _owe(self, settled: Settled) -> Settled:
        if settled.nudge is not None:
            self.nudger.owe(settled.nudge)
        return settled


@asynccontextmanager
async def engine_of(records: Records, timers: TicketTimers) -> AsyncIterator[Engine]:
    """Put one together; its nudger runs for as long as the block lasts."""
    nudger = Nudger(timers, records.upkeep)
    running = asyncio.create_task(nudger.run())
    try:
        yield Engine(records=records, timers=timers, nudger=nudger)
    finally:
        await nudger.aclose()
        await running


@asynccontextmanager
async def keeping(engine: Engine, pace: Pace) -> AsyncIterator[Keeper]:
    """Run a keeper for as long as the block lasts."""
    keeper = Keeper(engine.records.upkeep, engine.nudger, pace)
    running = asyncio.create_task(keeper.run())
    try:
        yield keeper
    finally:
        keeper.stop()
        await running
