"""What a desk asks of problems, with an event loop or without: which there are, which tickets, what is announced."""

from collections.abc import AsyncIterator, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from protos.followthrough.v1.problem_service_pb2 import (
    AnnounceFixRequest,
    Announcement,
    AnnouncementTicket,
    AnnounceUpdateRequest,
    CancelAnnouncementRequest,
    ChangeProblemRequest,
    CloseProblemRequest,
    GetAnnouncementRequest,
    GetProblemRequest,
    LinkedTicket,
    LinkTicketsRequest,
    LinkTicketsResponse,
    ListAnnouncementsRequest,
    ListAnnouncementTicketsRequest,
    ListLinkedTicketsRequest,
    ListProblemsRequest,
    OpenProblemRequest,
    PauseAnnouncementRequest,
    Problem,
    ResumeAnnouncementRequest,
    UnlinkTicketsRequest,
    UnlinkTicketsResponse,
)
from protos.followthrough.v1.problem_service_pb2_grpc import ProblemServiceStub
from services.client.blocking_connection import BlockingConnection
from services.client.calls import method_of, signed
from services.client.connection import Connection
from services.client.paging import next_page

if TYPE_CHECKING:
    import grpc
    import grpc.aio

    from protos.followthrough.v1.problem_service_pb2_grpc import ProblemServiceAsyncStub

ProblemChange = OpenProblemRequest | ChangeProblemRequest | CloseProblemRequest
"""What changes a problem: one method each, of the same name, and all return the problem."""
AnnouncementChange = (
    AnnounceUpdateRequest
    | AnnounceFixRequest
    | PauseAnnouncementRequest
    | ResumeAnnouncementRequest
    | CancelAnnouncementRequest
)
"""What begins or changes an announcement: all return the announcement."""


class ProblemClient(Connection):
    """Asks one intake about problems. Each change gets who asks and a new `request_id` where it does not say."""

    @cached_property
    def _problems(self) -> "ProblemServiceAsyncStub":
        return ProblemServiceStub(self._channel)

    async def change(self, request: ProblemChange) -> Problem:
        """Open, change or close a problem, and return it as it stands afterwards."""
        method: grpc.aio.UnaryUnaryMultiCallable[ProblemChange, Problem] = getattr(self._problems, method_of(request))
        return await self._ask(method, signed(request, self._who))

    async def link(self, request: LinkTicketsRequest) -> LinkTicketsResponse:
        """Link tickets to a problem, all of them or none."""
        return await self._ask(self._problems.LinkTickets, signed(request, self._who))

    async def unlink(self, request: UnlinkTicketsRequest) -> UnlinkTicketsResponse:
        """Take tickets from a problem, all of them or none."""
        return await self._ask(self._problems.UnlinkTickets, signed(request, self._who))

    async def announce(self, request: AnnouncementChange) -> Announcement:
        """Announce an update or the fix; pause, resume or cancel an announcement."""
        method: grpc.aio.UnaryUnaryMultiCallable[AnnouncementChange, Announcement] = getattr(
            self._problems, method_of(request)
        )
        return await self._ask(method, signed(request, self._who))

    async def problem(self, problem_id: str) -> Problem:
        """Read one problem."""
        return await self._ask(self._problems.GetProblem, GetProblemRequest(problem_id=problem_id))

    async def announcement(self, announcement_id: str) -> Announcement:
        """Read how far an announcement is."""
        request = GetAnnouncementRequest(announcement_id=announcement_id)
        return await self._ask(self._problems.GetAnnouncement, request)

    async def problems(self, request: ListProblemsRequest) -> AsyncIterator[Problem]:
        """Read every problem that passes the request's filters, page by page, the newest first."""
        async for answer in self._pages(self._problems.ListProblems, request, next_page):
            for problem in answer.problems:
                yield problem

    async def linked(self, problem_id: str) -> AsyncIterator[LinkedTicket]:
        """Read every ticket of a problem, page by page, in the order of their opening."""
        request = ListLinkedTicketsRequest(problem_id=problem_id)
        async for answer in self._pages(self._problems.ListLinkedTickets, request, next_page):
            for ticket in answer.tickets:
                yield ticket

    async def announcements(self, request: ListAnnouncementsRequest) -> AsyncIterator[Announcement]:
        """Read every announcement, of one problem or of all, page by page, the newest first."""
        async for answer in self._pages(self._problems.ListAnnouncements, request, next_page):
            for announcement in answer.announcements:
                yield announcement

    async def announced_to(self, request: ListAnnouncementTicketsRequest) -> AsyncIterator[AnnouncementTicket]:
        """Read what became of every ticket of an announcement, page by page, in the order of their opening."""
        async for answer in self._pages(self._problems.ListAnnouncementTickets, request, next_page):
            for ticket in answer.tickets:
                yield ticket


class BlockingProblemClient(BlockingConnection):
    """Asks one intake about problems. The same methods as `ProblemClient`, with the same answers."""

    @cached_property
    def _problems(self) -> ProblemServiceStub:
        return ProblemServiceStub(self._channel)

    def change(self, request: ProblemChange) -> Problem:
        """Open, change or close a problem, and return it as it stands afterwards."""
        method: grpc.UnaryUnaryMultiCallable[ProblemChange, Problem] = getattr(self._problems, method_of(request))
        return self._ask(method, signed(request, self._who))

    def link(self, request: LinkTicketsRequest) -> LinkTicketsResponse:
        """Link tickets to a problem, all of them or none."""
        return self._ask(self._problems.LinkTickets, signed(request, self._who))

    def unlink(self, request: UnlinkTicketsRequest) -> UnlinkTicketsResponse:
        """Take tickets from a problem, all of them or none."""
        return self._ask(self._problems.UnlinkTickets, signed(request, self._who))

    def announce(self, request: AnnouncementChange) -> Announcement:
        """Announce an update or the fix; pause, resume or cancel an announcement."""
        method: grpc.UnaryUnaryMultiCallable[AnnouncementChange, Announcement] = getattr(
            self._problems, method_of(request)
        )
        return self._ask(method, signed(request, self._who))

    def problem(self, problem_id: str) -> Problem:
        """Read one problem."""
        return self._ask(self._problems.GetProblem, GetProblemRequest(problem_id=problem_id))

    def announcement(self, announcement_id: str) -> Announcement:
        """Read how far an announcement is."""
        return self._ask(self._problems.GetAnnouncement, GetAnnouncementRequest(announcement_id=announcement_id))

    def problems(self, request: ListProblemsRequest) -> Iterator[Problem]:
        """Read every problem that passes the request's filters, page by page, the newest first."""
        for answer in self._pages(self._problems.ListProblems, request, next_page):
            yield from answer.problems

    def linked(self, problem_id: str) -> Iterator[LinkedTicket]:
        """Read every ticket of a problem, page by page, in the order of their opening."""
        request = ListLinkedTicketsRequest(problem_id=problem_id)
        for answer in self._pages(self._problems.ListLinkedTickets, request, next_page):
            yield from answer.tickets

    def announcements(self, request: ListAnnouncementsRequest) -> Iterator[Announcement]:
        """Read every announcement, of one problem or of all, page by page, the newest first."""
        for answer in self._pages(self._problems.ListAnnouncements, request, next_page):
            yield from answer.announcements

    def announced_to(self, request: ListAnnouncementTicketsRequest) -> Iterator[AnnouncementTicket]:
        """Read what became of every ticket of an announcement, page by page, in the order of their opening."""
        for answer in self._pages(self._problems.ListAnnouncementTickets, request, next_page):
            yield from answer.tickets
