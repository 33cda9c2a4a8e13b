"""One fault, many tickets: days on which the cable to Leeds is cut, told through gRPC.

Announcements are carried out as the worker does it, at the story's own instant.
"""

import uuid
from collections.abc import AsyncIterator
from typing import TypeVar, cast

import pytest
from google.protobuf.message import Message

from protos.followthrough.v1 import problem_service_pb2, ticket_pb2
from protos.followthrough.v1.problem_service_pb2 import (
    AnnounceFixRequest,
    Announcement,
    AnnouncementWords,
    AnnounceUpdateRequest,
    GetAnnouncementRequest,
    LinkTicketsRequest,
    LinkTicketsResponse,
    ListProblemsRequest,
    ListProblemsResponse,
    OpenProblemRequest,
    Problem,
)
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    ConfirmResolutionRequest,
    RejectResolutionRequest,
    WaitOnCustomerRequest,
)
from tests.support.day import Day, a_day
from tests.support.problems import tell_all

UPDATE, RESOLVE = ticket_pb2.TARGET_UPDATE, ticket_pb2.TARGET_RESOLVE
Asked = TypeVar("Asked", bound=Message)


@pytest.fixture
async def day(record_url: str) -> AsyncIterator[Day]:
    """Monday, 23 November 2026, 09:00 in London."""
    async with a_day(record_url) as day:
        yield day


async def asked(day: Day, request: Message) -> Message:
    """Ask for a change in the name of the problem's keeper."""
    for name, value in (("caller", "crm-1"), ("actor", "lea"), ("request_id", str(uuid.uuid4()))):
        setattr(request, name, value)
    return await day.desk.ask(request)


async def the_cable(day: Day, *tickets: Ticket) -> str:
    """The fault is known, and those are the tickets that it is behind; gives its id."""
    opening = OpenProblemRequest(kind=problem_service_pb2.PROBLEM_KIND_FAULT, title="the cable to Leeds")
    problem = cast(Problem, await asked(day, opening))
    linking = LinkTicketsRequest(problem_id=problem.problem_id, ticket_ids=[each.ticket_id for each in tickets])
    linked = cast(LinkTicketsResponse, await asked(day, linking))
    assert linked.linked_count == len(tickets)
    return problem.problem_id


def another(number: int, language: str = "en-GB") -> ticket_pb2.Customer:
    """A customer with a number."""
    return ticket_pb2.Customer(
        external_id=f"c-{number}", display_name=f"Ada {number}", language=language, zone="Europe/London"
    )


async def announced(day: Day, request: AnnounceUpdateRequest | AnnounceFixRequest) -> Announcement:
    """Announce it, and have it carried out there and then; gives how it ended."""
    announcement = cast(Announcement, await asked(day, request))
    await tell_all(day.desk.records, announcement.announcement_id)
    ended = await day.desk.ask(GetAnnouncementRequest(announcement_id=announcement.announcement_id))
    return cast(Announcement, ended)


async def test_all_linked_customers_hear_the_same_and_each_update_clock_is_met(day: Day) -> None:
    """6.4, 2.9: opened at 09:00, 10:00 and 11:00, each its own deadline; told at 12:00, all hear next by then + 4 h."""
    first = await day.open(priority="normal")
    await day.comes("Mon 23 Nov 10:00")
    second = await day.open(priority="normal", customer=another(2))
    await day.comes("Mon 23 Nov 11:00")
    third = await day.open(priority="normal", customer=another(3))
    bystander = await day.open(priority="normal")
    before = [await day.deadline(each, UPDATE) for each in (first, second, third)]
    assert before == ["Mon 23 Nov 13:00", "Mon 23 Nov 14:00", "Mon 23 Nov 15:00"]
    problem = await the_cable(day, first, second, third)
    await day.comes("Mon 23 Nov 12:00")

    ended = await announced(day, AnnounceUpdateRequest(problem_id=problem, text="A digger; by noon tomorrow."))

    assert (ended.told_count, ended.ticket_count) == (3, 3)
    for number, ticket in enumerate((first, second, third), 1):
        assert await day.deadline(ticket, UPDATE) == "Mon 23 Nov 16:00"
        to = f"to customer c-{number}"
        assert await day.told(ticket, "customer") == [f"opened {to}", f"update_posted {to}"]
        [line] = [each for each in await day.events(ticket) if each.WhichOneof("event") == "update_posted"]
        assert (line.actor, line.update_posted.text) == ("lea", "A digger; by noon tomorrow.")
    assert await day.deadline(bystander, UPDATE) == "Mon 23 Nov 15:00"
    assert await day.told(bystander, "customer") == ["opened to customer c-1"]


