"""Bad input is refused with field, value and remedy, one ErrorInfo each, and nothing changes."""

import base64
import hashlib
import logging
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta

import grpc
import grpc.aio
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

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
    GetTicketRequest,
    ListTicketEventsRequest,
    ListTicketsRequest,
    LogTimeRequest,
    PostUpdateRequest,
    RecordContactRequest,
    RejectResolutionRequest,
    ReopenTicketRequest,
    ResolveTicketRequest,
    TransferTicketRequest,
    WaitOnCustomerRequest,
)
from tests.support.intake import SERVICE, Desk, a_desk, of, opening, refusal_of

CODES = grpc.StatusCode


@pytest.fixture
async def desk(sqlite_url: str) -> AsyncIterator[Desk]:
    """A contact centre in front of a running intake."""
    async with a_desk(sqlite_url) as desk:
        yield desk


def customer(**given: str) -> ticket_pb2.Customer:
    """The customer of an opening, with something else about them."""
    known = {"external_id": "c-1", "display_name": "Ada Example", "language": "en-GB", "zone": "Europe/London"}
    return ticket_pb2.Customer(**known | given)


@pytest.mark.parametrize(
    ("given", "field", "said"),
    [
        ({"caller": ""}, "caller", "caller is empty: say it"),
        ({"actor": "  \t"}, "actor", "actor is empty: say it"),
        ({"request_id": ""}, "request_id", "request_id is empty: say it"),
        ({"request_id": "42"}, "request_id", "'42' is no UUID: draw a new one"),
        ({"request_id": "00000000-0000-0000-0000-000000000000"}, "request_id", "is no UUID"),
        ({"subject": ""}, "subject", "subject is empty: say it"),
        ({"subject": "\u200b"}, "subject", "subject is empty: say it"),
        ({"caller": "\ufeff \u2060"}, "caller", "caller is empty: say it"),
        ({"actor": "\u3164"}, "actor", "actor is empty: say it"),
        ({"description": "\n\u2800\u00ad\U000e0001"}, "description", "is blank: leave it empty or say it"),
        ({"subject": "x" * 201}, "subject", "subject has 201 characters: at most 200 are allowed"),
        ({"subject": "two\nlines"}, "subject", "subject has the character U+000A at 3: leave control characters out"),
        ({"description": "bell\x07"}, "description", "has the character U+0007 at 4"),
        ({"description": "nul\x00"}, "description", "has the character U+0000 at 3"),
        ({"description": "x" * 8001}, "description", "has 8001 characters"),
        ({"description": " \n "}, "description", "is blank: leave it empty or say it"),
        ({"channel": "Carrier Pigeon"}, "channel", "'Carrier Pigeon' is no channel: write a lower-case word"),
        ({"queue": " home"}, "queue", "' home' begins or ends with a space"),
        ({"customer": customer(external_id="")}, "customer.external_id", "customer.external_id is empty"),
        ({"customer": customer(display_name="")}, "customer.display_name", "is empty"),
        ({"customer": customer(display_name="y" * 201)}, "customer.display_name", "has 201 characters"),
        ({"customer": customer(language="")}, "customer.language", "customer.language is empty: say it, like 'en-GB'"),
        ({"customer": customer(zone="")}, "customer.zone", "customer.zone is empty: say it"),
        (
            {"customer": customer(language="english")},
            "customer.language",
            "'english' is no language tag: write a BCP 47 tag, 'en'",
        ),
        ({"customer": customer(language="Klingonese")}, "customer.language", "write a BCP 47 tag, like 'en-GB'"),
        ({"customer": customer(language="English!")}, "customer.language", "'English!' is no language tag"),
        ({"customer": customer(zone="Europe/Londn")}, "customer.zone", "did you mean 'Europe/London'?"),
        ({"customer": customer(zone="../../etc/passwd")}, "customer.zone", "'../../etc/passwd' is no time zone"),
    ],
)
async def test_a_field_that_cannot_be_used_is_named(
    desk: Desk, given: dict[str, object], field: str, said: str
) -> None:
    """Empty, over-long or invalid: the field, its value where it is no customer's word, and the remedy."""
    refusal = await desk.refusal(opening(**given))
    assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "REQUEST_INVALID")
    assert list(refusal.violations) == [field]
    assert said in refusal.violations[field]
    assert refusal.text == refusal.violations[field]
    assert desk.nudges.kept == []


