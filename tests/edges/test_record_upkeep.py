"""What the keeper does to the record, beside settles and other keepers, on both databases."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from services.records import Nudge, Records, RecordUnavailable, SettledBy, Timeouts, connect, late
from services.records.rows import DeltaColumns, Rows
from services.records.statements import Settling
from services.records.statements_postgresql import PostgresqlStatements
from services.records.tables import NOT_CLOSED, OWED, instant_to_text
from services.records.upkeep import SQLITE_STEP, Forgotten
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.judging import Judging
from tests.support.record import (
    A_TICK,
    ACKNOWLEDGE,
    Outsider,
    PoisonJudge,
    RefusedJudge,
    a_policy,
    a_request,
    an_acknowledgement,
    an_opening,
    answer,
)
from tests.support.waiting import UNHURRIED
from workflows.domain.ticket.commands import Command, Confirm, Reject, Reopen, Resolve, Transfer
from workflows.domain.ticket.events import (
    ClockBreached,
    ClockCancelled,
    ClockMet,
    ClockReinstated,
    Closed,
    Entry,
    Escalated,
    LadderExhausted,
    Opened,
    PromiseBroken,
    PromiseCancelled,
    PromiseKept,
    PromiseMade,
    Rejected,
    Reopened,
    Transferred,
)
from workflows.domain.ticket.words import Outcome


async def opened(records: Records, *numbers: int) -> None:
    """Open tickets."""
    for number in numbers:
        await records.record.open_ticket(a_policy(), an_opening(number))


async def tiers(records: Records, *numbers: int) -> list[str]:
    """Who has them now."""
    return [(await records.queries.ticket(f"t-{number:04d}")).tier for number in numbers]


async def test_late_tickets_are_settled_earliest_first(records: Records, story_clock: StoryClock) -> None:
    """What is late by more than the grace is settled as its own timer would have, and no more than asked for."""
    for number in (3, 2, 1):  # so that the earliest is the last in the table
        story_clock.set(MONDAY_NOON + timedelta(minutes=number - 1))
        await opened(records, number)
    story_clock.set(MONDAY_NOON + ACKNOWLEDGE + timedelta(minutes=1, seconds=5))

    assert [await records.upkeep.count_late(grace_seconds=grace, most=9) for grace in (1, 6, 66)] == [2, 1, 0]
    assert await records.upkeep.count_late(grace_seconds=1, most=1) == 1
    first = await records.upkeep.rescue_late(grace_seconds=1, limit=1)
    assert (first.settled, first.stuck) == (1, 0)
    assert await tiers(records, 1, 2, 3) == ["specialist", "desk", "desk"]
    assert (await records.upkeep.rescue_late(grace_seconds=6, limit=9)).tried == 0
    assert (await records.upkeep.rescue_late(grace_seconds=1, limit=9)).settled == 1
    assert await tiers(records, 1, 2, 3) == ["specialist", "specialist", "desk"]
    assert (await records.queries.figures()).totals["rescued", ()] == 2


async def test_grace_is_real_time(record_url: str) -> None:
    """Half a real second of grace is 450 seconds of a clock that runs 900 times as fast."""
    clock = StoryClock()
    clock.speed = 900.0
    async with await connect(record_url, clock) as records:
        await opened(records, 1)
        clock.pass_(ACKNOWLEDGE + timedelta(minutes=10))

        assert (await records.upkeep.rescue_late(grace_seconds=1, limit=9)).tried == 0
        assert (await records.upkeep.rescue_late(grace_seconds=0.5, limit=9)).tried == 1


async def test_column_that_says_another_wake_up_is_mended(record_url: str, records: Records) -> None:
    """The state is the truth: a ticket that seems late and is not is written as it stands, and found no more."""
    await opened(records, 1)
    instant = MONDAY_NOON - timedelta(hours=1)
    text = instant_to_text(instant) if record_url.startswith("sqlite") else instant.isoformat()
    await Outsider(record_url).run(f"UPDATE tickets SET wake_at = '{text}'")  # noqa: S608 - a test's own instant

    rescue = await records.upkeep.rescue_late(grace_seconds=1, limit=9)

    assert (rescue.settled, rescue.stuck) == (1, 0)
    assert (await records.queries.figures()).next_wake_at == MONDAY_NOON + ACKNOWLEDGE + A_TICK
    assert ("rescued", ()) not in (await records.queries.figures()).totals


async def test_rescue_says_what_temporal_is_owed(records: Records, story_clock: StoryClock) -> None:
    """A ticket that no workflow knew is nudged at once; one whose workflow may yet come is owed until it does."""
    await opened(records, 1, 2)
    await records.record.settle_for_workflow("t-0002")
    story_clock.pass_(timedelta(minutes=20))

    rescue = await records.upkeep.rescue_late(grace_seconds=1, limit=9)

    # Detected five minutes late, so the specialists' half hour counts from 12:20 (4.6).
    wake_at = MONDAY_NOON + timedelta(minutes=50) + A_TICK
    assert rescue.settled == 2
    assert rescue.owed == (Nudge(ticket_id="t-0001", wake_at=wake_at, is_new=True, wake_in_seconds=1800.000001),)
    assert [nudge.ticket_id for nudge in await owed(records)] == ["t-0001", "t-0002"]
    await records.record.settle_for_workflow("t-0002")
    assert [nudge.ticket_id for nudge in await owed(records)] == ["t-0001"]


async def test_one_poison_ticket_leaves_the_batch_untouched(record_url: str, story_clock: StoryClock) -> None:
    """It is marked, left out until its retry, and counted; the others of its batch are settled."""
    judge = PoisonJudge("t-0002")
    async with await connect(record_url, story_clock, judge=judge) as records:
        await opened(records, 1, 2, 3)
        story_clock.pass_(timedelta(minutes=20))

        rescue = await records.upkeep.rescue_late(grace_seconds=1, limit=9)
        again = await records.upkeep.rescue_late(grace_seconds=1, limit=9)

        assert (rescue.settled, rescue.stuck, again.tried) == (2, 1, 0)
        assert await tiers(records, 1, 2, 3) == ["specialist", "desk", "specialist"]
        figures = await records.queries.figures()
        assert (figures.stuck_tickets, figures.late_tickets) == (1, 1)
        assert "t-0002" not in [nudge.ticket_id for nudge in await owed(records)]

        judge.poisoned.clear()
        await Outsider(record_url).run("UPDATE tickets SET stuck_until = stuck_at")
        mended = await records.upkeep.rescue_late(grace_seconds=1, limit=9)
        assert (mended.settled, mended.stuck) == (1, 0)
        assert (await records.queries.figures()).stuck_tickets == 0


def slow_judge() -> Judging:
    """Judge by the rules, and take some time, as after a long outage."""
    return Judging(before=lambda _, __: time.sleep(0.1))


IMPATIENT = Timeouts(idle_in_transaction_seconds=0.4)


async def test_long_outage_is_caught_up_with_in_bites(postgresql_url: str, story_clock: StoryClock) -> None:
    """Judging has its time, within which nobody loses patience: the tickets beyond it are let go, and come next."""
    async with await connect(postgresql_url, story_clock, judge=slow_judge(), timeouts=IMPATIENT) as records:
        await opened(records, *range(1, 9))
        story_clock.pass_(timedelta(minutes=20))

        rescue = await records.upkeep.rescue_late(grace_seconds=1, limit=99)

        assert (rescue.settled, rescue.stuck) == (8, 0)


async def test_batch_that_failed_is_smaller_the_next_time(
    postgresql_url: str, story_clock: StoryClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever makes a batch too much for the record, the keeper gets through in the end."""
    monkeypatch.setattr(late, "POSTGRESQL_JUDGING_SECONDS", 99)
    monkeypatch.setattr(late, "POSTGRESQL_BATCH", 8)
    async with await connect(postgresql_url, story_clock, judge=slow_judge(), timeouts=IMPATIENT) as records:
        await opened(records, *range(1, 9))
        story_clock.pass_(timedelta(minutes=20))

        failed = 0
        while (await records.queries.figures()).late_tickets:
            try:
                await records.upkeep.rescue_late(grace_seconds=1, limit=9)
            except RecordUnavailable:
                failed += 1
                assert failed < 9

        assert set(await tiers(records, *range(1, 9))) == {"specialist"}


