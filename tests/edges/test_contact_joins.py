"""Which ticket a contact joins, on both databases, whoever else receives one at the same instant (6.3)."""

import asyncio
import sys
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from services.records import Named, Records, RequestIdReused, Settled, SettledBy, TicketUnknown
from services.records.contact_keys import key_of_matter
from services.records.tables import ContactKeyRow
from tests.support.clock import StoryClock
from tests.support.receiving import ADA, joined, opening_of, receive, receive_many
from tests.support.record import Outsider, a_policy, a_request, an_opening
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Close, Open, RecordContact, Resolve
from workflows.domain.ticket.events import ContactReceived
from workflows.domain.ticket.state import TICK
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import ContactKind, Outcome

AT_ONCE = 50
PATIENCE_SECONDS = 120
THREAD = "<1@example.org>"
KEYS = ContactKeyRow.__tablename__


async def contacts_of(records: Records, ticket_id: str) -> int:
    """How often the customer came back, says the log."""
    return sum(isinstance(entry.event, ContactReceived) for entry in await records.queries.entries(ticket_id))


async def close(records: Records, ticket_id: str) -> None:
    """Have a ticket closed without the customer's word."""
    resolve = Resolve(actor="kim", outcome=Outcome.FIXED, explanation="cable replaced")
    for command in (resolve, Close(actor="kim", reason="agreed by phone")):
        settled = await records.record.settle(ticket_id, command, by=SettledBy.INTAKE)
        assert settled.refusal is None


@pytest.mark.parametrize("matter", ["subject", "thread"])
async def test_fifty_at_once_make_one_ticket(records: Records, matter: str) -> None:
    """6.3: whichever is first opens it, and every other one joins it, however the subject is spelt."""
    answers = await receive_many(records, matter, 1, AT_ONCE)

    (opened,) = [answer for answer in answers if answer.endswith("+")]
    assert Counter(answers) == {opened: 1, opened.removesuffix("+"): AT_ONCE - 1}
    assert await contacts_of(records, opened.removesuffix("+")) == AT_ONCE - 1
    figures = await records.queries.figures()
    assert sum(figures.open_tickets.values()) == 1


@pytest.mark.parametrize("matter", ["subject", "thread"])
async def test_several_processes_at_once_make_one_ticket(record_url: str, records: Records, matter: str) -> None:
    """6.3: four processes receive fifty between them in the same moment; the record has one ticket of it."""
    counts = (13, 13, 12, 12)
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-m", "tests.support.receiving", record_url, matter),
            *(str(100 * number), str(count)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for number, count in enumerate(counts, start=1)
    ]
    async with asyncio.timeout(PATIENCE_SECONDS):
        for process in processes:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"ready\n"
        told = await asyncio.gather(*(process.communicate(b"now\n") for process in processes))

    answers = [answer for out, _ in told for answer in out.decode().split()]
    assert len(answers) == AT_ONCE
    (opened,) = [answer for answer in answers if answer.endswith("+")]
    assert set(answers) == {opened, opened.removesuffix("+")}
    assert await contacts_of(records, opened.removesuffix("+")) == AT_ONCE - 1
    assert await Outsider(record_url).run("SELECT count(*) FROM tickets") == [(1,)]


async def test_one_request_at_once_is_judged_once(records: Records) -> None:
    """5.5: the same contact sent ten times at the same instant opens one ticket and is no contact on it."""
    found = await asyncio.gather(*(receive(records, number, request_id="r-1") for number in range(1, 11)))

    assert len({settled.answer for settled in found}) == 1
    assert sorted(settled.repeated for settled in found) == [False] + [True] * 9
    assert await contacts_of(records, found[0].ticket_id) == 0


async def test_asked_again_is_answered_the_same_though_it_opened(records: Records, story_clock: StoryClock) -> None:
    """5.5: the retry of what opened is told that it opened; of what joined, that it joined; nothing is done twice."""
    first = await receive(records, 1)
    second = await receive(records, 2)
    story_clock.pass_(timedelta(minutes=1))

    again = [await receive(records, 3, request_id="r-1"), await receive(records, 4, request_id="r-2")]

    assert (first.answer, second.answer) == (b"t-0001+", b"t-0001")
    assert [(settled.repeated, settled.answer) for settled in again] == [(True, b"t-0001+"), (True, b"t-0001")]
    assert await contacts_of(records, "t-0001") == 1


