"""Merges as they come, on both databases: what the record has of each ticket is what the rules alone say (6.7, 5.3)."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.policies import LINES, ladder, row
from tests.support.story_room import Rooms, rooms
from tests.unit.ticket.asking import command_of
from workflows.domain.calendar import Calendar
from workflows.domain.money import Money
from workflows.domain.policy import Policy, hours
from workflows.domain.ticket.commands import LinkProblem
from workflows.domain.ticket.words import CreditState, Status, TicketKind

NAMES = ("a", "b", "c", "d")
NIGHTS = Calendar("UTC", {"mon-sun": "20:00-04:00"})
GOODWILL = {
    "credit_for_promise": Money(minor=500, currency="GBP"),
    "credit_for_resolve": Money(minor=1000, currency="GBP"),
    "credit_limit": Money(minor=2000, currency="GBP"),
}


def a_policy(calendar: Calendar | None = None) -> Policy:
    """Short targets, so that much is missed; by night, or round the clock."""
    own = {"calendar": calendar, "agents_calendar": calendar} if calendar else {}
    made = ladder(
        agent=row(acknowledge=2, update_every=3, resolve=8),
        specialist=row(acknowledge=2, update_every=4, resolve=8),
        resolve=hours(9),
        warn_at=(0.5,),
        **own,  # type: ignore[arg-type]  # calendars
    )
    return replace(made, **GOODWILL)  # type: ignore[arg-type]  # amounts


POLICIES = (a_policy(), a_policy(NIGHTS), replace(LINES, **GOODWILL))  # type: ignore[arg-type]  # amounts


@pytest.fixture
def tell(record_url: str) -> Iterator[Rooms]:
    """Begin stories of several tickets, told to the domain and to each record."""
    yield from rooms(record_url)


@pytest.mark.parametrize("seed", range(3))
def test_any_merges_are_the_same_to_the_record_and_to_the_rules(tell: Rooms, seed: int) -> None:
    """6.7, 5.3: after each step both have the same tickets; in the end each log is derived from its own inputs."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    room = tell(POLICIES[0])
    for number, name in enumerate(NAMES):
        kind = TicketKind.LEAVING if number == seed else TicketKind.REQUEST
        policy = POLICIES[chance.randrange(3)]
        policy = replace(policy, leaving="normal")
        room.open(name, "Mon 23 Nov 09:00", policy=policy, kind=kind)
    at = room.instant("Mon 23 Nov 09:00")
    merges = 0
    for _ in range(24):
        at += timedelta(minutes=15 * chance.randrange(1, 24))
        room.until_instant(at)
        if chance.random() < 0.3:
            one, other = chance.sample(NAMES, 2)
            before = room.ticket(one).merged_into
            room.merge(one, into=other)
            merges += room.ticket(one).merged_into != before
        else:
            name = chance.choice(NAMES)
            command = command_of(chance.randrange(10_000), room.ticket(name), at)
            if not isinstance(command, LinkProblem):  # there is none in the record
                room.send(name, command)
    room.as_told()
    assert merges
    for name in NAMES:
        ticket = room.ticket(name)
        if ticket.merged_into:
            assert (ticket.status, room.ticket(ticket.merged_into).merged_into) == (Status.CLOSED, None)
            assert CreditState.AWAITING_APPROVAL not in {each.state for each in ticket.credits}
