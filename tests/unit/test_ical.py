"""Closed dates from iCal files: what closes, and what is told of a file that is not sound (rules 3.1, 7.1)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.closed_dates.ical import ical_file
from workflows.domain.calendar import Calendar
from workflows.domain.errors import CalendarError

Write = Callable[..., Path]
YEARS = (2026, 2027)
BEGINS = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN")
"""Three lines, so that an event that is the first begins on line 4."""
HAS_A_TIME = "DTSTART has a time: make it an all-day event, or write the hours of that date in `special`"
NO_DAY = "ends on 2026-12-24, not after its start on 2026-12-24: DTEND is the day after the last"
TOO_LONG = "closes for more than a year at once: leave the days out of the week instead"
NO_DATES = "RRULE repeats no dates: write FREQ, one of DAILY, WEEKLY, MONTHLY, YEARLY"
NOTHING = "closes nothing in 2026, 2027: bring it up to date, or leave it out"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put lines in a file, with the ends that iCal has, or others."""

    def write(*lines: str, ends: str = "\r\n") -> Path:
        path = tmp_path / "closed.ics"
        path.write_bytes("".join(f"{line}{ends}" for line in lines).encode())
        return path

    return write


def event(*lines: str, uid: str = "1") -> tuple[str, ...]:
    """Return an event's lines."""
    return ("BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT")


def calendar(*lines: str) -> tuple[str, ...]:
    """Return a calendar's lines."""
    return (*BEGINS, *lines, "END:VCALENDAR")


def refused(path: Path | str, years: object = YEARS) -> tuple[str, ...]:
    """Return why the file is refused."""
    with pytest.raises(CalendarError) as raised:
        ical_file(path, years=years)  # type: ignore[arg-type]  # what is refused, too
    return raised.value.problems


@pytest.mark.parametrize(
    ("lines", "closed"),
    [
        (["DTSTART;VALUE=DATE:20261224", "SUMMARY:Stocktaking"], {"2026-12-24": "Stocktaking"}),
        (["DTSTART:20261224"], {"2026-12-24": "closed"}),
        (
            ["DTSTART;VALUE=DATE:20261230", "DTEND;VALUE=DATE:20270102", "SUMMARY:Works holiday"],
            {"2026-12-30": "Works holiday", "2026-12-31": "Works holiday", "2027-01-01": "Works holiday"},
        ),
        (["DTSTART;VALUE=DATE:20261230", "DURATION:P2D"], {"2026-12-30": "closed", "2026-12-31": "closed"}),
        (["DTSTART;VALUE=DATE:20201224", "RRULE:FREQ=YEARLY"], {"2026-12-24": "closed", "2027-12-24": "closed"}),
        (
            ["DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;VALUE=DATE:20261208"],
            {"2026-12-01": "closed", "2026-12-15": "closed"},
        ),
        (
            ["DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=DAILY;UNTIL=20261202"],
            {"2026-12-01": "closed", "2026-12-02": "closed"},
        ),
        (
            ["DTSTART;VALUE=DATE:20261201", "RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE:20261208T000000"],
            {"2026-12-01": "closed"},
        ),
        (
            ["DTSTART;VALUE=DATE:20261201", "RDATE;VALUE=DATE:20261205,20270105"],
            {"2026-12-01": "closed", "2026-12-05": "closed", "2027-01-05": "closed"},
        ),
        (
            ["DTSTART;VALUE=DATE:20261224", "SUMMARY:Weih", " nachten\\, und ", "  mehr\\nhier\u2028\u202e"],
            {"2026-12-24": "Weihnachten, und mehr hier"},
        ),
    ],
    ids=[
        "a day",
        "a day without VALUE",
        "over the new year",
        "a length",
        "every year",
        "left out",
        "until",
        "left out at midnight",
        "added",
        "folded",
    ],
)
def test_all_day_events_close_their_days(write: Write, lines: list[str], closed: dict[str, str]) -> None:
    """3.1: each of its days, as often as it comes, the day of its end not among them."""
    assert ical_file(write(*calendar(*event(*lines))), years=YEARS) == closed


