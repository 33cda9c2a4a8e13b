"""docs/policy.md: its snippets are a policy that loads, its tables name every field, its defaults are the code's."""

import re
import shlex
from dataclasses import MISSING, fields
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli import main
from workflows.domain.policy import Policy, Targets, Tier
from workflows.domain.routing import Request, Route
from workflows.policies import load
from workflows.testing.story import Tell

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
OFFICE_PARTY = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//the guide//EN
BEGIN:VEVENT
UID:party@example.org
DTSTAMP:20260901T000000Z
DTSTART;VALUE=DATE:20261218
SUMMARY:Office party
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")
SNIPPETS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


def test_the_snippets_are_a_policy_that_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Tell) -> None:
    """Each is run, as it stands, after the one before; what they assert holds; together they can be put in force."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "the_guides_policy.py").write_text("\n".join(SNIPPETS), encoding="utf-8")
    (tmp_path / "closed.ics").write_text(OFFICE_PARTY, encoding="utf-8")

    promised = load(("the_guides_policy",))

    guide = import_module("the_guides_policy")
    closed_here = guide.closed_here()
    assert (closed_here["2026-12-18"], closed_here["2026-12-25"]) == ("Office party", "Christmas Day")
    request = Request(**dict.fromkeys(Request.__slots__, "a tree on the roof"))
    assert guide.route(request) == Route(queue="garden", priority="urgent")
    guide.test_friday_afternoon(tell)
    assert promised.queues == {"garden": "gardens"}
    assert promised.of_queue("garden").tier_names == ("front", "engineers")


def test_every_field_is_taught() -> None:
    """Whatever can be set stands in a table, and nothing else does."""
    taught = set(re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE))
    of_tier = {field.name for field in fields(Tier)} - {"name", "calendar", "targets"}

    assert taught == {field.name for field in fields(Policy) if field.init} | of_tier | {
        field.name for field in fields(Targets)
    }


def test_the_defaults_are_those_of_the_code() -> None:
    """A default that is told is the one that counts."""
    told = dict(re.findall(r"^\| `(\w+)` \| .* \| `([^`]+)` \|$", GUIDE, re.MULTILINE))
    told.pop("waiting_pauses", None)
    lines = ["from datetime import timedelta", "from workflows.domain.policy import AtRisk, hours"]
    spoken: dict[str, object] = {}
    exec("\n".join([*lines, *(f"{name} = {value}" for name, value in told.items())]), spoken)  # noqa: S102 - our own page
    simple = {field.name: field.default for field in fields(Policy) if field.init and field.default is not MISSING}
    simple.pop("waiting_pauses")

    assert {name: spoken[name] for name in told} == simple


def test_every_file_it_points_to_is_there() -> None:
    """No link of the guide leads nowhere."""
    links = re.findall(r"\]\(([^)#]+)\)", GUIDE)

    assert links
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


@pytest.mark.parametrize("words", re.findall(r"^followthrough policy ([^#\n]*)", GUIDE, re.MULTILINE))
def test_its_commands_are_there(words: str) -> None:
    """Each command of the guide is one, with the options that it is shown with."""
    name, *rest = shlex.split(words)
    found = CliRunner().invoke(main, ["policy", name, "--help"])
    assert found.exit_code == 0
    assert [option for option in rest if option.startswith("--") and option not in found.output] == []


def test_it_names_every_field_of_a_request() -> None:
    """What a route can go by is told, all of it."""
    told = GUIDE[GUIDE.index("A `Request` has") :].partition("\n\n")[0]
    assert [name for name in Request.__slots__ if f"`{name}`" not in told] == []
