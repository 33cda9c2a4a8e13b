"""What `broadband` promises, told with dates: change the promise, and these are the tests to change with it.

The desk is open from 08:00 to 18:00 on weekdays and from 09:00 to 13:00 on Saturdays, in London; the supplier from
08:00 to 16:00, on Fridays until 13:00, in Berlin. Every instant is London's, worked out by hand.
"""

from datetime import date

import pytest

from workflows.domain.policy_data import from_data, to_data
from workflows.policies import load
from workflows.policies.broadband import policy, queues
from workflows.testing.story import Tell

LONDON = "Europe/London"


def test_it_is_in_force_for_its_queues() -> None:
    """7.1: the shipped policies load, and both desks go by this one."""
    promised = load()
    assert queues == ("home", "business")
    assert [promised.of_queue(queue).name for queue in queues] == ["broadband", "broadband"]
    assert promised.policies["broadband"] == policy


def test_a_ticket_can_carry_it() -> None:
    """7.2: as the data that its ticket's record keeps, it is the same policy."""
    assert from_data(to_data(policy)) == policy


@pytest.mark.parametrize(
    ("priority", "promised"),
    [
        ("urgent", ("15m, until Sat 28 Nov 09:10", "2h, until Sat 28 Nov 10:55", "1h, until Sat 28 Nov 09:55")),
        ("high", ("1h, until Sat 28 Nov 09:55", "4h, until Sat 28 Nov 12:55", "2h, until Sat 28 Nov 10:55")),
        ("normal", ("3h, until Sat 28 Nov 11:55", "9h, until Mon 30 Nov 12:55", "4h, until Sat 28 Nov 12:55")),
    ],
)
def test_what_is_promised_five_minutes_before_the_week_end(
    tell: Tell, priority: str, promised: tuple[str, str, str]
) -> None:
    """2.1 to 2.3: five minutes count on Friday, four hours on Saturday, the rest from Monday 08:00 on."""
    acknowledge, own, update = promised
    solved = {
        "urgent": "8h, until Mon 30 Nov 11:55",
        "high": "16h, until Tue 1 Dec 09:55",
        "normal": "27h, until Wed 2 Dec 10:55",
    }
    tell(policy, zone=LONDON).open("Fri 27 Nov 17:55", priority=priority).happened(
        f"Fri 27 Nov 17:55 opened {priority} in agent",
        f"Fri 27 Nov 17:55 started acknowledge/1 of agent, {acknowledge}",
        f"Fri 27 Nov 17:55 started tier_resolve/1 of agent, {own}",
        f"Fri 27 Nov 17:55 started update/1 of agent, {update}",
        f"Fri 27 Nov 17:55 started resolve/1 of agent, {solved[priority]}",
        f"Fri 27 Nov 17:55 promise next_news/1 made: next_news, by {update.partition('until ')[2]}",
    )


