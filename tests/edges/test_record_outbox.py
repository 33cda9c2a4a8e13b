"""The outbox on both databases: messages are taken by one at a time and in order, and written down by who has them."""

import asyncio
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg

from services.records import Records, SettledBy, connect
from services.records.owed_messages import Fate, OwedMessage, WaitsFor, WasLetGo, WasRejected, WasSent
from services.records.statements_outbox import due
from services.records.tables import MessageRow
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.outbox import leases_end
from tests.support.record import Outsider, a_policy, an_acknowledgement, an_opening
from workflows.domain.ticket.commands import Customer, MakePromise, PostUpdate
from workflows.domain.ticket.words import PromiseKind

LEASE = 600.0
A_LONG_TIME = timedelta(hours=1)


async def opened(records: Records, *numbers: int) -> None:
    """Open tickets: each owes a message to its customer and one to the desk."""
    for number in numbers:
        await records.record.open_ticket(a_policy(), an_opening(number))


async def updated(records: Records, ticket_id: str, *texts: str) -> None:
    """Tell the customer something, which owes a message each time."""
    for text in texts:
        await records.record.settle(ticket_id, PostUpdate(actor="kim", text=text), by=SettledBy.INTAKE)


async def take(records: Records, limit: int = 99) -> tuple[OwedMessage, ...]:
    """Take messages for longer than any test runs."""
    return await records.outbox.take(limit=limit, lease_seconds=LEASE)


def told(messages: Iterable[OwedMessage]) -> list[tuple[str, str, str]]:
    """Of what, and whom."""
    return [(message.ticket_id, message.kind, message.recipient) for message in messages]


async def sent(records: Records, messages: Iterable[OwedMessage]) -> None:
    """Write down that they were sent."""
    assert await records.outbox.write_down([WasSent(message=message) for message in messages]) == ()


async def test_recipient_gets_one_at_a_time_in_the_tickets_order(records: Records) -> None:
    """Architecture 6: per ticket and recipient in order; what is behind a message in hand is not taken."""
    await opened(records, 1)
    await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
    await updated(records, "t-0001", "looking", "found it")

    first = await take(records)
    assert told(first) == [("t-0001", "opened", "c-1"), ("t-0001", "opened", "desk")]
    assert await take(records) == ()
    await sent(records, first)
    second = await take(records)
    assert told(second) == [("t-0001", "update_posted", "c-1")]
    assert await take(records) == ()
    await sent(records, second)
    third = await take(records)
    assert told(third) == [("t-0001", "update_posted", "c-1")]
    assert third[0].sequence > second[0].sequence
    await sent(records, third)

    assert await take(records) == ()
    figures = await records.queries.figures()
    assert (figures.pending_messages, figures.oldest_pending_message_at) == (0, None)
    assert figures.totals["messages_sent", ("opened",)] == 2
    assert figures.totals["messages_sent", ("update_posted",)] == 2
    assert ("messages_possibly_sent_twice", ("opened",)) not in figures.totals


async def test_customer_who_is_called_like_a_tier_is_another_recipient(records: Records) -> None:
    """The desk does not wait for the customer whose external id reads `desk`."""
    opening = an_opening(1)
    customer = Customer(external_id="desk", name="Ada Okafor", language="en-GB", zone="Europe/London")
    fields = {name: getattr(opening, name) for name in opening.__slots__} | {"customer": customer}
    await records.record.open_ticket(a_policy(), type(opening)(**fields))

    taken = await take(records)

    assert [(message.audience, message.recipient) for message in taken] == [("customer", "desk"), ("tier", "desk")]
    assert await records.outbox.write_down([WasLetGo(message=taken[1])]) == ()
    assert await records.outbox.write_down([a_rest(taken[0])]) == ()
    await updated(records, "t-0001", "looking")
    assert [message.audience for message in await take(records)] == ["tier"]


def a_rest(message: OwedMessage, *, may_have_been_sent: bool = False) -> WaitsFor:
    """Longer than any test runs."""
    return WaitsFor(message=message, rest=A_LONG_TIME, reason="mailbox_full", may_have_been_sent=may_have_been_sent)


