"""Semantics 5: timestamps decide, not arrival; the order within an instant; the version a command was decided on."""

from datetime import datetime

import pytest

from tests.support.policies import ladder, row
from workflows.domain.errors import CalendarError
from workflows.domain.policy import OnBreach, hours
from workflows.domain.ticket.commands import Acknowledge, Escalate, PostUpdate
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.words import ContactKind, Outcome, Target
from workflows.domain.zones import zone
from workflows.testing.story import Tell


def test_a_command_counts_from_its_instant(tell: Tell) -> None:
    """5.1: what it causes takes effect at the instant at which it entered the record."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:40:12.000345").acknowledge().in_short(
        "Mon 23 Nov 09:00 opened normal in agent",
        "Mon 23 Nov 09:40:12.000345 acknowledged by ann of agent",
        "Mon 23 Nov 09:40:12.000345 met acknowledge/1 of agent, 40m12.0003s spent",
    )


def test_a_command_at_the_deadlines_own_instant_is_in_time(tell: Tell) -> None:
    """5.2: a deadline has passed when the instant judged is later than it."""
    story = tell(ladder(agent=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 10:00").acknowledge().happened(
        "Mon 23 Nov 10:00 acknowledged by ann of agent",
        "Mon 23 Nov 10:00 met acknowledge/1 of agent, 1h spent",
    )
    story.until("Mon 23 Nov 10:30").happened()


def test_a_microsecond_after_the_deadline_is_too_late(tell: Tell) -> None:
    """5.2: whole microseconds are what instants are made of."""
    story = tell(ladder(agent=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.unnoticed_until("Mon 23 Nov 10:00:00.000001").acknowledge(tier="agent").in_short(
        "Mon 23 Nov 10:00 breached acknowledge/1 of agent, due 10:00",
        "Mon 23 Nov 10:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00:00.000001 refused WRONG_TIER: cannot acknowledge tier 'agent': "
        "tier 'specialist' has the ticket now, handled by nobody yet",
    )


def test_settling_at_the_deadline_itself_finds_nothing(tell: Tell) -> None:
    """5.2: it is passed a microsecond later, which is when the ticket wants to be woken (2.5)."""
    story = tell(ladder(agent=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.late_until("Mon 23 Nov 10:00").happened()
    assert story.ticket.wake_at() == story.instant("Mon 23 Nov 10:00:00.000001")


def test_what_was_due_before_a_command_is_judged_before_it(tell: Tell) -> None:
    """5.2: an unsettled warning is recorded first; the acknowledgement is in time however late it is looked at."""
    story = tell(ladder(agent=row(acknowledge=1), warn_at=(0.75,)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.unnoticed_until("Mon 23 Nov 09:59").acknowledge().happened(
        "Mon 23 Nov 09:59 warned 75% of acknowledge/1 of agent, due 09:45",
        "Mon 23 Nov 09:59 acknowledged by ann of agent",
        "Mon 23 Nov 09:59 met acknowledge/1 of agent, 59m spent",
    )


def test_of_one_instant_warnings_then_breaches_by_target_then_escalation(tell: Tell) -> None:
    """5.2: acknowledge, tier resolve, update; then, two hours on, update before the customer's resolve."""
    story = tell(ladder(agent=row(acknowledge=2, update_every=2, resolve=2), resolve=hours(4), warn_at=(0.5,)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:30").as_told()
    story.until("Mon 23 Nov 11:30").in_short(
        "Mon 23 Nov 11:00 warned 50% of resolve/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 breached acknowledge/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 breached tier_resolve/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 breached update/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 escalated agent -> specialist: acknowledge_breached + tier_resolve_breached, next news 13:00",
    )
    story.until("Mon 23 Nov 13:30").in_short(
        "Mon 23 Nov 12:00 warned 50% of update/2 of agent, due 12:00",
        "Mon 23 Nov 13:00 breached update/2 of agent, due 13:00",
        "Mon 23 Nov 13:00 breached resolve/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 escalated specialist -> supplier: resolve_breached, next news 16:59",
    )


def test_of_one_instant_automatic_steps_go_between_breaches_and_escalation(tell: Tell) -> None:
    """5.2: the reminder of that instant does not know yet of the escalation that follows it."""
    story = tell(ladder(supplier=row(acknowledge=1, resolve=2)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").transfer("supplier").until("Mon 23 Nov 11:30").as_told()
    story.until("Mon 23 Nov 12:30").happened(
        "Mon 23 Nov 12:00 breached tier_resolve/2 of supplier, due 12:00",
        "Mon 23 Nov 12:00 reminded duty-manager 1: acknowledge_breached, due 12:00",
        "Mon 23 Nov 12:00 ladder ended at supplier, again: tier_resolve_breached, duty-manager",
    )


def test_what_a_step_brings_about_before_the_instant_is_judged_as_well(tell: Tell) -> None:
    """5.2: looked at within a minute, the specialists' whole half minute has passed already."""
    half_a_minute = 1 / 120
    story = tell(ladder(agent=row(acknowledge=1), specialist=row(acknowledge=half_a_minute)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.late_until("Mon 23 Nov 10:00:45").in_short(
        "Mon 23 Nov 10:00 breached acknowledge/1 of agent, due 10:00",
        "Mon 23 Nov 10:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00:30 breached acknowledge/2 of specialist, due 10:00:30",
        "Mon 23 Nov 10:00:30 escalated specialist -> supplier: acknowledge_breached, next news Sat 26 Dec 17:00",
    )


def test_an_instant_that_is_not_utc_is_refused(tell: Tell) -> None:
    """5.1: naive, or of a zone that happens to stand at zero, it is no instant of the record's clock."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").as_told()
    for odd in (datetime(2026, 11, 23, 10), datetime(2026, 11, 23, 10, tzinfo=zone("Europe/London"))):  # noqa: DTZ001 - what is to be refused
        with pytest.raises(CalendarError, match="is not in UTC"):
            judge(ladder(), story.ticket, odd)


def test_a_command_decided_on_an_older_state_is_refused_with_the_present_one(tell: Tell) -> None:
    """5.4: two people answer the same alarm; the second does not skip a tier."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").as_told()
    assert story.ticket.version == 1
    story.until("Mon 23 Nov 10:00").send(
        Escalate(actor="ann", from_tier="agent", reason="beyond us"), expected_version=1
    ).as_told()
    story.until("Mon 23 Nov 10:01").send(
        Escalate(actor="amy", from_tier="agent", reason="beyond us"), expected_version=1
    ).happened(
        "Mon 23 Nov 10:01 refused STALE_VERSION: expected_version is 1, the ticket is at 2: "
        "look at it again and decide anew"
    )


def test_the_expected_version_is_compared_after_advancing(tell: Tell) -> None:
    """5.4: the breach that nobody had settled yet moves the ticket on, and is recorded all the same."""
    story = tell(ladder(agent=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.unnoticed_until("Mon 23 Nov 10:30").send(PostUpdate(actor="ann", text="soon"), expected_version=1).in_short(
        "Mon 23 Nov 10:30 breached acknowledge/1 of agent, due 10:00, late",
        "Mon 23 Nov 10:30 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 10:30 refused STALE_VERSION: expected_version is 1, the ticket is at 2: "
        "look at it again and decide anew",
    )
    assert story.ticket.version == 2


def test_a_warning_between_does_not_make_a_command_stale(tell: Tell) -> None:
    """5.4: what nobody decides on does not raise the version."""
    story = tell(ladder(agent=row(acknowledge=1), warn_at=(0.5,)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.unnoticed_until("Mon 23 Nov 09:45").send(
        Acknowledge(actor="ann", handler="ann", tier="agent"), expected_version=1
    ).in_short(
        "Mon 23 Nov 09:45 warned 50% of acknowledge/1 of agent, due 09:30",
        "Mon 23 Nov 09:45 acknowledged by ann of agent",
        "Mon 23 Nov 09:45 met acknowledge/1 of agent, 45m spent",
    )


def test_the_version_rises_with_state_tier_handler_owner_and_deadlines(tell: Tell) -> None:
    """5.4: by one with each settle that changes any of them, however many."""
    story = tell(ladder(agent=row(update_every=2)))
    versions = [story.open("Mon 23 Nov 09:00").ticket.version]
    versions.append(story.until("Mon 23 Nov 10:00").acknowledge().ticket.version)
    versions.append(story.until("Mon 23 Nov 10:10").post_update().ticket.version)
    versions.append(story.until("Mon 23 Nov 10:20").ask().ticket.version)
    versions.append(story.until("Mon 23 Nov 10:30").contact().ticket.version)
    versions.append(story.until("Mon 23 Nov 10:40").escalate().ticket.version)
    versions.append(story.until("Mon 23 Nov 10:50").resolve().ticket.version)
    versions.append(story.until("Mon 23 Nov 11:00").reject().ticket.version)
    versions.append(story.until("Mon 23 Nov 11:10").resolve().ticket.version)
    versions.append(story.until("Mon 23 Nov 11:20").confirm().ticket.version)
    versions.append(story.until("Mon 23 Nov 11:30").reopen().ticket.version)
    assert versions == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    story.as_told()


def test_one_settle_raises_the_version_by_one(tell: Tell) -> None:
    """5.4: five breaches, an escalation and a command of one settle are one step."""
    story = tell(ladder(agent=row(acknowledge=1, update_every=2, resolve=3), resolve=hours(4)))
    story.open("Mon 23 Nov 09:00").unnoticed_until("Mon 23 Nov 14:30").post_update().as_told()
    assert story.ticket.version == 2


def test_the_version_stays_with_contacts_reminders_exhaustion_and_refusals(tell: Tell) -> None:
    """5.4: not with warnings, notes, messages and reminders."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").transfer("supplier")
    before = story.ticket.version
    story.until("Mon 23 Nov 09:40").contact(ContactKind.INFORMATION)
    story.until("Mon 23 Nov 09:50").contact(ContactKind.NEWS)
    story.until("Mon 23 Nov 10:00").escalate()
    story.until("Mon 23 Nov 12:30").confirm()
    assert story.ticket.version == before
    story.in_short(
        "Mon 23 Nov 09:00 opened normal in agent",
        "Mon 23 Nov 09:30 transferred agent -> supplier forward",
        "Mon 23 Nov 09:40 contact: information, chases 0",
        "Mon 23 Nov 09:50 contact: news, chases 1",
        "Mon 23 Nov 10:00 ladder ended at supplier: by_hand, duty-manager",
        "Mon 23 Nov 11:00 reminded duty-manager 1: by_hand, due 11:00",
        "Mon 23 Nov 12:00 reminded duty-manager 2: by_hand, due 12:00",
        "Mon 23 Nov 12:30 refused WRONG_STATE: cannot confirm: the ticket is 'open'; possible while it is 'resolved'",
    )


def test_the_version_stays_with_an_update_that_moves_no_deadline(tell: Tell) -> None:
    """5.4: told while the customer is waited for, it starts a paused run; nothing changes that anybody decides on."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").ask()
    before = story.ticket.version
    story.until("Mon 23 Nov 19:30").post_update().as_told()
    assert story.ticket.version == before


def test_an_escalation_must_name_the_tier_it_leaves(tell: Tell) -> None:
    """5.4: whoever thinks that the agents have it does not escalate the specialists."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").escalate(from_tier="agent").as_told()
    story.until("Mon 23 Nov 10:01").escalate(from_tier="agent").happened(
        "Mon 23 Nov 10:01 refused WRONG_TIER: cannot escalate from tier 'agent': "
        "tier 'specialist' has the ticket now, handled by nobody yet"
    )


def test_a_refusal_carries_the_present_state(tell: Tell) -> None:
    """5.4, 6: status, tier and handler, for whoever has to decide anew."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").acknowledge("ann").as_told()
    judged = judge(
        ladder(), story.ticket, story.instant("Mon 23 Nov 10:01"), Acknowledge(actor="b", handler="b", tier="agent")
    )
    assert judged.refusal is not None
    assert judged.refusal.facts == {"status": "in_progress", "tier": "agent", "handler": "ann"}
    assert (judged.ticket, judged.entries) == (story.ticket, ())


def test_lines_of_a_command_name_its_actor_and_lines_of_the_clocks_nobody(tell: Tell) -> None:
    """5.6: every command names its actor; what fell due before it was nobody's doing."""
    story = tell(ladder(agent=row(acknowledge=1), on_breach={Target.ACKNOWLEDGE: OnBreach()}))
    story.open("Mon 23 Nov 09:00", actor="desk").unnoticed_until("Mon 23 Nov 10:30").resolve(Outcome.FIXED)
    story.in_short(
        "Mon 23 Nov 09:00 opened normal in agent",
        "Mon 23 Nov 10:30 breached acknowledge/1 of agent, due 10:00, late",
        "Mon 23 Nov 10:30 resolved fixed",
        "Mon 23 Nov 10:30 met update/1 of agent, 1h30m spent",
    )
    actors = [entry.actor for entry in story.entries]
    assert actors == ["desk"] * 6 + [None] + ["ann"] * 6
