"""`followthrough policy explain`: a dated story for a person, for a script, and for a wall; bad input in one line."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from tests.policies.example import EXAMPLE

OPENED = ("--at", "2026-11-23 16:30")  # a Monday, half an hour before the garden closes

DUE = (
    "gardener to acknowledge by 17:00; gardener to resolve it by Tue 24 Nov 12:30; "
    "the customer to hear something by Tue 24 Nov 10:30; to be solved for the customer by Tue 24 Nov 16:30"
)


@pytest.fixture(scope="module")
def gardening(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A small policy's file: one gardener, one priority."""
    file = tmp_path_factory.mktemp("policies") / "gardening.py"
    file.write_text(EXAMPLE)
    return str(file)


def explained(spec: str, *words: str) -> Result:
    """What it says of a policy."""
    return CliRunner().invoke(main, ["policy", "explain", spec, *words])


def refused(spec: str, *words: str) -> str:
    """The one line in which it refuses."""
    found = explained(spec, *words)
    assert found.exit_code == 2, found.output
    (line,) = found.output.splitlines()
    return line.removeprefix("followthrough: ")


def test_the_story_is_told_in_local_time(gardening: str) -> None:
    """7.4: opened at T, what happens when until exhaustion; the version at the end says of which content."""
    found = explained(gardening, *OPENED)
    assert found.exit_code == 0
    lines = found.output.splitlines()
    assert lines[:8] == [
        "gardening: normal, opened on Monday 23 November 2026, 16:30",
        "Times are the customer's, Europe/London.",
        "",
        "Monday 23 November 2026 (gardener 09:00-17:00)",
        "16:30     The ticket is opened, normal, and is with gardener. [6.1]",
        f"            From then on: {DUE}.",
        "            Told: the customer, gardener.",
        "16:52:30  75 % of gardener's time to acknowledge is spent: 30 min of open time allowed. [2.8]",
    ]
    assert "          The ladder ends, nobody is above gardener: nobody acknowledged in time. [4.4]" in lines
    assert lines[-3] == "owner-of-the-garden is told again every 1 h of open time, until somebody acknowledges."
    assert lines[-1].startswith("Policy version ")


def test_the_same_question_has_the_same_answer(gardening: str) -> None:
    """Nothing of it depends on when it is asked."""
    assert explained(gardening, *OPENED).output == explained(gardening, *OPENED).output
    assert explained(gardening, *OPENED, "--json").output == explained(gardening, *OPENED, "--json").output


def test_without_an_instant_it_is_the_end_of_the_coming_week(gardening: str) -> None:
    """What tells most of a policy: five minutes before it closes for longest; of the garden's, a Friday."""
    title = explained(gardening).output.splitlines()[0]
    assert title.startswith("gardening: normal, opened on Friday ")
    assert title.endswith(", 16:55")


def test_a_script_reads_the_same(gardening: str) -> None:
    """Instants in UTC and by both clocks, the rule, who is told in which part, every clock run, and the end."""
    told = json.loads(explained(gardening, *OPENED, "--zone", "Asia/Tokyo", "--json").output)
    breach = next(moment for moment in told["moments"] if moment["kind"] == "clock_breached")
    assert (breach["at"], breach["tiers_time"], breach["customers_time"], breach["rule"]) == (
        "2026-11-23T17:00:00+00:00",
        "2026-11-23T17:00:00+00:00",
        "2026-11-24T02:00:00+09:00",
        "4.1",
    )
    warning = told["moments"][1]
    assert (warning["kind"], warning["told"]) == (
        "clock_warned",
        [{"recipient": "gardener", "audiences": ["handler"]}],
    )
    assert told["ending"]["end"] == "exhausted"
    assert [(clock["target"], clock["state"]) for clock in told["clocks"]][:2] == [
        ("acknowledge", "breached"),
        ("tier_resolve", "breached"),
    ]


def test_acts_are_part_of_the_story(gardening: str) -> None:
    """Acknowledged, asked, told and resolved, by the clock on the wall: who speaks for which tier may be named."""
    acts = (
        "--ack-at",
        "gardener=2026-11-23 16:40",
        "--update-at",
        "2026-11-24 09:30",
        "--resolve-at",
        "2026-11-24 10:00",
    )
    output = explained(gardening, *OPENED, *acts).output
    assert "16:40     somebody of gardener acknowledges. [6.2]" in output
    assert "09:30     A person tells the customer how it stands. [6.4]" in output
    assert "10:00     It is resolved as fixed. [6.7]" in output
    assert output.splitlines()[-2] == "The ticket is closed, and nothing is owed any more."
    asked = explained(gardening, *OPENED, "--ack-at", "2026-11-23T16:40Z", "--ask-at", "2026-11-23 16:45").output
    assert "The customer is asked a question and waited for. [6.6]" in asked


