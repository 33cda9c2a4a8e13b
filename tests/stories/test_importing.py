"""Open tickets from elsewhere, as they stand there: clocks partly used, breaches already had (6.14)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.policies import LINES, ladder, row
from tests.support.story_room import Rooms, rooms
from workflows.domain.policy import hours, minutes
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.commands import (
    Acknowledge,
    HadBreach,
    Import,
    PostUpdate,
    RecordContact,
    SpentClock,
)
from workflows.domain.ticket.importing import MOST_BREACHES, ImportImplausible
from workflows.domain.ticket.judge import open_ticket
from workflows.domain.ticket.words import ClockState, ContactKind, Pause, Status, Target
from workflows.testing.story import CUSTOMER

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
"""At midnight."""


@pytest.fixture(params=["domain", "sqlite", "postgresql"])
def tell(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    """Begin stories; each must have been read to its end."""
    yield from rooms(None if request.param == "domain" else request.getfixturevalue(f"{request.param}_url"))


def used(
    tier_resolve: timedelta | None = timedelta(),
    update: timedelta | None = timedelta(),
    resolve: timedelta | None = timedelta(),
) -> tuple[SpentClock, ...]:
    """What is used of each target; none: it is left out."""
    given = {Target.TIER_RESOLVE: tier_resolve, Target.UPDATE: update, Target.RESOLVE: resolve}
    return tuple(SpentClock(target=target, used=length) for target, length in given.items() if length is not None)


def had(target: Target, hour: float, tier: str | None = None) -> HadBreach:
    """A breach at that hour of Monday."""
    return HadBreach(target=target, due_at=MONDAY + timedelta(hours=hour), tier=tier)


BASE = Import(
    actor="olga",
    ticket_id="t-1",
    reference="R-1",
    queue="home",
    priority="normal",
    customer=CUSTOMER,
    subject="no line",
    description="",
    channel="phone",
    opened_at=MONDAY,
    tier="agent",
    status=Status.IN_PROGRESS,
    handler="ann",
    owner="ann",
    clocks=used(),
    references=("INC0012345",),
)


def test_a_ticket_in_progress_goes_on_with_what_is_used(tell: Rooms) -> None:
    """6.14: each target runs on with what is used of it, in its own calendar; no customer is told, nobody is."""
    room = tell(LINES, zone="Europe/London")
    command = replace(BASE, tier="specialist", clocks=used(hours(2), hours(1), hours(5)), chases=1)
    room.bring_in(command, "Mon 23 Nov 14:00").happened(
        "t-1",
        "Mon 23 Nov 14:00 opened normal in specialist",
        "Mon 23 Nov 14:00 imported in_progress, opened 00:00",
        "Mon 23 Nov 14:00 started tier_resolve/1 of specialist, 12h with 2h spent, until Tue 24 Nov 14:00",
        "Mon 23 Nov 14:00 started update/1 of specialist, 6h with 1h spent, until Tue 24 Nov 09:00",
        "Mon 23 Nov 14:00 started resolve/1 of specialist, 27h with 5h spent, until Wed 25 Nov 16:00",
    ).told("t-1")
    ticket = room.ticket("t-1")
    assert (ticket.opened_at, ticket.imported_at) == (MONDAY, room.instant("Mon 23 Nov 14:00"))
    assert (ticket.handler, ticket.owner, ticket.chases, ticket.next_news_at) == ("ann", "ann", 1, None)
    room.until("Mon 23 Nov 15:00").send(
        "t-1", RecordContact(actor="crm", kind=ContactKind.NEWS, channel="phone", text="any news?")
    )
    lines = "Mon 23 Nov 15:00 contact: news, chases 2"
    assert lines in room.lines("t-1"), "the chase that it came with counts"
    room.as_told()


def test_an_open_ticket_starts_acknowledge(tell: Rooms) -> None:
    """6.14: OPEN starts acknowledge, from now on; its tier is told, and no customer."""
    room = tell(LINES, zone="Europe/London")
    command = replace(BASE, status=Status.OPEN, handler=None, owner=None, clocks=used(hours(1), hours(1), hours(1)))
    room.bring_in(command, "Mon 23 Nov 10:00").happened(
        "t-1",
        "Mon 23 Nov 10:00 opened normal in agent",
        "Mon 23 Nov 10:00 imported open, opened 00:00",
        "Mon 23 Nov 10:00 started acknowledge/1 of agent, 3h, until 13:00",
        "Mon 23 Nov 10:00 started tier_resolve/1 of agent, 9h with 1h spent, until 18:00",
        "Mon 23 Nov 10:00 started update/1 of agent, 4h with 1h spent, until 13:00",
        "Mon 23 Nov 10:00 started resolve/1 of agent, 27h with 1h spent, until Wed 25 Nov 16:00",
    ).told("t-1", "imported to tier agent")
    room.until("Mon 23 Nov 10:05").send("t-1", Acknowledge(actor="ben", handler="ben", tier="agent")).happened(
        "t-1",
        "Mon 23 Nov 10:05 acknowledged by ben of agent",
        "Mon 23 Nov 10:05 met acknowledge/1 of agent, 5m spent",
    )


def test_breaches_already_had_cause_nothing(tell: Rooms) -> None:
    """6.14: a resolve target that broke there is over here; it escalates nothing and nobody is told of it."""
    room = tell(ladder(agent=row(resolve=4, update_every=5), resolve=hours(8)))
    command = replace(
        BASE,
        clocks=used(tier_resolve=None, resolve=hours(9)),
        breaches=(had(Target.ACKNOWLEDGE, 1), had(Target.TIER_RESOLVE, 4), had(Target.RESOLVE, 8)),
    )
    room.bring_in(command, "Mon 23 Nov 10:00").happened(
        "t-1",
        "Mon 23 Nov 10:00 opened normal in agent",
        "Mon 23 Nov 10:00 imported in_progress, opened 00:00, 3 breaches had",
        "Mon 23 Nov 10:00 started update/1 of agent, 5h, until 15:00",
    ).told("t-1")
    room.until("Mon 23 Nov 14:59")
    assert (room.ticket("t-1").tier, room.ticket("t-1").reminding) == ("agent", None)


def test_silence_goes_on_from_its_last_deadline(tell: Rooms) -> None:
    """6.14, 4.3: two update targets passed there, the third goes on; its breach is the first of this desk's."""
    room = tell(ladder(agent=row(update_every=4), resolve=hours(100)))
    command = replace(BASE, clocks=used(update=hours(9)), breaches=(had(Target.UPDATE, 5), had(Target.UPDATE, 9)))
    room.bring_in(command, "Mon 23 Nov 10:00").as_told()
    room.until("Mon 23 Nov 13:01").happened(
        "t-1",
        "Mon 23 Nov 13:00 breached update/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 started update/2 of agent, 4h, until 17:00",
    ).as_told()
    assert room.ticket("t-1").update_breaches == 1
    room.send("t-1", PostUpdate(actor="ann", text="we are on it")).as_told()
    assert room.ticket("t-1").update_breaches == 0


