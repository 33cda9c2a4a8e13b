"""`followthrough policy check` and `policy publish`: for a person, for a script, and for CI."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from services.words.library import SHIPPED
from services.words.page_words import SLA_FILE
from tests.policies.example import EXAMPLE

PUBLISHED = """
from workflows.planning.publication import Channel, Publication

published = Publication(
    provider="The Gardeners",
    channels=(Channel(name="phone", address="0800", cost="free"),),
    complaints="Write to the head gardener.",
    refunds="A plant for a plant.",
)
"""


def _policy(*words: str) -> Result:
    return CliRunner().invoke(main, ["policy", *words])


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A policy's file with nothing odd about it."""
    return _written(tmp_path / "gardening.py", EXAMPLE)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A policy's file whose customers are promised nights in which nobody is there."""
    nights = EXAMPLE.replace(
        "    calendar=desk,\n    resolve", '    calendar=Calendar.round_the_clock("UTC"),\n    resolve'
    )
    return _written(tmp_path / "nights.py", nights)


def _written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def test_a_sound_policy_passes(sound: Path) -> None:
    """7.4: exit code 0, one line that says so, and the cover drawn."""
    found = _policy("check", str(sound), "--from", "2026-11-23")
    assert found.exit_code == 0
    lines = found.output.splitlines()
    assert lines[0].startswith("gardening, version ")
    assert lines[0].endswith(": valid, and nothing odd about it")
    assert "  customer's clock  ···██▄··  ···██▄··  ···██▄··  ···██▄··  ···██▄··  ········  ········" in lines
    assert "                    from Mon 30 Nov 2026 on: as the week before" in lines


def test_a_gap_in_the_cover_fails_and_is_drawn(odd: Path) -> None:
    """Coverage gaps in the coming four weeks are drawn as such, and a script stops at them."""
    found = _policy("check", str(odd), "--from", "2026-11-23")
    assert found.exit_code == 1
    assert ": valid; 1 to mend, 1 to know" in found.output
    assert "  warning, coverage_gap: for 512 h in the coming four weeks" in found.output
    assert "  customer's clock  !!!██!!!  !!!██!!!" in found.output


def test_what_is_accepted_by_name_passes(odd: Path) -> None:
    """Who knows of a warning says so, and CI goes on; others would still stop it."""
    found = _policy("check", str(odd), "--from", "2026-11-23", "--accept", "coverage_gap")
    assert found.exit_code == 0
    assert "  warning (accepted), coverage_gap:" in found.output


def test_a_script_reads_the_same(odd: Path) -> None:
    """One object: kinds, tiers, priorities, and the gaps themselves in UTC."""
    found = _policy("check", str(odd), "--from", "2026-11-23", "--json")
    told = json.loads(found.output)
    assert found.exit_code == 1
    assert [(each["kind"], each["weight"]) for each in told["findings"]] == [
        ("slower_than_promised", "note"),
        ("coverage_gap", "warning"),
    ]
    assert told["gaps"][0] == ["2026-11-23T00:00:00+00:00", "2026-11-23T09:00:00+00:00"]
    assert (told["from"], told["until"]) == ("2026-11-23T00:00:00+00:00", "2026-12-21T00:00:00+00:00")


def test_what_ships_is_sound() -> None:
    """Without a name all that is in force is looked at; ours has notes at most, on any day."""
    found = _policy("check", "--from", "2026-11-23")
    assert found.exit_code == 0, found.output


def test_what_does_not_load_is_told_with_its_place(tmp_path: Path) -> None:
    """7.1: all problems in one go, file and line, exit code 2."""
    file = _written(tmp_path / "broken.py", EXAMPLE.replace("hours(8)", "hours(-8)").replace("head-gardener", ""))
    found = _policy("check", str(file))
    assert found.exit_code == 2
    assert "broken.py:6: policy 'gardening'" in found.output
    assert len(found.output.strip().splitlines()) > 1


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_that_no_calendar_knows_is_told(sound: Path, day: str) -> None:
    """Bad input names the option, its value and the remedy, wherever its four weeks would end."""
    found = _policy("check", str(sound), "--from", day)
    assert found.exit_code == 2
    assert found.stderr == (
        f"followthrough: --from: '{day}' is not in the years 1900 to 2199: write it like 2026-11-27\n"
    )


