"""A customer who wants to leave is let go: targets of their own, and nothing in their way."""

from dataclasses import replace

import pytest

from tests.support.policies import LINES, ladder
from workflows.domain.errors import DomainError
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import ChangePriority, Open
from workflows.domain.ticket.judge import open_ticket
from workflows.domain.ticket.words import ClockState, PromiseState, Status, Target, TicketKind
from workflows.testing.story import CUSTOMER, PureDomain, Story, Tell

LETS_GO = replace(LINES, leaving="high")


def leaving(tell: Tell, policy: Policy = LETS_GO) -> Story:
    """Somebody wants to leave, on Monday morning by British time."""
    return tell(policy, zone="Europe/London").open("Mon 23 Nov 09:00", kind=TicketKind.LEAVING)


def test_a_request_to_leave_has_the_targets_that_the_policy_has_for_it(tell: Tell) -> None:
    """A request to leave is a kind of ticket with its own policy targets, whatever priority was asked for."""
    leaving(tell).happened(
        "Mon 23 Nov 09:00 opened high in agent",
        "Mon 23 Nov 09:00 started acknowledge/1 of agent, 1h, until 10:00",
        "Mon 23 Nov 09:00 started tier_resolve/1 of agent, 4h, until 13:00",
        "Mon 23 Nov 09:00 started update/1 of agent, 2h, until 11:00",
        "Mon 23 Nov 09:00 started resolve/1 of agent, 16h, until Tue 24 Nov 15:00",
        "Mon 23 Nov 09:00 promise next_news/1 made: next_news, by 11:00",
    ).told("opened to customer c-1", "opened to tier agent")


def test_a_question_puts_nothing_off(tell: Tell) -> None:
    """No retention hurdle: while the customer is asked something, the clocks of a request to leave run on (2.7)."""
    story = leaving(tell).until("Mon 23 Nov 09:20").acknowledge("ann").until("Mon 23 Nov 09:30").ask().as_told()
    assert story.ticket.status is Status.WAITING_ON_CUSTOMER
    assert {clock.target: clock.state for clock in story.ticket.clocks if clock.state.is_live} == {
        Target.TIER_RESOLVE: ClockState.RUNNING,
        Target.UPDATE: ClockState.RUNNING,
        Target.RESOLVE: ClockState.RUNNING,
    }
    story.until("Mon 23 Nov 09:40").escalate().as_told()
    assert story.clock(Target.TIER_RESOLVE, "specialist").state is ClockState.RUNNING
    story.until("Mon 23 Nov 09:50").post_update().as_told()
    assert story.clock(Target.UPDATE).state is ClockState.RUNNING


def test_who_is_asked_something_hears_of_it_meanwhile_also_when_it_goes_up(tell: Tell) -> None:
    """6.5: nobody waits for who wishes to leave: asked and gone up, news is promised by the running update deadline."""
    story = leaving(tell).until("Mon 23 Nov 09:20").acknowledge("ann").as_told()
    story.until("Mon 23 Nov 09:30").ask().happened(
        "Mon 23 Nov 09:30 wait started",
        "Mon 23 Nov 09:30 met update/1 of agent, 30m spent",
        "Mon 23 Nov 09:30 started update/2 of agent, 2h, until 11:30",
        "Mon 23 Nov 09:30 promise next_news/1 kept, for 11:00",
        "Mon 23 Nov 09:30 promise next_news/2 made: next_news, by 11:30",
    ).told("question_asked to customer c-1")
    story.until("Mon 23 Nov 09:40").escalate().in_short(
        "Mon 23 Nov 09:40 escalated agent -> specialist: by_hand, next news 11:30"
    ).told("escalated to customer c-1", "escalated to tier specialist", "escalated to owner ann")
    assert story.ticket.next_news_at == story.clock(Target.UPDATE).deadline_at == story.instant("Mon 23 Nov 11:30")
    story.until("Mon 23 Nov 09:50").post_update().as_told()
    assert story.ticket.next_news_at == story.clock(Target.UPDATE).deadline_at


