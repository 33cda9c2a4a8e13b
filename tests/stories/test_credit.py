"""A goodwill credit: granted with the admission, offered by hand, approved by the lead."""

from dataclasses import replace

import pytest

from tests.support.policies import LINES, ladder, row
from workflows.domain.errors import DomainError
from workflows.domain.policy import Money, Policy, hours
from workflows.domain.ticket.commands import DecideCredit, MakePromise, OfferCredit
from workflows.domain.ticket.words import CreditOf, CreditState, PromiseKind
from workflows.testing.story import Story, Tell


def pounds(number: int) -> Money:
    """So many."""
    return Money(minor=100 * number, currency="GBP")


def generous(**changes: object) -> Policy:
    """Five pounds for a broken promise, fifteen for a missed resolve, twenty by hand; all clocks are weeks away."""
    credits_ = {"credit_for_promise": pounds(5), "credit_for_resolve": pounds(15), "credit_limit": pounds(20)}
    return replace(ladder(), **{**credits_, **changes})  # type: ignore[arg-type]  # each test knows what it changes


def promising(story: Story, name: str, by: str) -> Story:
    """Promise a call by an instant."""
    command = MakePromise(
        actor="ann", name=name, kind=PromiseKind.CALL_BACK, promised_at=story.instant(by), words="we call you"
    )
    return story.send(command)


def taken(tell: Tell, policy: Policy) -> Story:
    """Open, and taken on by Ann."""
    return tell(policy).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:10").acknowledge("ann").as_told()


def offer(number: int, actor: str = "ann", currency: str = "GBP") -> OfferCredit:
    """Offer so many pounds, or whatever it is."""
    return OfferCredit(actor=actor, minor=100 * number, currency=currency, reason="for the trouble")


def test_a_broken_promise_earns_a_credit_in_the_message_that_admits_it(tell: Tell) -> None:
    """6.13: when a promise to the customer is broken the policy may grant a goodwill credit, in the same message."""
    story = promising(taken(tell, generous()), "call", "Mon 23 Nov 12:00").as_told()
    story.until("Mon 23 Nov 12:30").in_short(
        "Mon 23 Nov 12:00 promise call/1 broken, due 12:00",
        "Mon 23 Nov 12:00 credit 1 offered: 500 GBP, earned by promise",
    ).told("promise_broken to owner ann", "promise_broken to lead team-lead", "promise_broken to customer c-1")
    [credit] = story.ticket.credits
    assert (credit.of, credit.state, credit.by) == (CreditOf.PROMISE, CreditState.OFFERED, None)
    [broken] = [entry.sequence for entry in story.entries if type(entry.event).__name__ == "PromiseBroken"]
    assert credit.earned_by == broken

    promising(story, "call", "Mon 23 Nov 14:00").as_told().until("Mon 23 Nov 14:30").in_short(
        "Mon 23 Nov 14:00 promise call/2 broken, due 14:00",
        "Mon 23 Nov 14:00 credit 2 offered: 500 GBP, earned by promise",
    )


def test_only_a_persons_promise_earns_one_and_nobody_is_credited_where_the_policy_has_none(tell: Tell) -> None:
    """6.13: only a person's promise, or the customer's resolve; the engine's own next news earns nothing."""
    story = tell(replace(generous(), tiers=ladder(agent=row(update_every=2)).tiers)).open("Mon 23 Nov 09:00").as_told()
    story.until("Mon 23 Nov 11:30").happened(
        "Mon 23 Nov 11:00 breached update/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 started update/2 of agent, 2h, until 13:00",
        "Mon 23 Nov 11:00 promise next_news/1 broken, due 11:00",
    )
    assert story.ticket.credits == ()

    story = promising(taken(tell, ladder()), "call", "Mon 23 Nov 12:00").as_told()
    story.until("Mon 23 Nov 12:30").in_short("Mon 23 Nov 12:00 promise call/1 broken, due 12:00")
    assert story.ticket.credits == ()


def test_a_missed_resolve_earns_one_once_a_ticket(tell: Tell) -> None:
    """6.13, 6.9: the customer's resolve breaks once a run; opened again, what was missed is not missed again."""
    policy = replace(generous(), resolve={"normal": hours(4)}, tiers=ladder(resolve=hours(4)).tiers)
    story = taken(tell, policy)
    story.until("Mon 23 Nov 13:30").in_short(
        "Mon 23 Nov 12:59 breached update/1 of agent, due 12:59",
        "Mon 23 Nov 13:00 breached resolve/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 credit 1 offered: 1500 GBP, earned by resolve",
        "Mon 23 Nov 13:00 escalated agent -> specialist: resolve_breached, next news 16:58",
    ).told(
        "clock_breached to handler ann",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "clock_breached to last_resort duty-manager",
        "resolve_missed to customer c-1",
        "escalated to customer c-1",
        "escalated to tier specialist",
        "escalated to owner ann",
    )
    story.until("Mon 23 Nov 14:00").resolve().confirm().until("Mon 23 Nov 15:00").reopen().as_told()
    story.until("Mon 23 Nov 16:00").as_told()
    assert [credit.of for credit in story.ticket.credits] == [CreditOf.RESOLVE]


