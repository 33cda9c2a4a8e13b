"""Semantics 7.1, 7.2: what a policy must promise to be loaded, and the snapshot of it that a ticket carries."""

import json
from collections.abc import Callable
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
TARGETS = "Target.ACKNOWLEDGE, Target.TIER_RESOLVE, Target.UPDATE, Target.RESOLVE"
WRITE_A_CALENDAR = "write Calendar('Europe/London', {'mon-fri': '08:00-18:00'})"
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
        "policy 'tiny': it names no lead: somebody must hear of a broken promise, like 'team-lead'",
        "policy 'tiny': tier 'agent' stands 2 times: name each rung once",
        (
            "policy 'tiny': tier 'agent' for priority 'normal': update_every is 9 h, not shorter than the customer's "
            "resolve target 8 h: make it shorter, or the customer hears nothing before it is over"
        ),
        "policy 'tiny': tier 'supplier' has no targets for ['normal']: add a row for each priority of the policy",
        (
            "policy 'tiny': tier 'supplier' has targets for ['asap'], which the policy does not promise: "
            "use ['urgent', 'normal']"
        ),
        "policy 'tiny': tier 'agent' has no targets for ['urgent']: add a row for each priority of the policy",
        "policy 'tiny': warns at 1.0 of a target: write a fraction between 0 and 1, like 0.75",
        "policy 'tiny': chases_to_escalate is 0: write a whole number, 2 for every second chase",
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
        ({"tiers": (_agents(name=""),)}, "policy 'tiny': a tier has no name: give each rung one, like 'agent'"),
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
                "make each longer than the one before"
            ),
        ),
        (
            {"tiers": (_agents(on_breach={Target.UPDATE: OnBreach(escalate_every=-1)}),)},
            (
                "policy 'tiny': tier 'agent' on_breach of 'update': escalate_every is -1: "
                "write a whole number, 0 for never, 1 for each"
            ),
        ),
        (
            {"tiers": (_agents(on_breach={Target.ACKNOWLEDGE: OnBreach(escalate_every=2)}),)},
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
            {"tiers": (_agents(targets={"normal": replace(ROW, update_every=hours(8))}),)},
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


def test_a_calendar_that_is_too_small_is_named_once_with_the_longest_it_cannot_hold() -> None:
    """7.1, 3.5: an hour of one day does not hold four hours in two years, and that is one mistake, not one a target."""
    almost_never = Calendar("UTC", {}, special={"2026-12-24": "09:00-10:00"})
    with pytest.raises(PolicyError) as refused:
        tiny(tiers=(_agents(calendar=almost_never),))
    assert refused.value.problems == (
        (
            "policy 'tiny': calendar 'UTC closed all week (0 dates closed, 1 special)' has no more than 0 h open in "
            "730 days, too little for tier 'agent' for priority 'normal': resolve, 4 h, nor for 1 more: "
            "give it more hours, or promise less"
        ),
    )


WRITE_A_LENGTH = "write hours(8) or minutes(15)"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"resolve": {"normal": 8}}, f"resolve for priority 'normal' is 8: {WRITE_A_LENGTH}"),
        (
            {"tiers": (_agents(targets={"normal": replace(ROW, acknowledge="15m")}),)},  # type: ignore[arg-type]  # the mistake
            f"tier 'agent' for priority 'normal': acknowledge is '15m': {WRITE_A_LENGTH}",
        ),
        (
            {"tiers": (_agents(targets={"normal": replace(ROW, update_every=minutes(-15))}),)},
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
        ({"tiers": (_agents(calendar="office"),)}, f"tier 'agent' has a calendar that is 'office': {WRITE_A_CALENDAR}"),
        ({"tiers": [_agents()]}, "tiers is of type list, not a tuple: write (Tier(…),), with its comma"),
        ({"tiers": _agents()}, "tiers is of type Tier, not a tuple: write (Tier(…),), with its comma"),
        ({"tiers": (_agents(), "specialist")}, "rung 2 of tiers is 'specialist': write Tier(…)"),
        (
            {"tiers": (_agents(targets={"normal": hours(4)}),)},
            ("tier 'agent' for priority 'normal' has 4 h: write Targets(acknowledge=…, update_every=…, resolve=…)"),
        ),
        (
            {"tiers": (_agents(targets={}),)},
            (
                "tier 'agent' has a table of targets that is empty: add a row for each priority, "
                "like {'urgent': Targets(…)}"
            ),
        ),
        (
            {"tiers": (_agents(on_breach=OnBreach()),)},
            "tier 'agent' on_breach is of type OnBreach: write {Target.UPDATE: OnBreach(escalate_every=2)}",
        ),
        (
            {"tiers": (_agents(on_breach={"update": OnBreach()}),)},
            f"tier 'agent' on_breach names 'update': write one of {TARGETS}",
        ),
        (
            {"tiers": (_agents(on_breach={Target.UPDATE: 2}),)},
            "tier 'agent' on_breach of 'update' is 2: write OnBreach(escalate_every=1)",
        ),
        (
            {"tiers": (_agents(on_breach={Target.UPDATE: OnBreach(notify=Audience.LEAD)}),)},  # type: ignore[arg-type]  # the mistake
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
        tiny(give_up="x" * 9000)
    assert len(str(refused.value)) < 200


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
