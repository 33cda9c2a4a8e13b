"""Semantics 7.3: a running ticket on another version of its policy, with the time spent and the pauses kept."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from tests.support.policies import ALWAYS, QUIET, ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.errors import DomainError
from workflows.domain.policy import Policy, Tier, hours
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import ChangePolicy, Renaming
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.verdict import RefusalReason
from workflows.domain.ticket.words import ClockState, Pause, Status, Target
from workflows.testing.story import PureDomain, Story, brought_to, telling

OFFICE = Calendar("Europe/London", {"mon-fri": "09:00-17:00"})
SHORT_DAYS = Calendar("Europe/London", {"mon-fri": "10:00-14:00"})
TellBoth = Callable[..., Story]


@pytest.fixture
def tell_both() -> Iterator[TellBoth]:
    """Begin stories under one policy that may go on under another; each must have been read to its end."""
    later: list[Policy] = []
    stories = telling(lambda policy: PureDomain(policy, *later))
    tell = next(stories)

    def begin(before: Policy, *after: Policy, zone: str = "UTC") -> Story:
        later.extend(after)
        return tell(before, zone=zone)

    yield begin
    next(stories, None)


def move(story: Story, after: Policy, **renamings: tuple[Renaming, ...]) -> Story:
    """Change the policy."""
    command = ChangePolicy(actor="ops", policy_version=version_of(after), reason="longer hours", **renamings)
    return story.send(command)


def changed(before: Policy, after: Policy) -> str:
    """How the line begins that says so."""
    return f"policy {version_of(before)} -> {version_of(after)}"


def test_each_running_clock_gets_its_new_length_from_its_own_start(tell_both: TellBoth) -> None:
    """7.3: two hours spent of nine leave two of four; what both versions promise alike does not move."""
    before, after = ladder(agent=row(acknowledge=9)), ladder(agent=row(acknowledge=4))
    story = tell_both(before, after).open("Mon 23 Nov 09:00").until("Mon 23 Nov 11:00").as_told()
    move(story, after).happened(
        f"Mon 23 Nov 11:00 {changed(before, after)}",
        "Mon 23 Nov 11:00 moved acknowledge/1 of agent to 4h, 2h spent, until 13:00",
    )
    story.told()
    assert story.ticket.policy_version == version_of(after)
    story.until("Mon 23 Nov 13:00").happened()


def test_time_is_counted_in_the_old_calendar_up_to_then_and_in_the_new_from_then_on(tell_both: TellBoth) -> None:
    """7.3, 8: eight hours from Monday 09:00; six are spent by 15:00, and of the short days two more end it at noon."""
    before, after = ladder(calendar=OFFICE, resolve=hours(8)), ladder(calendar=SHORT_DAYS, resolve=hours(8))
    story = tell_both(before, after, zone="Europe/London")
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 15:00").as_told()
    move(story, after).happened(
        f"Mon 23 Nov 15:00 {changed(before, after)}",
        "Mon 23 Nov 15:00 moved update/1 of agent to 7h59m, 6h spent, until Tue 24 Nov 11:59",
        "Mon 23 Nov 15:00 moved resolve/1 of agent to 8h, 6h spent, until Tue 24 Nov 12:00",
    )
    lines = ledger(before, story.entries, story.instant("Tue 24 Nov 11:00"), later={version_of(after): after})
    (line,) = (line for line in lines if line.target is Target.RESOLVE)
    assert [(each.from_at, each.counted) for each in line.intervals] == [
        (story.instant("Mon 23 Nov 09:00"), hours(6)),
        (story.instant("Mon 23 Nov 15:00"), hours(1)),
    ]
    assert (line.policy_version, line.calendar) == (version_of(after), "Europe/London mon-fri 10:00-14:00")
    assert (line.spent, line.left) == (hours(7), hours(1))
    assert line.deadline_at == story.instant("Tue 24 Nov 12:00")


def test_time_that_was_counted_stays_counted_where_the_deadline_happens_to_stay(tell_both: TellBoth) -> None:
    """7.3: that Monday is declared closed afterwards, its eight hours are spent all the same, and the log has them."""
    closed = Calendar("Europe/London", {"mon-fri": "09:00-17:00"}, closed=["2026-11-23"])
    before, after = ladder(calendar=OFFICE, resolve=hours(12)), ladder(calendar=closed, resolve=hours(12))
    story = tell_both(before, after, zone="Europe/London")
    story.open("Mon 23 Nov 09:00").until("Tue 24 Nov 10:00").as_told()
    move(story, after).happened(
        f"Tue 24 Nov 10:00 {changed(before, after)}",
        "Tue 24 Nov 10:00 moved update/1 of agent to 11h59m, 9h spent, until 12:59",
        "Tue 24 Nov 10:00 moved resolve/1 of agent to 12h, 9h spent, until 13:00",
    )
    story.until("Tue 24 Nov 11:00").ask().as_told()
    assert story.clock(Target.RESOLVE).spent == hours(10)


def test_a_run_that_was_over_is_told_by_the_version_that_it_ended_under(tell_both: TellBoth) -> None:
    """8, 7.3: the acknowledgement that was missed counted in the office's hours; what runs, in the shorter ones."""
    before = ladder(agent=row(acknowledge=2), agents_calendar=OFFICE)
    after = ladder(agent=row(acknowledge=2), agents_calendar=SHORT_DAYS)
    story = tell_both(before, after, zone="Europe/London").open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30")
    story.acknowledge().until("Mon 23 Nov 10:00").as_told()
    move(story, after).as_told()
    lines = ledger(before, story.entries, story.instant("Mon 23 Nov 11:00"), later={version_of(after): after})
    told = {line.target: (line.policy_version, line.calendar) for line in lines if line.tier == "agent"}
    assert told[Target.ACKNOWLEDGE] == (version_of(before), "Europe/London mon-fri 09:00-17:00")
    assert told[Target.TIER_RESOLVE] == (version_of(after), "Europe/London mon-fri 10:00-14:00")


