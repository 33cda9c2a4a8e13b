"""Where a request belongs that does not say so itself: what the users' own `route` is told, and what it answers.

Values only. Who asks, how long they wait and what follows a bad answer is not the domain's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An incoming request as `route` is told of it. It holds a customer's words: write them down nowhere."""

    queue: str
    """As the caller gave it; empty: it is asked for, and so is the priority below."""
    priority: str
    caller: str
    """The system that asks, like `crm-1`."""
    actor: str
    channel: str
    """How it came, like `phone`."""
    subject: str
    description: str
    """In the customer's words; may be empty."""
    customer_id: str
    """The caller's own key for the customer."""
    customer_name: str
    language: str
    """BCP 47 tag of the customer's language."""
    zone: str
    """IANA name of the customer's time zone."""
    follows: str
    """Id of an older ticket that this one continues; empty: none."""

    def to_data(self) -> dict[str, str]:
        """Return plain JSON data."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_data(cls, data: Mapping[str, str]) -> Self:
        """Return the request that `to_data` gave."""
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where it belongs. What the caller said goes before: only what was left empty is taken from here."""

    queue: str
    priority: str
