"""The policies that hold in this process: read when it starts, and again when their files change or somebody asks.

What does not load changes nothing: the set in force stays, and the log and a metric say so. A child that is late or has
ended is replaced by a new one, which is a reload like any other. Refuses to lose a request: see `Now.place`.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic, time

from services.policy_host.asking import Answering, Reason, Unanswered
from services.policy_host.loaded import Loaded
from services.policy_host.loading import LOAD_SECONDS, NotLoaded, Process, load_and_keep
from services.policy_host.placing import by_default, is_mistaken, placed
from services.policy_host.sources import sources_of
from services.policy_host.watching import Seen
from workflows.domain.errors import PolicyError
from workflows.domain.routing import Request, Route
from workflows.policies import PolicySet

logger = logging.getLogger(__name__)

START, ASKED, CHANGED, LATE, ENDED, AGAIN = "start", "asked", "changed", "late", "ended", "again"
"""Why the policies are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Real seconds; the defaults of the settings."""

    load_seconds: float = LOAD_SECONDS
    watch_seconds: float = 2.0
    """Between two looks at the files."""
    route_seconds: float = 0.5
    roster_seconds: float = 5.0
    calm_seconds: float = 60.0
    """A child that was well for so long is replaced at once when it is not; else after a pause."""
    longest_pause_seconds: float = 30.0


@dataclass(slots=True, kw_only=True)
class Counts:
    """What happened to the policies of this process."""

    reloads: int = 0
    failed_reloads: int = 0
    restarts: int = 0
    """Of the child that answers, because it was late or had ended."""
    is_broken: bool = False
    """Whether the last reload failed."""
    loaded_at: float = 0.0
    """When the set in force was read: seconds of the epoch."""
    routed: int = 0
    """Requests that the route was asked for, those included that it failed."""
    route_failures: Counter[Reason] = field(default_factory=lambda: Counter(dict.fromkeys(Reason, 0)))
    rosters: int = 0
    roster_failures: Counter[Reason] = field(default_factory=lambda: Counter(dict.fromkeys(Reason, 0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What holds at one moment. Whoever works by it for the length of a call sees no reload half-way."""

    loaded: Loaded
    child: Answering | None
    """None: nothing is asked of one, or it is being started again."""
    policies: "Policies"

    @property
    def promised(self) -> PolicySet:
        """The policies and their queues."""
        return self.loaded.promised

    @property
    def has_default(self) -> bool:
        """Whether a request may leave its queue and priority open."""
        return self.loaded.default_route is not None

    async def place(self, request: Request) -> Route:
        """Find queue and priority of a request that leaves one of them open: by the route, or by the default.

        Where there is no default, and where the caller named something that there is not, what was said is given back
        as it is: to be refused. Never fails.
        """
        default = self.loaded.default_route
        if default is None:
            return Route(queue=request.queue, priority=request.priority)
        if is_mistaken(request, self.promised):
            return Route(queue=request.queue or default.queue, priority=request.priority or default.priority)
        if self.loaded.has_route:
            try:
                return await self._routed(request)
            except Unanswered as failed:
                self.policies.route_failed(self, failed)
        return by_default(request, self.loaded)

    async def roster(self, policy: str, tier: str, at: datetime) -> tuple[str, ...]:
        """Ask who is on duty. Raises `Unanswered`; `Policies.roster` counts and tells that."""
        if policy not in self.loaded.rosters:
            raise Unanswered(Reason.AWAY, "this policy has no roster any more")
        return await self._child().roster(policy, tier, at, self.policies.limits.roster_seconds)

    def _child(self) -> Answering:
        if self.child is None:
            raise Unanswered(Reason.AWAY, "the process that answers is being started again")
        return self.child

    async def _routed(self, request: Request) -> Route:
        self.policies.counts.routed += 1
        answer = await self._child().route(request, self.policies.limits.route_seconds)
        if found := placed(request, answer, self.promised):
            return found
        raise Unanswered(Reason.NONSENSE, "it named a queue or a priority that is not declared, or not for each other")


