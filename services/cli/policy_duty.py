"""A policy's roster asked for the weeks whose cover is looked at: who is there, and what it did not answer."""

from collections.abc import Iterator
from datetime import datetime

from services.cli.failing import Failed as Refused
from services.cli.policy_spec import Found
from services.policy_host.weeks_ahead import Failed, Question, ask_ahead
from workflows.domain.errors import PolicyError
from workflows.domain.zones import zone
from workflows.planning.coverage import Roster, coverage
from workflows.planning.lint import LOOKED_AHEAD, Finding, Kind, Weight


def asked(found: Found, from_at: datetime) -> tuple[Roster, tuple[Finding, ...]]:
    """Ask for each half hour in which a tier is open; what was not answered is told, and somebody is there then (4.9).

    Raises `Failed` with exit code 2 when the policies do not load any more.
    """
    questions = list(_questions(found, from_at))
    try:
        heard = ask_ahead(found.sources, found.policy.name, questions)
    except PolicyError as error:
        raise Refused(*error.problems, exit_code=2) from None

    def is_anybody_there(tier: str, at: datetime) -> bool:
        return bool(heard.answers.get((tier, at), ("somebody",)))

    return is_anybody_there, () if heard.failed is None else (_finding(found, heard.failed, len(questions)),)


def _questions(found: Found, from_at: datetime) -> Iterator[Question]:
    """Yield what the cover will be worked out from, in the order of time."""
    put: list[Question] = []

    def note(tier: str, at: datetime) -> bool:
        put.append((tier, at))
        return True

    coverage(found.policy, from_at, from_at + LOOKED_AHEAD, note)
    yield from sorted(put, key=lambda question: (question[1], question[0]))


def _finding(found: Found, failed: Failed, questions: int) -> Finding:
    tier, at = failed.first
    local = f"{at.astimezone(zone(found.policy.calendar.zone)):%a %d %b %H:%M}"
    unasked = f", and was not asked {failed.unasked} times more" if failed.unasked else ""
    return Finding(
        kind=Kind.ROSTER_FAILED,
        weight=Weight.WARNING,
        tier=tier,
        text=f"the roster gave no answer {failed.times} of {questions} times{unasked}, first for tier {tier!r} on"
        f" {local}: {failed.why}: mend it; while it fails, its last answer stays",
    )
