"""What the desk asks for among itself, its work list, and why a deadline is when it is: through a real server."""

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, timedelta
from itertools import pairwise
from typing import cast

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ledger_pb2 import ClockLedger
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AddNoteRequest,
    AssignTicketRequest,
    ChangePriorityRequest,
    ConfirmResolutionRequest,
    ContinueTicketRequest,
    ExplainDeadlinesRequest,
    ExplainDeadlinesResponse,
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
    ListTicketsRequest,
    ListTicketsResponse,
    LogTimeRequest,
    MakePromiseRequest,
    WaitOnCustomerRequest,
)
from services.intake.ids import Ids
from tests.support.intake import MONDAY, Desk, a_desk, of
from tests.support.policies import LINES
from workflows.domain.ticket.commands import Customer, Open

CODES = grpc.StatusCode
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """A contact centre in front of a running intake."""
    async with a_desk(record_url) as desk:
        yield desk


async def test_assigning_passes_it_on(desk: Desk) -> None:
    """The handler changes, the owner stays (6.2)."""
    ticket = await desk.take(await desk.open())
    ticket = await desk.ticket(of(ticket, AssignTicketRequest(handler="ben")))
    assert (ticket.handler, ticket.owner) == ("ben", "ana")


async def test_what_nobody_has_cannot_be_assigned(desk: Desk) -> None:
    """It is taken on first; the answer says so, and names the state (6.2)."""
    refusal = await desk.refusal(of(await desk.open(), AssignTicketRequest(handler="ben")))
    assert (refusal.code, refusal.reason) == (CODES.FAILED_PRECONDITION, "WRONG_STATE")
    assert refusal.text == "cannot assign: the ticket is 'open'; nobody has it yet: acknowledge it instead"


async def test_another_priority_moves_the_deadlines(desk: Desk) -> None:
    """Normal, opened at 09:00: three hours to acknowledge become one with high, from the same start (6.11)."""
    ticket = await desk.open(priority="normal")
    assert ticket.deadline_time.ToDatetime(UTC) == MONDAY + 3 * HOUR
    desk.clock.pass_(20 * MINUTE)
    ticket = await desk.ticket(of(ticket, ChangePriorityRequest(priority="high", reason="a shop")))
    assert (ticket.priority, ticket.deadline_time.ToDatetime(UTC)) == ("high", MONDAY + HOUR)


async def test_an_unknown_priority_is_refused_with_the_known_ones(desk: Desk) -> None:
    """Only what the ticket's policy promises can be asked for (6.11)."""
    ticket = await desk.open(priority="normal")
    refusal = await desk.refusal(of(ticket, ChangePriorityRequest(priority="asap", reason="a shop")))
    assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "UNKNOWN_PRIORITY")
    assert refusal.violations == {
        "priority": "cannot change the priority to 'asap': the policy has urgent, high, normal"
    }


async def test_notes_and_time_are_kept_in_any_state(desk: Desk) -> None:
    """On a closed ticket too, and its version does not rise (6.12, 5.4)."""
    ticket = await desk.resolve(await desk.take(await desk.open()))
    closed = await desk.ticket(of(ticket, ConfirmResolutionRequest()))
    noted = await desk.ticket(of(ticket, AddNoteRequest(text="socket was wet")))
    timed = await desk.ticket(of(ticket, LogTimeRequest(spent=Duration(seconds=2700), text="on site")))
    assert closed.version == noted.version == timed.version
    request = ListTicketEventsRequest(ticket_id=ticket.ticket_id, after_sequence=closed.sequence)
    note, time = cast(ListTicketEventsResponse, await desk.ask(request)).events
    assert note.note_added.text == "socket was wet"
    assert (time.time_logged.spent.ToTimedelta(), time.time_logged.text) == (45 * MINUTE, "on site")


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        (None, "spent is missing: give it"),
        (Duration(), "spent is 0 s: the least is 1 s"),
        (Duration(seconds=-60), "spent is -1 min: the least is 1 s"),
        (Duration(seconds=3_600_000, nanos=1000), "spent is 1000 h 0.000001 s: the most is 1000 h"),
        (Duration(seconds=2**63 - 1), "spent is 2562047788015215 h 30 min 7 s: the most is 1000 h"),
        (Duration(seconds=60, nanos=1), "spent has 1 nanos: give whole microseconds, less than a second of them"),
        (Duration(seconds=60, nanos=-1000), "spent has -1000 nanos: give whole microseconds"),
    ],
    ids=str,
)
async def test_time_that_cannot_have_been_spent_is_refused(desk: Desk, spent: Duration | None, said: str) -> None:
    """From a second to a thousand hours, in the record's own microseconds."""
    refusal = await desk.refusal(of(await desk.open(), LogTimeRequest(spent=spent)))
    assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "REQUEST_INVALID")
    assert refusal.violations["spent"].startswith(said)


