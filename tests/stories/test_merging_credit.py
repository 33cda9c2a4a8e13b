"""What two tickets that become one had of goodwill: none is lost by it, and none is granted twice (6.7, 6.13)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support.policies import ladder, row
from tests.support.story_room import Room, Rooms, rooms
from workflows.domain.money import Money
from workflows.domain.policy import Policy, hours
from workflows.domain.ticket.commands import Acknowledge, DecideCredit, OfferCredit, PostUpdate
from workflows.domain.ticket.credit import MOST_CREDITS
from workflows.domain.ticket.words import CreditOf, CreditState


def pounds(amount: int) -> Money:
    """Whole pounds."""
    return Money(minor=amount * 100, currency="GBP")


def goodwill(resolve: float = 1000) -> Policy:
    """Fifteen pounds for a missed solution; above twenty by hand the lead decides."""
    policy = ladder(agent=row(acknowledge=2), resolve=hours(resolve), on_breach={})
    return replace(policy, tiers=policy.tiers[:1], credit_for_resolve=pounds(15), credit_limit=pounds(20))


@pytest.fixture(params=["domain", "sqlite", "postgresql"])
def tell(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    """Begin stories of several tickets; each must have been read to its end."""
    yield from rooms(None if request.param == "domain" else request.getfixturevalue(f"{request.param}_url"))


def offered(amount: int, by: str = "ann", currency: str = "GBP") -> OfferCredit:
    """Somebody offers so many."""
    return OfferCredit(actor=by, minor=amount * 100, currency=currency, reason="a week without a line")


def decided(number: int, *, is_approved: bool = True) -> DecideCredit:
    """The lead's word."""
    return DecideCredit(actor="team-lead", number=number, is_approved=is_approved, reason="they waited")


def two(tell: Rooms, policy: Policy | None = None) -> Room:
    """Two that somebody works on, `one` an hour older than `two`."""
    room = tell(policy or goodwill())
    for name, at in (("one", "Mon 23 Nov 09:00"), ("two", "Mon 23 Nov 10:00")):
        room.open(name, at).send(name, Acknowledge(actor="ann", handler="ann", tier="agent"))
    return room.until("Mon 23 Nov 11:00").as_told()


def test_a_credit_that_awaits_the_lead_is_decided_on_the_ticket_that_goes_on(tell: Rooms) -> None:
    """6.7, 6.13: numbered anew there, with who proposed it and where; the lead hears where it is decided now."""
    room = two(tell).send("one", offered(30)).send("two", offered(5)).as_told()
    room.until("Mon 23 Nov 12:00").merge("one", into="two")
    assert "Mon 23 Nov 12:00 credit 1 goes on in R-two" in room.lines("one")
    room.told("one", "merged to customer c-1", "merged to handler ann")
    assert room.lines("two")[-1] == "Mon 23 Nov 12:00 credit 2 proposed: 3000 GBP, of R-one"
    room.told("two", "took_over to handler ann", "credit_to_approve to lead team-lead").as_told()
    assert [each.state for each in room.ticket("one").credits] == [CreditState.MOVED]
    (_, moved) = room.ticket("two").credits
    assert (moved.number, moved.minor, moved.state, moved.by, moved.reason) == (
        2,
        3000,
        CreditState.AWAITING_APPROVAL,
        "ann",
        "a week without a line",
    )
    room.until("Mon 23 Nov 13:00").send("one", decided(1)).happened(
        "one", "Mon 23 Nov 13:00 refused MERGED: merged into ticket 'R-two', which goes on in its place: ask that one"
    )
    room.send("two", decided(2)).happened(
        "two", "Mon 23 Nov 13:00 credit 2 offered: 3000 GBP, approved by team-lead"
    ).told("two", "credit_offered to customer c-1")


def test_what_came_over_counts_towards_the_limit(tell: Rooms) -> None:
    """6.13: all of a ticket's together, so what still awaits the lead leaves less to be offered without them."""
    room = two(tell).send("one", offered(21)).merge("one", into="two").as_told()
    room.until("Mon 23 Nov 12:00").send("two", offered(1)).happened(
        "two", "Mon 23 Nov 12:00 credit 2 proposed: 100 GBP"
    ).as_told()
    room.send("two", decided(1, is_approved=False)).as_told().until("Mon 23 Nov 13:00")
    room.send("two", offered(19)).happened("two", "Mon 23 Nov 13:00 credit 3 offered: 1900 GBP").as_told()


