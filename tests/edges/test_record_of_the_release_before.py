"""Rows that the release before promises really wrote, under this one: what was promised then still stands (7.2, 5.3).

Its own code wrote them, and settled on for a week: see `tests/data/record-of-0004.py.txt`.
"""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import fields
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from services.delivery.worded import Worded
from services.desk_log.log import Case
from services.desk_log.plan import Plan
from services.feed.compare import compare
from services.feed.run import Driven
from services.intake.convert import event_message, handover_message, ledger_message, ticket_message
from services.records import Named, Place, Records, Request, SettledBy, TicketFilter
from services.records.codec import event_from_json, kind_of
from services.records.owed_messages import WasSent
from services.records.tables import EventRow, TicketRow
from services.words.words import Rendered, Words
from tests.support.clock import StoryClock
from tests.support.old_record import BEFORE_PROMISES, until
from tests.support.story_record import owed_messages
from workflows.domain.ticket.commands import (
    Acknowledge,
    Command,
    Confirm,
    Continue,
    Escalate,
    Hold,
    MakePromise,
    OfferCredit,
    PostUpdate,
    Rate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
)
from workflows.domain.ticket.events import Event, PromiseBroken, PromiseKept
from workflows.domain.ticket.promises import NEXT_NEWS
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.words import Audience, ContactKind, Outcome, PromiseKind, PromiseState
from workflows.planning.handover import handover

A_WEEK = timedelta(days=7)
SINCE = {"promise_made", "promise_broken"}
"""Kinds of lines that the release before did not know, as far as a week brings them."""
MESSAGES_SINCE = {"resolve_missed"}
"""Kinds of messages that lines of kinds it knew did not have."""
WENT_BY_UNSEEN = "t-moved-late"
"""Nobody told the customer, and no silence was breached then or later: the release before saw nothing in it."""
NEWS_STILL_PROMISED = {
    "t-escalated": "18 18:00",
    "t-raised": "18 18:00",  # raised and lowered again since
    "t-moved": "18 18:00",  # its update falls due an hour before, by the policy that it was moved to
    "t-lowered": "18 14:00",  # its update falls due four hours later
    WENT_BY_UNSEEN: "18 08:01",
}
"""Of the others nothing was promised, or it was kept, or broken by a silence that was told of."""
BEFORE_3 = 2
"""The newest version of a ticket's state that the release before knows."""


def instant(text: str) -> datetime:
    """`18 14:00` is in November 2026, in UTC and in London alike."""
    return datetime.fromisoformat(f"2026-11-{text}Z")


@pytest.fixture
async def clock() -> StoryClock:
    """It stands where the release before stopped."""
    return StoryClock(BEFORE_PROMISES.written_at)


@pytest.fixture
async def records(empty_url: str, clock: StoryClock) -> AsyncIterator[Records]:
    """Its record, migrated, on each of the two databases."""
    async with BEFORE_PROMISES.opened(empty_url, clock) as opened:
        yield opened


async def settle(records: Records, ticket_id: str, command: Command) -> None:
    """Apply a command, which may not be refused."""
    settled = await records.record.settle(ticket_id, command, by=SettledBy.INTAKE)
    assert settled.refusal is None, (ticket_id, settled.refusal)


async def lines(records: Records, ticket_id: str, *, after: int) -> list[tuple[int, datetime, datetime, Event]]:
    """Sequence, both instants and event of what was written since."""
    row = EventRow
    query = (
        select(row.sequence, row.at, row.recorded_at, row.kind, row.body)
        .where(row.ticket_id == ticket_id, row.sequence > after)
        .order_by(row.sequence)
    )
    async with records.database.looking.connect() as connection:
        found = (await connection.execute(query)).all()
    return [(sequence, at, recorded_at, event_from_json(kind, body)) for sequence, at, recorded_at, kind, body in found]


async def test_every_ticket_is_there_and_can_be_listed(records: Records) -> None:
    """7.2: each loads, is listed and shown, and stands as the release before left it."""
    rows = {row["ticket_id"]: row for row in BEFORE_PROMISES.rows("tickets")}

    listed = await records.queries.tickets(TicketFilter(), page_size=len(rows) + 1)
    assert sorted(each.ticket_id for each in listed) == sorted(rows)
    owed_work = await records.queries.next_due(TicketFilter(), page_size=len(rows) + 1)
    assert {each.ticket_id for each in owed_work} == {
        ticket_id for ticket_id, row in rows.items() if row["status"] not in {"resolved", "closed"}
    }
    for ticket in listed:
        assert await records.queries.ticket_by_reference(ticket.reference) == ticket
        kept = rows[ticket.ticket_id]
        message = ticket_message(ticket)
        for name in ("status", "tier", "handler", "owner", "priority", "version", "sequence", "policy_version"):
            assert getattr(ticket, name) == kept[name], (ticket.ticket_id, name)
        assert (message.ticket_id, message.subject) == (ticket.ticket_id, kept["state"]["subject"])
    await records.queries.figures()
    await records.upkeep.fold_totals()


