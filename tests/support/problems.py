"""What tests of problems open, link and announce, without gRPC."""

import asyncio
from collections.abc import Mapping
from itertools import count

from services.records import Records
from services.records.problem_facts import (
    Announcement,
    AnnouncementKind,
    Answered,
    Linking,
    NewAnnouncement,
    NewProblem,
    Problem,
    ProblemKind,
    ProblemState,
)
from services.records.problem_links import Links
from services.records.settled import Request
from tests.support.record import a_request
from tests.support.waiting import PATIENCE_SECONDS
from workflows.domain.ticket.events import ProblemLinked, ProblemUnlinked

PROBLEM = "p-1"
_requests = count(1)


def the_request() -> Request:
    """One that nobody else made."""
    return a_request(f"problem-{next(_requests)}")


def of_problem(problem: Problem) -> bytes:
    """What a caller would be told."""
    return f"{problem.problem_id} {problem.state} {problem.linked_count}".encode()


def of_linking(linking: Linking) -> bytes:
    """What a caller would be told."""
    return f"{linking.problem.linked_count} of which {linking.changed} new".encode()


def of_announcement(announcement: Announcement) -> bytes:
    """What a caller would be told."""
    return f"{announcement.announcement_id} {announcement.state} {announcement.ticket_count}".encode()


async def a_problem(records: Records, problem_id: str = PROBLEM, *, request: Request | None = None) -> Answered:
    """Open one."""
    new = NewProblem(
        problem_id=problem_id,
        kind=ProblemKind.FAULT,
        state=ProblemState.INVESTIGATING,
        title="no line in Leeds",
        words="",
        actor="lea",
    )
    return await records.problems.open(new, request=request or the_request(), encode=of_problem)


async def link(
    records: Records, *ticket_ids: str, problem_id: str = PROBLEM, request: Request | None = None
) -> Answered:
    """Link tickets."""
    links = Links(problem_id=problem_id, actor="lea", ticket_ids=ticket_ids)
    return await records.problem_links.link(links, request=request or the_request(), encode=of_linking)


async def unlink(records: Records, *ticket_ids: str, problem_id: str = PROBLEM) -> Answered:
    """Take tickets from it."""
    links = Links(problem_id=problem_id, actor="lea", ticket_ids=ticket_ids, reason="another matter")
    return await records.problem_links.link(links, request=the_request(), encode=of_linking)


async def announce(
    records: Records,
    announcement_id: str = "a-1",
    *,
    kind: AnnouncementKind = AnnouncementKind.UPDATE,
    problem_id: str = PROBLEM,
    tickets_per_second: int = 500,
    words_in: Mapping[str, str] | None = None,
) -> Answered:
    """Announce something."""
    new = NewAnnouncement(
        announcement_id=announcement_id,
        problem_id=problem_id,
        kind=kind,
        words="the cable is found",
        actor="lea",
        tickets_per_second=tickets_per_second,
        words_in=words_in or {},
    )
    return await records.problems.announce(new, request=the_request(), encode=of_announcement)


async def tell_all(records: Records, announcement_id: str = "a-1", *, limit: int = 3) -> list[str]:
    """Tell everybody whose turn it is, as the worker does; what became of each, in order. It must come to an end."""
    outcomes: list[str] = []
    after = ""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (turns := await records.announcing.turns(announcement_id, after=after, limit=limit)).is_over:
            settled: dict[str, str] = {}
            for turn in turns.turns:
                if turn.ticket_id not in settled:
                    settled |= await records.announcing.tell(turns, turn)
            outcomes += [settled[each] for each in sorted(settled)]
            after = turns.turns[-1].ticket_id if turns.turns else ""
    return outcomes


async def require_list_is_of_the_logs(records: Records, problem_id: str, *ticket_ids: str) -> None:
    """A problem's list holds exactly the tickets whose states, and whose logs, say that they are linked."""
    listed = [each.ticket_id for each in await records.known_problems.linked(problem_id, page_size=100, after=None)]
    of_state, of_log = [], []
    for ticket_id in ticket_ids:
        if problem_id in (await records.queries.ticket(ticket_id)).problems:
            of_state.append(ticket_id)
        said = [
            isinstance(entry.event, ProblemLinked)
            for entry in await records.queries.entries(ticket_id)
            if isinstance(entry.event, ProblemLinked | ProblemUnlinked) and entry.event.problem_id == problem_id
        ]
        if said and said[-1]:
            of_log.append(ticket_id)
    assert listed == of_state == of_log
    assert (await records.known_problems.problem(problem_id)).linked_count == len(listed)
