"""The stories of this folder are told to the pure domain."""

from collections.abc import Iterator

import pytest

from tests.support.story import Tell, telling


@pytest.fixture
def tell() -> Iterator[Tell]:
    """Begin stories; each must have been read to its end."""
    yield from telling()
