"""Merging with real connections, locks and killed processes, on both databases: both tickets change, or neither."""

import asyncio
import signal
import sys

import pytest

from services.records import (
    CommandFailed,
    Records,
    RecordUnavailable,
    RequestIdReused,
    SettledBy,
    TicketStuck,
    TicketUnknown,
    Timeouts,
    connect,
)
from tests.support.clock import MONDAY_NOON, StoryClock
from tests.support.derived import require_derived
from tests.support.merging import OTHER, SURVIVOR, a_merge_request, an_opening_of_one
from tests.support.record import (
    ACKNOWLEDGE,
    Outsider,
    PoisonJudge,
    a_policy,
    a_request,
    an_acknowledgement,
    an_opening,
    answer,
)
from tests.support.waiting import UNHURRIED
from workflows.domain.errors import DomainError
from workflows.domain.policy import minutes
from workflows.domain.ticket.commands import AddNote, MergeInto, TakeOver
from workflows.domain.ticket.events import Closed, Escalated, Merged, TookOver
from workflows.domain.ticket.state import TICK
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import Audience, Status


async def two_opened(records: Records, clock: StoryClock) -> None:
    """The one that is merged is ten minutes older."""
    await records.record.open_ticket(a_policy(), an_opening_of_one(1))
    clock.set(MONDAY_NOON + minutes(10))
    await records.record.open_ticket(a_policy(), an_opening_of_one(2))


async def merges(records: Records, ticket_id: str) -> list[str]:
    """What a ticket's log says of merging."""
    entries = await records.queries.entries(ticket_id)
    return [type(entry.event).__name__ for entry in entries if isinstance(entry.event, Merged | TookOver)]


async def test_both_tickets_are_written_at_one_instant_and_answered_with_the_survivor(
    records: Records, story_clock: StoryClock
) -> None:
    """6.7: one command on both; the other is closed and wakes nobody, the survivor is owed an earlier wake-up."""
    await two_opened(records, story_clock)

    pair = await records.record.merge(OTHER, SURVIVOR, actor="kim", request=a_merge_request(), encode=answer)

    other, survivor = await records.queries.ticket(OTHER), await records.queries.ticket(SURVIVOR)
    assert (pair.survivor.answer, pair.survivor.refusal) == (b"t-0002 open None", None)
    assert (other.status, other.merged_into, other.merged_into_reference) == (Status.CLOSED, SURVIVOR, "R-0002")
    assert (survivor.status, survivor.merged) == (Status.OPEN, (OTHER,))
    assert pair.other is not None
    assert (pair.other.wake_at, pair.other.nudge) == (None, None)
    assert pair.survivor.nudge is not None
    inputs = [(await records.queries.inputs(each))[-1] for each in (OTHER, SURVIVOR)]
    assert [type(each.command) for each in inputs] == [MergeInto, TakeOver]
    assert inputs[0].at == inputs[1].at == pair.survivor.instant
    await require_derived(records, OTHER, SURVIVOR)


@pytest.mark.parametrize("busy", [OTHER, SURVIVOR])
async def test_both_are_judged_at_the_later_of_their_instants(
    records: Records, story_clock: StoryClock, busy: str
) -> None:
    """5.1, 5.2, 6.7: what was settled often in one tick is ahead of the clock, and the other half goes by that too."""
    await two_opened(records, story_clock)
    for number in range(3):
        await records.record.settle(busy, AddNote(actor="kim", text=f"note {number}"), by=SettledBy.INTAKE)

    pair = await records.record.merge(OTHER, SURVIVOR, actor="kim")

    assert pair.survivor.instant > MONDAY_NOON + minutes(10) + TICK
    assert {(await records.queries.inputs(each))[-1].at for each in (OTHER, SURVIVOR)} == {pair.survivor.instant}
    await require_derived(records, OTHER, SURVIVOR)


async def test_a_retry_is_answered_again_and_nothing_is_done_twice(records: Records, story_clock: StoryClock) -> None:
    """5.5: one request, one reply, for two tickets."""
    await two_opened(records, story_clock)
    request = a_merge_request()
    await records.record.merge(OTHER, SURVIVOR, actor="kim", request=request, encode=answer)

    again = await records.record.merge(OTHER, SURVIVOR, actor="kim", request=request, encode=answer)

    assert (again.survivor.repeated, again.survivor.answer, again.other) == (True, b"t-0002 open None", None)
    assert (await merges(records, OTHER), await merges(records, SURVIVOR)) == (["Merged"], ["TookOver"])
    with pytest.raises(RequestIdReused):
        await records.record.merge(OTHER, SURVIVOR, actor="kim", request=a_request("m-1", body=b"other"))


async def test_a_refusal_is_remembered_and_changes_neither(records: Records) -> None:
    """6.7, 5.5: of another customer; the refusal is the answer from then on."""
    await records.record.open_ticket(a_policy(), an_opening(1))
    await records.record.open_ticket(a_policy(), an_opening(2))
    before = [await records.queries.ticket(each) for each in (OTHER, SURVIVOR)]

    for is_repeated in (False, True):
        pair = await records.record.merge(OTHER, SURVIVOR, actor="kim", request=a_merge_request(), encode=answer)
        assert pair.survivor.refusal is not None
        assert pair.survivor.refusal.reason is RefusalReason.MERGE_IMPOSSIBLE
        assert (pair.survivor.answer, pair.survivor.repeated) == (None, is_repeated)

    assert [await records.queries.ticket(each) for each in (OTHER, SURVIVOR)] == before


