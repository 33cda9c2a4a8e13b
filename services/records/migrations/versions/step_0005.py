"""The conversation: one function a part of it. Problems and what was announced of them, with the tickets of each.

Takes nothing from processes of the release before: they write what they wrote.
"""

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from services.records.contact_keys import key_of_matter
from services.records.tables import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

A_BATCH = 1000
TICK = timedelta(microseconds=1)
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    """Create every part's tables."""
    _problems()
    _knowledge()
    _closures()
    _signals()
    _joining()
    _promises()


def _joining() -> None:
    """What a contact is found by; tickets that are not closed are found from the start, of two alike the youngest.

    What processes of the release before open is found by its id and its reference.
    """
    op.create_table(
        "contact_keys",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_contact_keys")),
        sqlite_with_rowid=False,
    )
    connection = op.get_bind()
    batch = sa.text(
        "SELECT ticket_id, customer_id, state FROM tickets WHERE ticket_id > :after AND status <> 'closed' "
        "ORDER BY ticket_id LIMIT :limit"
    )
    keep = sa.text(
        "INSERT INTO contact_keys (key, ticket_id) VALUES (:key, :ticket_id) "
        "ON CONFLICT (key) DO UPDATE SET ticket_id = excluded.ticket_id"
    )
    after = ""
    while rows := connection.execute(batch, {"after": after, "limit": A_BATCH}).all():
        after = rows[-1].ticket_id
        found = [(key_of_matter(row.customer_id, _subject(row.state)), row.ticket_id) for row in rows]
        if kept := [{"key": key, "ticket_id": ticket_id} for key, ticket_id in found if key]:
            connection.execute(keep, kept)


def _subject(state: object) -> str:
    """A ticket's subject, from its state as either driver reads it."""
    read = json.loads(state) if isinstance(state, str) else state
    return str(read["subject"]) if isinstance(read, dict) and "subject" in read else ""


def _promises() -> None:
    """When a customer was told they hear next is a promise from now on: it has a deadline, and a wake-up (6.5).

    Until now only the update clock was waited for, which may have been moved later since. A process of the release
    before that settles such a ticket afterwards waits for that alone again: the promise is judged when that is due.
    """
    connection = op.get_bind()
    told = sa.text(
        "SELECT ticket_id, state FROM tickets WHERE ticket_id > :after AND status <> 'closed' "
        'AND CAST(state AS TEXT) LIKE \'%"next_news_at":"%\' ORDER BY ticket_id LIMIT :limit'
    )
    instants = (sa.bindparam("promised_at", type_=Instant()), sa.bindparam("wake_at", type_=Instant()))
    promise = sa.text(
        "UPDATE tickets SET "
        "deadline_at = CASE WHEN deadline_at <= :promised_at THEN deadline_at ELSE :promised_at END, "
        "wake_at = CASE WHEN wake_at <= :wake_at THEN wake_at ELSE :wake_at END WHERE ticket_id = :ticket_id"
    ).bindparams(*instants)
    after = ""
    while rows := connection.execute(told, {"after": after, "limit": A_BATCH}).all():
        after = rows[-1].ticket_id
        found = [(row.ticket_id, _promised_at(row.state)) for row in rows]
        if made := [{"ticket_id": each, "promised_at": at, "wake_at": at + TICK} for each, at in found if at]:
            connection.execute(promise, made)


def _promised_at(state: str | dict[str, Any]) -> datetime | None:
    """When the customer hears next; none where silence was breached then or later already: that was told."""
    read: dict[str, Any] = json.loads(state) if isinstance(state, str) else state
    at = datetime.fromisoformat(read["next_news_at"])
    updates = (clock for clock in read["clocks"] if clock["target"] == "update")
    return None if any(datetime.fromisoformat(clock["started_at"]) >= at for clock in updates) else at


