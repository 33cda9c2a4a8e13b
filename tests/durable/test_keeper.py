"""The keeper's loops: what they ask the record for, how they go on when it is away, how they stop."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest

from services.keeper.keeper import PAGES, STEADY, Keeper, Pace
from services.keeper.sent import CALM_SECONDS, SentNudges
from services.records.errors import RecordUnavailable
from services.records.late import NOBODY, Rescue
from services.records.settled import Nudge
from tests.support.waiting import until

T = TypeVar("T")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # a Monday
OWED = Nudge(ticket_id="OWED", wake_at=NOW, is_new=True, wake_in_seconds=60.0)
LATE = Nudge(ticket_id="LATE", wake_at=NOW, is_new=False, wake_in_seconds=60.0)
BRISK = Pace(
    batch=10,
    rescue_every_seconds=0.001,
    nudge_every_seconds=0.001,
    fold_every_seconds=0.001,
    purge_every_seconds=0.001,
)


class ScriptedUpkeep:
    """Answers each question from its script, then says that there is nothing to do."""

    def __init__(self) -> None:
        self.late: deque[int] = deque()
        self.rescues: deque[Rescue | Exception] = deque()
        self.owed: deque[tuple[Nudge, ...] | Exception] = deque()
        self.folds: deque[int | Exception] = deque()
        self.purges: deque[int | Exception] = deque()
        self.message_purges: deque[int | Exception] = deque()
        self.ticket_purges: deque[int | Exception] = deque()
        self.graces: list[float] = []
        self.skipped: list[int] = []
        self.asked: list[str] = []

    async def count_late(self, *, grace_seconds: float, most: int) -> int:
        """Count up to so many."""
        assert (grace_seconds, most) == (STEADY.storm_grace_seconds, STEADY.storm_tickets)
        return self.late.popleft() if self.late else 0

    async def rescue_late(self, *, grace_seconds: float, limit: int) -> Rescue:
        """Settle a batch."""
        self.graces.append(grace_seconds)
        return await self._answer(f"rescue {limit}", self.rescues, NOBODY)

    async def owed_nudges(self, *, older_than_seconds: float, limit: int, skip: int) -> tuple[Nudge, ...]:
        """Find nudges."""
        self.skipped.append(skip)
        return await self._answer(f"owed {older_than_seconds} {limit}", self.owed, ())

    async def fold_totals(self) -> int:
        """Fold."""
        return await self._answer("fold", self.folds, 0)

    async def purge_replies(self, *, older_than: timedelta, limit: int) -> int:
        """Forget."""
        return await self._answer(f"purge {older_than.days} {limit}", self.purges, 0)

    async def purge_tickets(self, *, older_than: timedelta, limit: int) -> int:
        """Forget."""
        return await self._answer(f"purge tickets {older_than.days} {limit}", self.ticket_purges, 0)

    async def purge_messages(self, *, older_than: timedelta, limit: int) -> int:
        """Forget."""
        return await self._answer(f"purge messages {older_than.days} {limit}", self.message_purges, 0)

    async def _answer(self, asked: str, script: "deque[T | Exception]", nothing: T) -> T:
        await asyncio.sleep(0)
        self.asked.append(asked)
        answer = script.popleft() if script else nothing
        if isinstance(answer, Exception):
            raise answer
        return answer


class Debts:
    """Remembers what is owed."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.owed: list[str] = []
        self.waiting = 0
        self.is_away = is_away

    def owe(self, nudge: Nudge) -> None:
        """Take it."""
        self.owed.append(nudge.ticket_id)


@asynccontextmanager
async def keeping(keeper: Keeper) -> AsyncIterator[None]:
    """Run it for as long as the block lasts."""
    task = asyncio.create_task(keeper.run())
    try:
        yield
    finally:
        keeper.stop()
        await task


async def test_each_round_asks_for_what_the_keeper_is_there_for() -> None:
    """Architecture 5: what is late by the grace, what is owed for long, deltas to fold, what is 30 days old (5.5)."""
    upkeep = ScriptedUpkeep()
    async with keeping(Keeper(upkeep, Debts())):
        await until(lambda: len(upkeep.asked) >= 5)
    assert set(upkeep.asked) == {"rescue 200", "owed 30.0 500", "fold", "purge 30 200", "purge messages 30 200"}
    assert upkeep.graces == [2.0]


