"""The Ticket workflow: one ticket's durable timer.

Knows when to wake up and whom to ask. Refuses to know rules, calendars, policies and instants of the record: what a
settle answered stands in history, so replay never runs domain code and rules may change under running tickets.
"""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError, FailureError, is_cancelled_exception

from workflows import names
from workflows.messages import SettleRequest, SettleResult, TicketStart

AT_ONCE = timedelta(seconds=3)
"""One settle holds the workflow task for at most so long; the record's own limit is half of it."""
AT_LEISURE = timedelta(seconds=10)
"""One try of the ordinary activity, which has as many as it needs."""
A_FEW = RetryPolicy(
    initial_interval=timedelta(milliseconds=100), maximum_attempts=3, non_retryable_error_types=[names.STUCK_ERROR]
)
WITHOUT_END = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=60))
"""Of a stuck ticket, each failure says itself when to try again."""
NEAR = timedelta(milliseconds=10)
"""A timer that runs out so little later than asked for is left alone."""
SHORTEST_REST_SECONDS = 0.001
LONGEST_REST_SECONDS = 1.0


@workflow.defn(name=names.TICKET_WORKFLOW)
class TicketWorkflow:
    """Settles the ticket at its next deadline, or when woken, until it is closed."""

    @workflow.init
    def __init__(self, start: TicketStart) -> None:
        self._ticket_id = start.ticket_id
        self._woken = False
        self._timer: asyncio.Task[None] | None = None
        self._due_at = workflow.now()
        self._rest_seconds = 0.0

    @workflow.signal(name=names.WAKE_SIGNAL)
    def wake(self) -> None:
        """Somebody left a wake-up behind that is earlier than the one known here."""
        self._woken = True

    @workflow.run
    async def run(self, start: TicketStart) -> None:
        """Sleep, settle, again; complete when the ticket is closed and nobody called meanwhile."""
        delay = workflow.now() - workflow.info().workflow_start_time
        self._sleep_until(timedelta(seconds=start.wake_in_seconds) - delay, "until the first deadline")
        while True:
            await workflow.wait_condition(lambda: self._woken or self._has_run_out())
            woken, self._woken = self._woken, False
            result = await self._settle()
            workflow.set_current_details(result.summary)
            if result.is_closed and not self._woken:
                return
            self._arm(result, woken=woken)
            if self._is_history_long() and not self._woken:
                remaining = self._due_at - workflow.now() if self._timer else timedelta()
                workflow.continue_as_new(TicketStart(self._ticket_id, max(remaining.total_seconds(), 0.0)))

    async def _settle(self) -> SettleResult:
        """Within this task when the record answers; as an ordinary activity, for as long as it takes, when not."""
        request = SettleRequest(self._ticket_id)
        result: SettleResult
        try:
            result = await workflow.execute_local_activity(
                names.SETTLE_ACTIVITY,
                request,
                result_type=SettleResult,
                schedule_to_close_timeout=AT_ONCE,
                retry_policy=A_FEW,
            )
        except FailureError as failed:
            if is_cancelled_exception(failed) or _is_final(failed):
                raise
            result = await workflow.execute_activity(
                names.SETTLE_ACTIVITY,
                request,
                result_type=SettleResult,
                start_to_close_timeout=AT_LEISURE,
                retry_policy=WITHOUT_END,
            )
        return result

    def _arm(self, result: SettleResult, *, woken: bool) -> None:
        """One timer at most, and the one that runs stays unless it would be late: a later deadline costs nothing."""
        if result.wake_in_seconds is None:
            self._disarm()
            return
        wake_in = timedelta(seconds=self._rested(result.wake_in_seconds, idle=not woken and result.found == 0))
        if self._timer is None or self._has_run_out() or workflow.now() + wake_in + NEAR < self._due_at:
            self._disarm()
            self._sleep_until(wake_in, result.summary)

    def _rested(self, wake_in_seconds: float, *, idle: bool) -> float:
        """Rest a little, then longer, when timers run out before the record's clock does: never spin."""
        if not idle or wake_in_seconds > LONGEST_REST_SECONDS:
            self._rest_seconds = 0.0
            return max(wake_in_seconds, SHORTEST_REST_SECONDS)
        self._rest_seconds = min(max(2 * self._rest_seconds, SHORTEST_REST_SECONDS), LONGEST_REST_SECONDS)
        return max(wake_in_seconds, self._rest_seconds)

    def _sleep_until(self, wake_in: timedelta, summary: str) -> None:
        if wake_in <= timedelta():
            self._woken = True
            return
        self._due_at = workflow.now() + wake_in
        self._timer = asyncio.create_task(workflow.sleep(wake_in, summary=summary))

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None

    def _has_run_out(self) -> bool:
        return self._timer is not None and self._timer.done()

    def _is_history_long(self) -> bool:
        info = workflow.info()
        return info.is_continue_as_new_suggested() or info.is_target_worker_deployment_version_changed()


def _is_final(failed: FailureError) -> bool:
    """Whether no further try can mend it. A local activity's error comes bare, an ordinary one's within another."""
    cause = failed if isinstance(failed, ApplicationError) else failed.cause
    return isinstance(cause, ApplicationError) and cause.non_retryable
