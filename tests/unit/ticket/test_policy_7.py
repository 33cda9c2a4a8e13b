"""Semantics 7.1, 7.2: what a policy must promise to be loaded, and the snapshot of it that a ticket carries."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.policies import LINES, ladder, row
from tests.support.story import Tell
from workflows.domain.calendar import Calendar
from workflows.domain.errors import DomainError, PolicyError
from workflows.domain.policy import OnBreach, Policy, Targets, Tier, hours, minutes
from workflows.domain.policy_data import from_data, to_data, version_of
from workflows.domain.ticket.words import Audience, Target

OFFICE = Calendar("Europe/London", {"mon-fri": "09:00-17:00"}, closed=["2026-12-25"])
ROW = Targets(acknowledge=minutes(30), update_every=hours(2), resolve=hours(4))


def tiny(**changes: object) -> Policy:
    """One tier, one priority, and what a test changes."""
    fields: dict[str, object] = {
        "name": "tiny",
        "calendar": OFFICE,
        "resolve": {"normal": hours(8)},
        "tiers": (_agents(),),
        "lead": "team-lead",
        "last_resort": "duty-manager",
    }
    return Policy(**{**fields, **changes})  # type: ignore[arg-type]  # each test knows what it changes


def _agents(**changes: object) -> Tier:
    fields: dict[str, object] = {
        "name": "agent",
        "calendar": OFFICE,
        "targets": {"normal": ROW},
        "on_breach": {Target.UPDATE: OnBreach(notify=(Audience.LEAD,), escalate_every=3)},
    }
    return Tier(**{**fields, **changes})  # type: ignore[arg-type]  # each test knows what it changes


TINY_DATA = {
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
            "on_breach": {"update": {"notify": ["lead"], "escalate_every": 3}},
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


def test_all_that_is_wrong_is_told_at_once_with_policy_tier_priority_and_remedy() -> None:
    """7.1: a manager who edits the table sees every mistake, not the first."""
    supplier = Tier(name="supplier", calendar=OFFICE, targets={"urgent": ROW, "asap": ROW})
    late = replace(ROW, acknowledge=timedelta(), update_every=hours(9))
    with pytest.raises(PolicyError) as refused:
        tiny(
            resolve={"urgent": hours(4), "normal": hours(8)},
            tiers=(_agents(targets={"urgent": ROW, "normal": late}), supplier, _agents(targets={"normal": ROW})),
            lead="",
            warn_at=(0.75, 1.0),
            chases_to_escalate=0,
        )
    assert refused.value.problems == (
        "policy 'tiny': it names no lead: somebody must hear of a broken promise",
        "policy 'tiny': tier 'agent' stands 2 times: name each rung once",
        "policy 'tiny': warns at 1.0 of a target: a fraction lies between 0 and 1, like 0.75",
        "policy 'tiny': chases_to_escalate is 0: it must be 1 or more",
        "policy 'tiny': tier 'agent' for priority 'normal': acknowledge is 0:00:00: a target is longer than nothing",
        (
            "policy 'tiny': tier 'agent' for priority 'normal': update_every is 9:00:00, not shorter than the "
            "customer's resolve target 8:00:00: the customer would hear nothing before it is over"
        ),
        "policy 'tiny': tier 'supplier' has no targets for ['normal']: add a row for each priority of the policy",
        (
            "policy 'tiny': tier 'supplier' has targets for ['asap'], which the policy does not promise: "
            "use ['urgent', 'normal']"
        ),
        "policy 'tiny': tier 'agent' has no targets for ['urgent']: add a row for each priority of the policy",
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": ""}, "policy '': it has no name: give it one, like 'broadband'"),
        ({"tiers": ()}, "policy 'tiny': it has no tiers: a ladder needs at least one"),
        (
            {"last_resort": ""},
            "policy 'tiny': it names no last resort: somebody must hear when the ladder has ended",
        ),
        (
            {"last_resort": "agent"},
            "policy 'tiny': last_resort 'agent' is a tier's name too: whoever acknowledges must say for whom (4.4)",
        ),
        ({"tiers": (_agents(name=""),)}, "policy 'tiny': a tier has no name: give each rung one, like 'agent'"),
        (
            {"warn_at": (0.0,)},
            "policy 'tiny': warns at 0.0 of a target: a fraction lies between 0 and 1, like 0.75",
        ),
        (
            {"warn_at": (float("nan"),)},
            "policy 'tiny': warns at nan of a target: a fraction lies between 0 and 1, like 0.75",
        ),
        ({"remind_every": timedelta()}, "policy 'tiny': remind_every is 0:00:00: a target is longer than nothing"),
        ({"sign_off": hours(-1)}, "policy 'tiny': sign_off is -1 day, 23:00:00: a target is longer than nothing"),
        (
            {"reopen_window": timedelta(days=-1)},
            "policy 'tiny': reopen_window is -1 day, 0:00:00: it cannot be negative",
        ),
        (
            {"customer_reminders": (hours(9), hours(40))},
            (
                "policy 'tiny': customer_reminders and give_up are lengths from the question: "
                "each must be longer than the one before"
            ),
        ),
        (
            {"tiers": (_agents(on_breach={Target.UPDATE: OnBreach(escalate_every=-1)}),)},
            "policy 'tiny': tier 'agent' escalates every -1 breaches of 'update': use 0 for never, 1 for each",
        ),
        (
            {"tiers": (_agents(on_breach={Target.ACKNOWLEDGE: OnBreach(escalate_every=2)}),)},
            (
                "policy 'tiny': tier 'agent' escalates every 2 breaches of 'acknowledge', which breaches once: "
                "use 0 or 1"
            ),
        ),
        (
            {"warn_at": (0.75, 0.5)},
            "policy 'tiny': warns at (0.75, 0.5): name each fraction once, the smallest first",
        ),
        (
            {"tiers": (_agents(targets={"normal": replace(ROW, update_every=hours(8))}),)},
            (
                "policy 'tiny': tier 'agent' for priority 'normal': update_every is 8:00:00, not shorter than the "
                "customer's resolve target 8:00:00: the customer would hear nothing before it is over"
            ),
        ),
    ],
)
def test_one_thing_that_is_wrong(changes: dict[str, object], problem: str) -> None:
    """7.1, 4.4: warnings in (0, 1), a lead and a last resort, an update target shorter than the customer's resolve."""
    with pytest.raises(PolicyError) as refused:
        tiny(**changes)
    assert refused.value.problems == (problem,)


