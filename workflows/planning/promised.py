"""What the customer is promised, in the customer's own terms: the content of the page for customers (7.4).

Knows which of a policy's figures a customer may count on. No layout, and nothing that a customer need not know.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.money import plainly
from workflows.domain.opening_hours import written
from workflows.domain.policy import Policy
from workflows.domain.policy_as_written import in_hours
from workflows.domain.ticket.words import Target
from workflows.planning.publication import Publication

_IN_THE_END = "whoever answers for it in the end"
"""The last resort, whose name is for the log and not for customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPriority:
    """What is promised for one priority; every length is open time of the hours on the page."""

    name: str
    words: str
    """What it is, for a customer; empty when the name must do."""
    answer: str
    """Somebody has taken it on within so long."""
    news: str
    """A person tells the customer something at least so often, whichever tier has it."""
    solved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTier:
    """One rung, as a customer meets it."""

    name: str
    words: str
    hours: str
    """By the clocks of its own zone, which is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDay:
    """A date that does not follow the week."""

    day: date
    hours: str
    """`closed`, or its own opening hours."""
    name: str
    """What the day is; empty when nobody said."""
    zone: str
    """Whose day it is, where several desks hand on to each other; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """Everything that the page says."""

    publication: Publication
    hours: str
    """By the clocks of its zone, which is named; of each desk where several hand on to each other."""
    other_days: tuple[OtherDay, ...]
    """From the day on from which the page is good, in order; not those on which nobody works anyway."""
    priorities: tuple[OfPriority, ...]
    tiers: tuple[OfTier, ...]
    steps: tuple[str, ...]
    """What happens by itself when a promise is broken: each a sentence."""
    waiting: tuple[str, ...]
    """What happens when the customer is asked something: each a sentence."""
    ending: tuple[str, ...]
    """How it ends, and how it comes back: each a sentence."""
    given: tuple[str, ...]
    """What the customer gets without asking when a promise is broken: each a sentence; empty where it is nothing."""


def promised(policy: Policy, publication: Publication, from_day: date) -> Promised:
    """Say what the policy promises to a customer who reads it on that day or later."""
    return Promised(
        publication=publication,
        hours=_hours(policy.calendar),
        other_days=tuple(_other_days(policy, from_day)),
        priorities=tuple(_of_priority(policy, publication, priority) for priority in policy.priorities),
        tiers=tuple(
            OfTier(
                name=tier.name,
                words=publication.tiers.get(tier.name, ""),
                hours=_hours(tier.calendar),
            )
            for tier in policy.tiers
        ),
        steps=tuple(_steps(policy)),
        waiting=tuple(_waiting(policy)),
        ending=tuple(_ending(policy)),
        given=tuple(_given(policy)),
    )


def _of_priority(policy: Policy, publication: Publication, priority: str) -> OfPriority:
    rows = [tier.targets[priority] for tier in policy.tiers]
    return OfPriority(
        name=priority,
        words=publication.priorities.get(priority, ""),
        answer=in_hours(rows[0].acknowledge),
        news=in_hours(max(row.update_every for row in rows)),
        solved=in_hours(policy.resolve[priority]),
    )


def _hours(calendar: AnyCalendar) -> str:
    return "; ".join(f"{desk.plain_week}, by the clocks of {desk.zone}" for desk in calendar.desks)


def _other_days(policy: Policy, from_day: date) -> Iterator[OtherDay]:
    desks = policy.calendar.desks
    days = [
        OtherDay(day=day, hours=hours, name=desk.name_of(day), zone=desk.zone if len(desks) > 1 else "")
        for desk in desks
        for day, hours in (
            *((day, "closed") for day in desk.closed if desk.week[day.weekday()]),
            *((day, written(hours)) for day, hours in desk.special),
        )
        if day >= from_day
    ]
    yield from sorted(days, key=lambda each: each.day)


def _steps(policy: Policy) -> Iterator[str]:
    first, *later = policy.tier_names
    if later:
        yield (
            f"Your request goes to {first} first. When nobody there takes it on in time, or their own time is over,"
            f" it goes on by itself: {', then '.join(later)}."
        )
        yield "You are told when that happens, and when you will hear next. You never have to tell your story twice."
    yield (
        f"When you have to ask for news {_times(policy.chases_to_escalate)} without getting any further,"
        " it goes one step up as well."
        if later
        else f"When you have to ask for news {_times(policy.chases_to_escalate)}, {_IN_THE_END} is told."
    )
    yield (
        f"At the end of the ladder it does not fall silent: {_IN_THE_END} is told, and told again every"
        f" {in_hours(policy.remind_every)} until somebody takes it on."
    )


def _waiting(policy: Policy) -> Iterator[str]:
    if Target.RESOLVE in policy.waiting_pauses:
        yield "When we ask you something, the time until your answer does not count for the solution."
    if policy.customer_reminders:
        reminders = " and ".join(map(in_hours, policy.customer_reminders))
        yield f"We remind you after {reminders}."
    yield (
        f"Without an answer we take it that you need nothing more after {in_hours(policy.give_up)}:"
        " the request is ended, and an answer from you opens it again."
    )


def _ending(policy: Policy) -> Iterator[str]:
    yield (
        f"You decide whether it is solved. When we say that it is, you have {in_hours(policy.sign_off)} to object;"
        " after that it is closed."
    )
    yield (
        f"Within {_days(policy.reopen_window)} of closing you can have the same request opened again,"
        " under the same reference. After that, a new one names the old."
    )
    if policy.leaving is not None:
        yield (
            f"When you want to leave us, say so: it is handled as {policy.leaving}. A question of ours puts nothing"
            " off, and without an answer from you we go on with what we know."
        )


def _given(policy: Policy) -> Iterator[str]:
    if policy.credit_for_promise:
        yield (
            "When one of us promised you something by an instant, a call say, and it was not done by then,"
            f" {plainly(policy.credit_for_promise)} is yours. You do not have to ask."
        )
    if policy.credit_for_resolve:
        yield (
            f"When it is not solved within the time above, {plainly(policy.credit_for_resolve)} is yours,"
            " once for each request. You do not have to ask."
        )


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _days(length: timedelta) -> str:
    days = length / timedelta(days=1)
    if days < 1:
        return f"{in_hours(length)} by the clock"
    return f"{days:g} calendar day{'' if days == 1 else 's'}"
