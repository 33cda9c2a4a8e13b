"""An internal wait: a part is ordered, and the customer's clocks run on."""

from tests.support.policies import LINES
from workflows.domain.ticket.commands import Continue, Hold
from workflows.domain.ticket.events import HoldEnded
from workflows.domain.ticket.ledger import ledger
from workflows.domain.ticket.words import Outcome, Status, Target
from workflows.testing.story import Story, Tell

HOLD = Hold(actor="ann", reason="waiting for a router")


def taken(tell: Tell) -> Story:
    """Open and taken on, by British time."""
    story = tell(LINES, zone="Europe/London").open("Mon 23 Nov 09:00")
    return story.until("Mon 23 Nov 09:20").acknowledge("ann").as_told()


def test_waiting_for_a_part_pauses_nothing_and_the_ledger_shows_it(tell: Tell) -> None:
    """2.11, 8: an internal wait, with a reason, pauses nothing and is shown in the ledger."""
    story = taken(tell).until("Mon 23 Nov 10:00").send(HOLD)
    story.happened("Mon 23 Nov 10:00 on hold: waiting for a router").told()
    assert story.ticket.status is Status.IN_PROGRESS
    story.until("Mon 23 Nov 12:10").happened("Mon 23 Nov 12:00 warned 75% of update/1 of agent, due 12:00")
    story.until("Mon 23 Nov 12:30").go_on().happened("Mon 23 Nov 12:30 hold ended")
    story.until("Mon 23 Nov 12:45").send(HOLD).happened("Mon 23 Nov 12:45 on hold: waiting for a router")

    lines = {line.target: line for line in ledger(LINES, story.entries, story.instant("Mon 23 Nov 12:50"))}
    resolve = lines[Target.RESOLVE]
    assert [(interval.pause, interval.to_at) for interval in resolve.intervals] == [(None, None)]
    assert [(hold.from_at, hold.to_at, hold.reason, hold.actor) for hold in resolve.holds] == [
        (story.instant("Mon 23 Nov 10:00"), story.instant("Mon 23 Nov 12:30"), HOLD.reason, "ann"),
        (story.instant("Mon 23 Nov 12:45"), None, HOLD.reason, "ann"),
    ]
    assert lines[Target.ACKNOWLEDGE].holds == ()  # it was over before


def test_a_ticket_is_on_hold_once_and_only_what_waits_is_continued(tell: Tell) -> None:
    """2.11, 6: a second hold and a continue of nothing are refused with the remedy; nothing changes."""
    story = taken(tell).until("Mon 23 Nov 10:00").send(HOLD).as_told()
    story.until("Mon 23 Nov 10:01").send(HOLD).happened(
        "Mon 23 Nov 10:01 refused WRONG_STATE: cannot hold: the ticket is 'in_progress'; "
        "it is on hold already: continue it first"
    )
    story.until("Mon 23 Nov 10:02").go_on().until("Mon 23 Nov 10:03").go_on().happened(
        "Mon 23 Nov 10:02 hold ended",
        "Mon 23 Nov 10:03 refused WRONG_STATE: cannot continue: the ticket is 'in_progress'; "
        "possible while it is 'waiting_on_customer', or on hold",
    )
    story.until("Mon 23 Nov 10:04").resolve().as_told().until("Mon 23 Nov 10:05").send(HOLD).happened(
        "Mon 23 Nov 10:05 refused WRONG_STATE: cannot hold: the ticket is 'resolved'; "
        "possible while it is 'open' or 'in_progress' or 'waiting_on_customer'"
    )


def test_continue_ends_the_wait_for_the_customer_first_and_then_the_hold(tell: Tell) -> None:
    """2.11, 6.6: both may be waited for at once; a hold is left by whoever knows that it is over."""
    story = taken(tell).until("Mon 23 Nov 10:00").send(HOLD).until("Mon 23 Nov 10:10").ask().as_told()
    story.until("Mon 23 Nov 10:20").go_on().in_short("Mon 23 Nov 10:20 wait ended: continued")
    assert story.ticket.holding is not None
    story.until("Mon 23 Nov 10:30").escalate().as_told()
    assert story.ticket.holding is not None, "the new tier waits for the same part"
    story.until("Mon 23 Nov 10:40").send(Continue(actor="sam", reason="it came")).happened(
        "Mon 23 Nov 10:40 hold ended"
    )
    assert story.entries[-1].event == HoldEnded(reason="it came")
    assert story.ticket.holding is None


def test_resolving_ends_the_hold(tell: Tell) -> None:
    """2.11, 6.7: nothing is waited for any more, be it solved or be it given up."""
    story = taken(tell).until("Mon 23 Nov 10:00").send(HOLD).as_told()
    story.until("Mon 23 Nov 11:00").resolve(Outcome.WITHDRAWN).in_short(
        "Mon 23 Nov 11:00 hold ended",
        "Mon 23 Nov 11:00 resolved withdrawn",
        "Mon 23 Nov 11:00 closed withdrawn by outcome",
    )
    story = taken(tell).until("Mon 23 Nov 10:00").send(HOLD).until("Mon 23 Nov 10:10").ask().as_told()
    story.until("Fri 27 Nov 18:00").in_short(
        "Tue 24 Nov 09:10 customer reminded 1, due 09:10",
        "Wed 25 Nov 08:10 customer reminded 2, due 08:10",
        "Thu 26 Nov 16:10 wait ended: gave_up",
        "Thu 26 Nov 16:10 hold ended",
        "Thu 26 Nov 16:10 resolved no_response, due 16:10",
    )
    assert story.ticket.holding is None
