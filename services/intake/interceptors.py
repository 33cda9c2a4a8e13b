"""What happens around every call, of any kind. Knows no ticket.

Outermost first: guard (nothing leaves unforeseen), log, streams (ended when the server stops), admission, deadline.
Room is left for metrics beside the guard and for authentication after admission.
"""

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Never, Protocol, TypeVar, cast

import grpc
import grpc.aio

from services.intake.errors import Problem, Reason, answer, internal, of_record, try_again
from services.records.errors import RecordError

logger = logging.getLogger(__name__)

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Context = grpc.aio.ServicerContext[object, object]

HEALTH = "/grpc.health."
"""Never refused: an orchestrator kills a server that says it is busy when asked how it is."""
INFRASTRUCTURE = "/grpc."
"""Health and reflection: they may last as long as the caller likes."""


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


async def guard(call: Call) -> object:
    """Turn whatever goes wrong into a status with one ErrorInfo; a foreign exception's text never leaves."""
    try:
        return await call.proceed()
    except grpc.aio.AbortError:
        raise
    except Problem as error:
        problem = error
    except RecordError as error:
        problem = of_record(error)
        if problem.code is grpc.StatusCode.INTERNAL:
            logger.exception("call failed", extra={"method": call.method})
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        # A cancellation that leaked from below would leave the caller without an answer (grpc#29248).
        problem = try_again(Reason.INTERRUPTED, "the call was interrupted: repeat it with the same request_id")
    except Exception:
        logger.exception("call failed", extra={"method": call.method})
        problem = internal()
    return await answer(call.context, problem)


async def log(call: Call) -> object:
    """Write down each call: at debug level when it was answered, at info level when it was refused."""
    began = time.monotonic()
    reason = ""
    try:
        return await call.proceed()
    except Problem as problem:
        reason = str(problem.reason)
        raise
    except BaseException as error:
        reason = type(error).__name__
        raise
    finally:
        fields = {"method": call.method, "reason": reason, "took_seconds": round(time.monotonic() - began, 4)}
        logger.log(logging.INFO if reason else logging.DEBUG, "call ended", extra=fields)


class Streams:
    """Ends open streams when the server stops: else it would wait its whole grace for every health watcher."""

    def __init__(self) -> None:
        self._closing = asyncio.Event()

    def end(self) -> None:
        """End every open stream and refuse new ones."""
        self._closing.set()

    async def __call__(self, call: Call) -> object:
        """Run a stream until it ends or the server stops."""
        if not call.is_streamed:
            return await call.proceed()
        stream = asyncio.ensure_future(call.proceed())
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({stream, closing}, return_when=asyncio.FIRST_COMPLETED)
            if not stream.done():
                raise try_again(Reason.SHUTTING_DOWN, "this process is stopping: ask another")
            return await stream
        finally:
            for task in (stream, closing):
                task.cancel()
            await asyncio.wait({stream, closing})


class Admission:
    """Takes so many calls at once and no more; health is always answered."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_flight = 0

    async def __call__(self, call: Call) -> object:
        """Run the call, or raise `Problem` when too many are running."""
        if call.method.startswith(HEALTH):
            return await call.proceed()
        if self._in_flight >= self._limit:
            raise try_again(Reason.TOO_MANY_CALLS, f"{self._limit} calls are being worked on: try again a little later")
        self._in_flight += 1
        try:
            return await call.proceed()
        finally:
            self._in_flight -= 1


class Deadline:
    """Ends a call that takes longer than this server allows, whatever the caller allowed."""

    def __init__(self, longest_seconds: float) -> None:
        self._longest_seconds = longest_seconds

    async def __call__(self, call: Call) -> object:
        """Run the call within the server's own limit; the caller's is gRPC's to keep."""
        if call.method.startswith(INFRASTRUCTURE):
            return await call.proceed()
        limit = asyncio.timeout(self._longest_seconds)
        try:
            async with limit:
                return await call.proceed()
        except TimeoutError:
            if not limit.expired():
                raise
            raise Problem(
                Reason.DEADLINE_EXCEEDED,
                f"not done within {self._longest_seconds:g} s: repeat it with the same request_id",
            ) from None


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
            if isinstance(outcome, AsyncIterator):
                async for message in outcome:
                    await context.write(message)
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


def _kind(handler: "grpc.RpcMethodHandler[Asked, Answered]") -> tuple[bool, bool]:
    return bool(handler.request_streaming), bool(handler.response_streaming)
