"""What every call has, whether its caller waits or blocks: who asks, a deadline, the way to intake."""

import copy
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Protocol, TypeVar, get_args

from google.protobuf.message import Message

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
    HoldTicketRequest,
    ImportTicketRequest,
    KeepPromiseRequest,
    LogTimeRequest,
    MakePromiseRequest,
    MergeTicketsRequest,
    OfferCreditRequest,
    OpenTicketRequest,
    PostUpdateRequest,
    RateTicketRequest,
    ReceiveContactRequest,
    RecordContactRequest,
    RejectResolutionRequest,
    ReopenTicketRequest,
    ResolveTicketRequest,
    TransferTicketRequest,
    WaitOnCustomerRequest,
)

DEADLINE_SECONDS = 10.0
"""Real seconds a call may take, its retries included, unless the client was told otherwise."""

Options = Sequence[tuple[str, int | str]]
"""A channel's arguments, by gRPC's names for them."""

Change = (
    OpenTicketRequest
    | AcknowledgeTicketRequest
    | AssignTicketRequest
    | PostUpdateRequest
    | RecordContactRequest
    | WaitOnCustomerRequest
    | ContinueTicketRequest
    | EscalateTicketRequest
    | TransferTicketRequest
    | ResolveTicketRequest
    | ConfirmResolutionRequest
    | RejectResolutionRequest
    | ReopenTicketRequest
    | CloseTicketRequest
    | ChangePriorityRequest
    | AddNoteRequest
    | LogTimeRequest
    | MergeTicketsRequest
    | ImportTicketRequest
    | MakePromiseRequest
    | KeepPromiseRequest
    | ChangePromiseRequest
    | RateTicketRequest
    | HoldTicketRequest
    | OfferCreditRequest
    | DecideCreditRequest
)
"""Every request that changes a ticket: one method each, of the same name, and all return the ticket."""

Changing = TypeVar("Changing", bound=Change)
Asked = TypeVar("Asked", bound=Change | ReceiveContactRequest)

KEEPALIVE: Options = (
    ("grpc.keepalive_time_ms", 60_000),  # twice as long as intake puts up with
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),  # else a quiet watch is asked after twice and never again
)
"""A way that died without a word is noticed within 80 s, also by who only listens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who asks, unless a request says otherwise."""

    caller: str
    actor: str

    def stamped(self, change: Changing) -> Changing:
        """Give a copy of the change what it does not say itself; a new `request_id` makes its retries safe."""
        if type(change) not in get_args(Change):
            known = ", ".join(kind.__name__ for kind in get_args(Change))
            raise TypeError(f"{type(change).__name__} changes no ticket: use one of {known}")
        return signed(change, self)

    def stamped_contact(self, contact: ReceiveContactRequest) -> ReceiveContactRequest:
        """Give a copy of what a customer says with the same filled in."""
        return signed(contact, self)


class Signable(Protocol):
    """What every change of the contract has, whatever it changes."""

    caller: str
    actor: str
    request_id: str


Signing = TypeVar("Signing", bound=Signable)


def signed(request: Signing, who: Who) -> Signing:
    """Give a copy of a change who asks and an id, which makes its retries safe, where it does not say."""
    whole = copy.deepcopy(request)
    whole.caller = request.caller or who.caller
    whole.actor = request.actor or who.actor
    whole.request_id = request.request_id or str(uuid.uuid4())
    return whole


def method_of(request: Message) -> str:
    """Name the method that a request is for."""
    return request.DESCRIPTOR.name.removesuffix("Request")


def channel_options(own: Options) -> list[tuple[str, int | str]]:
    """Put together a channel's options: the contract's service config, keepalive, then the caller's own, which win."""
    return list(dict((("grpc.service_config", _service_config()), *KEEPALIVE, *own)).items())


def _service_config() -> str:
    """Read what the contract says of retries; how long a call may take is for each client to say."""
    config = json.loads(files("protos.followthrough.v1").joinpath("service_config.json").read_text(encoding="utf-8"))
    for methods in config["methodConfig"]:
        methods.pop("timeout", None)  # else it would cap a longer deadline, and nobody would see why
    return json.dumps(config)
