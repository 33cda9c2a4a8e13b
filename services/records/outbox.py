"""The record as delivery works on it: takes messages that are owed, and writes down what became of each.

Safe beside any number of deliveries. A message is claimed before it is sent, for a while: whose claim runs out may have
died before sending it or after, so the next to take it is told that it may be sent twice (4.7). Of one ticket a
recipient's messages are taken one by one, in order. Nothing is locked between taking and writing down.
"""

import asyncio
import secrets
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records import statements_outbox
from services.records.door import instant_after, require_count
from services.records.engine import Database
from services.records.faults import spoken_plainly
from services.records.owed_messages import Behind, Fate, OwedMessage, WaitsFor, WasRejected, WasSent, kind_of
from services.records.rows import delta_columns
from services.records.statements import Statements
from services.records.tables import MessageRow, TotalDeltaRow
from services.records.totals import MESSAGES_POSSIBLY_SENT_TWICE, MESSAGES_REJECTED, MESSAGES_SENT, Delta
from workflows.domain.ticket.verdict import ADMISSIONS
from workflows.domain.ticket.words import Audience

POSTGRESQL_TAKE = 100
SQLITE_TAKE = 50
"""Messages claimed in one transaction, at most: SQLite has one writer, and callers need it."""
SQLITE_REST = 2.0
"""After each transaction, as a multiple of the time that it took."""


class Outbox:
    """Delivery's side of the record. Every call raises `RecordError`, and may be made again."""

    def __init__(self, database: Database, statements: Statements) -> None:
        self._database = database
        self._statements = statements
        self._most = SQLITE_TAKE if database.is_sqlite else POSTGRESQL_TAKE

    async def take(self, *, limit: int, lease_seconds: float) -> tuple[OwedMessage, ...]:
        """Claim at most so many messages for so many real seconds: the intent, stored before anything is sent.

        Messages that rest, that others claimed, and those behind one of them are passed by. One short read when there
        is nothing.
        """
        require_count("limit", limit)
        claim = secrets.token_hex(8)
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            async with self._database.looking.connect() as connection:
                if (await connection.execute(statements_outbox.due(real_at, 1))).first() is None:
                    return ()
            began = time.monotonic()
            async with self._database.begin() as connection:
                due = statements_outbox.due(real_at, min(limit, self._most)).with_for_update(
                    of=MessageRow, skip_locked=True
                )
                found = (await connection.execute(due)).all()
                if found:
                    until = instant_after(real_at, "lease_seconds", lease_seconds)
                    await connection.execute(statements_outbox.claimed([row.message_id for row in found], claim, until))
        await self._rest(began)
        return tuple(
            OwedMessage(
                message_id=row.message_id,
                ticket_id=row.ticket_id,
                sequence=row.sequence,
                kind=kind_of(row.kind),
                audience=row.audience,
                recipient=row.recipient,
                recorded_at=row.recorded_at,
                tries=row.tries + 1,
                unknown_tries=row.unknown_tries + (row.claim is not None),
                claim=claim,
            )
            for row in found
        )

    async def behind(self, messages: Collection[OwedMessage]) -> Mapping[int, tuple[Behind, ...]]:
        """By a message's number what the same settle owes its recipient besides, in order: behind it, and pending."""
        found: dict[int, list[Behind]] = {}
        if messages:
            with spoken_plainly():
                async with self._database.looking.connect() as connection:
                    asked = statements_outbox.behind([each.message_id for each in messages])
                    for row in await connection.execute(asked):
                        found.setdefault(row.before, []).append(Behind(row.sequence, kind_of(row.kind)))
        return {message_id: tuple(those) for message_id, those in found.items()}

    async def write_down(self, fates: Sequence[Fate]) -> tuple[OwedMessage, ...]:
        """Write what became of messages in hand, in one transaction; returns those that were no longer in hand.

        Of these nothing is written: their claim ran out, and whoever took them since knows that they may be sent twice.
        """
        with spoken_plainly():
            real_at = (await self._statements.greet()).real_at
            began = time.monotonic()
            async with self._database.begin() as connection:
                kept = await _write(connection, fates, real_at)
                sent_with = await _tell_with(connection, kept, real_at)
                for message in _perhaps_telling_more(kept):
                    await connection.execute(statements_outbox.perhaps_told_with(message))
                counted = [delta_columns(delta)._asdict() for delta in _deltas(kept, sent_with)]
                if counted:
                    await connection.execute(insert(TotalDeltaRow), counted)
        await self._rest(began)
        return tuple(fate.message for fate in fates if fate not in kept)

    async def _rest(self, began: float) -> None:
        """Let other processes write, which wait for SQLite in no order."""
        if self._database.is_sqlite:
            await asyncio.sleep(SQLITE_REST * (time.monotonic() - began))


async def _write(connection: AsyncConnection, fates: Iterable[Fate], real_at: datetime) -> list[Fate]:
    """Write fates that are alike at once; returns those of messages that were in hand still."""
    alike: dict[tuple[str, statements_outbox.Change], dict[int, Fate]] = defaultdict(dict)
    for fate in fates:
        alike[fate.message.claim, statements_outbox.change(fate, real_at)][fate.message.message_id] = fate
    kept: list[Fate] = []
    for (claim, change), those in alike.items():
        written = await connection.execute(statements_outbox.changed(those, claim, change))
        kept += [those[message_id] for (message_id,) in written]
    for fate in kept:
        if isinstance(fate, WaitsFor):
            await connection.execute(statements_outbox.held_back(fate.message, real_at + fate.rest))
    return kept


async def _tell_with(connection: AsyncConnection, kept: Iterable[Fate], real_at: datetime) -> Counter[str]:
    """End what was told of in messages that were sent; how many of each kind."""
    ended: Counter[str] = Counter()
    for fate in kept:
        if isinstance(fate, WasSent) and fate.also:
            written = await connection.execute(statements_outbox.told_with(fate.message, fate.also, real_at))
            ended.update(kind for (kind,) in written)
    return ended


def _perhaps_telling_more(kept: Iterable[Fate]) -> Iterator[OwedMessage]:
    """Yield those that are over, and of whose earlier tries nobody knows whether they told of others too."""
    for fate in kept:
        message = fate.message
        is_admission = message.kind in ADMISSIONS and message.audience == Audience.CUSTOMER.value
        if isinstance(fate, WasSent | WasRejected) and message.may_have_been_sent and is_admission:
            yield message


def _deltas(fates: Iterable[Fate], sent_with: Mapping[str, int]) -> list[Delta]:
    sums: Counter[tuple[str, str]] = Counter({(MESSAGES_SENT, kind): number for kind, number in sent_with.items()})
    for fate in fates:
        kind = fate.message.kind
        match fate:
            case WasSent(message=message):
                sums[MESSAGES_SENT, kind] += 1
                sums[MESSAGES_POSSIBLY_SENT_TWICE, kind] += message.may_have_been_sent
            case WasRejected():
                sums[MESSAGES_REJECTED, kind] += 1
            case _:
                pass  # it is pending still
    return [Delta(name, (kind,), amount) for (name, kind), amount in sorted(sums.items()) if amount]
