"""Moving open tickets to another version of their policy: how fast, and how late other tickets' deadlines are found.

`followthrough policy migrate --apply` as a process of its own, beside a Followthrough that serves: intake, worker,
keeper and Temporal. Where deadlines become earlier, every ticket owes Temporal a nudge, which the keeper sends: the
dearest case. Where they become later nothing is owed. Meanwhile tickets of another policy are opened at an even pace
and run out; so they are with nothing moved.
"""

import asyncio
import json
import runpy
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from rich.table import Table

from services.records import RealClock, Records
from tests.bench.beside import fresh_record, module
from tests.bench.deadlines import Lag
from tests.bench.meanwhile import lag_during
from tests.bench.pacing import timed
from tests.bench.rates import reached
from tests.support.processes import environment, running
from tests.support.record import an_opening
from workflows.domain.policy import Policy

FASTEST = 10_000
"""Tickets a second that are asked for where there is to be no pace."""
CALLERS = 8
LONGEST_TOLD_SECONDS = 900.0
"""For which nudges are waited for; a keeper sends 150 a second."""
MILLISECONDS = 1000
POLICY = '''"""A policy under which nothing is due for weeks."""

from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, Targets, Tier, hours

always = Calendar.round_the_clock("UTC")
policy = Policy(
    name="crowd",
    calendar=always,
    resolve={{"normal": hours(1000)}},
    tiers=(
        Tier(name="agent", calendar=always, targets={{"normal": Targets(
            acknowledge=hours({acknowledge}), update_every=hours(800), resolve=hours(900))}}),
    ),
    lead="team-lead",
    last_resort="duty-manager",
)
queues = ("crowd",)
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One migration of all tickets."""

    rate: float | None
    """Asked for, in tickets a second; none: as fast as it goes."""
    is_earlier: bool
    """Whether the deadlines became earlier."""
    tickets: int
    seconds: float
    """From the first ticket that was moved to the last."""
    lag: Lag
    """Of other tickets' deadlines meanwhile."""

    @property
    def a_second(self) -> float:
        """The rate that there was."""
        return self.tickets / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """Everything that was measured on one record."""

    database: str
    beside: Lag
    """Of such deadlines while nothing is moved."""
    moved: tuple[Moved, ...]


async def measure(kind: str, *, tickets: int, a_second: float, resting_seconds: float, rate: float) -> Migrated:
    """Move so many tickets, at that pace and as fast as it goes, beside so many deadlines a second."""
    async with AsyncExitStack() as started:
        url = await started.enter_async_context(fresh_record(kind))
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="followthrough-bench-")))
        env = environment(folder, DATABASE_URL=url, LOG_LEVEL="error")
        serving = await started.enter_async_context(module("serving", env=env))
        said = await serving.say(r"intake (\S+) temporal (\S+)")
        env |= {"FOLLOWTHROUGH_EMBEDDED_TEMPORAL_ADDRESS": said[2]}
        our = await started.enter_async_context(reached(url, said[1], said[2], RealClock()))
        first = _written(folder, 700)
        await _open(our.records, runpy.run_path(str(first))["policy"], tickets)
        beside, _ = await lag_during(our, a_second, lambda: asyncio.sleep(resting_seconds))
        moved = []
        for asked, version in ((rate, _written(folder, 600)), (None, _written(folder, 500)), (rate, first)):
            await _until_told(our.records)
            work = partial(_migrate, version, asked or FASTEST, tickets, env)
            lag, seconds = await lag_during(our, a_second, work)
            is_earlier = version != first
            moved.append(Moved(rate=asked, is_earlier=is_earlier, tickets=tickets, seconds=seconds or 0.0, lag=lag))
    return Migrated(database=kind, beside=beside, moved=tuple(moved))


def table(found: Migrated) -> Table:
    """The figures for a person."""
    shown = Table(
        *("open tickets", "deadlines", "at most, /s", "moved, /s", "in, s"),
        *("other deadlines", "late by, median, ms", "p99, ms", "greatest, ms"),
        title=f"policy migrate, {found.database}",
    )
    shown.add_row("-", "-", "-", "-", "-", *_late(found.beside))
    for each in found.moved:
        pace = f"{each.rate:g}" if each.rate else "any"
        way = "earlier" if each.is_earlier else "later"
        moved = (f"{each.tickets:,}", way, pace, f"{each.a_second:,.0f}", f"{each.seconds:.1f}")
        shown.add_row(*moved, *_late(each.lag))
    return shown


def _late(lag: Lag) -> tuple[str, ...]:
    return f"{lag.deadlines:,}", *(f"{MILLISECONDS * each:,.0f}" for each in (lag.median, lag.p99, lag.greatest))


def _written(folder: Path, acknowledge: int) -> Path:
    path = folder / f"crowd_{acknowledge}.py"
    path.write_text(POLICY.format(acknowledge=acknowledge), encoding="utf-8")
    return path


async def _open(records: Records, policy: Policy, tickets: int) -> None:
    """Open tickets of which Temporal is taken to know: starting their timers is not what is measured."""
    numbers = count(1)

    async def one() -> None:
        settled = await records.record.open_ticket(policy, an_opening(next(numbers), queue="crowd"))
        if settled.nudge is not None:
            await records.upkeep.mark_told([settled.nudge])

    await timed(CALLERS, [one] * tickets)


async def _until_told(records: Records) -> None:
    """Wait until Temporal knows of every wake-up: the nudges of one migration are no part of the next one's lag."""
    async with asyncio.timeout(LONGEST_TOLD_SECONDS):
        while await records.upkeep.owed_nudges(older_than_seconds=0, limit=1):  # noqa: ASYNC110 - other processes tell it
            await asyncio.sleep(0.5)


async def _migrate(version: Path, rate: float, tickets: int, env: dict[str, str]) -> float:
    """Run the tool to its end; the seconds from the first ticket that it moved to the last."""
    words = ("policy", "migrate", "crowd", "--to", str(version), "--apply", "--rate", f"{rate:g}", "--json")
    loop, moved, began, ended = asyncio.get_running_loop(), 0, 0.0, 0.0
    async with running(*words, env=env) as moving:
        if moving.process.stdout is None:
            raise AssertionError("the tool is read through a pipe")
        async for line in moving.process.stdout:
            if json.loads(line).get("outcome") == "moved":
                moved += 1
                ended = loop.time()
                began = began or ended
        code = await moving.process.wait()
    if (code, moved) != (0, tickets):
        raise AssertionError(f"{moved} of {tickets} tickets were moved, and the tool ended with {code}")
    return ended - began
