"""Two tickets that say the same: one goes on for both, with what the customer was promised first (6.7)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from tests.support.policies import LINES, ladder, row
from tests.support.story_room import Rooms, rooms
from workflows.domain.policy import hours
from workflows.domain.ticket.commands import (
    Acknowledge,
    AddNote,
    ChangePriority,
    Close,
    Hold,
    KeepPromise,
    MakePromise,
    PostUpdate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import Merged
from workflows.domain.ticket.promises import MOST_PROMISES
from workflows.domain.ticket.words import ContactKind, Outcome, PromiseKind, Status, TicketKind
from workflows.testing.story import CUSTOMER


@pytest.fixture(params=["domain", "sqlite", "postgresql"])
def tell(request: pytest.FixtureRequest) -> Iterator[Rooms]:
    """Begin stories of several tickets; each must have been read to its end."""
    yield from rooms(None if request.param == "domain" else request.getfixturevalue(f"{request.param}_url"))


def taken(by: str = "ann", tier: str = "agent") -> Acknowledge:
    """Somebody takes it on."""
    return Acknowledge(actor=by, handler=by, tier=tier)


def test_the_older_ticket_is_merged_into_the_younger(tell: Rooms) -> None:
    """6.7: earlier start and deadline of each pair, tier clocks stay, the other becomes `duplicate`, both are told."""
    room = tell(LINES, zone="Europe/London")
    room.open("older", "Mon 23 Nov 09:00").open("younger", "Mon 23 Nov 10:00").send("younger", taken()).as_told()
    room.until("Mon 23 Nov 10:30").merge("older", into="younger")
    room.happened(
        "older",
        "Mon 23 Nov 10:30 merged into younger",
        "Mon 23 Nov 10:30 promise next_news/1 cancelled: it goes on in R-younger",
        "Mon 23 Nov 10:30 closed duplicate by outcome",
        "Mon 23 Nov 10:30 cancelled acknowledge/1 of agent, 1h30m spent",
        "Mon 23 Nov 10:30 cancelled tier_resolve/1 of agent, 1h30m spent",
        "Mon 23 Nov 10:30 cancelled update/1 of agent, 1h30m spent",
        "Mon 23 Nov 10:30 cancelled resolve/1 of agent, 1h30m spent",
    ).told("older", "merged to customer c-1", "merged to handler agent")
    room.happened(
        "younger",
        "Mon 23 Nov 10:30 took older over",
        "Mon 23 Nov 10:30 moved update/1 of agent from 09:00 to 4h, 1h30m spent, 1h of it taken over, until 13:00",
        "Mon 23 Nov 10:30 moved resolve/1 of agent from 09:00 to 27h, 1h30m spent, 1h of it taken over, "
        "until Wed 25 Nov 16:00",
        "Mon 23 Nov 10:30 promise next_news/2 made again: next_news, by 13:00",
    ).told("younger", "took_over to handler ann")


def test_the_younger_ticket_is_merged_into_the_older(tell: Rooms) -> None:
    """6.7: where the survivor's are the earlier ones already, not a clock of it moves."""
    room = tell(LINES, zone="Europe/London")
    room.open("older", "Mon 23 Nov 09:00").open("younger", "Mon 23 Nov 10:00").as_told()
    room.until("Mon 23 Nov 10:30").merge("younger", into="older").as_told("younger")
    room.happened("older", "Mon 23 Nov 10:30 took younger over").told("older", "took_over to handler agent")


def test_what_is_resolved_as_a_duplicate_is_merged(tell: Rooms) -> None:
    """6.7: its customer is told so once, and why; promises move over, and no letter says that it is closed."""
    room = tell(LINES, zone="Europe/London")
    room.open("older", "Mon 23 Nov 09:00").open("younger", "Mon 23 Nov 10:00").send("younger", taken()).as_told()
    room.until("Mon 23 Nov 10:30").merge("older", into="younger", explanation="The fault of this morning.")
    assert room.lines("older")[0] == "Mon 23 Nov 10:30 merged into younger"
    assert room.lines("older")[2] == "Mon 23 Nov 10:30 closed duplicate by outcome"
    room.told("older", "merged to customer c-1", "merged to handler agent")
    (merged,) = [each.event for each in room.log("older") if isinstance(each.event, Merged)]
    assert (merged.explanation, merged.next_news_at) == ("The fault of this morning.", room.instant("Mon 23 Nov 13:00"))
    room.as_told("older").as_told("younger")


