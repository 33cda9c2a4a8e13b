"""`followthrough policy diff`: by table and by timeline, between files and between git revisions of one."""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main
from tests.policies.example import EXAMPLE

BY = "gardener to acknowledge by Mon 23 Nov"
OPENED = ("--at", "2026-11-23 16:00")  # a Monday
HOURS = '''"""What neighbours share."""

from workflows.domain.policy import minutes

soon = minutes(30)
'''
WITH_A_NEIGHBOUR = EXAMPLE.replace("acknowledge=minutes(30)", "acknowledge=soon").replace(
    "from workflows.domain.calendar", "from shared_hours import soon\nfrom workflows.domain.calendar"
)


def compared(*words: str) -> Result:
    """What it says of two policies."""
    return CliRunner().invoke(main, ["policy", "diff", *words])


def refused(*words: str) -> str:
    """The one line in which it refuses."""
    found = compared(*words)
    assert found.exit_code == 2, found.output
    (line,) = found.output.splitlines()
    return line.removeprefix("followthrough: ")


def git(folder: Path, *words: str) -> None:
    """Run git there, as somebody."""
    subprocess.run(  # noqa: S603 - git, with a test's own words
        ["git", "-C", str(folder), "-c", "user.name=Ann", "-c", "user.email=ann@localhost", *words],  # noqa: S607 - git
        check=True,
        capture_output=True,
    )


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    """Two versions: acknowledged within 30 and within 20 minutes."""
    files = {"before.py": EXAMPLE, "after.py": EXAMPLE.replace("minutes(30)", "minutes(20)")}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return str(tmp_path / "before.py"), str(tmp_path / "after.py")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two revisions of a policy that imports a neighbour: `v1`, and one in which the neighbour alone is edited."""
    folder = tmp_path / "desk" / "policies"
    folder.mkdir(parents=True)
    git(tmp_path, "init", "--quiet", "desk")
    (folder / "shared_hours.py").write_text(HOURS)
    (folder / "gardening.py").write_text(WITH_A_NEIGHBOUR)
    (folder / "elsewhere").symlink_to("/nowhere/at/all")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    git(folder, "tag", "v1")
    (folder / "shared_hours.py").write_text(HOURS.replace("30", "20"))
    git(folder, "commit", "--quiet", "-am", "sooner")
    return folder


def test_an_edit_is_shown_by_table_and_by_timeline(pair: tuple[str, str]) -> None:
    """7.4: row by row old → new, and each moment that moves, with what else differs of it."""
    found = compared(*pair, *OPENED)
    assert found.exit_code == 0
    lines = found.output.splitlines()
    assert lines[1:9] == [
        "",
        "The table",
        "    tier gardener, acknowledges within, normal: 30 min → 20 min",
        "",
        "The story of normal, opened on Monday 23 November 2026, 16:00 in London",
        "    Mon 23 Nov 16:00  The ticket is opened, normal, and is with gardener",
        f"        from then on: {BY} 16:30 → {BY} 16:20",
        "    Mon 23 Nov 16:22:30 → Mon 23 Nov 16:15  75 % of gardener's time to acknowledge is spent",
    ]
    assert "    Mon 23 Nov 16:30 → Mon 23 Nov 16:20  The ladder ends, nobody is above gardener" in lines


def test_the_same_twice_is_the_same(pair: tuple[str, str]) -> None:
    """Nothing is made up: the table and each story say so."""
    found = compared(pair[0], pair[0], *OPENED, "--exit-code")
    assert found.exit_code == 0
    assert found.output.splitlines()[1:] == [
        "",
        "The table is the same.",
        "",
        "The story of normal, opened on Monday 23 November 2026, 16:00 in London, is the same.",
    ]


def test_ci_may_stop_at_a_difference(pair: tuple[str, str]) -> None:
    """0 is the default: a difference is no failure unless somebody says so."""
    assert compared(*pair, *OPENED).exit_code == 0
    assert compared(*pair, *OPENED, "--exit-code").exit_code == 1


def test_a_tier_that_is_new_makes_moments_appear_and_vanish(tmp_path: Path) -> None:
    """A step up appears where the ladder ended; rows of the new tier appear, the ladder's own row changes."""
    head, tier, tail = EXAMPLE.partition("        Tier(\n")
    body, end, rest = tail.partition("        ),\n")
    second = body.replace('"gardener"', '"head"')
    (tmp_path / "one.py").write_text(EXAMPLE)
    (tmp_path / "two.py").write_text(f"{head}{tier}{body}{end}{tier}{second}{end}{rest}")
    lines = compared(str(tmp_path / "one.py"), str(tmp_path / "two.py"), *OPENED).output.splitlines()
    assert "  + tier head, zone: Europe/London" in lines
    assert "    ladder, tiers: gardener → gardener → head" in lines
    assert "  + Mon 23 Nov 16:30  The ticket goes up from gardener to head" in lines
    assert any(line.startswith("    Mon 23 Nov 16:30 → ") and line.endswith("nobody is above head") for line in lines)


