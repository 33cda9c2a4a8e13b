"""Policies that are edited while they hold: what loads is in force at once, what does not changes nothing."""

import asyncio
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from services.policy_host.watching import Seen
from tests.policies.example import EXAMPLE
from tests.support.policy_files import PATIENT, ROUTING, PolicyFiles, a_request, held, named, reloaded
from tests.support.waiting import until
from workflows.domain.routing import Route

WATCHFUL = replace(PATIENT, watch_seconds=0.01)
"""Looks at the files all the time."""

LONGER = EXAMPLE.replace('"normal": hours(8)', '"normal": hours(7)')


@pytest.fixture
def files(tmp_path: Path) -> PolicyFiles:
    """An empty folder for policies."""
    folder = tmp_path / "policies"
    folder.mkdir()
    return PolicyFiles(folder=folder)


def told(caplog: pytest.LogCaptureFixture, fact: str) -> list[dict[str, object]]:
    """Return the fields of every time that a fact was logged."""
    return [vars(record) for record in caplog.records if record.getMessage() == fact]


async def test_an_edit_is_in_force_when_the_file_is_seen_to_have_changed(files: PolicyFiles) -> None:
    """Nothing is restarted; who began by the policies before ends by them."""
    files.write("garden.py", EXAMPLE)
    async with held(files, WATCHFUL) as policies:
        before = policies.now
        files.write("garden.py", LONGER)
        await until(lambda: policies.now is not before)

        assert before.promised.policies["gardening"].resolve["normal"].total_seconds() == 8 * 3600
        assert policies.now.promised.policies["gardening"].resolve["normal"].total_seconds() == 7 * 3600
        assert policies.counts.failed_reloads == 0


async def test_a_broken_file_changes_nothing_and_is_told_once(
    files: PolicyFiles, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where, what and the remedy, once however often it is looked at; mended, it is in force."""
    looks = _counted(monkeypatch)
    path = files.write("garden.py", EXAMPLE)
    async with held(files, WATCHFUL) as policies:
        before = policies.now
        files.write("garden.py", EXAMPLE.replace("hours(8)", "hour(8)"))
        await until(lambda: policies.counts.is_broken)
        seen = len(looks)
        await until(lambda: len(looks) > seen + 5)

        assert policies.now is before
        assert policies.counts.failed_reloads == 1
        (line,) = told(caplog, "policies do not load, those in force stay: mend the files")
        assert line["problems"] == f"{path}:9: name 'hour' is not defined: did you mean 'hours'?"
        assert line["in_force"] == f"gardening@{before.loaded.versions['gardening']}"

        files.write("garden.py", LONGER)
        await until(lambda: not policies.counts.is_broken)
        assert policies.now is not before
        assert policies.counts.loaded_at > 0


async def test_a_file_that_is_written_again_as_it_was_is_not_read_again(
    files: PolicyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content decides, not dates: a deployment that touches everything changes nothing."""
    looks = _counted(monkeypatch)
    files.write("garden.py", EXAMPLE)
    async with held(files, WATCHFUL) as policies:
        os.utime(files.write("garden.py", EXAMPLE), (1, 1))
        await until(lambda: len(looks) > 5)
        assert policies.counts.reloads == 0


async def test_a_file_that_is_being_written_is_left_until_it_stands(
    files: PolicyFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a file is no mistake of anybody's: it is read once two looks found the same."""
    files.write("garden.py", EXAMPLE)
    async with held(files, WATCHFUL) as policies:
        before, real = policies.now, Seen.now

        def seen(entries: Sequence[str], paths: Iterable[str] = ()) -> Seen:
            found = real(entries, paths)
            files.write("garden.py", LONGER)  # the other half is there before the next look
            return found

        files.write("garden.py", LONGER[:200])
        monkeypatch.setattr(Seen, "now", seen)
        await until(lambda: policies.now is not before)

        assert policies.counts.failed_reloads == 0
        assert policies.now.promised.policies["gardening"].resolve["normal"].total_seconds() == 7 * 3600


async def test_whatever_was_read_is_watched(files: PolicyFiles) -> None:
    """A neighbour that is imported, a file of data that is opened, a file that is new in the folder."""
    files.write("desks.py", 'name = "gardening"\n')
    (files.folder / "hours.txt").write_text("8", encoding="ascii")
    opened = "from pathlib import Path\nlength = int(Path(__file__).with_name('hours.txt').read_text())"
    files.write(
        "garden.py",
        "from desks import name",
        opened,
        EXAMPLE.replace('"gardening"', "name").replace("hours(8)", "hours(length)"),
    )
    async with held(files, WATCHFUL) as policies:
        files.write("desks.py", 'name = "lawns"\n')
        await until(lambda: set(policies.now.promised.policies) == {"lawns"})
        (files.folder / "hours.txt").write_text("7", encoding="ascii")
        await until(lambda: policies.now.promised.policies["lawns"].resolve["normal"].total_seconds() == 7 * 3600)
        files.write("craft.py", named("craft", "shop"))
        await until(lambda: set(policies.now.promised.policies) == {"lawns", "craft"})
        (files.folder / "craft.py").unlink()
        await until(lambda: set(policies.now.promised.policies) == {"lawns"})


async def test_a_neighbour_that_was_missing_is_seen_when_it_comes(files: PolicyFiles) -> None:
    """Files that are copied one by one are in force when the last one is there."""
    files.write("garden.py", EXAMPLE)
    async with held(files, WATCHFUL) as policies:
        files.write("garden.py", "from desks import name\n" + EXAMPLE.replace('"gardening"', "name"))
        await until(lambda: policies.counts.is_broken)
        files.write("desks.py", 'name = "lawns"\n')
        await until(lambda: set(policies.now.promised.policies) == {"lawns"})


async def test_a_policy_that_changes_its_name_is_told(files: PolicyFiles, caplog: pytest.LogCaptureFixture) -> None:
    """7.2: running tickets keep theirs, under its old name; callers of a queue that has gone are refused."""
    path = files.write("garden.py", EXAMPLE)
    async with held(files) as policies:
        files.write("garden.py", named("lawns", "lawn"))
        await reloaded(policies)

    assert set(policies.now.promised.policies) == {"lawns"}
    (renamed,) = told(caplog, "policy renamed")
    assert (renamed["file"], renamed["before"], renamed["policy"]) == (str(path), "gardening", "lawns")
    (gone,) = told(caplog, "queue gone, requests for it are refused")
    assert gone["queue"] == "garden"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("craft.py", EXAMPLE, "policy 'gardening' is declared twice: rename one"),
        ("craft.py", "import sys\nsys.exit()\n", "craft.py:2: SystemExit: "),
        ("craft.py", "import os\nos._exit(0)\n", "craft.py: it ended the process that reads it, with code 0"),
        ("craft.py", "policy = None\n", "craft.py: it has no `policy`"),
    ],
)
async def test_what_cannot_stand_is_refused_while_the_rest_goes_on(
    files: PolicyFiles, caplog: pytest.LogCaptureFixture, name: str, text: str, problem: str
) -> None:
    """7.1: two of one name, a file that ends its reader, a file with nothing in it."""
    files.write("garden.py", EXAMPLE)
    async with held(files) as policies:
        before = policies.now
        files.write(name, text)
        await reloaded(policies)
        assert policies.now is before

    (line,) = told(caplog, "policies do not load, those in force stay: mend the files")
    assert problem in str(line["problems"])


