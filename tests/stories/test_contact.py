"""6.3, clause by clause: the customer comes back. Which ticket that is about is `tests/edges/test_contact_joins.py`."""

import pytest

from tests.support.policies import ladder
from workflows.domain.ticket.commands import RecordContact
from workflows.domain.ticket.words import ContactKind, Status
from workflows.testing.story import Story, Tell

CHASES = [ContactKind.NEWS, ContactKind.COMPLAINT]


def taken(tell: Tell) -> Story:
    """A ticket of Monday morning that ann has."""
    return tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").acknowledge("ann").as_told()


def closed(tell: Tell) -> Story:
    """One that the customer signed off on Monday at noon."""
    return taken(tell).until("Mon 23 Nov 11:00").resolve().until("Mon 23 Nov 12:00").confirm().as_told()


@pytest.mark.parametrize("kind", list(ContactKind))
def test_a_contact_while_waiting_on_the_customer_is_the_answer_and_no_chase(tell: Tell, kind: ContactKind) -> None:
    """6.3, 2.7: whatever they say, even a complaint: the wait ends at that instant, and nothing is counted."""
    story = taken(tell).until("Mon 23 Nov 10:00").ask().as_told()
    story.until("Mon 23 Nov 11:00").contact(kind).in_short(
        f"Mon 23 Nov 11:00 contact: {kind}, chases 0, the answer",
        "Mon 23 Nov 11:00 wait ended: contact",
    ).told("contact_received to owner ann")
    assert (story.ticket.chases, story.ticket.waiting, story.ticket.status) == (0, None, Status.IN_PROGRESS)


@pytest.mark.parametrize("kind", CHASES)
def test_news_and_complaints_are_chases_and_every_second_one_escalates(tell: Tell, kind: ContactKind) -> None:
    """6.3: the second acts, and the count returns to zero with it; owner and handler hear of each."""
    story = taken(tell).until("Mon 23 Nov 10:00").contact(kind).happened(f"Mon 23 Nov 10:00 contact: {kind}, chases 1")
    story.told("contact_received to owner ann").until("Mon 23 Nov 11:00").contact(kind).in_short(
        f"Mon 23 Nov 11:00 contact: {kind}, chases 2",
        "Mon 23 Nov 11:00 escalated agent -> specialist: repeat_contact, next news Sat 26 Dec 17:00",
    )
    assert (story.ticket.tier, story.ticket.chases) == ("specialist", 0)


def test_information_is_no_chase(tell: Tell) -> None:
    """6.3: who brings something does not ask for news, however often; the number is the policy's."""
    story = tell(ladder(chases_to_escalate=3)).open("Mon 23 Nov 09:00").as_told()
    for hour in (10, 11, 12):
        story.until(f"Mon 23 Nov {hour}:00").contact(ContactKind.INFORMATION)
    for hour in (13, 14):
        story.until(f"Mon 23 Nov {hour}:00").contact()
    story.happened(
        "Mon 23 Nov 10:00 contact: information, chases 0",
        "Mon 23 Nov 11:00 contact: information, chases 0",
        "Mon 23 Nov 12:00 contact: information, chases 0",
        "Mon 23 Nov 13:00 contact: news, chases 1",
        "Mon 23 Nov 14:00 contact: news, chases 2",
    )
    story.until("Mon 23 Nov 15:00").contact().in_short(
        "Mon 23 Nov 15:00 contact: news, chases 3",
        "Mon 23 Nov 15:00 escalated agent -> specialist: repeat_contact, next news Sat 26 Dec 17:00",
    )


def test_the_count_begins_anew_with_a_tier_however_it_was_entered(tell: Tell) -> None:
    """6.3: a chase before the escalation by hand and one after it are no second chase."""
    story = taken(tell).until("Mon 23 Nov 10:00").contact().until("Mon 23 Nov 11:00").escalate().as_told()
    story.until("Mon 23 Nov 12:00").contact().happened("Mon 23 Nov 12:00 contact: news, chases 1")


