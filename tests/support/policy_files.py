"""Policies as a user has them, in files of a test's own, and held as a process holds them.

Times are long where they must not pass, and nothing is looked at by itself unless a test lets it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from services.policy_host.in_force import Policies
from services.policy_host.now import Limits
from tests.policies.example import EXAMPLE
from tests.support.waiting import PATIENCE_SECONDS, until
from workflows.domain.routing import Request

PATIENT = Limits(
    load_seconds=PATIENCE_SECONDS,
    watch_seconds=PATIENCE_SECONDS,
    route_seconds=PATIENCE_SECONDS,
    roster_seconds=PATIENCE_SECONDS,
)
"""Nothing runs out, and no file is looked at."""

ROUTING = """
from workflows.domain.routing import Request, Route

default_route = Route(queue="garden", priority="normal")
"""
"""What a route needs beside it; append the route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFiles:
    """A folder of policies."""

    folder: Path

    def write(self, name: str, *texts: str) -> Path:
        """Put a file there, whole at once, as editors do."""
        path = self.folder / name
        new = path.with_suffix(".new")
        new.write_text("\n".join(texts), encoding="utf-8")
        return new.replace(path)


def named(name: str, queue: str) -> str:
    """Write the example under another name, for another queue."""
    return EXAMPLE.replace('"gardening"', f'"{name}"').replace('"garden"', f'"{queue}"')


@asynccontextmanager
async def held(files: PolicyFiles, limits: Limits = PATIENT) -> AsyncIterator[Policies]:
    """Hold what is in the folder."""
    policies = Policies([str(files.folder)], limits=limits)
    await policies.start()
    running = asyncio.create_task(policies.run())
    try:
        yield policies
    finally:
        await policies.stop()
        await asyncio.wait([running])


async def reloaded(policies: Policies) -> None:
    """Have them read again, and wait until they were."""
    before = policies.counts.reloads
    policies.reload()
    await until(lambda: policies.counts.reloads > before)


def a_request(**given: str) -> Request:
    """Make a request that leaves queue and priority open, and what is given."""
    fields = dict.fromkeys(Request.__slots__, "") | {"caller": "crm-1", "actor": "ana", "subject": "no line"}
    return Request(**(fields | given))
