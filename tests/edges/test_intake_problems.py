"""ProblemService through a real server, on both databases: what is asked, what is shown, what is refused."""

import uuid
from collections.abc import AsyncIterator
from typing import TypeVar, cast

import grpc
import pytest
from google.protobuf.message import Message

from protos.followthrough.v1 import problem_service_pb2 as contract
from protos.followthrough.v1.problem_service_pb2 import (
    AnnounceFixRequest,
    Announcement,
    AnnouncementWords,
    AnnounceUpdateRequest,
    CancelAnnouncementRequest,
    ChangeProblemRequest,
    CloseProblemRequest,
    GetAnnouncementRequest,
    GetProblemRequest,
    LinkTicketsRequest,
    LinkTicketsResponse,
    ListAnnouncementsRequest,
    ListAnnouncementsResponse,
    ListAnnouncementTicketsRequest,
    ListAnnouncementTicketsResponse,
    ListLinkedTicketsRequest,
    ListLinkedTicketsResponse,
    ListProblemsRequest,
    ListProblemsResponse,
    OpenProblemRequest,
    PauseAnnouncementRequest,
    Problem,
    ResumeAnnouncementRequest,
    UnlinkTicketsRequest,
    UnlinkTicketsResponse,
)
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
)
from services.intake.ids import Ids
from tests.support.intake import Desk, a_desk
from tests.support.problems import tell_all

CODES = grpc.StatusCode
Asked = TypeVar("Asked", bound=Message)
Answered = TypeVar("Answered", bound=Message)


@pytest.fixture
async def desk(record_url: str) -> AsyncIterator[Desk]:
    """A contact centre in front of a running intake."""
    async with a_desk(record_url) as desk:
        yield desk


def meant(request: Asked) -> Asked:
    """Complete a change with who asks."""
    for name, value in (("caller", "crm-1"), ("actor", "lea"), ("request_id", str(uuid.uuid4()))):
        if not getattr(request, name):
            setattr(request, name, value)
    return request


async def ask(desk: Desk, request: Message, kind: type[Answered]) -> Answered:
    """Call the method of the request's name."""
    answer = await desk.ask(request)
    assert isinstance(answer, kind)
    return answer


async def a_problem(desk: Desk, *tickets: Ticket, title: str = "no line in Leeds") -> Problem:
    """Open a fault that is behind tickets."""
    request = meant(OpenProblemRequest(kind=contract.PROBLEM_KIND_FAULT, title=title, words="we are looking for it"))
    problem = await ask(desk, request, Problem)
    if not tickets:
        return problem
    linking = LinkTicketsRequest(problem_id=problem.problem_id, ticket_ids=[each.ticket_id for each in tickets])
    return (await ask(desk, meant(linking), LinkTicketsResponse)).problem


async def test_a_problem_from_its_opening_to_its_end(desk: Desk) -> None:
    """Opened, put in other words, closed; each change raises its version and names who made it."""
    problem = await a_problem(desk)
    assert (problem.state, problem.version, problem.opened_by) == (contract.PROBLEM_STATE_INVESTIGATING, 1, "lea")
    change = ChangeProblemRequest(
        problem_id=problem.problem_id, state=contract.PROBLEM_STATE_KNOWN, words="a digger", actor="kim"
    )
    changed = await ask(desk, meant(change), Problem)
    assert (changed.state, changed.title, changed.words) == (
        contract.PROBLEM_STATE_KNOWN,
        "no line in Leeds",
        "a digger",
    )
    assert (changed.version, changed.changed_by) == (2, "kim")
    closing = meant(CloseProblemRequest(problem_id=problem.problem_id, expected_version=2, reason="all is well"))
    closed = await ask(desk, closing, Problem)
    assert closed.HasField("close_time")
    assert (closed.closed_for, closed.state) == ("all is well", contract.PROBLEM_STATE_KNOWN)
    assert await ask(desk, closing, Problem) == closed  # the stored answer
    assert await ask(desk, GetProblemRequest(problem_id=problem.problem_id), Problem) == closed


