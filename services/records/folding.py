"""Folding: delta rows are added to the totals and deleted, so that a scrape has few rows to sum.

A total stands still at the highest number there is rather than fail: it never decreases, and nothing else waits for it.
"""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

POSTGRESQL_FOLD = 5000
SQLITE_FOLD = 1000
"""Delta rows folded in one transaction."""
HIGHEST = 2**63 - 1
"""Of a total."""
PART = 1_000_000
"""SQLite's sums of whole numbers fail beyond the highest: what is above this and what is below are added up apart."""

_FOLD_POSTGRESQL = text("""
WITH taken AS (
    DELETE FROM total_deltas
    WHERE delta_id IN (SELECT delta_id FROM total_deltas ORDER BY delta_id LIMIT :limit FOR UPDATE SKIP LOCKED)
    RETURNING name, labels, amount
), summed AS (
    INSERT INTO totals (name, labels, amount)
    SELECT name, labels, least(sum(amount), :highest) FROM taken GROUP BY name, labels ORDER BY name, labels
    ON CONFLICT (name, labels) DO UPDATE SET amount = least(totals.amount::numeric + excluded.amount, :highest)
)
SELECT count(*) FROM taken
""")
_FOLD_SQLITE = text("""
INSERT INTO totals (name, labels, amount)
SELECT name, labels, min(sum(amount / :part) * :part + sum(amount % :part), :highest)
FROM (SELECT * FROM total_deltas ORDER BY delta_id LIMIT :limit) GROUP BY name, labels
ON CONFLICT (name, labels) DO UPDATE SET amount = min(totals.amount + excluded.amount, :highest)
""")
_FOLDED_SQLITE = text(
    "DELETE FROM total_deltas WHERE delta_id IN (SELECT delta_id FROM total_deltas ORDER BY delta_id LIMIT :limit)"
)


async def fold(connection: AsyncConnection, limit: int) -> int:
    """Fold so many rows in the transaction that the connection is in; returns how many there were."""
    asked = {"limit": limit, "highest": HIGHEST}
    if connection.dialect.name != "sqlite":
        return int(await connection.scalar(_FOLD_POSTGRESQL, asked) or 0)
    await connection.execute(_FOLD_SQLITE, asked | {"part": PART})
    return (await connection.execute(_FOLDED_SQLITE, {"limit": limit})).rowcount
