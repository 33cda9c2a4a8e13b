"""A help-desk event log, read: columns `case`, `at` (UTC), `status`, `who`; one row a line.

Knows the file's shape and VINST's statuses. Does not know what a status means for a ticket: that is the plan's.
A broken row leaves its case out, with line, field, value and remedy; the rest goes on.
"""

import csv
import gzip
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TextIO, cast

COLUMNS = ("case", "at", "status", "who")
LONGEST_VALUE = 100
"""Characters of a case or a name; nobody's name and no incident's number is longer."""
LONGEST_LINE = 10_000
"""Characters; what is longer is no row of a log."""
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
"""What lies before it is a slip of the pen: nobody had a help desk's log."""
LATEST = datetime.max.replace(tzinfo=UTC)


class VinstStatus(StrEnum):
    """Status and sub-status, as VINST writes them."""

    QUEUED = "Queued+Awaiting Assignment"
    ASSIGNED = "Accepted+Assigned"
    IN_PROGRESS = "Accepted+In Progress"
    WAIT_USER = "Accepted+Wait - User"
    WAIT_CUSTOMER = "Accepted+Wait - Customer"
    WAIT_VENDOR = "Accepted+Wait - Vendor"
    WAIT = "Accepted+Wait"
    WAIT_IMPLEMENTATION = "Accepted+Wait - Implementation"
    RESOLVED = "Completed+Resolved"
    IN_CALL = "Completed+In Call"
    CLOSED = "Completed+Closed"
    CANCELLED = "Completed+Cancelled"
    UNMATCHED = "Unmatched+Unmatched"


class LogError(ValueError):
    """Nothing in the file can be used. The text names the file, what is wrong and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: somebody set a case's status."""

    line: int
    """Of the file, the header being line 1."""
    at: datetime
    status: VinstStatus
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One incident: its rows in order of time, at least one."""

    case: str
    rows: tuple[Row, ...]

    @property
    def started_at(self) -> datetime:
        """When its first row was written."""
        return self.rows[0].at

    @property
    def length(self) -> timedelta:
        """Wall-clock time from its first row to its last."""
        return self.rows[-1].at - self.rows[0].at


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRow:
    """A line that cannot be used, and why."""

    line: int
    case: str | None
    """None when the line does not even tell its case."""
    field: str
    value: str
    remedy: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.field} {self.value!r}: {self.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What a file holds."""

    cases: tuple[Case, ...]
    """In the order in which the file first names them; without those that have a broken row."""
    broken: tuple[BrokenRow, ...]
    left_out: tuple[str, ...]
    """The cases that a broken row leaves out."""
    disordered: tuple[int, ...] = ()
    """Lines of usable rows that stand below a later one of their case; they were put in order."""


class _BrokenValueError(ValueError):
    """A field that cannot be used; the row's line and case are added where they are known."""

    def __init__(self, field: str, value: str, remedy: str) -> None:
        super().__init__(field)
        self.field, self.value, self.remedy = field, value, remedy


def read_log(path: Path, *, now: datetime | None = None) -> Log:
    """Read a `.csv` or `.csv.gz`; a row that lies after `now`, if that is told, is broken.

    Raises `LogError` when the file cannot be read, has no usable header, or no case without a broken row.
    """
    try:
        with _opened(path) as lines:
            log = parse(lines, now=now)
    except (OSError, EOFError, zlib.error) as broken:
        reason = broken.strerror if isinstance(broken, OSError) and broken.strerror else str(broken)
        raise LogError(f"log {str(path)!r} cannot be read: {reason}: name a readable .csv or .csv.gz") from broken
    except LogError as unusable:
        raise LogError(f"log {str(path)!r}: {unusable}") from unusable
    return log


def parse(lines: Iterable[str], *, now: datetime | None = None) -> Log:
    """Read the lines of a log, the header first. Raises `LogError` as `read_log` does."""
    numbered = enumerate(lines, start=1)
    columns = _columns(next(numbered, (1, ""))[1])
    rows: dict[str, list[Row]] = {}
    broken: list[BrokenRow] = []
    for line, text in numbered:
        if not text.strip():
            continue
        try:
            fields = _fields(text, columns)
            row = _row(line, fields, now or LATEST)
            rows.setdefault(_text("case", fields["case"]), []).append(row)
        except _BrokenValueError as why:
            case, value = _case_of(text, columns), why.value[:LONGEST_VALUE]
            broken.append(BrokenRow(line=line, case=case, field=why.field, value=value, remedy=why.remedy))
    return _without_broken_cases(rows, tuple(broken))