def test_a_renamed_tiers_run_is_told_under_its_new_name(tell_both: TellBoth) -> None:
    """8, 7.3: as the ticket has it."""
    before = ladder()
    after = renamed(before, agent="clerk")
    story = tell_both(before, after).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").as_told()
    move(story, after, tiers=(Renaming(old="agent", new="clerk"),)).as_told()
    lines = ledger(before, story.entries, story.instant("Mon 23 Nov 11:00"), later={version_of(after): after})
    assert {(line.target, line.tier) for line in lines} == {(target, "clerk") for target in Target}
    assert {clock.tier for clock in story.ticket.clocks} == {"clerk"}


def test_a_target_that_is_spent_already_is_no_breach(tell_both: TellBoth) -> None:
    """7.3, 6.11: five hours spent of two: the new acknowledge target is left, and no more than there was before."""
    before = ladder(agent=row(acknowledge=5.25, resolve=9))
    after = ladder(agent=row(acknowledge=0.5, resolve=2))
    story = tell_both(before, after).open("Mon 23 Nov 09:00").until("Mon 23 Nov 14:00").as_told()
    move(story, after).happened(
        f"Mon 23 Nov 14:00 {changed(before, after)}",
        "Mon 23 Nov 14:00 moved tier_resolve/1 of agent to 5h30m, 5h spent, until 14:30",
    )
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 23 Nov 14:15")
    story.acknowledge().as_told()
    story.until("Mon 23 Nov 14:45").in_short(
        "Mon 23 Nov 14:30 breached tier_resolve/1 of agent, due 14:30",
        "Mon 23 Nov 14:30 escalated agent -> specialist: tier_resolve_breached, next news Sat 26 Dec 17:00",
    )


def test_a_deadline_of_this_very_instant_stands(tell_both: TellBoth) -> None:
    """7.3, 5.2: closing time, and nothing left: it may still be met now, and is not put off to the next opening."""
    before = ladder(agent=row(acknowledge=8), agents_calendar=OFFICE)
    after = ladder(agent=row(acknowledge=2), agents_calendar=SHORT_DAYS)
    story = tell_both(before, after, zone="Europe/London")
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 17:00").as_told()
    move(story, after).happened(
        f"Mon 23 Nov 17:00 {changed(before, after)}",
        "Mon 23 Nov 17:00 moved acknowledge/1 of agent to 8h, 8h spent, until 17:00",
        "Mon 23 Nov 17:00 moved tier_resolve/1 of agent to 900h, 8h spent, until Thu 30 Sep 14:00",
    )
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 23 Nov 17:00")
    story.until("Mon 23 Nov 17:01").in_short(
        "Mon 23 Nov 17:00 breached acknowledge/1 of agent, due 17:00",
        "Mon 23 Nov 17:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
    )