async def test_two_deliveries_never_have_one_message(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """4.7: however many take at once, each message is in one hand, and all are taken."""
    await opened(records, *range(1, 31))

    async with await connect(record_url, story_clock) as other:

        async def until_nothing_is_left(of: Records) -> list[OwedMessage]:
            mine: list[OwedMessage] = []
            while taken := await take(of, limit=3):
                mine += taken
                await sent(of, taken)
            return mine

        shares = await asyncio.gather(*(until_nothing_is_left(each) for each in (records, other, records, other)))
        rest = await until_nothing_is_left(records)

    everything = [message.message_id for share in (*shares, rest) for message in share]
    assert len(everything) == len(set(everything)) == 60
    assert (await records.queries.figures()).totals["messages_sent", ("opened",)] == 60


async def test_message_that_another_is_just_taking_is_passed_by(postgresql_url: str, story_clock: StoryClock) -> None:
    """Nobody waits for another's transaction."""
    async with await connect(postgresql_url, story_clock) as records:
        await opened(records, 1, 2)
        async with records.database.engine.begin() as connection:
            await connection.exec_driver_sql("SELECT 1 FROM outbox WHERE ticket_id = 't-0001' FOR UPDATE")

            assert told(await take(records)) == [("t-0002", "opened", "c-2"), ("t-0002", "opened", "desk")]


async def test_whose_claim_ran_out_may_have_sent_it(record_url: str, records: Records) -> None:
    """4.7: who takes it over knows that it may be sent twice; who had it writes nothing down any more."""
    await opened(records, 1)
    dead = await take(records, limit=1)
    assert (dead[0].tries, dead[0].unknown_tries, dead[0].may_have_been_sent) == (1, 0, False)

    await leases_end(record_url)
    (alive,) = await take(records, limit=1)

    assert alive.message_id == dead[0].message_id
    assert alive.key == dead[0].key
    assert (alive.tries, alive.unknown_tries, alive.may_have_been_sent) == (2, 1, True)
    late: list[Fate] = [WasSent(message=dead[0]), WasRejected(message=dead[0], reason="no_address"), a_rest(dead[0])]
    for fate in late:
        assert await records.outbox.write_down([fate]) == (dead[0],)
    assert await row(record_url, alive) == ("pending", 2, 1, None)
    await sent(records, [alive])
    assert await row(record_url, alive) == ("sent", 2, 1, None)
    totals = (await records.queries.figures()).totals
    assert totals["messages_sent", ("opened",)] == 1
    assert totals["messages_possibly_sent_twice", ("opened",)] == 1
    assert await records.outbox.write_down([WasSent(message=alive)]) == (alive,)
    assert (await records.queries.figures()).totals == totals


async def row(record_url: str, message: OwedMessage) -> tuple[str, int, int, str | None]:
    """Say what the outbox has of it."""
    columns = "status, tries, unknown_tries, reason"
    (found,) = await Outsider(record_url).run(
        f"SELECT {columns} FROM outbox WHERE message_id = {message.message_id}"  # noqa: S608 - a test's own words
    )
    return (found[0], found[1], found[2], found[3])


async def test_message_that_rests_holds_its_recipient_and_nobody_else(record_url: str, records: Records) -> None:
    """A mailbox that is full stops neither the desk, nor other customers, nor the order of its own."""
    await opened(records, 1, 2)
    await updated(records, "t-0001", "looking")
    taken = await take(records)

    resting, *others = taken
    await records.outbox.write_down([a_rest(resting), *(WasSent(message=message) for message in others)])

    assert await take(records) == ()
    assert await row(record_url, resting) == ("pending", 1, 0, "mailbox_full")
    looked_at = "SELECT count(*) FROM outbox WHERE status = 'pending' AND try_at < '2000-01-01T00:00:00.000000Z'"
    assert await Outsider(record_url).run(looked_at) == [(0,)]  # what is behind it rests as long
    await updated(records, "t-0001", "found it")
    assert await take(records) == ()
    assert (await records.queries.figures()).pending_messages == 3

    await Outsider(record_url).run("UPDATE outbox SET try_at = '1970-01-01T00:00:00.000000Z' WHERE status = 'pending'")
    for kind in ("opened", "update_posted", "update_posted"):
        (message,) = await take(records)
        assert (message.kind, message.may_have_been_sent) == (kind, False)
        await sent(records, [message])


async def test_rest_of_a_message_that_may_have_been_sent_says_so(record_url: str, records: Records) -> None:
    """4.7: no answer is no refusal."""
    await opened(records, 1)
    (message,) = await take(records, limit=1)

    await records.outbox.write_down([a_rest(message, may_have_been_sent=True)])

    assert await row(record_url, message) == ("pending", 1, 1, "mailbox_full")


async def test_message_that_is_rejected_lets_the_next_one_come(record_url: str, records: Records) -> None:
    """It is over for this one, with its reason; counted, and pending no more."""
    await opened(records, 1)
    await updated(records, "t-0001", "looking")
    (message,) = await take(records, limit=1)

    await records.outbox.write_down([WasRejected(message=message, reason="no_address")])

    assert await row(record_url, message) == ("rejected", 1, 0, "no_address")
    assert told(await take(records)) == [("t-0001", "opened", "desk"), ("t-0001", "update_posted", "c-1")]
    figures = await records.queries.figures()
    assert figures.totals["messages_rejected", ("opened",)] == 1
    assert ("messages_sent", ("opened",)) not in figures.totals
    assert (figures.pending_messages, figures.oldest_pending_message_at) == (2, MONDAY_NOON)


async def test_message_that_was_let_go_was_not_tried(records: Records) -> None:
    """Whoever stops before sending leaves no doubt behind."""
    await opened(records, 1)
    (message,) = await take(records, limit=1)

    await records.outbox.write_down([WasLetGo(message=message)])
    (again,) = await take(records, limit=1)

    assert again.message_id == message.message_id
    assert (again.tries, again.may_have_been_sent) == (1, False)


async def test_settling_and_sending_do_not_wait_for_one_another(records: Records) -> None:
    """A message in hand is no lock: its ticket goes on, and owes more."""
    await opened(records, 1)
    await take(records)

    await updated(records, "t-0001", "looking")

    assert (await records.queries.figures()).pending_messages == 3


async def test_nothing_at_all_is_written_down_of_no_fates(records: Records) -> None:
    """A round may end with nothing to say."""
    assert await records.outbox.write_down([]) == ()


async def test_messages_are_forgotten_when_they_are_long_sent(record_url: str, records: Records) -> None:
    """Kept for as long as is asked for, in real time; what is pending is kept for ever, and no counter goes back."""
    await opened(records, 1, 2)
    one, other, _, _ = await take(records)
    await records.outbox.write_down([WasSent(message=one), WasRejected(message=other, reason="no_address")])
    before = (await records.queries.figures()).totals

    assert await records.upkeep.purge_messages(older_than=timedelta(days=30), limit=9) == 0
    assert await records.upkeep.purge_messages(older_than=timedelta(0), limit=1) == 1
    assert await records.upkeep.purge_messages(older_than=timedelta(0), limit=9) == 1
    assert await records.upkeep.purge_messages(older_than=timedelta(0), limit=9) == 0

    assert await Outsider(record_url).run("SELECT count(*) FROM outbox") == [(2,)]
    figures = await records.queries.figures()
    assert (figures.pending_messages, figures.totals) == (2, before)


def test_key_is_the_messages_own_for_ever() -> None:
    """4.7: of ticket, sequence, kind, audience and recipient, and of nothing else; a recipient may have it stored."""
    message = OwedMessage(
        message_id=7,
        ticket_id="t-0001",
        sequence=3,
        kind="escalated",
        audience="customer",
        recipient="c-1",
        recorded_at=MONDAY_NOON,
        tries=1,
        unknown_tries=0,
        claim="one",
    )
    fields = {name: getattr(message, name) for name in OwedMessage.__slots__}
    again = fields | {"message_id": 8, "tries": 2, "unknown_tries": 1, "claim": "another"}
    others = [
        fields | {"ticket_id": "t-0002"},
        fields | {"sequence": 4},
        fields | {"kind": "opened"},
        fields | {"audience": "owner"},
        fields | {"recipient": "c-2"},
        fields | {"audience": "customerc", "recipient": "-1"},
    ]

    assert message.key == "038638eb93dacbdc447a544a4298ddda"
    assert OwedMessage(**again).key == message.key
    assert len({OwedMessage(**other).key for other in others} | {message.key}) == 7


async def test_it_goes_by_its_index_however_much_is_pending(record_url: str, records: Records) -> None:
    """A channel that is away for a day leaves thousands resting: none of them is looked at, and nothing is joined."""
    await opened(records, 1)
    outsider = Outsider(record_url)
    await outsider.crowd("t-0001", 5000)
    for change in (CROWD, "ANALYZE"):  # before the database knows how many there are, and after
        await outsider.run(change)
        plan = await plan_of_taking(outsider)
        assert "ix_outbox_due" in plan
        assert ("sqlite_autoindex_outbox_1 (ticket_id=?)" if outsider.is_sqlite else "uq_outbox_key") in plan
        assert not re.search(r"Seq Scan|SCAN|Hash|Merge|Sort|TEMP B-TREE", plan), plan

    assert len(await take(records)) == 2


CROWD = """
INSERT INTO outbox (ticket_id, sequence, kind, audience, recipient, recorded_at, try_at)
SELECT ticket_id, n, 'closed', 'customer', customer_id, opened_at, '2999-01-01T00:00:00.000000Z'
FROM tickets, (SELECT 7 AS n UNION SELECT 8) AS numbers WHERE ticket_id <> 't-0001'
"""
"""Thousands of messages that rest."""


async def plan_of_taking(outsider: Outsider) -> str:
    """How the database goes about it, whatever the values are."""
    asked = due(MONDAY_NOON, 9).with_for_update(of=MessageRow, skip_locked=True)
    if outsider.is_sqlite:
        statement = str(asked.compile(dialect=sqlite.dialect())).replace("?", "1")
        return str(await outsider.run(f"EXPLAIN QUERY PLAN {statement}"))
    postgresql = asyncpg.dialect()  # type: ignore[no-untyped-call]  # it has no types
    return await outsider.generic_plan(str(asked.compile(dialect=postgresql)))


async def let_down(records: Records, clock: StoryClock, *names: str) -> tuple[OwedMessage, ...]:
    """Promises of one instant, none of them kept, and the customer's first message of that; all before it is sent."""
    await opened(records, 1)
    await records.record.settle("t-0001", an_acknowledgement(), by=SettledBy.INTAKE)
    at_one = MONDAY_NOON + timedelta(hours=1)
    for name in names:
        promise = MakePromise(
            actor="kim", name=name, kind=PromiseKind.CALL_BACK, promised_at=at_one, words=f"the {name}"
        )
        await records.record.settle("t-0001", promise, by=SettledBy.INTAKE)
    clock.pass_(timedelta(minutes=61))
    await records.record.settle("t-0001", by=SettledBy.WORKFLOW)
    while messages := await take(records):
        broken = tuple(each for each in messages if each.kind == "promise_broken" and each.audience == "customer")
        await sent(records, [each for each in messages if each not in broken])
        if broken:
            return broken
    raise AssertionError("nothing was broken")


async def test_what_a_message_told_of_too_is_sent_with_it(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """6.13: one apology for all that broke at one instant; each message ends, and is counted, once."""
    (message,) = await let_down(records, story_clock, "call", "photo", "visit")
    behind = (await records.outbox.behind([message]))[message.message_id]
    assert [each.kind for each in behind] == ["promise_broken", "promise_broken"]
    assert behind[0].sequence < behind[1].sequence
    assert await records.outbox.behind([]) == {}

    assert await records.outbox.write_down([WasSent(message=message, also=behind)]) == ()

    assert [each for each in await take(records) if each.audience == "customer"] == []
    ended = await Outsider(record_url).run(
        "SELECT status, tries, reason FROM outbox WHERE kind = 'promise_broken' AND audience = 'customer' "
        "ORDER BY message_id"
    )
    assert [tuple(each) for each in ended] == [
        ("sent", 1, None),
        ("sent", 0, "told_before"),
        ("sent", 0, "told_before"),
    ]
    await sent(records, await take(records))
    figures = await records.queries.figures()
    over = await Outsider(record_url).run(
        "SELECT count(*) FROM outbox WHERE kind = 'promise_broken' AND status = 'sent'"
    )
    assert figures.totals["messages_sent", ("promise_broken",)] == over[0][0]


@pytest.mark.parametrize("fate", ["rejected", "sent alone", "taken by another"])
async def test_what_no_message_told_of_is_told_by_itself(records: Records, story_clock: StoryClock, fate: str) -> None:
    """4.6, 4.7: the first can never be sent, is sent alone by a release before, is another's: none is lost."""
    (message,) = await let_down(records, story_clock, "call", "visit")
    behind = (await records.outbox.behind([message]))[message.message_id]
    match fate:
        case "rejected":
            await records.outbox.write_down([WasRejected(message=message, reason="no_address")])
        case "sent alone":
            await sent(records, [message])
        case _:
            stale = replace(message, claim="another's")
            assert await records.outbox.write_down([WasSent(message=stale, also=behind)]) == (stale,)
            await sent(records, [message])
    (own,) = [each for each in await take(records) if each.audience == "customer"]
    assert (own.sequence, own.kind) == behind[0]
    assert await records.outbox.behind([own]) == {}


@pytest.mark.parametrize("fate", ["rejected", "sent alone"])
async def test_what_a_message_may_have_told_of_too_may_be_sent_twice(
    records: Records, story_clock: StoryClock, fate: str
) -> None:
    """4.7: one letter went with all of it, perhaps, before its sender died; what is told by itself then says so."""
    (died,) = await let_down(records, story_clock, "call", "photo", "visit")
    until_over = [WaitsFor(message=died, rest=timedelta(), reason="no_answer_in_time", may_have_been_sent=True)]
    await records.outbox.write_down(until_over)
    (message,) = [each for each in await take(records) if each.audience == "customer"]
    assert message.sequence == died.sequence
    assert message.may_have_been_sent

    if fate == "rejected":
        await records.outbox.write_down([WasRejected(message=message, reason="no_address")])
    else:
        await sent(records, [message])

    for _ in range(2):
        (own,) = [each for each in await take(records) if each.audience == "customer"]
        assert (own.kind, own.may_have_been_sent) == ("promise_broken", True)
        await sent(records, [own])
    assert [each for each in await take(records) if each.audience == "customer"] == []
