"""Whose ticket was merged is told what happens next on the one that goes on, and that is promised (6.7, 6.1)."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.support.policies import ladder, row
from tests.support.story_room import Room, Rooms, rooms
from workflows.domain.ticket.commands import Acknowledge, Command, MakePromise, Resolve, WaitOnCustomer
from workflows.domain.ticket.events import Merged
from workflows.domain.ticket.words import Outcome, PromiseKind, Status


@pytest.fixture(params=["domain", "sqlite", "postgresql"])
def tell(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    """Begin stories of several tickets; each must have been read to its end."""
    yield from rooms(None if request.param == "domain" else request.getfixturevalue(f"{request.param}_url"))


def two(tell: Rooms) -> Room:
    """The one that goes on, and an hour later another; news is promised every four hours on either."""
    room = tell(ladder(agent=row(update_every=4)))
    room.open("goes on", "Mon 23 Nov 09:00").send("goes on", Acknowledge(actor="ann", handler="ann", tier="agent"))
    return room.open("other", "Mon 23 Nov 10:00").until("Mon 23 Nov 10:30")


def letter(room: Room) -> tuple[Status | None, datetime | None]:
    """What the customer's letter is made from."""
    room.as_told()
    (merged,) = [entry.event for entry in room.log("other") if isinstance(entry.event, Merged)]
    return merged.survivor_status, merged.next_news_at


@pytest.mark.parametrize("sooner", [None, "12:00"])
def test_the_earliest_news_that_is_promised_on_the_survivor_is_named(tell: Rooms, sooner: str | None) -> None:
    """6.7, 6.1: by the engine, or sooner by a person."""
    room = two(tell)
    if sooner:
        promise = MakePromise(
            actor="ann",
            name="news of the parts",
            kind=PromiseKind.NEXT_NEWS,
            promised_at=room.instant(f"Mon 23 Nov {sooner}"),
            words="We tell you when they are here.",
        )
        room.send("goes on", promise)
    room.merge("other", into="goes on")
    assert letter(room) == (Status.IN_PROGRESS, room.instant(f"Mon 23 Nov {sooner or '13:00'}"))


def test_news_is_promised_where_none_was_for_the_letter_names_it(tell: Rooms) -> None:
    """6.7, 6.5: both broke what they had said; the next update deadline is the engine's word again."""
    room = two(tell).until("Mon 23 Nov 14:30").as_told().merge("other", into="goes on")
    assert room.lines("goes on")[-1] == "Mon 23 Nov 14:30 promise next_news/2 made: next_news, by 17:00"
    assert letter(room) == (Status.IN_PROGRESS, room.instant("Mon 23 Nov 17:00"))


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (WaitOnCustomer(actor="ann", question="which lamp is red?"), Status.WAITING_ON_CUSTOMER),
        (Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new router."), Status.RESOLVED),
    ],
    ids=["asked", "solved"],
)
def test_where_it_is_the_customers_turn_the_letter_says_that(tell: Rooms, command: Command, status: Status) -> None:
    """6.6, 6.7: asked on the survivor after all that they said, they owe the answer; solved there, their word on it."""
    room = two(tell).send("other", Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new router."))
    room.until("Mon 23 Nov 11:00").send("goes on", command).until("Mon 23 Nov 11:30").merge("other", into="goes on")
    assert letter(room) == (status, None)
