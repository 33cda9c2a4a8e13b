"""The client package, in both its forms: the whole contract, safe repeats, typed refusals, watches that go on."""

import inspect
import json
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any, cast, get_args

import grpc
import grpc.aio
import pytest
from google.protobuf.duration_pb2 import Duration

from protos.followthrough.v1 import ticket_service_pb2
from protos.followthrough.v1.event_pb2 import NoteAdded, TicketEvent
from protos.followthrough.v1.ledger_pb2 import ClockLedger, LedgerInterval
from protos.followthrough.v1.ticket_pb2 import Target, Ticket
from protos.followthrough.v1.ticket_service_pb2 import (
    AcknowledgeTicketRequest,
    AddNoteRequest,
    ConfirmResolutionRequest,
    ExplainDeadlinesRequest,
    ExplainDeadlinesResponse,
    GetHandoverRequest,
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketEventsResponse,
    ListTicketsRequest,
    ListTicketsResponse,
    LogTimeRequest,
    PostUpdateRequest,
    ReceiveContactRequest,
    ReceiveContactResponse,
    WatchTicketRequest,
    WatchTicketResponse,
)
from services.client import BlockingTicketClient, Change, NotFound, Refused, TicketClient, Unreachable, Violation
from services.client.calls import channel_options
from services.client.errors import Asked
from tests.support.desk import Desk, No, Silence, Stream, serving
from tests.support.tls import Authority

CODES = grpc.StatusCode
AWAY = No(code=CODES.UNAVAILABLE, text="the record cannot be reached: try again", reason="RECORD_UNAVAILABLE")
TICKET = Ticket(ticket_id="T1", reference="K7QM-3XVP")

Make = Callable[..., Awaitable[TicketClient]]


class Waited:
    """The blocking client, asked like the other one."""

    def __init__(self, client: BlockingTicketClient) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Ask the method of that name."""
        method = getattr(self._client, name)
        is_iterated = inspect.isgeneratorfunction(inspect.unwrap(method))
        return lambda *given, **named: (_iterated if is_iterated else _awaited)(method(*given, **named))


async def _awaited(answer: object) -> object:
    return answer


async def _iterated(answers: Iterator[object]) -> AsyncIterator[object]:
    for answer in answers:
        yield answer


@pytest.fixture
def desk() -> Desk:
    """A desk that answers what it is told."""
    return Desk()


@pytest.fixture(params=["asynchronous", "blocking"])
async def make(request: pytest.FixtureRequest, desk: Desk) -> AsyncIterator[Make]:
    """What makes clients of that desk, in either form."""
    async with AsyncExitStack() as using:
        address = str(using.enter_context(serving(desk)))

        async def made(**options: Any) -> TicketClient:  # noqa: ANN401 - a client's own options
            if request.param == "asynchronous":
                return await using.enter_async_context(TicketClient(address, caller="crm-1", actor="kim", **options))
            blocking = BlockingTicketClient(address, caller="crm-1", actor="kim", **options)
            return cast(TicketClient, Waited(using.enter_context(blocking)))

        yield made


def told(*sequences: int) -> WatchTicketResponse:
    """Events of a watch."""
    return WatchTicketResponse(events=[TicketEvent(sequence=each, note_added=NoteAdded()) for each in sequences])


def test_the_client_speaks_the_whole_contract() -> None:
    """Each method is a change, or what the client has a method of its own for."""
    service = ticket_service_pb2.DESCRIPTOR.services_by_name["TicketService"]
    own = {
        GetTicketRequest,
        GetHandoverRequest,
        ListTicketsRequest,
        ListTicketEventsRequest,
        ExplainDeadlinesRequest,
        WatchTicketRequest,
        ReceiveContactRequest,
    }
    spoken = {kind.DESCRIPTOR.full_name for kind in (*get_args(Change), *own)}

    assert {method.input_type.full_name for method in service.methods} == spoken
    assert {method.input_type.name.removesuffix("Request") for method in service.methods} == {
        method.name for method in service.methods
    }


def test_both_forms_have_the_same_methods() -> None:
    """Who knows one knows the other: names, parameters and their defaults."""

    def public(client: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(client, inspect.isfunction)
        return {
            name: [str(each.replace(annotation=each.empty)) for each in inspect.signature(method).parameters.values()]
            for name, method in methods
            if not name.startswith("_") or name == "__init__"
        }

    assert public(TicketClient) == public(BlockingTicketClient)


def test_it_can_be_taken_elsewhere() -> None:
    """Importing it brings in the contract, gRPC and protobuf: no Temporal, no SQL, none of our other modules."""
    listing = (
        "import sys; before = set(sys.modules); import services.client;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names)),"
        "*sorted(name for name in sys.modules if name.startswith('services.') and name.count('.') == 1))"
    )
    run = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)  # noqa: S603 - our own words
    grpcs_own = ("grpc", "_cython", "cython_runtime", "typing_extensions")
    others = {name for name in run.stdout.split() if not name.startswith(grpcs_own)}
    assert others == {"google", "protos", "services", "services.client"}


async def test_a_change_says_who_asks_and_under_which_id(desk: Desk, make: Make) -> None:
    """What the request does not say is filled in; the request itself is not touched."""
    desk.answers = [TICKET, TICKET]
    client, request = await make(), PostUpdateRequest(ticket_id="T1", text="News.")

    assert await client.change(request) == TICKET
    await client.change(PostUpdateRequest(ticket_id="T1", caller="crm-2", actor="lee", request_id="R1", text="News."))

    first, second = cast(list[PostUpdateRequest], desk.asked)
    assert (first.caller, first.actor, uuid.UUID(first.request_id).version) == ("crm-1", "kim", 4)
    assert (second.caller, second.actor, second.request_id) == ("crm-2", "lee", "R1")
    assert request == PostUpdateRequest(ticket_id="T1", text="News.")


@pytest.mark.parametrize(
    "request_",
    [AddNoteRequest(ticket_id="T1", text="Seen."), LogTimeRequest(ticket_id="T1", spent=Duration(seconds=60))],
)
async def test_a_change_goes_to_the_method_of_its_name(desk: Desk, make: Make, request_: Change) -> None:
    """One method for all of them: the request's type says which is meant."""
    desk.answers = [TICKET]

    assert await (await make()).change(request_) == TICKET
    assert [type(asked) for asked in desk.asked] == [type(request_)]


