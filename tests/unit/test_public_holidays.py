"""Public holidays by country and region, as the dates that a calendar takes (rule 3.1)."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workflows.closed_dates.public_holidays import public_holidays
from workflows.domain.calendar import Calendar
from workflows.domain.errors import CalendarError


def refused(region: object, **asked: object) -> str:
    """Return why such holidays are refused."""
    with pytest.raises(CalendarError) as raised:
        public_holidays(region, **{"years": (2026,), **asked})  # type: ignore[arg-type]  # what is refused, too
    return str(raised.value)


def test_a_region_of_a_country() -> None:
    """3.1: what England keeps in two years, in order of dates, with the days in lieu of those on a week-end."""
    assert public_holidays("GB-ENG", years=(2027, 2026)) == {
        "2026-01-01": "New Year's Day",
        "2026-04-03": "Good Friday",
        "2026-04-06": "Easter Monday",
        "2026-05-04": "May Day",
        "2026-05-25": "Spring Bank Holiday",
        "2026-08-31": "Late Summer Bank Holiday",
        "2026-12-25": "Christmas Day",
        "2026-12-26": "Boxing Day",
        "2026-12-28": "Boxing Day (observed)",
        "2027-01-01": "New Year's Day",
        "2027-03-26": "Good Friday",
        "2027-03-29": "Easter Monday",
        "2027-05-03": "May Day",
        "2027-05-31": "Spring Bank Holiday",
        "2027-08-30": "Late Summer Bank Holiday",
        "2027-12-25": "Christmas Day",
        "2027-12-26": "Boxing Day",
        "2027-12-27": "Christmas Day (observed)",
        "2027-12-28": "Boxing Day (observed)",
    }
    assert list(public_holidays("GB-ENG", years=(2027, 2026))) == sorted(public_holidays("GB-ENG", years=(2026, 2027)))


def test_a_region_keeps_what_its_country_does_not() -> None:
    """3.1: Women's Day is kept in Berlin, and not in all of Germany; names are the country's own."""
    berlin, germany = public_holidays("DE-BE", years=[2027]), public_holidays("DE", years=[2027])
    assert {"2027-03-08": "Frauentag", **germany} == berlin


def test_days_in_lieu_can_be_left_out() -> None:
    """3.1: without them a holiday on a Saturday closes nothing but that Saturday."""
    kept = public_holidays("GB-ENG", years=(2026,), observed=False)
    assert [day for day in kept if day.startswith("2026-12")] == ["2026-12-25", "2026-12-26"]


def test_the_eve_of_a_year_that_begins_on_a_saturday_is_of_the_year_before() -> None:
    """3.1: New Year's Day 2028 is kept on Friday 31 December in America: who asks for 2027 gets it."""
    days = public_holidays("US", years=(2027,))
    assert days["2027-12-31"] == "New Year's Day (observed)"
    assert {day[:4] for day in days} == {"2027"}


def test_other_kinds_of_holidays_are_asked_for_by_name() -> None:
    """3.1: a country's other kinds are added, never assumed."""
    public, more = (
        public_holidays("JP", years=(2026,), categories=kinds) for kinds in (("public",), ("public", "bank"))
    )
    assert "2026-12-31" not in public
    assert public.keys() < more.keys()
    assert "2026-12-31" in more


def test_names_in_a_language_that_the_country_has() -> None:
    """3.1: a page for customers may have them in its own."""
    assert public_holidays("DE-BE", years=(2027,), language="en_US")["2027-12-26"] == "Second Day of Christmas"


@pytest.mark.parametrize("language", ["th_TH.UTF-8", "de_DE.UTF-8", ""])
def test_the_machines_language_does_not_matter(language: str) -> None:
    """3.1: the same arguments give the same names wherever they are asked for."""
    asked = "from workflows.closed_dates.public_holidays import public_holidays as of; print(of('CH', years=[2026]))"
    said = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-c", asked],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "LANGUAGE": language.partition("_")[0], "LANG": language, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    ).stdout
    assert said.strip() == str(public_holidays("CH", years=[2026]))
    assert "'2026-01-01': 'Neujahrstag'" in said


def test_a_calendar_takes_them() -> None:
    """3.1: dates and names as they come."""
    desk = Calendar("Europe/London", {"mon-fri": "08:00-18:00"}, closed=public_holidays("GB-ENG", years=(2026,)))
    assert len(desk.closed) == 9
    assert desk.name_of(desk.closed[-1]) == "Boxing Day (observed)"


@pytest.mark.parametrize(
    ("region", "told"),
    [
        ("GX", "unknown country 'GX': did you mean 'XK' (kosovo) or 'VG' (british virgin islands) or 'UG' (uganda)?"),
        ("gb-eng", "unknown country 'gb': did you mean 'GB'?"),
        ("UK-ENG", "unknown country 'UK': did you mean 'GB'?"),
        ("GBR", "unknown country 'GBR': did you mean 'GB'?"),
        ("Grmany", "unknown country 'Grmany': did you mean 'DE' (germany) or 'RO' (romania)?"),
        ("", "unknown country '': write an ISO 3166 code, like 'GB' or 'GB-ENG'"),
        ("GB-ENX", "GB has no region 'ENX': did you mean 'GB-ENG'?"),
        ("GB-England", "GB has no region 'England': did you mean 'GB-ENG'?"),
        ("GB-", "GB has no region '': use one of ENG, NIR, SCT, WLS"),
        ("SG-01", "SG has no region '01': write 'SG' alone, its holidays are those of all of it"),
        (7, "the region is no text: write 'GB-ENG', or 'DE' for what is kept in all of a country"),
    ],
)
def test_an_unknown_region_is_told_with_what_is_near(region: object, told: str) -> None:
    """7.1: the country or its region, and a remedy."""
    assert refused(region) == f"public holidays of {region!r}: {told}"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"years": ()}, "years are empty: write those that dates are wanted for, like (2026, 2027)"),
        ({"years": 2026}, "years are 2026: write a list, like (2026, 2027)"),
        ({"years": "2026"}, "years are '2026': write a list, like (2026, 2027)"),
        ({"years": (20226,)}, "year 20226 is none from 1900 to 2199: write it like 2026"),
        ({"years": (True,)}, "year True is none from 1900 to 2199: write it like 2026"),
        ({"years": (2026, 2101)}, "nothing is known of 2101: ask for years from 1872 to 2100"),
        ({"categories": "public"}, "categories are 'public': write a list, ('public',)"),
        ({"categories": ()}, "categories are empty: write ('public',), or leave them out"),
        ({"categories": ("bank",)}, "unknown category 'bank': use one of public"),
        ({"language": "fr"}, "no names in language 'fr': use one of en_GB, en_US, th, ur_PK"),
    ],
)
def test_what_else_is_refused(asked: dict[str, object], told: str) -> None:
    """7.1, 3.1: nothing that is not known is an empty list of holidays."""
    assert refused("GB", **asked) == f"public holidays of 'GB': {told}"


def test_all_of_it_is_told_at_once_and_never_a_page() -> None:
    """7.1: whoever mends it mends it once."""
    with pytest.raises(CalendarError) as raised:
        public_holidays("x" * 9000, years=(), categories=())
    assert len(raised.value.problems) == 3
    assert max(map(len, raised.value.problems)) < 300
