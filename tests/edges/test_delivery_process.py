"""`followthrough delivery` and delivery in `up`, as real processes on a folder of the test's own."""

import re
from pathlib import Path

from services.records import RealClock, connect
from services.settings import Settings
from tests.support.outbox import all_is_sent
from tests.support.processes import ended, environment, running
from tests.support.record import a_policy, an_opening
from workflows.policies import load

SHIPPED = load()
QUEUE = next(iter(SHIPPED.queues))
POLICY = SHIPPED.of_queue(QUEUE)
TOLD = r"info    message  ticket_id={} sequence=1 kind=opened audience={} key=[0-9a-f]{{32}}\n"


async def test_two_processes_share_an_outbox_and_stop_in_order(tmp_path: Path) -> None:
    """Each message is printed by one of them, once; whoever starts later prints none of them again."""
    env = environment(tmp_path)
    assert (await ended("migrate", env=env)).code == 0
    async with (
        await connect(Settings(var_dir=tmp_path).record_url, RealClock()) as records,
        running("delivery", env=env) as one,
        running("delivery", env=env) as other,
    ):
        await one.log("delivery started")
        await other.log("delivery started")
        for number in range(1, 10):
            await records.record.open_ticket(a_policy(), an_opening(number))
        await all_is_sent(records)
        async with running("delivery", env=env) as later:
            await later.log("delivery started")
            await records.record.open_ticket(a_policy(), an_opening(10))
            await all_is_sent(records)
            printed = []
            for process in (one, other, later):
                assert await process.stop() == 0
                await process.log("delivery stopped")
                printed += re.findall(r"message  (.*) key=", process.logged)

    assert len(printed) == len(set(printed)) == 20
    assert "ticket_id=t-0001 sequence=1 kind=opened audience=customer" in printed


async def test_up_prints_who_is_told_of_what(tmp_path: Path) -> None:
    """From the command line to the line in the log; the page counts it."""
    env = environment(tmp_path)
    async with running("up", env=env) as up:
        await up.say(r"Ctrl-C stops it\.")
        server = (await up.say(r"\n  intake +(\S+) ")).group(1)
        who = [
            "--queue",
            QUEUE,
            "--priority",
            POLICY.priorities[-1],
            "--customer",
            "C-Canary",
            "--name",
            "Zebedee Canary",
        ]

        opened = await ended("ticket", "open", *who, "--subject", "No mail", "--server", server, env=env)

        assert opened.code == 0, opened.err
        await up.log(TOLD.format(r"\S+", "customer"))
        await up.log(TOLD.format(r"\S+", "tier"))
        assert await up.stop() == 0
        assert "Canary" not in up.logged
        await up.log("temporal stopped")
    assert "Zebedee" not in up.logged
