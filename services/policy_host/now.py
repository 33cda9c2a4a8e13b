"""What holds at one moment: the policies, and the child that answers for them. Knows no file, and reads nothing.

Refuses to lose a request: whatever the users' route does, there is an answer.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.policy_host.asking import Answering, Reason, Unanswered
from services.policy_host.loaded import Loaded
from services.policy_host.loading import LOAD_SECONDS
from services.policy_host.placing import by_default, is_mistaken, placed
from workflows.domain.routing import Request, Route
from workflows.policies import PolicySet


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


class Holds(Protocol):
    """Who holds the policies of this process, and counts and tells what fails."""

    @property
    def limits(self) -> Limits:
        """How long anything may take."""
        ...

    @property
    def counts(self) -> Counts:
        """What happened until now."""
        ...

    def route_failed(self, now: "Now", failed: Unanswered) -> None:
        """Take note that a route failed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """What holds at one moment. Whoever works by it for the length of a call sees no reload half-way."""

    loaded: Loaded
    child: Answering | None
    """None: nothing is asked of one, or it is being started again."""
    policies: Holds

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
