"""The table of unplanned closures: which queue cannot work, from when, until when, who said so and why (2.11).

What one did to a ticket stands in the ticket's own log. Instants are the record's unless a column says real.
"""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables import Base

UNSETTLED = text("begun_at IS NULL OR ended_at IS NULL")
"""Some of the queue's tickets may not have come to its beginning, or to its end."""


class ClosureRow(Base):
    """A queue that was closed."""

    __tablename__ = "queue_closures"
    __table_args__ = (
        UniqueConstraint("caller", "request_id"),
        Index("ix_queue_closures_queue", "queue", "until_at"),
        Index("ix_queue_closures_unsettled", "closure_id", postgresql_where=UNSETTLED, sqlite_where=UNSETTLED),
    )

    closure_id: Mapped[str] = mapped_column(primary_key=True)
    """Sorts by when it was said."""
    queue: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    """None: until somebody says that it is over."""
    actor: Mapped[str]
    reason: Mapped[str]
    caller: Mapped[str]
    request_id: Mapped[str]
    body_hash: Mapped[bytes] = mapped_column(LargeBinary)
    ended_by: Mapped[str | None]
    """Who said that it is over; none: it ends as it was said at first, or lasts."""
    end_reason: Mapped[str | None]
    end_caller: Mapped[str | None]
    end_request_id: Mapped[str | None]
    end_body_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    begun_at: Mapped[datetime | None]
    """Real instant by which every ticket of the queue had come to its beginning."""
    ended_at: Mapped[datetime | None]
    """Real instant by which every ticket of the queue had come to its end."""
