"""Promises, a rating, a hold, credits, and the customer's own word: through a real server, good and bad."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

import grpc
import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.ticket_pb2 import Promise, Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    ChangePromiseRequest,
    CloseTicketRequest,
    ConfirmResolutionRequest,
    ContinueTicketRequest,
    DecideCreditRequest,
    GetTicketRequest,
    HoldTicketRequest,
    KeepPromiseRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
    ListTicketsRequest,
    ListTicketsResponse,
    MakePromiseRequest,
    OfferCreditRequest,
    PostUpdateRequest,
    RateTicketRequest,
    RejectResolutionRequest,
    ResolveTicketRequest,
    WaitOnCustomerRequest,
)
from tests.support.intake import MONDAY, Desk, a_desk, of, opening
from tests.support.policies import LINES, Standing
from workflows.domain.money import Money
from workflows.policies import PolicySet

CODES = grpc.StatusCode
MINUTE = timedelta(minutes=1)
GENEROUS = replace(
    LINES,
    credit_for_promise=Money(minor=500, currency="EUR"),
    credit_limit=Money(minor=1000, currency="EUR"),
    leaving="high",
)
"""What the tests' own lines promise, with goodwill and with targets of its own for who wants to leave."""


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """A contact centre in front of a running intake; it is Monday 2026-11-23, 09:00 in London."""
    promised = PolicySet(policies={GENEROUS.name: GENEROUS}, queues={"home": GENEROUS.name})
    async with a_desk(record_url, policies=Standing(promised=promised)) as desk:
        yield desk


def at(minutes: float) -> Timestamp:
    """So many minutes after Monday, 09:00."""
    instant = Timestamp()
    instant.FromDatetime(MONDAY + minutes * MINUTE)
    return instant


def call_back(minutes: float = 60, **given: object) -> MakePromiseRequest:
    """A call promised for so many minutes after nine; what is given replaces what it says."""
    fields: dict[str, object] = {
        "kind": ticket_pb2.PROMISE_KIND_CALL_BACK,
        "name": "call back",
        "promise_time": at(minutes),
        "words": "We call you.",
    }
    return MakePromiseRequest(**{**fields, **given})  # type: ignore[arg-type]  # each test knows what it gives


def promise(ticket: Ticket, name: str = "call back") -> Promise:
    """The promise of that name."""
    (found,) = [each for each in ticket.promises if each.name == name]
    return found


async def events_of(desk: Desk, ticket: Ticket) -> list[TicketEvent]:
    """A ticket's log."""
    events = list[TicketEvent]()
    while True:
        after = events[-1].sequence if events else 0
        request = ListTicketEventsRequest(ticket_id=ticket.ticket_id, after_sequence=after, page_size=100)
        answer = cast(ListTicketEventsResponse, await desk.ask(request))
        events += answer.events
        if not answer.next_after_sequence:
            return events


async def refused_and_unchanged(desk: Desk, ticket: Ticket, request: Message) -> tuple[str, str, str]:
    """Code, reason and text of a refusal, having seen that nothing of the ticket changed."""
    before = await events_of(desk, ticket)
    refusal = await desk.refusal(request)
    assert await events_of(desk, ticket) == before
    return refusal.code.name, refusal.reason, refusal.text


async def test_what_is_promised_is_shown_and_kept_by_its_name(desk: Desk) -> None:
    """The instant, who is to keep it and the customer's words are on the ticket; keeping it says so (2.4)."""
    ticket = await desk.take(await desk.open())
    made = await desk.ticket(of(ticket, call_back(60)))
    found = promise(made)
    assert (found.run, found.kind, found.state) == (
        1,
        ticket_pb2.PROMISE_KIND_CALL_BACK,
        ticket_pb2.PROMISE_STATE_OPEN,
    )
    assert (found.owner, found.made_by, found.words) == ("ana", "ana", "We call you.")
    assert found.promise_time == at(60)
    assert made.version == ticket.version + 1
    desk.clock.pass_(30 * MINUTE)
    kept = promise(await desk.ticket(of(ticket, KeepPromiseRequest(name="call back", words="She was in."))))
    assert kept.state == ticket_pb2.PROMISE_STATE_KEPT
    assert kept.keep_time == at(30)
    last = (await events_of(desk, ticket))[-1]
    assert (last.promise_kept.name, last.promise_kept.words, last.promise_kept.late) == (
        "call back",
        "She was in.",
        False,
    )


