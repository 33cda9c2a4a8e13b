"""Callers who work on the same tickets at once, by lot: every command, at a bounded pace; beside them two desks.

One desk closes queues and opens them again, the other links tickets to problems and tells all their customers at once.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import datetime

from protos.followthrough.v1 import ticket_pb2 as t
from protos.followthrough.v1 import ticket_service_pb2 as s
from tests.chaos.asking import Asking, instant
from tests.chaos.desks import ProblemDesk, QueueDesk
from tests.chaos.facts import Asked, Shown, Verdict
from tests.chaos.requests import (
    KINDS,
    OPERATORS,
    Request,
    Who,
    change,
    importing,
    kind_of_change,
    mark_of,
    opening,
    receiving,
)

CALLERS = 10
LOOKED_AT = 0.05
"""How often a log is read."""
OPENED = 0.25
"""How often a new ticket is opened."""
IMPORTED = 0.15
"""How often one that is opened comes from elsewhere."""
RECEIVED = 0.15
"""How often a channel receives something."""
CLOSED_TOO = 0.1
"""How often any ticket is taken, closed ones too."""
ONE_CUSTOMERS = 0.7
"""How often a second ticket, where one is named, is of the same customer."""


class Load:
    """Everybody who calls. Of one event loop; `close` it."""

    def __init__(
        self,
        addresses: Sequence[str],
        *,
        seed: int,
        per_second: float,
        most_open: int,
        now: Callable[[], datetime],
    ) -> None:
        """Take where to call; `now`: the record's clock, as far as whoever calls can tell."""
        self._asking = Asking(addresses)
        self._seed = seed
        self._pause_seconds = CALLERS / per_second
        self._most_open = most_open
        self._now = now
        self._operators = iter(OPERATORS)
        self._queues = QueueDesk(self._asking, self._rolls("queues"), now)
        self._problems = ProblemDesk(self._asking, self._rolls("problems"))
        self.shown: list[Shown] = []

    @property
    def asked(self) -> list[Asked]:
        """Every request that was made."""
        return self._asking.asked

    @property
    def answered(self) -> int:
        """How many requests have an answer by now."""
        return sum(each.final is not None for each in self.asked)

    async def close(self) -> None:
        """Give up the channels."""
        await self._asking.close()

    async def until_answering(self) -> None:
        """Wait until both intakes answer."""
        await self._asking.until_answering()

    async def run(self, stopping: asyncio.Event) -> None:
        """Call until told to stop; what is on its way then comes to its end."""
        async with asyncio.TaskGroup() as group:
            for number in range(1, CALLERS + 1):
                group.create_task(self._caller(number, stopping))
            group.create_task(self._queues.run(stopping))
            group.create_task(self._problems.run(stopping))

    async def make_sure(self) -> None:
        """Ask again what was never answered, until it is; then open what was closed, and go on with what rests."""
        rolls = self._rolls("last")
        await self._asking.make_sure(rolls)
        await self._queues.open_all()
        await self._problems.resume_all()
        await self._asking.make_sure(rolls)

    def _rolls(self, whose: str) -> random.Random:
        return random.Random(f"{whose} {self._seed}")  # noqa: S311 - chaos, not secrets

    async def _caller(self, number: int, stopping: asyncio.Event) -> None:
        rolls = random.Random(f"caller {self._seed} {number}")  # noqa: S311 - chaos, not secrets
        count = 0
        while not stopping.is_set():
            await asyncio.sleep(rolls.expovariate(1 / self._pause_seconds))
            count += 1
            who = Who(caller=f"crm-{number}", mark=f"crm-{number}/{count}")
            if self._asking.tickets and rolls.random() < LOOKED_AT:
                await self._look(rolls)
                continue
            request = self._request(rolls, who)
            asked = Asked(mark=mark_of(request), kind=KINDS[type(request)], ticket_id=getattr(request, "ticket_id", ""))
            await self._asking.ask(rolls, request, asked)
            if asked.final and asked.final.verdict is Verdict.REFUSED and asked.ticket_id:
                await self._look_again(rolls, asked.ticket_id)

    def _request(self, rolls: random.Random, who: Who) -> Request:
        if rolls.random() < RECEIVED:
            return receiving(rolls, who)
        tickets = self._asking.tickets
        alive = [ticket_id for ticket_id, ticket in tickets.items() if ticket.status != t.TICKET_STATUS_CLOSED]
        is_hurried = len(alive) >= self._most_open
        if not tickets or (not is_hurried and rolls.random() < OPENED):
            operator = next(self._operators, None) if rolls.random() < IMPORTED else None
            return importing(rolls, who, operator, self._now()) if operator else opening(rolls, who)
        of = alive if alive and (is_hurried or rolls.random() >= CLOSED_TOO) else tuple(tickets)
        ticket = tickets[rolls.choice(of)]
        kind = kind_of_change(rolls, ticket, is_hurried=is_hurried)
        return change(rolls, who, ticket, kind, self._other(rolls, ticket, alive))

    def _other(self, rolls: random.Random, ticket: t.Ticket, alive: Sequence[str]) -> str:
        """Choose a second ticket, mostly one of the same customer that goes on; empty: it was the same."""
        tickets = self._asking.tickets
        theirs = [
            ticket_id
            for ticket_id in alive
            if ticket_id != ticket.ticket_id and tickets[ticket_id].customer.external_id == ticket.customer.external_id
        ]
        of = theirs if theirs and rolls.random() < ONE_CUSTOMERS else tuple(tickets)
        other_id = rolls.choice(of)
        return other_id if other_id != ticket.ticket_id else ""

    async def _look_again(self, rolls: random.Random, ticket_id: str) -> None:
        """See how a ticket stands that was not as it was thought to be."""
        found = await self._asking.look(rolls.randrange(2), s.GetTicketRequest(ticket_id=ticket_id))
        if found is not None:
            self._asking.seen(found)

    async def _look(self, rolls: random.Random) -> None:
        ticket_id = rolls.choice(tuple(self._asking.tickets))
        request = s.ListTicketEventsRequest(ticket_id=ticket_id, page_size=100)
        page: s.ListTicketEventsResponse | None = await self._asking.look(rolls.randrange(2), request)
        for event in page.events if page is not None else ():
            self.shown.append(
                Shown(
                    ticket_id=ticket_id,
                    sequence=event.sequence,
                    kind=event.WhichOneof("event") or "",
                    at=instant(event.effective_time),
                    actor=event.actor,
                )
            )
