"""Amounts as people type and read them. How many decimals a currency has, CLDR says; its rates, nobody here does."""

from decimal import Decimal, InvalidOperation

import click
from babel.numbers import get_currency_precision


def minor_units(amount: str, currency: str) -> int:
    """Read an amount like `7.50` of a currency in its smallest unit; `click.BadParameter` gives the remedy."""
    places = get_currency_precision(currency)
    try:
        minor = Decimal(amount).scaleb(places)
        whole = int(minor)
    except (InvalidOperation, ValueError, OverflowError):
        raise _no_amount(f"{amount!r} is no amount: write a number, like 5 or 7.50") from None
    if whole != minor:
        raise _no_amount(f"{amount!r} is finer than {currency} can be paid in: give at most {places} decimals")
    return whole


def amount(minor: int, currency: str) -> str:
    """Say an amount, like `7.50 EUR`."""
    return f"{Decimal(minor).scaleb(-get_currency_precision(currency)):f} {currency}"


def _no_amount(text: str) -> click.BadParameter:
    return click.BadParameter(text, param_hint="AMOUNT")
