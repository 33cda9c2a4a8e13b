"""Which tickets are at risk: a running clock was warned of and has neither been met nor breached (2.8).

Takes nothing from processes of the release before. A ticket is known to be at risk from its first settle by this one:
when its next deadline passes, at the latest.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
AT_RISK = sa.text("warned_deadline_at IS NOT NULL")


def upgrade() -> None:
    """Add a column without a value, which rewrites no row."""
    op.add_column("tickets", sa.Column("warned_deadline_at", INSTANT, nullable=True))
    op.create_index(
        "ix_tickets_at_risk",
        "tickets",
        ["queue", "tier", "priority"],
        postgresql_where=AT_RISK,
        sqlite_where=AT_RISK,
    )
