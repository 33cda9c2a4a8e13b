"""What is wrong with what a policy says of ratings, credits, leaving and customers at risk (6.10, 6.13, 7.1)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from workflows.domain.money import Money, money_problems
from workflows.domain.policy_as_written import in_hours, items, listed, said
from workflows.domain.policy_rows import AtRisk
from workflows.domain.ticket.commands import MOST_STARS

if TYPE_CHECKING:
    from workflows.domain.policy import Policy

CREDITS = ("credit_for_promise", "credit_for_resolve", "credit_limit")
"""The fields that are amounts of money."""

LONGEST_PERIOD = timedelta(days=366)
"""Over which a customer's signals are counted: older ones are not kept."""

MOST_SIGNALS = 100
"""So many are looked at of one customer."""


def problems_of_endings(policy: "Policy") -> Iterator[str]:
    """Yield a sentence for each thing that could not be done as written."""
    stars: object = policy.rating_tells_lead
    if not isinstance(stars, int) or isinstance(stars, bool) or not 0 <= stars <= MOST_STARS:
        yield f"rating_tells_lead is {said(stars)}: write a whole number of stars up to {MOST_STARS}, or 0 for none"
    yield from _of_credits(policy)
    yield from _of_leaving(policy)
    yield from _of_at_risk(policy.at_risk)


def _of_credits(policy: "Policy") -> Iterator[str]:
    currencies: dict[str, str] = {}
    for field in CREDITS:
        money: object = getattr(policy, field)
        if money is None:
            continue
        if not isinstance(money, Money):
            yield f"{field} is {said(money)}: write Money(minor=500, currency='GBP')"
            continue
        problems = money_problems(money.minor, money.currency)
        yield from (f"{field}: {problem}" for problem in problems)
        if not problems:
            currencies.setdefault(money.currency, field)
    if len(currencies) > 1:
        named = ", ".join(f"{field} in {currency!r}" for currency, field in currencies.items())
        yield f"it has {named}: credits of one policy are of one currency, write all of them in it"


def _of_leaving(policy: "Policy") -> Iterator[str]:
    leaving: object = policy.leaving
    priorities = [priority for priority, _ in items(policy.resolve)]
    if leaving is not None and leaving not in priorities:
        yield f"leaving is {said(leaving)}: name one of the priorities {listed(priorities)}, or add its targets"


def _of_at_risk(at_risk: object) -> Iterator[str]:
    if at_risk is None:
        return
    if not isinstance(at_risk, AtRisk):
        yield f"at_risk is {said(at_risk)}: write AtRisk(period=timedelta(days=90), number=3), or None for never"
        return
    period: object = at_risk.period
    number: object = at_risk.number
    if not isinstance(period, timedelta):
        yield f"at_risk: period is {said(period)}: write timedelta(days=90), by the clock on the wall"
    elif not timedelta() < period <= LONGEST_PERIOD:
        yield f"at_risk: period is {in_hours(period)}: write more than nothing, and {LONGEST_PERIOD.days} days or less"
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST_SIGNALS:
        yield f"at_risk: number is {said(number)}: write a whole number of signals up to {MOST_SIGNALS}, like 3"
