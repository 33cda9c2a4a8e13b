"""asyncpg's connection, opened so that whoever leaves meanwhile leaves nothing behind. Knows no statement."""

import asyncio
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

Driver = Any
"""asyncpg's connection, which has no types of its own."""

PATIENCE_SECONDS = 0.5
"""Real time in which a connection that nobody waits for any more may still be opened: commonly it takes a fiftieth."""


async def postgresql_driver(*where: Any, **options: Any) -> Driver:  # noqa: ANN401 - what `asyncpg.connect` takes
    """Open a connection; raises what asyncpg does.

    Whoever leaves while it is opened does not stop it at once: asyncpg would forget a future then, and that complains
    in the log of each who left. Nor does it go on for long: a server that is stopped would find a crowd at its door.
    """
    opening = asyncio.create_task(asyncpg.connect(*where, **options))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_let_go)
        asyncio.get_running_loop().call_later(PATIENCE_SECONDS, opening.cancel)
        raise


def _let_go(opening: asyncio.Task[Driver]) -> None:
    """Nobody wants it any more; why it could not be opened neither."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().terminate()
