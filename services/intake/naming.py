"""Tickets as requests name them: a reference does wherever an id does. Knows no method.

Requests arrive checked field by field, and leave with ids: what is remembered of them is the same either way.
"""

from functools import cache

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from services.intake.errors import unknown_ticket
from services.intake.ids import ReferenceInvalid, is_ticket_id, parse_reference
from services.records.queries import Queries
from workflows.ports import TicketUnknown

NAMING = frozenset({"ticket_id", "ticket_ids", "survivor_id", "follows", "duplicate_of"})
"""The fields that name tickets, in whatever request."""


class Naming:
    """Finds the tickets that requests name by their references."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def by_ids(self, request: Message) -> Message:
        """The request with ids in place of references. Raises `Problem` for a reference of no ticket."""
        for name, is_repeated in _naming(request.DESCRIPTOR):
            said = getattr(request, name)
            if not is_repeated:
                if said and (found := await self._id_of(said, name)) != said:
                    setattr(request, name, found)
                continue
            ids = list(dict.fromkeys([await self._id_of(each, name) for each in said]))
            if ids != list(said):
                del said[:]
                said.extend(ids)
        return request

    async def _id_of(self, key: str, field: str) -> str:
        """The id of what may be a reference; what is neither is for others to say."""
        if is_ticket_id(key):
            return key
        try:
            reference = parse_reference(key)
        except ReferenceInvalid:
            return key
        try:
            return (await self._queries.ticket_by_reference(reference)).ticket_id
        except TicketUnknown:
            raise unknown_ticket(key, field) from None


@cache
def _naming(request: Descriptor) -> tuple[tuple[str, bool], ...]:
    """The request's fields that name tickets, and whether each may name several."""
    return tuple((field.name, field.is_repeated) for field in request.fields if field.name in NAMING)
