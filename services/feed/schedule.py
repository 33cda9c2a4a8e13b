"""Which cases are driven, and when each one's turn comes. Pure; told the record's time, never asks it.

Cases do not start at their historical dates: they go side by side, and the whole takes about as long as the longest.
But each starts at its own weekday and time of day: calendars tell a Friday evening from a Monday morning.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.desk_log.log import Case
from services.desk_log.sample import evenly

WEEK = timedelta(days=7)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is driven of a log, and what is not."""

    cases: tuple[Case, ...]
    """In the log's order."""
    too_long: int
    """Cases longer than asked for."""
    not_asked_for: int
    """Cases beyond the number asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """When a case opens, by the record's clock."""

    case: Case
    opens_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When its last row is due."""
        return self.opens_at + self.case.length


def choose(cases: Sequence[Case], *, number: int, longest: timedelta) -> Choice:
    """Take so many cases, evenly over the log, of those that are not too long: the same ones each time."""
    short = [case for case in cases if case.length <= longest]
    number = min(number, len(short))
    return Choice(cases=evenly(short, number), too_long=len(cases) - len(short), not_asked_for=len(short) - number)


def turns(cases: Sequence[Case], begins_at: datetime, *, keeps_weekday: bool = True) -> tuple[Turn, ...]:
    """Give each case its turn, in the order in which they open; the longest choose first.

    All end by the time the one that is inevitably last does; within that, each opens in the quietest week left to it.
    Without `keeps_weekday` the first chance is at once, the next ones are days later: nobody waits for a real Friday.
    """
    every = WEEK if keeps_weekday else DAY
    first = {
        case.case: begins_at + (until_weekday(begins_at, case.started_at) if keeps_weekday else timedelta())
        for case in cases
    }
    ends_at = max((first[case.case] + case.length for case in cases), default=begins_at)
    busy: Counter[int] = Counter()
    given = []
    for case in sorted(cases, key=lambda case: case.length, reverse=True):
        chances = range((ends_at - case.length - first[case.case]) // every + 1)
        opens_at = min(
            (first[case.case] + every * chance for chance in chances),
            key=lambda at: sum(busy[day] for day in _days(at, case, begins_at)),
        )
        busy.update(_days(opens_at, case, begins_at))
        given.append(Turn(case=case, opens_at=opens_at))
    return tuple(sorted(given, key=lambda turn: turn.opens_at))


def best_beginning(cases: Sequence[Case], from_at: datetime) -> datetime:
    """When, within a week, to begin so that the whole is over soonest after its beginning."""
    candidates = [from_at + until_weekday(from_at, case.started_at) for case in cases]
    return min(candidates, key=lambda at: max(until_weekday(at, case.started_at) + case.length for case in cases))


def until_weekday(from_at: datetime, like: datetime) -> timedelta:
    """How long until the weekday and UTC time of day of another instant come round; less than a week."""
    return (like - from_at) % WEEK


def _days(opens_at: datetime, case: Case, begins_at: datetime) -> range:
    return range((opens_at - begins_at) // DAY, (opens_at + case.length - begins_at) // DAY + 1)
