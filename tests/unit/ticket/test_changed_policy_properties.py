"""Semantics 7.3, for any life: wherever in it the policy gets another version, and however often."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tests.support.policies import ALWAYS
from tests.unit.ticket.asking import command_of
from tests.unit.ticket.counting import counted
from tests.unit.ticket.lives import (
    ENOUGH,
    OPENED_AT,
    OPENING,
    Step,
    lags,
    plans,
    policies,
    steps,
)
from tests.unit.ticket.test_journeys import Leg, journeys
from tests.unit.ticket.test_journeys import command_of as command_of_step
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.clocks import calendar_of, length_of, spent_by
from workflows.domain.ticket.commands import ChangePolicy, Command
from workflows.domain.ticket.events import ClockBreached, ClockStarted, ClockWarned, Entry, PolicyChanged
from workflows.domain.ticket.judge import Judged, judge, open_ticket
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.rederive import Input, looks, rederive
from workflows.domain.ticket.state import TICK, Clock, Ticket
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import ClockState, Status, Target

waits = st.lists(st.integers(1, 80), min_size=1, max_size=4, unique=True).map(sorted)


def with_other_lengths(policy: Policy, waiting: list[int], sign_off: int, remind_every: int) -> Policy:
    """The same ladder with other lengths of a wait, of sign-off and of the last resort's reminders, in hours."""
    *reminders, give_up = (timedelta(hours=length) for length in waiting)
    return replace(
        policy,
        customer_reminders=tuple(reminders),
        give_up=give_up,
        sign_off=timedelta(hours=sign_off),
        remind_every=timedelta(hours=remind_every),
    )


versions = st.builds(
    with_other_lengths, policies, waiting=waits, sign_off=st.integers(1, 40), remind_every=st.integers(1, 9)
)
"""Versions of one policy: ladder, names and priorities are the same, anything else may be another."""


class Move(NamedTuple):
    """A change of policy."""

    at: datetime
    version: int
    """Of the ticket, before it was looked at."""
    policy: Policy
    stood: Ticket
    """Just before."""
    onto: Policy
    judged: Judged


class Life:
    """One ticket under several versions of its policy, settled again and again."""

    def __init__(self, *versions: Policy) -> None:
        self.versions = {version_of(policy): policy for policy in versions}
        self.first = versions[0]
        opened = open_ticket(self.first, OPENING, OPENED_AT)
        self.judgements = [opened]
        self.settled_at = [OPENED_AT]
        self.applied = list[Input]()
        self.moves = list[Move]()

    @property
    def ticket(self) -> Ticket:
        """As it stands."""
        return self.judgements[-1].ticket

    @property
    def policy(self) -> Policy:
        """The version that it has."""
        return self.versions[self.ticket.policy_version]

    @property
    def entries(self) -> list[Entry]:
        """The whole log."""
        return [entry for judged in self.judgements for entry in judged.entries]

    def settle(self, at: datetime, command: Command | None = None) -> Judged:
        """As the record does."""
        onto = self.versions[command.policy_version] if isinstance(command, ChangePolicy) else None
        judged = judge(self.policy, self.ticket, at, command, onto=onto)
        self.judgements.append(judged)
        self.settled_at.append(at)
        if command and judged.refusal is None:
            self.applied.append(Input(at=at, command=command))
        return judged

    def move(self, at: datetime, onto: Policy) -> Judged:
        """Another version, with what stood just before remembered."""
        version, policy, stood = self.ticket.version, self.policy, judge(self.policy, self.ticket, at).ticket
        judged = self.settle(at, ChangePolicy(actor="ops", policy_version=version_of(onto), reason="anew"))
        self.moves.append(Move(at, version, policy, stood, onto, judged))
        return judged

    def until(self, goal: datetime, lag: timedelta) -> None:
        """Time passes; what is due is found that much later than it could be."""
        while (wake_at := self.ticket.wake_at()) and wake_at + lag < goal:
            self.settle(max(wake_at + lag, self.settled_at[-1] + TICK))


