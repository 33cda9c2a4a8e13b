"""What the methods that only read do: ask the record, cut a page, convert. They lock nothing and settle nothing.

Requests arrive checked field by field.
"""

from collections.abc import Iterable, Mapping
from itertools import chain, dropwhile, islice
from typing import cast

from google.protobuf.message import Message

from protos.followthrough.v1.handover_pb2 import Handover
from protos.followthrough.v1.ticket_pb2 import Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    ExplainDeadlinesRequest,
    ExplainDeadlinesResponse,
    GetHandoverRequest,
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
    ListTicketsRequest,
    ListTicketsResponse,
)
from services.intake.convert import (
    event_message,
    handover_message,
    ledger_message,
    ticket_message,
    to_status,
    to_target,
)
from services.intake.errors import Problem, Reason, invalid, unknown_ticket
from services.intake.fields import Violation
from services.intake.ids import parse_reference
from services.intake.means import Handle
from services.intake.paging import (
    PageTokenInvalid,
    began_with,
    fitting,
    is_by_deadline,
    ledgers_after,
    next_ledgers,
    next_tickets,
    page_size,
    tickets_after,
)
from services.intake.promises import HoldsPolicies
from services.records.queries import Place, Queries, TicketFilter
from workflows.domain.ticket.ledger import Line
from workflows.domain.ticket.texts import quoted
from workflows.planning.handover import handover, told_of
from workflows.ports import TicketUnknown


class Questions:
    """Everything that can be asked about tickets. Holds no state of its own."""

    def __init__(self, queries: Queries, policies: HoldsPolicies) -> None:
        self._queries = queries
        self._policies = policies

    def methods(self) -> Mapping[type[Message], Handle[Message]]:
        """What handles each request."""
        own: dict[type[Message], object] = {
            GetTicketRequest: self._get_ticket,
            ListTicketsRequest: self._list_tickets,
            ListTicketEventsRequest: self._list_ticket_events,
            ExplainDeadlinesRequest: self._explain_deadlines,
            GetHandoverRequest: self._get_handover,
        }
        return cast(Mapping[type[Message], Handle[Message]], own)

    async def _get_ticket(self, request: GetTicketRequest) -> Ticket:
        try:
            if request.ticket_id:
                return ticket_message(await self._queries.ticket(request.ticket_id))
            return ticket_message(await self._queries.ticket_by_reference(parse_reference(request.reference)))
        except TicketUnknown:
            key = "ticket_id" if request.ticket_id else "reference"
            raise unknown_ticket(getattr(request, key), key) from None

    async def _list_tickets(self, request: ListTicketsRequest) -> ListTicketsResponse:
        try:
            after = tickets_after(request)
        except PageTokenInvalid:
            raise _not_of_this_list(request.page_token) from None
        size, wanted = page_size(request.page_size), _wanted(request)
        if is_by_deadline(request):
            found = await self._queries.next_due(wanted, page_size=size + 1, after=after)
        else:
            found = await self._queries.tickets(
                wanted, page_size=size + 1, after=None if after is None else after.ticket_id
            )
        if not found and after is None:
            self._require_known(request)
        shown = [ticket_message(ticket) for ticket in found[:size]]
        fits = fitting(shown)
        answer = ListTicketsResponse(
            tickets=shown[:fits],
            next_page_token=next_tickets(request, Place.of(found[fits - 1])) if len(found) > fits else "",
        )
        answer.as_of_time.FromDatetime(await self._queries.instant())
        return answer

    async def _list_ticket_events(self, request: ListTicketEventsRequest) -> ListTicketEventsResponse:
        size = page_size(request.page_size)
        try:
            found = await self._queries.entries(
                request.ticket_id, after_sequence=request.after_sequence, limit=size + 1
            )
        except TicketUnknown:
            raise unknown_ticket(request.ticket_id) from None
        shown = [event_message(entry) for entry in found[:size]]
        fits = fitting(shown)
        return ListTicketEventsResponse(
            events=shown[:fits], next_after_sequence=shown[fits - 1].sequence if len(found) > fits else 0
        )

    async def _get_handover(self, request: GetHandoverRequest) -> Handover:
        try:
            ticket = await self._queries.ticket(request.ticket_id)
            entries = await self._queries.entries(request.ticket_id)
            merged = {each: await self._queries.entries(each) for each in told_of(ticket.merged)}
        except TicketUnknown:
            raise unknown_ticket(request.ticket_id) from None
        known = [entry for entry in entries if entry.sequence <= ticket.sequence]  # not what came between the two
        as_of = max(await self._queries.instant(), known[-1].at)
        return handover_message(handover(ticket, known, as_of, merged))

    async def _explain_deadlines(self, request: ExplainDeadlinesRequest) -> ExplainDeadlinesResponse:
        try:
            after = ledgers_after(request)
            lines = await self._queries.ledger(request.ticket_id)
        except PageTokenInvalid:
            raise _not_of_this_list(request.page_token) from None
        except TicketUnknown:
            raise unknown_ticket(request.ticket_id) from None
        if after is not None:
            rest = dropwhile(lambda line: began_with(line) != after, lines)
            lines = tuple(islice(rest, 1, None))
        size = page_size(request.page_size)
        found = [line for line in lines if _is_asked_for(line, request)]
        page = found[:size]
        return ExplainDeadlinesResponse(
            ledgers=[ledger_message(line, after_interval=request.after_interval) for line in page],
            next_page_token=next_ledgers(request, page[-1]) if len(found) > size else "",
        )

    def _require_known(self, request: ListTicketsRequest) -> None:
        """See that nothing was found because there is nothing, and not because a name was misspelt.

        Only then: tickets may still have a name that is not declared any more.
        """
        promised = self._policies.now.promised
        policies = promised.policies.values()
        known: Mapping[str, tuple[Reason, Iterable[str]]] = {
            "queue": (Reason.UNKNOWN_QUEUE, promised.queues),
            "policy": (Reason.UNKNOWN_POLICY, promised.policies),
            "priority": (Reason.UNKNOWN_PRIORITY, chain.from_iterable(policy.priorities for policy in policies)),
            "tier": (Reason.UNKNOWN_TIER, chain.from_iterable(policy.tier_names for policy in policies)),
        }
        for field, (reason, names) in known.items():
            asked, declared = getattr(request, field), dict.fromkeys(names)
            if asked and asked not in declared:
                text = f"{quoted(asked)} is unknown, and no ticket has it: use one of {', '.join(declared)}"
                raise invalid([Violation(field, text)], reason, **{field: asked})


def _wanted(request: ListTicketsRequest) -> TicketFilter:
    return TicketFilter(
        status=to_status(request.status),
        tier=request.tier or None,
        queue=request.queue or None,
        priority=request.priority or None,
        policy=request.policy or None,
        owner=request.owner or None,
        handler=request.handler or None,
        with_promises=request.with_promises,
        customer_id=request.customer_external_id or None,
        is_untaken=request.untaken,
    )


def _is_asked_for(line: Line, request: ExplainDeadlinesRequest) -> bool:
    is_the_target = to_target(request.target) in {None, line.target}
    is_the_run = request.run in {0, line.run}
    return is_the_target and is_the_run and (line.state.is_live or not request.live_only)


def _not_of_this_list(token: str) -> Problem:
    problem = f"{quoted(token)} is no token of this list with these filters and this order: begin again without one"
    return invalid([Violation("page_token", problem)], Reason.PAGE_TOKEN_INVALID)