async def test_known_problems_and_wishes_are_listed_page_by_page(desk: Desk) -> None:
    """The newest first, by kind and state; closed ones where they are asked for."""
    faults = [await a_problem(desk, title=f"fault {number}") for number in range(3)]
    wish = OpenProblemRequest(
        kind=contract.PROBLEM_KIND_IMPROVEMENT, title="bills by mail", state=contract.PROBLEM_STATE_PLANNED
    )
    wished = await ask(desk, meant(wish), Problem)
    await ask(desk, meant(CloseProblemRequest(problem_id=faults[1].problem_id, reason="gone")), Problem)

    async def titles(request: ListProblemsRequest) -> list[str]:
        found: list[str] = []
        while True:
            page = await ask(desk, request, ListProblemsResponse)
            found += [each.title for each in page.problems]
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token

    assert sorted(await titles(ListProblemsRequest(page_size=1))) == ["bills by mail", "fault 0", "fault 2"]
    assert len(await titles(ListProblemsRequest(page_size=2, include_closed=True))) == 4
    assert await titles(ListProblemsRequest(kind=contract.PROBLEM_KIND_IMPROVEMENT)) == [wished.title]
    assert await titles(ListProblemsRequest(state=contract.PROBLEM_STATE_FIXED)) == []


async def test_a_linked_ticket_says_so(desk: Desk) -> None:
    """In the ticket, in its log and in the problem's list; unlinking is a line too. Nobody is told."""
    first, second = await desk.open(), await desk.open()
    problem = await a_problem(desk, first, second)
    assert problem.linked_count == 2

    listed = await ask(desk, ListLinkedTicketsRequest(problem_id=problem.problem_id), ListLinkedTicketsResponse)
    assert {each.reference for each in listed.tickets} == {first.reference, second.reference}
    shown = await desk.ticket(GetTicketRequest(ticket_id=first.ticket_id))
    assert list(shown.problems) == [problem.problem_id]
    unlinking = UnlinkTicketsRequest(
        problem_id=problem.problem_id, ticket_ids=[first.ticket_id], reason="another matter"
    )
    left = await ask(desk, meant(unlinking), UnlinkTicketsResponse)
    assert (left.unlinked_count, left.problem.linked_count) == (1, 1)
    log = await ask(desk, ListTicketEventsRequest(ticket_id=first.ticket_id), ListTicketEventsResponse)
    *_, linked, unlinked = log.events
    assert (linked.actor, linked.problem_linked.title) == ("lea", "no line in Leeds")
    assert unlinked.problem_unlinked.reason == "another matter"
    kinds = {message.kind for message in await desk.records.outbox.take(limit=99, lease_seconds=60)}
    assert kinds == {"opened"}


async def test_an_announcement_through_the_door(desk: Desk) -> None:
    """6.4: announced with a pace, told by who carries it out, its progress asked for; each ticket's own message."""
    tickets = [await desk.open() for _ in range(3)]  # one customer's, all three
    problem = await a_problem(desk, *tickets)
    request = meant(
        AnnounceUpdateRequest(problem_id=problem.problem_id, text="a digger, by noon", tickets_per_second=500)
    )
    announced = await ask(desk, request, Announcement)
    assert (announced.kind, announced.state) == (
        contract.ANNOUNCEMENT_KIND_UPDATE,
        contract.ANNOUNCEMENT_STATE_RUNNING,
    )
    assert (announced.ticket_count, announced.waiting_count, announced.actor) == (3, 3, "lea")
    assert await ask(desk, request, Announcement) == announced

    await tell_all(desk.records, announced.announcement_id)

    done = await ask(desk, GetAnnouncementRequest(announcement_id=announced.announcement_id), Announcement)
    assert (done.state, done.told_count, done.waiting_count) == (contract.ANNOUNCEMENT_STATE_DONE, 3, 0)
    assert done.HasField("end_time")
    told = await ask(
        desk,
        ListAnnouncementTicketsRequest(announcement_id=announced.announcement_id, announcement_outcome="told"),
        ListAnnouncementTicketsResponse,
    )
    first, *others = sorted(tickets, key=lambda each: each.ticket_id)
    assert [(each.ticket_id, each.reference, each.told_in) for each in told.tickets] == [
        (first.ticket_id, first.reference, ""),
        *((each.ticket_id, each.reference, first.reference) for each in others),
    ]
    everything = await ask(desk, ListAnnouncementsRequest(), ListAnnouncementsResponse)
    assert list(everything.announcements) == [done]
    messages = await desk.records.outbox.take(limit=99, lease_seconds=60)
    assert sum(each.audience == "customer" and each.kind == "opened" for each in messages) == 3


