"""The table of what went wrong for a customer, over all of their tickets, and of when the lead was told.

Written by settle beside the ticket that it happened to: it mirrors the ticket's log, but for what the keeper notes.
Instants are the record's unless a column says real.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables import Base

FLAGGED = "flagged"
"""The kind of a row that is no signal: the lead was told then. The others' kinds are those of `Signal`."""

UNSEEN = text(f"seen_at IS NULL AND kind <> '{FLAGGED}'")


class SignalRow(Base):
    """One thing that went wrong for a customer; or that the lead was told of what did."""

    __tablename__ = "customer_signals"
    __table_args__ = (
        Index("ix_customer_signals_of", "customer_id", "at"),
        Index("ix_customer_signals_unseen", "customer_id", postgresql_where=UNSEEN, sqlite_where=UNSEEN),
        Index("ix_customer_signals_at", "at"),
    )

    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.ticket_id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    """Of the event that says so."""
    customer_id: Mapped[str]
    kind: Mapped[str]
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    """Real instant at which the keeper had looked at it and done what there was to do."""
