"""From the feed's side of the contract: commands into requests, a ticket into what the desk sees of it."""

from collections.abc import Mapping
from dataclasses import fields

from protos.followthrough.v1 import ticket_pb2
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    AddNoteRequest,
    AssignTicketRequest,
    ChangePriorityRequest,
    CloseTicketRequest,
    ConfirmResolutionRequest,
    ContinueTicketRequest,
    EscalateTicketRequest,
    LogTimeRequest,
    OpenTicketRequest,
    PostUpdateRequest,
    RecordContactRequest,
    RejectResolutionRequest,
    ReopenTicketRequest,
    ResolveTicketRequest,
    TransferTicketRequest,
    WaitOnCustomerRequest,
)
from services.client import Change
from services.desk_log.decide import CHANNEL, Seen
from services.desk_log.log import Case
from workflows.domain.ticket.commands import (
    Acknowledge,
    AddNote,
    Assign,
    ChangePriority,
    Close,
    Command,
    Confirm,
    Continue,
    Escalate,
    LogTime,
    PostUpdate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.words import ContactKind, Outcome, Status

ChangeOfTicket = (
    AcknowledgeTicketRequest
    | AssignTicketRequest
    | PostUpdateRequest
    | RecordContactRequest
    | WaitOnCustomerRequest
    | ContinueTicketRequest
    | EscalateTicketRequest
    | TransferTicketRequest
    | ResolveTicketRequest
    | ConfirmResolutionRequest
    | RejectResolutionRequest
    | ReopenTicketRequest
    | CloseTicketRequest
    | ChangePriorityRequest
    | AddNoteRequest
    | LogTimeRequest
)
STATUSES: Mapping[int, Status] = {ticket_pb2.TicketStatus.Value(f"TICKET_STATUS_{each.name}"): each for each in Status}
OUTCOMES: Mapping[int, Outcome] = {ticket_pb2.Outcome.Value(f"OUTCOME_{each.name}"): each for each in Outcome}
REQUESTS: Mapping[type[Command], type[ChangeOfTicket]] = {
    Acknowledge: AcknowledgeTicketRequest,
    Assign: AssignTicketRequest,
    PostUpdate: PostUpdateRequest,
    RecordContact: RecordContactRequest,
    WaitOnCustomer: WaitOnCustomerRequest,
    Continue: ContinueTicketRequest,
    Escalate: EscalateTicketRequest,
    Transfer: TransferTicketRequest,
    Resolve: ResolveTicketRequest,
    Confirm: ConfirmResolutionRequest,
    Reject: RejectResolutionRequest,
    Reopen: ReopenTicketRequest,
    Close: CloseTicketRequest,
    ChangePriority: ChangePriorityRequest,
    AddNote: AddNoteRequest,
    LogTime: LogTimeRequest,
}
LIVE = frozenset({ticket_pb2.CLOCK_STATE_RUNNING, ticket_pb2.CLOCK_STATE_PAUSED})


def seen(ticket: ticket_pb2.Ticket) -> Seen:
    """What a person at the desk sees of a ticket."""
    status = STATUSES[ticket.status]
    is_timed = any(clock.target == ticket_pb2.TARGET_ACKNOWLEDGE and clock.state in LIVE for clock in ticket.clocks)
    return Seen(
        status=status,
        tier=ticket.tier,
        awaits_acknowledgement=status is Status.OPEN or is_timed or ticket.HasField("reminding"),
        outcome=OUTCOMES[ticket.resolution.outcome] if ticket.HasField("resolution") else None,
    )


def opening(case: Case, *, queue: str, priority: str) -> OpenTicketRequest:
    """Open a ticket for a case. The log names no customer: one is made up, the same for the same case."""
    first = case.rows[0]
    return OpenTicketRequest(
        actor=first.who,
        queue=queue,
        priority=priority,
        customer=ticket_pb2.Customer(
            external_id=f"incident-{case.case}",
            display_name=f"Customer of incident {case.case}",
            language="en-GB",
            zone="Europe/Stockholm",
        ),
        subject=f"Incident {case.case}",
        channel=CHANNEL,
    )


def change(ticket_id: str, command: Command) -> Change:
    """Ask for a command: the contract's fields have the command's names; it lacks those that only the record says."""
    request = REQUESTS[type(command)](ticket_id=ticket_id)
    for field in fields(command):
        value = getattr(command, field.name)
        if value is None or value == ():
            continue
        if isinstance(value, tuple):
            getattr(request, field.name).extend(value)
        else:
            setattr(request, field.name, _in_the_contract(value))
    return request


def _in_the_contract(value: str) -> str | int:
    match value:
        case Outcome():
            return ticket_pb2.Outcome.Value(f"OUTCOME_{value.name}")
        case ContactKind():
            return ticket_pb2.ContactKind.Value(f"CONTACT_KIND_{value.name}")
        case _:
            return value
