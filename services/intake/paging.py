"""Pages: how long one is, and the token of the next. A token is bound to the filters it was given with.

A page is cut after a ticket id, never after a row's number: what is opened meanwhile neither shifts nor doubles a
ticket.
"""

import base64
import hashlib

from protos.followthrough.v1.ticket_service_pb2 import ListTicketsRequest
from services.intake.ids import is_ticket_id

DEFAULT_PAGE_SIZE = 50
LONGEST_PAGE = 100
"""A hundred of the longest tickets stay under the 4 MiB that clients take."""

_SEAL_BYTES = 12


class PageTokenInvalid(ValueError):  # noqa: N818 - the fact, in the desk's words
    """No token of ours, or one of another list."""


def page_size(asked: int) -> int:
    """How many to return: 0 leaves it to us, too many are cut."""
    return min(asked, LONGEST_PAGE) if asked else DEFAULT_PAGE_SIZE


def next_token(request: ListTicketsRequest, last_ticket_id: str) -> str:
    """Make the token of the page that begins after this ticket."""
    token = _seal(request, last_ticket_id) + last_ticket_id.encode()
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def begins_after(request: ListTicketsRequest) -> str | None:
    """Return the ticket id after which the page begins; none: it is the first. Raises `PageTokenInvalid`."""
    if not request.page_token:
        return None
    try:
        token = base64.b64decode(
            request.page_token + "=" * (-len(request.page_token) % 4), altchars=b"-_", validate=True
        )
        ticket_id = token[_SEAL_BYTES:].decode("ascii")
    except ValueError:
        raise PageTokenInvalid from None
    # The seal is no secret: it tells lists apart, not forgers.
    if not is_ticket_id(ticket_id) or token[:_SEAL_BYTES] != _seal(request, ticket_id):
        raise PageTokenInvalid
    return ticket_id


def _seal(request: ListTicketsRequest, after: str) -> bytes:
    filters = ListTicketsRequest()
    filters.CopyFrom(request)
    filters.ClearField("page_size")
    filters.ClearField("page_token")
    return hashlib.sha256(filters.SerializeToString(deterministic=True) + b"\0" + after.encode()).digest()[:_SEAL_BYTES]
