"""What happens around every call. Knows no ticket.

Outermost first: guard (nothing leaves unforeseen), metrics, log, streams (few, none for ever, ended when the server
stops), deadline (of the answer); here the request's message is read; unbroken (what was begun is finished), deadline
(of the work), admission (counts what is worked on, whether or not somebody waits for it). Metrics and log tell the same
`code`. Room is left for authentication after admission. `Steps` says which of them a call goes through.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from google.rpc import status_pb2  # type: ignore[import-untyped]  # the wheel has no stubs

from services.intake.errors import Problem, Reason, answer, internal, of_record, status_of, try_again
from services.intake.interceptors import Call, Context, FirstMessage, Kind, Proceed, Step
from services.intake.methods import PATHS
from services.records.errors import RecordError

logger = logging.getLogger(__name__)

CODES = grpc.StatusCode

HEALTH = "/grpc.health."
"""Never refused: an orchestrator kills a server that says it is busy when asked how it is."""
INFRASTRUCTURE = "/grpc."
"""Health and reflection: they touch no record."""

DEADLINE_SLACK_SECONDS = 0.1
"""A caller's deadline began to run before we heard of it: who leaves so close to it has left for it."""

Done = TypeVar("Done")


async def guard(call: Call, proceed: Proceed) -> object:
    """Turn whatever goes wrong into a status with one ErrorInfo; a foreign exception's text never leaves."""
    why: BaseException
    try:
        return await proceed(call)
    except grpc.aio.AbortError:
        raise
    except asyncio.CancelledError as error:
        if _is_cancelled():
            raise
        why = error
    except Exception as error:  # noqa: BLE001 - nothing may leave unforeseen; it is logged
        why = error
    return await answer(call.context, _status_of(why, call.method))


def _is_cancelled() -> bool:
    """Whether this very call was given up by its caller or by gRPC; else the cancellation came from below."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def _status_of(why: BaseException, method: str) -> status_pb2.Status:
    """What the caller is told; even of a problem that cannot be told."""
    try:
        problem = _problem_of(why)
        if problem.code is CODES.INTERNAL:
            logger.error("call failed", exc_info=why, extra={"method": _shown(method)})
        return status_of(problem)
    except Exception:
        logger.exception("call failed", extra={"method": _shown(method)})
        return status_of(internal())


def _shown(method: str) -> str:
    """The method as it may be logged: a name that a caller made up may hold anything."""
    return method if method in PATHS else "unknown"


def _problem_of(why: BaseException) -> Problem:
    """What went wrong in the contract's words."""
    match why:
        case Problem():
            return why
        case asyncio.CancelledError():
            # A cancellation that leaked from below would leave the caller without an answer (grpc#29248).
            return try_again(Reason.INTERRUPTED, "the call was interrupted: repeat it with the same request_id")
        case DecodeError():  # of health or reflection; our own requests say what they are not
            return Problem(Reason.REQUEST_MALFORMED, "the content is no message of this method")
        case RecordError():
            return of_record(why)
        case _:
            return internal()


async def log(call: Call, proceed: Proceed) -> object:
    """Write down each call: at debug level when it was answered, at info level when it was refused.

    `code` is how the call ended for its caller, also when nobody is told: gRPC knows no code of a caller who left.
    """
    began = time.monotonic()
    code, reason = grpc.StatusCode.OK, ""
    try:
        return await proceed(call)
    except BaseException as error:
        code, reason = ending(error, call.context)
        raise
    finally:
        took = round(time.monotonic() - began, 4)
        fields = {"method": _shown(call.method), "code": code.name, "reason": reason, "took_seconds": took}
        logger.log(logging.INFO if reason else logging.DEBUG, "call ended", extra=fields)


def ending(error: BaseException, context: Context) -> tuple[grpc.StatusCode, str]:
    """How a call ended that was not answered, and why."""
    if isinstance(error, asyncio.CancelledError) and _is_cancelled():
        left = cast(float | None, context.time_remaining())  # none for a caller without a deadline
        is_over = left is not None and left <= DEADLINE_SLACK_SECONDS
        return (CODES.DEADLINE_EXCEEDED, "CALLERS_DEADLINE") if is_over else (CODES.CANCELLED, "CALLER_LEFT")
    problem = _problem_of(error)
    is_unforeseen = problem.reason is Reason.INTERNAL
    return problem.code, type(error).__name__ if is_unforeseen else str(problem.reason)


