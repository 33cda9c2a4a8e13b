"""Semantics 6.6: waiting on the customer, reminding, giving up."""

from tests.support.policies import ladder
from workflows.domain.calendar import Calendar
from workflows.domain.ticket.words import ContactKind, Status
from workflows.testing.story import Tell, brought_to

OFFICE = Calendar("UTC", {"mon-fri": "09:00-17:00"})


def test_reminders_and_giving_up_are_lengths_from_the_question(tell: Tell) -> None:
    """6.6: after 10, 20 and 30 hours; then it is resolved, a running acknowledge is cancelled, the customer is told."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").ask().as_told()
    story.until("Tue 24 Nov 16:30").happened(
        "Mon 23 Nov 20:00 customer reminded 1, due 20:00",
        "Tue 24 Nov 06:00 customer reminded 2, due 06:00",
        "Tue 24 Nov 16:00 wait ended: gave_up",
        "Tue 24 Nov 16:00 resolved no_response, due 16:00",
        "Tue 24 Nov 16:00 cancelled acknowledge/1 of agent, 31h spent",
        "Tue 24 Nov 16:00 paused tier_resolve/1 of agent: resolved, 1h spent",
        "Tue 24 Nov 16:00 paused update/2 of agent: resolved, 0m spent",
        "Tue 24 Nov 16:00 paused resolve/1 of agent: resolved, 1h spent",
    )
    story.told(
        "customer_reminded to customer c-1",
        "customer_reminded to customer c-1",
        "gave_up_waiting to customer c-1",
        "gave_up_waiting to owner agent",
    )
    assert story.ticket.status is Status.RESOLVED


def test_reminders_count_in_the_policys_calendar(tell: Tell) -> None:
    """6.6, 2.6: ten, twenty and thirty hours of an eight-hour desk."""
    story = tell(ladder(calendar=OFFICE))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").ask().as_told()
    story.until("Fri 27 Nov 10:00").in_short(
        "Tue 24 Nov 12:00 customer reminded 1, due 12:00",
        "Wed 25 Nov 14:00 customer reminded 2, due 14:00",
        "Thu 26 Nov 16:00 wait ended: gave_up",
        "Thu 26 Nov 16:00 resolved no_response, due 16:00",
    )


def test_a_new_question_restarts_the_reminders(tell: Tell) -> None:
    """6.6: from the question asked last."""
    story = brought_to(tell(ladder()), Status.IN_PROGRESS)
    story.ask().until("Mon 23 Nov 19:00").ask().in_short(
        "Mon 23 Nov 10:00 wait started",
        "Mon 23 Nov 10:00 met update/1 of agent, 1h spent",
        "Mon 23 Nov 19:00 wait started",
        "Mon 23 Nov 19:00 met update/2 of agent, 0m spent",
    )
    story.until("Tue 24 Nov 05:30").happened("Tue 24 Nov 05:00 customer reminded 1, due 05:00")


def test_an_update_does_not_end_the_wait(tell: Tell) -> None:
    """6.6: the question is still open, the reminders still come."""
    story = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    story.post_update().happened(
        "Mon 23 Nov 10:00 update posted",
        "Mon 23 Nov 10:00 met update/2 of agent, 0m spent",
        "Mon 23 Nov 10:00 started update/3 of agent, 800h, paused: waiting_on_customer",
    )
    story.until("Mon 23 Nov 19:30").happened("Mon 23 Nov 19:20 customer reminded 1, due 19:20")
    assert story.ticket.status is Status.WAITING_ON_CUSTOMER


def test_continue_ends_the_wait_in_progress_with_a_handler_else_open(tell: Tell) -> None:
    """6.6: with a reason; the clocks run on and no reminder comes any more."""
    story = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    story.go_on().happened(
        "Mon 23 Nov 10:00 wait ended: continued",
        "Mon 23 Nov 10:00 resumed tier_resolve/1 of agent, 20m spent, until Wed 30 Dec 21:40",
        "Mon 23 Nov 10:00 resumed update/2 of agent, 0m spent, until Sat 26 Dec 18:00",
        "Mon 23 Nov 10:00 resumed resolve/1 of agent, 20m spent, until Mon 4 Jan 01:40",
    )
    assert story.ticket.status is Status.IN_PROGRESS
    story.until("Tue 24 Nov 10:00").happened()
    other = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:10").ask()
    other.until("Mon 23 Nov 09:20").go_on().as_told()
    assert other.ticket.status is Status.OPEN


def test_a_resolve_ends_the_wait(tell: Tell) -> None:
    """6.6: the clocks that the wait paused stay paused, for another reason."""
    story = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    story.resolve().happened(
        "Mon 23 Nov 10:00 wait ended: resolved",
        "Mon 23 Nov 10:00 resolved fixed",
        "Mon 23 Nov 10:00 met update/2 of agent, 0m spent",
        "Mon 23 Nov 10:00 started update/3 of agent, 800h, paused: resolved",
        "Mon 23 Nov 10:00 paused tier_resolve/1 of agent: resolved, 20m spent",
        "Mon 23 Nov 10:00 paused resolve/1 of agent: resolved, 20m spent",
    )
    assert story.ticket.waiting is None


def test_an_answer_after_giving_up_reopens_at_the_same_tier(tell: Tell) -> None:
    """6.9: an answer to `no_response`; resolve goes on, update and acknowledge start anew."""
    story = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    story.until("Tue 24 Nov 16:00").as_told().contact(ContactKind.INFORMATION).happened(
        "Tue 24 Nov 16:00 contact: information, chases 0",
        "Tue 24 Nov 16:00 reopened, was no_response",
        "Tue 24 Nov 16:00 resumed tier_resolve/1 of agent, 20m spent, until Fri 1 Jan 03:40",
        "Tue 24 Nov 16:00 resumed resolve/1 of agent, 20m spent, until Tue 5 Jan 07:40",
        "Tue 24 Nov 16:00 cancelled update/2 of agent, 0m spent",
        "Tue 24 Nov 16:00 started update/3 of agent, 800h, until Mon 28 Dec 00:00",
        "Tue 24 Nov 16:00 started acknowledge/2 of agent, 700h, until Wed 23 Dec 20:00",
        "Tue 24 Nov 16:00 promise next_news/2 made: next_news, by Mon 28 Dec 00:00",
    )
    assert (story.ticket.status, story.ticket.handler, story.ticket.owner) == (Status.OPEN, None, "ann")


def test_an_answer_after_a_closing_without_response_reopens_too(tell: Tell) -> None:
    """6.9: what silence had cancelled is reinstated."""
    story = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    story.until("Thu 26 Nov 09:20").as_told().contact().in_short(
        "Thu 26 Nov 09:20 contact: news, chases 0",
        "Thu 26 Nov 09:20 reopened, was no_response",
        "Thu 26 Nov 09:20 reinstated tier_resolve/1 of agent, was cancelled, 20m spent, until Sat 2 Jan 21:00",
        "Thu 26 Nov 09:20 reinstated resolve/1 of agent, was cancelled, 20m spent, until Thu 7 Jan 01:00",
    )


def test_after_a_confirmation_a_contact_is_no_answer_any_more(tell: Tell) -> None:
    """6.9: the customer signed `no_response` off; what they say later is recorded, and reopens nothing."""
    story = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    story.until("Tue 24 Nov 16:30").confirm().as_told()
    story.until("Tue 24 Nov 17:00").contact(ContactKind.INFORMATION).happened(
        "Tue 24 Nov 17:00 contact: information, chases 0"
    )
    assert story.ticket.status is Status.CLOSED
