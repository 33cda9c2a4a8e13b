"""The keeper's walk through a queue that was closed, or is open again: every ticket of it comes to that (2.11).

Each is settled as a caller's command would be, so that its own timer still is what breaks its promises. A walk that
dies anywhere is begun again; who has come to it already is read, and not written.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.records.closures import Closures, Turn
from services.records.errors import CommandFailed, PolicyTooNew, PolicyUnreadable, StateTooNew, TicketStuck
from services.records.settled import Nudge, SettledBy
from workflows.ports import TicketUnknown

if TYPE_CHECKING:
    from services.records.store import Record

logger = logging.getLogger(__name__)

PAGE = 100
"""Tickets read at once."""

_NOT_NOW = (TicketStuck, StateTooNew, CommandFailed, TicketUnknown, PolicyTooNew, PolicyUnreadable)
"""The trouble of one ticket: the others come to it all the same, and this one with whatever settles it next."""


class ClosureWalk:
    """The keeper's round of this name. Safe beside any number of others."""

    name = "closures"

    def __init__(self, closures: Closures, record: "Record") -> None:
        self._closures = closures
        self._record = record

    async def sweep(self) -> Sequence[Nudge]:
        """Bring every ticket to what has come since. Raises `RecordError`."""
        nudges: list[Nudge] = []
        for turn in await self._closures.turns():
            nudges += await self._walk(turn)
            await self._closures.seen_through(turn)
        return nudges

    async def _walk(self, turn: Turn) -> list[Nudge]:
        nudges, after, settled = list[Nudge](), "", 0
        while ticket_ids := await self._closures.waiting(turn, after=after, limit=PAGE):
            for ticket_id in ticket_ids:
                try:
                    nudge = (await self._record.settle(ticket_id, by=SettledBy.INTAKE)).nudge
                except _NOT_NOW as why:
                    logger.warning(
                        "a ticket could not be brought to a closure of its queue",
                        extra={"ticket_id": ticket_id, "error_type": type(why).__name__},
                    )
                    continue
                settled += 1
                if nudge is not None:
                    nudges.append(nudge)
            after = ticket_ids[-1]
        logger.info(
            "a queue is open again" if turn.is_end else "a queue is closed",
            extra={"queue": turn.queue, "closure_id": turn.closure_id, "tickets": settled},
        )
        return nudges
