"""Waiting on the customer: who answers, who is given up, who comes back after all."""

from tests.support.policies import LINES, OFFICE, ladder, row
from workflows.domain.ticket.words import ContactKind, Status
from workflows.testing.story import Tell


def test_a_question_before_the_weekend_is_given_up_closed_by_silence_and_answered_after_all(tell: Tell) -> None:
    """6.6, 6.8, 6.9: 9, 18 and 36 hours of the office from the question, 27 more to the closing; then an answer."""
    story = tell(LINES, zone="Europe/London")
    story.open("Fri 27 Nov 10:00").until("Fri 27 Nov 11:00").acknowledge("ann").as_told()
    story.until("Fri 27 Nov 13:30").ask().happened(
        "Fri 27 Nov 13:00 warned 75% of update/1 of agent, due 13:00",
        "Fri 27 Nov 13:30 wait started",
        "Fri 27 Nov 13:30 met update/1 of agent, 3h30m spent",
        "Fri 27 Nov 13:30 started update/2 of agent, 4h, paused: waiting_on_customer",
        "Fri 27 Nov 13:30 promise next_news/1 kept, for 14:00",
        "Fri 27 Nov 13:30 paused tier_resolve/1 of agent: waiting_on_customer, 3h30m spent",
        "Fri 27 Nov 13:30 paused resolve/1 of agent: waiting_on_customer, 3h30m spent",
    )
    story.until("Mon 7 Dec 18:00").in_short(
        "Mon 30 Nov 08:30 customer reminded 1, due 08:30",
        "Mon 30 Nov 17:30 customer reminded 2, due 17:30",
        "Wed 2 Dec 15:30 wait ended: gave_up",
        "Wed 2 Dec 15:30 resolved no_response, due 15:30",
        "Mon 7 Dec 08:30 closed no_response by silence, due 08:30",
    ).told(
        "clock_warned to handler ann",
        "question_asked to customer c-1",
        "customer_reminded to customer c-1",
        "customer_reminded to customer c-1",
        "gave_up_waiting to customer c-1",
        "gave_up_waiting to owner ann",
        "closed to customer c-1",
    )
    story.until("Mon 14 Dec 17:00").contact(ContactKind.INFORMATION).happened(
        "Mon 14 Dec 17:00 contact: information, chases 0",
        "Mon 14 Dec 17:00 reopened, was no_response",
        "Mon 14 Dec 17:00 reinstated tier_resolve/1 of agent, was cancelled, 3h30m spent, until Tue 15 Dec 12:30",
        "Mon 14 Dec 17:00 reinstated resolve/1 of agent, was cancelled, 3h30m spent, until Thu 17 Dec 10:30",
        "Mon 14 Dec 17:00 started update/3 of agent, 4h, until Tue 15 Dec 11:00",
        "Mon 14 Dec 17:00 started acknowledge/2 of agent, 3h, until Tue 15 Dec 10:00",
        "Mon 14 Dec 17:00 promise next_news/2 made: next_news, by Tue 15 Dec 11:00",
    )
    story.until("Tue 15 Dec 10:30").in_short(
        "Tue 15 Dec 09:15 warned 75% of acknowledge/2 of agent, due 09:15",
        "Tue 15 Dec 10:00 warned 75% of update/3 of agent, due 10:00",
        "Tue 15 Dec 10:00 breached acknowledge/2 of agent, due 10:00",
        "Tue 15 Dec 10:00 escalated agent -> specialist: acknowledge_breached, next news 11:00",
    )


def test_an_answer_ends_the_wait_and_the_clocks_go_on_from_the_time_spent(tell: Tell) -> None:
    """2.7, 6.6: the weekend costs the desk nothing; a wait that the desk ends itself needs a reason."""
    story = tell(ladder(agent=row(update_every=4, resolve=12), calendar=OFFICE), zone="Europe/London")
    story.open("Fri 27 Nov 16:00").until("Fri 27 Nov 16:15").acknowledge("ann").until("Fri 27 Nov 17:00").ask()
    story.as_told().until("Mon 30 Nov 09:30").contact(ContactKind.INFORMATION).happened(
        "Mon 30 Nov 09:30 contact: information, chases 0, the answer",
        "Mon 30 Nov 09:30 wait ended: contact",
        "Mon 30 Nov 09:30 resumed tier_resolve/1 of agent, 1h spent, until 20:30",
        "Mon 30 Nov 09:30 resumed update/2 of agent, 0m spent, until 13:30",
        "Mon 30 Nov 09:30 resumed resolve/1 of agent, 1h spent, until Wed 7 Apr 16:30",
    ).told("contact_received to owner ann")
    story.until("Mon 30 Nov 15:00").ask().until("Mon 30 Nov 16:00").go_on().in_short(
        "Mon 30 Nov 13:30 breached update/2 of agent, due 13:30",
        "Mon 30 Nov 15:00 wait started",
        "Mon 30 Nov 15:00 met update/3 of agent, 1h30m spent",
        "Mon 30 Nov 16:00 wait ended: continued",
    )
    assert story.ticket.status is Status.IN_PROGRESS