class Streams:
    """Keeps few streams open and none for ever, apart from the calls: whoever looks around shuts nobody out.

    Health may be watched by as many as like, for as long as they like. All end when the server stops: else it would
    wait its whole grace for each.
    """

    def __init__(self, limit: int, longest_seconds: float, *, others: Mapping[str, float] | None = None) -> None:
        """Take real seconds; `others` are methods whose streams may last another length."""
        self._limit = limit
        self._longest_seconds = longest_seconds
        self._others = others or {}
        self._open = 0
        self._closing = asyncio.Event()

    def end(self) -> None:
        """End every open stream and refuse new ones."""
        self._closing.set()

    async def __call__(self, call: Call, proceed: Proceed) -> object:
        """Run a stream until it ends, has lasted long enough or the server stops."""
        if call.method.startswith(HEALTH):
            return await self._run(proceed(call), None)
        if self._open >= self._limit:
            raise try_again(Reason.TOO_MANY_CALLS, f"{self._limit} streams are open: try again a little later")
        self._open += 1
        try:
            return await self._run(proceed(call), self._others.get(call.method, self._longest_seconds))
        finally:
            self._open -= 1

    async def _run(self, begun: Awaitable[object], longest_seconds: float | None) -> object:
        stream = asyncio.ensure_future(begun)
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({stream, closing}, timeout=longest_seconds, return_when=asyncio.FIRST_COMPLETED)
            if stream.done():
                return await stream
            if self._closing.is_set():
                raise try_again(Reason.SHUTTING_DOWN, "this process is stopping: ask another")
            text = f"a stream stays open for {longest_seconds:g} s at most: open another"
            raise Problem(Reason.DEADLINE_EXCEEDED, text)
        finally:
            for task in (stream, closing):
                task.cancel()
            await asyncio.wait({stream, closing})


class Deadline:
    """Ends what takes longer than this server allows, whatever the caller allowed."""

    def __init__(self, longest_seconds: float) -> None:
        self._longest_seconds = longest_seconds

    async def __call__(self, call: Call, proceed: Proceed) -> object:
        """Run the call within the server's own limit; the caller's is gRPC's to keep. Streams have one of their own."""
        limit = asyncio.timeout(self._longest_seconds)
        try:
            async with limit:
                return await proceed(call)
        except TimeoutError:
            if not limit.expired():
                raise
            raise Problem(
                Reason.DEADLINE_EXCEEDED,
                f"not done within {self._longest_seconds:g} s: repeat it with the same request_id",
            ) from None


class Unbroken:
    """Finishes a call once begun, whether or not its caller still waits.

    A cancellation between a commit and what it owes would leave the nudge to the keeper, and one within a transaction
    costs its connection. The caller who comes again with the same request_id gets the answer that was stored.
    """

    def __init__(self) -> None:
        self._begun: set[asyncio.Future[Any]] = set()

    async def __call__(self, call: Call, proceed: Proceed) -> object:
        """Run the call in a task of its own that only this server ends."""
        return await self.finish(proceed(call), call.method)

    async def finish(self, work: Awaitable[Done], method: str) -> Done:
        """Wait for what is to be finished, on behalf of a call of that method."""
        begun = asyncio.ensure_future(work)
        self._begun.add(begun)
        begun.add_done_callback(self._begun.discard)
        try:
            return await asyncio.shield(begun)
        except asyncio.CancelledError:
            if _is_cancelled():  # and not the work
                begun.add_done_callback(partial(_note_unheard, method))
            raise

    async def drain(self, within_seconds: float) -> None:
        """Wait for what is begun, and give up what takes longer."""
        if self._begun:
            await asyncio.wait(self._begun, timeout=within_seconds)
        if late := set(self._begun):
            for work in late:
                work.cancel()
            await asyncio.wait(late)


def _note_unheard(method: str, work: "asyncio.Future[Any]") -> None:
    """Write down how a call ended that nobody waited for."""
    if work.cancelled():
        logger.warning("call given up", extra={"method": _shown(method)})
        return
    why = work.exception()
    problem = None if why is None else _problem_of(why)
    if problem is not None and problem.code is CODES.INTERNAL:
        logger.error("call failed", exc_info=why, extra={"method": _shown(method)})
    reason = "" if problem is None else str(problem.reason)
    logger.info("call ended without its caller", extra={"method": _shown(method), "reason": reason})


class Admission:
    """Takes so many calls at once and no more."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._in_flight = 0

    async def __call__(self, call: Call, proceed: Proceed) -> object:
        """Run the call, or raise `Problem` when too many are running."""
        if self._in_flight >= self._limit:
            raise try_again(Reason.TOO_MANY_CALLS, f"{self._limit} calls are being worked on: try again a little later")
        self._in_flight += 1
        try:
            return await proceed(call)
        finally:
            self._in_flight -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """All of them, and which a call goes through."""

    metrics: Step
    streams: Streams
    longest_call: Deadline
    first: FirstMessage
    unbroken: Unbroken
    longest_work: Deadline
    admission: Admission

    def way(self, kind: Kind) -> Iterator[Step]:
        """Yield the steps around calls of a kind, outermost first.

        Health is always answered, and streams have a limit of their own.
        """
        is_infrastructure = kind.method.startswith(INFRASTRUCTURE)
        yield guard
        if not is_infrastructure:
            yield self.metrics
        yield log
        if kind.is_streamed:
            yield self.streams
        elif not is_infrastructure:
            yield self.longest_call
        if not kind.takes_stream:
            yield self.first
        if kind.is_streamed:
            return
        if not is_infrastructure:
            yield self.unbroken
            yield self.longest_work
        if not kind.method.startswith(HEALTH):
            yield self.admission
