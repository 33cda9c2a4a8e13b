"""The customer's word at the end, and goodwill: sign-off, reopening, rating, credit (semantics 6.8-6.10, 6.13)."""

from datetime import datetime
from typing import assert_never

from workflows.domain.ticket import closing, credit, rating
from workflows.domain.ticket.commands import (
    Close,
    Confirm,
    DecideCredit,
    OfferCredit,
    Rate,
    Reject,
    Reopen,
)
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import Confirmed
from workflows.domain.ticket.refusing import (
    NOT_TO_BE_CLOSED,
    NOT_TO_BE_CONFIRMED,
    NOT_TO_BE_REOPENED,
    require,
    require_customer,
    require_within_window,
)
from workflows.domain.ticket.words import ClosedBy, Status

Ending = Confirm | Reject | Reopen | Close | Rate | OfferCredit | DecideCredit


def obey(draft: Draft, at: datetime, command: Ending) -> None:
    """Apply the command at its instant, or raise `CommandRefused`."""
    match command:
        case Confirm():
            require_customer(draft, command.customer, "confirm")
            require(draft, "confirm", (Status.RESOLVED,), NOT_TO_BE_CONFIRMED)
            draft.record(at, Confirmed())
            closing.close(draft, at, ClosedBy.CONFIRMATION)
        case Reject():
            require_customer(draft, command.customer, "reject")
            _reject(draft, at, command)
        case Reopen():
            require(draft, "reopen", (Status.CLOSED,), NOT_TO_BE_REOPENED)
            require_within_window(draft, at)
            closing.reopen(draft, at, command.reason)
        case Close():
            require(draft, "close", (Status.RESOLVED,), NOT_TO_BE_CLOSED)
            closing.close(draft, at, ClosedBy.DESK, reason=command.reason)
        case Rate():
            require_customer(draft, command.customer, "rate")
            rating.rate(draft, at, command)
        case OfferCredit():
            credit.offer(draft, at, command)
        case DecideCredit():
            credit.decide(draft, at, command)
        case _:
            assert_never(command)


def _reject(draft: Draft, at: datetime, command: Reject) -> None:
    require(draft, "reject", (Status.RESOLVED, Status.CLOSED))
    if draft.status is Status.CLOSED:
        require_within_window(draft, at)
        is_rejection = draft.resolution is not None and not draft.resolution.is_unanswered
        closing.reopen(draft, at, command.reason, is_rejection=is_rejection)
    elif draft.resolution and draft.resolution.is_unanswered:
        # Nobody has offered a solution that could be rejected: whatever they say is the answer (6.9).
        closing.reopen(draft, at, command.reason)
    else:
        closing.reject(draft, at, command.reason)
    draft.customer_spoke_at = at
