"""What tests of the record open, ask and interleave: a round-the-clock policy, and somebody who holds a ticket."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types

from services.records import Request
from services.records.engine import sqlite_path, url_of
from tests.support.clock import MONDAY_NOON
from tests.support.judging import Judging
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, Targets, Tier, hours, minutes
from workflows.domain.ticket.commands import (
    Acknowledge,
    Command,
    Customer,
    Import,
    MergeInto,
    Open,
    SpentClock,
    TakeOver,
)
from workflows.domain.ticket.importing import USED
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import Judged
from workflows.domain.ticket.words import Status

ALWAYS = Calendar("UTC", {"mon-sun": "00:00-24:00"})
ACKNOWLEDGE = minutes(15)
"""Of the first tier."""


def a_policy(name: str = "round-the-clock") -> Policy:
    """Two tiers that never close: acknowledge within 15 minutes, then within 30."""
    return Policy(
        name=name,
        calendar=ALWAYS,
        resolve={"normal": hours(24)},
        tiers=(
            Tier(
                name="desk",
                calendar=ALWAYS,
                targets={"normal": Targets(acknowledge=ACKNOWLEDGE, update_every=hours(4), resolve=hours(8))},
            ),
            Tier(
                name="specialist",
                calendar=ALWAYS,
                targets={"normal": Targets(acknowledge=minutes(30), update_every=hours(4), resolve=hours(12))},
            ),
        ),
        lead="team-lead",
        last_resort="duty-manager",
        warn_at=(),
    )


def an_opening(number: int = 1, *, queue: str = "home", name: str = "Ada Okafor", text: str = "no dial tone") -> Open:
    """A request for ticket `t-…`."""
    return Open(
        actor="crm",
        ticket_id=f"t-{number:04d}",
        reference=f"R-{number:04d}",
        queue=queue,
        priority="normal",
        customer=Customer(external_id=f"c-{number}", name=name, language="en-GB", zone="Europe/London"),
        subject="line down",
        description=text,
        channel="phone",
    )


def an_import(number: int, references: tuple[str, ...] = ("INC1", "CRM-7")) -> Import:
    """The same ticket from elsewhere, whatever it is to be called here."""
    return Import(
        actor="olga",
        ticket_id=f"t-{number:04d}",
        reference=f"R-{number:04d}",
        queue="home",
        priority="normal",
        customer=an_opening().customer,
        subject="line down",
        description="as it stood there",
        channel="phone",
        opened_at=MONDAY_NOON,
        tier=a_policy().first_tier.name,
        status=Status.OPEN,
        clocks=tuple(SpentClock(target=each, used=timedelta()) for each in USED),
        references=references,
    )


def an_acknowledgement(handler: str = "kim", tier: str = "desk") -> Acknowledge:
    """Somebody takes it on."""
    return Acknowledge(actor=handler, handler=handler, tier=tier)


def a_request(request_id: str = "r-1", *, caller: str = "crm-1", body: bytes = b"body") -> Request:
    """Names a request."""
    return Request(caller=caller, request_id=request_id, body_hash=body)


def answer(judged: Judged) -> bytes:
    """What a caller would be told."""
    return f"{judged.ticket.ticket_id} {judged.ticket.status} {judged.ticket.handler}".encode()


class PoisonJudge(Judging):
    """Judges by the rules, but cannot judge some tickets; says so with a customer's name in the text."""

    def __init__(self, *poisoned: str) -> None:
        self.poisoned = set(poisoned)
        self.halves: set[str] = set()
        """Of these it cannot judge merging."""
        super().__init__(before=self._die)

    def _die(self, ticket: Ticket, command: Command | None) -> None:
        if ticket.ticket_id in self.poisoned or (
            ticket.ticket_id in self.halves and isinstance(command, MergeInto | TakeOver)
        ):
            raise ZeroDivisionError(f"cannot judge for {ticket.customer.name}")


class RefusedJudge(Judging):
    """Judges by the rules, but numbers the log of one ticket so that no database takes it."""

    def __init__(self, refused: str) -> None:
        self.refused = refused
        super().__init__(after=self._spoil)

    def _spoil(self, ticket: Ticket, _: Command | None, judged: Judged) -> Judged:
        if ticket.ticket_id != self.refused:
            return judged
        return replace(judged, entries=tuple(replace(entry, sequence=1) for entry in judged.entries))


