"""Up the ladder: nobody comes, several deadlines at once, the customer asks again."""

from tests.support.policies import LINES, ladder, row
from workflows.domain.policy import OnBreach, hours
from workflows.domain.ticket.words import ContactKind, Status, Target
from workflows.testing.story import Tell


def test_a_ticket_that_nobody_takes_climbs_to_the_end_and_the_last_resort_is_told_until_somebody_does(
    tell: Tell,
) -> None:
    """2.8, 4.2-4.4: over an evening, through a British and a German desk, with every warning and every breach."""
    story = tell(LINES, zone="Europe/London")
    story.open("Thu 26 Nov 16:00", priority="high").happened(
        "Thu 26 Nov 16:00 opened high in agent",
        "Thu 26 Nov 16:00 started acknowledge/1 of agent, 1h, until 17:00",
        "Thu 26 Nov 16:00 started tier_resolve/1 of agent, 4h, until Fri 27 Nov 10:00",
        "Thu 26 Nov 16:00 started update/1 of agent, 2h, until 18:00",
        "Thu 26 Nov 16:00 started resolve/1 of agent, 16h, until Sat 28 Nov 13:00",
        "Thu 26 Nov 16:00 promise next_news/1 made: next_news, by 18:00",
    ).told("opened to customer c-1", "opened to tier agent")
    story.until("Fri 27 Nov 08:45").in_short(
        "Thu 26 Nov 16:45 warned 75% of acknowledge/1 of agent, due 16:45",
        "Thu 26 Nov 17:00 breached acknowledge/1 of agent, due 17:00",
        "Thu 26 Nov 17:00 escalated agent -> specialist: acknowledge_breached, next news 18:00",
        "Thu 26 Nov 17:30 warned 75% of update/1 of agent, due 17:30",
        "Thu 26 Nov 18:00 breached update/1 of agent, due 18:00",
        "Fri 27 Nov 08:30 warned 75% of acknowledge/2 of specialist, due 08:30",
    ).told(
        "clock_warned to handler agent",
        "escalated to customer c-1",
        "escalated to tier specialist",
        "escalated to owner agent",
        "clock_warned to handler specialist",
        "clock_warned to owner agent",
        "clock_breached to handler specialist",
        "clock_breached to owner agent",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "clock_warned to handler specialist",
        "clock_warned to owner agent",
    )
    story.until("Fri 27 Nov 16:30").in_short(
        "Fri 27 Nov 09:00 breached acknowledge/2 of specialist, due 09:00",
        "Fri 27 Nov 09:00 escalated specialist -> supplier: acknowledge_breached, next news 11:00",
        "Fri 27 Nov 10:15 warned 75% of update/2 of specialist, due 10:15",
        "Fri 27 Nov 11:00 breached update/2 of specialist, due 11:00",
        "Fri 27 Nov 11:15 warned 75% of acknowledge/3 of supplier, due 11:15",
        "Fri 27 Nov 12:00 breached acknowledge/3 of supplier, due 12:00",
        "Fri 27 Nov 12:00 ladder ended at supplier: acknowledge_breached, duty-manager",
        "Fri 27 Nov 13:00 reminded duty-manager 1: acknowledge_breached, due 13:00",
        "Fri 27 Nov 14:00 warned 75% of update/3 of supplier, due 14:00",
        "Fri 27 Nov 14:00 reminded duty-manager 2: acknowledge_breached, due 14:00",
        "Fri 27 Nov 15:00 breached update/3 of supplier, due 15:00",
        "Fri 27 Nov 15:00 reminded duty-manager 3: acknowledge_breached, due 15:00",
        "Fri 27 Nov 15:00 ladder ended at supplier, again: update_breached, duty-manager",
        "Fri 27 Nov 16:00 reminded duty-manager 4: acknowledge_breached + update_breached, due 16:00",
    )
    story.acknowledge("sue").until("Sat 28 Nov 08:00").in_short(
        "Fri 27 Nov 16:30 acknowledged by sue of supplier",
        "Fri 27 Nov 18:00 warned 75% of update/4 of supplier, due 18:00",
        "Fri 27 Nov 18:00 warned 75% of resolve/1 of agent, due 18:00",
    )


