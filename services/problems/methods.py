"""The methods of ProblemService: convert, hand over to the record, answer. Decides nothing about a problem.

Requests arrive checked field by field. Whoever carries an announcement out finds it in the record.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar, cast

from google.protobuf.message import Message
from google.rpc import error_details_pb2  # type: ignore[import-untyped]  # the wheel has no stubs

from protos.followthrough.v1.problem_service_pb2 import (
    AnnounceFixRequest,
    Announcement,
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
from services.intake.errors import TICKET_TYPE, Reason, invalid, refused
from services.intake.errors import Problem as Told
from services.intake.fields import Violation
from services.intake.ids import is_ticket_id
from services.intake.means import Handle, Means, Methods
from services.intake.paging import Paged, PageTokenInvalid, after_token, page_size, token
from services.intake.requests import request_of
from services.problems.convert import (
    DEFAULT_RATE,
    announced_message,
    announcement_message,
    linked_message,
    problem_message,
    to_kind,
    to_state,
)
from services.records import problem_facts as facts
from services.records.problem_links import Links
from workflows.domain.ticket.texts import quoted
from workflows.ports import AnnouncementUnknown

PROBLEM_TYPE = "followthrough.v1.Problem"
ANNOUNCEMENT_TYPE = "followthrough.v1.Announcement"
NAMED = 10
"""Tickets that there are not are named in an error up to so many: errors travel in headers, and headers are small."""

Let = PauseAnnouncementRequest | ResumeAnnouncementRequest | CancelAnnouncementRequest
LETS: Mapping[type[Message], facts.AnnouncementState] = {
    PauseAnnouncementRequest: facts.AnnouncementState.PAUSED,
    ResumeAnnouncementRequest: facts.AnnouncementState.RUNNING,
    CancelAnnouncementRequest: facts.AnnouncementState.CANCELLED,
}
Found = TypeVar("Found")


class OfProblem(Protocol):
    """What every request has that is about a problem."""

    problem_id: str


def methods(means: Means) -> Methods:
    """What answers each method about problems."""
    changes, questions = _Changes(means), _Questions(means)
    own: dict[type[Message], object] = {
        OpenProblemRequest: changes.open,
        ChangeProblemRequest: changes.change,
        CloseProblemRequest: changes.close,
        LinkTicketsRequest: changes.link,
        UnlinkTicketsRequest: changes.unlink,
        AnnounceUpdateRequest: changes.announce_update,
        AnnounceFixRequest: changes.announce_fix,
        **dict.fromkeys(LETS, changes.let),
        GetProblemRequest: questions.problem,
        ListProblemsRequest: questions.problems,
        ListLinkedTicketsRequest: questions.linked,
        GetAnnouncementRequest: questions.announcement,
        ListAnnouncementsRequest: questions.announcements,
        ListAnnouncementTicketsRequest: questions.announced_to,
    }
    return Methods(once=cast(Mapping[type[Message], Handle[Message]], own), lacks=_lacks)


def _lacks(request: Message) -> tuple[Violation, ...]:
    """A change that changes nothing was meant otherwise."""
    if isinstance(request, ChangeProblemRequest) and not (request.state or request.title or request.words):
        return (Violation("state", "is missing, and so are title and words: say at least one of them"),)
    return ()


class _Changes:
    """What changes problems."""

    def __init__(self, means: Means) -> None:
        self._problems = means.records.problems
        self._links = means.records.problem_links
        self._nudger = means.nudger
        self._ids = means.ids
        self._wrote = means.watching.wrote

    async def open(self, request: OpenProblemRequest) -> bytes:
        """Enter one."""
        kind = to_kind(request.kind)
        if kind is None:
            raise AssertionError("the contract requires a kind")
        new = facts.NewProblem(
            problem_id=self._ids.ticket_id(),
            kind=kind,
            state=to_state(request.state) or facts.ProblemState.INVESTIGATING,
            title=request.title,
            words=request.words,
            actor=request.actor,
        )
        return self._answer(await self._problems.open(new, request=request_of(request), encode=_problem))

    async def change(self, request: ChangeProblemRequest) -> bytes:
        """Say how far it is, or put it in other words."""
        change = facts.ProblemChange(
            actor=request.actor,
            state=to_state(request.state),
            title=request.title or None,
            words=request.words or None,
        )
        return await self._change(request, change)

    async def close(self, request: CloseProblemRequest) -> bytes:
        """End it."""
        return await self._change(request, facts.ProblemChange(actor=request.actor, closed_for=request.reason))

    async def link(self, request: LinkTicketsRequest) -> bytes:
        """Put it behind tickets."""
        links = Links(problem_id=request.problem_id, actor=request.actor, ticket_ids=request.ticket_ids)
        with _or_unknown(request):
            return self._answer(await self._links.link(links, request=request_of(request), encode=_linking))

    async def unlink(self, request: UnlinkTicketsRequest) -> bytes:
        """Take tickets from it."""
        links = Links(
            problem_id=request.problem_id, actor=request.actor, ticket_ids=request.ticket_ids, reason=request.reason
        )
        with _or_unknown(request):
            return self._answer(await self._links.link(links, request=request_of(request), encode=_unlinking))

    async def announce_update(self, request: AnnounceUpdateRequest) -> bytes:
        """Have every linked customer told something."""
        return await self._announce(request, facts.AnnouncementKind.UPDATE, request.text)

    async def announce_fix(self, request: AnnounceFixRequest) -> bytes:
        """Have every linked ticket resolved."""
        return await self._announce(request, facts.AnnouncementKind.FIX, request.explanation)

    async def let(self, request: Let) -> bytes:
        """Pause, resume or cancel an announcement."""
        with _or_unknown_announcement(request.announcement_id):
            answered = await self._problems.let(
                request.announcement_id,
                LETS[type(request)],
                actor=request.actor,
                request=request_of(request),
                encode=_announcement,
            )
        return self._answer(answered)

    async def _change(self, request: ChangeProblemRequest | CloseProblemRequest, change: facts.ProblemChange) -> bytes:
        with _or_unknown(request):
            answered = await self._problems.change(
                request.problem_id,
                change,
                expected_version=request.expected_version or None,
                request=request_of(request),
                encode=_problem,
            )
        return self._answer(answered)

    async def _announce(
        self, request: AnnounceUpdateRequest | AnnounceFixRequest, kind: facts.AnnouncementKind, words: str
    ) -> bytes:
        new = facts.NewAnnouncement(
            announcement_id=self._ids.ticket_id(),
            problem_id=request.problem_id,
            kind=kind,
            words=words,
            actor=request.actor,
            tickets_per_second=request.tickets_per_second or DEFAULT_RATE,
        )
        with _or_unknown(request):
            answered = await self._problems.announce(new, request=request_of(request), encode=_announcement)
        return self._answer(answered)

    def _answer(self, answered: facts.Answered) -> bytes:
        """Say that it was committed, owe what is left to be said to Temporal, and give the stored answer."""
        for ticket_id in answered.tickets:
            self._wrote(ticket_id)
        for nudge in answered.nudges:
            self._nudger.owe(nudge)
        if answered.refusal is not None:
            raise refused(answered.refusal)
        if answered.answer is None:
            raise AssertionError("the record kept no answer to a request that was applied")
        return answered.answer


class _Questions:
    """What only reads."""

    def __init__(self, means: Means) -> None:
        self._known = means.records.known_problems

    async def problem(self, request: GetProblemRequest) -> Problem:
        """Show one."""
        with _or_unknown(request):
            return problem_message(await self._known.problem(request.problem_id))

    async def problems(self, request: ListProblemsRequest) -> ListProblemsResponse:
        """Show a page of them."""
        size = page_size(request.page_size)
        found = await self._known.problems(
            kind=to_kind(request.kind),
            state=to_state(request.state),
            is_closed_wanted=request.include_closed,
            page_size=size + 1,
            before=_place(request),
        )
        page, more = _cut(found, size)
        return ListProblemsResponse(
            problems=[problem_message(each) for each in page],
            next_page_token=token(request, page[-1].problem_id) if more else "",
        )

    async def linked(self, request: ListLinkedTicketsRequest) -> ListLinkedTicketsResponse:
        """Show a page of a problem's tickets."""
        size = page_size(request.page_size)
        with _or_unknown(request):
            found = await self._known.linked(request.problem_id, page_size=size + 1, after=_place(request))
        page, more = _cut(found, size)
        return ListLinkedTicketsResponse(
            tickets=[linked_message(each) for each in page],
            next_page_token=token(request, page[-1].ticket_id) if more else "",
        )

    async def announcement(self, request: GetAnnouncementRequest) -> Announcement:
        """Show one, and how far it is."""
        with _or_unknown_announcement(request.announcement_id):
            return announcement_message(await self._known.announcement(request.announcement_id))

    async def announcements(self, request: ListAnnouncementsRequest) -> ListAnnouncementsResponse:
        """Show a page of them."""
        size = page_size(request.page_size)
        with _or_unknown(request):
            found = await self._known.announcements(
                problem_id=request.problem_id or None, page_size=size + 1, before=_place(request)
            )
        page, more = _cut(found, size)
        return ListAnnouncementsResponse(
            announcements=[announcement_message(each) for each in page],
            next_page_token=token(request, page[-1].announcement_id) if more else "",
        )

    async def announced_to(self, request: ListAnnouncementTicketsRequest) -> ListAnnouncementTicketsResponse:
        """Show a page of an announcement's tickets."""
        size = page_size(request.page_size)
        with _or_unknown_announcement(request.announcement_id):
            found = await self._known.announced_to(
                request.announcement_id,
                outcome=request.announcement_outcome or None,
                page_size=size + 1,
                after=_place(request),
            )
        page, more = _cut(found, size)
        return ListAnnouncementTicketsResponse(
            tickets=[announced_message(each) for each in page],
            next_page_token=token(request, page[-1].ticket_id) if more else "",
        )