async def test_opening_promises_the_next_news_and_an_update_keeps_it_and_promises_more(desk: Desk) -> None:
    """The engine's own promise is the update deadline; a person's message keeps it, and the next is told (6.1, 6.4)."""
    ticket = await desk.take(await desk.open())
    news = promise(ticket, "next_news")
    assert (news.made_by, news.owner, news.words) == ("", "", "")
    assert news.promise_time == ticket.next_news_time == at(60)
    told = await desk.ticket(of(ticket, PostUpdateRequest(text="We are on it.")))
    again = promise(told, "next_news")
    assert (again.run, again.state) == (2, ticket_pb2.PROMISE_STATE_OPEN)
    assert again.promise_time == told.next_news_time
    assert again.promise_time.ToDatetime() > news.promise_time.ToDatetime()
    asked = await desk.ticket(of(ticket, WaitOnCustomerRequest(question="Which lights are on?")))
    assert promise(asked, "next_news").state == ticket_pb2.PROMISE_STATE_KEPT
    assert not asked.HasField("next_news_time")


async def test_a_message_keeps_what_it_names(desk: Desk) -> None:
    """An update and a resolution say which calls they were; a turnaround is kept by resolving (6.2, 6.4)."""
    opened = await desk.open()
    request = AcknowledgeTicketRequest(handler="ana", tier="agent", turnaround_time=at(180))
    ticket = await desk.ticket(of(opened, request))
    assert promise(ticket, "turnaround").promise_time == at(180)
    for name in ("call back", "photo"):
        await desk.ticket(of(ticket, call_back(100, name=name)))
    told = await desk.ticket(of(ticket, PostUpdateRequest(text="I call to say this.", keeps=["call back"])))
    assert promise(told).state == ticket_pb2.PROMISE_STATE_KEPT
    assert promise(told, "photo").state == ticket_pb2.PROMISE_STATE_OPEN
    done = ResolveTicketRequest(outcome=ticket_pb2.OUTCOME_FIXED, explanation="Done.", keeps=["photo"])
    resolved = await desk.ticket(of(ticket, done))
    assert {each.state for each in resolved.promises} == {ticket_pb2.PROMISE_STATE_KEPT}


async def test_a_promise_is_agreed_anew_before_its_instant(desk: Desk) -> None:
    """Another run of the same name stands in its place; why is for the desk (2.4)."""
    ticket = await desk.take(await desk.open())
    await desk.ticket(of(ticket, call_back(60)))
    request = ChangePromiseRequest(
        name="call back", promise_time=at(90), words="At half past ten.", reason="she is out"
    )
    changed = promise(await desk.ticket(of(ticket, request)))
    assert (changed.run, changed.promise_time, changed.words) == (2, at(90), "At half past ten.")
    event = (await events_of(desk, ticket))[-1].promise_changed
    assert (event.from_promise_time, event.reason) == (at(60), "she is out")


async def test_a_broken_promise_earns_its_credit_and_may_be_done_late(desk: Desk) -> None:
    """Found by the next command, recorded as done late, and the customer is offered five euros (6.13)."""
    ticket = await desk.take(await desk.open())
    await desk.ticket(of(ticket, call_back(20)))
    desk.clock.pass_(30 * MINUTE)
    late = await desk.ticket(of(ticket, KeepPromiseRequest(name="call back")))
    assert promise(late).state == ticket_pb2.PROMISE_STATE_BROKEN
    assert promise(late).HasField("keep_time")
    (credit,) = late.credits
    assert (credit.minor, credit.currency, credit.state, credit.of, credit.by) == (
        500,
        "EUR",
        ticket_pb2.CREDIT_STATE_OFFERED,
        ticket_pb2.CREDIT_OF_PROMISE,
        "",
    )
    broken = next(each for each in await events_of(desk, ticket) if each.HasField("promise_broken"))
    assert broken.sequence == credit.earned_by
    assert (broken.promise_broken.due_time, broken.promise_broken.held_by) == (at(20), "agent")


