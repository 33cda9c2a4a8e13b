"""The policy table: what is promised to a customer and who keeps it. Frozen values, no callbacks (semantics 7.1)."""

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import timedelta

from workflows.domain.errors import DomainError, PolicyError
from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.money import Money
from workflows.domain.policy_as_written import said
from workflows.domain.policy_problems import problems_of
from workflows.domain.policy_rows import DEFAULT_AT_RISK, AtRisk, OnBreach, Targets, Tier, freeze
from workflows.domain.ticket.words import Target

__all__ = [
    "DEFAULT_WAITING_PAUSES",
    "AtRisk",
    "Money",
    "OnBreach",
    "Policy",
    "Targets",
    "Tier",
    "hours",
    "minutes",
]


def hours(number: float) -> timedelta:
    """A length of working time."""
    try:
        return timedelta(hours=number)
    except (TypeError, ValueError, OverflowError):
        raise PolicyError(f"hours are {said(number)}: write a number, like hours(8)") from None


def minutes(number: float) -> timedelta:
    """A length of working time."""
    try:
        return timedelta(minutes=number)
    except (TypeError, ValueError, OverflowError):
        raise PolicyError(f"minutes are {said(number)}: write a number, like minutes(15)") from None


DEFAULT_WAITING_PAUSES = (Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE)
"""What stands still while the customer is waited for (2.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """An ordered ladder of tiers and what the customer is promised."""

    name: str
    calendar: AnyCalendar
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
    waiting_pauses: tuple[Target, ...] = DEFAULT_WAITING_PAUSES
    """The clocks that stand still while the customer is waited for (2.7)."""
    rating_tells_lead: int = 2
    """A rating of so many stars or fewer tells the lead; 0 for none (6.10)."""
    credit_for_promise: Money | None = None
    """What a person's broken promise earns the customer, unasked (6.13)."""
    credit_for_resolve: Money | None = None
    """What the customer's broken resolve earns them, unasked, once a ticket (6.13)."""
    credit_limit: Money | None = None
    """What may be offered by hand on one ticket; of more the lead decides, and of everything where there is none."""
    leaving: str | None = None
    """The priority whose targets a request to leave has; none: such requests are not taken."""
    at_risk: AtRisk | None = DEFAULT_AT_RISK
    """When the lead is told that a customer may leave; none: never."""
    memo: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What is worked out once from the frozen content: the version that is its hash."""
    is_snapshot: InitVar[bool] = False
    """Read back from the record: it was validated when it was built, and no later rule may refuse it (7.2)."""

    def __post_init__(self, is_snapshot: bool) -> None:
        freeze(self, "resolve")
        if is_snapshot:
            return
        if problems := tuple(f"policy {said(self.name)}: {problem}" for problem in problems_of(self)):
            raise PolicyError(*problems)

    @property
    def priorities(self) -> tuple[str, ...]:
        """Most urgent first."""
        return tuple(self.resolve)

    @property
    def first_tier(self) -> Tier:
        """Where every ticket enters."""
        return self.tiers[0]

    @property
    def wait_steps(self) -> tuple[timedelta, ...]:
        """Lengths from the question: each reminder, then giving up."""
        return (*self.customer_reminders, self.give_up)

    def tier(self, name: str) -> Tier:
        """The rung of that name; `DomainError` when there is none."""
        return self.tiers[self.rung(name)]

    def rung(self, name: str) -> int:
        """How far up the ladder, from 0; `DomainError` when there is no such tier."""
        for rung, tier in enumerate(self.tiers):
            if tier.name == name:
                return rung
        raise DomainError(f"policy {self.name!r} has no tier {name!r}: name one of {self.tier_names}")

    @property
    def tier_names(self) -> tuple[str, ...]:
        """The ladder, bottom up."""
        return tuple(tier.name for tier in self.tiers)

    def next_tier(self, name: str) -> Tier | None:
        """One rung up; none at the end of the ladder."""
        above = self.rung(name) + 1
        return self.tiers[above] if above < len(self.tiers) else None

    def on_breach(self, tier: str, target: Target) -> OnBreach:
        """What follows when this target is breached while this tier has the ticket (4.2)."""
        return self.tier(tier).on_breach[target]
