"""The customer came back, or came for the first time, through gRPC: which ticket it is about (6.3)."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import grpc
import pytest

from protos.followthrough.v1.ticket_pb2 import ContactKind, Customer, TicketStatus
from protos.followthrough.v1.ticket_service_pb2 import (
    CloseTicketRequest,
    MergeTicketsRequest,
    ReceiveContactRequest,
    ReceiveContactResponse,
    RecordContactRequest,
)
from tests.support.intake import Desk, a_desk, of
from tests.support.record import Outsider

ADA = Customer(external_id="c-1", display_name="Ada Example", language="en-GB", zone="Europe/London")
LONGEST_WINDOW = timedelta(days=60)


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """A contact centre in front of a running intake."""
    async with a_desk(record_url) as desk:
        yield desk


def a_contact(**given: object) -> ReceiveContactRequest:
    """What a channel received, complete; what is given replaces what it says."""
    fields: dict[str, object] = {
        "caller": "mail-1",
        "actor": "mailbox",
        "request_id": str(uuid.uuid4()),
        "customer": ADA,
        "subject": "no line",
        "channel": "mail",
        "text": "it is dead",
        "queue": "home",
        "priority": "urgent",
    }
    return ReceiveContactRequest(**{**fields, **given})  # type: ignore[arg-type]  # a test's own fields


async def receive(desk: Desk, **given: object) -> ReceiveContactResponse:
    """Receive one."""
    return cast(ReceiveContactResponse, await desk.ask(a_contact(**given)))


async def test_the_first_opens_and_the_next_joins(desk: Desk) -> None:
    """6.3: the first is opened as OpenTicket would, what it says is its description; the reply is a chase on it."""
    first = await receive(desk, thread="<1@example.org>")
    second = await receive(desk, subject="RE: No  line", text="any news?")

    assert (first.joined, second.joined) == (False, True)
    assert second.ticket.ticket_id == first.ticket.ticket_id
    assert (first.ticket.description, first.ticket.channel, first.ticket.thread) == (
        "it is dead",
        "mail",
        "<1@example.org>",
    )
    assert (first.ticket.chases, second.ticket.chases) == (0, 1)
    assert [nudge.ticket_id for nudge in desk.nudges.kept][:1] == [first.ticket.ticket_id]


async def test_two_channels_in_the_same_second_make_one_ticket(desk: Desk) -> None:
    """6.3: mail and chat of one customer at the same instant, ten of each."""
    found = await asyncio.gather(
        *(receive(desk, channel=channel, subject=f"{before}No line") for channel in ("mail", "chat") for before in TEN)
    )

    assert len({each.ticket.ticket_id for each in found}) == 1
    assert sorted(each.joined for each in found) == [False] + [True] * 19


TEN = ("", "Re: ", "AW: ", "Fwd: ", "SV: ", "R: ", "TR: ", "WG: ", "RES: ", "Odp: ")


async def test_asked_again_is_answered_the_same(desk: Desk) -> None:
    """5.5: to the byte, also when it opened; another content under the same id is refused."""
    contact = a_contact()
    first = await desk.ask(contact)
    await receive(desk)

    assert await desk.ask(contact) == first
    contact.text = "something else"
    assert (await desk.refusal(contact)).reason == "REQUEST_ID_REUSED"


async def test_a_customers_contact_finds_its_ticket_by_what_it_says(desk: Desk) -> None:
    """6.3: by reference however it is read, by thread, by customer and subject however it is spelt."""
    ticket = await desk.open(thread="chat-77")

    for request in (
        RecordContactRequest(reference=ticket.reference.lower().replace("-", " "), channel="phone"),
        RecordContactRequest(thread="chat-77", channel="chat"),
        RecordContactRequest(customer="c-1", subject="Re: NO LINE", channel="mail"),
        RecordContactRequest(ticket_id=ticket.ticket_id, reference=ticket.reference, channel="phone"),
    ):
        request.kind = ContactKind.CONTACT_KIND_INFORMATION
        request.caller, request.actor, request.request_id = "crm-1", "ana", str(uuid.uuid4())
        found = await desk.ticket(request)
        assert found.ticket_id == ticket.ticket_id


@pytest.mark.parametrize(
    ("request_", "field", "said"),
    [
        (RecordContactRequest(), "ticket_id", "is empty: say it, or a reference, a thread, or customer and subject"),
        (RecordContactRequest(customer="c-1"), "ticket_id", "is empty: say it, or a reference"),
        (RecordContactRequest(subject="no line"), "customer", "is empty: say it, a subject is looked for among"),
        (RecordContactRequest(reference="K7QM-3XVQ"), "reference", "is no reference"),
        (RecordContactRequest(thread=" a"), "thread", "begins or ends with a space"),
    ],
)
async def test_a_contact_that_names_no_ticket_is_told_what_it_lacks(
    desk: Desk, request_: RecordContactRequest, field: str, said: str
) -> None:
    """No single field is required, one of them is."""
    request_.channel, request_.caller, request_.actor, request_.request_id = "mail", "crm-1", "ana", str(uuid.uuid4())

    refusal = await desk.refusal(request_)

    assert (refusal.code, refusal.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "REQUEST_INVALID")
    assert said in refusal.violations[field]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (RecordContactRequest(reference="2222-2222"), "reference"),
        (RecordContactRequest(thread="<9@example.org>"), "thread"),
        (RecordContactRequest(customer="c-1", subject="my secret illness"), "subject"),
    ],
)
async def test_what_leads_nowhere_is_not_found(desk: Desk, request_: RecordContactRequest, field: str) -> None:
    """NOT_FOUND names the field; a customer's own words are not given back."""
    request_.channel, request_.caller, request_.actor, request_.request_id = "mail", "crm-1", "ana", str(uuid.uuid4())

    refusal = await desk.refusal(request_)

    assert (refusal.code, refusal.reason, refusal.facts) == (
        grpc.StatusCode.NOT_FOUND,
        "UNKNOWN_TICKET",
        {"field": field},
    )
    assert "illness" not in refusal.text


