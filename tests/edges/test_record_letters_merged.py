"""Letters of an announcement beside merges, on both databases: what was merged, unlinked, told before or is stuck."""

from dataclasses import replace

import pytest

from services.records import Records, connect
from services.records.problem_facts import AnnouncementKind
from tests.support.clock import StoryClock
from tests.support.derived import require_derived
from tests.support.problems import (
    a_problem,
    announce,
    link,
    require_list_is_of_the_logs,
    tell_all,
    unlink,
)
from tests.support.record import PoisonJudge, a_policy, an_opening
from workflows.domain.ticket.events import ProblemUnlinked
from workflows.domain.ticket.words import Status

ONE, OTHER, THIRD = "t-0001", "t-0002", "t-0003"


async def opened(records: Records, number: int, *linked: str) -> None:
    """So many tickets of one customer, and one more of another; a problem that is behind some."""
    for each in range(1, number + 2):
        opening = an_opening(each)
        customer = replace(opening.customer, external_id="c-1" if each <= number else "c-2")
        await records.record.open_ticket(a_policy(), replace(opening, customer=customer))
    await a_problem(records)
    await link(records, *linked)


async def merge(records: Records, merged: str, survivor: str) -> None:
    """Merge two."""
    assert (await records.record.merge(merged, survivor, actor="kim")).survivor.refusal is None


async def outcomes(records: Records, announcement_id: str = "a-1") -> dict[str, str]:
    """What became of each, by its reference."""
    listed = await records.known_problems.announced_to(announcement_id, outcome=None, page_size=99, after=None)
    return {each.reference: each.outcome for each in listed}


async def require_ended(records: Records) -> None:
    """Nobody waits any more."""
    done = await records.known_problems.announcement("a-1")
    assert (done.waiting_count, done.ended_at is not None) == (0, True)


