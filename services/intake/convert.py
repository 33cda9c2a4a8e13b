"""From the contract to the domain and back. Generic where names agree; refuses to decide anything.

The domain's `opened_at` is the contract's `open_time`, its `is_forward` is `forward`: one rule and a short table. A
test holds the two together field by field, so neither can gain one that the other does not know.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from types import NoneType
from typing import TypeVar, cast, get_args, get_origin, get_type_hints

from google.protobuf.descriptor import Descriptor, EnumDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import event_pb2, handover_pb2, ledger_pb2, ticket_pb2, ticket_service_pb2
from workflows.domain.routing import Request
from workflows.domain.ticket.commands import (
    Acknowledge,
    AddNote,
    Assign,
    ChangePriority,
    ChangePromise,
    Close,
    Command,
    Confirm,
    Continue,
    Customer,
    DecideCredit,
    Escalate,
    Hold,
    Import,
    KeepPromise,
    LogTime,
    MakePromise,
    OfferCredit,
    Open,
    PostUpdate,
    Rate,
    RecordContact,
    Reject,
    Reopen,
    Resolve,
    Transfer,
    WaitOnCustomer,
)
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.ledger import Line
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.words import ContactKind, Status, Target, TicketKind
from workflows.planning.handover import Handover
from workflows.planning.handover_page import page
from workflows.planning.handover_story import MergedStory

Made = TypeVar("Made")

COMMANDS: Mapping[type[Message], type[Command]] = {
    ticket_service_pb2.AcknowledgeTicketRequest: Acknowledge,
    ticket_service_pb2.AssignTicketRequest: Assign,
    ticket_service_pb2.PostUpdateRequest: PostUpdate,
    ticket_service_pb2.RecordContactRequest: RecordContact,
    ticket_service_pb2.WaitOnCustomerRequest: WaitOnCustomer,
    ticket_service_pb2.ContinueTicketRequest: Continue,
    ticket_service_pb2.EscalateTicketRequest: Escalate,
    ticket_service_pb2.TransferTicketRequest: Transfer,
    ticket_service_pb2.ResolveTicketRequest: Resolve,
    ticket_service_pb2.ConfirmResolutionRequest: Confirm,
    ticket_service_pb2.RejectResolutionRequest: Reject,
    ticket_service_pb2.ReopenTicketRequest: Reopen,
    ticket_service_pb2.CloseTicketRequest: Close,
    ticket_service_pb2.ChangePriorityRequest: ChangePriority,
    ticket_service_pb2.AddNoteRequest: AddNote,
    ticket_service_pb2.LogTimeRequest: LogTime,
    ticket_service_pb2.MakePromiseRequest: MakePromise,
    ticket_service_pb2.KeepPromiseRequest: KeepPromise,
    ticket_service_pb2.ChangePromiseRequest: ChangePromise,
    ticket_service_pb2.RateTicketRequest: Rate,
    ticket_service_pb2.HoldTicketRequest: Hold,
    ticket_service_pb2.OfferCreditRequest: OfferCredit,
    ticket_service_pb2.DecideCreditRequest: DecideCredit,
}
"""What each request asks of a ticket that exists."""

WIRE_NAMES: Mapping[str, str] = {
    "opened_at": "open_time",
    "imported_at": "import_time",
    "started_at": "start_time",
    "closed_at": "close_time",
    "resolved_at": "resolve_time",
    "detected_at": "detect_time",
    "tier_entered_at": "tier_enter_time",
    "running_since": "running_since_time",
    "as_of": "as_of_time",
    "from_at": "start_time",
    "until_at": "end_time",
    "to_at": "end_time",
    "at": "record_time",
    "since": "since_time",
    "promised_at": "promise_time",
    "from_promised_at": "from_promise_time",
    "made_at": "make_time",
    "kept_at": "keep_time",
    "flagged_at": "flag_time",
    "customer_spoke_at": "customer_speak_time",
    "asked_at": "ask_time",
    "answered_at": "answer_time",
}
"""Where the rule of `wire_name` does not do."""

WIRE_NAMES_OF: Mapping[tuple[type, str], str] = {(Customer, "name"): "display_name"}
"""Where a field of one class is called otherwise than its namesakes: a promise goes by its name."""

DEFAULTS: Mapping[type[StrEnum], StrEnum] = {ContactKind: ContactKind.NEWS, TicketKind: TicketKind.REQUEST}
"""What is meant by an enum that is not required and was not said (6.3)."""

INTERVALS_SHOWN = 50
"""Of one clock run in one answer: a hundred runs with the longest names stay under the 4 MiB that clients take."""

HOLDS_SHOWN = 5
REASON_SHOWN = 200
"""Of internal waits beside each clock run, and of each one's reason, in characters: for the same reason."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
A_DAY_SECONDS = 86_400
NANOSECONDS = 10**9
"""In a second."""