def test_a_duplicate_of_what_is_closed_is_none(tell: Rooms) -> None:
    """6.7: nobody goes on there, so nobody is told that one does; the ticket stays open."""
    room = tell(LINES, zone="Europe/London")
    room.open("older", "Mon 23 Nov 09:00").send("older", taken())
    room.send("older", Resolve(actor="ann", outcome=Outcome.WITHDRAWN, explanation="No longer.")).open(
        "younger", "Mon 23 Nov 10:00"
    ).as_told()
    room.merge("younger", into="older", explanation="The fault of this morning.")
    (line,) = room.lines("younger")
    assert "refused WRONG_STATE" in line
    assert "reopen it first, or name one that goes on" in line
    assert room.ticket("younger").status is Status.OPEN
    room.as_told("younger")


def test_a_merged_ticket_never_escalates_and_answers_with_the_survivor(tell: Rooms) -> None:
    """6.7: its clocks are cancelled, it wakes nobody, and what later reaches it is answered with who goes on."""
    room = tell(LINES, zone="Europe/London")
    room.open("older", "Mon 23 Nov 09:00").open("younger", "Mon 23 Nov 10:00").merge("older", into="younger").as_told()
    room.until("Fri 18 Dec 10:00").as_told("younger")
    assert (room.ticket("older").wake_at(), room.ticket("older").status) == (None, Status.CLOSED)
    for command in (
        AddNote(actor="ann", text="a note"),
        RecordContact(actor="crm", kind=ContactKind.NEWS, channel="phone", text="any news?"),
        Reopen(actor="crm", reason="still dead"),
    ):
        room.send("older", command).happened(
            "older",
            "Fri 18 Dec 10:00 refused MERGED: merged into ticket 'R-younger', which goes on in its place: ask that one",
        )


def test_a_deadline_in_the_past_leaves_the_tiers_acknowledge_target(tell: Rooms) -> None:
    """6.7, 6.11: of a target that the other broke is left what a priority change leaves; merging is no breach."""
    policy = ladder(agent=row(acknowledge=3), resolve=hours(20), on_breach={})
    room = tell(replace(policy, tiers=policy.tiers[:1]))
    room.open("older", "Mon 23 Nov 00:00").send("older", taken()).open("younger", "Mon 23 Nov 19:00")
    room.send("younger", taken()).until("Mon 23 Nov 21:00").as_told()
    room.merge("older", into="younger").as_told("older").happened(
        "younger",
        "Mon 23 Nov 21:00 took older over",
        "Mon 23 Nov 21:00 moved resolve/1 of agent from 00:00 to 23h, 20h spent, 18h of it taken over, "
        "until Tue 24 Nov 00:00",
    )
    room.until("Tue 24 Nov 00:01").happened(
        "younger",
        "Tue 24 Nov 00:00 breached resolve/1 of agent, due 00:00",
        "Tue 24 Nov 00:00 ladder ended at agent: resolve_breached, duty-manager",
    )


def test_what_is_left_is_never_more_than_the_survivor_had(tell: Rooms) -> None:
    """6.7, 6.11: the acknowledge target is the most that is kept; a survivor with less keeps its less."""
    policy = ladder(agent=row(acknowledge=8), resolve=hours(20), on_breach={})
    room = tell(replace(policy, tiers=policy.tiers[:1]))
    room.open("older", "Mon 23 Nov 00:00").send("older", taken()).open("younger", "Mon 23 Nov 05:00")
    room.send("younger", taken()).until("Mon 23 Nov 21:00").as_told()
    room.merge("older", into="younger").as_told("older").happened(
        "younger",
        "Mon 23 Nov 21:00 took older over",
        "Mon 23 Nov 21:00 moved resolve/1 of agent from 00:00 to 24h, 20h spent, 4h of it taken over, "
        "until Tue 24 Nov 01:00",
    )


def test_clocks_that_stand_still_go_by_the_time_that_is_left(tell: Rooms) -> None:
    """6.7, 2.7: the survivor waits on the customer, the other was resolved; less time left is the earlier deadline."""
    room = tell(ladder(agent=row(acknowledge=40, update_every=30), resolve=hours(100)))
    room.open("older", "Mon 23 Nov 00:00").send("older", taken()).open("younger", "Mon 23 Nov 10:00")
    room.until("Mon 23 Nov 11:00").send("younger", WaitOnCustomer(actor="ann", question="Which light is on?"))
    room.until("Mon 23 Nov 16:00").send(
        "older", Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new router.")
    )
    room.until("Mon 23 Nov 18:00").as_told().merge("older", into="younger").as_told("older").happened(
        "younger",
        "Mon 23 Nov 18:00 took older over",
        "Mon 23 Nov 18:00 moved resolve/1 of agent from 00:00 to 100h, 16h spent, 15h of it taken over, paused",
    )
    room.until("Mon 23 Nov 19:00").send(
        "younger", RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="mail", text="red")
    )
    room.happened(
        "younger",
        "Mon 23 Nov 19:00 contact: information, chases 0, the answer",
        "Mon 23 Nov 19:00 wait ended: contact",
        "Mon 23 Nov 19:00 resumed tier_resolve/1 of agent, 1h spent, until Thu 31 Dec 06:00",
        "Mon 23 Nov 19:00 resumed update/2 of agent, 0m spent, until Wed 25 Nov 01:00",
        "Mon 23 Nov 19:00 resumed resolve/1 of agent, 16h spent, until Fri 27 Nov 07:00",
    )