def test_a_publication_is_printed_or_written(tmp_path: Path) -> None:
    """7.4: Markdown to read, and both kinds of file when asked for."""
    file = _written(tmp_path / "gardening.py", EXAMPLE + PUBLISHED)
    printed = _policy("publish", str(file), "--from", "2026-11-23")
    assert printed.exit_code == 0
    assert printed.output.startswith("# What we promise\n\nThe Gardeners\n")
    html, markdown = tmp_path / "sla.html", tmp_path / "sla.md"
    written = CliRunner().invoke(
        main,
        ["policy", "publish", str(file), "--html", str(html), "--markdown", str(markdown), "--from", "2026-11-23"],
    )
    assert (written.exit_code, written.stdout) == (0, "")
    assert markdown.read_text() == printed.output
    assert html.read_text().startswith("<!doctype html>\n")


def test_the_page_is_written_in_the_language_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """7.4: what ships in each language that ships; a desk's own words, and what there is to write where they lack."""
    german = _policy("publish", "broadband", "--language", "de-AT", "--from", "2026-11-23")
    assert german.exit_code == 0, german.output
    assert german.stdout.startswith("# Was wir versprechen\n")
    assert "£\N{NO-BREAK SPACE}10,00" in german.stdout  # as Austria writes it

    unwritten = _policy("publish", "broadband", "--language", "fr")
    assert (unwritten.exit_code, "is published in en, de, not in 'fr': add also=" in unwritten.stderr) == (2, True)

    own = tmp_path / "words"
    (own / "de").mkdir(parents=True)
    shipped = (SHIPPED / "de" / SLA_FILE).read_text(encoding="utf-8")
    (own / "de" / SLA_FILE).write_text(shipped.replace("Wie schnell", "So schnell sind wir"), encoding="utf-8")
    monkeypatch.setenv("FOLLOWTHROUGH_WORDS", str(own))
    assert "## So schnell sind wir" in _policy("publish", "broadband", "--language", "de").stdout

    (own / "de" / SLA_FILE).write_text(shipped.replace("{{ length }}", "{{ lenght }}"), encoding="utf-8")
    failing = _policy("publish", "broadband", "--language", "de")
    assert failing.exit_code == 1
    assert "the words of the page fail: 'lenght' is undefined: `followthrough words check` says where" in failing.stderr
    checked = CliRunner().invoke(main, ["words", "check"])
    assert checked.exit_code == 1
    assert re.search(r"_sla\.txt:\d+: of 'given_up': 'lenght' is undefined: use one of phrase, tier, ", checked.stdout)


def test_a_language_without_words_of_the_page_says_what_to_write(sound: Path) -> None:
    """7.4: a publication in a language that nobody wrote the page's own sentences in is not half a page."""
    file = sound.with_name("french.py")
    file.write_text(sound.read_text() + PUBLISHED.replace("provider=", "language='fr', provider="), encoding="utf-8")
    found = _policy("publish", str(file))
    assert found.exit_code == 2
    assert (
        "the page has words in de, en, not in 'fr': write fr/_sla.txt in the folder of FOLLOWTHROUGH_" in found.stderr
    )


def test_a_policy_that_publishes_nothing_says_how_to(sound: Path) -> None:
    """The remedy is in the line."""
    found = _policy("publish", str(sound))
    assert found.exit_code == 2
    assert "policy 'gardening' publishes nothing: add published = Publication(…) to its file" in found.output


def test_a_page_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The file and the reason, no traceback."""
    file = _written(tmp_path / "gardening.py", EXAMPLE + PUBLISHED)
    found = _policy("publish", str(file), "--html", str(tmp_path / "nowhere" / "sla.html"))
    assert found.exit_code == 2
    assert "no such file or directory: name a file in a folder that can be written to" in found.output


def test_a_folder_is_told_how_to_be_checked(sound: Path) -> None:
    """A folder is no policy: what is in force is what holds several."""
    found = _policy("check", str(sound.parent.name))
    assert "there is no policy" in found.output
    with pytest.MonkeyPatch.context() as there:
        there.chdir(sound.parent.parent)
        found = _policy("check", sound.parent.name)
        assert found.exit_code == 2
        assert (
            f"is a folder: FOLLOWTHROUGH_POLICIES={sound.parent.name} puts what a folder holds in force" in found.output
        )
        there.setenv("FOLLOWTHROUGH_POLICIES", sound.parent.name)
        assert _policy("check", "--from", "2026-11-23").exit_code == 0
