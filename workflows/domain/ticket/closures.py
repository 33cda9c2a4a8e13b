"""Unplanned closures of a queue, as far as they reached one ticket (2.11).

Knows which of them holds at an instant, and which is news. What one does to clocks is the lapse's business; who closes
a queue, and whether they may, is asked elsewhere: a closure is a recorded input, like a command.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.words import ClosureStage


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A desk that cannot work for a while: snow, a fire alarm, a network that is down."""

    closure_id: str
    from_at: datetime
    until_at: datetime | None
    """None: until somebody says that it is over."""
    actor: str
    """Who closed it."""
    reason: str
    ended_by: str | None = None
    """Who said that it is over; none: it ends as it was said at first, or lasts."""
    end_reason: str | None = None
    """In their words."""
    stage: ClosureStage = ClosureStage.AHEAD
    """How far the ticket has come with it."""

    @property
    def turns_at(self) -> datetime | None:
        """When the ticket comes to its beginning, or to its end; none: not yet known, or both are behind it."""
        match self.stage:
            case ClosureStage.AHEAD:
                return self.from_at
            case ClosureStage.IN_FORCE:
                return self.until_at
            case ClosureStage.OVER:
                return None

    def holds(self, at: datetime) -> bool:
        """Whether the queue is closed at the instant; at its end it is open."""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)


Closures = tuple[Closure, ...]
"""In the order in which they begin."""

Told = RosterAnswer | Closure
"""What reaches a ticket though nobody said it to it: inputs, as a command is one (4.9, 2.11, 5.3)."""


def closures_of(told: Iterable[Told]) -> Iterable[Closure]:
    """Return the closures among what a settle is told."""
    return (each for each in told if isinstance(each, Closure))


def answers_of(told: Iterable[Told]) -> Iterable[RosterAnswer]:
    """Return the roster's answers among what a settle is told."""
    return (each for each in told if isinstance(each, RosterAnswer))


def news(known: Closures, told: Iterable[Closure], opened_at: datetime) -> Closures:
    """Return what a ticket did not know: closures, and ends of those that it knew.

    What was over before the ticket was opened is none of its business, and nothing changes once a closure is over.
    """
    has = {each.closure_id: each for each in known}
    found = []
    for each in sorted(told, key=_order):
        if each.until_at is not None and each.until_at <= opened_at:
            continue
        before = has.get(each.closure_id)
        if before is None or (before.stage is not ClosureStage.OVER and replace(before, stage=each.stage) != each):
            found.append(each)
            has[each.closure_id] = each
    return tuple(found)


def together(known: Closures, new: Closures) -> Closures:
    """Everything that a ticket knows; of one closure, how far it has come with it stays."""
    has = {each.closure_id: each for each in known}
    for each in new:
        before = has.get(each.closure_id)
        has[each.closure_id] = each if before is None else replace(each, stage=before.stage)
    return tuple(sorted(has.values(), key=_order))


def hold(closures: Closures, at: datetime) -> bool:
    """Whether any of them holds at the instant."""
    return any(each.holds(at) for each in closures)


def staged(closures: Closures, closure_id: str, stage: ClosureStage) -> Closures:
    """The same, with the ticket come so far with that one."""
    return tuple(replace(each, stage=stage) if each.closure_id == closure_id else each for each in closures)


def _order(closure: Closure) -> tuple[datetime, str]:
    return closure.from_at, closure.closure_id
