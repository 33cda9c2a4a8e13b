"""Intake as a process's part: listens, says how it is, drains. Knows no method of the contract."""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import grpc
import grpc.aio
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection

from services.intake.ids import Ids
from services.intake.interceptors import Around, FirstMessage
from services.intake.means import Means, Owed
from services.intake.methods import LARGEST_MESSAGE, service_handler
from services.intake.metrics import CallMetrics
from services.intake.naming import Naming
from services.intake.promises import HoldsPolicies
from services.intake.readiness import Readiness
from services.intake.rooms import ROOMS, SERVICES
from services.intake.steps import Admission, Deadline, Steps, Streams, Unbroken
from services.intake.watching import METHOD, Watching
from services.records import Records
from services.settings import Address

logger = logging.getLogger(__name__)

MOST_PENDING = 20_000
"""Calls that wait for the loop to hear of them. gRPC cancels more than that without a reason; it has 1,000 by default,
fewer than a crowd that admission can still tell to come again."""
OPTIONS = (
    ("grpc.so_reuseport", 0),  # else a second server shares the port silently, and one of the two is forgotten
    ("grpc.max_receive_message_length", 4 * LARGEST_MESSAGE),  # what we refuse has a reason; what gRPC refuses has none
    ("grpc.server.max_pending_requests", MOST_PENDING),
    ("grpc.server.max_pending_requests_hard_limit", MOST_PENDING),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 30_000),  # else eager clients are dropped: too_many_pings
)


