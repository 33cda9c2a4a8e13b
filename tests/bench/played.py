"""Lives of tickets that are played through everything: calls by gRPC, a record, and Temporal, whose clock is forwarded.

Nothing settles a ticket but intake, its own workflow and announcements. Counts what a life leaves; judges nothing.
"""

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from google.protobuf.message import Message
from sqlalchemy import func, select
from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.problem_service_pb2 import AnnounceFixRequest, AnnounceUpdateRequest
from services.announcement_runs import AnnouncementRuns, workflow_id
from services.client import Change, ProblemClient, TicketClient
from services.keeper.announcements import AnnouncementsOwed
from services.records import Records, connect
from services.records.tables import Base, EventRow, MessageRow
from services.temporal import TicketTimers
from tests.support.announcing import announcing, queue_of, until_ended
from tests.support.clock import StoryClock
from tests.support.day import LONDON
from tests.support.engine import UNHURRIED, Engine, engine_of
from tests.support.intake import opening
from tests.support.passing import Passing
from tests.support.policies import LINES
from tests.support.story_system import answering
from tests.support.temporal import connect_for_test, events_of, until_gone
from workflows.domain.money import Money
from workflows.domain.ticket.words import Audience

POLICY = replace(
    LINES, credit_for_promise=Money(minor=500, currency="GBP"), credit_for_resolve=Money(minor=1000, currency="GBP")
)
"""Three tiers with office hours, a warning at three quarters, and a credit for what was promised and not done."""
TRIES = 3
UNTIL_GONE = timedelta(days=60)
"""Forwarded so far, every workflow of a closed ticket has woken up and ended."""
OF_ALL = frozenset({"policies", "meta", "totals", "articles"})
"""Tables whose rows are not a ticket's: they stay as many however many tickets there are."""


WORKFLOW_TASK = ("WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted")
CALLING = frozenset({"WorkflowExecutionStarted", "WorkflowExecutionSignaled", "TimerFired", "ActivityTaskCompleted"})
"""What a workflow task is for. One that follows none of these is for the forwarding alone."""


