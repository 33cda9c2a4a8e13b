"""Requests by lot: what somebody at a desk might ask of a ticket that stands as last seen, or of any other.

Knows the contract's messages. Texts are the request's own mark; names are a few, for people do come back.
"""

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from protos.followthrough.v1 import ticket_pb2 as t
from protos.followthrough.v1 import ticket_service_pb2 as s
from services.client import Change

QUEUES = ("home", "business")
PRIORITIES = ("urgent", "normal")
LADDER = ("agent", "specialist", "supplier")
REOPEN_WINDOW = timedelta(minutes=10)
"""By the policy of the run."""
PEOPLE = ("ada", "bo", "cy", "dee")
PROMISES = ("call", "news", "visit")
CUSTOMERS = 12
"""Few, so that one has several tickets, which can be merged."""
LEAD = "team-lead"
"""By the policy of the run, who alone decides a credit."""
OPERATORS = tuple(f"operator-{number}" for number in range(1, 1000))
"""Who may import; each does so once, so that what was imported can be told apart by who did."""
LEAVING = 0.1
"""How often who opens a ticket wants to leave."""
MATTERS = 8
"""About which channels receive something: few, so that many come at once."""
SPELLINGS = ("{}", "Re: {}", "AW: Re: {}", "FWD: {}")

Request = Change | s.ReceiveContactRequest
"""What is asked about a ticket."""

KINDS: Mapping[type[Request], str] = {
    s.OpenTicketRequest: "open",
    s.ReceiveContactRequest: "receive_contact",
    s.AcknowledgeTicketRequest: "acknowledge",
    s.AssignTicketRequest: "assign",
    s.PostUpdateRequest: "post_update",
    s.RecordContactRequest: "record_contact",
    s.WaitOnCustomerRequest: "wait_on_customer",
    s.ContinueTicketRequest: "continue",
    s.EscalateTicketRequest: "escalate",
    s.TransferTicketRequest: "transfer",
    s.ResolveTicketRequest: "resolve",
    s.ConfirmResolutionRequest: "confirm",
    s.RejectResolutionRequest: "reject",
    s.ReopenTicketRequest: "reopen",
    s.CloseTicketRequest: "close",
    s.ChangePriorityRequest: "change_priority",
    s.AddNoteRequest: "add_note",
    s.LogTimeRequest: "log_time",
    s.MakePromiseRequest: "make_promise",
    s.KeepPromiseRequest: "keep_promise",
    s.ChangePromiseRequest: "change_promise",
    s.HoldTicketRequest: "hold",
    s.RateTicketRequest: "rate",
    s.OfferCreditRequest: "offer_credit",
    s.DecideCreditRequest: "decide_credit",
    s.MergeTicketsRequest: "merge",
    s.ImportTicketRequest: "import",
}
"""Each request that changes a ticket, as the record spells it."""

# A status a row, as a table is read: the formatter would have a line a request.
SENSIBLE: Mapping[int, Mapping[str, int]] = {
    t.TICKET_STATUS_OPEN: {
        "acknowledge": 9, "record_contact": 3, "post_update": 2, "escalate": 2, "transfer": 1, "change_priority": 1,
        "wait_on_customer": 1, "resolve": 1, "add_note": 1, "make_promise": 1, "hold": 1, "merge": 1, "offer_credit": 1,
        "decide_credit": 1,
    },
    t.TICKET_STATUS_IN_PROGRESS: {
        "post_update": 5, "resolve": 4, "wait_on_customer": 3, "record_contact": 3, "assign": 2, "log_time": 2,
        "escalate": 1, "transfer": 1, "change_priority": 1, "add_note": 1, "make_promise": 3, "keep_promise": 3,
        "change_promise": 1, "hold": 1,
        "continue": 1, "merge": 2, "offer_credit": 2, "decide_credit": 2,
    },
    t.TICKET_STATUS_WAITING_ON_CUSTOMER: {
        "record_contact": 4, "continue": 2, "resolve": 2, "post_update": 1, "wait_on_customer": 1, "escalate": 1,
        "change_priority": 1, "merge": 1,
    },
    t.TICKET_STATUS_RESOLVED: {
        "confirm": 5, "reject": 3, "close": 2, "record_contact": 1, "reopen": 1, "add_note": 1, "merge": 1,
        "decide_credit": 1,
    },
    t.TICKET_STATUS_CLOSED: {"reopen": 1, "reject": 1, "record_contact": 1, "add_note": 1, "log_time": 1, "rate": 3},
}  # fmt: skip
"""What people ask, so many times as often as other things, by how the ticket stands."""
TOWARDS_THE_END: Mapping[int, str] = {
    t.TICKET_STATUS_OPEN: "resolve",
    t.TICKET_STATUS_IN_PROGRESS: "resolve",
    t.TICKET_STATUS_WAITING_ON_CUSTOMER: "resolve",
    t.TICKET_STATUS_RESOLVED: "confirm",
}
"""What is asked when too many are open."""
ANYTHING = tuple(kind for kind in KINDS.values() if kind not in {"open", "receive_contact", "import"})
UNREASONABLE = 0.15
"""How often anything at all is asked, whether or not the ticket's state allows it."""
DECIDED = 0.4
"""How often a ticket of which a credit awaits the lead's word is given that."""
DECIDED_ON_WHAT_WAS_SEEN = 0.3
"""How often a request names the version that it was decided on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who asks, and by which mark it is known afterwards."""

    caller: str
    mark: str


