"""Records made of wake-ups only, for tests of the shell: no rules, no database, and unknown tickets stay unknown."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field

from workflows.messages import SettleResult
from workflows.ports import TicketUnknown


@dataclass
class Timeline:
    """One ticket's deadlines, by the test's own stopwatch."""

    due: float | None
    """When the next thing is due; none: only a command could wake it."""
    then: deque[float] = field(default_factory=deque)
    """Seconds from each finding to the next deadline; after the last, the ticket is closed."""
    is_closed: bool = False
    found: list[int] = field(default_factory=list)
    """What each settle found."""


class TimelineRecord:
    """Settles as the record would: what is due is found once, and the next wake-up is told in seconds from now."""

    def __init__(self) -> None:
        self.timelines: dict[str, Timeline] = {}
        self._settled = asyncio.Condition()

    def opened(self, ticket_id: str, due_in_seconds: float, *then: float) -> Timeline:
        """Enter a ticket: the first deadline from now, each further one from the finding of the one before."""
        timeline = Timeline(due=time.monotonic() + due_in_seconds, then=deque(then))
        self.timelines[ticket_id] = timeline
        return timeline

    def moved(self, ticket_id: str, due_in_seconds: float) -> None:
        """Move the next deadline, as a command would."""
        self.timelines[ticket_id].due = time.monotonic() + due_in_seconds

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Find what is due."""
        if ticket_id not in self.timelines:
            raise TicketUnknown(ticket_id)
        timeline, now = self.timelines[ticket_id], time.monotonic()
        found = 0
        if not timeline.is_closed and timeline.due is not None and timeline.due <= now:
            found = 1
            timeline.is_closed = not timeline.then
            timeline.due = now + timeline.then.popleft() if timeline.then else None
        timeline.found.append(found)
        async with self._settled:
            self._settled.notify_all()
        is_over = timeline.is_closed or timeline.due is None
        return SettleResult(
            is_closed=timeline.is_closed,
            wake_in_seconds=None if is_over or timeline.due is None else max(timeline.due - now, 0.001),
            found=found,
            summary="agent: OPEN, acknowledge is next",
        )

    async def until_settled(self, ticket_id: str, times: int) -> None:
        """Wait until a ticket was settled so often."""
        async with asyncio.timeout(20), self._settled:
            await self._settled.wait_for(lambda: len(self.timelines[ticket_id].found) >= times)


def closed() -> SettleResult:
    """What settling a closed ticket answers."""
    return SettleResult(is_closed=True, wake_in_seconds=None, found=0, summary="agent: CLOSED")


def due_in(seconds: float, *, found: int = 0) -> SettleResult:
    """What settling a ticket with a deadline ahead answers."""
    return SettleResult(
        is_closed=False, wake_in_seconds=seconds, found=found, summary="agent: OPEN, acknowledge is next"
    )


class ScriptedSettler:
    """Answers what it was told to, in order, and nothing else."""

    def __init__(self, *answers: SettleResult | Exception) -> None:
        self._answers = deque(answers)
        self.settles = 0
        self.is_asked = asyncio.Event()
        """Set by each settle, before it answers."""
        self.may_answer = asyncio.Event()
        """Cleared by the test to hold a settle in the middle."""
        self.may_answer.set()

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Give the next answer of the script."""
        self.settles += 1
        self.is_asked.set()
        await self.may_answer.wait()
        assert self._answers, f"nobody said that {ticket_id} is settled {self.settles} times"
        answer = self._answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        return answer
