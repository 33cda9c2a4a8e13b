"""`followthrough ticket …`: one request out, a table or JSON in, and an exit code that scripts can rely on."""

import io
import json
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import grpc
import pytest
from click.testing import CliRunner, Result
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, RenderableType

from protos.followthrough.v1.event_pb2 import TicketEvent
from protos.followthrough.v1.handover_pb2 import Handover
from protos.followthrough.v1.ticket_pb2 import (
    Clock,
    ClockState,
    ContactKind,
    Customer,
    EscalationCause,
    Outcome,
    PromiseKind,
    Reminding,
    Resolution,
    Target,
    Ticket,
    TicketStatus,
    Waiting,
)
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    AddNoteRequest,
    AssignTicketRequest,
    ChangePriorityRequest,
    ChangePromiseRequest,
    CloseTicketRequest,
    ConfirmResolutionRequest,
    ContinueTicketRequest,
    DecideCreditRequest,
    EscalateTicketRequest,
    ExplainDeadlinesRequest,
    ExplainDeadlinesResponse,
    GetHandoverRequest,
    GetTicketRequest,
    HoldTicketRequest,
    KeepPromiseRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
    ListTicketsRequest,
    ListTicketsResponse,
    LogTimeRequest,
    MakePromiseRequest,
    OfferCreditRequest,
    OpenTicketRequest,
    PostUpdateRequest,
    RateTicketRequest,
    ReceiveContactRequest,
    ReceiveContactResponse,
    RecordContactRequest,
    RejectResolutionRequest,
    ReopenTicketRequest,
    ResolveTicketRequest,
    TransferTicketRequest,
    WaitOnCustomerRequest,
)
from services.cli import main
from services.cli.ticket_list import oldest_first
from services.cli.ticket_shown import AsOf, of_ticket
from tests.support.desk import Desk, No, serving

TICKET_ID = "01KAJ2V3W8XK5R9T7B6N4M2QPD"
MONDAY_NOON = Timestamp(seconds=1795435200)  # 2026-11-23 12:00 UTC
THURSDAY_AT_TWO = Timestamp(seconds=1795701600)  # 2026-11-26 14:00 UTC
OPENED = Ticket(
    ticket_id=TICKET_ID,
    reference="K7QM-3XVP",
    version=1,
    status=TicketStatus.TICKET_STATUS_OPEN,
    queue="home",
    priority="urgent",
    policy="broadband",
    customer=Customer(external_id="C-7", display_name="Ada Byron", language="en-GB", zone="Europe/London"),
    subject="No connection",
    tier="agent",
    clocks=[Clock(target=Target.TARGET_ACKNOWLEDGE, run=1, tier="agent", deadline_time=MONDAY_NOON)],
    deadline_time=MONDAY_NOON,
    open_time=MONDAY_NOON,
)

AN_OPENING = (
    *("--queue", "home", "--priority", "urgent", "--customer", "C-7", "--name", "Ada Byron"),
    *("--subject", "No connection"),
)

Run = Callable[..., Result]


@dataclass(frozen=True, slots=True)
class Line:
    """A terminal beside a desk that answers what it is told."""

    desk: Desk
    run: Run


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """Give a command line whose settings name a desk of the test's own; of its clocks it knows nothing."""
    desk = Desk(always={ExplainDeadlinesRequest: ExplainDeadlinesResponse(), GetHandoverRequest: Handover()})
    with serving(desk) as address:
        monkeypatch.setenv("FOLLOWTHROUGH_INTAKE_ADDRESS", str(address))
        monkeypatch.setenv("FOLLOWTHROUGH_ACTOR", "kim")
        yield Line(desk, lambda *words: CliRunner().invoke(main, ["ticket", *words]))


def _stamps_removed(request: Message) -> Message:
    """Take off what every change carries, having looked at it."""
    assert (request.caller, request.actor) == ("followthrough-cli", "kim")  # type: ignore[attr-defined]  # every change has them
    assert uuid.UUID(request.request_id).version == 4  # type: ignore[attr-defined]  # the same
    for name in ("caller", "actor", "request_id"):
        request.ClearField(name)
    return request


def test_open_asks_for_a_ticket_and_shows_what_was_promised(line: Line) -> None:
    """The reference, the next deadline and the clocks are on the screen."""
    line.desk.answers = [OPENED]

    result = line.run(
        *("open", "--queue", "home", "--priority", "urgent", "--customer", "C-7", "--name", "Ada Byron"),
        *("--language", "en-GB", "--zone", "Europe/London", "--subject", "No connection", "--channel", "chat"),
    )

    assert result.exit_code == 0, result.output
    assert [_stamps_removed(request) for request in line.desk.asked] == [
        OpenTicketRequest(
            queue="home", priority="urgent", customer=OPENED.customer, subject="No connection", channel="chat"
        )
    ]
    assert "K7QM-3XVP" in result.stdout
    assert "acknowledge" in result.stdout
    assert "Mon 23 Nov 2026" in result.stdout


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_dry_run_opens_nothing_and_says_so(line: Line, form: list[str]) -> None:
    """`--dry-run` asks which deadlines it would get; what is not there has no status and no version."""
    promised = Ticket()
    promised.CopyFrom(OPENED)
    promised.ClearField("ticket_id")
    promised.ClearField("reference")
    line.desk.answers = [promised]

    result = line.run("open", *AN_OPENING, "--dry-run", *form)

    assert [request.validate_only for request in line.desk.asked if isinstance(request, OpenTicketRequest)] == [True]
    assert result.stderr == ("followthrough: nothing was opened: this is what a ticket opened now would be promised\n")
    assert "status" not in result.stdout
    assert "version" not in result.stdout.replace("policy_version", "")


