"""Unplanned closures (2.11), beside a count of open minutes that knows nothing of clocks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.policies import ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.ticket.closures import Closure, Told, hold, news, staged, together
from workflows.domain.ticket.commands import (
    Acknowledge,
    Command,
    Customer,
    Escalate,
    Open,
    Reopen,
    Resolve,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import ClockBreached, ClockMoved, ClosureBegan, ClosureEnded, Entry
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.rederive import Learnt, looks, rederive
from workflows.domain.ticket.state import TICK, Ticket
from workflows.domain.ticket.words import ClockState, ClosureStage, Outcome, Pause, Target

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ALLOWED_MINUTES = 60
POLICY = ladder(agent=row(acknowledge=1, resolve=4), specialist=row(acknowledge=700))
OPENING = Open(
    actor="desk",
    ticket_id="t-1",
    reference="R-1",
    queue="home",
    priority="normal",
    customer=Customer(external_id="c-1", name="Ida Example", language="en-GB", zone="Europe/London"),
    subject="no line",
    description="",
    channel="phone",
)


def minute(number: float) -> datetime:
    """So many minutes after the opening."""
    return MONDAY + timedelta(minutes=number)


def closure(number: int, first: int, length: int | None) -> Closure:
    """A closure from one minute on, for so many, or for ever."""
    return Closure(
        closure_id=f"closure-{number}",
        from_at=minute(first),
        until_at=None if length is None else minute(first + length),
        actor="ops",
        reason="snow",
    )


CLOSURES = st.lists(st.tuples(st.integers(1, 200), st.integers(1, 90)), max_size=4).map(
    lambda drawn: [closure(number, *each) for number, each in enumerate(drawn)]
)


def lived(closures: Sequence[Told], looked_at: Sequence[int], command: Command | None = None) -> list[Entry]:
    """The log of a ticket that nobody takes, settled at these minutes and at the end; each knows of every closure."""
    judged = open_ticket(POLICY, OPENING, MONDAY, told=closures)
    entries = list(judged.entries)
    for at in [minute(each) for each in sorted(set(looked_at))]:
        judged = judge(POLICY, judged.ticket, at, command, told=closures)
        entries += judged.entries
    return entries


@given(CLOSURES, st.lists(st.integers(1, 600), min_size=1, max_size=6))
@example([closure(0, ALLOWED_MINUTES, 1)], [1])  # a closure at the deadline is in time for it
def test_only_minutes_count_in_which_the_queue_is_open(closures: list[Closure], looked_at: list[int]) -> None:
    """2.11: the deadline is where the open minutes are spent, however many closures overlap and whoever looks when."""
    open_minutes = (each for each in range(1000) if not hold(tuple(closures), minute(each)))
    *_, last = zip(range(ALLOWED_MINUTES), open_minutes, strict=False)
    due_at = next(minute(each) for each in count(last[1] + 1) if not hold(tuple(closures), minute(each)))
    breaches = [
        entry.event
        for entry in lived(closures, [*looked_at, 999])
        if isinstance(entry.event, ClockBreached) and entry.event.target is Target.ACKNOWLEDGE
    ]
    assert [breach.due_at for breach in breaches] == [due_at]


@given(CLOSURES, st.lists(st.integers(1, 600), min_size=1, max_size=6))
def test_each_closure_begins_and_ends_once_in_a_log(closures: list[Closure], looked_at: list[int]) -> None:
    """2.11, 5.3: two lines each, whoever settles how often; the log can be derived anew from what it learnt."""
    judged = open_ticket(POLICY, OPENING, MONDAY)
    entries, learnt = list(judged.entries), list[Learnt]()
    for each in sorted({*looked_at, 999}):
        judged = judge(POLICY, judged.ticket, minute(each), told=closures)
        entries += judged.entries
        learnt += (Learnt(at=minute(each), told=told) for told in judged.closures)
    lines = [entry.event for entry in entries if isinstance(entry.event, ClosureBegan | ClosureEnded)]
    names = sorted(each.closure_id for each in closures)
    assert sorted(line.closure_id for line in lines if isinstance(line, ClosureBegan)) == names
    assert sorted(line.closure_id for line in lines if isinstance(line, ClosureEnded)) == names
    derived = rederive(POLICY, OPENING, MONDAY, [], looks(entries), learnt=learnt)
    assert derived.entries == tuple(entries)


def test_a_closure_at_the_deadline_is_in_time_for_it() -> None:
    """2.11, 5.2: closed at the very minute at which the hour runs out, it has not run out."""
    entries = lived([closure(1, ALLOWED_MINUTES, 30)], [80])
    assert not [entry for entry in entries if isinstance(entry.event, ClockBreached)]


def test_a_wait_on_the_customer_and_a_closure_each_last_as_long_as_they_last() -> None:
    """2.7, 2.11: asked during the closure; its end lets run what the wait does not hold, the answer the rest."""
    closed = closure(1, 10, 30)
    ticket = open_ticket(POLICY, OPENING, MONDAY).ticket
    ticket = judge(POLICY, ticket, minute(20), WaitOnCustomer(actor="ann", question="Which?"), told=[closed]).ticket
    assert _pauses(ticket) == {Target.ACKNOWLEDGE: Pause.QUEUE_CLOSED, Target.TIER_RESOLVE: Pause.WAITING_ON_CUSTOMER}
    ticket = judge(POLICY, ticket, minute(50), told=[closed]).ticket
    assert _pauses(ticket) == {Target.ACKNOWLEDGE: None, Target.TIER_RESOLVE: Pause.WAITING_ON_CUSTOMER}


def test_an_end_that_reaches_a_ticket_a_moment_late_still_reaches_it() -> None:
    """2.11: said at one instant, seen by a settle of the next: the ticket does not stand still for ever."""
    ticket = open_ticket(POLICY, OPENING, MONDAY).ticket
    ticket = judge(POLICY, ticket, minute(20) + TICK, told=[closure(1, 10, None)]).ticket
    ticket = judge(POLICY, ticket, minute(21), told=[closure(1, 10, 10)]).ticket
    assert _pauses(ticket) == {Target.ACKNOWLEDGE: None, Target.TIER_RESOLVE: None}


def test_nothing_changes_once_a_closure_is_over_or_for_what_came_after_it() -> None:
    """2.11: an end is news until it has come; older closures are no new ticket's business."""
    over = closure(1, 10, 5)
    known = together((), (over,))
    assert news(known, [over], MONDAY) == ()
    assert news((), [over], minute(15)) == ()
    later = closure(1, 10, 50)
    assert news(known, [later], MONDAY) == (later,)
    ended = tuple(each for each in together(known, (later,)))
    assert [each.until_at for each in ended] == [minute(60)]
    assert {each.stage for each in ended} == {ClosureStage.AHEAD}
    assert news(staged(known, over.closure_id, ClosureStage.OVER), [later], MONDAY) == ()


