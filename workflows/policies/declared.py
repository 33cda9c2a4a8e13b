"""What a policy's module declares, and a set made of several: all that is wrong is told at once, with its place.

Trusts no type: modules are anybody's Python. Imports none itself.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType

from workflows.domain.errors import PolicyError
from workflows.domain.policy import Policy
from workflows.domain.policy_as_written import not_a_tuple, said
from workflows.domain.policy_problems import of_name
from workflows.domain.routing import Request, Route
from workflows.planning.publication import Publication

OF_A_POLICY = ("policy", "queues", "published", "roster")
NAMES = (*OF_A_POLICY, "route", "default_route")
"""What a module may declare; one with none of them is a neighbour that others import."""

AskRoute = Callable[[Request], Route]
AskRoster = Callable[[str, datetime], Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """What may be promised here: everything outside it is refused."""

    policies: Mapping[str, Policy]
    """By name."""
    queues: Mapping[str, str]
    """Queue to policy name."""

    def of_queue(self, queue: str) -> Policy:
        """The policy a queue works by; `PolicyError` when there is no such queue."""
        if queue not in self.queues:
            raise PolicyError(f"unknown queue {queue!r}: use one of {sorted(self.queues)}")
        return self.policies[self.queues[queue]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one module declares, each of its kind."""

    place: str
    """Its file or name, as problems tell it."""
    policy: Policy | None
    """None: it has a route only."""
    queues: tuple[str, ...]
    published: Publication | None
    route: AskRoute | None
    default_route: Route | None
    roster: AskRoster | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredSet:
    """What several modules declare together."""

    promised: PolicySet
    published: Mapping[str, Publication]
    """By the name of the policy, as below."""
    route: AskRoute | None
    default_route: Route | None
    rosters: Mapping[str, AskRoster]
    places: Mapping[str, str]


def is_declaring(module: ModuleType) -> bool:
    """Whether it declares anything of a policy, rightly or wrongly."""
    return any(hasattr(module, name) for name in NAMES)


def declared_in(module: ModuleType, place: str) -> Declared:
    """Read what a module declares; `PolicyError` tells what it lacks: its policy's lacks were found at its building."""
    if found := tuple(f"{place}: {problem}" for problem in _problems_of(module)):
        raise PolicyError(*found)
    return Declared(
        place=place,
        policy=getattr(module, "policy", None),
        queues=getattr(module, "queues", ()),
        published=getattr(module, "published", None),
        route=getattr(module, "route", None),
        default_route=getattr(module, "default_route", None),
        roster=getattr(module, "roster", None),
    )


def together(declared: Iterable[Declared]) -> DeclaredSet:
    """Make one set of them; `PolicyError` tells what cannot stand beside what."""
    declared = tuple(declared)
    policies: dict[str, Declared] = {}
    queues: dict[str, str] = {}
    problems: list[str] = []
    for each in declared:
        if each.policy is None:
            continue
        name = each.policy.name
        if name in policies:
            problems.append(f"{each.place}: policy {name!r} is declared twice: rename one")
        policies[name] = each
        for queue in each.queues:
            if queue in queues:
                served = f"queue {queue!r} is served by {queues[queue]!r} already"
                problems.append(f"{each.place}: {served}: name each queue once")
            queues[queue] = name
    if not policies and not problems:
        problems.append(f"{', '.join(each.place for each in declared)}: there is no policy: add policy = Policy(…)")
    promised = PolicySet(policies={name: each.policy for name, each in policies.items() if each.policy}, queues=queues)
    route, default_route = _routing(declared, promised, problems)
    if problems:
        raise PolicyError(*problems)
    return DeclaredSet(
        promised=promised,
        published={name: each.published for name, each in policies.items() if each.published},
        route=route,
        default_route=default_route,
        rosters={name: each.roster for name, each in policies.items() if each.roster},
        places={name: each.place for name, each in policies.items()},
    )


def _routing(
    declared: tuple[Declared, ...], promised: PolicySet, problems: list[str]
) -> tuple[AskRoute | None, Route | None]:
    """Find the one route and its default; the same function imported by a neighbour is still one."""
    routes = {id(each.route): each for each in declared if each.route is not None}
    defaults = {each.default_route: each for each in declared if each.default_route is not None}
    for name, found in (("route", [*routes.values()]), ("default_route", [*defaults.values()])):
        if len(found) > 1:
            first, second, *_ = found
            problems.append(f"{second.place}: {name} is declared in {first.place} already: keep one of them")
    for default, each in defaults.items():
        place = f"{each.place}: default_route"
        if default.queue not in promised.queues:
            problems.append(f"{place} names queue {said(default.queue)}: use one of {', '.join(promised.queues)}")
        elif default.priority not in (policy := promised.of_queue(default.queue)).priorities:
            problems.append(
                f"{place} names priority {said(default.priority)}, which policy {policy.name!r} of queue "
                f"{default.queue!r} does not promise: use one of {', '.join(policy.priorities)}"
            )
    if not defaults:
        remedy = "add default_route = Route(queue='home', priority='normal')"
        problems += (f"{each.place}: route has no default for when it fails: {remedy}" for each in routes.values())
    route = next((each.route for each in routes.values()), None)
    return route, next(iter(defaults), None)


def _problems_of(module: ModuleType) -> Iterator[str]:
    """Yield what the module lacks or has wrong."""
    is_routing_only = is_declaring(module) and not any(hasattr(module, name) for name in OF_A_POLICY)
    policy = getattr(module, "policy", None)
    if not is_routing_only:
        if not isinstance(policy, Policy):
            yield "it has no `policy`: end the module with policy = Policy(…)"
        yield from _of_queues(getattr(module, "queues", None))
    published = getattr(module, "published", None)
    if isinstance(published, Publication):
        yield from published.problems_beside(policy) if isinstance(policy, Policy) else ()
    elif published is not None:
        yield f"published is {said(published)}: write published = Publication(…), or leave it out"
    yield from _of_function("route", getattr(module, "route", None), "request")
    yield from _of_function("roster", getattr(module, "roster", None), "tier, at")
    default: object = getattr(module, "default_route", None)
    if default is not None and not _is_route(default):
        shown = "no Route of two names" if isinstance(default, Route) else said(default)
        yield f"default_route is {shown}: write default_route = Route(queue='home', priority='normal')"


def _is_route(value: object) -> bool:
    match value:
        case Route(queue=str(), priority=str()):
            return True
        case _:
            return False


def _of_queues(queues: object) -> Iterator[str]:
    if queues is None or queues == ():
        yield "it has no `queues`: name the desks it serves, like queues = ('home',)"
    elif not isinstance(queues, tuple):
        example = f"({queues!r},)" if isinstance(queues, str) else "('home',)"
        yield from not_a_tuple("queues", queues, example)
    else:
        for queue in queues:
            missing = "queues names one that is empty: give it a name"
            yield from of_name("a queue", queue, text="queue", missing=missing, example="home")


def _of_function(name: str, function: object, parameters: str) -> Iterator[str]:
    """Yield what keeps it from being asked."""
    if function is None:
        return
    if not callable(function):
        yield f"{name} is {said(function)}: write def {name}({parameters}): …"
        return
    if inspect.iscoroutinefunction(function):
        yield f"{name} is async: write a plain def {name}({parameters}): …"
        return
    try:
        inspect.signature(function).bind(*parameters.split(", "))
    except (TypeError, ValueError):
        yield f"{name} cannot be asked with ({parameters}): write def {name}({parameters}): …"
