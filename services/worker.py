"""The worker process: runs the tickets' workflows and their one activity, stops without leaving a settle half-way.

Composition only. Any number of workers may share the task queue.
"""

import logging
import os
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner
from temporalio.worker import Worker as TemporalWorker

from workflows import names
from workflows.activities import SettleActivities
from workflows.ports import Settler
from workflows.ticket import TicketWorkflow

logger = logging.getLogger(__name__)

TASKS_A_CORE = 8
"""More at once would trip the SDK's deadlock detector when, after a deploy, every ticket replays."""
CACHED_TICKETS = 5_000
"""About 48 MB a thousand. A cache smaller than the tickets that move quadruples the worker's processor time."""


class Worker:
    """One worker of the tickets' task queue."""

    def __init__(
        self,
        client: Client,
        settler: Settler,
        *,
        task_queue: str = names.TASK_QUEUE,
        grace_seconds: float = 20.0,
        settles_at_once: int = 16,
        cached_tickets: int = CACHED_TICKETS,
    ) -> None:
        """Take a connected client.

        `grace_seconds`: real seconds that settles in flight get when it stops. `settles_at_once`: of each kind, within
        workflow tasks and as ordinary activities; no more than the record has connections.
        """
        self._worker = TemporalWorker(
            client,
            task_queue=task_queue,
            workflows=[TicketWorkflow],
            activities=[SettleActivities(settler).settle],
            # The shell imports nothing of ours but names and messages, and reads no clock: the sandbox would guard
            # nothing and cost a quarter of the throughput.
            workflow_runner=UnsandboxedWorkflowRunner(),
            max_cached_workflows=cached_tickets,
            max_concurrent_workflow_tasks=TASKS_A_CORE * (os.cpu_count() or 1),
            max_concurrent_local_activities=settles_at_once,
            max_concurrent_activities=settles_at_once,
            graceful_shutdown_timeout=timedelta(seconds=grace_seconds),
        )

    async def run(self) -> None:
        """Work until stopped; returns when the last settle is done. Raises what makes working impossible."""
        logger.info("worker started", extra={"task_queue": self._worker.task_queue})
        await self._worker.run()
        logger.info("worker stopped", extra={"task_queue": self._worker.task_queue})

    async def stop(self) -> None:
        """Take no more work, finish what is in hand."""
        await self._worker.shutdown()
