"""A keeper that dies on its walk through a closed queue: whoever comes after brings every ticket to it, each once."""

import asyncio
import signal
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from services.records import Records
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.derived import require_derived
from tests.support.record import a_policy, a_request, an_opening
from tests.support.walking import BEGUN
from workflows.domain.ticket.events import ClosureBegan, ClosureEnded, Event

TICKETS = ("t-0001", "t-0002", "t-0003")


async def count(records: Records, kind: type[Event]) -> list[int]:
    """How often each ticket's log says so."""
    return [sum(isinstance(each.event, kind) for each in await records.queries.entries(one)) for one in TICKETS]


async def closed(records: Records, clock: StoryClock, *, until: timedelta | None = None) -> None:
    """Three tickets whose queue is closed a minute after noon; at noon they are opened."""
    for number in range(1, len(TICKETS) + 1):
        await records.record.open_ticket(a_policy(), an_opening(number))
    clock.set(MONDAY_NOON + BEGUN)
    queue = (await records.queries.ticket(TICKETS[0])).queue
    await records.closures.close(
        "c-1",
        queue,
        from_at=None,
        until_at=None if until is None else MONDAY_NOON + until,
        actor="ops",
        reason="snow",
        request=a_request(),
    )


async def a_walk_that_dies(url: str, when: str, tickets: int) -> None:
    """Walk in another process, which is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "tests.support.walking", url, when, str(tickets)
    )
    async with asyncio.timeout(60):
        assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize(
    ("when", "tickets", "reached"),
    [("judged", 2, [1, 0, 0]), ("settled", 2, [1, 1, 0]), ("settled", 3, [1, 1, 1]), ("noted", 1, [1, 1, 1])],
)
async def test_a_walk_that_died_anywhere_is_gone_again_to_its_end(
    record_url: str, records: Records, story_clock: StoryClock, *, when: str, tickets: int, reached: list[int]
) -> None:
    """2.11, 4.7: between the queue's row and its last ticket; nobody comes to the closure twice, and nobody never."""
    await closed(records, story_clock)

    await a_walk_that_dies(record_url, when, tickets)
    assert await count(records, ClosureBegan) == reached
    story_clock.set(MONDAY_NOON + 3 * BEGUN)
    assert [turn.is_end for turn in await records.closures.turns()] == [False]

    await records.closure_walk.sweep()

    assert await count(records, ClosureBegan) == [1, 1, 1]
    assert await records.closures.turns() == []
    await require_derived(records, *TICKETS)


async def test_what_began_and_ended_while_no_keeper_was_there_is_come_to_once(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """2.11: dead from the first ticket of the beginning to after the end; both are in every log, once, in order."""
    await closed(records, story_clock, until=timedelta(minutes=10))

    await a_walk_that_dies(record_url, "settled", 1)
    story_clock.set(MONDAY_NOON + timedelta(minutes=20))
    await records.closure_walk.sweep()

    assert await count(records, ClosureBegan) == [1, 1, 1]
    assert await count(records, ClosureEnded) == [1, 1, 1]
    assert await records.closures.turns() == []
    await require_derived(records, *TICKETS)


async def test_an_end_that_was_said_otherwise_meanwhile_is_not_seen_through(
    records: Records, story_clock: StoryClock
) -> None:
    """2.11: whoever walked to the end that was said before has not been to this one."""
    await closed(records, story_clock, until=timedelta(minutes=10))
    story_clock.set(MONDAY_NOON + timedelta(minutes=20))
    beginning, end = await records.closures.turns()
    await records.closures.seen_through(beginning)

    await records.closures.seen_through(replace(end, at=end.at - BEGUN))
    assert await records.closures.turns() == [end]

    await records.closures.seen_through(end)
    assert await records.closures.turns() == []
