"""How steps are put around every call, of any kind. Knows no step and no ticket."""

import asyncio
import contextlib
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple, Never, Protocol, TypeVar, cast

import grpc
import grpc.aio

from services.intake.errors import Problem, Reason

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Context = grpc.aio.ServicerContext[object, object]


class Kind(NamedTuple):
    """What all calls of a method have in common."""

    method: str
    """Like `/followthrough.v1.TicketService/OpenTicket`."""
    takes_stream: bool
    """Whether its request is a stream."""
    is_streamed: bool
    """Whether its answer is one."""


class Call(NamedTuple):
    """One call on its way to its handler."""

    method: str
    is_streamed: bool
    context: Context
    asked: object
    """Its message, once that was read; all of its messages, for who takes a stream."""


Proceed = Callable[[Call], Awaitable[object]]
"""The rest of a call's way. None is returned for a stream: its answers are written."""


class Step(Protocol):
    """One thing that happens around every call."""

    def __call__(self, call: Call, proceed: Proceed) -> Awaitable[object]:
        """Let the call proceed, or raise a `Problem`."""
        ...


Way = Callable[[Kind], Iterable[Step]]
"""The steps around calls of a kind, outermost first."""


class Around(grpc.aio.ServerInterceptor):
    """Puts all steps around every call: they are put together once a method, and not call by call.

    Innermost it answers for methods that nobody serves, so that this answer has its ErrorInfo too.
    """

    def __init__(self, way: Way) -> None:
        self._way = way
        self._put_together: dict[str, tuple[object, object]] = {}
        """By method, the handler that gRPC knows and the one that is used instead."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable["grpc.RpcMethodHandler[Asked, Answered] | None"]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "grpc.RpcMethodHandler[Asked, Answered]":
        """Return a handler that goes all the way."""
        method, handler = handler_call_details.method, await continuation(handler_call_details)
        if handler is None:  # of a name that a caller made up: nothing is kept of it
            return _through(self._way, method, grpc.unary_unary_rpc_method_handler(_unknown))
        known, used = self._put_together.get(method, (None, None))
        if known is not handler:
            used = _through(self._way, method, handler)
            self._put_together[method] = handler, used
        return cast("grpc.RpcMethodHandler[Asked, Answered]", used)


class FirstMessage:
    """Reads the one message of a call itself, for handlers that take one.

    gRPC waits for it, and leaves a caller who ends the request without one without an answer until their own deadline.
    """

    def __init__(self, within_seconds: float, *, received: Callable[[str], None]) -> None:
        """Take real seconds, and who hears the method of each message that came whole."""
        self._within_seconds = within_seconds
        self._received = received

    async def __call__(self, call: Call, proceed: Proceed) -> object:
        """Hand the first message on instead of all."""
        method, is_streamed, context, messages = call
        message = await self._first(cast(AsyncIterator[object], messages))
        self._received(method)
        return await proceed(Call(method, is_streamed, context, message))

    async def _first(self, messages: AsyncIterator[object]) -> object:
        try:
            async with asyncio.timeout(self._within_seconds):
                return await anext(messages)
        except StopAsyncIteration:
            raise Problem(Reason.REQUEST_MALFORMED, "the request ended without a message: send one") from None
        except TimeoutError:
            text = f"no message came within {self._within_seconds:g} s: send one, and end the request"
            raise Problem(Reason.DEADLINE_EXCEEDED, text) from None


async def _unknown(*_: object) -> Never:
    raise Problem(Reason.UNKNOWN_METHOD, "there is no such method: see the services in followthrough/v1")


def _through(
    way: Way, method: str, handler: "grpc.RpcMethodHandler[Asked, Answered]"
) -> "grpc.RpcMethodHandler[Asked, Answered]":
    """Return a handler that goes the way to the other.

    One coroutine serves all four kinds: gRPC lets a streaming handler write its answers instead of yielding them. Where
    the first message is read here, gRPC is told of a stream.
    """
    kind = Kind(method, bool(handler.request_streaming), bool(handler.response_streaming))
    steps = tuple(way(kind))
    go = _reaching(handler)
    for step in reversed(steps):
        go = partial(step, proceed=go)

    async def behave(asked: object, context: Context) -> object:
        return await go(Call(method, kind.is_streamed, context, asked))

    is_given_all = kind.takes_stream or any(isinstance(step, FirstMessage) for step in steps)
    make = _MAKERS[is_given_all, kind.is_streamed]
    return make(behave, handler.request_deserializer, handler.response_serializer)


_MAKERS: Mapping[tuple[bool, bool], Callable[..., "grpc.RpcMethodHandler[Any, Any]"]] = {
    (False, False): grpc.unary_unary_rpc_method_handler,
    (False, True): grpc.unary_stream_rpc_method_handler,
    (True, False): grpc.stream_unary_rpc_method_handler,
    (True, True): grpc.stream_stream_rpc_method_handler,
}
"""Whether the request is a stream, and whether the answer is one."""


def _reaching(handler: "grpc.RpcMethodHandler[Asked, Answered]") -> Proceed:
    """The end of the way: the handler itself, of whatever kind."""
    run = cast(
        Callable[[object, Context], object],
        handler.unary_unary or handler.unary_stream or handler.stream_unary or handler.stream_stream,
    )

    async def reach(call: Call) -> object:
        begun = run(call.asked, call.context)
        if isinstance(begun, AsyncGenerator):
            async with contextlib.aclosing(begun):  # else it would end some time after whoever left it
                await _write_all(begun, call.context)
            return None
        if isinstance(begun, AsyncIterator):
            await _write_all(begun, call.context)
            return None
        return await begun if inspect.isawaitable(begun) else begun

    return reach


async def _write_all(answers: AsyncIterator[object], context: Context) -> None:
    async for answer in answers:
        await context.write(answer)