@pytest.mark.parametrize(("terminals", "zone"), [("Europe/Lisbon", "Europe/Lisbon"), (":Asia/Tokyo", "Asia/Tokyo")])
@pytest.mark.parametrize("command", ["open", "receive"])
def test_a_customer_is_taken_to_be_where_the_terminal_is(
    line: Line, monkeypatch: pytest.MonkeyPatch, command: str, terminals: str, zone: str
) -> None:
    """Unless it is said where: nobody is written to by a clock that is on nobody's wall."""
    monkeypatch.setenv("TZ", terminals)
    line.desk.answers = [No(code=grpc.StatusCode.INVALID_ARGUMENT, text="enough", reason="REQUEST_INVALID")] * 2
    words = (command, "--customer", "C-7", "--name", "Ada", "--subject", "It rains in")

    line.run(*words)
    line.run(*words, "--zone", "Europe/London")

    asked = [request.customer.zone for request in line.desk.asked]  # type: ignore[attr-defined]  # both have one
    assert asked == [zone, "Europe/London"]


def test_a_terminal_whose_zone_has_no_name_asks_where_the_customer_is(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than UTC, which no customer's clock shows."""
    monkeypatch.setenv("TZ", "XYZ-4")
    result = line.run("open", "--customer", "C-7", "--name", "Ada", "--subject", "It rains in")

    assert (result.exit_code, line.desk.asked) == (2, [])
    assert "--zone is missing, and this terminal's own zone has no name: say where the customer is" in result.stderr


def test_a_reference_that_was_read_wrong_is_told_under_its_own_option(line: Line) -> None:
    """Where a reference is an option it is blamed as one, and as KEY where it is that."""
    wrong = "is no reference: a character is wrong or two changed places: read it again"
    line.desk.answers = [
        No(
            code=grpc.StatusCode.INVALID_ARGUMENT,
            text=f"reference 'K7QM-3XVQ' {wrong}",
            reason="REQUEST_INVALID",
            blamed={"reference": f"reference 'K7QM-3XVQ' {wrong}"},
        )
    ]

    result = line.run("receive", "--customer", "C-7", "--name", "Ada", "--subject", "x", "--reference", "K7QM-3XVQ")

    assert result.exit_code == 1
    assert f"refused: --reference 'K7QM-3XVQ' {wrong} [REQUEST_INVALID]" in result.stderr


@pytest.mark.parametrize("joined", [True, False])
def test_receiving_shows_the_ticket_and_says_whether_it_joined(line: Line, joined: bool) -> None:  # noqa: FBT001 - the case
    """6.3: who types what came in need not know whether there is a ticket; what became of it is told."""
    line.desk.answers = [ReceiveContactResponse(ticket=OPENED, joined=joined)]

    result = line.run(
        *("receive", "Any news?", "--customer", "C-7", "--name", "Ada Byron", "--language", "en-GB"),
        *("--zone", "Europe/London", "--subject", "Re: No connection", "--thread", "<1@example.org>"),
        *("--reference", "K7QM-3XVP"),
    )

    assert result.exit_code == 0, result.output
    assert [_stamps_removed(request) for request in line.desk.asked] == [
        ReceiveContactRequest(
            customer=OPENED.customer,
            subject="Re: No connection",
            channel="mail",
            text="Any news?",
            kind=ContactKind.CONTACT_KIND_NEWS,
            thread="<1@example.org>",
            reference="K7QM-3XVP",
        )
    ]
    told = "joined the ticket it belongs to" if joined else "opened a ticket"
    assert result.stderr == f"followthrough: {told}\n"
    assert "K7QM-3XVP" in result.stdout


def test_an_older_ticket_is_named_by_its_reference_too(line: Line) -> None:
    """`--follows` and `--duplicate-of` take what people read to each other."""
    line.desk.answers = [OPENED, OPENED, OPENED, OPENED]

    line.run("open", *AN_OPENING, "--follows", "K7QM-3XVP")
    line.run("resolve", "01KAJ2V3W8XK5R9T7B6N4M2QPE", "--explanation", "Again.", "--duplicate-of", "K7QM-3XVP")

    assert line.desk.asked[::2] == [GetTicketRequest(reference="K7QM-3XVP")] * 2
    opening, resolving = line.desk.asked[1::2]
    assert isinstance(opening, OpenTicketRequest)
    assert isinstance(resolving, ResolveTicketRequest)
    assert (opening.follows, resolving.duplicate_of) == (TICKET_ID, TICKET_ID)


CHANGES: list[tuple[list[str], Message]] = [
    (["ack", "--tier", "agent"], AcknowledgeTicketRequest(tier="agent", handler="kim")),
    (
        ["ack", "--tier", "agent", "--turnaround", "2026-11-26T15:00+01:00"],
        AcknowledgeTicketRequest(tier="agent", handler="kim", turnaround_time=THURSDAY_AT_TWO),
    ),
    (["ack", "--tier", "agent", "--handler", "lee"], AcknowledgeTicketRequest(tier="agent", handler="lee")),
    (["assign", "lee"], AssignTicketRequest(handler="lee")),
    (["priority", "normal", "--reason", "one lamp"], ChangePriorityRequest(priority="normal", reason="one lamp")),
    (["note", "The socket is old."], AddNoteRequest(text="The socket is old.")),
    (["time", "25m", "line test"], LogTimeRequest(spent=Duration(seconds=1500), text="line test")),
    (["time", "1h30m"], LogTimeRequest(spent=Duration(seconds=5400))),
    (["time", "2 h 5 min", "on site"], LogTimeRequest(spent=Duration(seconds=7500), text="on site")),
    (["update", "An engineer comes at three."], PostUpdateRequest(text="An engineer comes at three.")),
    (
        ["contact", "Any news?", "--kind", "complaint", "--channel", "email"],
        RecordContactRequest(kind=ContactKind.CONTACT_KIND_COMPLAINT, channel="email", text="Any news?"),
    ),
    (["contact"], RecordContactRequest(kind=ContactKind.CONTACT_KIND_NEWS, channel="phone")),
    (
        ["contact", "--thread", "<1@example.org>", "--customer", "C-7"],
        RecordContactRequest(
            kind=ContactKind.CONTACT_KIND_NEWS, channel="phone", thread="<1@example.org>", customer="C-7"
        ),
    ),
    (["wait", "Which lamp is red?"], WaitOnCustomerRequest(question="Which lamp is red?")),
    (["continue", "--reason", "seen from here"], ContinueTicketRequest(reason="seen from here")),
    (
        ["escalate", "--from", "agent", "--reason", "line test"],
        EscalateTicketRequest(from_tier="agent", reason="line test"),
    ),
    (["transfer", "--to", "supplier", "--reason", "cable"], TransferTicketRequest(to_tier="supplier", reason="cable")),
    (
        ["resolve", "--explanation", "Replaced the router."],
        ResolveTicketRequest(outcome=Outcome.OUTCOME_FIXED, explanation="Replaced the router."),
    ),
    (
        ["resolve", "--outcome", "not_feasible", "--explanation", "No fibre.", "--alternative", "Radio."],
        ResolveTicketRequest(outcome=Outcome.OUTCOME_NOT_FEASIBLE, explanation="No fibre.", alternative="Radio."),
    ),
    (["confirm"], ConfirmResolutionRequest()),
    (["reject", "--reason", "still dead"], RejectResolutionRequest(reason="still dead")),
    (["reopen", "--reason", "back again"], ReopenTicketRequest(reason="back again")),
    (["close", "--reason", "said so in the shop"], CloseTicketRequest(reason="said so in the shop")),
    (["confirm", "--customer", "C-7"], ConfirmResolutionRequest(customer="C-7")),
    (["reject", "--reason", "dead", "--customer", "C-7"], RejectResolutionRequest(reason="dead", customer="C-7")),
    (
        ["update", "News.", "--keeps", "call back", "--keeps", "photo"],
        PostUpdateRequest(text="News.", keeps=["call back", "photo"]),
    ),
    (
        ["resolve", "--explanation", "Done.", "--keeps", "call back", "--article", "a-1"],
        ResolveTicketRequest(outcome=Outcome.OUTCOME_FIXED, explanation="Done.", keeps=["call back"], article="a-1"),
    ),
    (
        ["promise", "call back", "2026-11-26T14:00Z", "--words", "We call you."],
        MakePromiseRequest(
            kind=PromiseKind.PROMISE_KIND_CALL_BACK,
            name="call back",
            promise_time=THURSDAY_AT_TWO,
            words="We call you.",
        ),
    ),
    (
        ["promise", "parts", "2026-11-26 14:00Z", "--words", "News.", "--kind", "next_news", "--owner", "lee"],
        MakePromiseRequest(
            kind=PromiseKind.PROMISE_KIND_NEXT_NEWS,
            name="parts",
            promise_time=THURSDAY_AT_TWO,
            words="News.",
            owner="lee",
        ),
    ),
    (["keep", "call back"], KeepPromiseRequest(name="call back")),
    (["keep", "call back", "She was in."], KeepPromiseRequest(name="call back", words="She was in.")),
    (
        ["repromise", "call back", "2026-11-26T14:00Z", "--words", "At two.", "--reason", "she is out"],
        ChangePromiseRequest(name="call back", promise_time=THURSDAY_AT_TWO, words="At two.", reason="she is out"),
    ),
    (["rate", "2", "Too slow.", "--customer", "C-7"], RateTicketRequest(stars=2, comment="Too slow.", customer="C-7")),
    (["hold", "--reason", "a part"], HoldTicketRequest(reason="a part")),
    (
        ["credit", "7.50", "eur", "--reason", "two broken calls"],
        OfferCreditRequest(minor=750, currency="EUR", reason="two broken calls"),
    ),
    (["credit", "500", "JPY", "--reason", "late"], OfferCreditRequest(minor=500, currency="JPY", reason="late")),
    (["decide", "1", "--approve", "--reason", "fair"], DecideCreditRequest(number=1, approved=True, reason="fair")),
    (["decide", "2", "--refuse", "--reason", "no"], DecideCreditRequest(number=2, reason="no")),
]


@pytest.mark.parametrize(("words", "request_"), CHANGES, ids=[" ".join(words) for words, _ in CHANGES])
def test_each_change_is_one_request(line: Line, words: list[str], request_: Message) -> None:
    """Options become the contract's fields, and the ticket is shown as it stands afterwards."""
    line.desk.answers = [OPENED]

    result = line.run(words[0], TICKET_ID, *words[1:], "--expected-version", "3")

    assert result.exit_code == 0, result.output
    request_.ticket_id, request_.expected_version = TICKET_ID, 3  # type: ignore[attr-defined]  # every change has them
    assert [_stamps_removed(request) for request in line.desk.asked] == [request_]
    assert "K7QM-3XVP" in result.stdout


def test_a_ticket_is_named_by_its_reference_too(line: Line) -> None:
    """What the customer reads over the phone is enough: the id is looked up first."""
    line.desk.answers = [OPENED, OPENED]

    result = line.run("confirm", "K7QM-3XVP")

    assert result.exit_code == 0, result.output
    asked, changed = line.desk.asked
    assert asked == GetTicketRequest(reference="K7QM-3XVP")
    assert _stamps_removed(changed) == ConfirmResolutionRequest(ticket_id=TICKET_ID)


def test_a_request_id_is_passed_on(line: Line) -> None:
    """A script that repeats a change says so with the same id."""
    line.desk.answers = [OPENED]

    line.run("confirm", TICKET_ID, "--request-id", "00000000-0000-4000-8000-000000000001", "--actor", "lee")

    assert line.desk.asked == [
        ConfirmResolutionRequest(
            ticket_id=TICKET_ID,
            caller="followthrough-cli",
            actor="lee",
            request_id="00000000-0000-4000-8000-000000000001",
        )
    ]


def test_json_is_the_answer_in_the_contracts_own_names(line: Line) -> None:
    """One object a line, for scripts."""
    line.desk.answers = [OPENED]

    result = line.run("show", TICKET_ID, "--json")

    assert result.stdout.count("\n") == 1
    shown = json.loads(result.stdout)
    assert (shown["ticket_id"], shown["status"]) == (TICKET_ID, "TICKET_STATUS_OPEN")
    assert shown["deadline_time"] == "2026-11-23T12:00:00Z"


def test_list_reads_page_after_page_up_to_the_limit(line: Line) -> None:
    """Filters go with every page; no page is asked for beyond the limit, and what it left out is said."""
    line.desk.answers = [
        ListTicketsResponse(tickets=[OPENED], next_page_token="2"),  # noqa: S106 - a page's token, not a password
        ListTicketsResponse(tickets=[OPENED, OPENED, OPENED], next_page_token="3"),  # noqa: S106 - the same
    ]

    result = line.run(
        "list", "--status", "in_progress", "--tier", "agent", "--customer", "C-7", "--limit", "3", "--json"
    )

    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 3
    assert result.stderr == (
        "followthrough: there are more than these, the oldest 3: narrow it down, or give --limit or --all\n"
    )
    first, second = line.desk.asked
    assert first == ListTicketsRequest(
        status=TicketStatus.TICKET_STATUS_IN_PROGRESS, tier="agent", customer_external_id="C-7", page_size=4
    )
    assert isinstance(second, ListTicketsRequest)
    assert second.page_token == "2"  # noqa: S105 - a page's token, not a password


def test_all_of_a_list_is_all_of_it(line: Line) -> None:
    """Page after page to the end, and nothing to add."""
    line.desk.answers = [
        ListTicketsResponse(tickets=[OPENED] * 100, next_page_token="2"),  # noqa: S106 - a page's token, not a password
        ListTicketsResponse(tickets=[OPENED] * 7),
    ]

    result = line.run("list", "--all")

    assert (result.stdout.count("K7QM-3XVP"), result.stderr) == (107, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no ticket matches"),
        (("--status", "closed"), "no ticket matches"),
        (("--queue", "garden"), "no ticket matches (--queue 'garden')"),
        (
            ("--owner", "lea", "--queue", "home"),
            "no ticket matches (--queue 'home' and --owner 'lea'): is it spelt right?",
        ),
        (("--tier", "agnet", "--json"), "no ticket matches (--tier 'agnet')"),
    ],
)
def test_a_list_of_nothing_says_so(line: Line, words: tuple[str, ...], said: str) -> None:
    """Nothing on standard output, and which filter may be at fault."""
    line.desk.answers = [ListTicketsResponse()]

    result = line.run("list", *words)

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"followthrough: {said}\n")


