"""A small run of each benchmark, so that they cannot rot. No figure is judged here."""

from tests.bench import intake


async def test_the_intake_benchmark_runs(sqlite_url: str) -> None:
    """It opens and acknowledges what it is told to, through gRPC."""
    opened, acknowledged = await intake.measure(sqlite_url, tickets=4, clients=2)

    assert opened > 0
    assert acknowledged > 0
