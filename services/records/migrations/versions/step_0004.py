"""What the rosters answered: who was on duty in a tier, from when on (semantics 4.9).

Takes nothing from processes of the release before: they skip nobody for an empty roster, and leave tickets that know of
one to this one.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "roster_answers",
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("is_reachable", sa.Boolean(), nullable=False),
        sa.Column("on_duty", sa.JSON(), nullable=True),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("replaced_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("policy", "tier", "at", name=op.f("pk_roster_answers")),
    )
    op.create_index("ix_roster_answers_lately", "roster_answers", ["policy", "replaced_at"])
    op.create_index(
        "ix_roster_answers_standing", "roster_answers", ["policy", "tier"], unique=True, **_where("replaced_at IS NULL")
    )