def test_a_later_change_of_targets_gives_nothing_back(tell: Rooms) -> None:
    """6.7, 6.11: what the other had spent is spent, so that another priority counts from the earlier start."""
    room = tell(LINES, zone="Europe/London")
    room.open("older", "Mon 23 Nov 08:00", priority="urgent").send("older", taken())
    room.until("Mon 23 Nov 08:50").send("older", PostUpdate(actor="ann", text="we are on it"))
    room.open("younger", "Mon 23 Nov 09:00", priority="urgent").send("younger", taken())
    room.until("Mon 23 Nov 09:10").as_told().merge("older", into="younger").as_told()
    room.until("Mon 23 Nov 09:20").send(
        "younger", ChangePriority(actor="ann", priority="normal", reason="one lamp")
    ).happened(
        "younger",
        "Mon 23 Nov 09:20 priority urgent -> normal",
        "Mon 23 Nov 09:20 moved tier_resolve/1 of agent to 9h, 20m spent, until 18:00",
        "Mon 23 Nov 09:20 moved update/1 of agent to 4h, 30m spent, until 12:50",
        "Mon 23 Nov 09:20 moved resolve/1 of agent to 27h, 1h20m spent, until Wed 25 Nov 15:00",
    )


def asked(by: str = "ann") -> WaitOnCustomer:
    """The customer is asked something."""
    return WaitOnCustomer(actor=by, question="which lamp is red?")


def test_a_ticket_that_was_opened_after_the_question_is_the_answer_to_it(tell: Rooms) -> None:
    """6.3, 6.6, 6.7: merged into the ticket that waits, it ends the wait at that instant, as a contact does."""
    room = tell(ladder(agent=row(update_every=4, resolve=100)))
    room.open("asked", "Mon 23 Nov 09:00").send("asked", taken()).until("Mon 23 Nov 10:00").send("asked", asked())
    room.open("other", "Mon 23 Nov 10:30").until("Mon 23 Nov 12:30").as_told()
    room.merge("other", into="asked").as_told("other").happened(
        "asked",
        "Mon 23 Nov 12:30 took other over",
        "Mon 23 Nov 12:30 wait ended: contact",
        "Mon 23 Nov 12:30 resumed tier_resolve/1 of agent, 1h spent, until Fri 27 Nov 15:30",
        "Mon 23 Nov 12:30 resumed update/2 of agent, 0m spent, until 16:30",
        "Mon 23 Nov 12:30 resumed resolve/1 of agent, 1h spent, until Mon 4 Jan 03:30",
        "Mon 23 Nov 12:30 moved update/2 of agent to 4h, 2h spent, 2h of it taken over, until 14:30",
        "Mon 23 Nov 12:30 moved resolve/1 of agent to 1000h, 2h spent, 1h of it taken over, until Mon 4 Jan 02:30",
        "Mon 23 Nov 12:30 promise next_news/2 made: next_news, by 14:30",
    ).told("asked", "took_over to handler ann")
    assert room.ticket("asked").status is Status.IN_PROGRESS


@pytest.mark.parametrize("opened", ["09:30", "10:00"])
def test_a_ticket_that_was_opened_before_the_question_answers_nothing(tell: Rooms, opened: str) -> None:
    """6.6, 6.7: at the question's own instant nobody can have read it; the survivor waits on."""
    room = tell(ladder()).open("asked", "Mon 23 Nov 09:00").open("other", f"Mon 23 Nov {opened}")
    room.until("Mon 23 Nov 10:00").send("asked", asked()).until("Mon 23 Nov 12:30").as_told()
    room.merge("other", into="asked").as_told()
    assert room.ticket("asked").status is Status.WAITING_ON_CUSTOMER


