"""The record's tables: `events` is the log, `tickets` how each stands, with the columns that queries and labels need.

Instants are the record's unless a column says real. Who writes: settle, under the ticket's row lock; the keeper.
"""

from datetime import UTC, datetime
from functools import lru_cache

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMING = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
}


@lru_cache(maxsize=1024)  # a settle writes few instants, and each of them many times
def instant_to_text(at: datetime) -> str:
    """An instant in SQLite: text of one width, so that its order is time's order."""
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    return at.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant to the microsecond; text in SQLite, which has no instants."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """Choose the column's type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | str | None:
        """Write."""
        return instant_to_text(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read."""
        return datetime.fromisoformat(value) if isinstance(value, str) else value


# SQLite counts rows by itself only where the key is spelt INTEGER.
Position = BigInteger().with_variant(Integer(), "sqlite")

LATE = text("wake_at IS NOT NULL")
OWED = text("wake_at IS NOT NULL AND (told_at IS NULL OR wake_at < told_at)")
"""Temporal does not know of the wake-up, or knows of a later one."""
NOT_CLOSED = text("status <> 'closed'")
CLOSED = text("status = 'closed'")
WORKED_ON = text("status <> 'closed' AND status <> 'resolved'")
"""The desk still owes work."""
STUCK = text("stuck_until IS NOT NULL")
AT_RISK = text("warned_deadline_at IS NOT NULL")
HANDLED = text("handler IS NOT NULL")
PROMISED = text("promised_by IS NOT NULL")
"""Somebody owes its customer what the list of its handler's work does not tell them."""
CREDIT_ASKED = text("credit_asked_at IS NOT NULL")
UNTAKEN = text("handler IS NULL")
_HANDLED_WORK = text(f"{WORKED_ON.text} AND {HANDLED.text}")
_UNTAKEN_WORK = text(f"{WORKED_ON.text} AND {UNTAKEN.text}")
PENDING = text("status = 'pending'")
ENDED = text("ended_at IS NOT NULL")
STANDING = text("replaced_at IS NULL")
"""No later answer of the roster has taken its place."""


class Base(DeclarativeBase):
    """Root of the models."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Instant(), str: Text(), int: BigInteger()}  # noqa: RUF012 - SQLAlchemy's own form


class TicketRow(Base):
    """One customer request as it stands. `state` is the truth; the other columns mirror it for queries and labels."""

    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("reference"),
        Index("ix_tickets_late", "wake_at", postgresql_where=LATE, sqlite_where=LATE),
        Index("ix_tickets_owed", "wake_at", postgresql_where=OWED, sqlite_where=OWED),
        Index(
            "ix_tickets_open",
            "queue",
            "tier",
            "priority",
            "status",
            postgresql_where=NOT_CLOSED,
            sqlite_where=NOT_CLOSED,
        ),
        Index("ix_tickets_status", "status", "ticket_id"),
        Index("ix_tickets_handler", "handler", "ticket_id", postgresql_where=HANDLED, sqlite_where=HANDLED),
        Index("ix_tickets_due", "deadline_at", "ticket_id", postgresql_where=WORKED_ON, sqlite_where=WORKED_ON),
        Index(
            "ix_tickets_mine",
            "handler",
            "deadline_at",
            "ticket_id",
            postgresql_where=_HANDLED_WORK,
            sqlite_where=_HANDLED_WORK,
        ),
        Index(
            "ix_tickets_untaken",
            "tier",
            "deadline_at",
            "ticket_id",
            postgresql_where=_UNTAKEN_WORK,
            sqlite_where=_UNTAKEN_WORK,
        ),
        Index("ix_tickets_promised", "deadline_at", "ticket_id", postgresql_where=PROMISED, sqlite_where=PROMISED),
        Index("ix_tickets_credit_asked", "credit_asked_at", postgresql_where=CREDIT_ASKED, sqlite_where=CREDIT_ASKED),
        Index("ix_tickets_closed", "closed_at", "ticket_id", postgresql_where=CLOSED, sqlite_where=CLOSED),
        Index("ix_tickets_stuck", "stuck_until", postgresql_where=STUCK, sqlite_where=STUCK),
        Index("ix_tickets_at_risk", "queue", "tier", "priority", postgresql_where=AT_RISK, sqlite_where=AT_RISK),
        Index("ix_tickets_customer", "customer_id", "ticket_id"),
    )

    ticket_id: Mapped[str] = mapped_column(primary_key=True)
    """Sorts by time, roughly: for pages that people read, never for a position in a feed of changes."""
    reference: Mapped[str]
    status: Mapped[str]
    tier: Mapped[str]
    queue: Mapped[str]
    priority: Mapped[str]
    policy: Mapped[str]
    policy_version: Mapped[str]
    """In `policies`; no foreign key, for every opening would then lock one and the same row."""
    owner: Mapped[str | None]
    handler: Mapped[str | None]
    promised_by: Mapped[str | None]
    """Who owes the customer an open promise without having the ticket among their work: each between two line ends."""
    credit_asked_at: Mapped[datetime | None]
    """When the first of its credits was proposed on which the lead has not decided; none: no such credit."""
    customer_id: Mapped[str]
    """The contact centre's own key."""
    version: Mapped[int]
    sequence: Mapped[int]
    """Of the last event."""
    inputs: Mapped[int]
    """How many inputs were applied, the opening included; the number of the last."""
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]
    """The earliest deadline of all running clocks."""
    warned_deadline_at: Mapped[datetime | None]
    """The earliest deadline of those of them that were warned of (2.8); none: nothing is at risk."""
    wake_at: Mapped[datetime | None]
    """The first instant at which settling finds something due; none when only a command can change the ticket."""
    told_at: Mapped[datetime | None]
    """The wake-up that the workflow knows of; none when it knows of none."""
    advanced_to: Mapped[datetime]
    """The instant of the last settle that was written; the next is later. Never decreases."""
    settled_at: Mapped[datetime]
    """Real instant of that settle."""
    state: Mapped[str] = mapped_column(JSON)
    state_version: Mapped[int]
    stuck_type: Mapped[str | None]
    """Type of the exception that the last settle died of; none when it did not."""
    stuck_at: Mapped[datetime | None]
    """Real instant since which it is stuck."""
    stuck_tries: Mapped[int] = mapped_column(server_default=text("0"))
    stuck_until: Mapped[datetime | None]
    """Real instant before which batches leave it out."""


