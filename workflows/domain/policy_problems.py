"""All that is wrong with a policy's table, each problem short, with its tier, its priority and the remedy (7.1).

Trusts no type: a policy is written by hand, and is run by people who have never heard of a type checker.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from workflows.domain.calendar import Calendar
from workflows.domain.policy_rows import OnBreach, Targets, Tier
from workflows.domain.ticket.words import Audience, Target
from workflows.domain.working_time import HORIZON, least_open

if TYPE_CHECKING:
    from workflows.domain.policy import Policy

_LONGEST_QUOTE = 60
_AN_HOUR = timedelta(hours=1)
_SHORTEST_UPDATE = timedelta(seconds=1)
"""The only clock that starts again by itself: shorter, a silent ticket would do nothing but breach."""
_NAMES = {
    "name": ("it has no name: give it one", "broadband"),
    "lead": ("it names no lead: somebody must hear of a broken promise", "team-lead"),
    "last_resort": ("it names no last resort: somebody must hear when the ladder has ended", "duty-manager"),
}
"""By field: what to say when it is empty, and an example."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Length:
    """A length of working time, as it was written, and the calendar that it counts in."""

    where: str
    length: object
    calendar: object


def problems_of(policy: "Policy") -> Iterator[str]:
    """Yield a sentence for each thing that keeps the policy from being promised."""
    for field, (missing, example) in _NAMES.items():
        yield from _of_name(field, getattr(policy, field), missing, example)
    yield from _of_calendar("calendar", policy.calendar)
    yield from _of_rows("resolve", policy.resolve, "{'urgent': hours(8)}", "give one length for each priority")
    yield from _of_tiers(policy)
    yield from _of_waiting(policy)
    yield from _of_warnings(policy.warn_at)
    yield from _of_number("chases_to_escalate", policy.chases_to_escalate, least=1, example="2 for every second chase")
    yield from _of_members("waiting_pauses", policy.waiting_pauses, Target, "(Target.UPDATE, Target.RESOLVE)")
    lengths = tuple(_lengths(policy))
    for each in lengths:
        yield from _of_length(each.where, each.length)
    yield from _of_horizons(lengths)


def not_a_tuple(field: str, value: object, example: str) -> Iterator[str]:
    """Yield what to say of a value that is no tuple, most often for want of a comma."""
    if not isinstance(value, tuple):
        yield f"{field} is {said(value)}, not a tuple: write {example}, with its comma"


def said(value: object) -> str:
    """Return a value as a person would say it, never a page long."""
    match value:
        case timedelta():
            return _in_hours(value)
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case str() | int() | float() | None:
            text = repr(value)
            return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
        case ():
            return "empty"
        case _:
            return f"of type {type(value).__name__}"


def _in_hours(length: timedelta) -> str:
    if timedelta() < abs(length) < _AN_HOUR:
        return f"{length / timedelta(minutes=1):g} min"
    return f"{length / _AN_HOUR:g} h"


def _lengths(policy: "Policy") -> Iterator[_Length]:
    """Yield all lengths that are open time of a calendar (2.6)."""
    for priority, promised in _items(policy.resolve):
        yield _Length(where=f"resolve for priority {priority!r}", length=promised, calendar=policy.calendar)
    for field in ("remind_every", "give_up", "sign_off"):
        yield _Length(where=field, length=getattr(policy, field), calendar=policy.calendar)
    for number, reminder in enumerate(_elements(policy.customer_reminders), start=1):
        yield _Length(where=f"reminder {number} of customer_reminders", length=reminder, calendar=policy.calendar)
    for tier in _tiers(policy):
        for priority, row in _items(tier.targets):
            if isinstance(row, Targets):
                where = f"tier {tier.name!r} for priority {priority!r}:"
                yield _Length(where=f"{where} acknowledge", length=row.acknowledge, calendar=tier.calendar)
                yield _Length(where=f"{where} update_every", length=row.update_every, calendar=policy.calendar)
                yield _Length(where=f"{where} resolve", length=row.resolve, calendar=tier.calendar)


def _of_length(where: str, length: object) -> Iterator[str]:
    if not isinstance(length, timedelta):
        yield f"{where} is {said(length)}: write hours(8) or minutes(15)"
    elif length <= timedelta():
        yield f"{where} is {_in_hours(length)}: give it more than nothing, like hours(8)"


