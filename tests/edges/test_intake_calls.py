"""Each method of the contract does what it says, through a real server on a real record of either database."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from typing import cast

import pytest

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    CloseTicketRequest,
    ConfirmResolutionRequest,
    ContinueTicketRequest,
    EscalateTicketRequest,
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
    ListTicketsRequest,
    ListTicketsResponse,
    PostUpdateRequest,
    RecordContactRequest,
    RejectResolutionRequest,
    ReopenTicketRequest,
    ResolveTicketRequest,
    TransferTicketRequest,
    WaitOnCustomerRequest,
)
from services.intake.ids import Ids, parse_reference
from tests.support.intake import MONDAY, Desk, a_desk, of, opening


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """A contact centre in front of a running intake."""
    async with a_desk(record_url) as desk:
        yield desk


async def events_of(desk: Desk, ticket: Ticket) -> list[str]:
    """The kinds of a ticket's events, without its clocks' and its promises'."""
    request = ListTicketEventsRequest(ticket_id=ticket.ticket_id, page_size=100)
    answer = cast(ListTicketEventsResponse, await desk.ask(request))
    kinds = [str(event.WhichOneof("event")) for event in answer.events]
    return [kind for kind in kinds if not kind.startswith(("clock_", "promise_"))]


async def test_opening_gives_a_reference_and_deadlines(desk: Desk) -> None:
    """Opened urgent on Monday 2026-11-23 at 09:00 in London: a reference, and 15 minutes to acknowledge (6.1, 2.1)."""
    ticket = await desk.open()
    assert parse_reference(ticket.reference) == ticket.reference
    assert len(ticket.ticket_id) == 26
    assert ticket.status == ticket_pb2.TICKET_STATUS_OPEN
    assert (ticket.tier, ticket.policy, ticket.version) == ("agent", "lines", 1)
    assert ticket.open_time.ToDatetime(UTC) == MONDAY
    assert ticket.deadline_time.ToDatetime(UTC) == MONDAY + timedelta(minutes=15)
    assert await events_of(desk, ticket) == ["opened"]


async def test_opening_owes_temporal_a_start(desk: Desk) -> None:
    """After the commit the ticket's timer is owed, off the caller's path; warnings come before deadlines (2.8)."""
    ticket = await desk.open()
    (nudge,) = desk.nudges.kept
    assert (nudge.ticket_id, nudge.is_new) == (ticket.ticket_id, True)
    assert nudge.wake_at == MONDAY + timedelta(minutes=15) * 0.75 + timedelta(microseconds=1)


async def test_validate_only_opens_nothing(desk: Desk) -> None:
    """Which deadlines would it get? Asked without opening it, and nothing is kept, not even the request id."""
    request = opening(validate_only=True)
    preview = await desk.ticket(request)
    assert preview.deadline_time.ToDatetime(UTC) == MONDAY + timedelta(minutes=15)
    assert (preview.ticket_id, preview.reference) == ("", "")
    assert cast(ListTicketsResponse, await desk.ask(ListTicketsRequest())).tickets == []
    assert desk.nudges.kept == []
    request.validate_only = False
    assert (await desk.ticket(request)).ticket_id


async def test_a_ticket_that_follows_another_says_so(desk: Desk) -> None:
    """After the reopen window a new ticket names the old one (6.9)."""
    old = await desk.open()
    assert (await desk.open(follows=old.ticket_id)).follows == old.ticket_id


async def test_a_taken_reference_is_drawn_anew(record_url: str) -> None:
    """Two tickets never share a reference, whatever chance says."""
    draws = iter([7, 1, 7, 1, 8, 2])
    async with a_desk(record_url, ids=Ids(now=lambda: MONDAY, random_bits=lambda _: next(draws))) as desk:
        first, second = await desk.open(), await desk.open()
    assert first.reference != second.reference
    assert first.ticket_id < second.ticket_id


async def test_a_ticket_is_read_by_id_and_by_reference(desk: Desk) -> None:
    """The customer reads the reference over the phone in any spelling."""
    ticket = await desk.open()
    assert await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id)) == ticket
    spelt = ticket.reference.lower().replace("-", " ")
    assert await desk.ticket(GetTicketRequest(reference=spelt)) == ticket


async def test_acknowledging_names_the_handler(desk: Desk) -> None:
    """Who acknowledges in the first tier handles it and owns it (6.2)."""
    ticket = await desk.take(await desk.open())
    assert (ticket.handler, ticket.owner) == ("ana", "ana")
    assert ticket.status == ticket_pb2.TICKET_STATUS_IN_PROGRESS
    assert await events_of(desk, ticket) == ["opened", "acknowledged"]


async def test_an_update_moves_the_next_one(desk: Desk) -> None:
    """An update at 09:30 moves the next update deadline to that update plus the target (2.9)."""
    ticket = await desk.take(await desk.open())
    desk.clock.pass_(timedelta(minutes=30))
    ticket = await desk.ticket(of(ticket, PostUpdateRequest(text="we are on it")))
    (update,) = [clock for clock in ticket.clocks if clock.target == ticket_pb2.TARGET_UPDATE]
    assert update.deadline_time.ToDatetime(UTC) == MONDAY + timedelta(minutes=90)
    assert update.run == 2


