"""Public holidays by country and region, from the `holidays` library, as dates and names that `Calendar` takes.

Which days those are is the library's knowledge, and the locked version's: an upgrade that knows better gives the policy
another version, which new tickets carry. The machine's language never matters.
"""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from holidays import HolidayBase, country_holidays
from holidays.registry import COUNTRIES

from workflows.closed_dates.years import read_years, said
from workflows.domain.errors import CalendarError

_NAMES = {codes[1]: name.replace("_", " ") for name, codes in COUNTRIES.items()}
"""By the code that a country is written with: two letters of ISO 3166-1."""
_OTHERWISE = {other: codes[1] for codes in COUNTRIES.values() for other in codes[2:]}
"""What else a country is known by, like GBR and UK, and its code."""


def public_holidays(
    region: str,
    *,
    years: Iterable[int],
    categories: Iterable[str] = ("public",),
    observed: bool = True,
    language: str | None = None,
) -> dict[str, str]:
    """Return the holidays of a country ('DE') or of one of its regions ('GB-ENG'): date to name, in order of dates.

    Codes are those of ISO 3166. A country alone gives what is kept in all of it. `categories` widen it where a country
    has more kinds, like 'bank', 'government' or 'optional'. A day kept on another date because it falls on a week-end
    counts on both; `observed=False` leaves the other date out. Names are in the country's own language, or in one that
    the library has for it, like 'en_US'. Raises CalendarError for what is not known, and tells what is near.
    """
    problems: list[str] = []
    wanted = read_years(years, problems)
    known = _known(region, problems)
    kinds = _kinds(known, categories, problems)
    if known is not None:
        problems += _problems_of_years(known, wanted)
        problems += _problems_of_language(known, language)
    if problems or known is None:
        raise CalendarError(*(f"public holidays of {said(region)}: {problem}" for problem in problems))
    country, _, subdivision = region.partition("-")
    found = country_holidays(
        country,
        subdiv=subdivision or None,
        years=wanted,
        expand=False,
        observed=observed,
        # Always one that it has: of none, and of one that it has not, the library would ask the environment.
        language=language or known.default_language,
        categories=kinds,
    )
    return {day.isoformat(): name for day, name in sorted(found.items()) if day.year in wanted}


def _known(region: object, problems: list[str]) -> HolidayBase | None:
    """Return what the library knows of the country, if there is such a region."""
    if not isinstance(region, str):
        problems.append("the region is no text: write 'GB-ENG', or 'DE' for what is kept in all of a country")
        return None
    country, dash, subdivision = region.partition("-")
    if country not in _NAMES:
        problems.append(f"unknown country {said(country)}: {_nearest_country(country)}")
        return None
    known = country_holidays(country)
    if dash and subdivision not in known.subdivisions:
        problems.append(f"{country} has no region {said(subdivision)}: {_nearest_region(known, subdivision)}")
        return None
    return known


def _nearest_country(written: str) -> str:
    code = written.upper()
    if code in _NAMES or code in _OTHERWISE:
        return f"did you mean {_OTHERWISE.get(code, code)!r}?"
    by_name = {name: code for code, name in _NAMES.items()}
    near = [by_name[name] for name in get_close_matches(written.lower(), by_name, n=2)]
    near = near or get_close_matches(code, sorted(_NAMES), n=3, cutoff=0.5)
    said_by_name = " or ".join(f"{code!r} ({_NAMES[code]})" for code in near)
    return f"did you mean {said_by_name}?" if near else "write an ISO 3166 code, like 'GB' or 'GB-ENG'"


def _nearest_region(known: HolidayBase, written: str) -> str:
    if not known.subdivisions:
        return f"write {known.country!r} alone, its holidays are those of all of it"
    spoken = {name.lower(): code for name, code in known.subdivisions_aliases.items()}
    spoken |= {code.lower(): code for code in known.subdivisions}
    near = dict.fromkeys(spoken[name] for name in get_close_matches(written.lower(), spoken, n=2, cutoff=0.5))
    if near:
        return f"did you mean {' or '.join(repr(f'{known.country}-{code}') for code in near)}?"
    return f"use one of {', '.join(known.subdivisions)}"


def _kinds(known: HolidayBase | None, categories: object, problems: list[str]) -> tuple[str, ...]:
    if isinstance(categories, str) or not isinstance(categories, Iterable):
        problems.append(f"categories are {said(categories)}: write a list, ('public',)")
        return ()
    kinds = tuple(categories)
    if not kinds:
        problems.append("categories are empty: write ('public',), or leave them out")
    if known is not None and (wrong := [kind for kind in kinds if kind not in known.supported_categories]):
        names = ", ".join(known.supported_categories)
        problems.append(f"unknown category {', '.join(map(said, wrong))}: use one of {names}")
    return kinds


def _problems_of_years(known: HolidayBase, years: Iterable[int]) -> Iterator[str]:
    first, last = known.start_year, known.end_year
    if unknown := [year for year in years if not first <= year <= last]:
        yield f"nothing is known of {', '.join(map(str, unknown))}: ask for years from {first} to {last}"


def _problems_of_language(known: HolidayBase, language: object) -> Iterator[str]:
    if language is not None and language not in known.supported_languages:
        others = ", ".join(known.supported_languages)
        yield f"no names in language {said(language)}: " + (f"use one of {others}" if others else "leave it out")
