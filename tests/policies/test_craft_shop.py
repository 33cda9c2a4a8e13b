"""What `craft-shop` promises, told with dates: change the promise, and these are the tests to change with it.

The workshop is open from 10:00 to 16:00 from Tuesday to Friday and from 10:00 to 13:00 on Saturdays; the friend is
there from 18:00 to 21:00 on weekdays. Every instant is Edinburgh's, worked out by hand.
"""

from datetime import UTC, date, datetime

import pytest

from workflows.domain.policy_data import from_data, to_data
from workflows.planning.lint import Kind, lint
from workflows.policies import load
from workflows.policies.craft_shop import policy, published, queues, roster
from workflows.testing.story import Tell

EDINBURGH = "Europe/London"


def test_it_is_in_force_for_its_queues() -> None:
    """7.1: the shipped policies load, orders and questions go by this one."""
    promised = load()
    assert queues == ("orders", "shop-questions")
    assert [promised.of_queue(queue).name for queue in queues] == ["craft-shop", "craft-shop"]
    assert promised.policies["craft-shop"] == policy


def test_a_ticket_can_carry_it() -> None:
    """7.2: as the data that its ticket's record keeps, it is the same policy."""
    assert from_data(to_data(policy)) == policy


@pytest.mark.parametrize(
    ("priority", "promised", "solved"),
    [
        (
            "despatch",
            ("6h, until Tue 1 Dec 12:00", "10h, until Tue 1 Dec 16:00", "9h, until Tue 1 Dec 15:00"),
            "12h, until Wed 2 Dec 12:00",
        ),
        (
            "refund",
            ("6h, until Tue 1 Dec 12:00", "12h, until Wed 2 Dec 12:00", "12h, until Wed 2 Dec 12:00"),
            "18h, until Thu 3 Dec 12:00",
        ),
        (
            "query",
            ("3h, until Sat 28 Nov 12:00", "9h, until Tue 1 Dec 15:00", "6h, until Tue 1 Dec 12:00"),
            "12h, until Wed 2 Dec 12:00",
        ),
    ],
)
def test_what_is_promised_on_friday_afternoon(
    tell: Tell, priority: str, promised: tuple[str, str, str], solved: str
) -> None:
    """2.1 to 2.3: an hour counts on Friday, three on Saturday, the rest from Tuesday 10:00 on."""
    acknowledge, own, update = promised
    tell(policy, zone=EDINBURGH).open("Fri 27 Nov 15:00", priority=priority).happened(
        f"Fri 27 Nov 15:00 opened {priority} in workshop",
        f"Fri 27 Nov 15:00 started acknowledge/1 of workshop, {acknowledge}",
        f"Fri 27 Nov 15:00 started tier_resolve/1 of workshop, {own}",
        f"Fri 27 Nov 15:00 started update/1 of workshop, {update}",
        f"Fri 27 Nov 15:00 started resolve/1 of workshop, {solved}",
        f"Fri 27 Nov 15:00 promise next_news/1 made: next_news, by {update.partition('until ')[2]}",
    )


def test_a_parcel_that_is_despatched_in_time(tell: Tell) -> None:
    """2.3, 2.10, 6.8: handed to the carrier is resolved; met as of then when nobody objects for 54 open hours."""
    story = tell(policy, zone=EDINBURGH).open("Tue 24 Nov 11:00", priority="despatch")
    story.until("Tue 24 Nov 12:00").acknowledge("maya").as_told()
    story.until("Wed 25 Nov 14:30").resolve().in_short(
        "Tue 24 Nov 15:30 warned 50% of update/1 of workshop, due 15:30",
        "Tue 24 Nov 16:00 warned 50% of tier_resolve/1 of workshop, due 16:00",
        "Wed 25 Nov 11:00 warned 50% of resolve/1 of workshop, due 11:00",
        "Wed 25 Nov 12:12 warned 80% of update/1 of workshop, due 12:12",
        "Wed 25 Nov 13:00 warned 80% of tier_resolve/1 of workshop, due 13:00",
        "Wed 25 Nov 14:00 breached update/1 of workshop, due 14:00",
        "Wed 25 Nov 14:30 resolved fixed",
        "Wed 25 Nov 14:30 met update/2 of workshop, 30m spent",
    )
    story.until("Thu 10 Dec 12:00").in_short(
        "Wed 9 Dec 14:30 closed fixed by silence, due 14:30",
        "Wed 9 Dec 14:30 met tier_resolve/1 of workshop, 9h30m spent, as of Wed 25 Nov 14:30",
        "Wed 9 Dec 14:30 met update/3 of workshop, 0m spent, as of Wed 25 Nov 14:30",
        "Wed 9 Dec 14:30 met resolve/1 of workshop, 9h30m spent, as of Wed 25 Nov 14:30",
    )


