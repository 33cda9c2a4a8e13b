"""The rows of a policy's table: a tier, its targets, what follows a breach. Values only; the policy checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.ticket.words import Audience, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """One row of a tier's table: working time allowed, for one priority."""

    acknowledge: timedelta
    update_every: timedelta
    """The customer's, while this tier has the ticket; counts in the policy's calendar (2.2)."""
    resolve: timedelta
    """The tier's own (2.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBreach:
    """What follows a breach (4.2)."""

    notify: tuple[Audience, ...] = ()
    escalate_every: int = 0
    """0: never; 1: each breach; 2: every second one, and so on."""


DEFAULT_ON_BREACH: Mapping[Target, OnBreach] = MappingProxyType(
    {
        Target.ACKNOWLEDGE: OnBreach(escalate_every=1),
        Target.TIER_RESOLVE: OnBreach(escalate_every=1),
        Target.UPDATE: OnBreach(notify=(Audience.HANDLER, Audience.OWNER), escalate_every=2),
        Target.RESOLVE: OnBreach(notify=(Audience.LAST_RESORT,), escalate_every=1),
        Target.PROMISE: OnBreach(notify=(Audience.OWNER, Audience.LEAD)),
    }
)
"""Semantics 4.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A rung of the ladder."""

    name: str
    calendar: AnyCalendar
    targets: Mapping[str, Targets]
    """By priority."""
    on_breach: Mapping[Target, OnBreach] = field(default_factory=dict)
    """What is written differs from the defaults of semantics 4.2; those stand here too once the tier is built."""
    skip_when_closed: tuple[str, ...] = ()
    """Priorities for which this tier is skipped while it is closed and a later one is open (4.5). Never the last."""

    def __post_init__(self) -> None:
        freeze(self, "targets")
        freeze(self, "on_breach", DEFAULT_ON_BREACH)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk:
    """When the lead is told that a customer may leave: so many signals within a period, once in each."""

    period: timedelta = timedelta(days=90)
    """Wall-clock, back from the latest signal."""
    number: int = 3
    """Of a person's promises broken, chases and low ratings, together, over all of the customer's tickets."""


DEFAULT_AT_RISK = AtRisk()


def freeze(value: object, table: str, defaults: Mapping[Target, OnBreach] = MappingProxyType({})) -> None:
    """Put a copy that nobody can change in the place of a frozen value's table, with the defaults that it lacks.

    What is no table is left as it is: the policy tells of it.
    """
    written: object = getattr(value, table)
    if isinstance(written, Mapping):
        lacking = {key: default for key, default in defaults.items() if key not in written}
        object.__setattr__(value, table, MappingProxyType({**written, **lacking}))
