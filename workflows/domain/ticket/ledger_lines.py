"""What a ticket's ledger is made of: a line for each clock run and each promise, with its intervals. Values only."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workflows.domain.ticket.words import ClockState, Pause, Target

ZERO = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A stretch of a clock run, half open: it counted all the while, or stood still all the while."""

    from_at: datetime
    to_at: datetime | None
    """None: it lasts."""
    counted: timedelta
    """Open time of the clock's calendar within it; nothing while it stood still."""
    pause: Pause | None
    """Why it stood still; none: it counted."""
    actor: str | None
    """Who let it begin, of a closed queue who closed it; none: the clocks did."""
    sequence: int
    """Of the line of the log that let it begin."""
    length: timedelta
    """Working time allowed for the whole run while it lasted: another length begins another interval."""
    reason: str | None = None
    """Why the queue was closed, in the words of who closed it; none: it stood still for something else, or counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnHold:
    """An internal wait of the ticket, half open: no clock stood still for it (2.11)."""

    from_at: datetime
    to_at: datetime | None
    """None: it lasts."""
    reason: str
    actor: str | None
    sequence: int
    """Of the line of the log that let it begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The ledger of one clock run."""

    target: Target
    run: int
    """Of the target; of a promise, of its name."""
    tier: str
    """Whose target it is; of a promise, the one that had the ticket when it was made."""
    calendar: str
    """The opening hours that it counts in, in words."""
    policy_version: str
    tzdata: str
    """Release of the zone rules that the present deadline was computed with (3.6)."""
    started_at: datetime
    length: timedelta
    """Working time allowed, as it stands now."""
    carried: timedelta
    """Working time spent before this run: by the tier (2.3), on a ticket merged into it (6.7), elsewhere (6.14)."""
    state: ClockState
    deadline_at: datetime | None
    """While it runs, the deadline; once breached, the one it broke; none while it stands still or when it was kept."""
    intervals: tuple[Interval, ...]
    as_of: datetime
    """The instant up to which is counted what still counts."""
    promise: str = ""
    """The name of the promise; empty: it is a clock."""
    holds: tuple[OnHold, ...] = ()
    """Internal waits while it lasted: they explain, and paused nothing (2.11)."""

    def during(self, holds: Iterable[OnHold]) -> "Line":
        """The line with those of a ticket's internal waits that fell within it."""
        last = self.intervals[-1].to_at if self.intervals else None
        ended_at = self.as_of if last is None else last
        within = (
            each for each in holds if each.from_at < ended_at and (each.to_at is None or each.to_at > self.started_at)
        )
        return replace(self, holds=tuple(within))

    @property
    def counted(self) -> timedelta:
        """Working time of all its intervals."""
        return sum((interval.counted for interval in self.intervals), ZERO)

    @property
    def spent(self) -> timedelta:
        """Working time spent, what was carried over included."""
        return self.carried + self.counted

    @property
    def left(self) -> timedelta:
        """Working time left."""
        return self.length - self.spent
