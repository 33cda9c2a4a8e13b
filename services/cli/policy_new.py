"""`followthrough policy new`: a first policy, commented, with its first test."""

import re
import sys
from datetime import date
from importlib.resources import files
from keyword import kwlist
from pathlib import Path
from string import Template

import click

from services.cli.failing import Failed
from services.policy_host.sources import may_be_policy
from workflows.domain.errors import CalendarError
from workflows.domain.zones import zone as zone_of

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
TAKEN = {*kwlist, *sys.stdlib_module_names, "workflows", "pytest"}
"""Names of modules that the test could not import the policy from, or would do without from then on."""
CONFTEST = """\
\"\"\"The fixtures `tell` and `golden`, and the option --update-goldens; tests import the policies of this folder.\"\"\"

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
pytest_plugins = ["workflows.testing.plugin"]
"""


@click.command()
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where to write; made if it is not there. Default: here.",
)
@click.option("--zone", default="Europe/London", show_default=True, help="IANA zone of the desk, like Europe/Berlin.")
@click.option("--title", help="Who promises, as customers know them. Default: from the name.")
def new(*, name: str, folder: Path, zone: str, title: str | None) -> None:
    """Write a first policy and its first test: NAME.py, test_NAME.py, and a conftest.py if there is none.

    NAME is what tickets, events and metrics call it, and the name of its first queue. Nothing is overwritten.
    """
    texts = _texts(name, folder, zone, title or name.replace("-", " ").replace("_", " ").title())
    if there := [str(path) for path in texts if path.exists()]:
        raise Failed(f"{', '.join(there)} is there already: take another name, or another --folder", exit_code=2)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        conftest = folder / "conftest.py"
        for path, text in (texts if conftest.exists() else {**texts, conftest: CONFTEST}).items():
            path.write_text(text, encoding="utf-8")
            click.echo(path)
    except OSError as error:
        raise Failed(f"cannot write in {str(folder)!r}: {(error.strerror or '').lower()}", exit_code=2) from None


def _texts(name: str, folder: Path, zone: str, title: str) -> dict[Path, str]:
    """Return what to write where."""
    if not NAME.fullmatch(name):
        raise Failed(
            f"NAME is {name!r}: write up to 32 small letters, digits, - or _, a letter first, like 'gardens'",
            exit_code=2,
        )
    module = name.replace("-", "_")
    if module in TAKEN or not may_be_policy(f"{module}.py"):
        raise Failed(f"NAME is {name!r}, and {module}.py is not to be had: take another, like 'gardens'", exit_code=2)
    try:
        zone_of(zone)
    except CalendarError as error:
        raise Failed(f"--zone: {error}", exit_code=2) from None
    if any(character in title for character in '"\\\n\r'):
        raise Failed("--title has a quote, a backslash or a line break: leave it out", exit_code=2)
    policy, test = folder / f"{module}.py", folder / f"test_{module}.py"
    this_year = date.today().year  # noqa: DTZ011 - which year an example is of
    of_template = {
        "name": name,
        "module": module,
        "zone": zone,
        "title": title,
        "file": policy.name,
        "test_file": test.name,
        "year": this_year,
        "next_year": this_year + 1,
    }
    return {policy: _filled("policy.py.txt", of_template), test: _filled("test_policy.py.txt", of_template)}


def _filled(template: str, values: dict[str, object]) -> str:
    return Template((files("services.cli") / "templates" / template).read_text(encoding="utf-8")).substitute(values)
