"""The methods of QueueService: check the queue's name, hand over to the record, show what is kept.

The tickets of a queue come to a closure by the keeper, and by whatever settles them first.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1.queue_service_pb2 import (
    CloseQueueRequest,
    ListQueueClosuresRequest,
    ListQueueClosuresResponse,
    QueueClosure,
    ReopenQueueRequest,
)
from services.intake.errors import Problem, Reason, invalid
from services.intake.fields import Violation
from services.intake.ids import Ids, is_ticket_id
from services.intake.means import Handle, Means, Methods
from services.intake.paging import PageTokenInvalid, after_token, page_size, token
from services.intake.promises import HoldsPolicies
from services.intake.requests import request_of
from services.records import ClosureRefused, Closures, ClosureUnknown, KeptClosure
from workflows.domain.ticket.texts import quoted


def methods(means: Means) -> Methods:
    """What answers each method about queues."""
    queues = _Queues(means.records.closures, means.policies, means.ids)
    own: dict[type[Message], object] = {
        CloseQueueRequest: queues.close,
        ReopenQueueRequest: queues.reopen,
        ListQueueClosuresRequest: queues.all,
    }
    return Methods(once=cast(Mapping[type[Message], Handle[Message]], own))


class _Queues:
    def __init__(self, closures: Closures, policies: HoldsPolicies, ids: Ids) -> None:
        self._closures = closures
        self._policies = policies
        self._ids = ids

    async def close(self, request: CloseQueueRequest) -> QueueClosure:
        """Close a queue; the same request again is answered the same."""
        self._require_declared(request.queue, "is unknown")
        try:
            return _shown(
                await self._closures.close(
                    self._ids.ticket_id(),
                    request.queue,
                    from_at=_instant(request.start_time) if request.HasField("start_time") else None,
                    until_at=_instant(request.end_time) if request.HasField("end_time") else None,
                    actor=request.actor,
                    reason=request.reason,
                    request=request_of(request),
                )
            )
        except ClosureRefused as refused:
            raise invalid([Violation(refused.field, refused.problem)]) from None

    async def reopen(self, request: ReopenQueueRequest) -> QueueClosure:
        """Say that a closure is over."""
        try:
            return _shown(
                await self._closures.end(
                    request.closure_id,
                    until_at=_instant(request.end_time) if request.HasField("end_time") else None,
                    actor=request.actor,
                    reason=request.reason,
                    request=request_of(request),
                )
            )
        except ClosureUnknown:
            text = f"closure_id {quoted(request.closure_id)} names no closure: look for it with ListQueueClosures"
            raise Problem(Reason.UNKNOWN_CLOSURE, text, facts={"field": "closure_id"}) from None
        except ClosureRefused as refused:
            raise invalid([Violation(refused.field, refused.problem)]) from None

    async def all(self, request: ListQueueClosuresRequest) -> ListQueueClosuresResponse:
        """Show a page of closures."""
        try:
            before = _before(request)
        except PageTokenInvalid:
            text = f"page_token {quoted(request.page_token)} is of no such list: begin with the first page"
            raise Problem(Reason.PAGE_TOKEN_INVALID, text, facts={"field": "page_token"}) from None
        size = page_size(request.page_size)
        found = await self._closures.all(
            queue=request.queue or None, only_open=not request.include_over, limit=size + 1, before=before
        )
        if request.queue and not found and not await self._closures.all(queue=request.queue, only_open=False, limit=1):
            self._require_declared(request.queue, "is unknown, and was never closed")
        answer = ListQueueClosuresResponse(closures=[_shown(each) for each in found[:size]])
        if len(found) > size:
            answer.next_page_token = token(request, found[size - 1].closure_id)
        return answer

    def _require_declared(self, queue: str, problem: str) -> None:
        """See that a queue is one of those that are declared beside the policies."""
        queues = self._policies.now.promised.queues
        if queue not in queues:
            unknown = Violation("queue", f"{quoted(queue)} {problem}: use one of {', '.join(sorted(queues))}")
            raise invalid([unknown], Reason.UNKNOWN_QUEUE, queue=queue)


def _before(request: ListQueueClosuresRequest) -> str | None:
    before = after_token(request)
    if before is not None and not is_ticket_id(before):
        raise PageTokenInvalid
    return before


def _shown(kept: KeptClosure) -> QueueClosure:
    closure = QueueClosure(
        closure_id=kept.closure_id,
        queue=kept.queue,
        actor=kept.actor,
        reason=kept.reason,
        ended_by=kept.ended_by or "",
        end_reason=kept.end_reason or "",
    )
    start, end = Timestamp(), Timestamp()
    start.FromDatetime(kept.from_at)
    closure.start_time.CopyFrom(start)
    if kept.until_at is not None:
        end.FromDatetime(kept.until_at)
        closure.end_time.CopyFrom(end)
    return closure


def _instant(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