async def test_another_body_under_the_same_id_is_refused(records: Records) -> None:
    """5.5: nobody is answered with somebody else's contact."""
    await receive(records, 1)
    contact = RecordContact(actor="mail", kind=ContactKind.NEWS, channel="mail", text="", customer="c-1")

    with pytest.raises(RequestIdReused):
        await records.contacts.record(
            ["t-0001"], contact, request=a_request("r-1", caller="mail-1", body=b"other"), encode=joined
        )


async def test_another_customer_or_subject_is_another_ticket(records: Records) -> None:
    """6.3: what only looks alike is not joined."""
    answers = [
        await receive(records, 1),
        await receive(records, 2, subject="line down again"),
        await records.record.open_ticket(a_policy(), an_opening(3)),  # of customer c-3
        await receive(records, 4, subject="LINE  DOWN"),
    ]

    assert [settled.ticket_id for settled in answers] == ["t-0001", "t-0002", "t-0003", "t-0001"]


async def test_the_reference_counts_before_the_thread_and_that_before_the_subject(records: Records) -> None:
    """6.3: found by reference, thread, or customer and subject, in this order."""
    await receive(records, 1)
    await receive(records, 2, subject="about the bill", thread=THREAD)

    by_thread = await receive(records, 3, subject="line down", thread=THREAD)
    by_reference = await receive(records, 4, subject="about the bill", thread=THREAD, reference="R-0001")
    by_new_subject = await receive(records, 5, subject="no idea", reference="R-9999")

    assert [each.ticket_id for each in (by_thread, by_reference, by_new_subject)] == ["t-0002", "t-0001", "t-0005"]


async def test_a_thread_goes_with_the_ticket_that_its_last_contact_is_on(records: Records) -> None:
    """6.3: a contact of a known ticket teaches its thread; a desk that puts a thread elsewhere is followed."""
    await receive(records, 1)
    await receive(records, 2, thread=THREAD)  # by its subject
    await receive(records, 3, subject="other words", thread=THREAD)
    assert await contacts_of(records, "t-0001") == 2
    assert (await records.queries.ticket("t-0001")).thread == THREAD
    await records.record.open_ticket(a_policy(), replace(an_opening(9), customer=ADA, subject="bill"))

    moved = RecordContact(actor="kim", kind=ContactKind.INFORMATION, channel="mail", text="", thread=THREAD)
    await records.record.settle("t-0009", moved, by=SettledBy.INTAKE)

    assert (await receive(records, 4, subject="other words", thread=THREAD)).ticket_id == "t-0009"


async def test_of_two_alike_the_one_opened_last_is_joined(records: Records) -> None:
    """6.3: OpenTicket opens whatever there is; a contact joins the youngest of one customer and subject."""
    for number in (1, 2):
        await records.record.open_ticket(a_policy(), replace(an_opening(number), customer=ADA))

    assert (await receive(records, 3, subject="Re: line down")).ticket_id == "t-0002"


async def test_closed_within_its_window_is_joined_and_longer_is_followed(
    records: Records, story_clock: StoryClock
) -> None:
    """6.3, 6.9: recorded while the window lasts, the last instant included; after it a new ticket names the old."""
    await receive(records, 1, thread=THREAD)
    await close(records, "t-0001")
    last_at = ((await records.queries.ticket("t-0001")).closed_at or story_clock.at) + a_policy().reopen_window
    story_clock.set(last_at)
    within = await receive(records, 2, thread=THREAD)
    story_clock.set(last_at + TICK)

    after = await asyncio.gather(*(receive(records, number, thread=THREAD) for number in range(3, 13)))

    assert (within.ticket_id, within.refusal) == ("t-0001", None)
    (opened,) = {settled.ticket_id for settled in after}
    assert (await records.queries.ticket(opened)).follows == "t-0001"
    assert await contacts_of(records, opened) == 9
    assert (await receive(records, 20)).ticket_id == opened  # the subject leads there as well


async def test_a_ticket_that_was_forgotten_stands_in_nobodys_way(records: Records) -> None:
    """6.3: what led there leads nowhere; the contact joins what else it belongs to, and is not found only without."""
    await receive(records, 1)
    contact = RecordContact(actor="kim", kind=ContactKind.NEWS, channel="phone", text="")

    settled = await records.contacts.record(["t-0009", "t-0001"], contact, request=a_request("r-9"), encode=joined)

    assert (settled.ticket_id, settled.refusal) == ("t-0001", None)
    with pytest.raises(TicketUnknown):
        await records.contacts.record(["t-0008", "t-0009"], contact, request=a_request("r-10"), encode=joined)


