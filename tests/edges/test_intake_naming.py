"""A ticket's reference does wherever a request asks for its id, in every service; on either database."""

import uuid
from collections.abc import AsyncIterator
from typing import TypeVar, cast

import grpc
import pytest
from google.protobuf.message import Message

from protos.followthrough.v1.problem_service_pb2 import (
    LinkTicketsRequest,
    LinkTicketsResponse,
    OpenProblemRequest,
    Problem,
    ProblemKind,
)
from protos.followthrough.v1.ticket_pb2 import Outcome, Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AddNoteRequest,
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
    MergeTicketsRequest,
    ResolveTicketRequest,
)
from services.intake.naming import NAMING
from services.intake.rooms import SERVICES
from tests.support.intake import Desk, a_desk, of, opening

CODES = grpc.StatusCode
Asked = TypeVar("Asked", bound=Message)


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """An intake at nine on a Monday."""
    async with a_desk(record_url) as desk:
        yield desk


def spelt(ticket: Ticket) -> str:
    """The ticket's reference as somebody types it."""
    return ticket.reference.lower().replace("-", " ")


def by_reference(ticket: Ticket, request: Asked) -> Asked:
    """A change of the ticket, which it names by its reference."""
    named = of(ticket, request)
    named.ticket_id = spelt(ticket)  # type: ignore[attr-defined]  # every change of a ticket has one
    return named


async def test_a_change_and_a_question_take_the_reference(desk: Desk) -> None:
    """However it is spelt; the answer is the ticket's, with its id."""
    ticket = await desk.open()
    taken = await desk.take(ticket)
    noted = await desk.ticket(by_reference(ticket, AddNoteRequest(text="socket was wet")))
    assert (noted.ticket_id, noted.sequence) == (ticket.ticket_id, taken.sequence + 1)
    assert await desk.ticket(GetTicketRequest(ticket_id=spelt(ticket))) == noted
    log = cast(ListTicketEventsResponse, await desk.ask(ListTicketEventsRequest(ticket_id=spelt(ticket))))
    assert len(log.events) == noted.sequence


async def test_a_retry_may_name_it_the_other_way(desk: Desk) -> None:
    """5.5: the same request under the same id, once by reference and once by id, is one request."""
    ticket = await desk.take(await desk.open())
    request = of(ticket, AddNoteRequest(text="socket was wet", request_id=str(uuid.uuid4())))
    noted = await desk.ticket(request)
    request.ticket_id = ticket.reference
    assert await desk.ticket(request) == noted


async def test_what_one_ticket_has_to_do_with_another_is_said_by_reference(desk: Desk) -> None:
    """6.3, 6.7: what it follows, what it is a duplicate of, and what it is merged into."""
    first, second, third = [await desk.open() for _ in range(3)]
    follower = await desk.ticket(opening(follows=spelt(first)))
    assert follower.follows == first.ticket_id
    same = ResolveTicketRequest(
        outcome=Outcome.OUTCOME_DUPLICATE, explanation="the same fault", duplicate_of=first.reference
    )
    await desk.ticket(of(await desk.take(second), same))
    survivor = await desk.ticket(by_reference(third, MergeTicketsRequest(survivor_id=spelt(first))))
    assert survivor.ticket_id == first.ticket_id
    assert list(survivor.merged) == [second.ticket_id, third.ticket_id]


async def test_a_problem_is_linked_to_references(desk: Desk) -> None:
    """Ids and references of the same tickets: each once."""
    ticket, other = await desk.open(), await desk.open()
    request = OpenProblemRequest(title="cable cut", kind=ProblemKind.PROBLEM_KIND_FAULT, caller="crm-1", actor="ana")
    request.request_id = str(uuid.uuid4())
    problem = cast(Problem, await desk.ask(request))
    link = LinkTicketsRequest(
        problem_id=problem.problem_id,
        ticket_ids=[ticket.reference, other.ticket_id, ticket.ticket_id],
        request_id=str(uuid.uuid4()),
        caller="crm-1",
        actor="ana",
    )
    assert cast(LinkTicketsResponse, await desk.ask(link)).linked_count == 2


async def test_a_ticket_is_watched_by_its_reference(desk: Desk) -> None:
    """A stream takes it as a call does."""
    ticket = await desk.open()
    ticket.ticket_id = ticket.reference
    call = desk.watch(ticket)
    answers = aiter(call)
    answer = await anext(answers)
    call.cancel()
    assert answer.events[0].WhichOneof("event") == "opened"


async def test_a_reference_of_no_ticket_is_refused_under_the_field_that_named_it(desk: Desk) -> None:
    """The field, what was said, and where to look; nothing changed."""
    ticket = await desk.open()
    unknown = "2222-2222"
    refusal = await desk.refusal(of(ticket, MergeTicketsRequest(survivor_id=unknown)))
    assert (refusal.code, refusal.reason) == (CODES.NOT_FOUND, "UNKNOWN_TICKET")
    assert refusal.text == "survivor_id '2222-2222' names no ticket: look for it with ListTickets"
    refusal = await desk.refusal(AddNoteRequest(ticket_id="K7QM 3XVQ", caller="c", actor="a", text="t", request_id=ID))
    assert refusal.text == "ticket_id 'K7QM 3XVQ' names no ticket: look for it with ListTickets"
    assert await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id)) == ticket


ID = "0b6fbd9c-6b0f-4a30-8f5f-4b6f3a1f1f5e"


def test_every_field_that_names_a_ticket_is_known() -> None:
    """A request's field that names a ticket by its id, in whatever service, is one in which a reference does."""
    said = {
        field.name
        for service in SERVICES
        for method in service.methods
        for field in method.input_type.fields
        if "ticket_id" in field.name or field.name in {"survivor_id", "follows", "duplicate_of"}
    }
    assert said == NAMING
