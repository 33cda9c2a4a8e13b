"""A small run of the planner's benchmark, so that it cannot rot. No figure is judged here."""

from tests.bench import policy_explain


def test_a_story_of_four_tiers_is_worked_out_told_and_drawn() -> None:
    """It climbs all of the ladder, and each step of explaining it has a figure."""
    found = policy_explain.measure(rounds=1, stories=1)

    assert found.moments > 20
    assert all(spread.middle > 0 for spread in (found.worked_out, found.told, found.drawn))
    assert policy_explain.table(found).row_count == 1
