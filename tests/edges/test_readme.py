"""The README's commands are run, as they stand there, against a system that runs as the README says."""

import asyncio
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from services.settings import PREFIX, Settings
from tests.support.processes import PATIENCE_SECONDS, PROGRAM, environment, running

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS_OWN = ".venv/bin/followthrough "
OF_POLICIES = f"{PROGRAMS_OWN}policy"
NOTHING_YET = ("problem list", "queue closures")
"""What has nothing to show on the first day says so beside it."""
BLOCKS = [block.splitlines() for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)]


def _told() -> list[str]:
    return [line.partition(" #")[0].strip() for block in BLOCKS for line in block]


async def test_the_commands_do_what_the_readme_says(tmp_path: Path) -> None:
    """From opening to sign-off, each line succeeds, and the metrics page has the ticket."""
    settings = environment(tmp_path / "var")
    async with running("up", env=settings) as up:
        intake = (await up.say(r"intake +(\S+)"))[1]
        metrics = (await up.say(r"(http://\S+)/metrics"))[1]
        env = {**settings, PREFIX + "INTAKE_ADDRESS": intake}
        reference, page = "", ""
        for line in _told():
            if line.startswith(PROGRAMS_OWN) and not line.startswith(OF_POLICIES):
                words = shlex.split(line.replace("REFERENCE", reference))
                said = await _run([PROGRAM, *words[1:]], env)
                assert said or line.endswith(NOTHING_YET), line
                reference = reference or re.findall(r"\b[A-Z2-9]{4}-[A-Z2-9]{4}\b", said)[0]
            if line.startswith("curl"):
                page = await _run(shlex.split(line.replace("http://127.0.0.1:7302", metrics)), env)
        await up.stop()

    assert 'followthrough_tickets_opened_total{priority="urgent",queue="home"} 1.0' in page
    assert 'followthrough_tickets_closed_total{outcome="fixed",priority="urgent",queue="home"} 1.0' in page


async def test_the_policy_commands_do_what_the_readme_says(tmp_path: Path) -> None:
    """Each line succeeds, one after the other, in a folder of the reader's own."""
    lines = [line for line in _told() if line.startswith(OF_POLICIES)]
    said = {line: await _run([PROGRAM, *shlex.split(line)[1:]], environment(tmp_path), tmp_path) for line in lines}

    assert len(said) == 5
    assert "valid, and nothing odd about it" in said[".venv/bin/followthrough policy check mine/gardens.py"]
    assert said[".venv/bin/followthrough policy publish broadband"].startswith("# ")


def test_each_make_target_exists() -> None:
    """Whatever the README tells a newcomer to make can be made; the two gates come first."""
    lines = _told()
    targets = [line.split()[1] for line in lines if line.startswith("make ")]

    assert lines[:2] == ["make run", "make test"]
    for target in targets:
        dry = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603, S607 - the README's own words
        assert dry.returncode == 0, dry.stderr


def test_every_file_it_points_to_is_there() -> None:
    """No link of the README leads nowhere."""
    links = re.findall(r"\]\(([^)#]+)\)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_setting_is_in_the_operator_s_table() -> None:
    """The table of docs/operations.md says of each setting what the setting says of itself."""
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = [
        f"| `{PREFIX}{name.upper()}` | {' '.join((field.description or '').split())} |"
        for name, field in Settings.model_fields.items()
    ]

    assert [row for row in rows if row not in told] == []


def test_the_operators_guide_counts_the_ports_of_up() -> None:
    """Whoever starts a second `up` is told how many it needs, Temporal's among them."""
    told = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    ports = [name for name in Settings.model_fields if name.endswith("_address") and name != "temporal_address"]

    assert (len(ports), "needs a folder and eight ports of its own" in told) == (8, True)


async def _run(words: list[str], env: dict[str, str], folder: Path | None = None) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"
    process = await asyncio.create_subprocess_exec(
        *words, cwd=folder, env={**env, "PATH": path}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        out, err = await process.communicate()
    assert process.returncode == 0, f"{shlex.join(words)}\n{err.decode()}"
    return out.decode()
