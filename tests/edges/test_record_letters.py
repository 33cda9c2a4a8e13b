"""An announcement is one letter a customer, on both databases: who has several tickets hears of them all at once."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from services.records import Records, SettledBy, connect
from services.records import letters as shipped
from services.records.errors import RecordUnavailable
from services.records.letters import Turn, Turns
from services.records.owed_messages import WasSent
from services.records.problem_facts import AnnouncementKind
from services.words.kinds import KINDS, Side
from tests.support.clock import StoryClock
from tests.support.derived import require_derived
from tests.support.merging import a_merge_request
from tests.support.problems import a_problem, announce, link, tell_all, unlink
from tests.support.record import Outsider, PoisonJudge, RefusedJudge, a_policy, an_opening, answer
from workflows.domain.policy import Policy, hours, minutes
from workflows.domain.ticket.commands import Confirm, Reject, Resolve
from workflows.domain.ticket.events import Resolved, UpdatePosted
from workflows.domain.ticket.words import Outcome, Status, Target

ROOT = Path(__file__).parents[2]
TOLD_BY = {AnnouncementKind.UPDATE: "update_posted", AnnouncementKind.FIX: "resolved"}
HERS = ("t-0001", "t-0002", "t-0004")
TICKETS = ("t-0001", "t-0002", "t-0003", "t-0004")


def a_hasty_policy() -> Policy:
    """News comes after two hours, and silence closes later."""
    policy = a_policy("hasty")
    desk, specialist = policy.tiers
    targets = {"normal": replace(desk.targets["normal"], update_every=hours(2))}
    return replace(policy, tiers=(replace(desk, targets=targets), specialist), sign_off=2 * policy.sign_off)


async def opened(records: Records, *linked: str, hasty: str = "") -> None:
    """Three tickets of one customer and one of another, and a problem that is behind them."""
    for number in range(1, 5):
        opening = an_opening(number)
        customer = opening.customer if number == 3 else replace(opening.customer, external_id="c-1")
        policy = a_hasty_policy() if opening.ticket_id == hasty else a_policy()
        await records.record.open_ticket(policy, replace(opening, customer=customer))
    await a_problem(records)
    await link(records, *(linked or TICKETS))


async def said(records: Records, *ticket_ids: str) -> dict[str, UpdatePosted | Resolved]:
    """What each log says of it, in one line."""
    found: dict[str, UpdatePosted | Resolved] = {}
    for ticket_id in ticket_ids:
        events = [entry.event for entry in await records.queries.entries(ticket_id)]
        [found[ticket_id]] = [each for each in events if isinstance(each, UpdatePosted | Resolved)]
    return found


async def letters(url: str, kind: str = "update_posted") -> list[str]:
    """The tickets whose customers are owed a letter of it."""
    kinds = f"'{kind}', '{kind}+others'"
    query = f"SELECT ticket_id FROM outbox WHERE kind IN ({kinds}) AND audience = 'customer' ORDER BY ticket_id"  # noqa: S608 - a test's own words
    return [ticket_id for (ticket_id,) in await Outsider(url).run(query)]


async def tried(records: Records, turns: Turns, order: Sequence[Turn]) -> None:
    """Tell in that order, as one worker; what another holds for too long is left to whoever tries again."""
    for turn in order:
        with suppress(RecordUnavailable):
            await records.announcing.tell(turns, turn)


async def told(records: Records) -> dict[str, tuple[str, str | None]]:
    """What became of each ticket, and whose letter told of it."""
    listed = await records.known_problems.announced_to("a-1", outcome=None, page_size=99, after=None)
    return {each.reference: (each.outcome, each.told_in) for each in listed}


async def test_who_has_several_tickets_hears_once(record_url: str, story_clock: StoryClock) -> None:
    """6.4: each ticket is settled by itself, its clock met; one carries the letter, and names those that it is for."""
    async with await connect(record_url, story_clock) as records:
        await opened(records)
        await announce(records)

        assert await tell_all(records) == ["told"] * 4

        assert await said(records, *TICKETS) == {
            "t-0001": UpdatePosted(text="the cable is found", also_for=("R-0002", "R-0004")),
            "t-0002": UpdatePosted(text="the cable is found", told_in="R-0001"),
            "t-0003": UpdatePosted(text="the cable is found"),
            "t-0004": UpdatePosted(text="the cable is found", told_in="R-0001"),
        }
        assert await letters(record_url) == ["t-0001", "t-0003"]
        assert await told(records) == {
            "R-0001": ("told", None),
            "R-0002": ("told", "R-0001"),
            "R-0003": ("told", None),
            "R-0004": ("told", "R-0001"),
        }
        for ticket_id in TICKETS:
            clocks = (await records.queries.ticket(ticket_id)).clocks
            assert [clock.run for clock in clocks if clock.target is Target.UPDATE] == [2]


async def test_each_is_signed_off_by_itself(record_url: str, story_clock: StoryClock) -> None:
    """6.8: the letter asks for all of them; one is confirmed, one rejected, and the third left as it is."""
    async with await connect(record_url, story_clock) as records:
        await opened(records)
        await announce(records, kind=AnnouncementKind.FIX)
        await tell_all(records)
        assert await letters(record_url, "resolved") == ["t-0001", "t-0003"]
        story_clock.pass_(hours(1))

        await records.record.settle("t-0002", Confirm(actor="c-1"), by=SettledBy.INTAKE)
        await records.record.settle("t-0004", Reject(actor="c-1", reason="still dead"), by=SettledBy.INTAKE)

        states = [(await records.queries.ticket(each)).status for each in HERS]
        assert states == [Status.RESOLVED, Status.CLOSED, Status.OPEN]


async def test_whoever_takes_it_first_carries_it(record_url: str, story_clock: StoryClock) -> None:
    """One that is closed, or was unlinked, carries nothing and is named by nobody."""
    async with await connect(record_url, story_clock) as records:
        await opened(records)
        resolve = Resolve(actor="kim", outcome=Outcome.FIXED, explanation="a new socket")
        await records.record.settle("t-0001", resolve, by=SettledBy.INTAKE)
        await records.record.settle("t-0001", Confirm(actor="c-1"), by=SettledBy.INTAKE)
        await announce(records)
        await unlink(records, "t-0002")

        assert await tell_all(records) == ["closed", "unlinked", "told", "told"]

        assert await letters(record_url) == ["t-0003", "t-0004"]
        assert (await said(records, "t-0004"))["t-0004"] == UpdatePosted(text="the cable is found")


@pytest.mark.parametrize(("kind", "message"), [(kind, TOLD_BY[kind]) for kind in AnnouncementKind])
async def test_the_letter_names_the_earliest_of_all_that_it_is_for(
    record_url: str, story_clock: StoryClock, kind: AnnouncementKind, message: str
) -> None:
    """6.5, 6.8: it is of the ticket whose news is owed first, or whose sign-off ends first, whatever came before."""
    async with await connect(record_url, story_clock) as records:
        await opened(records, "t-0002", "t-0004", hasty="t-0001")
        await link(records, "t-0001")
        await announce(records, kind=kind)

        await tell_all(records)

        carrier = "t-0001" if kind is AnnouncementKind.UPDATE else "t-0002"
        assert await letters(record_url, message) == [carrier]
        tickets = [await records.queries.ticket(each) for each in HERS]
        news = [each.next_news_at for each in tickets]
        ends = [each.resolution.sign_off_at if each.resolution else None for each in tickets]
        if kind is AnnouncementKind.UPDATE:
            assert news[0] is not None
            assert news[1] is not None
            assert news[0] < news[1]
        else:
            assert ends[0] is not None
            assert ends[1] is not None
            assert ends[0] > ends[1]


async def test_a_resolved_ticket_carries_no_news(record_url: str, story_clock: StoryClock) -> None:
    """6.4: news of what is still worked on is news; one that awaits sign-off is told too, in that letter."""
    async with await connect(record_url, story_clock) as records:
        await opened(records, *HERS)
        resolve = Resolve(actor="kim", outcome=Outcome.FIXED, explanation="a new socket")
        await records.record.settle("t-0001", resolve, by=SettledBy.INTAKE)
        await announce(records)

        assert await tell_all(records) == ["told"] * 3

        assert await letters(record_url) == ["t-0002"]


async def test_a_survivor_is_told_in_the_same_letter(record_url: str, story_clock: StoryClock) -> None:
    """6.7: who takes a merged one's place is told with the customer's others, linked or not."""
    async with await connect(record_url, story_clock) as records:
        await opened(records, "t-0002", "t-0004", "t-0003")
        await announce(records)
        await records.record.merge("t-0004", "t-0001", actor="kim", request=a_merge_request(), encode=answer)

        assert await tell_all(records) == ["told", "told", "told", "merged"]

        assert await told(records) == {
            "R-0001": ("told", None),
            "R-0002": ("told", "R-0001"),
            "R-0003": ("told", None),
            "R-0004": ("merged", None),
        }
        assert await letters(record_url) == ["t-0001", "t-0003"]
        assert await tell_all(records) == []


async def test_a_stuck_ticket_keeps_its_customers_others_from_nothing(record_url: str, story_clock: StoryClock) -> None:
    """It is written down and named by nobody; the others have their letter."""
    async with await connect(record_url, story_clock) as records:
        await opened(records)
        await announce(records)
    async with await connect(record_url, story_clock, judge=PoisonJudge("t-0001")) as records:
        assert await tell_all(records) == ["stuck", "told", "told", "told"]
        assert await told(records) == {
            "R-0001": ("stuck", None),
            "R-0002": ("told", None),
            "R-0003": ("told", None),
            "R-0004": ("told", "R-0002"),
        }
        assert await letters(record_url) == ["t-0002", "t-0003"]


async def test_a_survivor_that_is_stuck_has_its_own_turn(record_url: str, story_clock: StoryClock) -> None:
    """What cannot be judged holds nobody up, whether or not it was linked."""
    async with await connect(record_url, story_clock) as records:
        await opened(records, "t-0002", "t-0004")
        await announce(records)
        await records.record.merge("t-0004", "t-0001", actor="kim", request=a_merge_request(), encode=answer)
    async with await connect(record_url, story_clock, judge=PoisonJudge("t-0001")) as records:
        assert sorted(await tell_all(records)) == ["merged", "stuck", "told"]
        assert await letters(record_url) == ["t-0002"]


async def test_a_ticket_whose_rows_no_database_takes_is_in_no_letter(record_url: str, story_clock: StoryClock) -> None:
    """What is refused for one is that one's own: the letter is written again without it."""
    async with await connect(record_url, story_clock) as records:
        await opened(records)
        await announce(records)
    async with await connect(record_url, story_clock, judge=RefusedJudge("t-0002")) as records:
        assert await tell_all(records) == ["told", "stuck", "told", "told"]
        assert (await said(records, "t-0001"))["t-0001"] == UpdatePosted(
            text="the cable is found", also_for=("R-0004",)
        )
        assert await letters(record_url) == ["t-0001", "t-0003"]


