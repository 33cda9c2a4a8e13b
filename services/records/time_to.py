"""How long clock runs took, as the promise measures it: in open time of the clock's own calendar, pauses left out.

A run that was breached is longer than any promise: what came of it later is not its clock's to say.
"""

from bisect import bisect_left
from datetime import timedelta

from workflows.domain.policy import Policy
from workflows.domain.ticket.clocks import length_of
from workflows.domain.ticket.words import Target

BEYOND = "+Inf"
"""The bucket above every bound."""


def bounds(policy: Policy, target: Target) -> tuple[timedelta, ...]:
    """Upper bounds of the buckets, ascending: every length that a policy promises for this target, to anybody."""
    promised = {
        length_of(policy, target, tier, priority) for tier in policy.tier_names for priority in policy.priorities
    }
    return tuple(sorted(promised))


def bucket(policy: Policy, target: Target, took: timedelta) -> str:
    """The bucket of a run that took so long: the least bound that it does not exceed, as `written`."""
    bounds_ = bounds(policy, target)
    place = bisect_left(bounds_, took)
    return written(bounds_[place]) if place < len(bounds_) else BEYOND


def written(bound: timedelta) -> str:
    """A bound as the label `le` has it: in seconds."""
    return str(bound.total_seconds())
