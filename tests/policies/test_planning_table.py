"""A policy as rows (7.4): all that it promises is in them, each promise once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.support.policies import LINES
from workflows.domain.calendar import Calendar
from workflows.domain.follow_the_sun import FollowTheSun
from workflows.domain.policy import AtRisk, Money, OnBreach, Policy
from workflows.domain.policy_data import from_data, to_data
from workflows.domain.ticket.words import Audience, Target
from workflows.planning.other_days import other_days
from workflows.planning.table import Row, every, rows_of

DUBLIN = Calendar("Europe/Dublin", {"mon-fri": "08:00-17:00"}, closed={"2026-12-25": "Christmas Day"})
SYDNEY = Calendar("Australia/Sydney", {"mon-fri": "08:00-17:00"}, closed=["2026-12-25", "2027-01-26"])
TOGETHER = FollowTheSun(DUBLIN, SYDNEY)

GENEROUS = replace(
    LINES,
    rating_tells_lead=3,
    credit_for_promise=Money(minor=500, currency="GBP"),
    credit_for_resolve=Money(minor=1550, currency="GBP"),
    credit_limit=Money(minor=2000, currency="GBP"),
    leaving="high",
    at_risk=AtRisk(period=timedelta(days=30), number=2),
)
"""With all that a policy may leave unsaid."""

OTHERS = {
    "Europe/London": "Europe/Dublin",
    "Europe/Berlin": "Europe/Rome",
    "handler": "lead",
    "owner": "lead",
    "last_resort": "lead",
    "update": "acknowledge",
    "resolve": "acknowledge",
    "tier_resolve": "acknowledge",
}
"""What stands for a word of a closed set when it is edited."""


def _values(policy: Policy) -> dict[tuple[str, str, str], str]:
    return {row.key: row.value for row in rows_of(policy)}


def _edits(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - JSON data
    """Yield the path of every leaf."""
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _edits(value, (*path, key))
    else:
        yield path


def _edited(path: tuple[Any, ...]) -> Policy | None:
    """The policy with another value at that leaf; none where the leaf is a name that others refer to."""
    data: Any = to_data(GENEROUS)
    where = data
    for key in path[:-1]:
        where = where[key]
    match where[path[-1]]:
        case str(text) if path[0] == "priorities" or path == ("name",):
            return None
        case str(text) if text in OTHERS and "name" not in path:
            where[path[-1]] = OTHERS[text]
        case str(text) if "week" in path:
            where[path[-1]] = f"{text[:-2]}01"
        case str(text):
            where[path[-1]] = f"{text}-x"
        case float() | int() as number if path[0] == "warn_at":
            where[path[-1]] = number / 2
        case float() | int() as number:
            where[path[-1]] = number + 1
        case other:
            raise AssertionError(f"no edit is known for {other!r} at {path}")
    return from_data(data)


@pytest.mark.parametrize("path", list(_edits(to_data(GENEROUS))), ids=lambda path: ".".join(map(str, path)))
def test_whatever_is_edited_shows_in_a_row(path: tuple[Any, ...]) -> None:
    """7.4: no field of a policy's data is without a row, so that no edit goes unseen."""
    edited = _edited(path)
    if edited is not None:
        assert _values(edited) != _values(GENEROUS)


def test_no_two_rows_are_of_the_same() -> None:
    """A row's key names it, also where two desks of one calendar close on the same date."""
    policy = from_data({**to_data(LINES), "calendar": TOGETHER.to_data()})
    keys = [row.key for row in rows_of(policy)]
    assert len(keys) == len(set(keys))
    assert [row for row in rows_of(policy) if row.of == "2026-12-25"] == [
        Row(subject="customer", what="closed on at desk 1, Europe/Dublin", of="2026-12-25", value="closed"),
        Row(subject="customer", what="closed on at desk 2, Australia/Sydney", of="2026-12-25", value="closed"),
    ]


