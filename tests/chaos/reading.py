"""Facts as they stand in the tables, in Temporal's histories and in what deliveries printed. Reads only, by itself.

Plain SQL and plain JSON: what the record's own code makes of its rows is not asked.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from tests.chaos.facts import (
    Announcement,
    Asked,
    Facts,
    Input,
    Line,
    Message,
    MessageName,
    Printed,
    QueueClosure,
    Shown,
    Standing,
    Timer,
)
from tests.chaos.requests import LADDER, REOPEN_WINDOW
from tests.chaos.rows import Row, Snapshot, snapshot

GRACE_SECONDS = 10.0
"""Real seconds that something may be past due while all is well: lag, and the keeper's grace."""

TICKETS = """
SELECT ticket_id, status, tier, queue, sequence, inputs, wake_at, told_at, stuck_type, customer_id, policy_version
FROM tickets
"""
EVENTS = "SELECT ticket_id, sequence, kind, at, recorded_at, actor, body FROM events ORDER BY ticket_id, sequence"
INPUTS = "SELECT ticket_id, number, at, kind, body FROM inputs ORDER BY ticket_id, number"
TOTALS = """
SELECT name, labels, CAST(sum(amount) AS bigint) AS amount
FROM (SELECT name, labels, amount FROM totals UNION ALL SELECT name, labels, amount FROM total_deltas) AS both_of_them
GROUP BY name, labels
"""
OUTBOX = "SELECT ticket_id, sequence, kind, audience, recipient, status, recorded_at FROM outbox"
ANNOUNCEMENTS = "SELECT announcement_id, problem_id, kind, actor, state, changed_at FROM announcements"
ANNOUNCED = "SELECT announcement_id, ticket_id FROM announcement_tickets"
RESULTS = "SELECT announcement_id, ticket_id, outcome FROM announcement_results"
LINKS = "SELECT problem_id, ticket_id, is_linked FROM problem_links"
CLOSURES = "SELECT closure_id, queue, actor AS mark, from_at, until_at FROM queue_closures"
NEWEST_POLICY = "SELECT version FROM policies ORDER BY stored_at DESC LIMIT 1"

