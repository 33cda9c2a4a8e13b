"""The domain's values as JSON text and back, exact to the microsecond. Knows their types, nothing of their meaning.

An event's or input's kind is its class name in snake_case and stands in a column of its own; the body is the rest.
Unknown fields are ignored and new fields have defaults, so that releases can overlap; a change that an older release
would lose raises the state's version.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, get_args

import msgspec

from services.records.errors import PolicyTooNew
from services.records.state_versions import promising_news
from workflows.domain.policy import Policy
from workflows.domain.policy_data import endings_to_data, from_data, to_data
from workflows.domain.ticket.closures import Closure
from workflows.domain.ticket.commands import Command, Import, Open
from workflows.domain.ticket.events import Event
from workflows.domain.ticket.roster import RosterAnswer
from workflows.domain.ticket.state import Ticket
from workflows.domain.ticket.verdict import Refusal
from workflows.domain.ticket.words import Target

POLICY_FORMAT = 2
"""Of a stored policy, the newest; each is stored with the oldest that holds all of it.

It is raised with what an older release would misread or lose: 2 for promises, credits, leaving and customers at risk.
"""

Input = Open | Import | Command | RosterAnswer | Closure
"""What a ticket's list of inputs holds (5.3)."""

_ClosureColumns = tuple[str, datetime, datetime | None, str, str, str | None, str | None]

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class _ToldNextNews:
    next_news_at: datetime


def state_to_json(ticket: Ticket) -> str:
    """A ticket's state."""
    return _encoder.encode(ticket).decode()


def state_from_json(text: str) -> Ticket:
    """The ticket that `state_to_json` was given, by this release or an older one."""
    ticket: Ticket = _decoder(Ticket).decode(text)
    if '"next_news_at":"' in text:  # what a release that knew no promises kept of one
        return promising_news(ticket, _decoder(_ToldNextNews).decode(text).next_news_at)
    return ticket


def event_to_json(event: Event) -> str:
    """An event's body, without its kind."""
    return _encoder.encode(event).decode()


def event_from_json(kind: str, text: str) -> Event:
    """The event of that kind; `KeyError` for a kind that this release does not know."""
    event: Event = _decoder(_event_kinds()[kind]).decode(text)
    return event


def command_to_json(given: Input) -> str:
    """An input's body, without its kind."""
    return _encoder.encode(given).decode()


def command_from_json(kind: str, text: str) -> Input:
    """The input of that kind; `KeyError` for a kind that this release does not know."""
    given: Input = _decoder(_command_kinds()[kind]).decode(text)
    return given


def answers_from_json(text: str | None) -> tuple[RosterAnswer, ...]:
    """The roster's answers of a list of tier, instant in any zone, and whether somebody is there; none: no list."""
    if text is None:
        return ()
    found: list[tuple[str, datetime, bool]] = _decoder(list[tuple[str, datetime, bool]]).decode(text)
    return tuple(
        RosterAnswer(tier=tier, at=at.astimezone(UTC), is_reachable=is_reachable) for tier, at, is_reachable in found
    )


def closures_from_json(text: str | None) -> tuple[Closure, ...]:
    """Closures of a list of their columns, instants in any zone; none: no list."""
    if text is None:
        return ()
    found: list[_ClosureColumns] = _decoder(list[_ClosureColumns]).decode(text)
    return tuple(
        Closure(
            closure_id=closure_id,
            from_at=from_at.astimezone(UTC),
            until_at=None if until_at is None else until_at.astimezone(UTC),
            actor=actor,
            reason=reason,
            ended_by=ended_by,
            end_reason=end_reason,
        )
        for closure_id, from_at, until_at, actor, reason, ended_by, end_reason in found
    )


def refusal_to_json(refusal: Refusal) -> str:
    """A refusal, to be given again."""
    return _encoder.encode(refusal).decode()


def refusal_from_json(text: str) -> Refusal:
    """The refusal that `refusal_to_json` was given."""
    refusal: Refusal = _decoder(Refusal).decode(text)
    return refusal


def policy_to_json(policy: Policy) -> str:
    """A policy's snapshot."""
    data = to_data(policy)
    return data_to_json(data | {"format": _format_of(policy, data)})


def _format_of(policy: Policy, data: Mapping[str, Any]) -> int:
    """The oldest format that holds all of it: who knows of no promise leaves such tickets to others that do."""
    says_of_promises = any(Target.PROMISE.value in tier["on_breach"] for tier in data["tiers"])
    return POLICY_FORMAT if says_of_promises or endings_to_data(policy) else 1


def policy_from_json(version: str, text: str) -> Policy:
    """The policy that `policy_to_json` was given; `PolicyTooNew`, and whatever a text that is none comes to."""
    data = data_from_json(text)
    found = data.get("format", 1)
    if found > POLICY_FORMAT:
        raise PolicyTooNew(version, found, POLICY_FORMAT)
    return from_data(data, version)


def data_to_json(data: object) -> str:
    """Plain data: a total's labels. Keys in the order given."""
    return _encoder.encode(data).decode()


def data_from_json(text: str) -> Any:  # noqa: ANN401 - plain data has no narrower type
    """Plain data that `data_to_json` was given."""
    return msgspec.json.decode(text)


def kind_of(value: object) -> str:
    """The name of a value's class as it stands in a column: a `ClockBreached` is `clock_breached`."""
    return _snake_case(type(value).__name__)


@cache
def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@cache
def _event_kinds() -> dict[str, type]:
    return {_snake_case(kind.__name__): kind for kind in get_args(Event)}


@cache
def _command_kinds() -> dict[str, type]:
    return {_snake_case(kind.__name__): kind for kind in get_args(Input)}


@cache
def _decoder(value_type: type) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(value_type)
