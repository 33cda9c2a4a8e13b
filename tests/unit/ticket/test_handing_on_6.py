"""Semantics 6.3, 6.5: the customer who comes back, and the ladder climbed by hand."""

from tests.support.policies import ladder, row
from workflows.domain.ticket.commands import (
    Escalate,
)
from workflows.domain.ticket.events import Escalated, Transferred
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.words import ContactKind, Status
from workflows.testing.story import Tell, brought_to


def test_every_second_chase_escalates_and_the_count_starts_again(tell: Tell) -> None:
    """6.3: NEWS and COMPLAINT count, INFORMATION does not; a contact opens and restarts no clock."""
    story = brought_to(tell(ladder()), Status.IN_PROGRESS)
    story.contact(ContactKind.NEWS).happened("Mon 23 Nov 10:00 contact: news, chases 1")
    story.until("Mon 23 Nov 11:00").contact(ContactKind.INFORMATION).happened(
        "Mon 23 Nov 11:00 contact: information, chases 1"
    )
    story.told("contact_received to owner ann", "contact_received to owner ann")
    story.until("Mon 23 Nov 12:00").contact(ContactKind.COMPLAINT).happened(
        "Mon 23 Nov 12:00 contact: complaint, chases 2",
        "Mon 23 Nov 12:00 escalated agent -> specialist: repeat_contact, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 12:00 cancelled tier_resolve/1 of agent, 3h spent",
        "Mon 23 Nov 12:00 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 16:00",
        "Mon 23 Nov 12:00 started tier_resolve/2 of specialist, 900h, until Thu 31 Dec 00:00",
        "Mon 23 Nov 12:00 promise next_news/2 made again: next_news, by Sat 26 Dec 17:00",
    )
    story.until("Mon 23 Nov 13:00").contact().happened("Mon 23 Nov 13:00 contact: news, chases 1")


def test_how_many_chases_escalate_is_the_policys_number(tell: Tell) -> None:
    """6.3: here every third."""
    story = brought_to(tell(ladder(chases_to_escalate=3)), Status.IN_PROGRESS)
    story.until("Mon 23 Nov 10:10").contact().until("Mon 23 Nov 10:20").contact().as_told()
    story.until("Mon 23 Nov 10:30").contact().in_short(
        "Mon 23 Nov 10:30 contact: news, chases 3",
        "Mon 23 Nov 10:30 escalated agent -> specialist: repeat_contact, next news Sat 26 Dec 17:00",
    )


def test_entering_a_tier_by_any_way_starts_the_count_of_chases_again(tell: Tell) -> None:
    """6.3: the new tier has not been chased yet."""
    story = brought_to(tell(ladder()), Status.IN_PROGRESS)
    story.contact().until("Mon 23 Nov 10:30").transfer("specialist").as_told()
    story.until("Mon 23 Nov 11:00").contact().happened("Mon 23 Nov 11:00 contact: news, chases 1")


def test_a_second_chase_at_the_last_tier_is_exhaustion(tell: Tell) -> None:
    """6.3, 4.4: and the count starts again when it has acted."""
    story = brought_to(tell(ladder()), Status.IN_PROGRESS)
    story.transfer("supplier").until("Mon 23 Nov 10:10").contact().as_told()
    story.until("Mon 23 Nov 10:20").contact().happened(
        "Mon 23 Nov 10:20 contact: news, chases 2",
        "Mon 23 Nov 10:20 ladder ended at supplier: repeat_contact, duty-manager",
    )
    story.until("Mon 23 Nov 10:30").contact().happened("Mon 23 Nov 10:30 contact: news, chases 1")


def test_another_exhaustion_does_not_forget_a_chase(tell: Tell) -> None:
    """6.3: the count returns to zero when it acts and on entering a tier, not when something else exhausts."""
    story = brought_to(tell(ladder()), Status.IN_PROGRESS)
    story.transfer("supplier").until("Mon 23 Nov 10:10").contact().until("Mon 23 Nov 10:15").escalate().as_told()
    story.until("Mon 23 Nov 10:20").contact().happened(
        "Mon 23 Nov 10:20 contact: news, chases 2",
        "Mon 23 Nov 10:20 ladder ended at supplier, again: repeat_contact, duty-manager",
    )


def test_reopening_does_not_forget_a_chase(tell: Tell) -> None:
    """6.3: the customer who chased, was told it was solved and came back need not chase twice again."""
    story = brought_to(tell(ladder()), Status.IN_PROGRESS)
    story.contact().until("Mon 23 Nov 10:10").resolve().until("Mon 23 Nov 10:20").confirm().as_told()
    story.until("Mon 23 Nov 10:30").reopen().until("Mon 23 Nov 10:40").as_told().contact().in_short(
        "Mon 23 Nov 10:40 contact: news, chases 2",
        "Mon 23 Nov 10:40 escalated agent -> specialist: repeat_contact, next news Sat 26 Dec 18:30",
    )


