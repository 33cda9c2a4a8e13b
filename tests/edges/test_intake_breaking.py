"""Callers of the last release go on working: a change of the contract that would break them fails the check."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SOURCES = Path("protos/followthrough/v1")


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    """The contract and its releases, to be edited."""
    ignored = shutil.ignore_patterns("*_pb2*", "__pycache__")
    shutil.copytree(CHECKOUT / "protos", tmp_path / "protos", ignore=ignored)
    shutil.copyfile(CHECKOUT / "pyproject.toml", tmp_path / "pyproject.toml")
    return tmp_path


def generate(contract: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the contract's tool on that copy."""
    command = (sys.executable, str(contract / "protos" / "generate.py"), *arguments)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603 - our own tool


def edit(contract: Path, name: str, old: str, new: str) -> None:
    """Change one place of one file."""
    path = contract / SOURCES / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_what_was_added_since_breaks_nobody(contract: Path) -> None:
    """Methods, messages and fields may come: the contract as it stands, and with one field more."""
    edit(contract, "event.proto", "string follows = 11;", "string follows = 11;\n  string mood = 99;")
    found = generate(contract, "--breaking")
    assert (found.returncode, found.stdout) == (0, "")


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("event.proto", "string follows = 11;", "", 'field "11" with name "follows" on message "Opened" was deleted'),
        ("event.proto", "string follows = 11;", "string follows = 99;", 'field "11" with name "follows"'),
        ("event.proto", "string follows = 11;", "string after = 11;", 'changed name from "follows" to "after"'),
        ("event.proto", "string follows = 11;", "bytes follows = 11;", 'changed type from "string" to "bytes"'),
        ("ticket.proto", "OUTCOME_WORKAROUND = 2;", "OUTCOME_DETOUR = 2;", 'from "OUTCOME_WORKAROUND" to'),
        (
            "ticket_service.proto",
            "rpc CloseTicket(CloseTicketRequest)",
            "rpc ShutTicket(CloseTicketRequest)",
            'RPC "CloseTicket" on service "TicketService" was deleted',
        ),
    ],
    ids=["removed", "renumbered", "renamed", "retyped", "enum", "method"],
)
def test_what_breaks_callers_of_the_last_release_is_named(
    contract: Path, name: str, old: str, new: str, said: str
) -> None:
    """Exit 1, with the file and what was done to it."""
    edit(contract, name, old, new)
    found = generate(contract, "--breaking")
    assert found.returncode == 1
    assert said in found.stdout
    assert f"protos/followthrough/v1/{name}:" in found.stdout


def version(contract: Path, number: str) -> None:
    """Raise the version."""
    path = contract / "pyproject.toml"
    text, count = re.subn(r'(?m)^version = ".*"$', f'version = "{number}"', path.read_text(encoding="utf-8"))
    assert count == 1
    path.write_text(text, encoding="utf-8")


def test_a_release_is_kept_once_and_compared_with_from_then_on(contract: Path) -> None:
    """The image of a release is never written again; the last one counts, 998.10 after 998.2."""
    edit(contract, "event.proto", "string follows = 11;", "string follows = 11;\n  string mood = 99;")
    version(contract, "998.2.0")
    assert generate(contract, "--release").returncode == 0
    again = generate(contract, "--release")
    assert (again.returncode, "a release stays as it was, raise the version first" in again.stderr) == (1, True)
    edit(contract, "event.proto", "  string mood = 99;", "")
    found = generate(contract, "--breaking")
    assert found.returncode == 1
    assert 'field "99" with name "mood"' in found.stdout
    version(contract, "998.10.0")
    assert generate(contract, "--release").returncode == 0
    assert generate(contract, "--breaking").returncode == 0


def test_what_is_no_release_is_not_kept(contract: Path) -> None:
    """A name that cannot be put in order would fail every later comparison."""
    version(contract, "998.2.0.dev1")
    kept = sorted((contract / "protos" / "released").iterdir())

    found = generate(contract, "--release")

    assert found.returncode == 1
    assert "version '998.2.0.dev1' in pyproject.toml is no release's: write numbers and dots" in found.stderr
    assert sorted((contract / "protos" / "released").iterdir()) == kept
