"""Semantics 6.7-6.9: outcomes, the word of the customer, and coming back."""

from tests.support.policies import ladder, row
from workflows.domain.calendar import Calendar
from workflows.domain.policy import OnBreach, hours
from workflows.domain.ticket.words import Outcome, Status, Target
from workflows.testing.story import Tell, brought_to

OFFICE = Calendar("UTC", {"mon-fri": "09:00-17:00"})


def test_no_response_is_met_only_if_the_customer_confirms(tell: Tell) -> None:
    """6.7: else its clocks are cancelled, by silence as by the desk."""
    confirmed = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    confirmed.until("Tue 24 Nov 16:00").as_told().confirm().happened(
        "Tue 24 Nov 16:00 confirmed",
        "Tue 24 Nov 16:00 closed no_response by confirmation",
        "Tue 24 Nov 16:00 met tier_resolve/1 of agent, 20m spent, as of 15:20",
        "Tue 24 Nov 16:00 met update/2 of agent, 0m spent, as of 15:20",
        "Tue 24 Nov 16:00 met resolve/1 of agent, 20m spent, as of 15:20",
    )
    silent = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    silent.until("Tue 24 Nov 16:00").as_told().until("Wed 25 Nov 15:30").happened(
        "Wed 25 Nov 15:20 closed no_response by silence, due 15:20",
        "Wed 25 Nov 15:20 cancelled tier_resolve/1 of agent, 20m spent",
        "Wed 25 Nov 15:20 cancelled update/2 of agent, 0m spent",
        "Wed 25 Nov 15:20 cancelled resolve/1 of agent, 20m spent",
    )
    closed = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    closed.until("Tue 24 Nov 16:00").as_told().close().happened(
        "Tue 24 Nov 16:00 closed no_response by desk",
        "Tue 24 Nov 16:00 cancelled tier_resolve/1 of agent, 20m spent",
        "Tue 24 Nov 16:00 cancelled update/2 of agent, 0m spent",
        "Tue 24 Nov 16:00 cancelled resolve/1 of agent, 20m spent",
    )


def test_no_response_by_hand_does_not_meet_a_running_acknowledge(tell: Tell) -> None:
    """2.10, 6.7: what 6.7 says of `no_response` goes before."""
    story = brought_to(tell(ladder()), Status.OPEN)
    story.resolve(Outcome.NO_RESPONSE).happened(
        "Mon 23 Nov 10:00 resolved no_response",
        "Mon 23 Nov 10:00 cancelled acknowledge/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 met update/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 started update/2 of agent, 800h, paused: resolved",
        "Mon 23 Nov 10:00 promise next_news/1 kept, for Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00 paused tier_resolve/1 of agent: resolved, 1h spent",
        "Mon 23 Nov 10:00 paused resolve/1 of agent: resolved, 1h spent",
    )


def test_not_feasible_needs_an_alternative(tell: Tell) -> None:
    """6.7: the customer who cannot be helped is offered something else."""
    story = brought_to(tell(ladder()), Status.IN_PROGRESS)
    story.resolve(Outcome.NOT_FEASIBLE).happened(
        "Mon 23 Nov 10:00 refused ALTERNATIVE_REQUIRED: cannot resolve as 'not_feasible' without an alternative: "
        "say what is offered instead"
    )
    story.until("Mon 23 Nov 10:05").resolve(Outcome.NOT_FEASIBLE, alternative="a mobile router").in_short(
        "Mon 23 Nov 10:05 resolved not_feasible", "Mon 23 Nov 10:05 met update/1 of agent, 1h5m spent"
    )


