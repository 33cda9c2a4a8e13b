"""Semantics 4.1-4.3: what a breach does."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.policies import ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.policy import OnBreach, Policy, hours
from workflows.domain.ticket.events import ClockBreached, Escalated
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.words import Audience, Cause, Outcome, Status, Target
from workflows.testing.story import Tell


def with_rules(policy: Policy, **by_tier: Mapping[Target, OnBreach]) -> Policy:
    """The same ladder, each tier with rules of its own; those that are not named keep the defaults."""
    return replace(policy, tiers=tuple(replace(tier, on_breach=by_tier.get(tier.name, {})) for tier in policy.tiers))


def test_a_breach_says_when_it_was_due_found_and_takes_effect(tell: Tell) -> None:
    """4.1: between due and detected lies the engine's own lag, here the one microsecond of 5.2."""
    story = tell(ladder(agent=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 12:00").as_told()
    (breach,) = [entry.event for entry in story.entries if isinstance(entry.event, ClockBreached)]
    assert breach.due_at == story.instant("Mon 23 Nov 10:00")
    assert breach.detected_at == story.instant("Mon 23 Nov 10:00:00.000001")
    assert breach.effective_at == story.instant("Mon 23 Nov 10:00")
    assert (breach.engine_late, breach.late_after_seconds) == (False, 60)


def test_a_missed_acknowledge_climbs_the_ladder_to_its_end(tell: Tell) -> None:
    """4.2, 4.4: acknowledge escalates, tier by tier, and at the end the last resort is told."""
    story = tell(ladder(agent=row(acknowledge=1), specialist=row(acknowledge=2), supplier=row(acknowledge=3)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 15:30").happened(
        "Mon 23 Nov 10:00 breached acknowledge/1 of agent, due 10:00",
        "Mon 23 Nov 10:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00 cancelled tier_resolve/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 started acknowledge/2 of specialist, 2h, until 12:00",
        "Mon 23 Nov 10:00 started tier_resolve/2 of specialist, 900h, until Wed 30 Dec 22:00",
        "Mon 23 Nov 10:00 promise next_news/2 made again: next_news, by Sat 26 Dec 17:00",
        "Mon 23 Nov 12:00 breached acknowledge/2 of specialist, due 12:00",
        "Mon 23 Nov 12:00 escalated specialist -> supplier: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 12:00 cancelled tier_resolve/2 of specialist, 2h spent",
        "Mon 23 Nov 12:00 started acknowledge/3 of supplier, 3h, until 15:00",
        "Mon 23 Nov 12:00 started tier_resolve/3 of supplier, 900h, until Thu 31 Dec 00:00",
        "Mon 23 Nov 12:00 promise next_news/3 made again: next_news, by Sat 26 Dec 17:00",
        "Mon 23 Nov 15:00 breached acknowledge/3 of supplier, due 15:00",
        "Mon 23 Nov 15:00 ladder ended at supplier: acknowledge_breached, duty-manager",
    )
    story.told(
        "escalated to customer c-1",
        "escalated to tier specialist",
        "escalated to owner agent",
        "escalated to customer c-1",
        "escalated to tier supplier",
        "escalated to owner agent",
        "ladder_exhausted to last_resort duty-manager",
    )


def test_a_breach_of_the_tiers_resolve_escalates(tell: Tell) -> None:
    """4.2: also while somebody is at it; the handler is asked no more, the owner stays."""
    story = tell(ladder(agent=row(resolve=3)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").acknowledge("ann").as_told()
    story.until("Mon 23 Nov 12:30").in_short(
        "Mon 23 Nov 12:00 breached tier_resolve/1 of agent, due 12:00",
        "Mon 23 Nov 12:00 escalated agent -> specialist: tier_resolve_breached, next news Sat 26 Dec 17:00",
    )
    assert (story.ticket.status, story.ticket.handler, story.ticket.owner) == (Status.OPEN, None, "ann")


def test_a_breach_of_the_customers_resolve_tells_the_last_resort_and_escalates(tell: Tell) -> None:
    """4.2: notify the last resort, and escalate."""
    story = tell(ladder(resolve=hours(5)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 13:00").post_update().as_told()
    story.until("Mon 23 Nov 14:30").in_short(
        "Mon 23 Nov 14:00 breached resolve/1 of agent, due 14:00",
        "Mon 23 Nov 14:00 escalated agent -> specialist: resolve_breached, next news 17:59",
    )
    story.told(
        "clock_breached to last_resort duty-manager",
        "resolve_missed to customer c-1",
        "escalated to customer c-1",
        "escalated to tier specialist",
        "escalated to owner agent",
    )


def test_the_policys_rule_for_a_target_goes_before_the_default(tell: Tell) -> None:
    """4.2: notify only; the ticket stays, its acknowledge is over, and acknowledging late is still possible."""
    story = tell(ladder(agent=row(acknowledge=1), on_breach={Target.ACKNOWLEDGE: OnBreach(notify=(Audience.LEAD,))}))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 11:00").happened("Mon 23 Nov 10:00 breached acknowledge/1 of agent, due 10:00")
    story.told("clock_breached to lead team-lead")
    story.acknowledge("ann").happened("Mon 23 Nov 11:00 acknowledged by ann of agent")


def test_a_policy_may_escalate_every_breach_of_update_or_every_third(tell: Tell) -> None:
    """4.2: every second is the default only."""
    each = tell(ladder(agent=row(update_every=4), on_breach={Target.UPDATE: OnBreach(escalate_every=1)}))
    each.open("Mon 23 Nov 09:00").as_told().until("Mon 23 Nov 13:30").in_short(
        "Mon 23 Nov 13:00 breached update/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 escalated agent -> specialist: update_breached, next news 17:00",
    )
    third = tell(ladder(agent=row(update_every=1), on_breach={Target.UPDATE: OnBreach(escalate_every=3)}))
    third.open("Mon 23 Nov 09:00").as_told().until("Mon 23 Nov 12:30").in_short(
        "Mon 23 Nov 10:00 breached update/1 of agent, due 10:00",
        "Mon 23 Nov 11:00 breached update/2 of agent, due 11:00",
        "Mon 23 Nov 12:00 breached update/3 of agent, due 12:00",
        "Mon 23 Nov 12:00 escalated agent -> specialist: update_breached, next news 13:00",
    )


def test_the_rule_is_that_of_the_tier_that_has_the_ticket(tell: Tell) -> None:
    """4.2: the customer's clocks began with the agents, who would tell the lead; the specialists escalate, silently."""
    agents = dict.fromkeys((Target.UPDATE, Target.RESOLVE), OnBreach(notify=(Audience.LEAD,)))
    specialists = dict.fromkeys((Target.UPDATE, Target.RESOLVE), OnBreach(escalate_every=1))
    policy = with_rules(ladder(agent=row(update_every=4), resolve=hours(6)), agent=agents, specialist=specialists)
    update = tell(policy).open("Mon 23 Nov 09:00").until("Mon 23 Nov 11:00").transfer("specialist").as_told()
    update.until("Mon 23 Nov 13:30").in_short(
        "Mon 23 Nov 13:00 breached update/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 escalated specialist -> supplier: update_breached, next news 18:59",
    )
    update.told(
        "promise_broken to owner agent",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "escalated to customer c-1",
        "escalated to tier supplier",
        "escalated to owner agent",
    )
    resolve = tell(policy).open("Mon 23 Nov 09:00").until("Mon 23 Nov 11:30").transfer("specialist")
    resolve.until("Mon 23 Nov 12:00").post_update().as_told().until("Mon 23 Nov 15:30").in_short(
        "Mon 23 Nov 15:00 breached resolve/1 of agent, due 15:00",
        "Mon 23 Nov 15:00 escalated specialist -> supplier: resolve_breached, next news 17:59",
    )
    resolve.told(
        "resolve_missed to customer c-1",
        "escalated to customer c-1",
        "escalated to tier supplier",
        "escalated to owner agent",
    )


def test_an_acknowledgement_after_its_escalation_is_refused_and_told_who_has_it(tell: Tell) -> None:
    """4.2: a second too late is too late; the answer names the tier, and the handler once there is one."""
    story = tell(ladder(agent=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 10:00:01").as_told().acknowledge("ann", tier="agent").happened(
        "Mon 23 Nov 10:00:01 refused WRONG_TIER: cannot acknowledge tier 'agent': "
        "tier 'specialist' has the ticket now, handled by nobody yet"
    )
    story.until("Mon 23 Nov 10:05").acknowledge("bob", tier="specialist").as_told()
    story.until("Mon 23 Nov 10:06").acknowledge("ann", tier="agent").happened(
        "Mon 23 Nov 10:06 refused WRONG_TIER: cannot acknowledge tier 'agent': "
        "tier 'specialist' has the ticket now, handled by 'bob'"
    )


def test_an_acknowledgement_that_is_the_first_to_find_the_breach_is_refused_all_the_same(tell: Tell) -> None:
    """4.2, 5.2: nobody had settled the ticket; the deadline is judged first, then the command."""
    story = tell(ladder(agent=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.unnoticed_until("Mon 23 Nov 10:00:30").acknowledge("ann", tier="agent").in_short(
        "Mon 23 Nov 10:00 breached acknowledge/1 of agent, due 10:00",
        "Mon 23 Nov 10:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00:30 refused WRONG_TIER: cannot acknowledge tier 'agent': "
        "tier 'specialist' has the ticket now, handled by nobody yet",
    )


def test_only_at_the_last_tier_an_acknowledgement_can_be_late(tell: Tell) -> None:
    """4.2, 4.4: the ladder has ended, the supplier may still take it on; the breach stands."""
    story = tell(ladder(supplier=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").transfer("supplier").as_told()
    story.until("Mon 23 Nov 10:20").as_told().acknowledge("sue").happened(
        "Mon 23 Nov 10:20 acknowledged by sue of supplier"
    )
    story.until("Tue 24 Nov 10:00").happened()
    assert (story.ticket.status, story.ticket.handler) == (Status.IN_PROGRESS, "sue")


def test_a_silent_ticket_breaches_update_again_and_again_and_every_second_escalates(tell: Tell) -> None:
    """4.2, 4.3: the run after a breach starts at the deadline; the count restarts on the entry to a tier."""
    story = tell(ladder(agent=row(update_every=4), specialist=row(update_every=6), supplier=row(update_every=9)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 13:30").happened(
        "Mon 23 Nov 13:00 breached update/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 started update/2 of agent, 4h, until 17:00",
        "Mon 23 Nov 13:00 promise next_news/1 broken, due 13:00",
    )
    story.told("clock_breached to handler agent", "promise_broken to lead team-lead", "promise_broken to customer c-1")
    story.until("Wed 25 Nov 12:30").in_short(
        "Mon 23 Nov 17:00 breached update/2 of agent, due 17:00",
        "Mon 23 Nov 17:00 escalated agent -> specialist: update_breached, next news 21:00",
        "Mon 23 Nov 21:00 breached update/3 of agent, due 21:00",
        "Tue 24 Nov 03:00 breached update/4 of specialist, due 03:00",
        "Tue 24 Nov 03:00 escalated specialist -> supplier: update_breached, next news 09:00",
        "Tue 24 Nov 09:00 breached update/5 of specialist, due 09:00",
        "Tue 24 Nov 18:00 breached update/6 of supplier, due 18:00",
        "Tue 24 Nov 18:00 ladder ended at supplier: update_breached, duty-manager",
        "Tue 24 Nov 19:00 reminded duty-manager 1: update_breached, due 19:00",
        "Tue 24 Nov 20:00 reminded duty-manager 2: update_breached, due 20:00",
        "Tue 24 Nov 21:00 reminded duty-manager 3: update_breached, due 21:00",
        "Tue 24 Nov 22:00 reminded duty-manager 4: update_breached, due 22:00",
        "Tue 24 Nov 23:00 reminded duty-manager 5: update_breached, due 23:00",
        "Wed 25 Nov 00:00 reminded duty-manager 6: update_breached, due 00:00",
        "Wed 25 Nov 01:00 reminded duty-manager 7: update_breached, due 01:00",
        "Wed 25 Nov 02:00 reminded duty-manager 8: update_breached, due 02:00",
        "Wed 25 Nov 03:00 breached update/7 of supplier, due 03:00",
        "Wed 25 Nov 03:00 reminded duty-manager 9: update_breached, due 03:00",
        "Wed 25 Nov 04:00 reminded duty-manager 10: update_breached, due 04:00",
        "Wed 25 Nov 05:00 reminded duty-manager 11: update_breached, due 05:00",
        "Wed 25 Nov 06:00 reminded duty-manager 12: update_breached, due 06:00",
        "Wed 25 Nov 07:00 reminded duty-manager 13: update_breached, due 07:00",
        "Wed 25 Nov 08:00 reminded duty-manager 14: update_breached, due 08:00",
        "Wed 25 Nov 09:00 reminded duty-manager 15: update_breached, due 09:00",
        "Wed 25 Nov 10:00 reminded duty-manager 16: update_breached, due 10:00",
        "Wed 25 Nov 11:00 reminded duty-manager 17: update_breached, due 11:00",
        "Wed 25 Nov 12:00 breached update/8 of supplier, due 12:00",
        "Wed 25 Nov 12:00 reminded duty-manager 18: update_breached, due 12:00",
        "Wed 25 Nov 12:00 ladder ended at supplier, again: update_breached, duty-manager",
    )


def test_a_persons_message_restarts_the_count_of_update_breaches(tell: Tell) -> None:
    """4.2: one breach, an update, one breach: no second one since the person spoke."""
    story = tell(ladder(agent=row(update_every=4)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 14:00").post_update().as_told()
    story.until("Mon 23 Nov 22:30").in_short(
        "Mon 23 Nov 18:00 breached update/3 of agent, due 18:00",
        "Mon 23 Nov 22:00 breached update/4 of agent, due 22:00",
        "Mon 23 Nov 22:00 escalated agent -> specialist: update_breached, next news Tue 24 Nov 02:00",
    )


def test_reopening_is_no_persons_message(tell: Tell) -> None:
    """4.2, 6.9: breached in the wait, given up, reopened by the answer: the next breach is the second."""
    pauses = (Target.TIER_RESOLVE, Target.RESOLVE)
    story = tell(ladder(agent=row(update_every=20), waiting_pauses=pauses))
    story.open("Mon 23 Nov 00:00").until("Mon 23 Nov 02:00").ask().as_told()
    story.until("Tue 24 Nov 09:00").contact().in_short(
        "Mon 23 Nov 12:00 customer reminded 1, due 12:00",
        "Mon 23 Nov 22:00 breached update/2 of agent, due 22:00",
        "Mon 23 Nov 22:00 customer reminded 2, due 22:00",
        "Tue 24 Nov 08:00 wait ended: gave_up",
        "Tue 24 Nov 08:00 resolved no_response, due 08:00",
        "Tue 24 Nov 09:00 contact: news, chases 0",
        "Tue 24 Nov 09:00 reopened, was no_response",
    )
    story.until("Wed 25 Nov 05:30").in_short(
        "Wed 25 Nov 05:00 breached update/4 of agent, due 05:00",
        "Wed 25 Nov 05:00 escalated agent -> specialist: update_breached, next news Thu 26 Nov 01:00",
    )


def test_the_explanation_of_a_withdrawal_is_a_persons_message(tell: Tell) -> None:
    """4.2, 2.2, 6.7: one breach, withdrawn and reopened: the next breach is the first since somebody explained."""
    story = tell(ladder(agent=row(update_every=4)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 14:00").resolve(Outcome.WITHDRAWN).in_short(
        "Mon 23 Nov 09:00 opened normal in agent",
        "Mon 23 Nov 13:00 breached update/1 of agent, due 13:00",
        "Mon 23 Nov 14:00 resolved withdrawn",
        "Mon 23 Nov 14:00 closed withdrawn by outcome",
    )
    story.until("Mon 23 Nov 15:00").reopen().as_told()
    story.until("Mon 23 Nov 23:30").in_short(
        "Mon 23 Nov 19:00 breached update/3 of agent, due 19:00",
        "Mon 23 Nov 23:00 breached update/4 of agent, due 23:00",
        "Mon 23 Nov 23:00 escalated agent -> specialist: update_breached, next news Tue 24 Nov 03:00",
    )


def test_late_update_runs_beyond_twenty_are_one_event(tell: Tell) -> None:
    """4.3: an outage of 25 hours: twenty breaches singly, five as one with first and last due; one escalation."""
    story = tell(ladder(agent=row(update_every=1)))
    story.open("Mon 23 Nov 09:00").as_told()
    on_monday = [f"due Mon 23 Nov {hour}:00, late" for hour in range(10, 24)]
    on_tuesday = [f"due 0{hour}:00, late" for hour in range(6)]
    story.late_until("Tue 24 Nov 10:30").in_short(
        *(
            f"Tue 24 Nov 10:30 breached update/{run} of agent, {due}"
            for run, due in enumerate(on_monday + on_tuesday, start=1)
        ),
        "Tue 24 Nov 10:30 breached update/21 of agent, due 06:00, late, 5 runs, the last due 10:00",
        "Tue 24 Nov 10:30 escalated agent -> specialist: update_breached, next news 11:00",
    )
    story.until("Tue 24 Nov 11:30").happened(
        "Tue 24 Nov 11:00 breached update/26 of agent, due 11:00",
        "Tue 24 Nov 11:00 started update/27 of specialist, 800h, until Sun 27 Dec 19:00",
        "Tue 24 Nov 11:00 promise next_news/2 broken, due 11:00",
    )


@pytest.mark.parametrize("seconds", [0, 59, 60, 61, 1800])
def test_late_update_runs_are_counted_as_if_each_were_walked(tell: Tell, seconds: int) -> None:
    """4.3, 3.3: three weeks of a desk's hours, found at and around a closing time that is a deadline too."""
    desk = Calendar("Europe/London", {"mon-fri": "09:00-17:00"})
    story = tell(ladder(calendar=desk, agent=row(update_every=4), on_breach={Target.UPDATE: OnBreach()}))
    story.open("Mon 23 Nov 09:00").late_until(f"Fri 11 Dec 17:{seconds // 60 % 60:02}:{seconds % 60:02}").as_told()
    breaches = [entry.event for entry in story.entries if isinstance(entry.event, ClockBreached)]
    found_at = story.instant(f"Fri 11 Dec 17:{seconds // 60 % 60:02}:{seconds % 60:02}")
    days = [story.instant("Mon 23 Nov 00:00") + timedelta(days=day) for day in range(19)]
    walked = [day + hours(hour) for day in days if day.weekday() < 5 for hour in (13, 17)]

    assert sum(breach.count for breach in breaches) == sum(due_at < found_at for due_at in walked)
    assert [breach.last_due_at for breach in breaches if breach.count > 1] == [
        max(due_at for due_at in walked if found_at - due_at > timedelta(seconds=60))
    ]


def test_an_outage_of_twenty_years_is_judged_like_any_other(tell: Tell) -> None:
    """4.3, 4.6: a record left alone, or a clock that runs five thousand times as fast, sticks no ticket."""
    policy = ladder(agent=row(update_every=1), on_breach={Target.UPDATE: OnBreach()})
    story = tell(policy).open("Mon 23 Nov 09:00").as_told()
    opened = story.ticket
    judged = judge(policy, opened, opened.opened_at.replace(year=2046))
    breaches = [entry.event for entry in judged.entries if isinstance(entry.event, ClockBreached)]
    (together,) = [breach for breach in breaches if breach.count > 1]
    assert (together.count, together.last_due_at) == (
        7305 * 24 - 21,
        opened.opened_at.replace(year=2046) - hours(1),
    )


def test_the_run_after_a_collapsed_one_starts_at_the_last_deadline(tell: Tell) -> None:
    """4.3: and a deadline that is not late is a breach of its own."""
    story = tell(ladder(agent=row(update_every=1), on_breach={Target.UPDATE: OnBreach()}))
    story.open("Mon 23 Nov 09:00").as_told()
    story.late_until("Tue 24 Nov 07:00:30")
    last = [entry.event for entry in story.entries if isinstance(entry.event, ClockBreached)][-2:]
    assert [(each.run, each.count, each.engine_late) for each in last] == [(21, 1, True), (22, 1, False)]
    assert [each.last_due_at for each in last] == [story.instant("Tue 24 Nov 06:00"), None]
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Tue 24 Nov 08:00")
    story.as_told()


def test_runs_told_together_are_each_counted_towards_the_escalation(tell: Tell) -> None:
    """4.2, 4.3: every twenty-third escalates; it is the third of five that are one event, and not the last of them."""
    story = tell(ladder(agent=row(update_every=1), on_breach={Target.UPDATE: OnBreach(escalate_every=23)}))
    story.open("Mon 23 Nov 09:00").late_until("Tue 24 Nov 10:30")
    steps = [entry.event.causes for entry in story.entries if isinstance(entry.event, Escalated)]
    assert steps == [(Cause.UPDATE_BREACHED,)]
    assert story.as_told().ticket.tier == "specialist"


def test_runs_told_together_that_are_too_few_do_not_escalate(tell: Tell) -> None:
    """4.2, 4.3: twenty-five breaches of twenty-six; the next one escalates, the count goes on."""
    story = tell(ladder(agent=row(update_every=1), on_breach={Target.UPDATE: OnBreach(escalate_every=26)}))
    story.open("Mon 23 Nov 09:00").late_until("Tue 24 Nov 10:30")
    assert not [entry.event for entry in story.entries if isinstance(entry.event, Escalated)]
    story.as_told().until("Tue 24 Nov 11:30").in_short(
        "Tue 24 Nov 11:00 breached update/26 of agent, due 11:00",
        "Tue 24 Nov 11:00 escalated agent -> specialist: update_breached, next news 12:00",
    )


def test_twenty_late_update_runs_are_told_singly(tell: Tell) -> None:
    """4.3: beyond twenty, not from twenty on; late breaches of other targets are not counted among them."""
    story = tell(ladder(agent=row(acknowledge=2, update_every=1)))
    story.open("Mon 23 Nov 09:00").late_until("Tue 24 Nov 05:30").as_told()
    breaches = [entry.event for entry in story.entries if isinstance(entry.event, ClockBreached)]
    assert [breach.count for breach in breaches] == [1] * 21
    assert {breach.last_due_at for breach in breaches} == {None}


def test_a_customers_breach_names_the_tier_that_had_the_ticket(tell: Tell) -> None:
    """4.1: the run began with the agent; it was the supplier who let it pass, and the figures say so."""
    story = tell(ladder(resolve=hours(8))).open("Mon 23 Nov 09:00").until("Mon 23 Nov 12:00").transfer("supplier")
    story.until("Mon 23 Nov 18:00").as_told()
    breaches = [entry.event for entry in story.entries if isinstance(entry.event, ClockBreached)]
    assert [(breach.tier, breach.held_by) for breach in breaches if breach.target is Target.RESOLVE] == [
        ("agent", "supplier")
    ]