def _cut(found: Sequence[Found], size: int) -> tuple[Sequence[Found], bool]:
    """A page, and whether there is more."""
    return found[:size], len(found) > size


def _place(request: Message) -> str | None:
    """Where a page goes on; none: it is the first."""
    paged = cast(Paged, request)
    try:
        place = after_token(paged)
    except PageTokenInvalid:
        place = ""
    if place is not None and not is_ticket_id(place):
        problem = f"{quoted(paged.page_token)} is no token of this list with these filters: begin again without one"
        raise invalid([Violation("page_token", problem)], Reason.PAGE_TOKEN_INVALID)
    return place


@contextmanager
def _or_unknown(request: OfProblem) -> Iterator[None]:
    """Say what there is not: the problem, or tickets, all of which are named."""
    try:
        yield
    except facts.ProblemUnknown:
        text = f"problem_id {quoted(request.problem_id)} names no problem: look for it with ListProblems"
        raise _unknown(Reason.UNKNOWN_PROBLEM, text, "problem_id", PROBLEM_TYPE, (request.problem_id,)) from None
    except facts.TicketsUnknown as unknown:
        named = ", ".join(quoted(each) for each in unknown.ticket_ids[:NAMED])
        more = f" and {len(unknown.ticket_ids) - NAMED} more" if len(unknown.ticket_ids) > NAMED else ""
        text = f"ticket_ids {named}{more}: there are no such tickets, and nothing was changed: leave them out"
        raise _unknown(Reason.UNKNOWN_TICKET, text, "ticket_ids", TICKET_TYPE, unknown.ticket_ids[:NAMED]) from None


