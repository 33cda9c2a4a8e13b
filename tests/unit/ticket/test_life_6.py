"""Semantics 6: what is legal in which state; opening and taking on."""

import pytest

from tests.support.policies import ladder, row
from workflows.domain.errors import CalendarError, DomainError
from workflows.domain.ticket.commands import (
    Acknowledge,
    Close,
    Command,
    Confirm,
    Continue,
    Escalate,
    Hold,
    OfferCredit,
    Open,
    PostUpdate,
    Rate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.judge import RefusalReason, judge, open_ticket
from workflows.domain.ticket.words import ContactKind, Outcome, Status, Target
from workflows.testing.story import CUSTOMER, Tell, brought_to

COMMANDS: dict[str, Command] = {
    "acknowledge": Acknowledge(actor="ann", handler="ann", tier="agent"),
    "update": PostUpdate(actor="ann", text="soon"),
    "contact": RecordContact(actor="desk", kind=ContactKind.INFORMATION, channel="phone", text="also the phone"),
    "ask": WaitOnCustomer(actor="ann", question="which router?"),
    "continue": Continue(actor="ann", reason="found it"),
    "escalate": Escalate(actor="ann", from_tier="agent", reason="beyond us"),
    "transfer": Transfer(actor="ann", to_tier="specialist", reason="theirs"),
    "resolve": Resolve(actor="ann", outcome=Outcome.FIXED, explanation="a new router"),
    "confirm": Confirm(actor="desk"),
    "reject": Reject(actor="desk", reason="still dead"),
    "reopen": Reopen(actor="desk", reason="dead again"),
    "close": Close(actor="ann", reason="agreed"),
    "hold": Hold(actor="ann", reason="waiting for a part"),
    "rate": Rate(actor="desk", stars=4),
    "offer": OfferCredit(actor="ann", minor=500, currency="GBP", reason="for the trouble"),
}

WORK = {"update", "contact", "ask", "escalate", "transfer", "resolve", "hold", "offer"}
LEGAL = {
    Status.OPEN: WORK | {"acknowledge"},
    Status.IN_PROGRESS: WORK,
    Status.WAITING_ON_CUSTOMER: WORK | {"continue"},
    Status.RESOLVED: {"update", "contact", "confirm", "reject", "close", "offer"},
    Status.CLOSED: {"contact", "reject", "reopen", "rate", "offer"},
}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("status", Status)
def test_what_is_legal_where(tell: Tell, status: Status, name: str) -> None:
    """6: an illegal transition is refused with the current state, and nothing changes."""
    story = brought_to(tell(ladder()), status)
    judged = judge(ladder(), story.ticket, story.instant("Mon 23 Nov 10:01"), COMMANDS[name])
    if name in LEGAL[status]:
        assert judged.refusal is None
        assert judged.entries
    else:
        assert judged.refusal is not None
        assert judged.refusal.reason is RefusalReason.WRONG_STATE
        assert f"the ticket is '{status.value}'" in judged.refusal.text
        assert (judged.ticket, judged.entries, judged.messages) == (story.ticket, (), ())


@pytest.mark.parametrize(
    ("name", "status", "remedy"),
    [
        ("close", Status.CLOSED, "it is closed already"),
        ("close", Status.IN_PROGRESS, "resolve it first, with an explanation"),
        ("confirm", Status.CLOSED, "it is closed already"),
        ("reopen", Status.OPEN, "it is not closed: go on with it"),
        ("reopen", Status.WAITING_ON_CUSTOMER, "it is not closed: go on with it"),
        ("reopen", Status.RESOLVED, "a resolved ticket is rejected, not reopened"),
    ],
)
def test_a_refusals_remedy_fits_the_state(tell: Tell, name: str, status: Status, remedy: str) -> None:
    """6: whoever closes what is closed is not told to resolve it first."""
    story = brought_to(tell(ladder()), status)
    judged = judge(ladder(), story.ticket, story.instant("Mon 23 Nov 10:01"), COMMANDS[name])
    assert judged.refusal is not None
    assert judged.refusal.text == f"cannot {name}: the ticket is '{status.value}'; {remedy}"


def test_a_tier_that_nobody_has_is_told_as_such(tell: Tell) -> None:
    """6.2: the tiers that there are, beside the one that has the ticket."""
    story = brought_to(tell(ladder()), Status.OPEN)
    unknown = Acknowledge(actor="ann", handler="ann", tier="agnet")
    judged = judge(ladder(), story.ticket, story.instant("Mon 23 Nov 10:01"), unknown)
    assert judged.refusal is not None
    assert judged.refusal.text == (
        "cannot acknowledge tier 'agnet': the policy has agent, specialist, supplier; "
        "tier 'agent' has the ticket now, handled by nobody yet"
    )


def test_a_tier_entered_while_waiting_must_still_acknowledge(tell: Tell) -> None:
    """6: the wait is the customer's and stays; acknowledging is legal, and the wait goes on."""
    story = brought_to(tell(ladder()), Status.WAITING_ON_CUSTOMER)
    story.escalate().happened(
        "Mon 23 Nov 10:00 escalated agent -> specialist: by_hand, no news promised",
        "Mon 23 Nov 10:00 cancelled tier_resolve/1 of agent, 20m spent",
        "Mon 23 Nov 10:00 started acknowledge/2 of specialist, 700h, until Tue 22 Dec 14:00",
        "Mon 23 Nov 10:00 started tier_resolve/2 of specialist, 900h, paused: waiting_on_customer",
    )
    assert (story.ticket.status, story.ticket.handler) == (Status.WAITING_ON_CUSTOMER, None)
    story.until("Mon 23 Nov 10:30").acknowledge("bob").happened(
        "Mon 23 Nov 10:30 acknowledged by bob of specialist",
        "Mon 23 Nov 10:30 met acknowledge/2 of specialist, 30m spent",
    )
    assert (story.ticket.status, story.ticket.handler) == (Status.WAITING_ON_CUSTOMER, "bob")
    story.until("Mon 23 Nov 11:00").contact().as_told()
    assert story.ticket.status is Status.IN_PROGRESS


def test_a_missed_acknowledge_while_waiting_escalates_and_the_wait_stays(tell: Tell) -> None:
    """6, 6.5: no news is promised to a customer who is being waited for."""
    story = tell(ladder(agent=row(acknowledge=2)))
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").ask().as_told()
    story.until("Mon 23 Nov 12:00").in_short(
        "Mon 23 Nov 11:00 breached acknowledge/1 of agent, due 11:00",
        "Mon 23 Nov 11:00 escalated agent -> specialist: acknowledge_breached, no news promised",
    )
    assert (story.ticket.status, story.ticket.tier) == (Status.WAITING_ON_CUSTOMER, "specialist")
    story.contact().as_told()
    assert (story.ticket.status, story.ticket.tier) == (Status.OPEN, "specialist")


def test_no_news_is_promised_while_waiting_even_if_the_update_clock_runs(tell: Tell) -> None:
    """6.5: the policy lets `update` run on in a wait; the open promise is cancelled and none is made."""
    story = tell(ladder(waiting_pauses=(Target.RESOLVE,)))
    promised = [story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").escalate().ticket.next_news_at]
    promised.append(story.until("Mon 23 Nov 10:00").ask().as_told().ticket.next_news_at)
    assert promised == [story.instant("Sat 26 Dec 17:00"), None]
    story.until("Mon 23 Nov 10:30").escalate().in_short(
        "Mon 23 Nov 10:30 escalated specialist -> supplier: by_hand, no news promised"
    )


def test_opening_tells_the_customer_and_the_first_tier(tell: Tell) -> None:
    """6.1: thanked; the line that is told of is the opening itself."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").as_told()
    opened = open_ticket(ladder(), _opening("normal"), story.instant("Mon 23 Nov 09:00"))
    assert [(each.sequence, each.kind, each.recipient) for each in opened.messages] == [
        (1, "opened", "c-1"),
        (1, "opened", "agent"),
    ]


def test_who_is_told_what_over_an_ordinary_life(tell: Tell) -> None:
    """6.1-6.9: the customer hears of whatever a person says to them; owner and tier hear when it comes back."""
    story = tell(ladder(warn_at=(0.75,)))
    story.open("Mon 23 Nov 09:00").told("opened to customer c-1", "opened to tier agent")
    story.until("Mon 23 Nov 09:10").acknowledge("ann").told()
    story.until("Mon 23 Nov 09:20").post_update().told("update_posted to customer c-1")
    story.until("Mon 23 Nov 09:30").ask().told("question_asked to customer c-1")
    story.until("Mon 23 Nov 09:40").contact().told("contact_received to owner ann")
    story.until("Mon 23 Nov 09:50").resolve().told("resolved to customer c-1")
    story.until("Mon 23 Nov 10:00").confirm().told("closed to customer c-1")
    story.until("Mon 23 Nov 10:10").reopen().told(
        "reopened to customer c-1", "reopened to owner ann", "reopened to tier agent"
    )
    story.until("Mon 23 Nov 10:20").acknowledge("amy").as_told()
    story.until("Fri 18 Dec 10:30").happened("Fri 18 Dec 10:10 warned 75% of update/5 of agent, due 10:10")
    story.told("clock_warned to handler amy", "clock_warned to owner ann")


def test_a_priority_that_is_not_promised_is_refused(tell: Tell) -> None:
    """6.1, 7.1: the error names policy, priority and remedy."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").as_told()
    with pytest.raises(DomainError, match=r"policy 'made-up' has no priority 'asap': use one of \['normal'\]"):
        open_ticket(ladder(), _opening("asap"), story.instant("Mon 23 Nov 09:00"))


def test_a_ticket_opens_at_an_instant_of_the_record(tell: Tell) -> None:
    """5.1: an aware UTC instant, nothing that merely reads like one."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").as_told()
    with pytest.raises(CalendarError, match="is not in UTC"):
        open_ticket(ladder(), _opening("normal"), story.instant("Mon 23 Nov 09:00").replace(tzinfo=None))


def test_acknowledging_names_the_handler_and_the_first_of_the_first_tier_becomes_the_owner(tell: Tell) -> None:
    """6.2, 1: escalating moves the handler, never the owner."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:10").acknowledge("ann")
    assert (story.ticket.status, story.ticket.handler, story.ticket.owner) == (Status.IN_PROGRESS, "ann", "ann")
    story.until("Mon 23 Nov 09:20").escalate()
    assert (story.ticket.status, story.ticket.handler, story.ticket.owner) == (Status.OPEN, None, "ann")
    story.until("Mon 23 Nov 09:30").acknowledge("bob").as_told()
    assert (story.ticket.handler, story.ticket.owner) == ("bob", "ann")


