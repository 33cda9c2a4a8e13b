"""Where past tickets came from: which of them were wanted, and what was found, said for a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.simulation.past import Past


class CannotSimulate(ValueError):  # noqa: N818 - the fact, in the desk's words
    """There is nothing to simulate. The text says why, and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which past tickets are told again; none: whichever there are."""

    since: datetime | None = None
    """Opened then or later."""
    before: datetime | None = None
    """Opened earlier."""
    number: int | None = None
    """At most so many, taken evenly over the whole."""
    priority: str | None = None
    """Given to every ticket, in place of its own."""
    queue: str | None = None
    """Of the record only: a log has none."""
    policy: str | None = None
    """Of the record only: the policy that they were opened under."""

    def has(self, opened_at: datetime) -> bool:
        """Whether a ticket that was opened then is wanted."""
        return (self.since is None or self.since <= opened_at) and (self.before is None or opened_at < self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What was read, in words and numbers."""

    name: str
    counts: Mapping[str, int]
    """What was found and what was left out, in the order of reading."""
    problems: tuple[str, ...] = ()
    """What was broken, a line each."""
    left_out: tuple[str, ...] = ()
    """What is in order and cannot be told again, a line each."""
    notes: tuple[str, ...] = ()
    """How it is told again: what the source does not say, and what was taken for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Past tickets, ready to be told again."""

    pasts: tuple[Past, ...] = field(repr=False)
    until: datetime
    """To which those that are open are judged."""
    source: Source
