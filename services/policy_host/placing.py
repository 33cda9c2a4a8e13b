"""The queue and priority of a request that does not say: what the route answers, or the default. Pure; asks nobody.

What the caller said goes before; a name that nobody declared is theirs to mend, and is not made good here.
"""

from dataclasses import replace

from services.policy_host.loaded import Loaded
from workflows.domain.routing import Request, Route
from workflows.policies import PolicySet


def is_mistaken(request: Request, promised: PolicySet) -> bool:
    """Whether the caller named a queue, or a priority, that there is not: no route mends that."""
    if request.queue and request.queue not in promised.queues:
        return True
    policies = (promised.of_queue(request.queue),) if request.queue else promised.policies.values()
    return bool(request.priority) and not any(request.priority in policy.priorities for policy in policies)


def placed(request: Request, route: Route, promised: PolicySet) -> Route | None:
    """Fill in what the request leaves open; none when the answer is none: names that are not declared."""
    filled = Route(queue=request.queue or route.queue, priority=request.priority or route.priority)
    if filled.queue not in promised.queues or filled.priority not in promised.of_queue(filled.queue).priorities:
        return None
    return filled


def by_default(request: Request, loaded: Loaded) -> Route:
    """Where it goes when nobody says. There is a default, and the request names nothing that there is not.

    What the caller said stands beside it as far as it can: a queue without the default's priority takes its own least
    urgent one, a priority that the default's queue does not have goes to the first queue that does.
    """
    default, promised = loaded.default_route, loaded.promised
    if default is None:
        raise AssertionError("there is no default to go by")
    if found := placed(request, default, promised):
        return found
    if request.queue:
        return Route(queue=request.queue, priority=promised.of_queue(request.queue).priorities[-1])
    for queue in promised.queues:
        if found := placed(replace(request, queue=queue), default, promised):
            return found
    raise AssertionError("the priority is one of some policy's")
