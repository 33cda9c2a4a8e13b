"""The policy of a chaos run changes in its midst, and running tickets are moved to its new version (7.3).

`followthrough policy migrate` is killed while it moves them, as anybody may be; the same command goes on, and after the
run does what is left.
"""

import asyncio
import random
from pathlib import Path

from tests.chaos.parts import ROOT, Cast, dying_with_us
from tests.support.processes import PROGRAM

MOVER = "mover"
"""Who moves tickets, in their logs."""
BEGINS = 0.3
"""After so much of a run."""
PER_SECOND = 12
"""Slow enough to be killed half way."""
KILLED_AFTER_SECONDS = (5.0, 12.0)
"""Real seconds, of which starting takes some."""
TRIES = 30


class Mover:
    """Whoever runs the desk's policies."""

    def __init__(self, cast: Cast, seed: int) -> None:
        self._cast = cast
        self._rolls = random.Random(f"mover {seed}")  # noqa: S311 - chaos, not secrets
        self._has_begun = False

    async def run(self, seconds: float) -> None:
        """Change the policy in the midst of a run so long, and move tickets until killed; then once more."""
        await asyncio.sleep(BEGINS * seconds)
        self._cast.change_policy()
        self._has_begun = True
        for _ in range(2):
            await self._move(killed_after=self._rolls.uniform(*KILLED_AFTER_SECONDS))

    async def finish(self) -> None:
        """Move what is left, everybody being well by now. Raises `RuntimeError` when it cannot be."""
        if not self._has_begun:
            return
        code = 0
        for _ in range(TRIES):
            if (code := await self._move()) == 0:
                return
            await asyncio.sleep(1)
        raise RuntimeError(f"the tickets could not be moved, it ended with {code}: see {self._log}")

    @property
    def _log(self) -> Path:
        return self._cast.folder / "mover.log"

    async def _move(self, killed_after: float | None = None) -> int:
        words = ("policy", "migrate", "chaos", "--apply", "--actor", MOVER)
        rate = () if killed_after is None else ("--rate", str(PER_SECOND))
        with self._log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *(*dying_with_us(), PROGRAM, *words, *rate),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=asyncio.subprocess.STDOUT,
                env=self._cast.env,
                cwd=ROOT,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(killed_after):
                return await process.wait()
        except TimeoutError:
            return 0  # killed below
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
