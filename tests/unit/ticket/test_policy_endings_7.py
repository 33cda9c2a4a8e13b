"""Semantics 7.1: credits, leaving and customers at risk in a policy, and how it is told what cannot be promised."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.policies import LINES, tiny
from workflows.domain.errors import PolicyError
from workflows.domain.policy import AtRisk, Money, Policy
from workflows.domain.policy_data import from_data, to_data, version_of

FIVE = Money(minor=500, currency="GBP")
STARS = "write a whole number of stars up to 5, or 0 for none"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"rating_tells_lead": 6}, f"rating_tells_lead is 6: {STARS}"),
        ({"rating_tells_lead": -1}, f"rating_tells_lead is -1: {STARS}"),
        ({"rating_tells_lead": True}, f"rating_tells_lead is True: {STARS}"),
        ({"rating_tells_lead": "2"}, f"rating_tells_lead is '2': {STARS}"),
        ({"credit_for_promise": 5}, "credit_for_promise is 5: write Money(minor=500, currency='GBP')"),
        (
            {"credit_for_promise": Money(minor=0, currency="GBP")},
            "credit_for_promise: minor is 0: give more than nothing, and at most 1000000000 minor units",
        ),
        (
            {"credit_for_resolve": Money(minor=5.0, currency="GBP")},  # type: ignore[arg-type]  # the mistake
            "credit_for_resolve: minor is 5.0: write a whole number of minor units, like 500 for five pounds",
        ),
        (
            {"credit_limit": Money(minor=500, currency="pounds")},
            "credit_limit: currency is 'pounds': write its ISO 4217 code, like 'GBP'",
        ),
        (
            {"credit_for_promise": FIVE, "credit_limit": Money(minor=500, currency="EUR")},
            (
                "it has credit_for_promise in 'GBP', credit_limit in 'EUR': credits of one policy are of one currency, "
                "write all of them in it"
            ),
        ),
        (
            {"leaving": "high"},
            "leaving is 'high': name one of the priorities ['normal'], or add its targets",
        ),
        ({"leaving": 7}, "leaving is 7: name one of the priorities ['normal'], or add its targets"),
        (
            {"at_risk": 3},
            "at_risk is 3: write AtRisk(period=timedelta(days=90), number=3), or None for never",
        ),
        (
            {"at_risk": AtRisk(period=timedelta())},
            "at_risk: period is 0 h: write more than nothing, and 366 days or less",
        ),
        (
            {"at_risk": AtRisk(period=timedelta(days=367))},
            "at_risk: period is 8808 h: write more than nothing, and 366 days or less",
        ),
        (
            {"at_risk": AtRisk(period="90 days")},  # type: ignore[arg-type]  # the mistake
            "at_risk: period is '90 days': write timedelta(days=90), by the clock on the wall",
        ),
        (
            {"at_risk": AtRisk(number=0)},
            "at_risk: number is 0: write a whole number of signals up to 100, like 3",
        ),
        (
            {"at_risk": AtRisk(number=101)},
            "at_risk: number is 101: write a whole number of signals up to 100, like 3",
        ),
    ],
)
def test_what_cannot_be_promised_is_told_with_policy_field_value_and_remedy(
    changes: dict[str, object], problem: str
) -> None:
    """7.1: an error names the policy, the field, the value, and what to write."""
    with pytest.raises(PolicyError) as refused:
        tiny(**changes)
    assert refused.value.problems == (f"policy 'tiny': {problem}",)


GENEROUS = replace(
    LINES,
    rating_tells_lead=3,
    credit_for_promise=FIVE,
    credit_for_resolve=Money(minor=1500, currency="GBP"),
    credit_limit=Money(minor=2000, currency="GBP"),
    leaving="urgent",
    at_risk=AtRisk(period=timedelta(days=30), number=2),
)


@pytest.mark.parametrize("policy", [LINES, GENEROUS, replace(LINES, at_risk=None), replace(GENEROUS, at_risk=None)])
def test_a_policy_comes_back_from_its_data_as_it_was(policy: Policy) -> None:
    """7.2: a snapshot holds all of it."""
    found = from_data(to_data(policy))
    assert found == policy
    assert version_of(found) == version_of(policy)


def test_a_policy_that_says_nothing_of_them_is_the_version_that_it_always_was() -> None:
    """7.2: a release that knows of credits gives no table another version; what is said of them gives one."""
    said = {"rating_tells_lead", "credit_for_promise", "credit_for_resolve", "credit_limit", "leaving", "at_risk"}
    assert not said & set(to_data(LINES))
    assert said <= set(to_data(GENEROUS))
    assert len({version_of(each) for each in (LINES, GENEROUS, replace(LINES, at_risk=None))}) == 3