async def test_reopening_one_ticket_reopens_only_that_one(day: Day) -> None:
    """6.7, 6.8: three are asked to sign off: one confirms, one says no, one says nothing; each has its own end."""
    yes, no, silent = [await day.open(priority="normal", customer=another(number)) for number in range(3)]
    problem = await the_cable(day, yes, no, silent)
    await day.comes("Mon 23 Nov 15:00")
    ended = await announced(day, AnnounceFixRequest(problem_id=problem, explanation="The cable is mended."))
    assert ended.told_count == 3
    for number, ticket in enumerate((yes, no, silent)):
        now = await day.now(ticket)
        assert now.status == ticket_pb2.TICKET_STATUS_RESOLVED
        assert now.resolution.outcome == ticket_pb2.OUTCOME_FIXED
        assert (await day.told(ticket, "customer"))[-1] == f"resolved to customer c-{number}"

    await day.comes("Tue 24 Nov 09:00")
    await day.ask(yes, ConfirmResolutionRequest())
    await day.ask(no, RejectResolutionRequest(reason="Still dead."))
    await day.comes("Mon 30 Nov 18:00")

    assert (await day.now(yes)).status == ticket_pb2.TICKET_STATUS_CLOSED
    assert (await day.now(silent)).status == ticket_pb2.TICKET_STATUS_CLOSED
    assert (await day.now(no)).status == ticket_pb2.TICKET_STATUS_OPEN
    assert await day.happened(no, "rejected", "closed") == ["Tue 24 Nov 09:00 rejected"]
    assert list((await day.now(no)).problems) == [problem]
    [listed] = cast(ListProblemsResponse, await day.desk.ask(ListProblemsRequest())).problems
    assert (listed.state, listed.linked_count) == (problem_service_pb2.PROBLEM_STATE_FIXED, 3)


async def test_who_reports_a_fault_three_times_hears_of_it_once(day: Day) -> None:
    """6.4, 6.8: one letter names what it is for; each is signed off by itself, also by the reference in it."""
    tickets = []
    for hour in ("10:00", "10:30", "11:00"):
        await day.comes(f"Mon 23 Nov {hour}")
        tickets.append(await day.open(priority="normal", subject=f"no line at {hour}"))
    first, *others = tickets
    problem = await the_cable(day, *tickets)
    await day.comes("Mon 23 Nov 12:00")
    await announced(day, AnnounceUpdateRequest(problem_id=problem, text="A digger; by noon tomorrow."))
    for ticket in tickets:
        assert await day.deadline(ticket, UPDATE) == "Mon 23 Nov 16:00"
    [letter] = [each for ticket in tickets for each in await day.letters(ticket, "update_posted")]
    assert all(ticket.reference in letter for ticket in tickets)
    for ticket in others:
        [line] = [each for each in await day.events(ticket) if each.WhichOneof("event") == "update_posted"]
        assert line.update_posted.told_in == first.reference

    await day.comes("Tue 24 Nov 11:30")
    await announced(day, AnnounceFixRequest(problem_id=problem, explanation="The cable is mended."))
    [letter] = [each for ticket in tickets for each in await day.letters(ticket, "resolved")]
    assert all(ticket.reference in letter for ticket in tickets)
    assert "Tell us of each: yes, and we close it." in letter
    await day.ask(others[0], ConfirmResolutionRequest())
    await day.ask(others[1], RejectResolutionRequest(reason="Not upstairs."))
    assert [(await day.now(each)).status for each in tickets] == [
        ticket_pb2.TICKET_STATUS_RESOLVED,
        ticket_pb2.TICKET_STATUS_CLOSED,
        ticket_pb2.TICKET_STATUS_OPEN,
    ]


