"""`followthrough policy simulate`: past tickets under one policy, or under two side by side.

0: done. 1: more was breached than `--max-breached` allows, or the rules failed at a ticket. 2: not understood, or there
is nothing to simulate. 130: stopped by Ctrl-C.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypedDict, Unpack

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli import tables
from services.cli.failing import Failed
from services.cli.numbers import WholeNumber
from services.cli.policy_spec import policy_of
from services.cli.process_help import RECORD, Process
from services.cli.simulation_shown import of_simulation
from services.desk_log.log import LogError, read_log
from services.policy_pages import simulation as page
from services.simulation.data import to_data
from services.simulation.from_log import from_log
from services.simulation.processes import WorkerLost, cores
from services.simulation.simulate import Simulation
from services.simulation.simulate import simulate as simulated
from services.simulation.source import CannotSimulate, Given, Wanted
from workflows.domain.policy import Policy
from workflows.domain.ticket.words import Target
from workflows.planning.figures import of
from workflows.planning.restating import Ladder

STOPPED = 130
"""Exit code."""
FLIPS = 20
MOST_WORKERS = 256


class Instant(click.ParamType[datetime]):
    """A date or an instant in UTC on the command line."""

    name = "instant"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it, or refuse with the remedy."""
        try:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r}: write a date or an instant in UTC, like 2012-04-30 or 2012-04-30T08:00Z", param, ctx)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class Options(TypedDict):
    """What the command line says besides the policies."""

    log: Path | None
    is_record: bool
    since: datetime | None
    until: datetime | None
    queue: str | None
    opened_under: str | None
    priority: str | None
    number: int | None
    workers: int | None
    flips: int
    is_json: bool
    html: Path | None
    max_breached: float | None


class Shown:
    """How far it is, on standard error where that is a terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("reading", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def begins(self, tickets: int) -> None:
        """All is read: so many tickets are ahead."""
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task("tickets", total=tickets)

    def advance(self, tickets: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, advance=tickets)


@click.command(cls=Process, reads=(*RECORD, "clock", "policies"))
@click.argument("spec")
@click.argument("other", required=False)
@click.option("--log", type=click.Path(path_type=Path), help="Past tickets: a help desk's event log, .csv or .csv.gz.")
@click.option("--record", "is_record", is_flag=True, help="Past tickets: those of this system's record.")
@click.option("--since", type=Instant(), help="Only those opened then or later: a date or an instant, in UTC.")
@click.option("--until", type=Instant(), help="Only those opened earlier.")
@click.option("--queue", help="Only those of this queue of the record.")
@click.option("--policy", "opened_under", help="Only those opened under the policy of this name. Default: SPEC's.")
@click.option("--priority", help="Give every ticket this one, not its own; a log has none: there it is from a hash.")
@click.option("--cases", "number", type=WholeNumber(min=1), help="At most so many, evenly over the whole.")
@click.option("--workers", type=WholeNumber(1, MOST_WORKERS), help="Processes. Default: one for each core.")
@click.option("--flips", type=WholeNumber(min=0), default=FLIPS, show_default=True, help="How many to tell singly.")
@click.option("--json", "is_json", is_flag=True, help="One JSON object instead of tables, with every flip.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page with charts there, too.")
@click.option(
    "--max-breached",
    type=click.FloatRange(0, 100),
    help="Exit with 1 when more percent of the customer's resolves are breached, under the last policy named.",
)
def simulate(*, spec: str, other: str | None, **options: Unpack[Options]) -> None:
    """Tell past tickets again under a policy: what is met and breached, what climbs, who waits. With OTHER: under both.

    SPEC and OTHER each name a policy, its file, or either at a git revision: SPEC@REVISION. Two are shown side by side
    as A and B, with the tickets that flip. The judge that runs tickets judges here; people do what they did when they
    did it, and what a ticket does not allow by then is counted.
    """
    _require_sense(options)
    policies = _policies(spec, other, options["priority"])
    try:
        with Shown() as shown:
            given = _given(next(iter(policies.values())), options, shown)
            shown.begins(len(given.pasts))
            simulation = simulated(
                policies, given.pasts, given.until, workers=options["workers"] or cores(), done=shown.advance
            )
    except (LogError, CannotSimulate, WorkerLost) as error:
        raise Failed(str(error), exit_code=2) from None
    except KeyboardInterrupt:
        raise Failed("stopped: nothing was simulated to its end", exit_code=STOPPED) from None
    if options["html"] is not None:
        _write(options["html"], page.of_simulation(simulation, given.source, flips=options["flips"]))
    if options["is_json"]:
        click.echo(json.dumps(to_data(simulation, given.source), ensure_ascii=False))
    else:
        tables.write(of_simulation(simulation, given.source, flips=options["flips"]))
    _judge(simulation, options["max_breached"])


def _require_sense(options: Options) -> None:
    """Refuse what would be found out late, or never."""
    if (options["log"] is None) is not options["is_record"]:
        raise Failed("which past tickets? give --log FILE, or --record for this system's own", exit_code=2)
    for name, value in (("--queue", options["queue"]), ("--policy", options["opened_under"])):
        if value is not None and not options["is_record"]:
            raise Failed(f"{name} {value!r} goes with --record: a log has neither queues nor policies", exit_code=2)
    html = options["html"]
    if html is not None and not html.parent.is_dir():
        raise Failed(f"--html {str(html)!r}: there is no folder {str(html.parent)!r}: make it first", exit_code=2)


def _policies(spec: str, other: str | None, priority: str | None) -> dict[str, Policy]:
    if spec == other:
        raise Failed(f"{spec!r} is named twice: name two that differ, or one", exit_code=2)
    policies = {each: policy_of(each) for each in (spec, other) if each is not None}
    for each, policy in policies.items():
        if priority is not None and priority not in policy.priorities:
            known = ", ".join(policy.priorities)
            raise Failed(f"policy {each!r} has no priority {priority!r}: use one of {known}", exit_code=2)
    return policies


def _given(policy: Policy, options: Options, shown: Shown) -> Given:
    """Read the past tickets that are asked for; those without a priority get one of that policy's."""
    wanted = Wanted(
        since=options["since"],
        before=options["until"],
        number=options["number"],
        priority=options["priority"],
        queue=options["queue"],
        policy=options["opened_under"] or (policy.name if options["is_record"] else None),
    )
    log = options["log"]
    if log is not None:
        return from_log(str(log), read_log(log, now=datetime.now(UTC)), Ladder.of(policy), wanted)
    from services.simulation.own_record import of_own_record  # noqa: PLC0415 - a log has no use for a second of imports

    return of_own_record(wanted, read=shown.advance)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise Failed(f"--html {str(path)!r} cannot be written: {why}: name another place", exit_code=2) from None


def _judge(simulation: Simulation, most: float | None) -> None:
    """End with 1 for what a pipeline should stop at."""
    for run in simulation.runs:
        if failed := run.tally.failed.total():
            told = f"under {run.label} the rules failed at {failed} tickets, the first is {run.tally.first_failed}"
            raise Failed(told, exit_code=1)
    last = simulation.runs[-1]
    figures = last.tally.figures
    met, breached = of(figures.met, Target.RESOLVE), of(figures.breached, Target.RESOLVE)
    if most is not None and breached * 100 > most * (met + breached):
        share = f"{breached} of {met + breached}, {breached / (met + breached):.1%}"
        raise Failed(f"{last.label} breaches {share} of the customer's resolves: allowed are {most:g}%", exit_code=1)
