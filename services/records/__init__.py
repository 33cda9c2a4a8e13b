"""The record: every ticket, event, answer and figure, in SQL. The only truth that there is about a ticket.

records = await connect("postgresql://localhost/followthrough", clock)
await records.record.settle(ticket_id, command, by=SettledBy.INTAKE)
await records.aclose()
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import select, text

from services.records.announcing import Announcing
from services.records.at_risk import CustomersAtRisk
from services.records.clock import RealClock, RecordClock, ScaledClock, parse
from services.records.closure_walk import ClosureWalk
from services.records.closures import ClosureRefused, Closures, ClosureUnknown, KeptClosure
from services.records.contacts import Contacts, Named
from services.records.decision import Judge
from services.records.engine import Database, Timeouts, open_database
from services.records.errors import (
    AskedWrongly,
    ClockMismatch,
    ClockRunOut,
    ClockUnusable,
    CommandFailed,
    IdentityTaken,
    LogTooNew,
    RecordError,
    RecordFailed,
    RecordNotWritable,
    RecordUnavailable,
    RequestIdReused,
    SchemaMissing,
    StateTooNew,
    TicketStuck,
    TicketUnknown,
)
from services.records.faults import spoken_plainly
from services.records.figures import Figures
from services.records.imports import Imports
from services.records.log_lines import LogLines
from services.records.outbox import Outbox
from services.records.policies import KnownPolicies
from services.records.problem_links import ProblemLinks
from services.records.problem_queries import ProblemQueries
from services.records.problems import Problems
from services.records.queries import Input, Place, Queries, TicketFilter
from services.records.rosters import Duty, Moment, OnDuty, Rosters, Standing
from services.records.schema import migrate, require_folder, require_schema, schema_of
from services.records.settled import Encode, Nudge, Request, Settled, SettledBy, SettledDuplicate, SettledPair
from services.records.statements import LATELY
from services.records.statements_postgresql import PostgresqlStatements
from services.records.statements_sqlite import SqliteStatements
from services.records.store import Record
from services.records.tables import MetaRow, TicketRow, instant_to_text
from services.records.upkeep import Rescue, Upkeep
from workflows.domain.ticket import judge as rules

__all__ = [
    "Announcing",
    "AskedWrongly",
    "ClockMismatch",
    "ClockRunOut",
    "ClockUnusable",
    "ClosureRefused",
    "ClosureUnknown",
    "ClosureWalk",
    "Closures",
    "CommandFailed",
    "Contacts",
    "CustomersAtRisk",
    "Duty",
    "Encode",
    "Figures",
    "IdentityTaken",
    "Input",
    "KeptClosure",
    "LogLines",
    "LogTooNew",
    "Moment",
    "Named",
    "Nudge",
    "OnDuty",
    "Outbox",
    "Place",
    "ProblemLinks",
    "ProblemQueries",
    "Problems",
    "Queries",
    "RealClock",
    "Record",
    "RecordClock",
    "RecordError",
    "RecordFailed",
    "RecordNotWritable",
    "RecordUnavailable",
    "Records",
    "Request",
    "RequestIdReused",
    "Rescue",
    "Rosters",
    "ScaledClock",
    "SchemaMissing",
    "Settled",
    "SettledBy",
    "SettledDuplicate",
    "SettledPair",
    "Standing",
    "StateTooNew",
    "TicketFilter",
    "TicketStuck",
    "TicketUnknown",
    "Timeouts",
    "Upkeep",
    "connect",
    "migrate",
    "parse",
    "require_folder",
    "schema_of",
]


_KEEP_WRITTEN_AT = text("""
INSERT INTO meta (name, value) VALUES ('written_at', :now) ON CONFLICT (name) DO UPDATE SET value = excluded.value
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """One database, seen from all its sides; they share connections and what they have read of policies."""

    database: Database
    clock: RecordClock
    record: Record
    upkeep: Upkeep
    queries: Queries
    outbox: Outbox
    log_lines: LogLines
    rosters: Rosters
    customers_at_risk: CustomersAtRisk
    closures: Closures
    closure_walk: ClosureWalk
    problems: Problems
    problem_links: ProblemLinks
    announcing: Announcing
    known_problems: ProblemQueries
    contacts: Contacts
    imports: Imports

    async def require_writable(self) -> None:
        """Raise `RecordError` unless what is settled could be written here: writes when that was seen last."""
        now = {"now": instant_to_text(datetime.now(UTC))}
        with spoken_plainly():
            async with self.database.writing, self.database.engine.begin() as connection:
                await connection.execute(_KEEP_WRITTEN_AT, now)

    async def aclose(self) -> None:
        """Close every connection."""
        await self.database.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


async def connect(
    url: str, clock: RecordClock, *, judge: Judge = rules.judge, timeouts: Timeouts | None = None
) -> Records:
    """Open the record by this clock.

    Raises `SchemaMissing`, which says the command to run; `ClockMismatch`; `RecordUnavailable`; `RecordFailed` (a wrong
    password, say); `ValueError` for a URL that cannot be used.
    """
    database = open_database(url, timeouts=timeouts)
    try:
        await require_schema(database)
        await _claim(database, clock)
    except BaseException:
        await database.aclose()
        raise
    lately = LATELY / min(clock.speed, 1)
    statements = (
        SqliteStatements(database, lately=lately)
        if database.is_sqlite
        else PostgresqlStatements(database, lately=lately)
    )
    policies = KnownPolicies(statements)
    closures = Closures(database, statements, clock)
    record = Record(statements, clock, policies, judge=judge)
    return Records(
        database=database,
        clock=clock,
        record=record,
        upkeep=Upkeep(database, statements, clock, policies, judge=judge),
        queries=Queries(database, statements, clock, policies),
        outbox=Outbox(database, statements),
        log_lines=LogLines(database, statements, clock, policies),
        rosters=Rosters(database, statements, clock),
        customers_at_risk=CustomersAtRisk(database, statements, clock, policies, record),
        closures=closures,
        closure_walk=ClosureWalk(closures, record),
        problems=Problems(database, statements, clock),
        problem_links=ProblemLinks(statements, clock, policies, judge=judge),
        announcing=Announcing(database, statements, clock, policies, judge=judge),
        known_problems=ProblemQueries(database),
        contacts=Contacts(database, record),
        imports=Imports(database),
    )


async def _claim(database: Database, clock: RecordClock) -> None:
    """Write the clock's name with the record, unless it holds tickets of another."""
    kept = select(MetaRow.value).where(MetaRow.name == "clock")
    with spoken_plainly():
        async with database.reading.connect() as connection:
            if await connection.scalar(kept) == clock.name:
                return
        async with database.engine.begin() as connection:
            await connection.execute(
                text("INSERT INTO meta (name, value) VALUES ('clock', :name) ON CONFLICT DO NOTHING"),
                {"name": clock.name},
            )
            found = await connection.scalar(kept.with_for_update())
            if found == clock.name:
                return
            if await connection.scalar(select(TicketRow.ticket_id).limit(1)) is not None:
                raise ClockMismatch(str(found), clock.name)
            await connection.execute(text("UPDATE meta SET value = :name WHERE name = 'clock'"), {"name": clock.name})
