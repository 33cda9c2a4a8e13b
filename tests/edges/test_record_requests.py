"""Asking again: one request id is judged once, whoever asks however often, on both databases."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from services.records import IdentityTaken, Records, RequestIdReused, SettledBy, TicketFilter, connect
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.record import (
    Outsider,
    a_policy,
    a_request,
    an_acknowledgement,
    an_opening,
    answer,
)
from workflows.domain.ticket.commands import PostUpdate, Resolve
from workflows.domain.ticket.events import Acknowledged, UpdatePosted
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import Outcome, Status

UPDATE = PostUpdate(actor="kim", text="an engineer is on the way")


async def test_lost_answer_is_given_again(records: Records, story_clock: StoryClock) -> None:
    """5.5: the stored answer comes back as it was, though the ticket has moved on, and nothing is done twice."""
    await records.record.open_ticket(a_policy(), an_opening())
    first = await records.record.settle(
        "t-0001", an_acknowledgement("kim"), by=SettledBy.INTAKE, request=a_request("r-1"), encode=answer
    )
    story_clock.pass_(timedelta(minutes=1))
    resolve = Resolve(actor="kim", outcome=Outcome.WITHDRAWN, explanation="customer found the switch")
    await records.record.settle("t-0001", resolve, by=SettledBy.INTAKE, request=a_request("r-2"), encode=answer)

    again = await records.record.settle(
        "t-0001", an_acknowledgement("kim"), by=SettledBy.INTAKE, request=a_request("r-1"), encode=answer
    )

    assert (first.repeated, first.answer) == (False, b"t-0001 in_progress kim")
    assert (again.repeated, again.answer, again.judged) == (True, b"t-0001 in_progress kim", None)
    assert (again.instant, again.ticket_id, again.owes_nudge) == (
        MONDAY_NOON + timedelta(microseconds=1),
        "t-0001",
        False,
    )
    assert (await records.queries.ticket("t-0001")).status is Status.CLOSED
    assert [each.number for each in await records.queries.inputs("t-0001")] == [1, 2, 3]


async def test_other_body_under_the_same_id_is_refused(records: Records) -> None:
    """5.5: another body under an id that was used is refused, on another ticket too, and nothing changes."""
    await records.record.open_ticket(a_policy(), an_opening(1), request=a_request("r-1", body=b"one"), encode=answer)
    await records.record.open_ticket(a_policy(), an_opening(2))

    with pytest.raises(RequestIdReused, match="'r-1' was used before with another body"):
        await records.record.open_ticket(
            a_policy(), an_opening(3), request=a_request("r-1", body=b"other"), encode=answer
        )
    with pytest.raises(RequestIdReused):
        await records.record.settle(
            "t-0002", an_acknowledgement(), by=SettledBy.INTAKE, request=a_request("r-1", body=b"other"), encode=answer
        )

    tickets = await records.queries.tickets(TicketFilter(), page_size=9)
    assert [(ticket.ticket_id, ticket.handler) for ticket in tickets] == [("t-0001", None), ("t-0002", None)]


async def test_callers_draw_their_ids_independently(records: Records) -> None:
    """5.5: what is remembered is (caller, request id)."""
    await records.record.open_ticket(a_policy(), an_opening(1), request=a_request(caller="crm-1"), encode=answer)
    other = await records.record.open_ticket(a_policy(), an_opening(2), request=a_request(caller="crm-2", body=b"x"))

    assert (other.repeated, other.answer) == (False, None)


async def test_refusal_is_given_again(records: Records, story_clock: StoryClock) -> None:
    """5.5: a refusal was judged too: asked again it is the same, though the command would be legal by now."""
    await records.record.open_ticket(a_policy(), an_opening())
    request = a_request("r-1")
    command = an_acknowledgement(tier="specialist")
    refused = await records.record.settle("t-0001", command, by=SettledBy.INTAKE, request=request, encode=answer)
    story_clock.pass_(timedelta(minutes=20))

    again = await records.record.settle("t-0001", command, by=SettledBy.INTAKE, request=request, encode=answer)

    assert refused.refusal is not None
    assert refused.refusal.reason is RefusalReason.WRONG_TIER
    assert (refused.answer, refused.repeated) == (None, False)
    assert (again.refusal, again.answer, again.repeated) == (refused.refusal, None, True)
    assert (await records.queries.ticket("t-0001")).tier == "desk"


async def test_two_openings_under_one_id_make_one_ticket(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """Two channels in the same second still make one ticket; both callers get its answer."""
    async with await connect(record_url, story_clock) as other:
        opened = await asyncio.gather(
            *(
                each.record.open_ticket(a_policy(), an_opening(number), request=a_request(), encode=answer)
                for number, each in enumerate([records, other] * 4, 1)
            )
        )

    (ticket,) = await records.queries.tickets(TicketFilter(), page_size=9)
    assert {each.answer for each in opened} == {f"{ticket.ticket_id} open None".encode()}
    assert sorted(each.repeated for each in opened) == [False] + [True] * 7
    assert (await records.queries.figures()).totals["opened", ("normal", "home")] == 1


async def test_two_openings_of_one_name_under_one_id_make_one_ticket(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """The same holds when both drew the same ticket id and reference: the collision is the request's own."""
    async with await connect(record_url, story_clock) as other:
        opened = await asyncio.gather(
            *(
                each.record.open_ticket(a_policy(), an_opening(), request=a_request(), encode=answer)
                for each in [records, other] * 3
            )
        )

    assert sorted(each.repeated for each in opened) == [False] + [True] * 5