def opening(rolls: random.Random, who: Who) -> s.OpenTicketRequest:
    """Ask for a new ticket."""
    kind = t.TICKET_KIND_LEAVING if rolls.random() < LEAVING else t.TICKET_KIND_REQUEST
    return s.OpenTicketRequest(
        caller=who.caller,
        actor=who.mark,
        request_id=_request_id(rolls),
        queue=rolls.choice(QUEUES),
        priority=rolls.choice(PRIORITIES),
        customer=_customer(rolls.randrange(CUSTOMERS)),
        subject=f"Incident {who.mark}",
        channel="phone",
        kind=kind,
    )


def importing(rolls: random.Random, who: Who, operator: str, now: datetime) -> s.ImportTicketRequest:
    """Bring one in from elsewhere, in that operator's name: an hour old, some of its targets used, or one breached."""
    opened = int((now - timedelta(hours=1)).timestamp())
    has_breach = rolls.random() < 1 / 3
    used = [t.TARGET_TIER_RESOLVE, t.TARGET_UPDATE] + ([] if has_breach else [t.TARGET_RESOLVE])
    is_taken = rolls.random() < 1 / 2
    due = Timestamp(seconds=opened + 1800)
    return s.ImportTicketRequest(
        caller=who.caller,
        actor=operator,
        request_id=_request_id(rolls),
        queue=rolls.choice(QUEUES),
        priority=rolls.choice(PRIORITIES),
        customer=_customer(rolls.randrange(CUSTOMERS)),
        subject=f"Incident {operator}",
        channel="mail",
        open_time=Timestamp(seconds=opened),
        tier=rolls.choice(LADDER),
        status=t.TICKET_STATUS_IN_PROGRESS if is_taken else t.TICKET_STATUS_OPEN,
        handler=rolls.choice(PEOPLE) if is_taken else "",
        clocks=[t.SpentClock(target=each, used=Duration(seconds=rolls.randrange(200))) for each in used],
        breaches=[t.HadBreach(target=t.TARGET_RESOLVE, due_time=due)] if has_breach else [],
    )


def mark_of(request: Request) -> str:
    """By what a request is known afterwards: its actor, but of what the lead alone may ask its reason."""
    return request.reason if isinstance(request, s.DecideCreditRequest) else request.actor


def _customer(number: int) -> t.Customer:
    return t.Customer(external_id=f"C-{number}", display_name="Ada Example", language="en-GB", zone="Europe/London")


def receiving(rolls: random.Random, who: Who) -> s.ReceiveContactRequest:
    """Say something of one of a few matters, in one of the spellings that mail programs give it."""
    matter = rolls.randrange(MATTERS)
    return s.ReceiveContactRequest(
        caller=who.caller,
        actor=who.mark,
        request_id=_request_id(rolls),
        customer=_customer(matter % 3),
        subject=rolls.choice(SPELLINGS).format(f"Matter {matter}"),
        channel=rolls.choice(("mail", "chat")),
        text=who.mark,
        queue=rolls.choice(QUEUES),
        priority=rolls.choice(PRIORITIES),
    )


def kind_of_change(rolls: random.Random, ticket: t.Ticket, *, is_hurried: bool) -> str:
    """Choose what to ask of it."""
    if is_hurried and ticket.status in TOWARDS_THE_END:
        return TOWARDS_THE_END[ticket.status]
    if any(each.state == t.CREDIT_STATE_AWAITING_APPROVAL for each in ticket.credits) and rolls.random() < DECIDED:
        return "decide_credit"
    if rolls.random() < UNREASONABLE:
        return rolls.choice(ANYTHING)
    wishes = SENSIBLE[ticket.status]
    return rolls.choices(tuple(wishes), tuple(wishes.values()))[0]


def change(rolls: random.Random, who: Who, ticket: t.Ticket, kind: str, other_id: str) -> Change:
    """Ask for that; `other_id` is a ticket that this one may duplicate, or be merged into."""
    request = WORDED[kind](_Lot(rolls=rolls, mark=who.mark, ticket=ticket, other_id=other_id))
    request.ticket_id = ticket.ticket_id
    request.caller = who.caller
    request.actor = LEAD if kind == "decide_credit" else who.mark
    request.request_id = _request_id(rolls)
    if rolls.random() < DECIDED_ON_WHAT_WAS_SEEN:
        request.expected_version = ticket.version
    worded: Change = request
    return worded


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lot:
    """What a request's words are drawn from."""

    rolls: random.Random
    mark: str
    ticket: t.Ticket
    other_id: str


