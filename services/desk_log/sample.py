"""Some of many, the same ones each time."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def evenly(items: Sequence[Item], number: int) -> tuple[Item, ...]:
    """Take so many, in their order and evenly over the whole; all of them when there are no more."""
    number = min(number, len(items))
    return tuple(items[index * len(items) // number] for index in range(number))