def test_a_list_is_a_line_a_ticket(line: Line) -> None:
    """Nobody's terminal is at the other end: every column is there, for a `grep`."""
    line.desk.answers = [ListTicketsResponse(tickets=[OPENED, OPENED])]

    result = line.run("list")

    assert result.stdout.count("K7QM-3XVP") == 2
    assert result.stdout.count(TICKET_ID) == 2


LONG = Ticket(
    ticket_id=TICKET_ID,
    reference="K7QM-3XVP",
    status=TicketStatus.TICKET_STATUS_WAITING_ON_CUSTOMER,
    queue="business",
    priority="urgent",
    subject="No connection since the thunderstorm of last Saturday, and the lamp is red",
    tier="specialist",
    handler="Augusta Byron",
    deadline_time=MONDAY_NOON,
)


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (60, "reference status deadline (UTC) subject"),
        (80, "reference status deadline (UTC) tier subject"),
        (100, "reference status deadline (UTC) priority tier handler subject"),
        (120, "reference status deadline (UTC) priority queue tier handler subject"),
        (200, "reference status deadline (UTC) priority queue tier handler subject ticket id"),
    ],
)
def test_a_list_fits_the_terminal(width: int, titles: str) -> None:
    """A ticket is one line that keeps its reference and its deadline; what there is no room for is left out."""
    console = Console(width=width, file=io.StringIO())

    console.print(oldest_first([LONG, LONG]))

    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]  # it was given above
    written = [line.strip() for line in lines if line.strip()]
    assert " ".join(written[0].split()) == titles
    assert [
        re.match(r"K7QM-3XVP +waiting +2026-11-2\d \d\d:\d\d +.*No connection", row) is not None for row in written[2:]
    ] == [
        True,
        True,
    ]
    assert max(len(line) for line in lines) <= width


