"""Which known problems are behind a ticket. Legal in every state: what was one fault may be seen long afterwards.

Knows no problem but by its id; whether it is closed is the record's to say, and nobody is told.
"""

from datetime import datetime

from workflows.domain.ticket.commands import LinkProblem, UnlinkProblem
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import ProblemLinked, ProblemUnlinked
from workflows.domain.ticket.refusing import CommandRefused, present_state
from workflows.domain.ticket.verdict import Refusal, RefusalReason

MOST_PROBLEMS = 20
"""Of one ticket: more than that and it is no ticket about a problem."""


def link(draft: Draft, at: datetime, command: LinkProblem) -> None:
    """Put the problem behind the ticket; refused where it is, or where there are too many."""
    if command.problem_id in draft.problems:
        text = f"the ticket is linked to problem {command.problem_id!r} already: there is nothing to do"
        raise _refused(draft, RefusalReason.PROBLEM_LINKED_ALREADY, text)
    if len(draft.problems) >= MOST_PROBLEMS:
        text = f"the ticket is linked to {len(draft.problems)} problems: unlink one of them first"
        raise _refused(draft, RefusalReason.TOO_MANY_PROBLEMS, text)
    draft.record(at, ProblemLinked(problem_id=command.problem_id, title=command.title))
    draft.problems = (*draft.problems, command.problem_id)


def unlink(draft: Draft, at: datetime, command: UnlinkProblem) -> None:
    """Take the problem from the ticket; refused where it is not behind it."""
    if command.problem_id not in draft.problems:
        text = f"the ticket is not linked to problem {command.problem_id!r}: there is nothing to unlink"
        raise _refused(draft, RefusalReason.PROBLEM_NOT_LINKED, text)
    draft.record(at, ProblemUnlinked(problem_id=command.problem_id, reason=command.reason))
    draft.problems = tuple(each for each in draft.problems if each != command.problem_id)


def _refused(draft: Draft, reason: RefusalReason, text: str) -> CommandRefused:
    linked = present_state(draft, problems=",".join(draft.problems))
    return CommandRefused(Refusal(reason=reason, text=text, facts=linked))
