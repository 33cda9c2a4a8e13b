"""Announcements' workflows, seen from who has them carried out. The announcement's id is in the workflow's."""

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from services.temporal import CALL_TIMEOUT, TASK_TIMEOUT, TemporalAway
from workflows import names
from workflows.messages import AnnouncementStart


class AnnouncementRuns:
    """Starts what carries an announcement out, wherever there is none."""

    def __init__(self, client: Client, *, task_queue: str = names.ANNOUNCEMENT_QUEUE) -> None:
        self._client = client
        self._task_queue = task_queue

    async def carry_out(self, announcement_id: str) -> None:
        """Have it carried out; nothing happens when it is. Raises `TemporalAway`."""
        try:
            await self._client.start_workflow(
                names.ANNOUNCEMENT_WORKFLOW,
                AnnouncementStart(announcement_id),
                id=workflow_id(announcement_id),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                task_queue=self._task_queue,
                task_timeout=TASK_TIMEOUT,
                rpc_timeout=CALL_TIMEOUT,
            )
        except RPCError as failed:
            raise TemporalAway(failed.status.name) from None
        except RuntimeError:  # how the SDK says that a lazy client found nobody
            raise TemporalAway("UNREACHABLE") from None


def workflow_id(announcement_id: str) -> str:
    """Name the workflow of an announcement."""
    return f"announcement-{announcement_id}"