def _of_horizons(lengths: tuple[_Length, ...]) -> Iterator[str]:
    """Yield one sentence a calendar that is too small for what counts in it (3.5), by the longest it cannot hold."""
    longest: dict[Calendar, tuple[timedelta, str]] = {}
    how_many: dict[Calendar, int] = {}
    for each in lengths:
        if not isinstance(each.calendar, Calendar) or not isinstance(each.length, timedelta):
            continue
        if each.length > least_open(each.calendar):
            how_many[each.calendar] = how_many.get(each.calendar, 0) + 1
            known, _ = longest.get(each.calendar, (timedelta(), ""))
            if each.length > known:
                longest[each.calendar] = (each.length, each.where)
    for calendar, (length, where) in longest.items():
        others = f", nor for {how_many[calendar] - 1} more" if how_many[calendar] > 1 else ""
        yield (
            f"calendar {str(calendar)!r} has no more than {_in_hours(least_open(calendar))} open in {HORIZON.days} "
            f"days, too little for {where}, {_in_hours(length)}{others}: give it more hours, or promise less"
        )


def _of_tiers(policy: "Policy") -> Iterator[str]:
    yield from not_a_tuple("tiers", policy.tiers, "(Tier(…),)")
    if not policy.tiers:
        yield "it has no tiers: a ladder needs at least one"
    for number, each in enumerate(_elements(policy.tiers), start=1):
        if not isinstance(each, Tier):
            yield f"rung {number} of tiers is {said(each)}: write Tier(…)"
    names = [tier.name for tier in _tiers(policy)]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f"tier {name!r} stands {names.count(name)} times: name each rung once"
    if policy.last_resort and policy.last_resort in names:
        yield f"last_resort {policy.last_resort!r} is a tier's name too: whoever acknowledges must say for whom (4.4)"
    for tier in _tiers(policy):
        yield from _of_name("a tier's name", tier.name, "a tier has no name: give each rung one", "agent")
        yield from (f"tier {tier.name!r} {problem}" for problem in _of_tier(policy, tier))


def _of_tier(policy: "Policy", tier: Tier) -> Iterator[str]:
    yield from _of_calendar("has a calendar that", tier.calendar)
    yield from _of_rows(
        "has a table of targets that", tier.targets, "{'urgent': Targets(…)}", "add a row for each priority"
    )
    promised, rows = dict(_items(policy.resolve)), dict(_items(tier.targets))
    if rows and (missing := [priority for priority in promised if priority not in rows]):
        yield f"has no targets for {missing}: add a row for each priority of the policy"
    if promised and (unknown := [priority for priority in rows if priority not in promised]):
        yield f"has targets for {unknown}, which the policy does not promise: use {list(promised)}"
    for priority, row in rows.items():
        if isinstance(row, Targets):
            yield from _of_updates(f"for priority {priority!r}:", row.update_every, promised.get(priority))
        else:
            yield f"for priority {priority!r} has {said(row)}: write Targets(acknowledge=…, update_every=…, resolve=…)"
    yield from not_a_tuple("skip_when_closed", tier.skip_when_closed, "('urgent',)")
    if promised and (unknown := [each for each in _elements(tier.skip_when_closed) if each not in promised]):
        yield f"skip_when_closed names {unknown}, which the policy does not promise: use {list(promised)}"
    yield from _of_rules(tier.on_breach)
    for target, rule in _items(tier.on_breach):
        yield from _of_rule(target, rule)


def _of_updates(where: str, update_every: object, promised: object) -> Iterator[str]:
    if not isinstance(update_every, timedelta) or not isinstance(promised, timedelta):
        return
    if timedelta() < update_every < _SHORTEST_UPDATE:
        yield f"{where} update_every is {update_every.total_seconds():g} s: give it a second or more"
    if update_every >= promised > timedelta():
        yield (
            f"{where} update_every is {_in_hours(update_every)}, not shorter than the customer's resolve target "
            f"{_in_hours(promised)}: make it shorter, or the customer hears nothing before it is over"
        )


def _of_rules(rules: object) -> Iterator[str]:
    if not isinstance(rules, Mapping):
        yield f"on_breach is {said(rules)}: write {{Target.UPDATE: OnBreach(escalate_every=2)}}"


