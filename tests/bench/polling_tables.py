"""The polling rival's tables, and how it records what is overdue. Knows no gRPC."""

from datetime import UTC, datetime

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    MetaData,
    Table,
    Text,
    and_,
    any_,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine

BATCH = 200

metadata = MetaData()
tickets = Table(
    "tickets",
    metadata,
    Column("ticket_id", Text, primary_key=True),
    Column("reference", Text, nullable=False, unique=True),
    Column("request_id", Text, nullable=False, unique=True),
    Column("queue", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("customer_id", Text, nullable=False, index=True),
    Column("customer_name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("handler", Text),
    Column("opened_at", DateTime(timezone=True), nullable=False),
)
deadlines = Table(
    "deadlines",
    metadata,
    Column("deadline_id", BigInteger, Identity(), primary_key=True),
    Column("ticket_id", Text, ForeignKey("tickets.ticket_id"), nullable=False, index=True),
    Column("target", Text, nullable=False),
    Column("due_at", DateTime(timezone=True), nullable=False),
    Column("met_at", DateTime(timezone=True)),
    Column("breached_at", DateTime(timezone=True)),
)
RUNNING = and_(deadlines.c.met_at.is_(None), deadlines.c.breached_at.is_(None))
Index("ix_deadlines_running", deadlines.c.due_at, postgresql_where=RUNNING)
events = Table(
    "events",
    metadata,
    Column("event_id", BigInteger, Identity(), primary_key=True),
    Column("ticket_id", Text, ForeignKey("tickets.ticket_id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("target", Text),
    Column("due_at", DateTime(timezone=True)),
    Column("actor", Text),
    Column("at", DateTime(timezone=True), nullable=False),
)
OVERDUE = (
    select(deadlines.c.deadline_id, deadlines.c.ticket_id, deadlines.c.target, deadlines.c.due_at)
    .where(RUNNING, deadlines.c.due_at <= func.now())
    .order_by(deadlines.c.due_at)
    .limit(BATCH)
    .with_for_update(skip_locked=True)
)


async def breach(engine: AsyncEngine) -> int:
    """Record one batch of breaches; how many."""
    async with engine.begin() as connection:
        overdue = (await connection.execute(OVERDUE)).all()
        if overdue:
            now = datetime.now(UTC)
            ids = literal([row.deadline_id for row in overdue], ARRAY(BigInteger))
            await connection.execute(
                update(deadlines).where(deadlines.c.deadline_id == any_(ids)).values(breached_at=now)
            )
            breached = [
                {"ticket_id": row.ticket_id, "kind": "breached", "target": row.target, "due_at": row.due_at, "at": now}
                for row in overdue
            ]
            await connection.execute(insert(events), breached)
    return len(overdue)
