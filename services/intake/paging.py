"""Pages: how long one is, and the token of the next. A token is bound to the filters and the order it was given with.

A page is cut after a ticket's or a clock run's own name, never after a row's number: what is added meanwhile neither
shifts nor doubles anything.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, cast

from google.protobuf.message import Message

from protos.followthrough.v1.ticket_service_pb2 import ExplainDeadlinesRequest, ListTicketsRequest
from services.intake.ids import ID_LENGTH, is_ticket_id
from services.records.queries import Place
from workflows.domain.ticket.ledger import Line

DEFAULT_PAGE_SIZE = 50
LONGEST_PAGE = 100
LARGEST_PAGE = 3 * 1024 * 1024
"""Bytes of what a page lists, short of the 4 MiB that clients take: a hundred of the longest tickets would be more."""

_SEAL_BYTES = 12
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Paged(Protocol):
    """A request for a page of a list: any message that has a size and a token."""

    page_size: int
    page_token: str

    def SerializeToString(self, *, deterministic: bool = ...) -> bytes:  # noqa: N802 - protobuf's name
        """The request's content."""
        ...


class PageTokenInvalid(ValueError):  # noqa: N818 - the fact, in the desk's words
    """No token of ours, or one of another list."""


def page_size(asked: int) -> int:
    """How many to return: 0 leaves it to us, too many are cut."""
    return min(asked, LONGEST_PAGE) if asked else DEFAULT_PAGE_SIZE


def fitting(items: Sequence[Message]) -> int:
    """How many of them one answer holds, from the first; one at least, for any alone is short of it."""
    total = 0
    for count, item in enumerate(items):
        total += item.ByteSize()
        if total > LARGEST_PAGE and count:
            return count
    return len(items)


def is_by_deadline(request: ListTicketsRequest) -> bool:
    """Whether what is due next comes first; else the order is that of opening."""
    return request.order_by == "deadline_time"


def next_tickets(request: ListTicketsRequest, last: Place) -> str:
    """Make the token of the page that begins after this place."""
    if not is_by_deadline(request) or last.deadline_at is None:
        return token(request, last.ticket_id)
    return token(request, f"{(last.deadline_at - _EPOCH) // _MICROSECOND}{last.ticket_id}")


def tickets_after(request: ListTicketsRequest) -> Place | None:
    """Return the place after which the page begins; none: it is the first. Raises `PageTokenInvalid`.

    In the order of opening a place has no deadline.
    """
    after = after_token(request)
    if after is None:
        return None
    microseconds, ticket_id = after[:-ID_LENGTH], after[-ID_LENGTH:]
    is_dated = microseconds and is_by_deadline(request) and re.fullmatch(r"-?[0-9]{1,18}", microseconds, re.ASCII)
    if not is_ticket_id(ticket_id) or (microseconds and not is_dated):
        raise PageTokenInvalid
    try:
        deadline_at = _EPOCH + int(microseconds) * _MICROSECOND if microseconds else None
    except OverflowError:
        raise PageTokenInvalid from None
    return Place(deadline_at=deadline_at, ticket_id=ticket_id)


def next_ledgers(request: ExplainDeadlinesRequest, last: Line) -> str:
    """Make the token of the page that begins after this clock run, or promise."""
    return token(request, str(began_with(last)))


def ledgers_after(request: ExplainDeadlinesRequest) -> int | None:
    """Return the line of the log that began the run after which the page begins; none: it is the first.

    Raises `PageTokenInvalid`.
    """
    after = after_token(request)
    if after is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", after, re.ASCII):
        raise PageTokenInvalid
    return int(after)


def began_with(line: Line) -> int:
    """The sequence of the line of the log that a run began with: no two began with the same."""
    return line.intervals[0].sequence


def token(request: Paged, after: str) -> str:
    """Make the token of the page that begins after what is called so."""
    return base64.urlsafe_b64encode(_seal(request, after) + after.encode()).decode().rstrip("=")


def after_token(request: Paged) -> str | None:
    """Read what a page begins after; none: it is the first. Raises `PageTokenInvalid`."""
    if not request.page_token:
        return None
    try:
        token = base64.b64decode(
            request.page_token + "=" * (-len(request.page_token) % 4), altchars=b"-_", validate=True
        )
        after = token[_SEAL_BYTES:].decode("ascii")
    except ValueError:
        raise PageTokenInvalid from None
    # The seal is no secret: it tells lists apart, not forgers.
    if token[:_SEAL_BYTES] != _seal(request, after):
        raise PageTokenInvalid
    return after


def _seal(request: Paged, after: str) -> bytes:
    filters = cast(Message, type(request)())
    filters.CopyFrom(cast(Message, request))
    filters.ClearField("page_size")
    filters.ClearField("page_token")
    asked = (type(filters).__name__.encode(), filters.SerializeToString(deterministic=True), after.encode())
    return hashlib.sha256(b"\0".join(asked)).digest()[:_SEAL_BYTES]
