"""The record as its first release has it."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "policies",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policies")),
    )
    op.create_table(
        "replies",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("refusal", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("caller", "request_id", name=op.f("pk_replies")),
    )
    op.create_index("ix_replies_stored_at", "replies", ["stored_at"])
    op.create_table(
        "total_deltas",
        sa.Column("delta_id", POSITION, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("delta_id", name=op.f("pk_total_deltas")),
    )
    op.create_table(
        "totals",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("labels", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", name=op.f("pk_totals")),
    )
    op.create_table(
        "tickets",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("handler", sa.Text(), nullable=True),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("inputs", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("deadline_at", INSTANT, nullable=True),
        sa.Column("wake_at", INSTANT, nullable=True),
        sa.Column("told_at", INSTANT, nullable=True),
        sa.Column("advanced_to", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("state_version", sa.BigInteger(), nullable=False),
        sa.Column("stuck_type", sa.Text(), nullable=True),
        sa.Column("stuck_at", INSTANT, nullable=True),
        sa.Column("stuck_tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("stuck_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_tickets")),
        sa.UniqueConstraint("reference", name=op.f("uq_tickets_reference")),
    )
    op.create_index("ix_tickets_customer", "tickets", ["customer_id", "ticket_id"])
    op.create_index("ix_tickets_late", "tickets", ["wake_at"], **_where("wake_at IS NOT NULL"))
    op.create_index(
        "ix_tickets_open", "tickets", ["queue", "tier", "priority", "status"], **_where("status <> 'closed'")
    )
    op.create_index("ix_tickets_status", "tickets", ["status", "ticket_id"])
    op.create_index("ix_tickets_handler", "tickets", ["handler", "ticket_id"], **_where("handler IS NOT NULL"))
    op.create_index(
        "ix_tickets_owed",
        "tickets",
        ["wake_at"],
        **_where("wake_at IS NOT NULL AND (told_at IS NULL OR wake_at < told_at)"),
    )
    worked_on = "status <> 'closed' AND status <> 'resolved'"
    op.create_index("ix_tickets_due", "tickets", ["deadline_at", "ticket_id"], **_where(worked_on))
    op.create_index(
        "ix_tickets_mine",
        "tickets",
        ["handler", "deadline_at", "ticket_id"],
        **_where(f"{worked_on} AND handler IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_untaken",
        "tickets",
        ["tier", "deadline_at", "ticket_id"],
        **_where(f"{worked_on} AND handler IS NULL"),
    )
    op.create_index("ix_tickets_stuck", "tickets", ["stuck_until"], **_where("stuck_until IS NOT NULL"))
    op.create_table(
        "events",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("rules_version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_events_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "sequence", name=op.f("pk_events")),
    )
    op.create_table(
        "inputs",
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_inputs_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "number", name=op.f("pk_inputs")),
    )
    op.create_table(
        "outbox",
        sa.Column("message_id", POSITION, autoincrement=True, nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.ticket_id"], name=op.f("fk_outbox_ticket_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("ticket_id", "sequence", "kind", "audience", "recipient", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_pending", "outbox", ["message_id"], **_where("status = 'pending'"))
