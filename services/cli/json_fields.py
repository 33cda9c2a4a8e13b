"""JSON as people write it, as the contract has it: closed sets and lengths in words, each mistake in its place."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.cli.options import LENGTH

_SECONDS = re.compile(r"-?\d{1,12}(\.\d{1,9})?s")
"""As protobuf writes a length; of which sign it may be is intake's to say."""
_LENGTH, _INSTANT = "google.protobuf.Duration", "google.protobuf.Timestamp"
_KINDS: Mapping[type, str] = {list: "list", dict: "object", str: "text", bool: "truth value", type(None): "null"}


class NoMessage(Exception):  # noqa: N818 - the fact, in the desk's words
    """What is no message of that kind: each mistake with its place and remedy."""

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))


def kind_of(item: object) -> str:
    """What JSON calls it."""
    return _KINDS.get(type(item), "number")


def fill(message: Message, item: Mapping[str, Any]) -> None:
    """Read an object into an empty message. Raises `NoMessage`."""
    problems: list[str] = []
    said = _as_contract(item, cast(Descriptor, message.DESCRIPTOR), "", problems)
    if problems:
        raise NoMessage(*problems)
    try:
        ParseDict(said, message)
    except ParseError as error:
        raise NoMessage(str(error).splitlines()[0]) from None


def _as_contract(item: Mapping[str, Any], message: Descriptor, path: str, problems: list[str]) -> dict[str, Any]:
    said = {}
    for name, value in item.items():
        field = message.fields_by_name.get(name) or message.fields_by_camelcase_name.get(name)
        if field is None:
            problems.append(_unknown(name, message, path))
        elif value is not None:  # which says what is not there
            said[name] = _all_of(value, field, f"{path}{name}", problems)
    return said


def _unknown(name: str, message: Descriptor, path: str) -> str:
    known = sorted(message.fields_by_name)
    near = get_close_matches(name, known, n=1)
    where = path.removesuffix(".") or message.name
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
    return f"{where} has no field {name[:60]!r}: {hint}"


def _all_of(value: Any, field: FieldDescriptor, path: str, problems: list[str]) -> Any:  # noqa: ANN401 - JSON has no narrower type
    if not field.is_repeated:
        return _valued(value, field, path, problems)
    if not isinstance(value, list):
        problems.append(f"{path} is a JSON {kind_of(value)}: write a list")
        return []
    return [_valued(each, field, f"{path}[{number}]", problems) for number, each in enumerate(value)]


def _valued(value: Any, field: FieldDescriptor, path: str, problems: list[str]) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """One value as protobuf writes it; what is not understood is told."""
    types, wanted = _form(field)
    if type(value) not in types:
        problems.append(f"{path} is a JSON {kind_of(value)}: write {wanted}")
        return value
    message = field.message_type
    if isinstance(value, dict) and message is not None:
        return _as_contract(value, message, f"{path}.", problems)
    if isinstance(value, str) and field.enum_type is not None:
        return _spelt(value, field.enum_type, path, problems)
    if message is not None and message.full_name == _LENGTH:
        return _in_seconds(value, path, problems)
    if message is not None:
        _require_instant(value, path, problems)
    return value


def _form(field: FieldDescriptor) -> tuple[tuple[type, ...], str]:
    """Of what types a value may be, and how to write it."""
    if field.enum_type is not None:
        return (str, int), "one of its words"
    if field.message_type is None:
        forms: Mapping[int, tuple[tuple[type, ...], str]] = {
            FieldDescriptor.TYPE_BOOL: ((bool,), "true or false"),
            FieldDescriptor.TYPE_INT32: ((int,), "a whole number"),
        }
        return forms.get(field.type, ((str,), "a text, in quotes"))
    if field.message_type.full_name == _LENGTH:
        return (str,), "a length, like '5h30m'"
    if field.message_type.full_name == _INSTANT:
        return (str,), "an instant, like '2026-11-23T08:00:00Z'"
    return (dict,), f"an object with {', '.join(sorted(field.message_type.fields_by_name))}"


def _require_instant(instant: str, path: str, problems: list[str]) -> None:
    try:
        Timestamp().FromJsonString(instant)
    except ValueError:
        problems.append(f"{path} {instant[:60]!r} is no instant: write it like 2026-11-23T08:00:00Z")


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
