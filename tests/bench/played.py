"""Lives of tickets that are played through everything: calls by gRPC, a record, and Temporal, whose clock is forwarded.

Nothing settles a ticket but intake, its own workflow and announcements.
"""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import cast

from google.protobuf.message import Message
from temporalio.client import Client
from temporalio.testing import TimeSkipper, TimeSkippingConfig

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.problem_service_pb2 import AnnounceFixRequest, AnnounceUpdateRequest
from services.announcement_runs import AnnouncementRuns
from services.client import Change, ProblemClient, TicketClient
from services.keeper.announcements import AnnouncementsOwed
from services.records import Records, connect
from services.temporal import TicketTimers
from tests.support.announcing import announcing, queue_of, until_ended
from tests.support.clock import StoryClock
from tests.support.day import LONDON
from tests.support.engine import Engine, engine_of
from tests.support.intake import opening
from tests.support.passing import Passing
from tests.support.policies import LINES
from tests.support.story_system import answering
from tests.support.temporal import connect_for_test
from tests.support.waiting import UNHURRIED
from workflows.domain.money import Money

POLICY = replace(
    LINES, credit_for_promise=Money(minor=500, currency="GBP"), credit_for_resolve=Money(minor=1000, currency="GBP")
)
"""Three tiers with office hours, a warning at three quarters, and a credit for what was promised and not done."""
UNTIL_GONE = timedelta(days=60)
"""Forwarded so far, every workflow of a closed ticket has woken up and ended."""


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
        """All is closed, and nothing left to wait for: workflows wake up a last time."""
        for each in self.ticket_ids:
            status = (await self._tickets.ticket(ticket_id=each)).status
            if status != ticket_pb2.TICKET_STATUS_CLOSED:
                raise AssertionError(f"the life has not ended: {ticket_pb2.TicketStatus.Name(status)}")
        await self._passing.forward(UNTIL_GONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One customer's story."""

    name: str
    told: str
    """What happens, in a sentence."""
    tell: Callable[[Day], Awaitable[None]]


@asynccontextmanager
async def whole(url: str, temporal_address: str) -> AsyncIterator[tuple[Day, Records, Client]]:
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
