"""What the rosters answered, on both databases: kept once, whoever heard it, and as it reached each ticket."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.records import Duty, Moment, OnDuty, Records, SettledBy, TicketStuck, connect
from services.records.state_versions import version_of
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.derived import require_derived
from tests.support.policies import ladder, row
from tests.support.record import Outsider, PoisonJudge, an_opening
from workflows.domain.ticket.commands import AddNote, Escalate
from workflows.domain.ticket.events import Escalated, TierSkipped
from workflows.domain.ticket.roster import RosterAnswer

HOURLY = ladder(agent=row(acknowledge=1), specialist=row(acknowledge=1), supplier=row(acknowledge=1))
NAME = HOURLY.name
SPECIALIST = (NAME, "specialist")
KEPT = """
SELECT tier, on_duty, is_reachable, replaced_at IS NULL FROM roster_answers WHERE policy = 'made-up' ORDER BY tier, at
"""
NOBODY: tuple[str, ...] = ()


async def say(records: Records, tier: str, names: tuple[str, ...] | None, moment: Moment | None = None) -> int:
    """The roster says who is on duty in a tier, or that it is no roster any more."""
    asked = [(NAME, tier)] if names is not None else []
    answers = [OnDuty(policy=NAME, tier=tier, names=names)] if names is not None else []
    return await records.rosters.keep(answers, asked, moment or await records.rosters.moment())


async def kept(url: str) -> list[tuple[str, str | None, bool, bool]]:
    """Every answer that is in the record."""
    found = await Outsider(url).run(KEPT)
    return [(tier, on_duty, bool(reachable), bool(stands)) for tier, on_duty, reachable, stands in found]


async def test_an_answer_is_kept_when_it_is_another(records: Records, record_url: str, story_clock: StoryClock) -> None:
    """Appended only when the answer changes; in which order people are named is no change."""
    assert await say(records, "specialist", ("cleo", "dee")) == 1
    assert await say(records, "specialist", ("dee", "cleo")) == 0
    story_clock.pass_(timedelta(hours=1))
    assert await say(records, "specialist", NOBODY) == 1
    assert await say(records, "specialist", NOBODY) == 0
    assert await kept(record_url) == [
        ("specialist", '["cleo","dee"]', True, False),
        ("specialist", "[]", False, True),
    ]
    standing = (await records.rosters.standing())[SPECIALIST]
    assert (standing.at, standing.names) == (MONDAY_NOON + timedelta(hours=1), ())


async def test_two_processes_that_hear_the_same_keep_it_once(
    records: Records, record_url: str, story_clock: StoryClock
) -> None:
    """Several roster processes at once: no doubled answers, whoever is first."""
    async with await connect(record_url, story_clock) as others:
        both = [records, others] * 4
        assert sum(await asyncio.gather(*(say(each, "agent", ("ann",)) for each in both))) == 1
        assert sum(await asyncio.gather(*(say(each, "agent", NOBODY) for each in both))) == 1
    assert await kept(record_url) == [("agent", '["ann"]', True, False), ("agent", "[]", False, True)]


async def test_who_was_asked_before_another_says_nothing_new(records: Records, record_url: str) -> None:
    """A roster that took its time is overtaken: the answer to the later question stands."""
    before = await records.rosters.moment()
    assert await say(records, "agent", NOBODY) == 1
    assert await say(records, "agent", ("ann",), before) == 0
    an_hour_back = Moment(real_at=before.real_at - timedelta(hours=1), instant=before.instant)
    assert await say(records, "agent", ("ann",), an_hour_back) == 1  # the clock was set back
    assert [on_duty for _, on_duty, _, _ in await kept(record_url)] == ["[]", '["ann"]']


async def test_a_roster_that_was_taken_away_leaves_its_tiers_reachable(records: Records, record_url: str) -> None:
    """4.9: what nobody asks about for ten minutes is withdrawn; a roster that is asked and fails keeps its answer."""
    now = await records.rosters.moment()
    later = Moment(real_at=now.real_at + timedelta(minutes=11), instant=now.instant)
    assert await say(records, "specialist", NOBODY) == 1
    assert await records.rosters.keep([], [SPECIALIST], later) == 0  # it fails
    assert await records.rosters.keep([], [], later) == 0
    assert [reachable for _, _, reachable, _ in await kept(record_url)] == [False]
    much_later = Moment(real_at=later.real_at + timedelta(minutes=11), instant=now.instant)
    assert await records.rosters.keep([], [], much_later) == 1
    assert await records.rosters.keep([], [], much_later) == 0
    assert await kept(record_url) == [("specialist", "[]", False, False), ("specialist", None, True, True)]
    await records.record.open_ticket(HOURLY, an_opening())


async def test_without_any_roster_nothing_is_written(records: Records, record_url: str) -> None:
    """Most desks have none: a round of their roster process reads, and that is all."""
    assert await records.rosters.keep([], [], await records.rosters.moment()) == 0
    assert await kept(record_url) == []


async def test_a_ticket_keeps_what_it_learnt_beside_its_commands(records: Records, story_clock: StoryClock) -> None:
    """5.3: answers are inputs as commands are, numbered with them, at the instant at which they reached the ticket."""
    await records.record.open_ticket(HOURLY, an_opening())
    await say(records, "specialist", NOBODY)
    story_clock.pass_(timedelta(minutes=10))
    await records.record.settle("t-0001", by=SettledBy.KEEPER)  # finds nothing, learns nothing
    assert [each.number for each in await records.queries.inputs("t-0001")] == [1]
    note = AddNote(actor="kim", text="looked at it")
    await records.record.settle("t-0001", note, by=SettledBy.INTAKE)
    at = story_clock.at
    inputs = await records.queries.inputs("t-0001")
    answer = RosterAnswer(tier="specialist", at=MONDAY_NOON, is_reachable=False)
    assert [(each.number, each.at, each.command) for each in inputs[1:]] == [(2, at, note), (3, at, answer)]
    assert (await records.queries.ticket("t-0001")).roster == (answer,)
    story_clock.pass_(timedelta(minutes=1))
    await records.record.settle("t-0001", note, by=SettledBy.INTAKE)
    assert len(await records.queries.inputs("t-0001")) == 4  # the note, and nothing that it knows already


async def test_state_that_knows_of_promises_is_left_to_releases_that_do(
    records: Records, record_url: str, story_clock: StoryClock
) -> None:
    """Rolling deploys: an older release would forget them; one that knows of the roster alone is older still."""
    await records.record.open_ticket(HOURLY, an_opening(1))
    await say(records, "agent", NOBODY)
    story_clock.pass_(timedelta(seconds=1))
    await records.record.open_ticket(HOURLY, an_opening(2))
    versions = await Outsider(record_url).run("SELECT state_version FROM tickets ORDER BY ticket_id")
    assert versions == [(3,), (3,)]
    ticket = await records.queries.ticket("t-0002")
    assert version_of(replace(ticket, promises=())) == 2
    assert version_of(replace(ticket, promises=(), roster=())) == 1
    assert [each.tier for each in (await records.queries.ticket("t-0002")).roster] == ["agent"]
    assert (await records.queries.ticket("t-0002")).tier == "specialist"
    assert (await records.record.validate(HOURLY, an_opening(3))).ticket.tier == "specialist"


async def test_the_keepers_batch_goes_by_the_roster_of_each_tickets_policy(
    records: Records, story_clock: StoryClock
) -> None:
    """4.5: holds for breaches, whoever finds them; another policy's tier of that name is another tier."""
    other = replace(HOURLY, name="other")
    await records.record.open_ticket(HOURLY, an_opening(1))
    await records.record.open_ticket(other, an_opening(2))
    await say(records, "specialist", NOBODY)
    story_clock.pass_(timedelta(minutes=60, seconds=10))
    assert (await records.upkeep.rescue_late(grace_seconds=0, limit=10)).settled == 2
    tiers = [(await records.queries.ticket(each)).tier for each in ("t-0001", "t-0002")]
    assert tiers == ["supplier", "specialist"]