def test_nobody_of_a_later_tier_becomes_the_owner(tell: Tell) -> None:
    """1, 6.2: until somebody of the first tier acknowledges, that tier is the owner."""
    story = tell(ladder())
    story.open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:10").escalate()
    story.until("Mon 23 Nov 09:20").acknowledge("bob")
    assert story.ticket.owner is None
    story.until("Mon 23 Nov 09:30").transfer("agent")
    story.until("Mon 23 Nov 09:40").acknowledge("amy").as_told()
    assert story.ticket.owner == "amy"


def test_the_tier_spoken_for_must_be_the_current_one(tell: Tell) -> None:
    """6.2: a specialist does not take on what the agents have."""
    story = brought_to(tell(ladder()), Status.OPEN)
    story.acknowledge("bob", tier="specialist").happened(
        "Mon 23 Nov 10:00 refused WRONG_TIER: cannot acknowledge tier 'specialist': "
        "tier 'agent' has the ticket now, handled by nobody yet"
    )


def test_a_customer_named_like_a_tier_does_not_swallow_its_message(tell: Tell) -> None:
    """4.7: the same person is told once; two people of one name are two."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").as_told()
    opened = open_ticket(ladder(), _opening("normal", external_id="agent"), story.instant("Mon 23 Nov 09:00"))
    assert [(each.audience.value, each.recipient) for each in opened.messages] == [
        ("customer", "agent"),
        ("tier", "agent"),
    ]


def _opening(priority: str, external_id: str = CUSTOMER.external_id) -> Open:
    return Open(
        actor="desk",
        ticket_id="t-1",
        reference="R-1",
        queue="home",
        priority=priority,
        customer=type(CUSTOMER)(external_id=external_id, name="Ida", language="en-GB", zone="Europe/London"),
        subject="no line",
        description="the line is dead",
        channel="phone",
    )
