"""Waiting on the customer, resolving, sign-off, reopening: the part of a life that the customer decides (6.6-6.9)."""

from dataclasses import replace
from datetime import datetime

from workflows.domain.ticket import clocks, closed_queue, holding, ladder, promises
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import (
    ClockReinstated,
    Closed,
    Rejected,
    Reopened,
    Resolved,
    WaitEnded,
    WaitStarted,
)
from workflows.domain.ticket.state import Resolution, Waiting
from workflows.domain.ticket.words import (
    Audience,
    Cause,
    ClockState,
    ClosedBy,
    Outcome,
    Pause,
    Status,
    Target,
    WaitEnd,
)
from workflows.domain.working_time import due
from workflows.domain.zones import tzdata_version

RESOLUTION_PAUSES = (Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE)
"""What stands still while the customer has not signed off (2.10)."""

ANSWERED = "the customer answered"
"""Why it is open again where nobody waited for that any more (6.9)."""


def person_told_the_customer(draft: Draft, at: datetime, pause: Pause | None, *, keeps: tuple[str, ...] = ()) -> None:
    """A message from a person: the update run is met and the next one begins, paused when the clock is (2.2, 2.9).

    It keeps the promises of next news, and those that it names; `CommandRefused` of one that cannot be kept (2.4).
    """
    draft.meet((Target.UPDATE,), at)
    draft.update_breaches = 0
    draft.start(Target.UPDATE, at, pause=pause)
    promises.person_told_the_customer(draft, at, keeps)


def promise_news(draft: Draft, at: datetime) -> None:
    """Who is told something, or came back, hears when they hear next, as on going up: by the update deadline (6.5)."""
    for clock in draft.live(Target.UPDATE):
        promises.promise_next_news(draft, at, clock.deadline_at)


def start_wait(draft: Draft, at: datetime, question: str) -> None:
    """Ask the customer; reminders and the give-up count from this question (6.6)."""
    policy = draft.policy
    sequence = draft.record(at, WaitStarted(question=question))
    draft.status = Status.WAITING_ON_CUSTOMER
    draft.waiting = Waiting(question_at=at, reminders_sent=0, next_at=due(policy.calendar, at, policy.wait_steps[0]))
    draft.reminding = None
    update_pauses = Target.UPDATE in draft.waiting_pauses
    person_told_the_customer(draft, at, Pause.WAITING_ON_CUSTOMER if update_pauses else None)
    draft.pause(draft.waiting_pauses, at, Pause.WAITING_ON_CUSTOMER)
    if promises.is_news_owed(draft):
        promise_news(draft, at)
    draft.tell(sequence, "question_asked", Audience.CUSTOMER)


def end_wait(
    draft: Draft,
    at: datetime,
    by: WaitEnd,
    reason: str | None = None,
    *,
    due_at: datetime | None = None,
    detected_at: datetime | None = None,
) -> int:
    """Back to work: in progress with a handler, else open; the customer's clocks run on (6.6).

    Returns the sequence of the line that says so.
    """
    sequence = draft.record(at, WaitEnded(by=by, reason=reason, due_at=due_at, detected_at=detected_at))
    draft.waiting = None
    draft.status = Status.IN_PROGRESS if draft.handler else Status.OPEN
    draft.resume(Target, at)
    return sequence


def give_up(draft: Draft, at: datetime, *, due_at: datetime, detected_at: datetime) -> None:
    """The customer never answered: resolved as `no_response`, and told how to come back (6.6).

    A request to leave is not: no answer does not keep anybody, so the desk goes on with what it knows.
    """
    if draft.is_leaving:
        sequence = end_wait(draft, at, WaitEnd.GAVE_UP, due_at=due_at, detected_at=detected_at)
        draft.tell(sequence, "answer_missing", Audience.HANDLER, Audience.OWNER)
        return
    asked_at = draft.waiting.question_at if draft.waiting else None
    draft.record(at, WaitEnded(by=WaitEnd.GAVE_UP))
    holding.end(draft, at)
    sequence = draft.record(
        at,
        Resolved(
            outcome=Outcome.NO_RESPONSE,
            explanation="",
            due_at=due_at,
            detected_at=detected_at,
        ),
    )
    draft.cancel((Target.ACKNOWLEDGE,), at)
    _rest(draft, at, Outcome.NO_RESPONSE, asked_at)
    draft.tell(sequence, "gave_up_waiting", Audience.CUSTOMER, Audience.OWNER)


def resolve(draft: Draft, at: datetime, resolved: Resolved, *, keeps: tuple[str, ...] = ()) -> None:
    """A person says that it is solved, with an explanation (6.7)."""
    asked_at = draft.waiting.question_at if draft.waiting else None
    if draft.waiting:
        draft.record(at, WaitEnded(by=WaitEnd.RESOLVED))
        draft.waiting = None
    holding.end(draft, at)
    sequence = draft.record(at, resolved)
    draft.article = resolved.article
    if resolved.outcome.closes_at_once:
        # The explanation is a person's message, though no run starts after it (2.2, 4.2).
        draft.update_breaches = 0
        promises.person_told_the_customer(draft, at, keeps)
        draft.resolution = Resolution(outcome=resolved.outcome, resolved_at=at, sign_off_at=None)
        close(draft, at, ClosedBy.OUTCOME)
        return
    if resolved.outcome is Outcome.NO_RESPONSE:
        draft.cancel((Target.ACKNOWLEDGE,), at)
    else:
        draft.meet((Target.ACKNOWLEDGE,), at)
    person_told_the_customer(draft, at, Pause.RESOLVED, keeps=keeps)
    promises.resolved(draft, at)
    _rest(draft, at, resolved.outcome, asked_at)
    if resolved.told_in is None:
        draft.tell(sequence, "resolved", Audience.CUSTOMER)


