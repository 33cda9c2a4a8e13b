"""How `followthrough ticket` asks intake: one question each, and what an answer means for the exit code.

0: done. 1: refused, one line gives the reason. 2: no answer, or the command was not understood.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import chain, repeat
from typing import TypeAlias, TypeVar

import click
import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from rich.console import RenderableType

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.handover_pb2 import Handover
from protos.followthrough.v1.ledger_pb2 import ClockLedger
from protos.followthrough.v1.ticket_pb2 import Target, Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    ExplainDeadlinesRequest,
    ImportTicketRequest,
    ListTicketsRequest,
    MergeTicketsRequest,
    OpenTicketRequest,
    ReceiveContactRequest,
    ReceiveContactResponse,
    ResolveTicketRequest,
)
from services.cli import explained, tables, wording
from services.cli.handover_shown import of_handover
from services.cli.ticket_list import due_next, oldest_first
from services.cli.ticket_shown import AsOf, of_ticket
from services.cli.told import told_plainly
from services.client import Change, NotFound, Refused, TicketClient, Unreachable
from services.settings import Address

Instant: TypeAlias = datetime | time
"""As it was typed: a time alone is that of today, by the record's clock."""
T = TypeVar("T")
Item = TypeVar("Item", bound=Message)

CALLER = "followthrough-cli"
"""What the command line calls itself, as every system that calls has a name."""
LONGEST_REFERENCE = 12
"""Characters; what is longer is a ticket's id."""
LONGEST_PAGE = 100
"""Intake gives no longer one."""
FILTERS = {
    "tier": "tier",
    "queue": "queue",
    "handler": "handler",
    "owner": "owner",
    "priority": "priority",
    "policy": "policy",
    "customer_external_id": "customer",
}
"""Which field of a list's request is which option, of those that can be misspelt."""
UNCHECKED = frozenset({"handler", "owner", "customer"})
"""Those of them that may be anything: intake refuses the others when nobody declared them."""
NOTHING_OPENED = "nothing was opened: this is what a ticket opened now would be promised"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One question to one intake, and how its answer is shown."""

    server: Address
    credentials: grpc.ChannelCredentials | None
    """None: the way there is not encrypted."""
    actor: str
    request_id: str
    expected_version: int
    is_json: bool

    def open(self, request: OpenTicketRequest) -> None:
        """Open a ticket and show it, or what would be promised if one were opened now."""
        request.request_id = self.request_id

        async def send(client: TicketClient) -> Ticket:
            request.follows = await _ticket_id(client, request.follows)
            return await client.change(request)

        if not request.validate_only:
            self._show(send)
            return
        ticket = self._ask(send)
        _say(NOTHING_OPENED)
        ticket.ClearField("status")
        ticket.ClearField("version")
        self._show_one(ticket, AsOf(now=wording.at(ticket.open_time)))

    def receive(self, request: ReceiveContactRequest) -> None:
        """Receive what a customer says, and show the ticket it is on."""
        request.request_id = self.request_id

        async def read(client: TicketClient) -> tuple[ReceiveContactResponse, AsOf]:
            received = await client.receive(request)
            return received, AsOf() if self.is_json else await _as_of(client, received.ticket)

        received, as_of = self._ask(read)
        _say("joined the ticket it belongs to" if received.joined else "opened a ticket")
        self._show_all([received], lambda found: of_ticket(found[0].ticket, as_of))

    def change(self, key: str, request: Change) -> None:
        """Send a change of one ticket and show the ticket as it stands afterwards."""
        if isinstance(request, OpenTicketRequest | ImportTicketRequest):
            raise TypeError("an opening has no ticket yet: use `open`")
        request.request_id = self.request_id
        request.expected_version = self.expected_version

        async def send(client: TicketClient) -> Ticket:
            request.ticket_id = await _ticket_id(client, key)
            if isinstance(request, ResolveTicketRequest):
                request.duplicate_of = await _ticket_id(client, request.duplicate_of)
            if isinstance(request, MergeTicketsRequest):
                request.survivor_id = await _ticket_id(client, request.survivor_id)
            return await client.change(request)

        self._show(send)

    def instant(self, said: Instant) -> datetime:
        """Return the instant that was said. Of a time alone the record is asked which day it is: it may run faster."""
        if isinstance(said, datetime):
            return said
        now = self._ask(lambda client: client.record_time()) or datetime.now(UTC)
        today = now.astimezone()
        meant = datetime.combine(today, said).astimezone()
        if today.date() != datetime.now().astimezone().date():
            records = f"by the record's clock it is {today:%a %d %b %Y %H:%M}"
            _say(f"{said:%H:%M} is read as {meant:%a %d %b %Y %H:%M %Z}: {records}")
        return meant.astimezone(UTC)

    def show(self, key: str) -> None:
        """Show one ticket."""
        self._show(lambda client: client.ticket(**_named(key)))

    def handover(self, key: str) -> None:
        """Show one ticket's story."""

        async def read(client: TicketClient) -> Handover:
            return await client.handover(await _ticket_id(client, key))

        self._show_all([self._ask(read)], lambda found: of_handover(found[0]))

    def tickets(self, request: ListTicketsRequest, *, limit: int | None, is_wide: bool) -> None:
        """Show the oldest tickets that pass the request's filters, all of them without a limit."""
        found = self._ask(lambda client: _first(client.tickets(request), None if limit is None else limit + 1))
        if not found:
            _say(f"no ticket matches{_filters(request)}")
            return
        self._show_all(found[:limit], oldest_first, is_wide=is_wide)
        if limit is not None and len(found) > limit:
            _say(f"there are more than these, the oldest {limit}: narrow it down, or give --limit or --all")

    def events(self, key: str, after_sequence: int) -> None:
        """Show what happened to one ticket."""

        async def read(client: TicketClient) -> list[TicketEvent]:
            ticket_id = await _ticket_id(client, key)
            return [event async for event in client.events(ticket_id, after_sequence=after_sequence)]

        self._show_all(self._ask(read), tables.Events)

    def next_due(self, request: ListTicketsRequest, *, limit: int, is_wide: bool) -> None:
        """Show what is due next among the tickets that pass the request's filters."""

        async def read(client: TicketClient) -> tuple[list[Ticket], datetime | None]:
            found = await _first(client.tickets(request), limit)
            return found, None if self.is_json or not found else await client.record_time()

        found, now = self._ask(read)
        if not found:
            nothing = f"{request.handler!r} has nothing to do" if request.handler else "nothing waits to be taken"
            _say(nothing + _filters(request, but="handler"))
            return
        self._show_all(found, lambda tickets: due_next(tickets, now, request.handler), is_wide=is_wide)

    def explain(self, key: str, request: ExplainDeadlinesRequest) -> None:
        """Show why a ticket's deadlines are when they are."""

        async def read(client: TicketClient) -> tuple[list[ClockLedger], ClockLedger | None]:
            request.ticket_id = await _ticket_id(client, key)
            found = [ledger async for ledger in client.ledgers(request)]
            return found, None if self.is_json else await _policys_clock(client, request.ticket_id, found)

        found, policys = self._ask(read)
        if not found:
            _say("no clock of this ticket matches")
            return
        self._show_all(found, lambda ledgers: explained.of_ledgers(ledgers, policys))

    def watch(self, key: str, after_sequence: int | None) -> None:
        """Show what happens to one ticket, as it happens, until Ctrl-C."""

        async def follow(client: TicketClient) -> None:
            ticket = await client.ticket(**_named(key))
            after = ticket.sequence if after_sequence is None else after_sequence

            begun = f"watching {ticket.reference}, from event {after + 1} on; Ctrl-C ends it"
            openings = chain((begun,), repeat(f"watching {ticket.reference} again, nothing was left out"))

            def tell(error: Refused | Unreachable | None) -> None:
                _say(next(openings) if error is None else f"nothing comes just now, trying again: {error}")

            async with aclosing(client.watch(ticket.ticket_id, after_sequence=after, tell=tell)) as events:
                async for event in events:
                    self._show_all([event], lambda events: tables.of_event(events[0]))

        with contextlib.suppress(KeyboardInterrupt):
            self._ask(follow)

    def _ask(self, question: Callable[[TicketClient], Coroutine[None, None, T]]) -> T:
        async def ask() -> T:
            client_of = TicketClient(str(self.server), caller=CALLER, actor=self.actor, credentials=self.credentials)
            async with client_of as client:
                return await question(client)

        with told_plainly(self.server, self.credentials):
            return asyncio.run(ask())
        raise AssertionError("unreachable: what is not answered is raised")

    def _show(self, question: Callable[[TicketClient], Coroutine[None, None, Ticket]]) -> None:
        """Show the ticket that a question is answered with, its clocks counted up to the record's now."""

        async def read(client: TicketClient) -> tuple[Ticket, AsOf]:
            ticket = await question(client)
            return ticket, AsOf() if self.is_json else await _as_of(client, ticket)

        self._show_one(*self._ask(read))

    def _show_one(self, ticket: Ticket, as_of: AsOf) -> None:
        self._show_all([ticket], lambda tickets: of_ticket(tickets[0], as_of))

    def _show_all(
        self, items: Sequence[Item], table: Callable[[Sequence[Item]], RenderableType], *, is_wide: bool = False
    ) -> None:
        if self.is_json:
            for item in items:
                click.echo(json.dumps(MessageToDict(item, preserving_proto_field_name=True), ensure_ascii=False))
        else:
            tables.write(table(items), is_wide=is_wide)