def test_a_parcel_that_nobody_packs(tell: Tell) -> None:
    """4.2, 4.4: the friend has it in the evening; nobody there either, and it rings where the maker is, and again."""
    story = tell(policy, zone=EDINBURGH).open("Fri 27 Nov 15:00", priority="despatch").as_told()
    story.until("Tue 1 Dec 12:00").happened(
        "Sat 28 Nov 12:00 warned 50% of acknowledge/1 of workshop, due 12:00",
        "Tue 1 Dec 10:30 warned 50% of update/1 of workshop, due 10:30",
        "Tue 1 Dec 10:48 warned 80% of acknowledge/1 of workshop, due 10:48",
        "Tue 1 Dec 11:00 warned 50% of tier_resolve/1 of workshop, due 11:00",
    )
    story.until("Tue 1 Dec 22:00").happened(
        "Tue 1 Dec 12:00 warned 50% of resolve/1 of workshop, due 12:00",
        "Tue 1 Dec 12:00 breached acknowledge/1 of workshop, due 12:00",
        "Tue 1 Dec 12:00 escalated workshop -> friend: acknowledge_breached, next news 15:00",
        "Tue 1 Dec 12:00 cancelled tier_resolve/1 of workshop, 6h spent",
        # The friend comes home at six.
        "Tue 1 Dec 12:00 started acknowledge/2 of friend, 30m, until 18:30",
        "Tue 1 Dec 12:00 started tier_resolve/2 of friend, 3h, until 21:00",
        "Tue 1 Dec 12:00 promise next_news/2 made again: next_news, by 15:00",
        "Tue 1 Dec 13:12 warned 80% of update/1 of workshop, due 13:12",
        "Tue 1 Dec 15:00 breached update/1 of workshop, due 15:00",
        "Tue 1 Dec 15:00 started update/2 of friend, 9h, until Thu 3 Dec 12:00",
        "Tue 1 Dec 15:00 promise next_news/2 broken, due 15:00",
        "Tue 1 Dec 15:36 warned 80% of resolve/1 of workshop, due 15:36",
        "Tue 1 Dec 18:15 warned 50% of acknowledge/2 of friend, due 18:15",
        "Tue 1 Dec 18:24 warned 80% of acknowledge/2 of friend, due 18:24",
        "Tue 1 Dec 18:30 breached acknowledge/2 of friend, due 18:30",
        "Tue 1 Dec 18:30 ladder ended at friend: acknowledge_breached, maker-by-phone",
        "Tue 1 Dec 19:30 warned 50% of tier_resolve/2 of friend, due 19:30",
        "Tue 1 Dec 20:24 warned 80% of tier_resolve/2 of friend, due 20:24",
        "Tue 1 Dec 21:00 breached tier_resolve/2 of friend, due 21:00",
        "Tue 1 Dec 21:00 ladder ended at friend, again: tier_resolve_breached, maker-by-phone",
    )
    # The despatch deadline itself, and the reminders: every three hours that the workshop is open.
    story.until("Wed 2 Dec 15:00").in_short(
        "Wed 2 Dec 12:00 breached resolve/1 of workshop, due 12:00",
        "Wed 2 Dec 12:00 ladder ended at friend, again: resolve_breached, maker-by-phone",
        "Wed 2 Dec 13:00 reminded maker-by-phone 1: acknowledge_breached + tier_resolve_breached + resolve_breached,"
        " due 13:00",
        "Wed 2 Dec 13:30 warned 50% of update/2 of friend, due 13:30",
    )
    story.acknowledge("maya", tier="friend").in_short("Wed 2 Dec 15:00 acknowledged by maya of friend")


def test_a_query_that_the_friend_answers(tell: Tell) -> None:
    """4.2, 6.8: three workshop hours without anybody, and it is the friend's that evening; she is done within hers."""
    story = tell(policy, zone=EDINBURGH).open("Tue 24 Nov 11:00", priority="query").as_told()
    story.until("Tue 24 Nov 18:10").acknowledge("jo").until("Tue 24 Nov 18:20").resolve().in_short(
        "Tue 24 Nov 12:30 warned 50% of acknowledge/1 of workshop, due 12:30",
        "Tue 24 Nov 13:24 warned 80% of acknowledge/1 of workshop, due 13:24",
        "Tue 24 Nov 14:00 warned 50% of update/1 of workshop, due 14:00",
        "Tue 24 Nov 14:00 breached acknowledge/1 of workshop, due 14:00",
        "Tue 24 Nov 14:00 escalated workshop -> friend: acknowledge_breached, next news Wed 25 Nov 11:00",
        "Tue 24 Nov 15:48 warned 80% of update/1 of workshop, due 15:48",
        "Tue 24 Nov 18:10 acknowledged by jo of friend",
        "Tue 24 Nov 18:10 met acknowledge/2 of friend, 10m spent",
        "Tue 24 Nov 18:20 resolved fixed",
        "Tue 24 Nov 18:20 met update/1 of workshop, 5h spent",
    )


