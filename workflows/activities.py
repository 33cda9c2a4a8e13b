"""The one activity of a ticket: settle it. Converts, calls, converts back; what the record says stays in the record."""

import logging

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from workflows import names
from workflows.messages import SettleRequest, SettleResult
from workflows.ports import Settler, TicketIsStuck, TicketUnknown

logger = logging.getLogger(__name__)

UNKNOWN = "TicketUnknown"
"""Type of the error that ends a workflow: trying again finds no ticket either."""


class SettleActivities:
    """Settling, as Temporal calls it: within a workflow task, or as an activity of its own."""

    def __init__(self, settler: Settler) -> None:
        self._settler = settler

    @activity.defn(name=names.SETTLE_ACTIVITY)
    async def settle(self, request: SettleRequest) -> SettleResult:
        """Bring the ticket up to the record's clock.

        What fails crosses to Temporal as a type and a fixed text: a driver's own words may hold a customer's name.
        """
        try:
            return await self._settler.settle_for_workflow(request.ticket_id)
        except TicketUnknown:
            raise ApplicationError("the record has no such ticket", type=UNKNOWN, non_retryable=True) from None
        except TicketIsStuck as stuck:  # said by who judged it; tried again at the record's pace, not at ours
            raise ApplicationError(
                "the rules did not judge the ticket",
                type=names.STUCK_ERROR,
                next_retry_delay=stuck.retry_in,
                category=ApplicationErrorCategory.BENIGN,
            ) from None
        except Exception as failed:  # noqa: BLE001 - whatever it is, only its type may enter a history
            kind = type(failed).__name__
        logger.warning("settle failed", extra={"ticket_id": request.ticket_id, "error": kind})
        raise ApplicationError(
            "the record did not settle the ticket", type=kind, category=ApplicationErrorCategory.BENIGN
        )
