"""`followthrough feed`: a help-desk log through a running system, with a progress bar, a summary and the comparison.

0: nothing lost, no mismatches. 1: a mismatch, a loss, or a case that could not be driven to its end. 2: could not
start, or the log cannot be used. 130: stopped by Ctrl-C or SIGTERM, after saying what there is.
"""

import asyncio
import re
import shutil
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services import logs, parts
from services.cli import tables
from services.cli.failing import Failed
from services.cli.feed_summary import length, of_feed, verdict
from services.cli.numbers import WholeNumber
from services.cli.process_help import LOGS, RECORD, Process
from services.desk_log.log import Case, Log, LogError, read_log
from services.desk_log.plan import plan
from services.feed import feeding
from services.feed.embedded import clock_for, embedded
from services.feed.feeding import Fed
from services.feed.run import Queue
from services.feed.schedule import Choice, Turn, choose
from services.process import CannotStart
from services.records.clock import RealClock, RecordClock
from services.records.errors import RecordError
from services.settings import Settings, SettingsError

EMBEDDED_SPEED = 5000.0
SPEEDS = click.FloatRange(min=1, max=1_000_000)
STOPPED = 130
"""Exit code."""


class Length(click.ParamType[timedelta]):
    """A length of wall-clock time on the command line."""

    name = "length"
    units = {"d": "days", "h": "hours", "m": "minutes"}  # noqa: RUF012 - click's own form is a class

    def convert(self, value: str | timedelta, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it, or refuse with the remedy."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch(r"([0-9]{1,4})([dhm])", value)
        if found is None:
            self.fail(f"{value!r}: write a number and d, h or m, like 30d", param, ctx)
        return timedelta(**{self.units[found[2]]: int(found[1])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command line says about a run."""

    cases: Sequence[Case]
    queue: Queue
    speed: float | None
    policies: tuple[str, ...] | None
    """What holds them; none: those that ship."""


@click.command(cls=Process, reads=(*RECORD, "clock", "policies", "intake_address", "actor", "caller_", *LOGS))
@click.argument("log", type=click.Path(path_type=Path))
@click.option("--cases", "number", type=WholeNumber(min=1), default=300, show_default=True, help="How many at most.")
@click.option("--longest", type=Length(), default="30d", show_default=True, help="Leave out longer cases.")
@click.option("--queue", help="The desk that they are opened at. Default: the first one declared.")
@click.option("--embedded", "is_embedded", is_flag=True, help="Start a system for this run only, and stop it.")
@click.option("--speed", type=SPEEDS, help="Record seconds for a real one; 5000 when embedded.")
def feed(
    log: Path, *, number: int, longest: timedelta, queue: str | None, is_embedded: bool, speed: float | None
) -> None:
    """Drive the incidents of a help desk's event log through a running system; compare record and domain.

    LOG is a .csv or .csv.gz with the columns case, at (UTC), status, who. The running system and the feed need the
    same FOLLOWTHROUGH_CLOCK=scaled:ORIGIN:SPEED, and the feed reads the same record afterwards.
    """
    try:
        settings = Settings.load()
        logs.configure(settings.log_level, settings.log_format)
        read = read_log(log)
        choice = _chosen(log, read, number=number, longest=longest)
        asked = Asked(
            cases=choice.cases, queue=feeding.find_queue(settings, queue), speed=speed, policies=settings.policies
        )
        fed, was_stopped = asyncio.run(_fed(asked, None if is_embedded else settings))
    except (LogError, SettingsError, CannotStart, RecordError) as error:
        raise Failed(str(error), exit_code=2) from None
    except asyncio.CancelledError:
        raise Failed("stopped before there was anything to say", exit_code=STOPPED) from None
    tables.write(of_feed(read, choice, longest, fed))
    for line in verdict(read, fed):
        click.echo(line)
    if not fed.findings.is_sound:
        raise SystemExit(1)
    if was_stopped:
        raise SystemExit(STOPPED)
    if any(each.cut_short for each in fed.driven):
        raise SystemExit(1)


def _chosen(log: Path, read: Log, *, number: int, longest: timedelta) -> Choice:
    choice = choose(read.cases, number=number, longest=longest)
    if not choice.cases:
        raise LogError(f"log {str(log)!r} has no case of at most {length(longest)}: raise --longest")
    return choice


async def _fed(asked: Asked, settings: Settings | None) -> tuple[Fed, bool]:
    """Feed a system that runs, or one of our own without settings; the second says whether it was stopped.

    The first signal stops in order, the second at once.
    """
    stopping = asyncio.Event()
    work = asyncio.create_task(_beside(asked, settings, stopping) if settings else _embedded(asked, stopping))
    signals = 0

    def stop() -> None:
        nonlocal signals
        signals += 1
        stopping.set()
        if signals > 1:
            work.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return await work, signals > 0


async def _beside(asked: Asked, settings: Settings, stopping: asyncio.Event) -> Fed:
    """Feed the system that runs by these settings."""
    clock = parts.clock(settings)
    if isinstance(clock, RealClock) and asked.speed != 1:
        raise CannotStart(
            "the record's clock is real, and the incidents would take as long as they took: run the system and the "
            "feed by FOLLOWTHROUGH_CLOCK=scaled:ORIGIN:SPEED, or feed with --embedded, or with --speed 1"
        )
    if asked.speed not in {None, clock.speed}:
        raise CannotStart(
            f"--speed {asked.speed:g}: FOLLOWTHROUGH_CLOCK says {clock.speed:g}: leave --speed out, or run the system "
            "and the feed by another clock"
        )
    with Shown() as shown:
        return await feeding.feed(settings, asked.cases, asked.queue, stopping=stopping, watcher=shown)


async def _embedded(asked: Asked, stopping: asyncio.Event) -> Fed:
    """Feed a system of our own; its folder is kept for a look when what came of it is not sound."""
    clock = clock_for(asked.cases, speed=asked.speed or EMBEDDED_SPEED, real_at=datetime.now(UTC))
    folder = Path(tempfile.mkdtemp(prefix="followthrough-feed-"))
    with Shown() as shown:
        async with embedded(folder, clock, asked.policies, ended=stopping.set) as settings:
            fed = await feeding.feed(settings, asked.cases, asked.queue, stopping=stopping, watcher=shown)
    if fed.findings.is_sound:
        shutil.rmtree(folder)
    else:
        click.echo(f"record and logs of this run are kept in {folder}", err=True)
    return fed


class Shown:
    """How a feed goes, on standard error: what is ahead, then a bar where there is a terminal."""

    def __init__(self) -> None:
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._clock: RecordClock = RealClock()
        self._steps = self._bar.add_task("starting", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begins(self, turns: Sequence[Turn], clock: RecordClock) -> None:
        """Say what is ahead."""
        self._clock = clock
        longest = max(turn.case.length for turn in turns)
        ends_in = (max(turn.ends_at for turn in turns) - clock.read(datetime.now(UTC))) / clock.speed
        ahead = f"{len(turns)} incidents, the longest of {length(longest)}, at {clock.speed:g} times the speed"
        self._bar.console.print(f"{ahead}: about {length(ends_in)}", soft_wrap=True)
        steps = sum(1 for turn in turns for _ in plan(turn.case).moments())
        self._bar.update(self._steps, total=len(turns) + steps)

    def stepped(self) -> None:
        """Move the bar, and tell the record's time."""
        now = f"{self._clock.read(datetime.now(UTC)):%a %d %b %Y %H:%M}"
        self._bar.update(self._steps, advance=1, description=now)

    def compares(self, tickets: int) -> None:
        """Begin another bar."""
        self._bar.update(self._steps, description="fed")
        self._steps = self._bar.add_task("comparing", total=tickets)

    def compared(self) -> None:
        """Move the bar."""
        self._bar.update(self._steps, advance=1)
