"""The years that dates are asked for, as somebody writes them."""

from collections.abc import Iterable
from reprlib import Repr

YEARS = range(1900, 2200)
"""Of the dates that a calendar takes."""

_quotes = Repr()
_quotes.maxstring = 60


def said(value: object) -> str:
    """Quote a value that somebody wrote, never a page long."""
    return _quotes.repr(value)


def read_years(years: object, problems: list[str]) -> tuple[int, ...]:
    """Return the years in order, each once; what is wrong with them is added to the problems."""
    if isinstance(years, str) or not isinstance(years, Iterable):
        problems.append(f"years are {said(years)}: write a list, like (2026, 2027)")
        return ()
    read = tuple(years)
    wrong = [year for year in read if not isinstance(year, int) or isinstance(year, bool) or year not in YEARS]
    problems.extend(f"year {said(year)} is none from {YEARS[0]} to {YEARS[-1]}: write it like 2026" for year in wrong)
    if not read:
        problems.append("years are empty: write those that dates are wanted for, like (2026, 2027)")
    return () if wrong else tuple(sorted(set(read)))
