"""Intake alone, with queues whose promises are due within seconds beside those that are shipped: for benchmarks.

    python -m tests.bench.promising [--storm-at INSTANT]

Runs until SIGTERM and says where it answers; settings come from the environment as ever. Queue `home` is the shipped
one, `brisk` runs out after `BRISK_SECONDS`, and `storm`, whenever a ticket was opened, at INSTANT: within twelve hours.
"""

import argparse
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

from services import parts
from services.loops import Loops
from services.process import leave, run
from services.settings import Settings
from tests.bench.serving import promises
from tests.support.policies import Standing
from workflows.policies import PolicySet, load


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--storm-at", type=datetime.fromisoformat, help="when tickets of queue `storm` run out")
    asked = parser.parse_args()
    run(lambda: serve(Settings.load(), promised(asked.storm_at)))
    leave(0)


def promised(storm_at: datetime | None) -> PolicySet:
    """Add the queues that are due soon to what is shipped."""
    shipped = load()
    if storm_at is None:
        made = promises(None)
    else:
        opens_at = (storm_at.astimezone(UTC) - timedelta(seconds=1)).replace(second=0, microsecond=0)
        made = promises(opens_at, storm_seconds=(storm_at - opens_at).total_seconds())
    return PolicySet(
        policies={**shipped.policies, **made.policies},
        queues={**shipped.queues, **made.queues},
    )


async def serve(settings: Settings, policies: PolicySet) -> None:
    """Answer gRPC until cancelled, as `followthrough intake` does."""
    async with AsyncExitStack() as running:
        loops = Loops()
        record = await running.enter_async_context(parts.record(settings))
        nudger = await parts.make_nudger(settings, record)
        await running.enter_async_context(parts.nudging(nudger, loops))
        address = await running.enter_async_context(parts.intake(settings, record, Standing(promised=policies), nudger))
        print(f"intake {address}", flush=True)  # noqa: T201 - what it was started for
        await loops.until_one_ends()


if __name__ == "__main__":
    main()
