"""Alerts in a real run: a deadline that passes unseen is told, the keeper ends that, and no record is no silence."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.observe import ALERTMANAGER_FILE
from deploy.watched import JOBS, RULES, configuration
from services.client import TicketClient
from services.settings import Address
from tests.support.intake import opening
from tests.support.processes import ended, environment, running
from tests.support.prometheus import Alertmanager, Prometheus, alertmanager, serving
from tests.support.temporal import free_port
from tests.support.waiting import PATIENCE_SECONDS

SPEED = 600
"""The first deadline, a quarter of an hour off, passes within two seconds."""
EVERY = "1s"
NOBODY = Address("127.0.0.1", 1)
HABIT = 'last_over_time(ALERTS{alertname="FollowthroughRescueIsAHabit"}[1h])'


async def test_a_deadline_that_passes_unseen_is_told_until_it_is_judged(tmp_path: Path) -> None:
    """With neither worker nor keeper an alert says so; a rescue mends it, and one is no habit.

    While the record is away no figure is shown, and that is told, too.
    """
    keeper_page = Address("127.0.0.1", free_port())
    env = environment(
        tmp_path, TEMPORAL_ADDRESS=str(NOBODY), CLOCK=_monday_at_nine(), KEEPER_METRICS_ADDRESS=str(keeper_page)
    )
    assert (await ended("migrate", env=env)).code == 0
    async with running("intake", env=env) as intake, running("exporter", env=env) as exporter:
        pages = dict.fromkeys(JOBS, NOBODY) | {
            "followthrough": Address.parse((await exporter.log(r"exporter answers +address=(\S+)"))[1]),
            "intake": Address.parse((await intake.log(r"part=intake address=(\S+)"))[1]),
            "keeper": keeper_page,
        }
        address = (await intake.log(r"intake answers +address=(\S+)"))[1]
        async with (
            alertmanager(tmp_path, ALERTMANAGER_FILE) as people,
            _watching(tmp_path, pages, Address.parse(people.url.removeprefix("http://"))) as server,
        ):
            async with TicketClient(address, caller="crm-1", actor="ann", deadline_seconds=60) as client:
                await client.change(opening())
            for name in ("DeadlinePassedSilently", "TicketsOverdue", "ProcessDown"):
                await server.until(_firing(name))
            await _people_hear(people)
            async with running("keeper", env=env):
                for name in ("DeadlinePassedSilently", "TicketsOverdue"):
                    await server.until(f"absent({_firing(name)})")
                await server.until("record:followthrough_rescued_total:max > 0")
            await server.until(f"absent({HABIT})")
            await _without_its_record(tmp_path, server)


@asynccontextmanager
async def _watching(folder: Path, pages: Mapping[str, Address], people: Address) -> AsyncIterator[Prometheus]:
    """Have Prometheus watch these pages, and tell these people, at once."""
    file = folder / "prometheus.yml"
    text = configuration(pages, people, rules=_without_waiting(folder), every=EVERY)
    file.write_text(text, encoding="utf-8")
    async with serving(folder, file) as server:
        yield server


async def _people_hear(people: Alertmanager) -> None:
    """The page, that is: what follows from it is kept from them."""
    expected = {("DeadlinePassedSilently", "page", False), ("TicketsOverdue", "ticket", True)}
    heard: set[tuple[str, str, bool]] = set()
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not expected <= heard:
            heard = {
                (labels["alertname"].removeprefix("Followthrough"), labels["severity"], is_silent)
                for labels, is_silent in await people.alerts()
            }
            await asyncio.sleep(0.1)


async def _without_its_record(folder: Path, server: Prometheus) -> None:
    record, elsewhere = folder / "record.sqlite3", folder / "elsewhere.sqlite3"
    record.rename(elsewhere)
    await server.until(_firing("ExporterDown"))
    await server.until("absent(record:followthrough_record_timestamp_seconds:max)")
    elsewhere.rename(record)
    await server.until(f"absent({_firing('ExporterDown')})")
    await server.until("record:followthrough_record_timestamp_seconds:max")


def _firing(name: str) -> str:
    return f'ALERTS{{alertname="Followthrough{name}", alertstate="firing"}}'


def _monday_at_nine() -> str:
    """A fast clock that is at nine on a Monday in London about now."""
    now = datetime.now(UTC)
    monday = (now + timedelta(days=7 - now.weekday())).replace(hour=9, minute=0, second=0, microsecond=0)
    return f"scaled:{(now - (monday - now) / (SPEED - 1)).isoformat().replace('+00:00', 'Z')}:{SPEED}"


def _without_waiting(folder: Path) -> Path:
    """Take the rules as they are, but for how long they wait before they tell."""
    hurried = folder / "rules"
    hurried.mkdir()
    for path in RULES.glob("*.yml"):
        text = re.sub(r"^ +(interval|for): .*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (hurried / path.name).write_text(text, encoding="utf-8")
    return hurried
