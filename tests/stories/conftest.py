"""The stories of this folder are told to the pure domain, to the record on each database, and to the whole system."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from itertools import count

import pytest

from tests.support.retold import Retold, Told
from tests.support.story_record import told_record
from tests.support.story_system import told_system
from tests.support.temporal import skipping_address
from workflows.domain.policy import Policy
from workflows.testing.story import PureDomain, Tell, telling

__all__ = ["skipping_address"]

Begin = Callable[[Policy], AbstractAsyncContextManager[Told]]


@pytest.fixture(params=["domain", "sqlite", "postgresql", "system"])
def tell(request: pytest.FixtureRequest) -> Iterator[Tell]:
    """Begin stories; each must have been read to its end."""
    if request.param == "domain":
        yield from telling(PureDomain)
    else:
        yield from _retelling(_beginning(request))


def _beginning(request: pytest.FixtureRequest) -> Begin:
    """Say how a story begins on the backend that is asked for."""
    numbers = count(1)
    if request.param == "system":
        url: str = request.getfixturevalue("sqlite_url")
        temporal: str = request.getfixturevalue("skipping_address")
        return lambda policy: told_system(url, policy, temporal)
    database: str = request.getfixturevalue(f"{request.param}_url")
    return lambda policy: told_record(database, policy, f"t-{next(numbers)}")


def _retelling(begin: Begin) -> Iterator[Tell]:
    """Tell stories on a loop of their own, which runs while a step is told and closes what the stories opened."""
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        try:
            yield from telling(
                lambda policy: Retold(runner, runner.run(opened.enter_async_context(begin(policy))), policy)
            )
        finally:
            runner.run(opened.aclose())
