"""Semantics 7.3 with real timers: no deadline passes silently while tickets are moved, whatever dies meanwhile."""

import asyncio
import os
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.client import Client

from services.desk_log.log import Case
from services.desk_log.plan import Plan
from services.feed.compare import look_into
from services.feed.run import Driven
from services.keeper.keeper import Pace
from services.migration.applying import Mover, Outcome
from services.migration.asked import Migration
from services.records import RealClock, connect
from services.records.settled import Nudge
from services.temporal import TicketTimers
from tests.chaos.check_totals import check_totals
from tests.chaos.reading import Where, read
from tests.support.engine import Engine, engine_of, impatient, keeping
from tests.support.temporal import events_of, until_events, working
from tests.support.waiting import UNHURRIED
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import Renaming
from workflows.domain.ticket.events import ClockBreached, Escalated, PolicyChanged

AN_HOUR = 3600.0
AT_ONCE = 1.0
EAGER = Pace(grace_seconds=0.0, owed_for_seconds=0.0, rescue_every_seconds=0.05, nudge_every_seconds=0.05)


class Lost:
    """Takes nudges over and dies with them."""

    def owe(self, nudge: Nudge) -> None:
        """Lose it."""


async def moved(engine: Engine, seconds: float, *, is_nudged: bool = True) -> Mover:
    """Move every ticket to a first tier that has so long to acknowledge."""
    migration = Migration(onto=impatient(agent=seconds), actor="ops", reason="quicker")
    debts = engine.nudger if is_nudged else Lost()
    mover = Mover(engine.records.record, engine.records.queries, debts, migration, per_second=1000)
    await mover.run(lambda _: None)
    return mover


async def test_an_earlier_deadline_is_kept_by_the_tickets_own_timer(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """Architecture 4, 7.3: the nudge re-arms the timer; nobody else looks, and the ticket climbs."""
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, impatient(agent=AN_HOUR))
        await until_events(client, ticket_id, TimerStarted=1)
        await engine.until_told()

        mover = await moved(engine, AT_ONCE)
        log = await engine.until_happened(ticket_id, Escalated)

    assert mover.counts == {Outcome.MOVED: 1}
    (breach,) = [entry.event for entry in log if isinstance(entry.event, ClockBreached)]
    (change,) = [entry for entry in log if isinstance(entry.event, PolicyChanged)]
    assert breach.due_at > change.at
    assert "WorkflowTaskFailed" not in await events_of(client, ticket_id)


async def test_a_later_deadline_costs_temporal_nothing(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """Architecture 4: the old timer fires, settles nothing, and re-arms; a migration stops none."""
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, impatient(agent=AN_HOUR))
        before = await until_events(client, ticket_id, TimerStarted=1)
        await engine.until_told()
        await moved(engine, 2 * AN_HOUR)
        assert not await engine.is_owing()
        assert await events_of(client, ticket_id) == before


async def test_a_nudge_that_was_lost_is_the_keepers(
    engine: Engine, client: Client, task_queue: str, ticket_id: str
) -> None:
    """4.7, 7.3: between the commit and the nudge everything may die: the deadline is kept all the same."""
    async with working(client, engine.records.record, task_queue):
        await engine.open(ticket_id, impatient(agent=AN_HOUR))
        await engine.until_told()
        await moved(engine, AT_ONCE, is_nudged=False)
        async with keeping(engine, EAGER):
            await engine.until_happened(ticket_id, Escalated)
            await engine.until_told()
    assert await engine.count(ticket_id, ClockBreached) == 1


