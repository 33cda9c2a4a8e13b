"""Carries announcements on: customer after customer, no faster than each of them says. Knows no rule and no Temporal.

One customer at a time: of what the record can do a second, the rest is for tickets whose deadlines come.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from services.records.errors import StateTooNew
from services.records.letters import Turn, Turns
from workflows.messages import AnnounceResult

STRETCH_SECONDS = 20.0
"""Real time after which a stretch ends, so that the workflow's history says how far it is."""
LOOK_SECONDS = 2.0
"""Real time after which it is looked again whether it goes on, about: pausing is heard of within so long."""
MOST_TURNS = 200
"""Read at once."""


class Announcing(Protocol):
    """The record, as far as telling goes. Everything raises `RecordError`."""

    async def turns(self, announcement_id: str, *, after: str, limit: int) -> Turns:
        """Whose turn it is."""
        ...

    async def tell(self, turns: Turns, turn: Turn) -> Mapping[str, str]:
        """Settle a ticket with what is announced, and its customer's others; what became of each."""
        ...


class PacedAnnouncer:
    """Implements `workflows.ports.Announcer`."""

    def __init__(
        self,
        announcing: Announcing,
        *,
        stretch_seconds: float = STRETCH_SECONDS,
        stopwatch: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.outcomes: Counter[str] = Counter()
        """What became of tickets in this process, in a word each."""
        self._announcing = announcing
        self._stretch_seconds = stretch_seconds
        self._stopwatch = stopwatch
        self._sleep = sleep

    async def announce(self, announcement_id: str, after: str, go_on: Callable[[str], bool]) -> AnnounceResult:
        """Tell for a stretch of time; after the last ticket it begins again before the first, until none is left.

        What another release must tell is passed by for now; when nothing else is left, that is raised.
        """
        until = self._stopwatch() + self._stretch_seconds
        turn_at, told, limit, is_called_off = self._stopwatch(), 0, 1, False
        too_new: StateTooNew | None = None
        while not is_called_off and self._stopwatch() < until:
            turns = await self._announcing.turns(announcement_id, after=after, limit=limit)
            if turns.is_over:
                return AnnounceResult(is_over=True, after=after, tickets=told)
            limit = max(1, min(MOST_TURNS, round(turns.tickets_per_second * LOOK_SECONDS)))
            if not turns.turns:
                if too_new is not None:
                    raise too_new
                after = ""
            settled: set[str] = set()
            for turn in turns.turns:
                after = turn.ticket_id
                if after in settled:  # with another of its customer's
                    continue
                await self._sleep(max(turn_at - self._stopwatch(), 0.0))
                turn_at = max(turn_at, self._stopwatch()) + 1 / turns.tickets_per_second
                try:
                    outcomes = await self._announcing.tell(turns, turn)
                except StateTooNew as newer:
                    too_new = newer
                else:
                    settled |= outcomes.keys()
                    turn_at += (len(outcomes) - 1) / turns.tickets_per_second
                    told += len(outcomes)
                    self.outcomes.update(outcomes.values())
                is_called_off = not go_on(after)
                if is_called_off:
                    break
        return AnnounceResult(is_over=False, after=after, tickets=told)
