"""Semantics 6.2 and 6.12: what the desk does among itself. None of it is the customer's."""

from datetime import timedelta

import pytest

from tests.support.policies import ladder
from tests.support.story import Tell
from workflows.domain.errors import DomainError
from workflows.domain.policy import minutes
from workflows.domain.ticket.commands import AddNote, Assign, LogTime


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
    """6.12: nothing, or less, is refused where it is written."""
    with pytest.raises(DomainError, match="spent is -60 s: log more than nothing"):
        LogTime(actor="ann", spent=timedelta(minutes=-1), text="on site")