def test_years_are_those_asked_for_and_no_others(write: Write) -> None:
    """3.1: a rule without an end is read for those years; nothing asks what year it is."""
    path = write(*calendar(*event("DTSTART;VALUE=DATE:20200501", "RRULE:FREQ=YEARLY")))
    assert list(ical_file(path, years=range(2028, 2025, -2))) == ["2026-05-01", "2028-05-01"]


def test_an_occurrence_that_was_moved_or_cancelled(write: Write) -> None:
    """3.1: a changed occurrence stands for the one it replaces, a cancelled one closes nothing."""
    yearly = event("DTSTART;VALUE=DATE:20261224", "RRULE:FREQ=YEARLY", "SUMMARY:Party")
    moved = event("RECURRENCE-ID;VALUE=DATE:20261224", "DTSTART;VALUE=DATE:20261223", "SUMMARY:Party, early")
    off = event("RECURRENCE-ID;VALUE=DATE:20271224", "DTSTART;VALUE=DATE:20271224", "STATUS:CANCELLED")
    also_off = event("DTSTART;VALUE=DATE:20260101", "STATUS:CANCELLED", uid="2")
    path = write(*calendar(*yearly, *moved, *off, *also_off))
    assert ical_file(path, years=(2026, 2027, 2028)) == {"2026-12-23": "Party, early", "2028-12-24": "Party"}


def test_names_of_one_day_stand_together(write: Write) -> None:
    """3.1: two events of a day, in one order, whatever order the file has; one twice is said once."""
    same = (event("DTSTART;VALUE=DATE:20261224", f"SUMMARY:{name}", uid=name + uid) for name, uid in ("b1", "a2", "b3"))
    assert ical_file(write(*calendar(*(line for lines in same for line in lines))), years=YEARS) == {
        "2026-12-24": "a; b"
    }


def test_files_of_any_program(write: Write) -> None:
    """3.1: several calendars in a file, a byte order mark, plain line ends, blank lines, alarms, zones, no UID."""
    one = calendar(
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Berlin",
        "END:VTIMEZONE",
        "BEGIN:VEVENT",
        "DTSTART:20261224",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "END:VALARM",
        "END:VEVENT",
        "",
    )
    two = calendar("BEGIN:VEVENT", "DTSTART:20261231", "END:VEVENT")
    path = write("\ufeff" + one[0], *one[1:], *two, ends="\n")
    assert list(ical_file(path, years=YEARS)) == ["2026-12-24", "2026-12-31"]


