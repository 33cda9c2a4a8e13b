"""Semantics 8: any deadline is explained, from the log alone."""

from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given

from tests.support.policies import ALWAYS, ladder, row
from tests.unit.ticket.counting import counted
from tests.unit.ticket.lives import ENOUGH, Life, Step, lags, lived, plans, policies
from tests.unit.ticket.test_journeys import Leg, journeys, travelled
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, hours
from workflows.domain.ticket.events import ClockReinstated, Entry
from workflows.domain.ticket.ledger import Line, ledger
from workflows.domain.ticket.words import ClockState, Pause, PromiseState, Target
from workflows.testing.story import Story, Tell

OFFICE = Calendar("Europe/London", {"mon-fri": "09:00-17:00"})


def line_of(story: Story, policy: Policy, target: Target, at: str, run: int = 1) -> Line:
    """The ledger of one run, as of an instant."""
    lines = ledger(policy, story.entries, story.instant(at))
    return next(line for line in lines if (line.target, line.run) == (target, run))


def test_a_wait_over_a_weekend_is_explained(tell: Tell) -> None:
    """8: three hours on Friday, a wait until Monday noon, then one hour more; the deadline adds up to the target."""
    policy = ladder(calendar=OFFICE, resolve=hours(8))
    story = tell(policy, zone="Europe/London")
    story.open("Fri 27 Nov 10:00").until("Fri 27 Nov 13:00").ask().until("Mon 30 Nov 12:00").contact().as_told()
    line = line_of(story, policy, Target.RESOLVE, "Mon 30 Nov 13:00")

    assert [(each.from_at, each.to_at, each.counted, each.pause) for each in line.intervals] == [
        (story.instant("Fri 27 Nov 10:00"), story.instant("Fri 27 Nov 13:00"), hours(3), None),
        (story.instant("Fri 27 Nov 13:00"), story.instant("Mon 30 Nov 12:00"), timedelta(), Pause.WAITING_ON_CUSTOMER),
        (story.instant("Mon 30 Nov 12:00"), None, hours(1), None),
    ]
    assert (line.length, line.spent, line.left) == (hours(8), hours(4), hours(4))
    assert line.deadline_at == story.instant("Mon 30 Nov 17:00")
    assert line.calendar == "Europe/London mon-fri 09:00-17:00"


def test_a_breached_clock_spent_all_of_its_target(tell: Tell) -> None:
    """8: at the deadline nothing is left, however late it was found."""
    policy = ladder(agent=row(acknowledge=1))
    story = tell(policy).open("Mon 23 Nov 09:00").late_until("Mon 23 Nov 12:00").as_told()
    line = line_of(story, policy, Target.ACKNOWLEDGE, "Mon 23 Nov 12:00")

    assert (line.state, line.deadline_at) == (ClockState.BREACHED, story.instant("Mon 23 Nov 10:00"))
    assert (line.spent, line.left) == (hours(1), timedelta())


def test_a_shorter_length_is_told(tell: Tell) -> None:
    """8, 2.2: entering a tier with a shorter target moved the deadline; when, and to what."""
    policy = ladder(agent=row(update_every=8), specialist=row(update_every=4))
    story = tell(policy).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").escalate().as_told()
    line = line_of(story, policy, Target.UPDATE, "Mon 23 Nov 11:00")

    assert [(each.from_at, each.length) for each in line.intervals] == [
        (story.instant("Mon 23 Nov 09:00"), hours(8)),
        (story.instant("Mon 23 Nov 10:00"), hours(4)),
    ]
    assert (line.spent, line.deadline_at) == (hours(2), story.instant("Mon 23 Nov 13:00"))


def test_a_tier_entered_again_says_what_it_had_spent(tell: Tell) -> None:
    """8, 2.3: the time carried over is told apart from the time of this run."""
    policy = ladder(agent=row(resolve=9))
    story = tell(policy).open("Mon 23 Nov 09:00").until("Mon 23 Nov 11:00").transfer("supplier")
    story.until("Mon 23 Nov 12:00").transfer("agent").as_told()
    line = line_of(story, policy, Target.TIER_RESOLVE, "Mon 23 Nov 13:00", run=3)

    assert (line.carried, line.spent, line.left) == (hours(2), hours(3), hours(6))


