"""The promises of a ticket's ledger: by when, since when, who said so, and how it ended (semantics 8).

Wall-clock time all through: nothing is measured, and nothing stands still.
"""

from datetime import datetime

from workflows.domain.ticket.events import (
    Entry,
    PromiseBroken,
    PromiseCancelled,
    PromiseChanged,
    PromiseKept,
    PromiseMade,
)
from workflows.domain.ticket.ledger_lines import ZERO, Interval, Line
from workflows.domain.ticket.words import ClockState, Target

WALL_CLOCK = "wall-clock time"
"""What a promise counts in, where a clock has its opening hours."""

Begun = PromiseMade | PromiseChanged
"""What begins a run of a promise."""
Ended = PromiseKept | PromiseBroken | PromiseCancelled
"""What ends one; of a broken one, that it was done late ends nothing."""


class PromiseDraft:
    """One run of a promise while its log is read."""

    def __init__(self, begun: Begun, entry: Entry, tier: str, policy_version: str) -> None:
        self._begun = begun
        self._entry = entry
        self._tier = tier
        self._policy_version = policy_version
        self._state = ClockState.RUNNING
        self._ended_at: datetime | None = None

    def go_on(self, policy_version: str, from_tier: str, tier: str) -> None:
        """Go on under another version of the policy, which may call the tier otherwise; unless it is over."""
        if self._state.is_live:
            self._policy_version = policy_version
            self._tier = tier if self._tier == from_tier else self._tier

    def take(self, event: Ended, at: datetime) -> None:
        """Read how it ended."""
        match event:
            case PromiseKept(is_late=False):
                self._over(ClockState.MET, at)
            case PromiseBroken(due_at=due_at):
                self._over(ClockState.BREACHED, due_at)
            case PromiseCancelled():
                self._over(ClockState.CANCELLED, at)
            case PromiseKept():
                pass

    def give_way(self, at: datetime) -> None:
        """Another run of the name begins: this one, if it is open still, ended by that without a verdict."""
        if self._state is ClockState.RUNNING:
            self._over(ClockState.CANCELLED, at)

    def line(self, at: datetime) -> Line:
        """What was read, as of that instant."""
        from_at, promised_at = self._entry.at, self._begun.promised_at
        length = promised_at - from_at
        counted = min(max((self._ended_at or at) - from_at, ZERO), length)
        interval = Interval(
            from_at=from_at,
            to_at=self._ended_at,
            counted=counted,
            pause=None,
            actor=self._entry.actor,
            sequence=self._entry.sequence,
            length=length,
        )
        stands = self._state is ClockState.RUNNING or self._state is ClockState.BREACHED
        return Line(
            target=Target.PROMISE,
            run=self._begun.run,
            tier=self._tier,
            calendar=WALL_CLOCK,
            policy_version=self._policy_version,
            tzdata="",
            started_at=from_at,
            length=length,
            carried=ZERO,
            state=self._state,
            deadline_at=promised_at if stands else None,
            intervals=(interval,),
            as_of=at,
            promise=self._begun.name,
        )

    def _over(self, state: ClockState, at: datetime) -> None:
        self._state, self._ended_at = state, at
