"""The ledger of a ticket's clocks, so that a person believes it: every stretch, its length, and sums that add up.

Shows what it is given; computes no deadline. To the second, rounded down in the running sum alone, so that what is
shown adds up; the contract's own figures, to the microsecond, are `--json`'s to tell. Local times are the calendar's.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from itertools import chain, pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from protos.followthrough.v1.ledger_pb2 import ClockLedger, LedgerInterval
from protos.followthrough.v1.ticket_pb2 import ClockState, Target
from services.cli import wording

INDENT = 4
"""Columns: what is said of a stretch stands under it."""
ROW = 66
"""Columns of a stretch's row."""
BLANK = Text("")
STATES_THAT_LAST = {ClockState.CLOCK_STATE_RUNNING, ClockState.CLOCK_STATE_PAUSED}

CUSTOMERS_TARGETS = {Target.TARGET_UPDATE, Target.TARGET_RESOLVE}


def of_ledgers(ledgers: Sequence[ClockLedger], policys: ClockLedger | None = None) -> RenderableType:
    """Show why each of these clocks ends when it does; promises by the zone of the policy's calendar.

    `policys`: a clock that counts in that calendar, for where none of these does.
    """
    promises = _zone(policys or policys_clock(ledgers))
    return Group(
        *(
            part
            for number, ledger in enumerate(ledgers)
            for part in (*[BLANK] * bool(number), of_ledger(ledger, promises if ledger.promise else None))
        )
    )


def policys_clock(ledgers: Sequence[ClockLedger]) -> ClockLedger | None:
    """Find a clock of the customer's: those count in the policy's own calendar, a tier's in the tier's."""
    return next((ledger for ledger in ledgers if ledger.target in CUSTOMERS_TARGETS), None)


def of_ledger(ledger: ClockLedger, zone: tzinfo | None = None) -> RenderableType:
    """Show why one clock ends when it does: what was promised, when it counted, what is left.

    Without a zone, by that of the calendar that it counts in.
    """
    zone = zone or _zone(ledger)
    of = f"{ledger.promise!r} {ledger.run}" if ledger.promise else f"{ledger.run} of {ledger.tier}"
    name = f"{wording.word(ledger, 'target')} {of}: {wording.word(ledger, 'state')}"
    return Group(
        Text(wording.plain(name).plain, style="bold"),
        _facts(_promise(ledger, zone)),
        BLANK,
        Stretches(ledger, zone),
        BLANK,
        _facts(chain(_outcome(ledger, zone), _holds(ledger, zone))),
    )


def _promise(ledger: ClockLedger, zone: tzinfo) -> Iterator[tuple[str, str]]:
    if ledger.promise:
        promised_at = wording.at(ledger.start_time, zone) + ledger.length.ToTimedelta()
        yield "promised", f"for {promised_at:%a %d %b %Y %H:%M:%S %Z}, by the clock on the wall"
        yield "made", _instant(ledger.start_time, zone)
        return
    yield "promised", f"{_allowed(ledger, zone)}, counted in {ledger.calendar}"
    yield "policy", f"version {ledger.policy_version}, zone rules {ledger.tzdata or 'not needed yet'}"
    yield "started", _instant(ledger.start_time, zone)


def _outcome(ledger: ClockLedger, zone: tzinfo) -> Iterator[tuple[str, str]]:
    spent, allowed = wording.whole_seconds(ledger.spent), wording.whole_seconds(ledger.length)
    yield "spent", f"{_clock(spent)} of {_clock(allowed)}, left {_clock(max(allowed - spent, 0))}"
    if ledger.state in STATES_THAT_LAST:
        yield "now", _instant(ledger.as_of_time, zone)
    if ledger.HasField("deadline_time"):
        yield "deadline", _instant(ledger.deadline_time, zone)
    elif ledger.state == ClockState.CLOCK_STATE_PAUSED:
        yield "deadline", "none while it stands still"
    elif ledger.intervals:
        yield "ended", _instant(ledger.intervals[-1].end_time, zone)


def _holds(ledger: ClockLedger, zone: tzinfo) -> Iterator[tuple[str, str]]:
    """What was waited for inside, while the clock ran on."""
    if more := ledger.hold_count - len(ledger.holds):
        yield "on hold", f"{more} times before"
    for hold in ledger.holds:
        until = _local(hold.end_time, zone) if hold.HasField("end_time") else "now"
        yield (
            "on hold",
            f"{_local(hold.start_time, zone)} to {until}, nothing paused: {hold.reason} (event {hold.sequence})",
        )


@dataclass(slots=True)
class _Sum:
    """What has been counted, exactly; shown, a length is what it added to the shown sum."""

    exact: timedelta

    @property
    def shown(self) -> int:
        """Whole seconds."""
        return self.exact // wording.SECOND

    def add(self, counted: Duration) -> int:
        """Count more; by how many whole seconds the sum has grown."""
        before = self.shown
        self.exact += counted.ToTimedelta()
        return self.shown - before


