"""Semantics 6.7, for any two lives: merging never gives time, never loses a promise, and each log stays its inputs'."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.ticket.asking import command_of
from tests.unit.ticket.lives import (
    ENOUGH,
    OPENED_AT,
    OPENING,
    Life,
    Step,
    gaps,
    lived,
    plans,
    policies,
)
from workflows.domain.policy import Policy, hours
from workflows.domain.ticket.clocks import length_of, spent_by
from workflows.domain.ticket.commands import KeepPromise, MergeInto, RecordContact, TakenClock, TakeOver, UnlinkProblem
from workflows.domain.ticket.events import ClockBreached, Escalated
from workflows.domain.ticket.judge import Judged, judge
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.merging import CUSTOMERS_TARGETS, halves
from workflows.domain.ticket.rederive import Input, looks, rederive
from workflows.domain.ticket.state import TICK, Clock, Ticket
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import ClockState, ContactKind, Status, Target
from workflows.domain.working_time import worked

ANSWER = RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="mail", text="")


@dataclass
class Pair:
    """Two lives that are merged at an instant: what stood just before, and what came of it."""

    other: Life
    survivor: Life
    at: datetime

    def __post_init__(self) -> None:
        self.other_before = _named(judge(self.other.policy, self.other.ticket, self.at).ticket)
        self.before = judge(self.survivor.policy, self.survivor.ticket, self.at).ticket
        self.half, self.whole = halves(self.other.policy, self.other_before, self.before, self.at, "kim")
        spoke_at = self.whole.customer_spoke_at
        assert spoke_at is not None
        if self.before.waiting and spoke_at > self.before.waiting.question_at:
            # What the other's customer said since ends the wait, as a contact does (6.3, 6.6).
            self.before = judge(self.survivor.policy, self.before, self.at, ANSWER).ticket
        self.merged: Judged = judge(self.other.policy, _named(self.other.ticket), self.at, self.half)
        self.grown: Judged = judge(self.survivor.policy, self.survivor.ticket, self.at, self.whole)


def _named(ticket: Ticket) -> Ticket:
    return replace(ticket, ticket_id="t-0", reference="R-0")


def pair_of(one: Policy, two: Policy, plan: list[Step], later: list[Step], gap: timedelta) -> Pair:
    """Two lives by two plans, merged some time after both."""
    other, survivor = lived(one, plan), lived(two, later)
    at = max(other.settled_at[-1], survivor.settled_at[-1]) + gap
    return Pair(other=other, survivor=survivor, at=at)


pairs = st.builds(pair_of, policies, policies, plans, plans, gaps)


def left(policy: Policy, clock: Clock, at: datetime) -> timedelta:
    """Working time left of a run."""
    return clock.length - spent_by(policy, clock, at)


def customers(ticket: Ticket) -> dict[Target, Clock]:
    """The customer's clocks that are live."""
    return {clock.target: clock for clock in ticket.clocks if clock.target in CUSTOMERS_TARGETS and clock.state.is_live}


@ENOUGH
@given(pairs)
def test_merging_never_gives_time(pair: Pair) -> None:
    """6.7, 6.11: the earlier deadline is kept as that instant, whatever hours either goes by; of the past, a floor."""
    assume(pair.grown.refusal is None)
    policy, at = pair.survivor.policy, pair.at
    before, after = customers(pair.before), customers(pair.grown.ticket)
    assert before.keys() == after.keys()
    taken: dict[Target, TakenClock] = {each.target: each for each in pair.whole.clocks}

    for target, clock in after.items():
        was = before[target]
        assert (clock.run, clock.state, clock.pause) == (was.run, was.state, was.pause)
        assert left(policy, clock, at) <= left(policy, was, at)
        assert spent_by(policy, clock, at) >= spent_by(policy, was, at)
        if clock.deadline_at is not None and was.deadline_at is not None:
            assert clock.deadline_at <= was.deadline_at
        if target not in taken:
            assert clock == was
            continue
        theirs = taken[target]
        assert clock.started_at == min(was.started_at, theirs.started_at)
        floor = length_of(policy, Target.ACKNOWLEDGE, pair.grown.ticket.tier, pair.grown.ticket.priority)
        had = left(policy, was, at)
        if theirs.due_at <= at:
            assert left(policy, clock, at) == min(had, floor)
        elif was.deadline_at is not None:
            assert clock.deadline_at == min(was.deadline_at, theirs.due_at)
            assert left(policy, clock, at) == min(had, worked(policy.calendar, at, clock.deadline_at))
        else:
            ahead = worked(policy.calendar, at, theirs.due_at) or min(floor, theirs.due_at - at)
            assert left(policy, clock, at) == min(had, ahead)


@ENOUGH
@given(pairs)
def test_merging_is_never_itself_a_breach_and_leaves_the_tiers_clocks(pair: Pair) -> None:
    """6.7, 6.11: nothing breaks by it, the ladder does not move, the tier's clocks stay as they are."""
    assume(pair.grown.refusal is None)
    alone = len(judge(pair.survivor.policy, pair.survivor.ticket, pair.at).entries)

    assert not [entry for entry in pair.grown.entries[alone:] if isinstance(entry.event, ClockBreached | Escalated)]
    tiers = [clock for clock in pair.before.clocks if clock.target.is_the_tiers]
    assert [clock for clock in pair.grown.ticket.clocks if clock.target.is_the_tiers] == tiers
    assert (pair.grown.ticket.status, pair.grown.ticket.tier) == (pair.before.status, pair.before.tier)