def test_a_breach_of_update_that_was_had_is_not_the_first_of_two(tell: Rooms) -> None:
    """6.14, 4.2: it causes nothing, so every second one is every second of those that passed here."""
    room = tell(ladder(agent=row(update_every=4), resolve=hours(100)))
    command = replace(BASE, clocks=used(update=hours(5)), breaches=(had(Target.UPDATE, 9),))
    room.bring_in(command, "Mon 23 Nov 10:00").as_told()
    room.until("Mon 23 Nov 13:01").happened(
        "t-1",
        "Mon 23 Nov 13:00 breached update/1 of agent, due 13:00",
        "Mon 23 Nov 13:00 started update/2 of agent, 4h, until 17:00",
    ).as_told()
    assert room.ticket("t-1").tier == "agent"
    room.until("Mon 23 Nov 17:01").as_told()
    assert room.ticket("t-1").tier == "specialist"


def test_an_imported_ticket_is_a_survivor_with_the_time_that_it_brought(tell: Rooms) -> None:
    """6.14, 6.7: its own clocks count from what was used there."""
    room = tell(ladder(resolve=hours(100), agent=row(update_every=50)))
    room.bring_in(replace(BASE, clocks=used(resolve=hours(9))), "Mon 23 Nov 10:00").open("t-2", "Mon 23 Nov 11:00")
    room.as_told().until("Mon 23 Nov 12:00").merge("t-1", into="t-2").as_told("t-1").happened(
        "t-2",
        "Mon 23 Nov 12:00 took t-1 over",
        "Mon 23 Nov 12:00 moved update/1 of agent from 10:00 to 50h, 2h spent, 1h of it taken over, "
        "until Wed 25 Nov 12:00",
        "Mon 23 Nov 12:00 moved resolve/1 of agent from 10:00 to 100h, 11h spent, 10h of it taken over, "
        "until Fri 27 Nov 05:00",
    )


