"""A roster asked about many instants at once, for a tool that looks ahead. Blocks; nothing goes on running.

Whoever asks is told what was answered and, once, what was not: a roster that fails is something to know, no error.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic

from services.policy_host.asking import Answering, Reason, Unanswered
from services.policy_host.loading import Process, load_and_keep
from services.policy_host.sources import sources_of

Question = tuple[str, datetime]
"""A tier's name, and an instant."""

AT_ONCE = 32
"""Questions in the child's hands: twice as many as it works on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """What a roster did not answer."""

    first: Question
    why: str
    """Of the first: the kind of error, with the line, or how long it was waited for."""
    times: int
    unasked: int
    """Questions that were not put to it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What became of asking."""

    answers: Mapping[Question, tuple[str, ...]]
    failed: Failed | None


def ask_ahead(
    entries: Sequence[str],
    policy: str,
    questions: Sequence[Question],
    *,
    seconds: float = 5.0,
    whole_seconds: float = 20.0,
) -> Heard:
    """Ask the roster of a policy that these modules, files and folders hold; none named: those that ship.

    `seconds`: for one answer. After one that is late, and after `whole_seconds`, it is asked no more. Raises
    `PolicyError` when the policies do not load.
    """
    _, process = load_and_keep(sources_of(entries))
    return asyncio.run(_ask(process, policy, questions, seconds, whole_seconds))


async def _ask(
    process: Process, policy: str, questions: Sequence[Question], seconds: float, whole_seconds: float
) -> Heard:
    child = await Answering.of(process)
    answers: dict[Question, tuple[str, ...]] = {}
    failures: list[tuple[Question, Unanswered]] = []
    until, asked = monotonic() + whole_seconds, 0
    try:
        while asked < len(questions) and not _is_hopeless(failures) and monotonic() < until:
            some = questions[asked : asked + AT_ONCE]
            said = await asyncio.gather(
                *(child.roster(policy, tier, at, seconds) for tier, at in some), return_exceptions=True
            )
            for question, answer in zip(some, said, strict=True):
                match answer:
                    case Unanswered():
                        failures.append((question, answer))
                    case BaseException():
                        raise answer
                    case _:
                        answers[question] = answer
            asked += len(some)
    finally:
        await child.end()
    return Heard(answers=answers, failed=_failed(failures, questions[asked:], whole_seconds))


def _is_hopeless(failures: Sequence[tuple[Question, Unanswered]]) -> bool:
    """Whether it is of no use to ask on: it is late, or has ended."""
    return any(failed.reason in {Reason.LATE, Reason.AWAY} for _, failed in failures)


def _failed(
    failures: Sequence[tuple[Question, Unanswered]], unasked: Sequence[Question], whole_seconds: float
) -> Failed | None:
    if failures:
        first, failed = failures[0]
        return Failed(first=first, why=str(failed), times=len(failures), unasked=len(unasked))
    if unasked:
        why = f"it takes too long, there was no time after {whole_seconds:g} s"
        return Failed(first=unasked[0], why=why, times=0, unasked=len(unasked))
    return None