async def test_named_for_good_a_ticket_that_is_over_refuses(records: Records, story_clock: StoryClock) -> None:
    """6.3: after the window refused with the hint to open one that `follows`; the refusal is remembered (5.5)."""
    await receive(records, 1)
    await close(records, "t-0001")
    story_clock.pass_(a_policy().reopen_window + timedelta(seconds=1))
    contact = RecordContact(actor="kim", kind=ContactKind.NEWS, channel="phone", text="")

    settled = [
        await records.contacts.record(["t-0001"], contact, request=a_request("r-9"), encode=joined) for _ in range(2)
    ]

    assert [each.repeated for each in settled] == [False, True]
    for each in settled:
        assert each.refusal is not None
        assert each.refusal.reason is RefusalReason.REOPEN_WINDOW_OVER
        assert "open a new ticket that follows 't-0001'" in each.refusal.text
        assert each.refusal.facts["follows"] == "t-0001"


async def test_of_several_names_one_that_is_over_is_passed_by(records: Records, story_clock: StoryClock) -> None:
    """6.3: the thread leads to a ticket that is over, the subject to one that is not: that one is joined."""
    await receive(records, 1, subject="first", thread=THREAD)
    await close(records, "t-0001")
    story_clock.pass_(a_policy().reopen_window + timedelta(seconds=1))
    await receive(records, 2, subject="second")

    assert (await receive(records, 3, subject="second", thread=THREAD)).ticket_id == "t-0002"
    assert (await receive(records, 4, subject="third", thread=THREAD)).ticket_id == "t-0002"


async def test_of_several_tickets_named_for_good_the_first_that_takes_it_has_it(
    records: Records, story_clock: StoryClock
) -> None:
    """6.3, 5.5: one that is over is passed by, and its refusal not remembered; a remembered one stands for good."""
    await receive(records, 1, subject="first")
    await close(records, "t-0001")
    story_clock.pass_(a_policy().reopen_window + timedelta(seconds=1))
    await receive(records, 2, subject="second")
    contact = RecordContact(actor="kim", kind=ContactKind.NEWS, channel="phone", text="")

    async def record(request_id: str, *ticket_ids: str) -> Settled:
        return await records.contacts.record(ticket_ids, contact, request=a_request(request_id), encode=joined)

    both = await record("r-9", "t-0001", "t-0002")
    over = await record("r-10", "t-0001")
    again = await record("r-10", "t-0001", "t-0002")

    assert (both.ticket_id, both.refusal) == ("t-0002", None)
    assert over.refusal is not None
    assert (again.repeated, again.refusal) == (True, over.refusal)
    assert await contacts_of(records, "t-0002") == 1


async def test_a_new_ticket_follows_what_was_named_first(records: Records, story_clock: StoryClock) -> None:
    """6.3: thread and subject lead to two tickets that are both over; the thread counts before the subject."""
    await receive(records, 1, subject="first", thread=THREAD)
    await receive(records, 2, subject="second")
    for ticket_id in ("t-0001", "t-0002"):
        await close(records, ticket_id)
    story_clock.pass_(a_policy().reopen_window + timedelta(seconds=1))

    opened = await receive(records, 3, subject="second", thread=THREAD)

    assert opened.answer == b"t-0003+"
    assert (await records.queries.ticket("t-0003")).follows == "t-0001"
    assert (await receive(records, 4, subject="second")).ticket_id == "t-0003"  # both lead there now


async def test_a_reference_that_is_taken_is_drawn_anew(records: Records) -> None:
    """6.3: whoever draws what another has opens a ticket all the same, in the same call."""
    await receive(records, 1)
    drawn = iter((1, 1, 2))

    async def opening(follows: str | None) -> tuple[Policy, Open]:
        return await opening_of(next(drawn), subject="another matter")(follows)

    settled = await records.contacts.receive(
        Named(customer_id=ADA.external_id, subject="another matter"),
        RecordContact(actor="mail", kind=ContactKind.NEWS, channel="mail", text=""),
        opening,
        request=a_request("r-9"),
        joined=joined,
        opened=joined,
    )

    assert settled.ticket_id == "t-0002"


