"""Tickets that were closed long ago are forgotten where the operator wishes it: wholly, or not at all."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import MetaData, select

from services.records import Named, Records, SettledBy, TicketUnknown, connect
from services.records.closed_tickets import SQLITE_STEP
from services.records.errors import KeyTaken
from services.records.imports import CameIn
from services.records.owed_messages import WasSent
from services.records.problem_facts import ProblemChange
from services.records.tables import Base
from tests.support.clock import StoryClock
from tests.support.merging import OTHER, SURVIVOR, a_merge_request, an_opening_of_one
from tests.support.problems import PROBLEM, a_problem, announce, link, tell_all, the_request
from tests.support.record import Outsider, a_policy, an_acknowledgement, an_import, an_opening
from workflows.domain.ticket.commands import Close, Command, OfferCredit, RecordContact, Resolve
from workflows.domain.ticket.words import ContactKind, Outcome

FOR = timedelta(days=90)
LATER = FOR + timedelta(days=1)
A_CONTACT = RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="chat", text="And?", thread="chat-1")
SOLVED: Sequence[Command] = (
    Resolve(actor="kim", outcome=Outcome.FIXED, explanation="A cable was loose."),
    Close(actor="kim", reason="agreed on the telephone"),
)


async def do(records: Records, clock: StoryClock, ticket_id: str, *commands: Command) -> None:
    """Apply commands, which may not be refused."""
    for command in commands:
        clock.pass_(timedelta(seconds=1))
        settled = await records.record.settle(ticket_id, command, by=SettledBy.INTAKE)
        assert settled.refusal is None, settled.refusal


async def a_closed_ticket(records: Records, clock: StoryClock, number: int = 1) -> str:
    """One that was opened, worked on and closed."""
    opening = an_opening(number)
    await records.record.open_ticket(a_policy(), opening)
    await do(records, clock, opening.ticket_id, an_acknowledgement(), *SOLVED)
    return opening.ticket_id


async def everybody_is_told(records: Records) -> None:
    """Send what is owed."""
    while messages := await records.outbox.take(limit=100, lease_seconds=600):
        await records.outbox.write_down([WasSent(message=message) for message in messages])


async def forget(records: Records, *, limit: int = 1000) -> int:
    """Forget what is older than it is kept for."""
    return await records.upkeep.purge_tickets(older_than=FOR, limit=limit)


async def rows_of(records: Records, ticket_id: str) -> dict[str, int]:
    """In which tables there are still rows of a ticket, and how many."""
    metadata: MetaData = Base.metadata
    found = {}
    async with records.database.looking.connect() as connection:
        for table in metadata.sorted_tables:
            if "ticket_id" in table.columns and table.name != "replies":  # they are forgotten by their own age
                rows = await connection.execute(select(table).where(table.columns.ticket_id == ticket_id))
                found[table.name] = len(rows.all())
    return {name: number for name, number in found.items() if number}


async def test_a_ticket_is_forgotten_with_all_that_the_record_has_of_it(
    records: Records, story_clock: StoryClock
) -> None:
    """Log, inputs, messages, and what contacts find it by; what figures counted of it stays counted."""
    await records.record.open_ticket(a_policy(), replace(an_opening(1), thread="mail-1"))
    await do(records, story_clock, "t-0001", an_acknowledgement(), A_CONTACT, *SOLVED)
    other = await a_closed_ticket(records, story_clock, 2)
    story_clock.pass_(FOR / 2)
    young = await a_closed_ticket(records, story_clock, 3)
    await everybody_is_told(records)
    totals = (await records.queries.figures()).totals
    story_clock.pass_(FOR / 2 + timedelta(days=1))

    assert await forget(records) == 2

    assert await rows_of(records, "t-0001") == {}
    assert await rows_of(records, other) == {}
    with pytest.raises(TicketUnknown):
        await records.queries.ticket("t-0001")
    for thread in ("mail-1", "chat-1"):
        assert not (await records.contacts.find(Named(thread=thread))).ticket_ids
    assert (await records.queries.ticket(young)).ticket_id == young
    assert (await records.queries.figures()).totals == totals
    assert await forget(records) == 0


async def test_what_came_from_elsewhere_may_come_in_again_when_it_was_forgotten(
    records: Records, story_clock: StoryClock
) -> None:
    """6.14: what it was called there is forgotten with it, and until then leads to it."""
    entered = an_import(1)
    await records.record.open_ticket(a_policy(), entered)
    await do(records, story_clock, "t-0001", *SOLVED)
    await everybody_is_told(records)
    with pytest.raises(KeyTaken):
        await records.record.open_ticket(a_policy(), an_import(2))
    assert await records.imports.find(an_import(2)) == CameIn(ticket_id="t-0001", reference=entered.reference)
    story_clock.pass_(FOR + timedelta(days=1))

    assert await forget(records) == 1

    assert await rows_of(records, "t-0001") == {}
    assert await records.imports.find(an_import(2)) is None


async def test_a_ticket_that_is_not_over_stays(records: Records, story_clock: StoryClock) -> None:
    """Whoever is owed something, can reopen it, or is being told with others of a problem, finds it."""
    for number in range(1, 7):
        await a_closed_ticket(records, story_clock, number)
    await records.record.open_ticket(a_policy(), an_opening(9))
    await everybody_is_told(records)
    await do(records, story_clock, "t-0001", OfferCredit(actor="kim", minor=900, currency="GBP", reason="a week"))
    await records.record.open_ticket(a_policy(), an_opening(7))
    await a_problem(records)
    await link(records, "t-0007")
    await announce(records)
    await tell_all(records)
    await do(records, story_clock, "t-0007", an_acknowledgement(), *SOLVED)
    await records.record.open_ticket(a_policy(), an_opening(8))
    await a_problem(records, "p-2")
    await link(records, "t-0008", problem_id="p-2")
    await do(records, story_clock, "t-0008", an_acknowledgement(), *SOLVED)
    story_clock.pass_(LATER)

    before = {f"t-{number:04d}" for number in (1, 7, 8, 9)}
    assert await forget(records) == 5

    assert {each for each in (f"t-{number:04d}" for number in range(1, 10)) if await rows_of(records, each)} == before


async def test_what_was_announced_goes_with_the_ticket(records: Records, story_clock: StoryClock) -> None:
    """While it is announced, or its problem is open, the ticket stays; then what it was told is forgotten with it."""
    await records.record.open_ticket(a_policy(), an_opening(1))
    await a_problem(records)
    await link(records, "t-0001")
    await do(records, story_clock, "t-0001", an_acknowledgement(), *SOLVED)
    await announce(records)
    await everybody_is_told(records)
    over = ProblemChange(actor="lea", closed_for="the cable is mended")
    await records.problems.change(
        PROBLEM, over, expected_version=None, request=the_request(), encode=lambda _: b"closed"
    )
    story_clock.pass_(LATER)
    assert await forget(records) == 0

    await tell_all(records)
    await everybody_is_told(records)
    assert await forget(records) == 1
    assert await rows_of(records, "t-0001") == {}


async def test_a_reopen_window_is_waited_for(records: Records, story_clock: StoryClock) -> None:
    """6.9: what can be reopened by its policy is there, however short a time tickets are kept."""
    await a_closed_ticket(records, story_clock)
    await everybody_is_told(records)
    story_clock.pass_(timedelta(days=13))
    assert await records.upkeep.purge_tickets(older_than=timedelta(days=1), limit=9) == 0

    story_clock.pass_(timedelta(days=2))
    assert await records.upkeep.purge_tickets(older_than=timedelta(days=1), limit=9) == 1


async def test_a_merged_ticket_goes_with_its_survivor(records: Records, story_clock: StoryClock) -> None:
    """6.7: whoever comes with the old reference is led on for as long as there is somewhere to go."""
    for number in (1, 2):
        await records.record.open_ticket(a_policy(), an_opening_of_one(number))
    await records.record.merge(OTHER, SURVIVOR, actor="kim", request=a_merge_request())
    await everybody_is_told(records)
    story_clock.pass_(LATER)
    assert await forget(records) == 0

    await do(records, story_clock, SURVIVOR, an_acknowledgement(tier="specialist"), *SOLVED)
    await everybody_is_told(records)
    story_clock.pass_(LATER)
    assert await forget(records) == 2
    assert await rows_of(records, OTHER) == await rows_of(records, SURVIVOR) == {}


async def test_two_keepers_forget_each_ticket_once(records: Records, story_clock: StoryClock) -> None:
    """In short transactions, more tickets than one of them takes; none fails over the other."""
    many = SQLITE_STEP + 5
    for number in range(1, many + 1):
        await a_closed_ticket(records, story_clock, number)
    await everybody_is_told(records)
    story_clock.pass_(LATER)
    assert await forget(records, limit=3) >= 3

    at_once = await asyncio.gather(forget(records), forget(records))

    assert sum(at_once) <= many
    await forget(records)
    assert (await records.queries.figures()).open_tickets == {}
    assert not [number for number in range(1, many + 1) if await rows_of(records, f"t-{number:04d}")]


async def test_what_somebody_holds_is_passed_by(postgresql_url: str, story_clock: StoryClock) -> None:
    """A settle that came first is waited for by nobody; in SQLite whoever writes has it all to themselves."""
    async with await connect(postgresql_url, story_clock) as records:
        held, free = await a_closed_ticket(records, story_clock, 1), await a_closed_ticket(records, story_clock, 2)
        await everybody_is_told(records)
        story_clock.pass_(LATER)

        async with Outsider(postgresql_url).holding(held):
            assert await forget(records) == 1
            assert await rows_of(records, free) == {}
        assert await forget(records) == 1
