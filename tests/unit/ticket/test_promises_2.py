"""Semantics 2.4, 2.8, 6.5, 6.13: promises on resolved tickets, re-agreed, cancelled, and what their breach earns."""

from dataclasses import replace

from tests.support.policies import ladder, row
from workflows.domain.money import Money
from workflows.domain.policy import OnBreach
from workflows.domain.ticket.commands import DecideCredit, Escalate, OfferCredit
from workflows.domain.ticket.credit import MOST_CREDITS
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.words import Audience, CreditState, Outcome, PromiseKind, PromiseState, Target, TicketKind
from workflows.testing.story import Tell

POUND = Money(minor=100, currency="GBP")


def offered(pounds: int, by: str = "ann") -> OfferCredit:
    """Somebody offers so many."""
    return OfferCredit(actor=by, minor=100 * pounds, currency="GBP", reason="for the trouble")


def test_something_may_be_promised_on_a_resolved_ticket_and_ends_with_it(tell: Tell) -> None:
    """2.4: RESOLVED leaves promises running; closing cancels what is open, with its reason."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").resolve().as_told()
    story.until("Mon 23 Nov 11:00").promise("call", "Mon 23 Nov 14:00").promise("visit", "Wed 25 Nov 14:00").in_short(
        "Mon 23 Nov 11:00 promise call/1 made: call_back, by 14:00, ann to keep it",
        "Mon 23 Nov 11:00:00.000001 promise visit/1 made: call_back, by Wed 25 Nov 14:00, ann to keep it",
    ).as_told()
    story.until("Mon 23 Nov 15:00").in_short("Mon 23 Nov 14:00 promise call/1 broken, due 14:00").as_told()
    story.confirm().in_short(
        "Mon 23 Nov 15:00 confirmed",
        "Mon 23 Nov 15:00 closed fixed by confirmation",
        "Mon 23 Nov 15:00 met tier_resolve/1 of agent, 1h spent, as of 10:00",
        "Mon 23 Nov 15:00 met update/2 of agent, 0m spent, as of 10:00",
        "Mon 23 Nov 15:00 met resolve/1 of agent, 1h spent, as of 10:00",
        "Mon 23 Nov 15:00 promise visit/1 cancelled: closed: fixed",
    ).as_told()


def test_what_was_cancelled_is_kept_by_nobodys_saying_so(tell: Tell) -> None:
    """2.4: opened again, it is over, and not done late either; a new one may have its name."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge().promise("call", "Mon 23 Nov 14:00")
    story.until("Mon 23 Nov 10:00").resolve(Outcome.WITHDRAWN).reopen().as_told()
    story.until("Mon 23 Nov 11:00").keep_promise("call").in_short(
        "Mon 23 Nov 11:00 refused PROMISE_OVER: cannot keep promise 'call': it is cancelled; make a new one"
    )
    story.promise("call", "Mon 23 Nov 14:00").in_short(
        "Mon 23 Nov 11:00:00.000001 promise call/2 made: call_back, by 14:00, ann to keep it"
    ).as_told()


