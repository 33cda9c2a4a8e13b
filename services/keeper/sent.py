"""What the keeper sent and is owed still: a worker that is away tells the record nothing, however often it is called.

Each nudge too many is a signal in the ticket's history, of which a run has room for ten thousand.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.records.settled import Nudge

LONGEST_SECONDS = 600.0
"""Between two nudges of a ticket for one wake-up, in real time: some three hundred over a lost weekend."""

CALM_SECONDS = 600.0
"""Between two lines that tell of them, in real time: while Temporal is away each round sends one to see."""


@dataclass(slots=True)
class _Last:
    wake_at: datetime
    again_at: float
    """By the stopwatch."""
    wait_seconds: float


class SentNudges:
    """When each may be sent again: soon, then later and later."""

    def __init__(self, first_seconds: float, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._first_seconds = first_seconds
        self._stopwatch = stopwatch
        self._by_ticket: dict[str, _Last] = {}
        self._told_at: float | None = None

    def __len__(self) -> int:
        return len(self._by_ticket)

    def take_turn(self, nudge: "Nudge") -> bool:
        """Whether it is to be sent now; then it counts as sent. Another wake-up is another nudge."""
        now, last = self._stopwatch(), self._by_ticket.get(nudge.ticket_id)
        wait_seconds = self._first_seconds
        if last is not None and last.wake_at == nudge.wake_at:
            if now < last.again_at:
                return False
            wait_seconds = min(2 * last.wait_seconds, max(LONGEST_SECONDS, self._first_seconds))
        self._by_ticket[nudge.ticket_id] = _Last(nudge.wake_at, now + wait_seconds, wait_seconds)
        return True

    def is_news(self) -> bool:
        """Whether it is to be told now that some were sent; then it counts as told. At first, then at a calm pace."""
        now = self._stopwatch()
        if self._told_at is not None and now < self._told_at + CALM_SECONDS:
            return False
        self._told_at = now
        return True

    def forget_all(self) -> None:
        """Nothing arrived: each is sent anew."""
        self._by_ticket.clear()

    def forget_settled(self) -> None:
        """Let go of those whose turn was long ago: they are owed no more."""
        before = self._stopwatch() - LONGEST_SECONDS
        self._by_ticket = {id_: last for id_, last in self._by_ticket.items() if last.again_at > before}