@ENOUGH
@given(pairs)
def test_merging_never_loses_a_promise(pair: Pair) -> None:
    """6.7, 2.4: what was promised on either is promised still, for its instant; of the engine's news no later.

    While it is the customer's turn on the one that goes on, the engine owes them none.
    """
    assume(pair.grown.refusal is None and pair.merged.refusal is None)
    promised = [
        promise for ticket in (pair.before, pair.other_before) for promise in ticket.promises if promise.is_open
    ]
    after = [promise for promise in pair.grown.ticket.promises if promise.is_open]

    names = [promise.name for promise in after]
    assert len(set(names)) == len(names)
    for promise in promised:
        if promise.made_by is None:
            is_owed = pair.grown.ticket.status in {Status.OPEN, Status.IN_PROGRESS}
            assert not is_owed or any(not each.made_by and each.promised_at <= promise.promised_at for each in after)
        else:
            said = (promise.kind, promise.promised_at, promise.made_by, promise.owner, promise.words)
            assert said in [(each.kind, each.promised_at, each.made_by, each.owner, each.words) for each in after]
    assert not [promise for promise in pair.merged.ticket.promises if promise.is_open]


@ENOUGH
@given(pairs, st.integers(0, 1000))
def test_a_merged_ticket_is_over_and_answers_with_the_survivor(pair: Pair, choice: int) -> None:
    """6.7: it wakes nobody, nothing of it runs, and whatever is asked of it names who goes on.

    Its links are its own still, and what it broke a promise of may be done late.
    """
    assume(pair.grown.refusal is None and pair.merged.refusal is None)
    ticket, later = pair.merged.ticket, pair.at + hours(500)

    assert (ticket.status, ticket.wake_at(), ticket.deadline_at()) == (Status.CLOSED, None, None)
    assert not [clock for clock in ticket.clocks if clock.state.is_live]
    for command in (command_of(choice, ticket, later), pair.half):
        if isinstance(command, UnlinkProblem | KeepPromise):
            continue
        judged = judge(pair.other.policy, ticket, later, command)
        assert judged.refusal is not None
        assert judged.refusal.reason is RefusalReason.MERGED
        assert judged.refusal.facts["survivor"] == "t-1"
        assert judged.ticket == ticket


@ENOUGH
@given(pairs, plans)
def test_each_log_stays_a_function_of_its_own_inputs(pair: Pair, plan: list[Step]) -> None:
    """5.3: also of what happened afterwards, either is derived from its own commands alone."""
    assume(pair.grown.refusal is None and pair.merged.refusal is None)
    other = [*pair.other.entries, *pair.merged.entries]
    derived = rederive(
        pair.other.policy,
        replace(OPENING, ticket_id="t-0", reference="R-0"),
        OPENED_AT,
        [*pair.other.applied, Input(at=pair.at, command=pair.half)],
        looks(other),
    )
    assert (derived.entries[1:], derived.ticket) == (tuple(other[1:]), pair.merged.ticket)

    life = pair.survivor
    _goes_on(life, pair)
    now = pair.at
    for step in plan:
        now += step.gap
        life.until(now, timedelta())
        at = max(now, life.settled_at[-1] + TICK)
        life.settle(at, None if step.choice is None else command_of(step.choice, life.ticket, at))
    derived = rederive(life.policy, OPENING, OPENED_AT, life.applied, looks(life.entries))
    assert (derived.entries, derived.ticket) == (tuple(life.entries), life.ticket)


@ENOUGH
@given(pairs)
def test_the_ledger_counts_no_hour_twice(pair: Pair) -> None:
    """8, 6.7: no interval counts more than it lasted; what was taken over is carried, and the sums are the clock's."""
    assume(pair.grown.refusal is None)
    life = pair.survivor
    _goes_on(life, pair)

    lines = {(line.target, line.run): line for line in ledger(life.policy, life.entries, pair.at)}
    for line in lines.values():
        for interval in line.intervals:
            assert interval.counted <= (interval.to_at or pair.at) - interval.from_at
    for clock in life.ticket.clocks:
        if clock.state in {ClockState.RUNNING, ClockState.PAUSED}:
            line = lines[clock.target, clock.run]
            assert (line.spent, line.length, line.started_at, line.deadline_at) == (
                spent_by(life.policy, clock, pair.at),
                clock.length,
                clock.started_at,
                clock.deadline_at,
            )


def _goes_on(life: Life, pair: Pair) -> None:
    """Have the survivor's life go on from the merge."""
    life.judgements.append(pair.grown)
    life.settled_at.append(pair.at)
    life.applied.append(Input(at=pair.at, command=pair.whole))


@ENOUGH
@given(pairs)
def test_a_refused_merge_changes_neither(pair: Pair) -> None:
    """6.7: a half that is refused leaves its ticket as it stood at that instant."""
    for judged, before in ((pair.merged, pair.other_before), (pair.grown, pair.before)):
        if judged.refusal is not None:
            assert judged.ticket == before
            assert before.status is Status.CLOSED
    assert isinstance(pair.half, MergeInto)
    assert isinstance(pair.whole, TakeOver)