async def test_every_deadline_is_explained_and_every_story_handed_over(records: Records) -> None:
    """8 and 6.5: the ledger and the page for the next person are made from logs that the release before wrote."""
    for ticket_id in BEFORE_PROMISES.ticket_ids():
        ticket = await records.queries.ticket(ticket_id)
        entries = await records.queries.entries(ticket_id)
        assert [event_message(entry).sequence for entry in entries] == list(range(1, ticket.sequence + 1))

        explained = await records.queries.ledger(ticket_id)
        running = {(clock.target, clock.run): clock.deadline_at for clock in ticket.clocks if clock.deadline_at}
        said = {(line.target, line.run): line.deadline_at for line in explained if line.target and line.deadline_at}
        assert running.items() <= said.items(), ticket_id
        for line in explained:
            ledger_message(line)

        page = handover_message(handover(ticket, entries, BEFORE_PROMISES.written_at)).page
        assert ticket.subject.split()[0] in page
        assert ticket.reference in page


async def test_every_message_that_is_owed_has_words(records: Records, caplog: pytest.LogCaptureFixture) -> None:
    """Delivery finds messages that are of the release before, and has words for each."""
    owed = BEFORE_PROMISES.rows("outbox")

    said = await rendered(records)

    assert not told_loudly(caplog)
    assert len(said) == len(owed)
    assert all(each.subject and each.text for each in said)
    of_ada = [each for each in said if each.recipient == "c-ada"]
    assert {each.language for each in of_ada} == {"en-GB"}
    assert any("Ada Okafor" in each.text for each in of_ada)
    assert "de-DE" in {each.language for each in said if each.recipient == "c-ben"}


async def test_a_customer_hears_that_an_old_promise_is_broken(
    records: Records, clock: StoryClock, caplog: pytest.LogCaptureFixture
) -> None:
    """6.5: who was told by the release before when they hear next is told by this one that they did not."""
    await until(records, clock, instant("18 18:00") + timedelta(minutes=1))

    said = await rendered(records)

    assert not told_loudly(caplog)
    broken = [each for each in said if each.kind == "promise_broken" and each.audience is Audience.CUSTOMER]
    assert sorted(each.ticket_id for each in broken) == sorted(NEWS_STILL_PROMISED)
    assert {each.language for each in broken} == {"de-DE", "en"}