async def test_survivors_that_were_told_before_keep_nobody_from_being_told(
    record_url: str, story_clock: StoryClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """6.7: between two letters some that wait are merged into ones that were told; all of these stand apart at once."""
    monkeypatch.setattr("services.records.telling.MOST_IN_A_LETTER", 5)
    async with await connect(record_url, story_clock) as records:
        ids = [f"t-{number:04d}" for number in range(1, 12)]
        await opened(records, 10, *ids)
        await announce(records)
        turns = await records.announcing.turns("a-1", after="", limit=1)
        assert list((await records.announcing.tell(turns, turns.turns[0])).values()) == ["told"] * 5
        for merged, survivor in zip(ids[5:10], ids[:5], strict=True):
            await merge(records, merged, survivor)

        assert sorted(await tell_all(records)) == ["merged"] * 5 + ["told"]

        await require_ended(records)


@pytest.mark.parametrize("stuck", [3, 5])
async def test_survivors_that_are_stuck_keep_nobody_from_being_told(
    record_url: str, story_clock: StoryClock, stuck: int
) -> None:
    """Each of them costs a try that came to something, however many there are; the customer's others have a letter."""
    ids = [f"t-{number:04d}" for number in range(1, 13)]
    async with await connect(record_url, story_clock) as records:
        await opened(records, 11, *ids[:6], ids[11])
        await announce(records)
        for merged, survivor in zip(ids[:stuck], ids[6 : 6 + stuck], strict=True):
            await merge(records, merged, survivor)
    async with await connect(record_url, story_clock, judge=PoisonJudge(*ids[6 : 6 + stuck])) as records:
        told = await tell_all(records)

        assert sorted(told) == ["merged"] * stuck + ["stuck"] * stuck + ["told"] * (7 - stuck)
        await require_ended(records)


@pytest.mark.parametrize("stuck", [5, 6])
async def test_a_customers_stuck_tickets_keep_nobody_from_being_told(
    record_url: str, story_clock: StoryClock, stuck: int
) -> None:
    """More of them than there are tries: each is written down, and the rest is told."""
    ids = [f"t-{number:04d}" for number in range(1, 9)]
    async with await connect(record_url, story_clock) as records:
        await opened(records, 7, *ids)
        await announce(records)
    async with await connect(record_url, story_clock, judge=PoisonJudge(*ids[1 : 1 + stuck])) as records:
        assert sorted(await tell_all(records)) == ["stuck"] * stuck + ["told"] * (8 - stuck)
        await require_ended(records)


@pytest.mark.parametrize("kind", list(AnnouncementKind))
async def test_who_is_merged_after_they_were_unlinked_is_told_nothing(records: Records, kind: AnnouncementKind) -> None:
    """A link that was taken away is none of the one that goes on."""
    await opened(records, 2, OTHER, THIRD)
    await announce(records, kind=kind)
    await unlink(records, OTHER)
    await merge(records, OTHER, ONE)

    await tell_all(records)

    assert await outcomes(records) == {"R-0002": "unlinked", "R-0003": "told"}
    assert (await records.queries.ticket(ONE)).status is Status.OPEN


@pytest.mark.parametrize("named", [ONE, OTHER])
@pytest.mark.parametrize("linked", [(OTHER, THIRD), (ONE, OTHER, THIRD)])
async def test_who_goes_on_is_taken_from_a_problem_with_what_was_merged_into_it(
    records: Records, linked: tuple[str, ...], named: str
) -> None:
    """6.7: under either name the merged one's link ends; nothing announced later is told in its place."""
    await opened(records, 2, *linked)
    await merge(records, OTHER, ONE)

    await unlink(records, named)
    is_still_linked = named == OTHER and ONE in linked
    await announce(records, "a-1", kind=AnnouncementKind.FIX)
    await tell_all(records)

    assert await outcomes(records) == {"R-0003": "told"} | ({"R-0001": "told"} if is_still_linked else {})
    assert (await records.queries.ticket(ONE)).status is (Status.RESOLVED if is_still_linked else Status.OPEN)
    last = (await records.queries.entries(OTHER))[-1].event
    assert isinstance(last, ProblemUnlinked)
    await require_list_is_of_the_logs(records, "p-1", ONE, OTHER, THIRD)
    await require_derived(records, ONE, OTHER)


@pytest.mark.parametrize("linked", [(OTHER, THIRD), (ONE, OTHER, THIRD)])
async def test_who_goes_on_is_unlinked_while_it_is_announced(records: Records, linked: tuple[str, ...]) -> None:
    """What is unlinked before its turn is told nothing, for itself nor for what was merged into it."""
    await opened(records, 2, *linked)
    await announce(records, kind=AnnouncementKind.FIX)
    await merge(records, OTHER, ONE)

    answered = await unlink(records, ONE)
    await tell_all(records)

    assert answered.refusal is None
    assert await outcomes(records) == dict.fromkeys(sorted(f"R-{each[2:]}" for each in linked), "unlinked") | {
        "R-0003": "told"
    }
    assert (await records.queries.ticket(ONE)).status is Status.OPEN


async def test_who_was_unlinked_before_is_told_for_what_was_merged_into_it_since(records: Records) -> None:
    """6.7: the merged one's matter goes on in it, and that one is linked."""
    await opened(records, 2, ONE, OTHER, THIRD)
    await announce(records, kind=AnnouncementKind.FIX)
    await unlink(records, ONE)
    await merge(records, OTHER, ONE)

    await tell_all(records)

    assert await outcomes(records) == {"R-0001": "told", "R-0002": "merged", "R-0003": "told"}


async def test_one_whose_turn_comes_later_is_told_only_while_what_it_stands_for_is_linked(
    record_url: str, story_clock: StoryClock
) -> None:
    """A survivor that no letter could be for has its own turn; what was unlinked by then is told to nobody."""
    async with await connect(record_url, story_clock) as records:
        await opened(records, 2, OTHER, THIRD)
        await announce(records, kind=AnnouncementKind.FIX)
        await merge(records, OTHER, ONE)
    async with await connect(record_url, story_clock, judge=PoisonJudge(ONE)) as records:
        turns = await records.announcing.turns("a-1", after="", limit=1)
        await records.announcing.tell(turns, turns.turns[0])
    async with await connect(record_url, story_clock) as records:
        await unlink(records, OTHER)
        await tell_all(records)
        assert await outcomes(records) == {"R-0001": "unlinked", "R-0002": "merged", "R-0003": "told"}


async def test_what_was_merged_and_never_linked_is_as_it_was_asked_to_be(records: Records) -> None:
    """Of a list that is unlinked, what was merged into its tickets is looked at too, and counts where it was linked."""
    await opened(records, 3, ONE, THIRD)
    await merge(records, OTHER, ONE)

    answered = await unlink(records, ONE, THIRD)

    assert answered.answer == b"0 of which 2 new"


async def test_one_is_counted_once_with_all_that_was_merged_into_it(records: Records) -> None:
    """Of those that were asked for it is said how many were linked, themselves or by what was merged into them."""
    await opened(records, 3, OTHER, THIRD)
    await merge(records, OTHER, ONE)
    await merge(records, THIRD, ONE)

    assert (await unlink(records, ONE, "t-0004")).answer == b"0 of which 1 new"
    assert (await unlink(records, ONE, OTHER, THIRD)).answer == b"0 of which 0 new"
