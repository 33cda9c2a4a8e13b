"""How late the engine was in a feed."""

from datetime import UTC, datetime, timedelta

from services.feed.figures import lags, percentile
from tests.support.policies import LINES
from workflows.domain.ticket.commands import Customer, Open
from workflows.domain.ticket.judge import judge, open_ticket

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    """Give a length."""
    return timedelta(minutes=number)


def test_a_breach_has_its_lag() -> None:
    """15 minutes to acknowledge, found at 9:16."""
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

    judged = judge(LINES, open_ticket(LINES, opening, MONDAY).ticket, MONDAY + minutes(16))

    assert list(lags(judged.entries)) == [minutes(1)]


def test_a_percentile_is_one_of_the_lengths() -> None:
    """The smallest that so large a part does not exceed."""
    lengths = [minutes(number) for number in range(1, 101)]

    assert percentile(lengths, 0.5) == minutes(50)
    assert percentile(lengths, 0.99) == minutes(99)
    assert percentile(lengths[:1], 0.99) == minutes(1)
    assert percentile([], 0.5) is None
