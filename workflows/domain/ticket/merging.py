"""Two tickets of one customer that say the same: one goes on, the other is closed as its duplicate (6.7).

Each half is a command on its own ticket, and each ticket stays a function of its own inputs (5.3): what comes from the
other stands in the command. Knows both only while it writes the halves; that both happen or neither is the record's.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from workflows.domain.policy import Policy
from workflows.domain.ticket import clocks, closing, credit, holding, promises
from workflows.domain.ticket.commands import MergeInto, TakenClock, TakenPromise, TakeOver
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import Merged, TookOver, WaitEnded
from workflows.domain.ticket.refusing import WORKED_ON, CommandRefused, present_state, require
from workflows.domain.ticket.state import Clock, Resolution, Ticket
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import (
    Audience,
    ClockState,
    ClosedBy,
    Outcome,
    PromiseKind,
    Status,
    Target,
    TicketKind,
    WaitEnd,
)
from workflows.domain.working_time import due, worked

CUSTOMERS_TARGETS = (Target.UPDATE, Target.RESOLVE)
"""Whose clocks come in pairs: each tier keeps its own."""

_NOT_CLOSED = (*WORKED_ON, Status.RESOLVED)
_MERGED_CLOSED = "there is nothing left to merge; what comes back on it is a contact, or a reopening"
_SURVIVOR_CLOSED = "reopen it first, or name one that goes on"
ZERO = timedelta()


def halves(policy: Policy, other: Ticket, survivor: Ticket, at: datetime, actor: str) -> tuple[MergeInto, TakeOver]:
    """What is asked of each: of `other`, as it stands at `at` and by its own policy, and of the one that goes on."""
    merge_into = MergeInto(
        actor=actor,
        survivor_id=survivor.ticket_id,
        survivor_reference=survivor.reference,
        survivor_kind=survivor.kind,
        survivor_external_id=survivor.customer.external_id,
    )
    take_over = TakeOver(
        actor=actor,
        ticket_id=other.ticket_id,
        reference=other.reference,
        external_id=other.customer.external_id,
        clocks=tuple(_taken(policy, other, at)),
        promises=tuple(_promised(other)),
        customer_spoke_at=max(other.opened_at, other.customer_spoke_at or other.opened_at),
        credits=credit.awaited(other),
        resolve_credited=credit.has_resolve_credit(other),
    )
    return merge_into, take_over


def with_survivor(merge_into: MergeInto, survivor: Ticket) -> MergeInto:
    """Say how the survivor stands that goes on for both, and when its customer hears next: the other's letter tells."""
    resolution = survivor.resolution
    return replace(
        merge_into,
        survivor_status=survivor.status,
        next_news_at=survivor.next_news_at,
        survivor_outcome=resolution.outcome if resolution else None,
        sign_off_at=resolution.sign_off_at if resolution else None,
    )


def merge_into(draft: Draft, at: datetime, command: MergeInto) -> None:
    """Close it in favour of the survivor: its clocks end without a verdict, and only its customer hears of it."""
    ticket = draft.before
    if command.survivor_id == ticket.ticket_id:
        raise _impossible(draft, "cannot merge a ticket into itself: name the other one")
    _require_one_customer(draft, command.survivor_external_id)
    if command.survivor_id in draft.merged:
        raise _impossible(
            draft,
            f"cannot merge ticket {ticket.reference!r} into {command.survivor_reference!r}: "
            "that one was merged into this one",
        )
    if draft.merged:
        raise _impossible(
            draft,
            f"cannot merge ticket {ticket.reference!r}, into which others were merged: "
            f"merge {command.survivor_reference!r} into this one",
        )
    if ticket.kind is TicketKind.LEAVING and command.survivor_kind is not TicketKind.LEAVING:
        raise _impossible(
            draft,
            "cannot merge a request to leave into one that is none: it would be put off; "
            f"merge {command.survivor_reference!r} into this one",
        )
    require(draft, "merge it", _NOT_CLOSED, {Status.CLOSED: _MERGED_CLOSED})
    if draft.waiting:
        draft.record(at, WaitEnded(by=WaitEnd.RESOLVED))
        draft.waiting = None
    holding.end(draft, at)
    merged = Merged(
        survivor_id=command.survivor_id,
        survivor_reference=command.survivor_reference,
        survivor_status=command.survivor_status,
        next_news_at=command.next_news_at,
        survivor_outcome=command.survivor_outcome,
        sign_off_at=command.sign_off_at,
        explanation=command.explanation,
        survivor_kind=command.survivor_kind,
    )
    sequence = draft.record(at, merged)
    draft.merged_into, draft.merged_into_reference = command.survivor_id, command.survivor_reference
    draft.tell(sequence, "merged", Audience.CUSTOMER, Audience.HANDLER)
    promises.closed(draft, at, f"it goes on in {command.survivor_reference}")
    credit.move(draft, at, command.survivor_reference)
    draft.resolution = Resolution(outcome=Outcome.DUPLICATE, resolved_at=at, sign_off_at=None)
    closing.close(draft, at, ClosedBy.OUTCOME, tells=False)


