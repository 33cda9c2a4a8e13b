"""How a step is put around every call, of any kind. Knows no step and no ticket."""

import contextlib
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Never, Protocol, TypeVar, cast

import grpc
import grpc.aio

from services.intake.errors import Problem, Reason

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Context = grpc.aio.ServicerContext[object, object]


@dataclass(frozen=True, slots=True)
class Call:
    """One call on its way to its handler."""

    method: str
    """Like `/followthrough.v1.TicketService/OpenTicket`."""
    is_streamed: bool
    """Whether its answer is a stream."""
    context: Context
    proceed: Callable[[], Awaitable[object]]
    """Runs the rest of the way; none is returned for a stream."""


class Step(Protocol):
    """One thing that happens around every call."""

    async def __call__(self, call: Call) -> object:
        """Let the call proceed, or raise a `Problem`."""
        ...


class Around(grpc.aio.ServerInterceptor):
    """Puts one step around every call of all four kinds."""

    def __init__(self, step: Step) -> None:
        self._step = step

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable["grpc.RpcMethodHandler[Asked, Answered] | None"]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "grpc.RpcMethodHandler[Asked, Answered] | None":
        """Wrap the handler that the rest of the way would use."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        return _wrapped(handler, self._step, handler_call_details.method)


class KnownMethods(grpc.aio.ServerInterceptor):
    """Innermost: answers for methods that nobody serves, so that this answer has its ErrorInfo too."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable["grpc.RpcMethodHandler[Asked, Answered] | None"]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "grpc.RpcMethodHandler[Asked, Answered] | None":
        """Return the handler there is, or one that says that there is none."""
        return await continuation(handler_call_details) or grpc.unary_unary_rpc_method_handler(_unknown)


async def _unknown(*_: object) -> Never:
    raise Problem(Reason.UNKNOWN_METHOD, "there is no such method: see followthrough/v1/ticket_service.proto")


def _wrapped(
    handler: "grpc.RpcMethodHandler[Asked, Answered]", step: Step, method: str
) -> "grpc.RpcMethodHandler[Asked, Answered]":
    """Return a handler of the same kind that runs the step around the other.

    One coroutine serves all four kinds: gRPC lets a streaming handler write its answers instead of yielding them.
    """
    behaviour = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    run = cast(Callable[[object, Context], object], behaviour)

    async def around(request: object, context: Context) -> object:
        async def proceed() -> object:
            outcome = run(request, context)
            if isinstance(outcome, AsyncGenerator):
                async with contextlib.aclosing(outcome):  # else it would end some time after whoever left it
                    await _write_all(outcome, context)
                return None
            if isinstance(outcome, AsyncIterator):
                await _write_all(outcome, context)
                return None
            return await outcome if inspect.isawaitable(outcome) else outcome

        return await step(Call(method, handler.response_streaming, context, proceed))

    makers = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, False): grpc.stream_unary_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    make = cast(Callable[..., "grpc.RpcMethodHandler[Asked, Answered]"], makers[_kind(handler)])
    return make(around, handler.request_deserializer, handler.response_serializer)


async def _write_all(answers: AsyncIterator[object], context: Context) -> None:
    async for answer in answers:
        await context.write(answer)


def _kind(handler: "grpc.RpcMethodHandler[Asked, Answered]") -> tuple[bool, bool]:
    return bool(handler.request_streaming), bool(handler.response_streaming)