def test_what_a_run_came_to_stays_where_both_versions_promise_the_same(tell_both: TellBoth) -> None:
    """7.3, 2.2, 6.11: entering the tier left it an hour; a shorter acknowledge target is no reason to take it away."""
    before, after = (
        ladder(agent=row(update_every=8), specialist=row(acknowledge=length, update_every=4)) for length in (1, 0.1)
    )
    story = tell_both(before, after).open("Mon 23 Nov 09:00").until("Mon 23 Nov 14:00").escalate()
    story.until("Mon 23 Nov 14:30").as_told()
    assert story.clock(Target.UPDATE).length == hours(6)
    move(story, after).as_told()
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Mon 23 Nov 15:00")


def test_breaches_stand_and_what_was_met_stays_met(tell_both: TellBoth) -> None:
    """7.3: a longer target takes no breach back and gives nobody a second chance at it."""
    before = ladder(agent=row(acknowledge=1, resolve=900), specialist=row(resolve=2))
    after = ladder(agent=row(acknowledge=9, resolve=900), specialist=row(resolve=20))
    story = tell_both(before, after).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:30").acknowledge()
    story.until("Mon 23 Nov 11:00").as_told()
    clocks_before = {(clock.target, clock.run): clock for clock in story.ticket.clocks}
    move(story, after).as_told()
    for clock in story.ticket.clocks:
        if not clock.state.is_live:
            assert clock == clocks_before[clock.target, clock.run]
    assert story.clock(Target.ACKNOWLEDGE).state is ClockState.MET
    assert story.clock(Target.TIER_RESOLVE, "specialist").length == hours(20)
    assert story.ticket.tier == "specialist"


def test_a_warning_that_was_sent_is_not_sent_again(tell_both: TellBoth) -> None:
    """7.3, 2.8: warned at half, of nine hours and then of ten: the next warning is that of nine tenths."""
    before = ladder(agent=row(acknowledge=8), warn_at=(0.5, 0.75))
    after = ladder(agent=row(acknowledge=10), warn_at=(0.25, 0.5, 0.9))
    story = tell_both(before, after).open("Mon 23 Nov 09:00").until("Mon 23 Nov 13:30").as_told()
    move(story, after).as_told()
    story.until("Mon 23 Nov 18:30").happened("Mon 23 Nov 18:00 warned 90% of acknowledge/1 of agent, due 18:00")


def test_a_warning_that_is_past_by_the_new_length_is_sent_at_once(tell_both: TellBoth) -> None:
    """7.3, 2.8: four hours are more than three quarters of five."""
    before, after = (ladder(agent=row(acknowledge=length), warn_at=(0.75,)) for length in (9, 5))
    story = tell_both(before, after).open("Mon 23 Nov 09:00").until("Mon 23 Nov 13:00").as_told()
    move(story, after).as_told()
    story.until("Mon 23 Nov 13:10").happened("Mon 23 Nov 13:00 warned 75% of acknowledge/1 of agent, due 13:00")
    story.told("clock_warned to handler agent")


def test_a_wait_keeps_its_pauses_and_its_reminders(tell_both: TellBoth) -> None:
    """7.3, 6.6: one reminder was sent; the next is the new version's second, counted from the question."""
    before = ladder()
    after = replace(
        before, customer_reminders=(hours(3), hours(16), hours(40)), give_up=hours(50), resolve={"normal": hours(900)}
    )
    story = (
        tell_both(before, after)
        .open("Mon 23 Nov 08:00")
        .until("Mon 23 Nov 09:00")
        .ask()
        .until("Mon 23 Nov 20:00")
        .as_told()
    )
    move(story, after).happened(
        f"Mon 23 Nov 20:00 {changed(before, after)}",
        "Mon 23 Nov 20:00 moved resolve/1 of agent to 900h, 1h spent, paused",
    )
    assert story.clock(Target.RESOLVE).pause is Pause.WAITING_ON_CUSTOMER
    story.until("Wed 25 Nov 11:30").in_short(
        "Tue 24 Nov 01:00 customer reminded 2, due 01:00",
        "Wed 25 Nov 01:00 customer reminded 3, due 01:00",
        "Wed 25 Nov 11:00 wait ended: gave_up",
        "Wed 25 Nov 11:00 resolved no_response, due 11:00",
    )


