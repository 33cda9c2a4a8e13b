"""What customers told of their help desks, with the end that each story has at ours.

The quotations are from public reviews of a broadband provider, a bank and a retailer.
"""

import uuid
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import cast

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import problem_service_pb2, ticket_pb2
from protos.followthrough.v1.handover_pb2 import Handover
from protos.followthrough.v1.problem_service_pb2 import (
    AnnounceFixRequest,
    Announcement,
    LinkTicketsRequest,
    OpenProblemRequest,
    Problem,
)
from protos.followthrough.v1.ticket_service_pb2 import (
    AddNoteRequest,
    ConfirmResolutionRequest,
    EscalateTicketRequest,
    GetHandoverRequest,
    MakePromiseRequest,
    PostUpdateRequest,
    RateTicketRequest,
    RecordContactRequest,
    RejectResolutionRequest,
    ResolveTicketRequest,
    TransferTicketRequest,
    WaitOnCustomerRequest,
)
from services.exporter.exporter import Exporter
from services.policy_pages import sla
from services.settings import Address
from services.words.page_words import PageWords
from services.words.words import Words
from tests.support.day import Day, a_day
from tests.support.policies import LINES, PROMISED, Standing
from tests.support.problems import tell_all
from tests.support.processes import page as metrics_page
from workflows.domain.money import Money
from workflows.planning.promised import promised
from workflows.policies import PolicySet, broadband

NEWS = RecordContactRequest(kind=ticket_pb2.CONTACT_KIND_NEWS, channel="phone", text="Still no line. Any news?")


async def test_six_calls_and_a_supervisor_to_find_a_broken_router(day: Day) -> None:
    """Six phone calls: here the second is the last that the first line hears, the fourth is the supplier's.

    And nobody has to be told the story again: it is in one page, every call of it.
    """
    ticket = await day.open(priority="normal")
    await day.take(ticket)
    for call, time in enumerate(("09:30", "10:00", "10:30", "11:00"), 1):
        await day.comes(f"Mon 23 Nov {time}")
        await day.ask(ticket, NEWS)
        tiers = {1: "agent", 2: "specialist", 3: "specialist", 4: "supplier"}
        assert (await day.now(ticket)).tier == tiers[call]
    escalated = await day.of_kind(ticket, "escalated", lambda event: event.escalated)
    assert {cause for step in escalated for cause in step.causes} == {ticket_pb2.ESCALATION_CAUSE_REPEAT_CONTACT}
    assert (await _page(day, ticket)).count("Still no line. Any news?") == 4


async def test_promised_calls_that_never_came_and_having_to_ask_for_the_refund(record_url: str) -> None:
    """The customer wrote of "72-hour SLAs, promised calls that never came, having to *ask* for the refund".

    Here the call that does not come at 15:00 is admitted at 15:00, with the credit, and nobody asked.
    """
    async with _generous(record_url) as day:
        ticket = await day.open(priority="normal")
        await day.take(ticket)
        promise = MakePromiseRequest(
            kind=ticket_pb2.PROMISE_KIND_CALL_BACK,
            name="call back",
            promise_time=_stamp(day, "Mon 23 Nov 15:00"),
            words="We call you by three.",
        )
        await day.ask(ticket, promise)
        await day.comes("Mon 23 Nov 15:01")
        (credit,) = await day.of_kind(ticket, "credit_offered", lambda event: event.credit_offered)
        assert (credit.minor, credit.currency) == (500, "GBP")
        broken = [
            day.at(each.due_time)
            for each in await day.of_kind(ticket, "promise_broken", lambda event: event.promise_broken)
            if each.name == "call back"
        ]
        assert broken == ["Mon 23 Nov 15:00"]
        [letter] = [each for each in await day.letters(ticket, "promise_broken") if "£5.00" in each]
        assert "we promised to call you" in letter.lower()
        assert "apologise" in letter.lower()
        assert "You need not ask for it." in letter
        assert "credit_offered to customer c-1" not in await day.told(ticket, "customer")