async def test_a_settle_that_dies_learns_it_with_the_next(record_url: str, story_clock: StoryClock) -> None:
    """A crash between: nothing of what was learnt stays, and the ticket that is mended goes by it all the same."""
    judge = PoisonJudge()
    async with await connect(record_url, story_clock, judge=judge) as records:
        await records.record.open_ticket(HOURLY, an_opening())
        await say(records, "specialist", NOBODY)
        judge.poisoned.add("t-0001")
        story_clock.pass_(timedelta(minutes=60, seconds=10))
        with pytest.raises(TicketStuck):
            await records.record.settle_for_workflow("t-0001")
        assert len(await records.queries.inputs("t-0001")) == 1
        judge.poisoned.clear()
        await records.record.settle_for_workflow("t-0001")
        assert (await records.queries.ticket("t-0001")).tier == "supplier"
        assert len(await records.queries.inputs("t-0001")) == 2


async def test_answers_that_race_settles_leave_logs_that_can_be_derived(
    records: Records, story_clock: StoryClock
) -> None:
    """5.3: whatever reached a ticket in whatever order is what its log is derived from."""
    numbers = range(1, 9)
    for number in numbers:
        await records.record.open_ticket(HOURLY, an_opening(number))

    async def flip() -> None:
        for turn in range(12):
            await say(records, "specialist", ("cleo",) if turn % 2 else NOBODY)
            story_clock.pass_(timedelta(seconds=7))

    async def work(number: int) -> None:
        ticket_id = f"t-{number:04d}"
        for _ in range(4):
            await records.record.settle(ticket_id, AddNote(actor="kim", text="still at it"), by=SettledBy.INTAKE)
        escalate = Escalate(actor="kim", from_tier="agent", reason="beyond us")
        await records.record.settle(ticket_id, escalate, by=SettledBy.INTAKE)

    await asyncio.gather(flip(), *map(work, numbers))
    for number in numbers:
        ticket_id = f"t-{number:04d}"
        await require_derived(records, ticket_id)
        entries = await records.queries.entries(ticket_id)
        skipped = [entry for entry in entries if isinstance(entry.event, TierSkipped)]
        [escalated] = [entry.event for entry in entries if isinstance(entry.event, Escalated)]
        assert escalated.to_tier == ("supplier" if skipped else "specialist")