@pytest.mark.parametrize(
    ("request_", "code", "reason", "said"),
    [
        (call_back(-1), "INVALID_ARGUMENT", "PROMISE_NOT_AHEAD", "promise"),
        (call_back(60 * 24 * 400), "INVALID_ARGUMENT", "PROMISE_TOO_FAR", "promise"),
        (call_back(30, name="next_news"), "FAILED_PRECONDITION", "PROMISE_NAME_TAKEN", "next_news"),
        (call_back(30, name="taken"), "FAILED_PRECONDITION", "PROMISE_NAME_TAKEN", "taken"),
        (KeepPromiseRequest(name="unheard of"), "FAILED_PRECONDITION", "PROMISE_UNKNOWN", "unheard of"),
        (KeepPromiseRequest(name="done"), "FAILED_PRECONDITION", "PROMISE_OVER", "done"),
        (
            ChangePromiseRequest(name="done", promise_time=at(99), words="x", reason="x"),
            "FAILED_PRECONDITION",
            "PROMISE_OVER",
            "done",
        ),
        (
            ChangePromiseRequest(name="taken", promise_time=at(-99), words="x", reason="x"),
            "INVALID_ARGUMENT",
            "PROMISE_NOT_AHEAD",
            "taken",
        ),
        (PostUpdateRequest(text="x", keeps=["unheard of"]), "FAILED_PRECONDITION", "PROMISE_UNKNOWN", "unheard of"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Message) else None,
)
async def test_a_promise_that_makes_no_sense_is_refused(
    desk: Desk, request_: Message, code: str, reason: str, said: str
) -> None:
    """Past, beyond the horizon, of a name that is taken, unknown or over: nothing changes (2.4)."""
    ticket = await desk.take(await desk.open())
    await desk.ticket(of(ticket, call_back(60, name="taken")))
    await desk.ticket(of(ticket, call_back(60, name="done")))
    await desk.ticket(of(ticket, KeepPromiseRequest(name="done")))
    found = await refused_and_unchanged(
        desk, ticket, of(ticket, type(request_).FromString(request_.SerializeToString()))
    )
    assert found[:2] == (code, reason)
    assert said in found[2]


async def test_a_turnaround_in_the_past_acknowledges_nothing(desk: Desk) -> None:
    """The promise is part of the command: refused, nobody has taken it on (6.2)."""
    ticket = await desk.open()
    request = of(ticket, AcknowledgeTicketRequest(handler="ana", tier="agent", turnaround_time=at(-5)))
    assert (await refused_and_unchanged(desk, ticket, request))[1] == "PROMISE_NOT_AHEAD"
    assert (await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id))).handler == ""


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (call_back(60, name=""), "name is empty: say it"),
        (call_back(60, name="x" * 65), "name has 65 characters: at most 64 are allowed"),
        (call_back(60, name=" call"), "name ' call' begins or ends with a space: leave it out"),
        (call_back(60, words="\u200b"), "words is empty: say it"),
        (call_back(60, kind=0), "kind is missing: say one of PROMISE_KIND_CALL_BACK, PROMISE_KIND_NEXT_NEWS"),
        (call_back(60, kind=9), "kind is 9: say one of PROMISE_KIND_CALL_BACK"),
        (call_back(60, promise_time=None), "promise_time is missing: give it"),
        (call_back(60, promise_time=Timestamp(seconds=2**62)), "promise_time is 4611686018427387904 s from 1970"),
        (call_back(60, promise_time=Timestamp(seconds=-(2**62))), "promise_time is -4611686018427387904 s from 1970"),
        (call_back(60, promise_time=Timestamp(seconds=1, nanos=-1)), "promise_time has -1 nanos: give whole micro"),
        (call_back(60, promise_time=Timestamp(seconds=1, nanos=1)), "promise_time has 1 nanos: give whole micro"),
        (AcknowledgeTicketRequest(handler="a", tier="b", turnaround_time=Timestamp(nanos=7)), "turnaround_time has 7"),
        (PostUpdateRequest(text="x", keeps=["a", "a"]), "keeps number 2 'a' was given before: leave it out"),
        (PostUpdateRequest(text="x", keeps=[""]), "keeps number 1"),
        (PostUpdateRequest(text="x", keeps=[str(each) for each in range(21)]), "keeps has 21: at most 20 are allowed"),
        (RateTicketRequest(stars=0), "stars is 0: the least is 1"),
        (RateTicketRequest(stars=6), "stars is 6: the most is 5"),
        (RateTicketRequest(stars=3, comment="x" * 8001), "comment has 8001 characters: at most 8000 are allowed"),
        (RateTicketRequest(stars=3, customer="x" * 129), "customer has 129 characters: at most 128 are allowed"),
        (HoldTicketRequest(), "reason is empty: say it"),
        (OfferCreditRequest(minor=0, currency="EUR", reason="x"), "minor is 0: the least is 1"),
        (OfferCreditRequest(minor=-5, currency="EUR", reason="x"), "minor is -5: the least is 1"),
        (
            OfferCreditRequest(minor=10**9 + 1, currency="EUR", reason="x"),
            "minor is 1000000001: the most is 1000000000",
        ),
        (OfferCreditRequest(minor=1, currency="eur", reason="x"), "currency 'eur' is no currency: write its ISO 4217"),
        (DecideCreditRequest(number=0, reason="x"), "number is 0: the least is 1"),
        (DecideCreditRequest(number=1), "reason is empty: say it"),
        (KeepPromiseRequest(name="x\ny"), "name has the character U+000A at 1"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Message) else None,
)
async def test_a_field_that_cannot_be_meant_is_named(desk: Desk, request_: Message, said: str) -> None:
    """Empty, out of range, twice, or no instant at all: the field, the value and the remedy."""
    ticket = await desk.open()
    found = await refused_and_unchanged(
        desk, ticket, of(ticket, type(request_).FromString(request_.SerializeToString()))
    )
    assert found[:2] == ("INVALID_ARGUMENT", "REQUEST_INVALID")
    assert found[2].startswith(said)


