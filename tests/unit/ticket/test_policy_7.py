"""Semantics 7.1, 7.2: what a policy that says little promises, and the snapshot of it that a ticket carries."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.policies import LINES, TINY_DESK, TINY_ROW, ladder, row, tiny, tiny_tier
from workflows.domain import policy_rows
from workflows.domain.calendar import Calendar
from workflows.domain.errors import DomainError
from workflows.domain.policy import OnBreach, Policy, Tier, hours, minutes
from workflows.domain.policy_data import from_data, to_data, version_of
from workflows.domain.ticket.words import Audience, Target
from workflows.testing.story import Tell

TINY_DATA: dict[str, Any] = {
    "name": "tiny",
    "calendar": {
        "zone": "Europe/London",
        "week": {
            "mon": "09:00-17:00",
            "tue": "09:00-17:00",
            "wed": "09:00-17:00",
            "thu": "09:00-17:00",
            "fri": "09:00-17:00",
        },
        "closed": ["2026-12-25"],
        "special": {},
    },
    "priorities": ["normal"],
    "resolve_seconds": {"normal": 28800},
    "tiers": [
        {
            "name": "agent",
            "calendar": {
                "zone": "Europe/London",
                "week": {
                    "mon": "09:00-17:00",
                    "tue": "09:00-17:00",
                    "wed": "09:00-17:00",
                    "thu": "09:00-17:00",
                    "fri": "09:00-17:00",
                },
                "closed": ["2026-12-25"],
                "special": {},
            },
            "targets": {
                "normal": {"acknowledge_seconds": 1800, "update_every_seconds": 7200, "resolve_seconds": 14400}
            },
            "on_breach": {
                "acknowledge": {"notify": [], "escalate_every": 1},
                "tier_resolve": {"notify": [], "escalate_every": 1},
                "update": {"notify": ["lead"], "escalate_every": 3},
                "resolve": {"notify": ["last_resort"], "escalate_every": 1},
            },
        }
    ],
    "lead": "team-lead",
    "last_resort": "duty-manager",
    "remind_every_seconds": 3600,
    "customer_reminders_seconds": [32400, 64800],
    "give_up_seconds": 129600,
    "sign_off_seconds": 97200,
    "reopen_window_seconds": 1209600,
    "warn_at": [0.75],
    "chases_to_escalate": 2,
    "waiting_pauses": ["tier_resolve", "update", "resolve"],
}
"""What an earlier release stored; a later one must be able to read it."""

LEFT_OUT: dict[str, Any] = {
    **TINY_DATA,
    "tiers": [{**tier, "on_breach": {"update": tier["on_breach"]["update"]}} for tier in TINY_DATA["tiers"]],
}
"""What a release before that one stored, which left out the rules that were its defaults."""
LEFT_OUT_VERSION = "ed716df943bf90c3"


def test_a_tier_that_is_not_there_is_refused_with_what_there_is() -> None:
    """6.5, 7.1: the remedy names the ladder."""
    with pytest.raises(DomainError, match=r"policy 'tiny' has no tier 'supplier': name one of \('agent',\)"):
        tiny().tier("supplier")


def test_the_defaults_are_those_of_the_semantics() -> None:
    """4.2, 2.7, 2.8: what a policy that says nothing else does."""
    policy = tiny(tiers=(Tier(name="agent", calendar=TINY_DESK, targets={"normal": TINY_ROW}),))
    assert policy.on_breach("agent", Target.ACKNOWLEDGE) == OnBreach(escalate_every=1)
    assert policy.on_breach("agent", Target.TIER_RESOLVE) == OnBreach(escalate_every=1)
    assert policy.on_breach("agent", Target.UPDATE) == OnBreach(
        notify=(Audience.HANDLER, Audience.OWNER), escalate_every=2
    )
    assert policy.on_breach("agent", Target.RESOLVE) == OnBreach(notify=(Audience.LAST_RESORT,), escalate_every=1)
    assert policy.waiting_pauses == (Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE)
    assert policy.warn_at == (0.75,)
    assert policy.chases_to_escalate == 2


def test_a_policy_is_plain_data_and_back() -> None:
    """7.2: the snapshot that a ticket carries, readable by any later release."""
    assert to_data(tiny()) == TINY_DATA
    assert from_data(TINY_DATA) == tiny()
    assert from_data(json.loads(json.dumps(to_data(LINES)))) == LINES


def test_the_version_is_the_same_on_any_machine() -> None:
    """7.2: the first 16 characters of `sha256sum` over the canonical JSON, worked out outside of Python."""
    assert version_of(tiny()) == "ba281dc805593cec"


def test_the_version_does_not_depend_on_the_order_of_writing() -> None:
    """7.2: rows of a table, rules, dates and pauses are sets; the same content is the same version."""
    two = {"urgent": hours(4), "normal": hours(8)}
    rules = {
        Target.UPDATE: OnBreach(escalate_every=3),
        Target.RESOLVE: OnBreach(escalate_every=0),
    }
    calendar = Calendar(
        "Europe/London", {"mon": "09:00-17:00", "tue": "10:00-16:00"}, closed=["2026-12-25", "2027-01-01"]
    )
    same = Calendar("Europe/London", {"tue": "10:00-16:00", "mon": "09:00-17:00"}, closed=["2027-01-01", "2026-12-25"])
    one = tiny(
        calendar=calendar,
        resolve=two,
        tiers=(tiny_tier(targets={"urgent": TINY_ROW, "normal": TINY_ROW}, on_breach=rules),),
        waiting_pauses=(Target.UPDATE, Target.RESOLVE),
    )
    other = tiny(
        calendar=same,
        resolve=two,
        tiers=(tiny_tier(targets={"normal": TINY_ROW, "urgent": TINY_ROW}, on_breach=dict(reversed(rules.items()))),),
        waiting_pauses=(Target.RESOLVE, Target.UPDATE),
    )
    assert version_of(one) == version_of(other)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"resolve": {"normal": hours(7)}},
        {"lead": "somebody"},
        {"last_resort": "somebody"},
        {"remind_every": hours(2)},
        {"customer_reminders": (hours(9),)},
        {"give_up": hours(37)},
        {"sign_off": hours(26)},
        {"reopen_window": timedelta(days=15)},
        {"warn_at": (0.5,)},
        {"chases_to_escalate": 3},
        {"waiting_pauses": ()},
        {"calendar": Calendar("Europe/London", {"mon-fri": "09:00-17:00"})},
        {"tiers": (tiny_tier(name="first line"),)},
        {"tiers": (tiny_tier(calendar=Calendar("Europe/London", {"mon-fri": "09:00-17:00"})),)},
        {"tiers": (tiny_tier(targets={"normal": replace(TINY_ROW, acknowledge=minutes(31))}),)},
        {"tiers": (tiny_tier(targets={"normal": replace(TINY_ROW, update_every=hours(3))}),)},
        {"tiers": (tiny_tier(targets={"normal": replace(TINY_ROW, resolve=hours(5))}),)},
        {"tiers": (tiny_tier(on_breach={}),)},
    ],
)
def test_whatever_is_promised_differently_is_another_version(changes: dict[str, object]) -> None:
    """7.2: the version is a hash of the content, all of it."""
    changed = tiny(**changes)
    assert version_of(changed) != version_of(tiny())
    assert from_data(to_data(changed)) == changed


def test_the_order_of_tiers_and_of_priorities_is_content() -> None:
    """7.2: a ladder upside down is another promise, and most urgent first is said by the order."""
    rows = {"urgent": TINY_ROW, "normal": TINY_ROW}
    agents, others = tiny_tier(targets=rows), tiny_tier(name="specialist", targets=rows)
    promised = {"urgent": hours(8), "normal": hours(8)}
    policy = tiny(tiers=(agents, others), resolve=promised)
    assert version_of(tiny(tiers=(others, agents), resolve=promised)) != version_of(policy)
    turned = tiny(tiers=(agents, others), resolve=dict(reversed(promised.items())))
    assert version_of(turned) != version_of(policy)
    assert from_data(to_data(turned)).priorities == ("normal", "urgent")


def test_a_snapshot_outlives_the_rules_it_was_built_under() -> None:
    """7.2: no later rule refuses what a running ticket was promised."""
    data = {**TINY_DATA, "warn_at": [1.5], "lead": "", "last_resort": "duty manager "}
    assert from_data(data).warn_at == (1.5,)


def test_the_snapshot_says_what_the_defaults_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """7.2: a release with another default reads what was promised, and promises its own default to new tickets only."""
    silent = tiny(tiers=(tiny_tier(on_breach={}),))
    stored, version, promised = json.loads(json.dumps(to_data(silent))), version_of(silent), rules_of(silent)
    monkeypatch.setattr(policy_rows, "DEFAULT_ON_BREACH", dict.fromkeys(Target, OnBreach(escalate_every=0)))

    assert rules_of(from_data(stored)) == promised
    assert version_of(from_data(stored)) == version
    assert rules_of(tiny(tiers=(tiny_tier(on_breach={}),))) == dict.fromkeys(Target, OnBreach(escalate_every=0))


def test_a_snapshot_that_left_its_defaults_out_has_those_of_its_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """7.2: what stored it meant the defaults of semantics 4.2, whatever a later release has; its version stays."""
    promised = rules_of(tiny())
    monkeypatch.setattr(policy_rows, "DEFAULT_ON_BREACH", dict.fromkeys(Target, OnBreach(escalate_every=0)))

    old = from_data(LEFT_OUT, LEFT_OUT_VERSION)

    assert rules_of(old) == promised
    assert version_of(old) == LEFT_OUT_VERSION
    assert from_data(to_data(old)) == old


def rules_of(policy: Policy) -> dict[Target, OnBreach]:
    """Return what follows each breach while the first tier has the ticket."""
    return {target: policy.on_breach(policy.first_tier.name, target) for target in Target}


@pytest.mark.parametrize(
    "table_of",
    [
        lambda policy: policy.resolve,
        lambda policy: policy.first_tier.targets,
        lambda policy: policy.first_tier.on_breach,
        lambda policy: from_data(to_data(policy)).resolve,
    ],
)
def test_no_table_of_a_policy_can_be_changed(table_of: Callable[[Policy], dict[Any, Any]]) -> None:
    """7.1, 7.2: a frozen value is one all through, and its version stays its content's."""
    table = table_of(tiny())
    with pytest.raises(TypeError, match="does not support item assignment"):
        table[next(iter(table))] = hours(99)