def lived(before: Policy, after: Policy, parts: tuple[list[Step], list[Step]], lag: timedelta, is_back: bool) -> Life:  # noqa: FBT001 - drawn
    """A life by a plan, a change of policy, another plan; and perhaps back to what it was."""
    life, now = Life(before, after), OPENED_AT
    for part, onto in zip(parts, (after, before if is_back else None), strict=True):
        for step in part:
            now += step.gap
            if not step.is_outage:
                life.until(now, lag)
            now = max(now, life.settled_at[-1] + TICK)
            life.settle(now, None if step.choice is None else command_of(step.choice, life.ticket, now))
        if onto:
            now = max(now, life.settled_at[-1]) + timedelta(minutes=15)
            life.move(now, onto)
    return life


lives = st.builds(lived, versions, versions, st.tuples(plans, st.lists(steps, max_size=8)), lags, st.booleans())


def live(ticket: Ticket) -> dict[tuple[Target, int], Clock]:
    """Its runs that have not ended."""
    return {(clock.target, clock.run): clock for clock in ticket.clocks if clock.state.is_live}


@ENOUGH
@given(lives)
def test_a_change_of_policy_is_derived_to_the_letter(life: Life) -> None:
    """5.3, 7.3: the same list of inputs, changes of policy among them, gives the same log and the same state."""
    derived = rederive(life.first, OPENING, OPENED_AT, life.applied, looks(life.entries), later=life.versions)
    assert list(derived.entries) == life.entries
    assert replace(derived.ticket, version=0) == replace(life.ticket, version=0)


@ENOUGH
@given(lives)
def test_no_deadline_is_moved_into_the_past_and_none_is_broken_by_it(life: Life) -> None:
    """7.3, 6.11: whatever the versions, every deadline and step lies ahead, and the change itself breaches nothing."""
    for at, _, _, stood, _, judged in life.moves:
        of_the_change = judged.entries[len(judged.entries) - judged.ticket.sequence + stood.sequence :]
        assert not any(isinstance(entry.event, ClockBreached | ClockWarned) for entry in of_the_change)
        due_at = judged.ticket.next_due_at()
        assert due_at is None or due_at >= at
        for key, clock in live(judged.ticket).items():
            if clock.deadline_at == at:  # nothing was left of it
                assert live(stood)[key].deadline_at == at


@ENOUGH
@given(lives)
def test_time_spent_and_pauses_are_kept(life: Life) -> None:
    """7.3: each live run has spent by the old calendar what it had spent, and stands still where it stood still."""
    for at, _, policy, stood, onto, judged in life.moves:
        assert live(judged.ticket).keys() == live(stood).keys()
        for key, clock in live(judged.ticket).items():
            was = live(stood)[key]
            assert spent_by(onto, clock, at) == spent_by(policy, was, at)
            assert (clock.pause, clock.started_at, clock.state) == (was.pause, was.started_at, was.state)


@ENOUGH
@given(lives)
def test_what_has_ended_stands(life: Life) -> None:
    """7.3: breached, met or cancelled, it is what it was; so are handler, tier, promises and counts."""
    kept = ("status", "tier", "owner", "handler", "visited", "chases", "update_breaches", "next_news_at", "opened_at")
    for _, _, _, stood, _, judged in life.moves:
        assert [c for c in judged.ticket.clocks if not c.state.is_live] == [
            c for c in stood.clocks if not c.state.is_live
        ]
        assert [getattr(judged.ticket, name) for name in kept] == [getattr(stood, name) for name in kept]


@ENOUGH
@given(lives)
def test_a_length_is_the_tables_or_what_6_11_leaves(life: Life) -> None:
    """7.3, 6.11: the new row's, the same where both versions promise the same, or the acknowledge target at most."""
    for at, _, policy, stood, onto, judged in life.moves:
        if judged.refusal:
            continue
        floor = length_of(onto, Target.ACKNOWLEDGE, stood.tier, stood.priority)
        for key, clock in live(judged.ticket).items():
            was = live(stood)[key]
            tiers = {was.tier, stood.tier}
            tables = [
                min(length_of(each, clock.target, tier, stood.priority) for tier in tiers) for each in (policy, onto)
            ]
            spent = spent_by(policy, was, at)
            wanted = was.length if tables[0] == tables[1] else tables[1]
            assert clock.length == (wanted if spent < wanted else spent + min(floor, was.length - spent))