async def closed(desk: Desk) -> Ticket:
    """A ticket that the customer has signed off."""
    ticket = await desk.resolve(await desk.take(await desk.open()))
    return await desk.ticket(of(ticket, ConfirmResolutionRequest(customer="c-1")))


async def test_a_closed_ticket_is_rated_once(desk: Desk) -> None:
    """Stars and words are on the ticket; a second word is refused, and so is a first before the end (6.10)."""
    ticket = await closed(desk)
    rated = await desk.ticket(of(ticket, RateTicketRequest(stars=2, comment="Too slow.", customer="c-1")))
    assert (rated.rating.stars, rated.rating.comment) == (2, "Too slow.")
    assert rated.rating.HasField("record_time")
    again = of(ticket, RateTicketRequest(stars=5))
    assert (await refused_and_unchanged(desk, ticket, again))[:2] == ("FAILED_PRECONDITION", "RATED_ALREADY")
    young = await desk.open()
    early = of(young, RateTicketRequest(stars=5))
    assert (await refused_and_unchanged(desk, young, early))[:2] == ("FAILED_PRECONDITION", "WRONG_STATE")


async def test_nobody_signs_off_for_somebody_else(desk: Desk) -> None:
    """Another customer's word confirms, rejects and rates nothing; and it quotes nobody's key (6.8)."""
    ticket = await desk.resolve(await desk.take(await desk.open()))
    for request in (
        ConfirmResolutionRequest(customer="c-2"),
        RejectResolutionRequest(customer="c-2", reason="x"),
        RateTicketRequest(customer="c-2", stars=5),
    ):
        code, reason, text = await refused_and_unchanged(desk, ticket, of(ticket, request))
        assert (code, reason) == ("PERMISSION_DENIED", "NOT_THE_CUSTOMER")
        assert "c-1" not in text
        assert "c-2" not in text


