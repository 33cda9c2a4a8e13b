"""`followthrough policy new`: a first policy, with its first test."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from services.cli import main


def _new(*words: str) -> Result:
    return CliRunner().invoke(main, ["policy", "new", *words])


@pytest.mark.parametrize("zone", ["Europe/London", "America/St_Johns", "Pacific/Auckland", "UTC"])
def test_what_it_writes_loads_and_passes_its_own_test(pytester: pytest.Pytester, zone: str) -> None:
    """A first policy is right before anybody edits it, whatever the desk's zone: its test says so."""
    found = _new("garden-centre", "--folder", "mine", "--zone", zone)
    assert (found.exit_code, found.output) == (
        0,
        "mine/garden_centre.py\nmine/test_garden_centre.py\nmine/conftest.py\n",
    )
    pytester.runpytest_subprocess("-q", "mine").assert_outcomes(passed=2)


def test_its_test_fails_once_the_promise_is_another(pytester: pytest.Pytester) -> None:
    """The first test is no decoration: an edit of the table fails it, once, and shows the lines that differ alone."""
    assert _new("gardens").exit_code == 0
    file = pytester.path / "gardens.py"
    file.write_text(file.read_text().replace("acknowledge=minutes(15)", "acknowledge=minutes(20)"))
    run = pytester.runpytest_subprocess("-q")
    run.assert_outcomes(passed=1, failed=1)
    run.stdout.fnmatch_lines(["E *- Mon 23 Nov 09:15 breached acknowledge/1 of desk, due 09:15"])
    run.stdout.no_fnmatch_line("*_compare(*")


def test_its_test_passes_where_the_readme_puts_it(pytester: pytest.Pytester) -> None:
    """In a folder of a checkout whose pytest imports by file, as ours does, from within and from above."""
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\naddopts = "--import-mode=importlib"\n')
    assert _new("gardens", "--folder", "mine").exit_code == 0
    pytester.runpytest_subprocess("-q", "mine").assert_outcomes(passed=2)
    pytester.chdir()
    with pytest.MonkeyPatch.context() as within:
        within.chdir(pytester.path / "mine")
        pytester.runpytest_subprocess("-q", "test_gardens.py").assert_outcomes(passed=2)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Whoever calls it twice keeps what was edited in between; a conftest that is there stays too."""
    (tmp_path / "conftest.py").write_text("# mine\n")
    (tmp_path / "test_gardens.py").write_text("# mine too\n")
    found = _new("gardens", "--folder", str(tmp_path))
    assert found.exit_code == 2
    assert f"{tmp_path}/test_gardens.py is there already: take another name, or another --folder" in found.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conftest.py", "test_gardens.py"]
    assert _new("gardens", "--folder", str(tmp_path / "new")).exit_code == 0
    assert (tmp_path / "conftest.py").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("Gardens",),
            "NAME is 'Gardens': write up to 32 small letters, digits, - or _, a letter first, like 'gardens'",
        ),
        (("../gardens",), "NAME is '../gardens': write up to 32 small letters"),
        *(
            ((name,), f"NAME is {name!r}, and {name}.py is not to be had: take another, like 'gardens'")
            for name in ("class", "datetime", "workflows", "conftest", "test_gardens")
        ),
        (("gardens", "--zone", "Europe/Londn"), "--zone: unknown time zone 'Europe/Londn'"),
        (("gardens", "--title", 'The "Gardens"'), "--title has a quote, a backslash or a line break: leave it out"),
    ],
)
def test_what_it_cannot_write_is_told_before_anything_is_written(
    pytester: pytest.Pytester, words: tuple[str, ...], told: str
) -> None:
    """Bad input names the word, its value and the remedy, and leaves nothing behind."""
    found = _new(*words)
    assert found.exit_code == 2
    assert told in found.output
    assert list(pytester.path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The reason comes without a traceback."""
    (tmp_path / "file").write_text("")
    found = _new("gardens", "--folder", str(tmp_path / "file" / "below"))
    assert found.exit_code == 2
    assert "cannot write in" in found.output
