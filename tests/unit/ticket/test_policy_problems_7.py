"""Semantics 7.1: what a policy must promise to be built, and how it is told what it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.policies import TINY_DESK, TINY_ROW, tiny, tiny_tier
from workflows.domain.errors import PolicyError
from workflows.domain.policy import OnBreach, Tier, hours, minutes
from workflows.domain.ticket.words import Audience, Target

TARGETS = "Target.ACKNOWLEDGE, Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE"
WRITE_A_CALENDAR = "write Calendar('Europe/London', {'mon-fri': '08:00-18:00'})"


def test_all_that_is_wrong_is_told_at_once_with_policy_tier_priority_and_remedy() -> None:
    """7.1: a manager who edits the table sees every mistake, not the first."""
    supplier = Tier(name="supplier", calendar=TINY_DESK, targets={"urgent": TINY_ROW, "asap": TINY_ROW})
    late = replace(TINY_ROW, acknowledge=timedelta(), update_every=hours(9))
    with pytest.raises(PolicyError) as refused:
        tiny(
            resolve={"urgent": hours(4), "normal": hours(8)},
            tiers=(
                tiny_tier(targets={"urgent": TINY_ROW, "normal": late}),
                supplier,
                tiny_tier(targets={"normal": TINY_ROW}),
            ),
            lead="",
            warn_at=(0.75, 1.0),
            chases_to_escalate=0,
        )
    assert refused.value.problems == (
        "policy 'tiny': it names no lead: somebody must hear of a broken promise, like 'team-lead'",
        "policy 'tiny': tier 'agent' stands 2 times: name each rung once",
        "policy 'tiny': tier 'supplier' has no targets for ['normal']: add a row for each priority of the policy",
        (
            "policy 'tiny': tier 'supplier' has targets for ['asap'], which the policy does not promise: "
            "use ['urgent', 'normal']"
        ),
        "policy 'tiny': tier 'agent' has no targets for ['urgent']: add a row for each priority of the policy",
        "policy 'tiny': warns at 1.0 of a target: write a fraction between 0 and 1, like 0.75",
        "policy 'tiny': chases_to_escalate is 0: write a whole number, 2 for every second chase",
        (
            "policy 'tiny': tier 'agent' for priority 'normal': update_every is 9 h, not shorter than the customer's "
            "resolve target 8 h: make it shorter, or the customer hears nothing before it is over"
        ),
        (
            "policy 'tiny': tier 'agent' for priority 'normal': acknowledge is 0 h: "
            "give it more than nothing, like hours(8)"
        ),
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": ""}, "policy '': it has no name: give it one, like 'broadband'"),
        ({"tiers": ()}, "policy 'tiny': it has no tiers: a ladder needs at least one"),
        (
            {"last_resort": ""},
            "policy 'tiny': it names no last resort: somebody must hear when the ladder has ended, like 'duty-manager'",
        ),
        (
            {"last_resort": "agent"},
            "policy 'tiny': last_resort 'agent' is a tier's name too: whoever acknowledges must say for whom (4.4)",
        ),
        ({"tiers": (tiny_tier(name=""),)}, "policy 'tiny': a tier has no name: give each rung one, like 'agent'"),
        (
            {"warn_at": (0.0,)},
            "policy 'tiny': warns at 0.0 of a target: write a fraction between 0 and 1, like 0.75",
        ),
        (
            {"warn_at": (float("nan"),)},
            "policy 'tiny': warns at nan of a target: write a fraction between 0 and 1, like 0.75",
        ),
        ({"remind_every": timedelta()}, "policy 'tiny': remind_every is 0 h: give it more than nothing, like hours(8)"),
        ({"sign_off": hours(-1)}, "policy 'tiny': sign_off is -1 h: give it more than nothing, like hours(8)"),
        (
            {"reopen_window": timedelta(days=-1)},
            "policy 'tiny': reopen_window is -24 h: write 0 or more",
        ),
        (
            {"customer_reminders": (hours(9), hours(40))},
            (
                "policy 'tiny': customer_reminders and give_up are 9 h, 40 h, 36 h from the question: "
                "make each longer than the one before, by a minute or more"
            ),
        ),
        (
            {"tiers": (tiny_tier(on_breach={Target.UPDATE: OnBreach(escalate_every=-1)}),)},
            (
                "policy 'tiny': tier 'agent' on_breach of 'update': escalate_every is -1: "
                "write a whole number, 0 for never, 1 for each"
            ),
        ),
        (
            {"tiers": (tiny_tier(on_breach={Target.ACKNOWLEDGE: OnBreach(escalate_every=2)}),)},
            (
                "policy 'tiny': tier 'agent' on_breach of 'acknowledge': escalate_every is 2, but it breaches once: "
                "write 0 or 1"
            ),
        ),
        (
            {"warn_at": (0.75, 0.5)},
            "policy 'tiny': warns at (0.75, 0.5): name each fraction once, the smallest first",
        ),
        (
            {"tiers": (tiny_tier(targets={"normal": replace(TINY_ROW, update_every=hours(8))}),)},
            (
                "policy 'tiny': tier 'agent' for priority 'normal': update_every is 8 h, not shorter than the "
                "customer's resolve target 8 h: make it shorter, or the customer hears nothing before it is over"
            ),
        ),
    ],
)
def test_one_thing_that_is_wrong(changes: dict[str, object], problem: str) -> None:
    """7.1, 4.4: warnings in (0, 1), a lead and a last resort, an update target shorter than the customer's resolve."""
    with pytest.raises(PolicyError) as refused:
        tiny(**changes)
    assert refused.value.problems == (problem,)


