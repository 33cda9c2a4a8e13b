"""GetHandover through a real server: whole, as one page, and refused where there is no ticket."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.handover_pb2 import Handover
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AddNoteRequest,
    ConfirmResolutionRequest,
    EscalateTicketRequest,
    GetHandoverRequest,
    GetTicketRequest,
    MakePromiseRequest,
    MergeTicketsRequest,
    PostUpdateRequest,
    RecordContactRequest,
    RejectResolutionRequest,
    ResolveTicketRequest,
    WaitOnCustomerRequest,
)
from services.client import BlockingTicketClient, NotFound, TicketClient
from tests.support.intake import MONDAY, Desk, a_desk, of

CODES = grpc.StatusCode
MINUTE = timedelta(minutes=1)
CLIENTS_TAKE = 4 * 1024 * 1024
"""Bytes of an answer."""


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """A contact centre in front of a running intake; it is Monday 2026-11-23, 09:00 in London."""
    async with a_desk(record_url) as desk:
        yield desk


def after(minutes: int) -> Timestamp:
    """So many minutes after nine."""
    instant = Timestamp()
    instant.FromDatetime(MONDAY + minutes * MINUTE)
    return instant


async def handed_over(desk: Desk, ticket: Ticket) -> Handover:
    """What the next person is told."""
    return cast(Handover, await desk.ask(GetHandoverRequest(ticket_id=ticket.ticket_id)))


async def test_the_next_tier_is_told_everything(desk: Desk) -> None:
    """Nobody has to tell the story twice: promises, answers, hand-offs, notes, what is due (6.5)."""
    ticket = await desk.take(await desk.open(description="Dead since the storm."))
    promise = MakePromiseRequest(
        kind=ticket_pb2.PROMISE_KIND_CALL_BACK, name="call back", words="We call you.", promise_time=after(600)
    )
    await desk.ticket(of(ticket, promise))
    await desk.ticket(of(ticket, AddNoteRequest(text="The socket is wet.")))
    await desk.ticket(of(ticket, WaitOnCustomerRequest(question="Which lamp is red?")))
    desk.clock.pass_(10 * MINUTE)
    await desk.ticket(of(ticket, RecordContactRequest(channel="mail", text="The left.")))
    await desk.ticket(of(ticket, PostUpdateRequest(text="We need the exchange.")))
    moved = await desk.ticket(of(ticket, EscalateTicketRequest(from_tier="agent", reason="the exchange")))

    told = await handed_over(desk, ticket)

    assert told.ticket == moved == await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id))
    assert told.as_of_time.seconds == after(10).seconds
    assert told.next_step.what == "take it on"
    assert told.next_step.due_time == moved.deadline_time
    (asked,) = told.questions
    assert (asked.question, asked.answer, asked.actor) == ("Which lamp is red?", "The left.", "ana")
    assert asked.answer_time == after(10)
    assert [line.text for line in told.contacts.said] == ["answered by mail: The left."]
    assert [line.text for line in told.notes.said] == ["The socket is wet."]
    assert told.told.said[-1].text == "We need the exchange."
    assert told.hand_offs.said[-1].text == "agent to specialist: somebody asked for it: the exchange"
    for words in ("Dead since the storm.", "'call back', ana's to keep: We call you.", "Europe/London"):
        assert words in told.page


async def test_what_did_not_help_is_told_with_it(desk: Desk) -> None:
    """The explanation, what was offered instead, and the customer's word on it (6.8)."""
    ticket = await desk.take(await desk.open())
    done = ResolveTicketRequest(
        outcome=ticket_pb2.OUTCOME_WORKAROUND, explanation="Use the app.", alternative="A paper form."
    )
    await desk.ticket(of(ticket, done))
    await desk.ticket(of(ticket, RejectResolutionRequest(reason="I have no phone.")))
    told = await handed_over(desk, ticket)
    assert (told.explanation, told.alternative) == ("Use the app.", "A paper form.")
    assert told.contacts.said[-1].text == "says that it is not solved: I have no phone."


async def test_a_closed_ticket_is_told_and_asks_for_nothing(desk: Desk) -> None:
    """Who takes up what came back reads the same page."""
    ticket = await desk.resolve(await desk.take(await desk.open()))
    await desk.ticket(of(ticket, ConfirmResolutionRequest()))
    told = await handed_over(desk, ticket)
    assert not told.HasField("next_step")
    assert "\nNext:" not in told.page