async def test_a_hold_is_shown_pauses_nothing_and_is_continued(desk: Desk) -> None:
    """No clock stands still for it; a second one is refused, as is going on with nothing (2.11)."""
    ticket = await desk.take(await desk.open())
    held = await desk.ticket(of(ticket, HoldTicketRequest(reason="a part from Leeds")))
    assert held.holding.reason == "a part from Leeds"
    assert held.holding.HasField("since_time")
    assert held.deadline_time == ticket.deadline_time
    again = of(ticket, HoldTicketRequest(reason="another part"))
    assert (await refused_and_unchanged(desk, ticket, again))[1] == "WRONG_STATE"
    went_on = await desk.ticket(of(ticket, ContinueTicketRequest(reason="it came")))
    assert not went_on.HasField("holding")
    nothing = of(ticket, ContinueTicketRequest(reason="it came"))
    assert (await refused_and_unchanged(desk, ticket, nothing))[1] == "WRONG_STATE"


async def test_a_credit_above_the_limit_waits_for_the_leads_word(desk: Desk) -> None:
    """Ten euros by hand; above that nobody but the lead says yes or no, once (6.13)."""
    ticket = await desk.take(await desk.open())
    within = await desk.ticket(of(ticket, OfferCreditRequest(minor=900, currency="EUR", reason="two visits")))
    assert within.credits[0].state == ticket_pb2.CREDIT_STATE_OFFERED
    above = await desk.ticket(of(ticket, OfferCreditRequest(minor=5000, currency="EUR", reason="a week without")))
    assert (above.credits[1].number, above.credits[1].state) == (2, ticket_pb2.CREDIT_STATE_AWAITING_APPROVAL)
    assert (above.credits[1].by, above.credits[1].reason) == ("ana", "a week without")
    anas = of(ticket, DecideCreditRequest(number=2, approved=True, reason="I say so"))
    assert (await refused_and_unchanged(desk, ticket, anas))[:2] == ("PERMISSION_DENIED", "NOT_THE_LEAD")
    decided = of(ticket, DecideCreditRequest(actor="team-lead", number=2, approved=True, reason="fair"))
    assert (await desk.ticket(decided)).credits[1].state == ticket_pb2.CREDIT_STATE_OFFERED
    assert (await events_of(desk, ticket))[-1].credit_offered.approved_by == "team-lead"
    twice = of(ticket, DecideCreditRequest(actor="team-lead", number=2, reason="after all not"))
    assert (await refused_and_unchanged(desk, ticket, twice))[:2] == ("FAILED_PRECONDITION", "CREDIT_UNKNOWN")
    dollars = of(ticket, OfferCreditRequest(minor=100, currency="USD", reason="x"))
    assert (await refused_and_unchanged(desk, ticket, dollars))[:2] == ("INVALID_ARGUMENT", "CREDIT_OTHER_CURRENCY")


async def test_who_wants_to_leave_has_the_policys_targets_for_that(desk: Desk) -> None:
    """Whatever priority was asked for; and the kind is on the ticket."""
    ticket = await desk.open(kind=ticket_pb2.TICKET_KIND_LEAVING, priority="normal")
    assert (ticket.kind, ticket.priority) == (ticket_pb2.TICKET_KIND_LEAVING, "high")
    assert (await desk.open(kind=ticket_pb2.TICKET_KIND_LEAVING, priority="")).priority == "high"
    assert (await desk.open()).kind == ticket_pb2.TICKET_KIND_REQUEST


async def test_a_policy_without_targets_for_leaving_refuses_it(record_url: str) -> None:
    """Nothing is opened, and the field at fault is named."""
    async with a_desk(record_url) as desk:
        refusal = await desk.refusal(opening(kind=ticket_pb2.TICKET_KIND_LEAVING))
        assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "LEAVING_NOT_OFFERED")
        assert "kind" in refusal.violations
        assert desk.nudges.kept == []


