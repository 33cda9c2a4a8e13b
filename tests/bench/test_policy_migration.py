"""A small run of the migration's benchmark, so that it cannot rot. No figure is judged here."""

from tests.bench import policy_migration


async def test_a_migration_is_measured_beside_other_tickets_deadlines() -> None:
    """All tickets are moved three times, and the deadlines of others are found meanwhile and before."""
    found = await policy_migration.measure("sqlite", tickets=20, a_second=5, resting_seconds=2, rate=10)

    assert [(each.rate, each.is_earlier) for each in found.moved] == [(10, True), (None, True), (10, False)]
    assert all(each.tickets == 20 and each.seconds > 0 and each.lag.deadlines > 0 for each in found.moved)
    assert found.beside.deadlines > 0
    assert policy_migration.table(found).row_count == 4
