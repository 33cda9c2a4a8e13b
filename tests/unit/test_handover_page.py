"""What the page of a handover leaves out where there is much, and says of how it stands (6.5)."""

from dataclasses import replace
from datetime import UTC, datetime

from tests.support.policies import LINES
from tests.unit.test_handover_told import made, minute
from workflows.domain.ticket import events
from workflows.domain.ticket.commands import Customer, Open
from workflows.domain.ticket.events import Entry, Event
from workflows.domain.ticket.judge import open_ticket
from workflows.domain.ticket.state import Credit, Reminding, Ticket
from workflows.domain.ticket.words import Cause, CreditState
from workflows.planning.handover import handover
from workflows.planning.handover_page import page

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OPENING = Open(
    actor="ana",
    ticket_id="01KB",
    reference="K7QM-3XVP",
    queue="home",
    priority="normal",
    customer=Customer(external_id="c-1", name="Ada Example", language="en-GB", zone="UTC"),
    subject="no line",
    description="",
    channel="phone",
)
TICKET = open_ticket(LINES, OPENING, MONDAY).ticket


def shown(*lines: Event, ticket: Ticket = TICKET) -> list[str]:
    """The page of a ticket with these lines, a minute apart."""
    entries = [Entry(sequence=place, at=minute(place), actor="ana", event=each) for place, each in enumerate(lines, 1)]
    return page(handover(ticket, entries, minute(60))).splitlines()


def test_of_many_problems_and_credits_the_latest_are_shown() -> None:
    """6, 6.13: what was found and offered last is what whoever has it next speaks of."""
    credit = Credit(
        number=1,
        minor=100,
        currency="GBP",
        state=CreditState.OFFERED,
        reason="a wait",
        by="ana",
        at=MONDAY,
        of=None,
        earned_by=None,
    )
    many = replace(TICKET, credits=tuple(replace(credit, number=each, minor=100 * each) for each in (1, 2, 3)))
    linked = (events.ProblemLinked(problem_id=f"P-{each}", title=f"fault {each}") for each in (1, 2, 3))
    lines = "\n".join(shown(*linked, ticket=many))
    assert [f"problem P-{each} is behind it: fault {each}" in lines for each in (1, 2, 3)] == [False, True, True]
    assert [f"a credit of {each}.00 GBP was offered" in lines for each in (1, 2, 3)] == [False, True, True]


def test_how_often_the_last_resort_was_told_counts_the_first_time() -> None:
    """4.4: told when the ladder ended, and again with each reminder."""
    for sent, said in ((0, "once"), (2, "3 times")):
        reminding = Reminding(causes=(Cause.ACKNOWLEDGE_BREACHED,), sent=sent, next_at=minute(90))
        lines = shown(ticket=replace(TICKET, reminding=reminding))
        assert any(line.endswith(f"the last resort was told {said}") for line in lines)


def test_every_clock_stands_on_the_page_however_much_else_is_to_be_said() -> None:
    """8: deadlines are never what is left out."""
    long = "words that go on and on, " * 20
    notes = [events.NoteAdded(text=f"{number} {long}") for number in range(40)]
    told = [events.UpdatePosted(text=f"{number} {long}") for number in range(40)]
    questions = [events.WaitStarted(question=f"{number} {long}") for number in range(40)]
    lines = shown(*notes, *told, *questions, *(made(f"news {number}", 500 - number) for number in range(9)))
    at = lines.index("Clocks")
    live = [clock for clock in TICKET.clocks if clock.state.is_live]
    assert len(live) == lines[at:].index("") - 1