def in_languages(problem: Problem, *languages: str, text: str = "ein Bagger") -> AnnounceUpdateRequest:
    """An update of a problem, the same in each of these languages."""
    words_in = [AnnouncementWords(language=language, text=text) for language in languages]
    return AnnounceUpdateRequest(problem_id=problem.problem_id, text="a digger", words_in=words_in)


async def test_an_announcement_in_more_languages(desk: Desk) -> None:
    """Who reads one of them is told that; a list of announcements leaves them out; another language is refused."""
    problem = await a_problem(desk, await desk.open())
    refused = await desk.refusal(meant(in_languages(problem, "fr")))
    assert "'fr' is no language that messages are written in: those are de, en" in refused.text
    announced = await ask(desk, meant(in_languages(problem, "de", "de-AT")), Announcement)
    assert [(each.language, each.text) for each in announced.words_in] == [
        ("de", "ein Bagger"),
        ("de-AT", "ein Bagger"),
    ]
    again = await ask(desk, GetAnnouncementRequest(announcement_id=announced.announcement_id), Announcement)
    assert again == announced
    listed = await ask(desk, ListAnnouncementsRequest(), ListAnnouncementsResponse)
    assert [list(each.words_in) for each in listed.announcements] == [[]]


async def test_an_announcement_rests_goes_on_and_is_called_off(desk: Desk) -> None:
    """Who pauses, resumes and cancels is named; what has ended is not ended again."""
    problem = await a_problem(desk, await desk.open())
    fix = meant(AnnounceFixRequest(problem_id=problem.problem_id, explanation="the cable is mended"))
    announced = await ask(desk, fix, Announcement)
    assert announced.tickets_per_second == 50
    named = announced.announcement_id
    paused = await ask(desk, meant(PauseAnnouncementRequest(announcement_id=named, actor="kim")), Announcement)
    assert (paused.state, paused.changed_by) == (contract.ANNOUNCEMENT_STATE_PAUSED, "kim")
    refusal = await desk.refusal(meant(PauseAnnouncementRequest(announcement_id=named)))
    assert (refusal.code, refusal.reason) == (CODES.FAILED_PRECONDITION, "ANNOUNCEMENT_OVER")
    assert refusal.facts["state"] == "paused"
    resumed = await ask(desk, meant(ResumeAnnouncementRequest(announcement_id=named)), Announcement)
    assert resumed.state == contract.ANNOUNCEMENT_STATE_RUNNING
    cancelled = await ask(desk, meant(CancelAnnouncementRequest(announcement_id=named)), Announcement)
    assert (cancelled.state, cancelled.waiting_count) == (contract.ANNOUNCEMENT_STATE_CANCELLED, 1)


async def test_tickets_that_there_are_not_are_named(desk: Desk) -> None:
    """All of them, and nothing is half-done: the one that there is stays unlinked."""
    ticket, nobodys = await desk.open(), [Ids().ticket_id() for _ in range(2)]
    problem = await a_problem(desk)
    linking = LinkTicketsRequest(problem_id=problem.problem_id, ticket_ids=[*nobodys, ticket.ticket_id])
    refusal = await desk.refusal(meant(linking))
    assert (refusal.code, refusal.reason) == (CODES.NOT_FOUND, "UNKNOWN_TICKET")
    assert all(each in refusal.text for each in nobodys)
    assert ticket.ticket_id not in refusal.text
    assert not (await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id))).problems


