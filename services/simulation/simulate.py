"""A simulation from its past tickets to what came of them, under one policy or under two side by side.

Deterministic: the same tickets, policies and end give the same answer, however many processes work at it.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from services.simulation.past import Past
from services.simulation.processes import spread
from services.simulation.replaying import replay
from services.simulation.tally import Tally
from workflows.domain.policy import Policy
from workflows.domain.policy_data import from_data, to_data, version_of
from workflows.planning.life import Life
from workflows.planning.verdicts import Flip, Which, flips, verdicts

PART = 20
"""Tickets that are one task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flipped:
    """A clock of a ticket that only one of the two policies breaches."""

    key: str
    opened_at: datetime
    priority: str
    """Under the first policy."""
    flip: Flip


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of the past under one policy."""

    label: str
    """By which it was asked for."""
    policy: Policy
    tally: Tally

    @property
    def version(self) -> str:
        """Of the policy."""
        return version_of(self.policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What came of the past."""

    tickets: int
    until: datetime
    """To which every ticket was judged."""
    runs: tuple[Run, ...]
    """One, or two to be compared."""
    flipped: tuple[Flipped, ...] = ()
    """Worse ones first, the customer's clocks first, then in the order of the past."""

    @property
    def flip_counts(self) -> Counter[tuple[Which, bool]]:
        """How many, by clock and whether it is worse under the second policy."""
        return Counter((each.flip.which, each.flip.is_worse) for each in self.flipped)

    @property
    def flipped_tickets(self) -> tuple[int, int]:
        """How many tickets have a clock that is worse under the second policy, and one that is better."""
        worse = {each.key for each in self.flipped if each.flip.is_worse}
        better = {each.key for each in self.flipped if not each.flip.is_worse}
        return len(worse), len(better)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    policies: tuple[str, ...]
    """As JSON text: a process builds each once, and its calendars keep what they have worked out."""
    until: datetime
    pasts: tuple[Past, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    tickets: int
    tallies: tuple[Tally, ...]
    flipped: tuple[Flipped, ...]


def simulate(
    policies: Mapping[str, Policy],
    pasts: Sequence[Past],
    until: datetime,
    *,
    workers: int = 1,
    done: Callable[[int], None] = lambda _: None,
) -> Simulation:
    """Tell every past ticket again under each of one or two policies, by their labels, judged to that instant.

    Calls `done` with a number of tickets whenever so many more are done. Raises `WorkerLost`.
    """
    texts = tuple(json.dumps(to_data(policy)) for policy in policies.values())
    tasks = [
        _Task(policies=texts, until=until, pasts=tuple(pasts[first : first + PART]))
        for first in range(0, len(pasts), PART)
    ]
    runs = tuple(Run(label=label, policy=policy, tally=Tally()) for label, policy in policies.items())
    flipped: list[Flipped] = []
    for part in spread(_work, tasks, workers=workers, done=lambda part: done(part.tickets)):
        flipped += part.flipped
        for run, tally in zip(runs, part.tallies, strict=True):
            run.tally.include(tally)
    worst_first = sorted(flipped, key=lambda each: (not each.flip.is_worse, each.flip.which.rung is not None))
    return Simulation(tickets=len(pasts), until=until, runs=runs, flipped=tuple(worst_first))


def _work(task: _Task) -> _Part:
    policies = [_policy(text) for text in task.policies]
    tallies = tuple(Tally() for _ in policies)
    flipped: list[Flipped] = []
    for past in task.pasts:
        lives = [_live(past, policy, task.until, tally) for policy, tally in zip(policies, tallies, strict=True)]
        match lives:
            case [Life() as before, Life() as after]:
                flipped += _flipped(past, before, after)
            case _:
                pass
    return _Part(tickets=len(task.pasts), tallies=tallies, flipped=tuple(flipped))


def _live(past: Past, policy: Policy, until: datetime, tally: Tally) -> Life | None:
    """Live through it; one that the rules fail at is counted, and costs no other ticket its figures."""
    one = Tally()
    try:
        life = replay(past, policy, until, one)
        one.figures.add(life.ticket, life.entries)
        one.waits.add(policy, life.ticket, life.entries, until)
    except Exception as error:  # noqa: BLE001 - whatever the judge raises: it is told, and the others go on
        tally.failed[type(error).__name__] += 1
        tally.first_failed = tally.first_failed or past.key
        return None
    tally.include(one)
    return life


def _flipped(past: Past, before: Life, after: Life) -> list[Flipped]:
    found = flips(verdicts(before.policy, before.entries), verdicts(after.policy, after.entries))
    priority = before.ticket.priority
    return [Flipped(key=past.key, opened_at=past.opened_at, priority=priority, flip=flip) for flip in found]


@lru_cache(maxsize=2)
def _policy(text: str) -> Policy:
    return from_data(json.loads(text))