def told_loudly(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Of what words could not be made from: somebody was told less than there was to tell."""
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]


async def rendered(records: Records) -> list[Rendered]:
    """Every message in its words, as delivery takes them: of one recipient and ticket one after another."""
    said: list[Rendered] = []
    worded = Worded(records.log_lines, records.outbox, Words(), "file")
    while messages := await records.outbox.take(limit=100, lease_seconds=600):
        said += [await worded.of(message) for message in messages]
        await records.outbox.write_down([WasSent(message=message) for message in messages])
    return said


async def test_news_that_was_promised_is_promised_still(records: Records) -> None:
    """6.5: what the customer was told on climbing is an open promise, whatever became of the update clock since."""
    found = {ticket_id: await records.queries.ticket(ticket_id) for ticket_id in BEFORE_PROMISES.ticket_ids()}

    promised = {ticket_id: each.next_news_at for ticket_id, each in found.items() if each.next_news_at}

    assert promised == {ticket_id: instant(text) for ticket_id, text in NEWS_STILL_PROMISED.items()}


async def test_what_is_due_next_is_listed_by_what_is_promised(records: Records) -> None:
    """2.5: the row's deadline is the ticket's own, also where news is promised for before; else pages never ended."""
    listed: list[Ticket] = []
    while page := await records.queries.next_due(
        TicketFilter(), page_size=1, after=Place.of(listed[-1]) if listed else None
    ):
        assert page[0] not in listed
        listed += page

    assert listed[0].ticket_id == WENT_BY_UNSEEN
    assert len(listed) == await records.queries.count(TicketFilter()) - 3  # but for what is resolved or closed


async def test_whose_wake_up_was_moved_is_told(records: Records) -> None:
    """Temporal waits for what the release before told it: the keeper owes it the earlier instant."""
    owed = await records.upkeep.owed_nudges(older_than_seconds=0, limit=100)

    due = {each.ticket_id: each.wake_at for each in owed}
    assert due[WENT_BY_UNSEEN] == instant("18 08:01") + TICK  # its workflow knew of another
    assert due["t-lowered"] == instant("18 14:00") + TICK
    assert "t-exhausted" not in due


async def test_a_promise_that_went_by_is_broken_at_its_own_instant(records: Records, clock: StoryClock) -> None:
    """2.4, 3.6: nobody wakes late for it, though the row's wake-up was worked out before there were promises."""
    await until(records, clock, instant("18 18:00") + timedelta(minutes=1))

    for ticket_id, text in NEWS_STILL_PROMISED.items():
        entries = await records.queries.entries(ticket_id)
        broken = [(each.at, each.event) for each in entries if isinstance(each.event, PromiseBroken)]
        assert [event.due_at for _, event in broken] == [instant(text)], ticket_id
        found_at = BEFORE_PROMISES.written_at if ticket_id == WENT_BY_UNSEEN else instant(text)  # then at once
        assert [at for at, _ in broken] == [found_at], ticket_id


async def test_the_week_after_is_the_same(records: Records, clock: StoryClock) -> None:
    """5.3, 7.2: the same breaches at the same instants, and the same people told: only what promises bring is new."""
    await until(records, clock, BEFORE_PROMISES.written_at + A_WEEK)

    sequences = {row["ticket_id"]: row["sequence"] for row in BEFORE_PROMISES.rows("tickets")}
    for ticket_id, sequence in sequences.items():
        expected = BEFORE_PROMISES.a_week_on(ticket_id)
        written = await lines(records, ticket_id, after=sequence)
        messages = await owed_messages(records, ticket_id, after_sequence=sequence)
        found, told = [], []
        for own, at, recorded_at, event in written:
            if kind_of(event) in SINCE:
                continue
            found.append((at, recorded_at, event))
            told.append(
                tuple(
                    (each.kind, each.audience.value, each.recipient)
                    for each in messages
                    if each.sequence == own and each.kind not in MESSAGES_SINCE
                )
            )
        assert found == [(each.at, each.recorded_at, event_from_json(each.kind, each.body)) for each in expected]
        assert told == [each.messages for each in expected], ticket_id


async def test_what_an_older_release_would_lose_is_left_to_this_one(records: Records, clock: StoryClock) -> None:
    """Rolling deploys: a state with anything in it that the release before does not know is of a version too new."""
    known = {name for row in BEFORE_PROMISES.rows("tickets") for name in row["state"]}
    await until(records, clock, BEFORE_PROMISES.written_at + A_WEEK)
    await settle(records, "t-taken", Hold(actor="lee", reason="a part is on its way"))

    row = TicketRow
    async with records.database.looking.connect() as connection:
        found = (await connection.execute(select(row.ticket_id, row.state, row.state_version))).all()

    nothing = {each.name: each.default for each in fields(Ticket)}
    versions = {}
    for ticket_id, state, version in found:
        versions[ticket_id] = version
        since = {name: value for name, value in json.loads(state).items() if name not in known}
        is_lost = any(_plain(nothing[name]) != value for name, value in since.items())
        assert (version > BEFORE_3) == is_lost, (ticket_id, since)
    assert versions["t-closed"] == versions["t-resolved"] == 1
    assert versions["t-roster"] > BEFORE_3  # it climbed since
    assert versions["t-taken"] > BEFORE_3


def _plain(default: object) -> object:
    return json.loads(json.dumps(default))


@pytest.mark.parametrize(
    ("customer_id", "subject", "ticket_id"),
    [
        ("c-ada", "AW: line down", "t-opened"),  # of two alike the younger
        ("c-ben", "slow  SINCE tuesday", "t-taken"),
        ("c-cleo", "Re: No dial tone", "t-escalated"),  # and not the closed one
        ("c-ben", "Telephone crackles", "t-resolved"),
    ],
)
async def test_contact_finds_the_old_ticket(records: Records, customer_id: str, subject: str, ticket_id: str) -> None:
    """6.3: it joins the ticket that there is, by customer and subject."""
    found = await records.contacts.find(Named(customer_id=customer_id, subject=subject))

    assert found.ticket_ids == (ticket_id,)
    contact = RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="mail", text="Here I am again.")
    request = Request(caller="crm", request_id="joins", body_hash=b"joins")
    settled = await records.contacts.record(found.ticket_ids, contact, request=request, encode=lambda _: b"joined")
    assert (settled.ticket_id, settled.refusal, settled.answer) == (ticket_id, None, b"joined")


async def test_closed_matter_leads_nowhere(records: Records) -> None:
    """6.3: what was closed before is found by its id and reference; its matter opens a new one."""
    assert not (await records.contacts.find(Named(customer_id="c-ada", subject="Password"))).ticket_ids


