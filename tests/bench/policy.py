"""What the policy tools cost: past tickets told again, a policy explained, running tickets moved to another version.

    python -m tests.bench.policy [--quick]

Every figure is said as soon as it is there. Others use the machine too: compare the columns of one run, not two runs.
"""

import argparse
import asyncio
import sys
from dataclasses import dataclass

import uvloop
from rich.console import Console

from tests.bench import policy_explain, policy_migration, policy_simulation
from tests.bench.rounds import machine
from tests.support.databases import PostgresqlMissing

WIDE = 150
"""Columns, where there is no terminal to fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much of everything."""

    rounds: int
    simulated: int
    """Tickets."""
    stories: int
    """A round."""
    migrated: int
    """Open tickets."""
    rate: float
    """Of them a second, where they are moved at a pace."""
    deadlines_a_second: float
    """Of other tickets, meanwhile."""
    resting_seconds: float
    """For which the same deadlines are measured with nothing moved."""


FULL = Amount(
    rounds=5,
    simulated=3000,
    stories=20,
    migrated=10_000,
    rate=100,
    deadlines_a_second=10,
    resting_seconds=60,
)
QUICK = Amount(rounds=1, simulated=50, stories=2, migrated=100, rate=50, deadlines_a_second=5, resting_seconds=3)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a minute, to see that it runs: figures mean little")
    amount = QUICK if parser.parse_args().quick else FULL
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    console.print(machine())
    with console.status("simulate"):
        simulated = policy_simulation.measure(rounds=amount.rounds, tickets=amount.simulated)
    console.print(policy_simulation.table(simulated))
    with console.status("explain"):
        explained = policy_explain.measure(rounds=amount.rounds, stories=amount.stories)
    console.print(policy_explain.table(explained))
    with console.status("migrate"), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            console.print(policy_migration.table(runner.run(_migrated(amount))))
        except PostgresqlMissing as missing:
            console.print(f"migrate: {missing}")


async def _migrated(amount: Amount) -> policy_migration.Migrated:
    return await policy_migration.measure(
        "postgresql",
        tickets=amount.migrated,
        a_second=amount.deadlines_a_second,
        resting_seconds=amount.resting_seconds,
        rate=amount.rate,
    )


if __name__ == "__main__":
    main()
