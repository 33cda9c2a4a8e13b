"""What stands in a policy's table, whatever its type, and how it is quoted to whoever wrote it. Knows no rule."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from workflows.domain.policy_rows import Tier

if TYPE_CHECKING:
    from workflows.domain.policy import Policy

_LONGEST_QUOTE = 60
_AN_HOUR = timedelta(hours=1)
_A_MINUTE = timedelta(minutes=1)


def not_a_tuple(field: str, value: object, example: str) -> Iterator[str]:
    """Yield what to say of a value that is no tuple, most often for want of a comma."""
    if not isinstance(value, tuple):
        yield f"{field} is {said(value)}, not a tuple: write {example}, with its comma"


def said(value: object) -> str:
    """Return a value as a person would say it, never a page long."""
    match value:
        case timedelta():
            return in_hours(value)
        case Enum():
            return f"{type(value).__name__}.{value.name}"
        case str() | int() | float() | None:
            text = repr(value)
            return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
        case ():
            return "empty"
        case _:
            return f"of type {type(value).__name__}"


def listed(values: Iterable[object]) -> str:
    """Return all of the values as they stand in a list."""
    return f"[{', '.join(map(said, values))}]"


def in_hours(length: timedelta) -> str:
    """Return a length in hours, a short one in minutes or seconds."""
    if timedelta() < abs(length) < _A_MINUTE:
        return f"{length.total_seconds():g} s"
    if timedelta() < abs(length) < _AN_HOUR:
        return f"{length / _A_MINUTE:g} min"
    return f"{length / _AN_HOUR:g} h"


def tiers_of(policy: "Policy") -> Iterator[Tier]:
    """Yield what is a tier among the tiers."""
    return (each for each in elements(policy.tiers) if isinstance(each, Tier))


def elements(value: object) -> tuple[object, ...]:
    """Return what is in a tuple, or in a list that should be one; nothing else has any."""
    return tuple(value) if isinstance(value, tuple | list) else ()


def items(value: object) -> Iterator[tuple[object, object]]:
    """Yield the rows of a mapping; nothing else has any."""
    return iter(value.items() if isinstance(value, Mapping) else ())