def test_a_contact_while_waiting_is_the_answer_and_no_chase(tell: Tell) -> None:
    """6.3: whatever the caller called it."""
    story = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    story.contact(ContactKind.COMPLAINT).in_short(
        "Mon 23 Nov 10:00 contact: complaint, chases 0, the answer",
        "Mon 23 Nov 10:00 wait ended: contact",
    )
    assert story.ticket.status is Status.IN_PROGRESS


def test_a_contact_on_a_resolved_or_closed_ticket_is_recorded_and_shown_to_the_owner(tell: Tell) -> None:
    """6.9: it is no chase and changes nothing else."""
    for status in (Status.RESOLVED, Status.CLOSED):
        story = brought_to(tell(ladder()), status)
        story.contact(ContactKind.COMPLAINT).happened("Mon 23 Nov 10:00 contact: complaint, chases 0")
        story.told("contact_received to owner ann")
        assert story.ticket.status is status


def test_a_contact_on_a_ticket_closed_longer_than_its_window_is_refused_with_a_hint(tell: Tell) -> None:
    """6.3: open a new one that follows it."""
    story = brought_to(tell(ladder()), Status.CLOSED)
    # Closed at Mon 23 Nov 09:30; fourteen days of wall-clock.
    story.until("Mon 7 Dec 09:30").contact().happened("Mon 7 Dec 09:30 contact: news, chases 0")
    story.until("Mon 7 Dec 09:31").contact().happened(
        "Mon 7 Dec 09:31 refused REOPEN_WINDOW_OVER: closed since 2026-11-23 09:30 UTC, longer than the reopen "
        "window of 336 h: open a new ticket that follows 't-1'"
    )


def test_an_escalation_tells_the_customer_when_they_hear_next(tell: Tell) -> None:
    """6.5: the update deadline, kept with the ticket; the message tells of the line that says so."""
    story = brought_to(tell(ladder(agent=row(update_every=4))), Status.IN_PROGRESS)
    story.escalate().in_short("Mon 23 Nov 10:00 escalated agent -> specialist: by_hand, next news 13:00")
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 13:00")
    assert [each.event.reason for each in story.entries if isinstance(each.event, Escalated)] == ["beyond us"]
    again = judge(
        ladder(),
        story.ticket,
        story.instant("Mon 23 Nov 10:30"),
        Escalate(actor="b", from_tier="specialist", reason=""),
    )
    assert {message.sequence for message in again.messages} == {story.ticket.sequence + 1}
    story.told(
        "escalated to customer c-1",
        "escalated to tier specialist",
        "escalated to owner ann",
    )


def test_a_persons_message_keeps_the_news_that_was_promised_and_promises_the_next(tell: Tell) -> None:
    """6.4, 6.5, 2.4: the customer has heard, and hears next by the new run's deadline; who is asked is owed none."""
    story = brought_to(tell(ladder(specialist=row(update_every=4))), Status.IN_PROGRESS)
    story.escalate().until("Mon 23 Nov 11:00").post_update().as_told()
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 15:00")
    story.until("Mon 23 Nov 11:30").ask().as_told()
    assert story.ticket.next_news_at is None


def test_a_transfer_forward_tells_the_customer_and_backward_it_does_not(tell: Tell) -> None:
    """6.5: with a reason; every entry of a tier visited before counts as ping-pong."""
    story = brought_to(tell(ladder(agent=row(update_every=4))), Status.IN_PROGRESS)
    story.transfer("supplier").in_short("Mon 23 Nov 10:00 transferred agent -> supplier forward")
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 13:00")
    story.told("transferred to customer c-1", "transferred to tier supplier", "transferred to owner ann")
    story.until("Mon 23 Nov 10:30").transfer("specialist").in_short(
        "Mon 23 Nov 10:30 transferred supplier -> specialist backward"
    )
    story.told("transferred to tier specialist", "transferred to owner ann")
    story.until("Mon 23 Nov 10:40").transfer("agent").in_short(
        "Mon 23 Nov 10:40 transferred specialist -> agent backward, ping-pong"
    )
    story.until("Mon 23 Nov 10:50").escalate().in_short(
        "Mon 23 Nov 10:50 escalated agent -> specialist: by_hand, next news 13:00, ping-pong"
    )
    moves = [entry.event for entry in story.entries if isinstance(entry.event, Transferred | Escalated)]
    assert len(moves) == 4
    assert story.ticket.visited == ("agent", "supplier", "specialist", "agent", "specialist")


def test_a_transfer_names_another_tier_of_the_policy(tell: Tell) -> None:
    """6.5: to any other named tier; anything else is refused with what there is."""
    story = brought_to(tell(ladder()), Status.IN_PROGRESS)
    story.transfer("engineer").happened(
        "Mon 23 Nov 10:00 refused UNKNOWN_TIER: cannot transfer to tier 'engineer': "
        "the policy has agent, specialist, supplier"
    )
    story.until("Mon 23 Nov 10:01").transfer("agent").happened(
        "Mon 23 Nov 10:01 refused WRONG_TIER: cannot transfer to tier 'agent': "
        "it has the ticket already; name another one"
    )