async def test_what_changes_nothing_is_no_change(desk: Desk, make: Make) -> None:
    """A question given to `change` is told what changes a ticket, and nobody is asked."""
    question = cast(Change, ExplainDeadlinesRequest(ticket_id="T1"))

    with pytest.raises(TypeError, match="ExplainDeadlinesRequest changes no ticket: use one of OpenTicketRequest, "):
        await (await make()).change(question)
    assert desk.asked == []


async def test_a_contact_is_answered_with_its_ticket_and_whether_it_joined(desk: Desk, make: Make) -> None:
    """What `change` fills in is filled in; whether it joined or opened is told (6.3)."""
    desk.answers = [ReceiveContactResponse(ticket=TICKET, joined=True)]
    contact = ReceiveContactRequest(subject="no line", channel="mail", thread="<1@example.org>")

    received = await (await make()).receive(contact)

    assert (received.ticket, received.joined) == (TICKET, True)
    (asked,) = cast(list[ReceiveContactRequest], desk.asked)
    assert (asked.caller, asked.actor, uuid.UUID(asked.request_id).version) == ("crm-1", "kim", 4)
    assert (contact.caller, contact.request_id) == ("", "")


async def test_what_is_briefly_away_is_asked_again_under_the_same_id(desk: Desk, make: Make) -> None:
    """The service config beside the protos is in force; the same request_id makes it safe (5.5)."""
    desk.answers = [AWAY, TICKET]

    assert await (await make()).change(ConfirmResolutionRequest(ticket_id="T1")) == TICKET

    first, second = desk.asked
    assert first == second


async def test_a_refusal_is_typed(desk: Desk, make: Make) -> None:
    """Reason, facts, the fields at fault and when to come again: nobody parses a text."""
    desk.answers = [
        No(
            code=CODES.RESOURCE_EXHAUSTED,
            text="128 calls are being worked on: try again a little later",
            reason="TOO_MANY_CALLS",
            facts={"limit": "128"},
            blamed={"text": "text is too long: shorten it"},
            retry_after_seconds=1,
        )
    ]
    with pytest.raises(Refused) as raised:
        await (await make()).change(PostUpdateRequest(ticket_id="T1", text="News."))

    refused = raised.value
    assert (refused.code, refused.reason, refused.facts) == (
        CODES.RESOURCE_EXHAUSTED,
        "TOO_MANY_CALLS",
        {"limit": "128"},
    )
    assert refused.violations == [Violation("text", "text is too long: shorten it")]
    assert refused.retry_after_seconds == 1.0
    assert str(refused) == refused.text == "128 calls are being worked on: try again a little later"
    assert refused.__cause__ is None