async def test_a_third_agent_who_can_only_open_another_ticket(day: Day) -> None:
    """Three days without news, then "I can only open a new ticket": here it is the same ticket, to the end.

    The silence is told each time, to whoever should have spoken; the rejected solution goes up, not away.
    """
    ticket = await day.open(priority="normal")
    await day.take(ticket)
    await day.comes("Thu 26 Nov 09:00")
    silent = [each for each in await day.breaches(ticket) if each.startswith("update")]
    assert len(silent) >= 3
    told = await day.told(ticket)
    assert told.count("clock_breached to owner ana") + told.count("clock_breached to handler ana") >= len(silent)
    await day.desk.resolve(ticket)
    rejected = await day.ask(ticket, RejectResolutionRequest(reason="It is as it was."))
    assert (rejected.ticket_id, rejected.reference) == (ticket.ticket_id, ticket.reference)
    assert rejected.status == ticket_pb2.TICKET_STATUS_OPEN
    await day.take(ticket, "sue")
    await day.desk.resolve(ticket)
    await day.ask(ticket, ConfirmResolutionRequest())
    await day.comes("Mon 30 Nov 09:00")
    again = await day.ask(ticket, RejectResolutionRequest(reason="It broke again on Sunday."))
    assert again.reference == ticket.reference
    assert again.status == ticket_pb2.TICKET_STATUS_OPEN


async def test_five_hours_promised_sixteen_taken_and_please_start_again(day: Day) -> None:
    """Eight working hours promised, more taken: the desk says so itself, at the hour; nothing starts again.

    The time spent stays spent: the ticket that moves on to another tier does not get eight new hours.
    """
    ticket = await day.open()
    await day.take(ticket)
    await day.comes("Mon 23 Nov 16:55")
    before = await day.deadline(ticket, ticket_pb2.TARGET_RESOLVE)
    assert before == "Mon 23 Nov 17:00"
    await day.comes("Mon 23 Nov 17:01")
    assert "resolve of agent due Mon 23 Nov 17:00" in await day.breaches(ticket)
    assert (await day.told(ticket, "customer")).count("resolve_missed to customer c-1") == 1
    [letter] = await day.letters(ticket, "resolve_missed")
    assert "Monday 23 November at 17:00" in letter
    await day.take(ticket, "sue")
    await day.desk.resolve(ticket)
    rejected = await day.ask(ticket, RejectResolutionRequest(reason="It is as it was."))
    assert rejected.reference == ticket.reference
    spent = next(clock.spent for clock in rejected.clocks if clock.target == ticket_pb2.TARGET_RESOLVE)
    assert spent.seconds == 8 * 3600


async def test_thank_me_tell_me_when_and_tell_me_again_before_i_ask(day: Day) -> None:
    """At once: thanks, a reference, when they hear next. On the way: before they ask, who has it and when next."""
    ticket = await day.open(priority="normal")
    assert await day.told(ticket, "customer") == ["opened to customer c-1"]
    assert day.at(ticket.next_news_time) == "Mon 23 Nov 13:00"
    [letter] = await day.letters(ticket)
    assert "Thank you" in letter
    assert ticket.reference in letter
    assert "by Monday 23 November at 13:00" in letter
    assert "solved by Wednesday 25 November at 16:00" in letter
    await day.comes("Mon 23 Nov 12:01")
    assert await day.happened(ticket, "escalated") == ["Mon 23 Nov 12:00 escalated"]
    [again] = await day.letters(ticket, "escalated")
    assert "by Monday 23 November at 13:00" in again


async def test_do_not_pass_me_round(day: Day) -> None:
    """The owner stays, whoever works on it; each hand-off is counted, and coming back to a tier is told as such."""
    ticket = await day.open(priority="normal")
    await day.take(ticket, "ana")
    await day.ask(ticket, NEWS)
    await day.ask(ticket, NEWS)
    await day.take(ticket, "sue")
    now = await day.now(ticket)
    assert (now.owner, now.handler, list(now.visited)) == ("ana", "sue", ["agent", "specialist"])
    await day.ask(ticket, TransferTicketRequest(to_tier="agent", reason="It is a question of the bill."))
    await day.take(ticket, "ben")
    await day.ask(ticket, EscalateTicketRequest(from_tier="agent", reason="It is not."))
    back = await day.of_kind(ticket, "transferred", lambda event: event.transferred)
    up = await day.of_kind(ticket, "escalated", lambda event: event.escalated)
    assert [each.ping_pong for each in back] == [True]
    assert [each.ping_pong for each in up] == [False, True]


