"""What a closure of its queue does to a ticket: both clocks of the tier stand still as long as it lasts (2.11)."""

from collections.abc import Iterator
from datetime import datetime

from workflows.domain.ticket import closures
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import ClosureBegan, ClosureEnded
from workflows.domain.ticket.words import ClockState, ClosureStage, Pause, Status, Target

TIERS_TARGETS = tuple(target for target in Target if target.is_the_tiers)


def turns(draft: Draft) -> Iterator[tuple[datetime, str]]:
    """Yield when the ticket comes to which closure's beginning or end; a closed ticket has nothing to stand still."""
    if draft.status is Status.CLOSED:
        return
    for closure in draft.closures:
        if (at := closure.turns_at) is not None:
            yield at, closure.closure_id


def go_on(draft: Draft, closure_id: str, *, detected_at: datetime) -> None:
    """Come to the beginning of that closure, or to its end."""
    closure = next(each for each in draft.closures if each.closure_id == closure_id)
    if closure.stage is ClosureStage.AHEAD:
        _begin(draft, closure, detected_at)
    else:
        _end(draft, closure, detected_at)


def begin_at_opening(draft: Draft, at: datetime) -> None:
    """A ticket that is opened while its queue is closed begins so: its tier's clocks start at a standstill (2.11)."""
    for closure in draft.closures:
        if closure.holds(at):
            _begin(draft, closure, at)


def catch_up(draft: Draft, at: datetime) -> None:
    """Come to what turned while the ticket was closed: on reopening, what holds still holds for it too.

    What began and ended meanwhile is passed by without a word.
    """
    for closure in draft.closures:
        is_over = closure.until_at is not None and closure.until_at < at
        if closure.stage is ClosureStage.AHEAD and is_over:
            draft.closures = closures.staged(draft.closures, closure.closure_id, ClosureStage.OVER)
        elif closure.stage is ClosureStage.AHEAD and closure.from_at < at:
            _begin(draft, closure, at)
        elif closure.stage is ClosureStage.IN_FORCE and is_over:
            _end(draft, closure, at)


def keep_still(draft: Draft, at: datetime) -> None:
    """Let what runs of the tier's stand still from now on while the queue is closed."""
    if closures.hold(draft.closures, at):
        running = [clock.target for clock in draft.live(*TIERS_TARGETS) if clock.state is ClockState.RUNNING]
        draft.pause(running, at, Pause.QUEUE_CLOSED)


def _begin(draft: Draft, closure: Closure, detected_at: datetime) -> None:
    """What runs stands still from then on, by whose word is told; a ticket that came later begins so."""
    draft.closures = closures.staged(draft.closures, closure.closure_id, ClosureStage.IN_FORCE)
    at = max(closure.from_at, draft.before.entered_at)
    actor, draft.actor = draft.actor, closure.actor
    draft.record(
        at,
        ClosureBegan(
            closure_id=closure.closure_id,
            from_at=closure.from_at,
            until_at=closure.until_at,
            reason=closure.reason,
            detected_at=detected_at,
        ),
    )
    for clock in draft.live(*TIERS_TARGETS):
        # A run that began meanwhile, by a settle that the closure did not reach, stands still from its beginning.
        stops_at = max(at, clock.running_since or at)
        if clock.state is ClockState.RUNNING and closure.holds(stops_at):
            draft.pause((clock.target,), stops_at, Pause.QUEUE_CLOSED)
    draft.actor = actor


def _end(draft: Draft, closure: Closure, detected_at: datetime) -> None:
    """What stood still for it runs on, unless the queue is closed for something else."""
    at = closure.until_at
    if at is None:
        raise AssertionError("a closure ends that has no end")
    draft.closures = closures.staged(draft.closures, closure.closure_id, ClosureStage.OVER)
    actor, draft.actor = draft.actor, closure.ended_by
    draft.record(
        at,
        ClosureEnded(closure_id=closure.closure_id, until_at=at, reason=closure.end_reason, detected_at=detected_at),
    )
    for clock in draft.live(*TIERS_TARGETS):
        if clock.pause is Pause.QUEUE_CLOSED:
            draft.resume((clock.target,), max(at, clock.started_at))
    draft.actor = actor
