"""Announcements by a real Temporal on both databases: carried to their end whatever dies, each customer told once."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowFailureError

from services.announcement_runs import AnnouncementRuns, workflow_id
from services.keeper.announcements import AnnouncementsOwed
from services.problems.announcer import PacedAnnouncer
from services.records import Records, SettledBy
from services.records.errors import RecordUnavailable
from services.records.problem_facts import AnnouncementKind, AnnouncementState
from services.temporal import TemporalAway
from tests.support.announcing import (
    announced,
    announcing,
    personal_in_history,
    queue_of,
    require_told_once,
    told_of,
    until_ended,
)
from tests.support.engine import CANARY, Engine
from tests.support.problems import of_announcement, the_request
from tests.support.record import Outsider
from tests.support.temporal import events_of, until_events, until_gone
from tests.support.waiting import PATIENCE_SECONDS
from workflows.domain.ticket.commands import Reject
from workflows.domain.ticket.words import Status
from workflows.messages import AnnounceResult

ROOT = Path(__file__).parents[2]


@pytest.fixture
def runs(client: Client, task_queue: str) -> AnnouncementRuns:
    """Give what has announcements carried out on this test's queue."""
    return AnnouncementRuns(client, task_queue=queue_of(task_queue))


@pytest.fixture
def url(engine: Engine) -> str:
    """Give the database that the engine works on."""
    return engine.records.database.engine.url.render_as_string(hide_password=False)


async def test_a_worker_killed_half_way_tells_nobody_twice(  # noqa: PLR0917 - fixtures
    engine: Engine,
    client: Client,
    runs: AnnouncementRuns,
    temporal_address: str,
    task_queue: str,
    ticket_id: str,
    url: str,
) -> None:
    """4.7: SIGKILL between a commit and its being heard of; another worker goes on, and finds that ticket done."""
    ids = await announced(engine.records, ticket_id, tickets=12)
    await runs.carry_out(ticket_id)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.durable.doomed_announcer", temporal_address, task_queue, url, "5"), cwd=ROOT
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await process.wait() == -signal.SIGKILL
    assert await told_of(engine.records, ids) == ids[:5]

    async with announcing(client, engine.records, task_queue):
        done = await until_ended(engine.records, ticket_id)
        await until_gone(client, workflow_id(ticket_id))

    assert dict(done.outcomes) == {"told": 12}
    await require_told_once(engine.records, ids)
    messages = f"SELECT count(*) FROM outbox WHERE kind = 'update_posted' AND ticket_id LIKE '{ticket_id}-%'"  # noqa: S608 - a test's own words
    assert await Outsider(url).run(messages) == [(12,)]
    assert not await personal_in_history(client, ticket_id)


async def test_a_worker_killed_half_way_writes_nobody_two_letters(  # noqa: PLR0917 - fixtures
    engine: Engine,
    client: Client,
    runs: AnnouncementRuns,
    temporal_address: str,
    task_queue: str,
    ticket_id: str,
    url: str,
) -> None:
    """4.7: who has two tickets has one letter, also where the worker dies that wrote it and is heard of no more."""
    ids = await announced(engine.records, ticket_id, tickets=12, customers=6)
    await runs.carry_out(ticket_id)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.durable.doomed_announcer", temporal_address, task_queue, url, "3"), cwd=ROOT
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await process.wait() == -signal.SIGKILL
    assert await told_of(engine.records, ids) == [*ids[:3], *ids[6:9]]

    async with announcing(client, engine.records, task_queue):
        done = await until_ended(engine.records, ticket_id)
        await until_gone(client, workflow_id(ticket_id))

    assert dict(done.outcomes) == {"told": 12}
    await require_told_once(engine.records, ids)
    letters = f"SELECT ticket_id FROM outbox WHERE kind = 'update_posted+others' AND ticket_id LIKE '{ticket_id}-%'"  # noqa: S608 - a test's own words
    assert sorted(await Outsider(url).run(letters)) == [(each,) for each in ids[:6]]


async def test_an_announcement_goes_on_from_run_to_run(
    engine: Engine, client: Client, runs: AnnouncementRuns, task_queue: str, ticket_id: str
) -> None:
    """A history that gets long is followed by another; a stretch a ticket makes this one long."""
    ids = await announced(engine.records, ticket_id, tickets=16)
    hasty = PacedAnnouncer(engine.records.announcing, stretch_seconds=0.001)
    async with announcing(client, engine.records, task_queue, announcer=hasty):
        await runs.carry_out(ticket_id)
        first = (await client.get_workflow_handle(workflow_id(ticket_id)).describe()).run_id
        await until_ended(engine.records, ticket_id)
        await until_gone(client, workflow_id(ticket_id))
    assert (await events_of(client, workflow_id(ticket_id), first))[-1] == "WorkflowExecutionContinuedAsNew"
    await require_told_once(engine.records, ids)


async def test_the_record_away_for_a_while_is_waited_for(
    engine: Engine, client: Client, runs: AnnouncementRuns, task_queue: str, ticket_id: str
) -> None:
    """What fails is tried again from where it was heard of last, and what failed is told to Temporal as a type only."""
    ids = await announced(engine.records, ticket_id, tickets=6)
    async with announcing(client, engine.records, task_queue, announcer=AwayOnce(engine.records)):
        await runs.carry_out(ticket_id)
        await until_ended(engine.records, ticket_id)
        await until_gone(client, workflow_id(ticket_id))
    await require_told_once(engine.records, ids)
    assert not await personal_in_history(client, ticket_id)


