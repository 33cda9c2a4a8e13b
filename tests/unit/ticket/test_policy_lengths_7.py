"""Semantics 7.1, 3.5: a policy's lengths are neither too short to be worth anything nor too long to be kept."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.policies import TINY_ROW, tiny, tiny_tier
from workflows.domain.calendar import Calendar
from workflows.domain.errors import PolicyError
from workflows.domain.policy import hours, minutes
from workflows.domain.policy_data import from_data, to_data

A_MOMENT = timedelta(milliseconds=10)
A_MINUTE_OR_MORE = "give it a minute or more"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"remind_every": A_MOMENT}, f"remind_every is 0.01 s: {A_MINUTE_OR_MORE}"),
        ({"sign_off": minutes(0.5)}, f"sign_off is 30 s: {A_MINUTE_OR_MORE}"),
        ({"give_up": A_MOMENT, "customer_reminders": ()}, f"give_up is 0.01 s: {A_MINUTE_OR_MORE}"),
        ({"customer_reminders": (A_MOMENT,)}, f"reminder 1 of customer_reminders is 0.01 s: {A_MINUTE_OR_MORE}"),
        (
            {"customer_reminders": (hours(9), hours(9) + A_MOMENT)},
            (
                "customer_reminders and give_up are 9 h, 9 h, 36 h from the question: "
                "make each longer than the one before, by a minute or more"
            ),
        ),
        (
            {"tiers": (tiny_tier(targets={"normal": replace(TINY_ROW, update_every=minutes(0.5))}),)},
            f"tier 'agent' for priority 'normal': update_every is 30 s: {A_MINUTE_OR_MORE}",
        ),
        (
            {"reopen_window": timedelta.max},
            "reopen_window is 2.4e+10 h: write a hundred years or less",
        ),
    ],
)
def test_what_comes_again_by_itself_does_not_come_all_the_time(changes: dict[str, object], problem: str) -> None:
    """7.1, 2.2, 4.4, 6.6: a silent ticket is more than its reminders, and a customer has time to answer."""
    with pytest.raises(PolicyError) as refused:
        tiny(**changes)
    assert refused.value.problems == (f"policy 'tiny': {problem}",)


def test_a_minute_is_long_enough() -> None:
    """7.1: the least that is allowed is allowed."""
    a_minute = minutes(1)
    steps = {"remind_every": a_minute, "sign_off": a_minute, "customer_reminders": (a_minute,), "give_up": 2 * a_minute}
    tier = tiny_tier(targets={"normal": replace(TINY_ROW, update_every=a_minute)})
    assert tiny(**steps, tiers=(tier,)).wait_steps == (a_minute, 2 * a_minute)


def test_the_longest_reopen_window_can_be_read_back() -> None:
    """7.1, 7.2: to the microsecond, as every length that is allowed."""
    policy = tiny(reopen_window=timedelta(days=36525) - timedelta(microseconds=1))
    assert from_data(to_data(policy)) == policy


def test_a_calendar_that_is_too_small_is_named_once_with_the_longest_it_cannot_hold() -> None:
    """7.1, 3.5: an hour of one day does not hold four hours in two years, and that is one mistake, not one a target."""
    almost_never = Calendar("UTC", {}, special={"2026-12-24": "09:00-10:00"})
    with pytest.raises(PolicyError) as refused:
        tiny(tiers=(tiny_tier(calendar=almost_never),))
    assert refused.value.problems == (
        (
            "policy 'tiny': calendar 'UTC closed all week (0 dates closed, 1 special)' has no more than 0 h open in "
            "730 days, too little for tier 'agent' for priority 'normal': resolve, 4 h, nor for 1 more: "
            "give it more hours, or promise less"
        ),
    )
