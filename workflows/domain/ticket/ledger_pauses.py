"""Who let a stretch of a clock run begin, and why: of an unplanned closure who closed the queue (semantics 2.11, 8).

Read from the log alone, like the ledger: a clock that stands still for a closure has no line that names the closure.
"""

from dataclasses import dataclass

from workflows.domain.ticket.events import ClosureBegan, ClosureEnded, Entry
from workflows.domain.ticket.words import Pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """What let a stretch begin."""

    actor: str | None
    """Who; none: the clocks did."""
    reason: str | None
    """In their words; none: the pause says enough, or nobody said more."""
    sequence: int
    """Of the line of the log that let it begin."""


class ClosedQueue:
    """The closures in force while a log is read."""

    def __init__(self) -> None:
        self._began: dict[str, Because] = {}

    def began(self, event: ClosureBegan, entry: Entry) -> None:
        """Read that one began."""
        self._began[event.closure_id] = Because(actor=entry.actor, reason=event.reason, sequence=entry.sequence)

    def ended(self, event: ClosureEnded) -> tuple[Because, Because] | None:
        """Read that one ended: it, and the one that keeps the queue closed all the same; none: nothing does."""
        over = self._began.pop(event.closure_id, None)
        still = self._first()
        return (over, still) if over and still else None

    def because(self, pause: Pause | None, entry: Entry) -> Because:
        """Why a stretch begins by that line: for what closed the queue first, or by whoever wrote the line."""
        first = self._first() if pause is Pause.QUEUE_CLOSED else None
        return first or Because(actor=entry.actor, reason=None, sequence=entry.sequence)

    def _first(self) -> Because | None:
        return next(iter(self._began.values()), None)
