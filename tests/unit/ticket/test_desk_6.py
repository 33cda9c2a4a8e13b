"""Semantics 6.2, 6.4 and 6.12: what the desk does, among itself and for the customer."""

from datetime import timedelta

import pytest

from tests.support.policies import ladder
from workflows.domain.errors import DomainError
from workflows.domain.policy import minutes
from workflows.domain.ticket.commands import LONGEST_SPENT, AddNote, Assign, LogTime
from workflows.domain.ticket.words import Status
from workflows.testing.story import Tell


def test_assigning_passes_it_on_within_the_tier(tell: Tell) -> None:
    """6.2, 1: the handler changes, the owner stays, no clock moves; both are told."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").acknowledge("ann").as_told()
    before, version = story.ticket.clocks, story.ticket.version
    story.until("Mon 23 Nov 11:00").send(Assign(actor="lead", handler="bob")).happened(
        "Mon 23 Nov 11:00 assigned ann -> bob"
    )
    story.told("assigned to handler bob", "assigned to owner ann")
    assert (story.ticket.handler, story.ticket.owner, story.ticket.clocks) == ("bob", "ann", before)
    assert story.ticket.version == version + 1


@pytest.mark.parametrize(
    ("handler", "acknowledged", "why"),
    [
        ("bob", False, "nobody has it yet: acknowledge it instead"),
        ("ann", True, "'ann' has it already: name somebody else"),
    ],
)
def test_what_cannot_be_assigned(tell: Tell, handler: str, acknowledged: bool, why: str) -> None:  # noqa: FBT001 - a table's column
    """6.2: a ticket that nobody took on, or to whom has it."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00")
    if acknowledged:
        story.acknowledge("ann").until("Mon 23 Nov 11:00")
    now, state = ("Mon 23 Nov 11:00", "in_progress") if acknowledged else ("Mon 23 Nov 10:00", "open")
    story.as_told().send(Assign(actor="lead", handler=handler)).happened(
        f"{now} refused WRONG_STATE: cannot assign: the ticket is '{state}'; {why}"
    )


def test_notes_and_time_are_recorded_and_told_to_nobody(tell: Tell) -> None:
    """6.12, 5.4: in any state, closed ones too; the version does not rise."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").resolve().confirm().as_told()
    version = story.ticket.version
    story.until("Mon 23 Nov 11:00").send(AddNote(actor="ann", text="socket was wet"))
    story.until("Mon 23 Nov 11:30").send(LogTime(actor="ann", spent=minutes(45), text="on site")).happened(
        "Mon 23 Nov 11:00 note added", "Mon 23 Nov 11:30 time logged: 45m"
    )
    story.told()
    assert story.ticket.version == version


def test_no_time_is_no_time_spent() -> None:
    """6.12: nothing, or less, is refused where it is written; so is more than anybody could have spent."""
    with pytest.raises(DomainError, match="spent is -60 s: log more than nothing"):
        LogTime(actor="ann", spent=timedelta(minutes=-1), text="on site")
    with pytest.raises(DomainError, match=r"spent is 41 days, 16:00:00\.000001: log at most 1000 h at once"):
        LogTime(actor="ann", spent=LONGEST_SPENT + timedelta.resolution, text="on site")


def test_an_update_is_for_the_customer_in_every_state_but_closed(tell: Tell) -> None:
    """6.4: it meets the update clock, is told to the customer, and changes neither state nor handler."""
    story = tell(ladder()).open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").as_told().post_update()
    story.happened(
        "Mon 23 Nov 10:00 update posted",
        "Mon 23 Nov 10:00 met update/1 of agent, 1h spent",
        "Mon 23 Nov 10:00 started update/2 of agent, 800h, until Sat 26 Dec 18:00",
        "Mon 23 Nov 10:00 promise next_news/1 kept, for Sat 26 Dec 17:00",
        "Mon 23 Nov 10:00 promise next_news/2 made: next_news, by Sat 26 Dec 18:00",
    ).told("update_posted to customer c-1")
    assert (story.ticket.status, story.ticket.handler) == (Status.OPEN, None)
    story.until("Mon 23 Nov 11:00").acknowledge("ann").until("Mon 23 Nov 12:00").post_update().as_told()
    assert (story.ticket.status, story.ticket.handler) == (Status.IN_PROGRESS, "ann")
    story.until("Mon 23 Nov 13:00").resolve().until("Mon 23 Nov 14:00").post_update().as_told()
    assert story.ticket.status is Status.RESOLVED
    story.until("Mon 23 Nov 15:00").confirm().as_told()
    story.until("Mon 23 Nov 16:00").post_update().in_short(
        "Mon 23 Nov 16:00 refused WRONG_STATE: cannot post an update: the ticket is 'closed'; reopen it first"
    )
