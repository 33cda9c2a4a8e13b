"""Semantics 7.2, 7.3: a broadband desk edits its policy, and moves the tickets that run; told to domain and records."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import count

import pytest

from tests.support.policies import LINES, row
from tests.support.retold import Retold
from tests.support.story_record import told_record
from workflows.domain.calendar import Calendar
from workflows.domain.policy import Policy, hours
from workflows.domain.policy_data import version_of
from workflows.domain.ticket.commands import ChangePolicy
from workflows.testing.story import PureDomain, Story, telling

LATE_HOURS = Calendar("Europe/London", {"mon-fri": "08:00-20:00", "sat": "09:00-13:00"})
"""The desk stays two hours longer from now on."""
NORMAL = row(acknowledge=2, update_every=4, resolve=9)
BETTER = replace(
    LINES,
    calendar=LATE_HOURS,
    resolve={**LINES.resolve, "normal": hours(20)},
    tiers=tuple(
        replace(
            tier, calendar=LATE_HOURS, targets={**tier.targets, "normal": row(acknowledge=2, update_every=4, resolve=9)}
        )
        if tier.name == "agent"
        else tier
        for tier in LINES.tiers
    ),
)
Begin = Callable[[], Story]


@pytest.fixture(params=["domain", "sqlite", "postgresql"])
def begin(request: pytest.FixtureRequest) -> Iterator[Begin]:
    """Begin a story under the old version."""
    if request.param == "domain":
        yield from _begun(lambda _: PureDomain(LINES, BETTER))
        return
    url: str = request.getfixturevalue(f"{request.param}_url")
    numbers = count(1)
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()

        def retold(policy: Policy) -> Retold:
            story = told_record(url, policy, f"t-{next(numbers)}", BETTER)
            return Retold(runner, runner.run(opened.enter_async_context(story)), policy, BETTER)

        try:
            yield from _begun(retold)
        finally:
            runner.run(opened.aclose())


def _begun(backend: Callable[[Policy], PureDomain | Retold]) -> Iterator[Begin]:
    stories = telling(backend)
    tell = next(stories)
    yield lambda: tell(LINES, zone="Europe/London")
    next(stories, None)


def move(story: Story) -> Story:
    """On by the better policy."""
    return story.send(ChangePolicy(actor="ops", policy_version=version_of(BETTER), reason="open until eight"))


CHANGED = f"policy {version_of(LINES)} -> {version_of(BETTER)}"


def test_an_edit_alone_changes_no_running_ticket(begin: Begin) -> None:
    """7.2: opened at half past three on a Monday, its acknowledgement is due at nine on Tuesday, whatever is edited."""
    story = begin().open("Mon 23 Nov 15:30").as_told()
    story.until("Tue 24 Nov 08:29").in_short("Mon 23 Nov 17:45 warned 75% of acknowledge/1 of agent, due 17:45")
    story.acknowledge().as_told()


def test_a_night_is_won_by_longer_hours(begin: Begin) -> None:
    """7.3: at five, an hour and a half is spent; of two hours half of one is left, that same evening."""
    story = begin().open("Mon 23 Nov 15:30").until("Mon 23 Nov 17:00").as_told()
    move(story).happened(
        f"Mon 23 Nov 17:00 {CHANGED}",
        "Mon 23 Nov 17:00 moved acknowledge/1 of agent to 2h, 1h30m spent, until 17:30",
        "Mon 23 Nov 17:00 moved tier_resolve/1 of agent to 9h, 1h30m spent, until Tue 24 Nov 12:30",
        "Mon 23 Nov 17:00 moved update/1 of agent to 4h, 1h30m spent, until 19:30",
        "Mon 23 Nov 17:00 moved resolve/1 of agent to 20h, 1h30m spent, until Wed 25 Nov 11:30",
    )
    story.until("Mon 23 Nov 17:10").in_short("Mon 23 Nov 17:00 warned 75% of acknowledge/1 of agent, due 17:00")
    story.acknowledge().as_told()
    story.until("Mon 23 Nov 19:31").in_short(
        "Mon 23 Nov 18:30 warned 75% of update/1 of agent, due 18:30",
        "Mon 23 Nov 19:30 breached update/1 of agent, due 19:30",
    )
    story.as_told()


def test_the_wait_of_a_customer_goes_on_by_the_new_hours(begin: Begin) -> None:
    """7.3, 6.6: five and a half of nine hours to the first reminder are over; the others end that same evening."""
    story = begin().open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").acknowledge()
    story.until("Mon 23 Nov 10:30").ask().until("Mon 23 Nov 16:00").as_told()
    move(story).in_short(f"Mon 23 Nov 16:00 {CHANGED}")
    story.until("Mon 23 Nov 19:31").in_short("Mon 23 Nov 19:30 customer reminded 1, due 19:30")
    story.contact().as_told()


def test_a_ticket_that_was_moved_is_escalated_closed_and_reopened_by_the_new_version(begin: Begin) -> None:
    """7.3, 6.5, 6.9: whatever follows asks the version that the ticket has."""
    story = begin().open("Mon 23 Nov 09:00").until("Mon 23 Nov 10:00").as_told()
    move(story).as_told()
    story.until("Mon 23 Nov 10:30").escalate().until("Mon 23 Nov 11:00").acknowledge("bob")
    story.until("Mon 23 Nov 12:00").transfer("agent").until("Mon 23 Nov 12:10").acknowledge()
    story.until("Mon 23 Nov 13:00").resolve().until("Mon 23 Nov 13:10").confirm()
    story.until("Mon 23 Nov 14:00").reopen().as_told()
    assert story.ticket.policy_version == version_of(BETTER)
    story.until("Mon 23 Nov 16:01").in_short(
        "Mon 23 Nov 15:30 warned 75% of acknowledge/4 of agent, due 15:30",
        "Mon 23 Nov 16:00 breached acknowledge/4 of agent, due 16:00",
        "Mon 23 Nov 16:00 escalated agent -> specialist: acknowledge_breached, next news 18:00, ping-pong",
    )
    story.as_told()
