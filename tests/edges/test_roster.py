"""The roster's process: asks at a steady pace, whatever the roster does, and has the record keep what changed (4.9)."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.records import Duty, Moment, OnDuty, Records, RecordUnavailable, connect
from services.roster.watch import RosterWatch
from tests.policies.example import EXAMPLE
from tests.support.clock import StoryClock
from tests.support.policy_files import PATIENT, PolicyFiles, held, named, reloaded
from tests.support.processes import ended, environment, page, running
from tests.support.record import Outsider
from tests.support.waiting import until

NOON = Moment(real_at=datetime(2026, 11, 23, 12, 0, tzinfo=UTC), instant=datetime(2031, 1, 6, 12, 0, tzinfo=UTC))
GARDENER = ("gardening", "gardener")
BY_HOUR = "def roster(tier, at):\n    return ('ana', 'ben') if at.hour < 17 else ()\n"
RAISING = "def roster(tier, at):\n    raise KeyError('Canary-4711')\n"


class FakeRecord:
    """Keeps what it is told; away for as many rounds as it is told to be."""

    def __init__(self, *, away_for: int = 0) -> None:
        self.told: list[tuple[list[OnDuty], list[Duty]]] = []
        self.away_for = away_for

    async def moment(self) -> Moment:
        """Noon."""
        if self.away_for:
            self.away_for -= 1
            raise RecordUnavailable("the record did not answer: try again")
        return NOON

    async def keep(self, answers: Sequence[OnDuty], asked: Sequence[Duty], moment: Moment) -> int:
        """Keep all of it."""
        assert moment == NOON
        self.told.append((list(answers), list(asked)))
        return len(answers)


@pytest.fixture
def files(tmp_path: Path) -> PolicyFiles:
    """A folder with one policy that has a roster, and one that has none."""
    files = PolicyFiles(folder=tmp_path / "policies")
    files.folder.mkdir()
    files.write("garden.py", EXAMPLE, BY_HOUR)
    files.write("craft.py", named("craft", "shop"))
    return files


async def watched(watch: RosterWatch, is_enough: Callable[[], bool]) -> None:
    """Watch until there is enough."""
    watching = asyncio.create_task(watch.run())
    await until(is_enough)
    watch.stop()
    await watching


async def test_every_tier_of_every_policy_with_a_roster_is_asked_about_the_records_instant(files: PolicyFiles) -> None:
    """By the record's clock, not the world's; who has no roster is not asked."""
    record = FakeRecord()
    async with held(files) as policies:
        watch = RosterWatch(policies, record, every_seconds=0.01)
        await watched(watch, lambda: len(record.told) > 1)
    assert record.told[0] == ([OnDuty(policy="gardening", tier="gardener", names=("ana", "ben"))], [GARDENER])
    assert (watch.counts.on_duty, watch.counts.changes >= 2) == ({GARDENER: 2}, True)
    assert watch.counts.answered_at.keys() == {GARDENER}


async def test_a_roster_that_fails_is_asked_on_and_told_once(
    files: PolicyFiles, caplog: pytest.LogCaptureFixture
) -> None:
    """4.9: its last answer stays, which is all that the record hears; the log has one line until it answers again."""
    record = FakeRecord()
    async with held(files) as policies:
        watch = RosterWatch(policies, record, every_seconds=0.01)
        await watched(watch, lambda: len(record.told) > 1)
        answered_at = watch.counts.answered_at[GARDENER]
        files.write("garden.py", EXAMPLE, RAISING)
        await reloaded(policies)
        again = RosterWatch(policies, record, every_seconds=0.01)
        again.counts.answered_at[GARDENER] = answered_at
        record.told.clear()
        with caplog.at_level(logging.INFO):
            await watched(again, lambda: len(record.told) > 3)
            assert all(told == ([], [GARDENER]) for told in record.told)
            assert again.counts.answered_at[GARDENER] == answered_at
            files.write("garden.py", EXAMPLE, BY_HOUR)
            await reloaded(policies)
            await watched(again_from(again, policies, record), lambda: record.told[-1][0] != [])
    assert caplog.messages.count("roster failed, its last answer stays") == 1
    assert caplog.messages.count("roster answers again") == 1
    assert "Canary-4711" not in str([vars(each) for each in caplog.records])


def again_from(before: RosterWatch, policies: object, record: FakeRecord) -> RosterWatch:
    """Watch once more: one that was stopped does not go on."""
    watch = RosterWatch(policies, record, every_seconds=0.01)  # type: ignore[arg-type]  # the held ones
    watch.counts = before.counts
    return watch


async def test_one_tier_that_is_late_keeps_no_other_from_answering(tmp_path: Path) -> None:
    """A roster that loops for one policy is given up there; the other's answer is kept."""
    files = PolicyFiles(folder=tmp_path)
    files.write("garden.py", EXAMPLE, "def roster(tier, at):\n    while True: pass\n")
    files.write("craft.py", named("craft", "shop"), "def roster(tier, at):\n    return ['cy']\n")
    record = FakeRecord()
    async with held(files, replace(PATIENT, roster_seconds=1.5)) as policies:
        watch = RosterWatch(policies, record, every_seconds=0.01)
        await watched(watch, lambda: any(answers for answers, _ in record.told))
    answers, asked = next(told for told in record.told if told[0])
    assert [each.duty for each in answers] == [("craft", "gardener")]
    assert sorted(asked) == [("craft", "gardener"), GARDENER]


