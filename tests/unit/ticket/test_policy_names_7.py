"""Semantics 7.1: the names in a policy's table are names that a command can give and every database can keep."""

import pytest

from tests.support.policies import TINY_ROW, tiny, tiny_tier
from workflows.domain.errors import PolicyError
from workflows.domain.policy import hours
from workflows.domain.policy_as_written import said
from workflows.domain.policy_data import version_of


def named(name: str) -> dict[str, dict[str, object]]:
    """Return what is changed in the tiny policy when that name stands in each place of its table."""
    tier = tiny_tier(targets={name: TINY_ROW})
    return {
        "name": {"name": name},
        "lead": {"lead": name},
        "last_resort": {"last_resort": name},
        "a tier's name": {"tiers": (tiny_tier(name=name),)},
        "a priority": {"resolve": {name: hours(8)}, "tiers": (tier,)},
    }


@pytest.mark.parametrize("field", named("x"))
@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("agent ", "'agent ' begins or ends with a space: leave it out"),
        ("\u200b", r"'\u200b' is empty: say it"),
        ("a\0b", r"'a\x00b' has the character U+0000 at 1: leave control characters out"),
        ("a\nb", r"'a\nb' has the character U+000A at 1: leave control characters out"),
        ("\ud800", r"'\ud800' has the character U+D800 at 0: leave control characters out"),
        ("x" * 129, f"'{'x' * 59}… has 129 characters: at most {{most}} are allowed"),
    ],
    ids=["space", "unseen", "NUL", "line", "half a character", "too long"],
)
def test_a_name_that_no_command_could_give_is_refused(field: str, name: str, problem: str) -> None:
    """7.1, 6.2: a tier nobody can acknowledge for, a priority nobody can open with, a text no database has."""
    with pytest.raises(PolicyError) as refused:
        tiny(**named(name)[field])
    policy = said(name) if field == "name" else "'tiny'"
    most = 128 if field == "lead" else 64
    assert refused.value.problems == (f"policy {policy}: {field} {problem.format(most=most)}",)
    assert all(problem.isprintable() and problem.isascii() for problem in refused.value.problems[0].split("…"))


@pytest.mark.parametrize(("field", "longest"), [*((each, 64) for each in named("x")), ("lead", 128)])
def test_a_name_as_long_as_commands_allow_is_a_name(field: str, longest: int) -> None:
    """7.1, 6.2: the rule of the command's text, no narrower one; with spaces within, in any script."""
    assert version_of(tiny(**named(f"é {'x' * (longest - 2)}")[field]))
