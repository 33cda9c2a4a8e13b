"""`followthrough policy check` of a policy with a roster: it is asked for the coming four weeks, whatever it does."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from services.policy_host.weeks_ahead import ask_ahead
from tests.policies.example import EXAMPLE

AWAY_IN_THE_FIRST_WEEK = """
def roster(tier, at):
    return () if at.date().isoformat() < "2026-11-28" else ("ann",)
"""
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def _checked(folder: Path, roster: str, *words: str) -> Result:
    file = folder / "gardening.py"
    file.write_text(EXAMPLE + roster)
    return CliRunner().invoke(main, ["policy", "check", str(file), "--from", "2026-11-23", *words])


def test_hours_in_which_nobody_is_on_the_roster_are_told(tmp_path: Path) -> None:
    """Nobody on the roster of the only tier for a week: the tier is told, and the gap that it leaves."""
    found = _checked(tmp_path, AWAY_IN_THE_FIRST_WEEK, "--json")
    assert found.exit_code == 1
    told = json.loads(found.output)
    assert [each["kind"] for each in told["findings"]] == ["nobody_on_the_roster", "coverage_gap"]
    assert "is on the roster of tier 'gardener' for 40 h of its open hours" in told["findings"][0]["text"]
    assert told["unstaffed"]["gardener"][0] == ["2026-11-23T09:00:00+00:00", "2026-11-23T17:00:00+00:00"]


def test_a_roster_that_always_names_somebody_is_nothing_odd(tmp_path: Path) -> None:
    """Somebody is there in every open half hour: exit code 0."""
    assert _checked(tmp_path, 'roster = lambda tier, at: ["ann"]').exit_code == 0


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return {}[tier]", r"KeyError at .*gardening.py:\d+"),
        ("return None", "it answered a value of type NoneType, not a tuple of names"),
        ("return 3", "it answered a value of type int, not a tuple of names"),
        ('return "ann"', "it answered a value of type str, not a tuple of names"),
        ("return (3,)", "it named a value of type int, not a name in quotes"),
        ("import os; os._exit(1)", "the process that answers has ended"),
    ],
)
def test_a_roster_that_fails_is_told_once_with_its_place(tmp_path: Path, body: str, why: str) -> None:
    """Bad input: what it did, how often, and where first; its last answer stays then, so that nobody is missing."""
    found = _checked(tmp_path, f"def roster(tier, at):\n    {body}\n", "--json")
    assert found.exit_code == 1
    [failed] = json.loads(found.output)["findings"]
    assert failed["kind"] == "roster_failed"
    assert failed["tier"] == "gardener"
    assert failed["text"].startswith("the roster gave no answer ")
    assert "first for tier 'gardener' on Mon 23 Nov 09:00" in failed["text"]
    assert re.search(why, failed["text"]), failed["text"]


def test_a_failing_roster_may_be_accepted_by_name(tmp_path: Path) -> None:
    """CI goes on where somebody says that it may."""
    assert _checked(tmp_path, "def roster(tier, at): ...\n", "--accept", "roster_failed").exit_code == 0


def test_a_roster_that_loops_is_asked_no_more(tmp_path: Path) -> None:
    """After one answer that never comes the others are not waited for, and nothing goes on running."""
    file = tmp_path / "gardening.py"
    file.write_text(EXAMPLE + "def roster(tier, at):\n    while True: pass\n")
    questions = [("gardener", MONDAY)] * 40 + [("gardener", TUESDAY)]
    heard = ask_ahead([str(file)], "gardening", questions, seconds=0.3)
    assert heard.failed is not None
    assert (heard.failed.first, heard.failed.why) == (("gardener", MONDAY), "no answer within 0.3 s")
    assert (heard.failed.times, heard.failed.unasked, heard.answers) == (32, 9, {})


def test_a_roster_for_which_there_is_no_time_is_told_so(tmp_path: Path) -> None:
    """Asking takes seconds at most: what was not asked is said."""
    file = tmp_path / "gardening.py"
    file.write_text(EXAMPLE + AWAY_IN_THE_FIRST_WEEK)
    heard = ask_ahead([str(file)], "gardening", [("gardener", MONDAY)], whole_seconds=0)
    assert heard.failed is not None
    assert heard.failed.why == "it takes too long, there was no time after 0 s"