async def test_the_grace_is_shorter_after_a_full_batch() -> None:
    """Architecture 5: shorter still when many are late at once; back to the grace when the storm is over."""
    upkeep = ScriptedUpkeep()
    full = Rescue(settled=9, stuck=1, owed=())
    upkeep.rescues += [NOBODY, full, full, Rescue(settled=3, stuck=0, owed=()), NOBODY]
    keeper = Keeper(upkeep, Debts(), BRISK)
    async with keeping(keeper):
        await until(lambda: len(upkeep.graces) >= 5)
    assert upkeep.graces[:5] == [2.0, 2.0, 0.2, 0.2, 2.0]
    assert (keeper.counts.rescued, keeper.counts.stuck) == (21, 2)


async def test_the_grace_is_shorter_as_soon_as_many_are_late() -> None:
    """Architecture 5: a storm is met without waiting for the grace, and what is a little late is left to workflows."""
    upkeep = ScriptedUpkeep()
    upkeep.late += [0, STEADY.storm_tickets - 1, STEADY.storm_tickets, 3]
    async with keeping(Keeper(upkeep, Debts(), BRISK)):
        await until(lambda: len(upkeep.graces) >= 4)
    assert upkeep.graces[:4] == [2.0, 2.0, 0.2, 2.0]


async def test_a_grace_that_is_shorter_than_a_storms_stays() -> None:
    """Whoever set it so short wants it so."""
    upkeep = ScriptedUpkeep()
    upkeep.late += [STEADY.storm_tickets]
    async with keeping(Keeper(upkeep, Debts(), replace(BRISK, grace_seconds=0.1))):
        await until(lambda: len(upkeep.graces) >= 2)
    assert upkeep.graces[:2] == [0.1, 0.1]


async def test_nudges_owed_by_others_and_by_its_own_settles_are_sent() -> None:
    """Architecture 4: whoever settles may leave a nudge behind, and the keeper sends those that nobody sent."""
    upkeep, debts = ScriptedUpkeep(), Debts()
    upkeep.rescues.append(Rescue(settled=1, stuck=0, owed=(LATE,)))
    upkeep.owed.append((OWED,))
    keeper = Keeper(upkeep, debts, BRISK)
    async with keeping(keeper):
        await until(lambda: len(debts.owed) == 2)
    assert sorted(debts.owed) == ["LATE", "OWED"]
    assert keeper.counts.nudged == 1


class ScriptedSweep:
    """Answers a keeper as told, in turn; then finds nothing."""

    def __init__(self, name: str, *answers: tuple[Nudge, ...] | Exception) -> None:
        self.name = name
        self.answers = deque(answers)
        self.asked = 0

    async def sweep(self) -> tuple[Nudge, ...]:
        """Look."""
        self.asked += 1
        answer = self.answers.popleft() if self.answers else ()
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_sweeps_go_round_with_the_rest_and_what_they_leave_behind_is_owed() -> None:
    """Architecture 5: a sweep that fails stops neither the others nor itself, and counts as a round of its name."""
    debts = Debts()
    lame, well = ScriptedSweep("lame", RecordUnavailable("away")), ScriptedSweep("well", (OWED,), (LATE,))
    keeper = Keeper(ScriptedUpkeep(), debts, replace(BRISK, sweep_every_seconds=0.001), sweeps=(lame, well))
    assert keeper.counts.rounds["well"] == keeper.counts.failed_rounds["lame"] == 0
    async with keeping(keeper):
        await until(lambda: lame.asked >= 2 and well.asked >= 3)
    assert debts.owed == ["OWED", "LATE"]
    assert keeper.counts.failed_rounds["lame"] == 1
    assert keeper.counts.rounds["well"] >= 3


def owed_at(minute: int) -> Nudge:
    """A wake-up that Temporal does not know of."""
    return Nudge(ticket_id=f"T-{minute}", wake_at=NOW + timedelta(minutes=minute), is_new=True, wake_in_seconds=60.0)


async def test_what_was_sent_and_is_owed_still_is_not_sent_every_round() -> None:
    """Architecture 5: while workers are away no nudge shows in the record, and each is one more signal."""
    upkeep, debts = ScriptedUpkeep(), Debts()
    earlier = replace(OWED, wake_at=NOW - timedelta(minutes=1))
    upkeep.owed += [(OWED,), (OWED,), (OWED,), (earlier,), (earlier,)]
    keeper = Keeper(upkeep, debts, BRISK)
    async with keeping(keeper):
        await until(lambda: upkeep.asked.count("owed 30.0 500") >= 6)
    assert debts.owed == ["OWED", "OWED"]
    assert keeper.counts.nudged == 2