def test_an_act_that_is_refused_is_a_line() -> None:
    """4.2: too late for agent, who no longer has it; the rest of the story goes on."""
    found = explained("broadband", "--at", "2026-11-27 17:55", "--ack-at", "2026-11-28 09:11")
    assert found.exit_code == 0
    assert "09:11     It is refused, and nothing changes: " in found.output
    assert "09:40     " in found.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--at", "2026-03-29 01:30"), "--at: '2026-03-29 01:30' does not exist in Europe/London, "),
        (("--at", "2026-10-25 01:30"), "--at: '2026-10-25 01:30' happens twice in Europe/London, "),
        (("--at", "soon"), "--at: 'soon' is no date and time: write '2026-11-27 17:55', "),
        (("--ack-at", "10am"), "--ack-at: '10am' is no date and time: write "),
        (("--ack-at", "gardner=2026-11-23 16:40"), "there is no tier 'gardner': did you mean 'gardener'?"),
        (("--ack-at", "2026-11-23 16:29"), "an act at 2026-11-23 16:29:00 UTC lies before the ticket is opened, "),
        (("--empty", "gardner"), "there is no tier 'gardner': did you mean 'gardener'?"),
        (("--priority", "norma"), "there is no priority 'norma': did you mean 'normal'?"),
        (("--priority", "urgent"), "there is no priority 'urgent': use one of ['normal']"),
        (("--zone", "Europe/Lodnon"), "unknown time zone 'Europe/Lodnon': did you mean 'Europe/London'?"),
        (("--at", "9999-12-31 12:00"), "--at: '9999-12-31 12:00' is not in the years 1900 to 2199: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_is_one_line(gardening: str, words: tuple[str, ...], said: str) -> None:
    """Exit code 2, the fact, and the remedy."""
    assert refused(gardening, *OPENED, *words).startswith(said)


def test_a_policy_that_there_is_not() -> None:
    """Near names are offered, and a file that is missing is named."""
    assert refused("broadbnad") == "there is no policy 'broadbnad': did you mean 'broadband'?"
    assert refused("nowhere/policy.py").startswith("nowhere/policy.py: there is no such file or folder")
    assert refused("~nobody-here/policy.py").startswith("~nobody-here/policy.py: there is no such file or folder")


def test_a_page_and_its_chart_are_written(gardening: str, tmp_path: Path) -> None:
    """For a wall: one file each, and what was written is said beside it."""
    html, svg = tmp_path / "story.html", tmp_path / "story.svg"
    found = explained(gardening, *OPENED, "--html", str(html), "--svg", str(svg))
    assert found.exit_code == 0
    assert found.stdout == ""
    assert f"followthrough: wrote {html}" in found.stderr
    assert html.read_text().startswith("<!doctype html>")
    assert svg.read_text().startswith("<?xml")


def test_a_page_may_go_to_the_next_program(gardening: str) -> None:
    """A dash is standard output, and then nothing else is."""
    found = explained(gardening, *OPENED, "--svg", "-")
    assert found.stdout.startswith("<?xml")
    assert found.stdout.endswith("</svg>\n")
    assert found.stderr == ""


def test_on_a_terminal_it_says_the_same_in_columns(gardening: str) -> None:
    """Colours and columns are all that differs: every time, sentence and listener is there."""
    plain = explained(gardening, *OPENED).output
    found = CliRunner().invoke(
        main, ["policy", "explain", gardening, *OPENED], env={"FORCE_COLOR": "1", "COLUMNS": "200"}
    )
    assert found.exit_code == 0
    shown = re.sub(r"\x1b\[[\d;]*m", "", found.output)
    assert shown != plain
    for line in plain.splitlines():
        for word in line.replace("(", " ").replace(")", " ").split():
            assert word in shown


def test_nobody_on_duty() -> None:
    """4.5: what if the specialists are all away."""
    output = explained("broadband", "--at", "2026-11-27 17:55", "--empty", "specialist").output
    assert "specialist is passed by: nobody of it is on duty. [4.5]" in output


def test_a_file_that_cannot_be_written_is_one_line(gardening: str, tmp_path: Path) -> None:
    """Exit code 2; nothing is left half written."""
    nowhere = tmp_path / "nowhere" / "story.html"
    assert refused(gardening, *OPENED, "--html", str(nowhere)) == (
        f"'{nowhere}': no such file or directory: name a file in a folder that can be written to"
    )
