"""The contract as a caller's own code has it: requests written from commands, the domain's values read from answers.

Written apart from what intake converts with, so that a value lost there is missing here; what a field and a method are
called stands in intake's tables.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC
from enum import StrEnum
from types import NoneType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.ticket_service_pb2 import OpenTicketRequest
from services.client import Change
from services.intake.convert import COMMANDS, wire_name
from workflows.domain.ticket import events
from workflows.domain.ticket.commands import Command, Open
from workflows.domain.ticket.events import Entry, Event

Made = TypeVar("Made")

REQUESTS: Mapping[type[Command], Callable[..., Message]] = {command: request for request, command in COMMANDS.items()}
"""Which method asks for what."""


def opening_of(command: Open) -> OpenTicketRequest:
    """Write what is asked of a new ticket; which system asks, and under which id, is the client's to add."""
    request = OpenTicketRequest()
    _write(request, command)
    return request


def request_of(command: Command, *, ticket_id: str, expected_version: int | None) -> Change:
    """Write what is asked of a ticket that exists."""
    request = REQUESTS[type(command)](ticket_id=ticket_id, expected_version=expected_version or 0)
    _write(request, command)
    return cast(Change, request)


def entry_of(message: TicketEvent) -> Entry:
    """Read a line of a log."""
    kind = cast(str, message.WhichOneof("event"))
    body: Message = getattr(message, kind)
    event: type[Event] = getattr(events, body.DESCRIPTOR.name)
    return Entry(
        sequence=message.sequence,
        at=message.effective_time.ToDatetime(tzinfo=UTC),
        actor=message.actor or None,
        event=value_of(event, body),
    )


def value_of(kind: type[Made], message: Message) -> Made:
    """Read a value of the domain; what the message has no field for is left at its default."""
    wires = cast(Mapping[str, FieldDescriptor], message.DESCRIPTOR.fields_by_name)
    hints = get_type_hints(kind)
    return kind(
        **{name: _read(hints[name], message, wires[wire]) for name, wire in _names(kind).items() if wire in wires}
    )


def _write(message: Message, value: object) -> None:
    for name, wire in _names(type(value)).items():
        field = cast(FieldDescriptor | None, message.DESCRIPTOR.fields_by_name.get(wire))
        given = getattr(value, name)
        if field is None or given is None:
            continue
        if isinstance(given, StrEnum):
            setattr(message, wire, _numbers(field)[given])
        elif isinstance(given, tuple):
            getattr(message, wire).extend(given)
        elif is_dataclass(given):
            _write(getattr(message, wire), given)
        else:
            setattr(message, wire, given)


def _read(hint: Any, message: Message, field: FieldDescriptor) -> object:  # noqa: ANN401 - a hint has no type
    given = getattr(message, field.name)
    if NoneType in get_args(hint):
        if not (message.HasField(field.name) if field.message_type is not None else given):
            return None
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    if get_origin(hint) is tuple:
        return tuple(_read_one(get_args(hint)[0], each, field) for each in given)
    return _read_one(hint, given, field)


def _read_one(kind: type, given: object, field: FieldDescriptor) -> object:
    match given:
        case Timestamp():
            return given.ToDatetime(tzinfo=UTC)
        case Duration():
            return given.ToTimedelta()
        case Message():
            return value_of(kind, given)
        case _ if issubclass(kind, StrEnum):
            words = {number: word for word, number in _numbers(field).items()}
            return kind(words[cast(int, given)])
        case _:
            return given


def _names(kind: type) -> dict[str, str]:
    """The contract's name of each field."""
    return {field.name: wire_name(kind, field.name) for field in fields(kind)}


def _numbers(field: FieldDescriptor) -> dict[str, int]:
    """The contract's numbers by the domain's words."""
    enum = cast(EnumDescriptor, field.enum_type)
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return {value.name.removeprefix(prefix).lower(): value.number for value in enum.values}
