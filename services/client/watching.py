"""Where a watch of one ticket stands: what was read, and what a lost stream means. Told the time, opens no stream."""

import random
from collections.abc import Callable

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.ticket_service_pb2 import WatchTicketRequest, WatchTicketResponse
from services.client.errors import Refused, Unreachable

PATIENCE_SECONDS = 60.0
"""Real seconds for which a watch tries again while nobody answers, unless it was told otherwise."""
STREAM_SECONDS = 900.0
"""Real seconds after which a stream is given up and another opened: whatever became of it, none hangs for ever."""
SHORTEST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0


Tell = Callable[[Refused | Unreachable | None], None]
"""Is told None when a stream is open, and the reason when there is none and another is tried; once each."""


class Watch:
    """Goes on after the last sequence that was read, so that nothing is lost and nothing comes twice."""

    def __init__(
        self, ticket_id: str, *, after_sequence: int, patience_seconds: float, now: float, tell: Tell | None = None
    ) -> None:
        self._ticket_id = ticket_id
        self._after_sequence = after_sequence
        self._patience_seconds = patience_seconds
        self._heard_at = now
        self._was_heard = False
        self._tell = tell
        self._told: bool | None = None
        self._pause_seconds = SHORTEST_PAUSE_SECONDS

    def request(self) -> WatchTicketRequest:
        """Ask for what comes after what was read."""
        return WatchTicketRequest(ticket_id=self._ticket_id, after_sequence=self._after_sequence)

    def new(self, answer: WatchTicketResponse) -> list[TicketEvent]:
        """Take note of an answer's events, and return those that were not read before."""
        fresh = [event for event in answer.events if event.sequence > self._after_sequence]
        if fresh:
            self._after_sequence = fresh[-1].sequence
        return fresh

    def heard(self, now: float) -> None:
        """Take note that intake is there."""
        self._heard_at = now
        self._was_heard = True
        self._say(None)
        self._pause_seconds = SHORTEST_PAUSE_SECONDS

    def pause(self, now: float, error: Refused | Unreachable | None = None) -> float:
        """Say how many real seconds to wait before the next stream; raises what will not pass, or not in time."""
        least = 0.0
        if isinstance(error, Refused):
            if error.retry_after_seconds is None or not self._was_heard:
                raise error  # who finds no room at first is told so, and decides
            least = error.retry_after_seconds
        if error is not None and now - self._heard_at >= self._patience_seconds:
            raise error
        if error is not None:
            self._say(error)
        longest, self._pause_seconds = self._pause_seconds, min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)
        return max(least, random.uniform(longest / 2, longest))  # noqa: S311 - keeps watchers apart, hides nothing

    def _say(self, error: Refused | Unreachable | None) -> None:
        """Tell once of each change."""
        if self._tell is not None and self._told is not (error is None):
            self._told = error is None
            self._tell(error)