class AddressTaken(Exception):  # noqa: N818 - the fact, in the desk's words
    """Intake cannot listen where it was told to."""

    def __init__(self, address: Address, why: OSError | None = None) -> None:
        self.address = address
        self.remedy = "another process has the port: stop it, or name another"
        if why is not None and why.errno != errno.EADDRINUSE:
            self.remedy = f"{(why.strerror or 'cannot be listened on').lower()}: name another"
        super().__init__(f"cannot listen on {address}: {self.remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much intake takes on. Seconds are real ones."""

    max_in_flight: int = 128
    """Calls worked on at once, those included whose callers have gone; more are refused."""
    longest_call_seconds: float = 10.0
    """A caller is answered within so long, whatever they allowed; what was begun goes on."""
    longest_work_seconds: float = 30.0
    """What was begun and hangs is given up; the record's own limits end it long before."""
    message_seconds: float = 5.0
    """Within so long the message of a call must come, once the call itself has."""
    max_streams: int = 64
    """Streams open at once, those that watch health not counted; more are refused."""
    longest_stream_seconds: float = 60.0
    """A stream that lasts longer is ended; one that watches a ticket only when its caller takes nothing any more."""
    longest_watch_seconds: float = 600.0
    """Who watches a ticket is let go then, with OK: time to spread over the processes there are by now."""
    look_every_seconds: float = 1.0
    """How often a watch looks for what other processes wrote; what this one wrote is seen at once."""
    probe_every_seconds: float = 1.0
    """How often the record is asked whether it is there."""
    write_every_seconds: float = 10.0
    """How often it is written to, to see that it can be."""
    probe_seconds: float = 2.0
    """How long it may take to say so."""
    drain_pause_seconds: float = 0.0
    """Between saying NOT_SERVING and closing the door: time for a load balancer to look elsewhere."""
    finish_seconds: float = 5.0
    """What nobody waits for any more when the grace is over may still take so long."""


class Intake:
    """The gRPC server. Of one event loop; start it once, stop it once."""

    def __init__(
        self,
        *,
        records: Records,
        require_writable: Callable[[], Awaitable[None]],
        policies: HoldsPolicies,
        nudger: Owed,
        address: Address,
        credentials: grpc.ServerCredentials | None = None,
        limits: Limits | None = None,
        has_reflection: bool = True,
        ids: Ids | None = None,
        operators: Collection[str] = (),
        languages: Collection[str] = (),
    ) -> None:
        """`languages` are those that messages are written in, by their tags."""
        self._address = address
        self._credentials = credentials
        self._limits = limits or Limits()
        self._readiness = Readiness(
            records.queries,
            require_writable,
            read_seconds=self._limits.probe_seconds,
            write_seconds=self._limits.longest_call_seconds,
            write_every_seconds=self._limits.write_every_seconds,
        )
        self._health = health.aio.HealthServicer()
        self._streams = Streams(
            self._limits.max_streams,
            self._limits.longest_stream_seconds,
            others={METHOD: self._limits.longest_watch_seconds + self._limits.longest_stream_seconds},
        )
        self._unbroken = Unbroken()
        self._probe: asyncio.Task[None] | None = None
        self.metrics = CallMetrics()
        steps = Steps(
            metrics=self.metrics,
            streams=self._streams,
            longest_call=Deadline(self._limits.longest_call_seconds),
            first=FirstMessage(self._limits.message_seconds, received=self.metrics.received),
            unbroken=self._unbroken,
            longest_work=Deadline(self._limits.longest_work_seconds),
            admission=Admission(self._limits.max_in_flight),
        )
        self._server = grpc.aio.server(interceptors=[Around(steps.way)], options=OPTIONS)
        watching = Watching(
            records.queries,
            finish=self._unbroken.finish,
            longest_seconds=self._limits.longest_watch_seconds,
            look_every_seconds=self._limits.look_every_seconds,
        )
        means = Means(
            records=records,
            policies=policies,
            nudger=nudger,
            ids=ids or Ids(),
            watching=watching,
            operators=frozenset(operators),
            languages=tuple(languages),
        )
        naming = Naming(records.queries)
        self._server.add_generic_rpc_handlers(
            [service_handler(room.service, room.methods(means), naming) for room in ROOMS]
        )
        add_HealthServicer_to_server(self._health, self._server)
        names = [*(service.full_name for service in SERVICES), health.SERVICE_NAME]
        if has_reflection:
            names.append(reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)
        self._names = [*names, health.OVERALL_HEALTH]

    async def start(self) -> int:
        """Listen and say how it is; the port that was taken. Raises `AddressTaken`."""
        _require_free(self._address)
        try:
            port = self._listen_on(str(self._address))
        except RuntimeError:
            raise AddressTaken(self._address) from None
        why_not = await self._readiness.why_not()
        await self._say(why_not)
        await self._server.start()
        self._probe = asyncio.create_task(self._keep_probing(why_not), name="intake-probe")
        return port

    def _listen_on(self, address: str) -> int:
        if self._credentials is None:
            return self._server.add_insecure_port(address)
        return self._server.add_secure_port(address, self._credentials)

    async def stop(self, grace_seconds: float) -> None:
        """Say NOT_SERVING, take no more calls, let those in flight finish within the grace.

        Nothing of it touches the record or the nudger afterwards.
        """
        if self._probe is not None:
            self._probe.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probe
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(self._limits.drain_pause_seconds)
        self._streams.end()
        await self._server.stop(grace_seconds)
        await self._unbroken.drain(self._limits.finish_seconds)

    async def _keep_probing(self, why_not: str | None) -> None:
        while True:
            await asyncio.sleep(self._limits.probe_every_seconds)
            before, why_not = why_not, await self._readiness.why_not()
            if why_not != before:
                if why_not is None:
                    logger.warning("record can be used again")
                await self._say(why_not)

    async def _say(self, why_not: str | None) -> None:
        if why_not is not None:
            logger.warning("record cannot be used, not ready", extra={"why": why_not})
        status = HealthCheckResponse.SERVING if why_not is None else HealthCheckResponse.NOT_SERVING
        for name in self._names:
            await self._health.set(name, status)


def _require_free(address: Address) -> None:
    """Try the port first: gRPC complains of a busy one in lines of its own."""
    if not address.port:
        return
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address.host, address.port))
        except OSError as why:
            raise AddressTaken(address, why) from None
