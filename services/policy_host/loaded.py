"""What a child handed over: the policies of a set, and all that was declared beside them. Frozen, and no code in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from workflows.domain.policy_data import from_data
from workflows.domain.routing import Route
from workflows.planning.publication import Publication
from workflows.policies import PolicySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Policies that were read once."""

    promised: PolicySet
    published: Mapping[str, Publication]
    """By the name of the policy; those that publish nothing are not in it."""
    files: Mapping[str, str]
    """By the name of the policy: where it stands."""
    versions: Mapping[str, str]
    """By the name of the policy: the hash of its content."""
    has_route: bool
    default_route: Route | None
    """What a request gets that does not say, where there is no route or it fails."""
    rosters: frozenset[str]
    """Names of the policies that have one."""
    read: Mapping[str, str]
    """Every file that was read for it, libraries left out, and the hash of its content."""

    @classmethod
    def from_data(cls, data: Mapping[str, Any], read: Mapping[str, str]) -> Self:
        """Read what a child said."""
        told = [(from_data(each["data"], each["version"]), each) for each in data["policies"]]
        default = data["default_route"]
        return cls(
            promised=PolicySet(policies={policy.name: policy for policy, _ in told}, queues=data["queues"]),
            published={
                policy.name: Publication.from_data(each["published"]) for policy, each in told if each["published"]
            },
            files={policy.name: each["file"] for policy, each in told},
            versions={policy.name: each["version"] for policy, each in told},
            has_route=data["has_route"],
            default_route=Route(**default) if default else None,
            rosters=frozenset(policy.name for policy, each in told if each["has_roster"]),
            read=read,
        )

    @property
    def is_asked(self) -> bool:
        """Whether there is anything to ask a child for."""
        return self.has_route or bool(self.rosters)
