"""The contract and the domain know the same things; what is published stays as it was."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from types import NoneType
from typing import get_args, get_origin, get_type_hints

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st

from protos.followthrough.v1 import event_pb2, ledger_pb2, ticket_pb2, ticket_service_pb2
from services.intake.convert import (
    COMMANDS,
    INTERNAL,
    UNASKED,
    event_field,
    event_message,
    ticket_message,
    wire_name,
)
from services.intake.errors import STATUSES, Reason
from services.intake.fields import RULES
from services.intake.rooms import SERVICES
from tests.support.policies import LINES
from workflows.domain.ticket import events, ledger, state, words
from workflows.domain.ticket.commands import Acknowledge, Customer, Open, RecordContact
from workflows.domain.ticket.events import Entry
from workflows.domain.ticket.judge import judge, open_ticket
from workflows.domain.ticket.texts import Text
from workflows.domain.ticket.verdict import RefusalReason

EVENTS = get_args(events.Event)
GOLDEN = Path(__file__).with_name("intake_reasons.txt")
SOURCES = files("protos.followthrough.v1")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

ENUMS: dict[type[StrEnum], str] = {
    words.Status: "TicketStatus",
    words.Target: "Target",
    words.ClockState: "ClockState",
    words.Outcome: "Outcome",
    words.ContactKind: "ContactKind",
    words.Cause: "EscalationCause",
    words.Pause: "PauseReason",
    words.SkipReason: "SkipReason",
    words.WaitEnd: "WaitEnd",
    words.ClosedBy: "ClosedBy",
    words.TicketKind: "TicketKind",
    words.PromiseKind: "PromiseKind",
    words.PromiseState: "PromiseState",
    words.CreditState: "CreditState",
    words.CreditOf: "CreditOf",
    words.Signal: "Signal",
}


def wire_names(kind: type) -> set[str]:
    """The contract's names of a dataclass's public fields."""
    return {wire_name(kind, field.name) for field in fields(kind) if field.name not in INTERNAL}


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_is_in_the_contract_field_by_field(kind: type) -> None:
    """What the log records can be read from outside, and nothing else is promised."""
    descriptor = event_pb2.DESCRIPTOR.message_types_by_name[kind.__name__]
    assert {field.name for field in descriptor.fields} == wire_names(kind)
    oneof = event_pb2.TicketEvent.DESCRIPTOR.oneofs_by_name["event"]
    assert event_field(kind.__name__) in {field.name for field in oneof.fields}
    assert len(oneof.fields) == len(EVENTS)


PARTS = [
    Customer,
    state.Clock,
    state.Credit,
    state.Holding,
    state.Promise,
    state.Rating,
    state.Reminding,
    state.Resolution,
    state.Waiting,
]


@pytest.mark.parametrize("kind", PARTS, ids=lambda kind: kind.__name__)
def test_every_part_of_a_ticket_is_in_the_contract(kind: type) -> None:
    """A ticket is shown whole, part by part."""
    assert {field.name for field in ticket_pb2.DESCRIPTOR.message_types_by_name[kind.__name__].fields} == wire_names(
        kind
    )


def test_a_ticket_is_in_the_contract_with_its_earliest_deadline() -> None:
    """A ticket is shown whole, its earliest deadline and when the customer hears next worked out."""
    names = {field.name for field in ticket_pb2.Ticket.DESCRIPTOR.fields}
    assert names == wire_names(state.Ticket) | {"deadline_time", "next_news_time"}


def test_a_ledger_is_in_the_contract_with_its_sums() -> None:
    """Every clock run and every interval is shown whole, its sums worked out, its intervals counted (8)."""
    names = {field.name for field in ledger_pb2.ClockLedger.DESCRIPTOR.fields}
    sums = {"counted", "spent", "left", "interval_count", "next_after_interval", "hold_count"}
    assert names == wire_names(ledger.Line) | sums
    names = {field.name for field in ledger_pb2.LedgerInterval.DESCRIPTOR.fields}
    assert names == wire_names(ledger.Interval) | {"number"}
    assert {field.name for field in ledger_pb2.LedgerHold.DESCRIPTOR.fields} == wire_names(ledger.OnHold)


@pytest.mark.parametrize(("words_of_ours", "name"), ENUMS.items())
def test_enums_have_the_same_values(words_of_ours: type[StrEnum], name: str) -> None:
    """Each closed set of words is the contract's enum behind its prefix."""
    enum = ticket_pb2.DESCRIPTOR.enum_types_by_name[name]
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    assert [value.name for value in enum.values][1:] == [f"{prefix}{word.value.upper()}" for word in words_of_ours]