@pytest.mark.parametrize(
    "said",
    [
        RecordContact(actor="crm", kind=ContactKind.INFORMATION, channel="mail", text="the left one"),
        Reject(actor="crm", reason="the left one is red still"),
    ],
    ids=["wrote", "rejected"],
)
@pytest.mark.parametrize("asked_at", ["09:59", "10:01"])
def test_what_the_customer_says_on_another_ticket_after_the_question_is_the_answer(
    tell: Rooms, said: RecordContact | Reject, asked_at: str
) -> None:
    """6.3, 6.6, 6.7: whenever that one was opened; what they said there before they were asked answers nothing."""
    room = tell(ladder()).open("other", "Mon 23 Nov 08:00").open("asked", "Mon 23 Nov 09:00")
    room.send("other", Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new router."))
    for at in sorted((asked_at, "10:00")):
        room.until(f"Mon 23 Nov {at}").send("asked" if at == asked_at else "other", asked() if at == asked_at else said)
    room.until("Mon 23 Nov 11:00").as_told().merge("other", into="asked").as_told()
    assert room.ticket("asked").status is (Status.OPEN if asked_at < "10:00" else Status.WAITING_ON_CUSTOMER)


def test_open_promises_move_over_under_a_name_of_their_own(tell: Rooms) -> None:
    """6.7, 2.4: the earlier of the engine's, all of people's; one whose name is taken has the reference behind it."""
    room = tell(ladder())
    room.open("older", "Mon 23 Nov 09:00").open("younger", "Mon 23 Nov 10:00")
    for name, by in (("older", "Mon 23 Nov 12:00"), ("younger", "Mon 23 Nov 13:00")):
        room.send(
            name,
            MakePromise(
                actor="ann",
                name="call back",
                kind=PromiseKind.CALL_BACK,
                promised_at=room.instant(by),
                words="We call you.",
            ),
        )
    room.as_told().until("Mon 23 Nov 11:00").merge("older", into="younger")
    room.happened(
        "older",
        "Mon 23 Nov 11:00 merged into younger",
        "Mon 23 Nov 11:00 promise next_news/1 cancelled: it goes on in R-younger",
        "Mon 23 Nov 11:00 promise call back/1 cancelled: it goes on in R-younger",
        "Mon 23 Nov 11:00 closed duplicate by outcome",
        "Mon 23 Nov 11:00 cancelled acknowledge/1 of agent, 2h spent",
        "Mon 23 Nov 11:00 cancelled tier_resolve/1 of agent, 2h spent",
        "Mon 23 Nov 11:00 cancelled update/1 of agent, 2h spent",
        "Mon 23 Nov 11:00 cancelled resolve/1 of agent, 2h spent",
    ).told("older", "merged to customer c-1", "merged to handler agent")
    room.happened(
        "younger",
        "Mon 23 Nov 11:00 took older over",
        "Mon 23 Nov 11:00 moved update/1 of agent from 09:00 to 800h, 2h spent, 1h of it taken over, "
        "until Sat 26 Dec 17:00",
        "Mon 23 Nov 11:00 moved resolve/1 of agent from 09:00 to 1000h, 2h spent, 1h of it taken over, "
        "until Mon 4 Jan 01:00",
        "Mon 23 Nov 11:00 promise next_news/2 made again: next_news, by Sat 26 Dec 17:00",
        "Mon 23 Nov 11:00 promise call back (R-older)/1 made: call_back, by 12:00, ann to keep it",
    ).told("younger", "took_over to handler agent")
    room.until("Mon 23 Nov 12:01").happened(
        "younger", "Mon 23 Nov 12:00 promise call back (R-older)/1 broken, due 12:00"
    ).told(
        "younger", "promise_broken to owner ann", "promise_broken to lead team-lead", "promise_broken to customer c-1"
    )


def test_no_promise_is_lost_where_there_is_no_room_for_it(tell: Rooms) -> None:
    """6.7, 2.4: a merge that could not take every promise over is refused whole, and says which to keep first."""
    room = tell(ladder()).open("older", "Mon 23 Nov 09:00").open("younger", "Mon 23 Nov 09:30")
    for number in range(MOST_PROMISES - 1):  # beside the engine's
        room.send("younger", promise(f"call {number}", room.instant("Mon 23 Nov 12:00")))
    room.send("older", promise("visit", room.instant("Mon 23 Nov 12:00"))).as_told()
    room.until("Mon 23 Nov 10:00").merge("older", into="younger").happened(
        "older",
        "Mon 23 Nov 10:00 refused TOO_MANY_PROMISES: cannot take promise 'visit' over: there are 50 already; "
        "keep it before you merge",
    )
    room.send("older", KeepPromise(actor="ann", name="visit")).until("Mon 23 Nov 10:01")
    room.merge("older", into="younger").as_told()
    assert room.ticket("younger").merged == ("older",)


def promise(name: str, by: datetime) -> MakePromise:
    """Ann promises something."""
    return MakePromise(actor="ann", name=name, kind=PromiseKind.CALL_BACK, promised_at=by, words="We call you.")


def test_what_cannot_be_merged_is_refused_with_the_remedy_and_nothing_changes(tell: Rooms) -> None:
    """6.7: into itself, another customer's, closed ones, a ring, a chain in either direction."""
    room = tell(ladder())
    stranger = replace(CUSTOMER, external_id="c-2")
    for name in ("a", "b", "c", "d"):
        room.open(name, "Mon 23 Nov 09:00")
    room.open("foreign", "Mon 23 Nov 09:00", customer=stranger)
    room.send("d", Resolve(actor="ann", outcome=Outcome.FIXED, explanation="A new router."))
    room.send("d", Close(actor="ann", reason="agreed"))
    room.until("Mon 23 Nov 10:00").merge("a", into="b").as_told()
    before = [room.ticket(name) for name in ("a", "b", "c", "d", "foreign")]

    def refused(one: str, two: str, words: str) -> None:
        room.merge(one, into=two).happened(one, f"Mon 23 Nov 10:00 refused {words}")

    refused("c", "c", "MERGE_IMPOSSIBLE: cannot merge a ticket into itself: name the other one")
    refused(
        "c",
        "foreign",
        "MERGE_IMPOSSIBLE: cannot merge tickets of two customers: each was promised something of their own",
    )
    for which in ("b", "d"):  # before anything else: that others were merged into one, and that one is closed
        refused(
            which,
            "foreign",
            "MERGE_IMPOSSIBLE: cannot merge tickets of two customers: each was promised something of their own",
        )
    closed = "cannot take another ticket over: the ticket is 'closed'; reopen it first, or name one that goes on"
    refused("c", "d", f"WRONG_STATE: {closed}")
    over = "there is nothing left to merge; what comes back on it is a contact, or a reopening"
    refused("d", "c", f"WRONG_STATE: cannot merge it: the ticket is 'closed'; {over}")
    refused("b", "a", "MERGE_IMPOSSIBLE: cannot merge ticket 'R-b' into 'R-a': that one was merged into this one")
    merged = "merged into ticket 'R-b', which goes on in its place: ask that one"
    refused("c", "a", f"MERGED: {merged}")
    refused("a", "c", f"MERGED: {merged}")
    chain = "cannot merge ticket 'R-b', into which others were merged: merge 'R-c' into this one"
    refused("b", "c", f"MERGE_IMPOSSIBLE: {chain}")
    assert [room.ticket(name) for name in ("a", "b", "c", "d", "foreign")] == before
    room.until("Mon 23 Nov 10:05").merge("c", into="b").as_told()
    assert room.ticket("b").merged == ("a", "c")


def test_a_request_to_leave_is_merged_into_no_other_request_and_takes_others_over(tell: Rooms) -> None:
    """6.7, no retention hurdle: whoever wants to leave is not put off by a merge, and what is on hold is no more."""
    room = tell(replace(LINES, leaving="high"), zone="Europe/London")
    room.open("leaves", "Mon 23 Nov 09:00", kind=TicketKind.LEAVING).open("asks", "Mon 23 Nov 09:10").as_told()
    room.send("asks", taken()).send("asks", Hold(actor="ann", reason="waiting for a part")).as_told()
    room.until("Mon 23 Nov 09:20").merge("leaves", into="asks")
    room.happened(
        "leaves",
        "Mon 23 Nov 09:20 refused MERGE_IMPOSSIBLE: cannot merge a request to leave into one that is none: "
        "it would be put off; merge 'R-asks' into this one",
    )
    room.until("Mon 23 Nov 09:30").merge("asks", into="leaves")
    room.happened(
        "asks",
        "Mon 23 Nov 09:30 hold ended",
        "Mon 23 Nov 09:30 merged into leaves",
        "Mon 23 Nov 09:30 promise next_news/1 cancelled: it goes on in R-leaves",
        "Mon 23 Nov 09:30 closed duplicate by outcome",
        "Mon 23 Nov 09:30 cancelled tier_resolve/1 of agent, 20m spent",
        "Mon 23 Nov 09:30 cancelled update/1 of agent, 20m spent",
        "Mon 23 Nov 09:30 cancelled resolve/1 of agent, 20m spent",
    )
    room.happened("leaves", "Mon 23 Nov 09:30 took asks over").as_told()
    assert room.ticket("leaves").kind is TicketKind.LEAVING
