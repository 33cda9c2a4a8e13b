"""An amount of money in a currency's minor units, by ISO 4217. Knows the shape of a code, and no rates.

How many decimals a currency has is ISO's word, not what is shown of it in shops: an amount is neither more nor less.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from workflows.domain.errors import DomainError

MOST_MINOR = 10**9
"""A goodwill credit of more is a slip of the hand, whatever the currency."""

_CODE = re.compile("[A-Z]{3}")

_NONE = ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF")
_DECIMALS = {
    **dict.fromkeys((*_NONE, "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
    **dict.fromkeys(("CLF", "UYW"), 4),
}
"""Of those that have not two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """So much of a currency. What a policy writes; whether it makes sense there the policy says."""

    minor: int
    """In the currency's minor units: 500 of GBP are five pounds, 500 of JPY five hundred yen."""
    currency: str
    """ISO 4217 code, like `GBP`."""


def decimals(currency: str) -> int:
    """How many decimals the minor unit of a currency is: 2 of GBP, 0 of JPY."""
    return _DECIMALS.get(currency, 2)


def plainly(money: Money) -> str:
    """Say an amount in no language: `5.00 GBP`."""
    return f"{Decimal(money.minor).scaleb(-decimals(money.currency)):f} {money.currency}"


def require_money(minor: int, currency: str) -> None:
    """See that somebody could be given it; `DomainError` names the field, the value and the remedy."""
    if problems := money_problems(minor, currency):
        raise DomainError(*problems)


def money_problems(minor: object, currency: object) -> tuple[str, ...]:
    """What keeps an amount from being given, each a sentence of its own."""
    problems = []
    if not isinstance(minor, int) or isinstance(minor, bool):
        problems.append(f"minor is {minor!r}: write a whole number of minor units, like 500 for five pounds")
    elif not 0 < minor <= MOST_MINOR:
        problems.append(f"minor is {minor}: give more than nothing, and at most {MOST_MINOR} minor units")
    if not isinstance(currency, str) or not _CODE.fullmatch(currency):
        problems.append(f"currency is {currency!r}: write its ISO 4217 code, like 'GBP'")
    return tuple(problems)
