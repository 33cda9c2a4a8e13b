"""Nobody settles for a while: what is late, what is not, and what a command finds first."""

from tests.support.policies import LINES, ladder, row
from workflows.testing.story import Tell


def test_a_weekend_without_the_engine_is_one_step_and_the_next_tier_has_its_full_time(tell: Tell) -> None:
    """4.6, 4.8: every warning and breach is recorded in order of when it was due; all take effect when found."""
    story = tell(LINES, zone="Europe/London").open("Fri 27 Nov 17:30", priority="urgent").as_told()
    story.late_until("Mon 30 Nov 08:20").happened(
        "Mon 30 Nov 08:20 warned 75% of acknowledge/1 of agent, due Fri 27 Nov 17:41:15",
        "Mon 30 Nov 08:20 breached acknowledge/1 of agent, due Fri 27 Nov 17:45, late",
        "Mon 30 Nov 08:20 warned 75% of update/1 of agent, due Sat 28 Nov 09:15",
        "Mon 30 Nov 08:20 breached update/1 of agent, due Sat 28 Nov 09:30, late",
        "Mon 30 Nov 08:20 started update/2 of agent from Sat 28 Nov 09:30, 1h, until Sat 28 Nov 10:30",
        "Mon 30 Nov 08:20 promise next_news/1 broken, due Sat 28 Nov 09:30, late",
        "Mon 30 Nov 08:20 warned 75% of tier_resolve/1 of agent, due Sat 28 Nov 10:00",
        "Mon 30 Nov 08:20 warned 75% of update/2 of agent, due Sat 28 Nov 10:15",
        "Mon 30 Nov 08:20 breached tier_resolve/1 of agent, due Sat 28 Nov 10:30, late",
        "Mon 30 Nov 08:20 breached update/2 of agent, due Sat 28 Nov 10:30, late",
        "Mon 30 Nov 08:20 started update/3 of agent from Sat 28 Nov 10:30, 1h, until Sat 28 Nov 11:30",
        "Mon 30 Nov 08:20 warned 75% of update/3 of agent, due Sat 28 Nov 11:15",
        "Mon 30 Nov 08:20 breached update/3 of agent, due Sat 28 Nov 11:30, late",
        "Mon 30 Nov 08:20 started update/4 of agent from Sat 28 Nov 11:30, 1h, until Sat 28 Nov 12:30",
        "Mon 30 Nov 08:20 warned 75% of update/4 of agent, due Sat 28 Nov 12:15",
        "Mon 30 Nov 08:20 breached update/4 of agent, due Sat 28 Nov 12:30, late",
        "Mon 30 Nov 08:20 started update/5 of agent from Sat 28 Nov 12:30, 1h, until 08:30",
        "Mon 30 Nov 08:20 warned 75% of update/5 of agent, due 08:15",
        "Mon 30 Nov 08:20 escalated agent -> specialist: "
        "acknowledge_breached + tier_resolve_breached + update_breached, next news 08:30",
        "Mon 30 Nov 08:20 started acknowledge/2 of specialist, 30m, until 08:50",
        "Mon 30 Nov 08:20 started tier_resolve/2 of specialist, 3h, until 11:20",
        "Mon 30 Nov 08:20 promise next_news/2 made: next_news, by 08:30",
    )
    story.until("Mon 30 Nov 09:00").in_short(
        "Mon 30 Nov 08:30 breached update/5 of agent, due 08:30",
        "Mon 30 Nov 08:42:30 warned 75% of acknowledge/2 of specialist, due 08:42:30",
        "Mon 30 Nov 08:50 breached acknowledge/2 of specialist, due 08:50",
        "Mon 30 Nov 08:50 escalated specialist -> supplier: acknowledge_breached, next news 09:30",
    )


def test_after_a_late_reminder_the_customer_has_the_full_time_to_answer(tell: Tell) -> None:
    """4.6, 6.6: three steps lie in the outage, one is taken, the next two count from there."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").ask().as_told()
    story.late_until("Wed 25 Nov 08:00").happened("Wed 25 Nov 08:00 customer reminded 1, due Mon 23 Nov 20:00")
    story.until("Thu 26 Nov 04:30").in_short(
        "Wed 25 Nov 18:00 customer reminded 2, due 18:00",
        "Thu 26 Nov 04:00 wait ended: gave_up",
        "Thu 26 Nov 04:00 resolved no_response, due 04:00",
    ).told(
        "customer_reminded to customer c-1",
        "customer_reminded to customer c-1",
        "gave_up_waiting to customer c-1",
        "gave_up_waiting to owner agent",
    )


def test_a_command_that_is_the_first_to_find_what_is_past_is_judged_after_it(tell: Tell) -> None:
    """5.2, 4.6: the breaches first, late; then the contact, which is the next tier's already."""
    story = tell(ladder(agent=row(acknowledge=1, update_every=2), specialist=row(acknowledge=2)))
    story.open("Mon 23 Nov 09:00").as_told().unnoticed_until("Mon 23 Nov 12:00").contact().happened(
        "Mon 23 Nov 12:00 breached acknowledge/1 of agent, due 10:00, late",
        "Mon 23 Nov 12:00 breached update/1 of agent, due 11:00, late",
        "Mon 23 Nov 12:00 started update/2 of agent from 11:00, 2h, until 13:00",
        "Mon 23 Nov 12:00 promise next_news/1 broken, due 11:00, late",
        "Mon 23 Nov 12:00 escalated agent -> specialist: acknowledge_breached, next news 13:00",
        "Mon 23 Nov 12:00 cancelled tier_resolve/1 of agent, 3h spent",
        "Mon 23 Nov 12:00 started acknowledge/2 of specialist, 2h, until 14:00",
        "Mon 23 Nov 12:00 started tier_resolve/2 of specialist, 900h, until Thu 31 Dec 00:00",
        "Mon 23 Nov 12:00 promise next_news/2 made: next_news, by 13:00",
        "Mon 23 Nov 12:00 contact: news, chases 1",
    ).told(
        "clock_breached to handler agent",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "escalated to customer c-1",
        "escalated to tier specialist",
        "escalated to owner agent",
        "contact_received to owner agent",
        "contact_received to handler specialist",
    )
    story.until("Mon 23 Nov 14:30").in_short(
        "Mon 23 Nov 13:00 breached update/2 of agent, due 13:00",
        "Mon 23 Nov 14:00 breached acknowledge/2 of specialist, due 14:00",
        "Mon 23 Nov 14:00 escalated specialist -> supplier: acknowledge_breached, next news Sat 26 Dec 21:00",
    )
