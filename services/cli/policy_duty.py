"""A policy's roster asked for the weeks whose cover is looked at: who is there, and what it did not answer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from services.cli.failing import Failed
from services.cli.policy_spec import Found
from services.policy_host.asking import Reason, Unanswered
from services.policy_host.questions import ROSTER_SECONDS, Questions, questions
from workflows.domain.errors import PolicyError
from workflows.domain.zones import zone
from workflows.planning.coverage import Roster, coverage
from workflows.planning.lint import LOOKED_AHEAD, Finding, Kind, Weight

WHOLE_SECONDS = 20.0
"""Real seconds after which nothing more is asked; four weeks of a roster that needs no time are one."""

Question = tuple[str, datetime]
"""A tier's name, and an instant."""


@dataclass(slots=True, kw_only=True)
class _Heard:
    answers: dict[Question, bool]
    failures: int = 0
    first: Question | None = None
    """That was not answered."""
    why: str = ""
    unasked: int = 0


def asked(
    found: Found, from_at: datetime, *, seconds: float = ROSTER_SECONDS, whole_seconds: float = WHOLE_SECONDS
) -> tuple[Roster, tuple[Finding, ...]]:
    """Ask for each half hour in which a tier is open; what was not answered is told, and somebody is there then (4.9).

    `seconds`: for one answer; after one that is late nothing more is asked. Raises `Failed` with exit code 2 when the
    policies do not load any more.
    """
    put = _questions(found, from_at)
    try:
        with questions(found.sources, seconds=seconds) as ask:
            heard = _hear(ask, found.policy.name, put, until=monotonic() + whole_seconds)
    except PolicyError as error:
        raise Failed(*error.problems, exit_code=2) from None

    def is_anybody_there(tier: str, at: datetime) -> bool:
        return heard.answers.get((tier, at), True)

    return is_anybody_there, tuple(_findings(found, heard, len(put)))


def _questions(found: Found, from_at: datetime) -> list[Question]:
    """What the cover will be worked out from, in the order of time."""
    put: list[Question] = []

    def note(tier: str, at: datetime) -> bool:
        put.append((tier, at))
        return True

    coverage(found.policy, from_at, from_at + LOOKED_AHEAD, note)
    return sorted(put, key=lambda question: (question[1], question[0]))


def _hear(ask: Questions, policy: str, put: Iterable[Question], *, until: float) -> _Heard:
    heard = _Heard(answers={})
    is_asked = True
    for tier, at in put:
        if not is_asked or monotonic() > until:
            heard.first, heard.why = heard.first or (tier, at), heard.why or "there was no time left to ask it"
            heard.unasked += 1
            continue
        try:
            heard.answers[tier, at] = bool(ask.roster(policy, tier, at))
        except Unanswered as failed:
            heard.first, heard.why = heard.first or (tier, at), heard.why or str(failed)
            heard.failures += 1
            is_asked = failed.reason not in {Reason.LATE, Reason.AWAY}
    return heard


def _findings(found: Found, heard: _Heard, number: int) -> Iterator[Finding]:
    if heard.first is None:
        return
    tier, at = heard.first
    local = f"{at.astimezone(zone(found.policy.calendar.zone)):%a %d %b %H:%M}"
    unasked = f", and was not asked {heard.unasked} times" if heard.unasked else ""
    yield Finding(
        kind=Kind.ROSTER_FAILED,
        weight=Weight.WARNING,
        tier=tier,
        text=f"the roster gave no answer {heard.failures} of {number} times{unasked}, first for tier {tier!r} on"
        f" {local}: {heard.why}: mend it; while it fails, its last answer stays",
    )