def take_over(draft: Draft, at: datetime, command: TakeOver) -> None:
    """Go on for both: of each pair of the customer's clocks the earlier start and the earlier deadline."""
    ticket = draft.before
    if command.ticket_id == ticket.ticket_id:
        raise _impossible(draft, "cannot merge a ticket into itself: name the other one")
    _require_one_customer(draft, command.external_id)
    require(draft, "take another ticket over", _NOT_CLOSED, {Status.CLOSED: _SURVIVOR_CLOSED})
    spoke_at = command.customer_spoke_at
    took_over = TookOver(
        ticket_id=command.ticket_id,
        reference=command.reference,
        customer_spoke_at=spoke_at,
        resolve_credited=command.resolve_credited,
    )
    sequence = draft.record(at, took_over)
    draft.merged = (*draft.merged, command.ticket_id)
    draft.resolve_credited = draft.resolve_credited or command.resolve_credited
    draft.tell(sequence, "took_over", Audience.HANDLER, Audience.OWNER)
    if draft.waiting and spoke_at and spoke_at > draft.waiting.question_at:
        # What the customer said there, after they were asked here, is the answer (6.3): whoever took it, they gave it.
        closing.end_wait(draft, at, WaitEnd.CONTACT)
    elif spoke_at and draft.resolution and draft.resolution.is_answered_at(spoke_at):
        # The same, only that nobody waits for it any more (6.9).
        closing.reopen(draft, at, closing.ANSWERED)
    for taken in command.clocks:
        for clock in draft.live(taken.target):
            _take(draft, at, clock, taken)
    for promise in command.promises:
        promises.take_over(draft, at, promise, command.reference)
    for awaited in command.credits:
        credit.take_over(draft, at, awaited, command.reference)
    _promise_news(draft, at)


def _promise_news(draft: Draft, at: datetime) -> None:
    """The other's letter says when its customer hears next, so that is promised, unless something was (6.1, 6.5).

    Where it is the customer's turn nobody owes them news.
    """
    is_promised = any(each.is_open and each.kind is PromiseKind.NEXT_NEWS for each in draft.promises)
    if promises.is_news_owed(draft) and not is_promised:
        closing.promise_news(draft, at)


def _take(draft: Draft, at: datetime, clock: Clock, taken: TakenClock) -> None:
    """Give a clock the start of another run if that is earlier, and its deadline, that very instant, if that is.

    A clock that stands still has the open time up to it left, if that is less. Of a deadline that lies in the past is
    left what 6.11 leaves: the tier's acknowledge target, no more than before.
    """
    policy, deadline_at = draft.policy, clock.deadline_at
    spent = clocks.spent_by(policy, clock, at)
    left = clock.length - spent
    if taken.due_at <= at:
        remains = min(clocks.length_of(policy, Target.ACKNOWLEDGE, draft.tier, draft.priority), left)
        if remains < left:
            deadline_at = None
    elif clock.state is not ClockState.RUNNING:
        remains = min(
            clocks.kept_until(policy, clock, at, taken.due_at, tier=draft.tier, priority=draft.priority), left
        )
    elif deadline_at is not None and taken.due_at < deadline_at:
        deadline_at = taken.due_at
        remains = min(worked(clocks.calendar_of(policy, clock.target, clock.tier), at, deadline_at), left)
    else:
        remains = left
    # What the other spent counts here too, so that no later change of targets gives it back.
    more = max(taken.spent - spent, ZERO)
    is_earlier = taken.started_at < clock.started_at
    if (remains, deadline_at) == (left, clock.deadline_at) and not more and not is_earlier:
        return
    joined = replace(
        clock,
        started_at=min(clock.started_at, taken.started_at),
        spent=spent + more,
        length=spent + more + remains,
    )
    if clock.state is ClockState.RUNNING:
        joined = clocks.running(policy, joined, at)
        if deadline_at is not None:  # promised as that instant, whatever hours this ticket goes by (3.6)
            joined = replace(joined, deadline_at=deadline_at)
    draft.move(joined, at, started_at=taken.started_at if is_earlier else None, taken_over=more)


def _taken(policy: Policy, other: Ticket, at: datetime) -> Iterator[TakenClock]:
    """Yield the customer's clocks that a survivor has to keep; one that broke has nothing left."""
    for clock in other.clocks:
        if clock.target not in CUSTOMERS_TARGETS:
            continue
        if clock.state.is_live or clock.state is ClockState.BREACHED:
            spent = clocks.spent_by(policy, clock, at)
            yield TakenClock(
                target=clock.target,
                run=clock.run,
                started_at=clock.started_at,
                spent=spent,
                due_at=clock.deadline_at or _due_at(policy, clock, at, clock.length - spent),
            )


def _promised(other: Ticket) -> Iterator[TakenPromise]:
    """Yield what the customer may still count on."""
    for promise in other.promises:
        if promise.is_open:
            yield TakenPromise(
                name=promise.name,
                kind=promise.kind,
                promised_at=promise.promised_at,
                made_at=promise.made_at,
                made_by=promise.made_by,
                owner=promise.owner,
                words=promise.words,
                warnings=tuple(warning.fraction for warning in promise.warnings),
            )


def _due_at(policy: Policy, clock: Clock, at: datetime, left: timedelta) -> datetime:
    """When a run that stands still would be due if it ran on now."""
    return due(clocks.calendar_of(policy, clock.target, clock.tier), at, left) if left else at


def _require_one_customer(draft: Draft, others: str | None) -> None:
    """Compare before anything else is: no remedy for the rest would help, and it is nothing to tell of a stranger's."""
    if others is not None and others != draft.before.customer.external_id:
        raise _impossible(draft, "cannot merge tickets of two customers: each was promised something of their own")


def _impossible(draft: Draft, text: str) -> CommandRefused:
    return CommandRefused(Refusal(reason=RefusalReason.MERGE_IMPOSSIBLE, text=text, facts=present_state(draft)))
