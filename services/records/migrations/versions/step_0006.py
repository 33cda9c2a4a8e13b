"""What is added to the conversation: one function a part of it.

Takes nothing from processes of the release before: they write what they wrote.
"""

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from services.records.contact_keys import keys_of_import
from services.records.tables import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

A_BATCH = 1000
INSTANT = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def upgrade() -> None:
    """Add every part."""
    _promised_by()
    _announced()
    _credits()
    _closed()
    _imported()


def _announced() -> None:
    """Announcements in several languages, and one letter for all of a customer's tickets.

    What a process of the release before tells has a letter a ticket, in the words that are for everybody.
    """
    op.add_column("announcements", sa.Column("words_in", sa.Text(), nullable=True))
    op.add_column("announcement_results", sa.Column("told_in", sa.Text(), nullable=True))


def _promised_by() -> None:
    """Who owes a customer a promise without having the ticket among their work is found by a column of its own.

    What a process of the release before settles keeps what stood there until this release settles it.
    """
    op.add_column("tickets", sa.Column("promised_by", sa.Text(), nullable=True))
    standing = sa.text("promised_by IS NOT NULL")
    op.create_index(
        "ix_tickets_promised",
        "tickets",
        ["deadline_at", "ticket_id"],
        postgresql_where=standing,
        sqlite_where=standing,
    )
    connection = op.get_bind()
    batch = sa.text(
        "SELECT ticket_id, state FROM tickets WHERE ticket_id > :after AND status <> 'closed' "
        "ORDER BY ticket_id LIMIT :limit"
    )
    keep = sa.text("UPDATE tickets SET promised_by = :owners WHERE ticket_id = :ticket_id")
    after = ""
    while rows := connection.execute(batch, {"after": after, "limit": A_BATCH}).all():
        after = rows[-1].ticket_id
        found = [{"ticket_id": row.ticket_id, "owners": _owners(row.state)} for row in rows]
        if kept := [each for each in found if each["owners"]]:
            connection.execute(keep, kept)


def _credits() -> None:
    """Since when a credit awaits the lead's word is found by a column of its own, of tickets closed or not.

    What a process of the release before settles keeps what stood there until this release settles it.
    """
    op.add_column("tickets", sa.Column("credit_asked_at", INSTANT, nullable=True))
    standing = sa.text("credit_asked_at IS NOT NULL")
    op.create_index(
        "ix_tickets_credit_asked", "tickets", ["credit_asked_at"], postgresql_where=standing, sqlite_where=standing
    )
    connection = op.get_bind()
    proposed = sa.text(
        "SELECT ticket_id, state FROM tickets "
        "WHERE ticket_id IN (SELECT ticket_id FROM events WHERE kind = 'credit_proposed')"
    )
    tickets = sa.table("tickets", sa.column("ticket_id", sa.Text()), sa.column("credit_asked_at", Instant()))
    for row in connection.execute(proposed).all():
        if asked_at := _asked_at(row.state):
            keep = tickets.update().where(tickets.c.ticket_id == row.ticket_id)
            connection.execute(keep.values(credit_asked_at=asked_at))


def _closed() -> None:
    """What was closed long ago is found in that order, to be forgotten."""
    over = sa.text("status = 'closed'")
    op.create_index(
        "ix_tickets_closed", "tickets", ["closed_at", "ticket_id"], postgresql_where=over, sqlite_where=over
    )
    op.create_index("ix_announcement_tickets_ticket_id", "announcement_tickets", ["ticket_id"])
    in_vain = sa.text("outcome = 'stuck'")
    op.create_index(
        "ix_announcement_results_stuck",
        "announcement_results",
        ["announcement_id"],
        postgresql_where=in_vain,
        sqlite_where=in_vain,
    )


def _imported() -> None:
    """What came from elsewhere is known again by what it is called there; of two alike the first that came in.

    What a process of the release before brings in is known by its request alone.
    """
    connection = op.get_bind()
    lines = sa.text(
        "SELECT e.ticket_id, e.body, t.customer_id, t.state FROM events e JOIN tickets t ON t.ticket_id = e.ticket_id "
        "WHERE e.kind = 'imported' ORDER BY e.at, e.ticket_id"
    )
    keep = sa.text("INSERT INTO contact_keys (key, ticket_id) VALUES (:key, :ticket_id) ON CONFLICT (key) DO NOTHING")
    for row in connection.execute(lines).all():
        said, state = _read(row.body), _read(row.state)
        opened_at = datetime.fromisoformat(said["opened_at"])
        for key in keys_of_import(said["references"], row.customer_id, state["subject"], opened_at):
            connection.execute(keep, {"key": key, "ticket_id": row.ticket_id})


def _asked_at(state: object) -> datetime | None:
    waiting = [each["at"] for each in _read(state).get("credits", ()) if each.get("state") == "awaiting_approval"]
    return min(map(datetime.fromisoformat, waiting), default=None)


def _owners(state: object) -> str | None:
    """Who owes an open promise and does not work on the ticket."""
    read = _read(state)
    works_on_it = None if read.get("status") == "resolved" else read.get("handler")
    promises = [each for each in read.get("promises", ()) if each.get("state") == "open"]
    owners = dict.fromkeys(each.get("owner") for each in promises)
    return "".join(f"\n{owner}\n" for owner in owners if owner and owner != works_on_it) or None


def _read(column: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """A column of JSON, as either driver gives it."""
    return json.loads(column) if isinstance(column, str) else column
