"""What goes wrong in a chaos run, and when: a plan made from the seed alone, and its carrying out."""

import asyncio
import random
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from tests.chaos.parts import Cast


class Kind(StrEnum):
    """What may happen to a process."""

    KILL = "kill"
    """SIGKILL, and started again."""
    STOP = "stop"
    """SIGSTOP, and let go on; of the database, all its processes."""
    POSTGRES = "postgres"
    """The database is restarted, at once or in order."""
    TEMPORAL = "temporal"
    """Temporal is killed and started again on its file."""


OFTEN = {Kind.KILL: 4, Kind.STOP: 3, Kind.POSTGRES: 1, Kind.TEMPORAL: 1}
OURS = ("intake-1", "intake-2", "worker-1", "worker-2", "keeper", "delivery", "roster")
OTHERS = ("temporal", "postgresql")
LEAST_SECONDS = 25.0
"""In less not every kind of fault gets its turn."""
RECOVERING_SECONDS = 2.0
"""Real time in which a process is left alone after a fault: one that is always away shows nothing."""
LONG_AWAY_SECONDS = 12.0
"""Longer than a workflow task may take: what a worker holds then is given to another."""
FIRST_AFTER_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong, in seconds since the run began."""

    at: float
    kind: Kind
    target: str
    lasts: float
    is_orderly: bool = False
    """Of the database: in order, not at once."""

    def __str__(self) -> str:
        how = "in order " if self.is_orderly else ""
        return f"{self.at:6.1f} s  {self.kind.value:8} {self.target} {how}for {self.lasts:.1f} s"


def plan(seed: int, kinds: Iterable[Kind], seconds: float, others: tuple[str, ...] = OTHERS) -> tuple[Fault, ...]:
    """Make the faults of a run: each kind asked for at least once, a long absence of Temporal among them.

    `others` may be stopped too, and are none of ours.
    """
    chosen = sorted(set(kinds))
    if not chosen:
        return ()
    rolls = random.Random(f"faults {seed}")  # noqa: S311 - chaos, not secrets
    faults: list[Fault] = []
    wanted = [*chosen]
    rolls.shuffle(wanted)
    busy_until: dict[str, float] = {}
    at = FIRST_AFTER_SECONDS
    while at < seconds - 2.0:
        kind = wanted[-1] if wanted else rolls.choices(chosen, [OFTEN[each] for each in chosen])[0]
        is_first = all(fault.kind is not kind for fault in faults)
        fault = _fault(rolls, kind, at, others, is_late=at > seconds / 2, is_first=is_first)
        if busy_until.get(fault.target, 0.0) <= at:
            faults.append(fault)
            wanted = [each for each in wanted if each is not kind]
            busy_until[fault.target] = at + fault.lasts + RECOVERING_SECONDS
            at += rolls.uniform(0.5, 4.0)
        else:
            at += 0.5
    return tuple(faults)


def _fault(
    rolls: random.Random, kind: Kind, at: float, others: tuple[str, ...], *, is_late: bool, is_first: bool
) -> Fault:
    # What a delivery that died had in hand is sent a minute later: late in a run that would be long to wait for.
    ours = [name for name in OURS if not (is_late and name == "delivery")]
    match kind:
        case Kind.KILL:
            return Fault(at=at, kind=kind, target=rolls.choice(ours), lasts=rolls.uniform(0.1, 4.0))
        case Kind.STOP:
            return Fault(at=at, kind=kind, target=rolls.choice([*ours, *others]), lasts=rolls.uniform(0.5, 8.0))
        case Kind.POSTGRES:
            lasts, is_orderly = rolls.uniform(0.0, 4.0), rolls.random() < 1 / 3
            return Fault(at=at, kind=kind, target="postgresql", lasts=lasts, is_orderly=is_orderly)
        case Kind.TEMPORAL:
            is_long = is_first or rolls.random() < 1 / 6
            lasts = LONG_AWAY_SECONDS if is_long else rolls.uniform(0.5, 4.0)
            return Fault(at=at, kind=kind, target="temporal", lasts=lasts)


class Faults:
    """Carries a plan out; of two that meet at one process the second waits."""

    def __init__(self, cast: Cast, told: Callable[[Fault], None]) -> None:
        self._cast = cast
        self._told = told
        self._turns: dict[str, asyncio.Lock] = {}

    async def carry_out(self, faults: Iterable[Fault]) -> None:
        """Return when the last is over."""
        began = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                await asyncio.sleep(max(fault.at - (asyncio.get_running_loop().time() - began), 0.0))
                group.create_task(self._do(fault))

    async def _do(self, fault: Fault) -> None:
        async with self._turns.setdefault(fault.target, asyncio.Lock()):
            self._told(fault)
            server = self._cast.postgresql if fault.target == "postgresql" else None
            if server is not None and fault.kind is Kind.POSTGRES:
                await server.end(signal.SIGINT if fault.is_orderly else signal.SIGQUIT)
                await asyncio.sleep(fault.lasts)
                await server.start()
                return
            if server is not None:
                await server.stand_still(fault.lasts)
                return
            part = self._cast.part(fault.target)
            if fault.kind is Kind.STOP:
                part.tell(signal.SIGSTOP)
                await asyncio.sleep(fault.lasts)
                part.tell(signal.SIGCONT)
                return
            await part.kill()
            await asyncio.sleep(fault.lasts)
            part.want()
