"""Announcements are carried on no faster than they say, and by a clock of the test's own."""

from collections.abc import Mapping

import pytest

from services.problems.announcer import PacedAnnouncer
from services.records.errors import RecordUnavailable, StateTooNew
from services.records.letters import Turn, Turns
from services.records.problem_facts import AnnouncementKind


class Wall:
    """Time that passes only while somebody rests."""

    def __init__(self) -> None:
        self.now = 0.0

    def read(self) -> float:
        """How late it is."""
        return self.now

    async def rest(self, seconds: float) -> None:
        """Let it pass."""
        self.now += seconds


class Scripted:
    """Announcements of so many tickets; telling takes no time. Fails on any that is told twice."""

    def __init__(self, wall: Wall, tickets: int, a_second: int) -> None:
        self._wall = wall
        self._a_second = a_second
        self.waiting = [f"t-{number:03d}" for number in range(tickets)]
        self.told: list[tuple[str, float]] = []
        self.asked: list[tuple[str, int]] = []
        self.is_paused = False

    async def turns(self, announcement_id: str, *, after: str, limit: int) -> Turns:
        """Whose turn it is."""
        self.asked.append((after, limit))
        found = [] if self.is_paused else [each for each in self.waiting if each > after][:limit]
        return Turns(
            announcement_id=announcement_id,
            problem_id="p-1",
            kind=AnnouncementKind.UPDATE,
            words="the cable is found",
            actor="lea",
            tickets_per_second=self._a_second,
            is_over=self.is_paused or not self.waiting,
            turns=[Turn(each, None) for each in found],
        )

    async def tell(self, turns: Turns, turn: Turn) -> Mapping[str, str]:  # noqa: ARG002 - the record's signature
        """Tell."""
        self.waiting.remove(turn.ticket_id)
        self.told.append((turn.ticket_id, round(self._wall.now, 3)))
        return {turn.ticket_id: "told"}


@pytest.fixture
def wall() -> Wall:
    """Time of the test's own: whoever sleeps moves it."""
    return Wall()


def of(record: Scripted, wall: Wall, *, stretch_seconds: float = 20.0) -> PacedAnnouncer:
    """The shipped one, by that wall."""
    return PacedAnnouncer(record, stretch_seconds=stretch_seconds, stopwatch=wall.read, sleep=wall.rest)


async def test_customers_are_told_at_even_distances(wall: Wall) -> None:
    """Four a second: each a quarter after the one before, the first at once, and no burst to catch up."""
    record = Scripted(wall, 6, 4)
    result = await of(record, wall).announce("a-1", "", lambda _: True)
    assert record.told == [(f"t-{number:03d}", number / 4) for number in range(6)]
    assert (result.is_over, result.tickets) == (True, 6)


async def test_who_has_several_tickets_takes_their_time_at_once(wall: Wall) -> None:
    """The pace is the tickets': after a letter for three it rests for three, and none of them has another turn."""

    class Together(Scripted):
        async def tell(self, turns: Turns, turn: Turn) -> Mapping[str, str]:
            outcomes = dict(await super().tell(turns, turn))
            for sibling in {"t-000": ("t-002", "t-007")}.get(turn.ticket_id, ()):
                self.waiting.remove(sibling)
                outcomes[sibling] = "merged"
            return outcomes

    record = Together(wall, 8, 4)
    carried = of(record, wall)
    result = await carried.announce("a-1", "", lambda _: True)
    assert record.told == [
        ("t-000", 0.0),
        ("t-001", 0.75),
        ("t-003", 1.0),
        ("t-004", 1.25),
        ("t-005", 1.5),
        ("t-006", 1.75),
    ]
    assert (result.is_over, result.tickets) == (True, 8)
    assert carried.outcomes == {"told": 6, "merged": 2}


async def test_a_stretch_ends_and_says_where_it_was(wall: Wall) -> None:
    """The workflow's history tells how far it is; the next stretch goes on behind that."""
    record = Scripted(wall, 200, 10)
    carried = of(record, wall, stretch_seconds=5.0)
    first = await carried.announce("a-1", "", lambda _: True)
    assert not first.is_over
    assert 50 <= first.tickets <= 75
    assert first.after == record.told[-1][0]
    await carried.announce("a-1", first.after, lambda _: True)
    assert [each for each, _ in record.told] == sorted({each for each, _ in record.told})
    assert record.asked[0] == ("", 1)
    assert max(limit for _, limit in record.asked) == 20  # so much in two seconds: pausing is heard of within them


async def test_a_worker_that_stops_leaves_the_rest_to_others(wall: Wall) -> None:
    """Asked after each ticket whether there is time for another."""
    record = Scripted(wall, 10, 5)
    result = await of(record, wall).announce("a-1", "", lambda ticket_id: ticket_id != "t-003")
    assert (result.after, result.is_over, len(record.told)) == ("t-003", False, 4)


async def test_what_was_missed_before_the_place_is_told_in_the_end(wall: Wall) -> None:
    """After the last ticket it begins again before the first: a survivor's turn may have come there."""
    record = Scripted(wall, 3, 5)
    result = await of(record, wall).announce("a-1", "t-001", lambda _: True)
    assert [each for each, _ in record.told] == ["t-002", "t-000", "t-001"]
    assert result.is_over


async def test_nothing_is_told_while_it_rests(wall: Wall) -> None:
    """One that is paused is over for now: who resumes it begins anew."""
    record = Scripted(wall, 3, 5)
    record.is_paused = True
    result = await of(record, wall).announce("a-1", "t-001", lambda _: True)
    assert (result.is_over, result.after, record.told) == (True, "t-001", [])


async def test_what_the_record_cannot_do_is_whoever_asked_s_to_try_again(wall: Wall) -> None:
    """No try of its own: the durable workflow has as many as it takes."""

    class Away(Scripted):
        async def tell(self, turns: Turns, turn: Turn) -> Mapping[str, str]:
            if turn.ticket_id == "t-001":
                raise RecordUnavailable("away")
            return await super().tell(turns, turn)

    record = Away(wall, 3, 5)
    with pytest.raises(RecordUnavailable):
        await of(record, wall).announce("a-1", "", lambda _: True)
    assert [each for each, _ in record.told] == ["t-000"]


async def test_what_another_release_must_tell_holds_nobody_up(wall: Wall) -> None:
    """In a rolling deploy: everybody else is told, then it is raised, so that a newer worker may try."""

    class Older(Scripted):
        async def tell(self, turns: Turns, turn: Turn) -> Mapping[str, str]:
            if turn.ticket_id == "t-001":
                raise StateTooNew("t-001", 9, 8)
            return await super().tell(turns, turn)

    record = Older(wall, 4, 5)
    with pytest.raises(StateTooNew):
        await of(record, wall).announce("a-1", "", lambda _: True)
    assert [each for each, _ in record.told] == ["t-000", "t-002", "t-003"]
