"""The policies in force and the queues they serve. One file a policy; this is what developers edit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from workflows.domain.errors import DomainError, PolicyError
from workflows.domain.policy import Policy

MODULES = ("workflows.policies.broadband",)
"""Each has a `policy` and its `queues`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """What may be promised here: everything outside it is refused."""

    policies: Mapping[str, Policy]
    """By name."""
    queues: Mapping[str, str]
    """Queue to policy name."""

    def of_queue(self, queue: str) -> Policy:
        """The policy a queue works by; `PolicyError` when there is no such queue."""
        if queue not in self.queues:
            raise PolicyError(f"unknown queue {queue!r}: use one of {sorted(self.queues)}")
        return self.policies[self.queues[queue]]


def load(modules: Iterable[str] = MODULES) -> PolicySet:
    """Import the policy modules; `PolicyError` names the module that does not load, and why, for all of them."""
    policies: dict[str, Policy] = {}
    queues: dict[str, str] = {}
    problems: list[str] = []
    for name in modules:
        try:
            policy, its_queues = _read(import_module(name))
        except DomainError as error:
            problems.extend(f"{name}: {problem}" for problem in error.problems)
            continue
        except Exception as error:  # noqa: BLE001 - a policy is anybody's Python: whatever it raises is told, not thrown
            problems.append(f"{name}: {type(error).__name__}: {error}")
            continue
        if policy.name in policies:
            problems.append(f"{name}: policy {policy.name!r} is declared twice: rename one")
        policies[policy.name] = policy
        for queue in its_queues:
            if queue in queues:
                problems.append(f"{name}: queue {queue!r} is served by {queues[queue]!r} already: name each queue once")
            queues[queue] = policy.name
    if problems:
        raise PolicyError(*problems)
    return PolicySet(policies=policies, queues=queues)


def _read(module: ModuleType) -> tuple[Policy, tuple[str, ...]]:
    policy, queues = getattr(module, "policy", None), getattr(module, "queues", None)
    if not isinstance(policy, Policy):
        raise PolicyError("it has no `policy`: end the module with policy = Policy(…)")
    if not isinstance(queues, tuple) or not queues or not all(isinstance(queue, str) and queue for queue in queues):
        raise PolicyError("it has no `queues`: name the desks it serves, like queues = ('home',)")
    return policy, queues
