"""What there is not, said with its name: a problem, an announcement, tickets."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from google.rpc import error_details_pb2  # type: ignore[import-untyped]  # the wheel has no stubs

from services.intake.errors import TICKET_TYPE, Reason
from services.intake.errors import Problem as Told
from services.records import problem_facts as facts
from workflows.domain.ticket.texts import quoted
from workflows.ports import AnnouncementUnknown

PROBLEM_TYPE = "followthrough.v1.Problem"
ANNOUNCEMENT_TYPE = "followthrough.v1.Announcement"
NAMED = 10
"""Tickets that there are not are named in an error up to so many: errors travel in headers, and headers are small."""


class OfProblem(Protocol):
    """What every request has that is about a problem."""

    problem_id: str


@contextmanager
def or_unknown(request: OfProblem) -> Iterator[None]:
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
def or_unknown_announcement(announcement_id: str) -> Iterator[None]:
    """Say that there is no such announcement."""
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
