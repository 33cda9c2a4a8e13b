"""Problems on both databases: a problem has the tickets whose logs say so, and each is told once whatever happens."""

import asyncio

import pytest

from services.records import Records, SettledBy, TicketStuck, connect
from services.records.problem_facts import (
    AnnouncementKind,
    AnnouncementState,
    ProblemChange,
    ProblemState,
    ProblemUnknown,
    TicketsUnknown,
)
from tests.support.clock import StoryClock
from tests.support.derived import require_derived
from tests.support.merging import OTHER, SURVIVOR, a_merge_request, an_opening_of_one
from tests.support.problems import (
    PROBLEM,
    a_problem,
    announce,
    link,
    of_announcement,
    of_problem,
    require_list_is_of_the_logs,
    tell_all,
    the_request,
    unlink,
)
from tests.support.record import Outsider, PoisonJudge, RefusedJudge, a_policy, a_request, an_opening, answer
from workflows.domain.policy import hours, minutes
from workflows.domain.ticket.commands import Confirm, Reject, Resolve
from workflows.domain.ticket.events import ProblemLinked, Resolved, UpdatePosted
from workflows.domain.ticket.linking import MOST_PROBLEMS
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import ClockState, Outcome, Status, Target

TICKETS = tuple(f"t-{number:04d}" for number in range(1, 6))


async def opened(records: Records, *, linked: bool = True) -> None:
    """Five tickets and a problem that is behind them."""
    for number in range(1, 6):
        await records.record.open_ticket(a_policy(), an_opening(number))
    await a_problem(records)
    if linked:
        await link(records, *TICKETS)


async def test_a_problem_has_the_tickets_whose_logs_say_so(records: Records) -> None:
    """A link is a line of the ticket's log, and the problem's list follows from it in the same transaction."""
    await opened(records, linked=False)

    answered = await link(records, "t-0003", "t-0001", "t-0003")
    assert (answered.answer, answered.tickets) == (b"2 of which 2 new", ["t-0001", "t-0003"])
    again = await link(records, "t-0001", "t-0002")
    assert (again.answer, again.tickets) == (b"3 of which 1 new", ["t-0002"])
    gone = await unlink(records, "t-0001", "t-0005")
    assert (gone.answer, gone.tickets) == (b"2 of which 1 new", ["t-0001"])
    await require_list_is_of_the_logs(records, PROBLEM, *TICKETS)
    await link(records, "t-0001")
    await require_list_is_of_the_logs(records, PROBLEM, *TICKETS)

    [entry, *_] = [each for each in await records.queries.entries("t-0002") if isinstance(each.event, ProblemLinked)]
    assert entry.actor == "lea"
    assert entry.event == ProblemLinked(problem_id=PROBLEM, title="no line in Leeds")


async def test_nothing_is_half_linked(records: Records) -> None:
    """Tickets that are not in the record are named, all of them, and the others are not linked either."""
    await opened(records, linked=False)

    with pytest.raises(TicketsUnknown) as unknown:
        await link(records, "t-0001", "t-9999", "t-0002", "t-0000")

    assert unknown.value.ticket_ids == ("t-0000", "t-9999")
    with pytest.raises(ProblemUnknown):
        await link(records, "t-0001", problem_id="p-2")
    await require_list_is_of_the_logs(records, PROBLEM, *TICKETS)
    assert (await records.known_problems.problem(PROBLEM)).linked_count == 0


async def test_one_ticket_that_refuses_keeps_all_from_being_linked(records: Records) -> None:
    """A ticket is about at most so many problems; who asked is told which tickets refuse, and nothing has changed."""
    await opened(records, linked=False)
    for number in range(MOST_PROBLEMS):
        await a_problem(records, f"q-{number}")
        await link(records, "t-0002", "t-0004", problem_id=f"q-{number}")

    answered = await link(records, *TICKETS)

    assert answered.refusal is not None
    assert answered.refusal.reason is RefusalReason.TOO_MANY_PROBLEMS
    assert answered.refusal.facts["tickets"] == "t-0002,t-0004"
    assert answered.refusal.text == (
        "ticket 't-0002' refuses, and nothing is changed: the ticket is linked to 20 problems: "
        "unlink one of them first; so do 1 more of them"
    )
    await require_list_is_of_the_logs(records, PROBLEM, *TICKETS)


