"""How a value of the contract is said to a person: instants, lengths, words. Knows no table.

Instants are said in the zone of the reader's terminal unless another is named. Customers' words are shown as they are,
less what would steer the terminal.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import cast

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.text import Text

from protos.followthrough.v1.ticket_pb2 import Customer

SECOND = timedelta(seconds=1)


def value_of(field: FieldDescriptor, value: object) -> str:
    """Say a field's value, whatever it is; several are joined by a plus."""
    if field.is_repeated:
        return " + ".join(_single(field, item) for item in cast(Sequence[object], value))
    return _single(field, value)


def word(message: Message, name: str) -> str:
    """Say an enum's value as a word: `TICKET_STATUS_IN_PROGRESS` is `in progress`."""
    kind = message.DESCRIPTOR.fields_by_name[name].enum_type
    if kind is None:
        raise TypeError(f"{name!r} is no enum")
    return _enum_word(cast(EnumDescriptor, kind), getattr(message, name))


def customer(who: Customer) -> str:
    """Say who a customer is."""
    return f"{who.display_name} ({who.external_id}), {who.language}, {who.zone}"


def instant(message: Message, name: str) -> str:
    """Say an instant to the second, in the reader's zone; nothing when it is not set."""
    return _local(getattr(message, name)) if message.HasField(name) else ""


def short_instant(message: Message, name: str, zone: str = "") -> str:
    """Say an instant to the minute, in the reader's zone; nothing when it is not set. `zone`: how that is said."""
    return f"{at(getattr(message, name)):{f'%Y-%m-%d %H:%M {zone}'.strip()}}" if message.HasField(name) else ""


def at(timestamp: Timestamp, zone: tzinfo | None = None) -> datetime:
    """Read an instant in a zone, the reader's own when none is named."""
    return timestamp.ToDatetime(tzinfo=UTC).astimezone(zone)


def until(timestamp: Timestamp, now: datetime | None) -> str:
    """Say the wall-clock time to an instant, to the minute: `40 min`, `5 min late`; nothing without a now."""
    if now is None:
        return ""
    minutes = round((at(timestamp) - now) / SECOND) // 60
    said = seconds(abs(minutes) * 60)
    return f"{said} late" if minutes < 0 else said if minutes else "now"


def length(duration: Duration) -> str:
    """Say a length to the second, rounded down, in hours and minutes: a day is not a unit."""
    return seconds(whole_seconds(duration))


def whole_seconds(duration: Duration) -> int:
    """Count the whole seconds of a length: every page rounds down, so that none contradicts another."""
    return duration.ToTimedelta() // SECOND


def seconds(count: int) -> str:
    """Say so many seconds in hours and minutes."""
    minutes, rest = divmod(count, 60)
    parts = ((minutes // 60, "h"), (minutes % 60, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0"


def plain(text: str) -> Text:
    """Keep a customer's words from steering the terminal."""
    return Text("".join(char if char.isprintable() else " " for char in text))


def _single(field: FieldDescriptor, value: object) -> str:
    match value:
        case Timestamp():
            return _local(value)
        case Duration():
            return length(value)
        case Customer():
            return customer(value)
        case bool():
            return "yes" if value else "no"
        case int() if field.enum_type is not None:
            return _enum_word(field.enum_type, value)
        case _:
            return _whole(value) if isinstance(value, Message) else str(value)


def _whole(message: Message) -> str:
    """Say all that a message within another says."""
    return " ".join(value_of(field, value) for field, value in message.ListFields())


def _enum_word(kind: EnumDescriptor, number: int) -> str:
    known = kind.values_by_number.get(number)
    if known is None:
        return f"unknown to this version ({number})"
    prefix = kind.values_by_number[0].name.removesuffix("UNSPECIFIED")
    return known.name.removeprefix(prefix).lower().replace("_", " ")


def _local(timestamp: Timestamp) -> str:
    return f"{at(timestamp):%a %d %b %Y %H:%M:%S %Z}"