INTERNAL = frozenset(
    {"warnings", "update_breaches", "roster", "closures", "promised", "owed", "is_owed", "unanswered_since"}
)
"""Fields of the domain that are the engine's own business and not in the contract, or in it elsewhere."""

UNASKED = frozenset({"told_in", "also_for"})
"""Fields of commands that the record alone says: no request has them."""


def wire_name(kind: type, name: str) -> str:
    """Name a field of a class of the domain in the contract's way (AIP 140 and 142)."""
    if (kind, name) in WIRE_NAMES_OF:
        return WIRE_NAMES_OF[kind, name]
    if name in WIRE_NAMES:
        return WIRE_NAMES[name]
    name = name.removeprefix("is_")
    return f"{name.removesuffix('_at')}_time" if name.endswith("_at") else name


def to_command(request: Message) -> Command:
    """What a checked request asks of a ticket that exists."""
    return _made(COMMANDS[type(request)], request)


def to_open(request: ticket_service_pb2.OpenTicketRequest, ticket_id: str, reference: str) -> Open:
    """What a checked request to open asks, with the ids it was given."""
    return _made(Open, request, ticket_id=ticket_id, reference=reference)


def to_import(request: ticket_service_pb2.ImportTicketRequest, ticket_id: str, reference: str) -> Import:
    """What a checked request to import asks, with the ids it was given."""
    return _made(Import, request, ticket_id=ticket_id, reference=reference)


def to_contact(request: ticket_service_pb2.ReceiveContactRequest) -> RecordContact:
    """What a checked contact comes to where there is a ticket."""
    return _made(RecordContact, request, customer=request.customer.external_id)


def to_opening(request: ticket_service_pb2.ReceiveContactRequest) -> ticket_service_pb2.OpenTicketRequest:
    """What a checked contact asks where there is no ticket."""
    return ticket_service_pb2.OpenTicketRequest(
        caller=request.caller,
        actor=request.actor,
        queue=request.queue,
        priority=request.priority,
        customer=request.customer,
        subject=request.subject,
        description=request.text,
        channel=request.channel,
        thread=request.thread,
    )


def to_incoming(request: ticket_service_pb2.OpenTicketRequest) -> Request:
    """What a route is told of a checked request that leaves its queue or its priority open."""
    return Request(
        queue=request.queue,
        priority=request.priority,
        caller=request.caller,
        actor=request.actor,
        channel=request.channel,
        subject=request.subject,
        description=request.description,
        customer_id=request.customer.external_id,
        customer_name=request.customer.display_name,
        language=request.customer.language,
        zone=request.customer.zone,
        follows=request.follows,
    )


def to_status(number: int) -> Status | None:
    """Read a status of the contract; none: it was not said."""
    return cast(Status | None, _member(Status, ticket_pb2.TicketStatus.DESCRIPTOR, number))


def to_target(number: int) -> Target | None:
    """Read a target of the contract; none: it was not said."""
    return cast(Target | None, _member(Target, ticket_pb2.Target.DESCRIPTOR, number))


def ticket_message(ticket: Ticket) -> ticket_pb2.Ticket:
    """Show a ticket to a caller."""
    message = ticket_pb2.Ticket()
    _fill(message, ticket)
    for wire, instant in (("deadline_time", ticket.deadline_at()), ("next_news_time", ticket.next_news_at)):
        if instant is not None:
            _write_instant(message, wire, instant)
    return message


