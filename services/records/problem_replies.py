"""How requests about problems are answered, again where they come again (5.5), and refused."""

from datetime import datetime

from services.records import codec
from services.records.errors import RequestIdReused
from services.records.problem_facts import Answered, ProblemUnknown
from services.records.rows import ReplyColumns
from services.records.settled import Request
from services.records.statements import Statements
from workflows.domain.ticket.verdict import Refusal, RefusalReason


async def answered(statements: Statements, request: Request) -> Answered | None:
    """What a request was answered before; none: it was not. Raises `RequestIdReused`."""
    reply = (await statements.greet((request.caller, request.request_id))).reply
    if reply is None:
        return None
    if reply.body_hash != request.body_hash:
        raise RequestIdReused(request.request_id)
    refusal = None if reply.refusal is None else codec.refusal_from_json(reply.refusal)
    return Answered(answer=reply.answer, refusal=refusal)


def reply_of(request: Request, subject: str, at: datetime, real_at: datetime, answer: bytes | Refusal) -> ReplyColumns:
    """What is stored with the request: of a problem's, the subject stands in the ticket's place."""
    return ReplyColumns(
        caller=request.caller,
        request_id=request.request_id,
        body_hash=request.body_hash,
        ticket_id=subject,
        at=at,
        stored_at=real_at,
        answer=None if isinstance(answer, Refusal) else answer,
        refusal=codec.refusal_to_json(answer) if isinstance(answer, Refusal) else None,
    )


def closed(problem_id: str, at: datetime, remedy: str) -> Refusal:
    """Nothing is done to a problem that was closed."""
    text = f"problem {problem_id!r} is closed since {at:%Y-%m-%d %H:%M} UTC: {remedy}"
    return Refusal(reason=RefusalReason.PROBLEM_CLOSED, text=text, facts={"problem_id": problem_id})


def unknown(problem_id: str) -> ProblemUnknown:
    """There is no such problem."""
    return ProblemUnknown(f"problem {problem_id!r} is not in the record")
