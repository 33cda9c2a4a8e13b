"""Whoever has a ticket next is told the story of those that were merged into it too, on the same page (6.5, 6.7)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.test_handover import MINUTE, MONDAY, POLICY, Life, busy, call_back
from workflows.domain.ticket.commands import (
    Acknowledge,
    AddNote,
    Escalate,
    LinkProblem,
    LogTime,
    OfferCredit,
    PostUpdate,
    RecordContact,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import Entry, Opened
from workflows.domain.ticket.judge import judge
from workflows.domain.ticket.merging import halves, with_survivor
from workflows.domain.ticket.state import Credit
from workflows.domain.ticket.words import ContactKind, CreditState
from workflows.planning.handover import MERGED_TOLD, Handover, handover, merged_stories, told_of
from workflows.planning.handover_log import story
from workflows.planning.handover_page import LONGEST_LINE, MOST_LINES, page, told
from workflows.planning.handover_sheet import Section, share

TAKEN = Acknowledge(actor="ana", handler="ana", tier="agent")


def merge(other: Life, survivor: Life, minutes: float) -> None:
    """Kim merges the one into the other, so many minutes after nine."""
    at = MONDAY + minutes * MINUTE
    one, two = (judge(POLICY, life.ticket, at).ticket for life in (other, survivor))
    into, over = halves(POLICY, one, two, at, "kim")
    survivor.does(minutes, over)
    other.does(minutes, with_survivor(into, survivor.ticket))


def handed(survivor: Life, *others: Life) -> Handover:
    """What is handed over of it at its last instant."""
    logs = {each.ticket.ticket_id: each.entries for each in others}
    return handover(
        survivor.ticket, survivor.entries, survivor.at, {each: logs[each] for each in told_of(survivor.ticket.merged)}
    )


def a_past(reference: str = "OLD1-0001") -> Life:
    """A ticket of the same customer that had a past of its own."""
    life = Life(ticket_id="01KA", reference=reference, subject="card terminal", description="It says offline.")
    life.does(4, TAKEN)
    life.does(5, call_back("visit", 30, "We come by."))
    life.does(6, WaitOnCustomer(actor="ana", question="Is the lamp on?"))
    life.does(8, RecordContact(actor="ana", kind=ContactKind.NEWS, channel="mail", text="It is off."))
    life.does(9, PostUpdate(actor="ana", text="We send somebody."))
    life.does(10, AddNote(actor="ana", text="Fuse?"))
    life.does(11, LinkProblem(actor="ana", problem_id="P-1", title="Storm damage in Leith"))
    life.does(12, LogTime(actor="ana", spent=5 * MINUTE, text="x"))
    life.does(13, OfferCredit(actor="ana", minor=5000, currency="GBP", reason="a day without cards"))
    life.does(40, AddNote(actor="ana", text="Nobody went."))
    return life


def test_what_a_merged_ticket_tells_is_retold_with_its_reference(golden: Callable[[str, str], None]) -> None:
    """6.5, 6.7: what was wanted there, said, asked, promised, missed and noted: nobody has to tell it twice."""
    other, survivor = a_past(), Life()
    survivor.does(10, TAKEN)
    merge(other, survivor, 45)
    survivor.does(46, Escalate(actor="ana", from_tier="agent", reason="needs an engineer"))
    golden("handover-merged.txt", page(handed(survivor, other)))
    (retold,) = handed(survivor, other).merged
    assert (retold.ticket_id, retold.reference, retold.subject) == ("01KA", "OLD1-0001", "card terminal")
    assert [each.text for each in retold.story.told.said][-1] == "We send somebody."


def test_the_tiers_message_retells_what_the_page_does() -> None:
    """6.5: whoever reads the message needs no page: all that is told of a merged ticket stands in both."""
    other, survivor = a_past(), Life()
    merge(other, survivor, 45)
    zone = survivor.ticket.customer.zone
    message = told(story(survivor.entries, zone), zone, merged_stories({"01KA": other.entries}, zone))
    assert set(message.splitlines()) <= set(page(handed(survivor, other)).splitlines())
    assert "From OLD1-0001" in message


@pytest.mark.parametrize("merged", [1, 2, 5])
def test_busy_tickets_that_were_merged_share_the_page(merged: int) -> None:
    """Each has an equal share of the page at least, what is left out is counted, and the latest are told."""
    survivor = busy(200)
    others = []
    for number in range(merged):
        other = busy(150)
        other.ticket = replace(other.ticket, ticket_id=f"01KA{number}")
        opened = other.entries[0].event
        assert isinstance(opened, Opened)
        other.entries[0] = replace(other.entries[0], event=replace(opened, reference=f"OLD1-000{number}"))
        others.append(other)
    survivor.ticket = replace(survivor.ticket, merged=tuple(each.ticket.ticket_id for each in others))
    lines = page(handed(survivor, *others)).splitlines()
    assert len(lines) <= MOST_LINES
    assert max(len(line) for line in lines) <= LONGEST_LINE
    titles = [line for line in lines if line.startswith("From OLD1-")]
    latest = range(merged)[-MERGED_TOLD:]
    assert [title[:14] for title in titles] == [f"From OLD1-000{number}" for number in latest]
    assert all(title.endswith("earlier left out)") for title in titles)
    assert "  wanted: no line" in lines
    for title in titles:
        place = lines.index(title)
        assert lines[place + 1] == "  wanted: no line"
        assert lines[place + 4].startswith("  "), "not a line of its story"


def test_a_merged_ticket_is_handed_over_itself_too() -> None:
    """6.7, 6.13: whoever looks at it reads where it goes on, and where the lead decides on its credit."""
    other, survivor = a_past(), Life()
    merge(other, survivor, 45)
    lines = [line.strip() for line in other.page().splitlines()]
    assert "a credit of 50.00 GBP is decided on the ticket that goes on; the customer knows nothing of it" in lines
    assert "Mon 23 Nov 04:45 kim  the lead decides the credit on K7QM-3XVP" in lines
    assert "Mon 23 Nov 04:45 kim  merged into K7QM-3XVP, which goes on" in lines


@pytest.mark.parametrize("state", CreditState)
def test_every_state_of_a_credit_is_told(state: CreditState) -> None:
    """A credit of any state stands on the page, with who knows of it."""
    life = Life()
    credit = Credit(number=1, minor=500, currency="GBP", state=state, reason="x", by="ana", at=MONDAY)
    life.ticket = replace(life.ticket, credits=(credit,))
    assert "a credit of 5.00 GBP " in life.page()


def test_a_log_that_does_not_begin_with_its_opening_is_not_retold() -> None:
    """A log of which a part is not there says nothing wrong: then its reference alone is told, among the hand-offs."""
    assert merged_stories({"01KA": a_past().entries[1:], "01KB": list[Entry]()}, "UTC") == ()


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=9),
    st.lists(st.integers(1, 40), max_size=4),
    st.integers(58, 70),
)
def test_a_page_is_never_longer_than_it_may_be(own: list[int], others: list[int], room: int) -> None:
    """Whatever there is to tell: and where all of it fits, all of it is there."""
    ours, theirs = (
        [Section(title="x", lines=("y",) * lines, kept=min(kept, lines)) for lines in heights]
        for heights, kept in ((own, 0), (others, 3))
    )
    shown = list(share(ours, theirs, room))
    height, whole = (sum(section.height for section in sections) for sections in (shown, [*ours, *theirs]))
    assert height <= room
    assert whole > room or height == whole
    assert [section.left_out + len(section.lines) for section in shown] == [*own, *others]