def test_a_version_with_fewer_reminders_than_were_sent_gives_up_next(tell_both: TellBoth) -> None:
    """7.3, 6.6: two reminders were sent of a version that has none: nobody is reminded again, nobody given up early."""
    before = ladder()
    after = replace(before, customer_reminders=())
    story = (
        tell_both(before, after)
        .open("Mon 23 Nov 08:00")
        .until("Mon 23 Nov 09:00")
        .ask()
        .until("Tue 24 Nov 06:00")
        .as_told()
    )
    move(story, after).happened(f"Tue 24 Nov 06:00 {changed(before, after)}")
    story.until("Tue 24 Nov 15:30").in_short(
        "Tue 24 Nov 15:00 wait ended: gave_up",
        "Tue 24 Nov 15:00 resolved no_response, due 15:00",
    )


def test_nobody_is_given_up_on_at_once(tell_both: TellBoth) -> None:
    """7.3, 6.11: 25 hours of a wait that is now one of 12: the tier's new acknowledge target is left to answer in."""
    before = ladder(agent=row(acknowledge=700))
    after = replace(ladder(agent=row(acknowledge=2)), customer_reminders=(), give_up=hours(12))
    story = (
        tell_both(before, after)
        .open("Mon 23 Nov 08:00")
        .acknowledge()
        .until("Mon 23 Nov 09:00")
        .ask()
        .until("Tue 24 Nov 10:00")
        .as_told()
    )
    move(story, after).as_told()
    story.until("Tue 24 Nov 12:30").in_short(
        "Tue 24 Nov 12:00 wait ended: gave_up",
        "Tue 24 Nov 12:00 resolved no_response, due 12:00",
    )


def test_sign_off_silence_and_the_last_resorts_reminder_move_as_clocks_do(tell_both: TellBoth) -> None:
    """7.3: six hours of silence of twenty-four leave two of eight; so does a reminder half an hour away."""
    before, after = ladder(), replace(ladder(), sign_off=hours(8))
    story = (
        tell_both(before, after)
        .open("Mon 23 Nov 08:00")
        .until("Mon 23 Nov 09:00")
        .resolve()
        .until("Mon 23 Nov 15:00")
        .as_told()
    )
    move(story, after).as_told()
    assert story.ticket.status is Status.RESOLVED
    story.until("Mon 23 Nov 17:30").in_short(
        "Mon 23 Nov 17:00 closed fixed by silence, due 17:00",
        "Mon 23 Nov 17:00 met tier_resolve/1 of agent, 1h spent, as of 09:00",
        "Mon 23 Nov 17:00 met update/2 of agent, 0m spent, as of 09:00",
        "Mon 23 Nov 17:00 met resolve/1 of agent, 1h spent, as of 09:00",
    )
    rarely = replace(ladder(), remind_every=hours(3))
    story = tell_both(before, rarely).open("Mon 23 Nov 09:00").transfer("supplier")
    story.until("Mon 23 Nov 09:30").escalate().until("Mon 23 Nov 10:00").as_told()
    move(story, rarely).as_told()
    story.until("Mon 23 Nov 13:00").in_short("Mon 23 Nov 12:30 reminded duty-manager 1: by_hand, due 12:30")


def test_what_the_customer_was_promised_by_an_instant_stays_promised(tell_both: TellBoth) -> None:
    """7.3, 6.5: the news told of when it was escalated is told of once; the clock behind it may move."""
    before, after = ladder(specialist=row(update_every=8)), ladder(specialist=row(update_every=4))
    story = tell_both(before, after).open("Mon 23 Nov 08:00").until("Mon 23 Nov 09:00").escalate().as_told()
    promised_at = story.ticket.next_news_at
    move(story, after).as_told()
    assert story.ticket.next_news_at == promised_at == story.instant("Mon 23 Nov 16:00")
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Mon 23 Nov 12:00")


