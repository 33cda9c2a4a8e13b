"""Merging and importing by contract: what callers hear, what Temporal is owed, and who may."""

import asyncio
import copy
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import grpc
import pytest
from google.protobuf.message import Message

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AddNoteRequest,
    CloseTicketRequest,
    GetTicketRequest,
    ImportTicketRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
    MakePromiseRequest,
    MergeTicketsRequest,
    ReopenTicketRequest,
)
from tests.support.intake import MONDAY, Desk, a_desk, of, opening, refusal_of

CODES = grpc.StatusCode
OPERATOR = "olga"


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """An intake on each database, with one operator."""
    async with a_desk(record_url, operators=(OPERATOR,)) as opened:
        yield opened


def merging(ticket: Ticket, survivor: Ticket, version: int = 0, survivors: int = 0) -> MergeTicketsRequest:
    """A request to merge the one into the other, decided on these versions of the two."""
    request = MergeTicketsRequest(
        survivor_id=survivor.ticket_id, expected_version=version, survivor_expected_version=survivors
    )
    return of(ticket, request)


async def kinds(desk: Desk, ticket: Ticket) -> list[str]:
    """The log, by its kinds."""
    answer = await desk.ask(ListTicketEventsRequest(ticket_id=ticket.ticket_id, page_size=100))
    assert isinstance(answer, ListTicketEventsResponse)
    return [event.WhichOneof("event") or "" for event in answer.events]


async def two(desk: Desk) -> tuple[Ticket, Ticket]:
    """The older one and the one that goes on, ten minutes younger; nothing owed any more."""
    older = await desk.open()
    desk.clock.set(MONDAY + timedelta(minutes=10))
    younger = await desk.open()
    desk.nudges.kept.clear()
    return older, younger


async def now(desk: Desk, ticket: Ticket) -> Ticket:
    """The ticket as it stands."""
    return await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id))


def instant(at: datetime) -> int:
    """In seconds, as protobuf has it."""
    return int(at.timestamp())


async def test_a_merge_returns_the_survivor_with_the_earlier_deadlines(desk: Desk) -> None:
    """6.7: what the customer was promised first stays promised; Temporal hears of the survivor's earlier wake-up."""
    older, younger = await two(desk)

    survivor = await desk.ticket(merging(older, younger))

    clocks = {clock.target: clock for clock in survivor.clocks}
    update, resolve = clocks[ticket_pb2.TARGET_UPDATE], clocks[ticket_pb2.TARGET_RESOLVE]
    assert (survivor.ticket_id, list(survivor.merged)) == (younger.ticket_id, [older.ticket_id])
    assert (update.deadline_time.seconds, resolve.deadline_time.seconds) == (
        instant(MONDAY + timedelta(hours=1)),
        instant(MONDAY + timedelta(hours=8)),
    )
    assert clocks[ticket_pb2.TARGET_ACKNOWLEDGE].deadline_time.seconds == instant(MONDAY + timedelta(minutes=25))
    merged = await now(desk, older)
    assert (merged.status, merged.merged_into, merged.merged_into_reference) == (
        ticket_pb2.TICKET_STATUS_CLOSED,
        younger.ticket_id,
        younger.reference,
    )
    assert "merged" in await kinds(desk, older)
    assert "took_over" in await kinds(desk, younger)


async def test_a_merge_owes_temporal_what_became_earlier(desk: Desk) -> None:
    """The survivor's next wake-up lies before the one that was told; the merged ticket owes none."""
    older, younger = await two(desk)
    await desk.take(younger)
    desk.nudges.kept.clear()

    await desk.ticket(merging(older, younger))

    assert {nudge.ticket_id for nudge in desk.nudges.kept} <= {younger.ticket_id}
    assert (await desk.records.queries.ticket(older.ticket_id)).wake_at() is None