async def test_each_hears_it_in_words_of_their_own_language(day: Day) -> None:
    """9: within the letter in German stand German words, and who reads neither has those that are for everybody."""
    german, english, french = [
        await day.open(customer=another(number, language)) for number, language in enumerate(("de-AT", "en-GB", "fr"))
    ]
    problem = await the_cable(day, german, english, french)
    words_in = [AnnouncementWords(language="de", text="Ein Bagger; morgen Mittag.")]
    await announced(day, AnnounceUpdateRequest(problem_id=problem, text="A digger; by noon.", words_in=words_in))
    [letter] = await day.letters(german, "update_posted")
    assert "es gibt Neues zu Ihrem Anliegen" in letter
    assert "Ein Bagger; morgen Mittag." in letter
    for ticket in (english, french):
        [letter] = await day.letters(ticket, "update_posted")
        assert "A digger; by noon." in letter
        assert "Bagger" not in letter


async def test_who_was_asked_something_is_told_too_and_the_fix_ends_the_wait(day: Day) -> None:
    """6.6, 6.7: an update does not end a wait on the customer; a resolution does, and nobody is reminded any more."""
    ticket = await day.open(priority="normal")
    await day.take(ticket)
    await day.ask(ticket, WaitOnCustomerRequest(question="Which lights are on?"))
    problem = await the_cable(day, ticket)
    await announced(day, AnnounceUpdateRequest(problem_id=problem, text="It is the cable."))
    assert (await day.now(ticket)).status == ticket_pb2.TICKET_STATUS_WAITING_ON_CUSTOMER
    await day.comes("Mon 23 Nov 10:00")
    await announced(day, AnnounceFixRequest(problem_id=problem, explanation="The cable is mended."))
    assert (await day.now(ticket)).status == ticket_pb2.TICKET_STATUS_RESOLVED
    await day.comes("Fri 27 Nov 18:00")
    assert await day.happened(ticket, "customer_reminded") == []


async def test_a_ticket_that_is_over_hears_nothing_and_is_counted(day: Day) -> None:
    """6.4: signed off an hour before: closed it stays, and who announces sees how many were passed by, and why."""
    over, running = await day.open(), await day.open()
    problem = await the_cable(day, over, running)
    await day.desk.resolve(over)
    await day.ask(over, ConfirmResolutionRequest())
    told = await day.told(over)
    ended = await announced(day, AnnounceUpdateRequest(problem_id=problem, text="It is the cable."))
    assert (ended.told_count, ended.waiting_count) == (1, 0)
    assert [(each.reason, each.count) for each in ended.passed_by] == [("closed", 1)]
    assert await day.told(over) == told


async def test_a_deadline_that_passes_before_its_ticket_is_told_is_a_breach(day: Day) -> None:
    """5.1, 5.2: it counts when a ticket is told, not when it was announced: the engine's own pace excuses nothing."""
    ticket = await day.open(priority="normal")
    problem = await the_cable(day, ticket)
    await day.comes("Mon 23 Nov 12:59")
    announcing = AnnounceUpdateRequest(problem_id=problem, text="It is the cable.")
    announcement = cast(Announcement, await asked(day, announcing))
    await day.comes("Mon 23 Nov 13:01")
    await tell_all(day.desk.records, announcement.announcement_id)
    assert "update of agent due Mon 23 Nov 13:00" in await day.breaches(ticket)
    assert await day.happened(ticket, "update_posted") == ["Mon 23 Nov 13:01 update_posted"]
