"""Goodwill credits: granted by the policy with the admission, offered by hand, decided by the lead (semantics 6.13)."""

from dataclasses import replace
from datetime import datetime

from workflows.domain.money import Money
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import DecideCredit, OfferCredit, TakenCredit
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import CreditMoved, CreditOffered, CreditProposed, CreditRefused
from workflows.domain.ticket.refusing import CommandRefused, present_state
from workflows.domain.ticket.state import Credit, Ticket
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import Audience, CreditOf, CreditState

MOST_CREDITS = 50
"""Of one ticket that are offered by hand: whoever wants more has an invoice to correct."""


def earned_by_promise(draft: Draft, at: datetime, earned_by: int) -> None:
    """Grant what a person's broken promise earns; `earned_by` is the line of the breach, whose message tells of it."""
    _grant(draft, at, draft.policy.credit_for_promise, CreditOf.PROMISE, earned_by)


def earned_by_resolve(draft: Draft, at: datetime, earned_by: int) -> None:
    """Grant what the customer's broken resolve earns, once a ticket; the message of that line tells of both.

    What was merged into it counts: the customer had one request (6.7).
    """
    if not has_resolve_credit(draft):
        _grant(draft, at, draft.policy.credit_for_resolve, CreditOf.RESOLVE, earned_by)


def offer(draft: Draft, at: datetime, command: OfferCredit) -> None:
    """Offer one by hand; above the policy's limit, all of the ticket's together, the lead decides first."""
    _require_currency(draft, command.currency, "offer a credit")
    _require_room(draft, "offer a credit", "correct the invoice instead")
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
    _propose(draft, at, credit)


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


def has_resolve_credit(of: Draft | Ticket) -> bool:
    """Whether the customer's resolve has earned its credit, here or on a ticket that was merged into it."""
    return of.resolve_credited or any(credit.of is CreditOf.RESOLVE for credit in of.credits)


def awaited(ticket: Ticket) -> tuple[TakenCredit, ...]:
    """What still awaits the lead's word."""
    return tuple(
        TakenCredit(number=each.number, minor=each.minor, currency=each.currency, reason=each.reason, by=each.by)
        for each in ticket.credits
        if each.state is CreditState.AWAITING_APPROVAL
    )


def move(draft: Draft, at: datetime, survivor_reference: str) -> None:
    """Leave what awaits the lead to the ticket that goes on: it is decided there (6.7)."""
    for credit in draft.credits:
        if credit.state is CreditState.AWAITING_APPROVAL:
            moved = replace(credit, state=CreditState.MOVED, at=at)
            draft.credits = tuple(moved if each is credit else each for each in draft.credits)
            draft.record(at, CreditMoved(number=credit.number, survivor_reference=survivor_reference))


def take_over(draft: Draft, at: datetime, taken: TakenCredit, reference: str) -> None:
    """Await the lead's word on a credit of a ticket that was merged into this one, under a number of this one's (6.7).

    The lead is told where it is decided now. `CommandRefused` where it has no place here: none is lost by a merge.
    """
    what = f"take credit {taken.number} of {reference!r} over"
    _require_currency(draft, taken.currency, what, "decide it before you merge")
    _require_room(draft, what, "decide it before you merge")
    credit = Credit(
        number=len(draft.credits) + 1,
        minor=taken.minor,
        currency=taken.currency,
        state=CreditState.AWAITING_APPROVAL,
        reason=taken.reason,
        by=taken.by,
        at=at,
    )
    draft.credits = (*draft.credits, credit)
    _propose(draft, at, credit, merged_reference=reference, proposed_by=taken.by)


def _propose(
    draft: Draft, at: datetime, credit: Credit, *, merged_reference: str | None = None, proposed_by: str | None = None
) -> None:
    sequence = draft.record(
        at,
        CreditProposed(
            number=credit.number,
            minor=credit.minor,
            currency=credit.currency,
            reason=credit.reason,
            merged_reference=merged_reference,
            proposed_by=proposed_by,
        ),
    )
    draft.tell(sequence, "credit_to_approve", Audience.LEAD)


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


def _require_currency(draft: Draft, currency: str, what: str, remedy: str = "") -> None:
    known = currency_of(draft.policy) or next((each.currency for each in draft.credits), None)
    if known is not None and currency != known:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.CREDIT_OTHER_CURRENCY,
                text=f"cannot {what} in {currency!r}: this ticket's credits are in {known!r}"
                f"{f'; {remedy}' if remedy else ''}",
                facts=present_state(draft, currency=known),
            )
        )


def _require_room(draft: Draft, what: str, remedy: str) -> None:
    by_hand = sum(each.of is None for each in draft.credits)
    if by_hand >= MOST_CREDITS:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.TOO_MANY_CREDITS,
                text=f"cannot {what}: the ticket has {by_hand} by hand already; {remedy}",
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
