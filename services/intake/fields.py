"""What each field of a request must look like. Knows no ticket, no policy and no queue.

How long a text may be, and of what, is the domain's table (`texts`): the record refuses by the same.

Which fields are required is written in the contract itself (`google.api.field_behavior`) and read from there. All that
is wrong with a request is told at once; a value is quoted only where it cannot be a customer's word.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any, cast
from uuid import UUID

from google.api import field_behavior_pb2  # type: ignore[import-untyped]  # googleapis-common-protos has no stubs
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.intake.ids import ReferenceInvalid, is_article_id, parse_reference
from services.words.language_names import tag_of_english
from workflows.domain.errors import CalendarError
from workflows.domain.money import MOST_MINOR
from workflows.domain.ticket.commands import LONGEST_SPENT, LONGEST_USED, MOST_REFERENCES, MOST_STARS
from workflows.domain.ticket.texts import TEXTS, Text, quoted, stray_space, text_problem
from workflows.domain.zones import zone


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that is wrong with a request."""

    field: str
    """The path of the field, like `customer.zone`."""
    problem: str
    """What is wrong and the remedy; lower-case."""

    def __str__(self) -> str:
        return f"{self.field} {self.problem}"


Form = Callable[[str], str | None]
"""Says what is wrong with a text that is neither empty nor too long; none: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The rule of a whole number, both ends allowed."""

    least: int
    most: int | None = None
    """None: as many as the contract's own type holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """The rule of a length of time, both ends allowed."""

    least: timedelta
    most: timedelta


@dataclass(frozen=True, slots=True)
class Instant:
    """The rule of an instant: of the years 1 to 9999, in whole microseconds. Whether it is ahead, the judge says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """The rule of a text that may be given more than once; none is empty, none is given twice."""

    each: Text
    most: int


