"""A ticket's log, worked out anew from its list of (instant, input) and the instants somebody looked (5.3)."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.policies import LINES
from workflows.domain.ticket.commands import Acknowledge, Command, Customer, Escalate, Open, Resolve, WaitOnCustomer
from workflows.domain.ticket.events import ClockBreached, Entry
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.rederive import Difference, Input, first_difference, looks, rederive
from workflows.domain.ticket.words import Outcome

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
OPENING = Open(
    actor="Ada",
    ticket_id="T1",
    reference="R1",
    queue="home",
    priority="urgent",
    customer=Customer(external_id="C1", name="Cy", language="en-GB", zone="Europe/London"),
    subject="No line",
    description="",
    channel="phone",
)


@dataclass
class Kept:
    """What a record keeps of one ticket while it is settled now and then."""

    inputs: list[Input] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        opened = open_ticket(LINES, OPENING, MONDAY)
        self.ticket = opened.ticket
        self.entries += opened.entries

    def settle(self, at: datetime, command: Command | None = None) -> None:
        """Settle; a refused command is no input."""
        judged = judge(LINES, self.ticket, at, command)
        if command and not judged.refusal:
            self.inputs.append(Input(at=at, command=command))
        self.ticket = judged.ticket
        self.entries += judged.entries


def after(**length: float) -> datetime:
    """Give an instant of the story."""
    return MONDAY + timedelta(**length)


def a_story() -> Kept:
    """Taken on late, by which time it was a specialist's; asked, given up on, and signed off by silence."""
    kept = Kept()
    kept.settle(after(minutes=14))
    kept.settle(after(minutes=16))
    kept.settle(after(minutes=20), Acknowledge(actor="Ada", handler="Ada", tier="agent"))
    kept.settle(after(minutes=21), Acknowledge(actor="Ben", handler="Ben", tier="specialist"))
    kept.settle(after(hours=3), WaitOnCustomer(actor="Ben", question="Which light is on?"))
    kept.settle(after(days=12))
    kept.settle(after(days=13), Resolve(actor="Ben", outcome=Outcome.FIXED, explanation="Done."))
    kept.settle(after(days=20))
    return kept


def test_the_record_of_a_story_is_derived_to_the_letter() -> None:
    """5.3: a ticket is a pure function of its inputs and of the `detected_at` that the record keeps."""
    kept = a_story()

    derived = rederive(LINES, OPENING, MONDAY, kept.inputs, looks(kept.entries))

    assert first_difference(kept.entries, derived.entries) is None
    assert derived.ticket == kept.ticket


def test_looks_are_the_instants_at_which_something_was_found_due() -> None:
    """A look that found nothing left no trace and needs none."""
    kept = a_story()

    assert after(minutes=14) in looks(kept.entries)  # the warnings
    assert after(minutes=20) not in looks(kept.entries)  # the refused acknowledgement found nothing due
    assert after(days=12) in looks(kept.entries)


commands = st.sampled_from(
    [
        None,
        Acknowledge(actor="Ada", handler="Ada", tier="agent"),
        Acknowledge(actor="Ben", handler="Ben", tier="specialist"),
        Escalate(actor="Ada", from_tier="agent", reason="Stuck."),
        WaitOnCustomer(actor="Ben", question="Which light is on?"),
        Resolve(actor="Ben", outcome=Outcome.FIXED, explanation="Done."),
    ]
)


@given(st.lists(st.tuples(st.floats(0.001, 300), commands), max_size=8))
def test_any_interleaving_of_settles_is_derived_from_what_it_left(steps: list[tuple[float, Command | None]]) -> None:
    """5.3: whoever settled, however late, the same list gives the same events."""
    kept, at = Kept(), MONDAY
    for hours, command in steps:
        at += timedelta(hours=hours)
        kept.settle(at, command)

    derived = rederive(LINES, OPENING, MONDAY, kept.inputs, looks(kept.entries))

    assert first_difference(kept.entries, derived.entries) is None
    assert derived.ticket == kept.ticket


def test_a_lost_command_shows_at_its_line() -> None:
    """What the record keeps as an input but has no line of, and the other way round."""
    kept = a_story()
    taken_on = next(entry for entry in kept.entries if entry.actor == "Ben")

    derived = rederive(LINES, OPENING, MONDAY, kept.inputs[1:], looks(kept.entries))
    difference = first_difference(kept.entries, derived.entries)

    assert difference is not None
    assert (difference.sequence, difference.recorded) == (taken_on.sequence, taken_on)


def test_a_line_that_was_changed_shows_both_sides() -> None:
    """A breach moved by a second is another breach."""
    kept = a_story()
    index, breach = next(
        (index, entry) for index, entry in enumerate(kept.entries) if isinstance(entry.event, ClockBreached)
    )
    forged = replace(breach, at=breach.at + timedelta(seconds=1))
    recorded = [*kept.entries[:index], forged, *kept.entries[index + 1 :]]

    derived = rederive(LINES, OPENING, MONDAY, kept.inputs, looks(recorded))

    assert first_difference(recorded, derived.entries) == Difference(
        sequence=breach.sequence, recorded=forged, derived=breach
    )


def test_a_log_that_ends_early_shows_what_is_missing() -> None:
    """The side that has no such line says so."""
    kept = a_story()

    difference = first_difference(kept.entries[:-1], kept.entries)

    assert difference == Difference(sequence=len(kept.entries), recorded=None, derived=kept.entries[-1])
