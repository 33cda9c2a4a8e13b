"""Unplanned closures of queues, as they are said, and the walk that brings each ticket of a queue to them (2.11).

A ticket learns of a closure with whatever settles it next, and judges it as of its own instants; the walk sees to it
that none is shown with a deadline that no longer holds, and that none stands still when its queue is open again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records.clock import RecordClock, instant_by
from services.records.engine import Database
from services.records.errors import RequestIdReused
from services.records.faults import spoken_plainly
from services.records.settled import Request
from services.records.statements import Statements
from services.records.tables import NOT_CLOSED, TicketRow
from services.records.tables_closures import UNSETTLED, ClosureRow
from workflows.domain.errors import DomainError

_LOCK_KEY = 0x636C_6F73_7572
"""Two processes never write closures at a time. The key is arbitrary and never changes."""


class ClosureUnknown(LookupError):  # noqa: N818 - the fact
    """There is no such closure."""

    def __init__(self, closure_id: str) -> None:
        super().__init__(closure_id)
        self.closure_id = closure_id


class ClosureRefused(DomainError):  # noqa: N818 - the fact
    """A closure, or its end, that would lie in the past, or makes no sense. Names the field, the value, the remedy."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptClosure:
    """A closure as it stands."""

    closure_id: str
    queue: str
    from_at: datetime
    until_at: datetime | None
    actor: str
    reason: str
    ended_by: str | None
    end_reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A closure whose beginning or end has come, and that tickets of its queue may not have come to."""

    closure_id: str
    queue: str
    at: datetime
    is_end: bool


_COLUMNS = tuple(getattr(ClosureRow, name) for name in KeptClosure.__dataclass_fields__)


class Closures:
    """The record's side of closures. Every call raises `RecordError`, and may be made again."""

    def __init__(self, database: Database, statements: Statements, clock: RecordClock) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock

    async def close(
        self,
        closure_id: str,
        queue: str,
        *,
        from_at: datetime | None,
        until_at: datetime | None,
        actor: str,
        reason: str,
        request: Request,
    ) -> KeptClosure:
        """Close a queue from now on or from a later instant; the same request again gives the same closure (5.5).

        Raises `ClosureRefused` for an instant that is not ahead, `RequestIdReused`.
        """
        row = ClosureRow
        with spoken_plainly():
            async with self._database.begin() as connection:
                now = await self._locked(connection)
                again = await _one(connection, row.caller == request.caller, row.request_id == request.request_id)
                if again is not None:
                    _require_same(again[1], request)
                    return again[0]
                starts_at = _ahead("start_time", from_at, now) or now
                if until_at is not None and until_at <= starts_at:
                    raise ClosureRefused("end_time", f"is {_said(until_at)}: name an instant after {_said(starts_at)}")
                await connection.execute(
                    insert(row).values(
                        closure_id=closure_id,
                        queue=queue,
                        from_at=starts_at,
                        until_at=until_at,
                        actor=actor,
                        reason=reason,
                        caller=request.caller,
                        request_id=request.request_id,
                        body_hash=request.body_hash,
                    )
                )
                found = await _one(connection, row.closure_id == closure_id)
        if found is None:
            raise AssertionError("a closure that was just written is not there")
        return found[0]

    async def end(
        self, closure_id: str, *, until_at: datetime | None, actor: str, reason: str, request: Request
    ) -> KeptClosure:
        """Say that a closure is over from now on or from a later instant, whatever was said before.

        Raises `ClosureUnknown`; `ClosureRefused` when it is over already, or the instant is not ahead;
        `RequestIdReused`.
        """
        row = ClosureRow
        with spoken_plainly():
            async with self._database.begin() as connection:
                now = await self._locked(connection)
                again = await _ended(connection, request)
                if again is not None:
                    return again
                found = await _one(connection, row.closure_id == closure_id)
                if found is None:
                    raise ClosureUnknown(closure_id)
                closure = found[0]
                if closure.until_at is not None and closure.until_at <= now:
                    raise ClosureRefused("closure_id", f"{closure_id!r} is over since {_said(closure.until_at)}")
                ends_at = max(_ahead("end_time", until_at, now) or now, closure.from_at)
                await connection.execute(
                    update(row)
                    .where(row.closure_id == closure_id)
                    .values(
                        until_at=ends_at,
                        ended_by=actor,
                        end_reason=reason,
                        end_caller=request.caller,
                        end_request_id=request.request_id,
                        end_body_hash=request.body_hash,
                    )
                )
                found = await _one(connection, row.closure_id == closure_id)
        if found is None:
            raise AssertionError("a closure that was just written is not there")
        return found[0]

    async def all(
        self, *, queue: str | None = None, only_open: bool, limit: int, before: str | None = None
    ) -> list[KeptClosure]:
        """Closures, the last that was said first; `only_open`: those that hold or are ahead."""
        row = ClosureRow
        with spoken_plainly():
            now = instant_by(self._clock, (await self._statements.greet()).real_at)
            query = select(*_COLUMNS).order_by(row.closure_id.desc()).limit(limit)
            if queue is not None:
                query = query.where(row.queue == queue)
            if before is not None:
                query = query.where(row.closure_id < before)
            if only_open:
                query = query.where(or_(row.until_at.is_(None), row.until_at > now))
            async with self._database.looking.connect() as connection:
                return [_kept(each) for each in await connection.execute(query)]

    # The walk.

    async def turns(self) -> Sequence[Turn]:
        """Return beginnings and ends that have come and were not seen through, in the order in which they were said."""
        row = ClosureRow
        with spoken_plainly():
            now = instant_by(self._clock, (await self._statements.greet()).real_at)
            query = (
                select(row.closure_id, row.queue, row.from_at, row.until_at, row.begun_at, row.ended_at)
                .where(UNSETTLED)
                .order_by(row.closure_id)
            )
            async with self._database.looking.connect() as connection:
                found = (await connection.execute(query)).all()
        turns = []
        for closure_id, queue, from_at, until_at, begun_at, ended_at in found:
            if begun_at is None and from_at < now:
                turns.append(Turn(closure_id=closure_id, queue=queue, at=from_at, is_end=False))
            if ended_at is None and until_at is not None and until_at < now:
                turns.append(Turn(closure_id=closure_id, queue=queue, at=until_at, is_end=True))
        return turns

    async def waiting(self, turn: Turn, *, after: str, limit: int) -> Sequence[str]:
        """Return ids of the queue's tickets, in their order, after one.

        All of them: one that was settled a moment later may have been so by somebody who did not know of it yet.
        """
        row = TicketRow
        query = (
            select(row.ticket_id)
            .where(NOT_CLOSED, row.queue == turn.queue, row.ticket_id > after)
            .order_by(row.ticket_id)
            .limit(limit)
        )
        with spoken_plainly():
            async with self._database.looking.connect() as connection:
                return (await connection.scalars(query)).all()

    async def seen_through(self, turn: Turn) -> None:
        """Note that every ticket has come to it."""
        row = ClosureRow
        column = row.ended_at if turn.is_end else row.begun_at
        statement = update(row).where(row.closure_id == turn.closure_id, column.is_(None))
        if turn.is_end:
            statement = statement.where(row.until_at == turn.at)
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            async with self._database.begin() as connection:
                await connection.execute(statement.values({column: real_at}))

    async def _locked(self, connection: AsyncConnection) -> datetime:
        """Lock first, then read the clock; SQLite's transaction has the database already."""
        if self._database.is_sqlite:
            return instant_by(self._clock, datetime.now(UTC))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        real_at: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
        return instant_by(self._clock, real_at)


