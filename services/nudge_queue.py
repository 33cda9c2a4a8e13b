"""Where owed nudges wait: one a ticket, what is due soonest first. Knows no clock and sends nothing."""

import heapq
from dataclasses import dataclass, replace

from services.records.settled import Nudge


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A nudge in the queue."""

    nudge: Nudge
    due: float
    """When its ticket is due, by the process's stopwatch."""


class NudgeQueue:
    """Nudges that wait: one a ticket, what is due soonest first, and no more than there is room for."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._by_ticket: dict[str, Waiting] = {}
        self._heap: list[tuple[float, str]] = []
        """By due; may hold tickets that left or moved forward since, which are passed over."""

    def __len__(self) -> int:
        return len(self._by_ticket)

    def __contains__(self, ticket_id: str) -> bool:
        return ticket_id in self._by_ticket

    @property
    def is_full(self) -> bool:
        """Whether there is room only for tickets that are in it."""
        return len(self._by_ticket) >= self._capacity

    def put(self, waiting: Waiting) -> None:
        """Add it, or join it with the ticket's other one: the earlier counts, and a ticket started stays started."""
        ticket_id = waiting.nudge.ticket_id
        known = self._by_ticket.get(ticket_id)
        if known is not None:
            earlier = min(known, waiting, key=lambda one: one.due)
            is_new = known.nudge.is_new and waiting.nudge.is_new
            waiting = replace(earlier, nudge=replace(earlier.nudge, is_new=is_new))
        self._by_ticket[ticket_id] = waiting
        if known is None or waiting.due < known.due:
            heapq.heappush(self._heap, (waiting.due, ticket_id))
            if len(self._heap) > 2 * self._capacity:
                self._heap = sorted((one.due, one.nudge.ticket_id) for one in self._by_ticket.values())

    def soonest(self) -> Waiting | None:
        """What is due soonest; it stays in the queue."""
        while self._heap:
            due, ticket_id = self._heap[0]
            waiting = self._by_ticket.get(ticket_id)
            if waiting is not None and waiting.due == due:
                return waiting
            heapq.heappop(self._heap)
        return None

    def take(self, waiting: Waiting) -> None:
        """Remove it."""
        del self._by_ticket[waiting.nudge.ticket_id]