class EventRow(Base):
    """One line of a ticket's log. Written once, never changed."""

    __tablename__ = "events"

    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.ticket_id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    """When it took effect."""
    recorded_at: Mapped[datetime]
    """The instant of the settle that found it."""
    actor: Mapped[str | None]
    kind: Mapped[str]
    body: Mapped[str] = mapped_column(JSON)
    rules_version: Mapped[int]


class InputRow(Base):
    """One input at its instant: the list of which a ticket is a function (5.3). The opening is number 1."""

    __tablename__ = "inputs"

    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.ticket_id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    body: Mapped[str] = mapped_column(JSON)


class ReplyRow(Base):
    """What a request was answered, to be given again (5.5)."""

    __tablename__ = "replies"
    __table_args__ = (Index("ix_replies_stored_at", "stored_at"),)

    caller: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    ticket_id: Mapped[str]
    at: Mapped[datetime]
    """The instant of the settle that answered."""
    stored_at: Mapped[datetime]
    """Real instant, from which the days of keeping count."""
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    refusal: Mapped[str | None] = mapped_column(JSON)


class MessageRow(Base):
    """A message that is owed to somebody; its words are delivery's. Stored before it is sent."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("ticket_id", "sequence", "kind", "audience", "recipient", name="uq_outbox_key"),
        Index("ix_outbox_due", "try_at", "message_id", postgresql_where=PENDING, sqlite_where=PENDING),
        Index("ix_outbox_ended", "ended_at", postgresql_where=ENDED, sqlite_where=ENDED),
    )

    message_id: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    """Drawn under the ticket's lock: in one ticket's order, and in no other."""
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.ticket_id"))
    sequence: Mapped[int]
    """Of the event that says what happened."""
    kind: Mapped[str]
    """One of its own where a letter is for other tickets too: `owed_messages.stored_kind`."""
    audience: Mapped[str]
    recipient: Mapped[str]
    recorded_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(server_default=text("'pending'"))
    """`pending` until delivery knows better: `sent`, or `rejected`."""
    try_at: Mapped[datetime] = mapped_column(server_default=text("'1970-01-01T00:00:00.000000Z'"))
    """Real instant before which nobody takes it: the end of a claim or of a rest; long past for what is new."""
    claim: Mapped[str | None]
    """Of who is sending it, or was when it died: the intent, stored before; none once the end is known."""
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    """How often sending it was begun."""
    unknown_tries: Mapped[int] = mapped_column(server_default=text("0"))
    """Tries of which nobody knows the end: it may have been sent so often, and be sent again (4.7)."""
    reason: Mapped[str | None]
    """Why the last try did not send it: a word of the channel's, no text."""
    ended_at: Mapped[datetime | None]
    """Real instant from which it was sent or rejected; the days of keeping count from it."""


