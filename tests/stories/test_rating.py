"""What the customer thought of it, and whose word counts at the end."""

from dataclasses import replace

import pytest

from tests.support.policies import ladder
from workflows.domain.errors import DomainError
from workflows.domain.ticket.commands import Confirm, Rate, RecordContact, Reject
from workflows.domain.ticket.words import ContactKind
from workflows.testing.story import Story, Tell


def solved(tell: Tell, rating_tells_lead: int = 2) -> Story:
    """Open, taken on and resolved on Monday morning."""
    story = tell(replace(ladder(), rating_tells_lead=rating_tells_lead)).open("Mon 23 Nov 09:00")
    return story.until("Mon 23 Nov 09:20").acknowledge("ann").until("Mon 23 Nov 10:00").resolve().as_told()


def test_a_customer_rates_once_after_closing_and_the_lead_hears_of_a_bad_one(tell: Tell) -> None:
    """6.10: 1-5 and a comment, once, after closing; one at or under the threshold tells the lead."""
    story = solved(tell)
    story.send(Rate(actor="desk", stars=2)).happened(
        "Mon 23 Nov 10:00:00.000001 refused WRONG_STATE: cannot rate: the ticket is 'resolved'; "
        "confirm or reject the solution first"
    )
    story.until("Mon 23 Nov 11:00").confirm().as_told()
    story.until("Mon 23 Nov 12:00").send(Rate(actor="desk", stars=2, comment="nobody called")).happened(
        "Mon 23 Nov 12:00 rated 2"
    ).told("rated_low to lead team-lead")
    rating = story.ticket.rating
    assert rating is not None
    assert (rating.stars, rating.comment, rating.at) == (2, "nobody called", story.instant("Mon 23 Nov 12:00"))
    story.until("Mon 23 Nov 12:01").send(Rate(actor="desk", stars=5)).happened(
        "Mon 23 Nov 12:01 refused RATED_ALREADY: cannot rate: it was rated 2 already; a ticket is rated once"
    )
    story.until("Mon 23 Nov 13:00").reopen().until("Mon 23 Nov 14:00").resolve().confirm().as_told()
    story.until("Mon 23 Nov 15:00").send(Rate(actor="desk", stars=5)).happened(
        "Mon 23 Nov 15:00 refused RATED_ALREADY: cannot rate: it was rated 2 already; a ticket is rated once"
    ).told()


@pytest.mark.parametrize(("threshold", "stars", "told"), [(2, 3, False), (3, 3, True), (0, 1, False), (5, 5, True)])
def test_what_is_a_bad_rating_the_policy_says(tell: Tell, threshold: int, stars: int, *, told: bool) -> None:
    """6.10: at or under the policy's threshold, and none where it is 0."""
    story = solved(tell, rating_tells_lead=threshold).confirm().as_told()
    story.until("Mon 23 Nov 12:00").send(Rate(actor="desk", stars=stars)).in_short(f"Mon 23 Nov 12:00 rated {stars}")
    story.told(*(["rated_low to lead team-lead"] if told else []))


def test_a_ticket_that_silence_closed_is_rated_all_the_same(tell: Tell) -> None:
    """6.10, 6.8: after closing, however it was closed and however long ago."""
    story = solved(tell).until("Tue 24 Nov 10:00:01").as_told()
    story.until("Mon 21 Dec 10:00").send(Rate(actor="desk", stars=4)).happened("Mon 21 Dec 10:00 rated 4").told()


def test_only_the_customers_own_word_signs_off(tell: Tell) -> None:
    """6.8: the customer confirms, rejects or says nothing; somebody else's word changes nothing, and is told so."""
    story = solved(tell)
    refused = "refused NOT_THE_CUSTOMER: cannot {}: the customer named is not this ticket's; "
    remedy = "only its own customer's word counts"
    story.until("Mon 23 Nov 11:00").send(Confirm(actor="desk", customer="c-2"))
    story.happened(f"Mon 23 Nov 11:00 {refused.format('confirm')}{remedy}")
    story.until("Mon 23 Nov 11:01").send(Reject(actor="desk", reason="not solved", customer="c-2"))
    story.happened(f"Mon 23 Nov 11:01 {refused.format('reject')}{remedy}")
    story.until("Mon 23 Nov 11:02").send(
        RecordContact(actor="desk", kind=ContactKind.COMPLAINT, channel="mail", text="", customer="c-2")
    )
    story.happened(f"Mon 23 Nov 11:02 {refused.format('record a contact')}{remedy}")
    story.until("Mon 23 Nov 12:00").send(Confirm(actor="portal", customer="c-1")).in_short(
        "Mon 23 Nov 12:00 confirmed",
        "Mon 23 Nov 12:00 closed fixed by confirmation",
        "Mon 23 Nov 12:00 met tier_resolve/1 of agent, 1h spent, as of 10:00",
        "Mon 23 Nov 12:00 met update/2 of agent, 0m spent, as of 10:00",
        "Mon 23 Nov 12:00 met resolve/1 of agent, 1h spent, as of 10:00",
    )
    story.until("Mon 23 Nov 12:01").send(Rate(actor="portal", stars=1, customer="c-2"))
    story.happened(f"Mon 23 Nov 12:01 {refused.format('rate')}{remedy}")
    story.until("Mon 23 Nov 12:02").send(Rate(actor="portal", stars=5, customer="c-1"))
    story.happened("Mon 23 Nov 12:02 rated 5").told("closed to customer c-1")


def test_confirmed_and_rejected_in_one_instant_whoever_came_first_counts(tell: Tell) -> None:
    """5.2, 6.8, 6.9: instants of one ticket only rise: what came second is judged by what the first made of it."""
    story = solved(tell).until("Mon 23 Nov 11:00").confirm().as_told()
    story.reject().in_short(  # the record gives it the next instant there is
        "Mon 23 Nov 11:00:00.000001 reopened, was fixed",
        "Mon 23 Nov 11:00:00.000001 reinstated tier_resolve/1 of agent, was met, 1h spent, "
        "until Wed 30 Dec 22:00:00.000001",
        "Mon 23 Nov 11:00:00.000001 reinstated resolve/1 of agent, was met, 1h spent, until Mon 4 Jan 02:00:00.000001",
    )
    story = solved(tell).until("Mon 23 Nov 11:00").reject().as_told()
    story.confirm().happened(
        "Mon 23 Nov 11:00:00.000001 refused WRONG_STATE: cannot confirm: the ticket is 'open'; "
        "possible while it is 'resolved'"
    )


@pytest.mark.parametrize("stars", [0, 6, -1])
def test_stars_beyond_one_to_five_are_none(stars: int) -> None:
    """6.10: 1-5."""
    with pytest.raises(DomainError, match=f"stars are {stars}: rate it 1 to 5"):
        Rate(actor="desk", stars=stars)
