"""Goodwill credits: granted by the policy with the admission, offered by hand, decided by the lead (semantics 6.13)."""

from dataclasses import replace
from datetime import datetime

from workflows.domain.money import Money
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import DecideCredit, OfferCredit
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import CreditOffered, CreditProposed, CreditRefused
from workflows.domain.ticket.refusing import CommandRefused, present_state
from workflows.domain.ticket.state import Credit
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import Audience, CreditOf, CreditState

MOST_CREDITS = 50
"""Of one ticket that are offered by hand: whoever wants more has an invoice to correct."""


def earned_by_promise(draft: Draft, at: datetime, earned_by: int) -> None:
    """Grant what a person's broken promise earns; `earned_by` is the line of the breach, whose message tells of it."""
    _grant(draft, at, draft.policy.credit_for_promise, CreditOf.PROMISE, earned_by)


def earned_by_resolve(draft: Draft, at: datetime, earned_by: int) -> None:
    """Grant what the customer's broken resolve earns, once a ticket; the message of that line tells of both."""
    if all(credit.of is not CreditOf.RESOLVE for credit in draft.credits):
        _grant(draft, at, draft.policy.credit_for_resolve, CreditOf.RESOLVE, earned_by)


def offer(draft: Draft, at: datetime, command: OfferCredit) -> None:
    """Offer one by hand; above the policy's limit, all of the ticket's together, the lead decides first."""
    _require_currency(draft, command.currency)
    _require_room(draft)
    money = Money(minor=command.minor, currency=command.currency)
    number = len(draft.credits) + 1
    credit = Credit(
        number=number,
        minor=money.minor,
        currency=money.currency,
        state=CreditState.OFFERED,
        reason=command.reason,
        by=command.actor,
        at=at,
    )
    is_leads = command.actor == draft.policy.lead
    if is_leads or _is_within_limit(draft, money):
        draft.credits = (*draft.credits, credit)
        _tell_of(draft, at, credit, approved_by=command.actor if is_leads else None)
        return
    draft.credits = (*draft.credits, replace(credit, state=CreditState.AWAITING_APPROVAL))
    sequence = draft.record(
        at, CreditProposed(number=number, minor=money.minor, currency=money.currency, reason=command.reason)
    )
    draft.tell(sequence, "credit_to_approve", Audience.LEAD)


def decide(draft: Draft, at: datetime, command: DecideCredit) -> None:
    """Take the lead's word on a credit that awaits it: the customer hears of it only when it is approved."""
    lead = draft.policy.lead
    if command.actor != lead:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.NOT_THE_LEAD,
                text=f"cannot decide credit {command.number}: the lead, {lead!r}, does",
                facts=present_state(draft, lead=lead),
            )
        )
    credit = next((each for each in draft.credits if each.number == command.number), None)
    if credit is None or credit.state is not CreditState.AWAITING_APPROVAL:
        raise _not_awaited(draft, command.number, credit)
    decided = replace(credit, state=CreditState.OFFERED if command.is_approved else CreditState.REFUSED, at=at)
    draft.credits = tuple(decided if each is credit else each for each in draft.credits)
    if command.is_approved:
        _tell_of(draft, at, decided, approved_by=lead)
        return
    sequence = draft.record(at, CreditRefused(number=command.number, reason=command.reason))
    draft.tell(sequence, "credit_refused", Audience.HANDLER, Audience.OWNER)


def _grant(draft: Draft, at: datetime, money: Money | None, of: CreditOf, earned_by: int) -> None:
    if money is None:
        return
    credit = Credit(
        number=len(draft.credits) + 1,
        minor=money.minor,
        currency=money.currency,
        state=CreditState.OFFERED,
        reason="",
        by=None,
        at=at,
        of=of,
        earned_by=earned_by,
    )
    draft.credits = (*draft.credits, credit)
    if draft.has_told(earned_by, Audience.CUSTOMER):
        _record(draft, at, credit, approved_by=None)
    else:
        _tell_of(draft, at, credit, approved_by=None)


def _tell_of(draft: Draft, at: datetime, credit: Credit, *, approved_by: str | None) -> None:
    sequence = _record(draft, at, credit, approved_by=approved_by)
    draft.tell(sequence, "credit_offered", Audience.CUSTOMER)


def _record(draft: Draft, at: datetime, credit: Credit, *, approved_by: str | None) -> int:
    return draft.record(
        at,
        CreditOffered(
            number=credit.number,
            minor=credit.minor,
            currency=credit.currency,
            reason=credit.reason,
            of=credit.of,
            approved_by=approved_by,
            earned_by=credit.earned_by,
        ),
    )


def _is_within_limit(draft: Draft, money: Money) -> bool:
    """Whether it may be offered without the lead: what stands offered or proposed by hand counts towards the limit."""
    limit = draft.policy.credit_limit
    if limit is None:
        return False
    by_hand = (each.minor for each in draft.credits if each.of is None and each.state is not CreditState.REFUSED)
    return sum(by_hand) + money.minor <= limit.minor


def _require_currency(draft: Draft, currency: str) -> None:
    known = currency_of(draft.policy) or next((each.currency for each in draft.credits), None)
    if known is not None and currency != known:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.CREDIT_OTHER_CURRENCY,
                text=f"cannot offer a credit in {currency!r}: this ticket's credits are in {known!r}",
                facts=present_state(draft, currency=known),
            )
        )


def _require_room(draft: Draft) -> None:
    by_hand = sum(each.of is None for each in draft.credits)
    if by_hand >= MOST_CREDITS:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.TOO_MANY_CREDITS,
                text=f"cannot offer a credit: the ticket has {by_hand} by hand already; correct the invoice instead",
                facts=present_state(draft),
            )
        )


def currency_of(policy: Policy) -> str | None:
    """The one currency of a policy's credits; none where it speaks of none."""
    amounts = (policy.credit_limit, policy.credit_for_promise, policy.credit_for_resolve)
    return next((money.currency for money in amounts if money), None)


def _not_awaited(draft: Draft, number: int, credit: Credit | None) -> CommandRefused:
    awaited = ", ".join(str(each.number) for each in draft.credits if each.state is CreditState.AWAITING_APPROVAL)
    found = "there is none of that number" if credit is None else f"it is {credit.state.value!r}"
    return CommandRefused(
        Refusal(
            reason=RefusalReason.CREDIT_UNKNOWN,
            text=f"cannot decide credit {number}: {found}; {f'decide {awaited}' if awaited else 'none awaits a word'}",
            facts=present_state(draft, awaited=awaited),
        )
    )