async def test_a_closed_problem_takes_nothing_more(records: Records) -> None:
    """No ticket is linked to it and nothing announced or changed; its tickets can still be taken from it."""
    await opened(records)
    closing = ProblemChange(actor="lea", closed_for="a week without a call")
    answered = await records.problems.change(
        PROBLEM, closing, expected_version=1, request=the_request(), encode=of_problem
    )
    assert answered.answer == b"p-1 investigating 5"

    changing = ProblemChange(actor="lea", state=ProblemState.FIXED)
    refused = [
        await link(records, "t-0001"),
        await announce(records),
        await records.problems.change(
            PROBLEM, changing, expected_version=None, request=the_request(), encode=of_problem
        ),
    ]
    assert [each.refusal.reason if each.refusal else None for each in refused] == [RefusalReason.PROBLEM_CLOSED] * 3
    assert (await unlink(records, "t-0001")).answer == b"4 of which 1 new"
    await require_list_is_of_the_logs(records, PROBLEM, *TICKETS)


async def test_a_change_is_decided_on_a_version(records: Records) -> None:
    """5.4: who decided on another version is told the present one."""
    await opened(records)
    change = ProblemChange(actor="lea", state=ProblemState.KNOWN, title="the cable in Leeds")

    first = await records.problems.change(PROBLEM, change, expected_version=1, request=the_request(), encode=of_problem)
    second = await records.problems.change(
        PROBLEM, change, expected_version=1, request=the_request(), encode=of_problem
    )

    assert first.answer == b"p-1 known 5"
    assert second.refusal is not None
    assert second.refusal.reason is RefusalReason.STALE_VERSION
    found = await records.known_problems.problem(PROBLEM)
    assert (found.title, found.version, found.changed_by) == ("the cable in Leeds", 2, "lea")


async def test_a_request_is_answered_again_not_done_again(records: Records) -> None:
    """5.5: of problems as of tickets, refusals too; two at once are one."""
    request = a_request("r-problem")
    one, other = await asyncio.gather(
        a_problem(records, "p-1", request=request), a_problem(records, "p-2", request=request)
    )
    assert one.answer == other.answer
    await records.record.open_ticket(a_policy(), an_opening())
    linking = a_request("r-link")
    kept = (
        await records.known_problems.problems(kind=None, state=None, is_closed_wanted=False, page_size=9, before=None)
    )[0]
    first = await link(records, "t-0001", problem_id=kept.problem_id, request=linking)
    again = await link(records, "t-0001", problem_id=kept.problem_id, request=linking)
    assert (first.answer, first.tickets) == (b"1 of which 1 new", ["t-0001"])
    assert (again.answer, again.tickets) == (b"1 of which 1 new", ())


async def test_each_customer_is_told_once(records: Records) -> None:
    """6.4, 2.2: an update a ticket in the name of who announced it, which meets that ticket's own update clock."""
    await opened(records)
    assert (await announce(records)).answer == b"a-1 running 5"

    assert await tell_all(records) == ["told"] * 5
    assert await tell_all(records) == []

    for ticket_id in TICKETS:
        entries = await records.queries.entries(ticket_id)
        told = [entry for entry in entries if isinstance(entry.event, UpdatePosted)]
        assert [(entry.actor, entry.event) for entry in told] == [("lea", UpdatePosted(text="the cable is found"))]
        clocks = (await records.queries.ticket(ticket_id)).clocks
        assert [clock.run for clock in clocks if clock.target is Target.UPDATE] == [2]
    found = await records.known_problems.announcement("a-1")
    assert (found.state, found.told_count, found.waiting_count) == (AnnouncementState.DONE, 5, 0)


