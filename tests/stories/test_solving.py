"""The end of it: confirmed, rejected, silent, withdrawn; and opened again."""

from collections.abc import Callable

import pytest

from tests.support.policies import LINES, ladder, row
from workflows.domain.ticket.words import ContactKind, Outcome, PromiseState, Status
from workflows.testing.story import Story, Tell


def test_a_ticket_confirmed_is_reopened_solved_again_and_at_last_too_old(tell: Tell) -> None:
    """6.8, 6.9: what was met runs on from the time spent, silence closes, after two weeks a new ticket follows."""
    story = tell(LINES, zone="Europe/London")
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:20").acknowledge("ann").until("Mon 23 Nov 11:00").resolve()
    story.as_told().until("Mon 23 Nov 15:00").confirm().happened(
        "Mon 23 Nov 15:00 confirmed",
        "Mon 23 Nov 15:00 closed fixed by confirmation",
        "Mon 23 Nov 15:00 met tier_resolve/1 of agent, 2h spent, as of 11:00",
        "Mon 23 Nov 15:00 met update/2 of agent, 0m spent, as of 11:00",
        "Mon 23 Nov 15:00 met resolve/1 of agent, 2h spent, as of 11:00",
    ).told("closed to customer c-1")
    story.until("Mon 23 Nov 15:01").post_update().happened(
        "Mon 23 Nov 15:01 refused WRONG_STATE: cannot post an update: the ticket is 'closed'; reopen it first"
    )
    story.until("Fri 4 Dec 10:00").reopen().happened(
        "Fri 4 Dec 10:00 reopened, was fixed",
        "Fri 4 Dec 10:00 reinstated tier_resolve/1 of agent, was met, 2h spent, until 17:00",
        "Fri 4 Dec 10:00 reinstated resolve/1 of agent, was met, 2h spent, until Tue 8 Dec 11:00",
        "Fri 4 Dec 10:00 started update/3 of agent, 4h, until 14:00",
        "Fri 4 Dec 10:00 started acknowledge/2 of agent, 3h, until 13:00",
        "Fri 4 Dec 10:00 promise next_news/2 made: next_news, by 14:00",
    ).told("reopened to customer c-1", "reopened to owner ann", "reopened to tier agent")
    story.until("Fri 4 Dec 10:10").acknowledge("ben").until("Fri 4 Dec 10:40").resolve(Outcome.WORKAROUND)
    story.until("Wed 9 Dec 18:00").in_short(
        "Fri 4 Dec 10:10 acknowledged by ben of agent",
        "Fri 4 Dec 10:10 met acknowledge/2 of agent, 10m spent",
        "Fri 4 Dec 10:40 resolved workaround",
        "Fri 4 Dec 10:40 met update/3 of agent, 40m spent",
        "Tue 8 Dec 13:40 closed workaround by silence, due 13:40",
        "Tue 8 Dec 13:40 met tier_resolve/1 of agent, 2h40m spent, as of Fri 4 Dec 10:40",
        "Tue 8 Dec 13:40 met update/4 of agent, 0m spent, as of Fri 4 Dec 10:40",
        "Tue 8 Dec 13:40 met resolve/1 of agent, 2h40m spent, as of Fri 4 Dec 10:40",
    )
    story.until("Tue 22 Dec 13:41").reopen().happened(
        "Tue 22 Dec 13:41 refused REOPEN_WINDOW_OVER: closed since 2026-12-08 13:40 UTC, "
        "longer than the reopen window of 336 h: open a new ticket that follows 't-1'"
    )


