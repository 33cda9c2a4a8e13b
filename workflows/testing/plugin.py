"""The kit's fixtures, for pytest: `tell`, `golden`, `golden_timeline`. Imported by a test run, by nothing else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from workflows.domain.policy import Policy
from workflows.planning import telling as spoken
from workflows.planning.local_time import read_instant
from workflows.planning.timeline import timeline
from workflows.testing.goldens import compare
from workflows.testing.story import Tell, telling

Golden = Callable[[str, str], None]
"""What the fixture `golden` gives: call it with a file's name and the text that ought to be in it."""


class GoldenTimeline(Protocol):
    """What the fixture `golden_timeline` gives."""

    def __call__(self, policy: Policy, at: str, *, priority: str | None = None, name: str | None = None) -> None:
        """Tell the story of a ticket opened at that time, by the policy's own clock, like `2026-11-27 17:55`.

        The most urgent priority, and a file of the policy's name and that priority, unless others are named.
        """
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take `--update-goldens`."""
    parser.addoption(
        "--update-goldens",
        action="store_true",
        help="write the golden files anew from what is found, instead of comparing with them",
    )


@pytest.fixture
def tell() -> Iterator[Tell]:
    """Begin stories; each must have been read to its end."""
    yield from telling()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with the file of that name in the folder `goldens` beside the test."""
    folder = Path(request.path).parent / "goldens"
    is_updating = bool(request.config.getoption("--update-goldens"))
    return lambda name, text: compare(folder / name, text, is_updating=is_updating)


@pytest.fixture
def golden_timeline(golden: Golden) -> GoldenTimeline:
    """Compare the dated story that `followthrough policy explain` tells with the file that keeps it."""

    def compare_story(policy: Policy, at: str, *, priority: str | None = None, name: str | None = None) -> None:
        chosen = priority or policy.priorities[0]
        story = timeline(policy, priority=chosen, at=read_instant(at, policy.calendar.zone))
        golden(name or f"{policy.name}-{chosen}.txt", spoken.as_text(spoken.telling(story)))

    return compare_story
