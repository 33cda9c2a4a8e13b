"""Amounts as the desk types and reads them, like `7.50 EUR`. How many decimals a currency has, ISO 4217 says.

Refuses to know rates, and how a customer's language writes them: that is `words`.
"""

from decimal import Decimal

from workflows.domain.money import Money, decimals, plainly
from workflows.domain.ticket.texts import quoted

LONGEST = 18
"""Digits of an amount, in its smallest unit: more than the contract has room for is no amount."""


class NoAmount(ValueError):  # noqa: N818 - the fact, in the desk's words
    """A text that is no amount of that currency: its text says why, and the remedy."""


def minor_units(amount: str, currency: str) -> int:
    """Read an amount like `7.50` in the currency's smallest unit. Raises `NoAmount`."""
    places = decimals(currency)
    try:
        minor = Decimal(amount).scaleb(places)
    except ArithmeticError:
        raise _no_amount(amount) from None
    if not minor.is_finite() or minor.adjusted() >= LONGEST:
        raise _no_amount(amount)
    if minor != int(minor):
        raise NoAmount(f"{quoted(amount)} is finer than {currency} is paid in: give at most {places} decimals")
    return int(minor)


def in_words(minor: int, currency: str) -> str:
    """Say so many of the currency's smallest units."""
    return plainly(Money(minor=minor, currency=currency))


def _no_amount(amount: str) -> NoAmount:
    return NoAmount(f"{quoted(amount)} is no amount: write a number, like 5 or 7.50")