@pytest.mark.parametrize(
    "subject", ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u2764\ufe0f", "zero\u200bwidth"]
)
async def test_what_cannot_be_seen_may_stand_beside_what_can(desk: Desk, subject: str) -> None:
    """Persian joins its words with an invisible character, and a red heart ends with one."""
    assert (await desk.open(subject=subject)).subject == subject


async def test_all_that_is_wrong_is_told_at_once(desk: Desk) -> None:
    """Nobody has to mend a request one field at a time."""
    request = opening(caller="", subject="", channel="")
    request.ClearField("customer")
    refusal = await desk.refusal(request)
    assert list(refusal.violations) == ["caller", "customer", "subject", "channel"]
    assert refusal.text == "caller is empty: say it; and 3 more, see the details"


async def test_however_much_is_wrong_the_answer_fits_its_headers(desk: Desk) -> None:
    """Errors travel in headers, and clients take eight kibibytes of those: values are quoted cut."""
    wide = "\U0010ffff" * 30
    request = opening(request_id=wide, channel=wide, subject="\x00", description="\x00", queue=f"{wide} ")
    for name in ("caller", "actor", "priority", "follows"):
        setattr(request, name, f" {wide}")
    request.customer.CopyFrom(customer(external_id="\x00", display_name="\x00", language=wide, zone=wide))
    refusal = await desk.refusal(request)
    assert len(refusal.violations) == 13


