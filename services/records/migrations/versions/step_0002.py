"""What delivery knows of a message: who is sending it, when it is tried next, how it ended.

Takes nothing from processes of the release before: what they insert gets the defaults, and their one question of the
outbox, how many are pending, goes by the new index.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")
LONG_PAST = sa.text("'1970-01-01T00:00:00.000000Z'")


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    """Add columns with constant defaults, which rewrites no row, and find by when instead of by number."""
    for column in (
        sa.Column("try_at", INSTANT, server_default=LONG_PAST, nullable=False),
        sa.Column("claim", sa.Text(), nullable=True),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unknown_tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
    ):
        op.add_column("outbox", column)
    op.create_index("ix_outbox_due", "outbox", ["try_at", "message_id"], **_where("status = 'pending'"))
    op.create_index("ix_outbox_ended", "outbox", ["ended_at"], **_where("ended_at IS NOT NULL"))
    op.drop_index("ix_outbox_pending", "outbox")
