"""The rows of a policy's table: a tier, its targets, what follows a breach. Values only; the policy checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from workflows.domain.calendar import Calendar
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A rung of the ladder."""

    name: str
    calendar: Calendar
    targets: Mapping[str, Targets]
    """By priority."""
    on_breach: Mapping[Target, OnBreach] = field(default_factory=dict)
    """What differs from the defaults of semantics 4.2."""
    skip_when_closed: tuple[str, ...] = ()
    """Priorities for which this tier is skipped while it is closed and a later one is open (4.5). Never the last."""
