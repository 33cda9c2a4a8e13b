"""Who is there: the roster answers, and tickets pass a tier by in which nobody is (4.5, 4.9)."""

from dataclasses import replace

from tests.support.policies import OFFICE, ladder, row
from workflows.domain.policy import Policy
from workflows.testing.story import Tell

HOURLY = ladder(agent=row(acknowledge=1), specialist=row(acknowledge=1), supplier=row(acknowledge=1))


def test_opening_passes_by_every_tier_that_is_empty_but_the_last(tell: Tell) -> None:
    """4.5: skipped at once and recorded as skipped when the roster says that it is empty; the last tier never is."""
    story = tell(HOURLY)
    for tier in ("agent", "specialist", "supplier"):
        story.nobody_on_duty(tier, "Mon 23 Nov 08:00")
    story.open("Mon 23 Nov 09:00").in_short(
        "Mon 23 Nov 09:00 opened normal in supplier",
        "Mon 23 Nov 09:00 skipped agent: nobody on duty",
        "Mon 23 Nov 09:00 skipped specialist: nobody on duty",
    )


def test_until_the_roster_has_answered_every_tier_is_reachable_and_then_the_last_answer_before_holds(
    tell: Tell,
) -> None:
    """4.9: the specialists have left when the agents miss their hour, and are back before the customer asks again."""
    story = tell(HOURLY).open("Mon 23 Nov 09:00")
    story.until("Mon 23 Nov 09:30").nobody_on_duty("specialist").until("Mon 23 Nov 10:10").in_short(
        "Mon 23 Nov 09:00 opened normal in agent",
        "Mon 23 Nov 10:00 breached acknowledge/1 of agent, due 10:00",
        "Mon 23 Nov 10:00 skipped specialist: nobody on duty",
        "Mon 23 Nov 10:00 escalated agent -> supplier: acknowledge_breached, next news Sat 26 Dec 17:00",
    )


def test_an_answer_at_the_very_instant_of_a_step_is_not_before_it(tell: Tell) -> None:
    """4.9: the last answer before the instant; one of the same instant is for the next step."""
    story = tell(HOURLY).open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 09:30").nobody_on_duty("specialist").escalate().in_short(
        "Mon 23 Nov 09:30 escalated agent -> specialist: by_hand, next news Sat 26 Dec 17:00",
    )


def test_by_hand_and_by_the_customer_nobody_is_sent_to_an_empty_tier_but_a_transfer_goes_where_it_is_sent(
    tell: Tell,
) -> None:
    """4.5: holds for opening, escalating and breaches; not for a transfer. 6.8: a rejection escalates."""
    story = tell(HOURLY).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:10").nobody_on_duty("specialist")
    story.until("Mon 23 Nov 09:20").escalate().as_told()
    assert story.ticket.tier == "supplier"
    story.until("Mon 23 Nov 09:30").transfer("specialist").as_told()
    assert story.ticket.tier == "specialist"
    story.until("Mon 23 Nov 09:40").transfer("agent").until("Mon 23 Nov 09:45").resolve().as_told()
    story.until("Mon 23 Nov 09:50").reject().in_short(
        "Mon 23 Nov 09:50 rejected",
        "Mon 23 Nov 09:50 skipped specialist: nobody on duty",
        "Mon 23 Nov 09:50 escalated agent -> supplier: solution_rejected, next news Sat 26 Dec 17:50, ping-pong",
    )


def test_a_tier_that_is_closed_waits_for_no_tier_in_which_nobody_is(tell: Tell) -> None:
    """4.5: at night the agents are closed, and of the tiers above none is both open and staffed: they keep it."""
    policy = _skipping_when_closed(ladder(agents_calendar=OFFICE, suppliers_calendar=OFFICE))
    story = tell(policy, zone="Europe/London").nobody_on_duty("specialist", "Mon 23 Nov 08:00")
    story.open("Mon 23 Nov 20:00")
    story.in_short("Mon 23 Nov 20:00 opened normal in agent")


def test_an_outage_ends_and_the_tier_is_looked_at_as_it_was_when_the_step_takes_effect(tell: Tell) -> None:
    """4.6, 4.9: found three hours late, the step takes effect when found; the specialists have been back since."""
    story = tell(HOURLY).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").nobody_on_duty("specialist").as_told()
    story.unnoticed_until("Mon 23 Nov 12:00").somebody_on_duty("specialist")
    story.unnoticed_until("Mon 23 Nov 13:00").acknowledge().in_short(
        "Mon 23 Nov 13:00 breached acknowledge/1 of agent, due 10:00, late",
        "Mon 23 Nov 13:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 13:00 refused WRONG_TIER: cannot acknowledge tier 'agent': tier 'specialist' has the ticket now, "
        "handled by nobody yet",
    )


def test_a_step_that_is_found_in_time_goes_by_the_answer_before_it_and_not_by_a_later_one(tell: Tell) -> None:
    """4.6, 4.9: found forty seconds after it was due, the step was taken then, when the specialists were still out."""
    story = tell(HOURLY).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").nobody_on_duty("specialist").as_told()
    story.unnoticed_until("Mon 23 Nov 10:00:20").somebody_on_duty("specialist")
    story.unnoticed_until("Mon 23 Nov 10:00:40").contact().in_short(
        "Mon 23 Nov 10:00 breached acknowledge/1 of agent, due 10:00",
        "Mon 23 Nov 10:00 skipped specialist: nobody on duty",
        "Mon 23 Nov 10:00 escalated agent -> supplier: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00:40 contact: news, chases 1",
    )


def test_the_last_answer_holds_until_the_next_one_however_long_ago_it_was(tell: Tell) -> None:
    """4.9: nobody of the specialists for a month: the ticket that was reopened then passes them by as well."""
    story = tell(HOURLY).nobody_on_duty("specialist", "Mon 23 Nov 08:00").open("Mon 23 Nov 09:00")
    story.until("Mon 23 Nov 09:10").acknowledge().resolve().until("Mon 23 Nov 09:30").confirm()
    story.until("Thu 3 Dec 09:00").reopen().until("Thu 3 Dec 09:30").as_told()
    story.until("Thu 3 Dec 10:10").in_short(
        "Thu 3 Dec 10:00 breached acknowledge/2 of agent, due 10:00",
        "Thu 3 Dec 10:00 skipped specialist: nobody on duty",
        "Thu 3 Dec 10:00 escalated agent -> supplier: acknowledge_breached, next news Tue 5 Jan 17:00",
    )


def _skipping_when_closed(policy: Policy) -> Policy:
    return replace(policy, tiers=tuple(replace(tier, skip_when_closed=("normal",)) for tier in policy.tiers))
