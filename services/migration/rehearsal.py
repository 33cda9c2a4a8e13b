"""The dry run: every ticket of a migration judged as it would be, and nothing written."""

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from services.migration.found import Reading, pages
from services.migration.preview import Preview, preview
from services.records.errors import PolicyUnreadable, StateTooNew

if TYPE_CHECKING:
    from datetime import datetime

    from services.migration.asked import Migration
    from workflows.domain.policy import Policy
    from workflows.domain.ticket.state import Ticket


async def rehearse(reading: Reading, migration: "Migration") -> AsyncIterator[Preview]:
    """Yield what would become of each ticket, as of the record's present instant. Raises `RecordError`."""
    policies: dict[str, Policy | None] = {migration.version: migration.onto}
    async for page in pages(reading, migration):
        if not page:
            continue
        for version in {ticket.policy_version for ticket in page} - policies.keys():
            policies[version] = await policy_of(reading, version)
        at = await reading.instant()
        known = {version: policy for version, policy in policies.items() if policy is not None}
        for ticket in page:
            yield look_at(migration, known, ticket, at)


async def policy_of(reading: Reading, version: str) -> "Policy | None":
    """Read a policy; none when its tickets alone are in trouble for it. Raises `RecordError`."""
    try:
        return await reading.policy(version)
    except (PolicyUnreadable, StateTooNew):
        return None


def look_at(migration: "Migration", policies: "Mapping[str, Policy]", ticket: "Ticket", at: "datetime") -> Preview:
    """Say what would become of one ticket; what cannot be judged is told by its type, and touches no other."""
    try:
        return preview(migration, policies, ticket, at)
    except Exception as error:  # noqa: BLE001 - its text may hold a customer's words
        return Preview(ticket=ticket, trouble=type(error).__name__)