def test_what_was_decided_stays_where_it_was(tell: Rooms) -> None:
    """6.13: an offer that was made, or refused, is that ticket's for ever; nothing of it is offered again."""
    room = two(tell).send("one", offered(3)).send("one", offered(30)).send("one", decided(2, is_approved=False))
    room.merge("one", into="two").as_told()
    assert [each.state for each in room.ticket("one").credits] == [CreditState.OFFERED, CreditState.REFUSED]
    assert room.ticket("two").credits == ()


def test_a_merge_that_has_no_room_for_a_credit_is_refused(tell: Rooms) -> None:
    """6.13: none is lost by a merge; the lead decides first, and then the two are one."""
    room = two(tell).send("one", offered(30))
    for _ in range(MOST_CREDITS):
        room.send("two", offered(1, by="team-lead"))
    room.as_told().until("Mon 23 Nov 12:00").merge("one", into="two").happened(
        "one",
        "Mon 23 Nov 12:00 refused TOO_MANY_CREDITS: cannot take credit 1 of 'R-one' over: "
        "the ticket has 50 by hand already; decide it before you merge",
    )
    room.send("one", decided(1)).until("Mon 23 Nov 12:01").merge("one", into="two").as_told()
    assert room.ticket("two").merged == ("one",)


def test_a_credit_in_another_currency_is_decided_first(tell: Rooms) -> None:
    """6.13: a ticket's credits are in one currency; the merge is refused whole, and says what to do."""
    room = two(tell, replace(goodwill(), credit_for_resolve=None, credit_limit=None))
    room.send("one", offered(30, currency="EUR")).send("two", offered(30)).as_told()
    room.until("Mon 23 Nov 12:00").merge("one", into="two").happened(
        "one",
        "Mon 23 Nov 12:00 refused CREDIT_OTHER_CURRENCY: cannot take credit 1 of 'R-one' over in 'EUR': "
        "this ticket's credits are in 'GBP'; decide it before you merge",
    )


def test_a_missed_solution_is_paid_for_once_though_it_is_missed_again_on_the_other(tell: Rooms) -> None:
    """6.13: the customer's resolve earns one; the one that was merged has earned it, so the survivor earns none."""
    room = two(tell, goodwill(resolve=4)).until("Mon 23 Nov 13:01").as_told("two")
    assert [each.of for each in room.ticket("one").credits] == [CreditOf.RESOLVE]
    room.as_told().merge("one", into="two").as_told().until("Mon 23 Nov 14:59")
    assert "Mon 23 Nov 14:00 breached resolve/1 of agent, due 14:00" in room.lines("two")
    room.as_told()
    assert (room.ticket("two").resolve_credited, room.ticket("two").credits) == (True, ())


def test_a_missed_solution_that_was_paid_for_on_both_stays_so_and_earns_no_third(tell: Rooms) -> None:
    """6.13, 4.1: what both had before they were one stands; nothing is taken back and nothing is added."""
    room = two(tell, goodwill(resolve=4)).until("Mon 23 Nov 14:30").as_told()
    before = [room.ticket(name).credits for name in ("one", "two")]
    assert [len(each) for each in before] == [1, 1]
    room.merge("one", into="two").until("Mon 23 Nov 20:00").send("two", PostUpdate(actor="ann", text="soon")).as_told()
    assert [room.ticket(name).credits for name in ("one", "two")] == before


def test_the_survivor_earns_one_where_the_other_was_not_missed(tell: Rooms) -> None:
    """6.13: one request, one credit: it is not lost by the merge either."""
    room = two(tell, goodwill(resolve=4)).merge("one", into="two").as_told().until("Mon 23 Nov 15:00").as_told()
    assert [each.of for each in room.ticket("two").credits] == [CreditOf.RESOLVE]