async def test_what_is_not_there_is_not_found(desk: Desk, make: Make) -> None:
    """A refusal of a kind of its own: most callers ask just that."""
    desk.answers = [No(code=CODES.NOT_FOUND, text="ticket_id 'T9' names no ticket", reason="UNKNOWN_TICKET")]

    with pytest.raises(NotFound) as raised:
        await (await make()).ticket(ticket_id="T9")
    assert raised.value.reason == "UNKNOWN_TICKET"


async def test_no_answer_leaves_the_id_to_ask_again_with(desk: Desk, make: Make) -> None:
    """When every retry is over, whether the change was applied is unknown; the same request with that id tells."""
    desk.answers = [AWAY, AWAY, AWAY, AWAY, TICKET]
    client, request = await make(deadline_seconds=60), AcknowledgeTicketRequest(ticket_id="T1", handler="kim")

    with pytest.raises(Unreachable, match="the record cannot be reached: try again") as raised:
        await client.change(request)
    request.request_id = raised.value.request_id
    await client.change(request)

    assert len(desk.asked) == 5
    assert all(each == desk.asked[0] for each in desk.asked)


@pytest.mark.parametrize(
    "no",
    [
        *(
            No(code=code, text="Received RST_STREAM with error code 2")
            for code in (CODES.CANCELLED, CODES.INTERNAL, CODES.UNKNOWN, CODES.RESOURCE_EXHAUSTED, CODES.DATA_LOSS)
        ),
        No(code=CODES.INTERNAL, text="Received RST_STREAM with error code 2: it is in the log", reason="INTERNAL"),
    ],
    ids=lambda no: f"{no.code.name} {no.reason or 'of another'}",
)
async def test_an_answer_that_does_not_say_leaves_the_id_too(desk: Desk, make: Make, no: No) -> None:
    """A stream that was cut on its way back, or a fault of intake's own: the change may stand in the record (5.5)."""
    desk.answers = [no, TICKET]
    client, request = await make(), AddNoteRequest(ticket_id="T1", text="Seen.")

    with pytest.raises(Unreachable, match="Received RST_STREAM with error code 2") as raised:
        await client.change(request)
    request.request_id = raised.value.request_id
    await client.change(request)

    first, second = desk.asked
    assert first == second


@pytest.mark.parametrize(
    "no",
    [
        *(
            No(code=code, text="not here")
            for code in (CODES.UNIMPLEMENTED, CODES.PERMISSION_DENIED, CODES.UNAUTHENTICATED)
        ),
        No(code=CODES.INTERNAL, text="ticket 'T1' is stuck, nothing of it changed", reason="TICKET_STUCK"),
    ],
    ids=lambda no: no.reason or no.code.name,
)
async def test_what_never_came_to_the_record_is_refused(desk: Desk, make: Make, no: No) -> None:
    """Somebody on the way keeps the call from intake, or intake says that nothing changed: there is no doubt."""
    desk.answers = [no]

    with pytest.raises(Refused) as raised:
        await (await make()).change(AddNoteRequest(ticket_id="T1", text="Seen."))
    assert (raised.value.code, raised.value.reason) == (no.code, no.reason)


async def test_a_call_has_a_deadline(desk: Desk, make: Make) -> None:
    """The client's own, however silent the other side is."""
    desk.answers = [Silence()]

    with pytest.raises(Unreachable, match=r"gave no answer within 0\.2 s"):
        await (await make(deadline_seconds=0.2)).ticket(ticket_id="T1")


async def test_nobody_there_is_unreachable() -> None:
    """The text says where nobody is, and what to do."""
    async with TicketClient("127.0.0.1:1", caller="crm-1", actor="kim") as client:
        with pytest.raises(Unreachable, match=r"nobody answers at 127\.0\.0\.1:1: is it running\?"):
            await client.ticket(reference="K7QM-3XVP")