async def test_if_it_cannot_be_done_say_why_and_offer_something_else(day: Day) -> None:
    """Without an explanation, or without an alternative, it is refused; with both the customer has them."""
    ticket = await day.open(priority="normal")
    await day.take(ticket)
    outcome = ticket_pb2.OUTCOME_NOT_FEASIBLE
    bare = await day.refused(ticket, ResolveTicketRequest(outcome=outcome, explanation="There is no cable to you."))
    assert bare.reason == "ALTERNATIVE_REQUIRED"
    silent = await day.refused(ticket, ResolveTicketRequest(outcome=outcome, alternative="A router for mobile."))
    assert list(silent.violations) == ["explanation"]
    whole = ResolveTicketRequest(
        outcome=outcome, explanation="There is no cable to you.", alternative="A router for mobile."
    )
    assert (await day.ask(ticket, whole)).status == ticket_pb2.TICKET_STATUS_RESOLVED
    [letter] = await day.letters(ticket, "resolved")
    assert "There is no cable to you." in letter
    assert "A router for mobile." in letter


async def test_tell_me_when_it_is_fixed_and_check_that_i_am_happy(day: Day) -> None:
    """Closed by the customer's word; one who is not happy is heard by the lead, and whoever says nothing is asked."""
    ticket = await day.open(priority="normal")
    await day.take(ticket)
    resolved = await day.desk.resolve(ticket)
    assert resolved.status == ticket_pb2.TICKET_STATUS_RESOLVED
    await day.ask(ticket, ConfirmResolutionRequest())
    await day.ask(ticket, RateTicketRequest(stars=1, comment="It took four people."))
    assert await day.told(ticket, "lead") == ["rated_low to lead team-lead"]
    silent = await day.open(priority="normal", subject="no television")
    await day.take(silent)
    await day.desk.resolve(silent)
    [letter] = await day.letters(silent, "resolved")
    assert "cable replaced" in letter
    assert "tell us" in letter.lower()
    assert (await day.now(silent)).status == ticket_pb2.TICKET_STATUS_RESOLVED


async def test_keep_one_record_so_the_next_person_knows(day: Day) -> None:
    """What was asked, answered and told is in the page that whoever has it next is given, and notes beside it."""
    ticket = await day.open(priority="normal")
    await day.take(ticket)
    await day.ask(ticket, PostUpdateRequest(text="We measured the line."))
    await day.ask(ticket, AddNoteRequest(text="The socket looks burnt."))
    await day.ask(ticket, WaitOnCustomerRequest(question="Which lamps are lit?"))
    await day.ask(ticket, RecordContactRequest(channel="phone", text="Only the red one."))
    page = await _page(day, ticket)
    for words in (
        "We measured the line.",
        "Which lamps are lit?",
        "Only the red one.",
        "Ada Example",
        "The socket looks burnt.",
    ):
        assert words in page


async def test_tell_everyone_when_the_common_fault_is_mended(day: Day) -> None:
    """One cable, three customers: each is told once, with how to say that it is not; one who does reopens one's own."""
    tickets = [await day.open(priority="normal", customer=_customer(number)) for number in range(3)]
    await _mended(day, *tickets)
    for number, ticket in enumerate(tickets):
        assert (await day.told(ticket, "customer")).count(f"resolved to customer c-{number}") == 1
        [letter] = await day.letters(ticket, "resolved")
        assert "The cable is mended." in letter
    await day.ask(tickets[0], RejectResolutionRequest(reason="Not at our house."))
    states = [(await day.now(each)).status for each in tickets]
    assert states == [
        ticket_pb2.TICKET_STATUS_OPEN,
        ticket_pb2.TICKET_STATUS_RESOLVED,
        ticket_pb2.TICKET_STATUS_RESOLVED,
    ]


