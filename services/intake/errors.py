"""What intake answers when it does not do what was asked: one ErrorInfo each, whose reasons are public contract.

Refuses to pass on the text of anything it did not foresee.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Never

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # the wheel has no stubs
from grpc_status import rpc_status

from services.intake.fields import Violation
from services.records.errors import (
    RecordError,
    RecordNotWritable,
    RecordUnavailable,
    RequestIdReused,
    StateTooNew,
    TicketStuck,
)
from workflows.domain.ticket.texts import quoted
from workflows.domain.ticket.verdict import Refusal, RefusalReason

DOMAIN = "followthrough"
TICKET_TYPE = "followthrough.v1.Ticket"
ARTICLE_TYPE = "followthrough.v1.Article"
RETRY_AFTER = timedelta(seconds=1)
"""Real time after which what was too much or away is worth another try."""


class Reason(StrEnum):
    """Why intake refused before or instead of the judge; the judge's own reasons are `RefusalReason`."""

    REQUEST_MALFORMED = "REQUEST_MALFORMED"
    """The bytes are no message of this method."""
    MESSAGE_TOO_LARGE = "MESSAGE_TOO_LARGE"
    """No request of this contract is so large."""
    REQUEST_INVALID = "REQUEST_INVALID"
    """Fields are missing or not as they must be; BadRequest names each."""
    UNKNOWN_QUEUE = "UNKNOWN_QUEUE"
    UNKNOWN_POLICY = "UNKNOWN_POLICY"
    UNKNOWN_PRIORITY = "UNKNOWN_PRIORITY"
    """The queue's policy does not promise it."""
    UNKNOWN_TIER = "UNKNOWN_TIER"
    """No policy has it; of a ticket's own policy the judge says so."""
    PAGE_TOKEN_INVALID = "PAGE_TOKEN_INVALID"  # noqa: S105 - a page's token, not a password
    """Not a token of this list with these filters."""
    UNKNOWN_TICKET = "UNKNOWN_TICKET"
    IMPORT_IMPLAUSIBLE = "IMPORT_IMPLAUSIBLE"
    """What is said of a ticket from elsewhere cannot be; BadRequest names each field (6.14)."""
    ALREADY_IMPORTED = "ALREADY_IMPORTED"
    """The ticket from elsewhere is here; the facts name it (6.14)."""
    NOT_AN_OPERATOR = "NOT_AN_OPERATOR"
    """Only actors that the operator named may do this."""
    UNKNOWN_ARTICLE = "UNKNOWN_ARTICLE"
    UNKNOWN_CLOSURE = "UNKNOWN_CLOSURE"
    UNKNOWN_PROBLEM = "UNKNOWN_PROBLEM"
    UNKNOWN_ANNOUNCEMENT = "UNKNOWN_ANNOUNCEMENT"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    """The same caller used it for something else within the last 30 days (5.5)."""
    UNKNOWN_METHOD = "UNKNOWN_METHOD"
    TOO_MANY_CALLS = "TOO_MANY_CALLS"
    """More calls at once than this process takes."""
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    """Took longer than this process allows a call; whether it was applied, the same request_id tells."""
    RECORD_UNAVAILABLE = "RECORD_UNAVAILABLE"
    RELEASE_TOO_OLD = "RELEASE_TOO_OLD"
    """A newer release wrote this ticket; a process of that release can answer."""
    INTERRUPTED = "INTERRUPTED"
    """The call was given up half-way; whether it was applied, the same request_id tells."""
    SHUTTING_DOWN = "SHUTTING_DOWN"
    TICKET_STUCK = "TICKET_STUCK"
    """The rules could not judge this ticket: an operator must look."""
    INTERNAL = "INTERNAL"


AnyReason = Reason | RefusalReason

