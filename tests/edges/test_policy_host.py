"""The users' own policies, read by a child process: whatever their Python does, what comes back is data or a line."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.policy_host.loading import load
from services.policy_host.sources import sources_of
from tests.policies.example import EXAMPLE
from tests.support.processes import PATIENCE_SECONDS
from workflows import policies
from workflows.domain.errors import PolicyError
from workflows.domain.policy_data import version_of
from workflows.domain.routing import Route
from workflows.planning.publication import Publication

Write = Callable[..., Path]

ROUTING = """
from workflows.domain.routing import Request, Route

default_route = Route(queue="garden", priority="normal")

def route(request):
    return default_route
"""

ABROAD = """\
from workflows.closed_dates.public_holidays import public_holidays
closed = public_holidays("GBR", years=range(2026, 2029))
"""

GARBLING = """
import os
for number in range(3, 64):
    try:
        os.write(number, b"[]\\n")
    except OSError:
        pass
"""
"""Speaks in the place of the process that reads it."""
GARBLED = (
    "garden.py: what the process that reads it hands over is no policy ({}): "
    "leave its files and sockets alone, and its classes as they are"
)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put text in a file of a folder of the test's own; its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def named(name: str, queue: str) -> str:
    """Write the example under another name, for another queue."""
    return EXAMPLE.replace('"gardening"', f'"{name}"').replace('"garden"', f'"{queue}"')


def problems(*entries: Path | str, seconds: float = 60) -> tuple[str, ...]:
    """Load what must be refused; what is wrong, by the names of the files."""
    with pytest.raises(PolicyError) as raised:
        load([str(entry) for entry in entries], seconds=seconds)
    folders = {f"{entry.parent if entry.is_file() else entry}{os.sep}" for entry in entries if isinstance(entry, Path)}
    told = list(raised.value.problems)
    for folder in folders:
        told = [problem.replace(folder, "") for problem in told]
    return tuple(told)


def test_without_any_name_the_policies_that_ship_are_read() -> None:
    """7.2: what comes through the child is what is built here, to the version."""
    here = policies.load()

    loaded = load()

    assert loaded.promised == here
    assert loaded.versions == {name: version_of(policy) for name, policy in here.policies.items()}
    assert {Path(file).suffix for file in loaded.files.values()} == {".py"}


def test_a_folder_is_read_with_its_neighbours_and_without_its_tests(write: Write) -> None:
    """Each file that declares something is a policy; others are there to be imported, as Python would find them."""
    write(
        "desks.py", 'from workflows.domain.calendar import Calendar\nlawn = Calendar("UTC", {"mon": "09:00-17:00"})\n'
    )
    calendar = 'Calendar("Europe/London", {"mon-fri": "09:00-17:00"})'
    assert calendar in EXAMPLE
    garden = write("garden.py", "from desks import lawn\n" + EXAMPLE.replace(calendar, "lawn"))
    write("craft.py", named("craft", "shop"))
    write("test_garden.py", "raise RuntimeError('a test is no policy')")
    write("_notes.py", "raise RuntimeError('nor is this')")

    loaded = load([str(garden.parent)])

    assert dict(loaded.promised.queues) == {"shop": "craft", "garden": "gardening"}
    assert loaded.promised.policies["gardening"].calendar.zone == "UTC"
    assert {Path(path).name for path in loaded.read} == {"craft.py", "desks.py", "garden.py"}
    assert not list(garden.parent.rglob("*.pyc"))


def test_a_package_is_read_by_its_own_names(write: Write) -> None:
    """Files that import each other relatively stay what they are, by path and by module name."""
    write("acme/__init__.py", "")
    write("acme/desks.py", "name = 'acme-garden'\n")
    garden = write("acme/garden.py", "from .desks import name\n" + EXAMPLE.replace('"gardening"', "name"))

    assert set(load([str(garden)]).promised.policies) == {"acme-garden"}


def test_a_package_that_is_named_as_a_module_is_read_like_a_folder(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its modules that declare something, wherever Python finds them; one of them can be named alone."""
    root = write("acme/__init__.py", "").parent.parent
    write("acme/desks.py", "name = 'acme-garden'\n")
    write("acme/garden.py", "from acme.desks import name\n" + EXAMPLE.replace('"gardening"', "name"))
    write("acme/test_garden.py", "raise RuntimeError('a test is no policy')")
    monkeypatch.setenv("PYTHONPATH", str(root))

    for entry in ("acme", "acme.garden"):
        loaded = load([entry])
        assert loaded.files == {"acme-garden": str(root / "acme" / "garden.py")}
        assert str(root / "acme" / "desks.py") in loaded.read


