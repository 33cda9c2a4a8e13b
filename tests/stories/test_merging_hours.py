"""Two tickets that go by other opening hours: the earlier of two deadlines is kept as that instant (6.7, 6.11)."""

from collections.abc import Iterator

import pytest

from tests.support.policies import ladder, row
from tests.support.story_room import Room, Rooms, rooms
from workflows.domain.calendar import Calendar
from workflows.domain.policy import hours
from workflows.domain.ticket.commands import Acknowledge, RecordContact, WaitOnCustomer
from workflows.domain.ticket.words import ContactKind

OFFICE = Calendar("UTC", {"mon-fri": "09:00-17:00"})
ROUND_THE_CLOCK = ladder(agent=row(acknowledge=2, update_every=3, resolve=100), resolve=hours(4))
IN_THE_OFFICE = ladder(
    agent=row(acknowledge=2, update_every=7, resolve=100),
    calendar=OFFICE,
    agents_calendar=OFFICE,
    suppliers_calendar=OFFICE,
    resolve=hours(20),
)


@pytest.fixture(params=["domain", "sqlite", "postgresql"])
def tell(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    """Begin stories of several tickets; each must have been read to its end."""
    yield from rooms(None if request.param == "domain" else request.getfixturevalue(f"{request.param}_url"))


def taken() -> Acknowledge:
    """Ann takes it on."""
    return Acknowledge(actor="ann", handler="ann", tier="agent")


def asked() -> WaitOnCustomer:
    """The customer is asked something."""
    return WaitOnCustomer(actor="ann", question="which lamp is red?")


def answer() -> RecordContact:
    """The customer answers."""
    return RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="mail", text="the left one")


def merged_after_hours(tell: Rooms) -> Room:
    """One that is worked on in the office, and one round the clock that is due tonight, merged when all went home."""
    room = tell(IN_THE_OFFICE).open("office", "Mon 23 Nov 16:00").send("office", taken())
    room.open("always", "Mon 23 Nov 16:30", policy=ROUND_THE_CLOCK).send("always", taken())
    return room.until("Mon 23 Nov 18:00").as_told().merge("always", into="office").as_told("always")


def test_the_earlier_deadline_stays_that_instant_though_no_hour_is_open_before_it(tell: Rooms) -> None:
    """6.7: what was promised round the clock is promised still, and runs out then; 6.11 gives it no other instant."""
    room = merged_after_hours(tell)
    room.happened(
        "office",
        "Mon 23 Nov 18:00 took always over",
        "Mon 23 Nov 18:00 moved update/1 of agent to 1h30m, 1h30m spent, 30m of it taken over, until 19:30",
        "Mon 23 Nov 18:00 moved resolve/1 of agent to 1h30m, 1h30m spent, 30m of it taken over, until 20:30",
        "Mon 23 Nov 18:00 promise next_news/2 made again: next_news, by 19:30",
    ).told("office", "took_over to handler ann")
    room.until("Mon 23 Nov 20:00").happened(
        "office",
        "Mon 23 Nov 19:30 breached update/1 of agent, due 19:30",
        "Mon 23 Nov 19:30 started update/2 of agent, 7h, until Tue 24 Nov 16:00",
        "Mon 23 Nov 19:30 promise next_news/2 broken, due 19:30",
    ).as_told()


def test_the_earlier_deadline_stays_that_instant_though_the_office_closes_before_it(tell: Rooms) -> None:
    """6.7: neither later than the one that was promised nor, for the open hour before it, earlier."""
    room = tell(IN_THE_OFFICE).open("office", "Mon 23 Nov 15:00").send("office", taken())
    room.open("always", "Mon 23 Nov 15:30", policy=ROUND_THE_CLOCK).until("Mon 23 Nov 16:00").as_told()
    room.merge("always", into="office").as_told("always").happened(
        "office",
        "Mon 23 Nov 16:00 took always over",
        "Mon 23 Nov 16:00 moved update/1 of agent to 2h, 1h spent, until 18:30",
        "Mon 23 Nov 16:00 moved resolve/1 of agent to 2h, 1h spent, until 19:30",
        "Mon 23 Nov 16:00 promise next_news/2 made again: next_news, by 18:30",
    ).as_told()