async def pages(desk: Desk, request: ListTicketsRequest) -> list[list[str]]:
    """The ids that a list has, page by page."""
    found = []
    while True:
        page = cast(ListTicketsResponse, await desk.ask(request))
        found.append([ticket.ticket_id for ticket in page.tickets])
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def test_my_work_list_has_what_is_due_next_first(desk: Desk) -> None:
    """By deadline, page by page; without a deadline last; what is resolved is not in it."""
    normal = await desk.take(await desk.open(priority="normal"))
    urgent = await desk.take(await desk.open(priority="urgent"))
    high = await desk.take(await desk.open(priority="high"))
    await desk.resolve(await desk.take(await desk.open(priority="urgent")))
    await desk.take(await desk.open(priority="urgent"), handler="ben")
    waiting = await desk.ticket(of(high, WaitOnCustomerRequest(question="which lamp?")))
    assert not waiting.HasField("deadline_time")
    mine = ListTicketsRequest(handler="ana", order_by="deadline_time", page_size=2)
    assert await pages(desk, mine) == [[urgent.ticket_id, normal.ticket_id], [high.ticket_id]]
    mine = ListTicketsRequest(handler="ana", order_by="deadline_time", page_size=1)
    assert await pages(desk, mine) == [[urgent.ticket_id], [normal.ticket_id], [high.ticket_id]]


async def test_what_a_tier_has_still_to_take(desk: Desk) -> None:
    """Untaken tickets of one tier; the other new filters hold as well."""
    free, taken = await desk.open(priority="normal"), await desk.take(await desk.open())
    for request, expected in (
        (ListTicketsRequest(tier="agent", untaken=True, order_by="deadline_time"), [free]),
        (ListTicketsRequest(untaken=True), [free]),
        (ListTicketsRequest(owner="ana"), [taken]),
        (ListTicketsRequest(priority="normal"), [free]),
        (ListTicketsRequest(policy="lines", order_by="open_time"), [free, taken]),
    ):
        assert await pages(desk, request) == [[ticket.ticket_id for ticket in expected]]


@pytest.mark.parametrize(
    ("field", "reason", "known"),
    [
        ("queue", "UNKNOWN_QUEUE", "home, business"),
        ("policy", "UNKNOWN_POLICY", "lines"),
        ("priority", "UNKNOWN_PRIORITY", "urgent, high, normal"),
        ("tier", "UNKNOWN_TIER", "agent, specialist, supplier"),
    ],
)
async def test_a_misspelt_name_is_no_empty_list(desk: Desk, field: str, reason: str, known: str) -> None:
    """Nothing to do is good news, and must be true: a name that nobody declared and no ticket has is refused."""
    await desk.open()
    for order in ("", "deadline_time"):
        refusal = await desk.refusal(ListTicketsRequest(**{field: "hmoe"}, order_by=order))  # type: ignore[arg-type]  # each is a text
        assert (refusal.code, refusal.reason, refusal.facts) == (CODES.INVALID_ARGUMENT, reason, {field: "hmoe"})
        assert refusal.violations == {field: f"{field} 'hmoe' is unknown, and no ticket has it: use one of {known}"}


async def test_what_is_not_declared_any_more_is_still_found(record_url: str) -> None:
    """A queue that was given up: its tickets are listed by its name as ever."""
    async with a_desk(record_url) as desk:
        await desk.records.record.open_ticket(LINES, an_old_opening())
        assert await pages(desk, ListTicketsRequest(queue="garden")) == [["t-old"]]


async def test_what_is_not_declared_any_more_is_read_to_its_end(record_url: str) -> None:
    """What stood on the next page was taken meanwhile: that page is empty, and the name is as right as before."""
    async with a_desk(record_url) as desk:
        ids = Ids(now=lambda: MONDAY)
        first, second = sorted(ids.ticket_id() for _ in range(2))
        for ticket_id in (first, second):
            await desk.records.record.open_ticket(LINES, an_old_opening(ticket_id, ids.reference()))
        untaken = ListTicketsRequest(queue="garden", untaken=True, page_size=1)
        page = cast(ListTicketsResponse, await desk.ask(untaken))
        assert [ticket.ticket_id for ticket in page.tickets] == [first]
        await desk.take(await desk.ticket(GetTicketRequest(ticket_id=second)))
        untaken.page_token = page.next_page_token
        assert await pages(desk, untaken) == [[]]


def an_old_opening(ticket_id: str = "t-old", reference: str = "K7QM-3XVP") -> Open:
    """Of a queue that is not declared."""
    return Open(
        actor="ana",
        ticket_id=ticket_id,
        reference=reference,
        queue="garden",
        priority="urgent",
        customer=Customer(external_id="c-1", name="Ada Example", language="en-GB", zone="Europe/London"),
        subject="no line",
        description="",
        channel="phone",
    )