NOW = MONDAY + timedelta(hours=10)
POLICY = ladder(agent=row(resolve=4, update_every=3), resolve=hours(8))

IMPLAUSIBLE: dict[str, tuple[Import, str, str]] = {
    "opened ahead": (replace(BASE, opened_at=NOW + minutes(1)), "opened_at", "2026-11-23 10:01:00 UTC is ahead"),
    "opened long ago": (replace(BASE, opened_at=NOW - timedelta(days=4000)), "opened_at", "more than 3660 days ago"),
    "of no zone": (replace(BASE, opened_at=NOW.replace(tzinfo=None)), "opened_at", "is no instant in UTC"),
    "unknown tier": (replace(BASE, tier="janitor"), "tier", "'janitor' is none of the policy's: name one of agent,"),
    "waiting": (replace(BASE, status=Status.WAITING_ON_CUSTOMER), "status", "'waiting_on_customer' cannot be imported"),
    "resolved": (replace(BASE, status=Status.RESOLVED), "status", "'resolved' cannot be imported"),
    "no handler": (replace(BASE, handler=None), "handler", "is missing of a ticket that is 'in_progress'"),
    "a handler": (replace(BASE, status=Status.OPEN), "handler", "is given of an 'open' ticket"),
    "chases that acted": (replace(BASE, chases=2), "chases", "2 cannot be: at 2 they act, so say a number from 0 to 1"),
    "chases below nothing": (replace(BASE, chases=-1), "chases", "-1 cannot be"),
    "references twice": (replace(BASE, references=("a", "a")), "references", "name one twice"),
    "many references": (replace(BASE, references=tuple("abcdefghijk")), "references", "are 11: give at most 10"),
    "no update": (replace(BASE, clocks=used(update=None)), "clocks", "lack 'update': say how much of it is used"),
    "no resolve": (replace(BASE, clocks=used(resolve=None)), "clocks", "lack 'resolve'"),
    "acknowledge": (
        replace(BASE, clocks=(*used(), SpentClock(target=Target.ACKNOWLEDGE, used=hours(1)))),
        "clocks[3].target",
        "'acknowledge' is not carried over",
    ),
    "twice": (
        replace(BASE, clocks=(*used(), SpentClock(target=Target.UPDATE, used=hours(1)))),
        "clocks[3].target",
        "'update' is there twice",
    ),
    "negative": (
        replace(BASE, clocks=used(update=-minutes(90))),
        "clocks[1].used",
        "-1 h 30 min of 'update' is less than nothing: say 0 or more",
    ),
    "more than there was": (
        replace(BASE, clocks=used(resolve=hours(11))),
        "clocks[2].used",
        "11 h of 'resolve' cannot be: its calendar was open for 10 h since 2026-11-23 00:00:00 UTC",
    ),
    "beyond the target": (
        replace(BASE, clocks=used(resolve=hours(9))),
        "clocks[2].used",
        "9 h of 'resolve' is beyond the 8 h that are promised: list its breach among the breaches",
    ),
    "beyond the tier's": (
        replace(BASE, clocks=used(tier_resolve=hours(5)), breaches=(had(Target.TIER_RESOLVE, 4, "specialist"),)),
        "clocks[0].used",
        "5 h of 'tier_resolve' is beyond the 4 h that are promised",
    ),
    "broken with time left": (
        replace(BASE, clocks=used(resolve=hours(6)), breaches=(had(Target.RESOLVE, 8),)),
        "clocks[2].used",
        "6 h of 'resolve' is less than the 8 h that are promised, and its breach is listed: leave out what is used of",
    ),
    "the tier's broken with time left": (
        replace(
            BASE, clocks=used(tier_resolve=hours(4) - minutes(1)), breaches=(had(Target.TIER_RESOLVE, 4, "agent"),)
        ),
        "clocks[0].used",
        "3 h 59 min of 'tier_resolve' is less than the 4 h that are promised, and its breach is listed",
    ),
    "beyond two updates": (
        replace(BASE, clocks=used(update=hours(7)), breaches=(had(Target.UPDATE, 3),)),
        "clocks[1].used",
        "7 h of 'update' is beyond the 3 h that are promised: list its 2 breaches",
    ),
    "a promise": (replace(BASE, breaches=(had(Target.PROMISE, 1),)), "breaches[0].target", "'promise' is not carried"),
    "a tier of the customer's": (
        replace(BASE, breaches=(had(Target.UPDATE, 1, "agent"),)),
        "breaches[0].tier",
        "'agent' goes with a tier's target only",
    ),
    "an unknown tier's": (
        replace(BASE, breaches=(had(Target.ACKNOWLEDGE, 1, "janitor"),)),
        "breaches[0].tier",
        "'janitor' is none of the policy's",
    ),
    "in the future": (
        replace(BASE, breaches=(had(Target.UPDATE, 11),)),
        "breaches[0].due_at",
        "2026-11-23 11:00:00 UTC has not passed",
    ),
    "at this instant": (replace(BASE, breaches=(had(Target.UPDATE, 10),)), "breaches[0].due_at", "has not passed"),
    "before the opening": (
        replace(BASE, breaches=(had(Target.UPDATE, -1),)),
        "breaches[0].due_at",
        "is no later than the opening, 2026-11-23 00:00:00 UTC",
    ),
    "at the opening": (
        replace(BASE, breaches=(had(Target.UPDATE, 0),)),
        "breaches[0].due_at",
        "is no later than the opening, 2026-11-23 00:00:00 UTC",
    ),
    "no update, though it broke": (
        replace(BASE, clocks=used(update=None), breaches=(had(Target.UPDATE, 3),)),
        "clocks",
        "lack 'update': say how much of it is used",
    ),
    "of no zone, a breach": (
        replace(BASE, breaches=(HadBreach(target=Target.UPDATE, due_at=datetime(2026, 11, 23, 1)),)),  # noqa: DTZ001 - that is what is wrong
        "breaches[0].due_at",
        "is no instant in UTC",
    ),
    "a breach twice": (
        replace(BASE, breaches=(had(Target.UPDATE, 3), had(Target.UPDATE, 3))),
        "breaches[1]",
        "'update' is there twice",
    ),
    "a resolve breached twice": (
        replace(BASE, clocks=used(resolve=None), breaches=(had(Target.RESOLVE, 8), had(Target.RESOLVE, 9))),
        "breaches[1]",
        "'resolve' is there twice",
    ),
    "too many breaches": (
        replace(BASE, breaches=tuple(had(Target.UPDATE, 1 + place / 1000) for place in range(MOST_BREACHES + 1))),
        "breaches",
        "are 501: give the last 500 at most",
    ),
}


