"""Semantics 2: clocks start, pause, resume, are met, breached or cancelled, each by its own calendar."""

from datetime import timedelta

from tests.support.policies import ALWAYS, LINES, ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.policy import hours
from workflows.domain.ticket.words import ClockState, Outcome, Target
from workflows.testing.story import Tell

OFFICE = Calendar("UTC", {"mon-fri": "09:00-17:00"})


def test_acknowledge_runs_from_the_entry_of_a_tier_until_somebody_of_it_takes_it_on(tell: Tell) -> None:
    """2.1: it starts with the ticket and is met by the acknowledgement."""
    story = tell(ladder(agent=row(acknowledge=1)))
    story.open("Mon 23 Nov 09:00").happened(
        "Mon 23 Nov 09:00 opened normal in agent",
        "Mon 23 Nov 09:00 started acknowledge/1 of agent, 1h, until 10:00",
        "Mon 23 Nov 09:00 started tier_resolve/1 of agent, 900h, until Wed 30 Dec 21:00",
        "Mon 23 Nov 09:00 started update/1 of agent, 800h, until Sat 26 Dec 17:00",
        "Mon 23 Nov 09:00 started resolve/1 of agent, 1000h, until Mon 4 Jan 01:00",
        "Mon 23 Nov 09:00 promise next_news/1 made: next_news, by Sat 26 Dec 17:00",
    )
    story.until("Mon 23 Nov 09:40").acknowledge("ann").happened(
        "Mon 23 Nov 09:40 acknowledged by ann of agent",
        "Mon 23 Nov 09:40 met acknowledge/1 of agent, 40m spent",
    )


def test_acknowledge_starts_anew_in_each_tier(tell: Tell) -> None:
    """2.1: the next tier has its own acknowledge clock, from the instant at which the ticket enters it."""
    story = tell(ladder(agent=row(acknowledge=1), specialist=row(acknowledge=2)))
    story.open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.until("Mon 23 Nov 11:00").escalate().happened(
        "Mon 23 Nov 11:00 escalated agent -> specialist: by_hand, next news Sat 26 Dec 17:00",
        "Mon 23 Nov 11:00 cancelled tier_resolve/1 of agent, 2h spent",
        "Mon 23 Nov 11:00 started acknowledge/2 of specialist, 2h, until 13:00",
        "Mon 23 Nov 11:00 started tier_resolve/2 of specialist, 900h, until Wed 30 Dec 23:00",
        "Mon 23 Nov 11:00 promise next_news/2 made again: next_news, by Sat 26 Dec 17:00",
    )