def test_a_calendar_takes_it_beside_public_holidays(write: Write) -> None:
    """3.1: mappings are joined as mappings are."""
    path = write(*calendar(*event("DTSTART;VALUE=DATE:20261224", "SUMMARY:Stocktaking")))
    desk = Calendar(
        "UTC", {"mon-fri": "09:00-17:00"}, closed={"2026-12-25": "Christmas", **ical_file(path, years=YEARS)}
    )
    assert [name for _, name in desk.names] == ["Stocktaking", "Christmas"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["DTSTART:20261224T100000"], HAS_A_TIME),
        (["DTSTART;TZID=Europe/Berlin:20261224T100000"], HAS_A_TIME),
        (["SUMMARY:x"], "no DTSTART: write DTSTART;VALUE=DATE:20261225"),
        (["DTSTART;VALUE=DATE:2026122x"], "DTSTART cannot be read: 'Wrong date format 2026122x'"),
        (["DTSTART:20261224", "DTSTART:20261225"], "DTSTART stands more than once: write each event by itself"),
        (["DTSTART:02261224"], "DTSTART is in 226: write a year from 1900 to 2199"),
        (["DTSTART:20261224", "DTEND:20261224"], NO_DAY),
        (
            ["DTSTART:20261224", "DTEND:20261224T180000"],
            "DTEND has a time, DTSTART none: write DTEND;VALUE=DATE, the day after the last",
        ),
        (["DTSTART:20261224", "DTEND:20261225", "DURATION:P1D"], "both DTEND and DURATION: write one"),
        (["DTSTART:20261224", "DURATION:PT36H"], "DURATION is no number of days: write DURATION:P2D"),
        (["DTSTART:20261224", "DURATION:-P2D"], "DURATION is no number of days: write DURATION:P2D"),
        (["DTSTART:20261224", "DTEND:20281224"], TOO_LONG),
        (["DTSTART:20261224", "DURATION:P9999W"], TOO_LONG),
        (
            ["DTSTART:20261224", "RRULE:FREQ=FORTNIGHTLY"],
            "RRULE cannot be read: 'Expected frequency, got: FORTNIGHTLY'",
        ),
        (["DTSTART:20261224", "RRULE:COUNT=2"], NO_DATES),
        (["DTSTART:20261224", "RRULE:FREQ=SECONDLY"], NO_DATES),
        (["DTSTART:20261224", "RRULE:FREQ=DAILY;INTERVAL=0"], "RRULE has an INTERVAL of less than 1: write 1 or more"),
        (["DTSTART:20261224", "RRULE:FREQ=YEARLY;BYMONTH=13"], "RRULE has BYMONTH=13: write one from 1 to 12"),
        (["DTSTART:20261224", "RRULE:FREQ=YEARLY;BYMONTHDAY=-32"], "RRULE has BYMONTHDAY=-32: write one from 1 to 31"),
        (
            ["DTSTART:20261224", "RRULE:FREQ=DAILY;BYHOUR=4"],
            "RRULE has BYHOUR, but the event has no time: leave it out",
        ),
        (
            ["DTSTART:20261224", "RRULE:FREQ=YEARLY;RSCALE=HEBREW"],
            "RRULE has RSCALE, which is not understood: write its dates as RDATE",
        ),
        (
            ["DTSTART:20261224", "RRULE:FREQ=DAILY", "EXRULE:FREQ=WEEKLY"],
            "EXRULE is of another age: write EXDATE;VALUE=DATE:20261228 for each date that is left out",
        ),
        (
            ["DTSTART:20261224", "RECURRENCE-ID:20261224T120000"],
            "RECURRENCE-ID has a time: write RECURRENCE-ID;VALUE=DATE:20261228",
        ),
        (["DTSTART:20261224", "RDATE:20261228T100000"], "RDATE has a time: write RDATE;VALUE=DATE:20261228"),
        (
            ["DTSTART:20261224", "RRULE:FREQ=DAILY", "EXDATE:20261228T100000"],
            "EXDATE has a time: write EXDATE;VALUE=DATE:20261228",
        ),
    ],
)
def test_an_event_that_closes_no_whole_dates_is_told(write: Write, lines: list[str], told: str) -> None:
    """3.1, 7.1: with the file, the line on which it begins, and its UID: it is never passed over."""
    sound = event("DTSTART;VALUE=DATE:20261231", uid="sound")
    assert refused(write(*calendar(*event(*lines, uid="stock-1"), *sound))) == (
        f"closed.ics:4: event 'stock-1': {told}",
    )


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["<html>", "<body>"], "closed.ics:1: '<html>' stands outside a calendar: begin with BEGIN:VCALENDAR"),
        (calendar(*event("DTSTART:20261224"))[:-1], "closed.ics:1: BEGIN:VCALENDAR has no END: is the file cut short?"),
        (calendar(*event("DTSTART:20261224")[:-1]), "closed.ics:7: END:VCALENDAR ends what began as VEVENT on line 4"),
        (
            calendar("BEGIN:VEVENT", *event("DTSTART:20261224")),
            "closed.ics:5: an event begins within another: end each before the next",
        ),
        (
            calendar(*event("DTSTART:20261224", "GARBAGE")),
            "closed.ics:7: 'GARBAGE' is no line of iCal: write NAME:VALUE",
        ),
        (
            calendar(*event("DTSTART:20261224"), *event("DTSTART:20261225")),
            "closed.ics:8: event '1': another has its UID: give each its own",
        ),
        (calendar("BEGIN:VTODO", "DTSTART:20261224", "END:VTODO"), f"closed.ics: {NOTHING}"),
        (calendar(*event("DTSTART:20251224")), f"closed.ics: {NOTHING}"),
    ],
    ids=["a web page", "cut short", "crossed", "nested", "garbage", "one UID twice", "a task", "out of date"],
)
def test_a_file_that_is_not_sound_is_told(write: Write, lines: tuple[str, ...], told: str) -> None:
    """7.1: with its line, and none of its events is believed."""
    assert refused(write(*lines)) == (told,)