async def test_a_record_that_is_away_ends_nothing(files: PolicyFiles, caplog: pytest.LogCaptureFixture) -> None:
    """The round came to nothing, which is counted and told; the next one finds the record."""
    record = FakeRecord(away_for=2)
    async with held(files) as policies:
        watch = RosterWatch(policies, record, every_seconds=0.01)
        await watched(watch, lambda: len(record.told) > 0)
    assert watch.counts.failed_rounds == 2
    assert watch.counts.rounds >= 3
    assert caplog.messages.count("round of the rosters failed") == 2


async def test_what_is_asked_no_more_is_forgotten(files: PolicyFiles) -> None:
    """An edit that takes the roster away: no series of it stays, and nobody is alarmed by its silence."""
    record = FakeRecord()
    async with held(files) as policies:
        watch = RosterWatch(policies, record, every_seconds=0.01)
        await watched(watch, lambda: len(record.told) > 0)
        files.write("garden.py", EXAMPLE)
        await reloaded(policies)
        gone = again_from(watch, policies, record)
        await watched(gone, lambda: record.told[-1][1] == [])
    assert (gone.counts.answered_at, gone.counts.on_duty) == ({}, {})


async def test_two_watches_keep_each_answer_once(
    files: PolicyFiles, records: Records, record_url: str, story_clock: StoryClock
) -> None:
    """Several roster processes at once: no doubled answers; the evening comes, and nobody is there."""
    async with await connect(record_url, story_clock) as others, held(files) as policies, held(files) as more:
        watches = [
            RosterWatch(policies, records.rosters, every_seconds=0.01),
            RosterWatch(more, others.rosters, every_seconds=0.01),
        ]
        running_ = [asyncio.create_task(watch.run()) for watch in watches]
        await until(lambda: all(watch.counts.rounds > 3 for watch in watches))
        story_clock.at = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
        seen = [watch.counts.rounds for watch in watches]
        await until(lambda: all(watch.counts.rounds > before + 3 for watch, before in zip(watches, seen, strict=True)))
        for watch in watches:
            watch.stop()
        await asyncio.gather(*running_)
    kept = await Outsider(record_url).run("SELECT on_duty, replaced_at IS NULL FROM roster_answers ORDER BY at")
    assert [(names, bool(stands)) for names, stands in kept] == [('["ana","ben"]', False), ("[]", True)]
    assert sum(watch.counts.changes for watch in watches) == 2
    assert sum(watch.counts.failed_rounds for watch in watches) == 0


