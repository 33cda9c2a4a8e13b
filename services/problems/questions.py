"""What only reads of problems: ask the record, cut a page, convert. Requests arrive checked field by field."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar, cast

from google.protobuf.message import Message

from protos.followthrough.v1.problem_service_pb2 import (
    Announcement,
    GetAnnouncementRequest,
    GetProblemRequest,
    ListAnnouncementsRequest,
    ListAnnouncementsResponse,
    ListAnnouncementTicketsRequest,
    ListAnnouncementTicketsResponse,
    ListLinkedTicketsRequest,
    ListLinkedTicketsResponse,
    ListProblemsRequest,
    ListProblemsResponse,
    Problem,
)
from services.intake.errors import Reason, invalid
from services.intake.fields import Violation
from services.intake.ids import is_ticket_id
from services.intake.means import Means
from services.intake.paging import Paged, PageTokenInvalid, after_token, page_size, token
from services.problems.convert import (
    announced_message,
    announcement_message,
    linked_message,
    problem_message,
    to_kind,
    to_state,
)
from services.problems.unknown import or_unknown, or_unknown_announcement
from workflows.domain.ticket.texts import quoted

Found = TypeVar("Found")


class Questions:
    """What only reads."""

    def __init__(self, means: Means) -> None:
        self._known = means.records.known_problems

    async def problem(self, request: GetProblemRequest) -> Problem:
        """Show one."""
        with or_unknown(request):
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
        with or_unknown(request):
            found = await self._known.linked(request.problem_id, page_size=size + 1, after=_place(request))
        page, more = _cut(found, size)
        return ListLinkedTicketsResponse(
            tickets=[linked_message(each) for each in page],
            next_page_token=token(request, page[-1].ticket_id) if more else "",
        )

    async def announcement(self, request: GetAnnouncementRequest) -> Announcement:
        """Show one, and how far it is."""
        with or_unknown_announcement(request.announcement_id):
            return announcement_message(await self._known.announcement(request.announcement_id))

    async def announcements(self, request: ListAnnouncementsRequest) -> ListAnnouncementsResponse:
        """Show a page of them."""
        size = page_size(request.page_size)
        with or_unknown(request):
            found = await self._known.announcements(
                problem_id=request.problem_id or None, page_size=size + 1, before=_place(request)
            )
        page, more = _cut(found, size)
        return ListAnnouncementsResponse(
            announcements=[announcement_message(replace(each, words_in={})) for each in page],
            next_page_token=token(request, page[-1].announcement_id) if more else "",
        )

    async def announced_to(self, request: ListAnnouncementTicketsRequest) -> ListAnnouncementTicketsResponse:
        """Show a page of an announcement's tickets."""
        size = page_size(request.page_size)
        with or_unknown_announcement(request.announcement_id):
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