async def test_a_customers_words_are_never_quoted_back(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Names and texts are personal: errors and logs tell their length at most."""
    caplog.set_level(logging.DEBUG, logger="services")
    name = "Eve Canary-4711 "
    for request in (
        opening(customer=customer(display_name=name)),
        opening(customer=customer(display_name=name.strip()), subject="Canary-4711\x01", queue="nowhere"),
    ):
        refusal = await desk.refusal(request)
        assert "4711" not in str(refusal)
    assert "4711" not in caplog.text


@pytest.mark.parametrize(
    ("given", "reason", "field", "said"),
    [
        ({"queue": "garden"}, "UNKNOWN_QUEUE", "queue", "queue 'garden' is unknown: use one of business, home"),
        (
            {"priority": "asap"},
            "UNKNOWN_PRIORITY",
            "priority",
            "priority 'asap' is unknown to policy 'lines' of queue 'home': use one of urgent, high, normal",
        ),
    ],
)
async def test_unknown_queues_and_priorities_are_refused_with_the_known_ones(
    desk: Desk, given: dict[str, object], reason: str, field: str, said: str
) -> None:
    """Only what is declared beside the policies can be asked for."""
    refusal = await desk.refusal(opening(**given))
    assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, reason)
    assert refusal.violations == {field: said}
    assert refusal.facts[field] == given[field]


@pytest.mark.parametrize(
    "request_",
    [
        GetTicketRequest(ticket_id="nobody"),
        ListTicketEventsRequest(ticket_id="nobody"),
        AcknowledgeTicketRequest(ticket_id="nobody", handler="ana", tier="agent"),
        PostUpdateRequest(ticket_id="nobody", text="we are on it"),
        RecordContactRequest(ticket_id="nobody", channel="phone"),
        ConfirmResolutionRequest(ticket_id="nobody"),
        AssignTicketRequest(ticket_id="nobody", handler="ben"),
        ChangePriorityRequest(ticket_id="nobody", priority="high", reason="a shop"),
        AddNoteRequest(ticket_id="nobody", text="socket was wet"),
        LogTimeRequest(ticket_id="nobody", spent=Duration(seconds=300)),
    ],
    ids=lambda request: type(request).__name__,
)
async def test_unknown_tickets_are_not_found(desk: Desk, request_: Message) -> None:
    """An unknown ticket is named as a resource, whatever was asked of it."""
    request = of(ticket_pb2.Ticket(), request_) if "caller" in request_.DESCRIPTOR.fields_by_name else request_
    refusal = await desk.refusal(request)
    assert (refusal.code, refusal.reason) == (CODES.NOT_FOUND, "UNKNOWN_TICKET")
    assert refusal.resource == "nobody"
    assert refusal.text == "ticket_id 'nobody' names no ticket: look for it with ListTickets"


async def test_other_tickets_that_are_named_must_exist(desk: Desk) -> None:
    """What a ticket follows, and what it duplicates, is looked up first."""
    ticket = await desk.open()
    refusal = await desk.refusal(opening(follows="nobody"))
    assert (refusal.code, refusal.facts) == (CODES.NOT_FOUND, {"field": "follows"})
    double = ResolveTicketRequest(outcome=ticket_pb2.OUTCOME_DUPLICATE, explanation="same", duplicate_of="nobody")
    refusal = await desk.refusal(of(ticket, double))
    assert (refusal.code, refusal.facts) == (CODES.NOT_FOUND, {"field": "duplicate_of"})
    double.duplicate_of = ticket.ticket_id
    refusal = await desk.refusal(of(ticket, double))
    assert refusal.violations == {"duplicate_of": "duplicate_of is the ticket itself: name the one that goes on"}


@pytest.mark.parametrize(
    ("reference", "said"),
    [("K7QM-3XV", "a reference has 8 characters"), ("K0QM-3XVP", "there is no 0"), ("2222-2223", "read it again")],
)
async def test_references_that_nobody_has_are_told_apart_from_misread_ones(
    desk: Desk, reference: str, said: str
) -> None:
    """A misread reference is found by its check character; a good one of no ticket is not found."""
    refusal = await desk.refusal(GetTicketRequest(reference=reference))
    assert refusal.code is CODES.INVALID_ARGUMENT
    assert said in refusal.violations["reference"]
    refusal = await desk.refusal(GetTicketRequest(reference="2222-2222"))
    assert (refusal.code, refusal.facts) == (CODES.NOT_FOUND, {"field": "reference"})


async def test_a_question_for_no_ticket_is_refused(desk: Desk) -> None:
    """Neither id nor reference: the two are named."""
    refusal = await desk.refusal(GetTicketRequest())
    assert refusal.violations == {"key": "key is missing: give ticket_id or reference"}
    refusal = await desk.refusal(GetTicketRequest(ticket_id=""))
    assert refusal.violations == {"ticket_id": "ticket_id is empty: say it"}


@pytest.mark.parametrize(
    ("what", "request_"),
    [
        ("confirm", ConfirmResolutionRequest()),
        ("reject", RejectResolutionRequest(reason="still no line")),
        ("reopen", ReopenTicketRequest(reason="down again")),
        ("close", CloseTicketRequest(reason="agreed on the phone")),
        ("continue", ContinueTicketRequest(reason="found it")),
    ],
)
async def test_what_the_state_does_not_allow_is_refused_with_the_state(
    desk: Desk, what: str, request_: Message
) -> None:
    """An illegal transition: refused with the present state, and nothing changes (6)."""
    ticket = await desk.open()
    refusal = await desk.refusal(of(ticket, request_))
    assert (refusal.code, refusal.reason) == (CODES.FAILED_PRECONDITION, "WRONG_STATE")
    assert refusal.text.startswith(f"cannot {what}: the ticket is 'open'")
    assert refusal.facts == {"status": "open", "tier": "agent", "handler": ""}
    assert (await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id))) == ticket


async def test_a_closed_ticket_takes_no_more_work(desk: Desk) -> None:
    """After closing, work on it is refused with the state."""
    ticket = await desk.resolve(await desk.take(await desk.open()))
    await desk.ticket(of(ticket, ConfirmResolutionRequest()))
    for request in (
        AcknowledgeTicketRequest(handler="ana", tier="agent"),
        PostUpdateRequest(text="we are on it"),
        WaitOnCustomerRequest(question="which lamp?"),
        EscalateTicketRequest(from_tier="agent", reason="beyond us"),
        TransferTicketRequest(to_tier="supplier", reason="theirs"),
        AssignTicketRequest(handler="ben"),
        ChangePriorityRequest(priority="high", reason="a shop"),
        ResolveTicketRequest(outcome=ticket_pb2.OUTCOME_FIXED, explanation="again"),
    ):
        refusal = await desk.refusal(of(ticket, request))
        assert (refusal.reason, refusal.facts["status"]) == ("WRONG_STATE", "closed")


async def test_after_the_window_a_new_ticket_is_hinted_at(desk: Desk) -> None:
    """Closed longer than its reopen window: open a new one that follows it (6.3, 6.9)."""
    ticket = await desk.resolve(await desk.take(await desk.open()))
    await desk.ticket(of(ticket, ConfirmResolutionRequest()))
    desk.clock.pass_(timedelta(days=15))
    refusal = await desk.refusal(of(ticket, RecordContactRequest(channel="phone")))
    assert (refusal.code, refusal.reason) == (CODES.FAILED_PRECONDITION, "REOPEN_WINDOW_OVER")
    assert refusal.facts["follows"] == ticket.ticket_id


async def test_an_escalation_from_another_tier_is_refused(desk: Desk) -> None:
    """Two people who answer the same alarm cannot skip a tier (5.4)."""
    ticket = await desk.open()
    request = EscalateTicketRequest(from_tier="agent", reason="beyond us")
    await desk.ticket(of(ticket, request))
    request.request_id = str(uuid.uuid4())
    refusal = await desk.refusal(of(ticket, request))
    assert (refusal.code, refusal.reason) == (CODES.FAILED_PRECONDITION, "WRONG_TIER")
    assert (refusal.facts["tier"], refusal.facts["handler"]) == ("specialist", "")


async def test_an_unknown_tier_is_refused_with_the_known_ones(desk: Desk) -> None:
    """A transfer names one of the policy's tiers (6.5)."""
    refusal = await desk.refusal(of(await desk.open(), TransferTicketRequest(to_tier="moon", reason="why not")))
    assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "UNKNOWN_TIER")
    assert refusal.violations["to_tier"].endswith("agent, specialist, supplier")