def test_dates_that_come_and_go_are_a_line_each_way(tmp_path: Path) -> None:
    """Another year's public holidays are one line a calendar, not thirty."""
    for name, closed in (("one", ("2026-12-25", "2026-12-26")), ("two", ("2026-12-25", "2027-12-25", "2027-12-26"))):
        (tmp_path / f"{name}.py").write_text(EXAMPLE.replace('"09:00-17:00"})', f'"09:00-17:00"}}, closed={closed})'))
    lines = compared(str(tmp_path / "one.py"), str(tmp_path / "two.py"), *OPENED).output.splitlines()
    assert lines[3:7] == [
        "  - customer, closed on: 2026-12-26",
        "  + customer, closed on: 2027-12-25, 2027-12-26",
        "  - tier gardener, closed on: 2026-12-26",
        "  + tier gardener, closed on: 2027-12-25, 2027-12-26",
    ]


def test_a_script_reads_the_same(pair: tuple[str, str]) -> None:
    """One object: before and after of each row and each moment."""
    told = json.loads(compared(*pair, *OPENED, "--json").output)
    assert told["table"] == [
        {
            "subject": "tier gardener",
            "what": "acknowledges within",
            "of": "normal",
            "before": "30 min",
            "after": "20 min",
        }
    ]
    (story,) = told["stories"]
    assert (story["priority"], story["ending"]) == ("normal", None)
    breach = next(each for each in story["moments"] if each["after"]["kind"] == "clock_breached")
    assert (breach["before"]["at"], breach["after"]["at"]) == ("2026-11-23T16:30:00+00:00", "2026-11-23T16:20:00+00:00")


def test_a_revision_is_read_with_the_neighbours_of_its_day(repository: Path) -> None:
    """The edit is in the neighbour alone, and shows; the work tree, which has another edit by now, is left alone."""
    file = repository / "gardening.py"
    file.write_text("this is no Python")
    found = compared(f"{file}@v1", f"{file}@HEAD", *OPENED)
    assert found.exit_code == 0, found.output
    assert "    tier gardener, acknowledges within, normal: 30 min → 20 min" in found.output.splitlines()
    assert file.read_text() == "this is no Python"


def test_a_package_is_read_with_all_that_it_may_import(repository: Path) -> None:
    """A file of a package imports by the package's name, and what stands beside the package too."""
    (repository / "__init__.py").write_text("")
    packaged = WITH_A_NEIGHBOUR.replace("from shared_hours", "from policies.shared_hours")
    (repository / "gardening.py").write_text(packaged)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "a package")
    (repository / "shared_hours.py").write_text(HOURS.replace("30", "10"))
    file = repository / "gardening.py"
    lines = compared(f"{file}@HEAD", str(file), *OPENED).output.splitlines()
    assert "    tier gardener, acknowledges within, normal: 20 min → 10 min" in lines


def test_a_hook_of_git_may_ask(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What git tells a hook of its own repository is not taken for the policy's."""
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    file = repository / "gardening.py"
    assert compared(f"{file}@v1", f"{file}@v1", *OPENED).exit_code == 0


def test_a_file_that_is_gone_can_still_be_compared(repository: Path) -> None:
    """Its name and the revision are enough."""
    file = repository / "gardening.py"
    file.unlink()
    assert compared(f"{file}@v1", f"{file}@v1", *OPENED).exit_code == 0


def test_a_policy_that_ships_can_be_named_with_a_revision() -> None:
    """By its name, as it was committed last."""
    found = compared("broadband@HEAD", "broadband@HEAD", "--at", "2026-11-27 17:55", "--priority", "urgent")
    assert found.exit_code == 0, found.output
    assert found.output.splitlines()[2] == "The table is the same."


def test_a_revision_there_is_not(repository: Path) -> None:
    """Each with what to do: no such revision, no such file in it, no repository, a name nobody has."""
    file = repository / "gardening.py"
    listing = f"git -C {file.parent} log --oneline -- {file.name}"
    assert refused(f"{file}@v2", str(file)) == f"{file}: there is no revision 'v2': `{listing}` lists those of the file"
    assert refused(f"{repository}/roses.py@v1", str(file)) == (
        "there is no policies/roses.py at revision 'v1': name one that has the file"
    )
    outside = repository.parents[1] / "gardening.py"
    outside.write_text(EXAMPLE)
    assert refused(f"{outside}@HEAD", str(file)) == f"{outside} is in no git repository"
    assert refused("broadbnad@HEAD", str(file)) == "there is no policy 'broadbnad': did you mean 'broadband'?"
    assert refused(f"{file}@--help", str(file)).startswith(f"{file}: there is no revision '--help'")


def test_a_revision_that_does_not_load_is_told_with_its_line(repository: Path) -> None:
    """By its place in the repository, never by that of a folder that is gone."""
    file = repository / "gardening.py"
    file.write_text(EXAMPLE.replace("hours(8)", 'hours("8")'))
    git(repository, "commit", "--quiet", "-am", "broken")
    said = refused(f"{file}@HEAD", f"{file}@v1")
    assert said.startswith("at revision 'HEAD': policies/gardening.py:9: hours are '8': write a number")


def test_priorities_that_the_two_do_not_share(pair: tuple[str, str]) -> None:
    """A story is told of what both promise; one that is asked for by name must be among those."""
    other = Path(pair[1])
    other.write_text(EXAMPLE.replace('"normal"', '"usual"'))
    found = compared(*pair, *OPENED)
    assert found.exit_code == 0
    assert "The story" not in found.output
    assert refused(*pair, *OPENED, "--priority", "usual").startswith("the two have no priority in common: ['normal']")
