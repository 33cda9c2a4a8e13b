"""The policies that ship, told as dated stories (7.4): what an edit of one changes shows here; `--update-goldens`."""

from datetime import UTC, datetime

import pytest

from services.policy_pages import timeline_page
from workflows.domain.policy import Policy
from workflows.planning.local_time import before_the_week_ends
from workflows.planning.telling import as_text, telling
from workflows.planning.timeline import timeline
from workflows.policies import load
from workflows.testing.plugin import Golden, GoldenTimeline

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
SHIPPED = load().policies.values()


@pytest.mark.parametrize("policy", SHIPPED, ids=lambda policy: policy.name)
def test_every_priority_over_an_ordinary_week_end(golden: Golden, policy: Policy) -> None:
    """Opened five minutes before the week's longest closed stretch, and nobody acts."""
    at = before_the_week_ends(policy.calendar, MONDAY)
    stories = (timeline(policy, priority=priority, at=at) for priority in policy.priorities)
    golden(f"{policy.name}.txt", "\n\n".join(as_text(telling(story)) for story in stories))


@pytest.mark.parametrize("policy", SHIPPED, ids=lambda policy: policy.name)
def test_the_most_urgent_one_over_christmas(golden_timeline: GoldenTimeline, policy: Policy) -> None:
    """3.1: opened on Thursday 24 December 2026 at 15:00, by the policy's own clock."""
    golden_timeline(policy, "2026-12-24 15:00", name=f"{policy.name}-christmas.txt")


def test_the_chart_that_the_guide_shows(golden: Golden) -> None:
    """7.4: worth putting on a wall; what is on it today is what the guide to policies shows."""
    policy = load().policies["broadband"]
    story = timeline(policy, priority="urgent", at=datetime(2026, 11, 27, 17, 55, tzinfo=UTC))
    golden("broadband-urgent.svg", timeline_page.chart(story))