@pytest.mark.parametrize(
    "asked",
    [
        AddNoteRequest(text="a note"),
        ReopenTicketRequest(reason="it is back"),
        CloseTicketRequest(reason="done"),
    ],
    ids=lambda asked: type(asked).__name__,
)
async def test_what_later_reaches_a_merged_ticket_is_answered_with_the_survivor(desk: Desk, asked: Message) -> None:
    """6.7: whatever is asked of it, the answer names who goes on, also where a version is expected."""
    older, younger = await two(desk)
    await desk.ticket(merging(older, younger))
    asked = copy.deepcopy(asked)  # for each of the databases one
    asked.expected_version = 1  # type: ignore[attr-defined]  # every request of these has it

    refusal = await desk.refusal(of(older, asked))

    assert (refusal.code, refusal.reason) == (CODES.FAILED_PRECONDITION, "MERGED")
    assert refusal.facts["survivor"] == younger.ticket_id
    assert refusal.facts["survivor_reference"] == younger.reference
    assert younger.reference in refusal.text


async def test_merging_what_cannot_be_merged_changes_nothing(desk: Desk) -> None:
    """6.7: into itself, of another customer, of or into a closed one, in a ring, in a chain; each with its remedy."""
    older, younger = await two(desk)
    stranger = await desk.open(
        customer=ticket_pb2.Customer(external_id="c-2", display_name="Bo", language="en-GB", zone="Europe/London")
    )
    third, closed = await desk.open(), await desk.take(await desk.open())
    closed = await desk.ticket(of(await desk.resolve(closed), CloseTicketRequest(reason="done")))
    await desk.ticket(merging(older, younger))
    every = [older, younger, stranger, third, closed]
    before = [await now(desk, each) for each in every]

    told = [
        (merging(third, third), "MERGE_IMPOSSIBLE", "into itself"),
        (merging(third, stranger), "MERGE_IMPOSSIBLE", "two customers"),
        (merging(closed, stranger), "MERGE_IMPOSSIBLE", "two customers"),
        (merging(younger, stranger), "MERGE_IMPOSSIBLE", "two customers"),
        (merging(closed, third), "WRONG_STATE", "nothing left to merge"),
        (merging(third, closed), "WRONG_STATE", "reopen it first"),
        (merging(younger, older), "MERGE_IMPOSSIBLE", "that one was merged into this one"),
        (merging(third, older), "MERGED", younger.reference),
        (merging(older, third), "MERGED", younger.reference),
        (merging(younger, third), "MERGE_IMPOSSIBLE", f"merge {third.reference!r} into this one"),
        (merging(third, younger, survivors=77), "STALE_VERSION", "77"),
        (merging(third, younger, version=78), "STALE_VERSION", "78"),
    ]
    for request, reason, words in told:
        refusal = await desk.refusal(request)
        assert (refusal.reason, words in refusal.text) == (reason, True), refusal.text

    assert [await now(desk, each) for each in every] == before


async def test_an_unknown_ticket_is_blamed_by_its_field(desk: Desk) -> None:
    """NOT_FOUND says which of the two."""
    older, younger = await two(desk)
    nobody = Ticket(ticket_id="01KB0000000000000000000000")

    for request, field in ((merging(nobody, younger), "ticket_id"), (merging(older, nobody), "survivor_id")):
        refusal = await desk.refusal(request)
        assert (refusal.code, refusal.facts) == (CODES.NOT_FOUND, {"field": field})


async def test_a_retry_of_a_merge_gets_the_same_answer(desk: Desk) -> None:
    """5.5: to the byte, and nothing is done twice."""
    older, younger = await two(desk)
    request = merging(older, younger)

    first = await desk.ask(request)
    await desk.ticket(of(younger, AddNoteRequest(text="meanwhile")))

    assert await desk.ask(request) == first
    assert (await kinds(desk, younger)).count("took_over") == 1


async def test_promises_of_both_are_the_survivors(desk: Desk) -> None:
    """6.7, 2.4: open promises move over; of one name, the one that comes has the merged ticket's reference with it."""
    older, younger = await two(desk)
    for ticket, hours in ((older, 2), (younger, 3)):
        request = of(ticket, MakePromiseRequest(name="call back", words="We call you.", owner="ana"))
        request.kind = ticket_pb2.PROMISE_KIND_CALL_BACK
        request.promise_time.FromDatetime(MONDAY + timedelta(hours=hours))
        await desk.ticket(request)

    survivor = await desk.ticket(merging(older, younger))

    open_ = {
        promise.name: promise.promise_time.seconds
        for promise in survivor.promises
        if promise.state == ticket_pb2.PROMISE_STATE_OPEN
    }
    assert open_ == {
        "next_news": instant(MONDAY + timedelta(hours=1)),
        "call back": instant(MONDAY + timedelta(hours=3)),
        f"call back ({older.reference})": instant(MONDAY + timedelta(hours=2)),
    }


