"""The house itself: what is imported, what is locked."""

import re
import tomllib
from pathlib import Path

import services
import workflows

ROOT = Path(__file__).parents[2]


def test_services_and_workflows_import_from_this_checkout() -> None:
    """The two names are generic: others use them on package indexes too, and ours must win."""
    assert Path(services.__file__).parent == ROOT / "services"
    assert Path(workflows.__file__).parent == ROOT / "workflows"


def test_every_dependency_is_locked_with_hashes() -> None:
    """What pyproject.toml asks for stands in the lock, each pin with at least one SHA-256."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {
        re.split(r"[\[;<>=! ]", requirement)[0]
        for requirement in (*project["project"]["dependencies"], *project["dependency-groups"]["dev"])
    }
    pins = re.findall(r"^([a-z0-9-]+)==\S+(.*(?:\\\n.*)+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    hashed = {name for name, rest in pins if "--hash=sha256:" in rest}

    assert wanted - hashed == set()
    assert {name for name, _ in pins} == hashed


def test_the_lock_names_no_place_to_install_from() -> None:
    """The lock says what, never where: the reader's own settings decide that."""
    lock = (ROOT / "requirements.lock").read_text()

    assert re.findall(r"https?://|--(?:extra-)?index-url|--find-links", lock) == []
