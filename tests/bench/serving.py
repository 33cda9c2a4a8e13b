"""Everything as `followthrough up` has it, with promises that are due within seconds: for measuring deadlines.

    python -m tests.bench.serving [--due-at INSTANT] [--without-keeper]

Runs until SIGTERM and says where it answers. Settings come from the environment as ever. Queue `brisk`: an
acknowledgement is due after `BRISK_SECONDS`. Queue `storm`: its desk opens at INSTANT, a whole minute within twelve
hours, and an acknowledgement is due `STORM_SECONDS` of the record later, whenever the ticket was opened.
"""

import argparse
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services import parts
from services.loops import Loops
from services.process import leave, run
from services.settings import Settings
from tests.bench.pacing import BRISK_SECONDS, STORM_SECONDS
from tests.support.policies import Standing, ladder, row
from workflows.domain.calendar import Calendar
from workflows.policies import PolicySet

HOUR_SECONDS = 3600.0
WEEK = "mon-sun"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--due-at", type=datetime.fromisoformat, help="when the desk of queue `storm` opens, UTC")
    parser.add_argument("--without-keeper", action="store_true", help="workflows alone")
    asked = parser.parse_args()
    run(lambda: serve(Settings.load(), promises(asked.due_at), has_keeper=not asked.without_keeper))
    leave(0)


def promises(due_at: datetime | None, *, storm_seconds: float = STORM_SECONDS) -> PolicySet:
    """Make the policies of both queues; of the first alone when no instant is given."""
    policies = [replace(ladder(agent=row(acknowledge=BRISK_SECONDS / HOUR_SECONDS)), name="brisk")]
    if due_at is not None:
        opens, closes = due_at.astimezone(UTC), due_at.astimezone(UTC) + timedelta(hours=12)
        desk = Calendar("UTC", {WEEK: f"{opens:%H:%M}-{closes:%H:%M}"})
        soon = ladder(agent=row(acknowledge=storm_seconds / HOUR_SECONDS), agents_calendar=desk)
        policies.append(replace(soon, name="storm"))
    return PolicySet(
        policies={each.name: each for each in policies}, queues={each.name: each.name for each in policies}
    )


async def serve(settings: Settings, promised: PolicySet, *, has_keeper: bool) -> None:
    """Run all parts in one process, the Temporal server as its child, until cancelled."""
    async with AsyncExitStack() as running:
        loops = Loops()
        record = await running.enter_async_context(parts.record(settings))
        temporal = await running.enter_async_context(parts.dev_server(settings, record, loops))
        settings = settings.model_copy(update={"embedded_temporal_address": temporal})
        nudger = await parts.make_nudger(settings, record)
        if has_keeper:
            await running.enter_async_context(parts.keeper(settings, record, nudger, loops))
        await running.enter_async_context(parts.worker(settings, record, loops, awaited_seconds=15))
        await running.enter_async_context(parts.nudging(nudger, loops))
        intake = await running.enter_async_context(parts.intake(settings, record, Standing(promised=promised), nudger))
        print(f"intake {intake} temporal {temporal}", flush=True)  # noqa: T201 - what it was started for
        await loops.until_one_ends()


if __name__ == "__main__":
    main()