def test_a_handler_may_take_it_while_the_queue_is_closed() -> None:
    """2.11, 2.1: who is there all the same acknowledges, and is in time."""
    ticket = open_ticket(POLICY, OPENING, MONDAY, told=[closure(1, 0, 300)]).ticket
    judged = judge(POLICY, ticket, minute(200), Acknowledge(actor="ann", handler="ann", tier="agent"))
    assert judged.refusal is None
    assert {clock.target: clock.state for clock in judged.ticket.clocks}[Target.ACKNOWLEDGE] is ClockState.MET


def _pauses(ticket: Ticket) -> dict[Target, Pause | None]:
    return {clock.target: clock.pause for clock in ticket.clocks if clock.target.is_the_tiers}


def test_what_is_reopened_in_a_closed_queue_stands_still() -> None:
    """2.11, 6.9: also when the queue was closed while the ticket was; what was over meanwhile is passed by."""
    shut, over = closure(1, 30, None), closure(2, 20, 5)
    withdrawn = Resolve(actor="ann", outcome=Outcome.WITHDRAWN, explanation="they called")
    closed = judge(POLICY, open_ticket(POLICY, OPENING, MONDAY).ticket, minute(10), withdrawn).ticket

    judged = judge(POLICY, closed, minute(60), Reopen(actor="ann", reason="again"), told=(shut, over))

    pauses = {clock.target: clock.pause for clock in judged.ticket.clocks if clock.state.is_live}
    assert pauses[Target.ACKNOWLEDGE] is pauses[Target.TIER_RESOLVE] is Pause.QUEUE_CLOSED
    began = [entry.event for entry in judged.entries if isinstance(entry.event, ClosureBegan | ClosureEnded)]
    assert [each.closure_id for each in began] == [shut.closure_id]
    wake_at = judged.ticket.wake_at()
    assert wake_at is None or wake_at > minute(60)


def test_a_closure_that_is_made_longer_wakes_nobody_in_vain() -> None:
    """2.11, 2.5: whoever wakes at the end that was said first learns of the new one, and wakes at that."""
    shut = closure(1, 10, 20)
    begun = judge(POLICY, open_ticket(POLICY, OPENING, MONDAY).ticket, minute(11), told=(shut,)).ticket
    assert begun.wake_at() == minute(30) + TICK

    longer = Closure(closure_id=shut.closure_id, from_at=minute(10), until_at=minute(90), actor="ops", reason="snow")
    judged = judge(POLICY, begun, minute(31), told=(longer,))

    assert (judged.entries, judged.ticket.version, judged.closures) == ((), begun.version, (longer,))
    assert judged.ticket.wake_at() == minute(90) + TICK
    assert judge(POLICY, judged.ticket, minute(32), told=(longer,)).ticket is judged.ticket