@ENOUGH
@given(lives)
def test_a_change_done_twice_is_done_once(life: Life) -> None:
    """7.3: the second time finds the work done: refused, and nothing of the ticket is another."""
    again = life.move(life.settled_at[-1] + TICK, life.policy)
    assert again.refusal is not None
    assert again.refusal.reason is RefusalReason.WRONG_STATE
    assert again.ticket == life.moves[-1].stood


@ENOUGH
@given(lives)
def test_the_log_stays_whole(life: Life) -> None:
    """4.3, 4.7, 2.8: one breach and one start a run, each fraction warned of once, before and after the change."""
    assert [entry.sequence for entry in life.entries] == list(range(1, len(life.entries) + 1))
    events = [entry.event for entry in life.entries]
    breaches = [each for each in events if isinstance(each, ClockBreached)]
    runs = [(each.target, run) for each in breaches for run in range(each.run, each.run + each.count)]
    assert len(runs) == len(set(runs))
    started = [(each.target, each.run) for each in events if isinstance(each, ClockStarted)]
    assert len(started) == len(set(started))
    warned = [(each.target, each.run, each.fraction) for each in events if isinstance(each, ClockWarned)]
    assert len(warned) == len(set(warned))


@ENOUGH
@given(lives)
def test_the_ledger_of_a_moved_ticket_adds_up(life: Life) -> None:
    """8, 7.3: every interval holds the open time of the calendar that its clock counted in then, by a wall clock."""
    now = life.settled_at[-1]
    changes = [(entry.at, entry.event) for entry in life.entries if isinstance(entry.event, PolicyChanged)]
    for line in ledger(life.first, life.entries, now, later=life.versions):
        for each in line.intervals:
            to_at = line.as_of if each.to_at is None else each.to_at
            versions = [life.first, *(life.versions[change.policy_version] for at, change in changes if at < to_at)]
            calendar = ALWAYS if line.promise else calendar_of(versions[-1], line.target, line.tier)
            assert isinstance(calendar, Calendar)
            assert each.counted == (timedelta() if each.pause else counted(calendar, each.from_at, to_at))
        for one, next_one in pairwise(line.intervals):
            assert one.to_at is not None
            assert one.to_at <= next_one.from_at
        assert timedelta() <= line.spent <= line.length
        clock = next((c for c in life.ticket.clocks if (c.target, c.run) == (line.target, line.run)), None)
        if clock is None:
            continue
        assert (line.state, line.length) == (clock.state, clock.length)
        if clock.state is ClockState.RUNNING:
            assert line.deadline_at == clock.deadline_at
            assert line.policy_version == life.ticket.policy_version


@ENOUGH
@given(lives)
def test_the_version_of_a_ticket_rises_with_its_policys(life: Life) -> None:
    """5.4: whoever decided on how it stood under the old one is refused."""
    for _, version, _, stood, _, judged in life.moves:
        if judged.ticket.policy_version != stood.policy_version:
            assert judged.ticket.version == version + 1


@ENOUGH
@given(versions, versions, journeys, st.integers(0, 20), lags)
def test_any_journey_can_be_moved_anywhere(
    before: Policy, after: Policy, journey: tuple[Leg, ...], place: int, lag: timedelta
) -> None:
    """7.3, 6.8, 6.9: changed in priority, escalated, rejected and reopened before it and after it."""
    life, now, number = Life(before, after), OPENED_AT, 0
    for leg in journey:
        for step in (*(["ask"] if leg.is_waiting else []), *leg.steps, "answer"):
            now += leg.gap
            life.until(now, lag)
            now = max(now, life.settled_at[-1] + TICK)
            if number == place and life.ticket.status is not Status.CLOSED:
                if before != after:
                    assert life.move(now, after).refusal is None
                now += TICK
            number += 1
            if life.ticket.status is Status.CLOSED and step in {"ask", "escalate", "priority", "hand on"}:
                return
            life.settle(now, command_of_step(step, life.ticket))
    derived = rederive(before, OPENING, OPENED_AT, life.applied, looks(life.entries), later=life.versions)
    assert list(derived.entries) == life.entries