def test_every_kind_of_event_can_be_shown(line: Line) -> None:
    """Whatever the contract can say of a ticket has a line in the log, with all its fields."""
    kinds = TicketEvent.DESCRIPTOR.oneofs_by_name["event"].fields
    events = [
        _filled(TicketEvent(sequence=number, effective_time=MONDAY_NOON), field)
        for number, field in enumerate(kinds, 1)
    ]
    line.desk.answers = [
        ListTicketEventsResponse(events=events[:9], next_after_sequence=9),
        ListTicketEventsResponse(events=events[9:]),
    ]

    result = line.run("events", TICKET_ID, "--after", "0")

    assert result.exit_code == 0, result.output
    for field in kinds:
        assert field.name.replace("_", " ") in result.stdout
    assert line.desk.asked == [
        ListTicketEventsRequest(ticket_id=TICKET_ID),
        ListTicketEventsRequest(ticket_id=TICKET_ID, after_sequence=9),
    ]


def _filled(event: TicketEvent, kind: FieldDescriptor) -> TicketEvent:
    """Set every field of one kind of event."""
    body: Message = getattr(event, kind.name)
    body.SetInParent()
    for field in body.DESCRIPTOR.fields:
        match field.cpp_type:
            case FieldDescriptor.CPPTYPE_MESSAGE if field.is_repeated:
                getattr(body, field.name).add()
            case FieldDescriptor.CPPTYPE_STRING if field.is_repeated:
                getattr(body, field.name).append("words")
            case FieldDescriptor.CPPTYPE_MESSAGE:
                getattr(body, field.name).SetInParent()
            case FieldDescriptor.CPPTYPE_ENUM if field.is_repeated:
                getattr(body, field.name).append(1)
            case FieldDescriptor.CPPTYPE_STRING:
                setattr(body, field.name, "words")
            case _:
                setattr(body, field.name, 1)
    return event


