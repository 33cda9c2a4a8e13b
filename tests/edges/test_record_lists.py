"""What people ask the record for: what is due next, what is mine, why a deadline is when it is; each by an index."""

import re
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from services.records import Place, Records, SettledBy, TicketFilter
from services.records.rows import promised_by
from services.records.tables import TicketRow
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.old_record import WITH_PROMISES
from tests.support.record import ACKNOWLEDGE, Outsider, a_policy, an_acknowledgement, an_opening
from workflows.domain.errors import TextError
from workflows.domain.ticket.commands import KeepPromise, MakePromise, Resolve, WaitOnCustomer
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.words import ClockState, Outcome, Pause, PromiseKind, Target

EVERYTHING = TicketFilter()
RESOLVE = Resolve(actor="kim", outcome=Outcome.FIXED, explanation="port reset")
WAIT = WaitOnCustomer(actor="kim", question="which lamp is lit?")


async def opened(records: Records, story_clock: StoryClock, *numbers: int) -> None:
    """Open tickets a minute apart, so that each is due a minute after the one before."""
    for number in numbers:
        await records.record.open_ticket(a_policy(), an_opening(number))
        story_clock.pass_(timedelta(minutes=1))


async def due(records: Records, wanted: TicketFilter = EVERYTHING, *, after: Place | None = None, size: int = 9) -> str:
    """The numbers of what is listed, in its order."""
    listed = await records.queries.next_due(wanted, page_size=size, after=after)
    return " ".join(str(int(ticket.ticket_id[2:])) for ticket in listed)


async def place(records: Records, number: int) -> Place:
    """Where a page that ended with this ticket ended."""
    return Place.of(await records.queries.ticket(f"t-{number:04d}"))


async def test_what_is_due_next_comes_first_and_what_no_clock_runs_for_last(
    records: Records, story_clock: StoryClock
) -> None:
    """By deadline, then by id; nothing is listed that the desk owes no more work on."""
    await opened(records, story_clock, 3, 2)
    await records.record.open_ticket(a_policy(), an_opening(5))
    await records.record.open_ticket(a_policy(), an_opening(4))
    await opened(records, story_clock, 6, 7, 1)
    for number, command in ((1, WAIT), (6, RESOLVE), (3, None)):
        ticket_id = f"t-{number:04d}"
        await records.record.settle(ticket_id, an_acknowledgement(), by=SettledBy.INTAKE)
        if command is not None:
            assert (await records.record.settle(ticket_id, command, by=SettledBy.INTAKE)).refusal is None

    waiting = await records.queries.ticket("t-0001")
    deadlines = {ticket.deadline_at() for ticket in await records.queries.next_due(EVERYTHING, page_size=9)}

    assert waiting.deadline_at() is None
    assert None in deadlines
    assert await due(records) == "2 4 5 7 3 1"


async def test_pages_of_what_is_due_go_on_after_a_place(records: Records, story_clock: StoryClock) -> None:
    """Each ticket once, through those that have a deadline and on to those that have none, at any size of page."""
    await opened(records, story_clock, 1, 2, 3, 4, 5)
    for number in (2, 4):
        await records.record.settle(f"t-{number:04d}", an_acknowledgement(), by=SettledBy.INTAKE)
        await records.record.settle(f"t-{number:04d}", WAIT, by=SettledBy.INTAKE)

    for size in range(1, 7):
        found: list[str] = []
        after = None
        while True:
            page = await records.queries.next_due(EVERYTHING, page_size=size, after=after)
            found += [ticket.ticket_id for ticket in page]
            if len(page) < size:
                break
            after = Place.of(page[-1])
        assert found == ["t-0001", "t-0003", "t-0005", "t-0002", "t-0004"]


