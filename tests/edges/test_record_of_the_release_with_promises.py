"""Rows that the first release with promises really wrote, under this one: what was promised then still stands (5.3).

Its own code wrote them, and settled on for a week: see `tests/data/record-of-0005.py.txt`.
"""

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from services.delivery.worded import Worded
from services.intake.convert import event_message, handover_message, ledger_message, ticket_message
from services.records import Named, Records, SettledBy, TicketFilter
from services.records.codec import event_from_json
from services.records.owed_messages import WasSent
from services.records.tables import EventRow
from services.words.words import Rendered, Words
from tests.support.clock import StoryClock
from tests.support.old_record import WITH_PROMISES, until
from tests.support.problems import PROBLEM, tell_all
from tests.support.story_record import owed_messages
from workflows.domain.ticket.commands import (
    Acknowledge,
    ChangePromise,
    Command,
    Confirm,
    Continue,
    DecideCredit,
    KeepPromise,
    MakePromise,
    OfferCredit,
    PostUpdate,
    RecordContact,
    Reopen,
    Resolve,
    UnlinkProblem,
)
from workflows.domain.ticket.events import Entry, Event
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.verdict import Message
from workflows.domain.ticket.words import ContactKind, Outcome, PromiseKind
from workflows.planning.handover import handover

A_WEEK = timedelta(days=7)
PROPOSED_AT = datetime.fromisoformat("2026-11-18T09:00:00.000002Z")
"""A credit on which the lead has not decided."""
REOPENS = datetime.fromisoformat("2026-11-19T12:01:00Z")
"""The queue of two of them works again since a minute."""
NOT_ALONE = {"t-shut", "t-shut-asked"}
"""They learn of their queue from the record."""

Line = tuple[datetime, datetime, Event, tuple[tuple[str, str, str], ...]]
"""Both instants, what happened, and who was to be told."""


@pytest.fixture
async def clock() -> StoryClock:
    """It stands where that release stopped."""
    return StoryClock(WITH_PROMISES.written_at)


@pytest.fixture
async def records(empty_url: str, clock: StoryClock) -> AsyncIterator[Records]:
    """Its record, migrated, on each of the two databases."""
    async with WITH_PROMISES.opened(empty_url, clock) as opened:
        yield opened


async def a_week(records: Records, clock: StoryClock) -> None:
    """Let the week pass in which that release settled on, the keeper's walk through the closed queue too."""
    await until(records, clock, REOPENS)
    await records.closure_walk.sweep()
    await until(records, clock, WITH_PROMISES.written_at + A_WEEK)


async def lines(records: Records, ticket_id: str, *, after: int) -> list[Line]:
    """What was written since."""
    row = EventRow
    query = (
        select(row.sequence, row.at, row.recorded_at, row.kind, row.body)
        .where(row.ticket_id == ticket_id, row.sequence > after)
        .order_by(row.sequence)
    )
    async with records.database.looking.connect() as connection:
        found = (await connection.execute(query)).all()
    owed = await owed_messages(records, ticket_id, after_sequence=after)
    return [
        (
            at,
            recorded_at,
            event_from_json(kind, body),
            tuple((each.kind, each.audience.value, each.recipient) for each in owed if each.sequence == sequence),
        )
        for sequence, at, recorded_at, kind, body in found
    ]


async def rendered(records: Records) -> list[Rendered]:
    """Every message in its words, as delivery takes them."""
    said: list[Rendered] = []
    worded = Worded(records.log_lines, records.outbox, Words(), "file")
    while messages := await records.outbox.take(limit=100, lease_seconds=600):
        said += [await worded.of(message) for message in messages]
        await records.outbox.write_down([WasSent(message=message) for message in messages])
    return said


async def test_every_ticket_is_there_as_it_was_left(records: Records) -> None:
    """7.2: each loads, is listed, explained and handed over; its promises, credits and links are those of then."""
    rows = {row["ticket_id"]: row for row in WITH_PROMISES.rows("tickets")}

    listed = await records.queries.tickets(TicketFilter(), page_size=len(rows) + 1)
    assert sorted(each.ticket_id for each in listed) == sorted(rows)
    for ticket in listed:
        kept = rows[ticket.ticket_id]["state"]
        assert [(each.name, each.run, each.state) for each in ticket.promises] == [
            (each["name"], each["run"], each["state"]) for each in kept["promises"]
        ]
        assert [(each.minor, each.state) for each in ticket.credits] == [
            (each["minor"], each["state"]) for each in kept["credits"]
        ]
        assert (list(ticket.problems), list(ticket.merged)) == (kept["problems"], kept["merged"])
        assert ticket_message(ticket).version == rows[ticket.ticket_id]["version"]
        entries = await records.queries.entries(ticket.ticket_id)
        assert [event_message(entry).sequence for entry in entries] == list(range(1, ticket.sequence + 1))
        for line in await records.queries.ledger(ticket.ticket_id):
            ledger_message(line)
        page = handover_message(handover(ticket, entries, WITH_PROMISES.written_at)).page
        assert ticket.reference in page
    figures = await records.queries.figures()
    assert figures.problems == {("fault", "investigating"): 1}
    assert figures.announcement_tickets == {("update", "waiting"): 1, ("update", "told"): 1, ("update", "passed_by"): 0}
    assert figures.queue_closures == {("business",): 1}
    assert (figures.awaited_credits, figures.oldest_awaited_credit_at) == (1, PROPOSED_AT)


