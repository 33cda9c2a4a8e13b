"""The Announcement workflow: what keeps an announcement going until the customers of all its tickets were told.

Knows how far it is and whom to ask. Which tickets, in what words, at what pace and whether it rests is the record's;
that each is told once too: a stretch that is tried again finds what was done.
"""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

from workflows import names
from workflows.messages import AnnouncementStart, AnnounceRequest, AnnounceResult

STRETCH = timedelta(minutes=5)
"""One try of the activity, which ends by itself long before."""
SILENCE = timedelta(seconds=10)
"""Of whom no ticket was heard for so long, another takes over."""
WITHOUT_END = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60))


@workflow.defn(name=names.ANNOUNCEMENT_WORKFLOW)
class AnnouncementWorkflow:
    """Tells stretch after stretch, until the record says that nobody is to be told."""

    @workflow.init
    def __init__(self, start: AnnouncementStart) -> None:
        self._after = start.after
        self._tickets = start.tickets

    @workflow.run
    async def run(self, start: AnnouncementStart) -> None:
        """Go on from where the run before was; complete when it is over, or rests."""
        while True:
            result: AnnounceResult = await workflow.execute_activity(
                names.ANNOUNCE_ACTIVITY,
                AnnounceRequest(start.announcement_id, self._after),
                result_type=AnnounceResult,
                start_to_close_timeout=STRETCH,
                heartbeat_timeout=SILENCE,
                retry_policy=WITHOUT_END,
            )
            self._after = result.after
            self._tickets += result.tickets
            workflow.set_current_details(f"{self._tickets} tickets")
            if result.is_over:
                return
            if self._is_history_long():
                workflow.continue_as_new(AnnouncementStart(start.announcement_id, self._after, self._tickets))

    def _is_history_long(self) -> bool:
        info = workflow.info()
        return info.is_continue_as_new_suggested() or info.is_target_worker_deployment_version_changed()
