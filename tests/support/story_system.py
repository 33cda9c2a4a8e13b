"""The whole system that stories are told to: commands by gRPC, time by Temporal, what happened by ListTicketEvents."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime

from temporalio.testing import TimeSkipper, TimeSkippingConfig

from services.client import Refused, TicketClient
from services.intake.server import Intake
from services.records import connect
from services.settings import Address
from services.temporal import TicketTimers
from tests.support.clock import StoryClock
from tests.support.contract import entry_of, opening_of, request_of, value_of
from tests.support.engine import Engine, engine_of
from tests.support.passing import Passing
from tests.support.policies import Standing
from tests.support.story_record import keep_answer, learnt_answers, owed_messages
from tests.support.temporal import connect_for_test, working
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Command, Open
from workflows.domain.ticket.judge import Judged
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.policies import PolicySet


class ToldSystem:
    """One ticket of a system. Nothing settles it but intake and its own workflow."""

    def __init__(  # noqa: PLR0917 - a part each
        self,
        client: TicketClient,
        engine: Engine,
        clock: StoryClock,
        skipper: TimeSkipper,
        task_queue: str,
        policy: Policy,
    ) -> None:
        self._client = client
        self._policy = policy
        self._engine = engine
        self._clock = clock
        self._skipper = skipper
        self._task_queue = task_queue
        self._passing = Passing(engine, clock, skipper)
        self._working = AsyncExitStack()
        self._ticket_id = ""
        self._read_to = 0
        self._learnt = 0

    async def open(self, at: datetime, command: Open) -> Judged:
        """Enter the ticket; intake gives it an id and a reference."""
        self._clock.set(at)
        await self.staff()
        self._ticket_id = (await self._client.change(opening_of(command))).ticket_id
        self._passing.ticket_ids.append(self._ticket_id)
        return await self._read(None)

    async def settle(
        self, at: datetime, command: Command | None = None, *, expected_version: int | None = None
    ) -> Judged:
        """Let time pass; the workflow finds what is due, unless it is at work again only after the command."""
        wake_at = (await self._ticket()).wake_at()
        if wake_at is None or at < wake_at or (at == wake_at and command is None):
            await self._passing.until(at)
            refusal = await self._send(command, expected_version) if command else None
        else:
            refusal = await self._outage(at, command, expected_version)
        return await self._read(refusal)

    async def answer(self, answer: RosterAnswer) -> None:
        """Keep what the roster says, as its process does; in an outage of all else, time is only seen to pass here."""
        before = self._clock.at
        self._clock.set(answer.at)
        await keep_answer(self._engine.records, self._policy, answer)
        self._clock.set(before)

    async def staff(self) -> None:
        """Have a worker."""
        await self._working.enter_async_context(
            working(self._skipper.client, self._engine.records.record, self._task_queue)
        )

    async def dismiss(self) -> None:
        """Have none."""
        await self._working.aclose()

    async def _outage(self, at: datetime, command: Command | None, expected_version: int | None) -> Refusal | None:
        """Nobody works while time passes; over at that instant, when the command was there first.

        Temporal's clock goes no further than the timer: it is not forwarded past what waits for a worker.
        """
        told_at = await self._passing.told_at(self._ticket_id)
        assert told_at is not None, "the workflow knows of no wake-up"
        await self.dismiss()
        length = told_at - self._clock.at
        self._clock.set(at)
        forwarding = asyncio.create_task(self._passing.forward(length))
        refusal = await self._send(command, expected_version) if command else None
        await self.staff()
        await self._passing.until_woken(self._ticket_id, told_at)
        await forwarding
        return refusal

    async def _send(self, command: Command, expected_version: int | None) -> Refusal | None:
        request = request_of(command, ticket_id=self._ticket_id, expected_version=expected_version)
        try:
            answer = await self._client.change(request)
        except Refused as refused:
            return Refusal(reason=RefusalReason(refused.reason), text=refused.text, facts=refused.facts)
        shown = await self._client.ticket(ticket_id=self._ticket_id)
        assert shown == answer or shown.sequence > answer.sequence, "GetTicket shows another ticket than was answered"
        return None

    async def _ticket(self) -> Ticket:
        return await self._engine.ticket(self._ticket_id)

    async def _read(self, refusal: Refusal | None) -> Judged:
        """Look it all up, once Temporal and the workflow have nothing left to do at this instant."""
        await self._passing.until_idle()
        ticket = await self._ticket()
        shown = value_of(Ticket, await self._client.ticket(ticket_id=self._ticket_id))
        assert shown == _as_shown(ticket), "GetTicket shows another ticket than the record has"
        events = self._client.events(self._ticket_id, after_sequence=self._read_to)
        entries = tuple([entry_of(event) async for event in events])
        messages = await owed_messages(self._engine.records, self._ticket_id, after_sequence=self._read_to)
        self._read_to += len(entries)
        learnt = await learnt_answers(self._engine.records, self._ticket_id, after=self._learnt)
        self._learnt += len(learnt)
        return Judged(ticket=ticket, entries=entries, messages=messages, refusal=refusal, answers=learnt)


def _as_shown(ticket: Ticket) -> Ticket:
    """Leave out what is the engine's own business, and nobody's who calls."""
    clocks = tuple(replace(clock, warnings=()) for clock in ticket.clocks)
    promises = tuple(replace(promise, warnings=()) for promise in ticket.promises)
    resolution = ticket.resolution and replace(ticket.resolution, unanswered_since=None)
    return replace(ticket, clocks=clocks, promises=promises, resolution=resolution, update_breaches=0, roster=())


@asynccontextmanager
async def told_system(url: str, policy: Policy, temporal_address: str) -> AsyncIterator[ToldSystem]:
    """Run one for one story: intake, nudger and worker on a record, by a server whose workflows can be forwarded."""
    clock, task_queue = StoryClock(), f"tickets-{uuid.uuid4().hex[:12]}"
    skipper = TimeSkipper(await connect_for_test(temporal_address), config=TimeSkippingConfig(enabled=False))
    timers = TicketTimers(skipper.client, task_queue=task_queue)
    async with (
        await connect(url, clock) as records,
        engine_of(records, timers) as engine,
        answering(engine, policy) as address,
        TicketClient(str(address), caller="crm-1", actor="desk") as client,
    ):
        told = ToldSystem(client, engine, clock, skipper, task_queue, policy)
        try:
            yield told
        finally:
            await told.dismiss()


@asynccontextmanager
async def answering(engine: Engine, policy: Policy) -> AsyncIterator[Address]:
    """Run an intake whose desk `home` works by that policy; gives where it listens."""
    intake = Intake(
        records=engine.records,
        require_writable=engine.records.require_writable,
        policies=Standing(promised=PolicySet(policies={policy.name: policy}, queues={"home": policy.name})),
        nudger=engine.nudger,
        address=Address("127.0.0.1", 0),
        languages=("de", "en"),
    )
    address = Address("127.0.0.1", await intake.start())
    try:
        yield address
    finally:
        await intake.stop(0)
