"""The way to Temporal: a client, and the two calls that keep a ticket's durable timer alive.

Takes addresses and keys as values; refuses to know settings, the record and what a wake-up is for.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Never

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.runtime import LogForwardingConfig, LoggingConfig, PrometheusConfig, Runtime, TelemetryConfig
from temporalio.service import RPCError, RPCStatusCode, TLSConfig

from workflows import names
from workflows.messages import TicketStart

SHORTEST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0
SAID_EVERY_SECONDS = 60.0
"""What is still waited for is said again after so many real seconds."""
CORE_LOG = "error,temporalio_sdk_core=warn,temporalio_client=warn,temporalio_client::retry=off"
"""What the SDK's core says, from which severity on."""
CONNECT_TIMEOUT = timedelta(seconds=5)
CALL_TIMEOUT = timedelta(seconds=5)
"""For one start or signal, Temporal's own repeats included."""
TASK_TIMEOUT = timedelta(seconds=5)
"""After so long a workflow task of a dead worker is given to another; Temporal's default is 10 s."""

LEAD = timedelta(hours=2)
LEAD_PART = 0.1
"""A ticket's workflow begins so long before its wake-up, or this part of the time until then where that is more.

Until then it costs Temporal a third of what it would, and no worker anything: most tickets are taken on meanwhile. Two
hours are enough to notice that no worker is there; a part, so that what was opened over hours begins over minutes.
"""

_UNANSWERED = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED})


_UNCONNECTED = (
    ("UnknownIssuer", "shows a certificate of an authority that is not trusted: name its CA, or correct the address"),
    ("NotValidForName", "shows a certificate of another name: correct the address"),
    ("InvalidCertificate(Expired", "shows a certificate that has expired: have it renewed"),
    ("InvalidCertificate", "shows a certificate that is not accepted: see who made it and for what"),
    ("InvalidMessage", "does not speak TLS: leave TLS out, or correct the address"),
    ("KeyMismatch", "cannot be asked with a client's certificate and key that do not belong together: correct one"),
    ("code: Unauthenticated", "answers UNAUTHENTICATED: check its key and certificates"),
    ("code: PermissionDenied", "answers PERMISSION_DENIED: check its key and certificates"),
    ("call error after connection", "ends each connection: see whether it speaks TLS, and which client's certificate"),
)
"""What the SDK's words tell."""


class TemporalAway(Exception):  # noqa: N818 - the fact, in the desk's words
    """Temporal did not do it. The text is a fixed word for the reason, never the server's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporalPlace:
    """Where Temporal is and how to be let in."""

    address: str
    """Like `127.0.0.1:7233`."""
    namespace: str = "default"
    tls: bool | TLSConfig = False
    """True: encrypted, with the system's certificates. A `TLSConfig` names others, and a client's own."""
    api_key: str | None = field(default=None, repr=False)


def log_into(logger: logging.Logger) -> None:
    """Have the SDK's core say what it has to say there, not on standard error; before anybody connects.

    Its own complaints of each call that is tried again are left out: `connect` and `watch` say once what is waited for.
    """
    Runtime.set_default(Runtime(telemetry=TelemetryConfig(logging=_logging(logger))), error_if_already_set=False)


def measured(host: str, port: int, logger: logging.Logger) -> Runtime:
    """Make a runtime of the SDK that serves its own metrics there as long as it lives; what it has to say goes there.

    `host` is an IP address. Suffixes and seconds are those of published dashboards, and off by default. Raises
    `OSError` when the address cannot be had.
    """
    metrics = PrometheusConfig(
        bind_address=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        counters_total_suffix=True,
        unit_suffix=True,
        durations_as_seconds=True,
    )
    try:
        return Runtime(telemetry=TelemetryConfig(logging=_logging(logger), metrics=metrics))
    except ValueError as refused:  # how the SDK says it; its own words, of an address, hold nothing of a customer
        raise OSError(str(refused)) from None


def _logging(logger: logging.Logger) -> LoggingConfig:
    return LoggingConfig(filter=CORE_LOG, forwarding=LogForwardingConfig(logger=logger))


async def connect(place: TemporalPlace, *, say: Callable[[str], None], runtime: Runtime | None = None) -> Client:
    """Connect as soon as Temporal and the namespace are there, however long that takes; `say` hears what is waited for.

    `runtime` is the SDK's default one unless it is given. What waiting cannot mend (a key or certificate that is
    refused) is said in the same way, and tried again.
    """
    wait_seconds, saying = SHORTEST_WAIT_SECONDS, _Saying(say)
    while True:
        try:
            client = await _connect(place, lazy=False, runtime=runtime)
        except RuntimeError as failed:  # how the SDK says that nobody answered
            saying.missing(_unconnected(place, str(failed)))
        else:
            missing = await _missing(client, place)
            if missing is None:
                return client
            saying.missing(missing)
        await asyncio.sleep(wait_seconds)
        wait_seconds = min(2 * wait_seconds, LONGEST_WAIT_SECONDS)


async def watch(client: Client, place: TemporalPlace, *, say: Callable[[str], None]) -> Never:
    """Look after a Temporal that was there: `say` hears when it goes away, what is waited for, and when it is back."""
    saying = _Saying(say)
    while True:
        await asyncio.sleep(LONGEST_WAIT_SECONDS)
        missing = await _missing(client, place)
        if missing is not None:
            saying.missing(missing)
        elif saying.is_missing:
            saying.back(f"temporal at {place.address!r} answers again")


class _Saying:
    """Says what is missing: when that changes, and now and then while it lasts."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said = ""
        self._said_at = 0.0

    @property
    def is_missing(self) -> bool:
        """Whether what was said last is that something is."""
        return bool(self._said)

    def missing(self, what: str) -> None:
        """Say that it is."""
        now = time.monotonic()
        if what != self._said or now - self._said_at >= SAID_EVERY_SECONDS:
            self._say(f"{what}; still waiting")
            self._said, self._said_at = what, now

    def back(self, what: str) -> None:
        """Say that nothing is."""
        self._say(what)
        self._said = ""