async def test_an_announcement_that_nobody_knows_ends(
    engine: Engine, client: Client, runs: AnnouncementRuns, task_queue: str, ticket_id: str
) -> None:
    """A workflow of an announcement that the record never had, or has lost, does not try for ever."""
    async with announcing(client, engine.records, task_queue):
        await runs.carry_out(ticket_id)
        with pytest.raises(WorkflowFailureError):
            await until_gone(client, workflow_id(ticket_id))


async def test_what_was_announced_while_temporal_was_away_is_not_lost(
    engine: Engine, client: Client, runs: AnnouncementRuns, task_queue: str, ticket_id: str
) -> None:
    """The announcement is stored; the keeper has it carried out once Temporal is there, and once only."""
    ids = await announced(engine.records, ticket_id, tickets=3)
    flaky = AwayAtFirst(runs, failures=2)
    keeper = AnnouncementsOwed(engine.records.announcing, flaky)
    for _ in range(2):
        assert await keeper.sweep() == ()
        assert await told_of(engine.records, ids) == []
    async with announcing(client, engine.records, task_queue):
        await keeper.sweep()
        await until_ended(engine.records, ticket_id)
        await keeper.sweep()
    assert flaky.started == [ticket_id]
    await require_told_once(engine.records, ids)


async def test_a_resumed_announcement_is_another_run(
    engine: Engine, client: Client, runs: AnnouncementRuns, task_queue: str, ticket_id: str
) -> None:
    """One that is paused ends its run; who resumes it leaves it to the keeper, and nobody is told twice."""
    records = engine.records
    ids = await announced(records, ticket_id, tickets=4)
    keeper = AnnouncementsOwed(records.announcing, runs)

    async def let(state: AnnouncementState) -> None:
        await records.problems.let(ticket_id, state, actor="lea", request=the_request(), encode=of_announcement)

    turns = await records.announcing.turns(ticket_id, after="", limit=1)
    await records.announcing.tell(turns, turns.turns[0])
    await let(AnnouncementState.PAUSED)
    async with announcing(client, records, task_queue):
        await runs.carry_out(ticket_id)  # as if it had been paused a moment later
        await until_gone(client, workflow_id(ticket_id))
        assert await told_of(records, ids) == ids[:1]
        await let(AnnouncementState.RUNNING)
        await keeper.sweep()
        await until_ended(records, ticket_id)
    await require_told_once(records, ids)


async def test_a_fix_is_announced_and_one_customer_rejects_it(
    engine: Engine, client: Client, runs: AnnouncementRuns, task_queue: str, ticket_id: str
) -> None:
    """6.8: every ticket asks for sign-off; reopening one reopens only that one."""
    ids = await announced(engine.records, ticket_id, tickets=3, kind=AnnouncementKind.FIX)
    async with announcing(client, engine.records, task_queue):
        await runs.carry_out(ticket_id)
        await until_ended(engine.records, ticket_id)
    reject = Reject(actor=CANARY, reason=CANARY)
    await engine.records.record.settle(ids[1], reject, by=SettledBy.INTAKE)
    statuses = [(await engine.records.queries.ticket(each)).status for each in ids]
    assert statuses == [Status.RESOLVED, Status.OPEN, Status.RESOLVED]


async def test_an_announcement_is_readable_in_temporals_own_pages(
    engine: Engine, client: Client, runs: AnnouncementRuns, task_queue: str, ticket_id: str
) -> None:
    """Who looks at the workflow there sees activities only: no timer, no signal, nothing to get stuck in."""
    await announced(engine.records, ticket_id, tickets=1)
    async with announcing(client, engine.records, task_queue):
        await runs.carry_out(ticket_id)
        seen = await until_events(client, workflow_id(ticket_id), WorkflowExecutionCompleted=1)
    assert {"ActivityTaskScheduled", "ActivityTaskCompleted"} <= set(seen)
    assert not {kind for kind in seen if kind.startswith("Timer")}


class AwayOnce:
    """Tells half of the tickets, fails with a customer's name, then goes on."""

    def __init__(self, records: Records) -> None:
        self._paced = PacedAnnouncer(records.announcing)
        self._has_failed = False

    async def announce(self, announcement_id: str, after: str, go_on: Callable[[str], bool]) -> AnnounceResult:
        """Fail after the third ticket, the first time."""
        heard: list[str] = []

        def heard_of(ticket_id: str) -> bool:
            heard.append(ticket_id)
            go_on(ticket_id)
            if len(heard) == 3 and not self._has_failed:
                self._has_failed = True
                raise RecordUnavailable(CANARY)
            return True

        return await self._paced.announce(announcement_id, after, heard_of)


class AwayAtFirst:
    """Temporal after an outage."""

    def __init__(self, runs: AnnouncementRuns, failures: int) -> None:
        self._runs = runs
        self._failures = failures
        self.started: list[str] = []

    async def carry_out(self, announcement_id: str) -> None:
        """Fail while away."""
        if self._failures:
            self._failures -= 1
            raise TemporalAway("UNAVAILABLE")
        self.started.append(announcement_id)
        await self._runs.carry_out(announcement_id)