def test_later_steps_go_by_the_new_version(tell_both: TellBoth) -> None:
    """7.3, 6.9: entering a tier, and reopening, ask the version that the ticket has by then."""
    before, after = ladder(), ladder(specialist=row(acknowledge=2))
    story = tell_both(before, after).open("Mon 23 Nov 09:00").as_told()
    move(story, after).happened(f"Mon 23 Nov 09:00 {changed(before, after)}".replace("09:00", "09:00:00.000001"))
    story.until("Mon 23 Nov 10:00").escalate().as_told()
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 23 Nov 12:00")
    story.resolve().confirm().reopen().as_told()
    assert story.clock(Target.ACKNOWLEDGE).length == hours(2)


def test_a_closed_ticket_keeps_its_policy(tell_both: TellBoth) -> None:
    """7.2, 7.3: nothing of it runs."""
    before, after = ladder(), ladder(agent=row(acknowledge=2))
    story = brought_to(tell_both(before, after), Status.CLOSED)
    move(story, after).happened(
        "Mon 23 Nov 10:00 refused WRONG_STATE: cannot change the policy: the ticket is 'closed'; "
        "a closed ticket keeps the policy that it was closed under"
    )
    assert story.ticket.policy_version == version_of(before)


def test_a_ticket_that_has_the_version_already_is_left_alone(tell_both: TellBoth) -> None:
    """7.3: asked twice, it is done once; the second time nothing would move."""
    before, after = ladder(), ladder(agent=row(acknowledge=2))
    story = move(tell_both(before, after).open("Mon 23 Nov 09:00"), after).as_told()
    version = story.ticket.version
    story.until("Mon 23 Nov 10:00").as_told()
    move(story, after).happened(
        "Mon 23 Nov 10:00 refused WRONG_STATE: cannot change the policy: the ticket is 'open'; its policy has version "
        f"{version_of(after)!r} already, and nothing of it would move"
    )
    assert story.ticket.version == version


def test_newer_zone_rules_take_effect_by_the_same_version(tell_both: TellBoth) -> None:
    """3.6: an upgrade takes effect for running tickets only by a migration; here London opens an hour later."""
    hours_by_then = Calendar("Europe/London", {"mon-fri": "09:00-17:00"})
    policy = ladder(agent=row(acknowledge=9), agents_calendar=hours_by_then)
    story = tell_both(policy, zone="Europe/London").open("Mon 23 Nov 09:30").until("Mon 23 Nov 12:00").as_told()
    later = Calendar("Europe/London", {"mon-fri": "10:00-18:00"})
    object.__setattr__(hours_by_then, "years", later.years)
    move(story, policy).happened(
        f"Mon 23 Nov 12:00 {changed(policy, policy)}",
        "Mon 23 Nov 12:00 moved acknowledge/1 of agent to 9h, 2h spent, until Tue 24 Nov 11:00",
        "Mon 23 Nov 12:00 moved tier_resolve/1 of agent to 900h, 2h spent, until Wed 28 Apr 14:00",
    )


def test_a_pause_of_a_version_that_has_no_such_pause_ends_with_its_wait(tell_both: TellBoth) -> None:
    """7.3, 2.7: pauses are kept; what stands still goes on when the customer answers."""
    before, after = ladder(), ladder(waiting_pauses=())
    story = (
        tell_both(before, after)
        .open("Mon 23 Nov 08:00")
        .until("Mon 23 Nov 09:00")
        .ask()
        .until("Mon 23 Nov 10:00")
        .as_told()
    )
    move(story, after).as_told()
    assert story.clock(Target.RESOLVE).state is ClockState.PAUSED
    story.contact().as_told()
    assert story.clock(Target.RESOLVE).state is ClockState.RUNNING


# A version that calls things otherwise, or lacks them.


def renamed(policy: Policy, **names: str) -> Policy:
    """The same ladder with other names for some tiers."""
    return replace(policy, tiers=tuple(replace(tier, name=names.get(tier.name, tier.name)) for tier in policy.tiers))


def without(policy: Policy, name: str) -> Policy:
    """The same ladder without a tier."""
    return replace(policy, tiers=tuple(tier for tier in policy.tiers if tier.name != name))


