"""A table of words and numbers, for whoever shows it."""

from dataclasses import dataclass

from workflows.domain.ticket.words import Target

TARGETS = (Target.RESOLVE, Target.UPDATE, Target.ACKNOWLEDGE, Target.TIER_RESOLVE)
"""In the order in which they are told: the customer's first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a title; the first columns are words, the others numbers."""

    title: str
    columns: tuple[str, ...]
    words: int
    """How many columns are words."""
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
