"""Amounts of money: minor units by ISO 4217, typed and read by the desk, told to a customer, never another amount."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.money import NoAmount, in_words, minor_units
from workflows.domain.money import MOST_MINOR, Money, money_problems, plainly

currencies = st.from_regex("[A-Z]{3}", fullmatch=True)


@pytest.mark.parametrize(
    ("minor", "currency", "said"),
    [
        (500, "GBP", "5.00 GBP"),
        (5, "EUR", "0.05 EUR"),
        (500, "JPY", "500 JPY"),
        (500, "KWD", "0.500 KWD"),
        (50_000, "RSD", "500.00 RSD"),  # of which shops show no decimals
        (1_500, "IQD", "1.500 IQD"),
    ],
)
def test_an_amount_has_the_decimals_that_iso_4217_gives_its_currency(minor: int, currency: str, said: str) -> None:
    """6.13: a customer is never offered a hundred times what was meant."""
    assert plainly(Money(minor=minor, currency=currency)) == said


@given(minor=st.integers(1, MOST_MINOR), currency=currencies)
def test_what_the_desk_reads_it_can_type(minor: int, currency: str) -> None:
    """The same amount, there and back."""
    amount, _, code = in_words(minor, currency).partition(" ")
    assert (minor_units(amount, code), code) == (minor, currency)
    assert money_problems(minor, currency) == ()


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        ("five", "GBP", "'five' is no amount: write a number, like 5 or 7.50"),
        ("1e99", "GBP", "'1e99' is no amount"),
        ("NaN", "GBP", "'NaN' is no amount"),
        ("7.505", "GBP", "'7.505' is finer than GBP is paid in: give at most 2 decimals"),
        ("7.5", "JPY", "'7.5' is finer than JPY is paid in: give at most 0 decimals"),
    ],
)
def test_what_is_no_amount_is_told_with_the_remedy(amount: str, currency: str, why: str) -> None:
    """Nothing is rounded: a customer is paid what was typed, or nobody is asked."""
    with pytest.raises(NoAmount, match=why):
        minor_units(amount, currency)