def test_neighbours_of_one_name_in_two_folders_do_not_meet(write: Write) -> None:
    """Each folder sees its own, by import and by an import that a function makes later."""
    folders = []
    for name in ("north", "south"):
        write(f"{name}/names.py", f"name = '{name}'\n")
        text = "from names import name\n" + named("gardening", name).replace('"gardening"', "name")
        folders.append(str(write(f"{name}/garden.py", text).parent))

    loaded = load(folders)

    assert dict(loaded.promised.queues) == {"north": "north", "south": "south"}


def test_modules_files_and_folders_stand_beside_each_other(write: Write) -> None:
    """Each once, however often it is named."""
    garden = write("garden.py", EXAMPLE)

    loaded = load(["workflows.policies.broadband", str(garden), str(garden.parent)])

    assert set(loaded.promised.policies) == {"broadband", "gardening"}
    assert loaded.files["gardening"] == str(garden)


def test_what_stands_beside_the_table_comes_too(write: Write) -> None:
    """The publication as it was written; of route and roster that there are some, and the default."""
    published = """
from workflows.planning.publication import Channel, Publication
published = Publication(
    provider="Acme", channels=(Channel(name="phone", address="0800", cost="free"),), complaints="Write.", refunds="All."
)

def roster(tier, at):
    return ("ana",)
"""
    garden = write("garden.py", EXAMPLE + published + ROUTING)

    loaded = load([str(garden)])

    assert isinstance(loaded.published["gardening"], Publication)
    assert loaded.published["gardening"].provider == "Acme"
    assert (loaded.has_route, loaded.rosters) == (True, frozenset({"gardening"}))
    assert loaded.default_route == Route(queue="garden", priority="normal")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\nraise KeyError('x')\n", "garden.py:2: KeyError: 'x': compare this line with docs/policy.md"),
        (
            "import sys\nsys.exit(3)\n",
            "garden.py:2: SystemExit: a policy's file only declares: take out what ends the process",
        ),
        (
            "import os\nos._exit(3)\n",
            "garden.py: it ended the process that reads it, with code 3: take out what does",
        ),
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n",
            "garden.py: it ended the process that reads it, with signal 11: take out what does",
        ),
        (
            "import gardn\n",
            "garden.py:1: ModuleNotFoundError: No module named 'gardn': compare this line with docs/policy.md",
        ),
        (
            EXAMPLE.replace('"Europe/London"', '"Europe/Londn"'),
            "garden.py:5: calendar 'Europe/Londn': unknown time zone 'Europe/Londn': did you mean 'Europe/London'?",
        ),
        (
            "name = 'gardening'",
            "garden.py: it has no `policy`: end the module with policy = Policy(…)",
        ),
        (ABROAD, "garden.py:2: public holidays of 'GBR': unknown country 'GBR': "),
        (
            GARBLING + EXAMPLE,
            GARBLED.format("LookupError"),
        ),
        (GARBLING.replace("[]", '{\\"problems\\": [\\"mine\\"]}') + EXAMPLE, GARBLED.format("KeyError")),
        (
            EXAMPLE + "\ndef __getattr__(name):\n    raise OSError(name)\n",
            "garden.py:25: OSError: __path__: compare this line with docs/policy.md",
        ),
        (
            EXAMPLE + "\nclass Odd(Exception):\n    def __str__(self):\n        raise OSError\n\nraise Odd\n",
            "garden.py:28: Odd: compare this line with docs/policy.md",
        ),
        (
            EXAMPLE + "\nraise ValueError('one\\ntwo' + 1000 * '!')\n",
            f"garden.py:24: ValueError: one two{293 * '!'}…: compare this line with docs/policy.md",
        ),
        (
            EXAMPLE + "\nqueues = (10**5000,)\n",
            "garden.py: ValueError: Exceeds the limit (4300 digits) for integer string conversion",
        ),
        (EXAMPLE + "\0\n", "garden.py: source code string cannot contain null bytes: save it as text"),
        (
            EXAMPLE + "\nroute = 7\n",
            "garden.py: route is 7: write def route(request): …",
        ),
        (
            EXAMPLE + "\nasync def route(request): ...\n",
            "garden.py: route is async: write a plain def route(request): …",
        ),
        (
            EXAMPLE + "\ndef roster(tier): ...\n",
            "garden.py: roster cannot be asked with (tier, at): write def roster(tier, at): …",
        ),
        (
            EXAMPLE + "\ndef route(request): ...\n",
            (
                "garden.py: route has no default for when it fails: "
                "add default_route = Route(queue='home', priority='normal')"
            ),
        ),
        (
            EXAMPLE + ROUTING.replace('"garden"', '"gardn"'),
            "garden.py: default_route names queue 'gardn': use one of garden",
        ),
        (
            EXAMPLE + ROUTING.replace('"normal"', '"urgent"'),
            (
                "garden.py: default_route names priority 'urgent', which policy 'gardening' of queue 'garden' "
                "does not promise: use one of normal"
            ),
        ),
        (
            EXAMPLE + "\npublished = 'soon'\n",
            "garden.py: published is 'soon': write published = Publication(…), or leave it out",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_place(write: Write, text: str, told: str) -> None:
    """Whatever it does to the process that reads it: the file, the line where there is one, and the remedy."""
    assert problems(write("garden.py", text))[0].startswith(told)


def test_a_file_that_never_ends_is_told_with_the_line_that_it_is_at(write: Write) -> None:
    """A loop, and a neighbour's loop: not the start, but its reader is ended."""
    write("slow.py", "def wait():\n    while True:\n        pass\n")
    garden = write("garden.py", "import slow\nslow.wait()\n")

    (told,) = problems(garden, seconds=0.5)

    place, why = told.split(": ", 1)
    assert place.rpartition(":")[0] == "slow.py"
    assert why == "it has not ended after 0.5 s: take out what loops or waits, a policy's file only declares"


def test_a_neighbours_mistake_is_told_at_the_neighbours_line(write: Write) -> None:
    """It is there that it must be mended."""
    write("desks.py", "\n\nlawn = 1 / 0\n")

    (told,) = problems(write("garden.py", "from desks import lawn\n"))

    assert told == "desks.py:3: ZeroDivisionError: division by zero: compare this line with docs/policy.md"


def test_everything_that_is_wrong_is_told_at_once(write: Write) -> None:
    """7.1: whoever has two files mends both."""
    one = write("one.py", "raise SystemExit\n")
    write("two.py", EXAMPLE.replace("hours(8)", "8"))

    told = problems(one.parent)

    assert [problem.partition(":")[0] for problem in told] == ["one.py", "two.py"]


def test_two_policies_of_one_name_and_two_routes_are_told(write: Write) -> None:
    """Neither is taken, for nobody could say whose word goes."""
    one = write("one.py", EXAMPLE + ROUTING)
    write("two.py", EXAMPLE + ROUTING)

    assert problems(one.parent) == (
        "two.py: policy 'gardening' is declared twice: rename one",
        "two.py: queue 'garden' is served by 'gardening' already: name each queue once",
        "two.py: route is declared in one.py already: keep one of them",
    )


def test_a_route_of_its_own_file_that_another_imports_is_one_route(write: Write) -> None:
    """It is the same function, wherever it is seen."""
    garden = write("garden.py", EXAMPLE + "\nfrom routing import default_route, route\n")
    write("routing.py", ROUTING)

    assert load([str(garden.parent)]).has_route


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("nowhere/garden.py", "nowhere/garden.py: there is no such file or folder: name one that is there"),
        ("~nobody-here/garden", "~nobody-here/garden: there is no such file or folder: name one that is there"),
        (
            "gardn policies",
            "gardn policies: there is no such file or folder, and a module has another name: like acme.policies",
        ),
        (
            "workflows.policies.brodband",
            (
                "workflows.policies.brodband: there is no such module: "
                "name one that is there, like 'workflows.policies.broadband'"
            ),
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_told(entry: str, told: str) -> None:
    """Each with what to write."""
    assert problems(entry) == (told,)


def test_a_folder_without_a_policy_is_told(tmp_path: Path) -> None:
    """An empty mount must not be an empty set."""
    assert problems(tmp_path) == (
        f"{tmp_path}: there is no policy in this folder: add a file, like {tmp_path.name}/broadband.py",
    )
    (tmp_path / "notes.py").write_text("text = 'nothing declared'\n", encoding="ascii")
    assert problems(tmp_path) == ("notes.py: no policy is declared there: add policy = Policy(…)",)


def test_what_is_printed_while_reading_goes_to_the_log(write: Write, caplog: pytest.LogCaptureFixture) -> None:
    """By print, below Python, and by the thousand: nothing of it is taken for the policies, and nothing waits."""
    noise = (
        'import os, sys\nprint("hello")\nos.write(1, b"{\\"problems\\": []}\\n")\nsys.stdout.write("x" * 3_000_000)\n'
    )
    with caplog.at_level(logging.INFO):
        loaded = load([str(write("garden.py", noise + EXAMPLE))])

    assert set(loaded.promised.policies) == {"gardening"}
    printed = [getattr(record, "text", "") for record in caplog.records]
    assert printed[:2] == ["hello", '{"problems": []}']
    assert all(len(text) <= 201 for text in printed)


def test_a_fork_of_the_users_speaks_for_nobody(write: Write) -> None:
    """Two processes come back from the import; one of them is the child, and nothing is left of the other."""
    assert set(load([str(write("garden.py", "import os\nos.fork()\n" + EXAMPLE))]).promised.policies) == {"gardening"}


def test_nothing_is_left_of_a_child_or_of_what_it_started(write: Write, tmp_path: Path) -> None:
    """What the users' file started ends with the reading."""
    started = "import subprocess, pathlib\nother = subprocess.Popen(['sleep', '600'])\n"
    told = f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(other.pid))\n"

    load([str(write("garden.py", started + told + EXAMPLE))])

    assert _is_gone(int((tmp_path / "pid").read_text()))


def test_a_child_ends_with_its_parent_whatever_it_is_at(write: Write, tmp_path: Path) -> None:
    """Killed while a file loops within C, holding every thread of it up, the parent leaves nothing behind."""
    stuck = "import re\nre.match(r'(a+)+$', 'a' * 64 + 'b')\n"
    told = f"import os, pathlib\npathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
    garden = write("garden.py", told + stuck)
    line = f"from services.policy_host.loading import load; load([{str(garden)!r}], seconds=600)"
    parent = subprocess.Popen([sys.executable, "-c", line])  # noqa: S603 - our own line
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while not ((tmp_path / "pid").exists() and (tmp_path / "pid").read_text()):
            assert time.monotonic() < until
            time.sleep(0.01)
    finally:
        parent.kill()
        parent.wait()

    assert _is_gone(int((tmp_path / "pid").read_text()))


def test_the_child_imports_nothing_heavy() -> None:
    """It starts after each edit, and with each process: gRPC, SQL and the settings stay away."""
    heavy = "{'grpc', 'sqlalchemy', 'temporalio', 'pydantic', 'google', 'prometheus_client', 'click', 'asyncio'}"
    line = f"import services.policy_host.child, sys; print(sorted({heavy} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)  # noqa: S603 - our own line
    assert ran.stdout == "[]\n"


def test_a_folder_is_looked_at_anew_each_time(write: Write) -> None:
    """A file that is added is found the next time."""
    folder = write("garden.py", EXAMPLE).parent
    assert [source.module for source in sources_of([str(folder)])] == ["garden"]
    write("craft.py", named("craft", "shop"))
    assert [source.module for source in sources_of([str(folder)])] == ["craft", "garden"]


def _is_gone(pid: int) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False
