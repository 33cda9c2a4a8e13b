"""The stories of this folder are told to the pure domain."""

from collections.abc import Iterator

import pytest

from tests.support.story import PureDomain, Story, Tell
from workflows.domain.policy import Policy


@pytest.fixture
def tell() -> Iterator[Tell]:
    """Begin stories; each must have been read to its end."""
    begun: list[Story] = []

    def begin(policy: Policy, *, zone: str = "UTC", year: int = 2026) -> Story:
        begun.append(Story(PureDomain(policy), zone=zone, year=year))
        return begun[-1]

    yield begin
    for story in begun:
        story.assert_read()