async def test_a_page_token_is_of_one_order(desk: Desk) -> None:
    """A place in one order is none in another; an order that there is not is named."""
    for _ in range(2):
        await desk.open()
    token = cast(
        ListTicketsResponse, await desk.ask(ListTicketsRequest(order_by="deadline_time", page_size=1))
    ).next_page_token
    for order in ("", "open_time"):
        refusal = await desk.refusal(ListTicketsRequest(order_by=order, page_token=token))
        assert refusal.reason == "PAGE_TOKEN_INVALID"
    refusal = await desk.refusal(ListTicketsRequest(order_by="deadline_time desc"))
    assert refusal.violations == {
        "order_by": "order_by 'deadline_time desc' is no order: say one of open_time, deadline_time"
    }
    refusal = await desk.refusal(ListTicketsRequest(untaken=True, handler="ana"))
    assert refusal.violations == {"untaken": "untaken does not go with handler: leave one of the two out"}


def sealed(request: ListTicketsRequest | ExplainDeadlinesRequest, after: bytes) -> str:
    """A token whose seal fits: it is no secret, and proves nothing."""
    asked = (type(request).__name__.encode(), request.SerializeToString(deterministic=True), after)
    seal = hashlib.sha256(b"\0".join(asked)).digest()[:12]
    return base64.urlsafe_b64encode(seal + after).decode()


@pytest.mark.parametrize(
    "after", [b"9" * 18 + b"0" * 26, b"1e9" + b"0" * 26, b" 1" + b"0" * 26, b"1" * 26, b"17", b"x"]
)
async def test_a_forged_place_by_deadline_is_no_place(desk: Desk, after: bytes) -> None:
    """A page begins after an instant and a ticket id, or after an id, and after nothing else."""
    request = ListTicketsRequest(order_by="deadline_time")
    request.page_token = sealed(request, after)
    if after == b"1" * 26:  # a place without a deadline, of a ticket that there is not
        assert await pages(desk, request) == [[]]
    else:
        assert (await desk.refusal(request)).reason == "PAGE_TOKEN_INVALID"


@pytest.mark.parametrize("after", [b"update", b"update:1", b"-1", b"1:1", b" 1", b"1e3", b"9" * 11])
async def test_a_forged_clock_run_is_no_place(desk: Desk, after: bytes) -> None:
    """A page of the ledger begins after a line of the log, and after nothing else."""
    request = ExplainDeadlinesRequest(ticket_id=(await desk.open()).ticket_id)
    request.page_token = sealed(request, after)
    assert (await desk.refusal(request)).reason == "PAGE_TOKEN_INVALID"


async def explained(desk: Desk, ticket: Ticket, **given: object) -> list[ClockLedger]:
    """The ledger of a ticket, page by page."""
    request, found = ExplainDeadlinesRequest(ticket_id=ticket.ticket_id, **given), list[ClockLedger]()  # type: ignore[arg-type]  # each test knows what it asks
    while True:
        page = cast(ExplainDeadlinesResponse, await desk.ask(request))
        found += page.ledgers
        if not page.next_page_token:
            return found
        request.page_token = page.next_page_token