async def test_its_process_has_a_page_and_goes_on_by_an_edited_file(tmp_path: Path) -> None:
    """`followthrough roster`: who is on duty is in the record and on the page; a slip is told and changes neither."""
    files = PolicyFiles(folder=tmp_path / "policies")
    files.folder.mkdir()
    files.write("garden.py", EXAMPLE, "def roster(tier, at):\n    return ('ana',)\n")
    url = f"sqlite:///{tmp_path}/record.sqlite3"
    pace = {"POLICIES_WATCH_SECONDS": "0.1", "ROSTER_EVERY_SECONDS": "0.1", "POLICIES_LOAD_SECONDS": "60"}
    env = environment(tmp_path, DATABASE_URL=url, POLICIES=str(files.folder), ROSTER_SECONDS="60", **pace)
    assert (await ended("migrate", env=env)).code == 0
    async with running("roster", env=env) as roster:
        address = (await roster.log(r"metrics are served  part=roster address=(\S+)")).group(1)
        await roster.log(r"who is on duty has changed  tiers=1")
        assert 'followthrough_roster_on_duty{policy="gardening",tier="gardener"} 1.0' in await page(address)
        files.write("garden.py", EXAMPLE, RAISING)
        told = await roster.log(r"roster failed, its last answer stays  .*")
        assert f"KeyError at {files.folder}/garden.py:" in told.group(0)
        text = await page(address)
        assert 'followthrough_roster_on_duty{policy="gardening",tier="gardener"} 1.0' in text
        assert 'followthrough_roster_failures_total{reason="raised"} 0.0' not in text
        files.write("garden.py", EXAMPLE, "def roster(tier, at):\n    return ()\n")
        await roster.log(r"roster answers again")
        await roster.log(r"who is on duty has changed  tiers=1")
        assert await roster.stop() == 0
    kept = await Outsider(url).run("SELECT on_duty, is_reachable FROM roster_answers ORDER BY at")
    assert kept == [('["ana"]', 1), ("[]", 0)]


TWO_TIERS = EXAMPLE.replace(
    "        ),\n    ),\n    lead",
    """        ),
        Tier(
            name="neighbour",
            calendar=desk,
            targets={"normal": Targets(acknowledge=minutes(30), update_every=hours(2), resolve=hours(4))},
        ),
    ),
    lead""",
)


async def test_a_ticket_of_the_whole_system_passes_an_empty_tier_by(tmp_path: Path) -> None:
    """4.5, 4.9: as processes: nobody is in the garden, says the roster, and whoever calls is sent to the neighbour."""
    files = PolicyFiles(folder=tmp_path / "policies")
    files.folder.mkdir()
    files.write("garden.py", TWO_TIERS, "def roster(tier, at):\n    return () if tier == 'gardener' else ('cy',)\n")
    url = f"sqlite:///{tmp_path}/record.sqlite3"
    env = environment(
        tmp_path, DATABASE_URL=url, POLICIES=str(files.folder), ROSTER_SECONDS="60", POLICIES_LOAD_SECONDS="60"
    )
    assert (await ended("migrate", env=env)).code == 0
    async with running("roster", env=env) as roster, running("intake", env=env) as intake:
        await roster.log(r"who is on duty has changed  tiers=2")
        server = (await intake.log(r"intake answers  address=(\S+)")).group(1)
        words = ("--queue", "garden", "--priority", "normal", "--customer", "C-1", "--name", "Ada", "--subject", "Moss")
        opened = await ended("ticket", "open", *words, "--server", server, "--json", env=env)
        assert opened.code == 0, opened.err
        assert json.loads(opened.out)["tier"] == "neighbour"
        assert await intake.stop() == 0
        assert await roster.stop() == 0
    events = await Outsider(url).run("SELECT body FROM events WHERE kind = 'tier_skipped'")
    assert events == [('{"tier":"gardener","why":"empty"}',)]