def test_all_events_are_told_at_once(write: Write) -> None:
    """7.1: in the order of their lines."""
    path = write(*calendar(*event("SUMMARY:x"), *event("DTSTART:20261224T100000", "DURATION:P1D", uid="2")))
    assert [problem.partition(" event")[0] for problem in refused(path)] == ["closed.ics:4:", "closed.ics:8:"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """7.1: it is not there, is no file, is empty, is no text, or is named from nowhere."""
    path = tmp_path / "closed.ics"
    assert (
        refused(path) == (f"closed dates of {str(path)!r}: it cannot be read: No such file or directory",)
        or len(str(path)) > 60
    )
    assert "it cannot be read: " in refused(tmp_path)[0]
    path.write_bytes(b"BEGIN:VCALENDAR\r\nX:\xff")
    assert "byte 19 is not UTF-8: save it as UTF-8" in refused(path)[0]
    path.write_bytes(b"\r\n")
    assert "it is empty: begin with BEGIN:VCALENDAR" in refused(path)[0]
    path.write_bytes(b" " * 4_000_001)
    assert "it has 4,000,001 bytes: leave what is not closed out" in refused(path)[0]
    assert refused("closed.ics") == (
        "closed dates of 'closed.ics': name the file in full, like Path(__file__).with_name(\"closed.ics\")",
    )
    assert "years are empty" in refused(path, years=())[0]


SOUND = "\r\n".join(
    calendar(
        *event("DTSTART;VALUE=DATE:20251224", "DTEND:20251226", "RRULE:FREQ=YEARLY;COUNT=5", "EXDATE:20261224"),
        *event("RECURRENCE-ID:20271224", "DTSTART:20271223", "DURATION:P2D", "RDATE:20270101", "SUMMARY:a\\, b"),
    )
)
SLIPS = (
    *(":", ";", "=", ",", "\r\n", " ", '"', "\0", "é", "\r\nBEGIN:VEVENT\r\n", "\r\nEND:VEVENT\r\n"),
    *("99991231", "00010101"),
    *(";VALUE=DAT,", ";TZID=Nowhere", "T000000Z", "-P1D", "INTERVAL=2;", "UNTIL=2026;", "BYDAY=53MO;", "COUNT=-1;"),
)


_slips = st.tuples(st.integers(0, len(SOUND)), st.integers(0, 9), st.sampled_from(SLIPS))


@given(slips=st.lists(_slips, min_size=1, max_size=4))
@settings(max_examples=150)
def test_whatever_is_in_a_file_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, slips: list[tuple[int, int, str]]
) -> None:
    """7.1: no slip in it ends in a traceback, and none is told at length."""
    text = SOUND
    for at, length, slip in slips:
        text = text[:at] + slip + text[at + length :]
    path = tmp_path_factory.getbasetemp() / "slips.ics"
    path.write_text(text, encoding="utf-8", newline="")
    problems: tuple[str, ...] = ()
    try:
        Calendar("UTC", {"mon-fri": "09:00-17:00"}, closed=ical_file(path, years=YEARS))
    except CalendarError as told:
        problems = told.problems
    assert all(len(problem) < 300 and problem.isprintable() for problem in problems)