@pytest.mark.parametrize("when", ["before", "between"])
async def test_a_process_that_dies_leaves_each_ticket_moved_or_not_and_none_forgotten(
    engine: Engine, client: Client, task_queue: str, ticket_id: str, when: str
) -> None:
    """4.7, 7.3: killed under a ticket's lock, or before its nudge; the same again moves the others, once each.

    Tickets moved by then breach by the keeper's doing, those that were not keep their old deadline until they are.
    """
    tickets = [f"{ticket_id}-{number}" for number in range(1, 5)]
    async with working(client, engine.records.record, task_queue):
        for each in tickets:
            await engine.open(each, impatient(agent=AN_HOUR))
        await engine.until_told()
        url = engine.records.database.engine.url.render_as_string(hide_password=False)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-m", "tests.support.dying_migration", url, str(AT_ONCE), "2", when)
        )
        async with asyncio.timeout(60):
            assert await process.wait() == -signal.SIGKILL
        changes = [await engine.count(each, PolicyChanged) for each in tickets]
        assert sum(changes) == (1 if when == "before" else 2)
        owed = {nudge.ticket_id for nudge in await engine.records.upkeep.owed_nudges(older_than_seconds=0, limit=9)}
        assert owed == {each for each, count in zip(tickets, changes, strict=True) if count}

        async with keeping(engine, EAGER):
            for each in owed:
                await engine.until_happened(each, Escalated)
            mover = await moved(engine, AT_ONCE)
            for each in tickets:
                await engine.until_happened(each, Escalated)

    assert mover.counts[Outcome.MOVED] == 4 - sum(changes)
    for each in tickets:
        assert await engine.count(each, PolicyChanged) == 1
        assert await engine.count(each, ClockBreached) == 1
        assert (await engine.ticket(each)).policy_version == version_of(impatient(agent=AT_ONCE))


async def test_deadlines_that_pass_while_tickets_are_moved_are_each_found_once(
    engine: Engine, client: Client, task_queue: str
) -> None:
    """7.3, 4.3, 5.3: two runs die in the middle of it; each log is what the domain says of it, by both versions."""
    tickets = [f"{task_queue}-{number}" for number in range(1, 25)]
    url = engine.records.database.engine.url.render_as_string(hide_password=False)
    async with working(client, engine.records.record, task_queue), keeping(engine, Pace()):
        for each in tickets:
            await engine.open(each, impatient(agent=4.0))
            await asyncio.sleep(0.1)  # so that their deadlines do not all pass at once
        for at in ("3", "6"):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "error", "-m", "tests.support.dying_migration", url, "3.0", at, "before")
            )
            async with asyncio.timeout(60):
                assert await process.wait() == -signal.SIGKILL
        await moved(engine, 3.0)
        for each in tickets:
            await engine.until_happened(each, Escalated)

    for each in tickets:
        assert await engine.count(each, PolicyChanged) == 1
        assert await engine.count(each, ClockBreached) == 1
    driven = [Driven(plan=Plan(case=Case(case=each, rows=()), rows=()), ticket_id=each) for each in tickets]
    findings = await look_into(engine.records.queries, driven, lambda: None)
    assert (findings.mismatches, findings.other_rules) == ((), 0)


async def test_the_figures_of_moved_tickets_are_what_their_logs_come_to(
    postgresql_url: str, timers: TicketTimers, temporal_address: str, client: Client, task_queue: str
) -> None:
    """Chaos' own count, made anew from the events: tier and priority are called otherwise half-way through a life."""
    old, new = impatient(agent=AN_HOUR), impatient(agent=AT_ONCE)
    tiers = tuple(replace(tier, name=tier.name.replace("agent", "clerk")) for tier in new.tiers)
    tickets = [f"{task_queue}-{number}" for number in range(1, 4)]
    started_at = datetime.now(UTC)
    async with (
        await connect(postgresql_url, RealClock(), timeouts=UNHURRIED) as records,
        engine_of(records, timers) as engine,
        working(client, records.record, task_queue),
        keeping(engine, EAGER),
    ):
        for each in tickets:
            await engine.open(each, old)
        migration = Migration(
            onto=replace(new, tiers=tiers),
            actor="ops",
            reason="a new name",
            tiers=(Renaming(old="agent", new="clerk"),),
        )
        await Mover(records.record, records.queries, engine.nudger, migration).run(lambda _: None)
        for each in tickets:
            await engine.until_happened(each, Escalated)
        await engine.until_told()
    where = Where(
        record=postgresql_url, temporal_address=temporal_address, printed=Path(os.devnull), origin=started_at, speed=1.0
    )
    facts = await read(where, ())
    assert [finding.text for finding in check_totals(facts)] == []
    assert facts.totals["clocks_breached", ("acknowledge", "clerk", "normal", "home")] == len(tickets)
