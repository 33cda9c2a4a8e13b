"""The worker process: runs the tickets' workflows and announcements, stops without leaving a settle half-way.

Composition only. Any number of workers may share the task queues. Announcements have one of their own, and few hands: a
ticket whose deadline comes never waits behind one.
"""

import asyncio
import logging
import os
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner
from temporalio.worker import Worker as TemporalWorker

from workflows import names
from workflows.activities import AnnounceActivities, SettleActivities
from workflows.announcement import AnnouncementWorkflow
from workflows.ports import Announcer, Settler
from workflows.ticket import TicketWorkflow

logger = logging.getLogger(__name__)

TASKS_A_CORE = 8
"""More at once would trip the SDK's deadlock detector when, after a deploy, every ticket replays."""
CACHED_TICKETS = 5_000
"""About 48 MB a thousand. A cache smaller than the tickets that move quadruples the worker's processor time."""


ANNOUNCEMENTS_AT_ONCE = 2
"""Of one worker; each tells one ticket at a time, at its own pace."""


class Worker:
    """One worker of the tickets' task queue, and of the announcements'."""

    def __init__(
        self,
        client: Client,
        settler: Settler,
        announcer: Announcer | None = None,
        *,
        task_queue: str = names.TASK_QUEUE,
        announcement_queue: str = names.ANNOUNCEMENT_QUEUE,
        grace_seconds: float = 20.0,
        settles_at_once: int = 16,
        cached_tickets: int = CACHED_TICKETS,
    ) -> None:
        """Take a connected client; without an announcer, tickets only.

        `grace_seconds`: real seconds that settles in flight get when it stops. `settles_at_once`: of each kind, within
        workflow tasks and as ordinary activities; no more than the record has connections.
        """
        grace = timedelta(seconds=grace_seconds)
        tickets = TemporalWorker(
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
            graceful_shutdown_timeout=grace,
        )
        self._workers = [tickets]
        if announcer is not None:
            announcements = TemporalWorker(
                client,
                task_queue=announcement_queue,
                workflows=[AnnouncementWorkflow],
                activities=[AnnounceActivities(announcer).announce],
                workflow_runner=UnsandboxedWorkflowRunner(),
                max_cached_workflows=ANNOUNCEMENTS_AT_ONCE * 10,
                max_concurrent_workflow_tasks=ANNOUNCEMENTS_AT_ONCE,
                max_concurrent_activities=ANNOUNCEMENTS_AT_ONCE,
                graceful_shutdown_timeout=grace,
            )
            self._workers.append(announcements)

    async def run(self) -> None:
        """Work until stopped; returns when the last settle is done. Raises what makes working impossible."""
        queues = {"task_queues": [each.task_queue for each in self._workers]}
        logger.info("worker started", extra=queues)
        await asyncio.gather(*(each.run() for each in self._workers))
        logger.info("worker stopped", extra=queues)

    async def stop(self) -> None:
        """Take no more work, finish what is in hand."""
        await asyncio.gather(*(each.shutdown() for each in self._workers))
