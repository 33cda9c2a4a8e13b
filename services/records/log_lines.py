"""The lines of a ticket's log that a message's words are made from: for many messages in one question.

Locks nothing and writes nothing. What is before a message's line is read by kind however far back it lies, and whole
where it is near; what the same settle wrote after it, for a few lines.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, case, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.records import codec
from services.records.clock import RecordClock, instant_by
from services.records.engine import Database
from services.records.errors import RecordError, StateTooNew
from services.records.faults import spoken_plainly
from services.records.owed_messages import OwedMessage
from services.records.policies import KnownPolicies
from services.records.state_versions import STATE_VERSION
from services.records.statements import Statements
from services.records.tables import EventRow, MessageRow, TicketRow
from workflows.domain.policy import Policy
from workflows.domain.ticket.events import Entry, Opened, PolicyChanged, TookOver
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Audience

TOOK_OVER = "took_over"
"""What the record calls the line of a merge in the survivor's log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How much of a log matters to a line of it."""

    history: frozenset[str]
    """Kinds of lines that matter however far before."""
    before: int
    """Lines before, of every kind."""
    after: int
    """Lines after, of the same settle."""
    merged: int
    """For a tier: of so many tickets that were merged into its one by then, the latest, every line of the history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What a message is made from."""

    ticket: Ticket
    """As it stands now."""
    policy: Policy
    """That it was held to when the line was written."""
    entries: tuple[Entry, ...]
    """In order, the message's own among them. Lines of kinds that this release does not know are not."""
    now_at: datetime
    """The record's present instant."""
    age: timedelta
    """Real time since the line was written."""
    merged: Mapping[str, tuple[Entry, ...]]
    """By its id, the log of each ticket that was merged into it, in the order in which they were."""


class LogLines:
    """Reads them. Every call raises `RecordError`, and may be made again."""

    def __init__(self, database: Database, statements: Statements, clock: RecordClock, policies: KnownPolicies) -> None:
        self._database = database
        self._statements = statements
        self._clock = clock
        self._policies = policies

    async def of(self, messages: Collection[OwedMessage], reach: Reach) -> Mapping[int, Lines | RecordError]:
        """By a message's number its lines, or why they cannot be read here; none for what is not in the record."""
        with spoken_plainly():
            now_at = instant_by(self._clock, (await self._statements.greet()).real_at)
            async with self._database.looking.connect() as connection:
                rows = (await connection.execute(_around([each.message_id for each in messages], reach))).all()
                found: dict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
                for row in rows:
                    found[row.message_id].append(row)
                merged = {
                    each.message_id: _merged_by(found.get(each.message_id, ()), each.sequence)[-reach.merged :]
                    for each in messages
                    if each.audience == Audience.TIER
                }
                logs = await _logs(connection, {ticket_id for ids in merged.values() for ticket_id in ids}, reach)
        return {
            message_id: await self._lines(of_one, now_at, {each: logs[each] for each in merged.get(message_id, ())})
            for message_id, of_one in found.items()
        }

    async def _lines(
        self, rows: list[Row[*tuple[Any, ...]]], now_at: datetime, merged: Mapping[str, tuple[Entry, ...]]
    ) -> Lines | RecordError:
        own = next((row for row in rows if row.state is not None), None)
        if own is None or own.state_version > STATE_VERSION:
            return StateTooNew(rows[0].ticket_id, own.state_version if own else 0, STATE_VERSION)
        ticket = codec.state_from_json(own.state)
        entries = tuple(_entries(rows))
        version = ticket.policy_version
        for entry in entries:
            if entry.sequence <= own.sequence and isinstance(entry.event, Opened | PolicyChanged):
                version = entry.event.policy_version
        try:
            policy = await self._policies.learn(version)
        except RecordError as error:
            return error
        age = max(now_at - own.recorded_at, timedelta()) / self._clock.speed
        return Lines(ticket=ticket, policy=policy, entries=entries, now_at=now_at, age=age, merged=merged)


def _entries(rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterable[Entry]:
    for row in rows:
        try:
            event = codec.event_from_json(row.kind, row.body)
        except KeyError:
            continue  # a newer release's: the message's own line will be missed
        yield Entry(sequence=row.sequence, at=row.at, actor=row.actor, event=event)


def _merged_by(rows: Iterable[Row[*tuple[Any, ...]]], sequence: int) -> list[str]:
    """The ids of the tickets that had been merged into one when the line of that sequence was written."""
    lines = _entries(row for row in rows if row.sequence <= sequence and row.kind == TOOK_OVER)
    return [each.event.ticket_id for each in lines if isinstance(each.event, TookOver)]


async def _logs(
    connection: AsyncConnection, ticket_ids: Collection[str], reach: Reach
) -> Mapping[str, tuple[Entry, ...]]:
    """What the logs of those tickets tell, by their ids."""
    found: dict[str, list[Row[*tuple[Any, ...]]]] = {ticket_id: [] for ticket_id in ticket_ids}
    if ticket_ids:
        event = EventRow
        query = (
            select(event.ticket_id, event.sequence, event.at, event.actor, event.kind, event.body)
            .where(event.ticket_id.in_(ticket_ids), event.kind.in_(sorted(reach.history)))
            .order_by(event.ticket_id, event.sequence)
        )
        for row in await connection.execute(query):
            found[row.ticket_id].append(row)
    return {ticket_id: tuple(_entries(rows)) for ticket_id, rows in found.items()}


def _around(message_ids: Collection[int], reach: Reach) -> Select[*tuple[Any, ...]]:
    message, event, ticket = MessageRow, EventRow, TicketRow
    is_own = event.sequence == message.sequence
    return (
        select(
            message.message_id,
            message.ticket_id,
            event.sequence,
            event.at,
            event.recorded_at,
            event.actor,
            event.kind,
            event.body,
            case((is_own, ticket.state)).label("state"),
            case((is_own, ticket.state_version)).label("state_version"),
        )
        .join(event, event.ticket_id == message.ticket_id)
        .join(ticket, ticket.ticket_id == message.ticket_id)
        .where(
            message.message_id.in_(message_ids),
            event.sequence <= message.sequence + reach.after,
            or_(
                and_(
                    event.sequence <= message.sequence,
                    or_(event.sequence >= message.sequence - reach.before, event.kind.in_(sorted(reach.history))),
                ),
                event.recorded_at == message.recorded_at,
            ),
        )
        .order_by(message.message_id, event.sequence)
    )