def event_message(entry: Entry) -> event_pb2.TicketEvent:
    """Show one line of a ticket's log to a caller."""
    message = event_pb2.TicketEvent(sequence=entry.sequence, actor=entry.actor or "")
    message.effective_time.FromDatetime(entry.at)
    body = getattr(message, event_field(type(entry.event).__name__))
    body.SetInParent()
    _fill(body, entry.event)
    return message


def handover_message(handover: Handover) -> handover_pb2.Handover:
    """Show a ticket's story to a caller, whole and as one page."""
    message = handover_pb2.Handover(page=page(handover), ticket=ticket_message(handover.ticket))
    _fill(message, handover.story)
    _write_instant(message, "as_of_time", handover.as_of)
    for each in handover.merged:
        _fill_merged(message.merged.add(), each)
    if handover.next_step is not None:
        _write_message(message, "next_step", handover.next_step)
    return message


def _fill_merged(message: handover_pb2.HandoverMerged, merged: MergedStory) -> None:
    message.ticket_id, message.reference = merged.ticket_id, merged.reference
    message.subject, message.description = merged.subject, merged.description
    _write_instant(message, "open_time", merged.opened_at)
    _fill(message, merged.story)


def ledger_message(line: Line, *, after_interval: int = 0) -> ledger_pb2.ClockLedger:
    """Show the ledger of a clock run to a caller, its sums and as many of its intervals as one answer holds."""
    message = ledger_pb2.ClockLedger(interval_count=len(line.intervals))
    shown = tuple(
        replace(interval, reason=interval.reason[:REASON_SHOWN]) if interval.reason else interval
        for interval in line.intervals[after_interval : after_interval + INTERVALS_SHOWN]
    )
    holds = tuple(replace(hold, reason=hold.reason[:REASON_SHOWN]) for hold in line.holds[-HOLDS_SHOWN:])
    _fill(message, replace(line, intervals=shown, holds=holds))
    message.hold_count = len(line.holds)
    for number, interval in enumerate(message.intervals, start=after_interval + 1):
        interval.number = number
    for wire, length in (("counted", line.counted), ("spent", line.spent), ("left", line.left)):
        getattr(message, wire).FromTimedelta(length)
    if after_interval + len(shown) < len(line.intervals):
        message.next_after_interval = after_interval + len(shown)
    return message


def event_field(kind: str) -> str:
    """Where an event of that kind stands in the contract's oneof: `ClockMet` in `clock_met`."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in kind).lstrip("_")


def _made(kind: type[Made], request: Message, **given: str) -> Made:
    """Make a command from the request's fields of the same names; an empty text is none where none is allowed."""
    values: dict[str, object] = {**given}
    for name, hint in _hints(cast(Hashable, kind)).items():
        if name in given or name in UNASKED:
            continue
        wire = wire_name(kind, name)
        value = getattr(request, wire)
        if hint is Customer:
            values[name] = _made(Customer, value)
        elif isinstance(hint, type) and issubclass(hint, StrEnum):
            enum = cast(EnumDescriptor, request.DESCRIPTOR.fields_by_name[wire].enum_type)
            values[name] = _member(hint, enum, value) or DEFAULTS[hint]
        elif isinstance(value, Duration):
            values[name] = value.ToTimedelta()
        elif isinstance(value, Timestamp):
            values[name] = value.ToDatetime(tzinfo=UTC) if request.HasField(wire) else None
        elif get_origin(hint) is tuple:
            of = get_args(hint)[0]
            is_made = isinstance(of, type) and is_dataclass(of)
            values[name] = tuple(_made(of, each) for each in value) if is_made else tuple(value)
        elif not value and NoneType in get_args(hint):
            values[name] = None
        else:
            values[name] = value
    return kind(**values)


def _member(kind: type[StrEnum], enum: EnumDescriptor, number: int) -> StrEnum | None:
    """Read an enum of the contract; none when it was not said. Its values are the domain's behind a prefix."""
    return kind(enum.values_by_number[number].name.removeprefix(_prefix(enum)).lower()) if number else None


