"""Worlds drawn by lot: what they are made of, and how one comes about of it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from operator import add
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

from tests.support.policies import ladder
from tests.unit.ticket.lives import CALENDARS, CLOCKS, Life, gaps, lags, with_urgent
from tests.unit.ticket.worlds import HAPPENS, Happening, World
from workflows.domain.policy import AtRisk, OnBreach, Policy, Targets, hours, minutes
from workflows.domain.ticket.words import Audience, Target

MOST = 2**32
SECONDS = (0, 0, 0, 0, 20, 45)
"""Beside the quarters, so that what falls due is late or not within one look (4.6)."""


class Plan(NamedTuple):
    """All that a world is made of."""

    versions: tuple[Policy, Policy]
    """Of one policy."""
    happenings: list[Happening]
    lag: timedelta
    """How much later than it could be it is found what fell due."""


def a_version(seed: int) -> Policy:
    """A version of the one policy: ladder, names and priorities are the same, anything else may be another."""
    draw = Random(seed)  # noqa: S311 - a made-up policy

    def row() -> Targets:
        acknowledge, update_every, resolve = (minutes(15 * draw.randint(1, 40)) for _ in range(3))
        return Targets(acknowledge=acknowledge, update_every=update_every, resolve=resolve)

    agent, specialist, supplier = row(), row(), row()
    policy = ladder(
        agent=agent,
        specialist=specialist,
        supplier=supplier,
        calendar=draw.choice(CALENDARS),
        agents_calendar=draw.choice(CALENDARS),
        suppliers_calendar=draw.choice(CALENDARS),
        resolve=hours(draw.randint(2, 60)),
        on_breach={each: _a_rule(draw, each) for each in Target if draw.random() < 1 / 3},
        warn_at=draw.choice(((), (0.75,), (0.25, 0.5))),
        waiting_pauses=tuple(sorted(draw.sample(CLOCKS, draw.randint(0, len(CLOCKS))))),
        chases_to_escalate=draw.randint(1, 3),
    )
    at_risk = draw.choice((None, AtRisk(period=hours(100), number=2)))
    policy = with_urgent(policy, at_risk, hours(draw.randint(11, 60)), row(), row(), row())
    skips = draw.choice(((), ("normal",), ("urgent", "normal")))
    return replace(
        policy,
        credit_for_promise=draw.choice((policy.credit_for_promise, None)),
        credit_for_resolve=draw.choice((policy.credit_for_resolve, None)),
        credit_limit=draw.choice((policy.credit_limit, None)),
        sign_off=hours(draw.randint(1, 40)),
        remind_every=hours(draw.randint(1, 9)),
        tiers=tuple(replace(tier, skip_when_closed=skips) for tier in policy.tiers),
    )


def _a_rule(draw: Random, target: Target) -> OnBreach:
    notify = draw.choice(((Audience.LEAD,), (Audience.OWNER, Audience.HANDLER), ()))
    return OnBreach(notify=notify, escalate_every=draw.choice((0, 1, 2) if target is Target.UPDATE else (0, 1)))


def a_plan(seed: int, length: int = 24) -> Plan:
    """A world of a seed's making, the same for ever: for a search, and for the record."""
    draw = Random(seed)  # noqa: S311 - made-up lives
    happenings = [
        Happening(
            gap=minutes(15 * draw.choice((0, 1, 2, 4, 8, 30))) + timedelta(seconds=draw.choice(SECONDS)),
            what=draw.choice(HAPPENS),
            number=draw.randrange(MOST),
            is_outage=draw.random() < 1 / 3,
        )
        for _ in range(length)
    ]
    return Plan((a_version(draw.randrange(MOST)), a_version(draw.randrange(MOST))), happenings, timedelta())


numbers = st.integers(0, MOST - 1)
versions = numbers.map(a_version)
soon = st.integers(0, 6).map(lambda quarters: minutes(15 * quarters))
seconds = st.sampled_from(SECONDS).map(lambda number: timedelta(seconds=number))
happenings = st.builds(
    Happening,
    gap=st.builds(add, soon | soon | gaps, seconds),
    what=st.sampled_from(HAPPENS),
    number=numbers,
    is_outage=st.booleans(),
)
worlds = st.builds(Plan, st.tuples(versions, versions), st.lists(happenings, min_size=6, max_size=24), lags)
"""What may happen to tickets: `gone_through` has it happen."""


def gone_through(plan: Plan, *, outages: bool = True) -> World:
    """The world by that plan, looked at in the end; with outages, what fell due in them is found when they end."""
    world = World(plan.versions)
    for step in plan.happenings:
        goal = world.now + step.gap
        if outages and step.is_outage:
            world.now = goal
        else:
            world.until(goal, plan.lag)
        world.happen(step if outages else replace(step, is_outage=False))
    world.look()
    return world


def lives_of(plan: Plan) -> Iterator[Life]:
    """Every ticket's life of a world."""
    yield from gone_through(plan).lives
