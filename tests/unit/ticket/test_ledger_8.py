"""Semantics 8: any deadline is explained, from the log alone."""

from datetime import timedelta

from hypothesis import given

from tests.support.policies import ladder, row
from tests.support.story import Story, Tell
from tests.unit.ticket.test_properties import ENOUGH, Step, lags, lived, plans, policies
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, hours
from workflows.domain.ticket.ledger import Line, ledger
from workflows.domain.ticket.words import ClockState, Pause, Target

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


@ENOUGH
@given(policies, plans, lags)
def test_every_ledger_adds_up(policy: Policy, plan: list[Step], lag: timedelta) -> None:
    """8: of any life, a running clock's ledger at its deadline is its target; a breached one's is its target too."""
    life = lived(policy, plan, lag=lag)
    now = life.settled_at[-1]
    for line in ledger(policy, life.entries, now):
        assert all(each.counted >= timedelta() for each in line.intervals)
        assert timedelta() <= line.spent <= line.length
        if line.state is ClockState.BREACHED:
            assert line.left == timedelta()
        if line.state is ClockState.RUNNING:
            assert line.deadline_at is not None
            (at_deadline,) = [
                each
                for each in ledger(policy, life.entries, line.deadline_at)
                if (each.target, each.run) == (line.target, line.run)
            ]
            assert at_deadline.left == timedelta()
    for clock in life.ticket.clocks:
        (line,) = [
            each for each in ledger(policy, life.entries, now) if (each.target, each.run) == (clock.target, clock.run)
        ]
        assert (line.state, line.length, line.started_at) == (clock.state, clock.length, clock.started_at)