async def test_those_that_were_sent_keep_no_others_from_their_turn() -> None:
    """Architecture 5: a round looks on until it has found enough to send; the next begins with the soonest."""
    upkeep, debts = ScriptedUpkeep(), Debts()
    first, second, third = (owed_at(1), owed_at(2)), (owed_at(3), owed_at(4)), (owed_at(5),)
    upkeep.owed += [first, first, second, first, second, third]
    keeper = Keeper(upkeep, debts, replace(BRISK, nudges=2))
    async with keeping(keeper):
        await until(lambda: len(debts.owed) == 5)
    assert debts.owed == ["T-1", "T-2", "T-3", "T-4", "T-5"]
    assert upkeep.skipped[:6] == [0, 0, 2, 0, 2, 4]


async def test_a_round_that_looked_far_is_gone_on_with() -> None:
    """Architecture 5: short questions only; whoever stands behind very many that were sent has a turn all the same."""
    upkeep, debts = ScriptedUpkeep(), Debts()
    upkeep.owed += [(owed_at(1),), *[(owed_at(1),)] * PAGES, (owed_at(2),)]
    keeper = Keeper(upkeep, debts, replace(BRISK, nudges=1))
    async with keeping(keeper):
        await until(lambda: len(debts.owed) == 2)
    assert debts.owed == ["T-1", "T-2"]
    assert upkeep.skipped[: PAGES + 2] == [0, *range(PAGES + 1)]


async def test_while_temporal_is_away_nothing_counts_as_sent() -> None:
    """Architecture 5: what waits already is not handed over again; once it is back, everything goes at once."""
    upkeep, debts = ScriptedUpkeep(), Debts(is_away=True)
    upkeep.owed += [(OWED,), (OWED,)]
    keeper = Keeper(upkeep, debts, BRISK)
    async with keeping(keeper):
        await until(lambda: len(debts.owed) == 2)
        debts.waiting = 1
        await some_rounds(upkeep)  # the one that is under way is over
        upkeep.owed.append((OWED,))
        await some_rounds(upkeep)
        assert debts.owed == ["OWED", "OWED"]
        debts.is_away = False
        await until(lambda: len(debts.owed) == 3)


async def some_rounds(upkeep: ScriptedUpkeep) -> None:
    """Wait until the keeper has gone round a few times."""
    before = upkeep.asked.count("rescue 10")
    await until(lambda: upkeep.asked.count("rescue 10") >= before + 5)


def test_a_nudge_is_sent_again_later_and_later() -> None:
    """Architecture 5: after 10 s, doubling up to ten minutes; whoever is owed no more is let go."""
    at = [1000.0]
    sent = SentNudges(10.0, stopwatch=lambda: at[0])
    turns = []
    for second in range(5000):
        at[0] = 1000.0 + second
        if sent.take_turn(OWED):
            turns.append(second)
        sent.forget_settled()
    assert turns == [0, 10, 30, 70, 150, 310, 630, 1230, 1830, 2430, 3030, 3630, 4230, 4830]
    at[0] += 1200.0
    sent.forget_settled()
    assert len(sent) == 0


def test_that_nudges_are_sent_is_told_at_first_and_then_calmly() -> None:
    """Each round sends one to see, while Temporal is away: that is no line each."""
    at = [0.0]
    sent = SentNudges(10.0, stopwatch=lambda: at[0])

    told = []
    for at[0] in (0.0, 2.0, CALM_SECONDS - 1, CALM_SECONDS, CALM_SECONDS + 1):
        sent.forget_all()
        told.append(sent.is_news())

    assert told == [True, False, False, True, False]


async def test_replies_are_purged_batch_after_batch() -> None:
    """5.5: remembered for 30 days; a full batch is followed by another at once."""
    upkeep = ScriptedUpkeep()
    upkeep.purges += [10, 10, 4]
    keeper = Keeper(upkeep, Debts(), replace(BRISK, purge_every_seconds=3600.0))
    async with keeping(keeper):
        await until(lambda: keeper.counts.purged == 24)
    assert upkeep.asked.count("purge 30 10") == 3


async def test_tickets_are_kept_for_ever_unless_somebody_says_for_how_long() -> None:
    """Forgetting them is the operator's wish: then batch after batch, and counted by itself."""
    upkeep = ScriptedUpkeep()
    upkeep.ticket_purges += [10, 3]
    pace = replace(BRISK, purge_every_seconds=3600.0, tickets_kept=timedelta(days=400))
    keeper = Keeper(upkeep, Debts(), pace)
    async with keeping(keeper):
        await until(lambda: keeper.counts.tickets_purged == 13)
    assert upkeep.asked.count("purge tickets 400 10") == 2
    assert keeper.counts.purged == 0


