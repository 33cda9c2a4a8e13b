"""Several desks that hand on to each other round the earth: open whenever one of them is.

Each keeps its own zone, hours and closed dates; what follows from them is `Calendar`'s business. This only joins what
is open.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, datetime
from heapq import merge
from typing import TypeAlias

from workflows.domain.calendar import Calendar, Span
from workflows.domain.errors import CalendarError
from workflows.domain.open_years import OpenYears
from workflows.domain.opening_hours import merged, said
from workflows.domain.zones import require_utc


@dataclass(frozen=True, slots=True, init=False, repr=False)
class FollowTheSun:
    """A calendar that is several desks' together.

    `FollowTheSun(Calendar("Europe/Dublin", …), Calendar("Australia/Sydney", …))`

    It goes wherever a `Calendar` goes: a tier's, a policy's. A date closed at one desk is open where another works on.
    The order is a part of it: the first desk is the one in whose local time it is shown.
    """

    desks: tuple[Calendar, ...]
    years: OpenYears = field(compare=False)
    """What `spans` yields, by UTC years; worked out from the desks, and never part of its data."""

    def __init__(self, *desks: Calendar) -> None:
        written: tuple[object, ...] = desks
        problems = [
            f"desk {number} is {said(desk)}: write Calendar('Europe/Dublin', {{'mon-fri': '08:00-18:00'}})"
            for number, desk in enumerate(written, start=1)
            if not isinstance(desk, Calendar)
        ]
        if len(desks) < 2:  # noqa: PLR2004 - two hand on to each other
            problems.append(f"it has {len(desks)} desks: name two or more, or use a Calendar by itself")
        elif not problems and len(set(desks)) < len(desks):
            problems.append("it names a desk twice: name each once, it is open no longer for that")
        if problems:
            raise CalendarError(*(f"follow the sun: {problem}" for problem in problems))
        object.__setattr__(self, "desks", desks)
        object.__setattr__(self, "years", OpenYears(self))

    @classmethod
    def from_data(cls, data: Mapping[str, object]) -> "FollowTheSun":
        """Return the calendar that `to_data` gave."""
        match data:
            case {"desks": list(desks), **rest} if not rest and all(isinstance(desk, dict) for desk in desks):
                return cls(*(Calendar.from_data(desk) for desk in desks))
        raise CalendarError(f"not a calendar: {said(data)}; pass what to_data() returned")

    def to_data(self, *, with_names: bool = False) -> dict[str, object]:
        """Return plain JSON data, each desk's in order; as `Calendar.to_data` has it."""
        return {"desks": [desk.to_data(with_names=with_names) for desk in self.desks]}

    def __repr__(self) -> str:
        return f"FollowTheSun({', '.join(map(repr, self.desks))})"

    def __str__(self) -> str:
        return " + ".join(map(str, self.desks))

    @property
    def zone(self) -> str:
        """The IANA name of the zone that it is shown in: the first desk's."""
        return self.desks[0].zone

    @property
    def plain_week(self) -> str:
        """The desks' hours, each in its own zone's."""
        return "; ".join(f"{desk.plain_week} in {desk.zone}" for desk in self.desks)

    @property
    def exceptions(self) -> tuple[date, ...]:
        """The dates on which a desk does not follow its week, in order."""
        return tuple(sorted({day for desk in self.desks for day in desk.exceptions}))

    def spans(self, from_at: datetime) -> Iterator[Span]:
        """Return open time after an instant, lazily: in order, merged, the first span cut at that instant.

        At the turn of a UTC year a span ends and the next begins, for desks that hand on well may never close.
        """
        require_utc(from_at)
        for year in range(from_at.year, MAXYEAR + 1):
            columns = (desk.years[year] for desk in self.desks)
            for start_at, end_at in merged(merge(*(zip(open_.starts, open_.ends, strict=True) for open_ in columns))):
                if end_at > from_at:
                    yield Span(max(start_at, from_at), end_at)


AnyCalendar: TypeAlias = Calendar | FollowTheSun
"""What a clock counts in."""


def calendar_of(data: Mapping[str, object]) -> AnyCalendar:
    """Return the calendar whose `to_data` gave this, of whichever kind."""
    return FollowTheSun.from_data(data) if "desks" in data else Calendar.from_data(data)
