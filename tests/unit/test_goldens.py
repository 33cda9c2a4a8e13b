"""The golden texts of the kit for policy authors."""

from pathlib import Path

import pytest

from workflows.testing.goldens import compare


def test_the_same_text_is_no_difference(tmp_path: Path) -> None:
    """What was written by the flag is found again."""
    compare(tmp_path / "new" / "story.txt", "Mon 23 Nov 09:00 opened\n", is_updating=True)
    compare(tmp_path / "new" / "story.txt", "Mon 23 Nov 09:00 opened\n")


def test_another_text_is_shown_as_a_difference_and_the_file_stays(tmp_path: Path) -> None:
    """A policy that does something else fails its test, line by line, and only the flag changes the file."""
    (tmp_path / "story.txt").write_text("opened\nwarned at 10:00\n")
    with pytest.raises(AssertionError, match=r"(?s)--update-goldens.*-warned at 10:00\n.warned at 11:00"):
        compare(tmp_path / "story.txt", "opened\nwarned at 11:00\n")
    assert (tmp_path / "story.txt").read_text() == "opened\nwarned at 10:00\n"


def test_a_file_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    """A test that was never read by anybody does not pass."""
    with pytest.raises(AssertionError, match="run pytest with --update-goldens once"):
        compare(tmp_path / "story.txt", "opened\n")
    assert not list(tmp_path.iterdir())


def test_the_flag_writes_for_a_policy_author(pytester: pytest.Pytester) -> None:
    """The fixtures of the plugin, in a checkout that is not ours: refused, written by the flag, passed."""
    pytester.makeconftest('pytest_plugins = ["workflows.testing.plugin"]')
    pytester.makepyfile(
        test_mine="""
        from workflows.policies.broadband import policy

        def test_opening(tell, golden):
            story = tell(policy).open("Mon 23 Nov 09:00").as_told()
            golden("tier.txt", f"{story.ticket.tier}\\n")
        """
    )
    pytester.runpytest_subprocess("-q").assert_outcomes(failed=1)
    pytester.runpytest_subprocess("-q", "--update-goldens").assert_outcomes(passed=1)
    assert (pytester.path / "goldens" / "tier.txt").read_text() == "agent\n"
    pytester.runpytest_subprocess("-q").assert_outcomes(passed=1)
