"""What the workflows' activities need from the world, as Protocols."""

from collections.abc import Callable
from datetime import timedelta
from typing import Protocol

from workflows.messages import AnnounceResult, SettleResult


class Settler(Protocol):
    """The record, seen from a ticket's durable timer."""

    async def settle_for_workflow(self, ticket_id: str) -> SettleResult:
        """Bring the ticket up to the record's clock and note that Temporal knows the next wake-up.

        Raises `TicketUnknown` when the record has no such ticket, and `TicketIsStuck` when another try is of no use
        yet; anything else is worth one at once.
        """
        ...


class Announcer(Protocol):
    """The record, seen from an announcement's durable workflow."""

    async def announce(self, announcement_id: str, after: str, go_on: Callable[[str], bool]) -> AnnounceResult:
        """Tell the customers of the next tickets, at the announcement's own pace, for a while or while `go_on` says so.

        `go_on` is asked after each ticket, with its id. Each ticket is told once however often this is tried. Raises
        `AnnouncementUnknown` when the record has no such announcement; after anything else another try goes on.
        """
        ...


class AnnouncementUnknown(Exception):  # noqa: N818 - the fact, in the desk's words
    """The record has no such announcement: the workflow ends instead of trying for ever."""


class TicketUnknown(Exception):  # noqa: N818 - the fact, in the desk's words
    """The record has no such ticket: the workflow ends instead of trying for ever."""


class TicketIsStuck(Exception):  # noqa: N818 - the fact, in the desk's words
    """The rules could not judge this ticket: it waits for another release, and the record says how long at least."""

    retry_in: timedelta
    """Real time."""
