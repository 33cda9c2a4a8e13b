"""The kit's fixtures, for pytest: `tell` and `golden`. Imported by a test run, never by what runs tickets."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workflows.testing.goldens import compare
from workflows.testing.story import Tell, telling

Golden = Callable[[str, str], None]
"""What the fixture `golden` gives: call it with a file's name and the text that ought to be in it."""


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