@pytest.mark.parametrize(
    ("outcome", "reason", "field"),
    [
        (ticket_pb2.OUTCOME_NOT_FEASIBLE, "ALTERNATIVE_REQUIRED", "alternative"),
        (ticket_pb2.OUTCOME_DUPLICATE, "SURVIVOR_REQUIRED", "duplicate_of"),
    ],
)
async def test_outcomes_need_what_belongs_to_them(
    desk: Desk, outcome: ticket_pb2.Outcome.ValueType, reason: str, field: str
) -> None:
    """Not feasible requires an alternative, a duplicate its survivor (6.7)."""
    refusal = await desk.refusal(of(await desk.open(), ResolveTicketRequest(outcome=outcome, explanation="so it is")))
    assert (refusal.code, refusal.reason, list(refusal.violations)) == (CODES.INVALID_ARGUMENT, reason, [field])


OUTCOMES = {name.removeprefix("OUTCOME_").lower(): number for name, number in ticket_pb2.Outcome.items() if number}
BELONGING = {"alternative": {"workaround", "not_feasible"}, "duplicate_of": {"duplicate"}}


@pytest.mark.parametrize(
    ("outcome", "field"),
    [(outcome, field) for field, outcomes in BELONGING.items() for outcome in OUTCOMES if outcome not in outcomes],
)
async def test_outcomes_refuse_what_does_not_belong_to_them(desk: Desk, outcome: str, field: str) -> None:
    """Nothing is recorded that says two things: a duplicate that was fixed, an alternative to what was done."""
    survivor, ticket = await desk.open(), await desk.open()
    request = ResolveTicketRequest(explanation="so it is", outcome=OUTCOMES[outcome])
    for name in {field} | {name for name, outcomes in BELONGING.items() if outcome in outcomes}:
        setattr(request, name, survivor.ticket_id)
    refusal = await desk.refusal(of(ticket, request))
    assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "REQUEST_INVALID")
    wanted = " or ".join(f"OUTCOME_{each.upper()}" for each in OUTCOMES if each in BELONGING[field])
    assert refusal.violations == {field: f"{field} goes with outcome {wanted} only: leave it out or say that"}
    assert (await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id))) == ticket