def test_a_ticket_in_a_tier_that_there_is_no_more_is_refused(tell_both: TellBoth) -> None:
    """7.3: nothing of it changes, and the answer says what there is."""
    before = ladder()
    after = without(before, "specialist")
    story = (
        tell_both(before, after)
        .open("Mon 23 Nov 08:00")
        .until("Mon 23 Nov 09:00")
        .escalate()
        .until("Mon 23 Nov 10:00")
        .as_told()
    )
    move(story, after).happened(
        "Mon 23 Nov 10:00 refused UNKNOWN_TIER: cannot change the policy: the ticket is of tier 'specialist', "
        f"which version {version_of(after)!r} has not: say which takes its place, of agent, supplier"
    )
    assert story.ticket.policy_version == version_of(before)


def test_a_ticket_of_a_priority_that_there_is_no_more_is_refused_unless_it_is_called_otherwise(
    tell_both: TellBoth,
) -> None:
    """7.3, 6.11: `normal` is `standard` now."""
    before = ladder()
    after = replace(
        before,
        resolve={"standard": hours(1000)},
        tiers=tuple(Tier(name=tier.name, calendar=ALWAYS, targets={"standard": QUIET}) for tier in before.tiers),
    )
    story = tell_both(before, after).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").as_told()
    refused = judge(before, story.ticket, story.instant("Mon 23 Nov 10:01"), _to(after), onto=after).refusal
    assert refused is not None
    assert refused.reason is RefusalReason.UNKNOWN_PRIORITY
    move(story, after, priorities=(Renaming(old="normal", new="standard"),)).happened(
        f"Mon 23 Nov 10:00 {changed(before, after)}, priority normal -> standard"
    )
    assert story.ticket.priority == "standard"


def test_a_renamed_tier_keeps_ticket_time_and_visits(tell_both: TellBoth) -> None:
    """7.3, 2.3, 6.5: specialists are called experts; who comes back to them goes on from the time they spent."""
    before = ladder(specialist=row(resolve=9))
    after = renamed(before, specialist="expert")
    story = (
        tell_both(before, after)
        .open("Mon 23 Nov 08:00")
        .until("Mon 23 Nov 09:00")
        .escalate()
        .until("Mon 23 Nov 11:00")
        .as_told()
    )
    move(story, after, tiers=(Renaming(old="specialist", new="expert"),)).happened(
        f"Mon 23 Nov 11:00 {changed(before, after)}, tier specialist -> expert",
        "Mon 23 Nov 11:00 moved acknowledge/2 of expert to 700h, 2h spent, until Tue 22 Dec 13:00",
        "Mon 23 Nov 11:00 moved tier_resolve/2 of expert to 9h, 2h spent, until 18:00",
    )
    assert story.ticket.visited == ("agent", "expert")
    story.transfer("agent").until("Mon 23 Nov 12:00").as_told()
    story.transfer("expert").as_told()
    assert story.clock(Target.TIER_RESOLVE, "expert").spent > hours(1.99)


def test_an_update_run_that_began_in_a_tier_there_is_no_more_is_the_present_tiers(tell_both: TellBoth) -> None:
    """7.3, 2.2: its length is the present tier's, and a change of priority finds it there."""
    before = ladder(agent=row(update_every=8), specialist=row(update_every=9))
    after = without(ladder(agent=row(update_every=8), specialist=row(update_every=6)), "agent")
    story = (
        tell_both(before, after)
        .open("Mon 23 Nov 08:00")
        .until("Mon 23 Nov 09:00")
        .escalate()
        .until("Mon 23 Nov 10:00")
        .as_told()
    )
    move(story, after).happened(
        f"Mon 23 Nov 10:00 {changed(before, after)}",
        "Mon 23 Nov 10:00 moved update/1 of specialist to 6h, 2h spent, until 14:00",
        "Mon 23 Nov 10:00 moved resolve/1 of specialist to 1000h, 2h spent, until Mon 4 Jan 00:00",
    )
    assert story.ticket.visited == ("agent", "specialist")


def test_two_tiers_made_one_keep_the_later_time(tell_both: TellBoth) -> None:
    """7.3: specialists do the agents' work now, and the agents' own is theirs."""
    before = ladder()
    after = without(before, "agent")
    story = (
        tell_both(before, after)
        .open("Mon 23 Nov 08:00")
        .until("Mon 23 Nov 09:00")
        .escalate()
        .until("Mon 23 Nov 10:00")
        .as_told()
    )
    move(story, after, tiers=(Renaming(old="agent", new="specialist"),)).as_told()
    assert story.clock(Target.TIER_RESOLVE, "specialist").run == 2
    assert story.ticket.visited == ("specialist", "specialist")


