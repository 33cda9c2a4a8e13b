"""The policies in force and the queues they serve. One file a policy; this is what developers edit."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from workflows.domain.errors import PolicyError
from workflows.domain.policy import Policy
from workflows.domain.policy_as_written import not_a_tuple, said
from workflows.domain.policy_problems import of_name
from workflows.policies.mistakes import told

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
    for name in _names(modules):
        try:
            module = import_module(name)
        except Exception as error:  # noqa: BLE001 - a policy is anybody's Python: whatever it raises is told, not thrown
            problems += told(name, error)
            continue
        if found := tuple(_problems_of(module)):
            problems += (f"{name}: {problem}" for problem in found)
            continue
        policy: Policy = module.policy
        its_queues: tuple[str, ...] = module.queues
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


def _names(modules: object) -> Iterator[str]:
    """Yield the names of the modules; `PolicyError` for the slips that a list of one is prone to."""
    if not isinstance(modules, tuple | list) or not modules:
        raise PolicyError(
            f"MODULES is {said(modules)}: write a tuple, ('workflows.policies.broadband',), with its comma"
        )
    if wrong := [name for name in modules if not isinstance(name, str) or not name or name.startswith(".")]:
        raise PolicyError(
            *(f"MODULES names {said(name)}: write a module, like 'workflows.policies.broadband'" for name in wrong)
        )
    yield from modules


def _problems_of(module: ModuleType) -> Iterator[str]:
    """Yield what the module lacks; what its policy lacks was found when that was built."""
    if not isinstance(getattr(module, "policy", None), Policy):
        yield "it has no `policy`: end the module with policy = Policy(…)"
    queues = getattr(module, "queues", None)
    if queues is None or queues == ():
        yield "it has no `queues`: name the desks it serves, like queues = ('home',)"
    elif not isinstance(queues, tuple):
        example = f"({queues!r},)" if isinstance(queues, str) else "('home',)"
        yield from not_a_tuple("queues", queues, example)
    else:
        for queue in queues:
            missing = "queues names one that is empty: give it a name"
            yield from of_name("a queue", queue, text="queue", missing=missing, example="home")
