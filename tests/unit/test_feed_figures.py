"""What the summary of a feed counts."""

from datetime import UTC, datetime, timedelta

from services.feed.figures import Figures, percentile
from tests.support.policies import LINES
from workflows.domain.ticket.commands import (
    Acknowledge,
    Command,
    Confirm,
    Customer,
    Escalate,
    Open,
    Reopen,
    Resolve,
    Transfer,
)
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.words import Cause, ClosedBy, Outcome, Status, Target

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TAKE_ON = Acknowledge(actor="Ada", handler="Ada", tier="agent")
SOLVE = Resolve(actor="Ada", outcome=Outcome.FIXED, explanation="Done.")


def figures(*story: tuple[timedelta, Command | None]) -> Figures:
    """Count an urgent ticket of Monday morning, settled at these lengths after its opening."""
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
    judged = open_ticket(LINES, opening, MONDAY)
    entries = list(judged.entries)
    for after, command in story:
        judged = judge(LINES, judged.ticket, MONDAY + after, command)
        assert judged.refusal is None
        entries += judged.entries
    counted = Figures()
    counted.add(judged.ticket, entries)
    return counted


def minutes(number: float) -> timedelta:
    """Give a length."""
    return timedelta(minutes=number)


def test_a_ticket_solved_at_the_front() -> None:
    """Everything met, nobody but the first line had it."""
    counted = figures((minutes(5), TAKE_ON), (minutes(30), SOLVE), (minutes(40), Confirm(actor="Ada")))

    assert (counted.opened, counted.at_the_front, counted.statuses) == (1, 1, {Status.CLOSED: 1})
    assert counted.closed_by == {ClosedBy.CONFIRMATION: 1}
    assert counted.met[Target.ACKNOWLEDGE, "agent"] == 1
    assert counted.met[Target.RESOLVE, "agent"] == 1
    assert counted.breached.total() == 0


def test_a_breach_is_counted_with_its_lag() -> None:
    """15 minutes to acknowledge, found a minute late: escalated, and two tiers had it."""
    counted = figures((minutes(16), None), (minutes(17), Transfer(actor="Ada", to_tier="agent", reason="Known.")))

    assert counted.breached == {(Target.ACKNOWLEDGE, "agent"): 1}
    assert (counted.escalations, counted.causes) == (1, {Cause.ACKNOWLEDGE_BREACHED: 1})
    assert (counted.backward, counted.forward, counted.ping_pong) == (1, 0, 1)
    assert counted.lags == [minutes(1)]
    assert counted.at_the_front == 0


def test_a_verdict_that_a_reopening_withdraws_is_not_counted() -> None:
    """6.9: the *met* is withdrawn."""
    counted = figures(
        (minutes(5), TAKE_ON),
        (minutes(6), SOLVE),
        (minutes(7), Confirm(actor="Ada")),
        (minutes(8), Reopen(actor="Ada", reason="Not yet.")),
    )

    assert counted.reopened == 1
    assert counted.met[Target.RESOLVE, "agent"] == 0
    assert counted.met[Target.ACKNOWLEDGE, "agent"] == 1


def test_escalations_by_hand_and_the_ladders_end() -> None:
    """The third one finds no tier above."""
    counted = figures(
        (minutes(1), Escalate(actor="Ada", from_tier="agent", reason="Up.")),
        (minutes(2), Escalate(actor="Ada", from_tier="specialist", reason="Up.")),
        (minutes(3), Escalate(actor="Ada", from_tier="supplier", reason="Up.")),
    )

    assert (counted.escalations, counted.exhausted, counted.causes) == (2, 1, {Cause.BY_HAND: 2})


def test_a_percentile_is_one_of_the_lengths() -> None:
    """The smallest that so large a part does not exceed."""
    lengths = [minutes(number) for number in range(1, 101)]

    assert percentile(lengths, 0.5) == minutes(50)
    assert percentile(lengths, 0.99) == minutes(99)
    assert percentile(lengths[:1], 0.99) == minutes(1)
    assert percentile([], 0.5) is None