def assert_counted(policy: Policy, line: Line) -> timedelta:
    """Each interval of a line holds the open time that there was in it, and they follow each other; their sum."""
    is_the_tiers = line.target in {Target.ACKNOWLEDGE, Target.TIER_RESOLVE}
    calendar = policy.tier(line.tier).calendar if is_the_tiers else policy.calendar
    calendar = ALWAYS if line.target is Target.PROMISE else calendar
    for each in line.intervals:
        to_at = line.as_of if each.to_at is None else each.to_at
        assert each.counted == (timedelta() if each.pause else counted(calendar, each.from_at, to_at))
    for one, next_one in pairwise(line.intervals):
        assert one.to_at is not None
        assert one.to_at <= next_one.from_at
    return line.spent


def assert_adds_up(life: Life) -> None:
    """Each interval is what a wall clock counts; at the deadline, kept or broken, they are the target."""
    policy, now = life.policy, life.settled_at[-1]
    reinstated = {
        (entry.event.target, entry.event.run) for entry in life.entries if isinstance(entry.event, ClockReinstated)
    }
    for line in ledger(policy, life.entries, now):
        spent = assert_counted(policy, line)
        assert timedelta() <= spent <= line.length
        if (line.target, line.run) not in reinstated:
            assert all(one.to_at == next_one.from_at for one, next_one in pairwise(line.intervals))
        if line.state is ClockState.BREACHED:
            assert spent == line.length
            assert line.intervals[-1].to_at == line.deadline_at
        if line.state is ClockState.RUNNING:
            assert line.deadline_at is not None
            assert assert_counted(policy, as_of(policy, life.entries, line, line.deadline_at)) == line.length


@ENOUGH
@given(policies, plans, lags)
def test_every_ledger_adds_up(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """8: of any life: started at, each interval counted, each pause, target, deadline."""
    assert_adds_up(lived(policy, plan, lag=lag))


@ENOUGH
@given(policies, journeys, lags)
def test_the_ledger_of_every_journey_adds_up(policy: Policy, journey: tuple[Leg, ...], lag: timedelta) -> None:
    """8, 6.11: so does that of a life held to another priority in the middle of a wait, rejected and reopened."""
    *_, life = travelled(policy, journey, lag)
    assert_adds_up(life)


@ENOUGH
@given(policies, plans)
def test_a_ledger_asked_for_ahead_of_time_spends_no_more_than_the_target(policy: Policy, plan: list[Step]) -> None:
    """8: what runs on past its deadline, before anybody settles, has spent its target and has nothing left."""
    life = lived(policy, plan)
    for line in ledger(policy, life.entries, life.settled_at[-1]):
        if line.state is ClockState.RUNNING:
            assert line.deadline_at is not None
            assert as_of(policy, life.entries, line, line.deadline_at + timedelta(days=4)).left == timedelta()


@ENOUGH
@given(policies, plans, lags)
def test_a_ledger_tells_what_the_ticket_says(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """8: the log alone gives state, length, start and deadline of the runs a ticket holds, and what they spent."""
    life = lived(policy, plan, lag=lag)
    lines = {(line.target, line.run): line for line in ledger(policy, life.entries, life.settled_at[-1])}
    for clock in life.ticket.clocks:
        line = lines[clock.target, clock.run]
        assert (line.state, line.length, line.started_at) == (clock.state, clock.length, clock.started_at)
        if clock.state is ClockState.RUNNING:
            assert line.deadline_at == clock.deadline_at
        else:
            assert line.spent == clock.spent
    promised = {(line.promise, line.run): line for line in ledger(policy, life.entries, life.settled_at[-1])}
    for promise in life.ticket.promises:
        line = promised[promise.name, promise.run]
        assert (line.state, line.started_at) == (_STATES[promise.state], promise.made_at)
        assert line.started_at + line.length == promise.promised_at


_STATES = {
    PromiseState.OPEN: ClockState.RUNNING,
    PromiseState.KEPT: ClockState.MET,
    PromiseState.BROKEN: ClockState.BREACHED,
    PromiseState.CANCELLED: ClockState.CANCELLED,
}


def as_of(policy: Policy, entries: list[Entry], line: Line, at: datetime) -> Line:
    """The same run's line, as of another instant."""
    lines = ledger(policy, entries, at)
    return next(
        each for each in lines if (each.target, each.promise, each.run) == (line.target, line.promise, line.run)
    )
