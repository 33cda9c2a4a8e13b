"""Announcements that nobody carries out: announced while Temporal was away, resumed, or their run was lost.

One more round of the keeper's. What is asked for twice is carried out once.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from services.temporal import TemporalAway

if TYPE_CHECKING:
    from services.records.settled import Nudge

AT_ONCE = 20


class Announcing(Protocol):
    """The record, as far as it knows what Temporal was asked for. Everything raises `RecordError`."""

    async def unstarted(self, *, limit: int) -> Sequence[str]:
        """Find announcements that Temporal was not asked to carry out, or not lately."""
        ...

    async def was_asked(self, announcement_id: str) -> None:
        """Note that it was."""
        ...


class Runs(Protocol):
    """Temporal, as far as it carries announcements out."""

    async def carry_out(self, announcement_id: str) -> None:
        """Have it carried out, unless it is. Raises `TemporalAway`."""
        ...


class AnnouncementsOwed:
    """Implements `keeper.Sweep`."""

    name = "announcements"

    def __init__(self, announcing: Announcing, runs: Runs) -> None:
        self._announcing = announcing
        self._runs = runs

    async def sweep(self) -> "Sequence[Nudge]":
        """Ask Temporal for each that is owed; while it is away, none is, and all are the next round's."""
        for announcement_id in await self._announcing.unstarted(limit=AT_ONCE):
            try:
                await self._runs.carry_out(announcement_id)
            except TemporalAway:  # who sends nudges says so
                break
            await self._announcing.was_asked(announcement_id)
        return ()