async def test_whose_matter_it_is_is_told_from_what_it_is_about(records: Records) -> None:
    """6.3: of two customers, read in one breath with their subjects, the words are the same; the tickets are not."""
    assert key_of_matter("c-1", "1line down") != key_of_matter("c-11", "line down")
    await receive(records, 1, subject="1line down")

    found = await records.contacts.find(Named(customer_id="c-11", subject="line down"))

    assert found.ticket_ids == ()


async def test_a_contact_of_a_merged_ticket_is_on_the_survivor(records: Records) -> None:
    """6.7: what later reaches the other is the survivor's, by whatever it is found."""
    await receive(records, 1, thread=THREAD)
    await receive(records, 2, subject="the same in other words")
    await records.record.merge("t-0001", "t-0002", actor="kim")

    by_thread = await receive(records, 3, subject="Re: line down", thread=THREAD)
    by_reference = await receive(records, 4, reference="R-0001")
    contact = RecordContact(actor="kim", kind=ContactKind.INFORMATION, channel="phone", text="")
    named = await records.contacts.record(["t-0001"], contact, request=a_request("r-9"), encode=joined)

    assert [each.ticket_id for each in (by_thread, by_reference, named)] == ["t-0002"] * 3
    assert [each.refusal for each in (by_thread, by_reference, named)] == [None] * 3
    assert await contacts_of(records, "t-0002") == 3


async def test_somebody_elses_ticket_takes_no_contact(records: Records) -> None:
    """6.3: a thread or a reference of another customer refuses, and opens nothing behind anybody's back."""
    await receive(records, 1, thread=THREAD)

    refused = [
        await receive(records, 2, customer="c-2", subject="hello", thread=THREAD),
        await receive(records, 3, customer="c-2", subject="hello", reference="R-0001"),
    ]

    assert [each.refusal and each.refusal.reason for each in refused] == [RefusalReason.NOT_THE_CUSTOMER] * 2
    assert await contacts_of(records, "t-0001") == 0


async def test_a_key_that_leads_to_nothing_is_taken_over(record_url: str, records: Records) -> None:
    """A key whose ticket is not in the record hides no contact for ever."""
    await receive(records, 1, thread=THREAD)
    await Outsider(record_url).run(f"UPDATE {KEYS} SET ticket_id = 'nobody'")  # noqa: S608 - a table of our own

    found = await receive(records, 2, thread=THREAD)

    assert found.answer == b"t-0002+"
    assert (await receive(records, 3, thread=THREAD)).answer == b"t-0002"


async def test_keys_hold_nobodys_words(record_url: str, records: Records) -> None:
    """A digest of one length stands for thread, customer and subject: two for a ticket, whatever is joined to it."""
    await receive(records, 1, subject="my secret illness", thread="<secret@example.org>")
    await receive(records, 2, subject="my secret illness", thread="<secret@example.org>")

    found = await Outsider(record_url).run(f"SELECT key, ticket_id FROM {KEYS}")  # noqa: S608 - a table of our own

    assert [(len(key), ticket_id) for key, ticket_id in found] == [(16, "t-0001")] * 2


async def test_looking_reads_no_more_than_the_keys(record_url: str, records: Records) -> None:
    """What leads to a ticket is found by its key, without reading others, on both databases."""
    await receive(records, 1, thread=THREAD)
    outsider = Outsider(record_url)
    query = f"SELECT ticket_id FROM {KEYS} WHERE key IN "  # noqa: S608 - a table of our own

    if outsider.is_sqlite:
        plan = str(await outsider.run(f"EXPLAIN QUERY PLAN {query} (x'00', x'01')"))
        assert "SEARCH contact_keys USING PRIMARY KEY" in plan
        assert "SCAN contact_keys" not in plan
    else:
        await outsider.run(f"INSERT INTO {KEYS} SELECT sha256(n::text::bytea), 't' FROM generate_series(1, 20000) n")  # noqa: S608 - a table of our own
        await outsider.run(f"ANALYZE {KEYS}")
        plan = str(await outsider.run(f"EXPLAIN {query} ('\\x00'::bytea, '\\x01'::bytea)"))
        assert "pk_contact_keys" in plan
        assert "Seq Scan" not in plan


async def test_looking_by_nothing_finds_nothing(records: Records) -> None:
    """A subject that says nothing leads nowhere, nor does one without a customer; nothing is asked of the database."""
    await receive(records, 1, subject="Re:")

    assert (await receive(records, 2, subject="Re:")).answer == b"t-0002+"
    assert (await records.contacts.find(Named(subject="line down"))).ticket_ids == ()
    assert (await records.contacts.find(Named())).ticket_ids == ()
