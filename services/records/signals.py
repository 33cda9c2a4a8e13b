"""What a settle's new lines say of a customer who may leave: pure, from the log to rows of `customer_signals`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from services.records.tables_signals import FLAGGED
from services.records.totals import had_work
from workflows.domain.policy import Policy
from workflows.domain.ticket.events import ContactReceived, CustomerFlagged, Entry, Event, PromiseBroken, Rated
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import Signal

_SAYING = frozenset({PromiseBroken, ContactReceived, Rated, CustomerFlagged})
"""Most lines of a log are none of these."""


class SignalColumns(NamedTuple):
    """Something went wrong for a customer, or the lead was told of what did."""

    ticket_id: str
    sequence: int
    customer_id: str
    kind: str
    at: datetime


def signals(ticket: Ticket, entries: Sequence[Entry], policy: Policy) -> Iterator[SignalColumns]:
    """Yield a row for each signal among the new lines, and for each time that the lead was told."""
    saying = [entry for entry in entries if type(entry.event) in _SAYING]
    events = [entry.event for entry in entries] if saying else []
    for entry in saying:
        if kind := _kind(ticket, events, entry.event, policy):
            yield SignalColumns(ticket.ticket_id, entry.sequence, ticket.customer.external_id, kind, entry.at)


def _kind(ticket: Ticket, events: Sequence[Event], event: Event, policy: Policy) -> str | None:
    match event:
        case PromiseBroken(is_engines=False):
            return Signal.PROMISE_BROKEN.value
        case ContactReceived(kind=kind, answered_wait=False) if kind.is_a_chase and had_work(ticket, events):
            return Signal.CHASED.value
        case Rated(stars=stars) if stars <= policy.rating_tells_lead:
            return Signal.RATED_LOW.value
        case CustomerFlagged():
            return FLAGGED
        case _:
            return None