@pytest.mark.parametrize(
    ("renamings", "problem"),
    [
        ((Renaming(old="agent", new="supplier"),), "tier 'agent' is one of the new version's: leave it out"),
        (
            (Renaming(old="clerk", new="boss"),),
            "tier 'boss' is none of the new version's: name one of agent, specialist, supplier",
        ),
    ],
)
def test_only_what_is_gone_is_called_otherwise(renamings: tuple[Renaming, ...], problem: str) -> None:
    """7.3: asked again, the second time finds nothing to rename; so a name that there is stays what it is."""
    before, after = ladder(), ladder(agent=row(acknowledge=2))
    story = Story(PureDomain(before, after)).open("Mon 23 Nov 09:00")
    with pytest.raises(DomainError) as wrong:
        move(story, after, tiers=renamings)
    assert str(wrong.value) == problem


def test_a_policy_that_changed_its_name_is_another(tell_both: TellBoth) -> None:
    """7.3: a version is one of the same policy."""
    before, after = ladder(), replace(ladder(), name="anew")
    story = tell_both(before, after).open("Mon 23 Nov 09:00").as_told()
    with pytest.raises(DomainError, match="policy 'made-up' is called 'anew' now: give it back its name"):
        move(story, after)


def test_the_policy_that_is_given_is_the_one_that_is_named(tell_both: TellBoth) -> None:
    """7.3: the command names a version; another's content is not it."""
    before, after = ladder(), ladder(agent=row(acknowledge=2))
    story = tell_both(before, after).open("Mon 23 Nov 09:00").as_told()
    for other in (before, None):
        with pytest.raises(DomainError, match="is not the one given"):
            judge(before, story.ticket, story.instant("Mon 23 Nov 10:00"), _to(after), onto=other)


def _to(policy: Policy) -> ChangePolicy:
    return ChangePolicy(actor="ops", policy_version=version_of(policy), reason="longer hours")


def test_what_was_promised_stays_promised_and_is_warned_of_as_the_new_version_says(tell_both: TellBoth) -> None:
    """7.3, 2.4, 2.8: no instant moves; a fraction that was warned of is not warned of again."""
    before, after = ladder(warn_at=(0.5,)), ladder(warn_at=(0.25, 0.5, 0.75))
    story = tell_both(before, after).open("Mon 23 Nov 09:00").acknowledge().until("Mon 23 Nov 10:00").as_told()
    story.promise("call", "Mon 23 Nov 14:00").promise("visit", "Tue 24 Nov 10:00").as_told()
    story.until("Mon 23 Nov 12:30").in_short("Mon 23 Nov 12:00 warned 50% of promise call/1, due 12:00").as_told()
    was = {promise.name: promise.promised_at for promise in story.ticket.promises}
    move(story, after).as_told()
    assert {promise.name: promise.promised_at for promise in story.ticket.promises} == was
    story.until("Mon 23 Nov 13:10").in_short("Mon 23 Nov 13:00 warned 75% of promise call/1, due 13:00").as_told()
    pending = {promise.name: [warning.fraction for warning in promise.warnings] for promise in story.ticket.promises}
    assert pending == {"next_news": [], "call": [], "visit": [0.25, 0.5, 0.75]}


def test_a_fraction_of_a_promise_that_is_past_when_the_policy_changes_is_warned_of_at_once(tell_both: TellBoth) -> None:
    """7.3, 2.8: the new version warns earlier than the old one did; what is past is due then, and not before."""
    before, after = ladder(warn_at=(0.75,)), ladder(warn_at=(0.25, 0.75))
    story = tell_both(before, after).open("Mon 23 Nov 09:00").acknowledge().until("Mon 23 Nov 10:00").as_told()
    story.promise("call", "Mon 23 Nov 14:00").until("Mon 23 Nov 12:30").as_told()
    move(story, after).as_told().until("Mon 23 Nov 12:45").in_short(
        "Mon 23 Nov 12:30 warned 25% of promise call/1, due 12:30"
    ).as_told()