async def test_tellers_at_the_same_time_tell_once(record_url: str, story_clock: StoryClock) -> None:
    """Two workers, one of which Temporal takes for dead: the key of what became of a ticket lets one through."""
    async with await connect(record_url, story_clock) as one, await connect(record_url, story_clock) as other:
        await opened(one)
        await announce(one)

        outcomes = await asyncio.gather(*(tell_all(each) for each in (one, other, one, other)))

        assert all(outcome == "told" for each in outcomes for outcome in each)
        for ticket_id in TICKETS:
            entries = await one.queries.entries(ticket_id)
            assert sum(isinstance(entry.event, UpdatePosted) for entry in entries) == 1
        messages = "SELECT count(*) FROM outbox WHERE kind = 'update_posted'"
        assert await Outsider(record_url).run(messages) == [(5,)]


async def test_what_is_fixed_is_resolved_and_signed_off_each_by_its_own_customer(
    records: Records, story_clock: StoryClock
) -> None:
    """6.7, 6.8: every ticket asks for sign-off; who rejects has their own taken up again, and no other."""
    await opened(records)
    await announce(records, kind=AnnouncementKind.FIX)
    await tell_all(records)
    story_clock.pass_(hours(1))

    await records.record.settle("t-0002", Reject(actor="c-2", reason="still dead"), by=SettledBy.INTAKE)
    await records.record.settle("t-0004", Confirm(actor="c-4"), by=SettledBy.INTAKE)

    states = [(await records.queries.ticket(ticket_id)).status for ticket_id in TICKETS]
    assert states == [Status.RESOLVED, Status.OPEN, Status.RESOLVED, Status.CLOSED, Status.RESOLVED]
    assert (await records.known_problems.problem(PROBLEM)).state is ProblemState.FIXED
    resolved = [each.event for each in await records.queries.entries("t-0001") if isinstance(each.event, Resolved)]
    assert resolved == [Resolved(outcome=Outcome.FIXED, explanation="the cable is found")]


async def test_what_cannot_take_it_is_counted_with_the_reason(records: Records) -> None:
    """Closed, resolved and unlinked tickets are passed by once and for all; the others are told."""
    await opened(records)
    resolve = Resolve(actor="kim", outcome=Outcome.FIXED, explanation="a new socket")
    for ticket_id in ("t-0001", "t-0002"):
        await records.record.settle(ticket_id, resolve, by=SettledBy.INTAKE)
    await records.record.settle("t-0001", Confirm(actor="c-1"), by=SettledBy.INTAKE)
    await announce(records, kind=AnnouncementKind.FIX)
    await unlink(records, "t-0003")

    assert await tell_all(records) == ["closed", "resolved", "unlinked", "told", "told"]

    found = await records.known_problems.announcement("a-1")
    assert dict(found.outcomes) == {"closed": 1, "resolved": 1, "unlinked": 1, "told": 2}
    listed = await records.known_problems.announced_to("a-1", outcome="unlinked", page_size=9, after=None)
    assert [(each.ticket_id, each.outcome) for each in listed] == [("t-0003", "unlinked")]


async def test_the_survivor_of_a_merged_ticket_is_told_once(records: Records) -> None:
    """6.7: what later reaches a merged ticket is the survivor's, whether or not that was linked itself."""
    for number in (1, 2):
        await records.record.open_ticket(a_policy(), an_opening_of_one(number))
    await a_problem(records)
    await link(records, OTHER)
    await announce(records)
    await records.record.merge(OTHER, SURVIVOR, actor="kim", request=a_merge_request(), encode=answer)

    assert sorted(await tell_all(records)) == ["merged", "told"]
    assert await tell_all(records) == []

    told = [each for each in await records.queries.entries(SURVIVOR) if isinstance(each.event, UpdatePosted)]
    assert len(told) == 1
    listed = await records.known_problems.announced_to("a-1", outcome=None, page_size=9, after=None)
    assert {(each.ticket_id, each.outcome, each.instead_of) for each in listed} == {
        (OTHER, "merged", None),
        (SURVIVOR, "told", OTHER),
    }


