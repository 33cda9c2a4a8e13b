"""Who is there in the coming weeks, drawn: a line a tier and week, three hours a cell. Knows no terminal."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from workflows.domain.calendar import Span
from workflows.planning.coverage import Coverage, without

LEGEND = "█ there  ▄ part of the time  ! nobody there, and the customer's clock runs  ? open, nobody on duty  · closed"
CELLS_A_DAY = 8
_CELL = timedelta(days=1) / CELLS_A_DAY


class _Row(NamedTuple):
    """One line of a week, and what its cells are filled with, the first that is there."""

    name: str
    signs: tuple[tuple[str, Sequence[Span]], ...]
    """Drawn for a cell that any of these stretches touches."""
    solid: Sequence[Span]
    """Drawn for a cell by how much of it they fill."""


def drawn(cover: Coverage, zone: ZoneInfo) -> Iterator[str]:
    """Yield the lines, by the clock on the wall of that zone; a week that is like the one before is said to be."""
    rows = list(_rows(cover))
    width = max(len(row.name) for row in rows)
    days = list(_days(cover, zone))
    before: list[str] = []
    for first in range(0, len(days), 7):
        week = days[first : first + 7]
        lines = [f"{row.name:<{width}}  {'  '.join(_day(row, day, zone) for day in week)}" for row in rows]
        named = "  ".join(f"{day:%a} {day.day:>2}".ljust(CELLS_A_DAY) for day in week)
        if lines == before:
            yield f"{'':<{width}}  from {week[0]:%a %d %b %Y} on: as the week before"
            continue
        yield f"{'':<{width}}  {week[0]:%B %Y}"
        yield f"{'':<{width}}  {named}".rstrip()
        yield from lines
        before = lines


def _rows(cover: Coverage) -> Iterator[_Row]:
    yield _Row("customer's clock", (("!", cover.gaps),), cover.promised)
    for tier in cover.tiers:
        staffed = without(tier.open, tier.unstaffed)
        yield _Row(tier.tier, (("?", tier.unstaffed),), staffed)


def _days(cover: Coverage, zone: ZoneInfo) -> Iterator[date]:
    day, last = cover.from_at.astimezone(zone).date(), cover.until_at.astimezone(zone).date()
    while day < last:
        yield day
        day += timedelta(days=1)


def _day(row: _Row, day: date, zone: ZoneInfo) -> str:
    midnight = datetime.combine(day, time(), zone)
    # By the clock on the wall: the day on which it is moved has its eight cells too.
    edges = [(midnight + cell * _CELL).astimezone(ZoneInfo("UTC")) for cell in range(CELLS_A_DAY + 1)]
    return "".join(_sign(row, *edge) for edge in pairwise(edges))


def _sign(row: _Row, start_at: datetime, end_at: datetime) -> str:
    for sign, spans in row.signs:
        if _within(spans, start_at, end_at):
            return sign
    filled = _within(row.solid, start_at, end_at)
    if not filled:
        return "·"
    return "█" if filled >= end_at - start_at else "▄"


def _within(spans: Sequence[Span], start_at: datetime, end_at: datetime) -> timedelta:
    """How much of the cell the stretches fill."""
    cut = ((max(span.start_at, start_at), min(span.end_at, end_at)) for span in spans)
    return sum((last - first for first, last in cut if last > first), timedelta())