def _fill(message: Message, value: object) -> None:
    """Write a frozen value of the domain into the message of its name."""
    for name, wire, write in _writers(cast(Hashable, type(value)), cast(Hashable, type(message))):
        given = getattr(value, name)
        if given is not None:
            write(message, wire, given)


Write = Callable[[Message, str, object], None]


@cache
def _writers(kind: type, message: type[Message]) -> tuple[tuple[str, str, Write], ...]:
    """How each field of a dataclass is written into a message; computed once a pair."""
    return tuple(
        (field.name, wire_name(kind, field.name), _writer(message, wire_name(kind, field.name)))
        for field in fields(kind)
        if field.name not in INTERNAL
    )


def _writer(message: type[Message], wire: str) -> Write:
    field = message.DESCRIPTOR.fields_by_name[wire]
    if field.enum_type is not None:
        numbers = _numbers(cast(EnumDescriptor, field.enum_type))
        return _write_enums(numbers) if field.is_repeated else _write_enum(numbers)
    if field.is_repeated:
        return _write_messages if field.message_type is not None else _write_all
    if field.message_type is None:
        return setattr
    return _OF_TYPE.get(cast(Descriptor, field.message_type).full_name, _write_message)


def _write_enum(numbers: Mapping[str, int]) -> Write:
    def write(message: Message, wire: str, value: object) -> None:
        setattr(message, wire, numbers[str(value)])

    return write


def _write_enums(numbers: Mapping[str, int]) -> Write:
    def write(message: Message, wire: str, values: object) -> None:
        getattr(message, wire).extend(numbers[str(value)] for value in cast(tuple[StrEnum, ...], values))

    return write


def _write_all(message: Message, wire: str, values: object) -> None:
    getattr(message, wire).extend(values)


def _write_messages(message: Message, wire: str, values: object) -> None:
    for value in cast(tuple[object, ...], values):
        _fill(getattr(message, wire).add(), value)


def _write_message(message: Message, wire: str, value: object) -> None:
    if not is_dataclass(value):
        raise _misfit(message, wire, value)
    inner = getattr(message, wire)
    inner.SetInParent()
    _fill(inner, value)


def _write_instant(message: Message, wire: str, value: object) -> None:
    if not isinstance(value, datetime):
        raise _misfit(message, wire, value)
    since = value - EPOCH
    instant: Timestamp = getattr(message, wire)
    # Not FromDatetime, which takes eight times as long: a ticket's answer has a dozen instants, and as many lengths.
    instant.seconds = since.days * A_DAY_SECONDS + since.seconds
    instant.nanos = since.microseconds * 1000
    instant.SetInParent()


def _write_length(message: Message, wire: str, value: object) -> None:
    if not isinstance(value, timedelta):
        raise _misfit(message, wire, value)
    length: Duration = getattr(message, wire)
    seconds, nanos = value.days * A_DAY_SECONDS + value.seconds, value.microseconds * 1000
    if seconds < 0 < nanos:  # both have one sign
        seconds, nanos = seconds + 1, nanos - NANOSECONDS
    length.seconds = seconds
    length.nanos = nanos
    length.SetInParent()


def _misfit(message: Message, wire: str, value: object) -> TypeError:
    return TypeError(f"{type(message).__name__}.{wire} cannot hold a {type(value).__name__}")


_OF_TYPE: Mapping[str, Write] = {
    Timestamp.DESCRIPTOR.full_name: _write_instant,
    Duration.DESCRIPTOR.full_name: _write_length,
}
"""How messages that are nobody's own are written."""


@cache
def _hints(kind: type) -> Mapping[str, object]:
    return get_type_hints(kind)


@cache
def _numbers(enum: EnumDescriptor) -> Mapping[str, int]:
    """The contract's numbers by the domain's values."""
    return {value.name.removeprefix(_prefix(enum)).lower(): value.number for value in enum.values}


@cache
def _prefix(enum: EnumDescriptor) -> str:
    return enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
