"""Days at a desk that stories of complaints are told on: calls through gRPC, and time that goes by ticket by ticket.

Whoever calls knows no more than a contact centre does: what the contract answers, and what customers were sent.
"""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeVar, cast

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    GetTicketRequest,
    ImportTicketRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
)
from services.delivery.worded import Worded
from services.intake.promises import HoldsPolicies
from services.records import SettledBy
from services.records.owed_messages import WasSent
from services.words.words import Rendered, Words
from tests.support.intake import Desk, Refusal, a_desk, of, opening
from tests.support.story_record import owed_messages
from workflows.domain.ticket.words import Audience
from workflows.domain.zones import zone
from workflows.testing.lines import Wall

LONDON = Wall(zone("Europe/London"), 2026)
EVENTS_A_PAGE = 100

Asked = TypeVar("Asked", bound=Message)
Happened = TypeVar("Happened", bound=Message)


class Day:
    """A desk, and the time that goes by in front of it."""

    def __init__(self, desk: Desk, wall: Wall = LONDON) -> None:
        self.desk = desk
        self._wall = wall
        self._ticket_ids: list[str] = []
        self._sent: list[Rendered] = []

    # Time.

    async def comes(self, text: str) -> None:
        """Let time pass until `Mon 23 Nov 10:15`: each ticket is settled at every wake-up on the way."""
        to = self._wall.read(text)
        if to <= self.desk.clock.at:
            raise AssertionError(f"{text!r} is past: the story is at {self._wall.write(self.desk.clock.at)}")
        while True:
            wakes = [(wake_at, each) for each in self._ticket_ids if (wake_at := await self._wake_at(each)) is not None]
            at, ticket_id = min(wakes, default=(to, ""))
            if at >= to:
                break
            self.desk.clock.set(at)
            await self.desk.records.record.settle(ticket_id, by=SettledBy.WORKFLOW)
        self.desk.clock.set(to)

    def passes_unseen(self, text: str) -> None:
        """Let time pass while the whole engine is down."""
        self.desk.clock.set(self._wall.read(text))

    async def engine_is_back(self) -> None:
        """Have the keeper find what is late, as it does after an outage, until nothing is."""
        while (await self.desk.records.upkeep.rescue_late(grace_seconds=0, limit=100)).settled:
            pass

    def at(self, time: Timestamp) -> str:
        """An instant of the contract as it reads on the desk's wall, which has no microseconds."""
        return self._wall.write(time.ToDatetime(UTC).replace(microsecond=0))

    def written(self, at: datetime | None) -> str | None:
        """An instant as it reads on the desk's wall."""
        return None if at is None else self._wall.write(at.replace(microsecond=0))

    def instant(self, text: str) -> datetime:
        """What the wall's clock means."""
        return self._wall.read(text)

    # Calls.

    async def open(self, **given: object) -> Ticket:
        """Open a ticket."""
        ticket = await self.desk.ticket(opening(**given))
        self._ticket_ids.append(ticket.ticket_id)
        return ticket

    async def bring_in(self, request: ImportTicketRequest) -> Ticket:
        """Import a ticket."""
        ticket = await self.desk.ticket(request)
        self._ticket_ids.append(ticket.ticket_id)
        return ticket

    async def ask(self, ticket: Ticket, request: Message) -> Ticket:
        """Ask something of a ticket."""
        return await self.desk.ticket(of(ticket, _anew(request)))

    async def refused(self, ticket: Ticket, request: Message) -> Refusal:
        """Ask something of a ticket that must be refused."""
        return await self.desk.refusal(of(ticket, _anew(request)))

    async def take(self, ticket: Ticket, handler: str = "ana") -> Ticket:
        """Have somebody of the tier that has it now take it on."""
        now = await self.now(ticket)
        return await self.ask(now, AcknowledgeTicketRequest(handler=handler, tier=now.tier))

    async def now(self, ticket: Ticket) -> Ticket:
        """The ticket as it stands."""
        return await self.desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id))

    async def deadline(self, ticket: Ticket, target: ticket_pb2.Target.ValueType) -> str | None:
        """When the last clock of a target runs out, on the wall; none: it does not run."""
        clocks = [clock for clock in (await self.now(ticket)).clocks if clock.target == target]
        last = max(clocks, key=lambda clock: clock.run)
        return self.at(last.deadline_time) if last.HasField("deadline_time") else None

    # What happened.

    async def events(self, ticket: Ticket) -> list[TicketEvent]:
        """The whole log, as the contract gives it."""
        found: list[TicketEvent] = []
        while True:
            request = ListTicketEventsRequest(
                ticket_id=ticket.ticket_id, page_size=EVENTS_A_PAGE, after_sequence=len(found)
            )
            answer = cast(ListTicketEventsResponse, await self.desk.ask(request))
            found += answer.events
            if not answer.next_after_sequence:
                return found

    async def happened(self, ticket: Ticket, *kinds: str) -> list[str]:
        """When which of these kinds of events took effect, like `Mon 23 Nov 09:15 escalated`."""
        return [
            f"{self.at(event.effective_time)} {kind}"
            for event in await self.events(ticket)
            if (kind := str(event.WhichOneof("event"))) in kinds
        ]

    async def of_kind(self, ticket: Ticket, kind: str, read: Callable[[TicketEvent], Happened]) -> list[Happened]:
        """The events of one kind."""
        return [read(event) for event in await self.events(ticket) if event.WhichOneof("event") == kind]

    async def breaches(self, ticket: Ticket) -> list[str]:
        """Each breach with when it was due, like `acknowledge of agent due Mon 23 Nov 09:15`."""
        return [
            f"{ticket_pb2.Target.Name(each.target).removeprefix('TARGET_').lower()} of {each.tier} "
            f"due {self.at(each.due_time)}"
            for each in await self.of_kind(ticket, "clock_breached", lambda event: event.clock_breached)
        ]

    async def told(self, ticket: Ticket, audience: str | None = None) -> list[str]:
        """Who was owed which message, in order, like `escalated to customer c-1`; of one audience, if given."""
        owed = await owed_messages(self.desk.records, ticket.ticket_id, after_sequence=0)
        return [
            f"{each.kind} to {each.audience.value} {each.recipient}"
            for each in owed
            if audience is None or each.audience.value == audience
        ]

    async def letters(self, ticket: Ticket, kind: str | None = None) -> list[str]:
        """What the customer was sent, in words, subject and all; of one kind, if given."""
        while messages := await self.desk.records.outbox.take(limit=100, lease_seconds=600):
            worded = Worded(self.desk.records.log_lines, self.desk.records.outbox, Words(), "file")
            self._sent += [await worded.of(message) for message in messages]
            await self.desk.records.outbox.write_down([WasSent(message=message) for message in messages])
        return [
            f"{each.subject}\n\n{each.text}"
            for each in self._sent
            if each.ticket_id == ticket.ticket_id
            and each.audience is Audience.CUSTOMER
            and (kind is None or each.kind == kind)
        ]

    async def _wake_at(self, ticket_id: str) -> datetime | None:
        return (await self.desk.records.queries.ticket(ticket_id)).wake_at()


def _anew(request: Asked) -> Asked:
    """The same words, as a request of its own."""
    copy = type(request)()
    copy.CopyFrom(request)
    return copy


@asynccontextmanager
async def a_day(
    url: str, *, policies: HoldsPolicies | None = None, operators: Collection[str] = ()
) -> AsyncIterator[Day]:
    """Monday, 23 November 2026, 09:00 in London, at a desk with the tests' own policies unless others are given."""
    async with a_desk(url, policies=policies, operators=operators) as desk:
        yield Day(desk)
