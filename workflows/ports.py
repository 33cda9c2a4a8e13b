"""What the workflow's activity needs from the world, as Protocols."""

from datetime import timedelta
from typing import Protocol

from workflows.messages import SettleResult


class Settler(Protocol):
    """The record, seen from a ticket's durable timer."""

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Bring the ticket up to the record's clock and note that Temporal knows the next wake-up.

        Raises `TicketUnknown` when the record has no such ticket, and `TicketIsStuck` when another try is of no use
        yet; anything else is worth one at once.
        """
        ...


class TicketUnknown(Exception):  # noqa: N818 - the fact, in the desk's words
    """The record has no such ticket: the workflow ends instead of trying for ever."""


class TicketIsStuck(Exception):  # noqa: N818 - the fact, in the desk's words
    """The rules could not judge this ticket: it waits for another release, and the record says how long at least."""

    retry_in: timedelta
    """Real time."""
