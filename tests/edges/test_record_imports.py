"""A ticket from elsewhere comes in once, by what it is called there: over releases, and in the same moment (6.14)."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from services.records import Records, Settled, codec, connect, migrate
from services.records.errors import KeyTaken
from services.records.imports import CameIn
from services.records.tables import InputRow
from tests.support.clock import StoryClock
from tests.support.old_record import WITH_PROMISES
from tests.support.record import Outsider, a_policy, a_request, an_import
from workflows.domain.ticket.commands import Import

NAMES = ("INC1", "CRM-7", "OLD-9")


async def test_what_the_release_before_brought_in_comes_in_no_second_time(empty_url: str) -> None:
    """What it was called there is found in the log when the record is migrated."""
    await WITH_PROMISES.as_written(empty_url)
    await migrate(empty_url)
    async with await connect(empty_url, StoryClock(WITH_PROMISES.written_at)) as records:
        async with records.database.looking.connect() as connection:
            body = await connection.scalar(select(InputRow.body).where(InputRow.kind == "import"))
        entered = codec.command_from_json("import", str(body))
        assert isinstance(entered, Import)
        again = replace(entered, ticket_id="t-again", reference="AGAIN-26")

        found = await records.imports.find(again)

        assert found == CameIn(ticket_id=entered.ticket_id, reference=entered.reference)
        assert await records.imports.find(replace(again, references=("CRM-7",))) is None


async def enter(records: Records, number: int, request_id: str) -> Settled | None:
    """Bring the same one in, its names in another order each time; none: it was in."""
    names = NAMES[number % 3 :] + NAMES[: number % 3]
    try:
        return await records.record.open_ticket(
            a_policy(), an_import(number, names), request=a_request(request_id), encode=lambda _: b"in"
        )
    except KeyTaken:
        return None


async def test_of_many_at_once_one_brings_it_in(records: Records, record_url: str) -> None:
    """Ten requests, each made three times: one is judged and answered three times, the rest are refused."""
    answers = await asyncio.gather(*(enter(records, number, f"r-{number % 10}") for number in range(30)))

    came_in = [settled for settled in answers if settled is not None]
    assert len({settled.ticket_id for settled in came_in if not settled.repeated}) == 1
    assert [settled.answer for settled in came_in] == [b"in"] * 3
    assert sorted(settled.repeated for settled in came_in) == [False, True, True]
    assert await Outsider(record_url).run("SELECT count(*) FROM tickets") == [(1,)]


async def test_what_is_refused_leaves_none_of_its_names_behind(records: Records) -> None:
    """One of its names is taken: the others lead nowhere, and may be another's."""
    await enter(records, 3, "r-1")
    another = an_import(2, ("X-1", "CRM-7"))

    with pytest.raises(KeyTaken):
        await records.record.open_ticket(a_policy(), another)

    assert await records.imports.find(replace(another, references=("X-1",))) is None
