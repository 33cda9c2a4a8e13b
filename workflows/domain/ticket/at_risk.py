"""A customer who may leave: the lead is told, once a period, and the customer never.

What counts for it lies in many tickets, so somebody else gathers it; whether it is enough the policy of the latest of
them says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workflows.domain.policy import AtRisk
from workflows.domain.ticket.commands import FlagCustomer
from workflows.domain.ticket.draft import Draft
from workflows.domain.ticket.events import CustomerFlagged
from workflows.domain.ticket.refusing import CommandRefused, present_state
from workflows.domain.ticket.verdict import Refusal, RefusalReason
from workflows.domain.ticket.words import Audience, Signal

ENGINE = "followthrough"
"""The actor of what nobody asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One thing that went wrong for a customer, on any of their tickets."""

    signal: Signal
    at: datetime


def due(at_risk: AtRisk | None, observed: Sequence[Observed], flagged_at: datetime | None) -> FlagCustomer | None:
    """What the lead is to be told, if anything, of signals in the order of their instants.

    Counted are those of the policy's period, back from the latest, and none that the lead was told of: `flagged_at`
    is when that was last, for this customer.
    """
    if at_risk is None or not observed:
        return None
    from_at = observed[-1].at - at_risk.period
    if flagged_at is not None and flagged_at > from_at:
        return None
    counted = [each for each in observed if each.at > from_at]
    if len(counted) < at_risk.number:
        return None
    return FlagCustomer(actor=ENGINE, signals=tuple(each.signal for each in counted), since=counted[0].at)


def flag(draft: Draft, at: datetime, command: FlagCustomer) -> None:
    """Tell the lead what has gone wrong for this customer, over all of their tickets."""
    why = _why_not(draft.policy.at_risk, draft.flagged_at, at, command)
    if why:
        raise CommandRefused(
            Refusal(
                reason=RefusalReason.NOT_AT_RISK,
                text=f"cannot flag the customer: {why}",
                facts=present_state(draft),
            )
        )
    sequence = draft.record(at, CustomerFlagged(signals=command.signals, since=command.since))
    draft.flagged_at = at
    draft.tell(sequence, "customer_at_risk", Audience.LEAD)


def _why_not(at_risk: AtRisk | None, flagged_at: datetime | None, at: datetime, command: FlagCustomer) -> str | None:
    if at_risk is None:
        return "the policy flags nobody"
    if len(command.signals) < at_risk.number:
        return f"signals are {len(command.signals)}, the policy's number is {at_risk.number}"
    if flagged_at is not None and at - flagged_at < at_risk.period:
        return f"they were flagged at {flagged_at:%Y-%m-%d %H:%M} UTC; once a period is enough"
    return None