@pytest.mark.parametrize("outcome", ["workaround", "not_feasible"])
async def test_an_alternative_is_told_where_there_can_be_one(desk: Desk, outcome: str) -> None:
    """What cannot be done, or was gone around, may have another way (6.7)."""
    request = ResolveTicketRequest(explanation="no fibre", alternative="radio", outcome=OUTCOMES[outcome])
    assert (await desk.ticket(of(await desk.open(), request))).resolution.outcome == OUTCOMES[outcome]


@pytest.mark.parametrize("outcome", [0, 99])
async def test_an_outcome_must_be_one_of_ours(desk: Desk, outcome: int) -> None:
    """Not said, or of a newer contract: refused with the known ones."""
    request = ResolveTicketRequest(explanation="so it is")
    request.outcome = outcome  # type: ignore[assignment]  # a number that the contract does not know
    refusal = await desk.refusal(of(await desk.open(), request))
    assert "say one of OUTCOME_FIXED, OUTCOME_WORKAROUND" in refusal.violations["outcome"]


async def test_a_stale_decision_is_aborted_with_the_present_state(desk: Desk) -> None:
    """What was decided on an older state is refused, and told the version now (5.4)."""
    ticket = await desk.open()
    await desk.take(ticket)
    request = PostUpdateRequest(text="we are on it", expected_version=ticket.version)
    refusal = await desk.refusal(of(ticket, request))
    assert (refusal.code, refusal.reason) == (CODES.ABORTED, "STALE_VERSION")
    assert refusal.facts == {"status": "in_progress", "tier": "agent", "handler": "ana", "version": "2"}