def test_a_policy_keeps_what_it_was_built_with() -> None:
    """7.1, 7.2: whoever changes the dictionary it was written with changes nothing that is promised."""
    promised, rows, rules = {"normal": hours(8)}, {"normal": TINY_ROW}, {Target.UPDATE: OnBreach(escalate_every=3)}
    policy = tiny(resolve=promised, tiers=(tiny_tier(targets=rows, on_breach=rules),))
    before = to_data(policy)
    promised["normal"], rows["normal"] = hours(99), replace(TINY_ROW, acknowledge=hours(99))
    rules[Target.UPDATE] = OnBreach()

    assert to_data(policy) == before
    assert to_data(replace(policy)) == before
    assert replace(policy, tiers=(replace(policy.first_tier),)) == policy


def test_a_ticket_judged_by_its_snapshot_is_judged_the_same(tell: Tell) -> None:
    """7.2: told by the policy that was loaded and by the data that was stored, the story is one."""
    policy = ladder(agent=row(acknowledge=1.25, update_every=3), warn_at=(0.75,), resolve=hours(30.5))
    logs = []
    for each in (policy, from_data(json.loads(json.dumps(to_data(policy))))):
        story = tell(each).open("Mon 23 Nov 09:00").until("Mon 23 Nov 09:30").contact()
        story.until("Mon 23 Nov 16:00").ask().until("Tue 24 Nov 09:00").contact().until("Tue 24 Nov 20:00").as_told()
        logs.append((story.ticket, story.entries))
    assert logs[0] == logs[1]


def test_a_ticket_names_the_policy_and_the_version_it_was_opened_under(tell: Tell) -> None:
    """7.2: so that anybody can say what was promised."""
    policy = tiny()
    story = tell(policy, zone="Europe/London").open("Mon 23 Nov 09:00").as_told()
    assert (story.ticket.policy, story.ticket.policy_version) == ("tiny", "ba281dc805593cec")
