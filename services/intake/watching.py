"""Following one ticket: what its log gained, as soon as this process or soon after another one wrote it.

Reads in short pieces, and holds nothing of the record while a caller takes what was read. Refuses to know who settles.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Protocol, cast

from google.protobuf.message import Message

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.ticket_service_pb2 import WatchTicketRequest, WatchTicketResponse
from services.intake.convert import event_message
from services.intake.errors import unknown_ticket
from services.intake.paging import LONGEST_PAGE, fitting
from services.records.queries import Queries
from workflows.domain.ticket.events import Entry
from workflows.ports import TicketUnknown

METHOD = "/followthrough.v1.TicketService/WatchTicket"

Follow = Callable[[Message], Awaitable[AsyncGenerator[Message, None]]]
"""Begins a stream, or raises `Problem`; what it returns are the answers."""


class Finish(Protocol):
    """Runs what is begun to its end, even if whoever waits for it goes: a read cut off costs its connection."""

    def __call__(self, work: Awaitable[list[Entry]], method: str) -> Awaitable[list[Entry]]:
        """Wait for it, on behalf of a call of that method."""
        ...


class Watching:
    """Everybody who watches a ticket through this process."""

    def __init__(self, queries: Queries, *, finish: Finish, longest_seconds: float, look_every_seconds: float) -> None:
        """Take what reads.

        Real seconds. `longest_seconds`: a watch ends by itself then. `look_every_seconds`: how often the record is
        asked for what other processes wrote.
        """
        self._queries = queries
        self._finish = finish
        self._longest_seconds = longest_seconds
        self._look_every_seconds = look_every_seconds
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def methods(self) -> Mapping[type[Message], Follow]:
        """What handles each request whose answer is a stream."""
        return cast(Mapping[type[Message], Follow], {WatchTicketRequest: self._watch})

    def wrote(self, ticket_id: str) -> None:
        """Wake those who watch this ticket: this process has just committed something of it. Never blocks."""
        for waiting in self._waiting.get(ticket_id, ()):
            waiting.set()

    async def _watch(self, request: WatchTicketRequest) -> AsyncGenerator[WatchTicketResponse, None]:
        """Look for the ticket first: whether there is one is known before the stream begins.

        The stream itself reads again, once it is sure to hear of what is written meanwhile.
        """
        await self._read(request.ticket_id, request.after_sequence)
        return self._follow(request.ticket_id, request.after_sequence)

    async def _follow(self, ticket_id: str, after: int) -> AsyncGenerator[WatchTicketResponse, None]:
        """Give what there is, then what comes, until the watch has lasted long enough, or the ticket was forgotten."""
        clock = asyncio.get_running_loop().time
        ends = clock() + self._longest_seconds
        with self._woken(ticket_id) as woken:
            while True:
                woken.clear()
                found = await self._read(ticket_id, after)
                if found:
                    after = found[-1].sequence
                    for events in _pieces([event_message(entry) for entry in found]):
                        yield WatchTicketResponse(events=events)
                if clock() >= ends:
                    return
                if len(found) < LONGEST_PAGE:
                    await _within(min(self._look_every_seconds, ends - clock()), woken)

    async def _read(self, ticket_id: str, after: int) -> list[Entry]:
        work = self._queries.entries(ticket_id, after_sequence=after, limit=LONGEST_PAGE)
        try:
            return await self._finish(work, METHOD)
        except TicketUnknown:
            raise unknown_ticket(ticket_id) from None

    @contextlib.contextmanager
    def _woken(self, ticket_id: str) -> Iterator[asyncio.Event]:
        """What is set whenever this process wrote something of the ticket."""
        woken = asyncio.Event()
        others = self._waiting.setdefault(ticket_id, set())
        others.add(woken)
        try:
            yield woken
        finally:
            others.discard(woken)
            if not others:
                self._waiting.pop(ticket_id, None)


def _pieces(events: Sequence[TicketEvent]) -> Iterator[Sequence[TicketEvent]]:
    """All of them, in as many answers as it takes."""
    while events:
        fits = fitting(events)
        yield events[:fits]
        events = events[fits:]


async def _within(seconds: float, woken: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await woken.wait()