Rule = Text | Number | Length | Instant | Several
NANOSECONDS = 10**9
"""In a second."""
MICROSECOND = timedelta(microseconds=1)
FIRST_SECOND = -62_135_596_800
"""0001-01-01T00:00:00Z, in seconds from 1970."""
LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z."""
MOST_LINKED = 100
"""Tickets that are linked to a problem at once: all of them, or none, in one transaction."""
FASTEST = 500
"""Customers who are told a second, at most: no record of one machine does more beside its callers."""
MOST_KEPT = 20
"""Promises that one message keeps by their names."""


def _uuid(value: str) -> str | None:
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value) and UUID(value).int:
        return None
    return "is no UUID: draw a new one for each request, like '1b4e28ba-2fa1-4d52-883f-0016d3cca427'"


def _language(value: str) -> str | None:
    # A tag may begin with eight letters, but no language has more than three: nobody would be written to in `english`.
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", value):
        return None
    meant = tag_of_english(value)
    return f"is no language tag: write a BCP 47 tag, {'' if meant else 'like '}{meant or 'en-GB'!r}"


def _zone(value: str) -> str | None:
    try:
        zone(value)
    except CalendarError as error:
        return f"is no time zone: {str(error).partition(': ')[2]}"
    return None


def _channel(value: str) -> str | None:
    return None if re.fullmatch(r"[a-z][a-z0-9_-]*", value) else "is no channel: write a lower-case word, like 'phone'"


def _article_id(value: str) -> str | None:
    if is_article_id(value):
        return None
    return "is no article's id: write lower-case words with hyphens between them, like 'slow-in-the-evening'"


def _reference(value: str) -> str | None:
    try:
        parse_reference(value)
    except ReferenceInvalid as error:
        return f"is no reference: {error}"
    return None


def _currency(value: str) -> str | None:
    return None if re.fullmatch(r"[A-Z]{3}", value) else "is no currency: write its ISO 4217 code, like 'EUR'"


def _order(value: str) -> str | None:
    return None if value in ORDERS else f"is no order: say one of {', '.join(ORDERS)}"


_OF_THE_CONTRACT: Mapping[str, Rule] = {
    "customer_external_id": TEXTS["external_id"],
    "display_name": TEXTS["name"],
    "policy": TEXTS["queue"],
    "owner": TEXTS["handler"],
    "order_by": Text(longest=64),
    "closure_id": TEXTS["ticket_id"],
    "start_time": Instant(),
    "end_time": Instant(),
    "article_id": TEXTS["article"],
    "body": Text(longest=20_000, has_lines=True, is_a_customers=True),
    "keywords": Several(each=Text(longest=64), most=50),
    "queues": Several(each=TEXTS["queue"], most=50),
    "expected_version": Number(least=0),
    "page_size": Number(least=0),
    "page_token": Text(longest=512),
    "after_sequence": Number(least=0),
    "run": Number(least=0),
    "after_interval": Number(least=0),
    "ticket_ids": Several(each=TEXTS["ticket_id"], most=MOST_LINKED),
    "announcement_id": TEXTS["ticket_id"],
    "announcement_outcome": TEXTS["ticket_id"],
    "tickets_per_second": Number(least=0, most=FASTEST),
    "spent": Length(least=timedelta(seconds=1), most=LONGEST_SPENT),
    "name": TEXTS["queue"],
    "promise_time": Instant(),
    "turnaround_time": Instant(),
    "keeps": Several(each=TEXTS["keeps"], most=MOST_KEPT),
    "stars": Number(least=1, most=MOST_STARS),
    "minor": Number(least=1, most=MOST_MINOR),
    "number": Number(least=1),
    "survivor_expected_version": Number(least=0),
    "open_time": Instant(),
    "due_time": Instant(),
    "used": Length(least=-LONGEST_USED, most=LONGEST_USED),
    "chases": Number(least=0),
    "references": Several(each=TEXTS["references"], most=MOST_REFERENCES),
}

ORDERS = ("open_time", "deadline_time")
"""What a list of tickets may be ordered by; the first unless the other is asked for."""

RULES: Mapping[str, Rule] = {**TEXTS, **_OF_THE_CONTRACT}
"""By field name: a name means the same in every request, and in every command."""

FORMS: Mapping[str, Form] = {
    "request_id": _uuid,
    "reference": _reference,
    "article": _article_id,
    "article_id": _article_id,
    "language": _language,
    "zone": _zone,
    "channel": _channel,
    "currency": _currency,
    "order_by": _order,
}
"""What some texts must look like besides."""

EXAMPLES: Mapping[Form | None, str] = {_language: "en-GB", _zone: "Europe/London", _currency: "EUR"}
"""What may stand in a text of that form, for who leaves it empty."""

BELONGING: Mapping[str, tuple[str, frozenset[str]]] = {
    "alternative": ("outcome", frozenset({"OUTCOME_WORKAROUND", "OUTCOME_NOT_FEASIBLE"})),
    "duplicate_of": ("outcome", frozenset({"OUTCOME_DUPLICATE"})),
}
"""Fields that say something only with some values of an enum beside them; with others they would contradict it."""

NEEDING: Mapping[str, str] = {"run": "target", "after_interval": "run", "with_promises": "handler"}
"""Fields that say something only beside another."""

EXCLUDING: Mapping[str, str] = {"untaken": "handler"}
"""Fields that contradict another."""

STRAYING = frozenset({*BELONGING, *NEEDING, *EXCLUDING})


def violations(request: Message) -> tuple[Violation, ...]:
    """Find all that is wrong with a request; nothing: it can be worked on."""
    return tuple(_violations(request, ""))


def _violations(message: Message, path: str) -> Iterator[Violation]:
    for oneof, names in _choices(message.DESCRIPTOR):
        if message.WhichOneof(oneof) is None:
            yield Violation(f"{path}{oneof}", f"is missing: give {names}")
    for name, is_chosen, problem_of in _fields(message.DESCRIPTOR):
        if is_chosen and not message.HasField(name):
            continue
        if problem_of is None:
            yield from _violations_within(message, name, f"{path}{name}", is_required=is_chosen)
        elif problem := problem_of(getattr(message, name)) or (_stray(message, name) if name in STRAYING else None):
            yield Violation(f"{path}{name}", problem)


def _violations_within(message: Message, name: str, path: str, *, is_required: bool) -> Iterator[Violation]:
    """Find what is wrong with a field that is a message of its own, or several."""
    field = cast(FieldDescriptor, message.DESCRIPTOR.fields_by_name[name])
    if field.is_repeated:
        if not getattr(message, name) and name in _required(message.DESCRIPTOR):
            yield Violation(path, "is missing: give one at least")
        for place, each in enumerate(getattr(message, name)):
            yield from _violations(each, f"{path}[{place}].")
        return
    if not message.HasField(name):
        if is_required or name in _required(message.DESCRIPTOR):
            yield Violation(path, "is missing: give it")
        return
    value = getattr(message, name)
    match value:
        case Duration():
            problem = _length_problem(field, value)
        case Timestamp():
            problem = _instant_problem(value)
        case _:
            yield from _violations(value, f"{path}.")
            return
    if problem:
        yield Violation(path, problem)


@cache
def _choices(descriptor: Descriptor) -> tuple[tuple[str, str], ...]:
    """Each oneof, and what may be given."""
    return tuple((oneof.name, " or ".join(field.name for field in oneof.fields)) for oneof in descriptor.oneofs)


ProblemOf = Callable[[Any], str | None]


@cache
def _fields(descriptor: Descriptor) -> tuple[tuple[str, bool, ProblemOf | None], ...]:
    """Each field's name, whether it is one of a oneof, and what says what is wrong with it: nothing for messages.

    Put together once a message: descriptors are slow to ask.
    """
    required = _required(descriptor)
    return tuple(
        (
            field.name,
            (is_chosen := field.containing_oneof is not None),
            _problem_of(field, is_required=is_chosen or field.name in required),
        )
        for field in descriptor.fields
    )


def _problem_of(field: FieldDescriptor, *, is_required: bool) -> ProblemOf | None:
    if field.message_type is not None:
        return None
    if field.enum_type is not None:
        return partial(_enum_problem, field.enum_type, is_required=is_required)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return _anything
    match RULES[field.name], field.type:
        case Number() as rule, FieldDescriptor.TYPE_INT32 | FieldDescriptor.TYPE_INT64:
            return partial(_number_problem, rule)
        case Text() as rule, FieldDescriptor.TYPE_STRING:
            return partial(_text_problem, rule, FORMS.get(field.name), is_required=is_required)
        case Several() as rule, FieldDescriptor.TYPE_STRING:
            return partial(_several_problem, rule, FORMS.get(field.name), is_required=is_required)
        case _:
            raise TypeError(f"field {field.full_name!r} has a rule of another type")


def _anything(_: bool) -> None:  # noqa: FBT001 - a field's value
    """Nothing is wrong with either."""


def _number_problem(rule: Number, value: int) -> str | None:
    if value < rule.least:
        return f"is {value}: the least is {rule.least}"
    if rule.most is not None and value > rule.most:
        return f"is {value}: the most is {rule.most}"
    return None


def _length_problem(field: FieldDescriptor, value: Duration) -> str | None:
    """What is wrong with a length; its parts may be anything, even of opposite signs."""
    rule = RULES[field.name]
    if not isinstance(rule, Length):
        raise TypeError(f"field {field.full_name!r} has a rule of another type")
    nanoseconds = value.seconds * NANOSECONDS + value.nanos
    least, most = (length // MICROSECOND * 1000 for length in (rule.least, rule.most))
    if nanoseconds < least:
        return f"is {_length(nanoseconds)}: the least is {_length(least)}"
    if nanoseconds > most:
        return f"is {_length(nanoseconds)}: the most is {_length(most)}"
    if not 0 <= value.nanos < NANOSECONDS or value.nanos % 1000:
        return f"has {value.nanos} nanos: give whole microseconds, less than a second of them"
    return None


def _instant_problem(value: Timestamp) -> str | None:
    """What is wrong with an instant; its parts may be anything."""
    if not FIRST_SECOND <= value.seconds <= LAST_SECOND:
        return f"is {value.seconds} s from 1970: give an instant of the years 1 to 9999"
    if not 0 <= value.nanos < NANOSECONDS or value.nanos % 1000:
        return f"has {value.nanos} nanos: give whole microseconds, less than a second of them"
    return None


def _length(nanoseconds: int) -> str:
    """A length in hours, minutes and seconds, exact to the nanosecond: `1000 h`, `-2 min 0.5 s`."""
    seconds, fraction = divmod(abs(nanoseconds), NANOSECONDS)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    decimals = f".{fraction:09}".rstrip("0") if fraction else ""
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    if seconds or fraction or not (hours or minutes):
        parts.append(f"{seconds}{decimals} s")
    return ("-" if nanoseconds < 0 else "") + " ".join(part for part in parts if part)


def _text_problem(rule: Text, form: Form | None, value: str, *, is_required: bool) -> str | None:
    """What is wrong with a text: the first thing, for one remedy at a time."""
    if problem := text_problem(rule, value, is_required=is_required):
        return problem if value or form not in EXAMPLES else f"{problem}, like {EXAMPLES[form]!r}"
    problem = (form(value) if form and value else None) or stray_space(rule, value)
    if problem is None:
        return None
    return problem if rule.is_a_customers else f"{quoted(value)} {problem}"


def _several_problem(rule: Several, form: Form | None, values: Sequence[str], *, is_required: bool) -> str | None:
    """What is wrong with a text that may be given more than once: the first thing."""
    if is_required and not values:
        return "is missing: give one at least"
    if len(values) > rule.most:
        return f"has {len(values)}: at most {rule.most} are allowed"
    for place, value in enumerate(values):
        if problem := _text_problem(rule.each, form, value, is_required=True):
            return f"number {place + 1} {problem}"
        if value in values[:place]:
            shown = "" if rule.each.is_a_customers else f"{quoted(value)} "
            return f"number {place + 1} {shown}was given before: leave it out"
    return None


def _stray(message: Message, name: str) -> str | None:
    """What is wrong with a field that does not go with what another says."""
    if not getattr(message, name):
        return None
    if name in NEEDING and not getattr(message, NEEDING[name]):
        return f"goes with {NEEDING[name]} only: leave it out or say that as well"
    if name in EXCLUDING and getattr(message, EXCLUDING[name]):
        return f"does not go with {EXCLUDING[name]}: leave one of the two out"
    if name not in BELONGING:
        return None
    other, values = BELONGING[name]
    known = cast(EnumDescriptor, message.DESCRIPTOR.fields_by_name[other].enum_type).values_by_number
    said = getattr(message, other)
    if not said or said not in known or known[said].name in values:
        return None
    allowed = " or ".join(each.name for each in known.values() if each.name in values)
    return f"goes with {other} {allowed} only: leave it out or say that"


def _enum_problem(enum: EnumDescriptor, value: object, *, is_required: bool) -> str | None:
    known = enum.values_by_number
    if value in known and (value or not is_required):
        return None
    names = ", ".join(each.name for each in enum.values if each.number)
    return f"is {value if value not in known else 'missing'}: say one of {names}"


@cache
def _required(descriptor: Descriptor) -> frozenset[str]:
    """The fields that the contract marks as required."""
    behaviour = field_behavior_pb2.field_behavior
    return frozenset(
        field.name
        for field in descriptor.fields
        if field_behavior_pb2.REQUIRED in field.GetOptions().Extensions[behaviour]
    )
