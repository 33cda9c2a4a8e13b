"""Records made of wake-ups only, for tests of the shell: no rules, no database, and unknown tickets stay unknown."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from workflows.messages import SettleResult
from workflows.ports import TicketIsStuck, TicketUnknown


@dataclass
class Timeline:
    """One ticket's only deadline, by the test's own stopwatch."""

    due: float
    found: list[int] = field(default_factory=list)
    """What each settle found."""


class TimelineRecord:
    """Settles as the record would: the next wake-up is told in seconds from now; nothing is due while a test runs."""

    def __init__(self) -> None:
        self.timelines: dict[str, Timeline] = {}

    def opened(self, ticket_id: str, due_in_seconds: float) -> Timeline:
        """Enter a ticket."""
        timeline = Timeline(due=time.monotonic() + due_in_seconds)
        self.timelines[ticket_id] = timeline
        return timeline

    def moved(self, ticket_id: str, due_in_seconds: float) -> None:
        """Move the deadline, as a command would."""
        self.timelines[ticket_id].due = time.monotonic() + due_in_seconds

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Find nothing yet."""
        if ticket_id not in self.timelines:
            raise TicketUnknown(ticket_id)
        timeline = self.timelines[ticket_id]
        wake_in_seconds = timeline.due - time.monotonic()
        assert wake_in_seconds > 0, "the test took longer than its deadlines"
        timeline.found.append(0)
        return due_in(wake_in_seconds)


def closed() -> SettleResult:
    """What settling a closed ticket answers."""
    return SettleResult(is_closed=True, wake_in_seconds=None, found=0, summary="agent: CLOSED")


def due_in(seconds: float, *, found: int = 0) -> SettleResult:
    """What settling a ticket with a deadline ahead answers."""
    return SettleResult(
        is_closed=False, wake_in_seconds=seconds, found=found, summary="agent: OPEN, acknowledge is next"
    )


class Stuck(TicketIsStuck):
    """What settling a ticket that the rules cannot judge raises; its text is a customer's."""

    def __init__(self, retry_in: timedelta) -> None:
        super().__init__("cannot judge for Zwetschgenkuchen")
        self.retry_in = retry_in


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


class StagedSettler:
    """Answers by the stage that the test is at, however often it is asked.

    Where time is skipped a workflow task may time out while it settles, and is done again: it finds the work done.
    """

    def __init__(self, *answers: SettleResult) -> None:
        self._answers = answers
        self.stage = 0
        """Of the answers, the one in force."""

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:  # noqa: ARG002 - the port's
        """Give the answer of the stage."""
        return self._answers[self.stage]