async def test_a_refused_merge_advances_both_tickets(records: Records, story_clock: StoryClock) -> None:
    """5.2: what fell due before the command stands, whatever becomes of the command."""
    await two_opened(records, story_clock)
    story_clock.set(MONDAY_NOON + minutes(10) + ACKNOWLEDGE + minutes(1))

    pair = await records.record.merge(OTHER, SURVIVOR, actor="kim", survivor_expected_version=1)

    assert pair.survivor.refusal is not None
    assert pair.survivor.refusal.reason is RefusalReason.STALE_VERSION
    assert [(await records.queries.ticket(each)).tier for each in (OTHER, SURVIVOR)] == ["specialist", "specialist"]
    assert await merges(records, OTHER) == []
    await require_derived(records, OTHER, SURVIVOR)


async def test_either_version_may_be_expected(records: Records, story_clock: StoryClock) -> None:
    """5.4: of the ticket that is merged, and of the survivor."""
    await two_opened(records, story_clock)

    for one, two in ((7, None), (None, 7)):
        pair = await records.record.merge(
            OTHER, SURVIVOR, actor="kim", expected_version=one, survivor_expected_version=two
        )
        assert pair.survivor.refusal is not None
        assert pair.survivor.refusal.reason is RefusalReason.STALE_VERSION
    pair = await records.record.merge(OTHER, SURVIVOR, actor="kim", expected_version=1, survivor_expected_version=1)

    assert pair.survivor.refusal is None


async def test_a_ticket_is_not_merged_into_itself_and_not_in_halves(records: Records, story_clock: StoryClock) -> None:
    """6.7: one ticket is no pair, and nobody asks for a half of a merge."""
    await two_opened(records, story_clock)

    pair = await records.record.merge(OTHER, OTHER, actor="kim")

    assert pair.survivor.refusal is not None
    assert pair.survivor.refusal.reason is RefusalReason.MERGE_IMPOSSIBLE
    half = MergeInto(actor="kim", survivor_id=SURVIVOR, survivor_reference="R-0002")
    with pytest.raises(DomainError, match="half of a merge"):
        await records.record.settle(OTHER, half, by=SettledBy.INTAKE)


async def test_an_unknown_ticket_is_named_and_the_known_one_stays(records: Records, story_clock: StoryClock) -> None:
    """Whichever of the two it is."""
    await two_opened(records, story_clock)

    for one, two in ((OTHER, "t-0009"), ("t-0009", SURVIVOR)):
        with pytest.raises(TicketUnknown, match="'t-0009'"):
            await records.record.merge(one, two, actor="kim")

    assert await merges(records, OTHER) == await merges(records, SURVIVOR) == []


@pytest.mark.parametrize("poisoned", [OTHER, SURVIVOR])
async def test_a_poison_in_one_settles_neither(record_url: str, story_clock: StoryClock, poisoned: str) -> None:
    """The one is marked as stuck, the other goes on as if nobody had asked."""
    async with await connect(record_url, story_clock, judge=PoisonJudge(poisoned)) as records:
        await two_opened(records, story_clock)

        with pytest.raises(TicketStuck, match=poisoned):
            await records.record.merge(OTHER, SURVIVOR, actor="kim", request=a_merge_request(), encode=answer)

        assert (await records.queries.figures()).stuck_tickets == 1
        assert await merges(records, OTHER) == await merges(records, SURVIVOR) == []
        (healthy,) = {OTHER, SURVIVOR} - {poisoned}
        assert (await records.record.settle(healthy, an_acknowledgement(), by=SettledBy.INTAKE)).refusal is None


@pytest.mark.parametrize("poisoned", [OTHER, SURVIVOR])
async def test_a_half_that_cannot_be_judged_is_the_commands_fault(
    record_url: str, story_clock: StoryClock, poisoned: str
) -> None:
    """Neither is stuck: both can be judged without it."""
    judge = PoisonJudge()
    judge.halves.add(poisoned)
    async with await connect(record_url, story_clock, judge=judge) as records:
        await two_opened(records, story_clock)

        with pytest.raises(CommandFailed, match=f"{poisoned}.*MergeTickets"):
            await records.record.merge(OTHER, SURVIVOR, actor="kim")

        assert (await records.queries.figures()).stuck_tickets == 0
        assert await merges(records, OTHER) == await merges(records, SURVIVOR) == []


