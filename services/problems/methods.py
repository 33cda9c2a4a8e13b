"""The methods of ProblemService: convert, hand over to the record, answer. Decides nothing about a problem.

Requests arrive checked field by field. Whoever carries an announcement out finds it in the record.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from google.protobuf.message import Message

from protos.followthrough.v1.problem_service_pb2 import (
    AnnounceFixRequest,
    AnnounceUpdateRequest,
    CancelAnnouncementRequest,
    ChangeProblemRequest,
    CloseProblemRequest,
    GetAnnouncementRequest,
    GetProblemRequest,
    LinkTicketsRequest,
    LinkTicketsResponse,
    ListAnnouncementsRequest,
    ListAnnouncementTicketsRequest,
    ListLinkedTicketsRequest,
    ListProblemsRequest,
    OpenProblemRequest,
    PauseAnnouncementRequest,
    ResumeAnnouncementRequest,
    UnlinkTicketsRequest,
    UnlinkTicketsResponse,
)
from services.intake.errors import refused
from services.intake.fields import Violation
from services.intake.means import Handle, Means, Methods
from services.intake.requests import request_of
from services.problems import translations
from services.problems.convert import (
    DEFAULT_RATE,
    announcement_message,
    problem_message,
    to_kind,
    to_state,
)
from services.problems.questions import Questions
from services.problems.unknown import or_unknown, or_unknown_announcement
from services.records import problem_facts as facts
from services.records.problem_links import Links

Let = PauseAnnouncementRequest | ResumeAnnouncementRequest | CancelAnnouncementRequest
LETS: Mapping[type[Message], facts.AnnouncementState] = {
    PauseAnnouncementRequest: facts.AnnouncementState.PAUSED,
    ResumeAnnouncementRequest: facts.AnnouncementState.RUNNING,
    CancelAnnouncementRequest: facts.AnnouncementState.CANCELLED,
}


def methods(means: Means) -> Methods:
    """What answers each method about problems."""
    changes, questions = _Changes(means), Questions(means)
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
    return Methods(
        once=cast(Mapping[type[Message], Handle[Message]], own), lacks=partial(_lacks, languages=means.languages)
    )


def _lacks(request: Message, *, languages: Sequence[str]) -> tuple[Violation, ...]:
    """A change that changes nothing was meant otherwise; words in a language that no letter is in reach nobody."""
    match request:
        case ChangeProblemRequest() if not (request.state or request.title or request.words):
            return (Violation("state", "is missing, and so are title and words: say at least one of them"),)
        case AnnounceUpdateRequest() | AnnounceFixRequest():
            return tuple(translations.violations(request.words_in, languages))
        case _:
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
        with or_unknown(request):
            return self._answer(await self._links.link(links, request=request_of(request), encode=_linking))

    async def unlink(self, request: UnlinkTicketsRequest) -> bytes:
        """Take tickets from it."""
        links = Links(
            problem_id=request.problem_id, actor=request.actor, ticket_ids=request.ticket_ids, reason=request.reason
        )
        with or_unknown(request):
            return self._answer(await self._links.link(links, request=request_of(request), encode=_unlinking))

    async def announce_update(self, request: AnnounceUpdateRequest) -> bytes:
        """Have every linked customer told something."""
        return await self._announce(request, facts.AnnouncementKind.UPDATE, request.text)

    async def announce_fix(self, request: AnnounceFixRequest) -> bytes:
        """Have every linked ticket resolved."""
        return await self._announce(request, facts.AnnouncementKind.FIX, request.explanation)

    async def let(self, request: Let) -> bytes:
        """Pause, resume or cancel an announcement."""
        with or_unknown_announcement(request.announcement_id):
            answered = await self._problems.let(
                request.announcement_id,
                LETS[type(request)],
                actor=request.actor,
                request=request_of(request),
                encode=_announcement,
            )
        return self._answer(answered)

    async def _change(self, request: ChangeProblemRequest | CloseProblemRequest, change: facts.ProblemChange) -> bytes:
        with or_unknown(request):
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
            words_in={each.language: each.text for each in request.words_in},
        )
        with or_unknown(request):
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