async def test_a_survivor_that_is_linked_too_has_one_message(records: Records) -> None:
    """Both were linked: the survivor has its own turn, and the other's is not another."""
    for number in (1, 2):
        await records.record.open_ticket(a_policy(), an_opening_of_one(number))
    await a_problem(records)
    await link(records, OTHER, SURVIVOR)
    await records.record.merge(OTHER, SURVIVOR, actor="kim", request=a_merge_request(), encode=answer)
    await announce(records)

    assert sorted(await tell_all(records)) == ["merged", "told"]

    told = [each for each in await records.queries.entries(SURVIVOR) if isinstance(each.event, UpdatePosted)]
    assert len(told) == 1


async def test_a_stuck_ticket_keeps_nobody_from_being_told(record_url: str, story_clock: StoryClock) -> None:
    """It is marked and counted, and not tried for ever."""
    async with await connect(record_url, story_clock) as records:
        await opened(records)
        await announce(records)
    async with await connect(record_url, story_clock, judge=PoisonJudge("t-0002")) as records:
        assert await tell_all(records) == ["told", "stuck", "told", "told", "told"]
        assert (await records.queries.figures()).stuck_tickets == 1
        with pytest.raises(TicketStuck):
            await unlink(records, "t-0001", "t-0002")
        await require_list_is_of_the_logs(records, PROBLEM, *TICKETS)


async def test_a_ticket_whose_rows_no_database_takes_keeps_nobody_from_being_told(
    record_url: str, story_clock: StoryClock
) -> None:
    """What is refused for one ticket is that ticket's own; it is counted, and nothing of it has changed."""
    async with await connect(record_url, story_clock) as records:
        await opened(records)
        await announce(records)
    async with await connect(record_url, story_clock, judge=RefusedJudge("t-0002")) as records:
        assert await tell_all(records) == ["told", "stuck", "told", "told", "told"]
        assert not [e for e in await records.queries.entries("t-0002") if isinstance(e.event, UpdatePosted)]


async def test_a_linked_ticket_is_derived_from_its_inputs(records: Records, story_clock: StoryClock) -> None:
    """5.3: links and announcements are commands like any other, and a log that has them comes to the same again."""
    await opened(records)
    story_clock.pass_(minutes(20))
    await announce(records)
    await tell_all(records)
    story_clock.pass_(hours(1))
    await unlink(records, "t-0003")

    await require_derived(records, *TICKETS)


async def test_nothing_is_announced_twice_at_a_time_or_to_nobody(records: Records) -> None:
    """One announcement of a problem runs at a time; an ended one makes room."""
    await opened(records, linked=False)
    nobody = await announce(records, "a-0")
    assert nobody.refusal is not None
    assert nobody.refusal.reason is RefusalReason.NOTHING_LINKED
    await link(records, *TICKETS)
    await announce(records)

    second = await announce(records, "a-2")
    assert second.refusal is not None
    assert second.refusal.reason is RefusalReason.ANNOUNCEMENT_RUNNING
    await tell_all(records)
    assert (await announce(records, "a-3")).answer == b"a-3 running 5"


async def test_a_paused_announcement_goes_on_where_it_was(records: Records) -> None:
    """Nobody is told while it rests, nobody twice afterwards, and nobody at all once it is cancelled."""
    await opened(records)
    await announce(records)
    turns = await records.announcing.turns("a-1", after="", limit=2)
    for turn in turns.turns:
        await records.announcing.tell(turns, turn)

    async def let(state: AnnouncementState) -> bytes | RefusalReason | None:
        answered = await records.problems.let("a-1", state, actor="lea", request=the_request(), encode=of_announcement)
        return answered.refusal.reason if answered.refusal else answered.answer

    assert await let(AnnouncementState.PAUSED) == b"a-1 paused 5"
    assert await let(AnnouncementState.PAUSED) is RefusalReason.ANNOUNCEMENT_OVER
    assert await records.announcing.unstarted(limit=9) == ()
    assert await tell_all(records) == []
    assert await let(AnnouncementState.RUNNING) == b"a-1 running 5"
    assert await records.announcing.unstarted(limit=9) == ("a-1",)
    turns = await records.announcing.turns("a-1", after="", limit=2)
    assert await records.announcing.tell(turns, turns.turns[0]) == {"t-0003": "told"}
    assert await let(AnnouncementState.CANCELLED) == b"a-1 cancelled 5"
    assert await let(AnnouncementState.RUNNING) is RefusalReason.ANNOUNCEMENT_OVER
    assert await tell_all(records) == []
    found = await records.known_problems.announcement("a-1")
    assert (found.told_count, found.waiting_count) == (3, 2)


