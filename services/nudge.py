"""Nudges: what Temporal is owed after a commit, sent off the caller's path.

Knows how much to ask of Temporal at once, and when. Refuses to insist: what is dropped or fails stays
owed in the record, where the keeper finds it.
"""

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from services.nudge_queue import NudgeQueue, Waiting
from services.records.errors import RecordError
from services.temporal import TemporalAway

if TYPE_CHECKING:
    from services.records.settled import Nudge

logger = logging.getLogger(__name__)

URGENT_SECONDS = 10.0
"""What is due within so long is sent without a pause."""
QUIET_SECONDS = 0.2
"""While nudges come in at shorter distances than this, callers are served, and what is not urgent waits."""
LONGEST_HOLD_SECONDS = 3.0
"""But no longer than this."""
TOLD_AT_ONCE = 200
"""The record is told of starts in batches of at most so many."""
TELL_EVERY_SECONDS = 0.1
"""A command in between finds its ticket untold, and costs a signal."""
SHORTEST_REST_SECONDS = 0.25
LONGEST_REST_SECONDS = 5.0
"""Between two tries while Temporal is away."""


class Timers(Protocol):
    """The tickets' workflows."""

    async def start(self, ticket_id: str, wake_in_seconds: float) -> bool:
        """Start a timer; False when there is one. Raises `TemporalAway`."""
        ...

    async def wake(self, ticket_id: str) -> None:
        """Have the workflow settle now, whether or not there is one. Raises `TemporalAway`."""
        ...


class Told(Protocol):
    """The record, as far as it wants to know what was sent."""

    async def mark_told(self, told: Sequence["Nudge"]) -> None:
        """Note that Temporal knows these wake-ups. Raises `RecordError`."""
        ...


@dataclass(slots=True, kw_only=True)
class NudgeCounts:
    """What became of the nudges of this process."""

    owed: int = 0
    """Handed over, all of them."""
    coalesced: int = 0
    """Joined one of the same ticket that was still waiting."""
    dropped: int = 0
    """Refused by a full queue, or left when the process stopped."""
    started: int = 0
    signalled: int = 0
    failed: int = 0
    """Temporal did not take it."""


class Nudger:
    """Sends owed nudges: few at once, paced, after the callers of a crowd, and what is due soon without a pause."""

    def __init__(
        self,
        timers: Timers,
        record: Told,
        *,
        capacity: int = 10_000,
        in_flight: int = 4,
        per_second: float = 150.0,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what sends and whom to tell.

        `in_flight`: calls to Temporal at once. `per_second`: how many nudges that are not urgent; Temporal's processor
        time competes with callers, and most of what is owed is hours away.
        """
        self.counts = NudgeCounts()
        self._timers = timers
        self._record = record
        self._queue = NudgeQueue(capacity)
        self._slots = asyncio.Semaphore(in_flight)
        self._pause_seconds = 1.0 / per_second
        self._stopwatch = stopwatch
        self._not_before = 0.0
        self._owed_at = self._crowd_since = -math.inf
        """When one was taken over last, and the first of those that came at short distances."""
        self._rest_seconds = 0.0
        self._rest_until = 0.0
        self._untold: list[Nudge] = []
        """What was started and the record does not know yet."""
        self._changed = asyncio.Event()
        self._waits_for_any = True
        """Else for a moment that no nudge makes come sooner, unless it is urgent."""
        self._closing = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    @property
    def waiting(self) -> int:
        """How many tickets' nudges are in the queue."""
        return len(self._queue)

    @property
    def is_away(self) -> bool:
        """Whether Temporal took none of late."""
        return self._rest_seconds > 0

    def owe(self, nudge: "Nudge") -> None:
        """Take one over. Never blocks, never raises; a full queue drops it."""
        self.counts.owed += 1
        now = self._stopwatch()
        if now - self._owed_at > QUIET_SECONDS:
            self._crowd_since = now
        self._owed_at = now
        if nudge.ticket_id in self._queue:
            self.counts.coalesced += 1
        elif self._queue.is_full or self._closing.is_set():
            self.counts.dropped += 1
            return
        self._queue.put(Waiting(nudge=nudge, due=now + nudge.wake_in_seconds))
        if self._waits_for_any or nudge.wake_in_seconds <= URGENT_SECONDS:
            self._changed.set()

    async def run(self) -> None:
        """Send what is owed until closed."""
        self._ended.clear()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._tell_regularly())
                while (waiting := await self._next()) is not None:
                    tasks.create_task(self._send(waiting))
            await self._tell()
        finally:
            self._ended.set()

    async def aclose(self) -> None:
        """Send no more, finish what is in flight, tell the record; what still waits is dropped."""
        self._closing.set()
        self._changed.set()
        await self._ended.wait()
        self.counts.dropped += len(self._queue)

    async def _next(self) -> Waiting | None:
        """Wait for a free slot and a nudge whose turn it is; none when closing. The sender frees the slot."""
        await self._slots.acquire()
        while not self._closing.is_set():
            waiting = self._queue.soonest()
            delay = self._delay(waiting) if waiting else None
            if waiting and not delay:
                self._queue.take(waiting)
                return waiting
            self._changed.clear()
            self._waits_for_any = delay is None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._changed.wait()
        return None

    def _delay(self, waiting: Waiting) -> float:
        """How long it must still wait; reserves the next turn when it need not."""
        now = self._stopwatch()
        if now < self._rest_until:
            return self._rest_until - now
        if waiting.due - now <= URGENT_SECONDS:
            return 0.0
        not_before = max(self._not_before, min(self._owed_at + QUIET_SECONDS, self._crowd_since + LONGEST_HOLD_SECONDS))
        if now < not_before:
            return not_before - now
        self._not_before = now + self._pause_seconds
        return 0.0

    async def _send(self, waiting: Waiting) -> None:
        nudge = waiting.nudge
        try:
            wake_in_seconds = max(waiting.due - self._stopwatch(), 0.0)
            if nudge.is_new and await self._timers.start(nudge.ticket_id, wake_in_seconds):
                self.counts.started += 1
                self._untold.append(nudge)
            else:
                await self._timers.wake(nudge.ticket_id)
                self.counts.signalled += 1
        except TemporalAway as away:
            self._failed(away)
        else:
            self._succeeded()
        finally:
            self._slots.release()

    def _failed(self, away: TemporalAway) -> None:
        self.counts.failed += 1
        if not self._rest_seconds:
            logger.warning("temporal takes no nudges, the keeper will send them", extra={"reason": str(away)})
        self._rest_seconds = min(max(2 * self._rest_seconds, SHORTEST_REST_SECONDS), LONGEST_REST_SECONDS)
        self._rest_until = self._stopwatch() + self._rest_seconds

    def _succeeded(self) -> None:
        if self._rest_seconds:
            logger.info("temporal takes nudges again", extra={"failed": self.counts.failed})
        self._rest_seconds = 0.0

    async def _tell_regularly(self) -> None:
        while not self._closing.is_set():
            await self._tell()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(TELL_EVERY_SECONDS):
                    await self._closing.wait()

    async def _tell(self) -> None:
        """Tell the record what was started; a batch it does not take is still owed, and found by the keeper."""
        while self._untold:
            batch, self._untold = self._untold[:TOLD_AT_ONCE], self._untold[TOLD_AT_ONCE:]
            try:
                await self._record.mark_told(batch)
            except RecordError as failed:
                logger.warning("record not told of starts", extra={"count": len(batch), "error": type(failed).__name__})
