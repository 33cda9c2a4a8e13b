"""Obeys one command, or refuses it with the present state and changes nothing (semantics 6).

The ticket was advanced to the command's instant before.
"""

from collections.abc import Collection
from datetime import datetime
from typing import assert_never

from workflows.domain.ticket import closing, ladder
from workflows.domain.ticket.commands import (
    Acknowledge,
    Close,
    Command,
    Confirm,
    Continue,
    Escalate,
    PostUpdate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import Acknowledged, Confirmed, ContactReceived, Resolved, UpdatePosted
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import Audience, Cause, ClosedBy, Outcome, Pause, Status, Target, WaitEnd

_WORKED_ON = (Status.OPEN, Status.IN_PROGRESS, Status.WAITING_ON_CUSTOMER)


class CommandRefused(Exception):  # noqa: N818 - the fact, in the desk's words
    """Carries the refusal out of a half-obeyed command; the judge throws the draft away."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


def obey(draft: Draft, at: datetime, command: Command) -> None:  # noqa: C901, PLR0912 - one branch a command, no more
    """Apply the command at its instant, or raise `CommandRefused`."""
    draft.actor = command.actor
    match command:
        case Acknowledge():
            _acknowledge(draft, at, command)
        case PostUpdate():
            _post_update(draft, at, command)
        case RecordContact():
            _record_contact(draft, at, command)
        case WaitOnCustomer():
            _require(draft, "wait on the customer", _WORKED_ON)
            closing.start_wait(draft, at, command.question)
        case Continue():
            _require(draft, "continue", (Status.WAITING_ON_CUSTOMER,))
            closing.end_wait(draft, at, WaitEnd.CONTINUED, command.reason)
        case Escalate():
            _escalate(draft, at, command)
        case Transfer():
            _transfer(draft, at, command)
        case Resolve():
            _resolve(draft, at, command)
        case Confirm():
            _require(draft, "confirm", (Status.RESOLVED,))
            draft.record(at, Confirmed())
            closing.close(draft, at, ClosedBy.CONFIRMATION)
        case Reject():
            _reject(draft, at, command)
        case Reopen():
            _require(draft, "reopen", (Status.CLOSED,), hint="a resolved ticket is rejected, not reopened")
            _require_within_window(draft, at)
            closing.reopen(draft, at, command.reason)
        case Close():
            _require(draft, "close", (Status.RESOLVED,), hint="resolve it first, with an explanation")
            closing.close(draft, at, ClosedBy.DESK, reason=command.reason)
        case _:
            assert_never(command)


def _acknowledge(draft: Draft, at: datetime, command: Acknowledge) -> None:
    ticket = draft.ticket
    speaks_as_last_resort = ticket.reminding is not None and command.tier == draft.policy.last_resort
    if not speaks_as_last_resort:
        _require_tier(draft, command.tier, "acknowledge")
    is_awaited = ticket.status is Status.OPEN or ticket.reminding is not None or draft.live(Target.ACKNOWLEDGE)
    if not is_awaited:
        raise _wrong_state(draft, "acknowledge", (Status.OPEN,))
    draft.record(at, Acknowledged(handler=command.handler, tier=command.tier))
    draft.meet((Target.ACKNOWLEDGE,), at)
    is_owner = ticket.owner is None and ticket.tier == draft.policy.first_tier.name and not speaks_as_last_resort
    draft.change(
        handler=ticket.handler or command.handler,
        owner=command.handler if is_owner else ticket.owner,
        status=Status.IN_PROGRESS if ticket.status is Status.OPEN else ticket.status,
        reminding=None,
    )


def _post_update(draft: Draft, at: datetime, command: PostUpdate) -> None:
    _require(draft, "post an update", (*_WORKED_ON, Status.RESOLVED), hint="reopen it first")
    sequence = draft.record(at, UpdatePosted(text=command.text))
    closing.person_told_the_customer(draft, at, _pause_of_update(draft))
    draft.tell(sequence, "update_posted", Audience.CUSTOMER)


def _pause_of_update(draft: Draft) -> Pause | None:
    if draft.ticket.status is Status.RESOLVED:
        return Pause.RESOLVED
    is_waiting = draft.ticket.status is Status.WAITING_ON_CUSTOMER
    return Pause.WAITING_ON_CUSTOMER if is_waiting and Target.UPDATE in draft.policy.waiting_pauses else None


def _record_contact(draft: Draft, at: datetime, command: RecordContact) -> None:
    ticket = draft.ticket
    if ticket.status is Status.CLOSED:
        _require_within_window(draft, at)
    is_answer = ticket.status is Status.WAITING_ON_CUSTOMER
    is_chase = command.kind.is_a_chase and ticket.is_worked_on and not is_answer
    chases = ticket.chases + 1 if is_chase else ticket.chases
    sequence = draft.record(
        at,
        ContactReceived(
            kind=command.kind, channel=command.channel, text=command.text, answered_wait=is_answer, chases=chases
        ),
    )
    draft.tell(sequence, "contact_received", Audience.OWNER, Audience.HANDLER)
    draft.change(chases=chases)
    if is_answer:
        closing.end_wait(draft, at, WaitEnd.CONTACT)
    elif ticket.resolution and ticket.resolution.is_unanswered:
        closing.reopen(draft, at, "the customer answered")
    elif is_chase and chases >= draft.policy.chases_to_escalate:
        draft.change(chases=0)
        ladder.escalate(draft, at, (Cause.REPEAT_CONTACT,))


def _escalate(draft: Draft, at: datetime, command: Escalate) -> None:
    _require(draft, "escalate", _WORKED_ON)
    _require_tier(draft, command.from_tier, "escalate from")
    ladder.escalate(draft, at, (Cause.BY_HAND,), command.reason)


def _transfer(draft: Draft, at: datetime, command: Transfer) -> None:
    _require(draft, "transfer", _WORKED_ON)
    names = draft.policy.tier_names
    if command.to_tier not in names:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.UNKNOWN_TIER,
                text=f"cannot transfer to tier {command.to_tier!r}: the policy has {', '.join(names)}",
                facts=present_state(draft, tiers=",".join(names)),
            )
        )
    if command.to_tier == draft.ticket.tier:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.WRONG_TIER,
                text=f"cannot transfer to tier {command.to_tier!r}: it has the ticket already; name another one",
                facts=present_state(draft),
            )
        )
    ladder.transfer(draft, at, command.to_tier, command.reason)


def _resolve(draft: Draft, at: datetime, command: Resolve) -> None:
    _require(draft, "resolve", _WORKED_ON)
    if command.outcome is Outcome.NOT_FEASIBLE and not command.alternative:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.ALTERNATIVE_REQUIRED,
                text="cannot resolve as 'not_feasible' without an alternative: say what is offered instead",
                facts=present_state(draft),
            )
        )
    if command.outcome is Outcome.DUPLICATE and not command.duplicate_of:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.SURVIVOR_REQUIRED,
                text="cannot resolve as 'duplicate' without the ticket it doubles: name it in duplicate_of",
                facts=present_state(draft),
            )
        )
    closing.resolve(
        draft,
        at,
        Resolved(
            outcome=command.outcome,
            explanation=command.explanation,
            alternative=command.alternative,
            duplicate_of=command.duplicate_of,
        ),
    )


def _reject(draft: Draft, at: datetime, command: Reject) -> None:
    _require(draft, "reject", (Status.RESOLVED, Status.CLOSED))
    if draft.ticket.status is Status.CLOSED:
        _require_within_window(draft, at)
        closing.reopen(draft, at, command.reason)
    else:
        closing.reject(draft, at, command.reason)


def _require(draft: Draft, what: str, allowed: Collection[Status], hint: str | None = None) -> None:
    if draft.ticket.status not in allowed:
        raise _wrong_state(draft, what, allowed, hint)


def _wrong_state(draft: Draft, what: str, allowed: Collection[Status], hint: str | None = None) -> CommandRefused:
    states = " or ".join(repr(status.value) for status in allowed)
    remedy = hint or f"possible while it is {states}"
    return CommandRefused(
        Refusal(
            reason=RefusalReason.WRONG_STATE,
            text=f"cannot {what}: the ticket is {draft.ticket.status.value!r}; {remedy}",
            facts=present_state(draft),
        )
    )


def _require_tier(draft: Draft, named: str, what: str) -> None:
    if named != draft.ticket.tier:
        who = draft.ticket.handler or "nobody yet"
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.WRONG_TIER,
                text=f"cannot {what} tier {named!r}: tier {draft.ticket.tier!r} has the ticket now, handled by {who!r}",
                facts=present_state(draft),
            )
        )


def _require_within_window(draft: Draft, at: datetime) -> None:
    closed_at = draft.ticket.closed_at
    if closed_at is None or at - closed_at <= draft.policy.reopen_window:
        return
    raise CommandRefused(
        Refusal(
            reason=RefusalReason.REOPEN_WINDOW_OVER,
            text=f"closed since {closed_at.isoformat()}, longer than the reopen window of "
            f"{draft.policy.reopen_window}: open a new ticket that follows {draft.ticket.ticket_id!r}",
            facts=present_state(draft, follows=draft.ticket.ticket_id),
        )
    )


def present_state(draft: Draft, **more: str) -> dict[str, str]:
    """What a refused caller needs to decide anew."""
    ticket = draft.ticket
    return {"status": ticket.status.value, "tier": ticket.tier, "handler": ticket.handler or "", **more}