def _resolve(lot: _Lot) -> s.ResolveTicketRequest:
    outcome = lot.rolls.choices(
        (t.OUTCOME_FIXED, t.OUTCOME_WORKAROUND, t.OUTCOME_NOT_FEASIBLE, t.OUTCOME_NO_RESPONSE, t.OUTCOME_WITHDRAWN),
        (6, 2, 1, 1, 1),
    )[0]
    if lot.other_id and lot.rolls.random() < 1 / 10:
        return s.ResolveTicketRequest(outcome=t.OUTCOME_DUPLICATE, explanation=lot.mark, duplicate_of=lot.other_id)
    alternative = lot.mark if outcome == t.OUTCOME_NOT_FEASIBLE else ""
    return s.ResolveTicketRequest(outcome=outcome, explanation=lot.mark, alternative=alternative)


def _contact(lot: _Lot) -> s.RecordContactRequest:
    kinds = (t.CONTACT_KIND_NEWS, t.CONTACT_KIND_INFORMATION, t.CONTACT_KIND_COMPLAINT)
    return s.RecordContactRequest(kind=lot.rolls.choice(kinds), channel="mail", text=lot.mark)


def _make_promise(lot: _Lot) -> s.MakePromiseRequest:
    kinds = (t.PROMISE_KIND_CALL_BACK, t.PROMISE_KIND_NEXT_NEWS, t.PROMISE_KIND_TURNAROUND)
    return s.MakePromiseRequest(
        kind=lot.rolls.choice(kinds), name=lot.rolls.choice(PROMISES), promise_time=_ahead(lot), words=lot.mark
    )


def _acknowledge(lot: _Lot) -> s.AcknowledgeTicketRequest:
    request = s.AcknowledgeTicketRequest(handler=lot.rolls.choice(PEOPLE), tier=lot.ticket.tier)
    if lot.rolls.random() < 1 / 5:
        request.turnaround_time.CopyFrom(_ahead(lot))
    return request


def _decide(lot: _Lot) -> s.DecideCreditRequest:
    waiting = [each.number for each in lot.ticket.credits if each.state == t.CREDIT_STATE_AWAITING_APPROVAL]
    number = lot.rolls.choice(waiting) if waiting else lot.rolls.randint(1, 3)
    return s.DecideCreditRequest(number=number, approved=lot.rolls.random() < 1 / 2, reason=lot.mark)


def _ahead(lot: _Lot) -> Timestamp:
    """An instant minutes or hours after the ticket was last worked out; sometimes it has passed meanwhile."""
    opened = lot.ticket.open_time.seconds
    return Timestamp(seconds=max(opened, lot.ticket.tier_enter_time.seconds) + lot.rolls.randrange(60, 6 * 3600))


WORDED: Mapping[str, Callable[[_Lot], Any]] = {
    "acknowledge": _acknowledge,
    "assign": lambda lot: s.AssignTicketRequest(handler=lot.rolls.choice(PEOPLE)),
    "post_update": lambda lot: s.PostUpdateRequest(text=lot.mark),
    "record_contact": _contact,
    "wait_on_customer": lambda lot: s.WaitOnCustomerRequest(question=lot.mark),
    "continue": lambda lot: s.ContinueTicketRequest(reason=lot.mark),
    "escalate": lambda lot: s.EscalateTicketRequest(from_tier=lot.ticket.tier, reason=lot.mark),
    "transfer": lambda lot: s.TransferTicketRequest(to_tier=lot.rolls.choice(LADDER), reason=lot.mark),
    "resolve": _resolve,
    "confirm": lambda _: s.ConfirmResolutionRequest(),
    "reject": lambda lot: s.RejectResolutionRequest(reason=lot.mark),
    "reopen": lambda lot: s.ReopenTicketRequest(reason=lot.mark),
    "close": lambda lot: s.CloseTicketRequest(reason=lot.mark),
    "change_priority": lambda lot: s.ChangePriorityRequest(priority=lot.rolls.choice(PRIORITIES), reason=lot.mark),
    "add_note": lambda lot: s.AddNoteRequest(text=lot.mark),
    "log_time": lambda lot: s.LogTimeRequest(spent=Duration(seconds=lot.rolls.randrange(1, 3600)), text=lot.mark),
    "make_promise": _make_promise,
    "keep_promise": lambda lot: s.KeepPromiseRequest(name=lot.rolls.choice(PROMISES)),
    "change_promise": lambda lot: s.ChangePromiseRequest(
        name=lot.rolls.choice(PROMISES), promise_time=_ahead(lot), words=lot.mark, reason=lot.mark
    ),
    "hold": lambda lot: s.HoldTicketRequest(reason=lot.mark),
    "rate": lambda lot: s.RateTicketRequest(stars=lot.rolls.randint(1, 5), comment=lot.mark),
    "offer_credit": lambda lot: s.OfferCreditRequest(
        minor=lot.rolls.randrange(100, 2500), currency="GBP", reason=lot.mark
    ),
    "decide_credit": _decide,
    "merge": lambda lot: s.MergeTicketsRequest(survivor_id=lot.other_id or lot.ticket.ticket_id),
}


def _request_id(rolls: random.Random) -> str:
    return str(uuid.UUID(int=rolls.getrandbits(128), version=4))
