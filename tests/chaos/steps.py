"""Where one ticket's way can be cut: a step on either side of every commit, nudge, completion and message.

Around the shipped code's own ports; each hands on what it is asked. The step that was asked for is the process's last.
"""

import asyncio
import json
import os
import signal
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.service import RPCError

from services.delivery.channel import Sent
from services.records import Nudge, Outbox, Record, Rescue, Upkeep
from services.records.owed_messages import Fate, OwedMessage
from services.temporal import TicketTimers
from tests.support.judging import Judging
from workflows.domain.ticket.commands import Command
from workflows.domain.ticket.events import ClockBreached, Closed
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import Judged
from workflows.messages import SettleResult

LOOK_EVERY_SECONDS = 0.05

_who: ContextVar[str] = ContextVar("_who", default="")
"""Who settles without a command: the worker or the keeper."""


class Steps:
    """Notes each step; one of them is the last."""

    def __init__(self, last: str, noted: Path) -> None:
        self._last = last
        self._noted = noted

    def at(self, step: str) -> None:
        """Be there."""
        with self._noted.open("a", encoding="ascii") as file:
            file.write(f"{step}\n")
        if step == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


class SteppingTimers:
    """The tickets' workflows, with a step on either side of each call."""

    def __init__(self, timers: TicketTimers, steps: Steps) -> None:
        self._timers = timers
        self._steps = steps

    async def start(self, ticket_id: str, wake_in_seconds: float) -> bool:
        """Start."""
        self._steps.at("start: before it is sent")
        is_new = await self._timers.start(ticket_id, wake_in_seconds)
        self._steps.at("start: sent")
        return is_new

    async def wake(self, ticket_id: str) -> None:
        """Wake."""
        self._steps.at("signal: before it is sent")
        await self._timers.wake(ticket_id)
        self._steps.at("signal: sent")


class SteppingUpkeep:
    """The record's upkeep for nudger and keeper, with a step after each commit."""

    def __init__(self, upkeep: Upkeep, steps: Steps) -> None:
        self._upkeep = upkeep
        self._steps = steps
        self.count_late = upkeep.count_late
        self.fold_totals = upkeep.fold_totals
        self.purge_replies = upkeep.purge_replies
        self.purge_messages = upkeep.purge_messages
        self.purge_tickets = upkeep.purge_tickets

    async def mark_told(self, told: Sequence[Nudge]) -> None:
        """Note what Temporal knows."""
        self._steps.at("start: before the record is told")
        await self._upkeep.mark_told(told)
        self._steps.at("start: the record is told")

    async def rescue_late(self, *, grace_seconds: float, limit: int) -> Rescue:
        """Settle what is late."""
        _who.set("keeper")
        rescue = await self._upkeep.rescue_late(grace_seconds=grace_seconds, limit=limit)
        if rescue.settled:
            self._steps.at("keeper, late: after its commit")
        return rescue

    async def owed_nudges(self, *, older_than_seconds: float, limit: int, skip: int) -> Sequence[Nudge]:
        """Find what is owed."""
        owed = await self._upkeep.owed_nudges(older_than_seconds=older_than_seconds, limit=limit, skip=skip)
        if owed:
            self._steps.at("keeper, owed: before it is sent")
        return owed


class SteppingSettler:
    """The record for the worker, with a step after each commit."""

    def __init__(self, record: Record, steps: Steps) -> None:
        self._record = record
        self._steps = steps

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Settle."""
        _who.set("worker")
        result = await self._record.settle_for_workflow(ticket_id)
        what = "nothing" if not result.found else "the closing" if result.is_closed else "the breach"
        self._steps.at(f"worker, {what}: after its commit")
        return result


class SteppingOutbox:
    """The outbox, with a step after each commit."""

    def __init__(self, outbox: Outbox, steps: Steps) -> None:
        self._outbox = outbox
        self._steps = steps

    async def take(self, *, limit: int, lease_seconds: float) -> tuple[OwedMessage, ...]:
        """Claim."""
        taken = await self._outbox.take(limit=limit, lease_seconds=lease_seconds)
        if taken:
            self._steps.at("delivery: claimed")
        return taken

    async def write_down(self, fates: Sequence[Fate]) -> tuple[OwedMessage, ...]:
        """Write down."""
        self._steps.at("delivery: before it is written down")
        taken_since = await self._outbox.write_down(fates)
        self._steps.at("delivery: written down")
        return taken_since


class PrintingChannel:
    """Sends into a file, as the log's channel would print."""

    def __init__(self, path: Path, steps: Steps) -> None:
        self._path = path
        self._steps = steps

    async def send(self, message: OwedMessage) -> Sent:
        """Append a line."""
        fact = asdict(message) | {"fact": "message", "key": message.key, "recorded_at": ""}
        if message.may_have_been_sent:
            fact["possibly_sent_twice"] = True
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(fact) + "\n")
        self._steps.at("delivery: sent")
        return Sent()


def dying_judge(steps: Steps) -> Judging:
    """Judge by the rules, with a step between lock and commit for whoever found something due."""

    def step(_: Ticket, command: Command | None, judged: Judged) -> Judged:
        if command is None and any(isinstance(entry.event, ClockBreached | Closed) for entry in judged.entries):
            what = "the closing" if any(isinstance(entry.event, Closed) for entry in judged.entries) else "the breach"
            steps.at(
                "keeper, late: before its commit" if _who.get() == "keeper" else f"worker, {what}: before its commit"
            )
        return judged

    return Judging(after=step)


async def watch_completions(client: Client, ticket_id: str, steps: Steps) -> None:
    """Step where the workflow's own tasks are done: its history is the only one to say so."""
    handle = client.get_workflow_handle(ticket_id)
    while True:
        await asyncio.sleep(LOOK_EVERY_SECONDS)
        try:
            events = [event.event_type for event in (await handle.fetch_history()).events]
        except RPCError:  # it is not there yet
            continue
        if EventType.EVENT_TYPE_MARKER_RECORDED in events:
            steps.at("worker, the breach: its task is completed")
