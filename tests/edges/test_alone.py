"""Each process alone, as in production: real processes on a real database and a Temporal server that others run."""

import json
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client

from tests.support.databases import Cluster
from tests.support.processes import above_nothing, ended, environment, page, running
from tests.support.temporal import dev_server, free_port
from workflows import names
from workflows.policies import load

SHIPPED = load()
QUEUE = next(iter(SHIPPED.queues))
FIRST = SHIPPED.of_queue(QUEUE).tiers[0]
PRIORITY = SHIPPED.of_queue(QUEUE).priorities[-1]
WHO = ["--queue", QUEUE, "--priority", PRIORITY, "--customer", "C-1", "--name", "Ada Example"]
NAMESPACE = "desk"


async def test_six_processes_hold_a_promise_on_postgresql_and_anothers_temporal(
    tmp_path: Path, postgresql: Cluster
) -> None:
    """Opened through intake, breached and escalated by its workflow, counted on the page; each stops in order.

    The namespace comes last: the worker says that it waits for it, and the others answer meanwhile.
    """
    await postgresql.execute("CREATE DATABASE processes")
    with dev_server('history.timerProcessorMaxTimeShift="100ms"') as temporal:
        env = environment(
            tmp_path / "unused",
            DATABASE_URL=postgresql.url("processes"),
            TEMPORAL_ADDRESS=temporal,
            TEMPORAL_NAMESPACE=NAMESPACE,
            CLOCK=f"scaled:{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}:50000",  # a closed week-end takes five seconds
            KEEPER_GRACE_SECONDS="3600",  # what is late is the workflows' alone
        )
        assert (await ended("migrate", env=env)).code == 0
        async with AsyncExitStack() as stack:
            intake, worker, *others = [
                await stack.enter_async_context(running(name, env=env))
                for name in ("intake", "worker", "keeper", "delivery", "roster", "exporter")
            ]
            server = (await intake.log(r"intake answers  address=(\S+)")).group(1)
            metrics = (await others[-1].log(r"exporter answers  address=(\S+)")).group(1)
            await worker.log(f"temporal at '{temporal}' has no namespace '{NAMESPACE}': create it; still waiting")
            client = await _register(temporal)
            await worker.log("worker started")

            opened = await ended("ticket", "open", *WHO, "--subject", "No mail", "--server", server, "--json", env=env)
            ticket_id = json.loads(opened.out)["ticket_id"]
            await above_nothing(metrics, f'escalations_total{{from_tier="{FIRST.name}",queue="{QUEUE}",')
            run = await client.get_workflow_handle(ticket_id).describe()

            assert run.workflow_type == names.TICKET_WORKFLOW
            assert "\nfollowthrough_rescued_total 0.0\n" in await page(metrics)
            assert [await process.stop() for process in (intake, worker, *others)] == [0] * 6
    await postgresql.execute("DROP DATABASE processes")  # nobody is connected any more
    assert not _is_used(tmp_path)


def _is_used(folder: Path) -> bool:
    return any(folder.iterdir())


async def _register(address: str) -> Client:
    """Make the namespace."""
    client = await Client.connect(address, namespace=NAMESPACE)
    kept = Duration()
    kept.FromTimedelta(timedelta(days=1))
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=NAMESPACE, workflow_execution_retention_period=kept)
    )
    return client


async def test_a_temporal_that_goes_away_and_comes_back_is_told_once_each(tmp_path: Path) -> None:
    """The worker waits, says what for, and works on; all that it writes are facts, the SDK's own complaints too."""
    port, file = free_port(), tmp_path / "theirs.sqlite3"
    address = f"127.0.0.1:{port}"
    env = environment(tmp_path, TEMPORAL_ADDRESS=address, LOG_FORMAT="json")
    assert (await ended("migrate", env=env)).code == 0
    async with AsyncExitStack() as stack:
        with dev_server(port=port, file=file):
            worker = await stack.enter_async_context(running("worker", env=env))
            await worker.log("worker started")
        await worker.log("temporal does not answer at .*; still waiting")
        with dev_server(port=port, file=file):
            await worker.log(f"temporal at '{address}' answers again")
            assert await worker.stop() == 0
            await worker.log("worker stopped")

    facts = [json.loads(line)["fact"] for line in worker.logged.splitlines()]
    told = [fact for fact in facts if "answer" in fact]
    assert len(told) == 2, told
    assert not [fact for fact in facts if "retried" in fact]


async def test_a_record_without_its_schema_says_which_command_to_run(tmp_path: Path) -> None:
    """A process alone migrates nothing; `followthrough migrate` does, as often as one likes."""
    env = environment(tmp_path)

    before = await ended("exporter", env=env)
    migrated = [await ended("migrate", env=env), await ended("migrate", env=env)]

    assert (before.code, before.out) == (2, "")
    assert before.err.endswith("run `followthrough migrate`\n")
    assert [run.code for run in migrated] == [0, 0]


async def test_each_process_runs_alone_and_tickets_are_taken_while_temporal_is_away(tmp_path: Path) -> None:
    """Opening and acknowledging need the record only; what Temporal is owed is on the page."""
    env = environment(tmp_path)
    assert (await ended("migrate", env=env)).code == 0
    async with (
        running("intake", env=env) as intake,
        running("worker", env=env) as worker,
        running("keeper", env=env) as keeper,
        running("exporter", env=env) as exporter,
    ):
        server = (await intake.log(r"intake answers  address=(\S+)")).group(1)
        metrics = (await exporter.log(r"exporter answers  address=(\S+)")).group(1)
        await keeper.log("keeper started")
        await worker.log("temporal does not answer at .*; still waiting")

        opened = await ended("ticket", "open", *WHO, "--subject", "No mail", "--server", server, "--json", env=env)
        ticket_id = json.loads(opened.out)["ticket_id"]
        taken = await ended("ticket", "ack", ticket_id, "--tier", FIRST.name, "--server", server, "--json", env=env)

        assert json.loads(taken.out)["status"] == "TICKET_STATUS_IN_PROGRESS"
        assert "\nfollowthrough_owed_nudges 1.0\n" in await page(metrics)
        assert [await process.stop() for process in (intake, worker, keeper, exporter)] == [0, 0, 0, 0]
