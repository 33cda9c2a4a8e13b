"""A rota for policy authors: who is on duty in a tier by weekday, who is away, and who stands in (4.9).

    rota = Rota(
        zone="Europe/London",
        duty={"agents": {"mon-fri": ("ann", "bo"), "sat 09:00-13:00": "bo"}, "specialists": "cleo"},
        away=(Away(who="cleo", first="2026-12-24", last="2027-01-02", cover="ann"),),
    )
    roster = rota.roster

Plain Python that reads no file and asks nobody: replace it by your own function whenever you outgrow it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from difflib import get_close_matches

from workflows.domain.errors import PolicyError
from workflows.domain.opening_hours import MIDNIGHT, Opening, read_week, read_zone, said
from workflows.domain.zones import zone

Names = str | Sequence[str]
"""One name, or several."""
Duty = Names | Mapping[str, Names]
"""Who is always on duty; or by days, with hours if not all day: `{"mon-fri": "ann", "sat 09:00-13:00": "bo"}`."""

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """Somebody is not there from a first day to a last, both included, by the rota's zone; dates as `2026-12-24`."""

    who: str
    first: str
    last: str
    cover: Names = ()
    """Who stands in, while they are not away themselves; nobody unless named."""


@dataclass(frozen=True, slots=True)
class _Shift:
    week: tuple[tuple[Opening, ...], ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Absence:
    first: date
    last: date
    cover: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Who is on duty, by the clock on the wall of one zone. Raises `PolicyError` of all that is wrong with it."""

    zone: str
    """IANA name."""
    duty: Mapping[str, Duty]
    """By the tier's name."""
    away: Sequence[Away] = ()
    _shifts: Mapping[str, tuple[_Shift, ...]] = field(init=False, repr=False, compare=False)
    _absences: Mapping[str, tuple[_Absence, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems: list[str] = []
        read_zone(self.zone, problems)
        shifts = _read_duty(self.duty, problems)
        absences = _read_away(self.away, problems)
        known = {name for of_tier in shifts.values() for shift in of_tier for name in shift.names}
        known |= {name for of_one in absences.values() for absence in of_one for name in absence.cover}
        problems += (f"{said(who)} is away and has no duty{_meant(who, known)}" for who in absences if who not in known)
        if problems:
            raise PolicyError(*(f"rota: {problem}" for problem in problems))
        object.__setattr__(self, "_shifts", shifts)
        object.__setattr__(self, "_absences", absences)

    def roster(self, tier: str, at: datetime) -> tuple[str, ...]:
        """Say who is on duty in the tier at that instant; a shift belongs, tail included, to the day on which it opens.

        Raises `PolicyError` for a tier that has no duty here.
        """
        if tier not in self._shifts:
            raise PolicyError(f"rota: tier {said(tier)} has no duty{_meant(tier, self._shifts)}")
        local = at.astimezone(zone(self.zone))
        minute, today = local.hour * 60 + local.minute, local.date()
        there = [
            name
            for shift in self._shifts[tier]
            for day, since in ((today, minute), (today - _A_DAY, minute + MIDNIGHT))
            if any(opens <= since < closes for opens, closes in shift.week[day.weekday()])
            for name in self._present(shift.names, day)
        ]
        return tuple(dict.fromkeys(there))

    def _present(self, names: Sequence[str], day: date, before: frozenset[str] = frozenset()) -> Iterator[str]:
        """Yield who is there of these, or stands in for them; two that stand in for each other are both away."""
        for name in names:
            absence = next((each for each in self._absences.get(name, ()) if each.first <= day <= each.last), None)
            if absence is None:
                yield name
            elif name not in before:
                yield from self._present(absence.cover, day, before | {name})


def _read_duty(duty: object, problems: list[str]) -> dict[str, tuple[_Shift, ...]]:
    if not isinstance(duty, Mapping):
        problems.append(f"the duty is {said(duty)}: write it by tier, {{'agents': ('ann', 'bo')}}")
        return {}
    return {tier: tuple(_read_shifts(said(tier), its, problems)) for tier, its in duty.items()}


def _read_shifts(tier: str, duty: object, problems: list[str]) -> Iterator[_Shift]:
    by_days = duty if isinstance(duty, Mapping) else {"mon-sun": duty}
    for key, names in by_days.items():
        where = f"tier {tier}, {said(key)}"
        if not isinstance(key, str):
            problems.append(f"{where}: these are no days: write 'mon-fri', or 'sat 09:00-13:00'")
            continue
        days, _, hours = key.strip().partition(" ")
        found: list[str] = []
        week = read_week({days: hours.strip() or "00:00-24:00"}, found)
        problems += (f"{where}: {problem}" for problem in found)
        yield _Shift(week, _read_names(names, where, problems))


def _read_away(away: object, problems: list[str]) -> dict[str, tuple[_Absence, ...]]:
    absences: dict[str, tuple[_Absence, ...]] = {}
    if not isinstance(away, Sequence) or not all(isinstance(each, Away) for each in away):
        problems.append(
            f"away is {said(away)}: write a tuple, (Away(who='ann', first='2026-12-24', last='2027-01-02'),)"
        )
        return absences
    for each in away:
        where = f"away, {said(each.who)}"
        who = _read_names(str(each.who), where, problems)[0]
        first, last = (_read_day(text, where, problems) for text in (each.first, each.last))
        cover = _read_names(each.cover, where, problems)
        if who in cover:
            problems.append(f"{where}: nobody stands in for themselves: name somebody else")
        if first and last and last < first:
            problems.append(f"{where}: from {first} to {last} is no time: write the first day first")
        absences[who] = (*absences.get(who, ()), _Absence(first or date.max, last or date.min, cover))
    return absences


def _read_names(names: object, where: str, problems: list[str]) -> tuple[str, ...]:
    """Read one name or several."""
    given = (names,) if isinstance(names, str) else names
    if not isinstance(given, Sequence) or not all(isinstance(name, str) and name.strip() for name in given):
        problems.append(f"{where}: {said(names)} names nobody: write 'ann', or ('ann', 'bo')")
        return ("",)
    return tuple(given)


def _read_day(text: object, where: str, problems: list[str]) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        problems.append(f"{where}: {said(text)} is no date: write it like '2026-12-24'")
        return None


def _meant(name: object, known: Collection[str]) -> str:
    """Say which name was meant, or which there are."""
    near = get_close_matches(str(name), known, n=1)
    return f": did you mean {near[0]!r}?" if near else f": name one of {', '.join(sorted(known))}"
