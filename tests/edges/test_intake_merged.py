"""What reaches a ticket after it was merged: the desk is sent to the survivor, and a customer's word is heard there."""

from collections.abc import AsyncIterator
from datetime import timedelta

import grpc
import pytest
from google.protobuf.message import Message

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    CloseTicketRequest,
    ConfirmResolutionRequest,
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
    MergeTicketsRequest,
    RateTicketRequest,
    RecordContactRequest,
    RejectResolutionRequest,
    ResolveTicketRequest,
    WaitOnCustomerRequest,
)
from services.intake.convert import COMMANDS
from tests.edges.test_intake_fuzz import GOOD
from tests.support.intake import MONDAY, Desk, a_desk, of

CODES = grpc.StatusCode
CUSTOMERS = {ConfirmResolutionRequest, RateTicketRequest, RecordContactRequest, RejectResolutionRequest}
CHOSEN = {"kind": 1, "outcome": ticket_pb2.OUTCOME_WORKAROUND, "handler": "ben"}
NO = RejectResolutionRequest(reason="Still dead.")


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """An intake on each database."""
    async with a_desk(record_url) as opened:
        yield opened


async def merged(desk: Desk) -> tuple[Ticket, Ticket]:
    """The one that was merged, and the one that goes on: somebody works on it."""
    other = await desk.take(await desk.open())
    desk.clock.set(MONDAY + timedelta(minutes=5))
    survivor = await desk.take(await desk.open(subject="no dial tone"))
    await desk.ticket(of(other, MergeTicketsRequest(survivor_id=survivor.ticket_id)))
    desk.clock.set(MONDAY + timedelta(minutes=10))
    return other, await desk.ticket(GetTicketRequest(ticket_id=survivor.ticket_id))


async def last_event(desk: Desk, ticket: Ticket, kind: str) -> Message:
    """The last event of a kind."""
    answer = await desk.ask(ListTicketEventsRequest(ticket_id=ticket.ticket_id, page_size=100))
    assert isinstance(answer, ListTicketEventsResponse)
    found = [event for event in answer.events if event.WhichOneof("event") == kind]
    return getattr(found[-1], kind)  # type: ignore[no-any-return]  # the oneof's message


def any_of(kind: type[Message], ticket: Ticket) -> Message:
    """A request that is right, field by field."""
    request = kind()
    for field in request.DESCRIPTOR.fields:
        if field.is_repeated or field.name in {"ticket_id", "request_id", "caller", "actor"}:
            continue
        if field.name == "promise_time":
            getattr(request, field.name).FromDatetime(MONDAY + timedelta(hours=7))
        elif field.name == "spent":
            getattr(request, field.name).FromTimedelta(timedelta(minutes=15))
        elif field.name in CHOSEN:
            setattr(request, field.name, CHOSEN[field.name])
        elif field.type == field.TYPE_STRING:
            setattr(request, field.name, GOOD.get(field.name, "words"))
        elif field.message_type is None and field.name in GOOD:
            setattr(request, field.name, GOOD[field.name])
    return of(ticket, request)


@pytest.mark.parametrize("kind", sorted(set(COMMANDS) - CUSTOMERS, key=str))
async def test_whatever_the_desk_asks_of_a_merged_ticket_is_answered_with_the_survivor(
    desk: Desk, kind: type[Message]
) -> None:
    """6.7: every command there is, and nothing changes on either."""
    other, survivor = await merged(desk)
    before = [await desk.ticket(GetTicketRequest(ticket_id=each.ticket_id)) for each in (other, survivor)]

    refusal = await desk.refusal(any_of(kind, other))

    assert (refusal.code, refusal.reason) == (CODES.FAILED_PRECONDITION, "MERGED"), refusal.text
    assert (refusal.facts["survivor"], refusal.facts["survivor_reference"]) == (survivor.ticket_id, survivor.reference)
    after = [await desk.ticket(GetTicketRequest(ticket_id=each.ticket_id)) for each in (other, survivor)]
    assert after == before


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (NO, "says of {} that it is not solved: Still dead."),
        (ConfirmResolutionRequest(), "says of {} that it is solved"),
        (RateTicketRequest(stars=2, comment="Slow."), "rates {} 2 of 5: Slow."),
        (RecordContactRequest(channel="mail", text="Still dead."), "Still dead."),
    ],
    ids=["no", "yes", "rating", "contact"],
)
async def test_what_a_customer_says_to_a_merged_ticket_is_heard_on_the_survivor(
    desk: Desk, said: Message, text: str
) -> None:
    """6.7, 6.3: recorded once on the one that goes on, which is the answer; asked again, the same answer (5.5)."""
    other, survivor = await merged(desk)
    request = of(other, type(said).FromString(said.SerializeToString()))

    answer = await desk.ask(request)

    assert isinstance(answer, Ticket)
    assert (answer.ticket_id, answer.status) == (survivor.ticket_id, ticket_pb2.TICKET_STATUS_IN_PROGRESS)
    contact = await last_event(desk, survivor, "contact_received")
    assert contact.text == text.format(other.reference)  # type: ignore[attr-defined]  # a ContactReceived
    assert await desk.ask(request) == answer
    kept = await desk.ticket(GetTicketRequest(ticket_id=survivor.ticket_id))
    assert kept.chases == answer.chases


