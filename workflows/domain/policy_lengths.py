"""What is wrong with the lengths of a policy's table: none, too short, or more than its calendar holds (7.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.policy_as_written import elements, in_hours, items, not_a_tuple, said, tiers_of
from workflows.domain.policy_rows import Targets
from workflows.domain.working_time import HORIZON, least_open

if TYPE_CHECKING:
    from workflows.domain.policy import Policy

_A_MINUTE = timedelta(minutes=1)
"""The least of what comes again by itself, lest a ticket do nothing else, and of what a customer has time for."""
_LONGEST_WINDOW = timedelta(days=36525)
"""Plain data holds it to the microsecond, and it can be read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Length:
    """A length of working time, as it was written, and the calendar that it counts in."""

    where: str
    length: object
    calendar: object
    shortest: timedelta = timedelta()


def problems_of_lengths(policy: "Policy") -> Iterator[str]:
    """Yield a sentence for each length that cannot be promised."""
    promised = dict(items(policy.resolve))
    for tier in tiers_of(policy):
        for priority, row in items(tier.targets):
            if isinstance(row, Targets):
                where = f"tier {said(tier.name)} for priority {said(priority)}:"
                yield from _of_updates(where, row.update_every, promised.get(priority))
    yield from _of_waiting(policy)
    yield from _of_window(policy.reopen_window)
    lengths = tuple(_lengths(policy))
    for each in lengths:
        yield from _of_length(each)
    yield from _of_horizons(lengths)


def _lengths(policy: "Policy") -> Iterator[_Length]:
    """Yield all lengths that are open time of a calendar (2.6)."""
    for priority, promised in items(policy.resolve):
        yield _Length(where=f"resolve for priority {said(priority)}", length=promised, calendar=policy.calendar)
    for field in ("remind_every", "give_up", "sign_off"):
        yield _Length(where=field, length=getattr(policy, field), calendar=policy.calendar, shortest=_A_MINUTE)
    for number, reminder in enumerate(elements(policy.customer_reminders), start=1):
        where = f"reminder {number} of customer_reminders"
        yield _Length(where=where, length=reminder, calendar=policy.calendar, shortest=_A_MINUTE)
    for tier in tiers_of(policy):
        for priority, row in items(tier.targets):
            if isinstance(row, Targets):
                where = f"tier {said(tier.name)} for priority {said(priority)}:"
                yield _Length(where=f"{where} acknowledge", length=row.acknowledge, calendar=tier.calendar)
                yield _Length(
                    where=f"{where} update_every",
                    length=row.update_every,
                    calendar=policy.calendar,
                    shortest=_A_MINUTE,
                )
                yield _Length(where=f"{where} resolve", length=row.resolve, calendar=tier.calendar)


def _of_length(each: _Length) -> Iterator[str]:
    if not isinstance(each.length, timedelta):
        yield f"{each.where} is {said(each.length)}: write hours(8) or minutes(15)"
    elif each.length <= timedelta():
        yield f"{each.where} is {in_hours(each.length)}: give it more than nothing, like hours(8)"
    elif each.length < each.shortest:
        yield f"{each.where} is {in_hours(each.length)}: give it a minute or more"


def _of_horizons(lengths: tuple[_Length, ...]) -> Iterator[str]:
    """Yield one sentence a calendar that is too small for what counts in it (3.5), by the longest it cannot hold."""
    longest: dict[AnyCalendar, tuple[timedelta, str]] = {}
    how_many: dict[AnyCalendar, int] = {}
    for each in lengths:
        if not isinstance(each.calendar, AnyCalendar) or not isinstance(each.length, timedelta):
            continue
        if each.length > least_open(each.calendar):
            how_many[each.calendar] = how_many.get(each.calendar, 0) + 1
            known, _ = longest.get(each.calendar, (timedelta(), ""))
            if each.length > known:
                longest[each.calendar] = (each.length, each.where)
    for calendar, (length, where) in longest.items():
        others = f", nor for {how_many[calendar] - 1} more" if how_many[calendar] > 1 else ""
        yield (
            f"calendar {str(calendar)!r} has no more than {in_hours(least_open(calendar))} open in {HORIZON.days} "
            f"days, too little for {where}, {in_hours(length)}{others}: give it more hours, or promise less"
        )


def _of_updates(where: str, update_every: object, promised: object) -> Iterator[str]:
    if not isinstance(update_every, timedelta) or not isinstance(promised, timedelta):
        return
    if update_every >= promised > timedelta():
        yield (
            f"{where} update_every is {in_hours(update_every)}, not shorter than the customer's resolve target "
            f"{in_hours(promised)}: make it shorter, or the customer hears nothing before it is over"
        )


def _of_waiting(policy: "Policy") -> Iterator[str]:
    yield from not_a_tuple("customer_reminders", policy.customer_reminders, "(hours(9),)")
    steps = [each for each in (*elements(policy.customer_reminders), policy.give_up) if isinstance(each, timedelta)]
    lasting = (each for each in steps if each > timedelta())  # of the others it is told that they are none
    if any(later <= earlier or later - earlier < _A_MINUTE for earlier, later in pairwise(lasting)):
        yield (
            f"customer_reminders and give_up are {', '.join(map(in_hours, steps))} from the question: "
            "make each longer than the one before, by a minute or more"
        )


def _of_window(window: object) -> Iterator[str]:
    if not isinstance(window, timedelta):
        yield f"reopen_window is {said(window)}: write timedelta(days=14) or hours(8), by the clock on the wall"
    elif window < timedelta():
        yield f"reopen_window is {in_hours(window)}: write 0 or more"
    elif window > _LONGEST_WINDOW:
        yield f"reopen_window is {in_hours(window)}: write a hundred years or less"
