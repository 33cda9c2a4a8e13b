"""Deliveries into files that die between the disk and the record: nothing is lost, and what came twice says so."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from services.delivery.delivery import Delivery, Pace
from services.records import Records, SettledBy
from tests.support.filing import into_files
from tests.support.outbox import all_is_sent, leases_end
from tests.support.record import a_policy, an_acknowledgement, an_opening
from workflows.domain.ticket.commands import PostUpdate

BRISK = Pace(look_every_seconds=0.01)
KINDS = ["opened customer", "opened tier", "update_posted customer"]


def lines_of(folder: Path) -> list[bytes]:
    """All lines of all files."""
    return [line for path in sorted(folder.iterdir()) for line in path.read_bytes().splitlines()]


def whole(lines: list[bytes]) -> list[dict[str, Any]]:
    """Those that a reader can make sense of."""
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


async def a_delivery_that_dies(url: str, folder: Path, when: str) -> None:
    """Deliver in another process, which is killed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "tests.support.filing", url, str(folder), when
    )
    async with asyncio.timeout(60):
        assert await process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("when", ["written", "torn"])
async def test_a_delivery_killed_between_the_disk_and_the_record_loses_nothing(
    record_url: str, records: Records, tmp_path: Path, when: str
) -> None:
    """4.7: the next one writes it again, under the same key and saying so; a torn line stands alone."""
    folder = tmp_path / "messages"
    await records.record.open_ticket(a_policy(), an_opening())
    await records.record.settle("t-0001", an_acknowledgement("kim"), by=SettledBy.INTAKE)
    await records.record.settle("t-0001", PostUpdate(actor="kim", text="We come at four."), by=SettledBy.INTAKE)

    await a_delivery_that_dies(record_url, folder, when)
    before = lines_of(folder)
    assert before, "nothing was on the disk"
    figures = await records.queries.figures()
    assert figures.pending_messages == len(KINDS)
    await leases_end(record_url)
    delivery = Delivery(records.outbox, into_files(records, folder), BRISK)
    task = asyncio.create_task(delivery.run())
    await all_is_sent(records)
    delivery.stop()
    await task

    after = whole(lines_of(folder)[len(before) :])
    told = whole(lines_of(folder))
    assert sorted(f"{line['kind']} {line['audience']}" for line in after) == KINDS
    keys = [line["key"] for line in told]
    assert len(set(keys)) == len(KINDS)
    flagged = {line["key"] for line in after if line["possibly_sent_twice"]}
    assert {line["key"] for line in whole(before)} <= flagged
    assert all(keys.count(key) == 1 or key in flagged for key in keys)
    assert len(told) == len(lines_of(folder)) - (when == "torn")
