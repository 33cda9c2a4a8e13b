"""Callers who work on the same tickets at once, by lot: every command, at a bounded pace, through both intakes.

Whoever gets no answer asks again under the same `request_id`; some ask again although they were answered, or ask both
intakes at once. Everything that was asked and answered is kept.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import grpc
import grpc.aio
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2  # type: ignore[import-untyped]  # the wheel has no stubs
from grpc_status import rpc_status

from protos.followthrough.v1 import ticket_pb2 as t
from protos.followthrough.v1 import ticket_service_pb2 as s
from protos.followthrough.v1.ticket_service_pb2_grpc import TicketServiceStub
from tests.chaos.facts import Answer, Asked, Shown, Verdict
from tests.chaos.requests import KINDS, METHODS, Request, Who, change, kind_of_change, opening, receiving

CALLERS = 10
PATIENCE_SECONDS = 4.0
"""For one try."""
TRIES = 5
"""In a row; after the run whoever was never answered asks again."""
AGAIN = 0.08
"""How often a request that was answered is sent once more."""
AT_BOTH = 0.05
"""How often a request is sent to both intakes at once."""
LOOKED_AT = 0.05
"""How often a log is read."""
OPENED = 0.25
"""How often a new ticket is opened."""
RECEIVED = 0.15
"""How often a channel receives something."""
CLOSED_TOO = 0.1
"""How often any ticket is taken, closed ones too."""

REFUSED = (grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.ABORTED, grpc.StatusCode.INVALID_ARGUMENT)
NO_ANSWER = (
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.CANCELLED,
)


class Load:
    """Everybody who calls. Of one event loop; `close` it."""

    def __init__(self, addresses: Sequence[str], *, seed: int, per_second: float, most_open: int) -> None:
        self.asked: list[Asked] = []
        self.shown: list[Shown] = []
        self._channels = [
            grpc.aio.insecure_channel(
                address,
                options=[
                    ("grpc.enable_retries", 0),
                    ("grpc.min_reconnect_backoff_ms", 100),
                    ("grpc.initial_reconnect_backoff_ms", 100),
                    ("grpc.max_reconnect_backoff_ms", 1000),
                ],
            )
            for address in addresses
        ]
        self._stubs = [TicketServiceStub(channel) for channel in self._channels]
        self._seed = seed
        self._pause_seconds = CALLERS / per_second
        self._most_open = most_open
        self._tickets: dict[str, t.Ticket] = {}
        """As last answered."""
        self._unsure: list[tuple[Request, Asked]] = []

    async def close(self) -> None:
        """Give up the channels."""
        for channel in self._channels:
            await channel.close()

    @property
    def answered(self) -> int:
        """How many requests have an answer by now."""
        return sum(each.final is not None for each in self.asked)

    async def until_answering(self) -> None:
        """Wait until both intakes answer."""
        for stub in self._stubs:
            while True:
                try:
                    await stub.ListTickets(s.ListTicketsRequest(page_size=1), timeout=PATIENCE_SECONDS)
                    break
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(0.2)

    async def run(self, stopping: asyncio.Event) -> None:
        """Call until told to stop; what is on its way then comes to its end."""
        async with asyncio.TaskGroup() as group:
            for number in range(1, CALLERS + 1):
                group.create_task(self._caller(number, stopping))

    async def make_sure(self) -> None:
        """Ask again what was never answered, until it is."""
        rolls = random.Random(f"last {self._seed}")  # noqa: S311 - chaos, not secrets
        while self._unsure:
            unsure, self._unsure = self._unsure, []
            for request, asked in unsure:
                await self._ask(rolls, request, asked)

    async def _caller(self, number: int, stopping: asyncio.Event) -> None:
        rolls = random.Random(f"caller {self._seed} {number}")  # noqa: S311 - chaos, not secrets
        count = 0
        while not stopping.is_set():
            await asyncio.sleep(rolls.expovariate(1 / self._pause_seconds))
            count += 1
            who = Who(caller=f"crm-{number}", mark=f"crm-{number}/{count}")
            if self._tickets and rolls.random() < LOOKED_AT:
                await self._look(rolls)
                continue
            request = self._request(rolls, who)
            asked = Asked(mark=who.mark, kind=KINDS[type(request)], ticket_id=getattr(request, "ticket_id", ""))
            self.asked.append(asked)
            await self._ask(rolls, request, asked)
            if asked.final and rolls.random() < AGAIN:
                await self._try(rolls.randrange(2), request, asked)
            if asked.final and asked.final.verdict is Verdict.REFUSED:
                await self._look_again(rolls, asked.ticket_id)

    def _request(self, rolls: random.Random, who: Who) -> Request:
        if rolls.random() < RECEIVED:
            return receiving(rolls, who)
        alive = [ticket_id for ticket_id, ticket in self._tickets.items() if ticket.status != t.TICKET_STATUS_CLOSED]
        is_hurried = len(alive) >= self._most_open
        if not self._tickets or (not is_hurried and rolls.random() < OPENED):
            return opening(rolls, who)
        of = alive if alive and (is_hurried or rolls.random() >= CLOSED_TOO) else tuple(self._tickets)
        ticket, other_id = self._tickets[rolls.choice(of)], rolls.choice(tuple(self._tickets))
        kind = kind_of_change(rolls, ticket, is_hurried=is_hurried)
        return change(rolls, who, ticket, kind, other_id if other_id != ticket.ticket_id else "")

    async def _ask(self, rolls: random.Random, request: Request, asked: Asked) -> None:
        """Ask until it is answered, or give up for now."""
        first = rolls.randrange(2)
        if rolls.random() < AT_BOTH:
            await asyncio.gather(self._try(0, request, asked), self._try(1, request, asked))
        for number in range(TRIES):
            if asked.final:
                return
            if number:
                await asyncio.sleep(rolls.uniform(0.1, 0.5) * number)
            await self._try((first + number) % 2, request, asked)
        if not asked.final:
            self._unsure.append((request, asked))

    async def _try(self, intake: int, request: Request, asked: Asked) -> None:
        method = getattr(self._stubs[intake], METHODS[asked.kind])
        try:
            answer: t.Ticket | s.ReceiveContactResponse = await method(request, timeout=PATIENCE_SECONDS)
        except grpc.aio.AioRpcError as error:
            asked.answers.append(_no(error))
            return
        ticket = answer.ticket if isinstance(answer, s.ReceiveContactResponse) else answer
        asked.answers.append(_yes(ticket, answer.SerializeToString(deterministic=True)))
        asked.ticket_id = asked.ticket_id or ticket.ticket_id
        self._seen(ticket)

    def _seen(self, ticket: t.Ticket) -> None:
        known = self._tickets.get(ticket.ticket_id)
        if known is None or known.sequence < ticket.sequence:
            self._tickets[ticket.ticket_id] = ticket

    async def _look_again(self, rolls: random.Random, ticket_id: str) -> None:
        """See how a ticket stands that was not as it was thought to be."""
        with contextlib.suppress(grpc.aio.AioRpcError):
            request = s.GetTicketRequest(ticket_id=ticket_id)
            self._seen(await self._stubs[rolls.randrange(2)].GetTicket(request, timeout=PATIENCE_SECONDS))

    async def _look(self, rolls: random.Random) -> None:
        ticket_id = rolls.choice(tuple(self._tickets))
        try:
            page: s.ListTicketEventsResponse = await self._stubs[rolls.randrange(2)].ListTicketEvents(
                s.ListTicketEventsRequest(ticket_id=ticket_id, page_size=100), timeout=PATIENCE_SECONDS
            )
        except grpc.aio.AioRpcError:
            return
        for event in page.events:
            self.shown.append(
                Shown(
                    ticket_id=ticket_id,
                    sequence=event.sequence,
                    kind=event.WhichOneof("event") or "",
                    at=_instant(event.effective_time),
                    actor=event.actor,
                )
            )


def _yes(ticket: t.Ticket, body: bytes) -> Answer:
    breached = frozenset(
        (t.Target.Name(clock.target).removeprefix("TARGET_").lower(), clock.run)
        for clock in ticket.clocks
        if clock.state == t.CLOCK_STATE_BREACHED
    )
    return Answer(
        verdict=Verdict.DONE,
        body=body,
        text=f"OK, line {ticket.sequence}",
        ticket_id=ticket.ticket_id,
        sequence=ticket.sequence,
        breached=breached,
    )


def _no(error: grpc.aio.AioRpcError) -> Answer:
    code, reason = error.code(), _reason(error)
    text = f"{code.name} {reason}: {error.details()}"
    if code in REFUSED:
        return Answer(verdict=Verdict.REFUSED, body=text.encode(), text=text)
    is_answer = reason and code not in NO_ANSWER
    return Answer(verdict=Verdict.WRONG if is_answer else Verdict.UNKNOWN, body=text.encode(), text=text)


def _reason(error: grpc.aio.AioRpcError) -> str:
    """Find the contract's word; empty when it was not intake that answered."""
    status = rpc_status.from_call(cast(grpc.Call, error))
    info = error_details_pb2.ErrorInfo()
    for detail in status.details if status else ():
        if detail.Unpack(info):
            return str(info.reason)
    return ""


def _instant(stamp: Timestamp) -> datetime:
    return datetime.fromtimestamp(stamp.seconds, UTC) + timedelta(microseconds=stamp.nanos // 1000)
