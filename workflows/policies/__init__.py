"""The policies in force and the queues they serve. One file a policy; this is what developers edit."""

from collections.abc import Iterable, Iterator
from importlib import import_module

from workflows.domain.errors import PolicyError
from workflows.domain.policy_as_written import said
from workflows.policies.declared import Declared, PolicySet, declared_in, together
from workflows.policies.mistakes import told

__all__ = ["MODULES", "PolicySet", "load"]

MODULES = (
    "workflows.policies.broadband",
    "workflows.policies.craft_shop",
    "workflows.policies.software_vendor",
    "workflows.policies.routing",
)
"""Each has a `policy` and its `queues`; one has the `route` of them all."""


def load(modules: Iterable[str] = MODULES) -> PolicySet:
    """Import the policy modules here; `PolicyError` names the module that does not load, and why, for all of them.

    For those that ship, and for tests. What a user names is imported elsewhere: `services.policy_host`.
    """
    declared: list[Declared] = []
    problems: list[str] = []
    for name in _names(modules):
        try:
            module = import_module(name)
        except Exception as error:  # noqa: BLE001 - a policy is anybody's Python: whatever it raises is told, not thrown
            problems += told(name, error)
            continue
        try:
            declared.append(declared_in(module, name))
        except PolicyError as error:
            problems += error.problems
    if problems:
        raise PolicyError(*problems)
    return together(declared).promised


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
