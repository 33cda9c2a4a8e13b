"""Where the route that ships sends a request that does not say it itself."""

from dataclasses import fields

import pytest

from workflows.domain.routing import Request
from workflows.policies import load
from workflows.policies.routing import default_route, route


def asked(**said: str) -> Request:
    """Return a request in which nothing is said but this."""
    return Request(**{**{field.name: "" for field in fields(Request)}, **said})


@pytest.mark.parametrize(
    ("said", "queue", "priority"),
    [
        ({"caller": "crm-1", "subject": "No internet since noon"}, "home", "urgent"),
        ({"caller": "crm-1", "description": "it is SLOW, and drops"}, "home", "high"),
        ({"caller": "crm-1", "subject": "my bill"}, "home", "normal"),
        ({"caller": "crm-1", "queue": "business", "subject": "outage"}, "business", "urgent"),
        ({"caller": "shop-checkout", "subject": "new order 4711"}, "orders", "despatch"),
        ({"caller": "shop-checkout", "subject": "returned: 4711"}, "orders", "refund"),
        ({"caller": "shop-mail", "subject": "the cup came cracked"}, "shop-questions", "refund"),
        ({"caller": "shop-mail", "subject": "in blue?"}, "shop-questions", "query"),
        ({"caller": "portal", "subject": "Production is down"}, "cloud", "critical"),
        ({"caller": "portal-2", "queue": "on-premises", "subject": "it crashes"}, "on-premises", "major"),
        ({"caller": "portal", "subject": "a wish"}, "cloud", "minor"),
        ({"caller": "somebody", "subject": "a wish"}, "home", "normal"),
        ({}, "home", "normal"),
    ],
)
def test_where_a_request_belongs(said: dict[str, str], queue: str, priority: str) -> None:
    """By the system that asks, and then by words; what the caller said goes before."""
    answer = route(asked(**said))
    assert (answer.queue, answer.priority) == (queue, priority)


def test_every_queue_has_its_words_and_every_answer_is_promised() -> None:
    """7.1: no answer names a queue or a priority that the shipped policies do not have."""
    promised = load()
    for queue, name in promised.queues.items():
        assert route(asked(queue=queue)).priority in promised.policies[name].priorities
    assert default_route.priority in promised.of_queue(default_route.queue).priorities