def _rest(draft: Draft, at: datetime, outcome: Outcome, asked_at: datetime | None) -> None:
    """The clocks stand still and sign-off begins (2.10, 6.8); `asked_at`: when they were asked who were waited for."""
    draft.pause(RESOLUTION_PAUSES, at, Pause.RESOLVED)
    draft.status = Status.RESOLVED
    draft.waiting = None
    draft.reminding = None
    sign_off_at = due(draft.policy.calendar, at, draft.policy.sign_off)
    draft.resolution = Resolution(
        outcome=outcome,
        resolved_at=at,
        sign_off_at=sign_off_at,
        unanswered_since=asked_at if outcome is Outcome.NO_RESPONSE else None,
    )


def close(
    draft: Draft,
    at: datetime,
    by: ClosedBy,
    *,
    reason: str | None = None,
    due_at: datetime | None = None,
    detected_at: datetime | None = None,
    tells: bool = True,
) -> None:
    """Over. Clocks are met as of the Resolve; cancelled where nobody had the customer's word for it (2.10, 6.7)."""
    resolution = draft.resolution
    if resolution is None:
        raise AssertionError("a ticket closes only after it was resolved")
    sequence = draft.record(
        at, Closed(by=by, outcome=resolution.outcome, reason=reason, due_at=due_at, detected_at=detected_at)
    )
    closed = replace(resolution, sign_off_at=None, closed_by=by)
    if resolution.outcome.closes_at_once or closed.is_unanswered:
        draft.cancel(Target, at)
    else:
        draft.meet(Target, at, as_of=resolution.resolved_at)
    draft.status = Status.CLOSED
    draft.closed_at = at
    draft.reminding = None
    draft.resolution = closed
    promises.closed(draft, at, reason or f"closed: {resolution.outcome.value}")
    if tells:  # else another line has told the customer already
        draft.tell(sequence, "closed", Audience.CUSTOMER)


def reject(draft: Draft, at: datetime, reason: str) -> None:
    """Not solved: on to the next tier; at the last one open again, and exhausted (6.8)."""
    sequence = draft.record(at, Rejected(reason=reason))
    draft.status = Status.OPEN
    draft.handler = None
    draft.resolution = None
    draft.article = None
    is_last = draft.policy.next_tier(draft.tier) is None
    draft.resume((Target.UPDATE, Target.RESOLVE, *([Target.TIER_RESOLVE] if is_last else [])), at)
    if is_last:
        draft.start(Target.ACKNOWLEDGE, at)
        promise_news(draft, at)
        draft.tell(sequence, "rejected", Audience.CUSTOMER, Audience.OWNER, Audience.TIER)
    ladder.escalate(draft, at, (Cause.SOLUTION_REJECTED,), reason)


def reopen(draft: Draft, at: datetime, reason: str, *, is_rejection: bool = False) -> None:
    """Back to work at the same tier: verdicts of closing are withdrawn, breaches stay, the rest starts anew (6.9)."""
    if draft.resolution is None:
        raise AssertionError("only a resolved or closed ticket is reopened")
    closed_queue.catch_up(draft, at)
    sequence = draft.record(at, Reopened(reason=reason, was=draft.resolution.outcome, is_rejection=is_rejection))
    draft.status = Status.OPEN
    draft.handler = None
    draft.resolution = None
    draft.article = None
    draft.closed_at = None
    draft.resume((Target.TIER_RESOLVE, Target.RESOLVE), at)
    _reinstate(draft, at)
    draft.cancel((Target.UPDATE,), at)
    draft.start(Target.UPDATE, at)
    draft.start(Target.ACKNOWLEDGE, at)
    promise_news(draft, at)
    draft.tell(sequence, "reopened", Audience.CUSTOMER, Audience.OWNER, Audience.TIER)


def _reinstate(draft: Draft, at: datetime) -> None:
    """The resolve clocks run on from the time they had spent; a breached one stays breached (6.9)."""
    for clock in (draft.latest(Target.TIER_RESOLVE, draft.tier), draft.latest(Target.RESOLVE)):
        if clock is None or clock.state not in {ClockState.MET, ClockState.CANCELLED}:
            continue
        counting = clocks.reinstated(draft.policy, clock, at)
        draft.keep(counting)
        draft.record(
            at,
            ClockReinstated(
                target=clock.target,
                run=clock.run,
                tier=clock.tier,
                held_by=draft.tier,
                was=clock.state,
                spent=clock.spent,
                deadline_at=counting.deadline_at or at,
                tzdata=tzdata_version(),
            ),
        )
    closed_queue.keep_still(draft, at)