async def test_a_closed_ticket_is_promised_nothing(desk: Desk) -> None:
    """What was open ends with the closing, for its reason; a new promise wants the ticket reopened (2.4)."""
    ticket = await desk.take(await desk.open())
    await desk.ticket(of(ticket, call_back(600)))
    await desk.resolve(ticket)
    over = await desk.ticket(of(ticket, CloseTicketRequest(reason="agreed on the phone")))
    assert promise(over).state == ticket_pb2.PROMISE_STATE_CANCELLED
    cancelled = next(each for each in await events_of(desk, ticket) if each.HasField("promise_cancelled"))
    assert cancelled.promise_cancelled.name == "call back"
    assert (await refused_and_unchanged(desk, ticket, of(ticket, call_back(600))))[1] == "WRONG_STATE"


async def test_a_ticket_has_so_many_promises_and_credits_and_no_more(desk: Desk) -> None:
    """A ticket is shown whole: a fiftieth name and a credit beyond fifty are refused; a name that is over is free."""
    ticket = await desk.take(await desk.open())
    for number in range(49):  # the engine's is the fiftieth
        await desk.ticket(of(ticket, call_back(60, name=f"call {number}")))
    more = of(ticket, call_back(60, name="one more"))
    assert (await refused_and_unchanged(desk, ticket, more))[1] == "TOO_MANY_PROMISES"
    await desk.ticket(of(ticket, KeepPromiseRequest(name="call 7")))
    assert promise(await desk.ticket(of(ticket, call_back(60, name="call 7"))), "call 7").run == 2
    for _ in range(50):
        await desk.ticket(of(ticket, OfferCreditRequest(minor=1, currency="EUR", reason="x")))
    one_more = of(ticket, OfferCreditRequest(minor=1, currency="EUR", reason="x"))
    assert (await refused_and_unchanged(desk, ticket, one_more))[1] == "TOO_MANY_CREDITS"


async def test_a_promise_made_twice_under_one_id_is_made_once(desk: Desk) -> None:
    """A retry is given the same answer; the same id with other words is refused (5.5)."""
    ticket = await desk.take(await desk.open())
    request = of(ticket, call_back(60))
    assert await desk.ticket(request) == await desk.ticket(request)
    request.words = "Something else."
    assert (await refused_and_unchanged(desk, ticket, request))[:2] == ("ALREADY_EXISTS", "REQUEST_ID_REUSED")


async def test_a_promise_counts_from_when_it_entered_the_record(desk: Desk) -> None:
    """An instant that passed on the way is refused: the record's clock decides, not the caller's (5.1)."""
    ticket = await desk.take(await desk.open())
    request = of(ticket, call_back(5))
    desk.clock.pass_(6 * MINUTE)
    assert (await refused_and_unchanged(desk, ticket, request))[1] == "PROMISE_NOT_AHEAD"
    assert datetime.fromtimestamp(request.promise_time.seconds, UTC) < desk.clock.at


async def test_the_longest_tickets_come_in_pages_that_clients_take(desk: Desk) -> None:
    """However much was said of each: a page is cut where it would be too large, and the next goes on from there."""
    longest = "\U0001f600" * 8000
    for _ in range(70):
        ticket = await desk.open(description=longest)
        gone = ResolveTicketRequest(outcome=ticket_pb2.OUTCOME_WITHDRAWN, explanation="They left.")
        await desk.ticket(of(ticket, gone))
        await desk.ticket(of(ticket, RateTicketRequest(stars=1, comment=longest)))
    first = cast(ListTicketsResponse, await desk.ask(ListTicketsRequest(page_size=100)))
    assert 1 < len(first.tickets) < 70
    assert first.ByteSize() < 4 * 1024 * 1024
    rest = ListTicketsRequest(page_size=100, page_token=first.next_page_token)
    second = cast(ListTicketsResponse, await desk.ask(rest))
    assert len({each.ticket_id for each in (*first.tickets, *second.tickets)}) == 70
    assert second.next_page_token == ""