def importing(references: Sequence[str] = ("INC0012345",), **given: object) -> ImportTicketRequest:
    """A request to import that is complete: opened an hour ago, half an hour of everything used."""
    request = ImportTicketRequest(
        caller="old-desk",
        actor=OPERATOR,
        request_id=str(uuid.uuid4()),
        queue="home",
        priority="normal",
        customer=opening().customer,
        subject="no line",
        channel="phone",
        tier="specialist",
        status=ticket_pb2.TICKET_STATUS_IN_PROGRESS,
        handler="sue",
        owner="ann",
        chases=1,
        references=references,
    )
    request.open_time.FromDatetime(MONDAY - timedelta(hours=1))
    for target in (ticket_pb2.TARGET_TIER_RESOLVE, ticket_pb2.TARGET_UPDATE, ticket_pb2.TARGET_RESOLVE):
        request.clocks.add(target=target).used.FromTimedelta(timedelta(minutes=30))
    for name, value in given.items():
        setattr(request, name, value)
    return request


async def test_an_import_goes_on_where_it_was(desk: Desk) -> None:
    """6.14: tier, handler, owner, chases and what is used of each target; nobody is told, and no breach is counted."""
    ticket = await desk.ticket(importing())

    clocks = {clock.target: clock for clock in ticket.clocks}
    assert (ticket.tier, ticket.handler, ticket.owner, ticket.chases) == ("specialist", "sue", "ann", 1)
    assert ticket.status == ticket_pb2.TICKET_STATUS_IN_PROGRESS
    assert (ticket.open_time.seconds, ticket.import_time.seconds) == (
        instant(MONDAY - timedelta(hours=1)),
        instant(MONDAY),
    )
    assert clocks[ticket_pb2.TARGET_UPDATE].deadline_time.seconds == instant(MONDAY + timedelta(hours=5, minutes=30))
    assert set(clocks) == {ticket_pb2.TARGET_TIER_RESOLVE, ticket_pb2.TARGET_UPDATE, ticket_pb2.TARGET_RESOLVE}
    assert (await kinds(desk, ticket))[:2] == ["opened", "imported"]
    assert await desk.records.outbox.take(limit=10, lease_seconds=60) == ()
    totals = (await desk.records.queries.figures()).totals
    assert not [name for name, _ in totals if name.startswith("clocks_breached")]
    assert [nudge.is_new for nudge in desk.nudges.kept] == [True]


async def test_only_an_operator_imports(desk: Desk) -> None:
    """6.14: refused with the remedy, before anything else is looked at."""
    refusal = await desk.refusal(importing(actor="mallory", queue="no such queue"))

    assert (refusal.code, refusal.reason) == (CODES.PERMISSION_DENIED, "NOT_AN_OPERATOR")
    assert refusal.facts == {"actor": "mallory"}
    assert "FOLLOWTHROUGH_OPERATORS" in refusal.text


async def test_nobody_is_an_operator_by_default(sqlite_url: str) -> None:
    """6.14: until somebody is named, nobody may."""
    async with a_desk(sqlite_url) as desk:
        refusal = await desk.refusal(importing())

    assert refusal.reason == "NOT_AN_OPERATOR"
    assert "nobody is" in refusal.text