async def test_concurrent_cross_merges_end_in_one_survivor(
    record_url: str, records: Records, story_clock: StoryClock
) -> None:
    """6.7: locked in the order of their ids, so that merges crosswise wait for one another and never for ever."""
    await two_opened(records, story_clock)
    async with (
        await connect(record_url, story_clock, timeouts=UNHURRIED) as one_side,
        await connect(record_url, story_clock, timeouts=UNHURRIED) as other_side,
    ):
        pairs = await asyncio.gather(
            *(
                side.record.merge(one, two, actor="kim")
                for side in (one_side, other_side) * 5
                for one, two in ((OTHER, SURVIVOR), (SURVIVOR, OTHER))
            )
        )

    done = [pair for pair in pairs if pair.survivor.refusal is None]
    refused = [pair.survivor.refusal for pair in pairs if pair.survivor.refusal is not None]
    assert len(done) == 1
    # Of the same again; and of the ring, whose one ticket is closed.
    assert {refusal.reason for refusal in refused} <= {RefusalReason.MERGED, RefusalReason.MERGE_IMPOSSIBLE}
    tickets = [await records.queries.ticket(each) for each in (OTHER, SURVIVOR)]
    assert sorted(ticket.status is Status.CLOSED for ticket in tickets) == [False, True]
    await require_derived(records, OTHER, SURVIVOR)


async def test_cross_merges_wait_for_the_same_lock_first(postgresql_url: str, story_clock: StoryClock) -> None:
    """While the first row is held by somebody else, neither of the two holds the second: that is why none deadlocks."""
    async with await connect(postgresql_url, story_clock, timeouts=UNHURRIED) as records:
        await two_opened(records, story_clock)
        outsider = Outsider(postgresql_url)
        async with outsider.holding(OTHER):
            waiting = [
                asyncio.create_task(records.record.merge(OTHER, SURVIVOR, actor="kim")),
                asyncio.create_task(records.record.merge(SURVIVOR, OTHER, actor="ben")),
            ]
            await outsider.until_somebody_waits(2)
            assert (await records.record.settle(SURVIVOR, an_acknowledgement(), by=SettledBy.INTAKE)).refusal is None

        pairs = await asyncio.gather(*waiting)

        assert sum(pair.survivor.refusal is None for pair in pairs) == 1


async def test_a_row_that_is_held_is_waited_for_and_then_unavailable(
    postgresql_url: str, story_clock: StoryClock
) -> None:
    """A merge that could not have the second row has let go of the first and written nothing."""
    async with await connect(postgresql_url, story_clock, timeouts=Timeouts(lock_seconds=0.2)) as records:
        await two_opened(records, story_clock)
        async with Outsider(postgresql_url).holding(SURVIVOR):
            with pytest.raises(RecordUnavailable):
                await records.record.merge(OTHER, SURVIVOR, actor="kim")
            assert (await records.record.settle(OTHER, an_acknowledgement(), by=SettledBy.INTAKE)).refusal is None

        assert await merges(records, SURVIVOR) == []


@pytest.mark.parametrize("when", ["judged", "between", "written", "committed"])
async def test_a_process_killed_under_both_locks_has_merged_both_or_neither(
    record_url: str, records: Records, story_clock: StoryClock, when: str
) -> None:
    """4.7, 5.5: killed before, between and after the two writes, or after the commit; the next try ends it once."""
    await two_opened(records, story_clock)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "tests.support.merging", record_url, when
    )
    async with asyncio.timeout(60):
        assert await process.wait() == -signal.SIGKILL

    is_done = when == "committed"
    assert (await merges(records, OTHER), await merges(records, SURVIVOR)) == (
        (["Merged"], ["TookOver"]) if is_done else ([], [])
    )
    figures = await records.queries.figures()
    assert sum(count for labels, count in figures.open_tickets.items()) == (1 if is_done else 2)

    pair = await records.record.merge(OTHER, SURVIVOR, actor="kim", request=a_merge_request(), encode=answer)

    assert (pair.survivor.repeated, pair.survivor.answer) == (is_done, b"t-0002 open None")
    assert (await merges(records, OTHER), await merges(records, SURVIVOR)) == (["Merged"], ["TookOver"])
    await require_derived(records, OTHER, SURVIVOR)


async def test_a_merged_ticket_never_escalates_and_counts_once(records: Records, story_clock: StoryClock) -> None:
    """6.7: its clocks are cancelled and wake none, however long nobody looks; the figures say duplicate."""
    await two_opened(records, story_clock)
    pair = await records.record.merge(OTHER, SURVIVOR, actor="kim")
    story_clock.set(MONDAY_NOON + minutes(60 * 24 * 30))

    await records.upkeep.rescue_late(grace_seconds=0, limit=10)
    settled = await records.record.settle_for_workflow(OTHER)

    assert (settled.is_closed, settled.wake_in_seconds, settled.found) == (True, None, 0)
    kinds = [type(entry.event) for entry in await records.queries.entries(OTHER)]
    assert (kinds.count(Closed), kinds.count(Escalated)) == (1, 0)
    totals = (await records.queries.figures()).totals
    assert totals["closed", ("duplicate", "normal", "home")] == 1
    assert pair.other is not None
    assert pair.other.judged is not None
    assert [(message.kind, message.audience) for message in pair.other.judged.messages] == [
        ("merged", Audience.CUSTOMER),
        ("merged", Audience.HANDLER),
    ]