STATUSES: Mapping[AnyReason, grpc.StatusCode] = {
    Reason.REQUEST_MALFORMED: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.MESSAGE_TOO_LARGE: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Reason.REQUEST_INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.UNKNOWN_QUEUE: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.UNKNOWN_POLICY: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.UNKNOWN_PRIORITY: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.PAGE_TOKEN_INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.UNKNOWN_TIER: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.UNKNOWN_TICKET: grpc.StatusCode.NOT_FOUND,
    Reason.IMPORT_IMPLAUSIBLE: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.ALREADY_IMPORTED: grpc.StatusCode.ALREADY_EXISTS,
    Reason.NOT_AN_OPERATOR: grpc.StatusCode.PERMISSION_DENIED,
    Reason.UNKNOWN_ARTICLE: grpc.StatusCode.NOT_FOUND,
    Reason.UNKNOWN_CLOSURE: grpc.StatusCode.NOT_FOUND,
    Reason.UNKNOWN_PROBLEM: grpc.StatusCode.NOT_FOUND,
    Reason.UNKNOWN_ANNOUNCEMENT: grpc.StatusCode.NOT_FOUND,
    Reason.REQUEST_ID_REUSED: grpc.StatusCode.ALREADY_EXISTS,
    Reason.UNKNOWN_METHOD: grpc.StatusCode.UNIMPLEMENTED,
    Reason.TOO_MANY_CALLS: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Reason.DEADLINE_EXCEEDED: grpc.StatusCode.DEADLINE_EXCEEDED,
    Reason.RECORD_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Reason.RELEASE_TOO_OLD: grpc.StatusCode.UNAVAILABLE,
    Reason.INTERRUPTED: grpc.StatusCode.UNAVAILABLE,
    Reason.SHUTTING_DOWN: grpc.StatusCode.UNAVAILABLE,
    Reason.TICKET_STUCK: grpc.StatusCode.INTERNAL,
    Reason.INTERNAL: grpc.StatusCode.INTERNAL,
    RefusalReason.WRONG_STATE: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.WRONG_TIER: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.STALE_VERSION: grpc.StatusCode.ABORTED,
    RefusalReason.REOPEN_WINDOW_OVER: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.UNKNOWN_TIER: grpc.StatusCode.INVALID_ARGUMENT,
    RefusalReason.ALTERNATIVE_REQUIRED: grpc.StatusCode.INVALID_ARGUMENT,
    RefusalReason.SURVIVOR_REQUIRED: grpc.StatusCode.INVALID_ARGUMENT,
    RefusalReason.PROMISE_UNKNOWN: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.PROMISE_NAME_TAKEN: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.PROMISE_OVER: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.TOO_MANY_PROMISES: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.TOO_MANY_CREDITS: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.RATED_ALREADY: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.CREDIT_UNKNOWN: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.MERGED: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.MERGE_IMPOSSIBLE: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.PROBLEM_LINKED_ALREADY: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.PROBLEM_NOT_LINKED: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.TOO_MANY_PROBLEMS: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.NOT_AT_RISK: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.PROBLEM_CLOSED: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.NOTHING_LINKED: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.ANNOUNCEMENT_RUNNING: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.ANNOUNCEMENT_OVER: grpc.StatusCode.FAILED_PRECONDITION,
    RefusalReason.PROMISE_NOT_AHEAD: grpc.StatusCode.INVALID_ARGUMENT,
    RefusalReason.PROMISE_TOO_FAR: grpc.StatusCode.INVALID_ARGUMENT,
    RefusalReason.CREDIT_OTHER_CURRENCY: grpc.StatusCode.INVALID_ARGUMENT,
    RefusalReason.LEAVING_NOT_OFFERED: grpc.StatusCode.INVALID_ARGUMENT,
    RefusalReason.NOT_THE_CUSTOMER: grpc.StatusCode.PERMISSION_DENIED,
    RefusalReason.NOT_THE_LEAD: grpc.StatusCode.PERMISSION_DENIED,
}
"""The status of each reason; a test holds it complete, and `Problem.code` answers for a reason it lacks."""

BLAMED: Mapping[AnyReason, str] = {
    RefusalReason.UNKNOWN_TIER: "to_tier",
    RefusalReason.UNKNOWN_PRIORITY: "priority",
    RefusalReason.ALTERNATIVE_REQUIRED: "alternative",
    RefusalReason.SURVIVOR_REQUIRED: "duplicate_of",
    RefusalReason.CREDIT_UNKNOWN: "number",
    RefusalReason.CREDIT_OTHER_CURRENCY: "currency",
    RefusalReason.LEAVING_NOT_OFFERED: "kind",
}
"""The request's field that the judge found wanting."""