def test_a_credit_by_hand_within_the_limit_is_offered_and_above_it_the_lead_decides(tell: Tell) -> None:
    """6.13: approvals of credit above a limit: what is offered by hand on one ticket counts together."""
    story = taken(tell, generous()).until("Mon 23 Nov 10:00")
    story.send(offer(15)).happened("Mon 23 Nov 10:00 credit 1 offered: 1500 GBP").told("credit_offered to customer c-1")
    story.until("Mon 23 Nov 10:01").send(offer(6)).happened("Mon 23 Nov 10:01 credit 2 proposed: 600 GBP")
    story.told("credit_to_approve to lead team-lead")
    story.until("Mon 23 Nov 10:02").send(offer(1)).happened("Mon 23 Nov 10:02 credit 3 proposed: 100 GBP")
    story.told("credit_to_approve to lead team-lead")

    story.until("Mon 23 Nov 10:03").send(DecideCredit(actor="ann", number=2, is_approved=True, reason="ok")).happened(
        "Mon 23 Nov 10:03 refused NOT_THE_LEAD: cannot decide credit 2: the lead, 'team-lead', does"
    )
    approved = DecideCredit(actor="team-lead", number=2, is_approved=True, reason="rightly")
    story.until("Mon 23 Nov 10:04").send(approved).happened(
        "Mon 23 Nov 10:04 credit 2 offered: 600 GBP, approved by team-lead"
    ).told("credit_offered to customer c-1")
    refused = DecideCredit(actor="team-lead", number=3, is_approved=False, reason="enough by now")
    story.until("Mon 23 Nov 10:05").send(refused).happened("Mon 23 Nov 10:05 credit 3 refused")
    story.told("credit_refused to handler ann")  # and never the customer
    assert [credit.state for credit in story.ticket.credits] == [
        CreditState.OFFERED,
        CreditState.OFFERED,
        CreditState.REFUSED,
    ]
    story.until("Mon 23 Nov 10:06").send(offer(50, actor="team-lead")).happened(
        "Mon 23 Nov 10:06 credit 4 offered: 5000 GBP, approved by team-lead"
    ).told("credit_offered to customer c-1")


def test_what_no_credit_can_be_is_refused_and_nothing_changes(tell: Tell) -> None:
    """6.13: another currency, a number that awaits nothing, twice the same word."""
    story = taken(tell, generous()).until("Mon 23 Nov 10:00").send(offer(5, currency="EUR"))
    story.happened(
        "Mon 23 Nov 10:00 refused CREDIT_OTHER_CURRENCY: cannot offer a credit in 'EUR': "
        "this ticket's credits are in 'GBP'"
    )
    word = DecideCredit(actor="team-lead", number=1, is_approved=True, reason="rightly")
    story.until("Mon 23 Nov 10:01").send(word).happened(
        "Mon 23 Nov 10:01 refused CREDIT_UNKNOWN: cannot decide credit 1: there is none of that number; "
        "none awaits a word"
    )
    story.until("Mon 23 Nov 10:02").send(offer(21)).until("Mon 23 Nov 10:03").send(offer(22)).as_told()
    story.until("Mon 23 Nov 10:04").send(word).as_told().until("Mon 23 Nov 10:05").send(word).happened(
        "Mon 23 Nov 10:05 refused CREDIT_UNKNOWN: cannot decide credit 1: it is 'offered'; decide 2"
    )


def test_without_a_limit_the_lead_decides_every_credit_in_one_currency(tell: Tell) -> None:
    """6.13: where the policy says nothing of money, nothing is given away without the lead."""
    story = taken(tell, LINES).until("Mon 23 Nov 10:00").send(offer(1, currency="EUR"))
    story.happened("Mon 23 Nov 10:00 credit 1 proposed: 100 EUR").told("credit_to_approve to lead team-lead")
    story.until("Mon 23 Nov 10:01").send(offer(1)).happened(
        "Mon 23 Nov 10:01 refused CREDIT_OTHER_CURRENCY: cannot offer a credit in 'GBP': "
        "this ticket's credits are in 'EUR'"
    )


@pytest.mark.parametrize(
    ("minor", "currency", "why"),
    [
        (0, "GBP", "minor is 0: give more than nothing"),
        (-1, "GBP", "minor is -1: give more than nothing"),
        (10**9 + 1, "GBP", "at most 1000000000 minor units"),
        (100, "gbp", "currency is 'gbp': write its ISO 4217 code, like 'GBP'"),
        (100, "£", "currency is '£': write its ISO 4217 code, like 'GBP'"),
        (100, "GBPS", "currency is 'GBPS'"),
    ],
)
def test_what_is_no_amount_of_money_is_no_credit(minor: int, currency: str, why: str) -> None:
    """6.13: minor units of a currency whose code has the shape that ISO 4217 gives it."""
    with pytest.raises(DomainError, match=why):
        OfferCredit(actor="ann", minor=minor, currency=currency, reason="sorry")