def _ahead(field: str, at: datetime | None, now: datetime) -> datetime | None:
    if at is not None and at < now:
        raise ClosureRefused(field, f"is {_said(at)}, which is past: leave it out for now, or name a later instant")
    return at


async def _one(connection: AsyncConnection, *conditions: object) -> tuple[KeptClosure, bytes] | None:
    query = select(*_COLUMNS, ClosureRow.body_hash).where(*conditions)  # type: ignore[arg-type]  # column conditions
    found = (await connection.execute(query)).first()
    if found is None:
        return None
    *values, body_hash = found
    return _kept(values), body_hash


def _kept(values: Iterable[Any]) -> KeptClosure:
    return KeptClosure(**dict(zip(KeptClosure.__dataclass_fields__, values, strict=True)))


async def _ended(connection: AsyncConnection, request: Request) -> KeptClosure | None:
    """Return the closure that this very request ended before."""
    row = ClosureRow
    found = await _one(connection, row.end_caller == request.caller, row.end_request_id == request.request_id)
    if found is None:
        return None
    query = select(row.end_body_hash).where(row.closure_id == found[0].closure_id)
    _require_same(await connection.scalar(query) or b"", request)
    return found[0]


def _require_same(body_hash: bytes, request: Request) -> None:
    if body_hash != request.body_hash:
        raise RequestIdReused(request.request_id)


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
