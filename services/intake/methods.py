"""How gRPC reaches the methods: read, check, hand over, write. Knows no ticket."""

import contextlib
from collections.abc import AsyncGenerator, Callable
from typing import cast

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from services.intake.errors import Problem, Reason, invalid
from services.intake.fields import Violation, violations
from services.intake.interceptors import Context
from services.intake.means import Handle, Methods
from services.intake.naming import Naming
from services.intake.rooms import SERVICES
from services.intake.watching import Follow

_INFRASTRUCTURE = cast(  # their stubs name another class, of the same methods
    tuple[ServiceDescriptor, ...],
    (health_pb2.DESCRIPTOR.services_by_name["Health"], reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]),
)


def path(method: MethodDescriptor) -> str:
    """A method as calls name it, like `/followthrough.v1.TicketService/OpenTicket`."""
    return f"/{method.containing_service.full_name}/{method.name}"


PATHS = frozenset(path(method) for service in (*SERVICES, *_INFRASTRUCTURE) for method in service.methods)
"""Every method that may be served here, as calls name it."""

LARGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes; the longest texts there are make less than a twentieth of it."""


def service_handler(service: ServiceDescriptor, methods: Methods, naming: Naming) -> grpc.GenericRpcHandler:
    """What gRPC calls, method by method of a service: what answers once, and what answers as it happens."""
    handlers = {
        **{_method(request): _once(request, handle, methods.lacks, naming) for request, handle in methods.once.items()},
        **{_method(request): _again_and_again(request, follow, naming) for request, follow in methods.streamed.items()},
    }
    if missing := {method.name for method in service.methods} ^ handlers.keys():
        raise AssertionError(f"{service.full_name} and what is served differ in {sorted(missing)}")
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _method(request: type[Message]) -> str:
    """Each method takes the request of its own name."""
    return request.DESCRIPTOR.name.removesuffix("Request")


def _once(
    request_type: type[Message],
    handle: Handle[Message],
    lacks: Callable[[Message], tuple[Violation, ...]],
    naming: Naming,
) -> "grpc.RpcMethodHandler[object, Message | bytes]":
    async def behave(request: Message, _: object) -> Message | bytes:
        return await handle(await naming.by_ids(_checked(request, lacks(request))))

    return grpc.unary_unary_rpc_method_handler(behave, _reader(request_type), _written)


def _again_and_again(
    request_type: type[Message], follow: Follow, naming: Naming
) -> "grpc.RpcMethodHandler[object, Message | bytes]":
    async def behave(request: Message, context: Context) -> AsyncGenerator[Message, None]:
        answers = await follow(await naming.by_ids(_checked(request)))
        await context.send_initial_metadata(())  # who watches what is quiet wants to know that it is watched
        async with contextlib.aclosing(answers):
            async for each in answers:
                yield each

    return grpc.unary_stream_rpc_method_handler(behave, _reader(request_type), _written)


def _reader(request_type: type[Message]) -> Callable[[bytes], Message]:
    """What reads a request. It is called where its `Problem` is answered: see `FirstMessage`."""

    def read(content: bytes) -> Message:
        if (size := len(content)) > LARGEST_MESSAGE:
            text = f"the content has {size} bytes: at most {LARGEST_MESSAGE} are taken"
            raise Problem(Reason.MESSAGE_TOO_LARGE, text, facts={"bytes": str(size)})
        try:
            return request_type.FromString(content)
        except DecodeError:
            text = f"the content is no {request_type.DESCRIPTOR.full_name}"
            raise Problem(Reason.REQUEST_MALFORMED, text) from None  # a parser's text stays here

    return read


def _checked(request: Message, lacking: tuple[Violation, ...] = ()) -> Message:
    """The request, fit to be worked on. Raises `Problem`."""
    if found := (*violations(request), *lacking):
        raise invalid(found)
    return request


def _written(answer: Message | bytes) -> bytes:
    """Write an answer; a stored one is given again to the byte."""
    return answer if isinstance(answer, bytes) else answer.SerializeToString()
