"""What `software-vendor` promises, told with dates: change the promise, and these are the tests to change with it.

In November support is in Dublin from 08:00 to 18:00 and in Sydney from 21:00 to 07:00 by Dublin's clocks, on the
weekdays of each place; engineering in Dublin; the supplier in Bengaluru from 04:00 to 13:00. Every instant is Dublin's,
worked out by hand.
"""

from datetime import UTC, date, datetime

import pytest

from workflows.domain.follow_the_sun import FollowTheSun
from workflows.domain.policy_data import from_data, to_data
from workflows.planning.lint import lint
from workflows.policies import load
from workflows.policies.software_vendor import policy, published, queues
from workflows.testing.story import Tell

DUBLIN = "Europe/Dublin"


def test_it_is_in_force_for_its_queues() -> None:
    """7.1: the shipped policies load, and both products go by this one."""
    promised = load()
    assert queues == ("cloud", "on-premises")
    assert [promised.of_queue(queue).name for queue in queues] == ["software-vendor", "software-vendor"]
    assert promised.policies["software-vendor"] == policy


def test_a_ticket_can_carry_it() -> None:
    """7.2: as the data that its ticket's record keeps, it is the same policy, desks in two zones and all."""
    again = from_data(to_data(policy))
    assert again == policy
    assert isinstance(again.calendar, FollowTheSun)


@pytest.mark.parametrize(
    ("priority", "promised", "solved"),
    [
        (
            "critical",
            ("15m, until 21:05", "2h, until 22:50", "1h, until 21:50"),
            "20h, until Fri 27 Nov 17:50",
        ),
        (
            "major",
            ("1h, until 21:50", "10h, until Fri 27 Nov 06:50", "5h, until Fri 27 Nov 01:50"),
            "60h, until Tue 1 Dec 17:50",
        ),
        (
            "minor",
            ("8h, until Fri 27 Nov 04:50", "40h, until Mon 30 Nov 17:50", "20h, until Fri 27 Nov 17:50"),
            "200h, until Thu 10 Dec 17:50",
        ),
    ],
)
def test_what_is_promised_ten_minutes_before_dublin_goes_home(
    tell: Tell, priority: str, promised: tuple[str, str, str], solved: str
) -> None:
    """2.6: ten minutes count in Dublin, then it is Sydney's Friday morning; no clock waits for Dublin to come back.

    Twenty hours are a day and a night; over the week-end both desks are closed from Friday 18:00 to Sunday 21:00.
    """
    acknowledge, own, update = promised
    tell(policy, zone=DUBLIN).open("Thu 26 Nov 17:50", priority=priority).happened(
        f"Thu 26 Nov 17:50 opened {priority} in support",
        f"Thu 26 Nov 17:50 started acknowledge/1 of support, {acknowledge}",
        f"Thu 26 Nov 17:50 started tier_resolve/1 of support, {own}",
        f"Thu 26 Nov 17:50 started update/1 of support, {update}",
        f"Thu 26 Nov 17:50 started resolve/1 of support, {solved}",
        f"Thu 26 Nov 17:50 promise next_news/1 made: next_news, by {update.partition('until ')[2]}",
    )


def test_one_desk_hands_on_to_the_other(tell: Tell) -> None:
    """2.6, 6.2: what Dublin began Sydney goes on with; it is one clock, and one tier, to the customer."""
    story = tell(policy, zone=DUBLIN).open("Thu 26 Nov 17:00", priority="critical")
    story.until("Thu 26 Nov 17:05").acknowledge("aoife").until("Thu 26 Nov 17:55").post_update().as_told()
    story.until("Thu 26 Nov 21:40").post_update().until("Thu 26 Nov 21:50").resolve().in_short(
        "Thu 26 Nov 18:00 warned 50% of tier_resolve/1 of support, due 18:00",
        "Thu 26 Nov 21:25 warned 50% of update/2 of support, due 21:25",
        "Thu 26 Nov 21:30 warned 75% of tier_resolve/1 of support, due 21:30",
        "Thu 26 Nov 21:40 update posted",
        "Thu 26 Nov 21:40 met update/2 of support, 45m spent",
        "Thu 26 Nov 21:50 resolved fixed",
        "Thu 26 Nov 21:50 met update/3 of support, 10m spent",
    )


