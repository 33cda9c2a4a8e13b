"""An intake that answers what a test tells it, for the clients of the contract. Fails on what it was not told."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import grpc
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]  # the wheel has no stubs
from grpc_status import rpc_status

from protos.followthrough.v1 import ticket_service_pb2
from services.settings import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class No:
    """A refusal."""

    code: grpc.StatusCode
    text: str
    reason: str = ""
    """Of the ErrorInfo; empty: there is none, as when somebody else than intake answers."""
    facts: Mapping[str, str] = field(default_factory=dict)
    blamed: Mapping[str, str] = field(default_factory=dict)
    """Fields, with what is wrong with each."""
    retry_after_seconds: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """No answer, for as long as the caller waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """An answer that comes in parts."""

    parts: Sequence[Message] = ()
    end: No | Silence | None = None
    """How it ends after the parts; none: in order."""


Answer = Message | No | Silence | Stream


@dataclass(slots=True)
class Desk(grpc.GenericRpcHandler):
    """Gives the answers it was told, in order, and keeps what it was asked."""

    answers: list[Answer] = field(default_factory=list)
    asked: list[Message] = field(default_factory=list)
    always: dict[type[Message], Answer] = field(default_factory=dict)
    """What it answers to these whenever it is asked, and keeps no account of."""

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Message, Message]":
        """Take any method of the contract."""
        name = handler_call_details.method.removeprefix("/followthrough.v1.TicketService/")
        method = ticket_service_pb2.DESCRIPTOR.services_by_name["TicketService"].methods_by_name[name]
        handler = (
            grpc.unary_stream_rpc_method_handler if method.server_streaming else grpc.unary_unary_rpc_method_handler
        )
        return handler(
            self._stream if method.server_streaming else self._answer,
            request_deserializer=getattr(ticket_service_pb2, f"{name}Request").FromString,
            response_serializer=_serialized,
        )

    def _answer(self, request: Message, context: grpc.ServicerContext) -> Message:
        answer = self._told(request, context)
        if isinstance(answer, Stream):
            raise TypeError("an answer in parts is for a method that streams")
        return _given(answer, context)

    def _stream(self, request: Message, context: grpc.ServicerContext) -> Iterator[Message]:
        answer = self._told(request, context)
        if not isinstance(answer, Stream):
            answer = Stream(end=answer) if isinstance(answer, No | Silence) else Stream(parts=[answer])
        yield from answer.parts
        if answer.end is not None:
            _given(answer.end, context)

    def _told(self, request: Message, context: grpc.ServicerContext) -> Answer:
        if type(request) in self.always:
            return self.always[type(request)]
        self.asked.append(request)
        if not self.answers:
            context.abort(grpc.StatusCode.INTERNAL, f"nobody expected {type(request).__name__}")
        return self.answers.pop(0)


def _given(answer: Message | No | Silence, context: grpc.ServicerContext) -> Message:
    if isinstance(answer, No):
        _refuse(answer, context)
    if isinstance(answer, Silence):
        gone = threading.Event()
        if context.add_callback(gone.set):
            gone.wait()
        context.abort(grpc.StatusCode.CANCELLED, "the caller has gone")
    return answer


def _refuse(no: No, context: grpc.ServicerContext) -> NoReturn:
    status = status_pb2.Status(code=no.code.value[0], message=no.text)
    if no.reason:
        info = error_details_pb2.ErrorInfo(reason=no.reason, domain="followthrough", metadata=no.facts)
        status.details.add().Pack(info)
    if no.blamed:
        blamed = error_details_pb2.BadRequest()
        for name, problem in no.blamed.items():
            blamed.field_violations.add(field=name, description=problem)
        status.details.add().Pack(blamed)
    if no.retry_after_seconds is not None:
        delay = Duration(seconds=no.retry_after_seconds)
        status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=delay))
    context.abort_with_status(rpc_status.to_status(status))


@contextmanager
def serving(desk: Desk, credentials: grpc.ServerCredentials | None = None) -> Iterator[Address]:
    """Serve it on a free port of this machine."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4), handlers=[desk])
    free = "127.0.0.1:0"
    port = server.add_secure_port(free, credentials) if credentials else server.add_insecure_port(free)
    server.start()
    try:
        yield Address("127.0.0.1", port)
    finally:
        server.stop(grace=None).wait()


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()