class Outsider:
    """A connection that is nobody's of the record: looks into tables, breaks them, holds a ticket's lock."""

    def __init__(self, url: str) -> None:
        self._url = url_of(url)
        self.is_sqlite = sqlite_path(self._url) is not None

    async def run(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement in a transaction of its own."""
        if self.is_sqlite:
            connection = sqlite3.connect(str(self._url.database), isolation_level=None)
            try:
                return connection.execute(statement).fetchall()
            finally:
                connection.close()
        driver: Any = await self._connect()
        try:
            return [tuple(row) for row in await driver.fetch(statement)]
        finally:
            await driver.close()

    async def generic_plan(self, statement: str) -> str:
        """How PostgreSQL goes about a statement whose values it does not know."""
        driver: Any = await self._connect()
        try:
            await driver.execute("SET plan_cache_mode = force_generic_plan")
            prepared = await driver.prepare(statement)
            values = ", ".join("NULL" for _ in prepared.get_parameters())
            await driver.execute(f"PREPARE asked AS {statement}")
            rows = await driver.fetch(f"EXPLAIN EXECUTE asked({values})" if values else "EXPLAIN EXECUTE asked")
            return "\n".join(row[0] for row in rows)
        finally:
            await driver.close()

    async def crowd(self, ticket_id: str, how_many: int) -> None:
        """Set so many tickets beside one, most of them closed; the others late, or handled by many."""
        numbers = (
            f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {how_many})"  # noqa: S608 - a number
            if self.is_sqlite
            else f"WITH numbers AS (SELECT n FROM generate_series(1, {how_many}) AS n)"  # noqa: S608 - a number
        )
        if self.is_sqlite:
            columns = [name for (name,) in await self.run("SELECT name FROM pragma_table_info('tickets')")]
        else:
            of_tickets = "table_name = 'tickets' AND table_schema = 'public'"
            columns = [
                name
                for (name,) in await self.run(f"SELECT column_name FROM information_schema.columns WHERE {of_tickets}")  # noqa: S608 - a test's own words
            ]
        other = {
            "ticket_id": "'x-' || n",
            "reference": "'X-' || n",
            "customer_id": "'c-' || n",
            "status": "CASE WHEN n % 10 = 0 THEN 'in_progress' ELSE 'closed' END",
            "handler": "CASE WHEN n % 20 = 0 THEN 'kim' || (n % 700) END",
            "deadline_at": "CASE WHEN n % 10 = 0 AND n % 40 <> 0 THEN deadline_at END",
            "wake_at": "CASE WHEN n % 10 = 0 THEN wake_at END",
            "told_at": "CASE WHEN n % 30 <> 0 THEN wake_at END",
        }
        values = ", ".join(other.get(column, column) for column in columns)
        await self.run(
            f"{numbers} INSERT INTO tickets ({', '.join(columns)}) "  # noqa: S608 - a test's own words
            f"SELECT {values} FROM tickets, numbers WHERE ticket_id = '{ticket_id}'"
        )
        await self.run("ANALYZE")

    @asynccontextmanager
    async def holding(self, ticket_id: str) -> AsyncIterator[None]:
        """Hold the ticket's lock, as another process's settle would."""
        if self.is_sqlite:
            connection = sqlite3.connect(str(self._url.database), isolation_level=None)
            try:
                connection.execute("BEGIN IMMEDIATE")
                yield
                connection.execute("COMMIT")
            finally:
                connection.close()
            return
        driver: Any = await self._connect()
        try:
            async with driver.transaction():
                await driver.execute("SELECT 1 FROM tickets WHERE ticket_id = $1 FOR NO KEY UPDATE", ticket_id)
                yield
        finally:
            await driver.close()

    async def until_somebody_waits(self, how_many: int = 1) -> None:
        """Return once others wait for what is held; SQLite tells nobody, so there it is a short while."""
        if self.is_sqlite:
            await asyncio.sleep(0.1)
            return
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        async with asyncio.timeout(10):
            while (await self.run(waiting))[0][0] < how_many:  # noqa: ASYNC110 - another process's state has no event
                await asyncio.sleep(0.01)

    async def _connect(self) -> Any:  # noqa: ANN401 - the driver has no types
        url = self._url
        return await asyncpg.connect(host=url.host, port=url.port, user=url.username, database=url.database)


A_TICK = timedelta(microseconds=1)
