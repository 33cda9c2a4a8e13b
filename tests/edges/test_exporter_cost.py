"""What a scrape costs: it reads what is open and the folded totals, however many tickets were closed before."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from services.records import Records, SettledBy
from services.records.tables import MessageRow, TicketRow
from tests.support.clock import StoryClock
from tests.support.record import ACKNOWLEDGE, Outsider, a_policy, an_opening
from workflows.domain.ticket.commands import Resolve
from workflows.domain.ticket.words import Outcome

CLOSED = 3000
OPEN = 3
INDICES = "open|late|owed|due|stuck|at_risk|status|credit_asked"
"""Of tickets, those that leave out what is closed; by status only those that wait on the customer are looked for."""

Asked = list[tuple[str, tuple[Any, ...]]]


@contextmanager
def listening(records: Records) -> Iterator[Asked]:
    """Every statement that is run meanwhile, with its parameters."""
    asked: Asked = []

    def note(*heard: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
        _, _, statement, parameters, _, _ = heard
        asked.append((statement, tuple(parameters)))

    engine = records.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def an_old_record(records: Records, url: str, clock: StoryClock) -> None:
    """Three open tickets, one of them overdue, and thousands that were closed, each with its messages."""
    for number in range(1, OPEN + 2):
        await records.record.open_ticket(a_policy(), an_opening(number))
    over = Resolve(actor="kim", outcome=Outcome.WITHDRAWN, explanation="customer found the switch")
    last = f"t-{OPEN + 1:04d}"
    await records.record.settle(last, over, by=SettledBy.INTAKE)
    clock.pass_(ACKNOWLEDGE + timedelta(seconds=1))
    outsider = Outsider(url)
    numbers = (
        "WITH RECURSIVE numbers(number) AS "  # noqa: S608 - a test's own words
        f"(SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {CLOSED}) "
    )
    renamed = {"ticket_id": "ticket_id || '-' || number", "reference": "reference || '-' || number"}
    tickets = [column.name for column in TicketRow.__table__.columns]
    await outsider.run(
        f"INSERT INTO tickets ({', '.join(tickets)}) {numbers}"  # noqa: S608 - a test's own words
        f"SELECT {', '.join(renamed.get(name, name) for name in tickets)} FROM tickets, numbers "
        f"WHERE ticket_id = '{last}'"
    )
    messages = [column.name for column in MessageRow.__table__.columns if column.name != "message_id"]
    told = {"ticket_id": renamed["ticket_id"], "status": "'sent'", "ended_at": "recorded_at"}
    await outsider.run(
        f"INSERT INTO outbox ({', '.join(messages)}) {numbers}"  # noqa: S608 - a test's own words
        f"SELECT {', '.join(told.get(name, name) for name in messages)} FROM outbox, numbers "
        f"WHERE ticket_id = '{last}'"
    )
    await records.upkeep.fold_totals()
    await outsider.run("ANALYZE")


async def explained(records: Records, asked: Asked) -> list[Any]:
    """How the database goes about each statement; PostgreSQL does it once more, and counts."""
    how = "EXPLAIN QUERY PLAN " if records.database.is_sqlite else "EXPLAIN (ANALYZE, FORMAT JSON) "
    plans = []
    async with records.database.reading.connect() as connection:
        for statement, parameters in asked:
            plans.append((await connection.exec_driver_sql(how + statement, parameters)).all())
    return plans


def touched(node: Mapping[str, Any]) -> int:
    """Rows that a plan and those beneath it read from tables, those that it did not want included."""
    rows = 0
    if "Relation Name" in node:
        unwanted = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        rows = (node["Actual Rows"] + unwanted) * node["Actual Loops"]
    return int(rows) + sum(touched(beneath) for beneath in node.get("Plans", ()))


async def test_a_scrape_touches_no_closed_ticket(records: Records, record_url: str, story_clock: StoryClock) -> None:
    """A record that is ten years old is scraped as fast as a new one with as many open tickets."""
    await an_old_record(records, record_url, story_clock)
    with listening(records) as asked:
        figures = await records.queries.figures()
    asked = [(statement, parameters) for statement, parameters in asked if statement.lstrip().startswith("SELECT")]
    plans = await explained(records, asked)

    assert sum(figures.open_tickets.values()) == OPEN
    assert sum(figures.overdue_tickets.values()) == OPEN
    assert len(asked) >= 5
    if records.database.is_sqlite:
        steps = [step for plan in plans for *_, step in plan if re.match(r"(SCAN|SEARCH) (tickets|outbox)\b", step)]
        indexed = rf"(SCAN|SEARCH) (tickets USING (COVERING )?INDEX ix_tickets_({INDICES})|outbox .*ix_outbox_due)\b"
        assert steps
        assert [step for step in steps if not re.match(indexed, step)] == []
    else:
        plans = [plan[0][0] if isinstance(plan[0][0], list) else json.loads(plan[0][0]) for plan in plans]
        totals = sum(1 for _ in figures.totals)
        assert sum(touched(plan[0]["Plan"]) for plan in plans) < 20 * OPEN + 4 * totals < CLOSED