def test_news_that_was_cancelled_is_not_done_late_by_the_next_message(tell: Tell) -> None:
    """2.4, 6.9: promised while it was resolved, cancelled as that was confirmed, and opened again."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").acknowledge().until("Mon 23 Nov 10:00").resolve().as_told()
    story.promise("news", "Mon 23 Nov 14:00", PromiseKind.NEXT_NEWS).confirm().as_told()
    story.until("Mon 23 Nov 11:00").reopen().as_told().until("Mon 23 Nov 12:00").post_update().as_told()
    [news] = [each for each in story.ticket.promises if each.name == "news"]
    assert (news.state, news.kept_at) == (PromiseState.CANCELLED, None)


def test_what_is_agreed_anew_is_warned_of_at_fractions_of_the_new_time(tell: Tell) -> None:
    """2.8: of the time between the re-agreement and the new instant, by the wall clock."""
    story = tell(ladder(warn_at=(0.5,))).open("Mon 23 Nov 09:00").acknowledge().as_told()
    story.promise("call", "Mon 23 Nov 13:00").until("Mon 23 Nov 10:00").change_promise("call", "Mon 23 Nov 18:00")
    story.as_told().until("Mon 23 Nov 17:00").in_short("Mon 23 Nov 14:00 warned 50% of promise call/2, due 14:00")
    story.as_told()


def test_a_leaving_customer_who_is_asked_something_is_promised_news_on_the_way_up(tell: Tell) -> None:
    """6.5: nobody waits for them, their update clock runs on: they are told when they hear next, as anybody is."""
    policy = replace(ladder(agent=row(update_every=4)), leaving="normal")
    story = tell(policy).open("Mon 23 Nov 09:00", kind=TicketKind.LEAVING).acknowledge().until("Mon 23 Nov 10:00").ask()
    story.as_told().until("Mon 23 Nov 11:00").escalate().in_short(
        "Mon 23 Nov 11:00 escalated agent -> specialist: by_hand, next news 14:00"
    ).as_told()
    assert story.ticket.next_news_at == story.instant("Mon 23 Nov 14:00")


def test_news_that_is_open_in_a_wait_is_cancelled_on_the_way_up(tell: Tell) -> None:
    """6.5: a question keeps what was promised; a ticket of an older release may have some open all the same."""
    policy = ladder()
    story = tell(policy).open("Mon 23 Nov 09:00").as_told()
    open_news = story.ticket.promises
    story.until("Mon 23 Nov 10:00").ask().as_told()
    climb = Escalate(actor="ann", from_tier="agent", reason="the exchange")
    ticket = replace(story.ticket, promises=open_news)
    judged = judge(policy, ticket, story.instant("Mon 23 Nov 11:00"), climb)
    assert [each.state for each in judged.ticket.promises] == [PromiseState.CANCELLED]
    assert judged.ticket.next_news_at is None


def test_a_call_at_the_instant_of_the_updates_breach_is_told_by_itself(tell: Tell) -> None:
    """6.5: only of news nobody hears twice; a call that did not come is something else."""
    tells = {Target.UPDATE: OnBreach(notify=(Audience.OWNER, Audience.LEAD), escalate_every=2)}
    story = tell(ladder(agent=row(update_every=4), on_breach=tells)).open("Mon 23 Nov 09:00").acknowledge()
    story.promise("call", "Mon 23 Nov 13:00").as_told().until("Mon 23 Nov 13:30").in_short(
        "Mon 23 Nov 13:00 breached update/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 promise call/1 broken, due 13:00",
    ).told(
        "clock_breached to owner ann",
        "clock_breached to lead team-lead",
        "promise_broken to owner ann",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "promise_broken to customer c-1",
    )


def test_a_credit_that_no_admission_tells_of_has_a_letter_of_its_own(tell: Tell) -> None:
    """6.13, 6.5: who is told of the update clock is not told of the news too, and still of what they are offered."""
    tells = {Target.UPDATE: OnBreach(notify=(Audience.CUSTOMER,), escalate_every=2)}
    policy = replace(ladder(agent=row(update_every=4), on_breach=tells), credit_for_promise=POUND)
    story = tell(policy).open("Mon 23 Nov 09:00").acknowledge()
    story.promise("news", "Mon 23 Nov 13:00", PromiseKind.NEXT_NEWS).as_told().until("Mon 23 Nov 13:30").in_short(
        "Mon 23 Nov 13:00 breached update/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 promise news/1 broken, due 13:00",
        "Mon 23 Nov 13:00 credit 1 offered: 100 GBP, earned by promise",
    ).told(
        "clock_breached to customer c-1",
        "promise_broken to owner ann",
        "promise_broken to lead team-lead",
        "credit_offered to customer c-1",
    )


def test_what_the_policy_grants_counts_towards_no_limit_of_the_hands(tell: Tell) -> None:
    """6.13: neither towards how much, nor towards how many are offered by hand; to the limit itself it is within."""
    policy = replace(ladder(), credit_for_promise=POUND, credit_limit=Money(minor=2000, currency="GBP"))
    story = tell(policy).open("Mon 23 Nov 09:00").acknowledge().promise("call", "Mon 23 Nov 10:00")
    story.until("Mon 23 Nov 11:00").as_told()
    story.send(offered(20)).as_told().until("Mon 23 Nov 12:00").send(offered(1)).as_told()
    assert [each.state for each in story.ticket.credits] == [
        CreditState.OFFERED,
        CreditState.OFFERED,
        CreditState.AWAITING_APPROVAL,
    ]
    story.send(DecideCredit(actor="team-lead", number=3, is_approved=False, reason="enough"))
    for _ in range(MOST_CREDITS - 2):
        story.send(offered(1, by="team-lead"))
    story.as_told()
    assert len(story.ticket.credits) == MOST_CREDITS + 1
    assert story.ticket.credits[-1].state is CreditState.OFFERED
    story.until("Mon 23 Nov 13:00").send(offered(1)).in_short(
        "Mon 23 Nov 13:00 refused TOO_MANY_CREDITS: cannot offer a credit: the ticket has 50 by hand already; "
        "correct the invoice instead"
    )


def test_what_was_refused_leaves_room_under_the_limit(tell: Tell) -> None:
    """6.13: what the lead refused was never offered."""
    policy = replace(ladder(), credit_limit=Money(minor=2000, currency="GBP"))
    story = tell(policy).open("Mon 23 Nov 09:00").acknowledge().send(offered(21)).as_told()
    story.send(DecideCredit(actor="team-lead", number=1, is_approved=False, reason="too much")).as_told()
    story.until("Mon 23 Nov 10:00").send(offered(20)).in_short("Mon 23 Nov 10:00 credit 2 offered: 2000 GBP").as_told()
