"""Whose ticket was merged is told what happens next on the one that goes on, and that is promised (6.7, 6.1)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from tests.support.policies import LINES, ladder, row
from tests.support.story_room import Room, Rooms, rooms
from workflows.domain.ticket.commands import (
    Acknowledge,
    Command,
    MakePromise,
    RecordContact,
    Resolve,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import Merged
from workflows.domain.ticket.words import ContactKind, Outcome, PromiseKind, Status, TicketKind


@pytest.fixture(params=["domain", "sqlite", "postgresql"])
def tell(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    """Begin stories of several tickets; each must have been read to its end."""
    yield from rooms(None if request.param == "domain" else request.getfixturevalue(f"{request.param}_url"))


def two(tell: Rooms) -> Room:
    """The one that goes on, and an hour later another; news is promised every four hours on either."""
    room = tell(ladder(agent=row(update_every=4)))
    room.open("goes on", "Mon 23 Nov 09:00").send("goes on", Acknowledge(actor="ann", handler="ann", tier="agent"))
    return room.open("other", "Mon 23 Nov 10:00").until("Mon 23 Nov 10:30")


def merged(room: Room) -> Merged:
    """What the customer's letter is made from."""
    room.as_told()
    (found,) = [entry.event for entry in room.log("other") if isinstance(entry.event, Merged)]
    return found


def letter(room: Room) -> tuple[Status | None, datetime | None]:
    """How the one that goes on stands, and when its customer hears next."""
    found = merged(room)
    return found.survivor_status, found.next_news_at


@pytest.mark.parametrize("sooner", [None, "12:00"])
def test_the_earliest_news_that_is_promised_on_the_survivor_is_named(tell: Rooms, sooner: str | None) -> None:
    """6.7, 6.1: by the engine, or sooner by a person."""
    room = two(tell)
    if sooner:
        room.send("goes on", promised(room, f"Mon 23 Nov {sooner}"))
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


ASKED = WaitOnCustomer(actor="ann", question="which lamp is red?")
SOLVED = Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new router.")
WROTE = RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="mail", text="the left one")
Step = tuple[str, str, Command]
"""When, to which ticket, and what."""


def asked_in_vain(tell: Rooms) -> Room:
    """Asked on Monday at ten, given up on Tuesday at four in the afternoon."""
    room = tell(ladder(agent=row(update_every=100))).open("goes on", "Mon 23 Nov 09:00")
    room.open("other", "Mon 23 Nov 09:30").send("goes on", Acknowledge(actor="ann", handler="ann", tier="agent"))
    room.until("Mon 23 Nov 10:00").send("goes on", ASKED)
    return room


def test_a_new_request_after_giving_up_is_the_answer_once_it_is_merged(tell: Rooms) -> None:
    """6.9, 6.7: nobody waits for it any more, so the survivor is opened again at the same tier and goes on."""
    room = asked_in_vain(tell).open("new", "Tue 24 Nov 18:00").until("Tue 24 Nov 19:00").as_told()
    room.merge("new", into="goes on").as_told("new").happened(
        "goes on",
        "Tue 24 Nov 19:00 took new over",
        "Tue 24 Nov 19:00 reopened, was no_response",
        "Tue 24 Nov 19:00 resumed tier_resolve/1 of agent, 1h spent, until Fri 1 Jan 06:00",
        "Tue 24 Nov 19:00 resumed resolve/1 of agent, 1h spent, until Tue 5 Jan 10:00",
        "Tue 24 Nov 19:00 cancelled update/2 of agent, 0m spent",
        "Tue 24 Nov 19:00 started update/3 of agent, 100h, until Sat 28 Nov 23:00",
        "Tue 24 Nov 19:00 started acknowledge/2 of agent, 700h, until Wed 23 Dec 23:00",
        "Tue 24 Nov 19:00 promise next_news/2 made: next_news, by Sat 28 Nov 23:00",
        "Tue 24 Nov 19:00 moved update/3 of agent from 18:00 to 100h, 1h spent, 1h of it taken over, "
        "until Sat 28 Nov 22:00",
        "Tue 24 Nov 19:00 promise next_news/3 made again: next_news, by Sat 28 Nov 22:00",
    ).told(
        "goes on",
        "took_over to handler ann",
        "reopened to customer c-1",
        "reopened to owner ann",
        "reopened to tier agent",
    )
    ticket = room.ticket("goes on")
    assert (ticket.status, ticket.tier, ticket.handler) == (Status.OPEN, "agent", None)
    room.until("Wed 25 Nov 17:00")
    assert room.ticket("goes on").status is Status.OPEN, "the sign-off's silence would have closed it at four"