async def test_who_asks_in_clear_where_tls_is_spoken_is_told_so(desk: Desk, tmp_path: Path) -> None:
    """Somebody listens there: nobody is told to start it."""
    own = Authority.make(tmp_path, "ours").sign("shown")
    shown = grpc.ssl_server_credentials([(own.key.read_bytes(), own.certificate.read_bytes())])
    with serving(desk, shown) as address:
        async with TicketClient(str(address), caller="crm-1", actor="kim") as client:
            with pytest.raises(
                Unreachable, match=r"does not answer as intake: .* both sides speak TLS or neither does"
            ):
                await client.ticket(ticket_id="T1")


async def test_pages_are_read_to_the_end(desk: Desk, make: Make) -> None:
    """Of tickets by their token, of events by their sequence; the caller sees no page."""
    client, request = await make(), ListTicketsRequest(queue="home", page_size=1)
    desk.answers = [
        ListTicketsResponse(tickets=[Ticket(ticket_id="T1")], next_page_token="2"),  # noqa: S106 - a page's token, not a password
        ListTicketsResponse(tickets=[Ticket(ticket_id="T2")]),
        ListTicketEventsResponse(events=[TicketEvent(sequence=4)], next_after_sequence=4),
        ListTicketEventsResponse(events=[TicketEvent(sequence=5)]),
    ]

    assert [ticket.ticket_id async for ticket in client.tickets(request)] == ["T1", "T2"]
    assert [event.sequence async for event in client.events("T1", after_sequence=3)] == [4, 5]
    assert desk.asked == [
        request,
        ListTicketsRequest(queue="home", page_size=1, page_token="2"),  # noqa: S106 - a page's token, not a password
        ListTicketEventsRequest(ticket_id="T1", after_sequence=3),
        ListTicketEventsRequest(ticket_id="T1", after_sequence=4),
    ]


async def test_a_ledger_comes_with_all_its_intervals(desk: Desk, make: Make) -> None:
    """Its later intervals are asked for; the sums are those of the last answer, where the last still counts."""

    def ledger(seconds: int, *numbers: int, more_after: int = 0) -> ClockLedger:
        return ClockLedger(
            target=Target.TARGET_UPDATE,
            run=3,
            spent=Duration(seconds=seconds),
            intervals=[LedgerInterval(number=number) for number in numbers],
            next_after_interval=more_after,
        )

    desk.answers = [
        ExplainDeadlinesResponse(ledgers=[ledger(60, 1, 2, more_after=2)], next_page_token="2"),  # noqa: S106 - a page's token, not a password
        ExplainDeadlinesResponse(ledgers=[ledger(61, 3)]),
        ExplainDeadlinesResponse(ledgers=[ClockLedger(target=Target.TARGET_RESOLVE, run=1)]),
    ]
    client = await make()

    read = [each async for each in client.ledgers(ExplainDeadlinesRequest(ticket_id="T1", live_only=True))]

    assert read == [ledger(61, 1, 2, 3), ClockLedger(target=Target.TARGET_RESOLVE, run=1)]
    assert desk.asked == [
        ExplainDeadlinesRequest(ticket_id="T1", live_only=True),
        ExplainDeadlinesRequest(ticket_id="T1", target=Target.TARGET_UPDATE, run=3, after_interval=2),
        ExplainDeadlinesRequest(ticket_id="T1", live_only=True, page_token="2"),  # noqa: S106 - a page's token, not a password
    ]


async def test_a_watch_goes_on_after_a_lost_stream(desk: Desk, make: Make) -> None:
    """After the last sequence that was read: nothing is lost, and what comes again is not told twice."""
    busy = No(code=CODES.RESOURCE_EXHAUSTED, text="64 streams are open", reason="TOO_MANY_CALLS", retry_after_seconds=0)
    desk.answers = [
        Stream(parts=[told(4), told(5, 6)], end=AWAY),
        Stream(parts=[told(6, 7)]),
        Stream(end=No(code=CODES.INTERNAL, text="RST_STREAM")),
        Stream(end=busy),
        Stream(parts=[told(8)], end=Silence()),
    ]
    client, seen = await make(), list[int]()

    async with aclosing(client.watch("T1", after_sequence=3)) as events:
        async for event in events:
            seen.append(event.sequence)
            if event.sequence == 8:
                break

    assert seen == [4, 5, 6, 7, 8]
    assert [cast(WatchTicketRequest, asked).after_sequence for asked in desk.asked] == [3, 6, 7, 7, 7]


