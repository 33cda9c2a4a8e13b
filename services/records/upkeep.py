"""What the keeper does to the record: settles what is late, finds nudges still owed, folds totals, forgets what is old.

Safe beside any number of settles and of other keepers: late tickets that somebody holds are passed by.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records.clock import RecordClock, instant_by, real_seconds_until
from services.records.decision import Decision, Judge, Poison, PolicyNotLoaded, Question, decide
from services.records.engine import Database
from services.records.errors import PolicyTooNew, RecordError, RecordFailed
from services.records.faults import spoken_plainly
from services.records.policies import KnownPolicies
from services.records.rows import Held, Rows
from services.records.settled import Nudge, SettledBy
from services.records.statements import Settling, Statements
from services.records.statements_outbox import forgotten
from services.records.store import log_poison, mark_stuck
from services.records.tables import LATE, NOT_CLOSED, OWED, ReplyRow, TicketRow
from workflows.domain.ticket import judge as rules

__all__ = ["Forgotten", "Nudge", "Rescue", "Upkeep"]

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
POSTGRESQL_FOLD = 5000
SQLITE_FOLD = 1000
"""Delta rows folded in one transaction."""
FOLDS = 100
"""Transactions in one call at most: what is left is of the next call."""

_FOLD_POSTGRESQL = text("""
WITH taken AS (
    DELETE FROM total_deltas
    WHERE delta_id IN (SELECT delta_id FROM total_deltas ORDER BY delta_id LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING name, labels, amount
), summed AS (
    INSERT INTO totals (name, labels, amount)
    SELECT name, labels, sum(amount) FROM taken GROUP BY name, labels ORDER BY name, labels
    ON CONFLICT (name, labels) DO UPDATE SET amount = totals.amount + excluded.amount
)
SELECT count(*) FROM taken
""")
_FOLD_SQLITE = text("""
INSERT INTO totals (name, labels, amount)
SELECT name, labels, sum(amount) FROM (SELECT * FROM total_deltas ORDER BY delta_id LIMIT :limit) GROUP BY name, labels
ON CONFLICT (name, labels) DO UPDATE SET amount = totals.amount + excluded.amount
""")
_FOLDED_SQLITE = text(
    "DELETE FROM total_deltas WHERE delta_id IN (SELECT delta_id FROM total_deltas ORDER BY delta_id LIMIT :limit)"
)

_TOLD = (LATE, NOT_CLOSED, TicketRow.told_at.is_not(None))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What a step of forgetting came to."""

    tickets: int
    last: tuple[datetime, str] | None
    """Wake-up and id of the last one, after which the next step goes on; none when there was nobody left."""


class Upkeep:
    """The keeper's side of the record. Every call raises `RecordError`, and may be made again."""

    def __init__(
        self,
        database: Database,
        statements: Statements,
        clock: RecordClock,
        policies: KnownPolicies,
        *,
        judge: Judge = rules.judge,
    ) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock
        self._policies = policies
        self._judge = judge
        self._most = SQLITE_BATCH if database.is_sqlite else POSTGRESQL_BATCH
        self._size = self._most
        """Of the next batch: no more than was lately judged in time, and less after a failure."""

    async def rescue_late(self, *, grace_seconds: float, limit: int) -> Rescue:
        """Settle at most `limit` tickets that are late by more than the grace, in real seconds; earliest first."""
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
                if self._database.is_sqlite:
                    await asyncio.sleep(SQLITE_REST * (time.monotonic() - began))
                continue
            with suppress(PolicyTooNew):  # then its tickets are passed by
                found = await self._policies.look_for(version)
                question = replace(question, unreadable={**question.unreadable, **found})
        return rescue

    async def owed_nudges(self, *, older_than_seconds: float, limit: int, skip: int = 0) -> tuple[Nudge, ...]:
        """Wake-ups that Temporal does not know of, owed for longer than so many real seconds; soonest first.

        `skip`: so many are passed over, about: others come and go between two questions.
        """
        row = TicketRow
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            owed = (
                select(row.ticket_id, row.wake_at, row.told_at)
                .where(
                    OWED,
                    row.settled_at <= real_at - timedelta(seconds=older_than_seconds),
                    or_(row.stuck_until.is_(None), row.stuck_until <= real_at),
                )
                .order_by(row.wake_at)
                .limit(limit)
                .offset(skip)
            )
            async with self._database.looking.connect() as connection:
                found = (await connection.execute(owed)).all()
        instant = instant_by(self._clock, real_at)
        return tuple(
            Nudge(
                ticket_id=ticket_id,
                wake_at=wake_at,
                is_new=told_at is None,
                wake_in_seconds=real_seconds_until(wake_at, instant, self._clock),
            )
            for ticket_id, wake_at, told_at in found
            if wake_at is not None
        )

    async def mark_told(self, told: Sequence[Nudge]) -> None:
        """Note the wake-ups that Temporal was told with a plain start, where none is known still.

        Compare and set: a settle that came in between knows better.
        """
        if not told:
            return
        row = TicketRow
        # In one order, so that two of these never wait for one another.
        wake_at = {nudge.ticket_id: nudge.wake_at for nudge in sorted(told, key=lambda nudge: nudge.ticket_id)}
        statement = (
            update(row)
            .where(row.ticket_id == bindparam("told_id"), row.told_at.is_(None), row.wake_at.is_not(None))
            .values(told_at=bindparam("told_wake_at"))
            .execution_options(synchronize_session=False)
        )
        with spoken_plainly():
            async with self._writing() as connection:
                await connection.execute(
                    statement, [{"told_id": ticket_id, "told_wake_at": at} for ticket_id, at in wake_at.items()]
                )

    async def count_told(self) -> int:
        """How many tickets' wake-ups Temporal knows of."""
        known = select(func.count()).select_from(TicketRow).where(*_TOLD)
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                return int(await connection.scalar(known) or 0)

    async def forget_told(self, *, after: tuple[datetime, str] | None = None) -> Forgotten:
        """Forget that Temporal knows these wake-ups, a few tickets in one short transaction; soonest first.

        Then each is owed a nudge. What was told anew meanwhile lies behind `after`, so that going on comes to an end.
        """
        row = TicketRow
        place = tuple_(row.wake_at, row.ticket_id)
        page = select(row.wake_at, row.ticket_id).where(*_TOLD).order_by(row.wake_at, row.ticket_id).limit(self._most)
        forget = (
            update(row)
            .where(row.ticket_id == bindparam("told_id"))
            .values(told_at=None)
            .execution_options(synchronize_session=False)
        )
        with spoken_plainly():
            async with self._writing() as connection:
                found = (await connection.execute(page if after is None else page.where(place > after))).all()
                if not found:
                    return Forgotten(tickets=0, last=None)
                # In the order of `mark_told`, so that the two never wait for one another.
                await connection.execute(forget, [{"told_id": each} for each in sorted(id_ for _, id_ in found)])
        wake_at, ticket_id = found[-1]
        return Forgotten(tickets=len(found), last=None if wake_at is None else (wake_at, ticket_id))

    async def fold_totals(self) -> int:
        """Fold delta rows into totals, in short transactions; returns how many rows."""
        folded = 0
        size = SQLITE_FOLD if self._database.is_sqlite else POSTGRESQL_FOLD
        for _ in range(FOLDS):
            with spoken_plainly():
                batch = await self._fold(size)
            folded += batch
            if batch < size:
                break
        return folded

    async def purge_replies(self, *, older_than: timedelta, limit: int) -> int:
        """Forget replies that were stored longer ago than that, in real time; returns how many."""
        row = ReplyRow
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            old = (
                select(row.caller, row.request_id)
                .where(row.stored_at < real_at - older_than)
                .order_by(row.stored_at)
                .limit(limit)
            )
            async with self._writing() as connection:
                purged = await connection.execute(delete(row).where(tuple_(row.caller, row.request_id).in_(old)))
                return purged.rowcount

    async def purge_messages(self, *, older_than: timedelta, limit: int) -> int:
        """Forget messages that were sent or rejected longer ago than that, in real time; returns how many."""
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            async with self._writing() as connection:
                return (await connection.execute(forgotten(real_at - older_than, limit))).rowcount

    async def _fold(self, limit: int) -> int:
        async with self._writing() as connection:
            if not self._database.is_sqlite:
                return int(await connection.scalar(_FOLD_POSTGRESQL, {"limit": limit}) or 0)
            await connection.execute(_FOLD_SQLITE, {"limit": limit})
            return (await connection.execute(_FOLDED_SQLITE, {"limit": limit})).rowcount

    async def _batch(self, question: Question, grace_seconds: float, limit: int) -> Rescue:
        """Lock, judge and write tickets in one transaction; what is wrong with one of them touches no other."""
        real_at = (await self._statements.greet()).real_at
        before = instant_by(self._clock, real_at) - timedelta(seconds=grace_seconds * self._clock.speed)
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
        until = now + (SQLITE_JUDGING_SECONDS if self._database.is_sqlite else POSTGRESQL_JUDGING_SECONDS)
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

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that writes; on SQLite, in the queue of this process's writers."""
        queue = self._database.writing if self._database.is_sqlite else nullcontext()
        async with queue, self._database.engine.begin() as connection:
            yield connection


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