def _of_rule(target: object, rule: object) -> Iterator[str]:
    if not isinstance(target, Target):
        yield f"on_breach names {said(target)}: write one of {_members(Target)}"
        return
    if not isinstance(rule, OnBreach):
        yield f"on_breach of {target.value!r} is {said(rule)}: write OnBreach(escalate_every=1)"
        return
    every: object = rule.escalate_every
    where = f"on_breach of {target.value!r}:"
    yield from _of_members(f"{where} notify", rule.notify, Audience, "(Audience.LEAD,)")
    yield from _of_number(f"{where} escalate_every", every, least=0, example="0 for never, 1 for each")
    if target is not Target.UPDATE and isinstance(every, int) and every > 1:
        yield f"{where} escalate_every is {every}, but it breaches once: write 0 or 1"


def _of_waiting(policy: "Policy") -> Iterator[str]:
    yield from not_a_tuple("customer_reminders", policy.customer_reminders, "(hours(9),)")
    steps = [each for each in (*_elements(policy.customer_reminders), policy.give_up) if isinstance(each, timedelta)]
    if steps != sorted(set(steps)):
        yield (
            f"customer_reminders and give_up are {', '.join(map(_in_hours, steps))} from the question: "
            "make each longer than the one before"
        )
    yield from _of_window(policy.reopen_window)


def _of_window(window: object) -> Iterator[str]:
    if not isinstance(window, timedelta):
        yield f"reopen_window is {said(window)}: write timedelta(days=14) or hours(8), by the clock on the wall"
    elif window < timedelta():
        yield f"reopen_window is {_in_hours(window)}: write 0 or more"


def _of_warnings(warn_at: object) -> Iterator[str]:
    yield from not_a_tuple("warn_at", warn_at, "(0.75,)")
    numbers = [each for each in _elements(warn_at) if isinstance(each, int | float)]
    for fraction in _elements(warn_at):
        if not isinstance(fraction, int | float) or not 0 < fraction < 1:
            yield f"warns at {said(fraction)} of a target: write a fraction between 0 and 1, like 0.75"
    if numbers == list(_elements(warn_at)) and numbers != sorted(set(numbers)):
        yield f"warns at {warn_at}: name each fraction once, the smallest first"


def _of_name(field: str, name: object, missing: str, example: str) -> Iterator[str]:
    if not isinstance(name, str):
        yield f"{field} is {said(name)}: write a name in quotes, like {example!r}"
    elif not name:
        yield f"{missing}, like {example!r}"


def _of_calendar(field: str, calendar: object) -> Iterator[str]:
    if not isinstance(calendar, Calendar):
        yield f"{field} is {said(calendar)}: write Calendar('Europe/London', {{'mon-fri': '08:00-18:00'}})"


def _of_rows(field: str, rows: object, example: str, remedy: str) -> Iterator[str]:
    if not isinstance(rows, Mapping):
        yield f"{field} is {said(rows)}: {remedy}, like {example}"
    elif not rows:
        yield f"{field} is empty: {remedy}, like {example}"
    for priority, _ in _items(rows):
        yield from _of_name("a priority", priority, "a priority is empty: give it a name", "urgent")


def _of_members(field: str, members: object, kind: type[Target | Audience], example: str) -> Iterator[str]:
    yield from not_a_tuple(field, members, example)
    for each in _elements(members):
        if not isinstance(each, kind):
            yield f"{field} names {said(each)}: write one of {_members(kind)}"


def _of_number(field: str, number: object, *, least: int, example: str) -> Iterator[str]:
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        yield f"{field} is {said(number)}: write a whole number, {example}"


def _members(kind: type[Target | Audience]) -> str:
    return ", ".join(f"{kind.__name__}.{each.name}" for each in kind)


def _tiers(policy: "Policy") -> Iterator[Tier]:
    """Yield what is a tier among the tiers."""
    return (each for each in _elements(policy.tiers) if isinstance(each, Tier))


def _elements(value: object) -> tuple[object, ...]:
    """Return what is in a tuple, or in a list that should be one; nothing else has any."""
    return tuple(value) if isinstance(value, tuple | list) else ()


def _items(value: object) -> Iterator[tuple[object, object]]:
    """Yield the rows of a mapping; nothing else has any."""
    return iter(value.items() if isinstance(value, Mapping) else ())