async def test_a_deadline_is_explained(desk: Desk) -> None:
    """Twenty minutes counted, ten of waiting, five more: who, why, and it adds up to the target (8)."""
    ticket = await desk.take(await desk.open())
    desk.clock.pass_(20 * MINUTE)
    await desk.ticket(of(ticket, WaitOnCustomerRequest(question="which lamp?", actor="ben")))
    desk.clock.pass_(10 * MINUTE)
    ticket = await desk.ticket(of(ticket, ContinueTicketRequest(reason="found it")))
    desk.clock.pass_(5 * MINUTE)
    (ledger,) = await explained(desk, ticket, target=ticket_pb2.TARGET_RESOLVE)
    assert (ledger.run, ledger.tier, ledger.state) == (1, "agent", ticket_pb2.CLOCK_STATE_RUNNING)
    assert (ledger.policy_version, ledger.calendar) == (
        ticket.policy_version,
        "Europe/London mon-fri 08:00-18:00; sat 09:00-13:00",
    )
    assert ledger.tzdata
    lengths = [ledger.length, ledger.carried, ledger.counted, ledger.spent, ledger.left]
    assert [each.ToTimedelta().total_seconds() // 60 for each in lengths] == [480, 0, 25, 25, 455]
    assert ledger.interval_count == 3
    assert ledger.next_after_interval == 0
    rows = [
        (each.number, each.counted.ToTimedelta() // MINUTE, each.pause, each.actor, each.HasField("end_time"))
        for each in ledger.intervals
    ]
    assert rows == [
        (1, 20, ticket_pb2.PAUSE_REASON_UNSPECIFIED, "ana", True),
        (2, 0, ticket_pb2.PAUSE_REASON_WAITING_ON_CUSTOMER, "ben", True),
        (3, 5, ticket_pb2.PAUSE_REASON_UNSPECIFIED, "ana", False),
    ]
    assert ledger.deadline_time.ToDatetime(UTC) - MONDAY == 8 * HOUR + 10 * MINUTE
    assert ledger.as_of_time.ToDatetime(UTC) == desk.clock.at
    assert [each.length.ToTimedelta() for each in ledger.intervals] == [8 * HOUR] * 3


async def test_a_ledger_is_read_run_by_run_and_page_by_page(desk: Desk) -> None:
    """Filters must all hold; a page goes on after a run, not after a count."""
    ticket = await desk.take(await desk.open())
    for name in ("call back", "visit"):
        promise = MakePromiseRequest(kind=ticket_pb2.PROMISE_KIND_CALL_BACK, name=name, words="we will")
        promise.promise_time.FromDatetime(desk.clock.at + HOUR)
        await desk.ticket(of(ticket, promise))
    everything = [(each.target, each.promise, each.run) for each in await explained(desk, ticket)]
    assert [promise for _, promise, _ in everything if promise] == ["next_news", "call back", "visit"]
    paged = [(each.target, each.promise, each.run) for each in await explained(desk, ticket, page_size=1)]
    assert paged == everything
    live = await explained(desk, ticket, live_only=True)
    assert {each.target for each in live} == {
        ticket_pb2.TARGET_TIER_RESOLVE,
        ticket_pb2.TARGET_UPDATE,
        ticket_pb2.TARGET_RESOLVE,
        ticket_pb2.TARGET_PROMISE,
    }
    (one,) = await explained(desk, ticket, target=ticket_pb2.TARGET_ACKNOWLEDGE, run=1)
    assert one.state == ticket_pb2.CLOCK_STATE_MET
    assert await explained(desk, ticket, target=ticket_pb2.TARGET_ACKNOWLEDGE, run=2) == []


async def test_a_run_of_many_intervals_is_read_in_pieces(desk: Desk) -> None:
    """Sums are of all of it, whatever is shown."""
    ticket = await desk.take(await desk.open())
    for _ in range(30):
        await desk.ticket(of(ticket, WaitOnCustomerRequest(question="which lamp?")))
        desk.clock.pass_(timedelta(seconds=1))
        await desk.ticket(of(ticket, ContinueTicketRequest(reason="found it")))
        desk.clock.pass_(timedelta(seconds=1))
    (first,) = await explained(desk, ticket, target=ticket_pb2.TARGET_RESOLVE)
    assert (first.interval_count, len(first.intervals), first.next_after_interval) == (61, 50, 50)
    (rest,) = await explained(desk, ticket, target=ticket_pb2.TARGET_RESOLVE, run=1, after_interval=50)
    assert (len(rest.intervals), rest.next_after_interval) == (11, 0)
    both = [*first.intervals, *rest.intervals]
    assert [each.number for each in both] == list(range(1, 62))
    assert all(one.end_time == next_.start_time for one, next_ in pairwise(both))
    counted = sum((each.counted.ToTimedelta() for each in both), timedelta())
    assert counted == first.counted.ToTimedelta() == rest.counted.ToTimedelta() == first.spent.ToTimedelta()


async def test_a_question_about_no_clock_is_refused(desk: Desk) -> None:
    """A run goes with its target, an interval with its run; tokens are bound to their filters."""
    ticket = await desk.take(await desk.open())
    wrong = ExplainDeadlinesRequest(ticket_id=ticket.ticket_id, run=1, after_interval=1)
    assert (await desk.refusal(wrong)).violations == {
        "run": "run goes with target only: leave it out or say that as well"
    }
    wrong = ExplainDeadlinesRequest(
        ticket_id=ticket.ticket_id, target=ticket_pb2.TARGET_UPDATE, after_interval=1, page_size=-1
    )
    assert set((await desk.refusal(wrong)).violations) == {"after_interval", "page_size"}
    page = cast(
        ExplainDeadlinesResponse, await desk.ask(ExplainDeadlinesRequest(ticket_id=ticket.ticket_id, page_size=1))
    )
    wrong = ExplainDeadlinesRequest(ticket_id=ticket.ticket_id, live_only=True, page_token=page.next_page_token)
    assert (await desk.refusal(wrong)).reason == "PAGE_TOKEN_INVALID"
    refusal = await desk.refusal(ExplainDeadlinesRequest(ticket_id="nobody"))
    assert (refusal.reason, refusal.resource) == ("UNKNOWN_TICKET", "nobody")
