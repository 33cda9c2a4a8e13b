"""`followthrough policy check` of a policy with a roster: it is asked for the coming four weeks, whatever it does."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from services.cli.policy_duty import WHOLE_SECONDS, asked
from services.cli.policy_spec import found_by
from tests.policies.example import EXAMPLE
from tests.support.waiting import PATIENCE_SECONDS
from workflows.planning.lint import Finding, Kind

AWAY_IN_THE_FIRST_WEEK = """
def roster(tier, at):
    return () if at.date().isoformat() < "2026-11-28" else ("ann",)
"""
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


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
    [failed] = _asked(tmp_path, "def roster(tier, at):\n    while True: pass\n", seconds=0.3)
    assert failed.kind is Kind.ROSTER_FAILED
    assert "no answer 1 of 320 times, and was not asked 319 times, first for tier 'gardener' on Mon" in failed.text
    assert "no answer within 0.3 s" in failed.text


def test_a_roster_for_which_there_is_no_time_is_told_so(tmp_path: Path) -> None:
    """Asking takes seconds at most: what was not asked is said."""
    [failed] = _asked(tmp_path, AWAY_IN_THE_FIRST_WEEK, seconds=PATIENCE_SECONDS, whole_seconds=-1)
    assert "no answer 0 of 320 times, and was not asked 320 times" in failed.text
    assert "there was no time left to ask it" in failed.text


def _asked(folder: Path, roster: str, *, seconds: float, whole_seconds: float = WHOLE_SECONDS) -> tuple[Finding, ...]:
    file = folder / "gardening.py"
    file.write_text(EXAMPLE + roster)
    return asked(found_by(str(file)), MONDAY, seconds=seconds, whole_seconds=whole_seconds)[1]
