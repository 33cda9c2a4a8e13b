"""A worker that waits for Temporal, however long that takes, so that the process around it need not.

Knows nothing of settings; what it says while it waits is said by whoever connects.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Never

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.service import RPCError

from services.temporal import CALL_TIMEOUT
from services.worker import Worker
from workflows import names
from workflows.ports import Announcer, Settler

ASK_EVERY_SECONDS = 0.05


class PatientWorker:
    """A worker from before Temporal is there. Of one event loop; run it once, stop it once."""

    def __init__(
        self,
        connect: Callable[[], Coroutine[None, None, Client]],
        settler: Settler,
        announcer: Announcer,
        *,
        watch: Callable[[Client], Coroutine[None, None, Never]],
        grace_seconds: float,
    ) -> None:
        """Take how to connect, and how to look after what was connected to: `watch` says what becomes of it."""
        self._connect = connect
        self._watch = watch
        self._settler = settler
        self._announcer = announcer
        self._grace_seconds = grace_seconds
        self._stopping = asyncio.Event()
        self._client: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._worker: Worker | None = None

    async def run(self) -> None:
        """Work until stopped, from when Temporal is there. Raises what makes working impossible."""
        client = await self._connected()
        if client is None:
            return
        self._worker = Worker(client, self._settler, self._announcer, grace_seconds=self._grace_seconds)
        self._client.set_result(client)
        watching = asyncio.create_task(self._watch(client), name="temporal-watch")
        try:
            await self._worker.run()
        finally:
            watching.cancel()

    async def stop(self) -> None:
        """Wait no more; take no more work, finish what is in hand."""
        self._stopping.set()
        if self._worker is not None:
            await self._worker.stop()

    async def is_polled_within(self, seconds: float) -> bool:
        """Wait until Temporal has heard of this worker, but so many real seconds at most; whether it has."""
        try:
            async with asyncio.timeout(seconds):
                await _until_polled(await asyncio.shield(self._client))
        except TimeoutError:
            return False
        return True

    async def _connected(self) -> Client | None:
        """Wait for Temporal; none when stopped before it came."""
        connecting = asyncio.create_task(self._connect())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait((connecting, stopping), return_when=asyncio.FIRST_COMPLETED)
            return None if self._stopping.is_set() else await connecting
        finally:
            for task in (connecting, stopping):
                task.cancel()


async def _until_polled(client: Client) -> None:
    """Wait until Temporal has heard of a worker of this process."""
    ask = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=names.TASK_QUEUE),
        task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    )
    while True:
        with contextlib.suppress(RPCError):
            queue = await client.workflow_service.describe_task_queue(ask, timeout=CALL_TIMEOUT)
            if client.identity in [poller.identity for poller in queue.pollers]:
                return
        await asyncio.sleep(ASK_EVERY_SECONDS)