async def test_what_other_rules_judged_is_not_called_wrong(records: Records, clock: StoryClock) -> None:
    """5.3: only tickets judged wholly by the rules at hand are derived anew; of the others that is said."""
    for days in (0, 3):
        await until(records, clock, BEFORE_PROMISES.written_at + timedelta(days=days))
        for ticket_id in BEFORE_PROMISES.ticket_ids():
            driven = Driven(plan=Plan(case=Case(case=ticket_id, rows=()), rows=()), ticket_id=ticket_id, said=[])
            compared = await compare(records.queries, driven)
            assert compared.other_rules, ticket_id
            assert compared.mismatch is None, ticket_id


COMMANDS: dict[str, Sequence[Command]] = {
    "t-opened": [Acknowledge(actor="kim", handler="kim", tier="desk")],
    "t-taken": [
        MakePromise(
            actor="lee",
            kind=PromiseKind.CALL_BACK,
            name="call",
            promised_at=instant("18 15:00"),
            words="We call you.",
        )
    ],
    "t-escalated": [Acknowledge(actor="sue", handler="sue", tier="supplier")],
    "t-raised": [Escalate(actor="mia", from_tier="specialist", reason="it is the supplier's")],
    "t-waiting": [
        RecordContact(actor="crm", kind=ContactKind.NEWS, channel="mail", text="October."),
        Acknowledge(actor="manager-of-home", handler="manager-of-home", tier="supplier"),
    ],
    "t-resolved": [Reject(actor="crm", reason="it crackles still", customer="c-ben")],
    "t-closed": [Rate(actor="crm", stars=2, comment="slow", customer="c-cleo")],
    "t-reopened": [Acknowledge(actor="sue", handler="sue", tier="supplier")],
    "t-back": [Hold(actor="kim", reason="a router is on its way")],
    "t-exhausted": [OfferCredit(actor="lead-of-home", minor=500, currency="GBP", reason="so long a silence")],
    "t-moved": [PostUpdate(actor="sam", text="The contract is at the lawyers'.")],
    "t-moved-late": [Transfer(actor="sam", to_tier="desk", reason="it is a simple one")],
    "t-roster": [Escalate(actor="sam", from_tier="specialist", reason="it is the supplier's")],
    "t-silence": [Reopen(actor="crm", reason="it does not work")],
    "t-asked": [Continue(actor="kim", reason="found it out")],
    "t-late": [Resolve(actor="kim", outcome=Outcome.FIXED, explanation="The mailbox was full."), Confirm(actor="crm")],
    "t-lowered": [Resolve(actor="sam", outcome=Outcome.WITHDRAWN, explanation="As you wished.")],
}


async def test_every_ticket_takes_a_command(
    records: Records, clock: StoryClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What can be asked of a ticket can be asked of an old one, what is new with this release too."""
    assert sorted(COMMANDS) == sorted(BEFORE_PROMISES.ticket_ids())
    for ticket_id, commands in COMMANDS.items():
        for command in commands:
            clock.pass_(timedelta(seconds=1))
            await settle(records, ticket_id, command)

    kept = [each.event for each in await records.queries.entries("t-moved") if isinstance(each.event, PromiseKept)]
    assert [each.promised_at for each in kept] == [instant(NEWS_STILL_PROMISED["t-moved"])]  # a person told them, 2.4
    news = [each for each in (await records.queries.ticket("t-moved")).promises if each.name == NEXT_NEWS]
    assert [(each.run, each.state) for each in news] == [(2, PromiseState.OPEN)]  # and hear again: 6.4
    await until(records, clock, BEFORE_PROMISES.written_at + timedelta(days=2))
    assert all(each.text for each in await rendered(records))
    assert not told_loudly(caplog)


async def test_two_old_tickets_of_one_matter_merge(records: Records) -> None:
    """6.7: the survivor takes what the other had."""
    merged = await records.record.merge("t-opened", "t-back", actor="kim")

    assert merged.survivor.refusal is None
    assert (await records.queries.ticket("t-back")).merged == ("t-opened",)


async def test_old_request_is_answered_as_it_was(records: Records) -> None:
    """5.5: what was judged before the new release is remembered by it."""
    replies = BEFORE_PROMISES.rows("replies")
    for row in replies:
        request = Request(caller=row["caller"], request_id=row["request_id"], body_hash=bytes.fromhex(row["body_hash"]))
        settled = await records.record.answered(request)
        assert settled is not None
        assert (settled.repeated, settled.ticket_id) == (True, row["ticket_id"])
        assert settled.answer == bytes.fromhex(row["answer"])
