"""What a life that was played leaves: messages, lines, rows, events in Temporal. Counts, and knows no story."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from temporalio.client import Client

from services.announcement_runs import workflow_id
from services.records import Records
from services.records.tables import Base, EventRow, MessageRow
from tests.bench.played import Day, Life, whole
from tests.support.temporal import events_of, until_gone
from workflows.domain.ticket.words import Audience

TRIES = 5
"""On a busy machine one play in forty is not the first."""
OF_ALL = frozenset({"policies", "meta", "totals"})
"""Tables whose rows are not a ticket's: they stay as many however many tickets there are."""
WORKFLOW_TASK = ("WorkflowTaskScheduled", "WorkflowTaskStarted", "WorkflowTaskCompleted")
CALLING = frozenset({"WorkflowExecutionStarted", "WorkflowExecutionSignaled", "TimerFired", "ActivityTaskCompleted"})
"""What a workflow task is for. One that follows none of these is for the forwarding alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a life left."""

    tickets: int
    messages: Mapping[tuple[str, Audience], int]
    """Owed, by kind and who is told."""
    lines: Mapping[str, int]
    """Of the logs, by kind."""
    rows: Mapping[str, int]
    """By table."""
    history: Mapping[str, int]
    """Events in Temporal of the tickets' workflows, by kind."""
    announcing: Mapping[str, int]
    """Of announcements' workflows."""


async def play(url: str, temporal_address: str, life: Life) -> Left:
    """Play a life on that record, with a Temporal server that forwards workflows, and count what is there after it.

    Again when the server forwarded a workflow further than asked, or was too busy for a settle within a task.
    """
    found: list[tuple[int, Mapping[str, int]]] = []
    for _ in range(TRIES):
        async with whole(url, temporal_address) as (day, records, client):
            left, timers = await _left(day, records, client, life)
        if left.history["TimerFired"] == timers and "ActivityTaskScheduled" not in left.history:
            return left
        found.append((timers, left.history))
    raise AssertionError(f"{life.name!r} has other histories than its wake-ups: {found}")


async def _left(day: Day, records: Records, client: Client, life: Life) -> tuple[Left, int]:
    """What the life left, and at how many wake-ups its tickets were due; what is closed by hand wakes up once more."""
    before = await _rows(records)
    await life.tell(day)
    await day.ends()
    announcements = [workflow_id(each) for each in day.announcements]
    for each in (*day.ticket_ids, *announcements):
        await until_gone(client, each)
    after = await _rows(records)
    left = Left(
        tickets=len(day.ticket_ids),
        messages=await _messages(records, day.ticket_ids),
        lines=await _lines(records, day.ticket_ids),
        rows={name: after[name] - before[name] for name in after if after[name] != before[name]},
        history=await _history(client, day.ticket_ids),
        announcing=await _history(client, announcements),
    )
    return left, day.wakes + await _closed_by_hand(records, day.ticket_ids)


async def _rows(records: Records) -> dict[str, int]:
    """How many there are in each table that grows with tickets."""
    tables = [table for table in Base.metadata.sorted_tables if table.name not in OF_ALL]
    async with records.database.looking.connect() as connection:
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in tables
        }


async def _messages(records: Records, ids: list[str]) -> dict[tuple[str, Audience], int]:
    by = (MessageRow.kind, MessageRow.audience)
    query = select(*by, func.count()).where(MessageRow.ticket_id.in_(ids)).group_by(*by)
    async with records.database.looking.connect() as connection:
        found = await connection.execute(query)
    return {(kind, Audience(audience)): number for kind, audience, number in found}


async def _lines(records: Records, ids: list[str]) -> dict[str, int]:
    query = (
        select(EventRow.kind, func.count().label("number")).where(EventRow.ticket_id.in_(ids)).group_by(EventRow.kind)
    )
    async with records.database.looking.connect() as connection:
        found = await connection.execute(query)
    return {row.kind: row.number for row in found}


async def _closed_by_hand(records: Records, ids: list[str]) -> int:
    row = EventRow
    query = select(func.count()).where(row.ticket_id.in_(ids), row.kind == "closed", row.actor.is_not(None))
    async with records.database.looking.connect() as connection:
        return int((await connection.execute(query)).scalar_one())


async def _history(client: Client, workflow_ids: list[str]) -> Counter[str]:
    """Count events by kind, as they are where nobody forwards workflows and no task has to be given twice."""
    counted = Counter[str]()
    for each in workflow_ids:
        is_called = False
        for kind in await events_of(client, each):
            if kind in CALLING:
                is_called = True
            if not kind.startswith("WorkflowTask"):
                counted[kind] += 1
            elif kind == "WorkflowTaskCompleted" and is_called:
                counted.update(WORKFLOW_TASK)
                is_called = False
    return counted