async def test_contacts_count_as_chases_unless_said_otherwise(desk: Desk) -> None:
    """A contact is taken as asking for news; information is no chase (6.3)."""
    ticket = await desk.take(await desk.open())
    information = RecordContactRequest(
        kind=ticket_pb2.CONTACT_KIND_INFORMATION, channel="email", text="the router is red"
    )
    assert (await desk.ticket(of(ticket, information))).chases == 0
    assert (await desk.ticket(of(ticket, RecordContactRequest(channel="phone")))).chases == 1
    escalated = await desk.ticket(of(ticket, RecordContactRequest(channel="phone")))
    assert (escalated.tier, escalated.chases) == ("specialist", 0)


async def test_waiting_pauses_and_continuing_resumes(desk: Desk) -> None:
    """A question pauses the customer's clocks; going on without an answer resumes them (2.7, 6.6)."""
    ticket = await desk.take(await desk.open())
    ticket = await desk.ticket(of(ticket, WaitOnCustomerRequest(question="which lamp is red?")))
    assert ticket.status == ticket_pb2.TICKET_STATUS_WAITING_ON_CUSTOMER
    assert ticket.waiting.question_time.ToDatetime(UTC) > MONDAY
    paused = [clock for clock in ticket.clocks if clock.state == ticket_pb2.CLOCK_STATE_PAUSED]
    assert {clock.pause for clock in paused} == {ticket_pb2.PAUSE_REASON_WAITING_ON_CUSTOMER}
    ticket = await desk.ticket(of(ticket, ContinueTicketRequest(reason="found it ourselves")))
    assert ticket.status == ticket_pb2.TICKET_STATUS_IN_PROGRESS
    assert not ticket.HasField("waiting")


async def test_escalating_and_transferring_move_the_ticket(desk: Desk) -> None:
    """Up by one by hand, to any tier by name; the owner stays (6.5)."""
    ticket = await desk.take(await desk.open())
    ticket = await desk.ticket(of(ticket, EscalateTicketRequest(from_tier="agent", reason="needs a line test")))
    assert (ticket.tier, ticket.owner, ticket.handler) == ("specialist", "ana", "")
    assert ticket.HasField("next_news_time")
    ticket = await desk.ticket(of(ticket, TransferTicketRequest(to_tier="supplier", reason="their cabinet")))
    assert list(ticket.visited) == ["agent", "specialist", "supplier"]
    assert await events_of(desk, ticket) == ["opened", "acknowledged", "escalated", "transferred"]


async def test_resolved_and_confirmed_is_closed(desk: Desk) -> None:
    """The customer's word closes it, and the clocks are met as of the resolution (2.10, 6.8)."""
    ticket = await desk.resolve(await desk.take(await desk.open()))
    assert ticket.status == ticket_pb2.TICKET_STATUS_RESOLVED
    assert ticket.resolution.outcome == ticket_pb2.OUTCOME_FIXED
    ticket = await desk.ticket(of(ticket, ConfirmResolutionRequest()))
    assert ticket.status == ticket_pb2.TICKET_STATUS_CLOSED
    assert ticket.HasField("close_time")
    assert not ticket.HasField("deadline_time")
    assert await events_of(desk, ticket) == ["opened", "acknowledged", "resolved", "confirmed", "closed"]


async def test_a_rejected_solution_goes_to_the_next_tier(desk: Desk) -> None:
    """Rejection escalates (6.8)."""
    ticket = await desk.resolve(await desk.take(await desk.open()))
    ticket = await desk.ticket(of(ticket, RejectResolutionRequest(reason="still no line")))
    assert (ticket.status, ticket.tier) == (ticket_pb2.TICKET_STATUS_OPEN, "specialist")


async def test_the_desk_closes_and_reopens(desk: Desk) -> None:
    """Closed by the desk with a reason, reopened within the window with the same reference (6.8, 6.9)."""
    ticket = await desk.resolve(await desk.take(await desk.open()))
    closed = await desk.ticket(of(ticket, CloseTicketRequest(reason="agreed on the phone")))
    assert closed.status == ticket_pb2.TICKET_STATUS_CLOSED
    reopened = await desk.ticket(of(ticket, ReopenTicketRequest(reason="line is down again")))
    assert (reopened.status, reopened.reference) == (ticket_pb2.TICKET_STATUS_OPEN, ticket.reference)
    assert "reopened" in await events_of(desk, ticket)


async def test_a_duplicate_closes_at_once(desk: Desk) -> None:
    """A duplicate names the ticket that goes on and closes without sign-off (6.7)."""
    survivor, double = await desk.open(), await desk.open()
    request = ResolveTicketRequest(
        outcome=ticket_pb2.OUTCOME_DUPLICATE, explanation="same fault", duplicate_of=survivor.ticket_id
    )
    assert (await desk.ticket(of(double, request))).status == ticket_pb2.TICKET_STATUS_CLOSED


