"""`followthrough policy show`: the table for a person and for a script, and a year's closed dates."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from tests.policies.example import EXAMPLE

CLOSED = 'closed={"2026-12-25": "Christmas Day", "2027-12-25": "Christmas Day"}, special={"2026-12-24": "09:00-12:00"}'

OUT_OF_RANGE = "Error: Invalid value for '--holidays': 26 is out of range: give one from 1900 to 2199"


@pytest.fixture(scope="module")
def gardening(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small policy's file, closed at Christmas."""
    file = tmp_path_factory.mktemp("policies") / "gardening.py"
    file.write_text(EXAMPLE.replace('"09:00-17:00"})', f'"09:00-17:00"}}, {CLOSED})'))
    return str(file)


def shown(*words: str) -> Result:
    """What it says of a policy."""
    return CliRunner().invoke(main, ["policy", "show", *words])


def test_a_policy_is_read_as_a_table(gardening: str) -> None:
    """7.4: by subject, targets in columns by priority, many dates as a count."""
    found = shown(gardening)
    assert found.exit_code == 0
    lines = [line.rstrip() for line in found.output.splitlines()]
    assert lines[0].startswith("gardening, version ")
    start = lines.index("tier gardener")
    assert lines[start : start + 16] == [
        "tier gardener",
        "  zone              Europe/London",
        "  open              mon-fri 09:00-17:00",
        "  closed on         2 dates from 2026-12-25 to 2027-12-25",
        "  special hours on  2026-12-24",
        "  when missed       acknowledge: escalates each time",
        "                    tier's resolve: escalates each time",
        "                    update: escalates every third time",
        "                    customer's resolve: tells last resort, escalates each time",
        "                    promise: tells owner and lead",
        "",
        "                                   normal",
        "   ───────────────────────────────────────",
        "   acknowledges within             30 min",
        "   updates the customer every      2 h",
        "   resolves within                 4 h",
    ]


def test_a_script_reads_every_row(gardening: str) -> None:
    """One object, a row a promise."""
    told = json.loads(shown(gardening, "--json").output)
    assert told["policy"] == "gardening"
    assert {"subject": "tier gardener", "what": "acknowledges within", "of": "normal", "value": "30 min"} in told[
        "rows"
    ]


def test_the_dates_of_a_year_are_listed_with_their_names(gardening: str) -> None:
    """3.1: so that an over-generous feed is seen; customer and tier share the calendar, and it stands once."""
    found = shown(gardening, "--holidays", "2026")
    assert [line.rstrip() for line in found.output.splitlines()[1:]] == [
        "",
        "customer, tier gardener: Europe/London in 2026",
        "  Thu 24 Dec 2026  09:00-12:00",
        "  Fri 25 Dec 2026  closed       Christmas Day",
    ]
    told = json.loads(shown(gardening, "--holidays", "2026", "--json").output)
    assert told["calendars"][0]["dates"][1] == {"date": "2026-12-25", "hours": "closed", "name": "Christmas Day"}


def test_a_year_without_dates_says_where_they_end(gardening: str) -> None:
    """3.5: a list that has run out is what somebody must notice."""
    output = shown(gardening, "--holidays", "2028").output
    assert "  no date differs from the week; the last that does is 2027-12-25" in output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("broadbnad",), "followthrough: there is no policy 'broadbnad': did you mean 'broadband'?"),
        (("broadband", "--holidays", "26"), OUT_OF_RANGE),
        ((), "Error: Missing argument 'SPEC'."),
    ],
)
def test_bad_input_is_told(words: tuple[str, ...], said: str) -> None:
    """Exit code 2, and what is wrong in the last line."""
    found = shown(*words)
    assert (found.exit_code, found.output.splitlines()[-1]) == (2, said)


def test_a_file_that_raises_is_told_with_its_line(tmp_path: Path) -> None:
    """Naming the place: what the file says is nobody's traceback."""
    file = tmp_path / "broken.py"
    file.write_text(EXAMPLE.replace("hours(8)", 'hours("8")'))
    found = shown(str(file))
    assert found.exit_code == 2
    assert found.output.startswith(f"followthrough: {file}:9: hours are '8': write a number")


def test_a_folder_may_have_an_at_in_its_name(tmp_path: Path) -> None:
    """What is a file as a whole is no revision of another."""
    (tmp_path / "desk@home").mkdir()
    file = tmp_path / "desk@home" / "gardening.py"
    file.write_text(EXAMPLE)
    assert shown(str(file)).exit_code == 0
