"""All that is wrong with a policy's table, each problem short, with its tier, its priority and the remedy (7.1).

Trusts no type: a policy is written by hand, and is run by people who have never heard of a type checker.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from workflows.domain.follow_the_sun import AnyCalendar
from workflows.domain.policy_as_written import elements, items, listed, not_a_tuple, said, tiers_of
from workflows.domain.policy_endings import problems_of_endings
from workflows.domain.policy_lengths import problems_of_lengths
from workflows.domain.policy_rows import OnBreach, Targets, Tier
from workflows.domain.ticket.texts import TEXTS, stray_space, text_problem
from workflows.domain.ticket.words import Audience, Target

if TYPE_CHECKING:
    from workflows.domain.policy import Policy

_NAMES = {
    "name": ("queue", "it has no name: give it one", "broadband"),
    "lead": ("handler", "it names no lead: somebody must hear of a broken promise", "team-lead"),
    "last_resort": (
        "tier",  # whoever acknowledges for it names it as one (4.4)
        "it names no last resort: somebody must hear when the ladder has ended",
        "duty-manager",
    ),
}
"""By field: the field of a command whose rule it keeps, what to say when it is empty, and an example."""


def problems_of(policy: "Policy") -> Iterator[str]:
    """Yield a sentence for each thing that keeps the policy from being promised."""
    for field, (text, missing, example) in _NAMES.items():
        yield from of_name(field, getattr(policy, field), text=text, missing=missing, example=example)
    yield from _of_calendar("calendar", policy.calendar)
    yield from _of_rows("resolve", policy.resolve, "{'urgent': hours(8)}", "give one length for each priority")
    for priority, _ in items(policy.resolve):
        missing = "a priority is empty: give it a name"
        yield from of_name("a priority", priority, text="priority", missing=missing, example="urgent")
    yield from _of_tiers(policy)
    yield from _of_warnings(policy.warn_at)
    yield from _of_number("chases_to_escalate", policy.chases_to_escalate, least=1, example="2 for every second chase")
    clocks = [target for target in Target if target is not Target.PROMISE]  # a promise never stands still (2.7)
    yield from _of_members("waiting_pauses", policy.waiting_pauses, clocks, "(Target.UPDATE, Target.RESOLVE)")
    yield from problems_of_lengths(policy)
    yield from problems_of_endings(policy)


def of_name(field: str, name: object, *, text: str, missing: str, example: str) -> Iterator[str]:
    """Yield what keeps a name from being asked for: commands and the databases take it by the rule of that text."""
    if not isinstance(name, str):
        yield f"{field} is {said(name)}: write a name in quotes, like {example!r}"
    elif not name:
        yield f"{missing}, like {example!r}"
    elif problem := text_problem(TEXTS[text], name, is_required=True) or stray_space(TEXTS[text], name):
        yield f"{field} {said(name)} {problem}"


def _of_tiers(policy: "Policy") -> Iterator[str]:
    yield from not_a_tuple("tiers", policy.tiers, "(Tier(…),)")
    if not policy.tiers:
        yield "it has no tiers: a ladder needs at least one"
    for number, each in enumerate(elements(policy.tiers), start=1):
        if not isinstance(each, Tier):
            yield f"rung {number} of tiers is {said(each)}: write Tier(…)"
    names: list[object] = [tier.name for tier in tiers_of(policy)]
    for name in dict.fromkeys(name for name in names if isinstance(name, str) and names.count(name) > 1):
        yield f"tier {said(name)} stands {names.count(name)} times: name each rung once"
    if (last := policy.last_resort) and last in names:
        yield f"last_resort {said(last)} is a tier's name too: whoever acknowledges must say for whom (4.4)"
    for tier in tiers_of(policy):
        missing = "a tier has no name: give each rung one"
        yield from of_name("a tier's name", tier.name, text="tier", missing=missing, example="agent")
        yield from (f"tier {said(tier.name)} {problem}" for problem in _of_tier(policy, tier))


def _of_tier(policy: "Policy", tier: Tier) -> Iterator[str]:
    yield from _of_calendar("has a calendar that", tier.calendar)
    yield from _of_rows(
        "has a table of targets that", tier.targets, "{'urgent': Targets(…)}", "add a row for each priority"
    )
    promised, rows = dict(items(policy.resolve)), dict(items(tier.targets))
    if rows and (missing := [priority for priority in promised if priority not in rows]):
        yield f"has no targets for {listed(missing)}: add a row for each priority of the policy"
    if promised and (unknown := [priority for priority in rows if priority not in promised]):
        yield f"has targets for {listed(unknown)}, which the policy does not promise: use {listed(promised)}"
    for priority, row in rows.items():
        if not isinstance(row, Targets):
            where = f"for priority {said(priority)}"
            yield f"{where} has {said(row)}: write Targets(acknowledge=…, update_every=…, resolve=…)"
    yield from not_a_tuple("skip_when_closed", tier.skip_when_closed, "('urgent',)")
    if promised and (unknown := [each for each in elements(tier.skip_when_closed) if each not in list(promised)]):
        yield f"skip_when_closed names {listed(unknown)}, which the policy does not promise: use {listed(promised)}"
    yield from _of_rules(tier.on_breach)
    for target, rule in items(tier.on_breach):
        yield from _of_rule(target, rule)


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


def _of_warnings(warn_at: object) -> Iterator[str]:
    yield from not_a_tuple("warn_at", warn_at, "(0.75,)")
    numbers = [each for each in elements(warn_at) if isinstance(each, int | float)]
    for fraction in elements(warn_at):
        if not isinstance(fraction, int | float) or not 0 < fraction < 1:
            yield f"warns at {said(fraction)} of a target: write a fraction between 0 and 1, like 0.75"
    if numbers == list(elements(warn_at)) and numbers != sorted(set(numbers)):
        yield f"warns at {warn_at}: name each fraction once, the smallest first"


def _of_calendar(field: str, calendar: object) -> Iterator[str]:
    if not isinstance(calendar, AnyCalendar):
        yield f"{field} is {said(calendar)}: write Calendar('Europe/London', {{'mon-fri': '08:00-18:00'}})"


def _of_rows(field: str, rows: object, example: str, remedy: str) -> Iterator[str]:
    if not isinstance(rows, Mapping):
        yield f"{field} is {said(rows)}: {remedy}, like {example}"
    elif not rows:
        yield f"{field} is empty: {remedy}, like {example}"


def _of_members(field: str, members: object, known: Iterable[Target | Audience], example: str) -> Iterator[str]:
    yield from not_a_tuple(field, members, example)
    allowed = tuple(known)
    for each in elements(members):
        if not any(each is member for member in allowed):
            yield f"{field} names {said(each)}: write one of {_members(allowed)}"


def _of_number(field: str, number: object, *, least: int, example: str) -> Iterator[str]:
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        yield f"{field} is {said(number)}: write a whole number, {example}"


def _members(known: Iterable[Target | Audience]) -> str:
    return ", ".join(f"{type(each).__name__}.{each.name}" for each in known)