async def test_a_no_on_a_merged_ticket_is_a_no_to_the_survivors_solution(desk: Desk) -> None:
    """6.8: it is the same matter, and silence is no consent of who said no: it goes to the next tier."""
    other, survivor = await merged(desk)
    await desk.resolve(survivor)

    answer = await desk.ticket(of(other, RejectResolutionRequest(reason="Still dead.", customer="c-1")))

    assert (answer.ticket_id, answer.tier, answer.status) == (
        survivor.ticket_id,
        "specialist",
        ticket_pb2.TICKET_STATUS_OPEN,
    )
    assert (await last_event(desk, survivor, "rejected")).reason == "Still dead."  # type: ignore[attr-defined]  # a Rejected


@pytest.mark.parametrize("outcome", [ticket_pb2.OUTCOME_FIXED, ticket_pb2.OUTCOME_NO_RESPONSE])
async def test_a_yes_on_a_merged_ticket_signs_the_survivor_off(
    desk: Desk, outcome: ticket_pb2.Outcome.ValueType
) -> None:
    """6.8, 6.7: it is the same matter, and they say that it is solved; of one given up that is the customer's word."""
    other, survivor = await merged(desk)
    await desk.ticket(of(survivor, ResolveTicketRequest(outcome=outcome, explanation="The port was reset.")))

    answer = await desk.ticket(of(other, ConfirmResolutionRequest()))

    assert (answer.ticket_id, answer.status) == (survivor.ticket_id, ticket_pb2.TICKET_STATUS_CLOSED)
    assert (await last_event(desk, survivor, "closed")).by == ticket_pb2.CLOSED_BY_CONFIRMATION  # type: ignore[attr-defined]  # a Closed


async def test_a_yes_on_a_merged_ticket_opens_nothing_again(desk: Desk) -> None:
    """6.9: an answer to `no_response` does; that it is solved is none that asks for more."""
    other, survivor = await merged(desk)
    given_up = ResolveTicketRequest(outcome=ticket_pb2.OUTCOME_NO_RESPONSE, explanation="You did not answer.")
    await desk.ticket(of(survivor, given_up))
    closed = await desk.ticket(of(survivor, CloseTicketRequest(reason="agreed on the telephone")))

    request = of(other, ConfirmResolutionRequest())
    refusal = await desk.refusal(request)

    assert (refusal.reason, refusal.facts["status"]) == ("WRONG_STATE", "closed")
    assert await desk.refusal(request) == refusal
    assert await desk.ticket(GetTicketRequest(ticket_id=survivor.ticket_id)) == closed


@pytest.mark.parametrize("outcome", [ticket_pb2.OUTCOME_FIXED, ticket_pb2.OUTCOME_NO_RESPONSE])
async def test_a_rating_of_a_merged_ticket_is_of_the_matter(desk: Desk, outcome: ticket_pb2.Outcome.ValueType) -> None:
    """6.10: once, after it is closed, and refused else as on any ticket: what they thought of it opens nothing."""
    other, survivor = await merged(desk)
    await desk.ticket(of(survivor, ResolveTicketRequest(outcome=outcome, explanation="The port was reset.")))

    early = await desk.refusal(of(other, RateTicketRequest(stars=5)))
    await desk.ticket(of(survivor, CloseTicketRequest(reason="agreed on the telephone")))
    rated = await desk.ticket(of(other, RateTicketRequest(stars=1, comment="Slow.")))
    again = await desk.refusal(of(other, RateTicketRequest(stars=5, comment="Better now.")))

    assert (early.reason, early.facts["status"]) == ("WRONG_STATE", "resolved")
    assert (rated.ticket_id, rated.rating.stars, rated.status) == (
        survivor.ticket_id,
        1,
        ticket_pb2.TICKET_STATUS_CLOSED,
    )
    assert again.reason == "RATED_ALREADY"
    assert await desk.ticket(GetTicketRequest(ticket_id=survivor.ticket_id)) == rated


async def test_a_rating_is_no_answer_to_what_the_survivor_asked(desk: Desk) -> None:
    """6.6: stars for what was tell nobody which lamp is red."""
    other, survivor = await merged(desk)
    waiting = await desk.ticket(of(survivor, WaitOnCustomerRequest(question="Which lamp?")))

    refusal = await desk.refusal(of(other, RateTicketRequest(stars=5)))

    assert (refusal.reason, refusal.facts["status"]) == ("WRONG_STATE", "waiting_on_customer")
    assert await desk.ticket(GetTicketRequest(ticket_id=survivor.ticket_id)) == waiting


async def test_somebody_elses_word_on_a_merged_ticket_is_refused(desk: Desk) -> None:
    """6.8: only the customer's own word counts, wherever it is heard."""
    other, survivor = await merged(desk)
    before = await desk.ticket(GetTicketRequest(ticket_id=survivor.ticket_id))

    for request in (
        RejectResolutionRequest(reason="Still dead.", customer="c-9"),
        ConfirmResolutionRequest(customer="c-9"),
        RateTicketRequest(stars=1, customer="c-9"),
    ):
        refusal = await desk.refusal(of(other, request))
        assert refusal.reason == "NOT_THE_CUSTOMER"

    assert await desk.ticket(GetTicketRequest(ticket_id=survivor.ticket_id)) == before


async def test_a_no_while_the_survivor_waits_is_the_answer(desk: Desk) -> None:
    """6.3, 6.6: the customer was heard of, so nobody waits for them any longer."""
    other, survivor = await merged(desk)
    await desk.ticket(of(survivor, WaitOnCustomerRequest(question="Which lamp?")))

    answer = await desk.ticket(of(other, RejectResolutionRequest(reason="The left one is red still.")))

    assert answer.status == ticket_pb2.TICKET_STATUS_IN_PROGRESS
    assert answer.chases == 0