FINDING: dict[type, set[str]] = {RecordContact: {"reference", "subject"}}
"""What a request says to find its ticket by, besides its id and what the command says itself."""


@pytest.mark.parametrize(("request_type", "command"), COMMANDS.items(), ids=lambda kind: kind.__name__)
def test_requests_ask_for_their_commands(request_type: type, command: type) -> None:
    """A request is its command, the ticket it is for, and who asks under which id (5.4, 5.5, 5.6)."""
    descriptor: Descriptor = request_type.DESCRIPTOR  # type: ignore[attr-defined]  # a generated message has one
    names = [field.name for field in descriptor.fields]
    assert names[:5] == ["ticket_id", "caller", "actor", "request_id", "expected_version"]
    assert set(names[5:]) - FINDING.get(command, set()) == wire_names(command) - {"actor"} - UNASKED


def test_every_request_has_its_method() -> None:
    """Each method of each service takes the request of its own name, which stands beside its service."""
    for service in SERVICES:
        requests = {message.name for message in service.file.message_types_by_name.values()}
        names = [method.input_type.name for method in service.methods]
        assert names == [f"{method.name}Request" for method in service.methods]
        assert set(names) == {name for name in requests if name.endswith("Request")}
    assert len(ticket_service_pb2.DESCRIPTOR.services_by_name["TicketService"].methods) == 33


def test_the_field_rules_are_those_the_contract_tells() -> None:
    """The lengths that callers read in the comments are those that are checked."""
    told = set()
    for source in ("ticket.proto", *(Path(service.file.name).name for service in SERVICES)):
        text = SOURCES.joinpath(source).read_text(encoding="utf-8")
        pattern = r"(?:At|of at) most (\d+) characters[^\n]*\n\s+string (\w+) ="
        told |= {(name, int(longest)) for longest, name in re.findall(pattern, text)}
    rules = {name: rule for name, rule in RULES.items() if isinstance(rule, Text)}
    assert {name for name, _ in told} >= {"caller", "actor", "subject", "text", "reason", "channel", "display_name"}
    assert all(rules[name].longest == longest for name, longest in told)


def test_every_field_of_every_request_has_a_rule() -> None:
    """No text and no number gets in unchecked."""

    def unruled(descriptor: Descriptor) -> Iterator[str]:
        for field in descriptor.fields:
            if field.name in RULES or field.enum_type is not None or field.type == FieldDescriptor.TYPE_BOOL:
                continue
            if field.message_type is None:
                yield field.full_name
            else:
                yield from unruled(field.message_type)

    methods = [method for service in SERVICES for method in service.methods]
    assert not [name for method in methods for name in unruled(method.input_type)]