def _say(text: str) -> None:
    """Say something about an answer, where it is in nobody's way."""
    click.echo(f"followthrough: {text}", err=True)


def _filters(request: ListTicketsRequest, *, but: str = "") -> str:
    names = {option: getattr(request, field) for field, option in FILTERS.items() if option != but}
    given = [option for option, value in names.items() if value]
    said = " and ".join(f"--{option} {names[option]!r}" for option in given)
    return (f" ({said})" if given else "") + (": is it spelt right?" if UNCHECKED.intersection(given) else "")


async def _first(items: AsyncIterator[Item], limit: int | None) -> list[Item]:
    found: list[Item] = []
    async for item in items:
        found.append(item)
        if len(found) == limit:
            break
    return found


async def _as_of(client: TicketClient, ticket: Ticket) -> AsOf:
    """Read how far its clocks are, its story, and what the tickets are called that it has to do with.

    What was asked for is answered without: then none of it is known.
    """
    try:
        request = ExplainDeadlinesRequest(ticket_id=ticket.ticket_id, page_size=LONGEST_PAGE)
        ledgers = [ledger async for ledger in client.ledgers(request)]
        story = await client.handover(ticket.ticket_id)
        others = dict.fromkeys(filter(None, (ticket.follows, *ticket.merged)))
        called = {other: reference for other in others if (reference := await _reference(client, other))}
    except (Refused, Unreachable):
        return AsOf()
    now = max((wording.at(ledger.as_of_time) for ledger in ledgers), default=None)
    return AsOf(now=now, ledgers=ledgers, story=story, called=called)


async def _reference(client: TicketClient, ticket_id: str) -> str | None:
    """What it is called; None when it was forgotten."""
    try:
        return (await client.ticket(ticket_id=ticket_id)).reference
    except NotFound:
        return None


async def _policys_clock(client: TicketClient, ticket_id: str, found: Sequence[ClockLedger]) -> ClockLedger | None:
    """Look for a clock that counts in the policy's calendar, where promises are among the found but no such clock."""
    clock = explained.policys_clock(found)
    if clock is None and any(ledger.promise for ledger in found):
        request = ExplainDeadlinesRequest(ticket_id=ticket_id, target=Target.TARGET_RESOLVE, page_size=1)
        clock = next(iter(await _first(client.ledgers(request), 1)), None)
    return clock


def _named(key: str) -> dict[str, str]:
    return {"reference": key} if _is_reference(key) else {"ticket_id": key.upper()}


async def _ticket_id(client: TicketClient, key: str) -> str:
    return (await client.ticket(reference=key)).ticket_id if _is_reference(key) else key.upper()


def _is_reference(key: str) -> bool:
    return 0 < len(key) <= LONGEST_REFERENCE
