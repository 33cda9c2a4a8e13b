"""The policy table: what is promised to a customer and who keeps it. Frozen values, no callbacks (semantics 7.1)."""

from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from datetime import timedelta

from workflows.domain.calendar import Calendar
from workflows.domain.errors import CalendarError, DomainError, PolicyError
from workflows.domain.ticket.words import Audience, Target
from workflows.domain.working_time import check_horizon


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

DEFAULT_WAITING_PAUSES = (Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE)
"""What stands still while the customer is waited for (2.7)."""


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
    waiting_pauses: tuple[Target, ...] = DEFAULT_WAITING_PAUSES
    """The clocks that stand still while the customer is waited for (2.7)."""
    memo: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What is worked out once from the frozen content: the version that is its hash."""
    is_snapshot: InitVar[bool] = False
    """Read back from the record: it was validated when it was built, and no later rule may refuse it (7.2)."""

    def __post_init__(self, is_snapshot: bool) -> None:
        if is_snapshot:
            return
        if problems := tuple(f"policy {self.name!r}: {problem}" for problem in _problems(self)):
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
        return self.tier(tier).on_breach.get(target, DEFAULT_ON_BREACH[target])


def _problems(policy: Policy) -> Iterator[str]:
    if not policy.name:
        yield "it has no name: give it one, like 'broadband'"
    if not policy.tiers:
        yield "it has no tiers: a ladder needs at least one"
    if not policy.resolve:
        yield "it promises no resolve target: give one for each priority, most urgent first"
    if not policy.lead:
        yield "it names no lead: somebody must hear of a broken promise"
    if not policy.last_resort:
        yield "it names no last resort: somebody must hear when the ladder has ended"
    names = [tier.name for tier in policy.tiers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"tier {name!r} stands {names.count(name)} times: name each rung once"
    if "" in names:
        yield "a tier has no name: give each rung one, like 'agent'"
    if policy.last_resort and policy.last_resort in names:
        yield f"last_resort {policy.last_resort!r} is a tier's name too: whoever acknowledges must say for whom (4.4)"
    yield from _problems_of_lengths(policy)
    for tier in policy.tiers:
        yield from (f"tier {tier.name!r} {problem}" for problem in _problems_of_tier(policy, tier))


def _problems_of_lengths(policy: Policy) -> Iterator[str]:
    yield from (
        f"warns at {fraction!r} of a target: a fraction lies between 0 and 1, like 0.75"
        for fraction in policy.warn_at
        if not 0 < fraction < 1
    )
    if list(policy.warn_at) != sorted(set(policy.warn_at)):
        yield f"warns at {policy.warn_at}: name each fraction once, the smallest first"
    lengths = {
        "remind_every": policy.remind_every,
        "give_up": policy.give_up,
        "sign_off": policy.sign_off,
        **{f"resolve for priority {priority!r}": length for priority, length in policy.resolve.items()},
    }
    for name, length in lengths.items():
        yield from _problems_of_length(name, length, policy.calendar)
    if list(policy.wait_steps) != sorted(set(policy.wait_steps)) or policy.wait_steps[0] <= timedelta():
        yield "customer_reminders and give_up are lengths from the question: each must be longer than the one before"
    if policy.reopen_window < timedelta():
        yield f"reopen_window is {policy.reopen_window}: it cannot be negative"
    if policy.chases_to_escalate < 1:
        yield f"chases_to_escalate is {policy.chases_to_escalate}: it must be 1 or more"


def _problems_of_tier(policy: Policy, tier: Tier) -> Iterator[str]:
    if missing := [priority for priority in policy.resolve if priority not in tier.targets]:
        yield f"has no targets for {missing}: add a row for each priority of the policy"
    if unknown := [priority for priority in tier.targets if priority not in policy.resolve]:
        yield f"has targets for {unknown}, which the policy does not promise: use {list(policy.resolve)}"
    for target, rule in tier.on_breach.items():
        if rule.escalate_every < 0:
            yield f"escalates every {rule.escalate_every} breaches of {target.value!r}: use 0 for never, 1 for each"
        elif rule.escalate_every > 1 and target is not Target.UPDATE:
            yield f"escalates every {rule.escalate_every} breaches of {target.value!r}, which breaches once: use 0 or 1"
    for priority, targets in tier.targets.items():
        where = f"for priority {priority!r}:"
        yield from _problems_of_length(f"{where} acknowledge", targets.acknowledge, tier.calendar)
        yield from _problems_of_length(f"{where} resolve", targets.resolve, tier.calendar)
        yield from _problems_of_length(f"{where} update_every", targets.update_every, policy.calendar)
        if priority in policy.resolve and targets.update_every >= policy.resolve[priority]:
            yield (
                f"{where} update_every is {targets.update_every}, not shorter than the customer's resolve target "
                f"{policy.resolve[priority]}: the customer would hear nothing before it is over"
            )


def _problems_of_length(name: str, length: timedelta, calendar: Calendar) -> Iterator[str]:
    if length <= timedelta():
        yield f"{name} is {length}: a target is longer than nothing"
        return
    try:
        check_horizon(calendar, length)
    except CalendarError as error:
        yield f"{name}: {error}"