def test_deadlines_that_coincide_are_one_step(tell: Tell) -> None:
    """4.8, 5.2: three at once are one rung, four at the top are one end of the ladder; each names its reasons."""
    thrice = row(acknowledge=2, update_every=2, resolve=2)
    policy = ladder(
        agent=thrice,
        supplier=row(acknowledge=1, resolve=1),
        on_breach={Target.UPDATE: OnBreach()},
        resolve=hours(4),
    )
    story = tell(policy).open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 12:00").transfer("supplier").until("Mon 23 Nov 13:30").in_short(
        "Mon 23 Nov 11:00 breached acknowledge/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 breached tier_resolve/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 breached update/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 escalated agent -> specialist: acknowledge_breached + tier_resolve_breached, next news 13:00",
        "Mon 23 Nov 12:00 transferred specialist -> supplier forward",
        "Mon 23 Nov 13:00 breached acknowledge/3 of supplier, due 13:00",
        "Mon 23 Nov 13:00 breached tier_resolve/3 of supplier, due 13:00",
        "Mon 23 Nov 13:00 breached update/2 of agent, due 13:00",
        "Mon 23 Nov 13:00 breached resolve/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 ladder ended at supplier: acknowledge_breached + tier_resolve_breached + resolve_breached, "
        "duty-manager",
    )


def test_every_second_chase_escalates_and_at_the_top_ends_the_ladder(tell: Tell) -> None:
    """6.3: news and complaints are chases, information is none; the count begins anew with the tier."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge("ann").as_told()
    story.until("Mon 23 Nov 10:00").contact().until("Mon 23 Nov 10:15").contact(ContactKind.INFORMATION)
    story.until("Mon 23 Nov 10:30").contact(ContactKind.COMPLAINT).in_short(
        "Mon 23 Nov 10:00 contact: news, chases 1",
        "Mon 23 Nov 10:15 contact: information, chases 1",
        "Mon 23 Nov 10:30 contact: complaint, chases 2",
        "Mon 23 Nov 10:30 escalated agent -> specialist: repeat_contact, next news Sat 26 Dec 17:00",
    ).told(
        "contact_received to owner ann",
        "contact_received to owner ann",
        "contact_received to owner ann",
        "escalated to customer c-1",
        "escalated to tier specialist",
        "escalated to owner ann",
    )
    story.until("Mon 23 Nov 11:00").transfer("supplier").as_told()
    story.until("Mon 23 Nov 11:30").contact().until("Mon 23 Nov 12:00").contact().until("Mon 23 Nov 13:30").in_short(
        "Mon 23 Nov 11:30 contact: news, chases 1",
        "Mon 23 Nov 12:00 contact: news, chases 2",
        "Mon 23 Nov 12:00 ladder ended at supplier: repeat_contact, duty-manager",
        "Mon 23 Nov 13:00 reminded duty-manager 1: repeat_contact, due 13:00",
    )


def test_an_acknowledgement_at_the_deadline_is_in_time_and_a_microsecond_later_is_not(tell: Tell) -> None:
    """5.2: deadlines before a command are judged first; one of its own instant has not passed."""
    policy = ladder(agent=row(acknowledge=1), specialist=row(acknowledge=2))
    in_time = tell(policy).open("Mon 23 Nov 09:00").as_told()
    in_time.until("Mon 23 Nov 10:00").acknowledge("ann").happened(
        "Mon 23 Nov 10:00 acknowledged by ann of agent",
        "Mon 23 Nov 10:00 met acknowledge/1 of agent, 1h spent",
    )
    too_late = tell(policy).open("Mon 23 Nov 09:00").as_told()
    too_late.unnoticed_until("Mon 23 Nov 10:00:00.000001").acknowledge("ann", tier="agent").happened(
        "Mon 23 Nov 10:00 breached acknowledge/1 of agent, due 10:00",
        "Mon 23 Nov 10:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00 cancelled tier_resolve/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 started acknowledge/2 of specialist, 2h, until 12:00",
        "Mon 23 Nov 10:00 started tier_resolve/2 of specialist, 900h, until Wed 30 Dec 22:00",
        "Mon 23 Nov 10:00 promise next_news/2 made again: next_news, by Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00:00.000001 refused WRONG_TIER: cannot acknowledge tier 'agent': "
        "tier 'specialist' has the ticket now, handled by nobody yet",
    )
    assert too_late.ticket.status is Status.OPEN
