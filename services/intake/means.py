"""What the methods of a service are given to work with, and in which form they are handed over to be served."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from google.protobuf.message import Message

from services.intake.fields import Violation
from services.intake.ids import Ids
from services.intake.promises import HoldsPolicies
from services.intake.watching import Follow, Watching
from services.records import Records
from services.records.settled import Nudge

Asked = TypeVar("Asked", bound=Message)
Handle = Callable[[Asked], Awaitable[Message | bytes]]
"""Answers a request whose fields were checked, or raises `Problem`; bytes are an answer that was stored."""


class Owed(Protocol):
    """Takes over what Temporal is owed after a commit."""

    def owe(self, nudge: Nudge) -> None:
        """Take one over. Never blocks, never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What all services share."""

    records: Records
    policies: HoldsPolicies
    nudger: Owed
    ids: Ids
    watching: Watching
    """Who follows a ticket: `wrote` is told of each that was changed, after its commit."""
    operators: frozenset[str] = frozenset()
    """The actors that may do what only an operator may."""
    languages: Sequence[str] = ()
    """BCP 47 tags of the languages that messages are written in."""


def nothing_lacks(_: Message) -> tuple[Violation, ...]:
    """The contract says all that a request must say."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Methods:
    """The methods of one service, each by the request of its own name."""

    once: Mapping[type[Message], Handle[Message]]
    """Those that answer once."""
    streamed: Mapping[type[Message], Follow] = field(default_factory=dict)
    """Those that answer as it happens."""
    lacks: Callable[[Message], tuple[Violation, ...]] = nothing_lacks
    """Finds what a request must say here that the contract does not require of everybody."""
