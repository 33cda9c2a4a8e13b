"""What the methods that change a ticket do: convert, settle, answer. Decides nothing about a ticket.

Requests arrive checked field by field. What only reads is `questions`.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol, cast

from google.protobuf.message import Message

from protos.followthrough.v1.ticket_pb2 import TicketKind
from protos.followthrough.v1.ticket_service_pb2 import (
    MergeTicketsRequest,
    OpenTicketRequest,
    ReceiveContactRequest,
    ResolveTicketRequest,
)
from services.intake.convert import COMMANDS, ticket_message, to_command, to_incoming, to_open
from services.intake.errors import Problem, Reason, invalid, refused, unknown_article, unknown_ticket
from services.intake.fields import Violation, violations
from services.intake.ids import Ids
from services.intake.last_words import ELSEWHERE, LastWord, is_refused_for, say_to_survivor
from services.intake.means import Handle, Owed
from services.intake.promises import HoldsPolicies, Promises
from services.intake.requests import Mutation, request_of
from services.records.errors import IdentityTaken
from services.records.queries import Queries
from services.records.settled import Settled, SettledBy
from services.records.store import Record
from workflows.domain.policy import Policy
from workflows.domain.ticket import leaving
from workflows.domain.ticket.texts import quoted
from workflows.domain.ticket.verdict import Judged, Refusal, RefusalReason
from workflows.policies import PolicySet
from workflows.ports import TicketUnknown

DRAWS = 5
"""How often a new ticket may draw ids that are taken; the second draw is one in a million."""


class Change(Mutation, Protocol):
    """What every request has that changes a ticket that exists."""

    ticket_id: str
    expected_version: int


class Changes:
    """Everything that changes tickets. Told what it works with; holds no state of its own."""

    def __init__(
        self,
        *,
        record: Record,
        queries: Queries,
        policies: HoldsPolicies,
        nudger: Owed,
        ids: Ids,
        wrote: Callable[[str], None],
        is_article: Callable[[str], Awaitable[bool]],
    ) -> None:
        """Take what it works with.

        `wrote` is told each ticket's id after its commit, and must not block; `is_article` says whether there is one.
        """
        self._record = record
        self._queries = queries
        self._policies = policies
        self._nudger = nudger
        self._ids = ids
        self._wrote = wrote
        self._is_article = is_article

    def methods(self) -> Mapping[type[Message], Handle[Message]]:
        """What handles each request."""
        own: dict[type[Message], object] = {
            OpenTicketRequest: self._open_ticket,
            MergeTicketsRequest: self._merge_tickets,
            ResolveTicketRequest: self._resolve_ticket,
        }
        return cast(Mapping[type[Message], Handle[Message]], dict.fromkeys(COMMANDS, self._change) | own)

    def lacks(self, request: Message) -> tuple[Violation, ...]:
        """Find what a request must say here, though the contract allows to leave it out.

        Of one that lacks nothing else that is told later: it may have been answered while there was a default (5.5).
        """
        if not isinstance(request, (OpenTicketRequest, ReceiveContactRequest)):
            return ()
        return self._left_open(request) if violations(request) else ()

    def require_place(self, request: OpenTicketRequest | ReceiveContactRequest) -> None:
        """See that it says where it belongs, or that there is a default. Raises `Problem`."""
        if found := self._left_open(request):
            raise invalid(found)

    def _left_open(self, request: OpenTicketRequest | ReceiveContactRequest) -> tuple[Violation, ...]:
        if self._policies.now.has_default:
            return ()
        needed = ("queue",) if _is_leaving(request) else ("queue", "priority")
        return tuple(Violation(name, "is empty: say it") for name in needed if not getattr(request, name))

    async def _open_ticket(self, request: OpenTicketRequest) -> Message | bytes:
        asked = request_of(request)  # as it was asked, before anything is filled in (5.5)
        try:
            request, policy = await self.placed(request)
        except Problem:
            if not request.validate_only and (settled := await self._record.answered(asked)):
                return self.answer(settled)  # it was opened before an edit took away where (5.5)
            raise
        if request.follows:
            await self.require_ticket(request.follows, "follows")
        if request.validate_only:
            return ticket_message((await self._record.validate(policy, to_open(request, "", ""))).ticket)
        for draw in range(1, DRAWS + 1):
            command = to_open(request, self._ids.ticket_id(), self._ids.reference())
            try:
                return self.answer(await self._record.open_ticket(policy, command, request=asked, encode=_encode))
            except IdentityTaken:
                if draw == DRAWS:
                    raise
        raise AssertionError("unreachable: the last draw answers or raises")

    async def _change(self, request: Change) -> bytes:
        """Apply what is asked of a ticket that exists."""
        command = to_command(cast(Message, request))
        try:
            settled = await self._record.settle(
                request.ticket_id,
                command,
                by=SettledBy.INTAKE,
                request=request_of(request),
                expected_version=request.expected_version or None,
                encode=_encode,
                elsewhere=ELSEWHERE if isinstance(command, LastWord) else (),
            )
        except TicketUnknown:
            raise unknown_ticket(request.ticket_id) from None
        if isinstance(command, LastWord) and settled.refusal and is_refused_for(settled, ELSEWHERE):
            survivor = settled.refusal.facts["survivor"]
            with suppress(TicketUnknown):  # forgotten meanwhile: its reference is all that is left to answer with
                merged = await self._queries.ticket(request.ticket_id)
                settled = await say_to_survivor(
                    self._record, command, survivor, merged.reference, request=request_of(request), encode=_encode
                )
        return self.answer(settled)

    async def _merge_tickets(self, request: MergeTicketsRequest) -> bytes:
        """Apply what is asked of two tickets that exist; the survivor answers."""
        try:
            pair = await self._record.merge(
                request.ticket_id,
                request.survivor_id,
                actor=request.actor,
                request=request_of(request),
                expected_version=request.expected_version or None,
                survivor_expected_version=request.survivor_expected_version or None,
                encode=_encode,
            )
        except TicketUnknown:
            await self.require_ticket(request.survivor_id, "survivor_id")
            raise unknown_ticket(request.ticket_id) from None
        if pair.other:
            self._committed(pair.other)
        return self.answer(pair.survivor)

    async def _resolve_ticket(self, request: ResolveTicketRequest) -> bytes:
        if request.duplicate_of:
            return await self._resolve_as_duplicate(request)
        if request.article:
            await self._require_article(request.article)
        return await self._change(request)

    async def _resolve_as_duplicate(self, request: ResolveTicketRequest) -> bytes:
        """Merge it, which is how a ticket becomes another's duplicate (6.7); the resolved one answers."""
        asked = request_of(request)
        if found := _contradicting(request):
            if settled := await self._record.answered(asked):
                return self.answer(settled)  # an older release took it (5.5)
            raise invalid(found)
        try:
            duplicate = await self._record.resolve_as_duplicate(
                request.ticket_id,
                request.duplicate_of,
                actor=request.actor,
                explanation=request.explanation,
                request=asked,
                expected_version=request.expected_version or None,
                encode=_encode,
            )
        except TicketUnknown:
            await self.require_ticket(request.duplicate_of, "duplicate_of")
            raise unknown_ticket(request.ticket_id) from None
        if duplicate.survivor:
            self._committed(duplicate.survivor)
        return self.answer(duplicate.ticket)

    async def _require_article(self, article_id: str) -> None:
        """See that the article that is said to have solved it is one, in use or retired."""
        if not await self._is_article(article_id):
            raise unknown_article(article_id, "article")

    async def require_ticket(self, ticket_id: str, field: str) -> None:
        """See that a ticket that another is said to belong to is one; `Problem` names the field."""
        try:
            await self._queries.ticket(ticket_id)
        except TicketUnknown:
            raise unknown_ticket(ticket_id, field) from None

    async def placed(self, request: OpenTicketRequest) -> tuple[OpenTicketRequest, Policy]:
        """The request with the queue and the priority that it left open, and what is promised there.

        Raises `Problem` where nothing is.
        """
        held = self._policies.now
        self.require_place(request)
        if not (request.queue and (request.priority or _is_leaving(request))):
            request = await _placed(request, held)
        policy = _policy(request, held.promised)
        return _with_leaving(request, policy), policy

    def answer(self, settled: Settled) -> bytes:
        """Say that it was committed, and give the stored answer."""
        self._committed(settled)
        if settled.refusal is not None:
            raise refused(settled.refusal)
        if settled.answer is None:
            raise AssertionError("the record kept no answer to a request that was applied")
        return settled.answer

    def _committed(self, settled: Settled) -> None:
        """Say that it was, and owe what is left to be said to Temporal."""
        self._wrote(settled.ticket_id)
        if nudge := settled.nudge:
            self._nudger.owe(nudge)


