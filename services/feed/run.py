"""Drives cases through a running system: each opens when its turn comes, and its steps follow at their distances.

Knows the contract and the record's clock, and nothing else of the system: it is one more contact centre. A step that
the ticket's state does not allow any more is skipped and counted; only a system that does not answer ends a case early.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Protocol

import grpc

from protos.followthrough.v1.ticket_pb2 import Ticket
from services.client import Change, Refused, Unreachable
from services.desk_log import made_up
from services.desk_log.decide import Course, Skip, decide
from services.desk_log.plan import Moment, Plan, Step, plan
from services.feed import requests
from services.feed.schedule import Turn
from services.records.clock import RecordClock, real_seconds_until
from workflows.domain.ticket.commands import Command
from workflows.domain.ticket.verdict import RefusalReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one call is tried again, under the same `request_id`, before its case is cut short. Real seconds."""

    seconds: float = 60.0
    pause_seconds: float = 0.5
    """Between two tries."""


class Desk(Protocol):
    """What the run needs of a client of the contract."""

    async def change(self, request: Change) -> Ticket:
        """Send a change; the ticket as it stands afterwards."""
        ...

    async def ticket(self, *, ticket_id: str) -> Ticket:
        """Read one ticket."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The desk at which every ticket of the run is opened."""

    name: str
    priorities: tuple[str, ...]
    ladder: tuple[str, ...]
    """The policy's tiers, bottom up."""
    policy_version: str

    def priority_of(self, case: str) -> str:
        """One of the priorities: the log has none, and each run must give the same."""
        return made_up.priority_of(case, self.priorities)


@dataclass(slots=True, kw_only=True)
class Driven:
    """What became of one case; filled in while it is driven, so that a run cut short can tell what it has."""

    plan: Plan
    ticket_id: str | None = None
    said: list[Command] = field(default_factory=list)
    """Accepted, in order."""
    skipped: list[tuple[Step, str]] = field(default_factory=list)
    """With the reason."""
    unsure: Command | None = None
    """Sent, and never answered: it may be in the record."""
    lateness: list[timedelta] = field(default_factory=list)
    """By how much of the record's time each step was sent later than its moment."""
    cut_short: str | None = None
    """Why the case was not driven to its end; none when it was."""
    course: Course = field(default_factory=Course)


class _CutShortError(Exception):
    """A case cannot go on."""


class Run:
    """One run over a set of cases, of one event loop."""

    def __init__(
        self,
        *,
        desk: Desk,
        clock: RecordClock,
        queue: Queue,
        stopping: asyncio.Event,
        stepped: Callable[[], None] = lambda: None,
        patience: Patience | None = None,
    ) -> None:
        self._desk = desk
        self._clock = clock
        self._queue = queue
        self._stopping = stopping
        """Once set, nothing new is sent; what is on its way is waited for."""
        self._stepped = stepped
        """Called after each opening and each step."""
        self._patience = patience or Patience()

    async def drive(self, turns: Sequence[Turn]) -> tuple[Driven, ...]:
        """Drive every case to its end, side by side."""
        cases = tuple(Driven(plan=plan(turn.case)) for turn in turns)
        async with asyncio.TaskGroup() as group:
            for driven, turn in zip(cases, turns, strict=True):
                group.create_task(self._drive(driven, turn.opens_at))
        return cases

    async def _drive(self, driven: Driven, opens_at: datetime) -> None:
        try:
            await self._until(opens_at)
            await self._open(driven)
            for moment in driven.plan.moments():
                await self._until(opens_at + moment.offset)
                driven.lateness.append(self._now() - opens_at - moment.offset)
                await self._say(driven, moment)
                self._stepped()
            await self._until(opens_at + driven.plan.case.length)
        except _CutShortError as why:
            driven.cut_short = str(why)
        except Refused as refused:
            driven.cut_short = f"intake answered {refused.code.name} {refused.reason}"

    async def _open(self, driven: Driven) -> None:
        case = driven.plan.case
        priority = self._queue.priority_of(case.case)
        opened = await self._change(requests.opening(case, queue=self._queue.name, priority=priority))
        driven.ticket_id = opened.ticket_id
        self._stepped()

    async def _say(self, driven: Driven, moment: Moment) -> None:
        """Take one step, or skip it; refused, it is decided once more on the state that refused it."""
        why = await self._try(driven, moment)
        if isinstance(why, RefusalReason):
            why = await self._try(driven, moment)
        if why is not None:
            driven.skipped.append((moment.step, why if isinstance(why, Skip) else f"refused: {why}"))

    async def _try(self, driven: Driven, moment: Moment) -> Skip | RefusalReason | None:
        """Say a step as the ticket stands; none when it was accepted."""
        ticket = await self._patiently(lambda: self._desk.ticket(ticket_id=driven.ticket_id or ""))
        decided = decide(moment, requests.seen(ticket), self._queue.ladder, driven.course)
        if isinstance(decided, Skip):
            return decided
        driven.unsure = decided.command
        try:
            await self._change(requests.change(ticket.ticket_id, decided.command))
        except Refused as refused:
            if refused.reason not in set(RefusalReason):
                raise
            driven.unsure = None
            return RefusalReason(refused.reason)
        driven.said.append(decided.command)
        driven.unsure, driven.course = None, decided.course
        return None

    async def _change(self, request: Change) -> Ticket:
        request.request_id = str(uuid.uuid4())  # one for all tries: that is what makes them safe
        return await self._patiently(lambda: self._desk.change(request))

    async def _patiently(self, call: Callable[[], Awaitable[Ticket]]) -> Ticket:
        """Ask again while nobody answers or intake is too busy: it was not judged, or its answer is remembered."""
        gives_up_at = monotonic() + self._patience.seconds
        while True:
            try:
                return await call()
            except Unreachable as unanswered:
                why = str(unanswered)  # nobody there, too late, or a fault within intake
            except Refused as refused:
                if refused.code is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise
                why = "intake was too busy"
            if self._stopping.is_set() or monotonic() > gives_up_at:
                raise _CutShortError(why)
            await asyncio.sleep(self._patience.pause_seconds)

    async def _until(self, at: datetime) -> None:
        if self._now() < at:
            try:
                async with asyncio.timeout(real_seconds_until(at, self._now(), self._clock)):
                    await self._stopping.wait()
            except TimeoutError:
                return
        if self._stopping.is_set():
            raise _CutShortError("stopped")

    def _now(self) -> datetime:
        return self._clock.read(datetime.now(UTC))