def test_at_the_last_tier_a_second_chase_is_exhaustion(tell: Tell) -> None:
    """6.3, 4.4: the last resort hears of it; another second one is told with the next reminder."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").transfer("supplier").as_told()
    story.until("Mon 23 Nov 10:00").contact().until("Mon 23 Nov 10:30").contact(ContactKind.COMPLAINT).happened(
        "Mon 23 Nov 10:00 contact: news, chases 1",
        "Mon 23 Nov 10:30 contact: complaint, chases 2",
        "Mon 23 Nov 10:30 ladder ended at supplier: repeat_contact, duty-manager",
    ).told(
        "contact_received to owner agent",
        "contact_received to handler supplier",
        "contact_received to owner agent",
        "contact_received to handler supplier",
        "ladder_exhausted to last_resort duty-manager",
    )
    story.until("Mon 23 Nov 10:40").contact().until("Mon 23 Nov 10:50").contact().happened(
        "Mon 23 Nov 10:40 contact: news, chases 1",
        "Mon 23 Nov 10:50 contact: news, chases 2",
        "Mon 23 Nov 10:50 ladder ended at supplier, again: repeat_contact, duty-manager",
    )
    assert (story.ticket.tier, story.ticket.chases) == ("supplier", 0)
    story.as_told()


def test_a_repeat_contact_opens_no_clock_and_restarts_none(tell: Tell) -> None:
    """6.3: every clock stands as it stood before the contact."""
    story = taken(tell)
    before = story.ticket.clocks
    for minute in (10, 20, 30):
        story.until(f"Mon 23 Nov 10:{minute}").contact(ContactKind.INFORMATION)
    story.as_told()
    assert story.ticket.clocks == before


@pytest.mark.parametrize("kind", list(ContactKind))
def test_any_other_contact_on_a_resolved_ticket_is_recorded_and_shown_to_the_owner(
    tell: Tell, kind: ContactKind
) -> None:
    """6.3, 6.9: no chase, no reopening, no clock: the owner sees what the customer said."""
    story = taken(tell).until("Mon 23 Nov 11:00").resolve().as_told()
    before = story.ticket.clocks
    story.until("Mon 23 Nov 12:00").contact(kind).happened(f"Mon 23 Nov 12:00 contact: {kind}, chases 0")
    story.told("contact_received to owner ann")
    assert (story.ticket.status, story.ticket.clocks) == (Status.RESOLVED, before)


@pytest.mark.parametrize("kind", list(ContactKind))
def test_any_other_contact_on_a_closed_ticket_is_recorded_and_shown_to_the_owner(tell: Tell, kind: ContactKind) -> None:
    """6.3, 6.9: to the last instant of the reopen window, two weeks of wall-clock time."""
    story = closed(tell).until("Mon 7 Dec 12:00").contact(kind).happened(f"Mon 7 Dec 12:00 contact: {kind}, chases 0")
    story.told("contact_received to owner ann")
    assert (story.ticket.status, story.ticket.chases) == (Status.CLOSED, 0)


def test_on_a_ticket_closed_longer_than_its_window_it_is_refused_with_the_hint_to_open_one_that_follows(
    tell: Tell,
) -> None:
    """6.3, 6.9: a second later it is another matter; the refusal names what the new ticket is to follow."""
    story = closed(tell)
    story.until("Mon 7 Dec 12:00:01").contact().happened(
        "Mon 7 Dec 12:00:01 refused REOPEN_WINDOW_OVER: closed since 2026-11-23 12:00 UTC, longer than the reopen "
        f"window of 336 h: open a new ticket that follows {story.ticket.ticket_id!r}"
    ).told()


def test_the_customers_own_word_counts_and_nobody_elses(tell: Tell) -> None:
    """6.3: a contact may say whose it is; the ticket takes its own customer's, and one that does not say."""

    def of(customer: str | None) -> RecordContact:
        return RecordContact(actor="mail", kind=ContactKind.NEWS, channel="mail", text="any news?", customer=customer)

    story = (
        taken(tell)
        .until("Mon 23 Nov 10:00")
        .send(of("c-2"))
        .happened(
            "Mon 23 Nov 10:00 refused NOT_THE_CUSTOMER: cannot record a contact: the customer named is not this "
            "ticket's; only its own customer's word counts"
        )
    )
    story.told().until("Mon 23 Nov 10:01").send(of("c-1")).happened("Mon 23 Nov 10:01 contact: news, chases 1")


def test_the_ticket_knows_in_which_conversation_the_customer_wrote_last(tell: Tell) -> None:
    """6.3: a contact that came in none leaves it."""

    def of(thread: str | None) -> RecordContact:
        return RecordContact(actor="mail", kind=ContactKind.INFORMATION, channel="mail", text="here", thread=thread)

    story = taken(tell).until("Mon 23 Nov 10:00").send(of("<1@example.org>")).until("Mon 23 Nov 10:01").send(of(None))
    story.as_told()
    assert story.ticket.thread == "<1@example.org>"
    story.until("Mon 23 Nov 10:02").send(of("chat-77")).as_told()
    assert story.ticket.thread == "chat-77"
