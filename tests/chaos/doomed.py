"""One ticket's way in one process that dies at one step of it: `python -m tests.chaos.doomed` and its arguments.

Everything is the shipped code on the real record and the real Temporal; around it stands what notes each step, and
kills the process, as a machine that loses its power would, when the step is the one asked for. Without such a step it
goes to the end of the ticket's way: so does who comes after one that died, asking the same requests again.
"""

import argparse
import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from temporalio.client import Client

from services.delivery.delivery import Delivery
from services.delivery.delivery import Pace as DeliveryPace
from services.keeper.keeper import Keeper, Pace
from services.nudge import Nudger
from services.records import Nudge, Records, Request, SettledBy, connect, parse
from services.temporal import TemporalPlace, TicketTimers
from services.temporal import connect as connect_to_temporal
from services.worker import Worker
from tests.chaos.steps import (
    LOOK_EVERY_SECONDS,
    PrintingChannel,
    SteppingOutbox,
    SteppingSettler,
    SteppingTimers,
    SteppingUpkeep,
    Steps,
    dying_judge,
    watch_completions,
)
from tests.support.policies import ladder, row
from tests.support.record import an_opening, answer
from workflows.domain.policy import Policy, minutes
from workflows.domain.ticket import commands
from workflows.domain.ticket.events import Closed, Escalated
from workflows.domain.ticket.verdict import Judged
from workflows.domain.ticket.words import ContactKind, Outcome

HALF_A_MINUTE = 1 / 120
"""Of an hour; half a second, by the clock of these runs."""
EAGER = Pace(
    grace_seconds=0.3,
    storm_grace_seconds=0.3,
    owed_for_seconds=0.0,
    again_after_seconds=1.0,
    rescue_every_seconds=0.05,
    nudge_every_seconds=0.05,
)
AT_ONCE = DeliveryPace(look_every_seconds=0.05, send_seconds=0.5, lease_seconds=2.0)

WAY: tuple[tuple[str, commands.Command], ...] = (
    ("acknowledge", commands.Acknowledge(actor="crm/2", handler="kim", tier="specialist")),
    ("wait", commands.WaitOnCustomer(actor="crm/3", question="which router?")),
    ("contact", commands.RecordContact(actor="crm/4", kind=ContactKind.NEWS, channel="mail", text="the grey one")),
    ("resolve", commands.Resolve(actor="crm/5", outcome=Outcome.FIXED, explanation="a new router")),
)
"""Asked one after the other, once the first deadline has been breached; silence closes the ticket in the end."""


def promises() -> Policy:
    """Half a minute to take it on, a minute of silence to close it; all else is weeks away."""
    return replace(ladder(agent=row(acknowledge=HALF_A_MINUTE)), sign_off=minutes(1))


class Way:
    """The ticket's way, asked for by its callers and walked by whoever keeps time."""

    def __init__(self, ticket_id: str, records: Records, nudger: Nudger, steps: Steps, *, is_nudged: bool) -> None:
        self._ticket_id = ticket_id
        self._records = records
        self._nudger = nudger
        self._steps = steps
        self._is_nudged = is_nudged

    async def go(self) -> None:
        """Ask everything in turn, as often as it takes; return when the ticket is closed."""
        record = self._records.record
        opening = replace(an_opening(), actor="crm/1", ticket_id=self._ticket_id)
        opened = await record.open_ticket(
            promises(), opening, request=_request("open"), encode=self._dying_encode("open")
        )
        self._after("open", opened.nudge)
        await self._until(Escalated)
        for name, command in WAY:
            settled = await record.settle(
                self._ticket_id, command, by=SettledBy.INTAKE, request=_request(name), encode=self._dying_encode(name)
            )
            self._after(name, settled.nudge)
        await self._until(Closed)

    def _dying_encode(self, name: str) -> Callable[[Judged], bytes]:
        def encode(judged: Judged) -> bytes:
            self._steps.at(f"{name}: before its commit")
            return answer(judged)

        return encode

    def _after(self, name: str, nudge: Nudge | None) -> None:
        self._steps.at(f"{name}: after its commit")
        if nudge is not None and self._is_nudged:
            self._nudger.owe(nudge)

    async def _until(self, kind: type) -> None:
        while True:
            if any(isinstance(entry.event, kind) for entry in await self._records.queries.entries(self._ticket_id)):
                return
            await asyncio.sleep(LOOK_EVERY_SECONDS)


def _request(name: str) -> Request:
    return Request(caller="crm", request_id=name, body_hash=b"body")


async def live(asked: argparse.Namespace) -> None:
    """Run all that was asked for until the ticket's way is at its end."""
    steps = Steps(asked.step, Path(asked.noted))
    client = await connect_to_temporal(TemporalPlace(address=asked.temporal), say=lambda _: None)
    async with await connect(asked.record, parse(asked.clock), judge=dying_judge(steps)) as records:
        upkeep = SteppingUpkeep(records.upkeep, steps)
        nudger = Nudger(SteppingTimers(TicketTimers(client, task_queue=asked.queue), steps), upkeep)
        delivery = Delivery(SteppingOutbox(records.outbox, steps), PrintingChannel(Path(asked.printed), steps), AT_ONCE)
        settler = SteppingSettler(records.record, steps)
        work: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "worker": Worker(client, settler, task_queue=asked.queue).run,
            "keeper": Keeper(upkeep, nudger, EAGER).run,
            "delivery": delivery.run,
        }
        others = [
            asyncio.create_task(nudger.run()),
            asyncio.create_task(watch_completions(client, asked.ticket, steps)),
        ]
        others += [asyncio.create_task(work[name]()) for name in asked.with_.split(",")]
        await Way(asked.ticket, records, nudger, steps, is_nudged=not asked.without_nudges).go()
        await _until_nothing_is_owed(asked.ticket, records, client, steps)
        for task in others:
            task.cancel()


async def _until_nothing_is_owed(ticket_id: str, records: Records, client: Client, steps: Steps) -> None:
    """Wait for the last message and for the workflow's end, when there are those who bring them about."""
    await client.get_workflow_handle(ticket_id).result()
    steps.at("worker, the closing: the workflow is completed")
    while (await records.queries.figures()).pending_messages:  # noqa: ASYNC110 - another's work has no event
        await asyncio.sleep(LOOK_EVERY_SECONDS)


def main() -> None:
    """Run it; it leaves at once when the way is at its end."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in ("ticket", "record", "temporal", "queue", "clock", "printed", "noted"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--step", default="", help="the last; none: to the end")
    parser.add_argument("--with", dest="with_", default="worker,delivery", help="of worker, keeper, delivery")
    parser.add_argument("--without-nudges", action="store_true", help="intake's get lost")
    asyncio.run(_leave(parser.parse_args()))


async def _leave(asked: argparse.Namespace) -> None:
    await live(asked)
    os._exit(0)


if __name__ == "__main__":
    main()