@pytest.mark.parametrize(
    ("spoke_at", "status"),
    [
        ("Mon 23 Nov 09:59", Status.RESOLVED),
        ("Mon 23 Nov 10:00", Status.RESOLVED),
        ("Mon 23 Nov 10:01", Status.OPEN),
        ("Tue 24 Nov 16:01", Status.OPEN),
    ],
    ids=["before the question", "as it was asked", "before giving up", "after giving up"],
)
def test_what_was_said_on_the_other_since_the_question_answers_it(tell: Rooms, spoke_at: str, status: Status) -> None:
    """6.3, 6.9, 6.7: whether anybody waits for it still or has given up; what was said before is no answer."""
    room = tell(ladder()).open("goes on", "Mon 23 Nov 09:00").open("other", "Mon 23 Nov 09:30")
    steps: list[Step] = [(spoke_at, "other", WROTE), ("Mon 23 Nov 10:00", "goes on", ASKED)]
    for at, name, command in sorted(steps, key=_when):
        room.until(at).send(name, command)
    room.until("Tue 24 Nov 17:00").merge("other", into="goes on").as_told()
    assert room.ticket("goes on").status is status


def _when(step: Step) -> str:
    return step[0].split(" ", maxsplit=1)[1]


GAVE_UP = Resolve(actor="ann", outcome=Outcome.NO_RESPONSE, explanation="Asked in vain.")


def test_a_question_that_was_given_up_by_hand_is_answered_too(tell: Rooms) -> None:
    """6.9: what they said on the other since they were asked, before it was given up."""
    room = asked_in_vain(tell).until("Mon 23 Nov 11:00").send("other", WROTE)
    room.until("Mon 23 Nov 12:00").send("goes on", GAVE_UP).merge("other", into="goes on").as_told()
    assert room.ticket("goes on").status is Status.OPEN


@pytest.mark.parametrize(("spoke_at", "status"), [("11:59", Status.RESOLVED), ("12:01", Status.OPEN)])
def test_without_a_question_here_the_answer_counts_from_giving_up(tell: Rooms, spoke_at: str, status: Status) -> None:
    """6.9: somebody rang in vain, and said so."""
    room = tell(ladder()).open("goes on", "Mon 23 Nov 09:00").open("other", "Mon 23 Nov 09:30")
    steps: list[Step] = [(f"Mon 23 Nov {spoke_at}", "other", WROTE), ("Mon 23 Nov 12:00", "goes on", GAVE_UP)]
    for at, name, command in sorted(steps, key=_when):
        room.until(at).send(name, command)
    room.until("Mon 23 Nov 13:00").merge("other", into="goes on").as_told()
    assert room.ticket("goes on").status is status


def test_a_solution_is_answered_by_nothing_but_a_word_on_it(tell: Rooms) -> None:
    """6.7, 6.8: merged into one that is thought solved, their word on it is asked, and by when silence is one."""
    room = two(tell).send("goes on", SOLVED).until("Mon 23 Nov 11:00").send("other", WROTE)
    room.until("Mon 23 Nov 11:30").merge("other", into="goes on")
    found = merged(room)
    assert (found.survivor_status, found.next_news_at) == (Status.RESOLVED, None)
    assert (found.survivor_outcome, found.sign_off_at) == (Outcome.FIXED, room.instant("Tue 24 Nov 10:30"))


@pytest.mark.parametrize("command", [ASKED, SOLVED], ids=["asked", "solved"])
def test_the_engine_owes_no_news_where_it_is_the_customers_turn(tell: Rooms, command: Command) -> None:
    """6.5, 6.7: its promise ends with the other, for nobody would keep it; a person's word moves always."""
    room = tell(ladder(agent=row(acknowledge=10, update_every=4, resolve=100)))
    room.open("other", "Mon 23 Nov 09:00").open("goes on", "Mon 23 Nov 09:10").send(
        "goes on", Acknowledge(actor="ann", handler="ann", tier="agent")
    )
    room.send("other", promised(room, "Mon 23 Nov 12:00")).until("Mon 23 Nov 10:00").send("goes on", command)
    room.until("Mon 23 Nov 10:30").as_told().merge("other", into="goes on").as_told("other")
    made = [line for line in room.lines("goes on") if " promise " in line]
    assert made == ["Mon 23 Nov 10:30 promise news of the parts/1 made: next_news, by 12:00, ann to keep it"]
    assert letter(room) == (room.ticket("goes on").status, room.instant("Mon 23 Nov 12:00"))
    room.until("Mon 23 Nov 13:01")
    broken = [line for line in room.lines("goes on") if " broken" in line]
    assert broken == ["Mon 23 Nov 12:00 promise news of the parts/1 broken, due 12:00"]
    room.as_told()


def test_who_waits_to_leave_is_promised_news_by_a_merge(tell: Rooms) -> None:
    """6.5: nobody waits for who wishes to leave: their update clock runs on, and news is promised by it."""
    room = tell(replace(LINES, leaving="high"), zone="Europe/London")
    room.open("other", "Mon 23 Nov 09:00").open("goes on", "Mon 23 Nov 09:10", kind=TicketKind.LEAVING)
    room.until("Mon 23 Nov 09:30").send("goes on", ASKED).until("Mon 23 Nov 09:40").merge("other", into="goes on")
    assert letter(room) == (Status.WAITING_ON_CUSTOMER, room.instant("Mon 23 Nov 11:30"))
    assert merged(room).survivor_kind is TicketKind.LEAVING


def promised(room: Room, by: str) -> MakePromise:
    """Ann promises news."""
    return MakePromise(
        actor="ann",
        name="news of the parts",
        kind=PromiseKind.NEXT_NEWS,
        promised_at=room.instant(by),
        words="We tell you when they are here.",
    )
