"""A real Prometheus beside a real run in which promises are broken: every panel and every rule has something to say."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from deploy.grafana.build import BOARDS
from deploy.watched import JOBS, RULES, configuration
from services.settings import Address
from tests.support.processes import Running, above_nothing, ended, environment, page, running
from tests.support.prometheus import Prometheus, serving
from tests.support.rules import families, rules, selectors
from workflows.policies import load

SHIPPED = load()
QUEUE = next(iter(SHIPPED.queues))
POLICY = SHIPPED.of_queue(QUEUE)
MOST_URGENT = POLICY.priorities[0]
SPEED = 20_000
"""A closed weekend takes ten seconds, the way up the whole ladder two."""
EVERY = "1s"
RUNBOOKS = RULES.parents[2] / "docs" / "runbooks"
STANDS_FOR = {"$__rate_interval": "1m", "$__range": "1h", "$queue": ".*"}
"""What Grafana writes in place of its variables."""
ONLY_WHILE_THERE_IS_ONE = {
    "record:followthrough_oldest_pending_message_timestamp_seconds:max",
    "followthrough_oldest_pending_message_timestamp_seconds",
    "record:followthrough_oldest_awaited_credit_timestamp_seconds:max",
    "followthrough_oldest_awaited_credit_timestamp_seconds",
}
"""Has no series while no message, or no credit, waits: that its metric is declared is all that can be asked for."""
ONLY_ONCE_IT_HAPPENED = {"temporal_request_failure_total"}
"""Temporal's SDK shows a metric from its first count on, and no request fails on a good day: its panel shows zeroes."""


async def test_every_panel_and_every_rule_has_something_to_say(tmp_path: Path) -> None:
    """No panel is empty and no rule asks for what nobody shows, on a day on which promises are kept and broken.

    What the runbooks ask for can be asked, and the ladder that ends on that day is told.
    """
    async with _a_day(tmp_path) as (pages, server):
        declared = {family for address in pages.values() for family in _declared(await page(str(address)))}
        for rule in rules():
            assert families(rule.expr) <= declared, rule.name
            for selector in selectors(rule.expr) - ONLY_WHILE_THERE_IS_ONE:
                await server.until(f"last_over_time({selector}[1h])")
            if rule.is_alert:
                await server.query(rule.expr)
            elif rule.name not in ONLY_WHILE_THERE_IS_ONE:
                assert await server.until(rule.name), rule.name
        asked = [expr for board in BOARDS for expr in _panels(board)]
        for expr in asked:
            assert families(expr) - ONLY_ONCE_IT_HAPPENED <= declared, expr
            assert await server.until(expr), expr
        for expr in _of_runbooks():
            assert families(expr) - ONLY_ONCE_IT_HAPPENED <= declared, expr
            await server.query(expr)
        for name in ("LadderExhausted", "Watchdog"):
            await server.until(f'ALERTS{{alertname="Followthrough{name}", alertstate="firing"}}')

    assert len(asked) > 40


@asynccontextmanager
async def _a_day(folder: Path) -> AsyncIterator[tuple[dict[str, Address], Prometheus]]:
    """Run a desk until a ladder has ended, on a fast clock, watched from before the first ticket."""
    origin = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    env = environment(folder / "var", CLOCK=f"scaled:{origin}:{SPEED}")
    async with running("up", env=env) as up:
        intake = (await up.say(r"\n  intake +(\S+) "))[1]
        pages = {"followthrough": Address.parse((await up.say(r"metrics +http://(\S+)/metrics"))[1])}
        for part in JOBS.keys() - pages.keys():
            pages[part] = Address.parse((await up.log(rf"part={part} address=(\S+)"))[1])
        draining = asyncio.create_task(_drain(up))
        file = folder / "prometheus.yml"
        file.write_text(configuration(pages, None, rules=_at_once(folder), every=EVERY), encoding="utf-8")
        try:
            async with serving(folder, file) as server:
                await server.scraped_after(time.time())
                await _open_and_work(env, intake)
                await above_nothing(str(pages["followthrough"]), "exhaustions_total{")
                yield pages, server
        finally:
            draining.cancel()
            await asyncio.wait([draining])


async def _open_and_work(env: dict[str, str], intake: str) -> None:
    """Open tickets; one is seen to its end, the others wait for somebody who never comes."""
    who = ("--customer", "C-1", "--name", "Ada Example", "--subject", "No connection", "--server", intake, "--json")
    opened = [
        json.loads((await ended("ticket", "open", "--queue", QUEUE, "--priority", MOST_URGENT, *who, env=env)).out)
        for _ in range(2)
    ]
    done = ("ticket", "resolve", opened[0]["ticket_id"], "--outcome", "fixed", "--explanation", "A cable was loose.")
    assert (await ended(*done, "--server", intake, env=env)).code == 0
    assert (await ended("ticket", "confirm", opened[0]["ticket_id"], "--server", intake, env=env)).code == 0


async def _drain(up: Running) -> None:
    """Read on, so that nobody waits for room to write his log."""
    assert up.process.stderr is not None
    while await up.process.stderr.read(65_536):
        pass


def _at_once(folder: Path) -> Path:
    """Take the rules as they are, but for groups that take their time."""
    hurried = folder / "rules"
    hurried.mkdir()
    for path in RULES.glob("*.yml"):
        text = re.sub(r"^ +interval: .*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        (hurried / path.name).write_text(text, encoding="utf-8")
    return hurried


def _declared(text: str) -> set[str]:
    return set(re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE))


def _panels(board: str) -> list[str]:
    """Read every expression of a committed dashboard, as Grafana asks for it."""
    read = json.loads((RULES.parents[1] / "grafana" / board).read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in read["panels"] for target in panel.get("targets", [])]
    for variable, value in STANDS_FOR.items():
        asked = [expr.replace(variable, value) for expr in asked]
    return asked


def _of_runbooks() -> list[str]:
    """Read every question of a runbook: one a line."""
    texts = [path.read_text(encoding="utf-8") for path in RUNBOOKS.glob("*.md")]
    blocks = [block for text in texts for block in re.findall(r"```promql\n(.*?)```", text, re.DOTALL)]
    return [line for block in blocks for line in block.splitlines()]