class Policies:
    """The policies of one process. Of one event loop: `start` it, `run` it beside everything else, `stop` it."""

    def __init__(self, entries: Sequence[str], *, limits: Limits | None = None, is_asked: bool = True) -> None:
        """Take what names them. Where nobody asks for a route or a roster, no child is kept."""
        self.limits = limits or Limits()
        self.counts = Counts()
        self._entries = tuple(entries)
        self._is_asked = is_asked
        self._now: Now | None = None
        self._seen = Seen(there=(), contents={})
        self._why: str | None = None
        self._wake = asyncio.Event()
        self._replaced_at = -self.limits.calm_seconds
        self._pause_seconds = 0.0
        self._retiring: set[asyncio.Task[None]] = set()
        self._running: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._is_worth_another_try = False
        self._silent: set[tuple[str, str]] = set()
        """Policy and tier of whom the roster gave no answer when it was asked last."""

    @property
    def now(self) -> Now:
        """What holds at this moment; take it once a call."""
        if self._now is None:
            raise AssertionError("the policies were not started")
        return self._now

    async def start(self) -> None:
        """Read them. Raises `PolicyError` when they do not load."""
        await self._read()

    def tell(self, why: str = START) -> None:
        """Tell the log which policies are in force."""
        logger.info("policies in force", extra={"reason": why, "policies": _named(self.now.loaded)})

    async def run(self) -> None:
        """Read them again whenever there is a reason, until stopped."""
        self._running = asyncio.current_task()
        while not self._is_stopping:  # it may have been stopped before it had its first turn
            try:
                await self._reload(await self._reason())
            except Exception:  # whoever goes by what is in force goes on, whatever becomes of reading it again
                logger.exception("policies could not be read again, those in force stay")
                await asyncio.sleep(self.limits.watch_seconds)

    async def stop(self) -> None:
        """Read them no more, and end every child."""
        self._is_stopping = True
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        if self._now is not None and self._now.child is not None:
            await self._now.child.end()
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)

    def reload(self) -> None:
        """Read them again soon, whether or not a file has changed."""
        self._wake_up(ASKED)

    async def roster(self, policy: str, tier: str, at: datetime) -> tuple[str, ...]:
        """Ask who is on duty in a tier; nobody is an answer. Raises `Unanswered`, which is counted and logged here."""
        now = self.now
        self.counts.rosters += 1
        try:
            names = await now.roster(policy, tier, at)
        except Unanswered as failed:
            self._roster_failed(now, failed, policy, tier)
            raise
        if (policy, tier) in self._silent:
            self._silent.remove((policy, tier))
            logger.info("roster answers again", extra={"policy": policy, "tier": tier})
        return names

    def _roster_failed(self, now: Now, failed: Unanswered, policy: str, tier: str) -> None:
        """Take note of it, in the log once until it answers again."""
        self.counts.roster_failures[failed.reason] += 1
        facts = {"policy": policy, "tier": tier, "reason": str(failed.reason), "why": str(failed)}
        is_news = (policy, tier) not in self._silent
        self._silent.add((policy, tier))
        logger.log(logging.ERROR if is_news else logging.DEBUG, "roster failed, its last answer stays", extra=facts)
        self._look_after(now, failed)

    def route_failed(self, now: Now, failed: Unanswered) -> None:
        """Take note that a route failed, loudly; whoever asked goes by the default."""
        self.counts.route_failures[failed.reason] += 1
        logger.error("route failed, the default holds", extra={"reason": str(failed.reason), "why": str(failed)})
        self._look_after(now, failed)

    def _look_after(self, now: Now, failed: Unanswered) -> None:
        """Have a child replaced that was late or has ended."""
        if now.child is not None and now.child is self.now.child and failed.reason in {Reason.LATE, Reason.AWAY}:
            self._wake_up(ENDED if now.child.has_ended else LATE)

    def _wake_up(self, why: str) -> None:
        self._why = why if self._why is None or why == ASKED else self._why
        self._wake.set()

    def _forget(self, *whys: str | None) -> None:
        """Let go of a reason that reading them has done with."""
        if self._why in whys:
            self._why = None
            self._wake.clear()

    async def _reason(self) -> str:
        """Wait until there is one to read them again."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.limits.watch_seconds):
                    await self._wake.wait()
            if (why := self._why) is not None:
                self._forget(why)
                return why
            if await asyncio.to_thread(Seen.now, self._entries, self._seen.contents) != self._seen:
                return CHANGED
            if self.counts.is_broken and self._is_worth_another_try:
                return AGAIN
            if not self.counts.is_broken and self._lacks_child():
                return ENDED

    def _lacks_child(self) -> bool:
        now = self.now
        return self._is_asked and now.loaded.is_asked and (now.child is None or now.child.has_ended)

    async def _reload(self, why: str) -> None:
        """Read them again; what does not load changes nothing."""
        if why in {LATE, ENDED}:
            await self._tell_of_child(why)
        if why in {LATE, ENDED, AGAIN}:
            await self._pause()
        try:
            await self._read()
            self.tell(why)
        except PolicyError as error:
            self.counts.failed_reloads += 1
            self.counts.is_broken = True
            self._is_worth_another_try = isinstance(error, NotLoaded) and error.is_passing
            self._tell_of_broken(why, error)
        self.counts.reloads += 1

    def _tell_of_broken(self, why: str, error: PolicyError) -> None:
        facts = {"reason": why, "problems": "; ".join(error.problems), "in_force": _named(self.now.loaded)}
        logger.error("policies do not load, those in force stay: mend the files", extra=facts)

    async def _tell_of_child(self, why: str) -> None:
        child = self.now.child
        place = "unknown" if child is None else await child.place_of_late()
        self.counts.restarts += 1
        logger.warning("the process that answers for the policies is replaced", extra={"reason": why, "place": place})

    async def _pause(self) -> None:
        """Wait before another child is started, the longer the oftener it was; the one that was late ends before."""
        if monotonic() - self._replaced_at >= self.limits.calm_seconds:
            self._pause_seconds = 0.0
        if self._pause_seconds and self._now is not None and self._now.child is not None:
            child, self._now = self._now.child, Now(loaded=self._now.loaded, child=None, policies=self)
            await child.end()
        if self._pause_seconds:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._pause_seconds):
                    await self._wake.wait()  # somebody who asks for it is not made to wait
            self._forget(ASKED)
        self._pause_seconds = min(max(1.0, 2 * self._pause_seconds), self.limits.longest_pause_seconds)
        self._replaced_at = monotonic()

    async def _read(self) -> None:
        """Read them, and put them in force."""
        seen = await asyncio.to_thread(Seen.now, self._entries, self._seen.contents)
        try:
            loaded, process = await _in_a_thread(self._entries, self.limits.load_seconds)
        except PolicyError as error:
            self._seen = seen.with_read(error.read if isinstance(error, NotLoaded) else {})
            raise
        keeps = self._is_asked and loaded.is_asked
        child = await Answering.of(process) if keeps else None
        if child is None:
            await asyncio.to_thread(process.end)
        before, self._now = self._now, Now(loaded=loaded, child=child, policies=self)
        self._seen = Seen(there=seen.there, contents=dict(loaded.read))
        self.counts.is_broken = False
        self.counts.loaded_at = time()
        if before is not None:
            self._forget(LATE, ENDED)  # that was the child before
            _tell_what_went(before.loaded, loaded)
            if before.child is not None:
                self._retire(before.child)

    def _retire(self, child: Answering) -> None:
        task = asyncio.create_task(child.retire(max(self.limits.route_seconds, self.limits.roster_seconds)))
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


async def _in_a_thread(entries: Sequence[str], seconds: float) -> tuple[Loaded, Process]:
    """Read them beside everything else; a child that nobody waits for any more is ended."""
    begun: list[Process] = []

    def read() -> tuple[Loaded, Process]:
        return load_and_keep(sources_of(entries), seconds=seconds, begun=begun.append)

    reading = asyncio.ensure_future(asyncio.to_thread(read))
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        reading.add_done_callback(_end)
        for process in begun:
            process.kill()  # so that the thread ends, and does not hold up the end of everything
        raise


def _end(reading: "asyncio.Future[tuple[Loaded, Process]]") -> None:
    if not reading.cancelled() and reading.exception() is None:
        reading.result()[1].end()


def _tell_what_went(before: Loaded, now: Loaded) -> None:
    """Say what callers and figures knew by a name that is no more. Tickets that run keep what they were promised."""
    gone = before.promised.policies.keys() - now.promised.policies.keys()
    renamed = {name: file for name, file in before.files.items() if name in gone}
    for name in now.promised.policies.keys() - before.promised.policies.keys():
        for old, file in renamed.items():
            if file == now.files[name]:
                logger.warning("policy renamed", extra={"file": file, "before": old, "policy": name})
    for queue in before.promised.queues.keys() - now.promised.queues.keys():
        logger.warning("queue gone, requests for it are refused", extra={"queue": queue})


def _named(loaded: Loaded) -> str:
    return ", ".join(f"{name}@{version}" for name, version in loaded.versions.items())
