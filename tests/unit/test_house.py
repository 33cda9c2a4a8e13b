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


def test_every_room_is_on_the_map() -> None:
    """docs/architecture.md says of each folder of code what it knows, and names each file of the domain's ticket."""
    told = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rooms = sorted(
        f"`{top}/{room.parent.name}/`"
        for top in ("services", "workflows")
        for room in (ROOT / top).glob("*/__init__.py")
    )
    ticket = sorted(f"`{file.stem}`" for file in (ROOT / "workflows" / "domain" / "ticket").glob("[a-z]*.py"))

    assert rooms
    assert ticket
    assert [name for name in (*rooms, *ticket) if name not in told] == []


def test_every_exception_from_a_checker_says_why() -> None:
    """`noqa` and `type: ignore` name what they let pass, and the reason stands behind it."""
    written = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _python_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"# (noqa(: [A-Z0-9, ]+)?|type: ignore(\[[a-z, -]+\])?)\s*$", line)
    ]

    assert written == []


def _python_files() -> list[Path]:
    """Everything that people wrote: no generated code, nothing that was set up."""
    tops = ("deploy", "protos", "services", "tests", "workflows")
    return [
        path
        for top in tops
        for path in (ROOT / top).rglob("*.py")
        if "_pb2" not in path.name and "node_modules" not in path.parts
    ]


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