def test_a_customers_words_do_not_steer_the_terminal(line: Line) -> None:
    """Escape sequences are shown as nothing, markup as itself."""
    ticket = Ticket()
    ticket.CopyFrom(OPENED)
    ticket.subject = "\x1b[2J[red]gone[/red]\x07"
    line.desk.answers = [ticket]

    result = line.run("show", TICKET_ID)

    assert "\x1b" not in result.stdout
    assert "\x07" not in result.stdout
    assert "[red]gone[/red]" in result.stdout


def test_a_refusal_is_one_line_with_its_reason_and_exit_code_1(line: Line) -> None:
    """Scripts read the code, people the line; nothing is on standard output."""
    line.desk.answers = [
        No(code=grpc.StatusCode.FAILED_PRECONDITION, text="the ticket is closed: reopen it first", reason="WRONG_STATE")
    ]

    result = line.run("update", TICKET_ID, "News.")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "followthrough: refused: the ticket is closed: reopen it first [WRONG_STATE]\n"


@pytest.mark.parametrize(
    ("words", "no", "said"),
    [
        (
            ("open", *AN_OPENING),
            No(
                code=grpc.StatusCode.INVALID_ARGUMENT,
                text="customer.display_name is empty: say it; and 1 more, see the details",
                reason="REQUEST_INVALID",
                blamed={
                    "customer.display_name": "customer.display_name is empty: say it",
                    "customer.zone": "customer.zone 'Mars' is no time zone",
                },
            ),
            "--name is empty: say it; --zone 'Mars' is no time zone [REQUEST_INVALID]",
        ),
        (
            ("transfer", TICKET_ID, "--to", "moon", "--reason", "x"),
            No(
                code=grpc.StatusCode.INVALID_ARGUMENT,
                text="there is no tier 'moon': use one of agent, specialist",
                reason="UNKNOWN_TIER",
                blamed={"to_tier": "there is no tier 'moon': use one of agent, specialist"},
            ),
            "there is no tier 'moon': use one of agent, specialist [UNKNOWN_TIER]",
        ),
        (
            ("confirm", TICKET_ID),
            No(
                code=grpc.StatusCode.NOT_FOUND,
                text=f"ticket_id '{TICKET_ID}' names no ticket: look for it with ListTickets",
                reason="UNKNOWN_TICKET",
                facts={"field": "ticket_id"},
            ),
            f"KEY '{TICKET_ID}' names no ticket: look for it with `followthrough ticket list` [UNKNOWN_TICKET]",
        ),
    ],
)
def test_a_refusal_names_what_was_typed(line: Line, words: tuple[str, ...], no: No, said: str) -> None:
    """Options and arguments, not the contract's fields, and all that is wrong at once."""
    line.desk.answers = [no]

    result = line.run(*words)

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"followthrough: refused: {said}\n")


