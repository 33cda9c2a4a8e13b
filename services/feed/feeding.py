"""One feed from its cases to what came of them: against a running system, by the clock that it runs by.

The one place where the feed meets intake and the record. Starts nothing, prints nothing.
"""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services import certificates, parts
from services.client import Refused, TicketClient, Unreachable
from services.desk_log.log import Case
from services.feed import requests
from services.feed.compare import Findings, look_into
from services.feed.run import Driven, Queue, Run
from services.feed.schedule import Turn, turns
from services.process import CannotStart
from services.records.clock import RealClock, RecordClock
from services.settings import Settings
from workflows.domain.errors import PolicyError
from workflows.domain.policy_data import version_of

CALLER = "followthrough-feed"
CLOCKS_APART = timedelta(seconds=2)
"""Real time by which the system's clock may seem to be off: another machine's clock, a slow answer."""


class Watcher(Protocol):
    """Who is told how it goes, while it goes."""

    def begins(self, turns: Sequence[Turn], clock: RecordClock) -> None:
        """The cases have their turns."""
        ...

    def stepped(self) -> None:
        """A ticket was opened, or a step was taken or skipped."""
        ...

    def compares(self, tickets: int) -> None:
        """So many cases are being compared."""
        ...

    def compared(self) -> None:
        """One of them was."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """What came of a feed."""

    clock: RecordClock
    queue: Queue
    driven: tuple[Driven, ...]
    findings: Findings
    real_time: timedelta
    """From the first turn to the last step."""


async def feed(
    settings: Settings, cases: Sequence[Case], queue: Queue, *, stopping: asyncio.Event, watcher: Watcher
) -> Fed:
    """Drive the cases through the running system that the settings name, then compare.

    Raises `CannotStart` when there is none, or it goes by another clock or policy; `SettingsError`; `RecordError`.
    """
    clock = parts.clock(settings)
    async with AsyncExitStack() as using:
        client = TicketClient(
            str(settings.intake_address),
            caller=CALLER,
            actor=settings.actor,
            credentials=certificates.to_intake(settings),
        )
        desk = await using.enter_async_context(client)
        await _require_same(desk, clock, cases[0], queue)
        record = await using.enter_async_context(parts.record(settings, is_written=False))
        given = turns(cases, clock.read(datetime.now(UTC)), keeps_weekday=not isinstance(clock, RealClock))
        watcher.begins(given, clock)
        run = Run(desk=desk, clock=clock, queue=queue, stopping=stopping, stepped=watcher.stepped)
        begun_at = datetime.now(UTC)
        driven = await run.drive(given)
        real_time = datetime.now(UTC) - begun_at
        watcher.compares(len(driven))
        findings = await look_into(record.queries, driven, watcher.compared)
    return Fed(clock=clock, queue=queue, driven=driven, findings=findings, real_time=real_time)


def find_queue(settings: Settings, name: str | None) -> Queue:
    """Find a queue by its name, the first one declared when none is given. Raises `CannotStart`."""
    policies = parts.load_policies(settings).promised
    name = name or next(iter(policies.queues))
    try:
        policy = policies.of_queue(name)
    except PolicyError as error:
        raise CannotStart(str(error)) from None
    return Queue(name=name, priorities=policy.priorities, ladder=policy.tier_names, policy_version=version_of(policy))


async def _require_same(client: TicketClient, clock: RecordClock, case: Case, queue: Queue) -> None:
    """Ask the running system what it would promise, and when, before the record is touched.

    It must run by our clock and go by our policy, since steps are decided by its ladder.
    """
    question = requests.opening(case, queue=queue.name, priority=queue.priority_of(case.case))
    question.validate_only = True
    before = clock.read(datetime.now(UTC) - CLOCKS_APART)
    try:
        answer = await client.change(question)
    except Unreachable as error:
        raise CannotStart(str(error)) from None
    except Refused as refused:
        raise CannotStart(f"intake refuses to say which deadlines a ticket would get: {refused.text}") from None
    if answer.policy_version != queue.policy_version:
        raise CannotStart(
            f"the running system opens at queue {queue.name!r} by policy {answer.policy!r} {answer.policy_version}, "
            f"here it is {queue.policy_version}: restart it with these policies, or feed with --embedded"
        )
    its_time: datetime = answer.open_time.ToDatetime(UTC)
    if not before <= its_time <= clock.read(datetime.now(UTC) + CLOCKS_APART):
        raise CannotStart(
            f"the running system says it is {its_time:%Y-%m-%d %H:%M:%S}, FOLLOWTHROUGH_CLOCK={clock.name!r} says "
            f"{clock.read(datetime.now(UTC)):%Y-%m-%d %H:%M:%S}: give both the same clock, or feed with --embedded"
        )