@pytest.mark.parametrize("what", IMPLAUSIBLE)
def test_what_cannot_be_is_refused_by_field_value_and_remedy(what: str) -> None:
    """6.14: negative, more than there was, unlisted, ahead, unknown or told twice; nothing is entered."""
    command, field, words = IMPLAUSIBLE[what]

    with pytest.raises(ImportImplausible) as refused:
        open_ticket(POLICY, command, NOW)

    found = dict(refused.value.found)
    assert list(found) == [field]
    assert words in found[field]


def test_a_ticket_that_comes_while_its_queue_is_closed_stands_still_from_the_first() -> None:
    """6.14, 2.11: the tier's clocks only; and a closure that was over before it came is none of it."""
    closure = Closure(
        closure_id="q-1", from_at=NOW - hours(1), until_at=NOW + hours(1), actor="dora", reason="snow day"
    )
    over = replace(closure, closure_id="q-0", from_at=NOW - hours(5), until_at=NOW - hours(4))

    ticket = open_ticket(POLICY, BASE, NOW, told=[over, closure]).ticket

    paused = {clock.target: clock.pause for clock in ticket.clocks}
    assert paused == {Target.TIER_RESOLVE: Pause.QUEUE_CLOSED, Target.UPDATE: None, Target.RESOLVE: None}
    assert [each.closure_id for each in ticket.closures] == ["q-1"]


