"""An announcement to many tickets: how fast customers are told, and how late other tickets' deadlines are found.

    python -m tests.bench.announcing [--quick]

Beside a Followthrough that serves: intake, worker, keeper and Temporal in processes of their own. An update at a pace,
then the fix as fast as it goes. Meanwhile tickets of another policy are opened at an even pace and run out; so they are
with nothing announced, on the same record and in the same run. Every customer must have been told exactly once: of some
of them two tickets are linked, and they have one letter.
"""

import argparse
import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from services.intake.fields import FASTEST, MOST_LINKED
from services.records import RealClock, Records
from services.records.owed_messages import stored_kind
from services.records.problem_facts import Announcement, AnnouncementKind
from services.records.tables import EventRow, MessageRow, TicketRow
from services.records.tables_problems import AnnouncementResultRow
from tests.bench.beside import fresh_record, module
from tests.bench.deadlines import Lag
from tests.bench.meanwhile import lag_during
from tests.bench.pacing import timed
from tests.bench.rates import Ours, reached
from tests.bench.rounds import machine
from tests.support.databases import PostgresqlMissing
from tests.support.policies import ladder
from tests.support.problems import a_problem, announce, link
from tests.support.processes import environment
from tests.support.record import an_opening

CALLERS = 8
LONGEST_TOLD_SECONDS = 1200.0
MILLISECONDS = 1000
WIDE = 150
"""Columns, where there is no terminal to fit."""
TOLD_BY = {AnnouncementKind.UPDATE: "update_posted", AnnouncementKind.FIX: "resolved"}
"""The line of a ticket's log that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much of everything."""

    tickets: int
    customers: int
    """Whose tickets they are: those that are more are second ones."""
    rate: float
    """Of the tickets a second, where they are told at a pace."""
    deadlines_a_second: float
    """Of other tickets, meanwhile."""
    resting_seconds: float
    """For which the same deadlines are measured with nothing announced, before and again afterwards."""


FULL = Amount(tickets=10_000, customers=9_500, rate=100, deadlines_a_second=10, resting_seconds=30)
QUICK = Amount(tickets=100, customers=80, rate=50, deadlines_a_second=5, resting_seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One announcement to all tickets."""

    kind: AnnouncementKind
    rate: float
    """Asked for, in tickets a second."""
    tickets: int
    letters: int
    """Of all customers."""
    starting_seconds: float
    """From its being announced to the first customer told."""
    seconds: float
    """From the first to the last."""
    lag: Lag
    """Of other tickets' deadlines meanwhile."""

    @property
    def a_second(self) -> float:
        """The rate that there was."""
        return (self.tickets - 1) / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """Everything that was measured on one record."""

    database: str
    beside: tuple[Lag, Lag]
    """Of such deadlines while nothing is announced: before, and afterwards."""
    told: tuple[Told, ...]


async def measure(kind: str, amount: Amount) -> Announced:
    """Announce to so many tickets, at that pace and as fast as it goes, beside so many deadlines a second."""
    async with AsyncExitStack() as started:
        url = await started.enter_async_context(fresh_record(kind))
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="followthrough-bench-")))
        env = environment(folder, DATABASE_URL=url, LOG_LEVEL="error")
        serving = await started.enter_async_context(module("serving", env=env))
        said = await serving.say(r"intake (\S+) temporal (\S+)")
        our = await started.enter_async_context(reached(url, said[1], said[2], RealClock()))
        await _linked(our.records, amount)
        before = await _at_rest(our, amount)
        told = [
            await _told(our, amount, AnnouncementKind.UPDATE, amount.rate),
            await _told(our, amount, AnnouncementKind.FIX, FASTEST),
        ]
        after = await _at_rest(our, amount)
    return Announced(database=kind, beside=(before, after), told=tuple(told))


def table(found: Announced) -> Table:
    """The figures for a person."""
    shown = Table(
        *("announced", "tickets", "letters", "at most, /s", "told, /s", "first after, s", "all in, s"),
        *("other deadlines", "late by, median, ms", "p99, ms", "greatest, ms", "median and p99 to the quieter rest"),
        title=f"announcements, {found.database}",
    )
    before, after = found.beside
    median, p99 = min(before.median, after.median), min(before.p99, after.p99)
    shown.add_row("nothing, before", *"------", *_late(before), "-")
    for each in found.told:
        pace = (f"{each.rate:g}", f"{each.a_second:,.0f}", f"{each.starting_seconds:.1f}", f"{each.seconds:.1f}")
        ratios = f"{each.lag.median / median:.2f}, {each.lag.p99 / p99:.2f}"
        shown.add_row(each.kind.value, f"{each.tickets:,}", f"{each.letters:,}", *pace, *_late(each.lag), ratios)
    shown.add_row("nothing, after", *"------", *_late(after), "-")
    return shown