async def test_a_watch_tells_when_it_is_open_and_when_it_is_not(desk: Desk, make: Make) -> None:
    """None when a stream is open, the reason when it is lost, once each however often is tried; then None again."""
    desk.answers = [
        Stream(parts=[told(1)], end=AWAY),
        Stream(end=AWAY),
        Stream(parts=[told(2)], end=Silence()),
    ]
    client, states = await make(), list[str]()

    async with aclosing(client.watch("T1", tell=lambda error: states.append(str(error)))) as events:
        async for event in events:
            if event.sequence == 2:
                break

    assert states == ["None", AWAY.text, "None"]


@pytest.mark.parametrize(
    ("no", "expected"),
    [
        (No(code=CODES.NOT_FOUND, text="no such ticket", reason="UNKNOWN_TICKET"), NotFound),
        (No(code=CODES.INTERNAL, text="it is in the log", reason="INTERNAL"), Refused),
        (No(code=CODES.UNIMPLEMENTED, text="no such method"), Refused),
        (No(code=CODES.RESOURCE_EXHAUSTED, text="full", reason="TOO_MANY_CALLS", retry_after_seconds=1), Refused),
    ],
)
async def test_a_watch_ends_with_what_no_patience_mends(
    desk: Desk, make: Make, no: No, expected: type[Exception]
) -> None:
    """Asking again would only be told the same."""
    desk.answers = [Stream(end=no)]

    with pytest.raises(expected):
        async for _ in (await make()).watch("T1"):
            pass
    assert desk.answers == []


async def test_a_watch_gives_up_when_its_patience_ends(desk: Desk, make: Make) -> None:
    """A script that watches must not hang on a system that is gone; here it has no patience at all."""
    desk.answers = [Stream(parts=[told(1)], end=No(code=CODES.CANCELLED, text="cut"))]

    events = aiter((await make()).watch("T1", patience_seconds=0))
    assert (await anext(events)).sequence == 1
    with pytest.raises(Unreachable, match="cut"):
        await anext(events)


async def test_the_way_there_may_be_encrypted(desk: Desk) -> None:
    """Credentials are gRPC's own kind; without them, a server that wants some is out of reach."""
    local = grpc.local_channel_credentials()
    desk.answers = [TICKET, TICKET]
    with serving(desk, grpc.local_server_credentials()) as address:
        async with TicketClient(str(address), caller="crm-1", actor="kim", credentials=local) as client:
            assert await client.ticket(ticket_id="T1") == TICKET
        with BlockingTicketClient(str(address), caller="crm-1", actor="kim", credentials=local) as blocking:
            assert blocking.ticket(ticket_id="T1") == TICKET


async def test_a_channel_of_the_callers_own_stays_open(desk: Desk) -> None:
    """Whoever made it closes it; its options are its maker's."""
    desk.answers = [TICKET, TICKET]
    with serving(desk) as address:
        async with grpc.aio.insecure_channel(str(address)) as channel:
            for _ in range(2):
                async with TicketClient("the desk", caller="crm-1", actor="kim", channel=channel) as client:
                    assert await client.ticket(ticket_id="T1") == TICKET


def test_a_channels_own_options_win() -> None:
    """The service config and keepalive are there unless the caller says otherwise."""
    options = dict(channel_options([("grpc.keepalive_time_ms", 5), ("grpc.max_receive_message_length", 7)]))

    config = json.loads(str(options["grpc.service_config"]))["methodConfig"]
    assert ["retryPolicy" in methods for methods in config] == [True, True]
    assert ["timeout" in methods for methods in config] == [False, False]  # a deadline is the client's to give
    assert (options["grpc.keepalive_time_ms"], options["grpc.max_receive_message_length"]) == (5, 7)
    assert options["grpc.keepalive_timeout_ms"] == 20_000


def test_an_error_does_not_show_the_request() -> None:
    """A customer's words stay out of what is logged of a call."""
    asked = Asked(address="127.0.0.1:1", deadline_seconds=1, request=PostUpdateRequest(text="Ada's own words"))
    assert "Ada" not in repr(asked)