def test_a_refund_that_waits_for_an_account_number(tell: Tell) -> None:
    """6.6: reminded after 12 and 27 open hours, given up on after 54; meanwhile the refund's clocks stand still."""
    story = tell(policy, zone=EDINBURGH).open("Tue 24 Nov 11:00", priority="refund")
    story.until("Tue 24 Nov 12:00").acknowledge("maya").until("Tue 24 Nov 12:30").ask().as_told()
    story.until("Tue 8 Dec 16:00").in_short(
        "Thu 26 Nov 12:30 customer reminded 1, due 12:30",
        "Tue 1 Dec 12:30 customer reminded 2, due 12:30",
        "Tue 8 Dec 12:30 wait ended: gave_up",
        "Tue 8 Dec 12:30 resolved no_response, due 12:30",
    )


def test_the_last_orders_before_christmas(tell: Tell) -> None:
    """3.1: the workshop opens on the Sunday and the Monday before Christmas, for an order of Saturday 12:30."""
    tell(policy, zone=EDINBURGH).open("Sat 19 Dec 12:30", priority="despatch").happened(
        "Sat 19 Dec 12:30 opened despatch in workshop",
        "Sat 19 Dec 12:30 started acknowledge/1 of workshop, 6h, until Sun 20 Dec 15:30",
        "Sat 19 Dec 12:30 started tier_resolve/1 of workshop, 10h, until Mon 21 Dec 13:30",
        "Sat 19 Dec 12:30 started update/1 of workshop, 9h, until Mon 21 Dec 12:30",
        "Sat 19 Dec 12:30 started resolve/1 of workshop, 12h, until Mon 21 Dec 15:30",
        "Sat 19 Dec 12:30 promise next_news/1 made: next_news, by Mon 21 Dec 12:30",
    )


def test_christmas_and_the_days_between_the_years(tell: Tell) -> None:
    """3.1: noon on Christmas Eve, then Thursday 31 December, then Tuesday 5 January 2027."""
    tell(policy, zone=EDINBURGH).open("Wed 23 Dec 15:00", priority="query").happened(
        "Wed 23 Dec 15:00 opened query in workshop",
        "Wed 23 Dec 15:00 started acknowledge/1 of workshop, 3h, until Thu 24 Dec 12:00",
        "Wed 23 Dec 15:00 started tier_resolve/1 of workshop, 9h, until Thu 31 Dec 16:00",
        "Wed 23 Dec 15:00 started update/1 of workshop, 6h, until Thu 31 Dec 13:00",
        "Wed 23 Dec 15:00 started resolve/1 of workshop, 12h, until Tue 5 Jan 13:00",
        "Wed 23 Dec 15:00 promise next_news/1 made: next_news, by Thu 31 Dec 13:00",
    )


def test_what_the_closed_dates_are_called() -> None:
    """3.1: Scotland's holidays and the shop's own, by the names that customers read."""
    names = {day.isoformat(): name for day, name in policy.calendar.desks[0].names if day.isoformat()[:7] == "2026-12"}
    assert names == {
        "2026-12-25": "Christmas Day",
        "2026-12-26": "Boxing Day",
        "2026-12-28": "Boxing Day (observed)",
        "2026-12-29": "between the years",
        "2026-12-30": "between the years",
    }


@pytest.mark.parametrize(
    ("at", "on_duty"),
    [
        ("2026-12-30T12:00", "maya"),
        ("2026-12-31T12:00", "jo"),
        ("2027-01-09T11:00", "jo"),
        ("2027-01-12T11:00", "maya"),
        # Her holiday begins at midnight by her own clock: 23:00 UTC in summer.
        ("2027-07-11T22:59", "maya"),
        ("2027-07-11T23:00", "jo"),
        ("2027-07-24T22:59", "jo"),
        ("2027-07-24T23:00", "maya"),
    ],
)
def test_the_friend_stands_in_while_the_maker_is_away(at: str, on_duty: str) -> None:
    """4.9: the workshop is never without anybody; the evenings are the friend's, whoever is away."""
    asked_at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert (roster("workshop", asked_at), roster("friend", asked_at)) == ((on_duty,), ("jo",))


@pytest.mark.parametrize("from_day", [date(2026, 11, 23), date(2026, 12, 21), date(2027, 7, 5)])
def test_nothing_is_odd_about_it(from_day: date) -> None:
    """7.4: whoever is away, somebody is on the roster for as long as a tier is open."""
    from_at = datetime(from_day.year, from_day.month, from_day.day, tzinfo=UTC)
    findings, _ = lint(policy, from_at, lambda tier, at: bool(roster(tier, at)))
    assert {finding.kind for finding in findings} <= {Kind.SLOWER_THAN_PROMISED}
    assert not [finding.text for finding in findings if finding.weight == "warning"]


def test_what_customers_read_is_of_this_policy() -> None:
    """7.4: words for each priority and tier, and for no other."""
    assert tuple(published.priorities) == policy.priorities
    assert tuple(published.tiers) == policy.tier_names