ENDED_WELL = {WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED, None}
TASK_ENDS = {"COMPLETED", "FAILED", "TIMED_OUT"}
ACTIVITY_ENDS = {*TASK_ENDS, "CANCELED"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where the facts of a run are."""

    record: str
    """URL of its database."""
    temporal_address: str
    printed: Path
    """What delivery wrote, a fact a line."""
    origin: datetime
    """The instant at which the record's clock was the world's."""
    speed: float


async def read(where: Where, asked: Sequence[Asked], shown: Sequence[Shown] = ()) -> Facts:
    """Read everything: the rows in one snapshot, then Temporal, which by then is as far or further."""
    async with snapshot(where.record) as rows:
        standings = {row["ticket_id"]: _standing(row) for row in await rows.fetch(TICKETS)}
        lines = _by_ticket(_line(row) for row in await rows.fetch(EVENTS))
        inputs = _by_ticket(_input(row) for row in await rows.fetch(INPUTS))
        totals = {(row["name"], tuple(json.loads(row["labels"]))): row["amount"] for row in await rows.fetch(TOTALS)}
        messages = tuple(
            Message(name=_name(row), status=row["status"], recorded_at=row["recorded_at"])
            for row in await rows.fetch(OUTBOX)
        )
        announcements = await _announcements(rows)
        links = {(row["problem_id"], row["ticket_id"]): bool(row["is_linked"]) for row in await rows.fetch(LINKS)}
        closures = tuple(QueueClosure(**row) for row in await rows.fetch(CLOSURES))
        newest_policy = next((row["version"] for row in await rows.fetch(NEWEST_POLICY)), "")
    return Facts(
        ladder=LADDER,
        real_at=rows.real_at,
        now=where.origin + (rows.real_at - where.origin) * where.speed,
        grace=timedelta(seconds=GRACE_SECONDS * where.speed),
        speed=where.speed,
        reopen_window=REOPEN_WINDOW,
        asked=tuple(asked),
        shown=tuple(shown),
        standings=standings,
        lines=lines,
        inputs=inputs,
        totals=totals,
        messages=messages,
        printed=tuple(_printed(where.printed, {_key(message.name): message.name for message in messages})),
        timers=await _timers(where.temporal_address, standings),
        announcements=announcements,
        links=links,
        closures=closures,
        newest_policy=newest_policy,
    )


async def _announcements(rows: Snapshot) -> tuple[Announcement, ...]:
    tickets: dict[str, set[str]] = defaultdict(set)
    for row in await rows.fetch(ANNOUNCED):
        tickets[row["announcement_id"]].add(row["ticket_id"])
    results: dict[str, dict[str, str]] = defaultdict(dict)
    for row in await rows.fetch(RESULTS):
        results[row["announcement_id"]][row["ticket_id"]] = row["outcome"]
    return tuple(
        Announcement(
            announcement_id=row["announcement_id"],
            problem_id=row["problem_id"],
            kind=row["kind"],
            mark=row["actor"],
            state=row["state"],
            changed_at=row["changed_at"],
            tickets=frozenset(tickets[row["announcement_id"]]),
            results=results[row["announcement_id"]],
        )
        for row in await rows.fetch(ANNOUNCEMENTS)
    )


def _standing(row: Row) -> Standing:
    return Standing(
        ticket_id=row["ticket_id"],
        status=row["status"],
        tier=row["tier"],
        queue=row["queue"],
        sequence=row["sequence"],
        inputs=row["inputs"],
        wake_at=row["wake_at"],
        told_at=row["told_at"],
        stuck=row["stuck_type"],
        customer=row["customer_id"],
        policy_version=row["policy_version"],
    )


def _name(row: Row) -> tuple[Any, ...]:
    """A message's, by the kind that its judge gave it: a letter for others too is stored as one of its own."""
    ticket_id, sequence, kind, audience, recipient, *_ = row.values()
    return (ticket_id, sequence, kind.removesuffix("+others"), audience, recipient)


def _line(row: Row) -> Line:
    return Line(
        ticket_id=row["ticket_id"],
        sequence=row["sequence"],
        kind=row["kind"],
        at=row["at"],
        recorded_at=row["recorded_at"],
        actor=row["actor"],
        body=json.loads(row["body"]),
    )


def _input(row: Row) -> Input:
    body = json.loads(row["body"])
    mark = body["reason"] if row["kind"] == "decide_credit" else body.get("actor", "")
    return Input(ticket_id=row["ticket_id"], number=row["number"], kind=row["kind"], mark=mark, at=row["at"], body=body)


def _by_ticket(rows: Iterable[Any]) -> dict[str, tuple[Any, ...]]:
    grouped: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        grouped[row.ticket_id].append(row)
    return {ticket_id: tuple(those) for ticket_id, those in grouped.items()}


def _printed(log: Path, owed: Mapping[str, MessageName]) -> Iterable[Printed]:
    """Yield the messages that were sent: a delivery's log is its channel, and a kill may cut its last line short.

    It names no recipient: that is the owed message's of the same key, where all the rest is the same too.
    """
    for text in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            fact = json.loads(text)
        except ValueError:
            continue
        if isinstance(fact, dict) and fact.get("fact") == "message":
            named = (fact["ticket_id"], fact["sequence"], fact["kind"], fact["audience"])
            name = owed.get(fact["key"])
            if name is None or name[:4] != named:
                name = (*named, fact["key"])  # newer than the rows
            yield Printed(name=name, key=fact["key"], is_flagged=bool(fact.get("possibly_sent_twice")))


def _key(name: MessageName) -> str:
    """A message's key, worked out apart from the engine."""
    named = json.dumps(name, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(named.encode()).hexdigest()[:32]


async def _timers(address: str, standings: Mapping[str, Standing]) -> dict[str, Timer]:
    """Read how every ticket's latest run stands, and of those that are not closed its history."""
    client = await Client.connect(address)
    statuses: dict[str, tuple[datetime, WorkflowExecutionStatus | None]] = {}
    async for run in client.list_workflows():
        before = statuses.get(run.id)
        if before is None or before[0] < run.start_time:
            statuses[run.id] = (run.start_time, run.status)
    timers = {
        ticket_id: Timer(
            ticket_id=ticket_id,
            is_running=status is WorkflowExecutionStatus.RUNNING,
            ended="" if status in ENDED_WELL else str(status and status.name.lower()),
        )
        for ticket_id, (_, status) in statuses.items()
        if ticket_id in standings
    }
    for standing in standings.values():
        if standing.is_closed:
            continue
        try:
            history = await client.get_workflow_handle(standing.ticket_id).fetch_history()
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            timers.pop(standing.ticket_id, None)
        else:
            timers[standing.ticket_id] = _timer(standing.ticket_id, history.events)
    return timers


def _timer(ticket_id: str, events: Sequence[HistoryEvent]) -> Timer:
    """Read a history: which timer is set, and whether anything is on its way."""
    names = [EventType.Name(event.event_type).removeprefix("EVENT_TYPE_") for event in events]
    fires: dict[str, datetime] = {}
    for name, event in zip(names, events, strict=True):
        if name == "TIMER_STARTED":
            started = event.timer_started_event_attributes
            length = started.start_to_fire_timeout.ToTimedelta()
            fires[started.timer_id] = event.event_time.ToDatetime(tzinfo=UTC) + length
        elif name == "TIMER_FIRED":
            fires.pop(event.timer_fired_event_attributes.timer_id, None)
        elif name == "TIMER_CANCELED":
            fires.pop(event.timer_canceled_event_attributes.timer_id, None)
    last = names[-1]
    ended = last.removeprefix("WORKFLOW_EXECUTION_") if last.startswith("WORKFLOW_EXECUTION_") else ""
    is_over = ended in {"COMPLETED", "FAILED", "TIMED_OUT", "CANCELED", "TERMINATED", "CONTINUED_AS_NEW"}
    return Timer(
        ticket_id=ticket_id,
        is_running=not is_over,
        fires_at=min(fires.values(), default=None),
        is_busy=_pending(names, "WORKFLOW_TASK", TASK_ENDS) or _pending(names, "ACTIVITY_TASK", ACTIVITY_ENDS),
        moved_at=events[-1].event_time.ToDatetime(tzinfo=UTC),
        failures=tuple(
            WorkflowTaskFailedCause.Name(event.workflow_task_failed_event_attributes.cause).removeprefix(
                "WORKFLOW_TASK_FAILED_CAUSE_"
            )
            for name, event in zip(names, events, strict=True)
            if name == "WORKFLOW_TASK_FAILED"
        ),
        ended=ended.lower() if is_over and ended not in {"COMPLETED", "CONTINUED_AS_NEW"} else "",
    )


def _pending(names: Sequence[str], what: str, ends: set[str]) -> bool:
    """Whether more of it was begun than has ended."""
    return names.count(f"{what}_SCHEDULED") > sum(names.count(f"{what}_{end}") for end in ends)
