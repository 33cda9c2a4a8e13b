"""The nudger: soonest first, one a ticket, few at once, never in the caller's way, and no insisting."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from services.nudge import LONGEST_HOLD_SECONDS, LONGEST_REST_SECONDS, QUIET_SECONDS, Nudger
from services.nudge_queue import NudgeQueue, Waiting
from services.records.errors import RecordUnavailable
from services.records.settled import Nudge
from services.temporal import TemporalAway
from tests.support.waiting import until

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
HOUR = 3600.0


def nudge(ticket_id: str, wake_in_seconds: float = HOUR, *, is_new: bool = True) -> Nudge:
    """Owe a ticket's wake-up."""
    return Nudge(
        ticket_id=ticket_id,
        wake_at=NOW + timedelta(seconds=wake_in_seconds),
        is_new=is_new,
        wake_in_seconds=wake_in_seconds,
    )


class RecordedTimers:
    """Takes every start and wake; says no to tickets that are running, and to everything while away."""

    def __init__(self, *running: str) -> None:
        self.running = set(running)
        self.started: list[tuple[str, float]] = []
        self.woken: list[str] = []
        self.calls: list[str] = []
        self.is_away = False
        self.at_once = self.most_at_once = 0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def start(self, ticket_id: str, wake_in_seconds: float) -> bool:
        """Start it."""
        await self._call(ticket_id)
        if ticket_id in self.running:
            return False
        self.running.add(ticket_id)
        self.started.append((ticket_id, wake_in_seconds))
        return True

    async def wake(self, ticket_id: str) -> None:
        """Wake it."""
        await self._call(ticket_id)
        self.running.add(ticket_id)
        self.woken.append(ticket_id)

    async def _call(self, ticket_id: str) -> None:
        self.calls.append(ticket_id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.may_answer.wait()
            await asyncio.sleep(0)
        finally:
            self.at_once -= 1
        if self.is_away:
            raise TemporalAway("UNAVAILABLE")


class ToldRecord:
    """Remembers what it was told."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.told: list[Nudge] = []
        self.is_away = is_away

    async def mark_told(self, told: Sequence[Nudge]) -> None:
        """Take a batch."""
        if self.is_away:
            raise RecordUnavailable("away")
        self.told += told


class Stopwatch:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        """Read it."""
        return self.seconds


@asynccontextmanager
async def running(nudger: Nudger) -> AsyncIterator[None]:
    """Run it for as long as the block lasts; then it has sent what was in flight and told the record."""
    task = asyncio.create_task(nudger.run())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        await nudger.aclose()
        await task


async def test_what_is_due_soonest_goes_first() -> None:
    """Architecture 4: the queue is ordered by deadline, not by arrival."""
    timers = RecordedTimers()
    nudger = Nudger(timers, ToldRecord(), in_flight=1)
    for ticket_id, seconds in (("C", 9.0), ("A", 1.0), ("D", HOUR), ("B", 5.0)):
        nudger.owe(nudge(ticket_id, seconds))
    async with running(nudger):
        await until(lambda: len(timers.calls) == 4)
    assert timers.calls == ["A", "B", "C", "D"]


async def test_a_new_ticket_gets_a_plain_start_less_its_wait_and_the_record_is_told() -> None:
    """Notes, sql: a start that waited sends `wake_in_seconds` less its wait; `told_at` is written in batches."""
    timers, record, stopwatch = RecordedTimers(), ToldRecord(), Stopwatch()
    nudger = Nudger(timers, record, stopwatch=stopwatch)
    nudger.owe(nudge("NEW", HOUR))
    nudger.owe(nudge("SOON", 2.0))
    stopwatch.seconds += 3.0
    async with running(nudger):
        await until(lambda: len(timers.started) == 2)
    assert timers.started == [("SOON", 0.0), ("NEW", 3597.0)]
    assert [told.ticket_id for told in record.told] == ["SOON", "NEW"]
    assert timers.woken == []


async def test_a_ticket_that_temporal_knows_is_woken_and_the_record_learns_it_from_the_settle() -> None:
    """Architecture 4: not new, or started already, means signal-with-start; that settle writes `told_at` itself."""
    timers, record = RecordedTimers("STARTED"), ToldRecord()
    nudger = Nudger(timers, record)
    async with running(nudger):
        nudger.owe(nudge("STARTED"))
        nudger.owe(nudge("KNOWN", is_new=False))
        await until(lambda: nudger.counts.signalled == 2)
    assert sorted(timers.woken) == ["KNOWN", "STARTED"]
    assert timers.started == []
    assert record.told == []


async def test_nudges_of_one_ticket_are_one() -> None:
    """Architecture 4: coalesced by ticket; the earlier deadline counts, and a ticket once started stays started."""
    timers, record, stopwatch = RecordedTimers(), ToldRecord(), Stopwatch()
    nudger = Nudger(timers, record, stopwatch=stopwatch)
    nudger.owe(nudge("NEW", HOUR))
    nudger.owe(nudge("NEW", 60.0))
    nudger.owe(nudge("NEW", 2 * HOUR))
    nudger.owe(nudge("OLD", HOUR, is_new=False))
    nudger.owe(nudge("OLD", 30.0))
    assert nudger.waiting == 2
    async with running(nudger):
        stopwatch.seconds += 1.0
        await until(lambda: len(timers.calls) == 1)
        stopwatch.seconds += 1.0
        nudger.owe(nudge("URGENT", 0.001))
        await until(lambda: len(timers.calls) == 2)
        stopwatch.seconds += 1.0
        await until(lambda: len(timers.calls) == 3)
    assert timers.woken == ["OLD"]
    assert dict(timers.started)["NEW"] == 57.0
    assert [told.wake_at for told in record.told if told.ticket_id == "NEW"] == [NOW + timedelta(seconds=60)]
    assert nudger.counts.coalesced == 3


async def test_no_more_than_so_many_are_in_flight() -> None:
    """Architecture 4: Temporal's processor time competes with callers."""
    timers = RecordedTimers()
    timers.may_answer.clear()
    nudger = Nudger(timers, ToldRecord(), in_flight=3)
    for number in range(20):
        nudger.owe(nudge(f"T{number}", 1.0))
    async with running(nudger):
        await until(lambda: timers.at_once == 3)
        for _ in range(10):
            await asyncio.sleep(0)
        assert len(timers.calls) == 3
        timers.may_answer.set()
        await until(lambda: nudger.counts.started == 20)
    assert timers.most_at_once == 3


async def test_what_is_far_is_paced_and_what_is_urgent_is_not() -> None:
    """Notes, sql: pace the nudges, urgent ones first; with the watch standing still the second far one never goes."""
    timers, stopwatch = RecordedTimers(), Stopwatch()
    nudger = Nudger(timers, ToldRecord(), per_second=0.001, stopwatch=stopwatch)
    nudger.owe(nudge("FAR", HOUR))
    nudger.owe(nudge("FARTHER", 2 * HOUR))
    stopwatch.seconds += 1.0
    async with running(nudger):
        await until(lambda: timers.calls == ["FAR"])
        nudger.owe(nudge("URGENT", 5.0))
        await until(lambda: timers.calls == ["FAR", "URGENT"])
        assert nudger.waiting == 1
    assert timers.calls == ["FAR", "URGENT"]


async def test_what_is_far_waits_for_the_end_of_a_crowd_but_not_for_ever() -> None:
    """Decision 18: callers go before what is hours away, though a crowd without end does not keep it from its turn."""
    timers, stopwatch = RecordedTimers(), Stopwatch()
    nudger = Nudger(timers, ToldRecord(), per_second=1000.0, stopwatch=stopwatch)
    async with running(nudger):
        for number in range(round(LONGEST_HOLD_SECONDS / (QUIET_SECONDS / 2))):
            nudger.owe(nudge(f"T{number}"))
            stopwatch.seconds += QUIET_SECONDS / 2
            await asyncio.sleep(0)
        nudger.owe(nudge("URGENT", 5.0))
        await until(lambda: timers.calls[:1] == ["URGENT"])
        stopwatch.seconds += QUIET_SECONDS / 2
        nudger.owe(nudge("LAST"))
        await until(lambda: len(timers.calls) > 1)
        stopwatch.seconds += QUIET_SECONDS
    assert timers.calls[0] == "URGENT"


async def test_a_full_queue_drops_and_counts() -> None:
    """Architecture 4: bounded; the caller is never held up, and the keeper finds what was dropped."""
    nudger = Nudger(RecordedTimers(), ToldRecord(), capacity=2)
    for ticket_id in ("A", "B", "C", "A"):
        nudger.owe(nudge(ticket_id))
    assert nudger.waiting == 2
    assert (nudger.counts.owed, nudger.counts.coalesced, nudger.counts.dropped) == (4, 1, 1)


def test_a_ticket_that_moves_forward_again_and_again_takes_no_more_room() -> None:
    """Architecture 4: bounded in places as in tickets; the earliest of its wake-ups is the one that counts."""
    queue = NudgeQueue(capacity=2)
    for seconds in range(100, 0, -1):
        queue.put(Waiting(nudge=nudge("A"), due=float(seconds)))
    soonest = queue.soonest()
    assert soonest is not None
    assert soonest.due == 1.0
    assert (len(queue), len(queue._heap)) <= (1, 5)


async def test_while_temporal_is_away_nudges_are_dropped_with_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """Failures are dropped with a counter and a log line, since the keeper finds the debt; then it goes on."""
    caplog.set_level("INFO", logger="services.nudge")
    timers, record, stopwatch = RecordedTimers(), ToldRecord(), Stopwatch()
    timers.is_away = True
    nudger = Nudger(timers, record, in_flight=1, stopwatch=stopwatch)
    async with running(nudger):
        nudger.owe(nudge("A", 1.0))
        await until(lambda: nudger.counts.failed == 1)
        stopwatch.seconds += 5.0
        nudger.owe(nudge("B", 1.0))
        await until(lambda: nudger.counts.failed == 2)
        stopwatch.seconds += 5.0
        timers.is_away = False
        nudger.owe(nudge("C", 1.0))
        await until(lambda: nudger.counts.started == 1)
    assert [told.ticket_id for told in record.told] == ["C"]
    assert [line.getMessage() for line in caplog.records] == [
        "temporal takes no nudges, the keeper will send them",
        "temporal takes nudges again",
    ]


async def test_temporal_counts_as_away_until_it_takes_one_and_no_longer(caplog: pytest.LogCaptureFixture) -> None:
    """Architecture 5: the keeper asks, and holds everything back while it is; each outage is told anew."""
    caplog.set_level("INFO", logger="services.nudge")
    timers, stopwatch = RecordedTimers(), Stopwatch()
    nudger = Nudger(timers, ToldRecord(), in_flight=1, stopwatch=stopwatch)
    was_away = [nudger.is_away]
    async with running(nudger):
        for number, timers.is_away in enumerate((True, False, False, True, False), start=1):
            nudger.owe(nudge(f"T{number}", 1.0))
            await until(lambda: nudger.counts.failed + nudger.counts.started == nudger.counts.owed)
            was_away.append(nudger.is_away)
            stopwatch.seconds += LONGEST_REST_SECONDS
    assert was_away == [False, True, False, False, True, False]
    outage = ["temporal takes no nudges, the keeper will send them", "temporal takes nudges again"]
    assert [line.getMessage() for line in caplog.records] == outage * 2


async def test_a_record_that_is_away_does_not_stop_the_nudges() -> None:
    """What the record is not told is still owed; the keeper finds it."""
    timers = RecordedTimers()
    nudger = Nudger(timers, ToldRecord(is_away=True))
    async with running(nudger):
        nudger.owe(nudge("A", 1.0))
        await until(lambda: nudger.counts.started == 1)
    assert nudger.counts.failed == 0


async def test_closing_finishes_what_is_in_flight_and_drops_the_rest() -> None:
    """It stops cleanly; what still waited stays owed in the record."""
    timers, record = RecordedTimers(), ToldRecord()
    timers.may_answer.clear()
    nudger = Nudger(timers, record, in_flight=1)
    nudger.owe(nudge("A", 1.0))
    nudger.owe(nudge("B", 2.0))
    task = asyncio.create_task(nudger.run())
    await until(lambda: timers.at_once == 1)
    closing = asyncio.create_task(nudger.aclose())
    await asyncio.sleep(0)
    timers.may_answer.set()
    await closing
    await task
    nudger.owe(nudge("C"))
    assert [told.ticket_id for told in record.told] == ["A"]
    assert nudger.counts.dropped == 2