def test_nobody_looks_at_an_urgent_ticket_all_week_end(tell: Tell) -> None:
    """4.2, 4.4: up the ladder within two open hours; then the duty manager is told each open hour."""
    story = tell(policy, zone=LONDON).open("Fri 27 Nov 17:55", priority="urgent").as_told()
    story.until("Sat 28 Nov 09:30").happened(
        "Sat 28 Nov 09:06:15 warned 75% of acknowledge/1 of agent, due 09:06:15",
        "Sat 28 Nov 09:10 breached acknowledge/1 of agent, due 09:10",
        "Sat 28 Nov 09:10 escalated agent -> specialist: acknowledge_breached, next news 09:55",
        "Sat 28 Nov 09:10 cancelled tier_resolve/1 of agent, 15m spent",
        "Sat 28 Nov 09:10 started acknowledge/2 of specialist, 30m, until 09:40",
        "Sat 28 Nov 09:10 started tier_resolve/2 of specialist, 3h, until 12:10",
        "Sat 28 Nov 09:10 promise next_news/2 made again: next_news, by 09:55",
    )
    story.until("Sat 28 Nov 09:50").happened(
        "Sat 28 Nov 09:32:30 warned 75% of acknowledge/2 of specialist, due 09:32:30",
        "Sat 28 Nov 09:40 warned 75% of update/1 of agent, due 09:40",
        "Sat 28 Nov 09:40 breached acknowledge/2 of specialist, due 09:40",
        "Sat 28 Nov 09:40 escalated specialist -> supplier: acknowledge_breached, next news 09:55",
        "Sat 28 Nov 09:40 cancelled tier_resolve/2 of specialist, 30m spent",
        # The supplier opens on Monday at 08:00 in Berlin, 07:00 here.
        "Sat 28 Nov 09:40 started acknowledge/3 of supplier, 1h, until Mon 30 Nov 08:00",
        "Sat 28 Nov 09:40 started tier_resolve/3 of supplier, 6h, until Mon 30 Nov 13:00",
        "Sat 28 Nov 09:40 promise next_news/3 made again: next_news, by 09:55",
    )
    story.until("Sun 29 Nov 12:00").happened(
        "Sat 28 Nov 09:55 breached update/1 of agent, due 09:55",
        "Sat 28 Nov 09:55 started update/2 of supplier, 2h, until 11:55",
        "Sat 28 Nov 09:55 promise next_news/3 broken, due 09:55",
        "Sat 28 Nov 11:25 warned 75% of update/2 of supplier, due 11:25",
        "Sat 28 Nov 11:55 breached update/2 of supplier, due 11:55",
        "Sat 28 Nov 11:55 started update/3 of supplier, 2h, until Mon 30 Nov 08:55",
        "Sat 28 Nov 11:55 ladder ended at supplier: update_breached, duty-manager",
        "Sat 28 Nov 12:55 reminded duty-manager 1: update_breached, due 12:55",
    )
    story.until("Mon 30 Nov 09:00").in_short(
        "Mon 30 Nov 07:45 warned 75% of acknowledge/3 of supplier, due 07:45",
        "Mon 30 Nov 08:00 breached acknowledge/3 of supplier, due 08:00",
        "Mon 30 Nov 08:00 ladder ended at supplier, again: acknowledge_breached, duty-manager",
        "Mon 30 Nov 08:25 warned 75% of update/3 of supplier, due 08:25",
        "Mon 30 Nov 08:55 breached update/3 of supplier, due 08:55",
        "Mon 30 Nov 08:55 reminded duty-manager 2: update_breached + acknowledge_breached, due 08:55",
    )
    story.acknowledge("duty-manager", tier="supplier").in_short(
        "Mon 30 Nov 09:00 acknowledged by duty-manager of supplier"
    )


def test_who_is_told_while_nobody_looks(tell: Tell) -> None:
    """4.2, 2.8: customer, tier and owner of a step up; handler and owner of a silence; at the end the last resort."""
    story = tell(policy, zone=LONDON).open("Fri 27 Nov 17:55", priority="urgent")
    story.until("Sat 28 Nov 09:30").as_told()
    story.until("Sat 28 Nov 13:00").told(
        "clock_warned to handler specialist",
        "clock_warned to owner agent",
        "clock_warned to handler specialist",
        "clock_warned to owner agent",
        "escalated to customer c-1",
        "escalated to tier supplier",
        "escalated to owner agent",
        "clock_breached to handler supplier",
        "clock_breached to owner agent",
        "promise_broken to lead team-lead",
        "promise_broken to customer c-1",
        "clock_warned to handler supplier",
        "clock_warned to owner agent",
        "clock_breached to handler supplier",
        "clock_breached to owner agent",
        "ladder_exhausted to last_resort duty-manager",
        "last_resort_reminded to last_resort duty-manager",
    )
    story.as_told()


def test_a_customer_who_does_not_answer(tell: Tell) -> None:
    """6.6, 6.8: reminded after 9 and 18 open hours, given up on after 36, closed after 27 more of silence."""
    story = tell(policy, zone=LONDON).open("Mon 23 Nov 09:00", priority="normal")
    story.until("Mon 23 Nov 09:10").acknowledge().until("Mon 23 Nov 09:20").ask().as_told()
    story.until("Wed 2 Dec 12:00").in_short(
        "Tue 24 Nov 08:20 customer reminded 1, due 08:20",
        "Tue 24 Nov 17:20 customer reminded 2, due 17:20",
        "Thu 26 Nov 15:20 wait ended: gave_up",
        "Thu 26 Nov 15:20 resolved no_response, due 15:20",
        "Tue 1 Dec 08:20 closed no_response by silence, due 08:20",
    )


