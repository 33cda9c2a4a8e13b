"""How gRPC reaches the methods: read, check, hand over, write. Knows no ticket."""

from dataclasses import dataclass

import grpc
from google.protobuf.message import DecodeError, Message

from protos.followthrough.v1 import ticket_service_pb2
from services.intake.errors import Problem, Reason, invalid
from services.intake.fields import violations
from services.intake.handlers import Handle, Tickets

SERVICE = ticket_service_pb2.DESCRIPTOR.services_by_name["TicketService"]


@dataclass(frozen=True, slots=True)
class Malformed:
    """Stands in for a request whose bytes are no message of its method: gRPC would answer with a parser's text."""


def service_handler(tickets: Tickets) -> grpc.GenericRpcHandler:
    """What gRPC calls, method by method of the contract."""
    by_request = {request.DESCRIPTOR.full_name: (request, handle) for request, handle in tickets.methods().items()}
    handlers = {method.name: _handler(*by_request[method.input_type.full_name]) for method in SERVICE.methods}
    return grpc.method_handlers_generic_handler(SERVICE.full_name, handlers)


def _handler(request_type: type[Message], handle: Handle[Message]) -> "grpc.RpcMethodHandler[object, Message | bytes]":
    def read(content: bytes) -> object:
        try:
            return request_type.FromString(content)
        except DecodeError:
            return Malformed()

    async def behave(request: object, _: object) -> Message | bytes:
        if not isinstance(request, Message):
            raise Problem(Reason.REQUEST_MALFORMED, f"the content is no {request_type.DESCRIPTOR.full_name}")
        if found := violations(request):
            raise invalid(found)
        return await handle(request)

    return grpc.unary_unary_rpc_method_handler(behave, read, _written)


def _written(answer: Message | bytes) -> bytes:
    """Write an answer; a stored one is given again to the byte."""
    return answer if isinstance(answer, bytes) else answer.SerializeToString()