async def test_command_sent_twice_at_once_is_applied_once(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """5.5: a second delivery that waits for the first one's lock finds its answer."""
    await records.record.open_ticket(a_policy(), an_opening())
    outsider = Outsider(record_url)

    async with await connect(record_url, story_clock) as other:
        async with outsider.holding("t-0001"):
            settling = [
                asyncio.create_task(
                    each.record.settle("t-0001", UPDATE, by=SettledBy.INTAKE, request=a_request(), encode=answer)
                )
                for each in (records, other)
            ]
            await outsider.until_somebody_waits(2)
        settled = await asyncio.gather(*settling)

    assert sorted(each.repeated for each in settled) == [False, True]
    assert len({each.answer for each in settled}) == 1
    entries = await records.queries.entries("t-0001")
    assert len([entry for entry in entries if isinstance(entry.event, UpdatePosted)]) == 1
    assert [each.number for each in await records.queries.inputs("t-0001")] == [1, 2]


async def test_one_id_for_two_tickets_at_once(record_url: str, records: Records, story_clock: StoryClock) -> None:
    """5.5: different bodies under one id race: one is judged, the other refused, its ticket untouched."""
    await records.record.open_ticket(a_policy(), an_opening(1))
    await records.record.open_ticket(a_policy(), an_opening(2))
    async with await connect(record_url, story_clock) as other:
        settled = await asyncio.gather(
            records.record.settle(
                "t-0001", an_acknowledgement(), by=SettledBy.INTAKE, request=a_request(body=b"1"), encode=answer
            ),
            other.record.settle(
                "t-0002", an_acknowledgement(), by=SettledBy.INTAKE, request=a_request(body=b"2"), encode=answer
            ),
            return_exceptions=True,
        )

    assert sorted(isinstance(each, RequestIdReused) for each in settled) == [False, True]
    entries = [*await records.queries.entries("t-0001"), *await records.queries.entries("t-0002")]
    assert len([entry for entry in entries if isinstance(entry.event, Acknowledged)]) == 1


@pytest.mark.parametrize("column", ["ticket_id", "reference"])
async def test_name_that_is_taken_is_told(records: Records, column: str) -> None:
    """A new ticket never takes the place of another, and nothing of it stays behind."""
    await records.record.open_ticket(a_policy(), an_opening(1))
    opening = replace(an_opening(2), **{column: getattr(an_opening(1), column)})

    with pytest.raises(IdentityTaken, match="draw another"):
        await records.record.open_ticket(a_policy(), opening, request=a_request(), encode=answer)

    assert (await records.queries.figures()).totals["opened", ("normal", "home")] == 1
    again = await records.record.open_ticket(a_policy(), an_opening(3), request=a_request(), encode=answer)
    assert again.repeated is False