async def test_what_cannot_be_names_every_field_in_the_contracts_words(desk: Desk) -> None:
    """6.14: all at once, each with its value and the remedy; nothing is entered, and the id may be used again."""
    request = importing(tier="specialist", chases=2)
    request.clocks[0].used.FromTimedelta(timedelta(hours=2))
    request.clocks[1].used.FromTimedelta(timedelta(minutes=-1))
    request.breaches.add(target=ticket_pb2.TARGET_UPDATE).due_time.FromDatetime(MONDAY + timedelta(days=1))

    refusal = await desk.refusal(request)

    assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "IMPORT_IMPLAUSIBLE")
    assert set(refusal.violations) == {"chases", "clocks[0].used", "clocks[1].used", "breaches[0].due_time"}
    assert "2 h of 'tier_resolve' cannot be: its calendar was open for 1 h" in refusal.violations["clocks[0].used"]
    assert (await desk.records.queries.figures()).open_tickets == {}
    corrected = importing(request_id=request.request_id)
    assert (await desk.ticket(corrected)).ticket_id


async def test_an_import_is_tried_out_and_repeated_safely(desk: Desk) -> None:
    """5.5: the same request again is one ticket; `validate_only` enters nothing."""
    tried = await desk.ticket(importing(validate_only=True))
    assert (tried.ticket_id, tried.deadline_time.seconds > instant(MONDAY)) == ("", True)
    request = importing()

    first = await desk.ask(request)

    assert await desk.ask(request) == first
    assert sum((await desk.records.queries.figures()).open_tickets.values()) == 1


async def test_the_same_ticket_from_elsewhere_comes_in_once(desk: Desk) -> None:
    """6.14: by another request or tool, after the 30 days of a request id; it is answered with the ticket."""
    first = await desk.ticket(importing(references=["INC0012345", "CRM-7"]))
    desk.clock.pass_(timedelta(days=31))

    for request in (
        importing(),
        importing(references=["X-1", "CRM-7"], subject="another subject", caller="a-script"),
        importing(validate_only=True),
    ):
        refusal = await desk.refusal(request)
        assert (refusal.code, refusal.reason) == (CODES.ALREADY_EXISTS, "ALREADY_IMPORTED")
        assert refusal.facts == {"ticket_id": first.ticket_id, "reference": first.reference}
        assert first.reference in refusal.text
    other = await desk.ticket(importing(references=["X-1"]))
    assert other.ticket_id != first.ticket_id  # nothing was written of what was refused


async def test_a_ticket_that_is_called_nothing_elsewhere_is_known_by_customer_subject_and_opening(desk: Desk) -> None:
    """6.14: the same customer's other requests come in, as does what they asked at another time."""
    first = await desk.ticket(importing(references=[]))

    refusal = await desk.refusal(importing(references=[]))

    assert refusal.facts["ticket_id"] == first.ticket_id
    assert "opening and subject" in refusal.text
    later = importing(references=[])
    later.open_time.FromDatetime(MONDAY - timedelta(minutes=59))
    for request in (importing(references=[], subject="no ring"), later, importing()):
        await desk.ticket(request)
    assert sum((await desk.records.queries.figures()).open_tickets.values()) == 4


async def test_many_who_bring_the_same_in_at_once_bring_one_ticket_in(desk: Desk) -> None:
    """5.5, 6.14: ten tools at the same instant, their references in any order, and each of them twice."""
    names = ["INC0012345", "CRM-7", "OLD-9"]
    requests = [importing(references=names[each % 3 :] + names[: each % 3]) for each in range(10)]

    async def ask(request: ImportTicketRequest) -> str:
        try:
            return (await desk.ticket(request)).ticket_id
        except grpc.aio.AioRpcError as error:
            return refusal_of(error).facts["ticket_id"]

    answers = await asyncio.gather(*(ask(request) for request in requests * 2))

    assert len(set(answers)) == 1
    assert sum((await desk.records.queries.figures()).open_tickets.values()) == 1


@pytest.mark.parametrize(
    ("given", "reason"),
    [({"queue": "no such queue"}, "UNKNOWN_QUEUE"), ({"priority": "whenever"}, "UNKNOWN_PRIORITY")],
)
async def test_an_import_belongs_to_a_desk(desk: Desk, given: dict[str, str], reason: str) -> None:
    """As an opening does; and it may only follow a ticket that there is."""
    assert (await desk.refusal(importing(**given))).reason == reason
    assert (await desk.refusal(importing(follows="01KB0000000000000000000000"))).reason == "UNKNOWN_TICKET"
