"""The tables of problems: what is known, which tickets it is behind, and what is announced to their customers.

`problem_links` is written by settle beside the ticket that it is about: it mirrors the ticket's log, and nothing else
writes it. Instants are the record's unless a column says real.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables import Base

OPEN = text("closed_at IS NULL")
LIVE = text("ended_at IS NULL")
"""It is announced still, or paused."""
IN_VAIN = text("outcome = 'stuck'")
"""Its customer could not be told."""


class ProblemRow(Base):
    """A known fault, or a wish for the product, that many tickets may be about."""

    __tablename__ = "problems"
    __table_args__ = (
        Index("ix_problems_open", "kind", "state", "problem_id", postgresql_where=OPEN, sqlite_where=OPEN),
    )

    problem_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    """How far it is; a closed one keeps the last."""
    title: Mapped[str]
    words: Mapped[str]
    """What may be said about it to whoever asks."""
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    """From then on no ticket is linked to it, and nothing is announced."""
    closed_for: Mapped[str | None]
    """The reason, for the desk."""
    version: Mapped[int]


class ProblemLinkRow(Base):
    """Whether a problem is behind a ticket, as the ticket's log says: one row a pair, the last that was said."""

    __tablename__ = "problem_links"
    __table_args__ = (Index("ix_problem_links_ticket_id", "ticket_id"),)

    problem_id: Mapped[str] = mapped_column(ForeignKey("problems.problem_id"), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.ticket_id"), primary_key=True)
    sequence: Mapped[int]
    """Of the event that says so."""
    at: Mapped[datetime]
    is_linked: Mapped[bool]


class AnnouncementRow(Base):
    """Words for the customers of all tickets that were linked to a problem when they were said."""

    __tablename__ = "announcements"
    __table_args__ = (
        Index("ix_announcements_of", "problem_id", "announcement_id"),
        Index("ix_announcements_live", "problem_id", unique=True, postgresql_where=LIVE, sqlite_where=LIVE),
    )

    announcement_id: Mapped[str] = mapped_column(primary_key=True)
    problem_id: Mapped[str] = mapped_column(ForeignKey("problems.problem_id"))
    kind: Mapped[str]
    words: Mapped[str]
    words_in: Mapped[str | None]
    """The same in other languages, JSON by language tag; none: there is no other."""
    actor: Mapped[str]
    """Who announced it: whose update, or whose resolution, it is on each ticket."""
    announced_at: Mapped[datetime]
    tickets_per_second: Mapped[int]
    """At most, real seconds."""
    state: Mapped[str]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    asked_at: Mapped[datetime | None]
    """Real instant at which Temporal was last asked to carry it on; none: not yet, or not since it was paused."""


class AnnouncementTicketRow(Base):
    """A ticket whose customer is to be told: fixed when it was announced, but for the survivors of merged ones."""

    __tablename__ = "announcement_tickets"
    __table_args__ = (Index("ix_announcement_tickets_ticket_id", "ticket_id"),)

    announcement_id: Mapped[str] = mapped_column(ForeignKey("announcements.announcement_id"), primary_key=True)
    ticket_id: Mapped[str] = mapped_column(ForeignKey("tickets.ticket_id"), primary_key=True)
    instead_of: Mapped[str | None]
    """The ticket that was merged into this one, and was linked in its place."""


class AnnouncementResultRow(Base):
    """What became of one of them, once and for all: written with the settle that told, or saw that it cannot."""

    __tablename__ = "announcement_results"
    __table_args__ = (
        ForeignKeyConstraint(
            ["announcement_id", "ticket_id"],
            ["announcement_tickets.announcement_id", "announcement_tickets.ticket_id"],
        ),
        Index("ix_announcement_results_stuck", "announcement_id", postgresql_where=IN_VAIN, sqlite_where=IN_VAIN),
    )

    announcement_id: Mapped[str] = mapped_column(primary_key=True)
    ticket_id: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str]
    at: Mapped[datetime]
    told_in: Mapped[str | None]
    """The customer's other ticket whose letter told of this one too; none: it had its own, or was not told."""
