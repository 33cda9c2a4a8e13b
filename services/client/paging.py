"""How a long answer goes on: which request asks for the rest. Asks nobody."""

import copy
from typing import Protocol, TypeVar

from protos.followthrough.v1.ledger_pb2 import ClockLedger
from protos.followthrough.v1.ticket_service_pb2 import (
    ExplainDeadlinesRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
)


class Listing(Protocol):
    """A request for a page of a list."""

    page_token: str


class Page(Protocol):
    """What a page says of the next one; empty after the last."""

    @property
    def next_page_token(self) -> str:
        """What the request for the next page gives back."""
        ...


Asked = TypeVar("Asked", bound=Listing)


def next_page(asked: Asked, answer: Page) -> Asked | None:
    """Ask for the next page; none after the last."""
    if not answer.next_page_token:
        return None
    following = copy.deepcopy(asked)
    following.page_token = answer.next_page_token
    return following


def after_events(asked: ListTicketEventsRequest, answer: ListTicketEventsResponse) -> ListTicketEventsRequest | None:
    """Ask for the next page; none when there is nothing more by now."""
    if not answer.next_after_sequence:
        return None
    following = copy.deepcopy(asked)
    following.after_sequence = answer.next_after_sequence
    return following


def after_intervals(ticket_id: str, ledger: ClockLedger) -> ExplainDeadlinesRequest | None:
    """Ask for a run's later intervals; none after the last."""
    if not ledger.next_after_interval:
        return None
    return ExplainDeadlinesRequest(
        ticket_id=ticket_id, target=ledger.target, run=ledger.run, after_interval=ledger.next_after_interval
    )


def joined(earlier: ClockLedger, later: ClockLedger) -> ClockLedger:
    """Put a run's later intervals behind its earlier ones, under the later sums: only its last still counts."""
    whole = copy.deepcopy(later)
    del whole.intervals[:]
    whole.intervals.extend([*earlier.intervals, *later.intervals])
    return whole
