"""An intake that answers what a test tells it, for the clients of the contract. Fails on what it was not told."""

from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import grpc
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


@dataclass(slots=True)
class Desk(grpc.GenericRpcHandler):
    """Gives the answers it was told, in order, and keeps what it was asked."""

    answers: list[Message | No] = field(default_factory=list)
    asked: list[Message] = field(default_factory=list)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Message, Message]":
        """Take any method of the contract."""
        name = handler_call_details.method.removeprefix("/followthrough.v1.TicketService/")
        return grpc.unary_unary_rpc_method_handler(
            self._answer,
            request_deserializer=getattr(ticket_service_pb2, f"{name}Request").FromString,
            response_serializer=_serialized,
        )

    def _answer(self, request: Message, context: grpc.ServicerContext) -> Message:
        self.asked.append(request)
        if not self.answers:
            context.abort(grpc.StatusCode.INTERNAL, f"nobody expected {type(request).__name__}")
        answer = self.answers.pop(0)
        if isinstance(answer, No):
            _refuse(answer, context)
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
    context.abort_with_status(rpc_status.to_status(status))


@contextmanager
def serving(desk: Desk) -> Iterator[Address]:
    """Serve it on a free port of this machine."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1), handlers=[desk])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield Address("127.0.0.1", port)
    finally:
        server.stop(grace=None).wait()


def _serialized(message: Message) -> bytes:
    return message.SerializeToString()