def _problems() -> None:
    """One fault, many tickets: what is known, which tickets it is behind, and what their customers are told at once."""
    op.create_table(
        "problems",
        sa.Column("problem_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("closed_for", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("problem_id", name=op.f("pk_problems")),
    )
    op.create_index("ix_problems_open", "problems", ["kind", "state", "problem_id"], **_where("closed_at IS NULL"))
    op.create_table(
        "problem_links",
        sa.Column("problem_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("is_linked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["problem_id"], ["problems.problem_id"], name=op.f("fk_problem_links_problem_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_problem_links_ticket_id")),
        sa.PrimaryKeyConstraint("problem_id", "ticket_id", name=op.f("pk_problem_links")),
    )
    op.create_index("ix_problem_links_ticket_id", "problem_links", ["ticket_id"])
    op.create_table(
        "announcements",
        sa.Column("announcement_id", sa.Text(), nullable=False),
        sa.Column("problem_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("announced_at", INSTANT, nullable=False),
        sa.Column("tickets_per_second", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("asked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["problem_id"], ["problems.problem_id"], name=op.f("fk_announcements_problem_id")),
        sa.PrimaryKeyConstraint("announcement_id", name=op.f("pk_announcements")),
    )
    op.create_index("ix_announcements_of", "announcements", ["problem_id", "announcement_id"])
    op.create_index("ix_announcements_live", "announcements", ["problem_id"], unique=True, **_where("ended_at IS NULL"))
    op.create_table(
        "announcement_tickets",
        sa.Column("announcement_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("instead_of", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["announcement_id"],
            ["announcements.announcement_id"],
            name=op.f("fk_announcement_tickets_announcement_id"),
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_announcement_tickets_ticket_id")),
        sa.PrimaryKeyConstraint("announcement_id", "ticket_id", name=op.f("pk_announcement_tickets")),
    )
    op.create_table(
        "announcement_results",
        sa.Column("announcement_id", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["announcement_id", "ticket_id"],
            ["announcement_tickets.announcement_id", "announcement_tickets.ticket_id"],
            name=op.f("fk_announcement_results_announcement_id"),
        ),
        sa.PrimaryKeyConstraint("announcement_id", "ticket_id", name=op.f("pk_announcement_results")),
    )


def _knowledge() -> None:
    """Answers that can be suggested, the words they are found by, and what came of them."""
    op.create_table(
        "articles",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("spoken", sa.Text(), nullable=False),
        sa.Column("keywords", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_articles")),
    )
    op.create_index("ix_articles_number", "articles", ["number"], unique=True)
    op.create_index("ix_articles_in_use", "articles", ["spoken", "article_id"], **_where("retired_at IS NULL"))
    op.create_table(
        "article_queues",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.article_id"], name=op.f("fk_article_queues_article_id")),
        sa.PrimaryKeyConstraint("article_id", "queue", name=op.f("pk_article_queues")),
    )
    op.create_table(
        "article_suggested",
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.article_id"], name=op.f("fk_article_suggested_article_id")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_suggested")),
    )
    op.create_table(
        "article_helped",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.article_id"], name=op.f("fk_article_helped_article_id")),
        sa.PrimaryKeyConstraint("caller", "request_id", name=op.f("pk_article_helped")),
    )
    op.create_index("ix_article_helped_article_id", "article_helped", ["article_id"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_WORDS_IN_POSTGRESQL)
        op.execute("CREATE INDEX ix_article_words_words ON article_words USING gin (words)")
        op.execute("CREATE INDEX ix_article_words_config ON article_words (config)")
        article = "body ->> 'article'"
    else:
        op.execute(_WORDS_IN_SQLITE)
        article = "json_extract(body, '$.article')"
    solved = f"kind = 'resolved' AND ({article}) IS NOT NULL"
    op.execute(f"CREATE INDEX ix_events_article ON events (({article}), ticket_id) WHERE {solved}")


_WORDS_IN_POSTGRESQL = """
CREATE TABLE article_words (
    number BIGINT NOT NULL CONSTRAINT pk_article_words PRIMARY KEY,
    article_id TEXT NOT NULL,
    config TEXT NOT NULL,
    words TSVECTOR NOT NULL
)
"""
_WORDS_IN_SQLITE = """
CREATE VIRTUAL TABLE article_words USING fts5 (
    keywords, title, body, tokenize = "porter unicode61 remove_diacritics 2 categories 'L* M* N* Co'"
)
"""


def _signals() -> None:
    """What goes wrong for a customer from now on, over all of their tickets, and when the lead was told."""
    op.create_table(
        "customer_signals",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_customer_signals_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "sequence", name=op.f("pk_customer_signals")),
    )
    op.create_index("ix_customer_signals_of", "customer_signals", ["customer_id", "at"])
    op.create_index(
        "ix_customer_signals_unseen",
        "customer_signals",
        ["customer_id"],
        **_where("seen_at IS NULL AND kind <> 'flagged'"),
    )
    op.create_index("ix_customer_signals_at", "customer_signals", ["at"])


def _closures() -> None:
    """Which queue cannot work, from when, until when, who said so and why."""
    op.create_table(
        "queue_closures",
        sa.Column("closure_id", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("until_at", INSTANT, nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("end_caller", sa.Text(), nullable=True),
        sa.Column("end_request_id", sa.Text(), nullable=True),
        sa.Column("end_body_hash", sa.LargeBinary(), nullable=True),
        sa.Column("begun_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("closure_id", name=op.f("pk_queue_closures")),
        sa.UniqueConstraint("caller", "request_id", name=op.f("uq_queue_closures_caller")),
    )
    op.create_index("ix_queue_closures_queue", "queue_closures", ["queue", "until_at"])
    op.create_index(
        "ix_queue_closures_unsettled",
        "queue_closures",
        ["closure_id"],
        **_where("begun_at IS NULL OR ended_at IS NULL"),
    )