async def test_page_is_not_moved_by_what_happens_to_others(records: Records, story_clock: StoryClock) -> None:
    """What was taken, solved or opened since the first page shifts nobody whose own deadline stands."""
    await opened(records, story_clock, 1, 2, 3, 4, 5)
    first = await place(records, 2)

    await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
    await records.record.settle("t-0001", RESOLVE, by=SettledBy.INTAKE)
    await records.record.settle("t-0004", an_acknowledgement(), by=SettledBy.INTAKE)
    await opened(records, story_clock, 6)

    assert await due(records, after=first) == "3 5 6 4"
    assert await due(records, after=first, size=2) == "3 5"


async def promise(records: Records, number: int, name: str, owner: str, after: timedelta) -> None:
    """Have somebody promise the customer a call of that ticket, for so long after Monday noon."""
    call = MakePromise(
        actor="kim",
        kind=PromiseKind.CALL_BACK,
        name=name,
        promised_at=MONDAY_NOON + after,
        words="we call",
        owner=owner,
    )
    assert (await records.record.settle(f"t-{number:04d}", call, by=SettledBy.INTAKE)).refusal is None


async def test_what_i_owe_on_others_tickets_is_mine(records: Records, story_clock: StoryClock) -> None:
    """2.4: a promise stays its owner's, whoever has the ticket; so it is on their list, until it is kept."""
    await opened(records, story_clock, 1, 2, 3, 4, 5)
    for number, handler in ((1, "lee"), (2, "lee"), (3, "kim"), (5, "lee")):
        await records.record.settle(f"t-{number:04d}", an_acknowledgement(handler), by=SettledBy.INTAKE)
    await promise(records, 2, "call", "kim", timedelta(hours=3))
    await promise(records, 3, "call", "kim", timedelta(hours=2))
    await promise(records, 4, "call", "kim", timedelta(hours=1))
    await promise(records, 4, "another", "Kim", timedelta(hours=1))
    await promise(records, 1, "call", "ki%", timedelta(hours=1))

    mine, whole = TicketFilter(handler="kim"), TicketFilter(handler="kim", with_promises=True)
    assert await due(records, mine) == "3"
    assert sorted((await due(records, whole)).split()) == ["2", "3", "4"]
    assert await due(records, TicketFilter(handler="Kim", with_promises=True)) == "4"
    assert await due(records, TicketFilter(handler="k_m", with_promises=True)) == ""
    assert await records.queries.count(whole) == 3
    listed = await records.queries.tickets(whole, page_size=2)
    assert [ticket.ticket_id for ticket in listed] == ["t-0002", "t-0003"]

    found: list[str] = []
    after: Place | None = None
    while page := await records.queries.next_due(whole, page_size=1, after=after):
        found += [ticket.ticket_id for ticket in page]
        after = Place.of(page[-1])
    assert " ".join(str(int(each[2:])) for each in found) == await due(records, whole)

    await records.record.settle("t-0002", KeepPromise(actor="kim", name="call"), by=SettledBy.INTAKE)
    await records.record.settle("t-0003", RESOLVE, by=SettledBy.INTAKE)
    assert await due(records, mine) == ""
    assert sorted((await due(records, whole)).split()) == ["3", "4"]


async def test_what_was_owed_before_the_column_is_found_by_it(empty_url: str) -> None:
    """Schema 0006: rows that the release before wrote say who owes what, as this release writes it."""
    async with WITH_PROMISES.opened(empty_url, StoryClock(WITH_PROMISES.written_at)) as records:
        tickets = await records.queries.tickets(EVERYTHING, page_size=100)
        async with records.database.looking.connect() as connection:
            rows = await connection.execute(select(TicketRow.ticket_id, TicketRow.promised_by))
            found = {ticket_id: owners for ticket_id, owners in rows}  # noqa: C416 - rows are no pairs to mypy
        kims = await records.queries.tickets(TicketFilter(handler="kim", with_promises=True), page_size=100)

    assert found == {ticket.ticket_id: promised_by(ticket) for ticket in tickets}
    assert {"\nlee\n", "\nlee\n\nkim\n"} <= set(found.values())
    assert any(ticket.handler != "kim" for ticket in kims)