def test_what_is_left_of_it_in_a_wait_is_the_time_on_the_wall(tell: Rooms) -> None:
    """6.7, 2.7: asked an hour before, with no open hour left, the answer is not itself a breach: an hour is left."""
    room = merged_after_hours(tell).as_told()
    room.until("Mon 23 Nov 19:29").send("office", asked()).happened(
        "office",
        "Mon 23 Nov 19:29 wait started",
        "Mon 23 Nov 19:29 met update/1 of agent, 1h30m spent",
        "Mon 23 Nov 19:29 started update/2 of agent, 7h, paused: waiting_on_customer",
        "Mon 23 Nov 19:29 promise next_news/2 kept, for 19:30",
        "Mon 23 Nov 19:29 paused tier_resolve/1 of agent: waiting_on_customer, 1h spent",
        "Mon 23 Nov 19:29 paused resolve/1 of agent: waiting_on_customer, 1h30m spent",
        "Mon 23 Nov 19:29 moved resolve/1 of agent to 2h31m, 1h30m spent, paused",
    ).as_told()
    room.until("Tue 24 Nov 10:00").send("office", answer()).happened(
        "office",
        "Tue 24 Nov 10:00 contact: information, chases 0, the answer",
        "Tue 24 Nov 10:00 wait ended: contact",
        "Tue 24 Nov 10:00 resumed tier_resolve/1 of agent, 1h spent, until Thu 10 Dec 13:00",
        "Tue 24 Nov 10:00 resumed update/2 of agent, 0m spent, until 17:00",
        "Tue 24 Nov 10:00 resumed resolve/1 of agent, 1h30m spent, until 11:01",
    ).as_told()


def test_what_is_left_of_one_that_waits_when_it_is_merged(tell: Rooms) -> None:
    """6.7, 6.11: it stands still: of a deadline tonight is left the acknowledge target, or less by the wall clock."""
    room = tell(IN_THE_OFFICE).open("office", "Mon 23 Nov 16:00").send("office", taken())
    room.open("always", "Mon 23 Nov 16:10", policy=ROUND_THE_CLOCK)
    room.until("Mon 23 Nov 16:40").send("office", asked()).until("Mon 23 Nov 17:30").as_told()
    room.merge("always", into="office").as_told("always").happened(
        "office",
        "Mon 23 Nov 17:30 took always over",
        "Mon 23 Nov 17:30 moved update/2 of agent from 16:10 to 3h, 1h20m spent, 1h20m of it taken over, paused",
        "Mon 23 Nov 17:30 moved resolve/1 of agent to 3h20m, 1h20m spent, 40m of it taken over, paused",
    ).as_told()


def test_an_earlier_deadline_of_its_own_is_not_measured_anew(tell: Rooms) -> None:
    """6.7, 3.6: what it was promised by its own hours stays, to the instant, whatever start and time it takes over."""
    room = tell(ROUND_THE_CLOCK).open("office", "Fri 20 Nov 13:00", policy=IN_THE_OFFICE).send("office", taken())
    room.open("always", "Mon 23 Nov 08:00").send("always", taken()).until("Mon 23 Nov 08:30").as_told()
    room.merge("office", into="always").as_told("office").happened(
        "always",
        "Mon 23 Nov 08:30 took office over",
        "Mon 23 Nov 08:30 moved update/1 of agent from Fri 20 Nov 13:00 to 6h30m, 4h spent, 3h30m of it taken over, "
        "until 11:00",
        "Mon 23 Nov 08:30 moved resolve/1 of agent from Fri 20 Nov 13:00 to 7h30m, 4h spent, 3h30m of it taken over, "
        "until 12:00",
    ).as_told()