async def test_a_reference_and_an_id_of_two_tickets_contradict_each_other(desk: Desk) -> None:
    """Which of the two is meant nobody can know: nothing is recorded."""
    one, other = await desk.open(), await desk.open()

    refusal = await desk.refusal(of(one, RecordContactRequest(reference=other.reference, channel="phone")))

    assert refusal.violations == {"reference": "reference is another ticket's than ticket_id: leave one of the two out"}


async def test_somebody_elses_word_is_refused(desk: Desk) -> None:
    """6.3: who comes back is who was promised something, by whatever the ticket is found."""
    ticket = await desk.open(thread="chat-77")
    other = Customer(external_id="c-2", display_name="Bob Example", language="en-GB", zone="Europe/London")

    refusals = [
        await desk.refusal(of(ticket, RecordContactRequest(channel="phone", customer="c-2"))),
        await desk.refusal(a_contact(customer=other, thread="chat-77")),
    ]

    assert [refusal.reason for refusal in refusals] == ["NOT_THE_CUSTOMER"] * 2


async def test_after_the_window_it_is_refused_or_followed(desk: Desk) -> None:
    """6.3: whoever names the ticket is told to open one that `follows`; what a channel receives opens it."""
    ticket = (await receive(desk)).ticket
    await desk.take(ticket)
    await desk.resolve(ticket)
    closed = await desk.ticket(of(ticket, CloseTicketRequest(reason="agreed by phone")))
    assert closed.status == TicketStatus.TICKET_STATUS_CLOSED
    desk.clock.pass_(LONGEST_WINDOW)

    refusal = await desk.refusal(of(ticket, RecordContactRequest(channel="phone")))
    received = await receive(desk, reference=ticket.reference)

    assert (refusal.reason, refusal.facts["follows"]) == ("REOPEN_WINDOW_OVER", ticket.ticket_id)
    assert (received.joined, received.ticket.follows) == (False, ticket.ticket_id)
    assert (await receive(desk)).ticket.ticket_id == received.ticket.ticket_id


async def test_a_contact_of_a_merged_ticket_is_answered_with_the_survivor(desk: Desk) -> None:
    """6.7: what later reaches the other is answered with the survivor, named by id, by reference or received."""
    other, survivor = await desk.open(), await desk.open(subject="the same in other words")
    await desk.ticket(of(other, MergeTicketsRequest(survivor_id=survivor.ticket_id)))

    by_id = await desk.ticket(of(other, RecordContactRequest(channel="phone")))
    received = await receive(desk, subject="no line")

    assert (by_id.ticket_id, by_id.chases) == (survivor.ticket_id, 1)
    assert (received.ticket.ticket_id, received.joined) == (survivor.ticket_id, True)


async def test_where_nothing_is_promised_nothing_is_opened(desk: Desk) -> None:
    """A queue that no policy has is refused as OpenTicket refuses it, and only where a ticket is to be opened."""
    refusal = await desk.refusal(a_contact(queue="garden"))
    assert refusal.reason == "UNKNOWN_QUEUE"
    await receive(desk)

    assert (await receive(desk, queue="garden")).joined


async def test_a_retry_is_answered_the_same_whatever_its_words_lead_to_now(desk: Desk, record_url: str) -> None:
    """5.5: found by its subject once, then another ticket is the younger, then nothing leads anywhere."""
    first = await desk.open()
    request = RecordContactRequest(customer="c-1", subject="no line", channel="mail")
    request.caller, request.actor, request.request_id = "crm-1", "ana", str(uuid.uuid4())
    answer = await desk.ticket(request)
    await desk.open()

    assert (await desk.ticket(request)) == answer
    await Outsider(record_url).run("DELETE FROM contact_keys")
    assert (await desk.ticket(request)) == answer
    assert answer.ticket_id == first.ticket_id
