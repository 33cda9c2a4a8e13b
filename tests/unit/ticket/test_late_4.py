"""Semantics 4.6-4.8: what was found late, and what coincides."""

from datetime import timedelta

from tests.support.policies import ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.policy import OnBreach, hours
from workflows.domain.ticket.events import Escalated
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.words import Status, Target
from workflows.testing.story import Tell

OFFICE = Calendar("UTC", {"mon-fri": "09:00-17:00"})


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
        "Mon 23 Nov 22:00 promise next_news/2 made again: next_news, by Sat 26 Dec 17:00",
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


def test_a_late_giving_up_swallows_no_deadline_that_passed_before_it(tell: Tell) -> None:
    """4.6, 5.2: it takes effect when detected; the acknowledgement missed until then is a breach, and a fact."""
    story = tell(ladder(supplier=row(acknowledge=6)))
    story.open("Mon 23 Nov 09:00").ask().until("Tue 24 Nov 13:00").transfer("supplier").as_told()
    # Giving up was due at 15:00, the supplier's acknowledgement at 19:00.
    story.late_until("Wed 25 Nov 01:00").in_short(
        "Wed 25 Nov 01:00 breached acknowledge/2 of supplier, due Tue 24 Nov 19:00, late",
        "Wed 25 Nov 01:00 wait ended: gave_up",
        "Wed 25 Nov 01:00 resolved no_response, due Tue 24 Nov 15:00:00.000001",
        "Wed 25 Nov 01:00 absorbed in supplier: acknowledge_breached",
    )
    assert story.ticket.status is Status.RESOLVED


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
        "Mon 23 Nov 11:00 promise next_news/1 broken, due 11:00",
        "Mon 23 Nov 11:00 escalated agent -> specialist: acknowledge_breached + tier_resolve_breached, next news 13:00",
        "Mon 23 Nov 11:00 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 15:00",
        "Mon 23 Nov 11:00 started tier_resolve/2 of specialist, 900h, until Wed 30 Dec 23:00",
        "Mon 23 Nov 11:00 promise next_news/2 made: next_news, by 13:00",
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