def test_an_argument_that_is_no_text_is_one_line(line: Line) -> None:
    """Bytes that the terminal could not read as UTF-8 are refused before they reach anybody."""
    result = line.run("open", *AN_OPENING, "--description", os.fsdecode(b"caf\xe9"))

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "followthrough: argument 'caf\N{REPLACEMENT CHARACTER}' is not UTF-8: write it in UTF-8\n"
    assert line.desk.asked == []


def test_promised_news_is_told_as_a_promise(line: Line) -> None:
    """The instant stays when it has passed: it says for when news was promised, not that it will come."""
    ticket = Ticket()
    ticket.CopyFrom(OPENED)
    ticket.next_news_time.CopyFrom(MONDAY_NOON)
    line.desk.answers = [ticket]

    assert re.search(r"news promised for +Mon 23 Nov 2026", line.run("show", TICKET_ID).stdout)


def test_news_that_was_promised_for_a_time_past_is_late() -> None:
    """6.5: by the record's now, not by the reader's clock."""
    ticket = Ticket(next_news_time=MONDAY_NOON)
    now = MONDAY_NOON.ToDatetime(tzinfo=UTC) + timedelta(minutes=20)

    assert "12:00:00 UTC (20 min late)" in written(of_ticket(ticket, AsOf(now=now)))
    assert "12:00:00 UTC\n" in re.sub(" +\n", "\n", written(of_ticket(ticket, AsOf())))


def written(shown: RenderableType) -> str:
    """Write it where there is room for everything."""
    console = Console(width=200, file=io.StringIO())
    console.print(shown)
    said: str = console.file.getvalue()  # type: ignore[attr-defined]  # it was given above
    return said


def test_what_is_due_next_of_a_ticket_that_waits_is_shown() -> None:
    """6.6, 6.8, 4.4: the reminder or the end of a wait, closing by silence, and the last resort, with the causes."""
    now = MONDAY_NOON.ToDatetime(tzinfo=UTC) - timedelta(hours=2)
    ticket = Ticket(
        description="Red lamp since Sunday",
        channel="email",
        waiting=Waiting(question_time=MONDAY_NOON, reminders_sent=2, next_time=MONDAY_NOON),
        reminding=Reminding(causes=[EscalationCause.ESCALATION_CAUSE_RESOLVE_BREACHED], sent=1, next_time=MONDAY_NOON),
        resolution=Resolution(outcome=Outcome.OUTCOME_FIXED, resolve_time=MONDAY_NOON, sign_off_time=MONDAY_NOON),
    )

    shown = re.sub(" +", " ", written(of_ticket(ticket, AsOf(now=now))))

    noon = "Mon 23 Nov 2026 12:00:00 UTC"
    for line in (
        "description Red lamp since Sunday",
        "came by email",
        f"asked {noon}, reminded 2 times",
        f"reminder or end {noon} (in 2 h)",
        "ladder ended the customer's promise is broken",
        f"last resort told again {noon} (in 2 h), once so far",
        f"closes by silence {noon} (in 2 h)",
    ):
        assert line in shown


