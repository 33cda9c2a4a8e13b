"""Rules, routes, runbooks and dashboards as they are committed, each judged by the program that will read it."""

import asyncio
import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from deploy.grafana import build
from deploy.watched import FOLDER, JOBS
from services.cli import main as followthrough
from services.settings import Address, Settings
from tests.support.prometheus import program
from tests.support.rules import Rule, alerts, rules

ROOT = FOLDER.parents[1]
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
RUNBOOKS = ROOT / "docs" / "runbooks"
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
BOARDS = sorted(build.FOLDER.glob("*.json"))
WHERE = "{{ $externalLabels.runbooks }}"
"""Goes before each runbook's file: what an operator says in Prometheus' configuration, nothing unless they do."""
WATCHDOG = "FollowthroughWatchdog"
HEADINGS = ["What it means", "How to see it", "What to do"]


async def _said(*words: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *words, cwd=FOLDER, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_prometheus_takes_the_configuration_and_every_rule() -> None:
    """What is committed is what promtool lets pass."""
    code, said = await _said(program("promtool"), "check", "config", "prometheus.yml")

    assert code == 0, said
    assert "WARNING" not in said


@pytest.mark.timeout(600)  # those of the budget work for ten seconds: a month's windows are long
@pytest.mark.parametrize("file", TESTS, ids=lambda path: path.stem)
async def test_alerts_fire_do_not_fire_and_resolve(file: Path) -> None:
    """Each is seen in all three, on series written by hand."""
    code, said = await _said(program("promtool"), "test", "rules", str(file))

    assert code == 0, said


def test_no_alert_is_without_its_three_cases() -> None:
    """Every alert is expected in one place and expected not to be in another; the dead man's switch never rests."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in TESTS)
    checked = re.findall(r"alertname: (\w+)\n +exp_alerts:( \[\])?", text)

    for alert in alerts():
        ways = {bool(silent) for name, silent in checked if name == alert.name}
        assert ways == ({False} if alert.name == WATCHDOG else {False, True}), alert.name


def test_every_job_that_a_rule_goes_by_is_scraped_where_the_settings_say() -> None:
    """The committed targets are the settings' defaults."""
    text = (FOLDER / "prometheus.yml").read_text(encoding="utf-8")
    scraped = re.findall(r'job_name: (\w+).*\n +static_configs:\n +- targets: \["(\S+)"\]', text)
    asked = {job for rule in rules() for jobs in re.findall(r'job=~?"([\w|]+)"', rule.expr) for job in jobs.split("|")}

    assert {job: Address.parse(address) for job, address in scraped} == {
        job: Settings.model_fields[field].default for job, field in JOBS.items()
    }
    assert asked <= JOBS.keys()


@pytest.mark.parametrize("alert", alerts(), ids=lambda rule: rule.name.removeprefix("Followthrough"))
def test_an_alert_says_how_much_it_hurts_and_where_to_read_on(alert: Rule) -> None:
    """Page or ticket, one line, a few more, and a page of its own named like it."""
    words = re.findall(r"[A-Z][a-z]*", alert.name.removeprefix("Followthrough"))

    assert alert.labels == {"severity": "none" if alert.name == WATCHDOG else alert.labels["severity"]}
    assert alert.name == WATCHDOG or alert.labels["severity"] in ("page", "ticket")
    assert alert.annotations.keys() == {"summary", "description", "runbook_url"}
    assert alert.annotations["runbook_url"] == f"{WHERE}docs/runbooks/{'-'.join(words).lower()}.md"
    text = (ROOT / alert.annotations["runbook_url"].removeprefix(WHERE)).read_text(encoding="utf-8")
    assert text.startswith(f"# {alert.name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS


def test_no_runbook_is_left_over() -> None:
    """A page whose alert is gone would be believed."""
    pages = {path.name for path in RUNBOOKS.glob("*.md")}

    assert pages == {Path(alert.annotations["runbook_url"]).name for alert in alerts()}


@pytest.mark.parametrize("file", sorted(RUNBOOKS.glob("*.md")), ids=lambda path: path.stem)
def test_every_command_of_a_runbook_exists(file: Path) -> None:
    """Nobody is told at night to run what is not there: programs, subcommands, options, targets and pages exist."""
    text = file.read_text(encoding="utf-8")
    commands = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]

    for command in commands:
        words = shlex.split(command, comments=True)
        match words[0]:
            case ".venv/bin/followthrough":
                _understood(followthrough, words[1:])
            case "make":
                dry = subprocess.run(["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, check=False)  # noqa: S603, S607 - the runbook's own words
                assert dry.returncode == 0, command
            case "curl":
                assert words[-1].removeprefix("http://") in _pages(), command
            case other:
                pytest.fail(f"{file.name}: nobody has checked {other!r}")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (file.parent / link).exists(), link


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (("alertname=FollowthroughDeadlinePassedSilently", "severity=page"), "page"),
        (("alertname=FollowthroughNudgesOwed", "severity=ticket"), "ticket"),
        (("alertname=FollowthroughWatchdog", "severity=none"), "heartbeat"),
        (("alertname=SomebodyElses",), "ticket"),
    ],
)
async def test_each_alert_goes_to_who_is_to_hear_of_it(labels: tuple[str, ...], receiver: str) -> None:
    """A page wakes somebody, a ticket waits, the dead man's switch goes where its absence is noticed."""
    routed = await _said(program("amtool"), "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)

    code, said = routed
    assert code == 0, said
    assert said.splitlines()[-1] == receiver


async def test_alertmanager_takes_its_configuration_and_stays_silent_only_about_alerts_that_there_are() -> None:
    """A name that is mistyped in an inhibition would never match."""
    code, said = await _said(program("amtool"), "check-config", str(ALERTMANAGER))
    named = set(re.findall(r"\bFollowthrough\w+", ALERTMANAGER.read_text(encoding="utf-8")))

    assert code == 0, said
    assert named <= {alert.name for alert in alerts()}


def test_the_dashboards_are_what_their_python_gives(tmp_path: Path) -> None:
    """Written anew they are the committed files, to the byte; one that differs or is left over is named."""
    assert build.check(build.FOLDER) == 0
    build.write(tmp_path)
    assert build.check(tmp_path) == 0
    (tmp_path / "wall.json").write_text("{}", encoding="utf-8")
    assert build.check(tmp_path) == 1


@pytest.mark.parametrize("file", BOARDS, ids=lambda path: path.stem)
def test_a_dashboard_explains_itself_and_goes_by_the_readers_own_source(file: Path) -> None:
    """Title, description and unit on each panel; the source is a variable on panel and query; nobody edits it there."""
    board: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    ids = [panel["id"] for panel in board["panels"]]

    assert board["editable"] is False
    assert board["uid"] == f"followthrough-{file.stem}"
    assert len(set(ids)) == len(ids)
    for panel in panels:
        assert panel["title"]
        assert panel["description"].endswith((".", "0")), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["targets"]
        for asked in [panel, *panel["targets"]]:
            assert asked["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]
        for target in panel["targets"]:
            assert not re.search(r"rate\([^\[]*\[\d", target["expr"]), "a rate goes by $__rate_interval"
    assert board["templating"]["list"][0]["name"] == "datasource"
    assert _is_without_overlap(panels)


def _is_without_overlap(panels: list[dict[str, Any]]) -> bool:
    places = [panel["gridPos"] for panel in panels]
    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    return len(set(cells)) == len(cells) and all(x < 24 for x, _ in cells)


def _understood(command: click.Command, words: list[str]) -> None:
    """Have the command line read the words as it would, and run nothing."""
    context = click.Context(command)
    rest = [word for word in words if word != "--help"]  # every command has it
    while isinstance(command, click.Group) and rest:
        found = command.get_command(context, rest[0])
        assert found is not None, words
        command, context, rest = found, click.Context(found, parent=context), rest[1:]
    command.make_context(words[0], rest, parent=context.parent)


def _pages() -> set[str]:
    """Every page that is served by default."""
    return {f"{Settings.model_fields[field].default}/metrics" for field in JOBS.values()}


def test_no_panel_and_no_alert_asks_for_what_no_rule_records() -> None:
    """A figure of the record that is not recorded is an empty panel, and an alert that never comes."""
    recorded = {rule.name for rule in rules() if not rule.is_alert}
    texts = [path.read_text(encoding="utf-8") for path in (FOLDER.parent / "grafana").glob("*.json")]
    texts += [rule.expr for rule in rules()]
    asked = {name for text in texts for name in re.findall(r"record:\w+:\w+", text)}

    assert len(asked) > 20
    assert sorted(asked - recorded) == []
