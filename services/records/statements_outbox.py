"""Delivery's statements on the outbox, one set for both databases: what is due, claimed, ended, held back."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple, assert_never

from sqlalchemy import ColumnElement, Delete, Select, Update, case, delete, select, tuple_, update
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate

from services.records.owed_messages import Behind, Fate, OwedMessage, WaitsFor, WasLetGo, WasRejected, WasSent
from services.records.tables import ENDED, PENDING, EventRow, MessageRow
from workflows.domain.ticket.verdict import ADMISSIONS
from workflows.domain.ticket.words import Audience

LONG_PAST = datetime(1970, 1, 1, tzinfo=UTC)
"""When a message that nobody tried may be tried."""

_CUSTOMER = Audience.CUSTOMER.value
"""One whose external id reads like a tier's name is not that tier."""


def due(real_at: datetime, limit: int) -> Select[*tuple[Any, ...]]:
    """What may be sent now: the first of each recipient's messages, ticket by ticket, unless it rests or is claimed."""
    row, earlier = MessageRow, aliased(MessageRow)
    before_it = (
        select(earlier.message_id)
        .where(
            earlier.status == "pending",
            earlier.ticket_id == row.ticket_id,
            earlier.recipient == row.recipient,
            (earlier.audience == _CUSTOMER) == (row.audience == _CUSTOMER),
            earlier.message_id < row.message_id,
        )
        # Of no meaning but to PostgreSQL: it asks message by message then, instead of joining all that are pending.
        .offset(0)
    )
    return (
        select(
            row.message_id,
            row.ticket_id,
            row.sequence,
            row.kind,
            row.audience,
            row.recipient,
            row.recorded_at,
            row.claim,
            row.tries,
            row.unknown_tries,
        )
        .where(PENDING, row.try_at <= real_at, ~before_it.exists())
        .order_by(row.try_at, row.message_id)
        .limit(limit)
    )


def claimed(message_ids: Collection[int], claim: str, until: datetime) -> Update:
    """Store the intent to send; of a claim that ran out nobody knows what became."""
    row = MessageRow
    return (
        update(row)
        .where(row.message_id.in_(message_ids))
        .values(
            claim=claim,
            try_at=until,
            tries=row.tries + 1,
            unknown_tries=row.unknown_tries + case((row.claim.is_not(None), 1), else_=0),
        )
    )


class Change(NamedTuple):
    """What a fate writes: equal for fates that are alike."""

    status: str
    try_at: datetime
    reason: str | None = None
    ended_at: datetime | None = None
    tries: int = 0
    """Added."""
    unknown_tries: int = 0
    """Added."""


def change(fate: Fate, real_at: datetime) -> Change:
    """Say what it writes at that real instant."""
    match fate:
        case WasSent():
            return Change("sent", real_at, ended_at=real_at)
        case WasRejected(reason=reason):
            return Change("rejected", real_at, reason, ended_at=real_at)
        case WaitsFor(rest=rest, reason=reason, may_have_been_sent=is_unknown):
            return Change("pending", real_at + rest, reason, unknown_tries=int(is_unknown))
        case WasLetGo():
            return Change("pending", LONG_PAST, tries=-1)
        case _:
            assert_never(fate)


def changed(message_ids: Collection[int], claim: str, to: Change) -> ReturningUpdate[int]:
    """Change those that are still in the claimant's hand, and return their numbers."""
    row = MessageRow
    return (
        update(row)
        .where(PENDING, row.message_id.in_(message_ids), row.claim == claim)
        .values(
            status=to.status,
            claim=None,
            try_at=to.try_at,
            reason=to.reason,
            ended_at=to.ended_at,
            tries=row.tries + to.tries,
            unknown_tries=row.unknown_tries + to.unknown_tries,
        )
        .returning(row.message_id)
    )


TOLD_BEFORE = "told_before"
"""The reason of a message that was sent within one before it."""


def behind(message_ids: Collection[int]) -> Select[*tuple[Any, ...]]:
    """What the settles of those messages owe their recipients besides, later in the outbox, and is pending."""
    own, row = aliased(MessageRow), MessageRow
    return (
        select(own.message_id.label("before"), row.sequence, row.kind)
        .join(own, own.ticket_id == row.ticket_id)
        .where(
            own.message_id.in_(message_ids),
            row.audience == own.audience,
            row.recipient == own.recipient,
            row.recorded_at == own.recorded_at,
            row.status == "pending",
            row.message_id > own.message_id,
        )
        .order_by(row.message_id)
    )


def told_with(message: OwedMessage, also: Iterable[Behind], real_at: datetime) -> ReturningUpdate[str]:
    """End those that a message told of too, as far as nobody has sent them; returns their kinds."""
    row = MessageRow
    return (
        update(row)
        .where(
            PENDING,
            row.ticket_id == message.ticket_id,
            tuple_(row.sequence, row.kind).in_([tuple(each) for each in also]),
            row.audience == message.audience,
            row.recipient == message.recipient,
            row.message_id > message.message_id,
        )
        .values(status="sent", claim=None, try_at=real_at, reason=TOLD_BEFORE, ended_at=real_at)
        .returning(row.kind)
    )


def perhaps_told_with(message: OwedMessage) -> Update:
    """Mark those that a message which is over may have told of too, in a try of which nobody knows the end (4.7)."""
    row, line, own = MessageRow, EventRow, aliased(EventRow)
    of_one_instant = (
        select(line.sequence)
        .join(own, own.ticket_id == line.ticket_id)
        .where(line.ticket_id == message.ticket_id, own.sequence == message.sequence, line.at == own.at)
    )
    return (
        update(row)
        .where(
            PENDING,
            row.ticket_id == message.ticket_id,
            row.audience == message.audience,
            row.recipient == message.recipient,
            row.recorded_at == message.recorded_at,
            row.message_id > message.message_id,
            row.kind.in_(ADMISSIONS),
            row.sequence.in_(of_one_instant),
        )
        .values(unknown_tries=row.unknown_tries + 1)
    )


def held_back(message: OwedMessage, until: datetime) -> Update:
    """Let what is behind a message rest as long as it does: it cannot go before, and need not be looked at."""
    row = MessageRow
    is_customers: ColumnElement[bool] = row.audience == _CUSTOMER
    return (
        update(row)
        .where(
            PENDING,
            row.ticket_id == message.ticket_id,
            row.recipient == message.recipient,
            is_customers if message.audience == _CUSTOMER else ~is_customers,
            row.message_id > message.message_id,
            row.try_at < until,
        )
        .values(try_at=until)
    )


def forgotten(before: datetime, limit: int) -> Delete:
    """Delete messages that ended before that real instant, the oldest first."""
    row = MessageRow
    old = select(row.message_id).where(ENDED, row.ended_at < before).order_by(row.ended_at).limit(limit)
    return delete(row).where(row.message_id.in_(old))