def test_an_answer_and_a_wait_that_is_given_up_leave_the_news_promised(tell: Tell) -> None:
    """6.5: the word that was given on asking stands until somebody keeps it, whoever was heard of meanwhile."""
    story = leaving(tell).until("Mon 23 Nov 09:20").acknowledge("ann").until("Mon 23 Nov 09:30").ask()
    story.as_told().until("Mon 23 Nov 09:40").contact().as_told()
    assert story.ticket.status is Status.IN_PROGRESS
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 11:30")
    story.until("Mon 23 Nov 09:50").resolve().as_told()
    assert story.ticket.next_news_at is None


def test_news_that_did_not_come_while_they_were_asked_is_a_broken_word(tell: Tell) -> None:
    """6.5: who was asked was told when they hear next; a silence breaks that word and the clock, in one letter."""
    story = leaving(tell).until("Mon 23 Nov 09:20").acknowledge("ann").until("Mon 23 Nov 09:30").ask().as_told()
    story.until("Mon 23 Nov 12:00").as_told()
    (news,) = story.ticket.promises
    assert (news.run, news.state, news.promised_at) == (2, PromiseState.BROKEN, story.instant("Mon 23 Nov 11:30"))
    assert story.ticket.next_news_at is None


def test_no_answer_keeps_nobody(tell: Tell) -> None:
    """No retention hurdle: an answer that never comes gives the ticket back to the desk; it is not closed on them."""
    story = tell(replace(ladder(), leaving="normal")).open("Mon 23 Nov 09:00", kind=TicketKind.LEAVING)
    story.until("Mon 23 Nov 09:20").acknowledge("ann").until("Mon 23 Nov 10:00").ask().as_told()
    story.until("Wed 25 Nov 10:00").in_short(
        "Mon 23 Nov 20:00 customer reminded 1, due 20:00",
        "Tue 24 Nov 06:00 customer reminded 2, due 06:00",
        "Tue 24 Nov 16:00 wait ended: gave_up",
    ).told(
        "customer_reminded to customer c-1",
        "customer_reminded to customer c-1",
        "answer_missing to handler ann",
    )
    assert (story.ticket.status, story.ticket.handler) == (Status.IN_PROGRESS, "ann")
    story.resolve().as_told()
    assert story.ticket.status is Status.RESOLVED


def test_a_request_to_leave_is_hurried_but_not_put_off(tell: Tell) -> None:
    """No retention hurdle: its priority may be raised, and not lowered."""
    story = leaving(tell).as_told().until("Mon 23 Nov 09:10")
    story.send(ChangePriority(actor="ann", priority="normal", reason="let them wait")).happened(
        "Mon 23 Nov 09:10 refused WRONG_STATE: cannot change the priority: the ticket is 'open'; "
        "a request to leave is not put off: its priority is 'high', name a more urgent one"
    )
    story.until("Mon 23 Nov 09:11").send(ChangePriority(actor="ann", priority="urgent", reason="moves out today"))
    story.in_short("Mon 23 Nov 09:11 priority high -> urgent")


def test_where_the_policy_has_no_priority_for_it_the_request_is_refused_with_the_remedy() -> None:
    """A request to leave is never taken with targets that nobody thought of: the policy names the priority, or none."""
    command = Open(
        actor="desk",
        ticket_id="t-1",
        reference="R-1",
        queue="home",
        priority="urgent",
        customer=CUSTOMER,
        subject="I want to leave",
        description="",
        channel="mail",
        kind=TicketKind.LEAVING,
    )
    at = Story(PureDomain(LINES)).instant("Mon 23 Nov 09:00")
    with pytest.raises(
        DomainError, match=r"policy 'lines' has no priority for requests to leave: open it as 'request'"
    ):
        open_ticket(LINES, command, at)