class Day:
    """A desk and its customer; time goes by when it is told to."""

    def __init__(
        self, tickets: TicketClient, problems: ProblemClient, engine: Engine, passing: Passing, runs: AnnouncementRuns
    ) -> None:
        self.problems = problems
        self.announcements: list[str] = []
        """Ids of those that were made."""
        self._tickets = tickets
        self._records = engine.records
        self._passing = passing
        self._owed = AnnouncementsOwed(engine.records.announcing, runs)
        self._customer = ticket_pb2.Customer(
            external_id=f"c-{uuid.uuid4().hex[:8]}", display_name="Ida Example", language="en-GB", zone=str(LONDON.zone)
        )

    @property
    def ticket_ids(self) -> list[str]:
        """Of all tickets, in the order of their opening."""
        return self._passing.ticket_ids

    @property
    def wakes(self) -> int:
        """At how many wake-ups a ticket was due."""
        return self._passing.wakes

    async def comes(self, text: str) -> None:
        """Time passes until then; each workflow wakes up and settles when it is due."""
        await self._passing.until(LONDON.read(text))
        await self._passing.until_idle()

    async def open(self) -> str:
        """The customer opens a ticket."""
        opened = await self._tickets.change(opening(priority="normal", customer=self._customer))
        self.ticket_ids.append(opened.ticket_id)
        await self._passing.until_idle()
        return opened.ticket_id

    async def do(self, ticket_id: str, request: Message) -> None:
        """Somebody at the desk does something of that name, and Temporal is told of it where it has to be."""
        asked = type(request)(ticket_id=ticket_id)
        asked.MergeFrom(request)
        await self._tickets.change(cast(Change, asked))
        await self._passing.until_idle()

    async def announce(self, request: AnnounceUpdateRequest | AnnounceFixRequest) -> None:
        """An announcement is made, started as the keeper does it, and carried out by the worker."""
        made = await self.problems.announce(request)
        await self._owed.sweep()
        await until_ended(self._records, made.announcement_id)
        await self._passing.until_idle()
        self.announcements.append(made.announcement_id)

    async def ends(self) -> None:
        """Nothing is left to wait for: the workflows of closed tickets wake up a last time."""
        await self._passing.forward(UNTIL_GONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One customer's story."""

    name: str
    told: str
    """What happens, in a sentence."""
    tell: Callable[[Day], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a life left."""

    tickets: int
    messages: Mapping[tuple[str, Audience], int]
    """Owed, by kind and who is told."""
    lines: Mapping[str, int]
    """Of the logs, by kind."""
    rows: Mapping[str, int]
    """By table."""
    history: Mapping[str, int]
    """Events in Temporal of the tickets' workflows, by kind."""
    announcing: Mapping[str, int]
    """Of announcements' workflows."""


async def play(url: str, temporal_address: str, life: Life) -> Left:
    """Play a life on that record, with a Temporal server that forwards workflows, and count what is there after it.

    Again when the server forwarded a workflow further than asked, or was too busy for a settle within a task.
    """
    found: list[tuple[int, Mapping[str, int]]] = []
    for _ in range(TRIES):
        async with _whole(url, temporal_address) as (day, records, client):
            left, timers = await _left(day, records, client, life)
        if left.history["TimerFired"] == timers and "ActivityTaskScheduled" not in left.history:
            return left
        found.append((timers, left.history))
    raise AssertionError(f"{life.name!r} has other histories than its wake-ups: {found}")


async def _left(day: Day, records: Records, client: Client, life: Life) -> tuple[Left, int]:
    """What the life left, and at how many wake-ups its tickets were due; what is closed by hand wakes up once more."""
    before = await _rows(records)
    await life.tell(day)
    await day.ends()
    announcements = [workflow_id(each) for each in day.announcements]
    for each in (*day.ticket_ids, *announcements):
        await until_gone(client, each)
    after = await _rows(records)
    left = Left(
        tickets=len(day.ticket_ids),
        messages=await _messages(records, day.ticket_ids),
        lines=await _lines(records, day.ticket_ids),
        rows={name: after[name] - before[name] for name in after if after[name] != before[name]},
        history=await _history(client, day.ticket_ids),
        announcing=await _history(client, announcements),
    )
    return left, day.wakes + await _closed_by_hand(records, day.ticket_ids)


async def _rows(records: Records) -> dict[str, int]:
    """How many there are in each table that grows with tickets."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in OF_ALL]
    async with records.database.looking.connect() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in tables
        }


async def _messages(records: Records, ids: list[str]) -> dict[tuple[str, Audience], int]:
    by = (MessageRow.kind, MessageRow.audience)
    query = select(*by, func.count()).where(MessageRow.ticket_id.in_(ids)).group_by(*by)
    async with records.database.looking.connect() as connection:
        found = await connection.execute(query)
    return {(kind, Audience(audience)): number for kind, audience, number in found}


async def _lines(records: Records, ids: list[str]) -> dict[str, int]:
    query = (
        select(EventRow.kind, func.count().label("number")).where(EventRow.ticket_id.in_(ids)).group_by(EventRow.kind)
    )
    async with records.database.looking.connect() as connection:
        found = await connection.execute(query)
    return {row.kind: row.number for row in found}


async def _closed_by_hand(records: Records, ids: list[str]) -> int:
    row = EventRow
    query = select(func.count()).where(row.ticket_id.in_(ids), row.kind == "closed", row.actor.is_not(None))
    async with records.database.looking.connect() as connection:
        return int((await connection.execute(query)).scalar_one())


async def _history(client: Client, workflow_ids: list[str]) -> Counter[str]:
    """Count events by kind, as they are where nobody forwards workflows and no task has to be given twice."""
    counted = Counter[str]()
    for each in workflow_ids:
        is_called = False
        for kind in await events_of(client, each):
            if kind in CALLING:
                is_called = True
            if not kind.startswith("WorkflowTask"):
                counted[kind] += 1
            elif kind == "WorkflowTaskCompleted" and is_called:
                counted.update(WORKFLOW_TASK)
                is_called = False
    return counted


@asynccontextmanager
async def _whole(url: str, temporal_address: str) -> AsyncIterator[tuple[Day, Records, Client]]:
    """Run everything that a ticket needs, for one life."""
    clock, task_queue = StoryClock(), f"tickets-{uuid.uuid4().hex[:12]}"
    connected = await connect_for_test(temporal_address)
    skipper = TimeSkipper(connected, config=TimeSkippingConfig(enabled=False))
    runs = AnnouncementRuns(connected, task_queue=queue_of(task_queue))
    async with (
        await connect(url, clock, timeouts=UNHURRIED) as records,
        engine_of(records, TicketTimers(skipper.client, task_queue=task_queue)) as engine,
        announcing(skipper.client, records, task_queue),
        answering(engine, POLICY) as address,
        TicketClient(str(address), caller="crm-1", actor="ann") as tickets,
        ProblemClient(str(address), caller="crm-1", actor="lea") as problems,
    ):
        passing = Passing(engine, clock, skipper)
        clock.set(LONDON.read("Mon 23 Nov 09:00"))
        yield Day(tickets, problems, engine, passing, runs), records, skipper.client