async def test_mine_and_what_my_tier_has_still_to_take(records: Records, story_clock: StoryClock) -> None:
    """A work list is a filter: by handler, or by tier and untaken; both next due first."""
    await opened(records, story_clock, 1, 2, 3, 4)
    story_clock.set(MONDAY_NOON + ACKNOWLEDGE)
    await records.record.settle("t-0002", an_acknowledgement("lee"), by=SettledBy.INTAKE)
    story_clock.pass_(timedelta(seconds=1))
    await records.record.settle("t-0001", by=SettledBy.WORKFLOW)
    await records.record.settle("t-0001", an_acknowledgement("lee", tier="specialist"), by=SettledBy.INTAKE)

    assert await due(records, TicketFilter(handler="lee")) == "1 2"
    assert await due(records, TicketFilter(tier="desk", is_untaken=True)) == "3 4"
    assert await due(records, TicketFilter(tier="specialist", is_untaken=True)) == ""
    assert await due(records, TicketFilter(queue="home", customer_id="c-4")) == "4"
    listed = await records.queries.tickets(TicketFilter(is_untaken=True), page_size=9)
    assert [ticket.ticket_id for ticket in listed] == ["t-0003", "t-0004"]


async def test_late_tickets_lead_the_list_until_they_are_settled(records: Records, story_clock: StoryClock) -> None:
    """A deadline that passed unseen is what is due next of all; nobody is advanced by being looked at."""
    await opened(records, story_clock, 1, 2)
    story_clock.set(MONDAY_NOON + ACKNOWLEDGE + timedelta(seconds=1))

    assert await due(records) == "1 2"
    await records.record.settle("t-0001", by=SettledBy.WORKFLOW)
    assert await due(records) == "2 1"


@pytest.mark.parametrize("value", ["k\x00m", "k\ud800m"], ids=["NUL", "surrogate"])
async def test_filter_that_no_ticket_can_meet_is_refused(records: Records, value: str) -> None:
    """On both databases alike, with the field, the value and the remedy."""
    with pytest.raises(TextError, match=r"handler 'k.+m' has a character that no text can have: leave it out"):
        await records.queries.next_due(TicketFilter(handler=value), page_size=9)
    with pytest.raises(TextError, match="handler"):
        await records.queries.tickets(TicketFilter(handler=value), page_size=9)


async def test_ledger_explains_a_deadline_from_the_log(records: Records, story_clock: StoryClock) -> None:
    """8: when each clock counted, when it stood still and why, as of the record's instant, by the ticket's policy."""
    await records.record.open_ticket(a_policy(), an_opening())
    story_clock.pass_(timedelta(minutes=10))
    await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
    await records.record.settle("t-0001", WAIT, by=SettledBy.INTAKE)
    story_clock.pass_(timedelta(minutes=20))

    told = await records.queries.ledger("t-0001")

    entries = await records.queries.entries("t-0001")
    assert told == ledger(a_policy(), entries, MONDAY_NOON + timedelta(minutes=30))
    by_target = {line.target: line for line in told}
    taken, solved = by_target[Target.ACKNOWLEDGE], by_target[Target.RESOLVE]
    assert (taken.state, taken.spent, taken.left) == (ClockState.MET, timedelta(minutes=10), timedelta(minutes=5))
    assert solved.state is ClockState.PAUSED
    assert [each.pause for each in solved.intervals] == [None, Pause.WAITING_ON_CUSTOMER]
    assert solved.spent == timedelta(minutes=10, microseconds=1)


async def test_ledger_of_a_clock_that_runs_counts_up_to_now(
    records: Records, record_url: str, story_clock: StoryClock
) -> None:
    """8: of an unknown ticket there is none; the one that runs is measured as of each look, and nothing is written."""
    await records.record.open_ticket(a_policy(), an_opening())

    for passed in (timedelta(minutes=4), timedelta(minutes=7)):
        story_clock.set(MONDAY_NOON + passed)
        (taken,) = [line for line in await records.queries.ledger("t-0001") if line.target is Target.ACKNOWLEDGE]
        assert (taken.spent, taken.left) == (passed, ACKNOWLEDGE - passed)
    assert await Outsider(record_url).run("SELECT count(DISTINCT recorded_at) FROM events") == [(1,)]