def test_all_that_cannot_be_is_told_at_once() -> None:
    """Whoever corrects a file does it once."""
    command = replace(BASE, chases=9, clocks=used(update=hours(11)), breaches=(had(Target.RESOLVE, 12),))

    with pytest.raises(ImportImplausible) as refused:
        open_ticket(POLICY, command, NOW)

    assert [found.field for found in refused.value.found] == ["chases", "clocks[1].used", "breaches[0].due_at"]


def test_a_target_used_to_the_last_is_no_breach_yet() -> None:
    """5.2: at the deadline's own instant it has not passed; the next look finds it."""
    ticket = open_ticket(POLICY, replace(BASE, clocks=used(resolve=hours(8))), NOW).ticket

    assert min(clock.deadline_at for clock in ticket.clocks if clock.deadline_at) == NOW


@pytest.mark.parametrize(
    ("clocks", "breaches", "over"),
    [
        (used(resolve=hours(8)), (had(Target.RESOLVE, 9),), Target.RESOLVE),
        (used(resolve=None), (had(Target.RESOLVE, 1),), Target.RESOLVE),
        (used(tier_resolve=hours(9)), (had(Target.TIER_RESOLVE, 4, "agent"),), Target.TIER_RESOLVE),
        (used(tier_resolve=hours(1)), (had(Target.TIER_RESOLVE, 2, "specialist"),), None),
        (used(update=hours(1)), (had(Target.UPDATE, 9),), None),
    ],
    ids=["used up", "of an older, shorter target", "twice over", "another tier's", "an earlier update"],
)
def test_a_breach_that_was_had_ends_its_own_run_alone(
    clocks: tuple[SpentClock, ...], breaches: tuple[HadBreach, ...], over: Target | None
) -> None:
    """6.14, 2.5: however far beyond its target; that of another tier, or of an update before, says nothing of it."""
    ticket = open_ticket(POLICY, replace(BASE, clocks=clocks, breaches=breaches), NOW).ticket

    running = {clock.target for clock in ticket.clocks if clock.state is ClockState.RUNNING}
    assert running == {Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE} - {over}


def test_what_is_used_is_counted_by_the_calendar_and_not_on_the_wall() -> None:
    """6.14, 2.6: from Saturday's closing to Monday at nine an office is open for one hour."""
    command = replace(BASE, opened_at=MONDAY - timedelta(hours=11), clocks=used(resolve=hours(1)))
    open_ticket(LINES, command, MONDAY + hours(9))

    with pytest.raises(ImportImplausible, match="its calendar was open for 1 h since") as refused:
        open_ticket(LINES, replace(command, clocks=used(resolve=hours(1) + minutes(1))), MONDAY + hours(9))

    assert [found.field for found in refused.value.found] == ["clocks[2].used"]
