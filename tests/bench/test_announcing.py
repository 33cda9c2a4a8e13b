"""A small run of the announcement's benchmark, so that it cannot rot. No figure is judged here."""

from tests.bench import announcing
from tests.bench.announcing import Amount


async def test_an_announcement_is_measured_beside_other_tickets_deadlines() -> None:
    """All customers are told twice, an update and the fix, each time in one letter; others' deadlines are found too."""
    amount = Amount(tickets=25, customers=20, rate=20, deadlines_a_second=5, resting_seconds=2)
    found = await announcing.measure("sqlite", amount)

    assert [(each.kind.value, each.tickets, each.letters) for each in found.told] == [
        ("update", 25, 20),
        ("fix", 25, 20),
    ]
    assert all(each.seconds > 0 for each in found.told)
    assert all(each.deadlines > 0 for each in found.beside)
    assert announcing.table(found).row_count == 4
