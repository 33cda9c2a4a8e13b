"""Who can be reached: what the roster answered for each tier, as far as it reached one ticket (4.5, 4.9).

Knows which answer holds at an instant. Never asks anybody: an answer is a recorded input, like a command.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterAnswer:
    """Whether anybody of a tier could be reached from an instant on, until the next answer for it."""

    tier: str
    at: datetime
    is_reachable: bool


Answers = tuple[RosterAnswer, ...]
"""In the order of time."""


def is_empty(answers: Answers, tier: str, at: datetime) -> bool:
    """Whether the last answer before the instant says that nobody of the tier is there; without one somebody is."""
    before = (each for each in reversed(answers) if each.tier == tier and each.at < at)
    last = next(before, None)
    return last is not None and not last.is_reachable


def news(known: Answers, told: Iterable[RosterAnswer], tiers: Sequence[str], at: datetime) -> Answers:
    """Return those answers before the instant that say something else than what is known, in the order of time.

    The others change nothing, and would be inputs for nothing. One that is older than what is known of its tier came
    too late to say anything.
    """
    last = {each.tier: each for each in known}
    found = []
    for each in sorted(told, key=_order):
        before = last.get(each.tier)
        is_later = before is None or each.at > before.at
        is_other = each.is_reachable != (before is None or before.is_reachable)
        if each.tier in tiers and each.at < at and is_later and is_other:
            found.append(each)
            last[each.tier] = each
    return tuple(found)


def last_of_each(answers: Answers) -> Answers:
    """The last answer of every tier: what a ticket keeps, for no later settle looks back behind this one."""
    return tuple(sorted({each.tier: each for each in answers}.values(), key=_order))


def together(known: Answers, new: Answers) -> Answers:
    """Every answer that a settle goes by."""
    return tuple(sorted((*known, *new), key=_order))


def _order(answer: RosterAnswer) -> tuple[datetime, str]:
    return answer.at, answer.tier
