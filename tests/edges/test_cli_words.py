"""`followthrough words …` and what else looks at templates before anybody is told anything."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services import parts
from services.cli import main
from services.settings import Settings, SettingsError

WRONG = "Subject: {{ reference }}\n\nHello {{ nmae }}\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desk's own folder of templates, in force, with a wrong variable in one of them."""
    folder = tmp_path / "words"
    (folder / "en").mkdir(parents=True)
    (folder / "en" / "opened.customer.txt").write_text(WRONG, encoding="utf-8")
    monkeypatch.setenv("FOLLOWTHROUGH_WORDS", str(folder))
    return folder


def run(*words: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, words)


def test_every_kind_is_listed_with_what_its_templates_may_use() -> None:
    """9: who writes a template need look nowhere else."""
    listed = [json.loads(line) for line in run("words", "list", "--json").output.splitlines()]
    opened = next(each for each in listed if (each["kind"], each["side"]) == ("opened", "customer"))
    assert opened["languages"] == ["de", "en"]
    assert opened["variables"]["next_news"] == "moment"
    escalated = next(each for each in listed if (each["kind"], each["side"]) == ("escalated", "desk"))
    assert escalated["languages"] == ["en"]
    assert "credit_to_approve" in run("words", "list").output


def test_a_message_is_shown_before_anybody_gets_one() -> None:
    """9: of sample facts, in the language and zone asked for, by text or as a page."""
    shown = run("words", "show", "promise_broken", "--language", "de-AT", "--zone", "Europe/Vienna")
    assert shown.exit_code == 0
    assert shown.output.startswith("Wir haben unser Versprechen nicht gehalten (QX7K-4MPD)\n\nGuten Tag Ida Example,\n")
    assert "bis Mittwoch, 25. November, 16:00 Uhr (Ortszeit Wien)" in shown.output
    assert run("words", "show", "opened", "--html").output.startswith("<!doctype html>")
    assert "reminded" not in run("words", "show", "opened", "--sparse").output
    assert (
        "the customer is promised"
        in run("words", "show", "clock_breached", "--audience", "lead", "--choice", "3").output.lower()
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("opned",), "followthrough: there is no kind of message 'opned': did you mean 'opened'?"),
        (("sung",), "there is no kind of message 'sung': `followthrough words list` names them"),
        (("assigned", "--side", "customer"), "'assigned' is not told to the customer: it is told to the desk"),
        (("opened", "--zone", "Mars/Olympus"), "--zone: unknown time zone 'Mars/Olympus'"),
    ],
)
def test_what_is_not_there_is_told_with_the_remedy(words: tuple[str, ...], said: str) -> None:
    """7.1: one line and exit code 2."""
    shown = run("words", "show", *words)
    assert shown.exit_code == 2
    assert said in shown.output


def test_a_wrong_variable_fails_the_check_with_file_and_line(own: Path) -> None:
    """9: `words check` and `policy check`, for a person and for a script."""
    path = own / "en" / "opened.customer.txt"
    said = f"{path}:3: there is no variable 'nmae' in 'opened': use one of"
    for words in (("words", "check"), ("policy", "check", "--from", "2026-11-23", "--accept", "coverage_gap")):
        checked = run(*words)
        assert checked.exit_code == 1
        assert said in checked.output
        assert "words of messages: 1 to mend" in checked.output
    found = json.loads(run("words", "check", "--json").output)
    assert [(each["file"], each["line"], each["is_fatal"]) for each in found["words"]] == [(str(path), 3, True)]
    assert json.loads(run("policy", "check", "--json").output.splitlines()[-1]) == found
    assert run("words", "show", "opened").exit_code == 1


def test_delivery_does_not_start_with_a_template_that_fails(own: Path) -> None:
    """9: at its start, in one line that names the setting, the file, the line and the remedy."""
    with pytest.raises(SettingsError) as failed:
        parts.words(Settings.load())
    assert str(failed.value).startswith(
        f"FOLLOWTHROUGH_WORDS='{own}': {own}/en/opened.customer.txt:3: there is no variable"
    )
    (own / "en" / "opened.customer.txt").unlink()
    assert parts.words(Settings.load()).library.folders[0] == own


@pytest.mark.parametrize(
    ("named", "value", "said"),
    [
        ("CHANNELS", "log,mial", "there is no channel 'mial': name at least one of file, log, separated by commas"),
        ("CHANNELS", " , ", "name at least one of file, log, separated by commas"),
        ("WORDS_LANGUAGE", "english", "FOLLOWTHROUGH_WORDS_LANGUAGE='english': write a BCP 47 tag, like 'en'"),
        ("MESSAGES_KEEP_DAYS", "0", "FOLLOWTHROUGH_MESSAGES_KEEP_DAYS='0'"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, named: str, value: str, said: str
) -> None:
    """One line: the variable, its value and the remedy."""
    monkeypatch.setenv(f"FOLLOWTHROUGH_{named}", value)
    with pytest.raises(SettingsError) as failed:
        Settings.load()
    assert said in str(failed.value)


def test_which_channels_are_on() -> None:
    """File and log with the embedded record, the log alone with another; or what is named, each once, files first."""
    assert Settings().channels_used == ("file", "log")
    assert Settings(database_url="postgresql://desk@localhost/desk").channels_used == ("log",)
    assert Settings(channels=("log", "file")).channels_used == ("file", "log")
    assert Settings(channels=("file",)).channels_used == ("file",)
    assert Settings().messages_folder == Path("var/messages")


def test_the_help_cuts_no_summary() -> None:
    """Every command with the whole of what it does."""
    told = CliRunner().invoke(main, ["words", "--help"]).stdout.partition("Commands:")[2]
    assert "and that each language says every kind." in " ".join(told.split())
    assert "..." not in told


@pytest.mark.parametrize("kind", ["promise_broken", "clock_breached", "resolve_missed"])
def test_what_a_letter_admits_besides_is_shown_in_its_language(kind: str) -> None:
    """9: a preview is of one language, as the letter is."""
    shown = run("words", "show", kind, "--language", "de").output
    assert "Wir haben Ihnen auch bis Dienstag, 24. November, 09:00" in shown
    assert "We " not in shown