def test_a_target_that_does_not_fit_its_calendar_is_refused_naming_both() -> None:
    """7.1, 3.5: an hour a year does not hold three hours in two years."""
    almost_never = Calendar("UTC", {}, special={"2026-12-24": "09:00-10:00"})
    with pytest.raises(PolicyError) as refused:
        tiny(tiers=(_agents(calendar=almost_never),))
    assert len(refused.value.problems) == 2
    for problem, target in zip(refused.value.problems, ("acknowledge", "resolve"), strict=True):
        assert problem.startswith(f"policy 'tiny': tier 'agent' for priority 'normal': {target}: calendar 'UTC closed")
        assert problem.endswith("give it more hours, or promise less")


def test_a_tier_that_is_not_there_is_refused_with_what_there_is() -> None:
    """6.5, 7.1: the remedy names the ladder."""
    with pytest.raises(DomainError, match=r"policy 'tiny' has no tier 'supplier': name one of \('agent',\)"):
        tiny().tier("supplier")


def test_the_defaults_are_those_of_the_semantics() -> None:
    """4.2, 2.7, 2.8: what a policy that says nothing else does."""
    policy = tiny(tiers=(Tier(name="agent", calendar=OFFICE, targets={"normal": ROW}),))
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
    assert version_of(tiny()) == "ed716df943bf90c3"


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
        tiers=(_agents(targets={"urgent": ROW, "normal": ROW}, on_breach=rules),),
        waiting_pauses=(Target.UPDATE, Target.RESOLVE),
    )
    other = tiny(
        calendar=same,
        resolve=two,
        tiers=(_agents(targets={"normal": ROW, "urgent": ROW}, on_breach=dict(reversed(rules.items()))),),
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
        {"tiers": (_agents(name="first line"),)},
        {"tiers": (_agents(calendar=Calendar("Europe/London", {"mon-fri": "09:00-17:00"})),)},
        {"tiers": (_agents(targets={"normal": replace(ROW, acknowledge=minutes(31))}),)},
        {"tiers": (_agents(targets={"normal": replace(ROW, update_every=hours(3))}),)},
        {"tiers": (_agents(targets={"normal": replace(ROW, resolve=hours(5))}),)},
        {"tiers": (_agents(on_breach={}),)},
    ],
)
def test_whatever_is_promised_differently_is_another_version(changes: dict[str, object]) -> None:
    """7.2: the version is a hash of the content, all of it."""
    changed = tiny(**changes)
    assert version_of(changed) != version_of(tiny())
    assert from_data(to_data(changed)) == changed


def test_the_order_of_tiers_and_of_priorities_is_content() -> None:
    """7.2: a ladder upside down is another promise, and most urgent first is said by the order."""
    rows = {"urgent": ROW, "normal": ROW}
    agents, others = _agents(targets=rows), _agents(name="specialist", targets=rows)
    promised = {"urgent": hours(8), "normal": hours(8)}
    policy = tiny(tiers=(agents, others), resolve=promised)
    assert version_of(tiny(tiers=(others, agents), resolve=promised)) != version_of(policy)
    turned = tiny(tiers=(agents, others), resolve=dict(reversed(promised.items())))
    assert version_of(turned) != version_of(policy)
    assert from_data(to_data(turned)).priorities == ("normal", "urgent")


def test_a_snapshot_outlives_the_rules_it_was_built_under() -> None:
    """7.2: no later rule refuses what a running ticket was promised."""
    data = {**TINY_DATA, "warn_at": [1.5], "lead": ""}
    assert from_data(data).warn_at == (1.5,)


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
    assert (story.ticket.policy, story.ticket.policy_version) == ("tiny", "ed716df943bf90c3")