def _contradicting(request: ResolveTicketRequest) -> tuple[Violation, ...]:
    """Find what cannot be said of a ticket that is another's duplicate."""
    if request.duplicate_of == request.ticket_id:
        return (Violation("duplicate_of", "is the ticket itself: name the one that goes on"),)
    wrong = {
        "keeps": "is for what is solved: leave it out, what was promised goes on with the other ticket",
        "article": "is for what is solved: leave it out, and name it where the other ticket is resolved",
    }
    return tuple(Violation(name, text) for name, text in wrong.items() if getattr(request, name))


async def _placed(request: OpenTicketRequest, held: Promises) -> OpenTicketRequest:
    """The request with the queue and the priority that it left open."""
    route = await held.place(to_incoming(request))
    filled = OpenTicketRequest(queue=route.queue, priority=route.priority)
    whole = OpenTicketRequest()
    whole.CopyFrom(request)
    whole.MergeFrom(filled)
    return whole


def _policy(request: OpenTicketRequest, promised: PolicySet) -> Policy:
    """What is promised to whom asks at this queue, with this priority."""
    queues = sorted(promised.queues)
    if request.queue not in promised.queues:
        unknown = Violation("queue", f"{quoted(request.queue)} is unknown: use one of {', '.join(queues)}")
        raise invalid([unknown], Reason.UNKNOWN_QUEUE, queue=request.queue)
    policy = promised.of_queue(request.queue)
    if not _is_leaving(request) and request.priority not in policy.priorities:
        known = ", ".join(policy.priorities)
        unknown = Violation(
            "priority",
            f"{quoted(request.priority)} is unknown to policy {policy.name!r} of queue {request.queue!r}: "
            f"use one of {known}",
        )
        raise invalid([unknown], Reason.UNKNOWN_PRIORITY, priority=request.priority, policy=policy.name)
    return policy


def _is_leaving(request: Message) -> bool:
    return isinstance(request, OpenTicketRequest) and request.kind == TicketKind.TICKET_KIND_LEAVING


def _with_leaving(request: OpenTicketRequest, policy: Policy) -> OpenTicketRequest:
    """The request with the priority that requests to leave have, if it is one; refused where the policy takes none."""
    if not _is_leaving(request):
        return request
    if policy.leaving is None:
        raise refused(Refusal(reason=RefusalReason.LEAVING_NOT_OFFERED, text=leaving.not_offered(policy)))
    whole = OpenTicketRequest()
    whole.CopyFrom(request)
    whole.priority = policy.leaving
    return whole


def _encode(judged: Judged) -> bytes:
    """The answer that the record keeps with the request id."""
    return ticket_message(judged.ticket).SerializeToString()
