"""Single wishes done together: those that come while some are being done are the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Wish = TypeVar("Wish")
Done = TypeVar("Done")


class Gathered(Generic[Wish, Done]):
    """Does many callers' wishes in one go, in order; whoever stops waiting keeps nobody else from having theirs."""

    def __init__(self, work: Callable[[Sequence[Wish]], Awaitable[Sequence[Done | Exception]]]) -> None:
        """`work` answers each wish in order, by an exception if need be; one that it raises is everybody's."""
        self._work = work
        self._waiting: list[tuple[Wish, asyncio.Future[Done]]] = []
        self._doing: asyncio.Task[None] | None = None

    async def __call__(self, wish: Wish) -> Done:
        """Have it done. Raises what its own answer is, or what befell all."""
        done: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
        self._waiting.append((wish, done))
        if self._doing is None or self._doing.done():
            self._doing = asyncio.create_task(self._do())
        return await done

    async def _do(self) -> None:
        while self._waiting:
            those, self._waiting = self._waiting, []
            answers: Sequence[Done | Exception]
            try:
                answers = await self._work([wish for wish, _ in those])
            except Exception as failed:  # noqa: BLE001 - it is raised where each of them waits
                answers = [failed] * len(those)
            for (_, done), answer in zip(those, answers, strict=True):
                if done.done():
                    continue
                if isinstance(answer, Exception):
                    done.set_exception(answer)
                else:
                    done.set_result(answer)
