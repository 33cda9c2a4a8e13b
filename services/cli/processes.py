"""`followthrough up`, each process by itself, and `migrate`: settings, logs, the work, the exit code.

0: stopped in order. 1: a part failed while running. 2: could not start, and says why in one line.
"""

import logging
import shutil
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

import click

from services import alone, logs, parts, process, temporal
from services import up as together
from services.cli.failing import Failed
from services.cli.process_help import LOGS, RECORD, TEMPORAL, Process
from services.loops import LoopEnded
from services.process import CannotStart
from services.settings import Settings, SettingsError

logger = logging.getLogger(__name__)

WORDS = ("words", "channels", "messages_")
EVERYTHING = (
    *RECORD,
    "clock",
    "policies",
    "route_",
    "operators",
    "roster_",
    *TEMPORAL,
    "intake_",
    "worker_",
    "keeper_",
    *WORDS,
    "delivery_",
    "exporter_",
    *LOGS,
)
"""Ports and paths, all of them: what one process does here, `up` does too."""

Work = Callable[[Settings], Coroutine[None, None, None]]


@click.command(cls=Process, reads=EVERYTHING)
def up() -> None:
    """Run everything on this machine, until Ctrl-C or SIGTERM.

    Starts Temporal, worker, intake, keeper, delivery, roster and exporter, on SQLite under FOLLOWTHROUGH_VAR_DIR unless
    the settings name others, and goes on where it was stopped.
    """
    _run(lambda settings: together.up(settings, click.echo, _program()))


@click.command(cls=Process, reads=(*RECORD, "clock", "policies", "route_", "operators", *TEMPORAL, "intake_", *LOGS))
def intake() -> None:
    """Run intake alone: the gRPC door."""
    _run(alone.intake)


@click.command(cls=Process, reads=(*RECORD, "clock", *TEMPORAL, "worker_", *LOGS))
def worker() -> None:
    """Run the worker alone: the tickets' durable timers."""
    _run(alone.worker)


@click.command(cls=Process, reads=(*RECORD, "clock", *TEMPORAL, "keeper_", *LOGS))
def keeper() -> None:
    """Run the keeper alone: settles what is late, sends what is owed."""
    _run(alone.keeper)


@click.command(cls=Process, reads=(*RECORD, "clock", *WORDS, "delivery_", *LOGS))
def delivery() -> None:
    """Run delivery alone: sends what somebody is to be told; today into the log, and into files."""
    _run(alone.delivery)


@click.command(cls=Process, reads=(*RECORD, "clock", "policies", "roster_", *LOGS))
def roster() -> None:
    """Run the roster alone: asks each policy's roster who is on duty, and records what changed."""
    _run(alone.roster)


@click.command(cls=Process, reads=(*RECORD, "clock", "policies", "exporter_", *LOGS))
def exporter() -> None:
    """Run the exporter alone: the metrics page."""
    _run(alone.exporter)


@click.command(cls=Process, reads=(*RECORD, *LOGS))
def migrate() -> None:
    """Bring the record's schema up to this version; nothing is lost, and nothing happens when it is."""

    async def bring(settings: Settings) -> None:
        revision = await parts.migrate(settings)
        click.echo(f"{settings.shown_record_url} has schema {revision}")

    _run(bring)


def _run(work: Work) -> None:
    """Do a process's work, then leave: this does not return."""
    code = 0
    try:
        settings = Settings.load()
        logs.configure(settings.log_level, settings.log_format)
        temporal.log_into(logging.getLogger("temporalio.core"))
        process.run(lambda: work(settings))
    except (SettingsError, CannotStart) as error:
        code = _say(error, exit_code=2)
    except LoopEnded as error:
        code = _say(error, exit_code=1)
    except Exception:
        logger.exception("process failed")  # its type and place: its text may hold a customer's words
        code = 1
    process.leave(code)


def _say(error: Exception, *, exit_code: int) -> int:
    failed = Failed(str(error), exit_code=exit_code)
    failed.show()
    return failed.exit_code


def _program() -> str:
    """Say how this program is called from here, so that a line can be pasted."""
    called = Path(sys.argv[0])
    found = shutil.which("followthrough")
    if found is not None and Path(found).resolve() == called.resolve():
        return "followthrough"
    return str(called.relative_to(Path.cwd())) if called.is_relative_to(Path.cwd()) else str(called)