def test_an_ended_ladder_is_marked_in_a_list() -> None:
    """4.4: beside what was broken; where nothing was, there is no column."""
    breached = Clock(target=Target.TARGET_RESOLVE, state=ClockState.CLOCK_STATE_BREACHED)
    tickets = [Ticket(), Ticket(clocks=[breached], reminding=Reminding(sent=1))]

    assert " BROKEN 1, ladder ended " in written(oldest_first(tickets))
    assert "promises" not in written(oldest_first(tickets[:1]))


def test_without_a_ledger_it_is_said_up_to_when_was_counted() -> None:
    """A running clock's own figure is that of the last change: it does not pass for the present one."""
    clock = Clock(
        target=Target.TARGET_UPDATE,
        run=1,
        tier="agent",
        state=ClockState.CLOCK_STATE_RUNNING,
        length=Duration(seconds=3600),
        spent=Duration(seconds=600),
        running_since_time=MONDAY_NOON,
    )

    assert " 10 min of 1 h before Mon 12:00 UTC " in written(of_ticket(Ticket(clocks=[clock]), AsOf()))


def test_a_change_that_was_made_is_shown_even_if_its_clocks_cannot_be_asked_for(line: Line) -> None:
    """It is done, and so is the command: exit code 0."""
    line.desk.answers = [OPENED]
    line.desk.always[ExplainDeadlinesRequest] = No(
        code=grpc.StatusCode.INTERNAL, text="it is in the log", reason="INTERNAL"
    )

    result = line.run("note", TICKET_ID, "Seen.")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "K7QM-3XVP" in result.stdout


def test_deadlines_on_both_sides_of_summer_time_name_their_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to guess which zone a time is of."""
    monkeypatch.setenv("TZ", "Europe/London")
    time.tzset()
    try:
        october = Timestamp(seconds=1790856000)  # 2026-10-01 12:00 UTC
        tickets = [Ticket(deadline_time=MONDAY_NOON), Ticket(deadline_time=october)]
        assert "deadline (GMT)" in written(oldest_first(tickets[:1]))
        both = written(oldest_first(tickets))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "2026-11-23 12:00 GMT" in both
    assert "2026-10-01 13:00 BST" in both


def test_what_is_briefly_away_is_asked_again_under_the_same_id(line: Line) -> None:
    """UNAVAILABLE is worth a retry, as the contract's service config says; the request id makes it safe."""
    line.desk.answers = [
        No(code=grpc.StatusCode.UNAVAILABLE, text="the record is away", reason="RECORD_UNAVAILABLE"),
        OPENED,
    ]

    result = line.run("confirm", TICKET_ID)

    assert result.exit_code == 0, result.output
    first, second = line.desk.asked
    assert first == second


def test_nobody_at_the_address_is_exit_code_2(line: Line) -> None:
    """The line says where nobody is, and how to start somebody."""
    result = line.run("show", TICKET_ID, "--server", "127.0.0.1:1")

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "followthrough: nobody answers at 127.0.0.1:1: is it running? start it with `followthrough up`\n"
    )


def test_another_service_at_the_address_is_exit_code_2(line: Line) -> None:
    """Temporal's port, or anybody's who speaks gRPC but not the contract: the line says which port to give."""
    line.desk.answers = [No(code=grpc.StatusCode.UNIMPLEMENTED, text="unknown service")]

    result = line.run("show", TICKET_ID)

    assert (result.exit_code, result.stdout) == (2, "")
    assert (
        "does not answer as intake does: see that --server or FOLLOWTHROUGH_INTAKE_ADDRESS is intake's" in result.stderr
    )


def test_a_page_of_metrics_at_the_address_is_exit_code_2(line: Line) -> None:
    """It listens, so nobody is told to start it; it speaks HTTP of another age."""
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        result = line.run("show", TICKET_ID, "--server", f"127.0.0.1:{server.server_port}")
        server.shutdown()

    assert (result.exit_code, result.stdout) == (2, "")
    assert "does not answer as intake: see that the port is intake's, and that both sides speak TLS" in result.stderr


