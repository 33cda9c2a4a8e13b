"""What was promised on either of two tickets that become one: once, warned of once, and told to whoever it concerns."""

from collections.abc import Iterator

import pytest

from tests.support.policies import ladder, row
from tests.support.story_room import Room, Rooms, rooms
from workflows.domain.ticket.commands import Acknowledge, Assign, KeepPromise, MakePromise
from workflows.domain.ticket.words import PromiseKind


@pytest.fixture(params=["domain", "sqlite", "postgresql"])
def tell(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    """Begin stories of several tickets; each must have been read to its end."""
    yield from rooms(None if request.param == "domain" else request.getfixturevalue(f"{request.param}_url"))


def call(room: Room, by: str) -> MakePromise:
    """Ann promises to call."""
    return MakePromise(
        actor="ann", name="call", kind=PromiseKind.CALL_BACK, promised_at=room.instant(by), words="We call you."
    )


def test_news_that_was_promised_for_one_instant_on_both_is_promised_once(tell: Rooms) -> None:
    """6.7, 6.5: of the engine's own the earlier stays; of equals the survivor's, and nothing is said anew."""
    room = tell(ladder()).open("one", "Mon 23 Nov 09:00").open("two", "Mon 23 Nov 09:00").as_told()
    room.until("Mon 23 Nov 10:00").merge("one", into="two").as_told("one").happened(
        "two", "Mon 23 Nov 10:00 took one over"
    )
    (news,) = room.ticket("two").promises
    assert (news.run, news.promised_at) == (1, room.instant("Sat 26 Dec 17:00"))


@pytest.mark.parametrize(
    ("merged_at", "still"),
    [
        ("11:00", ("Mon 23 Nov 12:00 warned 50% of promise call/1, due 12:00",)),
        ("12:30", ()),
    ],
    ids=["before", "after"],
)
def test_a_promise_is_warned_of_once_at_a_fraction_wherever_that_was(
    tell: Rooms, merged_at: str, still: tuple[str, ...]
) -> None:
    """2.8, 6.7: what was warned of on the other is not warned of again; what was not is, when it was to be."""
    room = tell(ladder(warn_at=(0.5, 0.75))).open("one", "Mon 23 Nov 09:00").open("two", "Mon 23 Nov 09:00")
    room.until("Mon 23 Nov 10:00").send("one", call(room, "Mon 23 Nov 14:00")).until(
        f"Mon 23 Nov {merged_at}"
    ).as_told()
    room.merge("one", into="two").as_told().until("Mon 23 Nov 13:30")
    room.happened("two", *still, "Mon 23 Nov 13:00 warned 75% of promise call/1, due 13:00").as_told()


def test_whoever_owns_the_one_that_goes_on_hears_of_it_beside_whoever_has_it(tell: Rooms) -> None:
    """6.7, 1: the owner keeps an eye on it, and the customer will speak to them of both."""
    room = tell(ladder()).open("one", "Mon 23 Nov 09:00").open("two", "Mon 23 Nov 09:00")
    room.send("two", Acknowledge(actor="ann", handler="ann", tier="agent")).send(
        "two", Assign(actor="ann", handler="bo")
    )
    room.until("Mon 23 Nov 10:00").as_told().merge("one", into="two")
    room.told("two", "took_over to handler bo", "took_over to owner ann").as_told()


def test_the_other_stands_in_what_moves_over_as_its_own_policy_has_it(tell: Rooms) -> None:
    """6.7, 7.2: what is left there is counted by its own targets, whatever the survivor's policy says."""
    room = tell(ladder()).open("one", "Mon 23 Nov 09:00", policy=ladder(agent=row(acknowledge=3, update_every=5)))
    room.open("two", "Mon 23 Nov 10:00").until("Mon 23 Nov 11:00").as_told().merge("one", into="two").as_told()
    assert room.ticket("two").next_news_at == room.instant("Mon 23 Nov 14:00")


def test_what_was_broken_before_the_merge_is_done_late_where_it_was_promised(tell: Rooms) -> None:
    """2.4, 6.7: only open promises move; the call is owed still, and that it was made is recorded, once."""
    room = tell(ladder()).open("one", "Mon 23 Nov 09:00").open("two", "Mon 23 Nov 09:00")
    room.send("one", call(room, "Mon 23 Nov 10:00")).until("Mon 23 Nov 11:00").merge("one", into="two").as_told()
    done = KeepPromise(actor="ann", name="call", words="Called them; they will be in at four.")
    room.until("Mon 23 Nov 12:00").send("one", done).happened(
        "one", "Mon 23 Nov 12:00 promise call/1 done late, for 10:00"
    )
    room.send("one", done).happened(
        "one",
        "Mon 23 Nov 12:00 refused MERGED: merged into ticket 'R-two', which goes on in its place: ask that one",
    )
    room.as_told()


def test_what_the_survivor_broke_and_owes_still_is_not_hidden_by_what_moves_over(tell: Rooms) -> None:
    """2.4, 6.7: the name is the broken one's until that is done; doing it late is recorded as itself."""
    room = tell(ladder()).open("one", "Mon 23 Nov 09:00").open("two", "Mon 23 Nov 09:00")
    room.send("two", call(room, "Mon 23 Nov 10:00")).send("one", call(room, "Mon 23 Nov 12:00"))
    room.until("Mon 23 Nov 11:00").merge("one", into="two").as_told()
    room.until("Mon 23 Nov 11:30").send("two", KeepPromise(actor="ann", name="call")).happened(
        "two", "Mon 23 Nov 11:30 promise call/1 done late, for 10:00"
    )
    (moved,) = (each for each in room.ticket("two").promises if each.name == "call (R-one)")
    assert (moved.promised_at, moved.is_open) == (room.instant("Mon 23 Nov 12:00"), True)
