"""A full disk: at the start it is one line; while running, intake says that it is not ready, and is again by itself.

A process may be kept from writing longer files, in any file system and without rights; let go, it finds room again.
"""

import json
import resource
import sys
from pathlib import Path

import grpc.aio
import pytest
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from tests.support.processes import ended, environment, running
from workflows.policies import load

SHIPPED = load()
QUEUE = next(iter(SHIPPED.queues))
FIRST = SHIPPED.of_queue(QUEUE).tiers[0]
PRIORITY = SHIPPED.of_queue(QUEUE).priorities[-1]


@pytest.mark.parametrize(
    ("room_bytes", "said"),
    [
        (0, "the disk is full: make room"),
        (65_536, "the record in it: the file could not be read or written: see its disk"),
    ],
)
async def test_a_disk_that_is_full_at_the_start_is_one_line(tmp_path: Path, room_bytes: int, said: str) -> None:
    """Nothing is started on it; with room it starts as if nothing had been."""
    full = await ended("up", env=environment(tmp_path), room_bytes=room_bytes)

    assert (full.code, full.out) == (2, "")
    assert full.err == f"followthrough: FOLLOWTHROUGH_VAR_DIR='{tmp_path}': {said}\n"
    assert (await ended("migrate", env=environment(tmp_path))).code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the limits of a process that runs cannot be set here")
async def test_a_disk_that_fills_and_empties_again_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    """Commands are refused, to be tried again; questions are answered; who balances load looks elsewhere meanwhile."""
    env = environment(tmp_path)
    assert (await ended("migrate", env=env)).code == 0
    async with running("intake", env=env) as intake:
        server = (await intake.log(r"intake answers  address=(\S+)")).group(1)
        at = ["--server", server, "--json"]
        who = ["--queue", QUEUE, "--priority", PRIORITY, "--customer", "C-1", "--name", "Ada Example"]
        opened = await ended("ticket", "open", *who, "--subject", "No mail", *at, env=env)
        ticket_id = json.loads(opened.out)["ticket_id"]
        acknowledge = ["ticket", "ack", ticket_id, "--tier", FIRST.name, *at]
        assert await _health(server) == HealthCheckResponse.SERVING

        roomy = resource.prlimit(intake.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(intake.process.pid, resource.RLIMIT_FSIZE, (0, roomy[1]))
        refused = await ended(*acknowledge, env=env)
        await intake.log(
            rf"warning record cannot be used, not ready  why=\"sqlite:///{tmp_path}/record\.sqlite3: "
            r"the file could not be read or written: see its disk\"\n"
        )
        shown = await ended("ticket", "show", ticket_id, *at, env=env)
        full = await _health(server)

        resource.prlimit(intake.process.pid, resource.RLIMIT_FSIZE, roomy)
        await intake.log(r"warning record can be used again\n")
        taken = await ended(*acknowledge, env=env)

        assert (refused.code, refused.out) == (2, "")
        assert "the record cannot be written just now: try again" in refused.err
        assert (json.loads(shown.out)["status"], full) == ("TICKET_STATUS_OPEN", HealthCheckResponse.NOT_SERVING)
        assert json.loads(taken.out)["status"] == "TICKET_STATUS_IN_PROGRESS"
        assert await _health(server) == HealthCheckResponse.SERVING
        assert await intake.stop() == 0


async def _health(address: str) -> int:
    async with grpc.aio.insecure_channel(address) as channel:
        check: grpc.aio.UnaryUnaryMultiCallable[HealthCheckRequest, HealthCheckResponse] = channel.unary_unary(
            "/grpc.health.v1.Health/Check", HealthCheckRequest.SerializeToString, HealthCheckResponse.FromString
        )
        return (await check(HealthCheckRequest())).status