class Overheard:
    """What the record says to its database, as the driver is given it."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.said: list[str] = []

    async def during(self, asking: Coroutine[Any, Any, object]) -> list[str]:
        """Ask, and return the statements that read tickets."""
        engine = self._records.database.engine.sync_engine
        event.listen(engine, "checkout", self._listen)
        event.listen(engine, "before_cursor_execute", self._overhear)
        try:
            await asking
        finally:
            event.remove(engine, "checkout", self._listen)
            event.remove(engine, "before_cursor_execute", self._overhear)
        return [said for said in dict.fromkeys(self.said) if "FROM tickets" in said]

    def _listen(self, connection: Any, *_: object) -> None:  # noqa: ANN401 - the dialect's own adapter, untyped
        driver = connection.driver_connection
        if self._records.database.is_sqlite:
            driver._conn.set_trace_callback(self.said.append)
        else:
            driver.add_query_logger(self._hear)

    def _overhear(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not self._records.database.is_sqlite:
            self.said.append(statement)

    def _hear(self, record: Any) -> None:  # noqa: ANN401 - the driver has no types
        self.said.append(record.query)


async def plan_of(record_url: str, statement: str) -> str:
    """How the database would go about a statement, whatever its values are."""
    outsider = Outsider(record_url)
    if outsider.is_sqlite:
        return str(await outsider.run(f"EXPLAIN QUERY PLAN {statement}"))
    return await outsider.generic_plan(statement)


ASKED: dict[str, tuple[str, Callable[[Records], Coroutine[Any, Any, object]]]] = {
    "late": ("ix_tickets_late", lambda records: records.upkeep.rescue_late(grace_seconds=1, limit=10)),
    "counted late": ("ix_tickets_late", lambda records: records.upkeep.count_late(grace_seconds=1, most=10)),
    "untold": ("ix_tickets_owed", lambda records: records.upkeep.owed_nudges(older_than_seconds=1, limit=10)),
    "next due": ("ix_tickets_due", lambda records: records.queries.next_due(EVERYTHING, page_size=10)),
    "mine": ("ix_tickets_mine", lambda records: records.queries.next_due(TicketFilter(handler="kim"), page_size=10)),
    "mine, with what I owe on others'": (
        "ix_tickets_(mine|promised)",
        lambda records: records.queries.next_due(TicketFilter(handler="kim", with_promises=True), page_size=10),
    ),
    "a further page of mine": (
        "ix_tickets_mine",
        lambda records: records.queries.next_due(
            TicketFilter(handler="kim"), page_size=10, after=Place(deadline_at=MONDAY_NOON, ticket_id="t-0001")
        ),
    ),
    "untaken": (
        "ix_tickets_untaken",
        lambda records: records.queries.next_due(TicketFilter(tier="desk", is_untaken=True), page_size=10),
    ),
    "by customer": (
        "ix_tickets_customer",
        lambda records: records.queries.tickets(TicketFilter(customer_id="c-1"), page_size=10),
    ),
    "by handler": (
        "ix_tickets_handler",
        lambda records: records.queries.tickets(TicketFilter(handler="kim"), page_size=10),
    ),
}


@pytest.mark.parametrize("asked", ASKED)
async def test_question_is_answered_by_its_index(
    record_url: str, records: Records, story_clock: StoryClock, asked: str
) -> None:
    """Both databases go about the very statement that is sent by the index made for it, and sort nothing."""
    index, ask = ASKED[asked]
    await opened(records, story_clock, 1)
    await Outsider(record_url).crowd("t-0001", 3000)

    statements = await Overheard(records).during(ask(records))
    plans = [await plan_of(record_url, statement) for statement in statements]

    assert plans
    assert all(re.search(index, plan) for plan in plans), plans
    scans = ("Seq Scan on tickets", 'SCAN tickets"', "TEMP B-TREE")
    assert not any(scan in plan for plan in plans for scan in scans), plans
