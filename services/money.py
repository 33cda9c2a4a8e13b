"""Amounts as the desk types and reads them, like `7.50 EUR`. How many decimals a currency has, CLDR says.

Refuses to know rates, and how a customer's language writes them: that is `words`.
"""

from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_precision


class NoAmount(ValueError):  # noqa: N818 - the fact, in the desk's words
    """A text that is no amount of that currency: its text says why, and the remedy."""


def minor_units(amount: str, currency: str) -> int:
    """Read an amount like `7.50` in the currency's smallest unit. Raises `NoAmount`."""
    places = get_currency_precision(currency)
    try:
        minor = Decimal(amount).scaleb(places)
        whole = int(minor)
    except (InvalidOperation, ValueError, OverflowError):
        raise NoAmount(f"{amount!r} is no amount: write a number, like 5 or 7.50") from None
    if whole != minor:
        raise NoAmount(f"{amount!r} is finer than {currency} is paid in: give at most {places} decimals")
    return whole


def in_words(minor: int, currency: str) -> str:
    """Say so many of the currency's smallest units."""
    return f"{Decimal(minor).scaleb(-get_currency_precision(currency)):f} {currency}"