def test_a_duplicate_names_its_survivor(tell: Tell) -> None:
    """6.7: and closes at once without sign-off."""
    story = brought_to(tell(ladder()), Status.IN_PROGRESS)
    story.resolve(Outcome.DUPLICATE).happened(
        "Mon 23 Nov 10:00 refused SURVIVOR_REQUIRED: cannot resolve as 'duplicate' without the ticket it doubles: "
        "name it in duplicate_of"
    )
    story.until("Mon 23 Nov 10:05").resolve(Outcome.DUPLICATE, duplicate_of="t-0").in_short(
        "Mon 23 Nov 10:05 resolved duplicate", "Mon 23 Nov 10:05 closed duplicate by outcome"
    )
    assert story.ticket.status is Status.CLOSED
    assert story.ticket.wake_at() is None


def test_withdrawn_closes_at_once_its_clocks_cancelled_and_its_breaches_standing(tell: Tell) -> None:
    """6.7: not met; a recorded breach is never withdrawn."""
    story = tell(ladder(agent=row(acknowledge=1), on_breach={Target.ACKNOWLEDGE: OnBreach()}))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 11:00").as_told().resolve(Outcome.WITHDRAWN).happened(
        "Mon 23 Nov 11:00 resolved withdrawn",
        "Mon 23 Nov 11:00 promise next_news/1 kept, for Sat 26 Dec 17:00",
        "Mon 23 Nov 11:00 closed withdrawn by outcome",
        "Mon 23 Nov 11:00 cancelled tier_resolve/1 of agent, 2h spent",
        "Mon 23 Nov 11:00 cancelled update/1 of agent, 2h spent",
        "Mon 23 Nov 11:00 cancelled resolve/1 of agent, 2h spent",
    )
    assert story.clock(Target.ACKNOWLEDGE).state.value == "breached"


def test_a_ticket_withdrawn_while_waiting_or_reminded_wakes_nobody_any_more(tell: Tell) -> None:
    """6.7, 4.4: no reminder follows a closing, neither to the customer nor to the last resort."""
    waiting = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    waiting.resolve(Outcome.WITHDRAWN).in_short(
        "Mon 23 Nov 10:00 wait ended: resolved",
        "Mon 23 Nov 10:00 resolved withdrawn",
        "Mon 23 Nov 10:00 closed withdrawn by outcome",
    )
    reminded = brought_to(tell(ladder()), Status.IN_PROGRESS)
    reminded.transfer("supplier").until("Mon 23 Nov 10:10").escalate().until("Mon 23 Nov 10:20").as_told()
    reminded.resolve(Outcome.WITHDRAWN).in_short(
        "Mon 23 Nov 10:20 resolved withdrawn", "Mon 23 Nov 10:20 closed withdrawn by outcome"
    )
    assert (waiting.ticket.wake_at(), reminded.ticket.wake_at()) == (None, None)


