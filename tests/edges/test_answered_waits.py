"""Waiting on the customer although the customer has answered: counted from the logs, and there is none (6.3, 6.6)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.records import Records, SettledBy
from tests.support.clock import StoryClock
from tests.support.record import Outsider, a_policy, an_opening
from workflows.domain.ticket.commands import AddNote, PostUpdate, RecordContact, WaitOnCustomer
from workflows.domain.ticket.words import ContactKind

QUESTION = WaitOnCustomer(actor="kim", question="which lamp is red?")
ANSWER = RecordContact(actor="mail", kind=ContactKind.INFORMATION, channel="mail", text="the left")
BESIDE = (PostUpdate(actor="kim", text="we go on"), AddNote(actor="kim", text="seen"))


async def say(records: Records, clock: StoryClock, *commands: WaitOnCustomer | RecordContact) -> None:
    """Send commands a minute apart, each with what changes nothing of a wait."""
    for command in commands:
        for each in (command, *BESIDE):
            clock.pass_(timedelta(minutes=1))
            assert (await records.record.settle("t-0001", each, by=SettledBy.INTAKE)).refusal is None


@pytest.mark.parametrize("lost", ["no", "contact", "question"])
async def test_a_wait_that_was_answered_is_counted(
    record_url: str, records: Records, story_clock: StoryClock, lost: str
) -> None:
    """What no settle can leave behind is seen where it is put there by hand; the question after the answer is none."""
    await records.record.open_ticket(a_policy(), an_opening())
    await say(records, story_clock, QUESTION, ANSWER, QUESTION)
    outsider = Outsider(record_url)
    assert (await records.queries.ticket("t-0001")).waiting is not None

    if lost == "contact":  # a contact that ended nothing
        await outsider.run("UPDATE events SET kind = 'contact_received' WHERE kind = 'note_added' AND sequence > 20")
    if lost == "question":  # a wait that no question began
        await outsider.run(
            "UPDATE events SET kind = 'note_added' WHERE kind = 'wait_started' "
            "AND sequence = (SELECT max(sequence) FROM events WHERE kind = 'wait_started')"
        )

    assert (await records.queries.figures()).answered_waits == (0 if lost == "no" else 1)


@pytest.mark.parametrize(("seconds", "counted"), [(-1, 0), (0, 0), (1e-6, 1), (1, 1)])
async def test_a_wait_that_was_answered_on_a_ticket_merged_into_it_is_counted(
    record_url: str, records: Records, story_clock: StoryClock, seconds: float, counted: int
) -> None:
    """6.3, 6.7: by when its customer was last heard of there, put there by hand: later than the question, or not."""
    await records.record.open_ticket(a_policy(), an_opening())
    await say(records, story_clock, QUESTION)
    waiting = (await records.queries.ticket("t-0001")).waiting
    assert waiting is not None
    spoke_at = waiting.question_at + timedelta(seconds=seconds)
    line = f'{{"ticket_id":"t-2","reference":"R-2","customer_spoke_at":"{spoke_at.isoformat()}"}}'
    put_there = f"UPDATE events SET kind = 'took_over', body = '{line}' WHERE kind = 'note_added'"  # noqa: S608 - all of it is this test's
    await Outsider(record_url).run(put_there)

    assert (await records.queries.figures()).answered_waits == counted


async def test_merging_the_answer_leaves_nobody_waited_for(records: Records, story_clock: StoryClock) -> None:
    """6.3, 6.6, 6.7: the ticket that was opened after the question is the answer to it."""
    await records.record.open_ticket(a_policy(), an_opening())
    await say(records, story_clock, QUESTION)
    second = replace(an_opening(2), customer=an_opening().customer)
    await records.record.open_ticket(a_policy(), second)
    await records.record.merge(second.ticket_id, "t-0001", actor="kim")

    assert (await records.queries.ticket("t-0001")).waiting is None
    assert (await records.queries.figures()).answered_waits == 0


async def test_nobody_who_has_answered_is_waited_for(records: Records, story_clock: StoryClock) -> None:
    """6.3: asked and answered again and again, the count is nothing after every settle."""
    await records.record.open_ticket(a_policy(), an_opening())
    for command in (QUESTION, ANSWER, QUESTION, QUESTION, ANSWER, ANSWER):
        await say(records, story_clock, command)
        assert (await records.queries.figures()).answered_waits == 0
