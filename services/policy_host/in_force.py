"""The policies that hold in this process: read when it starts, and again when their files change or somebody asks.

What does not load changes nothing: the set in force stays, and the log and a metric say so. A child that is late or has
ended is replaced by a new one, which is a reload like any other.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import datetime
from time import monotonic, time

from services.policy_host.asking import Answering, Reason, Unanswered
from services.policy_host.loaded import Loaded
from services.policy_host.loading import NotLoaded, Process, load_and_keep
from services.policy_host.now import Counts, Limits, Now
from services.policy_host.sources import sources_of
from services.policy_host.watching import Seen
from workflows.domain.errors import PolicyError

logger = logging.getLogger(__name__)

START, ASKED, CHANGED, LATE, ENDED, AGAIN = "start", "asked", "changed", "late", "ended", "again"
"""Why the policies are read."""


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
        self._changing: Seen | None = None
        self._why: str | None = None
        self._wake = asyncio.Event()
        self._replaced_at = -self.limits.calm_seconds
        self._pause_seconds = 0.0
        self._retiring: dict[asyncio.Task[None], Answering] = {}
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
        holding = () if self._now is None or self._now.child is None else (self._now.child,)
        await asyncio.gather(*(child.end() for child in (*holding, *self._retiring.values())))
        await asyncio.gather(*self._retiring)

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
            if await self._has_changed():
                return CHANGED
            if self.counts.is_broken and self._is_worth_another_try:
                return AGAIN
            if not self.counts.is_broken and self._lacks_child():
                return ENDED

    async def _has_changed(self) -> bool:
        """Whether the files are others than were read, and the same as at the look before: nobody is writing them."""
        before, self._changing = self._changing, None
        seen = await asyncio.to_thread(Seen.now, self._entries, self._seen.contents)
        if seen == self._seen:
            return False
        self._changing = seen
        return seen == before

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
        self._retiring[task] = child
        task.add_done_callback(self._retiring.pop)


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
