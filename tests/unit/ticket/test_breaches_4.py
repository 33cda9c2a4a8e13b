"""Semantics 4: what a breach does, when it takes effect, and what happens at the end of the ladder."""

from datetime import timedelta

from tests.support.policies import ladder, row
from tests.support.story import Tell
from workflows.domain.calendar import Calendar
from workflows.domain.policy import OnBreach, hours
from workflows.domain.ticket.events import ClockBreached, Escalated
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.words import Audience, Status, Target

OFFICE = Calendar("UTC", {"mon-fri": "09:00-17:00"})


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
        "Mon 23 Nov 12:00 breached acknowledge/2 of specialist, due 12:00",
        "Mon 23 Nov 12:00 escalated specialist -> supplier: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 12:00 cancelled tier_resolve/2 of specialist, 2h spent",
        "Mon 23 Nov 12:00 started acknowledge/3 of supplier, 3h, until 15:00",
        "Mon 23 Nov 12:00 started tier_resolve/3 of supplier, 900h, until Thu 31 Dec 00:00",
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


def test_an_acknowledgement_after_its_escalation_is_refused_and_told_who_has_it(tell: Tell) -> None:
    """4.2: a second too late is too late; the answer names the tier, and the handler once there is one."""
    story = tell(ladder(agent=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 10:00:01").as_told().acknowledge("ann", tier="agent").happened(
        "Mon 23 Nov 10:00:01 refused WRONG_TIER: cannot acknowledge tier 'agent': "
        "tier 'specialist' has the ticket now, handled by 'nobody yet'"
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
        "tier 'specialist' has the ticket now, handled by 'nobody yet'",
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
    )
    story.told("clock_breached to handler agent")
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
    )


def test_the_run_after_a_collapsed_one_starts_at_the_last_deadline(tell: Tell) -> None:
    """4.3: and a deadline that is not late is a breach of its own."""
    story = tell(ladder(agent=row(update_every=1), on_breach={Target.UPDATE: OnBreach()}))
    story.open("Mon 23 Nov 09:00").as_told()
    story.late_until("Tue 24 Nov 07:00:30")
    last = [entry.event for entry in story.entries if isinstance(entry.event, ClockBreached)][-2:]
    assert [(each.run, each.count, each.engine_late) for each in last] == [(21, 1, True), (22, 1, False)]
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Tue 24 Nov 08:00")
    story.as_told()


def test_twenty_late_update_runs_are_told_singly(tell: Tell) -> None:
    """4.3: beyond twenty, not from twenty on."""
    story = tell(ladder(agent=row(update_every=1)))
    story.open("Mon 23 Nov 09:00").late_until("Tue 24 Nov 05:30").as_told()
    breaches = [entry.event for entry in story.entries if isinstance(entry.event, ClockBreached)]
    assert [breach.count for breach in breaches] == [1] * 20
    assert {breach.last_due_at for breach in breaches} == {None}


