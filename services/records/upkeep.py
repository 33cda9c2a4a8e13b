"""What the keeper does to the record: settles what is late, finds nudges still owed, folds totals, forgets what is old.

Safe beside any number of settles and of other keepers: late tickets that somebody holds are passed by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, or_, select, tuple_, update

from services.records.clock import RecordClock, instant_by, real_seconds_until
from services.records.closed_tickets import ClosedTickets
from services.records.decision import Judge
from services.records.door import instant_before, require_count
from services.records.engine import Database
from services.records.faults import spoken_plainly
from services.records.folding import POSTGRESQL_FOLD, SQLITE_FOLD, fold
from services.records.late import LateTickets, Rescue
from services.records.policies import KnownPolicies
from services.records.settled import Nudge
from services.records.statements import Statements
from services.records.statements_outbox import forgotten
from services.records.tables import LATE, NOT_CLOSED, OWED, ReplyRow, TicketRow
from workflows.domain.ticket import judge as rules

__all__ = ["Forgotten", "Nudge", "Rescue", "Upkeep"]

POSTGRESQL_STEP = 200
SQLITE_STEP = 20
"""Tickets forgotten in one transaction, at most: SQLite has one writer, and callers need it."""
FOLDS = 100
"""Transactions in one call at most: what is left is of the next call."""

_TOLD = (LATE, NOT_CLOSED, TicketRow.told_at.is_not(None))


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
        self._closed = ClosedTickets(database, statements, clock, policies)
        self._late = LateTickets(statements, clock, policies, judge=judge, is_sqlite=database.is_sqlite)

    async def count_late(self, *, grace_seconds: float, most: int) -> int:
        """Count tickets that are late by more than the grace, in real seconds, but no more than so many."""
        require_count("most", most)
        row = TicketRow
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            before = instant_before(
                instant_by(self._clock, real_at), "grace_seconds", grace_seconds, speed=self._clock.speed
            )
            is_tried = or_(row.stuck_until.is_(None), row.stuck_until <= real_at)
            late = select(row.ticket_id).where(LATE, row.wake_at <= before, is_tried).limit(most).subquery()
            async with self._database.looking.connect() as connection:
                return int(await connection.scalar(select(func.count()).select_from(late)) or 0)

    async def rescue_late(self, *, grace_seconds: float, limit: int) -> Rescue:
        """Settle at most `limit` tickets that are late by more than the grace, in real seconds; earliest first."""
        require_count("limit", limit)
        return await self._late.settle(grace_seconds=grace_seconds, limit=limit)

    async def owed_nudges(self, *, older_than_seconds: float, limit: int, skip: int = 0) -> tuple[Nudge, ...]:
        """Wake-ups that Temporal does not know of, owed for longer than so many real seconds; soonest first.

        `skip`: so many are passed over, about: others come and go between two questions.
        """
        require_count("limit", limit)
        require_count("skip", skip)
        row = TicketRow
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            owed = (
                select(row.ticket_id, row.wake_at, row.told_at)
                .where(
                    OWED,
                    row.settled_at <= instant_before(real_at, "older_than_seconds", older_than_seconds),
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
            async with self._database.begin() as connection:
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
        step = SQLITE_STEP if self._database.is_sqlite else POSTGRESQL_STEP
        place = tuple_(row.wake_at, row.ticket_id)
        page = select(row.wake_at, row.ticket_id).where(*_TOLD).order_by(row.wake_at, row.ticket_id).limit(step)
        forget = (
            update(row)
            .where(row.ticket_id == bindparam("told_id"))
            .values(told_at=None)
            .execution_options(synchronize_session=False)
        )
        with spoken_plainly():
            async with self._database.begin() as connection:
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
                async with self._database.begin() as connection:
                    batch = await fold(connection, size)
            folded += batch
            if batch < size:
                break
        return folded

    async def purge_replies(self, *, older_than: timedelta, limit: int) -> int:
        """Forget replies that were stored longer ago than that, in real time; returns how many."""
        require_count("limit", limit)
        row = ReplyRow
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            old = (
                select(row.caller, row.request_id)
                .where(row.stored_at < instant_before(real_at, "older_than", older_than.total_seconds()))
                .order_by(row.stored_at)
                .limit(limit)
            )
            async with self._database.begin() as connection:
                purged = await connection.execute(delete(row).where(tuple_(row.caller, row.request_id).in_(old)))
                return purged.rowcount

    async def purge_tickets(self, *, older_than: timedelta, limit: int) -> int:
        """Forget tickets that were closed longer ago than that, by the record's clock; returns how many.

        Which of them stay all the same: see `ClosedTickets`.
        """
        require_count("limit", limit)
        return await self._closed.forget(older_than=older_than, limit=limit)

    async def purge_messages(self, *, older_than: timedelta, limit: int) -> int:
        """Forget messages that were sent or rejected longer ago than that, in real time; returns how many."""
        require_count("limit", limit)
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            before = instant_before(real_at, "older_than", older_than.total_seconds())
            async with self._database.begin() as connection:
                return (await connection.execute(forgotten(before, limit))).rowcount
