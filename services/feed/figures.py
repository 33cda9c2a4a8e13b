"""What a run adds to the figures of its tickets: how late the engine found what was due. Pure."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from math import ceil

from workflows.domain.ticket.events import ClockBreached, Entry


def lags(entries: Iterable[Entry]) -> Iterator[timedelta]:
    """Yield, for each breach, the time from due to detected, by the record's clock."""
    for entry in entries:
        if isinstance(entry.event, ClockBreached):
            yield entry.event.detected_at - entry.event.due_at


def percentile(lengths: Iterable[timedelta], fraction: float) -> timedelta | None:
    """The smallest length that so large a part of them does not exceed; none of nothing."""
    ordered = sorted(lengths)
    return ordered[ceil(fraction * len(ordered)) - 1] if ordered else None