async def test_the_longest_words_fit_an_answer(desk: Desk) -> None:
    """Thousands of characters of four bytes, many times over: whole, and less than clients take."""
    longest = "\U0001f600" * 8000
    ticket = await desk.take(await desk.open(description=longest))
    for _ in range(8):
        await desk.ticket(of(ticket, AddNoteRequest(text=longest)))
        await desk.ticket(of(ticket, PostUpdateRequest(text=longest)))
        await desk.ticket(of(ticket, WaitOnCustomerRequest(question=longest)))
        await desk.ticket(of(ticket, RecordContactRequest(channel="mail", text=longest)))
    told = await handed_over(desk, ticket)
    assert told.notes.said[-1].text == longest
    assert (len(told.notes.said), told.notes.left_out) == (4, 4)
    assert told.ByteSize() < CLIENTS_TAKE


async def test_the_story_of_a_merged_ticket_is_told_with_its_reference(desk: Desk) -> None:
    """6.5, 6.7: what was wanted, asked and noted there; not what the survivor itself tells."""
    other = await desk.take(await desk.open(subject="card terminal", description="It says offline."))
    await desk.ticket(of(other, WaitOnCustomerRequest(question="Is the lamp on?")))
    await desk.ticket(of(other, RecordContactRequest(channel="mail", text="It is off.")))
    await desk.ticket(of(other, AddNoteRequest(text="Fuse?")))
    ticket = await desk.take(await desk.open())
    await desk.ticket(of(other, MergeTicketsRequest(survivor_id=ticket.ticket_id)))

    told = await handed_over(desk, ticket)

    (merged,) = told.merged
    assert (merged.ticket_id, merged.reference, merged.subject, merged.description) == (
        other.ticket_id,
        other.reference,
        "card terminal",
        "It says offline.",
    )
    assert merged.open_time == other.open_time
    assert [(each.question, each.answer) for each in merged.questions] == [("Is the lamp on?", "It is off.")]
    assert [line.text for line in merged.notes.said] == ["Fuse?"]
    assert not told.notes.said
    assert f"From {other.reference}" in told.page
    assert not (await handed_over(desk, other)).merged


async def test_the_longest_words_of_merged_tickets_fit_an_answer(desk: Desk) -> None:
    """6.7: five tickets full of characters of four bytes are less than clients take; the latest four are told whole."""
    longest = "\U0001f600" * 8000
    tickets = [await desk.take(await desk.open(description=longest)) for _ in range(6)]
    for ticket in tickets:
        for _ in range(6):
            await desk.ticket(of(ticket, AddNoteRequest(text=longest)))
            await desk.ticket(of(ticket, PostUpdateRequest(text=longest)))
            await desk.ticket(of(ticket, WaitOnCustomerRequest(question=longest)))
            await desk.ticket(of(ticket, RecordContactRequest(channel="mail", text=longest)))
    *others, survivor = tickets
    for each in others:
        await desk.ticket(of(each, MergeTicketsRequest(survivor_id=survivor.ticket_id)))
    told = await handed_over(desk, survivor)
    assert [each.ticket_id for each in told.merged] == [each.ticket_id for each in others[-4:]]
    assert told.merged[0].notes.said[-1].text == longest
    assert told.ByteSize() < CLIENTS_TAKE


async def test_a_handover_of_nothing_is_refused(desk: Desk) -> None:
    """An id that is no ticket's, and none at all."""
    unknown = await desk.refusal(GetHandoverRequest(ticket_id="01KAJ2V3W8XK5R9T7B6N4M2QPD"))
    assert (unknown.code, unknown.reason) == (CODES.NOT_FOUND, "UNKNOWN_TICKET")
    assert unknown.resource == "01KAJ2V3W8XK5R9T7B6N4M2QPD"
    missing = await desk.refusal(GetHandoverRequest())
    assert missing.violations == {"ticket_id": "ticket_id is empty: say it"}


async def test_both_clients_read_it(desk: Desk) -> None:
    """Typed, with an event loop and without one."""
    ticket = await desk.open()
    async with TicketClient(str(desk.address), caller="crm-1", actor="ana") as client:
        told = await client.handover(ticket.ticket_id)
        with pytest.raises(NotFound):
            await client.handover("01KAJ2V3W8XK5R9T7B6N4M2QPD")

    def blocking() -> Handover:
        with BlockingTicketClient(str(desk.address), caller="crm-1", actor="ana") as client:
            return client.handover(ticket.ticket_id)

    assert await asyncio.to_thread(blocking) == told