def test_what_is_critical_goes_past_engineers_who_are_asleep(tell: Tell) -> None:
    """4.5: at 04:50 in Dublin engineering is closed and the supplier open; at 09:50 it is engineering's."""
    story = tell(policy, zone=DUBLIN).open("Fri 27 Nov 04:00", priority="critical")
    story.until("Fri 27 Nov 04:05").acknowledge("kylie").until("Fri 27 Nov 04:50").as_told().escalate().happened(
        "Fri 27 Nov 04:50 skipped engineering",
        "Fri 27 Nov 04:50 escalated support -> component-supplier: by_hand, next news 05:00",
        "Fri 27 Nov 04:50 cancelled tier_resolve/1 of support, 50m spent",
        "Fri 27 Nov 04:50 started acknowledge/2 of component-supplier, 1h, until 05:50",
        "Fri 27 Nov 04:50 started tier_resolve/2 of component-supplier, 6h, until 10:50",
        "Fri 27 Nov 04:50 promise next_news/2 made again: next_news, by 05:00",
    )
    by_day = tell(policy, zone=DUBLIN).open("Fri 27 Nov 09:00", priority="critical")
    by_day.until("Fri 27 Nov 09:05").acknowledge("aoife").until("Fri 27 Nov 09:50").as_told().escalate().happened(
        "Fri 27 Nov 09:50 escalated support -> engineering: by_hand, next news 10:00",
        "Fri 27 Nov 09:50 cancelled tier_resolve/1 of support, 50m spent",
        "Fri 27 Nov 09:50 started acknowledge/2 of engineering, 30m, until 10:20",
        "Fri 27 Nov 09:50 started tier_resolve/2 of engineering, 4h, until 13:50",
        "Fri 27 Nov 09:50 promise next_news/2 made again: next_news, by 10:00",
    )


def test_what_is_major_waits_for_the_engineers(tell: Tell) -> None:
    """2.6, 4.5: only what is critical goes past them; their own time begins when they do, the customer's runs on."""
    story = tell(policy, zone=DUBLIN).open("Fri 27 Nov 04:00", priority="major")
    story.until("Fri 27 Nov 04:05").acknowledge("kylie").until("Fri 27 Nov 04:50").as_told().escalate().happened(
        "Fri 27 Nov 04:50 escalated support -> engineering: by_hand, next news 10:00",
        "Fri 27 Nov 04:50 cancelled tier_resolve/1 of support, 50m spent",
        "Fri 27 Nov 04:50 started acknowledge/2 of engineering, 2h, until 10:00",
        "Fri 27 Nov 04:50 started tier_resolve/2 of engineering, 10h, until 18:00",
        "Fri 27 Nov 04:50 promise next_news/2 made again: next_news, by 10:00",
    )


def test_nobody_looks_at_a_critical_ticket_all_night(tell: Tell) -> None:
    """4.2, 4.4: Sydney's quarter of an hour, two silences, the supplier's hour in Bengaluru; then the head is told."""
    story = tell(policy, zone=DUBLIN).open("Thu 26 Nov 19:00", priority="critical").as_told()
    story.until("Thu 26 Nov 21:20").happened(
        "Thu 26 Nov 21:07:30 warned 50% of acknowledge/1 of support, due 21:07:30",
        "Thu 26 Nov 21:11:15 warned 75% of acknowledge/1 of support, due 21:11:15",
        "Thu 26 Nov 21:15 breached acknowledge/1 of support, due 21:15",
        # Nobody further up is awake either: it is the next tier's.
        "Thu 26 Nov 21:15 escalated support -> engineering: acknowledge_breached, next news 22:00",
        "Thu 26 Nov 21:15 cancelled tier_resolve/1 of support, 15m spent",
        "Thu 26 Nov 21:15 started acknowledge/2 of engineering, 30m, until Fri 27 Nov 08:30",
        "Thu 26 Nov 21:15 started tier_resolve/2 of engineering, 4h, until Fri 27 Nov 12:00",
        "Thu 26 Nov 21:15 promise next_news/2 made again: next_news, by 22:00",
    )
    story.until("Thu 26 Nov 23:10").in_short(
        "Thu 26 Nov 21:30 warned 50% of update/1 of support, due 21:30",
        "Thu 26 Nov 21:45 warned 75% of update/1 of support, due 21:45",
        "Thu 26 Nov 22:00 breached update/1 of support, due 22:00",
        "Thu 26 Nov 22:30 warned 50% of update/2 of engineering, due 22:30",
        "Thu 26 Nov 22:45 warned 75% of update/2 of engineering, due 22:45",
        "Thu 26 Nov 23:00 breached update/2 of engineering, due 23:00",
        "Thu 26 Nov 23:00 escalated engineering -> component-supplier: update_breached, next news Fri 27 Nov 00:00",
    )
    story.until("Fri 27 Nov 04:10").as_told()
    assert story.ticket.reminding is not None  # of the third silence with the supplier, at 04:00
    story.until("Fri 27 Nov 05:10").in_short(
        "Fri 27 Nov 04:30 warned 50% of acknowledge/3 of component-supplier, due 04:30",
        "Fri 27 Nov 04:45 warned 75% of acknowledge/3 of component-supplier, due 04:45",
        "Fri 27 Nov 05:00 warned 50% of update/6 of component-supplier, due 05:00",
        "Fri 27 Nov 05:00 breached acknowledge/3 of component-supplier, due 05:00",
        "Fri 27 Nov 05:00 ladder ended at component-supplier, again: acknowledge_breached, head-of-engineering",
    )


