"""Closed dates from an iCal file, as dates and names that `Calendar` takes.

An all-day event closes each of its days, repeated or not. An event with times closes no whole date: it is refused, for
`special` says what is open on such a day. Nothing of a file is passed over in silence but what was cancelled.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]  # it ships no types

from workflows.closed_dates.ical_events import named, problems_of, value
from workflows.closed_dates.ical_lines import Block, read_blocks
from workflows.closed_dates.years import read_years, said
from workflows.domain.errors import CalendarError

_LARGEST = 4_000_000
"""Bytes: hundreds of times what a desk closes for."""
_A_DAY = timedelta(days=1)
_UNNAMED = "closed"
_LONGEST_NAME = 120


def ical_file(path: str | Path, *, years: Iterable[int]) -> dict[str, str]:
    """Return the closed dates of those years: date to the name of its event, in order of dates.

    The file is named in full, best beside the policy's own: `Path(__file__).with_name("closed.ics")`. All-day events
    count, with DTEND or DURATION, RRULE, RDATE, EXDATE and changed occurrences; cancelled ones do not. Raises
    CalendarError for all else that is in it, with the line and the UID, and for a file that closes nothing then.
    """
    problems: list[str] = []
    wanted = read_years(years, problems)
    text = _read(path, problems)
    if problems:
        raise CalendarError(*(f"closed dates of {said(str(path))}: {problem}" for problem in problems))
    found: list[tuple[int, str]] = []
    blocks = read_blocks(text, found)
    # Of what is crossed or cut short, no event can be believed.
    events = [] if found else [(block, event) for block in blocks for event in _events(block, found)]
    found += _named_twice(events)
    if found:
        raise CalendarError(*(f"{Path(path).name}:{line}: {problem}" for line, problem in sorted(found)))
    try:
        closed = _dates((event for _, event in events), wanted)
    except Exception as error:  # as above: rules can be odd in ways that nobody foresees
        raise CalendarError(f"{Path(path).name}: its events cannot be repeated: {said(str(error))}") from error
    if not closed:
        raise CalendarError(
            f"{Path(path).name}: closes nothing in {', '.join(map(str, wanted))}: bring it up to date, or leave it out"
        )
    return closed


def _read(path: object, problems: list[str]) -> str:
    """Return the text of the file."""
    if not isinstance(path, str | Path) or not Path(path).is_absolute():
        problems.append('name the file in full, like Path(__file__).with_name("closed.ics")')
        return ""
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        problems.append(f"it cannot be read: {getattr(error, 'strerror', None) or error}")
        return ""
    if len(content) > _LARGEST:
        problems.append(f"it has {len(content):,} bytes: leave what is not closed out, up to {_LARGEST:,} are read")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(f"byte {error.start} is not UTF-8: save it as UTF-8")
        return ""
    if not text.strip():
        problems.append("it is empty: begin with BEGIN:VCALENDAR")
    return text


def _events(block: Block, found: list[tuple[int, str]]) -> Iterator[icalendar.Component]:
    """Yield the event of a block, if it is one that closes dates."""
    try:
        event = icalendar.Event.from_ical(block.text.encode())
        problems = tuple(problems_of(event))
    except Exception as error:  # noqa: BLE001 - of what is not iCal, its reader raises anything at all
        found.append((block.line, f"an event that cannot be read: {said(str(error))}"))
        return
    if problems:
        found.extend((block.line, f"{named(event)}: {problem}") for problem in problems)
        return
    yield event


def _named_twice(events: Iterable[tuple[Block, icalendar.Component]]) -> Iterator[tuple[int, str]]:
    """Yield the events of which only one would count, having one UID and the same place in what repeats."""
    seen: Counter[tuple[str, object]] = Counter()
    for block, event in events:
        if "UID" not in event:
            continue
        key = str(event["UID"]), value(event, "RECURRENCE-ID")
        seen[key] += 1
        if seen[key] > 1:
            yield block.line, f"{named(event)}: another has its UID: give each its own"


def _dates(events: Iterable[icalendar.Component], years: tuple[int, ...]) -> dict[str, str]:
    """Return the days of the events within the years, each with the names of all that close it."""
    calendar = icalendar.Calendar()
    for event in events:
        calendar.add_component(event)
    first, last = date(years[0], 1, 1), date(years[-1] + 1, 1, 1)
    names: dict[date, set[str]] = {}
    for occurrence in recurring_ical_events.of(calendar).between(first, last):
        if str(occurrence.get("STATUS", "")).upper() == "CANCELLED":
            continue
        starts_on, ends_on = occurrence["DTSTART"].dt, occurrence["DTEND"].dt
        for number in range((ends_on - starts_on).days):
            names.setdefault(starts_on + number * _A_DAY, set()).add(_name(occurrence))
    return {day.isoformat(): "; ".join(sorted(names[day])) for day in sorted(names) if day.year in years}


def _name(event: icalendar.Component) -> str:
    """Return what a person may be shown: one line, never long."""
    summary = str(event.get("SUMMARY", ""))
    words = "".join(character if character.isprintable() else " " for character in summary).split()
    return " ".join(words)[:_LONGEST_NAME] or _UNNAMED
