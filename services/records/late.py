"""Late tickets, settled in batches: many in one transaction, and what is wrong with one of them touches no other.

Knows how many go into a batch, and for how long callers may be kept waiting for it. Knows no rule.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from services.records.clock import RecordClock, instant_by
from services.records.decision import Decision, Judge, Poison, PolicyNotLoaded, Question, decide
from services.records.door import instant_before
from services.records.errors import PolicyTooNew, RecordError, RecordFailed
from services.records.faults import spoken_plainly
from services.records.policies import KnownPolicies
from services.records.rows import Held, Rows
from services.records.settled import Nudge, SettledBy
from services.records.statements import Settling, Statements
from services.records.store import log_poison, mark_stuck

POSTGRESQL_BATCH = 200
"""Late tickets settled in one transaction, at most."""
SQLITE_BATCH = 20
"""Back-to-back batches of 150 ms once starved the other writers for eight seconds."""
POSTGRESQL_JUDGING_SECONDS = 0.2
"""Callers wait this long and the writing besides, and have a second; a transaction that idles for five is cut."""
SQLITE_JUDGING_SECONDS = 0.010
"""Judging is about half of what a batch takes."""
TURN_SECONDS = 0.002
"""Judging keeps others on the loop waiting no longer than this and one more ticket."""
SQLITE_REST = 2.0
"""Between two batches, as a multiple of the time that the last one took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """What a round of settling late tickets came to."""

    settled: int
    stuck: int
    """Tickets that could not be judged; they are marked, and left out until their retry."""
    owed: tuple[Nudge, ...]
    """Of what was settled: tickets that Temporal knew nothing of. A workflow that is only late gets time to come."""

    def __add__(self, other: "Rescue") -> "Rescue":
        return Rescue(settled=self.settled + other.settled, stuck=self.stuck + other.stuck, owed=self.owed + other.owed)

    @property
    def tried(self) -> int:
        """How many tickets were in hand."""
        return self.settled + self.stuck


NOBODY = Rescue(settled=0, stuck=0, owed=())


class LateTickets:
    """Tickets whose wake-up has passed and that nobody came for."""

    def __init__(
        self, statements: Statements, clock: RecordClock, policies: KnownPolicies, *, judge: Judge, is_sqlite: bool
    ) -> None:
        self._statements = statements
        self._clock = clock
        self._policies = policies
        self._judge = judge
        self._is_sqlite = is_sqlite
        self._most = SQLITE_BATCH if is_sqlite else POSTGRESQL_BATCH
        self._size = self._most
        """Of the next batch: no more than was lately judged in time, and less after a failure."""

    async def settle(self, *, grace_seconds: float, limit: int) -> Rescue:
        """Settle at most `limit` of those that are late by more than the grace, in real seconds; earliest first.

        Raises `RecordError`.
        """
        rescue = NOBODY
        question = Question(by=SettledBy.KEEPER)
        while rescue.tried < limit:
            began = time.monotonic()
            try:
                with spoken_plainly():
                    batch = await self._batch(question, grace_seconds, min(self._size, limit - rescue.tried))
            except PolicyNotLoaded as missing:
                version = missing.version
            except RecordError:
                self._size = max(self._size // 2, 1)  # it may be its size that failed
                raise
            else:
                rescue += batch
                if not batch.tried:
                    return rescue
                if self._is_sqlite:
                    await asyncio.sleep(SQLITE_REST * (time.monotonic() - began))
                continue
            with suppress(PolicyTooNew):  # then its tickets are passed by
                found = await self._policies.look_for(version)
                question = replace(question, unreadable={**question.unreadable, **found})
        return rescue

    async def _batch(self, question: Question, grace_seconds: float, limit: int) -> Rescue:
        """Lock, judge and write tickets in one transaction; what is wrong with one of them touches no other."""
        real_at = (await self._statements.greet()).real_at
        before = instant_before(
            instant_by(self._clock, real_at), "grace_seconds", grace_seconds, speed=self._clock.speed
        )
        async with self._statements.settling() as settling:
            late = await settling.hold_late(before, real_at, limit, not_under=self._policies.too_new)
            decided, poisons = await self._judge_all(question, late)
            for poison in poisons:
                log_poison(poison)
                await mark_stuck(settling, poison)
            written, refused = await _write(settling, decided)
        judged = len(decided) + len(poisons)
        self._size = judged if judged < len(late) else min(2 * self._size, self._most)
        owed = [decision.settled(self._clock, None).nudge for held, decision in written if held.told_at is None]
        return Rescue(
            settled=len(written),
            stuck=len(poisons) + refused,
            owed=tuple(nudge for nudge in owed if nudge is not None),
        )

    async def _judge_all(
        self, question: Question, late: Sequence[Held]
    ) -> tuple[list[tuple[Held, Decision]], list[Poison]]:
        """Judge as many as time allows: the others are let go with the commit."""
        decided: list[tuple[Held, Decision]] = []
        poisons: list[Poison] = []
        turn_at = now = time.monotonic()
        until = now + (SQLITE_JUDGING_SECONDS if self._is_sqlite else POSTGRESQL_JUDGING_SECONDS)
        for held in late:
            try:
                decision = decide(held, question, policies=self._policies, clock=self._clock, judge=self._judge)
            except Poison as poison:
                poisons.append(poison)
            else:
                decided.append((held, decision))
            now = time.monotonic()
            if now > until:
                break
            if now > turn_at + TURN_SECONDS:  # in a process with other loops, they have their turn
                await asyncio.sleep(0)
                turn_at = time.monotonic()
        return decided, poisons


async def _write(
    settling: Settling, decided: Sequence[tuple[Held, Decision]]
) -> tuple[list[tuple[Held, Decision]], int]:
    """Write what was decided; returns what was written, and how many the database refused."""
    if not decided:
        return [], 0
    refused = set(await settling.write_each([decision.rows or Rows() for _, decision in decided]))
    for place in refused:
        held, _ = decided[place]
        poison = Poison(held, RecordFailed("the database refused what was to be written"))
        log_poison(poison)
        await mark_stuck(settling, poison)
    return [each for place, each in enumerate(decided) if place not in refused], len(refused)
