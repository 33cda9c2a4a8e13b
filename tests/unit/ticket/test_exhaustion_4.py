"""Semantics 4.4: the end of the ladder, which is never silent."""

from dataclasses import replace

from tests.support.policies import ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.ticket.words import Status
from workflows.testing.story import Tell

OFFICE = Calendar("UTC", {"mon-fri": "09:00-17:00"})


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
        "tier 'agent' has the ticket now, handled by nobody yet",
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


def test_a_reason_that_the_reminders_name_already_is_not_named_twice(tell: Tell) -> None:
    """4.4: exhausting again adds its reason; one that is there is there."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").transfer("supplier").as_told()
    story.until("Mon 23 Nov 10:00").escalate().until("Mon 23 Nov 10:30").escalate()
    story.until("Mon 23 Nov 11:30").happened(
        "Mon 23 Nov 10:00 ladder ended at supplier: by_hand, duty-manager",
        "Mon 23 Nov 10:30 ladder ended at supplier, again: by_hand, duty-manager",
        "Mon 23 Nov 11:00 reminded duty-manager 1: by_hand, due 11:00",
    )


def test_the_last_resort_that_acknowledges_handles_it_and_owns_nothing(tell: Tell) -> None:
    """4.4, 1: on a ladder of one tier too, the owner is the first of that tier who acknowledges."""
    story = tell(replace(ladder(), tiers=ladder().tiers[:1]))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").escalate().as_told()
    story.until("Mon 23 Nov 10:30").acknowledge("dora", tier="duty-manager").as_told()
    assert (story.ticket.status, story.ticket.handler, story.ticket.owner) == (Status.IN_PROGRESS, "dora", None)
    story.until("Mon 23 Nov 11:00").escalate().until("Mon 23 Nov 11:30").acknowledge("ann", tier="agent").as_told()
    assert (story.ticket.handler, story.ticket.owner) == ("dora", "ann")


def test_the_last_resort_is_reminded_in_open_time_of_the_policys_calendar(tell: Tell) -> None:
    """4.4, 2.6: half past four and an hour of a desk that closes at five is half past nine."""
    story = tell(ladder(calendar=OFFICE))
    story.open("Mon 23 Nov 09:00").transfer("supplier").as_told()
    story.until("Mon 23 Nov 16:30").escalate().until("Tue 24 Nov 10:00").happened(
        "Mon 23 Nov 16:30 ladder ended at supplier: by_hand, duty-manager",
        "Tue 24 Nov 09:30 reminded duty-manager 1: by_hand, due 09:30",
    )