async def test_every_message_that_is_owed_has_words(records: Records, caplog: pytest.LogCaptureFixture) -> None:
    """Delivery finds messages of that release, and has words for each."""
    said = await rendered(records)

    assert len(said) == len(WITH_PROMISES.rows("outbox"))
    assert all(each.subject and each.text for each in said)
    assert {"promise_made", "promise_broken", "customer_at_risk", "credit_offered"} <= {each.kind for each in said}
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_the_week_after_is_the_same(records: Records, clock: StoryClock) -> None:
    """5.3, 7.2: the same lines at the same instants, and the same people told, as that release found by itself."""
    await a_week(records, clock)

    for row in WITH_PROMISES.rows("tickets"):
        expected = [
            (each.at, each.recorded_at, event_from_json(each.kind, each.body), each.messages)
            for each in WITH_PROMISES.a_week_on(row["ticket_id"])
        ]
        assert await lines(records, row["ticket_id"], after=row["sequence"]) == expected, row["ticket_id"]


async def test_the_record_says_what_the_judge_says_in_memory(records: Records, clock: StoryClock) -> None:
    """5.3: a ticket that is judged on without any database, from what was read of it, comes to the same."""
    end = WITH_PROMISES.written_at + A_WEEK
    expected: dict[str, list[Line]] = {}
    before = {each: await records.queries.ticket(each) for each in WITH_PROMISES.ticket_ids() if each not in NOT_ALONE}
    for ticket_id, kept in before.items():
        policy, ticket = await records.queries.policy(kept.policy_version), kept
        told: list[Line] = []
        while (wake_at := ticket.wake_at()) is not None and wake_at <= end:
            judged = judge(policy, ticket, wake_at)
            told += [_line(entry, wake_at, judged.messages) for entry in judged.entries]
            ticket = judged.ticket
        expected[ticket_id] = told

    await a_week(records, clock)

    for ticket_id, ticket in before.items():
        assert await lines(records, ticket_id, after=ticket.sequence) == expected[ticket_id], ticket_id


COMMANDS: dict[str, Sequence[Command]] = {
    "t-untouched": [Acknowledge(actor="kim", handler="kim", tier="desk")],
    "t-told": [PostUpdate(actor="lee", text="They are at it.")],
    "t-climbed": [Acknowledge(actor="sue", handler="sue", tier="supplier")],
    "t-called-back": [
        MakePromise(
            actor="sue",
            kind=PromiseKind.CALL_BACK,
            name="call",
            promised_at=WITH_PROMISES.written_at + timedelta(hours=2),
            words="We call you again.",
        )
    ],
    "t-to-call": [KeepPromise(actor="lee", name="call", words="called")],
    "t-agreed-anew": [
        ChangePromise(
            actor="lee",
            name="call",
            promised_at=WITH_PROMISES.written_at + timedelta(days=6),
            words="On Tuesday then.",
            reason="as she asked",
        )
    ],
    "t-turnaround": [Resolve(actor="kim", outcome=Outcome.FIXED, explanation="It is signed.")],
    "t-survivor": [KeepPromise(actor="lee", name="call (HB10-2026)"), KeepPromise(actor="lee", name="call")],
    "t-to-approve": [DecideCredit(actor="lead-of-home", number=1, is_approved=True, reason="rightly")],
    "t-approved": [OfferCredit(actor="lead-of-home", minor=100, currency="GBP", reason="and more")],
    "t-fault-told": [UnlinkProblem(actor="lea", problem_id=PROBLEM, reason="another matter")],
    "t-leaving": [RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="mail", text="By Friday.")],
    "t-rated": [Reopen(actor="crm", reason="it is back")],
    "t-held": [Continue(actor="kim", reason="the part is there")],
    "t-solved": [Confirm(actor="crm", customer="c-ben")],
    "t-brought-in": [PostUpdate(actor="sam", text="We have it now.")],
}


async def test_what_was_begun_under_that_release_is_ended_under_this_one(
    records: Records, clock: StoryClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Promises, credits, waits, holds, links and an announcement half told: each goes on where it was."""
    for ticket_id, commands in COMMANDS.items():
        for command in commands:
            clock.pass_(timedelta(seconds=1))
            settled = await records.record.settle(ticket_id, command, by=SettledBy.INTAKE)
            assert settled.refusal is None, (ticket_id, settled.refusal)
    clock.pass_(timedelta(seconds=1))
    found = await records.contacts.find(Named(thread="chat-4711"))
    assert found.ticket_ids == ("t-thread",)
    assert await tell_all(records) == ["told"]  # once: the other was told before
    assert not await records.customers_at_risk.sweep()  # the lead knows of Eva

    await a_week(records, clock)

    assert all(each.text for each in await rendered(records))
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


def _line(entry: Entry, recorded_at: datetime, messages: Sequence[Message]) -> Line:
    told = tuple(
        (each.kind, each.audience.value, each.recipient) for each in messages if each.sequence == entry.sequence
    )
    return entry.at, recorded_at, entry.event, told
