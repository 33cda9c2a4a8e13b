"""Made-up worlds on real databases: whatever is done to some tickets, rows, outbox and totals say what the log says."""

import pytest

from services.records import Records
from tests.support.clock import StoryClock
from tests.support.record import Outsider
from tests.support.recorded import Recorder
from tests.unit.ticket.plans import a_plan, gone_through


@pytest.mark.parametrize("seed", range(6))
async def test_a_record_keeps_what_the_domain_says(
    records: Records, record_url: str, story_clock: StoryClock, seed: int
) -> None:
    """5.3, 8: every command there is, closures, the roster, merges, imports and changes of policy, to the row."""
    world = gone_through(a_plan(seed))
    recorder = Recorder(records, story_clock, Outsider(record_url))
    await recorder.play(world)
    await recorder.require_same(world)
