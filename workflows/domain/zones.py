"""Time zones by the locked tzdata package. The machine's own zone files never matter."""

from datetime import UTC, datetime
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from workflows.domain.errors import CalendarError

_LONGEST_QUOTE = 60


@cache
def zone(name: str) -> ZoneInfo:
    """Return the zone of that IANA name, upper and lower case as IANA writes it."""
    # Only a listed name is ever made into a path: a name is text that somebody sent.
    if name not in _names():
        start = name[:_LONGEST_QUOTE]
        near = _meant(start)
        hint = f"did you mean {near!r}?" if near else "a zone is a place: use its IANA name, like 'Europe/London'"
        raise CalendarError(f"unknown time zone {start!r}{'…' if start != name else ''}: {hint}")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)


@cache
def tzdata_version() -> str:
    """Return the IANA release of the rules in use, such as '2025b'."""
    with files("tzdata").joinpath("zoneinfo", "tzdata.zi").open(encoding="utf-8") as rules:
        return rules.readline().removeprefix("# version").strip()


def require_utc(at: datetime) -> datetime:
    """Return that very instant, if it is an aware UTC datetime.

    A zone that merely stands at zero now (London in winter) is refused too: it would pass until spring.
    """
    if at.tzinfo is not UTC:
        raise CalendarError(f"instant {str(at)!r} is not in UTC: pass an aware datetime through .astimezone(UTC)")
    return at


def _meant(name: str) -> str | None:
    """The zone that somebody means who writes it so. Never another offset: that would be another time."""
    said = name.casefold().replace(" ", "_")
    for is_said in (str.casefold, _city):
        if alike := min((known for known in _names() if is_said(known) == said), default=None):
            return alike
    places = [known for known in _names() if _is_place(known)]
    return next(iter(get_close_matches(name, places, n=1)), None)


def _city(name: str) -> str:
    place = name.casefold()
    return place.rpartition("/")[2] if _is_place(name) else place


def _is_place(name: str) -> bool:
    return "/" in name and not name.startswith("Etc/")


@cache
def _names() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