async def test_messages_are_purged_batch_after_batch() -> None:
    """What was sent is kept as long as answers are; a record that forgets no answers keeps it from nothing."""
    upkeep = ScriptedUpkeep()
    upkeep.message_purges += [10, 2]
    upkeep.purges.append(RecordUnavailable("away"))
    keeper = Keeper(upkeep, Debts(), replace(BRISK, purge_every_seconds=3600.0))
    async with keeping(keeper):
        await until(lambda: keeper.counts.purged == 12)
    assert upkeep.asked.count("purge messages 30 10") == 2


async def test_between_full_batches_of_old_answers_the_record_has_a_rest() -> None:
    """Architecture 5: a month's answers are forgotten in pieces, and callers come in between; a stop ends the rest."""
    upkeep = ScriptedUpkeep()
    upkeep.purges += [10, 4]
    upkeep.message_purges += [10, 4]
    keeper = Keeper(upkeep, Debts(), replace(BRISK, rescue_every_seconds=3600.0))
    async with keeping(keeper):
        await until(lambda: keeper.counts.purged >= 20)
        await until(lambda: keeper.counts.rounds["fold"] >= 5)
    assert keeper.counts.purged == 20
    assert {upkeep.asked.count(f"purge {what}30 10") for what in ("", "messages ")} == {1}


async def test_totals_are_folded_as_they_come() -> None:
    """Architecture, the record: the keeper folds delta rows."""
    upkeep = ScriptedUpkeep()
    upkeep.folds += [5000, 12]
    keeper = Keeper(upkeep, Debts(), BRISK)
    async with keeping(keeper):
        await until(lambda: keeper.counts.folded == 5012)


@pytest.mark.parametrize("away", [RecordUnavailable("Zwetschgenkuchen"), ValueError("Zwetschgenkuchen")], ids=repr)
async def test_a_round_that_fails_stops_no_loop(caplog: pytest.LogCaptureFixture, away: Exception) -> None:
    """Each loop survives whatever fails with a back-off and a log line that says no more than the type."""
    upkeep, debts = ScriptedUpkeep(), Debts()
    upkeep.rescues += [away, Rescue(settled=1, stuck=0, owed=(LATE,))]
    upkeep.owed.append(away)
    upkeep.folds.append(away)
    upkeep.purges.append(away)
    keeper = Keeper(upkeep, debts, BRISK)
    async with keeping(keeper):
        await until(lambda: debts.owed == ["LATE"])
    assert keeper.counts.failed_rounds.total() == 4
    failed = [line for line in caplog.records if line.getMessage() == "keeper's round failed"]
    assert sorted(vars(line)["round"] for line in failed) == ["fold", "nudge", "purge", "rescue"]
    assert not any("Zwetschgenkuchen" in str(vars(line)) for line in caplog.records)


async def test_a_round_that_succeeds_ends_the_back_off(caplog: pytest.LogCaptureFixture) -> None:
    """Architecture 5: slower and slower while the record is away; the next outage begins where the first one did."""
    upkeep, away = ScriptedUpkeep(), RecordUnavailable("away")
    upkeep.rescues += [away, NOBODY, away]
    upkeep.folds += [away, away]
    keeper = Keeper(upkeep, Debts(), BRISK)
    async with keeping(keeper):
        await until(lambda: keeper.counts.failed_rounds.total() == 4)
    failed = [vars(line) for line in caplog.records if line.getMessage() == "keeper's round failed"]
    waits = {
        name: [line["again_in_seconds"] for line in failed if line["round"] == name] for name in ("rescue", "fold")
    }
    assert waits == {"rescue": [1.0, 1.0], "fold": [1.0, 2.0]}


async def test_it_stops_between_rounds() -> None:
    """A graceful stop ends the rests, not the rounds; no more is asked of the record."""
    upkeep = ScriptedUpkeep()
    full = Rescue(settled=10, stuck=0, owed=())
    upkeep.rescues += [full] * 1000
    keeper = Keeper(upkeep, Debts(), BRISK)
    async with keeping(keeper):
        await until(lambda: keeper.counts.rescued >= 30)
    asked = len(upkeep.asked)
    await asyncio.sleep(0.01)
    assert len(upkeep.asked) == asked
    assert upkeep.rescues