async def test_of_a_long_history_a_ticket_is_told_what_stands(
    records: Records, record_url: str, story_clock: StoryClock
) -> None:
    """What was replaced long ago cannot be the last answer before an instant that is judged now."""
    outsider = Outsider(record_url)
    start = datetime(2025, 11, 23, tzinfo=UTC)

    def instant(minutes: int) -> str:
        return f"{start + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%S.%fZ}"

    rows = ", ".join(
        f"('made-up', 'specialist', '{instant(each)}', {'false' if each % 2 else 'true'}, '[]', '{instant(each)}', "
        f"'{instant(each + 1)}')"
        for each in range(500)
    )
    await outsider.run(f"INSERT INTO roster_answers VALUES {rows}")  # noqa: S608 - instants of our own
    await say(records, "specialist", NOBODY)
    story_clock.pass_(timedelta(seconds=1))
    await records.record.open_ticket(HOURLY, an_opening())
    assert len(await records.queries.inputs("t-0001")) == 2


def test_who_is_on_duty_says_whether_somebody_is() -> None:
    """Nobody is an answer, and no roster is not "nobody"."""
    duty: Duty = ("made-up", "agent")
    said = [OnDuty(policy=duty[0], tier=duty[1], names=names) for names in (("ann",), (), None)]
    assert [each.is_reachable for each in said] == [True, False, True]
    assert said[0].duty == duty
