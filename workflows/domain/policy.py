"""The policy table: what is promised to a customer and who keeps it. Frozen values, no callbacks (semantics 7.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from workflows.domain.calendar import Calendar
from workflows.domain.ticket.words import Audience, Target


def hours(number: float) -> timedelta:
    """A length of working time."""
    return timedelta(hours=number)


def minutes(number: float) -> timedelta:
    """A length of working time."""
    return timedelta(minutes=number)


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


DEFAULT_ON_BREACH: Mapping[Target, OnBreach] = {
    Target.ACKNOWLEDGE: OnBreach(escalate_every=1),
    Target.TIER_RESOLVE: OnBreach(escalate_every=1),
    Target.UPDATE: OnBreach(notify=(Audience.HANDLER, Audience.OWNER), escalate_every=2),
    Target.RESOLVE: OnBreach(notify=(Audience.LAST_RESORT,), escalate_every=1),
}
"""Semantics 4.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """A rung of the ladder."""

    name: str
    calendar: Calendar
    targets: Mapping[str, Targets]
    """By priority."""
    on_breach: Mapping[Target, OnBreach] = field(default_factory=dict)
    """What differs from the defaults of semantics 4.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An ordered ladder of tiers and what the customer is promised."""

    name: str
    calendar: Calendar
    """The customer's clocks and every other length count in it (2.6)."""
    resolve: Mapping[str, timedelta]
    """What the customer is promised, by priority. Its keys are the policy's priorities, most urgent first."""
    tiers: tuple[Tier, ...]
    lead: str
    last_resort: str
    remind_every: timedelta = hours(1)
    """How often the last resort is told again (4.4)."""
    customer_reminders: tuple[timedelta, ...] = (hours(9), hours(18))
    """Lengths from the question (6.6)."""
    give_up: timedelta = hours(36)
    """From the question; then it is resolved as `no_response` (6.6)."""
    sign_off: timedelta = hours(27)
    """Silence for so long after Resolve closes (6.8)."""
    reopen_window: timedelta = timedelta(days=14)
    """Wall-clock, from closing (2.6, 6.9)."""
    warn_at: tuple[float, ...] = (0.75,)
    """Fractions of every target at which a warning is sent (2.8)."""
    chases_to_escalate: int = 2
    """Every so many chases escalate (6.3)."""
