"""What is counted of many tickets, from their logs."""

from datetime import UTC, datetime, timedelta

from tests.support.policies import LINES
from workflows.domain.ticket.commands import (
    Acknowledge,
    ChangePriority,
    Command,
    Confirm,
    Customer,
    Escalate,
    Open,
    Reopen,
    Resolve,
    Transfer,
)
from workflows.domain.ticket.words import Cause, ClosedBy, Outcome, Status, Target
from workflows.planning.figures import Figures, of
from workflows.planning.life import Life

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TAKE_ON = Acknowledge(actor="Ada", handler="Ada", tier="agent")
SOLVE = Resolve(actor="Ada", outcome=Outcome.FIXED, explanation="Done.")


def figures(*story: tuple[timedelta, Command]) -> Figures:
    """Count an urgent ticket of Monday morning, told these commands so long after its opening."""
    opening = Open(
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
    life = Life(LINES, opening, MONDAY)
    for after, command in story:
        assert life.say(MONDAY + after, command) is None
    counted = Figures()
    counted.add(life.ticket, life.entries)
    return counted


def minutes(number: float) -> timedelta:
    """Give a length."""
    return timedelta(minutes=number)


def test_a_ticket_solved_at_the_front() -> None:
    """Everything met, nobody but the first line had it."""
    counted = figures((minutes(5), TAKE_ON), (minutes(30), SOLVE), (minutes(40), Confirm(actor="Ada")))

    assert (counted.opened, counted.statuses) == (1, {Status.CLOSED: 1})
    assert (counted.solved, counted.at_the_front) == ({"urgent": 1}, {"urgent": 1})
    assert counted.closed_by == {ClosedBy.CONFIRMATION: 1}
    assert counted.met[Target.ACKNOWLEDGE, "agent", "urgent"] == 1
    assert counted.met[Target.RESOLVE, "agent", "urgent"] == 1
    assert counted.breached.total() == 0
    assert counted.undecided.total() == 0


def test_a_breach_moves_the_ladder_and_is_counted_where_it_was() -> None:
    """15 minutes to acknowledge pass: escalated to the specialists, and sent back to the tier that had it before."""
    counted = figures((minutes(17), Transfer(actor="Ada", to_tier="agent", reason="Known.")))

    assert counted.breached == {(Target.ACKNOWLEDGE, "agent", "urgent"): 1}
    assert counted.escalated == {("agent", "specialist", Cause.ACKNOWLEDGE_BREACHED): 1}
    assert (counted.escalations, counted.causes) == (1, {Cause.ACKNOWLEDGE_BREACHED: 1})
    assert counted.transferred == {("specialist", "agent"): 1}
    assert (counted.backward, counted.forward) == (1, 0)
    assert (counted.ping_pong, counted.ping_pong_tickets) == (1, 1)
    assert counted.solved.total() == counted.at_the_front.total() == 0
    # Of the agents both, of the specialists nothing any more, of the customer both, and the news promised on climbing.
    assert sum(counted.undecided.values()) == 5
    assert counted.undecided[Target.PROMISE, "agent", "urgent"] == 1
    # What was promised on opening, until another word took its place.
    assert counted.cancelled[Target.PROMISE, "specialist", "urgent"] == 1


def test_a_verdict_that_a_reopening_withdraws_is_not_counted() -> None:
    """6.9: the *met* is withdrawn."""
    counted = figures(
        (minutes(5), TAKE_ON),
        (minutes(6), SOLVE),
        (minutes(7), Confirm(actor="Ada")),
        (minutes(8), Reopen(actor="Ada", reason="Not yet.")),
    )

    assert counted.reopened == 1
    assert counted.met[Target.RESOLVE, "agent", "urgent"] == 0
    assert counted.met[Target.ACKNOWLEDGE, "agent", "urgent"] == 1


def test_a_change_of_priority_is_counted_from_then_on() -> None:
    """A clock is counted under the priority that the ticket had when it ended."""
    counted = figures(
        (minutes(5), TAKE_ON),
        (minutes(6), ChangePriority(actor="Ada", priority="normal", reason="It can wait.")),
        (minutes(7), SOLVE),
        (minutes(8), Confirm(actor="Ada")),
    )

    assert counted.priorities == {"urgent": 1}
    assert counted.met[Target.ACKNOWLEDGE, "agent", "urgent"] == 1
    assert counted.met[Target.RESOLVE, "agent", "normal"] == 1


def test_escalations_by_hand_and_the_ladders_end() -> None:
    """The third one finds no tier above; an hour later, 10:03, the last resort is told again."""
    counted = figures(
        (minutes(1), Escalate(actor="Ada", from_tier="agent", reason="Up.")),
        (minutes(2), Escalate(actor="Ada", from_tier="specialist", reason="Up.")),
        (minutes(3), Escalate(actor="Ada", from_tier="supplier", reason="Up.")),
        (minutes(64), Acknowledge(actor="Sue", handler="Sue", tier="supplier")),
    )

    assert (counted.escalations, counted.exhausted, counted.exhausted_tickets) == (2, 1, 1)
    assert (counted.causes, counted.exhaustions) == ({Cause.BY_HAND: 2}, {Cause.BY_HAND: 1})
    assert counted.reminders == 1


def test_parts_add_up_to_the_whole() -> None:
    """Two halves counted apart are what both come to together."""
    front = ((minutes(5), TAKE_ON), (minutes(30), SOLVE), (minutes(40), Confirm(actor="Ada")))
    back = ((minutes(17), Transfer(actor="Ada", to_tier="agent", reason="Known.")),)
    both = figures(*front)
    both.include(figures(*back))

    assert both.opened == 2
    assert both.statuses == {Status.CLOSED: 1, Status.OPEN: 1}
    assert both.breached == {(Target.ACKNOWLEDGE, "agent", "urgent"): 1}
    assert of(both.met, Target.ACKNOWLEDGE) == of(both.met, Target.ACKNOWLEDGE, "agent", "urgent") == 1
    assert both.ping_pong == 1