async def connect_lazily(place: TemporalPlace) -> Client:
    """Give a client that connects with its first call: for who must do its work while Temporal is away."""
    return await _connect(place, lazy=True)


async def _connect(place: TemporalPlace, *, lazy: bool, runtime: Runtime | None = None) -> Client:
    return await Client.connect(
        place.address,
        namespace=place.namespace,
        tls=place.tls,
        api_key=place.api_key,
        lazy=lazy,
        runtime=runtime,
        connect_timeout=CONNECT_TIMEOUT,
    )


async def _missing(client: Client, place: TemporalPlace) -> str | None:
    """Say what is between us and the namespace, none when nothing is."""
    ask = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(ask, timeout=CALL_TIMEOUT)
    except RPCError as refused:
        if refused.status is RPCStatusCode.NOT_FOUND:
            return f"temporal at {place.address!r} has no namespace {place.namespace!r}: create it"
        if refused.status in _UNANSWERED:
            return _unanswered(place)
        return f"temporal at {place.address!r} answers {refused.status.name}: check its key and certificates"
    return None


def _unconnected(place: TemporalPlace, words: str) -> str:
    """Say why there is no connection, from the SDK's own words where they tell."""
    for told, why in _UNCONNECTED:
        if told in words:
            return f"temporal at {place.address!r} {why}"
    return _unanswered(place)


def _unanswered(place: TemporalPlace) -> str:
    """Say that nobody answers; who speaks another way hears nothing either."""
    way = "or its certificates" if place.tls else "or set TLS if it speaks only that"
    return f"temporal does not answer at {place.address!r}: start it, or correct the address, {way}"


class TicketTimers:
    """The tickets' workflows, seen from whoever owes one of them a nudge. The ticket's id is the workflow's."""

    def __init__(self, client: Client, *, task_queue: str = names.TASK_QUEUE) -> None:
        self._client = client
        self._task_queue = task_queue

    async def start(self, ticket_id: str, wake_in_seconds: float) -> bool:
        """Start the timer of a ticket that has none; False when it has one. Raises `TemporalAway`."""
        try:
            await self._start(TicketStart(ticket_id, wake_in_seconds), begins_in=_begins_in(wake_in_seconds))
        except WorkflowAlreadyStartedError:
            return False
        return True

    async def wake(self, ticket_id: str) -> None:
        """Have the ticket settled now by its workflow, which is started when there is none. Raises `TemporalAway`."""
        await self._start(TicketStart(ticket_id, 0.0), signal=names.WAKE_SIGNAL)

    async def _start(
        self, start: TicketStart, *, signal: str | None = None, begins_in: timedelta | None = None
    ) -> None:
        try:
            await self._client.start_workflow(
                names.TICKET_WORKFLOW,
                start,
                id=start.ticket_id,
                task_queue=self._task_queue,
                task_timeout=TASK_TIMEOUT,
                start_signal=signal,
                start_delay=begins_in,
                rpc_timeout=CALL_TIMEOUT,
            )
        except RPCError as failed:
            raise TemporalAway(failed.status.name) from None
        except RuntimeError:  # how the SDK says that a lazy client found nobody
            raise TemporalAway("UNREACHABLE") from None


def _begins_in(wake_in_seconds: float) -> timedelta | None:
    """How long a timer's workflow may be left alone: a signal begins it at once, and it knows when it was started."""
    wake_in = timedelta(seconds=wake_in_seconds)
    begins_in = wake_in - max(LEAD, LEAD_PART * wake_in)
    return begins_in if begins_in > timedelta() else None
