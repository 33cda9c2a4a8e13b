"""How a step is put around every call, of any kind. Knows no step and no ticket."""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Never, Protocol, TypeVar, cast

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
    proceed: "Proceed"
    """Runs the rest of the way; none is returned for a stream."""


class Proceed(Protocol):
    """The rest of a call's way."""

    async def __call__(self, instead: Context | None = None) -> object:
        """Go it, with another context where one is given."""
        ...


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


class FirstMessage(grpc.aio.ServerInterceptor):
    """Reads the one message of a call itself, for handlers that take one.

    gRPC waits for it, and leaves a caller who ends the request without one without an answer until their own deadline.
    """

    def __init__(self, within_seconds: float, *, received: Callable[[str], None]) -> None:
        """Take real seconds, and who hears the method of each message that came whole."""
        self._within_seconds = within_seconds
        self._received = received

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable["grpc.RpcMethodHandler[Asked, Answered] | None"]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "grpc.RpcMethodHandler[Asked, Answered] | None":
        """Return a handler that takes a stream of messages, and hands the first one on."""
        handler = await continuation(handler_call_details)
        if handler is None or handler.request_streaming:
            return handler
        run = _behaviour(handler)

        async def behave(messages: object, context: Context) -> object:
            message = await self._first(cast(AsyncIterator[object], messages))
            self._received(handler_call_details.method)
            return await _outcome(run(message, context), context)

        make = _MAKERS[True, bool(handler.response_streaming)]
        return make(behave, handler.request_deserializer, handler.response_serializer)

    async def _first(self, messages: AsyncIterator[object]) -> object:
        try:
            async with asyncio.timeout(self._within_seconds):
                return await anext(messages)
        except StopAsyncIteration:
            raise Problem(Reason.REQUEST_MALFORMED, "the request ended without a message: send one") from None
        except TimeoutError:
            text = f"no message came within {self._within_seconds:g} s: send one, and end the request"
            raise Problem(Reason.DEADLINE_EXCEEDED, text) from None


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
    run = _behaviour(handler)

    async def around(request: object, context: Context) -> object:
        async def proceed(instead: Context | None = None) -> object:
            given = instead or context
            return await _outcome(run(request, given), given)

        return await step(Call(method, handler.response_streaming, context, proceed))

    make = _MAKERS[bool(handler.request_streaming), bool(handler.response_streaming)]
    return make(around, handler.request_deserializer, handler.response_serializer)


_MAKERS: Mapping[tuple[bool, bool], Callable[..., "grpc.RpcMethodHandler[Any, Any]"]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}
"""Whether the request is a stream, and whether the answer is one."""


def _behaviour(handler: "grpc.RpcMethodHandler[Asked, Answered]") -> Callable[[object, Context], object]:
    behaviour = handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream
    return cast(Callable[[object, Context], object], behaviour)


async def _outcome(begun: object, context: Context) -> object:
    """The answer of what a handler began; none for a stream, whose answers are written."""
    if isinstance(begun, AsyncGenerator):
        async with contextlib.aclosing(begun):  # else it would end some time after whoever left it
            await _write_all(begun, context)
        return None
    if isinstance(begun, AsyncIterator):
        await _write_all(begun, context)
        return None
    return await begun if inspect.isawaitable(begun) else begun


async def _write_all(answers: AsyncIterator[object], context: Context) -> None:
    async for answer in answers:
        await context.write(answer)
