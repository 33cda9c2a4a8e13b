"""What workflows ask for: settle a ticket, carry an announcement on. Convert, call, convert back.

What the record says stays in the record: what fails crosses to Temporal as a type and a fixed text, for a driver's own
words may hold a customer's name.
"""

import logging

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from workflows import names
from workflows.messages import AnnounceRequest, AnnounceResult, SettleRequest, SettleResult
from workflows.ports import AnnouncementUnknown, Announcer, Settler, TicketIsStuck, TicketUnknown

logger = logging.getLogger(__name__)

UNKNOWN = "TicketUnknown"
"""Type of the error that ends a workflow: trying again finds no ticket either."""


class SettleActivities:
    """Settling, as Temporal calls it: within a workflow task, or as an activity of its own."""

    def __init__(self, settler: Settler) -> None:
        self._settler = settler

    @activity.defn(name=names.SETTLE_ACTIVITY)
    async def settle(self, request: SettleRequest) -> SettleResult:
        """Bring the ticket up to the record's clock."""
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


class AnnounceActivities:
    """Carrying an announcement on, as Temporal calls it: a stretch at a time, heard of with every ticket."""

    def __init__(self, announcer: Announcer) -> None:
        self._announcer = announcer

    @activity.defn(name=names.ANNOUNCE_ACTIVITY)
    async def announce(self, request: AnnounceRequest) -> AnnounceResult:
        """Tell the customers of the next tickets; from where the try before was heard last."""
        heard: list[str] = list(activity.info().heartbeat_details)
        after = heard[0] if heard else request.after
        try:
            return await self._announcer.announce(request.announcement_id, after, _go_on)
        except AnnouncementUnknown:
            raise ApplicationError(
                "the record has no such announcement", type=AnnouncementUnknown.__name__, non_retryable=True
            ) from None
        except Exception as failed:  # noqa: BLE001 - whatever it is, only its type may enter a history
            kind = type(failed).__name__
        logger.warning("announcement failed for now", extra={"announcement_id": request.announcement_id, "error": kind})
        raise ApplicationError(
            "the record did not tell the next ticket", type=kind, category=ApplicationErrorCategory.BENIGN
        )


def _go_on(ticket_id: str) -> bool:
    """Be heard; whether there is time for another: a worker that stops leaves the rest to others."""
    activity.heartbeat(ticket_id)
    return not activity.is_worker_shutdown()