class PolicyRow(Base):
    """A policy as it was when the first ticket under this version was opened, or was to be moved to it."""

    __tablename__ = "policies"

    version: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    body: Mapped[str] = mapped_column(JSON)
    stored_at: Mapped[datetime]
    """Real instant."""


class TotalDeltaRow(Base):
    """What one settle adds to a total. Only ever inserted, until the keeper folds it."""

    __tablename__ = "total_deltas"

    delta_id: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    name: Mapped[str]
    labels: Mapped[str]
    """Canonical JSON, the values in the order that the total declares."""
    amount: Mapped[int]


class TotalRow(Base):
    """A total as far as it was folded; never decreases."""

    __tablename__ = "totals"

    name: Mapped[str] = mapped_column(primary_key=True)
    labels: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[int]


class RosterAnswerRow(Base):
    """Who was on duty in a tier, from an instant until the next answer for it (4.9). Written by the roster's process.

    No two that follow each other say the same.
    """

    __tablename__ = "roster_answers"
    __table_args__ = (
        Index("ix_roster_answers_lately", "policy", "replaced_at"),
        Index(
            "ix_roster_answers_standing",
            "policy",
            "tier",
            unique=True,
            postgresql_where=STANDING,
            sqlite_where=STANDING,
        ),
    )

    policy: Mapped[str] = mapped_column(primary_key=True)
    """Its name: the roster is asked for all its versions."""
    tier: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    is_reachable: Mapped[bool]
    on_duty: Mapped[str | None] = mapped_column(JSON)
    """The names, for people; none where there is no roster any more: then the tier is reachable."""
    asked_at: Mapped[datetime]
    """Real instant at which the roster was last asked while this stood, whatever came of it."""
    replaced_at: Mapped[datetime | None]
    """Real instant of the answer that took its place; none while it stands."""


class ContactKeyRow(Base):
    """What a contact is found by: a conversation elsewhere, or a customer and what they come about (6.3).

    It leads to the youngest ticket of that key; whether that one takes contacts still is its own to say. What one from
    elsewhere is known again by leads to the first that came in (6.14).
    """

    __tablename__ = "contact_keys"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own form

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """A digest: see `contact_keys`."""
    ticket_id: Mapped[str]
    """No foreign key: its row is written by the same statement or was there."""


class MetaRow(Base):
    """A fact about the record as a whole, by name."""

    __tablename__ = "meta"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