def test_rejection_goes_to_the_next_tier(tell: Tell) -> None:
    """6.8: the customer's clocks resume, time spent resolved does not count, the new tier's start."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").acknowledge()
    story.until("Mon 23 Nov 12:00").resolve().as_told()
    story.until("Mon 23 Nov 15:00").reject().happened(
        "Mon 23 Nov 15:00 rejected",
        "Mon 23 Nov 15:00 resumed update/2 of agent, 0m spent, until Sat 26 Dec 23:00",
        "Mon 23 Nov 15:00 resumed resolve/1 of agent, 3h spent, until Mon 4 Jan 04:00",
        "Mon 23 Nov 15:00 escalated agent -> specialist: solution_rejected, next news Sat 26 Dec 23:00",
        "Mon 23 Nov 15:00 cancelled tier_resolve/1 of agent, 3h spent",
        "Mon 23 Nov 15:00 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 19:00",
        "Mon 23 Nov 15:00 started tier_resolve/2 of specialist, 900h, until Thu 31 Dec 03:00",
        "Mon 23 Nov 15:00 promise next_news/2 made: next_news, by Sat 26 Dec 23:00",
    )
    assert (story.ticket.status, story.ticket.handler, story.ticket.resolution) == (Status.OPEN, None, None)


def test_rejection_at_the_last_tier_is_exhaustion(tell: Tell) -> None:
    """6.8: open, its resolve resumes, acknowledge starts anew."""
    story = tell(ladder(supplier=row(resolve=9)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").transfer("supplier")
    story.until("Mon 23 Nov 10:30").acknowledge("sue").until("Mon 23 Nov 12:00").resolve().as_told()
    story.until("Mon 23 Nov 15:00").reject().happened(
        "Mon 23 Nov 15:00 rejected",
        "Mon 23 Nov 15:00 resumed tier_resolve/2 of supplier, 2h spent, until 22:00",
        "Mon 23 Nov 15:00 resumed update/2 of supplier, 0m spent, until Sat 26 Dec 23:00",
        "Mon 23 Nov 15:00 resumed resolve/1 of agent, 3h spent, until Mon 4 Jan 04:00",
        "Mon 23 Nov 15:00 started acknowledge/3 of supplier, 700h, until Tue 22 Dec 19:00",
        "Mon 23 Nov 15:00 promise next_news/3 made: next_news, by Sat 26 Dec 23:00",
        "Mon 23 Nov 15:00 ladder ended at supplier: solution_rejected, duty-manager",
    )
    assert (story.ticket.status, story.ticket.handler) == (Status.OPEN, None)


def test_a_rejection_at_the_last_tier_is_told_to_owner_and_tier(tell: Tell) -> None:
    """6.8: nobody enters a tier there, so they are told of the rejection itself."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").acknowledge("ann")
    story.until("Mon 23 Nov 11:00").transfer("supplier").until("Mon 23 Nov 12:00").resolve().as_told()
    story.until("Mon 23 Nov 15:00").reject().in_short(
        "Mon 23 Nov 15:00 rejected", "Mon 23 Nov 15:00 ladder ended at supplier: solution_rejected, duty-manager"
    )
    story.told(
        "rejected to customer c-1",
        "rejected to owner ann",
        "rejected to tier supplier",
        "ladder_exhausted to last_resort duty-manager",
    )


def test_a_rejected_clock_that_was_breached_stays_breached(tell: Tell) -> None:
    """6.8, 4.3: only what had stood still resumes."""
    story = tell(ladder(supplier=row(resolve=1), on_breach={Target.TIER_RESOLVE: OnBreach()}))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").transfer("supplier")
    story.until("Mon 23 Nov 12:00").resolve().as_told()
    story.until("Mon 23 Nov 15:00").reject().in_short(
        "Mon 23 Nov 15:00 rejected", "Mon 23 Nov 15:00 ladder ended at supplier: solution_rejected, duty-manager"
    )
    assert story.clock(Target.TIER_RESOLVE, "supplier").state.value == "breached"


def test_silence_for_the_sign_off_time_closes(tell: Tell) -> None:
    """6.8: 24 hours after the Resolve; the customer is told."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 12:00").resolve().as_told()
    story.until("Tue 24 Nov 12:30").in_short(
        "Tue 24 Nov 12:00 closed fixed by silence, due 12:00",
        "Tue 24 Nov 12:00 met tier_resolve/1 of agent, 3h spent, as of Mon 23 Nov 12:00",
        "Tue 24 Nov 12:00 met update/2 of agent, 0m spent, as of Mon 23 Nov 12:00",
        "Tue 24 Nov 12:00 met resolve/1 of agent, 3h spent, as of Mon 23 Nov 12:00",
    )
    story.told("closed to customer c-1")
    assert story.ticket.wake_at() is None


def test_the_customers_word_at_the_last_instant_counts(tell: Tell) -> None:
    """6.8, 5.2: a rejection at the very end of the sign-off time is in time."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 12:00").resolve().until("Tue 24 Nov 12:00").as_told()
    story.reject().in_short(
        "Tue 24 Nov 12:00 rejected",
        "Tue 24 Nov 12:00 escalated agent -> specialist: solution_rejected, next news Sun 27 Dec 20:00",
    )