def test_the_reasons_are_public_contract() -> None:
    """A caller's code depends on the reasons: one may be added, none may change or go."""
    assert set(STATUSES) == {*Reason, *RefusalReason}
    listed = sorted(f"{reason.value} {code.name}" for reason, code in STATUSES.items())
    assert listed == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_clients_are_told_to_retry_unavailable_only() -> None:
    """The service config beside the protos retries what may be retried, and nothing else."""
    every, watch = json.loads(SOURCES.joinpath("service_config.json").read_text(encoding="utf-8"))["methodConfig"]
    assert every["name"] == [{"service": service.full_name} for service in SERVICES]
    assert watch["name"] == [{"service": "followthrough.v1.TicketService", "method": "WatchTicket"}]
    assert ("timeout" in every, "timeout" in watch) == (True, False)  # a watch is not over after some seconds
    for config in (every, watch):
        assert config["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]


def test_a_ticket_is_shown_with_its_clocks() -> None:
    """Opened urgent on Monday 2026-11-23 at 09:00 in London: 15 minutes to acknowledge, 8 hours to solve (2.1)."""
    opened = open_ticket(LINES, an_opening(), MONDAY)
    judged = judge(
        LINES, opened.ticket, MONDAY + timedelta(minutes=5), Acknowledge(actor="ana", handler="ana", tier="agent")
    )
    shown = MessageToDict(ticket_message(judged.ticket), preserving_proto_field_name=True)
    assert shown["status"] == "TICKET_STATUS_IN_PROGRESS"
    assert shown["customer"]["display_name"] == "Ada Example"
    assert shown["open_time"] == "2026-11-23T09:00:00Z"
    assert shown["deadline_time"] == "2026-11-23T10:00:00Z"
    acknowledge, *_ = [clock for clock in shown["clocks"] if clock["target"] == "TARGET_ACKNOWLEDGE"]
    assert acknowledge["state"] == "CLOCK_STATE_MET"
    assert acknowledge["length"] == "900s"
    (resolve,) = [clock for clock in shown["clocks"] if clock["target"] == "TARGET_RESOLVE"]
    assert resolve["deadline_time"] == "2026-11-23T17:00:00Z"
    assert resolve["state"] == "CLOCK_STATE_RUNNING"


@given(spent=st.timedeltas(min_value=timedelta(days=-9), max_value=timedelta(days=9)))
def test_a_length_is_written_as_protobuf_writes_it(spent: timedelta) -> None:
    """Seconds and nanos have one sign, whatever is shown: gRPC's libraries refuse a length with two."""
    ticket = open_ticket(LINES, an_opening(), datetime(2026, 11, 23, 9, tzinfo=UTC)).ticket  # a Monday
    (first, *others) = ticket.clocks
    expected = Duration()
    expected.FromTimedelta(spent)

    shown = ticket_message(replace(ticket, clocks=(replace(first, spent=spent), *others)))

    assert shown.clocks[0].spent == expected
    assert shown.clocks[0].HasField("spent")


def test_an_event_is_shown_in_its_own_kind() -> None:
    """An event says what happened, when it took effect and who asked."""
    first, *rest = open_ticket(LINES, an_opening(), MONDAY).entries
    message = event_message(first)
    assert message.WhichOneof("event") == "opened"
    assert (message.sequence, message.actor) == (1, "ana")
    assert message.effective_time.ToDatetime(UTC) == MONDAY
    started = event_message(rest[0])
    assert started.clock_started.target == ticket_pb2.TARGET_ACKNOWLEDGE
    assert started.clock_started.deadline_time.ToDatetime(UTC) == MONDAY + timedelta(minutes=15)


def an_opening() -> Open:
    """An urgent request of a customer in London."""
    return Open(
        actor="ana",
        ticket_id="01KB",
        reference="K7QM-3XVP",
        queue="home",
        priority="urgent",
        customer=Customer(external_id="c-1", name="Ada Example", language="en-GB", zone="Europe/London"),
        subject="no line",
        description="",
        channel="phone",
    )


SCALARS: dict[object, st.SearchStrategy[object]] = {
    datetime: st.datetimes(datetime.min, datetime(9000, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001, DTZ901 - the zone is given beside
    timedelta: st.timedeltas(timedelta(), timedelta(days=1000)),
    int: st.integers(min_value=0, max_value=2**31 - 1),
    float: st.floats(min_value=0, max_value=1),
}


def values_of(hint: object) -> st.SearchStrategy[object]:
    """Anything that a field of the domain may hold."""
    if hint in SCALARS:
        return SCALARS[hint]
    if get_origin(hint) is tuple:
        return st.lists(values_of(get_args(hint)[0]), max_size=3).map(tuple)
    if options := [option for option in get_args(hint) if option is not NoneType]:
        return st.none() | values_of(options[0])
    if isinstance(hint, type) and is_dataclass(hint):
        return st.builds(hint, **{name: values_of(part) for name, part in get_type_hints(hint).items()})
    return st.from_type(hint)  # type: ignore[arg-type]  # what is left are plain types and enums


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@settings(max_examples=10)
@given(data=st.data())
def test_anything_that_can_happen_can_be_shown(kind: type, data: st.DataObject) -> None:
    """Whatever an event holds, it goes out and nothing is lost of its instants and words."""
    event = data.draw(st.builds(kind, **{name: values_of(hint) for name, hint in get_type_hints(kind).items()}))
    message = event_message(Entry(sequence=1, at=MONDAY, actor=None, event=event))
    body = getattr(message, event_field(kind.__name__))
    assert message.HasField(event_field(kind.__name__))  # type: ignore[arg-type]  # the name is worked out
    for field in fields(kind):
        value = getattr(event, field.name)
        shown = getattr(body, wire_name(kind, field.name))
        if isinstance(value, datetime):
            assert shown.ToDatetime(UTC) == value
        elif isinstance(value, timedelta):
            assert shown.ToTimedelta() == value
        elif type(value) in {str, int, bool, float}:
            assert shown == value