WRITE_A_LENGTH = "write hours(8) or minutes(15)"
WRITE_A_PRIORITY = "a priority is 7: write a name in quotes, like 'urgent'"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"resolve": {"normal": 8}}, f"resolve for priority 'normal' is 8: {WRITE_A_LENGTH}"),
        (
            {"tiers": (tiny_tier(targets={"normal": replace(TINY_ROW, acknowledge="15m")}),)},  # type: ignore[arg-type]  # the mistake
            f"tier 'agent' for priority 'normal': acknowledge is '15m': {WRITE_A_LENGTH}",
        ),
        (
            {"tiers": (tiny_tier(targets={"normal": replace(TINY_ROW, update_every=minutes(-15))}),)},
            "tier 'agent' for priority 'normal': update_every is -15 min: give it more than nothing, like hours(8)",
        ),
        ({"give_up": 36}, f"give_up is 36: {WRITE_A_LENGTH}"),
        (
            {"customer_reminders": hours(9)},
            "customer_reminders is 9 h, not a tuple: write (hours(9),), with its comma",
        ),
        ({"customer_reminders": (9,)}, f"reminder 1 of customer_reminders is 9: {WRITE_A_LENGTH}"),
        ({"reopen_window": 14}, "reopen_window is 14: write timedelta(days=14) or hours(8), by the clock on the wall"),
        ({"warn_at": 0.75}, "warn_at is 0.75, not a tuple: write (0.75,), with its comma"),
        ({"warn_at": ("0.75",)}, "warns at '0.75' of a target: write a fraction between 0 and 1, like 0.75"),
        ({"lead": None}, "lead is None: write a name in quotes, like 'team-lead'"),
        ({"chases_to_escalate": True}, "chases_to_escalate is True: write a whole number, 2 for every second chase"),
        ({"waiting_pauses": ("update",)}, f"waiting_pauses names 'update': write one of {TARGETS}"),
        (
            {"waiting_pauses": Target.UPDATE},
            ("waiting_pauses is Target.UPDATE, not a tuple: write (Target.UPDATE, Target.RESOLVE), with its comma"),
        ),
        ({"calendar": "office"}, f"calendar is 'office': {WRITE_A_CALENDAR}"),
        (
            {"tiers": (tiny_tier(calendar="office"),)},
            f"tier 'agent' has a calendar that is 'office': {WRITE_A_CALENDAR}",
        ),
        ({"tiers": [tiny_tier()]}, "tiers is of type list, not a tuple: write (Tier(…),), with its comma"),
        ({"tiers": tiny_tier()}, "tiers is of type Tier, not a tuple: write (Tier(…),), with its comma"),
        ({"tiers": (tiny_tier(), "specialist")}, "rung 2 of tiers is 'specialist': write Tier(…)"),
        (
            {"tiers": (tiny_tier(targets={"normal": hours(4)}),)},
            ("tier 'agent' for priority 'normal' has 4 h: write Targets(acknowledge=…, update_every=…, resolve=…)"),
        ),
        (
            {"tiers": (tiny_tier(targets={}),)},
            (
                "tier 'agent' has a table of targets that is empty: add a row for each priority, "
                "like {'urgent': Targets(…)}"
            ),
        ),
        (
            {"tiers": (tiny_tier(on_breach=OnBreach()),)},
            "tier 'agent' on_breach is of type OnBreach: write {Target.UPDATE: OnBreach(escalate_every=2)}",
        ),
        (
            {"tiers": (tiny_tier(on_breach={"update": OnBreach()}),)},
            f"tier 'agent' on_breach names 'update': write one of {TARGETS}, Target.PROMISE",
        ),
        (
            {"tiers": (tiny_tier(on_breach={Target.UPDATE: 2}),)},
            "tier 'agent' on_breach of 'update' is 2: write OnBreach(escalate_every=1)",
        ),
        (
            {"tiers": (tiny_tier(name=["agent"]),)},
            "a tier's name is of type list: write a name in quotes, like 'agent'",
        ),
        ({"resolve": {7: hours(8)}, "tiers": (tiny_tier(targets={7: TINY_ROW}),)}, WRITE_A_PRIORITY),
        (
            {"tiers": (tiny_tier(skip_when_closed=([],)),)},
            "tier 'agent' skip_when_closed names [empty], which the policy does not promise: use ['normal']",
        ),
        (
            {"tiers": (tiny_tier(on_breach={Target.UPDATE: OnBreach(notify=Audience.LEAD)}),)},  # type: ignore[arg-type]  # the mistake
            (
                "tier 'agent' on_breach of 'update': notify is Audience.LEAD, not a tuple: "
                "write (Audience.LEAD,), with its comma"
            ),
        ),
    ],
)
def test_what_is_not_of_its_kind_is_told_in_the_words_of_the_table(changes: dict[str, object], problem: str) -> None:
    """7.1: nobody who edits the table needs a type checker, or sees a traceback."""
    with pytest.raises(PolicyError) as refused:
        tiny(**changes)
    assert refused.value.problems == (f"policy 'tiny': {problem}",)


def test_what_is_no_resolve_table_is_told_before_its_rows() -> None:
    """7.1: the customer's promise is by priority."""
    with pytest.raises(PolicyError) as refused:
        tiny(resolve=hours(8))
    assert refused.value.problems == (
        "policy 'tiny': resolve is 8 h: give one length for each priority, like {'urgent': hours(8)}",
    )


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        (lambda: hours("8"), "hours are '8': write a number, like hours(8)"),  # type: ignore[arg-type]  # the mistake
        (lambda: minutes(float("nan")), "minutes are nan: write a number, like minutes(15)"),
        (lambda: hours(1e300), "hours are 1e+300: write a number, like hours(8)"),
    ],
)
def test_a_length_that_is_none_is_refused_where_it_is_written(build: Callable[[], timedelta], problem: str) -> None:
    """7.1: so that the line can be told."""
    with pytest.raises(PolicyError) as refused:
        build()
    assert refused.value.problems == (problem,)


def test_a_problem_is_never_a_page_long() -> None:
    """7.1: whatever stands in the wrong place is quoted cut."""
    with pytest.raises(PolicyError) as refused:
        tiny(name="n" * 9000, give_up="x" * 9000)
    assert max(map(len, refused.value.problems)) < 200
