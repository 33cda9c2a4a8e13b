"""Where a request belongs that comes without a queue or a priority: an example over the policies that ship.

Asked only for what the caller left empty. It sees a customer's words, and keeps none of them.
"""

import re
from collections.abc import Mapping

from workflows.domain.routing import Request, Route
from workflows.policies import broadband, craft_shop, software_vendor

_DESKS = {
    "shop": "shop-questions",
    "portal": "cloud",
    "crm": "home",
}
"""By the first word of the calling system's name, `shop-checkout` or `crm-1`: whose customers those are."""

# The first that matches counts; the last, without words, is for everything else.
_BROADBAND = {
    broadband.URGENT: r"\b(no (line|internet|signal)|dead|down|outage)\b",
    broadband.HIGH: r"\b(slow|drops?|breaks? off|unstable)\b",
    broadband.NORMAL: r"",
}
_CRAFT_SHOP = {
    craft_shop.REFUND: r"\b(refund|money back|broken|cracked|return(ed|ing|s)?)\b",
    craft_shop.DESPATCH: r"\b(order (is )?paid|new order)\b",
    craft_shop.QUERY: r"",
}
_SOFTWARE_VENDOR = {
    software_vendor.CRITICAL: r"\b(production|outage|data loss|down)\b",
    software_vendor.MAJOR: r"\b(error|crash(es|ed)?|fails?)\b",
    software_vendor.MINOR: r"",
}
_WORDS: Mapping[str, Mapping[str, str]] = {
    **dict.fromkeys(broadband.queues, _BROADBAND),
    **dict.fromkeys(craft_shop.queues, _CRAFT_SHOP),
    **dict.fromkeys(software_vendor.queues, _SOFTWARE_VENDOR),
}

default_route = Route(queue="home", priority=broadband.NORMAL)
"""Where a request goes when `route` fails: to people who know whom to ask."""


def route(request: Request) -> Route:
    """Say where a request belongs, by the system that asks and then by what the customer says."""
    queue = request.queue or _desk(request)
    said = f"{request.subject}\n{request.description}"
    priority = next(name for name, words in _WORDS[queue].items() if re.search(words, said, re.IGNORECASE))
    return Route(queue=queue, priority=priority)


def _desk(request: Request) -> str:
    system, _, part = request.caller.partition("-")
    return "orders" if (system, part) == ("shop", "checkout") else _DESKS.get(system, default_route.queue)