def test_an_update_restarts_the_update_clock_from_itself(tell: Tell) -> None:
    """2.2, 2.9: an early update moves the next deadline to itself plus the target, not to the old grid."""
    story = tell(ladder(agent=row(update_every=4)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 10:30").post_update().happened(
        "Mon 23 Nov 10:30 update posted",
        "Mon 23 Nov 10:30 met update/1 of agent, 1h30m spent",
        "Mon 23 Nov 10:30 started update/2 of agent, 4h, until 14:30",
        "Mon 23 Nov 10:30 promise next_news/1 kept, for 13:00",
        "Mon 23 Nov 10:30 promise next_news/2 made: next_news, by 14:30",
    )
    story.until("Mon 23 Nov 14:30").post_update().happened(
        "Mon 23 Nov 14:30 update posted",
        "Mon 23 Nov 14:30 met update/2 of agent, 4h spent",
        "Mon 23 Nov 14:30 started update/3 of agent, 4h, until 18:30",
        "Mon 23 Nov 14:30 promise next_news/2 kept, for 14:30",
        "Mon 23 Nov 14:30 promise next_news/3 made: next_news, by 18:30",
    )


def test_a_question_is_an_update_and_the_next_run_starts_paused(tell: Tell) -> None:
    """2.2, 2.7: the question of a wait restarts the update clock, paused; acknowledge alone runs on."""
    story = tell(ladder(agent=row(acknowledge=3, update_every=4)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 11:00").ask().happened(
        "Mon 23 Nov 11:00 wait started",
        "Mon 23 Nov 11:00 met update/1 of agent, 2h spent",
        "Mon 23 Nov 11:00 started update/2 of agent, 4h, paused: waiting_on_customer",
        "Mon 23 Nov 11:00 promise next_news/1 kept, for 13:00",
        "Mon 23 Nov 11:00 paused tier_resolve/1 of agent: waiting_on_customer, 2h spent",
        "Mon 23 Nov 11:00 paused resolve/1 of agent: waiting_on_customer, 2h spent",
    )
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 23 Nov 12:00")


def test_the_explanation_of_a_resolution_is_an_update(tell: Tell) -> None:
    """2.2, 2.10: it restarts the update clock, which then stands still with both resolve clocks."""
    story = tell(ladder(agent=row(update_every=4)))
    story.open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.until("Mon 23 Nov 12:00").resolve().happened(
        "Mon 23 Nov 12:00 resolved fixed",
        "Mon 23 Nov 12:00 met update/1 of agent, 3h spent",
        "Mon 23 Nov 12:00 started update/2 of agent, 4h, paused: resolved",
        "Mon 23 Nov 12:00 promise next_news/1 kept, for 13:00",
        "Mon 23 Nov 12:00 paused tier_resolve/1 of agent: resolved, 3h spent",
        "Mon 23 Nov 12:00 paused resolve/1 of agent: resolved, 3h spent",
    )


def test_neither_acknowledging_nor_a_reminder_restarts_the_update_clock(tell: Tell) -> None:
    """2.2: only a person's message to the customer does; an automatic reminder is none."""
    story = tell(ladder(agent=row(update_every=40), waiting_pauses=()))
    story.open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.until("Mon 23 Nov 10:00").ask().as_told()
    story.until("Mon 23 Nov 20:30").happened("Mon 23 Nov 20:00 customer reminded 1, due 20:00")
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Wed 25 Nov 02:00")


def test_the_length_of_an_update_run_is_that_of_the_tier_in_which_it_starts(tell: Tell) -> None:
    """2.2: the specialists' six hours count from the first update they send; the agents' run is not lengthened."""
    story = tell(ladder(agent=row(update_every=4), specialist=row(update_every=6)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 10:00").escalate().in_short(
        "Mon 23 Nov 10:00 escalated agent -> specialist: by_hand, next news 13:00"
    )
    story.until("Mon 23 Nov 12:00").post_update().happened(
        "Mon 23 Nov 12:00 update posted",
        "Mon 23 Nov 12:00 met update/1 of agent, 3h spent",
        "Mon 23 Nov 12:00 started update/2 of specialist, 6h, until 18:00",
        "Mon 23 Nov 12:00 promise next_news/2 kept, for 13:00",
        "Mon 23 Nov 12:00 promise next_news/3 made: next_news, by 18:00",
    )


def test_a_tier_with_a_shorter_update_target_shortens_the_running_run(tell: Tell) -> None:
    """2.2: from the same start, the specialists' two hours end earlier than the agents' four."""
    story = tell(ladder(agent=row(update_every=4), specialist=row(update_every=2)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 10:30").escalate().happened(
        "Mon 23 Nov 10:30 escalated agent -> specialist: by_hand, next news 11:00",
        "Mon 23 Nov 10:30 cancelled acknowledge/1 of agent, 1h30m spent",
        "Mon 23 Nov 10:30 cancelled tier_resolve/1 of agent, 1h30m spent",
        "Mon 23 Nov 10:30 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 14:30",
        "Mon 23 Nov 10:30 started tier_resolve/2 of specialist, 900h, until Wed 30 Dec 22:30",
        "Mon 23 Nov 10:30 moved update/1 of agent to 2h, 1h30m spent, until 11:00",
        "Mon 23 Nov 10:30 promise next_news/2 made again: next_news, by 11:00",
    )


def test_a_shorter_target_that_is_spent_already_leaves_the_acknowledge_target(tell: Tell) -> None:
    """2.2, 6.11: entering a tier is never itself a breach; the new tier's acknowledge target is what remains."""
    story = tell(ladder(agent=row(update_every=8), specialist=row(acknowledge=1, update_every=2)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 12:00").escalate().as_told()
    clock = story.clock(Target.UPDATE)
    assert (clock.deadline_at, clock.length) == (story.instant("Mon 23 Nov 13:00"), hours(4))


def test_a_shorter_target_that_is_spent_to_the_microsecond_is_spent(tell: Tell) -> None:
    """2.2, 6.11: two hours of two; the ticket is not due in the instant in which it arrives."""
    story = tell(ladder(agent=row(update_every=8), specialist=row(acknowledge=1, update_every=2)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 11:00").escalate().as_told()
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Mon 23 Nov 12:00")


def test_a_shorter_target_that_is_spent_already_never_gives_time(tell: Tell) -> None:
    """2.2, 6.11: what remains is never more than there was left, and the unmoved run is not said to have moved."""
    story = tell(ladder(agent=row(update_every=4), specialist=row(acknowledge=1, update_every=2)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 12:30").escalate().happened(
        "Mon 23 Nov 12:30 escalated agent -> specialist: by_hand, next news 13:00",
        "Mon 23 Nov 12:30 cancelled acknowledge/1 of agent, 3h30m spent",
        "Mon 23 Nov 12:30 cancelled tier_resolve/1 of agent, 3h30m spent",
        "Mon 23 Nov 12:30 started acknowledge/2 of specialist, 1h, until 13:30",
        "Mon 23 Nov 12:30 started tier_resolve/2 of specialist, 900h, until Thu 31 Dec 00:30",
        "Mon 23 Nov 12:30 promise next_news/2 made again: next_news, by 13:00",
    )


def test_a_transfer_at_closing_time_does_not_move_an_update_due_then_to_the_next_opening(tell: Tell) -> None:
    """2.2, 3.3, 6.11: a deadline at closing time is closing time, also when its tier changes at that very instant."""
    story = tell(ladder(calendar=OFFICE, agent=row(update_every=8), specialist=row(update_every=2)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 17:00").transfer("specialist").as_told()
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Mon 23 Nov 17:00")


def test_a_paused_update_run_is_shortened_as_well(tell: Tell) -> None:
    """2.2, 6.11: entering a tier while the customer is waited for shortens the paused run; it resumes with the rest."""
    story = tell(ladder(agent=row(update_every=4), specialist=row(update_every=3)))
    story.open("Mon 23 Nov 09:00").ask().until("Mon 23 Nov 10:00").escalate().as_told()
    story.until("Mon 23 Nov 11:00").contact().as_told()
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Mon 23 Nov 14:00")


def test_an_update_run_that_was_paused_and_is_spent_keeps_the_acknowledge_target(tell: Tell) -> None:
    """2.2, 6.11: so too when it began paused."""
    story = tell(ladder(agent=row(update_every=8), specialist=row(acknowledge=1, update_every=2)))
    # The update of a wait starts paused with nothing spent; a second wait finds it paused after three hours' work.
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 12:00").ask().until("Mon 23 Nov 13:00").go_on().as_told()
    story.until("Mon 23 Nov 16:00")
    paused = story.clock(Target.UPDATE)
    assert (paused.spent, paused.running_since) == (timedelta(), story.instant("Mon 23 Nov 13:00"))
    story.escalate().as_told()
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Mon 23 Nov 17:00")


def test_the_customers_resolve_clock_never_restarts(tell: Tell) -> None:
    """2.3: neither an update nor an escalation nor an acknowledgement touches it."""
    story = tell(ladder(resolve=hours(900.5)))
    story.open("Mon 23 Nov 09:00")
    deadline_at = story.clock(Target.RESOLVE).deadline_at
    story.until("Mon 23 Nov 10:00").acknowledge().post_update().escalate().transfer("agent").as_told()
    clock = story.clock(Target.RESOLVE)
    assert (clock.run, clock.deadline_at) == (1, deadline_at)
    assert deadline_at == story.instant("Wed 30 Dec 21:30")


def test_a_tier_entered_again_goes_on_from_the_time_it_has_spent(tell: Tell) -> None:
    """2.3: agents had two of their nine hours; the specialists' hour between is not theirs."""
    story = tell(ladder(agent=row(resolve=9)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 11:00").escalate().as_told()
    story.until("Mon 23 Nov 12:00").transfer("agent").happened(
        "Mon 23 Nov 12:00 transferred specialist -> agent backward, ping-pong",
        "Mon 23 Nov 12:00 cancelled acknowledge/2 of specialist, 1h spent",
        "Mon 23 Nov 12:00 cancelled tier_resolve/2 of specialist, 1h spent",
        "Mon 23 Nov 12:00 started acknowledge/3 of agent, 700h, until Tue 22 Dec 16:00",
        "Mon 23 Nov 12:00 started tier_resolve/3 of agent, 9h with 2h spent, until 19:00",
    )


def test_a_tier_that_broke_its_resolve_target_gets_no_new_one(tell: Tell) -> None:
    """2.3, 4.3: its time is spent and its one breach is had; entered again, only acknowledge starts."""
    story = tell(ladder(agent=row(resolve=2)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 11:30").in_short(
        "Mon 23 Nov 09:00 opened normal in agent",
        "Mon 23 Nov 11:00 breached tier_resolve/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 escalated agent -> specialist: tier_resolve_breached, next news Sat 26 Dec 17:00",
    )
    story.until("Mon 23 Nov 12:00").transfer("agent").happened(
        "Mon 23 Nov 12:00 transferred specialist -> agent backward, ping-pong",
        "Mon 23 Nov 12:00 cancelled acknowledge/2 of specialist, 1h spent",
        "Mon 23 Nov 12:00 cancelled tier_resolve/2 of specialist, 1h spent",
        "Mon 23 Nov 12:00 started acknowledge/3 of agent, 700h, until Tue 22 Dec 16:00",
    )


def test_a_later_target_never_hides_an_earlier_one(tell: Tell) -> None:
    """2.5: the next wake-up is the earliest deadline of all running clocks, and a microsecond."""
    story = tell(ladder(agent=row(acknowledge=3, update_every=2, resolve=4), resolve=hours(5)))
    story.open("Mon 23 Nov 09:00").as_told()
    assert story.ticket.wake_at() == story.instant("Mon 23 Nov 11:00:00.000001")
    assert story.ticket.deadline_at() == story.instant("Mon 23 Nov 11:00")
    story.post_update().as_told()
    story.until("Mon 23 Nov 10:00").post_update().as_told()
    assert story.ticket.wake_at() == story.instant("Mon 23 Nov 12:00:00.000001")


def test_each_clock_counts_in_its_own_calendar(tell: Tell) -> None:
    """2.6: the supplier keeps German hours, the customer's clocks count by the British desk's."""
    # Friday 27 November 2026; the supplier's Friday ends at 13:00 in Berlin, 12:00 in London.
    story = tell(LINES, zone="Europe/London")
    story.open("Fri 27 Nov 10:00", priority="urgent").as_told()
    story.until("Fri 27 Nov 10:05").transfer("specialist").until("Fri 27 Nov 10:10").transfer("supplier").as_told()
    story.until("Fri 27 Nov 11:30").in_short(
        "Fri 27 Nov 10:45 warned 75% of update/1 of agent, due 10:45",
        "Fri 27 Nov 10:55 warned 75% of acknowledge/3 of supplier, due 10:55",
        "Fri 27 Nov 11:00 breached update/1 of agent, due 11:00",
        "Fri 27 Nov 11:10 breached acknowledge/3 of supplier, due 11:10",
        "Fri 27 Nov 11:10 ladder ended at supplier: acknowledge_breached, duty-manager",
    )
    # 10:10 + 6 h: 1 h 50 m on Friday in Berlin, the rest from Monday 08:00 there, 07:00 here.
    assert story.clock(Target.TIER_RESOLVE, "supplier").deadline_at == story.instant("Mon 30 Nov 11:10")
    # 11:00 + 2 h and 10:00 + 8 h by the British desk.
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Fri 27 Nov 13:00")
    assert story.clock(Target.RESOLVE).deadline_at == story.instant("Fri 27 Nov 18:00")


def test_reminders_give_up_and_sign_off_are_open_time_and_the_reopen_window_is_not(tell: Tell) -> None:
    """2.6: ten hours after a question at 16:00 are Wednesday 10:00 at an eight-hour desk; the window is wall-clock."""
    story = tell(ladder(calendar=OFFICE, resolve=hours(900)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 16:00").ask().as_told()
    story.until("Wed 25 Nov 10:30").happened("Wed 25 Nov 10:00 customer reminded 1, due 10:00")
    story.until("Wed 25 Nov 12:00").resolve().as_told()
    # 24 open hours: five on Wednesday, eight on Thursday and on Friday, three on Monday.
    story.until("Mon 30 Nov 12:30").in_short(
        "Mon 30 Nov 12:00 closed fixed by silence, due 12:00",
        "Mon 30 Nov 12:00 met tier_resolve/1 of agent, 7h spent, as of Wed 25 Nov 12:00",
        "Mon 30 Nov 12:00 met update/3 of agent, 0m spent, as of Wed 25 Nov 12:00",
        "Mon 30 Nov 12:00 met resolve/1 of agent, 7h spent, as of Wed 25 Nov 12:00",
    )
    story.until("Mon 14 Dec 12:00").reopen().in_short(
        "Mon 14 Dec 12:00 reopened, was fixed",
        "Mon 14 Dec 12:00 reinstated tier_resolve/1 of agent, was met, 7h spent, until Wed 20 Jan 17:00",
        "Mon 14 Dec 12:00 reinstated resolve/1 of agent, was met, 7h spent, until Tue 18 May 17:00",
    )


def test_an_answer_resumes_what_the_wait_paused_at_the_instant_it_arrived(tell: Tell) -> None:
    """2.7: the time of the wait is nobody's; each clock goes on with what it had left."""
    story = tell(ladder(agent=row(acknowledge=9, update_every=4, resolve=9), resolve=hours(40)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").ask().as_told()
    story.until("Mon 23 Nov 15:00").contact().happened(
        "Mon 23 Nov 15:00 contact: news, chases 0, the answer",
        "Mon 23 Nov 15:00 wait ended: contact",
        "Mon 23 Nov 15:00 resumed tier_resolve/1 of agent, 1h spent, until 23:00",
        "Mon 23 Nov 15:00 resumed update/2 of agent, 0m spent, until 19:00",
        "Mon 23 Nov 15:00 resumed resolve/1 of agent, 1h spent, until Wed 25 Nov 06:00",
    )
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 23 Nov 18:00")


def test_a_clock_of_another_calendar_keeps_the_time_spent_by_its_own(tell: Tell) -> None:
    """2.6, 2.7: a wait from 08:00 to 16:00 takes eight hours from the customer's clock, none from the night desk's."""
    nights = Calendar("UTC", {"mon-sun": "20:00-04:00"})
    story = tell(ladder(agents_calendar=nights, agent=row(resolve=6), resolve=hours(900)))
    story.open("Mon 23 Nov 22:00").until("Tue 24 Nov 08:00").ask().in_short(
        "Mon 23 Nov 22:00 opened normal in agent",
        "Tue 24 Nov 04:00 breached tier_resolve/1 of agent, due 04:00",
        "Tue 24 Nov 04:00 escalated agent -> specialist: tier_resolve_breached, next news Sun 27 Dec 06:00",
        "Tue 24 Nov 08:00 wait started",
        "Tue 24 Nov 08:00 met update/1 of agent, 10h spent",
    )
    story.transfer("agent").as_told()
    other = tell(ladder(agents_calendar=nights, agent=row(resolve=8)))
    other.open("Mon 23 Nov 22:00").until("Tue 24 Nov 08:00").ask().as_told()
    other.until("Tue 24 Nov 16:00").contact().happened(
        "Tue 24 Nov 16:00 contact: news, chases 0, the answer",
        "Tue 24 Nov 16:00 wait ended: contact",
        "Tue 24 Nov 16:00 resumed tier_resolve/1 of agent, 6h spent, until 22:00",
        "Tue 24 Nov 16:00 resumed update/2 of agent, 0m spent, until Mon 28 Dec 00:00",
        "Tue 24 Nov 16:00 resumed resolve/1 of agent, 10h spent, until Mon 4 Jan 22:00",
    )


def test_which_clocks_a_wait_pauses_is_the_policys_to_change(tell: Tell) -> None:
    """2.7: a policy that pauses acknowledge alone lets the customer's clocks run."""
    story = tell(ladder(agent=row(acknowledge=3, update_every=4), waiting_pauses=(Target.ACKNOWLEDGE,)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").ask().as_told()
    assert story.clock(Target.ACKNOWLEDGE).state is ClockState.PAUSED
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Mon 23 Nov 14:00")
    assert story.clock(Target.RESOLVE).deadline_at == story.instant("Mon 4 Jan 01:00")


def test_a_tier_entered_while_waiting_starts_with_what_the_wait_pauses_paused(tell: Tell) -> None:
    """2.7: the wait is the customer's; the new tier's resolve stands still from the start, its acknowledge runs."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").ask().until("Mon 23 Nov 10:00").escalate().as_told()
    assert story.clock(Target.TIER_RESOLVE, "specialist").state is ClockState.PAUSED
    assert story.clock(Target.ACKNOWLEDGE).state is ClockState.RUNNING


def test_a_tier_entered_while_waiting_pauses_what_the_policy_says_and_no_more(tell: Tell) -> None:
    """2.7: a policy whose waits pause acknowledge alone: the new tier's stands still, its resolve runs."""
    story = tell(ladder(specialist=row(acknowledge=2, resolve=9), waiting_pauses=(Target.ACKNOWLEDGE,)))
    story.open("Mon 23 Nov 09:00").ask().until("Mon 23 Nov 10:00").escalate().as_told()
    assert story.clock(Target.ACKNOWLEDGE).state is ClockState.PAUSED
    assert story.clock(Target.TIER_RESOLVE, "specialist").deadline_at == story.instant("Mon 23 Nov 19:00")
    story.until("Mon 23 Nov 15:00").contact().as_told()
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 23 Nov 17:00")


def test_a_warning_goes_to_the_tier_and_the_owner_once_a_run(tell: Tell) -> None:
    """2.8: at 75 % of the working time, to the handler (none: the tier) and the owner (none: the first tier)."""
    story = tell(ladder(agent=row(acknowledge=4), specialist=row(acknowledge=4), warn_at=(0.75,)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 12:59").happened("Mon 23 Nov 12:00 warned 75% of acknowledge/1 of agent, due 12:00")
    story.told("clock_warned to handler agent")
    story.acknowledge("ann").until("Mon 23 Nov 13:30").escalate().as_told()
    story.until("Mon 23 Nov 16:31").happened("Mon 23 Nov 16:30 warned 75% of acknowledge/2 of specialist, due 16:30")
    story.told("clock_warned to handler specialist", "clock_warned to owner ann")


def test_a_warning_is_by_working_time(tell: Tell) -> None:
    """2.8: three of four open hours, not of the wall's."""
    story = tell(ladder(agents_calendar=OFFICE, agent=row(acknowledge=4), warn_at=(0.75,)))
    story.open("Mon 23 Nov 16:00").as_told()
    story.until("Tue 24 Nov 11:30").happened("Tue 24 Nov 11:00 warned 75% of acknowledge/1 of agent, due 11:00")


def test_each_fraction_warns_once(tell: Tell) -> None:
    """2.8: a policy may warn at several fractions."""
    story = tell(ladder(agent=row(acknowledge=4), warn_at=(0.5, 0.75)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 13:00").happened(
        "Mon 23 Nov 11:00 warned 50% of acknowledge/1 of agent, due 11:00",
        "Mon 23 Nov 12:00 warned 75% of acknowledge/1 of agent, due 12:00",
    )


def test_a_pause_moves_an_unsent_warning_and_does_not_repeat_a_sent_one(tell: Tell) -> None:
    """2.8: a moved deadline moves the warning; once per clock run."""
    story = tell(ladder(agent=row(resolve=10), warn_at=(0.5, 0.75)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 15:00").ask().as_told()
    story.until("Mon 23 Nov 18:00").contact().as_told()
    story.until("Mon 23 Nov 21:30").happened("Mon 23 Nov 19:30 warned 75% of tier_resolve/1 of agent, due 19:30")


def test_a_warning_that_lies_in_the_past_after_a_move_is_sent_at_once(tell: Tell) -> None:
    """2.8: 90 of the specialists' 120 minutes are over when they get the ticket."""
    story = tell(ladder(agent=row(update_every=8), specialist=row(update_every=2), warn_at=(0.75,)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:45").escalate().as_told()
    story.until("Mon 23 Nov 10:59").happened("Mon 23 Nov 10:45 warned 75% of update/1 of agent, due 10:45")


def test_a_warning_that_lies_in_the_past_does_not_wait_for_the_opening(tell: Tell) -> None:
    """2.8: handed on after hours, two of the specialists' two and a half open hours over: told now, not tomorrow."""
    policy = ladder(
        calendar=OFFICE,
        agent=row(update_every=8),
        specialist=row(update_every=2.5),
        resolve=hours(900),
        warn_at=(0.75,),
    )
    story = tell(policy).open("Mon 23 Nov 15:00").until("Mon 23 Nov 20:00").escalate().as_told()
    story.until("Mon 23 Nov 20:01").happened("Mon 23 Nov 20:00 warned 75% of update/1 of agent, due 20:00")
    assert story.clock(Target.UPDATE).deadline_at == story.instant("Tue 24 Nov 09:30")


def test_a_past_warning_of_a_tier_entered_again_does_not_wait_for_the_opening(tell: Tell) -> None:
    """2.8, 2.3: seven of the agents' eight hours were spent when their warning could not be sent; it is when they can.

    The ticket left them at the very instant of the warning, and comes back after hours.
    """
    story = tell(ladder(agents_calendar=OFFICE, agent=row(resolve=8), warn_at=(0.875,)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 16:00").transfer("supplier").as_told()
    story.until("Mon 23 Nov 20:00").transfer("agent").as_told()
    story.until("Mon 23 Nov 20:01").happened("Mon 23 Nov 20:00 warned 88% of tier_resolve/3 of agent, due 20:00")


def test_resolved_clocks_are_met_at_closing_as_of_the_resolve(tell: Tell) -> None:
    """2.10: the days until the customer's word do not count."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").acknowledge().until("Mon 23 Nov 12:00").resolve().as_told()
    story.until("Tue 24 Nov 10:00").confirm().happened(
        "Tue 24 Nov 10:00 confirmed",
        "Tue 24 Nov 10:00 closed fixed by confirmation",
        "Tue 24 Nov 10:00 met tier_resolve/1 of agent, 3h spent, as of Mon 23 Nov 12:00",
        "Tue 24 Nov 10:00 met update/2 of agent, 0m spent, as of Mon 23 Nov 12:00",
        "Tue 24 Nov 10:00 met resolve/1 of agent, 3h spent, as of Mon 23 Nov 12:00",
    )


def test_a_clock_is_never_met_before_it_started(tell: Tell) -> None:
    """2.10: an update told while resolved starts a run that is met as of its own start."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 12:00").resolve().as_told()
    story.until("Mon 23 Nov 15:00").post_update().happened(
        "Mon 23 Nov 15:00 update posted",
        "Mon 23 Nov 15:00 met update/2 of agent, 0m spent",
        "Mon 23 Nov 15:00 started update/3 of agent, 800h, paused: resolved",
    )
    story.until("Mon 23 Nov 16:00").confirm().happened(
        "Mon 23 Nov 16:00 confirmed",
        "Mon 23 Nov 16:00 closed fixed by confirmation",
        "Mon 23 Nov 16:00 met tier_resolve/1 of agent, 3h spent, as of 12:00",
        "Mon 23 Nov 16:00 met update/3 of agent, 0m spent, as of 15:00",
        "Mon 23 Nov 16:00 met resolve/1 of agent, 3h spent, as of 12:00",
    )


def test_an_acknowledge_still_running_is_met_by_the_resolve(tell: Tell) -> None:
    """2.10: whoever solves it has taken it on."""
    story = tell(ladder(agent=row(acknowledge=4)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 12:00").resolve(Outcome.WORKAROUND).in_short(
        "Mon 23 Nov 09:00 opened normal in agent",
        "Mon 23 Nov 12:00 resolved workaround",
        "Mon 23 Nov 12:00 met acknowledge/1 of agent, 3h spent",
        "Mon 23 Nov 12:00 met update/1 of agent, 3h spent",
    )


def test_an_acknowledgement_outside_hours_counts_from_the_next_opening(tell: Tell) -> None:
    """2.6, 3.4: a ticket of Friday evening must be taken on by Monday 10:00."""
    story = tell(ladder(agents_calendar=OFFICE, agent=row(acknowledge=1)))
    story.open("Fri 27 Nov 19:00").as_told()
    assert story.clock(Target.ACKNOWLEDGE).deadline_at == story.instant("Mon 30 Nov 10:00")
    assert ALWAYS.zone == "UTC"