async def owed(records: Records) -> tuple[Nudge, ...]:
    """Every nudge owed now."""
    return await records.upkeep.owed_nudges(older_than_seconds=0, limit=99)


async def test_ticket_that_the_database_refuses_leaves_the_batch_untouched(
    record_url: str, story_clock: StoryClock
) -> None:
    """Each ticket of a batch has a savepoint of its own: what is refused of one is rolled back, and it is stuck."""
    async with await connect(record_url, story_clock, judge=RefusedJudge("t-0002")) as records:
        await opened(records, 1, 2, 3)
        before = await records.queries.ticket("t-0002")
        story_clock.pass_(timedelta(minutes=20))

        rescue = await records.upkeep.rescue_late(grace_seconds=1, limit=9)

        assert (rescue.settled, rescue.stuck) == (2, 1)
        assert await tiers(records, 1, 3) == ["specialist", "specialist"]
        assert await records.queries.ticket("t-0002") == before
        assert await Outsider(record_url).run("SELECT stuck_type FROM tickets WHERE ticket_id = 't-0002'") == [
            ("RecordFailed",)
        ]


async def test_ticket_that_somebody_holds_is_passed_by(postgresql_url: str, story_clock: StoryClock) -> None:
    """The keeper waits for nobody: a ticket in another's hands is being settled already."""
    async with await connect(postgresql_url, story_clock) as records:
        await opened(records, 1, 2)
        story_clock.pass_(timedelta(minutes=20))

        async with Outsider(postgresql_url).holding("t-0001"):
            assert (await records.upkeep.rescue_late(grace_seconds=1, limit=9)).settled == 1

        assert await tiers(records, 1, 2) == ["desk", "specialist"]


