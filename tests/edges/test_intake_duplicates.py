"""A ticket that is resolved as another's duplicate: it is merged, as by the command of that name, or nothing is."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import grpc
import grpc.aio
import pytest

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AddNoteRequest,
    CloseTicketRequest,
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
    MakePromiseRequest,
    MergeTicketsRequest,
    RecordContactRequest,
    ResolveTicketRequest,
)
from services.intake.convert import to_command
from services.intake.requests import request_of
from services.records import SettledBy
from tests.support.derived import require_derived
from tests.support.intake import MONDAY, Desk, a_desk, of, refusal_of

CODES = grpc.StatusCode
WHY = "It is the fault that you called about before."


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """An intake on each database."""
    async with a_desk(record_url) as opened:
        yield opened


def duplicate(ticket: Ticket, survivor: Ticket, version: int = 0) -> ResolveTicketRequest:
    """A request to resolve the one as a duplicate of the other, decided on this version of it."""
    request = ResolveTicketRequest(
        outcome=ticket_pb2.OUTCOME_DUPLICATE,
        explanation=WHY,
        duplicate_of=survivor.ticket_id,
        expected_version=version,
    )
    return of(ticket, request)


async def two(desk: Desk) -> tuple[Ticket, Ticket]:
    """The older one and the one that goes on, ten minutes younger; nothing owed any more."""
    older = await desk.open()
    desk.clock.set(MONDAY + timedelta(minutes=10))
    younger = await desk.take(await desk.open())
    desk.nudges.kept.clear()
    return older, younger


async def now(desk: Desk, ticket: Ticket) -> Ticket:
    """The ticket as it stands."""
    return await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id))


async def log(desk: Desk, ticket: Ticket) -> ListTicketEventsResponse:
    """What happened to it."""
    answer = await desk.ask(ListTicketEventsRequest(ticket_id=ticket.ticket_id, page_size=100))
    assert isinstance(answer, ListTicketEventsResponse)
    return answer


async def kinds(desk: Desk, ticket: Ticket) -> list[str]:
    """The log, by its kinds."""
    return [event.WhichOneof("event") or "" for event in (await log(desk, ticket)).events]


async def test_a_duplicate_is_merged_into_the_ticket_that_goes_on(desk: Desk) -> None:
    """6.7: as by a merge, earlier deadlines and promises included; it is answered with the ticket that was resolved."""
    older, younger = await two(desk)
    promise = of(older, MakePromiseRequest(name="call back", words="We call you.", owner="ana"))
    promise.kind = ticket_pb2.PROMISE_KIND_CALL_BACK
    promise.promise_time.FromDatetime(MONDAY + timedelta(hours=2))
    await desk.ticket(promise)
    desk.nudges.kept.clear()

    resolved = await desk.ticket(duplicate(older, younger))

    survivor = await now(desk, younger)
    assert resolved == await now(desk, older)
    assert (resolved.status, resolved.merged_into, resolved.merged_into_reference, resolved.resolution.outcome) == (
        ticket_pb2.TICKET_STATUS_CLOSED,
        younger.ticket_id,
        younger.reference,
        ticket_pb2.OUTCOME_DUPLICATE,
    )
    deadlines = {clock.target: clock.deadline_time.ToDatetime() for clock in survivor.clocks}
    assert deadlines[ticket_pb2.TARGET_RESOLVE] == (MONDAY + timedelta(hours=8)).replace(tzinfo=None)
    assert list(survivor.merged) == [older.ticket_id]
    assert "call back" in {each.name for each in survivor.promises if each.state == ticket_pb2.PROMISE_STATE_OPEN}
    assert {nudge.ticket_id for nudge in desk.nudges.kept} <= {younger.ticket_id}
    (merged,) = [each for each in (await log(desk, older)).events if each.WhichOneof("event") == "merged"]
    assert (merged.merged.explanation, merged.merged.survivor_status) == (WHY, ticket_pb2.TICKET_STATUS_IN_PROGRESS)
    assert "resolved" not in await kinds(desk, older)
    assert "took_over" in await kinds(desk, younger)
    await require_derived(desk.records, older.ticket_id, younger.ticket_id)


async def test_what_the_customer_says_on_a_duplicate_later_is_heard_on_the_ticket_that_goes_on(desk: Desk) -> None:
    """6.7: nothing that comes to the old reference goes nowhere; the desk is sent to the other."""
    older, younger = await two(desk)
    await desk.ticket(duplicate(older, younger))

    heard = await desk.ticket(of(older, RecordContactRequest(channel="mail", text="Any news?")))

    assert heard.ticket_id == younger.ticket_id
    assert "contact_received" in await kinds(desk, younger)
    for asked in (of(older, AddNoteRequest(text="a note")), duplicate(older, younger)):
        refusal = await desk.refusal(asked)
        assert (refusal.reason, refusal.facts["survivor"]) == ("MERGED", younger.ticket_id)


async def test_a_duplicate_is_refused_for_whatever_a_merge_is(desk: Desk) -> None:
    """6.7: of another customer, of or into a closed one, in a ring, in a chain; each with its remedy."""
    older, younger = await two(desk)
    stranger = await desk.open(
        customer=ticket_pb2.Customer(external_id="c-2", display_name="Bo", language="en-GB", zone="Europe/London")
    )
    third, closed = await desk.open(), await desk.take(await desk.open())
    closed = await desk.ticket(of(await desk.resolve(closed), CloseTicketRequest(reason="done")))
    await desk.ticket(duplicate(older, younger))
    every = [older, younger, stranger, third, closed]
    before = [await now(desk, each) for each in every]

    told = [
        (duplicate(third, stranger), "MERGE_IMPOSSIBLE", "two customers"),
        (duplicate(closed, third), "WRONG_STATE", "nothing left to merge"),
        (duplicate(third, closed), "WRONG_STATE", "reopen it first"),
        (duplicate(younger, older), "MERGE_IMPOSSIBLE", "that one was merged into this one"),
        (duplicate(third, older), "MERGED", younger.reference),
        (duplicate(younger, third), "MERGE_IMPOSSIBLE", f"merge {third.reference!r} into this one"),
        (duplicate(third, younger, version=78), "STALE_VERSION", "78"),
    ]
    for request, reason, words in told:
        first, again = await desk.refusal(request), await desk.refusal(request)
        assert (first.reason, words in first.text) == (reason, True), first.text
        assert first == again

    assert [await now(desk, each) for each in every] == before


async def test_a_retry_of_a_duplicate_gets_the_same_answer(desk: Desk) -> None:
    """5.5: to the byte, and nothing is done twice; the same id for a merge is refused."""
    older, younger = await two(desk)
    request = duplicate(older, younger, version=older.version)

    first = await desk.ask(request)
    await desk.ticket(of(younger, AddNoteRequest(text="meanwhile")))

    assert await desk.ask(request) == first
    assert (await kinds(desk, younger)).count("took_over") == 1
    merging = of(older, MergeTicketsRequest(survivor_id=younger.ticket_id))
    merging.request_id = request.request_id
    assert (await desk.refusal(merging)).reason == "REQUEST_ID_REUSED"


async def test_two_that_are_each_others_duplicates_at_once_leave_one_that_goes_on(desk: Desk) -> None:
    """6.7: whichever is judged first; the other one is refused, and nobody waits for ever."""
    older, younger = await two(desk)

    answers = await asyncio.gather(
        desk.ask(duplicate(older, younger)), desk.ask(duplicate(younger, older)), return_exceptions=True
    )

    (refused,) = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert refusal_of(refused).reason in {"MERGED", "MERGE_IMPOSSIBLE"}
    closed = [(await now(desk, each)).status == ticket_pb2.TICKET_STATUS_CLOSED for each in (older, younger)]
    assert sorted(closed) == [False, True]
    await require_derived(desk.records, older.ticket_id, younger.ticket_id)


async def test_what_is_for_a_solution_is_not_said_of_a_duplicate(desk: Desk) -> None:
    """6.7: its promises go on with the other ticket, and no article solved it; each with its remedy."""
    older, younger = await two(desk)
    request = duplicate(older, younger)
    request.keeps.append("call back")
    request.article = "slow-in-the-evening"

    refusal = await desk.refusal(request)

    assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "REQUEST_INVALID")
    assert {name: "leave it out" in text for name, text in refusal.violations.items()} == {
        "keeps": True,
        "article": True,
    }
    assert await now(desk, older) == older


async def test_what_an_older_release_took_is_answered_as_it_was(desk: Desk) -> None:
    """5.5: a duplicate that was only resolved stays so, and a retry of it is given the stored answer."""
    older, younger = await two(desk)
    request = duplicate(older, younger)
    request.keeps.append("next_news")
    settled = await desk.records.record.settle(
        older.ticket_id,
        to_command(request),
        by=SettledBy.INTAKE,
        request=request_of(request),
        encode=lambda judged: Ticket(ticket_id=judged.ticket.ticket_id).SerializeToString(),
    )
    assert settled.refusal is None

    assert (await desk.ticket(request)).ticket_id == older.ticket_id
    assert (await kinds(desk, older)).count("resolved") == 1
    assert not (await now(desk, older)).merged_into
    await require_derived(desk.records, older.ticket_id)


async def test_an_unknown_ticket_is_blamed_by_its_field(desk: Desk) -> None:
    """NOT_FOUND says which of the two."""
    older, younger = await two(desk)
    nobody = Ticket(ticket_id="01KB0000000000000000000000")

    for request, field in ((duplicate(nobody, younger), "ticket_id"), (duplicate(older, nobody), "duplicate_of")):
        refusal = await desk.refusal(request)
        assert (refusal.code, refusal.facts) == (CODES.NOT_FOUND, {"field": field})