def test_the_last_resort_is_told_again_until_the_tier_acknowledges(tell: Tell) -> None:
    """4.4: every `remind_every`; acknowledge and resolve do not restart."""
    story = tell(ladder(supplier=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").transfer("supplier").as_told()
    story.until("Mon 23 Nov 13:30").happened(
        "Mon 23 Nov 11:00 breached acknowledge/2 of supplier, due 11:00",
        "Mon 23 Nov 11:00 ladder ended at supplier: acknowledge_breached, duty-manager",
        "Mon 23 Nov 12:00 reminded duty-manager 1: acknowledge_breached, due 12:00",
        "Mon 23 Nov 13:00 reminded duty-manager 2: acknowledge_breached, due 13:00",
    )
    story.told(
        "ladder_exhausted to last_resort duty-manager",
        "last_resort_reminded to last_resort duty-manager",
        "last_resort_reminded to last_resort duty-manager",
    )
    story.acknowledge("sue").as_told().until("Tue 24 Nov 09:00").happened()


def test_the_last_resort_may_acknowledge_and_does_not_take_it_from_the_handler(tell: Tell) -> None:
    """4.4: always legal while reminded, by the last resort too; a handler that there is stays."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").transfer("supplier").acknowledge("sue").as_told()
    story.until("Mon 23 Nov 10:00").escalate().happened(
        "Mon 23 Nov 10:00 ladder ended at supplier: by_hand, duty-manager"
    )
    story.until("Mon 23 Nov 10:30").acknowledge("dora", tier="duty-manager").happened(
        "Mon 23 Nov 10:30 acknowledged by dora of duty-manager"
    )
    assert (story.ticket.status, story.ticket.handler) == (Status.IN_PROGRESS, "sue")
    story.until("Tue 24 Nov 10:00").happened()


def test_the_last_resort_may_not_acknowledge_while_nobody_reminds_it(tell: Tell) -> None:
    """4.4, 6.2: it is no tier of the ladder."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:05").acknowledge("dora", tier="duty-manager").in_short(
        "Mon 23 Nov 09:00 opened normal in agent",
        "Mon 23 Nov 09:05 refused WRONG_TIER: cannot acknowledge tier 'duty-manager': "
        "tier 'agent' has the ticket now, handled by 'nobody yet'",
    )


def test_waiting_resolving_or_transferring_ends_the_reminders(tell: Tell) -> None:
    """4.4: the ticket waits, is resolved or transferred."""
    policy = ladder()
    asked = tell(policy).open("Mon 23 Nov 09:00").transfer("supplier").escalate().ask().as_told()
    asked.until("Mon 23 Nov 18:59").happened()
    resolved = tell(policy).open("Mon 23 Nov 09:00").transfer("supplier").escalate().resolve().as_told()
    resolved.until("Tue 24 Nov 08:59").happened()
    transferred = tell(policy).open("Mon 23 Nov 09:00").transfer("supplier").escalate().transfer("agent").as_told()
    transferred.until("Tue 24 Nov 09:00").happened()


def test_an_update_does_not_end_the_reminders(tell: Tell) -> None:
    """4.4: only an acknowledgement, a wait, a resolution or a transfer does."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").transfer("supplier").escalate().post_update().as_told()
    story.until("Mon 23 Nov 10:30").happened(
        "Mon 23 Nov 10:00:00.000002 reminded duty-manager 1: by_hand, due 10:00:00.000002"
    )


def test_exhausting_again_while_reminded_adds_its_reason_to_the_next_reminder(tell: Tell) -> None:
    """4.4: no second message now; after an acknowledgement it starts again."""
    story = tell(ladder(supplier=row(acknowledge=1, resolve=2.5)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").transfer("supplier").as_told()
    story.until("Mon 23 Nov 13:10").happened(
        "Mon 23 Nov 11:00 breached acknowledge/2 of supplier, due 11:00",
        "Mon 23 Nov 11:00 ladder ended at supplier: acknowledge_breached, duty-manager",
        "Mon 23 Nov 12:00 reminded duty-manager 1: acknowledge_breached, due 12:00",
        "Mon 23 Nov 12:30 breached tier_resolve/2 of supplier, due 12:30",
        "Mon 23 Nov 12:30 ladder ended at supplier, again: tier_resolve_breached, duty-manager",
        "Mon 23 Nov 13:00 reminded duty-manager 2: acknowledge_breached + tier_resolve_breached, due 13:00",
    )
    story.told(
        "ladder_exhausted to last_resort duty-manager",
        "last_resort_reminded to last_resort duty-manager",
        "last_resort_reminded to last_resort duty-manager",
    )
    story.acknowledge("sue").as_told().until("Mon 23 Nov 13:20").escalate().until("Mon 23 Nov 14:30").happened(
        "Mon 23 Nov 13:20 ladder ended at supplier: by_hand, duty-manager",
        "Mon 23 Nov 14:20 reminded duty-manager 1: by_hand, due 14:20",
    )


def test_the_last_resort_is_reminded_in_open_time_of_the_policys_calendar(tell: Tell) -> None:
    """4.4, 2.6: half past four and an hour of a desk that closes at five is half past nine."""
    story = tell(ladder(calendar=OFFICE))
    story.open("Mon 23 Nov 09:00").transfer("supplier").as_told()
    story.until("Mon 23 Nov 16:30").escalate().until("Tue 24 Nov 10:00").happened(
        "Mon 23 Nov 16:30 ladder ended at supplier: by_hand, duty-manager",
        "Tue 24 Nov 09:30 reminded duty-manager 1: by_hand, due 09:30",
    )


def test_a_breach_found_within_a_minute_takes_effect_when_due(tell: Tell) -> None:
    """4.6: at most 60 s: the next tier's clocks start at the deadline."""
    story = tell(ladder(agent=row(acknowledge=1), specialist=row(acknowledge=2)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.late_until("Mon 23 Nov 10:01").in_short(
        "Mon 23 Nov 10:00 breached acknowledge/1 of agent, due 10:00",
        "Mon 23 Nov 10:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
    )
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 23 Nov 12:00")


def test_a_breach_found_after_a_minute_takes_effect_when_found(tell: Tell) -> None:
    """4.6: a tier that was never told is not in breach for hours in which it could not know."""
    story = tell(ladder(agent=row(acknowledge=1), specialist=row(acknowledge=2)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.late_until("Mon 23 Nov 10:01:00.000001").in_short(
        "Mon 23 Nov 10:01:00.000001 breached acknowledge/1 of agent, due 10:00, late",
        "Mon 23 Nov 10:01:00.000001 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
    )
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 23 Nov 12:01:00.000001")


def test_an_outage_does_not_run_up_the_ladder(tell: Tell) -> None:
    """4.6: twelve hours of silence are one step, and the specialists get their full two hours."""
    story = tell(ladder(agent=row(acknowledge=1), specialist=row(acknowledge=2), supplier=row(acknowledge=3)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.late_until("Mon 23 Nov 22:00").happened(
        "Mon 23 Nov 22:00 breached acknowledge/1 of agent, due 10:00, late",
        "Mon 23 Nov 22:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 22:00 cancelled tier_resolve/1 of agent, 13h spent",
        "Mon 23 Nov 22:00 started acknowledge/2 of specialist, 2h, until Tue 24 Nov 00:00",
        "Mon 23 Nov 22:00 started tier_resolve/2 of specialist, 900h, until Thu 31 Dec 10:00",
    )


def test_what_takes_effect_never_goes_back_within_one_settle(tell: Tell) -> None:
    """4.6: the floor: after a late breach, one that is 30 s old takes effect with it and is not called late."""
    story = tell(ladder(agent=row(acknowledge=1, update_every=1.075)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.late_until("Mon 23 Nov 10:05").in_short(
        "Mon 23 Nov 10:05 breached acknowledge/1 of agent, due 10:00, late",
        "Mon 23 Nov 10:05 breached update/1 of agent, due 10:04:30",
        "Mon 23 Nov 10:05 escalated agent -> specialist: acknowledge_breached, next news 11:09",
    )
    # The update run after it starts at its own deadline all the same (4.3).
    assert story.clock(Target.UPDATE).started_at == story.instant("Mon 23 Nov 10:04:30")


def test_late_warnings_are_recorded(tell: Tell) -> None:
    """4.6: warnings and breaches are always recorded, in order of when they were due."""
    story = tell(ladder(agent=row(acknowledge=4), warn_at=(0.75,)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.late_until("Mon 23 Nov 15:00").in_short(
        "Mon 23 Nov 15:00 warned 75% of acknowledge/1 of agent, due 12:00",
        "Mon 23 Nov 15:00 breached acknowledge/1 of agent, due 13:00, late",
        "Mon 23 Nov 15:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
    )


def test_after_a_late_reminder_the_next_step_counts_from_there(tell: Tell) -> None:
    """4.6: nobody is given up for not answering a reminder that was never sent."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").ask().as_told()
    # Due at 19:00, 05:00 and 15:00; all three lie in the outage.
    story.late_until("Wed 25 Nov 08:00").happened(
        "Wed 25 Nov 08:00 customer reminded 1, due Mon 23 Nov 19:00:00.000001"
    )
    story.until("Thu 26 Nov 04:30").in_short(
        "Wed 25 Nov 18:00 customer reminded 2, due 18:00",
        "Thu 26 Nov 04:00 wait ended: gave_up",
        "Thu 26 Nov 04:00 resolved no_response, due 04:00",
    )


def test_late_silence_closes_when_it_is_found(tell: Tell) -> None:
    """4.6, 6.8: the reopen window counts from a closing that the customer could know of."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 12:00").resolve().as_told()
    story.late_until("Wed 25 Nov 09:00").in_short(
        "Wed 25 Nov 09:00 closed fixed by silence, due Tue 24 Nov 12:00",
        "Wed 25 Nov 09:00 met tier_resolve/1 of agent, 3h spent, as of Mon 23 Nov 12:00",
        "Wed 25 Nov 09:00 met update/2 of agent, 0m spent, as of Mon 23 Nov 12:00",
        "Wed 25 Nov 09:00 met resolve/1 of agent, 3h spent, as of Mon 23 Nov 12:00",
    )
    assert story.ticket.closed_at == story.instant("Wed 25 Nov 09:00")


def test_a_late_reminder_of_the_last_resort_takes_effect_when_found(tell: Tell) -> None:
    """4.6: one reminder for the whole outage, the next an hour after it."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").transfer("supplier").until("Mon 23 Nov 10:00").escalate().as_told()
    story.late_until("Mon 23 Nov 15:30").until("Mon 23 Nov 17:00").happened(
        "Mon 23 Nov 15:30 reminded duty-manager 1: by_hand, due 11:00",
        "Mon 23 Nov 16:30 reminded duty-manager 2: by_hand, due 16:30",
    )


def test_settling_again_finds_the_work_done(tell: Tell) -> None:
    """4.7: each clock run breaches at most once, each step happens once, each message is owed once."""
    policy = ladder(agent=row(acknowledge=1, update_every=2, resolve=3))
    story = tell(policy)
    story.open("Mon 23 Nov 09:00").late_until("Mon 23 Nov 11:30").as_told()
    again = judge(policy, story.ticket, story.instant("Mon 23 Nov 11:30") + timedelta(microseconds=1))
    assert (again.entries, again.messages, again.ticket) == ((), (), story.ticket)


def test_coinciding_deadlines_are_one_step_that_names_all_its_reasons(tell: Tell) -> None:
    """4.8, 5.2: acknowledge, tier resolve and update run out together: three breaches, one rung."""
    story = tell(ladder(agent=row(acknowledge=2, update_every=2, resolve=2)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 12:00").happened(
        "Mon 23 Nov 11:00 breached acknowledge/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 breached tier_resolve/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 breached update/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 started update/2 of agent, 2h, until 13:00",
        "Mon 23 Nov 11:00 escalated agent -> specialist: acknowledge_breached + tier_resolve_breached, next news 13:00",
        "Mon 23 Nov 11:00 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 15:00",
        "Mon 23 Nov 11:00 started tier_resolve/2 of specialist, 900h, until Wed 30 Dec 23:00",
    )


def test_late_breaches_all_take_effect_together_and_are_one_step(tell: Tell) -> None:
    """4.6, 4.8: five missed deadlines of an outage, in order of when they were due, and one rung."""
    story = tell(ladder(agent=row(acknowledge=1, update_every=2, resolve=3), resolve=hours(4)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.late_until("Mon 23 Nov 14:30").in_short(
        "Mon 23 Nov 14:30 breached acknowledge/1 of agent, due 10:00, late",
        "Mon 23 Nov 14:30 breached update/1 of agent, due 11:00, late",
        "Mon 23 Nov 14:30 breached tier_resolve/1 of agent, due 12:00, late",
        "Mon 23 Nov 14:30 breached update/2 of agent, due 13:00, late",
        "Mon 23 Nov 14:30 breached resolve/1 of agent, due 13:00, late",
        "Mon 23 Nov 14:30 escalated agent -> specialist: acknowledge_breached + tier_resolve_breached + "
        "update_breached + resolve_breached, next news 15:00",
    )
    assert [entry.event.to_tier for entry in story.entries if isinstance(entry.event, Escalated)] == ["specialist"]


def test_an_escalation_at_the_instant_of_a_transfer_is_absorbed_by_it(tell: Tell) -> None:
    """4.8: the customer's resolve runs out in the instant in which the ticket is handed on: one rung, not two."""
    story = tell(ladder(resolve=hours(2), on_breach={Target.UPDATE: OnBreach()}))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 11:00").as_told().transfer("specialist").in_short(
        "Mon 23 Nov 11:00 transferred agent -> specialist forward"
    )
    story.until("Mon 23 Nov 11:30").in_short(
        "Mon 23 Nov 11:00 breached resolve/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 absorbed in specialist: resolve_breached",
    )


def test_a_deadline_of_the_tier_left_is_judged_before_it_is_cancelled(tell: Tell) -> None:
    """4.8: left a second after its acknowledge was due, the tier has broken it."""
    story = tell(ladder(agent=row(acknowledge=1, resolve=2), on_breach={Target.ACKNOWLEDGE: OnBreach()}))
    story.open("Mon 23 Nov 09:00").as_told()
    story.unnoticed_until("Mon 23 Nov 10:00:01").escalate().in_short(
        "Mon 23 Nov 10:00 breached acknowledge/1 of agent, due 10:00",
        "Mon 23 Nov 10:00:01 escalated agent -> specialist: by_hand, next news Sat 26 Dec 17:00",
    )


def test_coinciding_deadlines_at_the_last_tier_exhaust_once(tell: Tell) -> None:
    """4.8, 4.4: two reasons, one message to the last resort."""
    story = tell(ladder(supplier=row(acknowledge=2, resolve=2)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").transfer("supplier").as_told()
    story.until("Mon 23 Nov 12:30").happened(
        "Mon 23 Nov 12:00 breached acknowledge/2 of supplier, due 12:00",
        "Mon 23 Nov 12:00 breached tier_resolve/2 of supplier, due 12:00",
        "Mon 23 Nov 12:00 ladder ended at supplier: acknowledge_breached + tier_resolve_breached, duty-manager",
    )
    story.told("ladder_exhausted to last_resort duty-manager")


def test_an_escalation_that_coincides_with_giving_up_is_absorbed(tell: Tell) -> None:
    """4.8, 5.2: automatic steps go before escalation, and a resolved ticket does not climb."""
    story = tell(ladder(agent=row(acknowledge=30)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:15").ask().as_told()
    story.late_until("Mon 23 Nov 19:30").late_until("Tue 24 Nov 05:45").as_told()
    story.late_until("Tue 24 Nov 16:30").in_short(
        "Tue 24 Nov 16:30 breached acknowledge/1 of agent, due 15:00, late",
        "Tue 24 Nov 16:30 wait ended: gave_up",
        "Tue 24 Nov 16:30 resolved no_response, due 15:45",
        "Tue 24 Nov 16:30 absorbed in agent: acknowledge_breached",
    )