def test_a_rejected_solution_goes_to_the_next_tier_and_at_the_top_ends_the_ladder(tell: Tell) -> None:
    """6.8, 4.4: the customer's clocks resume, the time spent resolved does not count."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").resolve().as_told()
    story.until("Mon 23 Nov 12:00").reject().happened(
        "Mon 23 Nov 12:00 rejected",
        "Mon 23 Nov 12:00 resumed update/2 of agent, 0m spent, until Sat 26 Dec 20:00",
        "Mon 23 Nov 12:00 resumed resolve/1 of agent, 1h spent, until Mon 4 Jan 03:00",
        "Mon 23 Nov 12:00 escalated agent -> specialist: solution_rejected, next news Sat 26 Dec 20:00",
        "Mon 23 Nov 12:00 cancelled tier_resolve/1 of agent, 1h spent",
        "Mon 23 Nov 12:00 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 16:00",
        "Mon 23 Nov 12:00 started tier_resolve/2 of specialist, 900h, until Thu 31 Dec 00:00",
        "Mon 23 Nov 12:00 promise next_news/2 made: next_news, by Sat 26 Dec 20:00",
    )
    story.until("Mon 23 Nov 13:00").transfer("supplier").acknowledge("sue").resolve().as_told()
    story.until("Mon 23 Nov 14:00").reject().until("Mon 23 Nov 15:30").in_short(
        "Mon 23 Nov 14:00 rejected",
        "Mon 23 Nov 14:00 ladder ended at supplier: solution_rejected, duty-manager",
        "Mon 23 Nov 15:00 reminded duty-manager 1: solution_rejected, due 15:00",
    ).told(
        "rejected to customer c-1",
        "rejected to owner agent",
        "rejected to tier supplier",
        "ladder_exhausted to last_resort duty-manager",
        "last_resort_reminded to last_resort duty-manager",
    )


def reopened_by_hand(story: Story) -> Story:
    """Closed, and reopened."""
    return story.resolve().confirm().as_told().until("Mon 23 Nov 12:00").reopen()


def rejected_when_closed(story: Story) -> Story:
    """Closed, and not solved after all."""
    return story.resolve().confirm().as_told().until("Mon 23 Nov 12:00").reject()


def answered_after_all(story: Story) -> Story:
    """Resolved for want of an answer, and then it comes."""
    story.resolve(Outcome.NO_RESPONSE).as_told()
    return story.until("Mon 23 Nov 12:00").contact(ContactKind.INFORMATION)


def rejected_for_want_of_an_answer(story: Story) -> Story:
    """Resolved for want of an answer, and they say that it is not solved."""
    return story.resolve(Outcome.NO_RESPONSE).as_told().until("Mon 23 Nov 12:00").reject()


def rejected_at_the_top(story: Story) -> Story:
    """Not solved, says the customer, and there is no tier above."""
    story.transfer("supplier").acknowledge("sue").resolve().as_told()
    return story.until("Mon 23 Nov 12:00").reject()


REOPENED = ("reopened to customer c-1", "reopened to owner agent")
REJECTED = ("rejected to customer c-1", "rejected to owner agent", "rejected to tier supplier")


@pytest.mark.parametrize(
    ("comes_back", "told"),
    [
        (reopened_by_hand, REOPENED),
        (rejected_when_closed, REOPENED),
        (answered_after_all, ("contact_received to owner agent", *REOPENED)),
        (rejected_for_want_of_an_answer, REOPENED),
        (rejected_at_the_top, (*REJECTED, "ladder_exhausted to last_resort duty-manager")),
    ],
)
def test_who_comes_back_is_told_so_and_when_they_hear_next_which_is_promised(
    tell: Tell, comes_back: Callable[[Story], Story], told: tuple[str, ...]
) -> None:
    """6.8, 6.9, 6.1: by the update deadline; silence until then breaks the engine's promise."""
    slow = row(acknowledge=10, update_every=4, resolve=100)
    story = tell(ladder(agent=slow, supplier=slow)).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").as_told()
    comes_back(story).told(*told).as_told()
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 16:00")
    story.until("Mon 23 Nov 16:01").as_told()
    assert [(each.name, each.state) for each in story.ticket.promises] == [("next_news", PromiseState.BROKEN)]


def test_whoever_was_given_up_rejects_nothing_but_answers(tell: Tell) -> None:
    """6.9: nobody offered them a solution: open at the same tier, as a contact or a rejection once closed has it."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge().until("Mon 23 Nov 10:00").ask().as_told()
    story.until("Tue 24 Nov 17:00").as_told().reject().happened(
        "Tue 24 Nov 17:00 reopened, was no_response",
        "Tue 24 Nov 17:00 resumed tier_resolve/1 of agent, 1h spent, until Fri 1 Jan 04:00",
        "Tue 24 Nov 17:00 resumed resolve/1 of agent, 1h spent, until Tue 5 Jan 08:00",
        "Tue 24 Nov 17:00 cancelled update/2 of agent, 0m spent",
        "Tue 24 Nov 17:00 started update/3 of agent, 800h, until Mon 28 Dec 01:00",
        "Tue 24 Nov 17:00 started acknowledge/2 of agent, 700h, until Wed 23 Dec 21:00",
        "Tue 24 Nov 17:00 promise next_news/2 made: next_news, by Mon 28 Dec 01:00",
    ).told("reopened to customer c-1", "reopened to owner ann", "reopened to tier agent")
    assert (story.ticket.tier, story.ticket.status) == ("agent", Status.OPEN)


def test_an_outcome_needs_what_belongs_to_it_and_a_withdrawn_ticket_closes_at_once(tell: Tell) -> None:
    """6.7: no alternative, no `not_feasible`; what is withdrawn has its clocks cancelled, not met."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 10:00").resolve(Outcome.NOT_FEASIBLE).happened(
        "Mon 23 Nov 10:00 refused ALTERNATIVE_REQUIRED: cannot resolve as 'not_feasible' without an alternative: "
        "say what is offered instead"
    )
    story.until("Mon 23 Nov 10:05").resolve(Outcome.NOT_FEASIBLE, alternative="a radio link").in_short(
        "Mon 23 Nov 10:05 resolved not_feasible",
        "Mon 23 Nov 10:05 met acknowledge/1 of agent, 1h5m spent",
        "Mon 23 Nov 10:05 met update/1 of agent, 1h5m spent",
    )
    story.until("Mon 23 Nov 11:00").reject().as_told()
    story.until("Mon 23 Nov 12:00").resolve(Outcome.WITHDRAWN).happened(
        "Mon 23 Nov 12:00 resolved withdrawn",
        "Mon 23 Nov 12:00 promise next_news/2 kept, for Sat 26 Dec 19:00",
        "Mon 23 Nov 12:00 closed withdrawn by outcome",
        "Mon 23 Nov 12:00 cancelled acknowledge/2 of specialist, 1h spent",
        "Mon 23 Nov 12:00 cancelled tier_resolve/2 of specialist, 1h spent",
        "Mon 23 Nov 12:00 cancelled update/2 of agent, 1h spent",
        "Mon 23 Nov 12:00 cancelled resolve/1 of agent, 2h5m spent",
    ).told("closed to customer c-1")
    assert story.ticket.status is Status.CLOSED