async def test_keepers_and_workflows_meet_a_storm_together(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """4.7: a storm of deadlines is met from all sides at once, and each clock run breaches once."""
    count = 2 * late.SQLITE_BATCH + 5
    await opened(records, *range(1, count + 1))
    story_clock.pass_(timedelta(minutes=20))

    async with await connect(record_url, story_clock) as other:
        await asyncio.gather(
            records.upkeep.rescue_late(grace_seconds=1, limit=200),
            other.upkeep.rescue_late(grace_seconds=1, limit=200),
            *(other.record.settle_for_workflow(f"t-{number:04d}") for number in range(1, count + 1, 3)),
        )
        await records.upkeep.rescue_late(grace_seconds=1, limit=200)

    totals = (await records.queries.figures()).totals
    assert totals["clocks_breached", ("acknowledge", "desk", "normal", "home")] == count
    assert totals["escalations", ("desk", "specialist", "acknowledge_breached", "home")] == count
    assert totals["breach_lag_bucket", ("300",)] == count
    assert totals["breach_lag_microseconds", ()] == count * 300_000_000


async def test_owed_nudges_are_told_once(records: Records) -> None:
    """What was told with a plain start is noted only where nothing is known still: a settle in between knows better."""
    await opened(records, 1, 2, 3)
    told = await owed(records)
    assert [(nudge.ticket_id, nudge.is_new) for nudge in told] == [("t-0001", True), ("t-0002", True), ("t-0003", True)]
    assert await records.upkeep.owed_nudges(older_than_seconds=60, limit=9) == ()
    assert len(await records.upkeep.owed_nudges(older_than_seconds=0, limit=2)) == 2
    await records.record.settle_for_workflow("t-0002")
    resolve = Resolve(actor="kim", outcome=Outcome.WITHDRAWN, explanation="customer found the switch")
    await records.record.settle("t-0003", resolve, by=SettledBy.INTAKE)
    stale = [Nudge(ticket_id=nudge.ticket_id, wake_at=MONDAY_NOON, is_new=True, wake_in_seconds=1.0) for nudge in told]

    await records.upkeep.mark_told([])
    await records.upkeep.mark_told(stale[::-1])

    assert [nudge.is_new for nudge in await owed(records)] == []
    assert await told_at(records, "t-0001") == MONDAY_NOON
    assert await told_at(records, "t-0002") == MONDAY_NOON + ACKNOWLEDGE + A_TICK
    assert await told_at(records, "t-0003") is None


async def told_at(records: Records, ticket_id: str) -> datetime | None:
    """The wake-up that the workflow knows of."""
    return (await records.record.settle(ticket_id, by=SettledBy.INTAKE)).told_at


async def test_owed_nudges_come_in_pages(records: Records, story_clock: StoryClock) -> None:
    """Soonest first; the next page passes over the ones before."""
    await opened(records, 1, 2, 3)
    story_clock.pass_(timedelta(minutes=1))
    await opened(records, 4, 0)
    pages = [await records.upkeep.owed_nudges(older_than_seconds=0, limit=3, skip=skip) for skip in (0, 3, 6)]
    assert [sorted(nudge.ticket_id for nudge in page) for page in pages] == [
        ["t-0001", "t-0002", "t-0003"],
        ["t-0000", "t-0004"],
        [],
    ]


async def test_earlier_wake_up_is_owed_again(records: Records) -> None:
    """A workflow that knows of a later wake-up than the ticket's is to be told, and not by a plain start."""
    await opened(records, 1)
    later = Nudge(ticket_id="t-0001", wake_at=MONDAY_NOON + timedelta(hours=9), is_new=True, wake_in_seconds=1.0)
    await records.upkeep.mark_told([later])

    (nudge,) = await owed(records)

    assert (nudge.is_new, nudge.wake_at) == (False, MONDAY_NOON + ACKNOWLEDGE + A_TICK)


async def test_what_temporal_was_told_is_forgotten_in_small_steps(records: Records) -> None:
    """Architecture 4, moving: each told wake-up once, soonest first; a step that is done again finds the others."""
    await opened(records, *range(1, 4), 7, 8)
    for number in range(1, 4):
        await records.record.settle_for_workflow(f"t-{number:04d}")
    withdrawn = Resolve(actor="kim", outcome=Outcome.WITHDRAWN, explanation="customer found the switch")
    await records.record.settle("t-0003", withdrawn, by=SettledBy.INTAKE)
    assert await records.upkeep.count_told() == 2

    step = await records.upkeep.forget_told()
    assert step.tickets == 2
    assert len(await owed(records)) == 4
    await records.record.settle_for_workflow("t-0001")  # its new run; the place behind is not gone over again

    assert await records.upkeep.forget_told(after=step.last) == Forgotten(tickets=0, last=None)
    assert await records.upkeep.count_told() == 1
    assert [nudge.is_new for nudge in await owed(records)] == [True] * 3


async def test_no_step_of_forgetting_is_long(records: Records) -> None:
    """Callers wait for one short transaction at most: steps go on after a place, and meet each ticket once."""
    numbers = range(1, 2 * SQLITE_STEP + 6)
    await opened(records, *numbers)
    await records.upkeep.mark_told(await owed(records))

    steps = [await records.upkeep.forget_told()]
    while steps[-1].last is not None:
        steps.append(await records.upkeep.forget_told(after=steps[-1].last))

    expected = [SQLITE_STEP, SQLITE_STEP, 5, 0] if records.database.is_sqlite else [len(numbers), 0]
    assert [step.tickets for step in steps] == expected
    assert await records.upkeep.count_told() == 0


async def test_folding_changes_no_sum(record_url: str, records: Records) -> None:
    """Totals are the same before, during and after folding, by two keepers at once too."""
    await opened(records, *range(1, 31))
    before = (await records.queries.figures()).totals

    folded = await asyncio.gather(records.upkeep.fold_totals(), records.upkeep.fold_totals())
    await opened(records, 31)

    assert sum(folded) == 30
    assert before == {("opened", ("normal", "home")): 30}
    assert (await records.queries.figures()).totals == {("opened", ("normal", "home")): 31}
    assert await Outsider(record_url).run("SELECT count(*) FROM total_deltas") == [(1,)]


async def test_sums_beyond_the_highest_number_are_read_and_folded(record_url: str, records: Records) -> None:
    """Whatever was added, nobody's scrape or fold fails of it: exact until it is folded, then it stands still."""
    outsider = Outsider(record_url)
    highest = 2**63 - 1
    for _ in range(2):
        for amount in (highest, 5, highest):
            await outsider.run(
                f"INSERT INTO total_deltas (name, labels, amount) VALUES ('opened', '[\"normal\",\"home\"]', {amount})"  # noqa: S608 - a test's own words
            )
        before = (await records.queries.figures()).totals["opened", ("normal", "home")]
        assert before in {2 * highest + 5, 3 * highest + 5}

        assert await records.upkeep.fold_totals() == 3

        assert (await records.queries.figures()).totals["opened", ("normal", "home")] == highest


async def test_clock_that_jumps_by_thousands_of_years_leaves_figures_readable(
    records: Records, story_clock: StoryClock
) -> None:
    """4.6: every breach is recorded and counted; the lag of each counts as a year, so that they can be added up."""
    await opened(records, *range(1, 9))
    story_clock.set(datetime(8999, 12, 1, tzinfo=UTC))

    rescue = await records.upkeep.rescue_late(grace_seconds=1, limit=9)

    assert (rescue.settled, rescue.stuck) == (8, 0)
    totals = (await records.queries.figures()).totals
    seen = sum(amount for (name, _), amount in totals.items() if name == "breach_lag_bucket")
    assert totals["breach_lag_bucket", ("+Inf",)] == seen > 8
    assert totals["breach_lag_microseconds", ()] == seen * 366 * 24 * 3600 * 1_000_000
    await records.upkeep.fold_totals()
    assert (await records.queries.figures()).totals == totals


async def test_fold_passes_by_what_another_folds(postgresql_url: str, story_clock: StoryClock) -> None:
    """Two keepers fold at once and neither waits: what is in the other's hand is the other's."""
    async with await connect(postgresql_url, story_clock) as one, await connect(postgresql_url, story_clock) as other:
        await opened(one, *range(1, 6))
        async with other.database.begin() as connection:
            await connection.execute(text("SELECT 1 FROM total_deltas ORDER BY delta_id LIMIT 2 FOR UPDATE"))

            assert await one.upkeep.fold_totals() == 3

        assert await one.upkeep.fold_totals() == 2
        assert (await one.queries.figures()).totals == {("opened", ("normal", "home")): 5}


async def test_two_folds_raise_totals_in_one_order(postgresql_url: str, story_clock: StoryClock) -> None:
    """By name, whatever the order in which they were counted: each may wait for the other, never both."""
    names = [f"total_{number:02}" for number in range(40)]
    mixed = sorted(names, key=lambda name: name[::-1])
    counted = ", ".join(f"('{name}', '[]', 1)" for name in mixed)
    outsider = Outsider(postgresql_url)
    async with (
        await connect(postgresql_url, story_clock, timeouts=UNHURRIED) as one,
        await connect(postgresql_url, story_clock, timeouts=UNHURRIED) as other,
    ):
        for table in ("totals", "total_deltas"):
            await outsider.run(f"INSERT INTO {table} (name, labels, amount) VALUES {counted}")  # noqa: S608 - a test's own words
        async with other.database.begin() as connection:
            await connection.execute(text(f"SELECT 1 FROM totals WHERE name = '{names[20]}' FOR UPDATE"))  # noqa: S608 - a test's own words
            folding = asyncio.create_task(one.upkeep.fold_totals())
            await outsider.until_somebody_waits()

            free = await outsider.run("SELECT name FROM totals ORDER BY name FOR UPDATE SKIP LOCKED")

        assert free == [(name,) for name in names[21:]]
        assert await folding == len(names)


async def test_totals_equal_a_count_of_the_log(records: Records, story_clock: StoryClock) -> None:
    """Every figure is what counting the log by hand gives: nothing doubles, nothing is lost."""
    fixed = Resolve(actor="kim", outcome=Outcome.FIXED, explanation="port reset")
    reopen = Reopen(actor="kim", reason="line is dead again")
    asked: list[tuple[int, Command]] = [
        (1, an_acknowledgement()),
        (1, fixed),
        (1, Reject(actor="customer", reason="still dead")),
        (1, an_acknowledgement(tier="specialist")),
        (2, an_acknowledgement()),
        (2, Transfer(actor="kim", to_tier="specialist", reason="needs line tools")),
        (2, Transfer(actor="kim", to_tier="desk", reason="customer wants a call")),
        (3, Resolve(actor="kim", outcome=Outcome.WITHDRAWN, explanation="customer found the switch")),
        (5, an_acknowledgement()),
        (5, fixed),
        (5, Confirm(actor="customer")),
        (5, reopen),
    ]
    await opened(records, 1, 2, 3, 4, 5)
    for number, command in asked:
        story_clock.pass_(timedelta(seconds=30))
        settled = await records.record.settle(f"t-{number:04d}", command, by=SettledBy.INTAKE)
        assert settled.refusal is None, command
    story_clock.pass_(timedelta(hours=40))
    await records.upkeep.rescue_late(grace_seconds=0, limit=9)

    counted: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for number in range(1, 6):
        counted += counted_by_hand(await records.queries.entries(f"t-{number:04d}"))
    totals = (await records.queries.figures()).totals

    kept_beside = {"breach_lag_bucket", "breach_lag_microseconds", "rescued", "time_to_bucket", "time_to_microseconds"}
    assert {key: amount for key, amount in totals.items() if key[0] not in kept_beside} == counted
    assert {name for name, _ in counted} >= {"closed", "clocks_reinstated", "exhaustions", "ping_pongs", "reopened"}
    breaches = sum(amount for (name, _), amount in counted.items() if name == "clocks_breached")
    assert sum(amount for (name, _), amount in totals.items() if name == "breach_lag_bucket") <= breaches
    timed: Counter[tuple[str, ...]] = Counter()
    for (name, labels), amount in totals.items():
        if name == "time_to_bucket":
            timed[labels[:-1]] += amount
    verdicts: Counter[tuple[str, ...]] = Counter()
    for (name, labels), amount in counted.items():
        if name in {"clocks_met", "clocks_breached"} and labels[0] != "promise":  # it has an instant, and no length
            verdicts[labels] += amount
    assert timed == verdicts


def counted_by_hand(entries: Sequence[Entry]) -> Counter[tuple[str, tuple[str, ...]]]:
    """Count a log as a reader would; every ticket here is normal and home's."""
    names = {
        ClockMet: "clocks_met",
        ClockBreached: "clocks_breached",
        ClockCancelled: "clocks_cancelled",
        ClockReinstated: "clocks_reinstated",
    }
    once = {
        Opened: ("opened", ("normal", "home")),
        Reopened: ("reopened", ("normal", "home")),
        Rejected: ("rejected", ("home",)),
    }
    counted: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for event in (entry.event for entry in entries):
        if type(event) in once:
            counted[once[type(event)]] += 1
        elif isinstance(event, Closed):
            counted["closed", (str(event.outcome), "normal", "home")] += 1
        elif isinstance(event, ClockMet | ClockBreached | ClockCancelled | ClockReinstated):
            count = event.count if isinstance(event, ClockBreached) else 1
            counted[names[type(event)], (str(event.target), event.held_by, "normal", "home")] += count
        elif isinstance(event, LadderExhausted) and not event.is_repeat:
            counted["exhaustions", (event.tier, str(event.causes[0]), "home")] += 1
        elif isinstance(event, Escalated):
            counted["escalations", (event.from_tier, event.to_tier, str(event.causes[0]), "home")] += 1
        elif isinstance(event, Transferred):
            counted["transfers", (event.from_tier, event.to_tier, "home")] += 1
        if isinstance(event, Escalated | Transferred) and event.is_ping_pong:
            counted["ping_pongs", (event.to_tier, "home")] += 1
    return counted + promises_counted_by_hand(entries)


def promises_counted_by_hand(entries: Sequence[Entry]) -> Counter[tuple[str, tuple[str, ...]]]:
    """Each as it ends, by the tier that has the ticket then; another in its place ends it too."""
    counted: Counter[tuple[str, tuple[str, ...]]] = Counter()
    tier = ""
    for event in (entry.event for entry in entries):
        if isinstance(event, Opened | Escalated | Transferred):
            tier = event.tier if isinstance(event, Opened) else event.to_tier
        promised = ("promise", tier, "normal", "home")
        if isinstance(event, PromiseBroken):
            counted["clocks_breached", promised] += 1
        elif isinstance(event, PromiseKept):
            counted["clocks_met", promised] += 1
        elif isinstance(event, PromiseCancelled) or (isinstance(event, PromiseMade) and event.replaces):
            counted["clocks_cancelled", promised] += 1
    return counted


async def test_replies_are_forgotten_when_they_are_old(record_url: str, records: Records) -> None:
    """5.5: an answer is remembered for as long as is asked for, in real time, and forgotten in batches."""
    for number in range(1, 4):
        await records.record.open_ticket(
            a_policy(), an_opening(number), request=a_request(f"r-{number}"), encode=answer
        )
    month = timedelta(days=30)

    assert await records.upkeep.purge_replies(older_than=month, limit=9) == 0
    assert await records.upkeep.purge_replies(older_than=timedelta(0), limit=2) == 2
    assert await Outsider(record_url).run("SELECT count(*) FROM replies") == [(1,)]


async def test_figures_of_what_is_open_and_overdue(records: Records, story_clock: StoryClock) -> None:
    """What nobody settled shows: the open, the overdue, the oldest deadline, the backlog, the debts."""
    await opened(records, 1, 2)
    resolve = Resolve(actor="kim", outcome=Outcome.WITHDRAWN, explanation="customer found the switch")
    await records.record.settle("t-0002", resolve, by=SettledBy.INTAKE)
    story_clock.pass_(timedelta(minutes=20))

    figures = await records.queries.figures()

    assert figures.instant == MONDAY_NOON + timedelta(minutes=20)
    assert figures.open_tickets == {("home", "desk", "normal", "open"): 1}
    assert figures.overdue_tickets == {("home", "desk", "normal"): 1}
    assert figures.next_deadline_at == MONDAY_NOON + ACKNOWLEDGE
    assert figures.next_wake_at == MONDAY_NOON + ACKNOWLEDGE + A_TICK
    assert (figures.late_tickets, figures.stuck_tickets, figures.owed_nudges) == (1, 0, 1)
    assert figures.pending_messages > 0


@pytest.mark.parametrize("index", ["late", "owed", "open", "handler", "status"])
async def test_questions_have_their_index(sqlite_url: str, index: str) -> None:
    """No scan of open tickets anywhere: the very condition that is asked for is the index's own."""
    asked = {
        "late": "wake_at <= '2026-11-23T12:00:00.000000Z' ORDER BY wake_at",
        "owed": f"{OWED.text} ORDER BY wake_at",
        "open": f"{NOT_CLOSED.text} GROUP BY queue, tier, priority, status",
        "handler": "handler = 'kim' ORDER BY ticket_id",
        "status": "status = 'open' ORDER BY ticket_id",
    }
    plan = await Outsider(sqlite_url).run(f"EXPLAIN QUERY PLAN SELECT ticket_id FROM tickets WHERE {asked[index]}")  # noqa: S608 - a test's own words

    assert f"ix_tickets_{index}" in str(plan)
    assert "TEMP B-TREE" not in str(plan)


async def test_two_totals_in_opposite_orders_do_not_wait_for_each_other(
    postgresql_url: str, story_clock: StoryClock
) -> None:
    """Totals are inserted, never raised in settles: no deadlock, and a fold in between takes what is committed only.

    SQLite has one writer, so no two settles ever hold anything at once there.
    """
    totals = [deltas_of(name) for name in ("opened", "closed")]
    async with await connect(postgresql_url, story_clock) as one, await connect(postgresql_url, story_clock) as other:
        await opened(one, 1, 2)
        await one.upkeep.fold_totals()
        before = (await one.queries.figures()).totals

        async with writing(one) as first, writing(other) as second:
            assert await first.hold("t-0001", None) is not None
            assert await second.hold("t-0002", None) is not None
            await first.write(totals[0])
            await second.write(totals[1])
            assert await one.upkeep.fold_totals() == 0
            await first.write(totals[1])
            await second.write(totals[0])
        assert await other.upkeep.fold_totals() == 4

        after = (await one.queries.figures()).totals
    assert Counter(after) - Counter(before) == Counter({("opened", ("x",)): 2, ("closed", ("x",)): 2})


def deltas_of(name: str) -> Rows:
    """One more of a total."""
    return Rows(deltas=(DeltaColumns(name, '["x"]', 1),))


def writing(records: Records) -> AbstractAsyncContextManager[Settling]:
    """A transaction, as a settle's."""
    return PostgresqlStatements(records.database).settling()