class Problem(Exception):  # noqa: N818 - the fact; never leaves intake
    """What the caller is answered instead of what was asked for."""

    def __init__(
        self,
        reason: AnyReason,
        text: str,
        *,
        facts: Mapping[str, str] | None = None,
        details: Iterable[Message] = (),
    ) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text
        self.facts = dict(facts or {})
        self.details = tuple(details)

    @property
    def code(self) -> grpc.StatusCode:
        """The status that goes with the reason; what the rules of another release refuse for is a state's matter."""
        return STATUSES.get(self.reason, grpc.StatusCode.FAILED_PRECONDITION)


def status_of(problem: Problem) -> status_pb2.Status:
    """The problem as gRPC tells it, with its details."""
    status = status_pb2.Status(code=problem.code.value[0], message=problem.text)
    info = error_details_pb2.ErrorInfo(reason=str(problem.reason), domain=DOMAIN, metadata=problem.facts)
    for detail in (info, *problem.details):
        status.details.add().Pack(detail)
    return status


async def answer(context: grpc.aio.ServicerContext[object, object], status: status_pb2.Status) -> Never:
    """End the call with that status."""
    await context.abort_with_status(rpc_status.to_status(status))


def invalid(violations: Sequence[Violation], reason: Reason = Reason.REQUEST_INVALID, **facts: str) -> Problem:
    """Say everything that is wrong with a request."""
    first, more = violations[0], len(violations) - 1
    text = str(first) + (f"; and {more} more, see the details" if more else "")
    return Problem(reason, text, facts=facts, details=[_bad_request((each.field, str(each)) for each in violations)])


def unknown_ticket(key: str, field: str = "ticket_id") -> Problem:
    """Say that there is no such ticket."""
    text = f"{field} {quoted(key)} names no ticket: look for it with ListTickets"
    resource = error_details_pb2.ResourceInfo(resource_type=TICKET_TYPE, resource_name=key, description=text)
    return Problem(Reason.UNKNOWN_TICKET, text, facts={"field": field}, details=[resource])


def unknown_article(article_id: str, field: str = "article_id") -> Problem:
    """Say that there is no such article."""
    text = f"{field} {quoted(article_id)} names no article: look for it with ListArticles"
    resource = error_details_pb2.ResourceInfo(resource_type=ARTICLE_TYPE, resource_name=article_id, description=text)
    return Problem(Reason.UNKNOWN_ARTICLE, text, facts={"field": field}, details=[resource])


def stale_version(text: str, *, version: int) -> Problem:
    """Say that what was to be changed has moved on to this version."""
    return Problem(RefusalReason.STALE_VERSION, text, facts={"version": str(version)})


def refused(refusal: Refusal) -> Problem:
    """Say what the judge said."""
    field = BLAMED.get(refusal.reason)
    details = [_bad_request([(field, refusal.text)])] if field else []
    return Problem(refusal.reason, refusal.text, facts=refusal.facts, details=details)


def try_again(reason: Reason, text: str) -> Problem:
    """Say that the same request may well succeed a little later."""
    delay = Duration()
    delay.FromTimedelta(RETRY_AFTER)
    return Problem(reason, text, details=[error_details_pb2.RetryInfo(retry_delay=delay)])


def internal() -> Problem:
    """Say that it is our fault, and nothing else."""
    return Problem(Reason.INTERNAL, "something went wrong here: it is in the log, and not of your making")


def of_record(error: RecordError) -> Problem:
    """Say in the contract's words what the record refuses or cannot do."""
    match error:
        case RequestIdReused():
            text = "request_id was used before for something else: draw a new one for each new request"
            return Problem(Reason.REQUEST_ID_REUSED, text, facts={"request_id": error.request_id})
        case RecordNotWritable():
            return try_again(Reason.RECORD_UNAVAILABLE, "the record cannot be written just now: try again")
        case RecordUnavailable():
            return try_again(Reason.RECORD_UNAVAILABLE, "the record cannot be reached: try again")
        case StateTooNew():
            return try_again(Reason.RELEASE_TOO_OLD, "a newer release wrote this ticket: ask a process of that release")
        case TicketStuck():
            text = f"ticket {quoted(error.ticket_id)} is stuck, nothing of it changed: ask the operator to look"
            return Problem(Reason.TICKET_STUCK, text, facts={"ticket_id": error.ticket_id})
        case _:
            return internal()


def _bad_request(violations: Iterable[tuple[str, str]]) -> Message:
    """Blame fields, each with a description."""
    request: Message = error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
            for field, description in violations
        ]
    )
    return request
