"""What the customer's coming back does: which ticket it is about, and a new one where there is none (6.3).

Requests arrive checked field by field. Which ticket takes a contact, and that two at once make one, is the record's.
"""

from collections.abc import Mapping
from typing import cast

from google.protobuf.message import Message

from protos.followthrough.v1.ticket_service_pb2 import (
    OpenTicketRequest,
    ReceiveContactRequest,
    ReceiveContactResponse,
    RecordContactRequest,
)
from services.intake.changes import Changes
from services.intake.convert import ticket_message, to_command, to_contact, to_open, to_opening
from services.intake.errors import invalid, unknown_ticket
from services.intake.fields import Violation
from services.intake.ids import Ids, parse_reference
from services.intake.means import Handle
from services.intake.requests import request_of
from services.records.contacts import Contacts, Named
from services.records.queries import Queries
from services.records.store import Record
from workflows.domain.policy import Policy
from workflows.domain.ticket.commands import Open, RecordContact
from workflows.domain.ticket.verdict import Judged
from workflows.ports import TicketUnknown


class ContactMethods:
    """The customer came back, or came for the first time. Holds no state of its own."""

    def __init__(self, *, contacts: Contacts, record: Record, queries: Queries, changes: Changes, ids: Ids) -> None:
        """Take what it works with; `changes` answers, and knows where a new ticket belongs."""
        self._contacts = contacts
        self._record = record
        self._queries = queries
        self._changes = changes
        self._ids = ids

    def methods(self) -> Mapping[type[Message], Handle[Message]]:
        """What handles each request."""
        own: dict[type[Message], object] = {
            RecordContactRequest: self._record_contact,
            ReceiveContactRequest: self._receive_contact,
        }
        return cast(Mapping[type[Message], Handle[Message]], own)

    async def _record_contact(self, request: RecordContactRequest) -> bytes:
        asked = request_of(request)
        ticket_ids = await self._named(request)
        if not ticket_ids and (before := await self._record.answered(asked)):
            return self._changes.answer(before)  # what led to it then leads nowhere now (5.5)
        if not ticket_ids:
            raise unknown_ticket(request.thread or "", "thread" if request.thread else "subject")
        try:
            settled = await self._contacts.record(
                ticket_ids,
                cast(RecordContact, to_command(request)),
                request=asked,
                expected_version=request.expected_version or None,
                encode=_joined_ticket,
            )
        except TicketUnknown:
            raise unknown_ticket(ticket_ids[0]) from None
        return self._changes.answer(settled)

    async def _named(self, request: RecordContactRequest) -> tuple[str, ...]:
        """The tickets that a request may mean, in the order in which they count."""
        if not request.reference:
            if request.ticket_id:
                return (request.ticket_id,)
            return (await self._contacts.find(_names(request))).ticket_ids
        try:
            ticket = await self._queries.ticket_by_reference(parse_reference(request.reference))
        except TicketUnknown:
            raise unknown_ticket(request.reference, "reference") from None
        if request.ticket_id not in {"", ticket.ticket_id}:
            raise invalid([Violation("reference", "is another ticket's than ticket_id: leave one of the two out")])
        return (ticket.ticket_id,)

    async def _receive_contact(self, request: ReceiveContactRequest) -> bytes:
        asked = request_of(request)  # as it was asked, before anything is filled in (5.5)
        if before := await self._record.answered(asked):
            return self._changes.answer(before)
        self._changes.require_place(request)
        place: tuple[OpenTicketRequest, Policy] | None = None

        async def opening(follows: str | None) -> tuple[Policy, Open]:
            nonlocal place
            if place is None:  # a route is asked once, however often it is tried
                place = await self._changes.placed(to_opening(request))
            whole, policy = place
            whole.follows = follows or ""
            return policy, to_open(whole, self._ids.ticket_id(), self._ids.reference())

        settled = await self._contacts.receive(
            Named(
                reference=parse_reference(request.reference) if request.reference else None,
                thread=request.thread or None,
                customer_id=request.customer.external_id,
                subject=request.subject,
            ),
            to_contact(request),
            opening,
            request=asked,
            joined=_joined,
            opened=_opened,
        )
        return self._changes.answer(settled)


def lacks_a_ticket(request: Message) -> tuple[Violation, ...]:
    """Find what a contact must say of its ticket, though no single field is required."""
    if not isinstance(request, RecordContactRequest):
        return ()
    if request.subject and not request.customer:
        return (Violation("customer", "is empty: say it, a subject is looked for among a customer's own tickets"),)
    if request.ticket_id or request.reference or request.thread or request.subject:
        return ()
    return (Violation("ticket_id", "is empty: say it, or a reference, a thread, or customer and subject"),)


def _names(request: RecordContactRequest) -> Named:
    return Named(thread=request.thread or None, customer_id=request.customer or None, subject=request.subject or None)


def _joined_ticket(judged: Judged) -> bytes:
    return ticket_message(judged.ticket).SerializeToString()


def _joined(judged: Judged) -> bytes:
    return ReceiveContactResponse(ticket=ticket_message(judged.ticket), joined=True).SerializeToString()


def _opened(judged: Judged) -> bytes:
    return ReceiveContactResponse(ticket=ticket_message(judged.ticket)).SerializeToString()