async def test_what_fell_due_is_judged_before_the_command(desk: Desk) -> None:
    """An update at 09:20 finds the missed acknowledgement and the next tier, whoever woke first (5.2)."""
    ticket = await desk.open()
    desk.clock.pass_(timedelta(minutes=20))
    ticket = await desk.ticket(of(ticket, PostUpdateRequest(text="we are on it")))
    assert ticket.tier == "specialist"
    assert await events_of(desk, ticket) == ["opened", "escalated", "update_posted"]


async def test_a_request_repeated_gets_the_same_answer(desk: Desk) -> None:
    """A retry is answered with what was stored, to the byte, and nothing is done twice (5.5)."""
    request = opening()
    first = await desk.ticket(request)
    await desk.take(first)
    request.request_id = request.request_id.upper()
    again = await desk.ticket(request)
    assert again.SerializeToString(deterministic=True) == first.SerializeToString(deterministic=True)
    update = of(first, PostUpdateRequest(text="we are on it"))
    assert await desk.ticket(update) == await desk.ticket(update)
    assert await events_of(desk, first) == ["opened", "acknowledged", "update_posted"]


async def test_a_request_sent_many_times_at_once_is_done_once(desk: Desk) -> None:
    """Retries that overtake each other are one request (5.5)."""
    request = opening()
    answers = await asyncio.gather(*(desk.ticket(request) for _ in range(8)))
    assert len({answer.SerializeToString(deterministic=True) for answer in answers}) == 1
    update = of(answers[0], PostUpdateRequest(text="we are on it"))
    await asyncio.gather(*(desk.ticket(update) for _ in range(8)))
    assert await events_of(desk, answers[0]) == ["opened", "update_posted"]


async def test_a_command_decided_on_the_present_version_is_applied(desk: Desk) -> None:
    """Who says what they decided on is obeyed while that still holds (5.4)."""
    ticket = await desk.take(await desk.open())
    request = PostUpdateRequest(text="we are on it", expected_version=ticket.version)
    assert (await desk.ticket(of(ticket, request))).version == ticket.version + 1


async def test_tickets_are_listed_page_by_page(desk: Desk) -> None:
    """In the order of opening, without gap or double, even when one is opened between two pages."""
    opened = [(await desk.open()).ticket_id for _ in range(5)]
    request = ListTicketsRequest(page_size=2)
    listed: list[str] = []
    for late in (True, False, False, False):
        page = cast(ListTicketsResponse, await desk.ask(request))
        listed += [ticket.ticket_id for ticket in page.tickets]
        request.page_token = page.next_page_token
        if late:
            opened.append((await desk.open()).ticket_id)
        if not page.next_page_token:
            break
    assert listed == sorted(opened)
    assert not request.page_token


async def test_lists_are_filtered(desk: Desk) -> None:
    """Every filter that is given must hold."""
    taken, other = await desk.take(await desk.open()), await desk.open(queue="business")
    for request, expected in (
        (ListTicketsRequest(status=ticket_pb2.TICKET_STATUS_IN_PROGRESS), [taken]),
        (ListTicketsRequest(handler="ana"), [taken]),
        (ListTicketsRequest(queue="business"), [other]),
        (ListTicketsRequest(tier="agent", customer_external_id="c-1"), [taken, other]),
        (ListTicketsRequest(tier="supplier"), []),
        (ListTicketsRequest(page_size=2_000_000_000), [taken, other]),
    ):
        page = cast(ListTicketsResponse, await desk.ask(request))
        assert [ticket.ticket_id for ticket in page.tickets] == [ticket.ticket_id for ticket in expected]
        assert not page.next_page_token


async def test_events_are_listed_from_a_sequence_on(desk: Desk) -> None:
    """A follower reads on from what it has seen; zero and only zero says that there is no more by now."""
    ticket = await desk.take(await desk.open())
    seen, after = [], 0
    while True:
        request = ListTicketEventsRequest(ticket_id=ticket.ticket_id, after_sequence=after, page_size=3)
        page = cast(ListTicketEventsResponse, await desk.ask(request))
        seen += [event.sequence for event in page.events]
        after = page.next_after_sequence
        if not after:
            break
    assert seen == list(range(1, ticket.sequence + 1))
    beyond = ListTicketEventsRequest(ticket_id=ticket.ticket_id, after_sequence=10_000)
    assert cast(ListTicketEventsResponse, await desk.ask(beyond)).events == []


async def test_callers_do_not_share_request_ids(desk: Desk) -> None:
    """The same request id of another caller is another request (5.5)."""
    request_id = str(uuid.uuid4())
    one = await desk.open(request_id=request_id)
    other = await desk.open(request_id=request_id, caller="crm-2")
    assert one.ticket_id != other.ticket_id