class Page(BaseHTTPRequestHandler):
    """Any page of HTTP 1."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Write nothing of it."""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["open", "--queue", "home"], "Missing option '--customer'"),
        (["resolve", TICKET_ID, "--outcome", "solved", "--explanation", "x"], "'solved' is not one of"),
        (["show", TICKET_ID, "--server", "here"], "give it as host:port"),
        (["time", TICKET_ID, "1d"], "'1d': a day is not a unit: give hours and minutes, like 25m or 1h30m"),
        (["time", TICKET_ID, "2 weeks"], "a day is not a unit: give hours and minutes"),
        (["time", TICKET_ID, "25"], "'25': give hours and minutes, like 25m or 1h30m"),
        (["time", TICKET_ID, ""], "'': give hours and minutes, like 25m or 1h30m"),
        (["explain", TICKET_ID, "--clock", "patience"], "'patience' is not one of"),
        (["promise", TICKET_ID, "x", "2026-11-26", "--words", "x"], "write an instant, like 2026-11-26T15:00"),
        (
            ["promise", TICKET_ID, "x", "tomorrow", "--words", "x"],
            "'tomorrow': write an instant, like 2026-11-26T15:00",
        ),
        (["promise", TICKET_ID, "x", "25:00", "--words", "x"], "'25:00': write an instant"),
        (["rate", TICKET_ID, "6"], "'STARS': 6 is out of range: give one from 1 to 5"),
        (["rate", TICKET_ID, "good"], "'STARS': 'good' is no whole number: give one from 1 to 5"),
        (["rate", TICKET_ID, "-1"], "'-1' is below nothing: of KEY, STARS, [COMMENT] none is ever negative"),
        (
            ["credit", TICKET_ID, "0", "GBP", "--reason", "x"],
            "'0' GBP: give an amount from 0.01 GBP to 10000000.00 GBP",
        ),
        (["credit", TICKET_ID, "-50", "GBP", "--reason", "x"], "'-50' is below nothing: of KEY, AMOUNT, CURRENCY none"),
        (["credit", TICKET_ID, "5", "GBP", "--reson", "x"], "No such option '--reson'"),
        (["time", TICKET_ID, "-5m"], "'-5m' is below nothing"),
        (["credit", TICKET_ID, "much", "EUR", "--reason", "x"], "'much' is no amount: write a number, like 5 or 7.50"),
        (["credit", TICKET_ID, "1.005", "EUR", "--reason", "x"], "'1.005' is finer than EUR is paid in"),
        (["decide", TICKET_ID, "1", "--reason", "x"], "Missing option '--approve'"),
        (["next", "--untaken", "--handler", "lee"], "leave out --handler"),
        (["list", "--status", "open", "--status", "closed"], "--status is given 2 times: give it once"),
        (["lose", TICKET_ID], "No such command 'lose'"),
    ],
)
def test_what_is_not_understood_is_exit_code_2(line: Line, words: list[str], said: str) -> None:
    """Nothing is asked of anybody."""
    result = line.run(*words)

    assert result.exit_code == 2
    assert said in result.stderr
    assert line.desk.asked == []


def test_a_broken_setting_is_one_line_and_exit_code_2(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is asked."""
    monkeypatch.setenv("FOLLOWTHROUGH_INTAKE_ADDRESS", "here")

    result = line.run("show", TICKET_ID)

    assert result.exit_code == 2
    assert result.stderr == (
        "followthrough: FOLLOWTHROUGH_INTAKE_ADDRESS='here': give it as host:port, like 127.0.0.1:7300\n"
    )


def test_the_help_names_every_command_of_a_ticket() -> None:
    """Each with what it does, under what it is for."""
    result = CliRunner().invoke(main, ["ticket", "--help"])

    assert result.exit_code == 0
    assert re.findall(r"^  ([a-z]+)  +[A-Z]", result.stdout, re.MULTILINE) == [
        *("next", "list", "show", "handover", "explain", "events", "watch"),
        *("open", "receive", "ack", "assign", "priority", "import"),
        *("update", "contact", "wait", "continue"),
        *("promise", "keep", "repromise"),
        *("escalate", "transfer", "merge"),
        *("resolve", "confirm", "reject", "reopen", "close", "rate"),
        *("credit", "decide"),
        *("note", "time", "hold"),
    ]


def test_the_help_of_promise_says_what_each_kind_is(line: Line) -> None:
    """A visit that was promised as a call would be told to the customer as a call."""
    shown = line.run("promise", "--help").stdout
    for kind in PromiseKind.keys()[1:]:
        assert re.search(rf"^  {kind.removeprefix('PROMISE_KIND_').lower()} +\w", shown, re.MULTILINE)
    assert "give --kind turnaround for a visit" in " ".join(shown.split())


@pytest.mark.parametrize("width", [50, 59, 80, 100, 200])
def test_a_ticket_fits_the_terminal(width: int) -> None:
    """No line is wider than it, and no deadline is torn apart: clocks that have no room as a table have words."""
    console = Console(width=width, file=io.StringIO())

    console.print(of_ticket(OPENED, AsOf()))

    written = console.file.getvalue()  # type: ignore[attr-defined]  # it was given above
    assert max(len(line) for line in written.splitlines()) <= width
    assert len(re.findall(r"Mon 23 Nov 2026 12:00:00 UTC", written)) >= 2
    assert ("acknowledge 1 of agent:" in written) == (width < 100)


def test_the_feeds_help_lists_its_settings() -> None:
    """As each process's help does: the record, the clock that both need, and where intake answers."""
    result = CliRunner().invoke(main, ["feed", "--help"])

    assert result.exit_code == 0
    for name in ("DATABASE_URL", "CLOCK", "INTAKE_ADDRESS", "CALLER_TLS_CA", "LOG_LEVEL"):
        assert f"  FOLLOWTHROUGH_{name}\n" in result.stdout


def test_the_overview_names_every_subcommand() -> None:
    """And imports none of them: help is there at once."""
    result = CliRunner().invoke(main, ["--help"])

    assert result.exit_code == 0
    for name in ("up", "ticket", "intake", "worker", "keeper", "exporter", "migrate"):
        assert f"  {name} " in result.stdout