async def test_a_file_that_never_ends_holds_nothing_up(files: PolicyFiles, caplog: pytest.LogCaptureFixture) -> None:
    """What is in force answers meanwhile, and stays."""
    route = "def route(request):\n    return default_route\n"
    files.write("garden.py", EXAMPLE, ROUTING, route)
    async with held(files, replace(PATIENT, load_seconds=5)) as policies:
        files.write("craft.py", "while True:\n    pass\n")
        reloading = asyncio.create_task(reloaded(policies))
        assert await policies.now.place(a_request()) == Route(queue="garden", priority="normal")
        await reloading
        assert await policies.now.place(a_request()) == Route(queue="garden", priority="normal")
        assert policies.counts.route_failures.total() == 0

    (line,) = told(caplog, "policies do not load, those in force stay: mend the files")
    assert "it has not ended after 5 s" in str(line["problems"])


async def test_what_was_asked_before_a_reload_is_answered_by_what_was_in_force(files: PolicyFiles) -> None:
    """The swap is between calls, never within one."""
    go, asked = files.folder.parent / "go", files.folder.parent / "asked"
    waiting = f"""
import pathlib, time
def route(request):
    pathlib.Path({str(asked)!r}).touch()
    while not pathlib.Path({str(go)!r}).exists():
        time.sleep(0.01)
    return default_route
"""
    files.write("garden.py", EXAMPLE, ROUTING, waiting)
    async with held(files) as policies:
        answer = asyncio.create_task(policies.now.place(a_request()))
        await until(asked.exists)
        files.write("garden.py", named("lawns", "lawn"))
        await reloaded(policies)
        assert set(policies.now.promised.queues) == {"lawn"}
        go.touch()
        assert await answer == Route(queue="garden", priority="normal")


async def test_stopping_does_not_wait_for_a_file_that_never_ends(files: PolicyFiles) -> None:
    """Nor does it leave its reader behind."""
    pid = files.folder.parent / "pid"
    files.write("garden.py", EXAMPLE)
    async with held(files) as policies:
        files.write(
            "craft.py",
            f"import os, pathlib\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\nwhile True: pass\n",
        )
        policies.reload()
        await until(lambda: pid.exists() and bool(pid.read_text(encoding="ascii")))

    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text(encoding="ascii")), 0)


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """Count the looks at the files."""
    looks: list[None] = []

    real = Seen.now

    def counted(entries: Sequence[str], paths: Iterable[str] = ()) -> Seen:
        looks.append(None)
        return real(entries, paths)

    monkeypatch.setattr(Seen, "now", counted)
    return looks
