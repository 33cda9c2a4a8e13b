"""Semantics 4.5: a tier that is closed is passed by, where the policy says so and a later one is open."""

from dataclasses import replace

import pytest

from tests.support.policies import ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.errors import PolicyError
from workflows.domain.policy import Policy
from workflows.domain.policy_data import from_data, to_data, version_of
from workflows.testing.story import Tell

OFFICE = Calendar("UTC", {"mon-fri": "09:00-17:00"})
MORNINGS = Calendar("UTC", {"mon-fri": "09:00-12:00"})


def skipping(policy: Policy, *names: str) -> Policy:
    """The policy, with these tiers skipped while they are closed."""
    tiers = (replace(tier, skip_when_closed=("normal",)) if tier.name in names else tier for tier in policy.tiers)
    return replace(policy, tiers=tuple(tiers))


def test_opening_passes_a_closed_tier_by(tell: Tell) -> None:
    """4.5: at eight in the evening the desk is closed, the specialists are not; the first tier stays the owner."""
    story = tell(skipping(ladder(agents_calendar=OFFICE), "agent")).open("Mon 23 Nov 20:00")
    story.in_short("Mon 23 Nov 20:00 opened normal in specialist", "Mon 23 Nov 20:00 skipped agent")
    assert (story.ticket.tier, story.ticket.visited, story.ticket.owner) == ("specialist", ("specialist",), None)


def test_an_open_tier_is_not_passed_by(tell: Tell) -> None:
    """4.5, 3.2: the first minute of opening hours is open; closing time is closed."""
    story = tell(skipping(ladder(agents_calendar=OFFICE), "agent")).open("Mon 23 Nov 09:00")
    story.in_short("Mon 23 Nov 09:00 opened normal in agent")


def test_closing_time_itself_is_closed(tell: Tell) -> None:
    """4.5, 3.2: intervals are half open."""
    story = tell(skipping(ladder(agents_calendar=OFFICE), "agent")).open("Mon 23 Nov 17:00")
    story.in_short("Mon 23 Nov 17:00 opened normal in specialist", "Mon 23 Nov 17:00 skipped agent")


def test_a_breach_passes_a_closed_tier_by(tell: Tell) -> None:
    """4.5: escalating at one o'clock, the specialists have gone; the supplier has it, and each skip is recorded."""
    policy = ladder(agent=row(acknowledge=4))
    tiers = tuple(replace(tier, calendar=MORNINGS) if tier.name == "specialist" else tier for tier in policy.tiers)
    story = tell(skipping(replace(policy, tiers=tiers), "specialist")).open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 13:30").in_short(
        "Mon 23 Nov 13:00 breached acknowledge/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 skipped specialist",
        "Mon 23 Nov 13:00 escalated agent -> supplier: acknowledge_breached, next news Sat 26 Dec 17:00",
    )


def test_the_last_tier_is_never_skipped_nor_a_tier_when_all_later_ones_are_closed(tell: Tell) -> None:
    """4.5: with everybody at home, the next tier has it, and its clock begins at the next opening."""
    policy = ladder(agents_calendar=OFFICE, suppliers_calendar=OFFICE)
    tiers = tuple(replace(tier, calendar=OFFICE) for tier in policy.tiers)
    story = tell(skipping(replace(policy, tiers=tiers), "agent", "specialist", "supplier"))
    story.open("Mon 23 Nov 20:00").in_short("Mon 23 Nov 20:00 opened normal in agent")


def test_a_transfer_skips_nobody(tell: Tell) -> None:
    """4.5: who is named gets it."""
    story = tell(skipping(ladder(suppliers_calendar=OFFICE), "agent", "specialist", "supplier"))
    story.open("Mon 23 Nov 10:00").until("Mon 23 Nov 20:00").transfer("supplier").as_told()
    assert story.ticket.tier == "supplier"


def test_a_table_that_skips_nobody_is_the_version_it_always_was() -> None:
    """7.2: a row that is not used is no content; one that is used is."""
    policy = ladder()
    assert "skip_when_closed" not in str(to_data(policy))
    used = skipping(policy, "agent")
    assert version_of(used) != version_of(policy)
    assert from_data(to_data(used)) == used


def test_skipping_for_an_unknown_priority_is_refused() -> None:
    """7.1: it names what the policy promises."""
    policy = ladder()
    with pytest.raises(PolicyError, match=r"tier 'agent' skip_when_closed names \['urgent'\], .*use \['normal'\]"):
        replace(policy, tiers=(replace(policy.tiers[0], skip_when_closed=("urgent",)), *policy.tiers[1:]))