def test_a_target_that_is_spent_to_the_last_gains_nothing_by_standing_still() -> None:
    """2.10, 3.3, 2.11: closed on the dot of closing time, resolved before the next opening: nothing is left of it."""
    office = Calendar("UTC", {"mon-sun": "09:00-17:00"})
    policy = ladder(agent=row(acknowledge=700, resolve=8), calendar=office, agents_calendar=office)
    evening = closure(0, 8 * 60, 3 * 60)
    judged = open_ticket(policy, OPENING, MONDAY, told=[evening])
    judged = judge(policy, judged.ticket, minute(11 * 60) + TICK)
    resolved = Resolve(actor="ann", outcome=Outcome.FIXED, explanation="a new router")
    judged = judge(policy, judged.ticket, minute(12 * 60), resolved)
    (clock,) = [each for each in judged.ticket.clocks if each.target is Target.TIER_RESOLVE]
    assert (clock.state, clock.spent, clock.length) == (ClockState.PAUSED, timedelta(hours=8), timedelta(hours=8))
    assert not [entry for entry in judged.entries if isinstance(entry.event, ClockMoved)]


def _lines(entries: Sequence[Entry]) -> list[tuple[type, datetime, str | None]]:
    """What a log says of closures: which end of one, as of when, by whose word."""
    said = [entry for entry in entries if isinstance(entry.event, ClosureBegan | ClosureEnded)]
    return [(type(entry.event), entry.at, entry.actor) for entry in said]


def test_a_ticket_of_a_closed_queue_says_so_from_its_opening_on() -> None:
    """2.11: it begins at a standstill, as of its own instant; the line is of whoever closed the queue."""
    shut = closure(1, -60, None)
    judged = open_ticket(POLICY, OPENING, MONDAY, told=[shut])
    assert _lines(judged.entries) == [(ClosureBegan, MONDAY, "ops")]
    assert {entry.actor for entry in judged.entries if not isinstance(entry.event, ClosureBegan)} >= {"desk"}
    assert judged.entries[-1].actor == "desk"
    assert _pauses(judged.ticket) == {Target.ACKNOWLEDGE: Pause.QUEUE_CLOSED, Target.TIER_RESOLVE: Pause.QUEUE_CLOSED}
    assert not judge(POLICY, judged.ticket, minute(1), told=[shut]).entries


def test_what_began_before_it_was_learnt_stands_still_from_its_own_beginning() -> None:
    """2.11: the tier was entered while the queue was closed, by a settle that had not heard of it."""
    ticket = open_ticket(POLICY, OPENING, MONDAY).ticket
    by_hand = Escalate(actor="ann", from_tier="agent", reason="beyond us")
    ticket = judge(POLICY, ticket, minute(20), by_hand).ticket

    judged = judge(POLICY, ticket, minute(30), told=[closure(1, 10, None)])

    assert [line[0] for line in _lines(judged.entries)] == [ClosureBegan]
    live = [each for each in judged.ticket.clocks if each.target.is_the_tiers and each.state.is_live]
    assert {(each.pause, each.spent) for each in live} == {(Pause.QUEUE_CLOSED, timedelta())}


def test_an_end_that_is_learnt_late_lets_run_on_what_began_after_it_from_its_own_beginning() -> None:
    """2.11: the tier was entered after the end, by a settle that took the queue for closed still."""
    ticket = open_ticket(POLICY, OPENING, MONDAY).ticket
    ticket = judge(POLICY, ticket, minute(11), told=[closure(1, 10, None)]).ticket
    by_hand = Escalate(actor="ann", from_tier="agent", reason="beyond us")
    ticket = judge(POLICY, ticket, minute(25), by_hand).ticket
    ended = replace(closure(1, 10, 10), ended_by="kim", end_reason="thawed")

    judged = judge(POLICY, ticket, minute(31), told=[ended])

    assert [(kind, actor) for kind, _, actor in _lines(judged.entries)] == [(ClosureEnded, "kim")]
    live = [each for each in judged.ticket.clocks if each.target.is_the_tiers and each.state.is_live]
    assert {(each.pause, each.running_since, each.spent) for each in live} == {(None, minute(25), timedelta())}


def test_a_closure_that_ended_while_the_ticket_was_closed_has_ended_when_it_is_reopened() -> None:
    """2.11, 6.9: it had begun here, so its end is told; nothing stands still, and nobody is woken for it."""
    shut = closure(1, 5, 20)
    ticket = judge(POLICY, open_ticket(POLICY, OPENING, MONDAY).ticket, minute(6), told=(shut,)).ticket
    withdrawn = Resolve(actor="ann", outcome=Outcome.WITHDRAWN, explanation="they called")
    closed = judge(POLICY, ticket, minute(10), withdrawn).ticket

    judged = judge(POLICY, closed, minute(60), Reopen(actor="ann", reason="again"))

    assert [line[0] for line in _lines(judged.entries)] == [ClosureEnded]
    live = [each for each in judged.ticket.clocks if each.target.is_the_tiers and each.state.is_live]
    assert {each.pause for each in live} == {None}
    assert judged.ticket.closures[0].stage is ClosureStage.OVER
    assert judged.entries[-1].actor == "ann"