def test_a_solution_nobody_objects_to_and_a_fault_that_comes_back(tell: Tell) -> None:
    """6.8, 6.9: signed off after 27 open hours; reopened within 14 days of the wall's clock, then never."""
    story = tell(policy, zone=LONDON).open("Mon 23 Nov 09:00", priority="normal")
    story.until("Mon 23 Nov 09:10").acknowledge().until("Mon 23 Nov 09:20").resolve().as_told()
    story.until("Mon 7 Dec 12:00").in_short(
        "Wed 25 Nov 16:20 closed fixed by silence, due 16:20",
        "Wed 25 Nov 16:20 met tier_resolve/1 of agent, 20m spent, as of Mon 23 Nov 09:20",
        "Wed 25 Nov 16:20 met update/2 of agent, 0m spent, as of Mon 23 Nov 09:20",
        "Wed 25 Nov 16:20 met resolve/1 of agent, 20m spent, as of Mon 23 Nov 09:20",
    )
    story.until("Wed 9 Dec 16:20").reopen().in_short(
        "Wed 9 Dec 16:20 reopened, was fixed",
        "Wed 9 Dec 16:20 reinstated tier_resolve/1 of agent, was met, 20m spent, until Thu 10 Dec 15:00",
        "Wed 9 Dec 16:20 reinstated resolve/1 of agent, was met, 20m spent, until Mon 14 Dec 09:00",
    )


def test_the_second_chase_goes_up(tell: Tell) -> None:
    """6.3: who asks for news twice without getting any further has the ticket taken to the specialists."""
    story = tell(policy, zone=LONDON).open("Mon 23 Nov 09:00", priority="normal")
    story.until("Mon 23 Nov 09:10").acknowledge().as_told()
    story.until("Mon 23 Nov 10:00").contact().until("Mon 23 Nov 11:00").contact().in_short(
        "Mon 23 Nov 10:00 contact: news, chases 1",
        "Mon 23 Nov 11:00 contact: news, chases 2",
        "Mon 23 Nov 11:00 escalated agent -> specialist: repeat_contact, next news 13:00",
    )


def test_the_supplier_keeps_berlins_holidays(tell: Tell) -> None:
    """3.1: Monday 8 March 2027 is one in Berlin and none in London: the supplier's time begins on Tuesday."""
    story = tell(policy, zone=LONDON, year=2027).open("Mon 8 Mar 09:00", priority="urgent").as_told()
    story.until("Mon 8 Mar 09:05").acknowledge().until("Mon 8 Mar 09:10").transfer("supplier").happened(
        "Mon 8 Mar 09:05 acknowledged by ann of agent",
        "Mon 8 Mar 09:05 met acknowledge/1 of agent, 5m spent",
        "Mon 8 Mar 09:10 transferred agent -> supplier forward",
        "Mon 8 Mar 09:10 cancelled tier_resolve/1 of agent, 10m spent",
        "Mon 8 Mar 09:10 started acknowledge/2 of supplier, 1h, until Tue 9 Mar 08:00",
        "Mon 8 Mar 09:10 started tier_resolve/2 of supplier, 6h, until Tue 9 Mar 13:00",
        "Mon 8 Mar 09:10 promise next_news/2 made again: next_news, by 10:00",
    )


def test_the_closed_dates_have_names() -> None:
    """3.1: what England and Berlin keep, by name; each calendar has those of three years."""
    desks = [tier.calendar.desks[0] for tier in policy.tiers]
    assert desks[0].name_of(date(2026, 12, 28)) == "Boxing Day (observed)"
    assert desks[-1].name_of(date(2027, 3, 8)) == "Frauentag"
    assert {(desk.closed[0].year, desk.closed[-1].year) for desk in desks} == {(2026, 2028)}


def test_christmas_is_nobodys_working_time(tell: Tell) -> None:
    """3.1: closed from Friday 25, over Boxing Day, to Monday 28 December 2026."""
    tell(policy, zone=LONDON).open("Thu 24 Dec 17:30", priority="urgent").happened(
        "Thu 24 Dec 17:30 opened urgent in agent",
        "Thu 24 Dec 17:30 started acknowledge/1 of agent, 15m, until 17:45",
        "Thu 24 Dec 17:30 started tier_resolve/1 of agent, 2h, until Tue 29 Dec 09:30",
        "Thu 24 Dec 17:30 started update/1 of agent, 1h, until Tue 29 Dec 08:30",
        "Thu 24 Dec 17:30 started resolve/1 of agent, 8h, until Tue 29 Dec 15:30",
        "Thu 24 Dec 17:30 promise next_news/1 made: next_news, by Tue 29 Dec 08:30",
    )
