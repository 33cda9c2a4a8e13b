"""The templates of messages as the command line checks them: found by the settings, each problem a line."""

from collections.abc import Sequence

import click

from services.cli import wording
from services.cli.failing import Failed
from services.settings import Settings, SettingsError
from services.words.checking import Problem, check
from services.words.words import Words


def words_in_force() -> Words:
    """The words that messages are put into; `Failed` with exit code 2 when the settings cannot be used."""
    try:
        settings = Settings.load()
    except SettingsError as error:
        raise Failed(str(error), exit_code=2) from None
    return Words(settings.words, default_language=settings.words_language)


def problems_in_force() -> tuple[Problem, ...]:
    """All that is wrong with them."""
    return check(words_in_force())


def write(problems: Sequence[Problem]) -> None:
    """Write it for a person."""
    click.echo(f"words of messages: {f'{len(problems)} to mend' if problems else 'nothing wrong with them'}")
    for problem in problems:
        click.echo(wording.plain(f"  {problem}").plain)


def as_data(problems: Sequence[Problem]) -> dict[str, object]:
    """Plain data of it."""
    return {
        "words": [
            {"file": str(problem.path), "line": problem.line, "text": problem.text, "is_fatal": problem.is_fatal}
            for problem in problems
        ]
    }
