"""What intake knows of policies: those of this moment, and where a request belongs that does not say."""

from typing import Protocol

from workflows.domain.routing import Request, Route
from workflows.policies import PolicySet


class Promises(Protocol):
    """What is promised at one moment: whoever works by it for the length of a call sees no reload half-way."""

    @property
    def promised(self) -> PolicySet:
        """The policies and their queues."""
        ...

    @property
    def has_default(self) -> bool:
        """Whether a request may leave its queue or priority open."""
        ...

    async def place(self, request: Request) -> Route:
        """Find queue and priority of a request that does. Never fails; gives mistaken names back as they are."""
        ...


class HoldsPolicies(Protocol):
    """Has what is promised, which may be read again at any time."""

    @property
    def now(self) -> Promises:
        """What is promised at this moment; taken once a call."""
        ...