def test_what_follows_a_breach_is_said_in_words() -> None:
    """4.2: who is told, and which ones escalate."""
    tier = LINES.tiers[0]
    rules = {
        Target.ACKNOWLEDGE: OnBreach(),
        Target.TIER_RESOLVE: OnBreach(notify=(Audience.LAST_RESORT, Audience.LEAD), escalate_every=1),
        Target.UPDATE: OnBreach(notify=(Audience.HANDLER,), escalate_every=3),
        Target.RESOLVE: OnBreach(escalate_every=5),
    }
    data = to_data(LINES)
    agent = {
        **to_data(LINES)["tiers"][0],  # type: ignore[index]  # a list
        "on_breach": {
            target.value: {"notify": [each.value for each in rule.notify], "escalate_every": rule.escalate_every}
            for target, rule in rules.items()
        },
    }
    policy = from_data({**data, "tiers": [agent, *data["tiers"][1:]]})  # type: ignore[index]  # a list
    values = _values(policy)
    said = [
        values[f"tier {tier.name}", "when missed", of]
        for of in ("acknowledge", "tier's resolve", "update", "customer's resolve")
    ]
    assert said == [
        "nothing follows",
        "tells last resort and lead, escalates each time",
        "tells handler, escalates every third time",
        "escalates every 5th time",
    ]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "never"),
        (1, "each time"),
        (2, "every second time"),
        (21, "every 21st time"),
        (22, "every 22nd time"),
        (13, "every 13th time"),
    ],
)
def test_ordinals(number: int, said: str) -> None:
    """As people say them."""
    assert every(number) == said


def test_the_other_days_of_a_year_by_desk() -> None:
    """3.1: each desk once with whose it is; dates of other years are not of this one, but the last is told."""
    policy = from_data({**to_data(LINES), "calendar": TOGETHER.to_data(with_names=True)})
    dublin, sydney, london, berlin = other_days(policy, 2026)
    assert [(each.day, each.hours, each.name) for each in dublin.days] == [
        (date(2026, 12, 25), "closed", "Christmas Day")
    ]
    assert (sydney.of, sydney.zone, len(sydney.days), sydney.last) == (
        ("customer",),
        "Australia/Sydney",
        1,
        date(2027, 1, 26),
    )
    assert (london.of, london.days, london.last) == (("tier agent", "tier specialist"), (), None)
    assert berlin.of == ("tier supplier",)


def test_what_is_given_told_and_taken_stands_in_the_table() -> None:
    """7.4, 6.13: amounts in money, the lead's thresholds, and whether somebody may leave; what is not there is said."""
    silent = _values(LINES)
    assert silent["customer", "given for a broken promise", ""] == "nothing"
    assert silent["customer", "asking to leave is", ""] == "not taken"
    assert silent["customer", "may have it reopened for", ""] == "14 days (336 h), by the clock on the wall"
    assert silent["ladder", "credit by hand without the lead", ""] == "none"
    assert silent["ladder", "lead is told of ratings", ""] == "of 2 stars or fewer"
    assert silent["ladder", "lead is told of a customer at risk", ""] == (
        "when something went wrong 3 times within 90 days (2160 h)"
    )
    said = _values(replace(GENEROUS, rating_tells_lead=1, at_risk=None))
    assert {key: value for key, value in said.items() if value != silent[key]} == {
        ("customer", "asking to leave is", ""): "high",
        ("customer", "given for a broken promise", ""): "5.00 GBP",
        ("customer", "given when not solved in time", ""): "15.50 GBP",
        ("ladder", "credit by hand without the lead", ""): "up to 20.00 GBP",
        ("ladder", "lead is told of ratings", ""): "of 1 star",
        ("ladder", "lead is told of a customer at risk", ""): "never",
    }
    assert _values(replace(LINES, rating_tells_lead=0))["ladder", "lead is told of ratings", ""] == "never"
