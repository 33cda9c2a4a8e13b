"""Each process's own metrics page, as real processes: what nudger, keeper, delivery and Temporal's SDK did there."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.client import TicketClient
from tests.support.intake import opening
from tests.support.processes import Running, above_nothing, ended, environment, page, running
from tests.support.prometheus import checked
from workflows.domain.ticket.verdict import RULES_VERSION

PARTS = ("intake", "worker", "keeper", "delivery", "roster")
VERSION = version("followthrough")
SERVED = r'\{[^\n]*"fact": ?"metrics are served"[^\n]*\}'


async def pages(up: Running) -> dict[str, str]:
    """Where each part says that its page is."""
    found: dict[str, str] = {}
    while set(found) != set(PARTS):
        fact = json.loads((await up.log(SERVED)).group())
        found[fact["part"]] = fact["address"]
        up.logged = ""
    return found


def names(text: str) -> Iterator[str]:
    """Every series' name of a page."""
    for family in text_string_to_metric_families(text):
        yield from (sample.name for sample in family.samples)


async def test_each_part_has_a_page_in_one_process_too(tmp_path: Path) -> None:
    """Whether it runs alone or with the others, what scrapes it stays the same; promtool has nothing against a page."""
    async with running("up", env=environment(tmp_path, LOG_FORMAT="json", KEEPER_GRACE_SECONDS="0.5")) as up:
        where = await pages(up)
        intake = (await up.say(r"intake +(\S+) ")).group(1)
        exporter = (await up.say(r"metrics +http://(\S+)/metrics")).group(1)
        async with TicketClient(intake, caller="crm-1", actor="ann") as client:
            await client.change(opening())

        assert await above_nothing(where["delivery"], 'delivery_messages_total{outcome="sent"}') >= 1
        assert await above_nothing(where["intake"], 'nudger_sent_total{kind="start"}') == 1
        assert await above_nothing(where["keeper"], 'keeper_rounds_total{round="rescue"}') >= 1
        texts = {part: await page(address) for part, address in where.items()}
        texts["exporter"] = await page(exporter)
        assert await up.stop() == 0

    assert 'grpc_server_handled_total{grpc_code="OK",grpc_method="OpenTicket"' in texts["intake"]
    assert not [name for name in names(texts["keeper"]) if "nudger" in name]  # else it would be counted twice
    by_sdk = set(names(texts["worker"]))
    assert by_sdk >= {
        "temporal_num_pollers",
        "temporal_request_total",
        "temporal_request_latency_seconds_bucket",
        "temporal_worker_task_slots_available",
    }
    assert await checked(texts["worker"]) == ""
    for part in ("intake", "keeper", "delivery", "roster", "exporter"):
        assert f'followthrough_build_info{{rules_version="{RULES_VERSION}",version="{VERSION}"}} 1.0' in texts[part]
        assert await checked(texts[part]) == "", part


async def test_keeper_alone_shows_the_nudges_that_it_sends(tmp_path: Path) -> None:
    """The nudger belongs to whoever runs it."""
    env = environment(tmp_path, LOG_FORMAT="json", TEMPORAL_ADDRESS="127.0.0.1:1")
    assert (await ended("migrate", env=env)).code == 0
    async with running("keeper", env=env) as keeper:
        fact = json.loads((await keeper.log(SERVED)).group())
        text = await page(fact["address"])
        assert await keeper.stop() == 0

    assert {"followthrough_nudger_owed_total", "followthrough_keeper_nudged_total"} <= set(names(text))
    assert 'followthrough_keeper_round_failures_total{round="purge_messages"} 0.0' in text


@pytest.mark.parametrize("part", PARTS)
async def test_a_busy_port_is_told_like_any_other(tmp_path: Path, part: str) -> None:
    """One line, with the setting and the remedy, before anything runs."""
    env = environment(tmp_path)
    assert (await ended("migrate", env=env)).code == 0
    with closing(socket.create_server(("127.0.0.1", 0))) as stranger:
        field, address = f"FOLLOWTHROUGH_{part.upper()}_METRICS_ADDRESS", f"127.0.0.1:{stranger.getsockname()[1]}"
        alone, together = [
            await ended(command, env=env | {field: address, "FOLLOWTHROUGH_TEMPORAL_ADDRESS": "127.0.0.1:1"})
            for command in (part, "up")
        ]

    for process in (alone, together):
        assert (process.code, process.out) == (2, "")
        last = process.err.splitlines()[-1]
        assert last.startswith(f"followthrough: {field}='{address}': ")
        assert f" has the port: stop it, or set {field}=127.0.0.1:" in last
