"""A worker of announcements for tests, and a problem whose tickets' customers are to be told."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from temporalio.client import Client

from services.announcement_runs import workflow_id
from services.problems.announcer import PacedAnnouncer
from services.records import Records
from services.records.problem_facts import Announcement, AnnouncementKind
from services.worker import Worker
from tests.support.engine import CANARY, impatient, opening
from tests.support.problems import a_problem, announce, link
from tests.support.temporal import history_of
from tests.support.waiting import PATIENCE_SECONDS
from workflows.domain.ticket.events import Resolved, UpdatePosted
from workflows.ports import Announcer


async def announced(
    records: Records,
    named: str,
    *,
    tickets: int,
    customers: int | None = None,
    kind: AnnouncementKind = AnnouncementKind.UPDATE,
    tickets_per_second: int = 500,
) -> list[str]:
    """Open so many tickets, each of a customer of its own or of so many in turn, link them to a problem and announce.

    Gives the ids. Nobody carries it out yet.
    """
    ids = [f"{named}-{number:03d}" for number in range(tickets)]
    for number, each in enumerate(ids):
        request = opening(each)
        customer = replace(request.customer, external_id=f"{CANARY} {number % (customers or tickets)} of {named}")
        await records.record.open_ticket(impatient(), replace(request, customer=customer))
    await a_problem(records, named)
    for place in range(0, len(ids), 100):
        await link(records, *ids[place : place + 100], problem_id=named)
    await announce(records, named, kind=kind, problem_id=named, tickets_per_second=tickets_per_second)
    return ids


@asynccontextmanager
async def announcing(
    client: Client, records: Records, task_queue: str, *, announcer: Announcer | None = None
) -> AsyncIterator[Worker]:
    """Run the shipped worker for as long as the block lasts, on a queue of its own for announcements."""
    worker = Worker(
        client,
        records.record,
        announcer or PacedAnnouncer(records.announcing),
        task_queue=task_queue,
        announcement_queue=queue_of(task_queue),
        grace_seconds=1.0,
    )
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        await worker.stop()
        await running


def queue_of(task_queue: str) -> str:
    """The announcements' queue beside a tickets' one."""
    return f"{task_queue}-a"


async def until_ended(records: Records, named: str) -> Announcement:
    """Wait until everybody was told who could be."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (found := await records.known_problems.announcement(named)).ended_at is None:  # noqa: ASYNC110 - the worker is at it
            await asyncio.sleep(0.02)
    return found


async def require_told_once(records: Records, ids: Sequence[str]) -> None:
    """Each ticket has exactly one line of it, in the name of who announced it, and each customer one message."""
    for each in ids:
        told = [
            entry.actor
            for entry in await records.queries.entries(each)
            if isinstance(entry.event, UpdatePosted | Resolved)
        ]
        assert told == ["lea"], each


async def told_of(records: Records, ids: Sequence[str]) -> list[str]:
    """Those that were told so far."""
    entries = {each: await records.queries.entries(each) for each in ids}
    return [each for each in ids if any(isinstance(entry.event, UpdatePosted) for entry in entries[each])]


async def personal_in_history(client: Client, named: str) -> bool:
    """Whether a customer's words, or those that they are told, are in Temporal's history."""
    history = await history_of(client, workflow_id(named))
    content = b"".join(event.SerializeToString() for event in history.events)
    return CANARY.encode() in content or b"the cable is found" in content