async def test_tellers_at_the_same_time_write_one_letter(record_url: str, story_clock: StoryClock) -> None:
    """Two workers begin at different tickets of one customer: the key of what became of each lets one through."""
    async with await connect(record_url, story_clock) as one, await connect(record_url, story_clock) as other:
        await opened(one)
        await announce(one)
        turns = await one.announcing.turns("a-1", after="", limit=9)

        orders = (turns.turns, tuple(reversed(turns.turns)))
        await asyncio.gather(*(tried(each, turns, order) for each, order in zip((one, other), orders, strict=True)))
        await tell_all(other)

        assert await letters(record_url) == ["t-0001", "t-0003"]
        await said(one, *TICKETS)
        assert await tell_all(other) == []


async def test_tellers_beside_merges_write_one_letter(record_url: str, story_clock: StoryClock) -> None:
    """Eight customers of three tickets each, told in any order by two workers while some of theirs are merged."""
    async with await connect(record_url, story_clock) as one, await connect(record_url, story_clock) as other:
        ids = [f"t-{number:04d}" for number in range(24)]
        for number in range(24):
            opening = an_opening(number)
            customer = replace(opening.customer, external_id=f"c-{number % 8}")
            await one.record.open_ticket(a_policy(), replace(opening, customer=customer))
        await a_problem(one)
        await link(one, *ids)
        await announce(one)
        turns = await one.announcing.turns("a-1", after="", limit=99)

        async def merge() -> None:
            for merged, survivor in zip(ids[:6], ids[8:14], strict=True):
                with suppress(RecordUnavailable):  # on a busy machine; that pair stays two
                    await one.record.merge(merged, survivor, actor="kim")

        onwards, backwards = turns.turns, tuple(reversed(turns.turns))
        await asyncio.gather(merge(), tried(one, turns, onwards), tried(other, turns, backwards))
        await tell_all(one)

        done = await one.known_problems.announcement("a-1")
        assert (done.waiting_count, set(done.outcomes) <= {"told", "merged"}) == (0, True)
        assert sorted(int(ticket_id[2:]) % 8 for ticket_id in await letters(record_url)) == list(range(8))


