"""The page against a count of the log by somebody else, after processes were killed and callers tried again."""

import asyncio
import json
import signal
import sqlite3
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from protos.followthrough.v1.ticket_pb2 import CONTACT_KIND_NEWS, Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    OpenTicketRequest,
    PostUpdateRequest,
    RecordContactRequest,
)
from services.client import Refused, TicketClient
from tests.support.intake import opening
from tests.support.processes import PATIENCE_SECONDS, Running, ended, environment, page, running

TICKETS = 6
BREACHES = 20
"""So many are waited for: the clock runs more than an hour in a second."""
CLOCKS = {"clock_met": "clocks_met", "clock_breached": "clocks_breached", "clock_cancelled": "clocks_cancelled"}
TIMES = {
    "acknowledge": "time_to_acknowledge",
    "tier_resolve": "time_to_tier_resolve",
    "update": "time_between_updates",
    "resolve": "time_to_resolve",
}
SPEED = 5000
ANSWERS = r"(?:intake|exporter) answers +address=(\S+)"
Figures = Counter[tuple[str, tuple[str, ...]]]
"""By the series' name and its labels' values, in the order of their names."""


@asynccontextmanager
async def serving(env: Mapping[str, str]) -> AsyncIterator[tuple[str, list[Running]]]:
    """Intake and keeper, without any Temporal: where intake answers, and both processes."""
    async with AsyncExitStack() as both:
        intake = await both.enter_async_context(running("intake", env=env))
        keeper = await both.enter_async_context(running("keeper", env=env))
        address = (await intake.log(ANSWERS)).group(1)
        yield address, [intake, keeper]


async def work(address: str, openings: Sequence[OpenTicketRequest]) -> None:
    """Open the tickets, or try to again; then take some on, tell the customer something, have another ask for news."""
    async with TicketClient(address, caller="crm-1", actor="ann", deadline_seconds=60) as client:
        for number, request in enumerate(openings):
            ticket = await client.change(request)
            try:
                await client.change(_step(number, ticket))
            except Refused:  # its tier was left meanwhile: that counts nothing
                continue


def _step(number: int, ticket: Ticket) -> AcknowledgeTicketRequest | PostUpdateRequest | RecordContactRequest:
    """What is done to the ticket of that number: the same each time, under the same id."""
    id_, request_id = ticket.ticket_id, str(uuid.uuid5(uuid.NAMESPACE_OID, ticket.ticket_id))
    if number % 3 == 0:
        return AcknowledgeTicketRequest(ticket_id=id_, request_id=request_id, handler="ann", tier="agent")
    if number % 3 == 1:
        return PostUpdateRequest(ticket_id=id_, request_id=request_id, text="we are on it")
    return RecordContactRequest(
        ticket_id=id_, request_id=request_id, kind=CONTACT_KIND_NEWS, channel="phone", text="any news?"
    )


async def test_figures_are_what_the_log_says_after_kills_and_retries(tmp_path: Path) -> None:
    """What is counted stands in the transaction of what happened: no crash and no repetition makes it more or less."""
    env = environment(tmp_path, TEMPORAL_ADDRESS="127.0.0.1:1", CLOCK=_clock(), KEEPER_GRACE_SECONDS="0.1")
    assert (await ended("migrate", env=env)).code == 0
    openings = [opening(request_id=str(uuid.uuid4())) for _ in range(TICKETS)]
    for _ in range(2):
        async with serving(env) as (address, processes):
            await work(address, openings)
            for process in processes:
                await process.stop(signal.SIGKILL)
    async with running("exporter", env=env) as exporter:
        address = (await exporter.log(ANSWERS)).group(1)
        async with running("keeper", env=env) as keeper:
            await _until_breached(address)
            assert await keeper.stop() == 0
        text = await page(address)
        assert await exporter.stop() == 0

    shown, counted = _shown(text), _counted(tmp_path / "record.sqlite3")
    assert _of(shown, "tickets_opened_total").total() == TICKETS
    names = {name for name, _ in counted}
    assert names >= {
        "chases_total",
        "clocks_met_total",
        "clocks_warned_total",
        "escalations_total",
        "exhaustions_total",
    }
    assert {key: number for key, number in shown.items() if key[0] in names} == counted


