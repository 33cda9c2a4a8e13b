"""What a real Prometheus makes of the page: the first breach shows, and nothing is against it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from services.exporter.exporter import Exporter
from services.records import Records, SettledBy
from services.settings import Address
from tests.support.clock import StoryClock
from tests.support.processes import page
from tests.support.prometheus import Prometheus, checked, prometheus
from tests.support.record import ACKNOWLEDGE, a_policy, an_acknowledgement, an_opening
from workflows.policies import PolicySet

PROMISED = PolicySet(policies={"round-the-clock": a_policy()}, queues={"home": "round-the-clock"})
DESK = '{target="acknowledge",tier="desk",priority="normal",queue="home"}'
BREACHED = f"followthrough_clocks_breached_total{DESK}"
TIMES = 'followthrough_time_to_acknowledge_seconds_bucket{tier="desk",priority="normal",queue="home"'


@asynccontextmanager
async def exporting(records: Records) -> AsyncIterator[str]:
    """An exporter of this record."""
    exporter = Exporter(records.queries, lambda: PROMISED)
    port = await exporter.start(Address("127.0.0.1", 0))
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await exporter.stop()


async def value(server: Prometheus, expression: str, at: float) -> float:
    """What one expression came to at an instant of the machine's clock, in seconds."""
    (found,) = await server.query(expression, at=at)
    return found.value


async def test_the_first_breach_is_an_increase_of_one(
    records: Records, story_clock: StoryClock, tmp_path: Path
) -> None:
    """It was there at zero, so that whoever is woken by an increase is woken by the first."""
    await records.record.open_ticket(a_policy(), an_opening())
    async with exporting(records) as address, prometheus(tmp_path, {"followthrough": address}) as server:
        await server.until(f"{BREACHED} == 0")
        story_clock.pass_(ACKNOWLEDGE + timedelta(seconds=1))
        await records.upkeep.rescue_late(grace_seconds=0, limit=9)
        await server.until(f"{BREACHED} == 1")
        (scraped,) = await server.query(f"timestamp({BREACHED})")

        # At the very sample: between two, Prometheus adds what would have come.
        assert await value(server, f"increase({BREACHED}[1h])", scraped.value) == 1
        assert await value(server, "sum(increase(followthrough_clocks_breached_total[1h]))", scraped.value) == 1
        step = 'followthrough_escalations_total{from_tier="desk",reason="acknowledge_breached"}'
        assert await value(server, f"increase({step}[1h])", scraped.value) == 1
        assert await value(server, "increase(followthrough_breach_lag_seconds_count[1h])", scraped.value) == 1


async def test_attainment_is_read_off_the_bucket_of_the_promise(
    records: Records, story_clock: StoryClock, tmp_path: Path
) -> None:
    """A promise of 15 minutes: `le` at 900 counts who was in time to the microsecond, and nobody who was not."""
    async with exporting(records) as address, prometheus(tmp_path, {"followthrough": address}) as server:
        await server.until(f'{TIMES},le="900.0"}} == 0')
        for number, late in enumerate((timedelta(0), timedelta(0), timedelta(0), timedelta(microseconds=1)), 1):
            await records.record.open_ticket(a_policy(), an_opening(number))
            opened_at = (await records.queries.ticket(f"t-{number:04d}")).opened_at
            story_clock.set(opened_at + ACKNOWLEDGE + late)
            await records.record.settle(f"t-{number:04d}", an_acknowledgement(), by=SettledBy.INTAKE)
        await server.until(f'{TIMES},le="+Inf"}} == 4')
        (scraped,) = await server.query(f'timestamp({TIMES},le="+Inf"}})')

        assert await value(server, f'{TIMES},le="900.0"}} / ignoring(le) {TIMES},le="+Inf"}}', scraped.value) == 0.75
        assert await value(server, BREACHED, scraped.value) == 1


async def test_promtool_has_nothing_against_the_page(records: Records) -> None:
    """Names, units and help are as Prometheus wants them."""
    async with exporting(records) as address:
        assert await checked(await page(address)) == ""
