"""A policy as rows: everything that it promises, each promise with a name and a value in words.

Two policies with the same rows promise the same. Knows no layout: whoever shows the rows groups them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.money import Money, plainly
from workflows.domain.opening_hours import written
from workflows.domain.policy import AtRisk, OnBreach, Policy, Tier
from workflows.domain.ticket.words import Target
from workflows.planning.local_time import length_in_words, wall_clock_in_words

CUSTOMER = "customer"
"""The subject of what the customer is promised, whichever tier has the ticket."""
LADDER = "ladder"
"""The subject of what holds for the whole ladder."""


CLOSED_ON = "closed on"
SPECIAL_ON = "special hours on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One promise."""

    subject: str
    """`customer`, `ladder`, or a tier as `tier NAME`."""
    what: str
    of: str
    """A priority, a target or a date, where there is one value for each; else empty."""
    value: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What the row is about: no two rows of a table have the same."""
        return (self.subject, self.what, self.of)


def rows_of(policy: Policy) -> tuple[Row, ...]:
    """The whole table, in the order in which a person reads it."""
    return (*_customers(policy), *(row for tier in policy.tiers for row in _tiers(policy, tier)), *_ladders(policy))


def _customers(policy: Policy) -> Iterator[Row]:
    yield from _calendars(CUSTOMER, policy.calendar)
    for priority, length in policy.resolve.items():
        yield Row(subject=CUSTOMER, what="solved within", of=priority, value=length_in_words(length))
    lengths = {
        "reminded of a question after": ", ".join(map(length_in_words, policy.customer_reminders)) or "never",
        "given up on without an answer after": length_in_words(policy.give_up),
        "closed without a word after": length_in_words(policy.sign_off),
        "may have it reopened for": f"{wall_clock_in_words(policy.reopen_window)}, by the clock on the wall",
        "asking for news escalates": every(policy.chases_to_escalate),
        "asking to leave is": policy.leaving or "not taken",
        "given for a broken promise": _money(policy.credit_for_promise, none="nothing"),
        "given when not solved in time": _money(policy.credit_for_resolve, none="nothing"),
    }
    yield from (Row(subject=CUSTOMER, what=what, of="", value=value) for what, value in lengths.items())
    for target in Target:
        if target is Target.PROMISE:  # it runs on whatever the policy says (2.7)
            continue
        stands = "stands still" if target in policy.waiting_pauses else "runs on"
        yield Row(subject=CUSTOMER, what="while waited for", of=in_words(target), value=stands)


def _tiers(policy: Policy, tier: Tier) -> Iterator[Row]:
    subject = f"tier {tier.name}"
    yield from _calendars(subject, tier.calendar)
    columns = {
        "acknowledges within": {priority: tier.targets[priority].acknowledge for priority in policy.priorities},
        "updates the customer every": {priority: tier.targets[priority].update_every for priority in policy.priorities},
        "resolves within": {priority: tier.targets[priority].resolve for priority in policy.priorities},
    }
    for what, lengths in columns.items():
        for priority, length in lengths.items():
            yield Row(subject=subject, what=what, of=priority, value=length_in_words(length))
    for priority in policy.priorities:
        skipped = "skipped" if priority in tier.skip_when_closed else "entered"
        yield Row(subject=subject, what="when closed, a later one open", of=priority, value=skipped)
    for target in Target:
        yield Row(subject=subject, what="when missed", of=in_words(target), value=_follows(tier.on_breach[target]))


def _ladders(policy: Policy) -> Iterator[Row]:
    values = {
        "tiers": " → ".join(policy.tier_names),
        "priorities": ", ".join(policy.priorities),
        "warns when spent": ", ".join(f"{100 * fraction:.10g} %" for fraction in policy.warn_at) or "never",
        "lead": policy.lead,
        "last resort": policy.last_resort,
        "last resort is told again every": length_in_words(policy.remind_every),
        "credit by hand without the lead": _money(policy.credit_limit, none="none", prefix="up to "),
        "lead is told of ratings": _stars(policy.rating_tells_lead),
        "lead is told of a customer at risk": _at_risk(policy.at_risk),
    }
    yield from (Row(subject=LADDER, what=what, of="", value=value) for what, value in values.items())


def _money(money: Money | None, *, none: str, prefix: str = "") -> str:
    return none if money is None else f"{prefix}{plainly(money)}"


def _stars(most: int) -> str:
    if most == 0:
        return "never"
    return "of 1 star" if most == 1 else f"of {most} stars or fewer"


def _at_risk(at_risk: AtRisk | None) -> str:
    if at_risk is None:
        return "never"
    times = "the first time" if at_risk.number == 1 else f"{at_risk.number} times"
    return f"when something went wrong {times} within {wall_clock_in_words(at_risk.period)}"


def _calendars(subject: str, calendar: AnyCalendar) -> Iterator[Row]:
    yield Row(subject=subject, what="zone", of="", value=calendar.zone)
    yield Row(subject=subject, what="open", of="", value=calendar.plain_week)
    for number, desk in enumerate(calendar.desks, start=1):
        there = f" at desk {number}, {desk.zone}" if len(calendar.desks) > 1 else ""
        for day in desk.closed:
            yield Row(subject=subject, what=f"{CLOSED_ON}{there}", of=day.isoformat(), value="closed")
        for day, hours in desk.special:
            yield Row(subject=subject, what=f"{SPECIAL_ON}{there}", of=day.isoformat(), value=written(hours))


def is_date(row: Row) -> bool:
    """Whether the row is of a date that does not follow the week."""
    return row.what.startswith((CLOSED_ON, SPECIAL_ON))


def in_words(target: Target) -> str:
    """A target as a person says it: whose it is, and what."""
    return _TARGETS[target]


def every(number: int) -> str:
    """Which ones of a series: `each time`, `every second time`, `every 21st time`; 0 is none."""
    if number <= 1:
        return "each time" if number == 1 else "never"
    endings = {1: "st", 2: "nd", 3: "rd"}
    ending = "th" if number // 10 % 10 == 1 else endings.get(number % 10, "th")
    return f"every {_ORDINALS.get(number, f'{number}{ending}')} time"


_ORDINALS = {2: "second", 3: "third"}
_TARGETS = {
    Target.ACKNOWLEDGE: "acknowledge",
    Target.TIER_RESOLVE: "tier's resolve",
    Target.UPDATE: "update",
    Target.RESOLVE: "customer's resolve",
    Target.PROMISE: "promise",
}


def _follows(rule: OnBreach) -> str:
    told = " and ".join(audience.replace("_", " ") for audience in rule.notify)
    parts = [f"tells {told}"] if told else []
    if rule.escalate_every:
        parts.append(f"escalates {every(rule.escalate_every)}")
    return ", ".join(parts) or "nothing follows"