async def test_temporal_is_asked_until_it_was_told(records: Records) -> None:
    """What was announced while Temporal was away is found by the keeper; what it was asked for lately is left alone."""
    await opened(records)
    await announce(records)

    assert await records.announcing.unstarted(limit=9) == ("a-1",)
    await records.announcing.was_asked("a-1")
    assert await records.announcing.unstarted(limit=9) == ()


async def test_an_announcement_is_for_who_was_linked_then(records: Records) -> None:
    """The tickets are fixed when it is announced: who is linked later is not told."""
    await opened(records, linked=False)
    await link(records, "t-0001")
    await announce(records)
    await link(records, "t-0002")

    assert await tell_all(records) == ["told"]
    assert Target.UPDATE in {
        clock.target for clock in (await records.queries.ticket("t-0002")).clocks if clock.state is ClockState.RUNNING
    }


async def test_who_was_linked_no_more_has_no_turn(records: Records) -> None:
    """Taken from the problem before it is announced: neither told, nor counted as left out."""
    await opened(records)
    await unlink(records, "t-0002")

    assert (await announce(records)).answer == b"a-1 running 4"

    assert await tell_all(records) == ["told"] * 4
    listed = await records.known_problems.announced_to("a-1", outcome=None, page_size=9, after=None)
    assert "t-0002" not in {each.ticket_id for each in listed}


async def test_it_has_not_ended_while_somebodys_turn_is_to_come(records: Records) -> None:
    """A merge may give a turn while the last page is told: whoever ends it looks once more, as it ends it."""
    await opened(records)
    await announce(records)
    last_page = await records.announcing.turns("a-1", after="", limit=9)
    for turn in last_page.turns[:-1]:
        await records.announcing.tell(last_page, turn)

    assert not await records.announcing._has_ended("a-1")

    assert not (await records.announcing.turns("a-1", after="", limit=9)).is_over
    await records.announcing.tell(last_page, last_page.turns[-1])
    assert await records.announcing._has_ended("a-1")


async def test_what_rested_is_asked_for_at_once_when_it_goes_on(records: Records) -> None:
    """Temporal ended its run when it was paused: the next one is not put off by having asked lately."""
    await opened(records)
    await announce(records)
    await records.announcing.was_asked("a-1")
    for state in (AnnouncementState.PAUSED, AnnouncementState.RUNNING):
        await records.problems.let("a-1", state, actor="lea", request=the_request(), encode=of_announcement)

    assert await records.announcing.unstarted(limit=9) == ("a-1",)


async def test_what_fell_due_before_is_judged_before(records: Records, story_clock: StoryClock) -> None:
    """5.2: a deadline that passed while the announcement was on its way is breached, and the customer is told then."""
    await opened(records)
    await announce(records)
    story_clock.pass_(hours(4) + minutes(1))

    await tell_all(records)

    kinds = [type(entry.event).__name__ for entry in await records.queries.entries("t-0001")]
    assert kinds.index("ClockBreached") < kinds.index("UpdatePosted")


async def test_figures_say_how_far_announcements_are(records: Records) -> None:
    """Open problems by kind and state; tickets of what has not ended, and of nothing else."""
    await opened(records)
    await a_problem(records, "p-2")
    await announce(records)
    turns = await records.announcing.turns("a-1", after="", limit=2)
    await records.announcing.tell(turns, turns.turns[0])
    await unlink(records, "t-0002")
    await records.announcing.tell(turns, turns.turns[1])

    figures = await records.queries.figures()
    assert figures.problems == {("fault", "investigating"): 2}
    assert figures.announcements == {("running",): 1}
    assert figures.announcement_tickets == {
        ("update", "waiting"): 3,
        ("update", "told"): 1,
        ("update", "passed_by"): 1,
    }
    await tell_all(records)
    figures = await records.queries.figures()
    assert (dict(figures.announcements), dict(figures.announcement_tickets)) == ({}, {})
