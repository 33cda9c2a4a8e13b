"""Asking a child: any number of questions at once, each within its time. Whoever gets no answer is told why.

Refuses to pass on what an answer said when it is of no use: it may hold a customer's words.
"""

import asyncio
import contextlib
from datetime import datetime
from enum import StrEnum
from itertools import count
from typing import Any, Self

from services.policy_host.loading import Process
from services.policy_host.wire import from_line, to_line
from workflows.domain.routing import Request, Route

LONGEST_ANSWER_BYTES = 4 * 1024 * 1024
"""A thousand names of the longest are a tenth of it."""
PLACE_SECONDS = 0.2
"""Real seconds to say where it is; one that cannot is held up within C."""


class Reason(StrEnum):
    """Why there is no answer."""

    RAISED = "raised"
    LATE = "late"
    NONSENSE = "nonsense"
    AWAY = "away"
    """The process that answers has ended or is being started again."""


class Unanswered(Exception):  # noqa: N818 - the fact, in the desk's words
    """There is no answer. Its text says what is known, in words fit for a log."""

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason = reason


class Answering:
    """A child that answers. Of one event loop; `end` it, or `retire` it."""

    def __init__(self, process: Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._process = process
        self._writer = writer
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._late: int | None = None
        self.has_ended = False
        self._listening = asyncio.create_task(self._listen(reader), name="policy-host")

    @classmethod
    async def of(cls, process: Process) -> Self:
        """Go on with a child that has read its policies."""
        process.socket.setblocking(False)  # noqa: FBT003 - the standard library's
        return cls(process, *await asyncio.open_connection(sock=process.socket, limit=LONGEST_ANSWER_BYTES))

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.popen.pid

    async def route(self, request: Request, seconds: float) -> Route:
        """Ask where a request belongs. Raises `Unanswered`."""
        answer = await self._ask("route", request.to_data(), seconds)
        return Route(queue=answer["queue"], priority=answer["priority"])

    async def roster(self, policy: str, tier: str, at: datetime, seconds: float) -> tuple[str, ...]:
        """Ask who is on duty; nobody is an answer. Raises `Unanswered`."""
        told = {"policy": policy, "tier": tier, "at": at.isoformat()}
        return tuple(await self._ask("roster", told, seconds))

    async def place_of_late(self) -> str:
        """Say where in the users' files the last question is that was late; unknown when it has ended or cannot say."""
        if self._late is None:
            return "unknown"
        try:
            return await self._ask("where", self._late, PLACE_SECONDS) or "unknown"
        except Unanswered:
            return "unknown"

    async def retire(self, seconds: float) -> None:
        """Have what was asked answered, for so long at most; then end it."""
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._is_idle.wait()
        finally:
            await self.end()

    async def end(self) -> None:
        """End it at once, with all that it started."""
        self.has_ended = True
        self._listening.cancel()
        self._writer.close()
        self._give_up("it was ended")
        await asyncio.to_thread(self._process.kill)

    async def _ask(self, kind: str, told: object, seconds: float) -> Any:  # noqa: ANN401 - JSON data
        if self.has_ended:
            raise Unanswered(Reason.AWAY, "the process that answers has ended")
        number = next(self._numbers)
        answered = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._is_idle.clear()
        self._writer.write(to_line({"id": number, "ask": kind, "told": told}))
        try:
            async with asyncio.timeout(seconds):
                said = await answered
        except TimeoutError:
            self._late = number if kind != "where" else self._late
            raise Unanswered(Reason.LATE, f"no answer within {seconds:g} s") from None
        finally:
            self._waiting.pop(number, None)
            if not self._waiting:
                self._is_idle.set()
        if "failed" in said:
            raise Unanswered(Reason(said["failed"]), said["why"])
        return said["answer"]

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                said = from_line(line)
                waiting = self._waiting.get(said["id"])
                if waiting is not None and not waiting.done():
                    waiting.set_result(said)
        except (OSError, ValueError, LookupError):
            pass  # nothing that a child of ours says: it has ended, or is no good any more
        self.has_ended = True
        self._give_up("the process that answers has ended")

    def _give_up(self, why: str) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Unanswered(Reason.AWAY, why))