async def _until_breached(address: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            shown = _shown(await page(address))
            if _of(shown, "clocks_breached_total").total() >= BREACHES and _of(shown, "exhaustions_total"):
                return
            await asyncio.sleep(0.2)


def _clock() -> str:
    """A clock that is at nine on a Monday in London about now, and runs more than an hour in a second."""
    now = datetime.now(UTC)
    monday = (now + timedelta(days=7 - now.weekday())).replace(hour=9, minute=0, second=0, microsecond=0)
    return f"scaled:{(now - (monday - now) / (SPEED - 1)).isoformat().replace('+00:00', 'Z')}:{SPEED}"


def _key(name: str, **labels: str) -> tuple[str, tuple[str, ...]]:
    return name, tuple(value for _, value in sorted(labels.items()))


def _shown(text: str) -> Figures:
    """What the page counts, as far as it counted anything."""
    shown: Figures = Counter()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.value and sample.name.endswith(("_total", "_count")):
                shown[_key(sample.name.removeprefix("followthrough_"), **sample.labels)] = int(sample.value)
    return shown


def _of(shown: Figures, name: str) -> Figures:
    return Counter({key: number for key, number in shown.items() if key[0] == name})


def _counted(record: Path) -> Figures:
    """Count the log by hand, line by line, knowing nothing of ours but how it is stored."""
    counted: Figures = Counter()
    with closing(sqlite3.connect(record)) as database:
        lines = database.execute(
            "SELECT events.ticket_id, queue, kind, body FROM events JOIN tickets USING (ticket_id) "
            "ORDER BY events.ticket_id, events.sequence"
        ).fetchall()
    standing: dict[str, dict[str, str]] = {}
    for ticket_id, queue, kind, body in lines:
        counted.update(_of_line(standing.setdefault(ticket_id, {"queue": queue}), kind, json.loads(body)))
    return counted


def _of_line(standing: dict[str, str], kind: str, body: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What one line adds; `standing` is where the ticket was before it, and after."""
    queue = standing["queue"]
    match kind:
        case "opened":
            standing.update(priority=body["priority"], tier=body["tier"])
            yield _key("tickets_opened_total", priority=body["priority"], queue=queue)
        case "contact_received":
            yield _key("chases_total", kind=body["kind"], **standing)
        case "clock_warned":
            yield _key("clocks_warned_total", target=body["target"], **standing)
        case "clock_met" | "clock_breached" | "clock_cancelled":
            labels = {"tier": body["held_by"], "priority": standing["priority"], "queue": queue}
            for _ in range(body.get("count", 1)):
                yield _key(f"{CLOCKS[kind]}_total", target=body["target"], **labels)
                if kind != "clock_cancelled":
                    yield _key(f"{TIMES[body['target']]}_seconds_count", **labels)
            if kind == "clock_breached":
                yield _key("breach_lag_seconds_count")
        case "escalated":
            steps = {"from_tier": body["from_tier"], "to_tier": body["to_tier"], "reason": body["causes"][0]}
            yield _key("escalations_total", queue=queue, **steps)
            standing["tier"] = body["to_tier"]
        case "ladder_exhausted" if not body["is_repeat"]:
            yield _key("exhaustions_total", tier=body["tier"], reason=body["causes"][0], queue=queue)
        case _:
            yield from _of_promise(standing, kind, body)


def _of_promise(standing: dict[str, str], kind: str, body: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    match kind:
        case "promise_kept":
            yield _key("clocks_met_total", target="promise", **standing)
        case "promise_broken":
            yield _key("clocks_breached_total", target="promise", **standing)
            yield _key("breach_lag_seconds_count")
        case "promise_made" if body["replaces"]:
            yield _key("clocks_cancelled_total", target="promise", **standing)
        case _:
            pass