async def test_one_fault_reported_by_three_channels_is_one_letter(day: Day) -> None:
    """Called at 09:00, wrote at 10:00, chatted at 11:00: one letter says of all three that it is mended.

    It names each, so that what is still broken is said of that one, and that one alone is taken up again.
    """
    tickets = [await day.open(priority="normal", channel="phone", subject="no line")]
    await day.comes("Mon 23 Nov 10:00")
    tickets.append(await day.open(priority="normal", channel="mail", subject="no television"))
    await day.comes("Mon 23 Nov 11:00")
    tickets.append(await day.open(priority="normal", channel="chat", subject="dead"))
    await day.comes("Mon 23 Nov 15:00")
    await _mended(day, *tickets)
    assert [len(await day.letters(each, "resolved")) for each in tickets] == [1, 0, 0]
    [letter] = await day.letters(tickets[0], "resolved")
    assert all(each.reference in letter for each in tickets)
    await day.comes("Mon 23 Nov 17:00")
    await day.ask(tickets[1], RejectResolutionRequest(reason="Television is still black."))
    await day.ask(tickets[2], ConfirmResolutionRequest())
    assert [(await day.now(each)).status for each in tickets] == [
        ticket_pb2.TICKET_STATUS_RESOLVED,
        ticket_pb2.TICKET_STATUS_OPEN,
        ticket_pb2.TICKET_STATUS_CLOSED,
    ]


async def test_publish_what_you_promise_and_measure_yourselves_against_it(day: Day) -> None:
    """The page for customers and the figures for operators are made of the one table and the one log."""
    words = PageWords.of(Words().library, "en")
    assert words is not None
    page = sla.markdown(promised(broadband.policy, broadband.published, day.desk.clock.at.date(), words))
    for priority in broadband.policy.priorities:
        assert priority in page.lower()
    assert broadband.policy.last_resort not in page
    ticket = await day.open()
    await day.take(ticket)
    exporter = Exporter(day.desk.records.queries, lambda: PROMISED)
    port = await exporter.start(Address("127.0.0.1", 0))
    try:
        text = await metrics_page(f"127.0.0.1:{port}")
    finally:
        await exporter.stop()
    counted = (
        'followthrough_time_to_acknowledge_seconds_bucket{le="900.0",priority="urgent",queue="home",tier="agent"} 1.0'
    )
    assert counted in text


def _customer(number: int) -> ticket_pb2.Customer:
    return ticket_pb2.Customer(
        external_id=f"c-{number}", display_name=f"Ada Example {number}", language="en-GB", zone="Europe/London"
    )


async def _mended(day: Day, *tickets: ticket_pb2.Ticket) -> None:
    """The cable behind all of them is announced to be."""
    opening = OpenProblemRequest(kind=problem_service_pb2.PROBLEM_KIND_FAULT, title="the cable to Leeds")
    problem = cast(Problem, await _by_lea(day, opening))
    ids = [each.ticket_id for each in tickets]
    await _by_lea(day, LinkTicketsRequest(problem_id=problem.problem_id, ticket_ids=ids))
    fix = AnnounceFixRequest(problem_id=problem.problem_id, explanation="The cable is mended.")
    announcement = cast(Announcement, await _by_lea(day, fix))
    await tell_all(day.desk.records, announcement.announcement_id)


async def _by_lea(day: Day, request: Message) -> Message:
    for name, value in (("caller", "crm-1"), ("actor", "lea"), ("request_id", str(uuid.uuid4()))):
        setattr(request, name, value)
    return await day.desk.ask(request)


async def _page(day: Day, ticket: ticket_pb2.Ticket) -> str:
    return cast(Handover, await day.desk.ask(GetHandoverRequest(ticket_id=ticket.ticket_id))).page


def _generous(url: str) -> AbstractAsyncContextManager[Day]:
    policy = replace(LINES, credit_for_promise=Money(minor=500, currency="GBP"))
    return a_day(
        url, policies=Standing(promised=PolicySet(policies={policy.name: policy}, queues={"home": policy.name}))
    )


def _stamp(day: Day, text: str) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(day.instant(text))
    return stamp
