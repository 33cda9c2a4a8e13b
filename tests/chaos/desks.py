"""Two desks of a chaos run: who closes queues, and who links tickets to problems and tells all their customers at once.

Each is one caller, by its own rolls; intakes, repeats and what is kept are those of everybody's.
"""

import asyncio
import random
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import problem_service_pb2 as p
from protos.followthrough.v1 import queue_service_pb2 as q
from protos.followthrough.v1 import ticket_pb2 as t
from protos.followthrough.v1 import ticket_service_pb2 as s
from tests.chaos.asking import Asking
from tests.chaos.facts import Asked
from tests.chaos.requests import QUEUES

BETWEEN_CLOSURES_SECONDS = 4.0
CLOSED_MINUTES = (0.5, 4.0)
"""Of the record's: what a closure lasts that says so."""
BETWEEN_PROBLEMS_SECONDS = 0.3
MOST_PROBLEMS = 2
"""That are open at once."""
MOST_LINKED = 40
"""Tickets in one request."""
RATES = (8, 20, 50)
"""Customers told a second."""
WISHES = {"link": 6, "unlink": 1, "update": 5, "fix": 2, "pause": 1, "resume": 2, "cancel": 1, "close": 0.5}
"""What is asked about a problem, so many times as often as other things."""


class _Desk:
    """One caller, whose requests are counted."""

    def __init__(self, asking: Asking, rolls: random.Random, name: str) -> None:
        self._asking = asking
        self._rolls = rolls
        self._name = name
        self._count = 0

    async def _ask(self, kind: str, request: Any) -> Message | None:  # noqa: ANN401 - whatever has a caller
        self._count += 1
        request.caller, request.actor = self._name, f"{self._name}/{self._count}"
        request.request_id = str(uuid.UUID(int=self._rolls.getrandbits(128), version=4))
        asked = Asked(mark=request.actor, kind=kind, ticket_id="")
        return await self._asking.ask(self._rolls, request, asked)

    async def _rest(self, stopping: asyncio.Event, seconds: float) -> None:
        """Rest for so long on average, or until told to stop."""
        try:
            async with asyncio.timeout(self._rolls.expovariate(1 / seconds)):
                await stopping.wait()
        except TimeoutError:
            return


class QueueDesk(_Desk):
    """Closes queues, from now or a later instant, until then or until it says so."""

    def __init__(self, asking: Asking, rolls: random.Random, now: Callable[[], datetime]) -> None:
        super().__init__(asking, rolls, "site")
        self._now = now
        self._lasting: list[str] = []
        """Closures that nobody has said the end of."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Close and open until told to stop."""
        while not stopping.is_set():
            await self._rest(stopping, BETWEEN_CLOSURES_SECONDS)
            if self._lasting and self._rolls.random() < 1 / 2:
                await self._open(self._lasting.pop(0))
                continue
            request = q.CloseQueueRequest(queue=self._rolls.choice(QUEUES), reason="snow")
            starts = self._now()
            if self._rolls.random() < 1 / 4:
                starts += timedelta(minutes=self._rolls.uniform(2, 5))
                request.start_time.CopyFrom(_stamp(starts))
            if self._rolls.random() < 1 / 2:
                # A try may come late: an end that has passed by then is refused.
                request.end_time.CopyFrom(_stamp(starts + timedelta(minutes=self._rolls.uniform(*CLOSED_MINUTES))))
            closed = await self._ask("close_queue", request)
            if isinstance(closed, q.QueueClosure) and not closed.HasField("end_time"):
                self._lasting.append(closed.closure_id)

    async def open_all(self) -> None:
        """Let no queue stay closed."""
        found: q.ListQueueClosuresResponse | None = None
        while found is None:
            found = await self._asking.look(0, q.ListQueueClosuresRequest(page_size=100))
        for closure in found.closures:
            await self._open(closure.closure_id)

    async def _open(self, closure_id: str) -> None:
        await self._ask("reopen_queue", q.ReopenQueueRequest(closure_id=closure_id, reason="thaw"))


class ProblemDesk(_Desk):
    """Has a few problems open; links tens of tickets, and tells their customers of updates and fixes."""

    def __init__(self, asking: Asking, rolls: random.Random) -> None:
        super().__init__(asking, rolls, "fault")
        self._open: list[str] = []
        self._announced: list[str] = []

    async def run(self, stopping: asyncio.Event) -> None:
        """Work until told to stop."""
        while not stopping.is_set():
            await self._rest(stopping, BETWEEN_PROBLEMS_SECONDS)
            if len(self._open) < MOST_PROBLEMS:
                request = p.OpenProblemRequest(kind=p.PROBLEM_KIND_FAULT, title="no line")
                opened = await self._ask("open_problem", request)
                if isinstance(opened, p.Problem):
                    self._open.append(opened.problem_id)
                continue
            wish = self._rolls.choices(tuple(WISHES), tuple(WISHES.values()))[0]
            await self._wish(wish, self._rolls.choice(self._open))

    async def resume_all(self) -> None:
        """Let every announcement come to its end."""
        for announcement_id in self._announced:
            await self._ask("resume_announcement", p.ResumeAnnouncementRequest(announcement_id=announcement_id))

    async def _wish(self, wish: str, problem_id: str) -> None:
        rolls = self._rolls
        match wish:
            case "link" | "unlink":
                await self._link(problem_id, is_linked=wish == "link")
            case "update":
                update = p.AnnounceUpdateRequest(
                    problem_id=problem_id, text="the cable is found", tickets_per_second=rolls.choice(RATES)
                )
                await self._announce("announce_update", update)
            case "fix":
                fix = p.AnnounceFixRequest(
                    problem_id=problem_id, explanation="a new cable", tickets_per_second=rolls.choice(RATES)
                )
                await self._announce("announce_fix", fix)
            case "close":
                if await self._ask("close_problem", p.CloseProblemRequest(problem_id=problem_id, reason="over")):
                    self._open.remove(problem_id)
            case _:
                await self._let(wish)

    async def _link(self, problem_id: str, *, is_linked: bool) -> None:
        alive = list[str]()
        for status in (t.TICKET_STATUS_OPEN, t.TICKET_STATUS_IN_PROGRESS, t.TICKET_STATUS_WAITING_ON_CUSTOMER):
            page = await self._asking.look(self._rolls.randrange(2), s.ListTicketsRequest(status=status, page_size=100))
            alive += [each.ticket_id for each in page.tickets] if page is not None else []
        if not alive:
            return
        most = MOST_LINKED if is_linked else 3
        chosen = self._rolls.sample(alive, min(len(alive), self._rolls.randint(1, most)))
        if is_linked:
            await self._ask("link_tickets", p.LinkTicketsRequest(problem_id=problem_id, ticket_ids=chosen))
        else:
            unlink = p.UnlinkTicketsRequest(problem_id=problem_id, ticket_ids=chosen, reason="another matter")
            await self._ask("unlink_tickets", unlink)

    async def _announce(self, kind: str, request: Message) -> None:
        announced = await self._ask(kind, request)
        if isinstance(announced, p.Announcement):
            self._announced.append(announced.announcement_id)

    async def _let(self, wish: str) -> None:
        if not self._announced:
            return
        announcement_id = self._announced[-1]
        match wish:
            case "pause":
                await self._ask("pause_announcement", p.PauseAnnouncementRequest(announcement_id=announcement_id))
            case "resume":
                await self._ask("resume_announcement", p.ResumeAnnouncementRequest(announcement_id=announcement_id))
            case _:
                await self._ask("cancel_announcement", p.CancelAnnouncementRequest(announcement_id=announcement_id))


def _stamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