def test_christmas_in_two_places(tell: Tell) -> None:
    """3.1: Sydney keeps Monday the 28th too, Dublin does not: ten hours there, then nine of Sydney's 29th."""
    tell(policy, zone=DUBLIN).open("Thu 24 Dec 17:00", priority="critical").happened(
        "Thu 24 Dec 17:00 opened critical in support",
        "Thu 24 Dec 17:00 started acknowledge/1 of support, 15m, until 17:15",
        "Thu 24 Dec 17:00 started tier_resolve/1 of support, 2h, until Mon 28 Dec 09:00",
        "Thu 24 Dec 17:00 started update/1 of support, 1h, until 18:00",
        "Thu 24 Dec 17:00 started resolve/1 of support, 20h, until Tue 29 Dec 06:00",
        "Thu 24 Dec 17:00 promise next_news/1 made: next_news, by 18:00",
    )


def test_the_clocks_of_summer_leave_no_gap(tell: Tell) -> None:
    """3.2: in June Sydney is there from 23:00 to 09:00 by Dublin's clocks: for an hour both are, and it counts once."""
    tell(policy, zone=DUBLIN, year=2027).open("Wed 16 Jun 08:30", priority="critical").happened(
        "Wed 16 Jun 08:30 opened critical in support",
        "Wed 16 Jun 08:30 started acknowledge/1 of support, 15m, until 08:45",
        "Wed 16 Jun 08:30 started tier_resolve/1 of support, 2h, until 10:30",
        "Wed 16 Jun 08:30 started update/1 of support, 1h, until 09:30",
        # Nine and a half hours in Dublin, ten of the night, and half an hour of the morning.
        "Wed 16 Jun 08:30 started resolve/1 of support, 20h, until Thu 17 Jun 09:30",
        "Wed 16 Jun 08:30 promise next_news/1 made: next_news, by 09:30",
    )


def test_what_the_closed_dates_are_called() -> None:
    """3.1: each desk's own, by their names."""
    dublin, sydney = policy.calendar.desks
    assert dublin.name_of(date(2027, 3, 17)) == "Saint Patrick's Day"
    assert sydney.name_of(date(2027, 3, 17)) == ""
    assert sydney.name_of(date(2027, 1, 26)) == "Australia Day"


def test_nothing_is_to_be_mended() -> None:
    """7.4: somebody is there while the customer's clocks run; the supplier is at times slower, and that is known."""
    findings, cover = lint(policy, datetime(2026, 11, 23, tzinfo=UTC))
    assert not cover.gaps
    assert {(finding.tier, finding.weight.value) for finding in findings} == {("component-supplier", "note")}


def test_what_customers_read_is_of_this_policy() -> None:
    """7.4: words for each priority and tier, and for no other."""
    assert tuple(published.priorities) == policy.priorities
    assert tuple(published.tiers) == policy.tier_names