async def test_a_closed_problem_is_told_with_the_remedy(desk: Desk) -> None:
    """Linking to a closed problem, and announcing of one; nothing changed."""
    ticket = await desk.open()
    problem = await a_problem(desk, await desk.open())
    await ask(desk, meant(CloseProblemRequest(problem_id=problem.problem_id, reason="gone")), Problem)
    linking = LinkTicketsRequest(problem_id=problem.problem_id, ticket_ids=[ticket.ticket_id])
    announcing = AnnounceUpdateRequest(problem_id=problem.problem_id, text="all is well")
    for request, remedy in (
        (meant(linking), "open a new problem for these tickets"),
        (meant(announcing), "nothing is announced of it any more"),
        (meant(ChangeProblemRequest(problem_id=problem.problem_id, words="x")), "open a new one"),
    ):
        refusal = await desk.refusal(request)
        assert (refusal.code, refusal.reason) == (CODES.FAILED_PRECONDITION, "PROBLEM_CLOSED")
        assert refusal.text.endswith(remedy)
    assert not (await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id))).problems


async def test_what_is_unknown_and_what_is_not_as_it_must_be(desk: Desk) -> None:
    """Each names its field, the value and the remedy."""
    nobodys = Ids().ticket_id()
    unknown = await desk.refusal(GetProblemRequest(problem_id=nobodys))
    assert (unknown.code, unknown.reason, unknown.resource) == (CODES.NOT_FOUND, "UNKNOWN_PROBLEM", nobodys)
    unknown = await desk.refusal(GetAnnouncementRequest(announcement_id=nobodys))
    assert (unknown.code, unknown.reason) == (CODES.NOT_FOUND, "UNKNOWN_ANNOUNCEMENT")
    problem = await a_problem(desk, await desk.open())
    for request, field in (
        (OpenProblemRequest(title="x"), "kind"),
        (OpenProblemRequest(kind=contract.PROBLEM_KIND_FAULT), "title"),
        (ChangeProblemRequest(problem_id=problem.problem_id), "state"),
        (LinkTicketsRequest(problem_id=problem.problem_id), "ticket_ids"),
        (LinkTicketsRequest(problem_id=problem.problem_id, ticket_ids=["a"] * 101), "ticket_ids"),
        (AnnounceUpdateRequest(problem_id=problem.problem_id, text="x", tickets_per_second=501), "tickets_per_second"),
        (AnnounceFixRequest(problem_id=problem.problem_id), "explanation"),
        (in_languages(problem, "de", "fr"), "words_in[1].language"),
        (in_languages(problem, "de", "DE"), "words_in[1].language"),
        (in_languages(problem, ""), "words_in[0].language"),
        (in_languages(problem, "de", text=""), "words_in[0].text"),
        (in_languages(problem, "de", text="x" * 8001), "words_in[0].text"),
        (in_languages(problem, *(f"de-{number:03}" for number in range(21))), "words_in"),
    ):
        refusal = await desk.refusal(meant(cast(OpenProblemRequest, request)))
        assert refusal.code is CODES.INVALID_ARGUMENT
        assert field in refusal.violations
    refusal = await desk.refusal(ListProblemsRequest(page_token="bm8"))  # noqa: S106 - a page's token
    assert refusal.reason == "PAGE_TOKEN_INVALID"


async def test_what_nobody_is_linked_to_is_announced_to_nobody(desk: Desk) -> None:
    """And only one announcement of a problem runs at a time: the answer names it."""
    problem = await a_problem(desk)
    announcing = AnnounceUpdateRequest(problem_id=problem.problem_id, text="all is well")
    assert (await desk.refusal(meant(announcing))).reason == "NOTHING_LINKED"
    ticket = await desk.open()
    linking = LinkTicketsRequest(problem_id=problem.problem_id, ticket_ids=[ticket.ticket_id])
    await ask(desk, meant(linking), LinkTicketsResponse)
    announcing = AnnounceUpdateRequest(problem_id=problem.problem_id, text="all is well")
    running = await ask(desk, meant(announcing), Announcement)
    again = AnnounceUpdateRequest(problem_id=problem.problem_id, text="all is well")
    refusal = await desk.refusal(meant(again))
    assert refusal.reason == "ANNOUNCEMENT_RUNNING"
    assert refusal.facts["announcement_id"] == running.announcement_id
