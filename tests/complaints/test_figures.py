"""Screen, report and warehouse that disagree: told at our desk."""

import re
from collections import Counter

from protos.followthrough.v1 import ticket_pb2
from services.exporter.exporter import Exporter
from services.settings import Address
from tests.support.day import Day
from tests.support.policies import PROMISED
from tests.support.processes import page


async def test_family_12_screen_metric_and_log_agree(day: Day) -> None:
    """ServiceNow KB0596023, dbt_zendesk#51: after a day of breaches the page for Prometheus counts what the log says.

    And so does what a ticket shows of itself.
    """
    tickets = [await day.open(priority=priority) for priority in ("urgent", "high", "normal")]
    await day.take(tickets[1])
    await day.comes("Tue 24 Nov 12:00")
    logged: Counter[tuple[str, str]] = Counter()
    for ticket in tickets:
        for breach in await day.of_kind(ticket, "clock_breached", lambda event: event.clock_breached):
            target = ticket_pb2.Target.Name(breach.target).removeprefix("TARGET_").lower()
            logged[target, breach.held_by] += breach.count
        for broken in await day.of_kind(ticket, "promise_broken", lambda event: event.promise_broken):
            logged["promise", broken.held_by] += 1
        shown = {(clock.target, clock.run) for clock in (await day.now(ticket)).clocks if _is_breached(clock)}
        log = await day.of_kind(ticket, "clock_breached", lambda event: event.clock_breached)
        assert shown <= {(breach.target, breach.run) for breach in log}
    assert len(logged) > 5

    exporter = Exporter(day.desk.records.queries, lambda: PROMISED)
    port = await exporter.start(Address("127.0.0.1", 0))
    try:
        text = await page(f"127.0.0.1:{port}")
    finally:
        await exporter.stop()
    assert _breached(text) == logged


def _is_breached(clock: ticket_pb2.Clock) -> bool:
    return clock.state == ticket_pb2.CLOCK_STATE_BREACHED


def _breached(text: str) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for labels, value in re.findall(r"^followthrough_clocks_breached_total\{(.*?)\} (\S+)$", text, re.MULTILINE):
        named = dict(re.findall(r'(\w+)="(.*?)"', labels))
        if float(value):
            found[named["target"], named["tier"]] += int(float(value))
    return found
