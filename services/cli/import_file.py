"""What `followthrough ticket import` reads: a file of tickets from elsewhere, as requests. Asks nobody anything.

JSON: a list, one object, or an object a line, with the fields of ImportTicketRequest. Closed sets and lengths may be
written as people say them: `open`, `resolve`, `5h30m`.
"""

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError

from protos.followthrough.v1.ticket_service_pb2 import ImportTicketRequest
from services.cli.options import LENGTH

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "followthrough.v1.ImportTicket")
"""Of the ids of requests that name none: the same item has the same id, whenever the file is read."""

_SECONDS = re.compile(r"-?\d{1,12}(\.\d{1,9})?s")
"""As protobuf writes a length; of which sign it may be is intake's to say."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that is no request."""

    name: str
    """Which item it is, for people."""
    problem: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and which item it is of, for people."""

    name: str
    request: ImportTicketRequest


def read(text: str) -> Iterator[Asked | Mistake]:
    """Yield every item of a file, in its order."""
    for number, item in enumerate(_items(text), start=1):
        if isinstance(item, Mistake):
            yield item
            continue
        name = f"item {number}"
        if not isinstance(item, dict):
            yield Mistake(name, f"is a JSON {_kind(item)}: write an object with the fields of ImportTicketRequest")
            continue
        references = item.get("references")
        first = references[0] if isinstance(references, list) and references else None
        if isinstance(first, str) and first:
            name = f"{name} ({first})"
        problems: list[str] = []
        said = _as_contract(item, ImportTicketRequest.DESCRIPTOR, "", problems)
        if problems:
            yield Mistake(name, f"is no ImportTicketRequest: {'; '.join(problems)}")
            continue
        try:
            request = ParseDict(said, ImportTicketRequest())
        except ParseError as error:
            yield Mistake(name, f"is no ImportTicketRequest: {str(error).splitlines()[0]}")
            continue
        request.request_id = request.request_id or _request_id(item, first)
        yield Asked(name, request)


def _items(text: str) -> Iterator[object]:
    """Yield the objects of a list, a single one, or those of each line."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        yield from _lines(text)
    else:
        yield from whole if isinstance(whole, list) else [whole]


def _lines(text: str) -> Iterator[object]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except ValueError as error:
            yield Mistake(f"line {number}", f"is no JSON: {error}")
        except RecursionError:
            yield Mistake(f"line {number}", "has lists within lists without end: write one object a line")


def _kind(item: object) -> str:
    kinds: Mapping[type, str] = {list: "list", str: "text", bool: "truth value", type(None): "null"}
    return kinds.get(type(item), "number")


def _request_id(item: Mapping[str, object], reference: object) -> str:
    """Draw it from what the ticket is called elsewhere, else from all of it.

    So a file that is read again brings nothing in twice; and a ticket that was edited since, by its name, is refused.
    """
    said = reference if isinstance(reference, str) and reference else json.dumps(item, sort_keys=True)
    return str(uuid.uuid5(_NAMESPACE, said))


def _as_contract(item: Mapping[str, Any], message: Descriptor, path: str, problems: list[str]) -> dict[str, Any]:
    """The item with closed sets and lengths as protobuf writes them; what is not understood is told, or stays."""
    return {
        name: _valued(value, message.fields_by_name.get(name), f"{path}{name}", problems)
        for name, value in item.items()
    }


def _valued(value: Any, field: FieldDescriptor | None, path: str, problems: list[str]) -> Any:  # noqa: ANN401 - JSON has no narrower type
    if field is None:
        return value
    if isinstance(value, list):
        return [_valued(each, field, f"{path}[{number}]", problems) for number, each in enumerate(value)]
    if isinstance(value, str) and field.enum_type is not None:
        return _spelt(value, field.enum_type, path, problems)
    if field.message_type is None:
        return value
    if isinstance(value, dict):
        return _as_contract(value, field.message_type, f"{path}.", problems)
    is_length = isinstance(value, str) and field.message_type.full_name == "google.protobuf.Duration"
    return _in_seconds(value, path, problems) if is_length else value


def _spelt(word: str, enum: EnumDescriptor, path: str, problems: list[str]) -> str:
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    name = f"{prefix}{word.upper()}"
    known = enum.values_by_name
    if name not in known and word not in known:
        words = ", ".join(each.name.removeprefix(prefix).lower() for each in enum.values if each.number)
        problems.append(f"{path} {word!r} is unknown: use one of {words}")
    return name if name in known else word


def _in_seconds(length: str, path: str, problems: list[str]) -> str:
    found = LENGTH.fullmatch(length.strip())
    if found is not None and any(found.groups()):
        return f"{int(found['hours'] or 0) * 3600 + int(found['minutes'] or 0) * 60}s"
    if not _SECONDS.fullmatch(length):
        problems.append(f"{path} {length!r} is no length: write hours and minutes, like 5h30m, or seconds, like 90s")
    return length