async def test_a_letter_is_for_so_many_tickets(
    record_url: str, story_clock: StoryClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has more linked than fit has one letter more, and each says which tickets it is for."""
    monkeypatch.setattr("services.records.telling.MOST_IN_A_LETTER", 2)
    async with await connect(record_url, story_clock) as records:
        await opened(records)
        await announce(records)

        assert await tell_all(records) == ["told"] * 4

        found = await said(records, *HERS)
        assert [(each.told_in, each.also_for) for each in found.values()] == [
            (None, ("R-0002",)),
            ("R-0001", ()),
            (None, ()),
        ]
        assert await letters(record_url) == ["t-0001", "t-0003", "t-0004"]
    assert shipped.MOST_IN_A_LETTER == 50


@pytest.mark.parametrize("when", ["written", "committed"])
async def test_a_worker_killed_in_the_middle_of_a_letter(record_url: str, story_clock: StoryClock, when: str) -> None:
    """SIGKILL with a letter written and not committed, or committed and not heard of: neither two letters nor none."""
    async with await connect(record_url, story_clock) as records:
        await opened(records)
        await announce(records)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "tests.support.doomed_letter", record_url, when, cwd=ROOT
    )
    async with asyncio.timeout(60):
        assert await process.wait() == -signal.SIGKILL

    async with await connect(record_url, story_clock) as records:
        is_done = bool(await letters(record_url))
        assert is_done is (when == "committed")
        await tell_all(records)
        found = await said(records, *HERS)
        assert [each.told_in for each in found.values()] == [None, "R-0001", "R-0001"]
        assert await letters(record_url) == ["t-0001", "t-0003"]


async def test_what_a_letter_says_is_derived_from_its_inputs(records: Records, story_clock: StoryClock) -> None:
    """5.3: which ticket carried it is part of what each was told to do."""
    await opened(records)
    story_clock.pass_(minutes(20))
    await announce(records)
    await tell_all(records)

    await require_derived(records, *TICKETS)


async def test_each_customer_hears_it_in_their_language(records: Records) -> None:
    """The nearest of what was written: Austrian German, German, and else the words that are for everybody."""
    languages = {1: "de-AT", 2: "de", 3: "de-CH", 4: "en-GB"}
    for number, language in languages.items():
        opening = an_opening(number)
        customer = replace(opening.customer, language=language)
        await records.record.open_ticket(a_policy(), replace(opening, customer=customer))
    await a_problem(records)
    await link(records, *TICKETS)
    await announce(records, words_in={"de": "das Kabel ist gefunden", "de-AT": "das Kabel hamma"})

    await tell_all(records)

    assert [each.text for each in (await said(records, *TICKETS)).values() if isinstance(each, UpdatePosted)] == [
        "das Kabel hamma",
        "das Kabel ist gefunden",
        "das Kabel ist gefunden",
        "the cable is found",
    ]
    found = await records.known_problems.announcement("a-1")
    assert found.words_in == {"de": "das Kabel ist gefunden", "de-AT": "das Kabel hamma"}


async def test_a_letter_for_several_waits_for_a_release_that_names_them(
    record_url: str, story_clock: StoryClock
) -> None:
    """6.8: a release before those letters has no words for its kind; this one knows it by the kind that it is."""
    async with await connect(record_url, story_clock) as records:
        await opened(records)
        await announce(records, kind=AnnouncementKind.FIX)
        await tell_all(records)

        stored = "SELECT ticket_id, kind FROM outbox WHERE kind LIKE 'resolved%' AND audience = 'customer' ORDER BY 1"
        assert [tuple(each) for each in await Outsider(record_url).run(stored)] == [
            ("t-0001", "resolved+others"),
            ("t-0003", "resolved"),
        ]
        assert ("resolved+others", Side.CUSTOMER) not in KINDS
        kinds = set[str]()
        while messages := await records.outbox.take(limit=100, lease_seconds=60):
            kinds |= {each.kind for each in messages}
            await records.outbox.write_down([WasSent(message=each) for each in messages])
        assert "resolved" in kinds
        assert not any("+" in each for each in kinds)
        figures = await records.queries.figures()
        assert figures.totals["messages_sent", ("resolved",)] == 2
