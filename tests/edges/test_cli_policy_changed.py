"""How `followthrough ticket` tells that a ticket's policy was changed: what is another, and why."""

from dataclasses import replace
from datetime import UTC, datetime

from services.cli.tables import of_event
from services.intake.convert import event_message
from workflows.domain.ticket.events import Entry, PolicyChanged

CHANGED = PolicyChanged(
    from_policy_version="feed",
    policy_version="beef",
    from_tier="agent",
    tier="agent",
    from_priority="normal",
    priority="normal",
    reason="longer hours",
)


def told(event: PolicyChanged) -> str:
    """The line, from what happened on."""
    entry = Entry(sequence=7, at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), actor="ops", event=event)
    return of_event(event_message(entry)).plain.partition("UTC  ")[2]


def test_the_versions_are_told() -> None:
    """7.3: what did not change is not told."""
    assert told(CHANGED) == "policy changed by ops: policy version: feed -> beef, reason: longer hours"


def test_new_names_are_told() -> None:
    """7.3: the ticket did not move; its tier is called otherwise."""
    renamed = replace(CHANGED, tier="desk", priority="standard")
    assert told(renamed).endswith("tier: agent -> desk, priority: normal -> standard, reason: longer hours")


def test_newer_zone_rules_are_told() -> None:
    """3.6: the same version twice."""
    assert "by newer zone rules" in told(replace(CHANGED, policy_version="feed"))
