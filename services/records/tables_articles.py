"""The tables of articles: answers that can be suggested, and what came of each.

What an article solved is read from the tickets' log, through an index of the events that name one. In which words an
article is found stands in `article_words`, which each database keeps in a form of its own: it is made by the migration
and has no model.
"""

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables import Base

IN_USE = text("retired_at IS NULL")
"""It may be suggested."""


class ArticleRow(Base):
    """An answer to what customers ask. Never deleted: a ticket may name it."""

    __tablename__ = "articles"
    __table_args__ = (
        Index("ix_articles_number", "number", unique=True),
        Index("ix_articles_in_use", "spoken", "article_id", postgresql_where=IN_USE, sqlite_where=IN_USE),
    )

    article_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    """What its words are kept under."""
    version: Mapped[int]
    title: Mapped[str]
    body: Mapped[str]
    language: Mapped[str]
    spoken: Mapped[str]
    """The language without its region: whoever speaks it understands the article."""
    keywords: Mapped[str] = mapped_column(JSON)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
    retired_at: Mapped[datetime | None]


class ArticleQueueRow(Base):
    """A queue that an article is for; one that has none is for all."""

    __tablename__ = "article_queues"

    article_id: Mapped[str] = mapped_column(ForeignKey("articles.article_id"), primary_key=True)
    queue: Mapped[str] = mapped_column(primary_key=True)


class ArticleSuggestedRow(Base):
    """How often an article was suggested. Beside the article, so that counting never waits for an author."""

    __tablename__ = "article_suggested"

    article_id: Mapped[str] = mapped_column(ForeignKey("articles.article_id"), primary_key=True)
    times: Mapped[int]


class ArticleHelpedRow(Base):
    """An article helped somebody before a ticket was needed. Under the request that said so: a retry adds nothing."""

    __tablename__ = "article_helped"
    __table_args__ = (Index("ix_article_helped_article_id", "article_id"),)

    caller: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(primary_key=True)
    article_id: Mapped[str] = mapped_column(ForeignKey("articles.article_id"))
    queue: Mapped[str | None]
    at: Mapped[datetime]