@contextmanager
def _or_unknown_announcement(announcement_id: str) -> Iterator[None]:
    try:
        yield
    except AnnouncementUnknown:
        text = f"announcement_id {quoted(announcement_id)} names no announcement: look for it with ListAnnouncements"
        raise _unknown(
            Reason.UNKNOWN_ANNOUNCEMENT, text, "announcement_id", ANNOUNCEMENT_TYPE, (announcement_id,)
        ) from None


def _unknown(reason: Reason, text: str, field: str, kind: str, names: Sequence[str]) -> Told:
    resources = [
        error_details_pb2.ResourceInfo(
            resource_type=kind, resource_name=name, description=text if len(names) == 1 else ""
        )
        for name in names
    ]
    return Told(reason, text, facts={"field": field}, details=resources)


def _problem(problem: facts.Problem) -> bytes:
    return problem_message(problem).SerializeToString()


def _linking(linking: facts.Linking) -> bytes:
    return LinkTicketsResponse(
        problem=problem_message(linking.problem), linked_count=linking.changed
    ).SerializeToString()


def _unlinking(linking: facts.Linking) -> bytes:
    return UnlinkTicketsResponse(
        problem=problem_message(linking.problem), unlinked_count=linking.changed
    ).SerializeToString()


def _announcement(announcement: facts.Announcement) -> bytes:
    return announcement_message(announcement).SerializeToString()