@dataclass(frozen=True, slots=True)
class Stretches:
    """Every stretch of a clock run in its order, and when the ticket was closed between two of them."""

    ledger: ClockLedger
    zone: tzinfo

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Put a stretch in a row, or in two lines where a row has no room."""
        put = _columns if options.max_width >= ROW else _narrowly
        yield from _lines(self.ledger, self.zone, put)


Put = Callable[[str, str, str, str, str], str]
"""Writes a stretch: its number, when it began and ended, what it counted, the sum."""


def _lines(ledger: ClockLedger, zone: tzinfo, put: Put) -> Iterator[RenderableType]:
    if put is _columns:
        yield Text(put("#", "from", "until", "counted", "sum"), style="dim")
    total = _Sum(ledger.carried.ToTimedelta())
    if total.shown:
        yield Text(put("", "", "carried over", _clock(total.shown), _clock(total.shown)))
    before: LedgerInterval | None = None
    for interval in ledger.intervals:
        added = total.add(interval.counted)
        counted = "-" if interval.pause else _clock(added)
        if before is not None and before.end_time != interval.start_time:
            yield _indented(f"closed from {_local(before.end_time, zone)} to {_local(interval.start_time, zone)}")
        ends = _local(interval.end_time, zone) if interval.HasField("end_time") else "now"
        yield Text(put(str(interval.number), _local(interval.start_time, zone), ends, counted, _clock(total.shown)))
        yield from map(_indented, _said(ledger, interval, before))
        before = interval


def _said(ledger: ClockLedger, interval: LedgerInterval, before: LedgerInterval | None) -> Iterator[str]:
    is_moved = before is not None and interval.length != before.length
    event = f"event {interval.sequence}" + (f", by {interval.actor}" if interval.actor else "")
    if interval.pause:
        why = f": {interval.reason}" if interval.reason else ""
        yield f"stood still: {wording.word(interval, 'pause')}{why} ({event})"
    elif before is not None and not is_moved:
        yield f"{'went on' if before.end_time == interval.start_time else 'reopened, went on'} ({event})"
    if is_moved:
        yield f"from here on {wording.length(interval.length)} allowed ({event})"
    closed = _closed(ledger, interval)
    if closed >= wording.SECOND:
        yield f"outside the hours: {_clock(closed // wording.SECOND)}"


def _closed(ledger: ClockLedger, interval: LedgerInterval) -> timedelta:
    """How much of a stretch that counted lies outside the calendar's hours: what passed, less what was counted."""
    until = interval.end_time if interval.HasField("end_time") else ledger.as_of_time
    is_overdue = ledger.HasField("deadline_time") and wording.at(until) > wording.at(ledger.deadline_time)
    if interval.pause or is_overdue:
        return timedelta()
    return wording.at(until) - wording.at(interval.start_time) - interval.counted.ToTimedelta()


def _columns(number: str, begins: str, ends: str, counted: str, total: str) -> str:
    return f"{number:>2}  {begins:<19}  {ends:<19}  {counted:>9}  {total:>9}"


def _narrowly(number: str, begins: str, ends: str, counted: str, total: str) -> str:
    """Write it in two lines, as no row has room."""
    return f"{number:>2}  {begins}{' - ' if begins else ''}{ends}\n{'':{INDENT}}{counted}, sum {total}"


def _indented(text: str) -> Padding:
    return Padding(wording.plain(text), (0, 0, 0, INDENT), expand=False)


def _allowed(ledger: ClockLedger, zone: tzinfo) -> str:
    """What was promised when it began, and from when on another length was."""
    first = ledger.intervals[0].length if ledger.intervals else ledger.length
    moved = [
        f", from {_local(later.start_time, zone)} on {wording.length(later.length)}"
        for earlier, later in pairwise(ledger.intervals)
        if earlier.length != later.length
    ]
    return wording.length(first) + "".join(moved)


def _facts(facts: Iterator[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True, min_width=len("promised"))
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, wording.plain(value))
    return table


def _zone(ledger: ClockLedger | None) -> tzinfo:
    """Read the zone that the calendar's words begin with; UTC where there is none."""
    try:
        return ZoneInfo((ledger.calendar if ledger else "").partition(" ")[0])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _instant(timestamp: Timestamp, zone: tzinfo) -> str:
    local, utc = wording.at(timestamp, zone), wording.at(timestamp, UTC)
    said = f"{local:%a %d %b %Y %H:%M:%S %Z}"
    return said if local.tzname() == "UTC" else f"{said} ({utc:%Y-%m-%d %H:%M:%S} UTC)"


def _local(timestamp: Timestamp, zone: tzinfo) -> str:
    return f"{wording.at(timestamp, zone):%a %d %b %H:%M:%S}"


def _clock(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