def _without_broken_cases(rows: dict[str, list[Row]], broken: tuple[BrokenRow, ...]) -> Log:
    left_out = dict.fromkeys(row.case for row in broken if row.case is not None)
    cases = tuple(
        Case(case=case, rows=tuple(sorted(of_case, key=lambda row: (row.at, row.line))))
        for case, of_case in rows.items()
        if case not in left_out
    )
    if not cases:
        if not broken:
            raise LogError("no usable case: there is no row below the header: write one a line")
        raise LogError(f"no usable case: each has a broken row, the first is {broken[0]}")
    disordered = tuple(
        later.line
        for case in cases
        for earlier, later in pairwise(sorted(case.rows, key=lambda row: row.line))
        if later.at < earlier.at
    )
    return Log(cases=cases, broken=broken, left_out=tuple(left_out), disordered=tuple(sorted(disordered)))


def _opened(path: Path) -> TextIO:
    """Open it as text; what is no UTF-8 becomes U+FFFD, which breaks its own row only."""
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", errors="replace"))
    return path.open(encoding="utf-8-sig", errors="replace")


def _columns(header: str) -> tuple[str, ...]:
    try:
        columns = tuple(name.strip() for name in _cells(header))
    except csv.Error:
        columns = ()
    missing = [name for name in COLUMNS if columns.count(name) != 1]
    if missing:
        raise LogError(
            f"header {header.strip()[:LONGEST_VALUE]!r} lacks, or has more than once, {', '.join(map(repr, missing))}: "
            f"the first line must be {','.join(COLUMNS)}"
        )
    return columns


def _fields(text: str, columns: tuple[str, ...]) -> dict[str, str]:
    if len(text) > LONGEST_LINE:
        raise _BrokenValueError("row", text, f"it has {len(text)} characters, at most {LONGEST_LINE} are allowed")
    try:
        cells = _cells(text)
    except csv.Error:
        raise _BrokenValueError("row", text.strip(), "close its quotes; a row is one line") from None
    if len(cells) != len(columns):
        raise _BrokenValueError("row", text.strip(), f"give {len(columns)} fields, it has {len(cells)}")
    return dict(zip(columns, cells, strict=True))


def _cells(text: str) -> list[str]:
    return next(csv.reader([text], strict=True), [])


def _case_of(text: str, columns: tuple[str, ...]) -> str | None:
    """Read the case of a broken row as well as it can be read, so that its case is left out."""
    cells = next(csv.reader([text[:LONGEST_LINE]]), [])
    position = columns.index("case")
    return cells[position] if position < len(cells) and cells[position].strip() else None


def _row(line: int, fields: dict[str, str], now: datetime) -> Row:
    at = _instant(fields["at"], now)
    return Row(line=line, at=at, status=_status(fields["status"]), who=_text("who", fields["who"]))


def _instant(value: str, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        at = None
    if at is None or at.utcoffset() != timedelta(0):
        raise _BrokenValueError("at", value, "write an instant in UTC, like 2011-01-31T10:12:22Z")
    if not EARLIEST <= at <= now:
        which = "the future" if at > now else "the distant past"
        raise _BrokenValueError("at", value, f"it lies in {which}: write when it was, like 2011-01-31T10:12:22Z")
    return at.astimezone(UTC)


def _status(value: str) -> VinstStatus:
    try:
        return VinstStatus(value)
    except ValueError:
        raise _BrokenValueError("status", value, f"use one of {', '.join(VinstStatus)}") from None


def _text(field: str, value: str) -> str:
    if not value.strip():
        raise _BrokenValueError(field, value, "it may not be empty")
    if len(value) > LONGEST_VALUE:
        raise _BrokenValueError(field, value, f"it has {len(value)} characters, at most {LONGEST_VALUE} are allowed")
    if "\N{REPLACEMENT CHARACTER}" in value or not value.isprintable():
        raise _BrokenValueError(field, value, "write it in UTF-8, without control characters")
    return value