def _late(lag: Lag) -> tuple[str, ...]:
    return f"{lag.deadlines:,}", *(f"{MILLISECONDS * each:,.0f}" for each in (lag.median, lag.p99, lag.greatest))


async def _linked(records: Records, amount: Amount) -> None:
    """Open tickets of which Temporal is taken to know, and link them all: neither is what is measured."""
    policy, numbers, ids = replace(ladder(), name="crowd"), count(1), list[str]()

    async def one() -> None:
        number = next(numbers)
        opening = an_opening(number, queue="crowd")
        customer = replace(opening.customer, external_id=f"c-{number % amount.customers}")
        settled = await records.record.open_ticket(policy, replace(opening, customer=customer))
        if settled.nudge is not None:
            await records.upkeep.mark_told([settled.nudge])
        ids.append(settled.ticket_id)

    await timed(CALLERS, [one] * amount.tickets)
    await a_problem(records)
    for place in range(0, len(ids), MOST_LINKED):
        await link(records, *ids[place : place + MOST_LINKED])


async def _at_rest(our: Ours, amount: Amount) -> Lag:
    lag, _ = await lag_during(our, amount.deadlines_a_second, lambda: asyncio.sleep(amount.resting_seconds))
    return lag


async def _told(our: Ours, amount: Amount, kind: AnnouncementKind, rate: float) -> Told:
    records, named = our.records, f"a-{kind.value}"

    async def work() -> None:
        await announce(records, named, kind=kind, tickets_per_second=round(rate))
        async with asyncio.timeout(LONGEST_TOLD_SECONDS):
            while (await records.known_problems.announcement(named)).ended_at is None:  # noqa: ASYNC110 - another process tells
                await asyncio.sleep(0.5)

    lag, _ = await lag_during(our, amount.deadlines_a_second, work)
    found = await records.known_problems.announcement(named)
    letters = await _require_once(records, found, amount)
    row = AnnouncementResultRow
    query = select(func.min(row.at), func.max(row.at)).where(row.announcement_id == named)
    async with records.database.reading.connect() as connection:
        first_at, last_at = (await connection.execute(query)).one()
    return Told(
        kind=kind,
        rate=rate,
        tickets=found.told_count,
        letters=letters,
        starting_seconds=(first_at - found.announced_at).total_seconds(),
        seconds=(last_at - first_at).total_seconds(),
        lag=lag,
    )


async def _require_once(records: Records, found: Announcement, amount: Amount) -> int:
    """Every ticket has exactly one line of it, and every customer exactly one letter; gives how many letters."""
    row, message, ticket = EventRow, MessageRow, TicketRow
    kind = TOLD_BY[found.kind]
    lines = select(func.count(), func.count(row.ticket_id.distinct())).where(row.kind == kind)
    sent = (
        select(func.count(), func.count(ticket.customer_id.distinct()))
        .select_from(message)
        .join(ticket, ticket.ticket_id == message.ticket_id)
        .where(message.kind.in_([stored_kind(kind, is_for_others=each) for each in (False, True)]))
    )
    async with records.database.reading.connect() as connection:
        written, of_tickets = (await connection.execute(lines)).one()
        letters, of_customers = (await connection.execute(sent)).one()
    if not found.told_count == written == of_tickets == amount.tickets:
        raise AssertionError(f"{written} lines in {of_tickets} of {amount.tickets} tickets: {dict(found.outcomes)}")
    if not letters == of_customers == amount.customers:
        raise AssertionError(f"{letters} letters to {of_customers} of {amount.customers} customers")
    return int(letters)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a minute, to see that it runs: figures mean little")
    amount = QUICK if parser.parse_args().quick else FULL
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    console.print(machine())
    with console.status("announce"), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            console.print(table(runner.run(measure("postgresql", amount))))
        except PostgresqlMissing as missing:
            console.print(f"announce: {missing}")


if __name__ == "__main__":
    main()
