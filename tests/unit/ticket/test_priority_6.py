"""Semantics 6.11: another priority, with the time spent kept; never itself a breach, never a gift."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.policies import ALWAYS, row
from tests.unit.ticket.lives import OPENED_AT, OPENING
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, Targets, Tier, hours, minutes
from workflows.domain.ticket.clocks import spent_by
from workflows.domain.ticket.commands import ChangePriority
from workflows.domain.ticket.events import ClockBreached
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.words import Target
from workflows.testing.story import Story, Tell

OFFICE = Calendar("Europe/London", {"mon-fri": "09:00-17:00"})
QUIET = row()
NORMAL_PRIORITY, URGENT = "normal", "urgent"


def two(*, urgent: Targets, normal: Targets, resolve: tuple[float, float] = (1000, 1001), **more: Calendar) -> Policy:
    """Two priorities; the second tier is quiet."""
    return Policy(
        name="two",
        calendar=more.get("calendar", ALWAYS),
        resolve={URGENT: hours(resolve[0]), NORMAL_PRIORITY: hours(resolve[1])},
        tiers=(
            Tier(name="agent", calendar=more.get("agents", ALWAYS), targets={URGENT: urgent, NORMAL_PRIORITY: normal}),
            Tier(name="specialist", calendar=ALWAYS, targets={URGENT: QUIET, NORMAL_PRIORITY: QUIET}),
        ),
        lead="team-lead",
        last_resort="duty-manager",
        warn_at=(),
    )


def change(story: Story, priority: str) -> Story:
    """Change the priority."""
    return story.send(ChangePriority(actor="ann", priority=priority, reason="the shop is closed over it"))


def test_new_targets_apply_from_the_original_start(tell: Tell) -> None:
    """6.11: an hour spent of nine leaves three of the four that an urgent one gets."""
    story = tell(two(urgent=row(acknowledge=4), normal=row(acknowledge=9)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").as_told()
    change(story, URGENT).happened(
        "Mon 23 Nov 10:00 priority normal -> urgent",
        "Mon 23 Nov 10:00 moved acknowledge/1 of agent to 4h, 1h spent, until 13:00",
        "Mon 23 Nov 10:00 moved resolve/1 of agent to 1000h, 1h spent, until Mon 4 Jan 01:00",
    )


def test_a_target_that_is_spent_already_keeps_the_new_acknowledge_target(tell: Tell) -> None:
    """6.11: five hours spent of a target that is now two: half an hour is left, and nothing is a breach."""
    urgent, normal = row(acknowledge=0.5, resolve=2), row(acknowledge=8, resolve=9)
    story = tell(two(urgent=urgent, normal=normal))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 13:00").acknowledge().until("Mon 23 Nov 14:00").as_told()
    change(story, URGENT).as_told()
    clock = story.clock(Target.TIER_RESOLVE)
    assert (clock.deadline_at, clock.length) == (story.instant("Mon 23 Nov 14:30"), hours(5.5))


def test_a_spent_target_never_gets_more_than_it_had_left(tell: Tell) -> None:
    """6.11: ten minutes were left; the acknowledge target of half an hour does not make them thirty."""
    urgent, normal = row(acknowledge=0.5, resolve=2), row(acknowledge=8, resolve=9)
    story = tell(two(urgent=urgent, normal=normal))
    story.open("Mon 23 Nov 09:00").acknowledge().until("Mon 23 Nov 17:50").as_told()
    change(story, URGENT).in_short("Mon 23 Nov 17:50 priority normal -> urgent")
    assert story.clock(Target.TIER_RESOLVE).deadline_at == story.instant("Mon 23 Nov 18:00")


def test_the_remainder_counts_in_the_clocks_own_calendar(tell: Tell) -> None:
    """6.11: at half past four the desk has half an hour left today; the rest is tomorrow morning."""
    urgent, normal = row(acknowledge=1, resolve=2), row(acknowledge=20, resolve=30)
    story = tell(two(urgent=urgent, normal=normal, agents=OFFICE), zone="Europe/London")
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 13:00").acknowledge().until("Mon 23 Nov 16:30").as_told()
    change(story, URGENT).as_told()
    assert story.clock(Target.TIER_RESOLVE).deadline_at == story.instant("Tue 24 Nov 09:30")


def test_pauses_are_kept(tell: Tell) -> None:
    """6.11: a paused clock gets its new length too, and counts on from what it had spent when it resumes."""
    story = tell(two(urgent=row(resolve=4), normal=row(resolve=9)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").ask().until("Mon 23 Nov 12:00").as_told()
    change(story, URGENT).as_told()
    story.until("Mon 23 Nov 13:00").contact().as_told()
    clock = story.clock(Target.TIER_RESOLVE)
    assert (clock.spent, clock.deadline_at) == (hours(1), story.instant("Mon 23 Nov 16:00"))


def test_lowering_gives_the_time_of_the_lower_target(tell: Tell) -> None:
    """6.11: from urgent to normal the deadline moves later, counted from the original start."""
    story = tell(two(urgent=row(acknowledge=1), normal=row(acknowledge=4)))
    story.open("Mon 23 Nov 09:00", priority=URGENT).until("Mon 23 Nov 09:30").as_told()
    change(story, NORMAL_PRIORITY).as_told()
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 23 Nov 13:00")


def test_raising_never_gives_time(tell: Tell) -> None:
    """6.11: a table that gives an urgent ticket longer does not move its deadline later."""
    story = tell(two(urgent=row(acknowledge=4), normal=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").as_told()
    change(story, URGENT).as_told()
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 23 Nov 10:00")


def test_a_breach_stays_a_breach(tell: Tell) -> None:
    """4.3, 6.11: lowering the priority afterwards neither withdraws it nor judges it again."""
    story = tell(two(urgent=row(resolve=1), normal=row(resolve=9)))
    story.open("Mon 23 Nov 09:00", priority=URGENT).until("Mon 23 Nov 11:00").as_told()
    change(story, NORMAL_PRIORITY).as_told()
    story.transfer("agent").until("Tue 24 Nov 09:00").as_told()
    breaches = [entry.event for entry in story.entries if isinstance(entry.event, ClockBreached)]
    assert [(each.target, each.run) for each in breaches] == [(Target.TIER_RESOLVE, 1)]


def test_a_tier_entered_again_under_another_priority_is_no_breach(tell: Tell) -> None:
    """6.11, 2.3: three hours spent, now two are allowed: the acknowledge target is what is left."""
    story = tell(two(urgent=row(acknowledge=0.5, resolve=2), normal=row(acknowledge=8, resolve=9)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 12:00").transfer("specialist").as_told()
    change(story.until("Mon 23 Nov 12:30"), URGENT).until("Mon 23 Nov 13:00").transfer("agent").as_told()
    assert story.clock(Target.TIER_RESOLVE, "agent").deadline_at == story.instant("Mon 23 Nov 13:30")


def test_a_tier_entered_again_under_another_priority_gets_no_more_than_it_had_left(tell: Tell) -> None:
    """6.11, 2.3: ten minutes of nine hours were left; the acknowledge target of half an hour makes them no thirty."""
    story = tell(two(urgent=row(acknowledge=0.5, resolve=2), normal=row(acknowledge=20, resolve=9)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 17:50").transfer("specialist").as_told()
    change(story.until("Mon 23 Nov 18:30"), URGENT).until("Mon 23 Nov 19:00").transfer("agent").as_told()
    clock = story.clock(Target.TIER_RESOLVE, "agent")
    assert (clock.deadline_at, clock.length) == (story.instant("Mon 23 Nov 19:10"), hours(9))


@pytest.mark.parametrize(
    ("agents", "specialists", "opened", "deadline"),
    [
        pytest.param((6, 8), (2, 3), NORMAL_PRIORITY, "Mon 23 Nov 11:00", id="raised, specialists sooner"),
        pytest.param((2, 8), (1, 3), URGENT, "Mon 23 Nov 12:00", id="lowered, specialists sooner"),
        pytest.param((2, 3), (6, 8), NORMAL_PRIORITY, "Mon 23 Nov 11:00", id="raised, agents sooner"),
        pytest.param((1, 3), (2, 8), URGENT, "Mon 23 Nov 12:00", id="lowered, agents sooner"),
    ],
)
def test_an_update_run_gets_the_new_target_of_the_tier_that_promised_sooner(
    tell: Tell, agents: tuple[float, float], specialists: tuple[float, float], opened: str, deadline: str
) -> None:
    """6.11, 2.2: begun with the agents, held by the specialists: whichever of the two new lengths ends earlier.

    Each tier's hours are the urgent and the normal ones; three quarters of an hour are over when the priority changes.
    """
    urgent, normal = (row(update_every=each) for each in agents)
    policy = two(urgent=urgent, normal=normal)
    targets = {URGENT: row(update_every=specialists[0]), NORMAL_PRIORITY: row(update_every=specialists[1])}
    policy = replace(policy, tiers=(policy.tiers[0], replace(policy.tiers[1], targets=targets)))
    story = tell(policy).open("Mon 23 Nov 09:00", priority=opened)
    story.until("Mon 23 Nov 09:30").transfer("specialist").until("Mon 23 Nov 09:45").as_told()
    change(story, NORMAL_PRIORITY if opened == URGENT else URGENT).as_told()
    assert story.clock(Target.UPDATE).deadline_at == story.instant(deadline)


def test_a_warning_that_the_new_target_puts_in_the_past_is_sent_at_once_after_hours_too(tell: Tell) -> None:
    """6.11, 2.8: two of two and a half hours spent when the desk has gone home; it does not wait for the morning."""
    policy = two(urgent=row(resolve=2.5), normal=row(resolve=8), agents=OFFICE)
    story = tell(replace(policy, warn_at=(0.75,)), zone="Europe/London")
    story.open("Mon 23 Nov 15:00").until("Mon 23 Nov 20:00").as_told()
    change(story, URGENT).as_told().until("Mon 23 Nov 20:01").happened(
        "Mon 23 Nov 20:00 warned 75% of tier_resolve/1 of agent, due 20:00"
    )


def test_who_has_it_is_told(tell: Tell) -> None:
    """6.11: handler and owner, once when they are one."""
    story = tell(two(urgent=row(), normal=row())).open("Mon 23 Nov 09:00").acknowledge("ann").as_told()
    change(story, URGENT).in_short("Mon 23 Nov 09:00:00.000002 priority normal -> urgent")
    story.told("priority_changed to handler ann")


@pytest.mark.parametrize(
    ("priority", "refusal"),
    [
        ("someday", "UNKNOWN_PRIORITY: cannot change the priority to 'someday': the policy has urgent, normal"),
        (
            "normal",
            (
                "WRONG_STATE: cannot change the priority: the ticket is 'open'; "
                "its priority is 'normal' already: name another"
            ),
        ),
    ],
)
def test_what_is_refused(tell: Tell, priority: str, refusal: str) -> None:
    """6.11: a priority that the policy does not promise, or that it has already."""
    story = tell(two(urgent=row(), normal=row())).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").as_told()
    change(story, priority).happened(f"Mon 23 Nov 10:00 refused {refusal}")


QUARTERS = st.integers(1, 40).map(lambda quarters: minutes(15 * quarters))
ROWS = st.builds(Targets, acknowledge=QUARTERS, update_every=QUARTERS, resolve=QUARTERS)


@given(ROWS, ROWS, st.lists(QUARTERS, min_size=1, max_size=6))
def test_changing_is_never_itself_a_breach_and_raising_no_gift(
    urgent: Targets, normal: Targets, gaps: list[timedelta]
) -> None:
    """6.11: whatever the tables say, no deadline moves into the past, no time spent is lost, none is given."""
    policy, now = two(urgent=urgent, normal=normal), OPENED_AT
    ticket = open_ticket(policy, OPENING, now).ticket
    for gap in gaps:
        now += gap
        before = judge(policy, ticket, now).ticket
        is_raised = before.priority == NORMAL_PRIORITY
        command = ChangePriority(actor="ann", priority=URGENT if is_raised else NORMAL_PRIORITY, reason="shop closed")
        changed = judge(policy, ticket, now, command)
        ticket = changed.ticket
        assert changed.refusal is None
        assert [clock.state for clock in ticket.clocks] == [clock.state for clock in before.clocks]
        for was, clock in zip(before.clocks, ticket.clocks, strict=True):
            if clock.deadline_at is None or was.deadline_at is None:
                continue
            assert clock.deadline_at >= now
            assert spent_by(policy, clock, now) == spent_by(policy, was, now)
            assert not is_raised or clock.deadline_at <= was.deadline_at