async def test_a_request_id_used_for_something_else_is_refused(desk: Desk) -> None:
    """The same id with another body, or for another method, is no retry (5.5)."""
    request = opening()
    ticket = await desk.ticket(request)
    request.subject = "another one"
    refusal = await desk.refusal(request)
    assert (refusal.code, refusal.reason) == (CODES.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert refusal.facts == {"request_id": request.request_id}
    other = of(ticket, ConfirmResolutionRequest(request_id=request.request_id))
    assert (await desk.refusal(other)).reason == "REQUEST_ID_REUSED"


async def test_the_same_bytes_for_another_method_are_no_retry(desk: Desk) -> None:
    """A note and an update for the customer can look alike to the byte: a method is part of a request (5.5)."""
    ticket = await desk.take(await desk.open())
    note = of(ticket, AddNoteRequest(text="cable replaced"))
    update = PostUpdateRequest.FromString(note.SerializeToString())
    noted = await desk.ticket(note)
    refusal = await desk.refusal(update)
    assert (refusal.code, refusal.reason) == (CODES.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert await desk.ticket(GetTicketRequest(ticket_id=ticket.ticket_id)) == noted


async def test_a_refusal_is_given_again(desk: Desk) -> None:
    """What was refused is remembered as well: a retry cannot succeed where the first try could not (5.5)."""
    ticket = await desk.open()
    request = of(ticket, ConfirmResolutionRequest())
    first = await desk.refusal(request)
    await desk.resolve(await desk.take(ticket))
    assert await desk.refusal(request) == first


async def test_what_never_reached_judgement_is_not_remembered(desk: Desk) -> None:
    """An invalid request may be mended under its own id (5.5)."""
    request = opening(queue="garden")
    await desk.refusal(request)
    request.queue = "home"
    assert (await desk.ticket(request)).queue == "home"


async def test_page_tokens_are_bound_to_their_list(desk: Desk) -> None:
    """A made-up token, or one of another list, is refused; so is a page of less than nothing."""
    for _ in range(3):
        await desk.open()
    request = ListTicketsRequest(page_size=1)
    token = (await desk.ask(request)).next_page_token  # type: ignore[attr-defined]  # a page has one
    for wrong, queue in (("garbage", ""), ("ü", ""), (f"{token}AAAA", ""), (token, "home")):
        refusal = await desk.refusal(ListTicketsRequest(page_token=wrong, queue=queue))
        assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")
        assert "begin again without one" in refusal.violations["page_token"]
    refusal = await desk.refusal(ListTicketsRequest(page_size=-1))
    assert refusal.violations == {"page_size": "page_size is -1: the least is 0"}
    refusal = await desk.refusal(ListTicketEventsRequest(ticket_id="any", after_sequence=-1))
    assert refusal.violations == {"after_sequence": "after_sequence is -1: the least is 0"}


@pytest.mark.parametrize(
    "after", [b"\xff\xfe", b"a\x00b", b"x" * 26, b"01KB" + b"0" * 21, b"01KB" + b"0" * 22 + b"\n", b"01kb" + b"0" * 22]
)
async def test_a_forged_page_token_is_no_token(desk: Desk, after: bytes) -> None:
    """A seal that fits proves nothing, it is no secret: a page begins after a ticket id and after nothing else."""
    token = base64.urlsafe_b64encode(hashlib.sha256(b"ListTicketsRequest\0\0" + after).digest()[:12] + after).decode()
    refusal = await desk.refusal(ListTicketsRequest(page_token=token))
    assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "PAGE_TOKEN_INVALID")


async def test_bytes_that_are_no_message_are_refused(desk: Desk) -> None:
    """What cannot be read is the caller's mistake, and says so without a parser's text."""
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = desk.channel.unary_unary(f"/{SERVICE}/OpenTicket")
    for content in (b"\xff\xff\xff", b"\x0a\x03\xed\xa0\x80"):  # broken, and a lone surrogate
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await call(content)
        refusal = refusal_of(raised.value)
        assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "REQUEST_MALFORMED")
        assert refusal.text == "the content is no followthrough.v1.OpenTicketRequest"


async def test_bytes_that_are_no_question_about_health_are_refused(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """What others made is guarded as well: the caller's mistake is no fault of ours, and fills no log."""
    reflection = "reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    for method in ("health.v1.Health/Check", "health.v1.Health/Watch", reflection):
        call: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = desk.channel.stream_stream(f"/grpc.{method}")
        stream = call()
        await stream.write(b"\xff\xff\xff")
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await stream.read()
        refusal = refusal_of(raised.value)
        assert (refusal.code, refusal.reason) == (CODES.INVALID_ARGUMENT, "REQUEST_MALFORMED")
    assert "Traceback" not in caplog.text


async def test_a_message_that_is_too_large_is_refused_with_a_reason(desk: Desk) -> None:
    """Over 4 MiB: the size is named, and the limit; gRPC itself would give no reason."""
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = desk.channel.unary_unary(f"/{SERVICE}/OpenTicket")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call(b"x" * (4 * 1024 * 1024 + 1))
    refusal = refusal_of(raised.value)
    assert (refusal.code, refusal.reason) == (CODES.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")
    assert refusal.text == "the content has 4194305 bytes: at most 4194304 are taken"
    assert refusal.facts == {"bytes": "4194305"}


async def test_unknown_methods_say_so(desk: Desk) -> None:
    """A method that nobody serves has its ErrorInfo too."""
    call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = desk.channel.unary_unary(f"/{SERVICE}/PaintTicket")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call(b"")
    refusal = refusal_of(raised.value)
    assert (refusal.code, refusal.reason) == (CODES.UNIMPLEMENTED, "UNKNOWN_METHOD")
