"""The policy of a chaos run changes in its midst, and running tickets are moved to its new version (7.3).

`followthrough policy migrate` is killed while it moves them, as anybody may be; the same command goes on, and after the
run does what is left.
"""

import asyncio
import random
from pathlib import Path
from typing import BinaryIO

from tests.chaos.parts import ROOT, Cast, dying_with_us
from tests.support.processes import PROGRAM

MOVER = "mover"
"""Who moves tickets, in their logs."""
BEGINS = 0.3
"""After so much of a run."""
PER_SECOND = 12
"""Slow enough to be killed half way."""
KILLED_AFTER = (1, 12)
"""Tickets that it has told of."""
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
            await self._move(killed_after=self._rolls.randint(*KILLED_AFTER))

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

    async def _move(self, killed_after: int | None = None) -> int:
        """Move tickets; when told of so many, die. The exit code."""
        words = ("policy", "migrate", "chaos", "--apply", "--json", "--actor", MOVER)
        rate = () if killed_after is None else ("--rate", str(PER_SECOND))
        with self._log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(*dying_with_us(), PROGRAM, *words, *rate),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=self._cast.env,
                cwd=ROOT,
                start_new_session=True,
            )
            try:
                return await self._followed(process, log, killed_after)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()

    async def _followed(self, process: asyncio.subprocess.Process, log: BinaryIO, killed_after: int | None) -> int:
        assert process.stdout is not None
        told = 0
        while line := await process.stdout.readline():
            log.write(line)
            told += 1
            if told == killed_after:
                process.kill()
        return await process.wait()