def test_the_desk_may_close_what_is_resolved(tell: Tell) -> None:
    """6.8: with a reason; the clocks are met as of the Resolve."""
    story = brought_to(tell(ladder()), Status.RESOLVED)
    story.close().in_short(
        "Mon 23 Nov 10:00 closed fixed by desk",
        "Mon 23 Nov 10:00 met tier_resolve/1 of agent, 20m spent, as of 09:20",
        "Mon 23 Nov 10:00 met update/2 of agent, 0m spent, as of 09:20",
        "Mon 23 Nov 10:00 met resolve/1 of agent, 20m spent, as of 09:20",
    )


def test_reopening_withdraws_what_was_met_and_starts_update_and_acknowledge_anew(tell: Tell) -> None:
    """6.9: same ticket, same tier, same reference; the resolve clocks run on from the time spent."""
    story = tell(ladder(agent=row(update_every=4)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:10").acknowledge("ann")
    story.until("Mon 23 Nov 12:00").resolve().until("Mon 23 Nov 13:00").confirm().as_told()
    story.until("Tue 24 Nov 13:00").reopen().happened(
        "Tue 24 Nov 13:00 reopened, was fixed",
        "Tue 24 Nov 13:00 reinstated tier_resolve/1 of agent, was met, 3h spent, until Thu 31 Dec 22:00",
        "Tue 24 Nov 13:00 reinstated resolve/1 of agent, was met, 3h spent, until Tue 5 Jan 02:00",
        "Tue 24 Nov 13:00 started update/3 of agent, 4h, until 17:00",
        "Tue 24 Nov 13:00 started acknowledge/2 of agent, 700h, until Wed 23 Dec 17:00",
        "Tue 24 Nov 13:00 promise next_news/2 made: next_news, by 17:00",
    )
    ticket = story.ticket
    assert (ticket.status, ticket.tier, ticket.handler, ticket.owner) == (Status.OPEN, "agent", None, "ann")
    assert (ticket.resolution, ticket.closed_at) == (None, None)


def test_a_breach_is_not_withdrawn_by_reopening(tell: Tell) -> None:
    """6.9: what had been met runs on, what had been breached stays breached."""
    story = tell(ladder(agent=row(resolve=2), on_breach={Target.TIER_RESOLVE: OnBreach()}))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 12:00").resolve().until("Mon 23 Nov 13:00").confirm().as_told()
    story.until("Mon 23 Nov 14:00").reopen().in_short(
        "Mon 23 Nov 14:00 reopened, was fixed",
        "Mon 23 Nov 14:00 reinstated resolve/1 of agent, was met, 3h spent, until Mon 4 Jan 03:00",
    )
    assert story.clock(Target.TIER_RESOLVE, "agent").state.value == "breached"


def test_a_reinstated_clock_does_not_warn_twice(tell: Tell) -> None:
    """6.9, 2.8: once per clock run; a fraction that was not reached yet still warns."""
    story = tell(ladder(agent=row(resolve=8), warn_at=(0.5, 0.75)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 14:00").resolve().until("Mon 23 Nov 14:10").confirm().as_told()
    story.until("Mon 23 Nov 15:00").reopen().as_told()
    story.until("Mon 23 Nov 17:30").happened("Mon 23 Nov 16:00 warned 75% of tier_resolve/1 of agent, due 16:00")


def test_a_warning_that_was_due_at_the_resolve_is_sent_after_reopening(tell: Tell) -> None:
    """6.9, 2.8: a command of the warning's own instant came before it; it was never sent, and is now past."""
    story = tell(ladder(agent=row(resolve=8), warn_at=(0.5,)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 13:00").resolve().until("Mon 23 Nov 14:00").confirm().as_told()
    story.until("Mon 23 Nov 15:00").reopen().as_told()
    story.until("Mon 23 Nov 15:30").happened("Mon 23 Nov 15:00 warned 50% of tier_resolve/1 of agent, due 15:00")


def test_a_warning_sent_at_closing_time_is_not_sent_again_after_reopening(tell: Tell) -> None:
    """6.9, 2.8: resolved overnight, the run stands at the very fraction that it warned of."""
    story = tell(ladder(agents_calendar=OFFICE, agent=row(resolve=16), warn_at=(0.5,)))
    story.open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 18:00").happened("Mon 23 Nov 17:00 warned 50% of tier_resolve/1 of agent, due 17:00")
    story.resolve().until("Mon 23 Nov 19:00").confirm().until("Mon 23 Nov 20:00").reopen().as_told()
    story.until("Tue 24 Nov 16:00").happened()


def test_a_rejection_of_a_closed_ticket_reopens_it(tell: Tell) -> None:
    """6.9: it means the same, at the same tier."""
    story = brought_to(tell(ladder()), Status.CLOSED)
    story.reject().in_short(
        "Mon 23 Nov 10:00 reopened, was fixed",
        "Mon 23 Nov 10:00 reinstated tier_resolve/1 of agent, was met, 20m spent, until Wed 30 Dec 21:40",
        "Mon 23 Nov 10:00 reinstated resolve/1 of agent, was met, 20m spent, until Mon 4 Jan 01:40",
    )


def test_a_withdrawn_ticket_can_be_reopened(tell: Tell) -> None:
    """6.9: its cancelled clocks run on from the time spent."""
    story = brought_to(tell(ladder()), Status.IN_PROGRESS)
    story.resolve(Outcome.WITHDRAWN).as_told().until("Mon 23 Nov 11:00").reopen().in_short(
        "Mon 23 Nov 11:00 reopened, was withdrawn",
        "Mon 23 Nov 11:00 reinstated tier_resolve/1 of agent, was cancelled, 1h spent, until Wed 30 Dec 22:00",
        "Mon 23 Nov 11:00 reinstated resolve/1 of agent, was cancelled, 1h spent, until Mon 4 Jan 02:00",
    )


def test_the_reopen_window_is_wall_clock_and_its_end_is_within(tell: Tell) -> None:
    """6.9, 2.6: after it a new ticket names the old."""
    story = brought_to(tell(ladder(calendar=OFFICE)), Status.CLOSED)
    story.until("Mon 7 Dec 09:30:00.000001").reject().happened(
        "Mon 7 Dec 09:30:00.000001 refused REOPEN_WINDOW_OVER: closed since 2026-11-23 09:30 UTC, longer than "
        "the reopen window of 336 h: open a new ticket that follows 't-1'"
    )
    story.until("Mon 7 Dec 09:31").reopen().happened(
        "Mon 7 Dec 09:31 refused REOPEN_WINDOW_OVER: closed since 2026-11-23 09:30 UTC, longer than "
        "the reopen window of 336 h: open a new ticket that follows 't-1'"
    )
    other = brought_to(tell(ladder(calendar=OFFICE)), Status.CLOSED)
    other.until("Mon 7 Dec 09:30").reopen().as_told()
    assert other.ticket.status is Status.OPEN


def test_an_escalation_after_reopening_is_a_step_of_its_own(tell: Tell) -> None:
    """6.9, 4.2: the acknowledge that started anew escalates when it is missed anew."""
    story = tell(ladder(agent=row(acknowledge=1), resolve=hours(900)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:10").resolve().until("Mon 23 Nov 09:20").confirm()
    story.until("Mon 23 Nov 10:00").reopen().as_told()
    story.until("Mon 23 Nov 11:30").in_short(
        "Mon 23 Nov 11:00 breached acknowledge/2 of agent, due 11:00",
        "Mon 23 Nov 11:00 escalated agent -> specialist: acknowledge_breached, next news Sat 26 Dec 18:00",
    )
