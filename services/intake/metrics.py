"""What callers saw of this process, in the names of go-grpc-middleware, so that public dashboards read them.

Every method of the contract with every code is there at zero. Health and reflection are not counted; whatever else is
called, under whatever name, is counted as one method, `unknown`.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from typing import Any, cast

import grpc
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from services.intake.interceptors import Call, Context, Proceed
from services.intake.methods import path
from services.intake.rooms import SERVICES
from services.intake.steps import INFRASTRUCTURE, ending

CODES: Mapping[grpc.StatusCode, str] = {
    grpc.StatusCode.OK: "OK",
    grpc.StatusCode.CANCELLED: "Canceled",
    grpc.StatusCode.UNKNOWN: "Unknown",
    grpc.StatusCode.INVALID_ARGUMENT: "InvalidArgument",
    grpc.StatusCode.DEADLINE_EXCEEDED: "DeadlineExceeded",
    grpc.StatusCode.NOT_FOUND: "NotFound",
    grpc.StatusCode.ALREADY_EXISTS: "AlreadyExists",
    grpc.StatusCode.PERMISSION_DENIED: "PermissionDenied",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "ResourceExhausted",
    grpc.StatusCode.FAILED_PRECONDITION: "FailedPrecondition",
    grpc.StatusCode.ABORTED: "Aborted",
    grpc.StatusCode.OUT_OF_RANGE: "OutOfRange",
    grpc.StatusCode.UNIMPLEMENTED: "Unimplemented",
    grpc.StatusCode.INTERNAL: "Internal",
    grpc.StatusCode.UNAVAILABLE: "Unavailable",
    grpc.StatusCode.DATA_LOSS: "DataLoss",
    grpc.StatusCode.UNAUTHENTICATED: "Unauthenticated",
}
"""As Go spells them."""

BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Go's own."""

METHOD = ("grpc_type", "grpc_service", "grpc_method")
UNKNOWN = ("unary", "unknown", "unknown")


class _Counted:
    """The counts of one method."""

    def __init__(self) -> None:
        self.started = 0
        self.handled = dict.fromkeys(CODES, 0)
        self.received = 0
        self.sent = 0
        self.in_bucket = [0] * (len(BUCKETS_SECONDS) + 1)
        self.seconds = 0.0

    def end(self, code: grpc.StatusCode, took_seconds: float) -> None:
        """Count a call's end."""
        self.handled[code] += 1
        self.in_bucket[bisect_left(BUCKETS_SECONDS, took_seconds)] += 1
        self.seconds += took_seconds


class CallMetrics(Collector):
    """Counts calls: a step around each of them, within the one that turns errors into answers."""

    def __init__(self) -> None:
        self._of = {
            path(method): (
                ("server_stream" if method.server_streaming else "unary", service.full_name, method.name),
                _Counted(),
            )
            for service in SERVICES
            for method in service.methods
        }
        self._of_others = (UNKNOWN, _Counted())

    async def __call__(self, call: Call, proceed: Proceed) -> object:
        """Count a call by how it ends for its caller, also when nobody is told."""
        counted = self._counted(call.method)
        counted.started += 1
        began, code = time.monotonic(), grpc.StatusCode.OK
        try:
            if call.is_streamed:
                return await proceed(call._replace(context=cast(Context, _Noting(call.context, counted))))
            answer = await proceed(call)
            counted.sent += 1
        except BaseException as error:
            code, _ = ending(error, call.context)
            raise
        else:
            return answer
        finally:
            counted.end(code, time.monotonic() - began)

    def received(self, method: str) -> None:
        """Count a message that came whole."""
        if not method.startswith(INFRASTRUCTURE):
            self._counted(method).received += 1

    def collect(self) -> Iterator[Metric]:
        """Yield every series."""
        methods = (*self._of.values(), self._of_others)
        started = _counter("started", "Calls begun.")
        handled = _counter("handled", "Calls ended, by the code that their caller got or would have got.", "grpc_code")
        received = _counter("msg_received", "Messages taken from callers.")
        sent = _counter("msg_sent", "Messages given to callers.")
        handling = HistogramMetricFamily(
            "grpc_server_handling_seconds", "Time until a call's end, a stream's whole life included.", labels=METHOD
        )
        for labels, counted in methods:
            started.add_metric(labels, counted.started)
            received.add_metric(labels, counted.received)
            sent.add_metric(labels, counted.sent)
            handling.add_metric(labels, _cumulated(counted.in_bucket), counted.seconds)
            for code, number in counted.handled.items():
                handled.add_metric((*labels, CODES[code]), number)
        yield from (started, handled, received, sent, handling)

    def _counted(self, method: str) -> _Counted:
        _, counted = self._of.get(method, self._of_others)
        return counted


class _Noting:
    """A call's context that notes what is written to the caller."""

    def __init__(self, context: Context, counted: _Counted) -> None:
        self._context = context
        self._counted = counted

    async def write(self, message: object) -> None:
        await self._context.write(message)
        self._counted.sent += 1

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever gRPC's own has
        return getattr(self._context, name)


def _counter(name: str, meaning: str, *more: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"grpc_server_{name}", meaning, labels=(*METHOD, *more))


def _cumulated(in_bucket: list[int]) -> list[tuple[str, float]]:
    buckets: list[tuple[str, float]] = []
    cumulated = 0
    for bound, number in zip((*map(str, BUCKETS_SECONDS), "+Inf"), in_bucket, strict=True):
        cumulated += number
        buckets.append((bound, cumulated))
    return buckets
