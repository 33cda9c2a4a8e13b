"""`followthrough rebuild`: after a move to another Temporal, every open ticket gets a timer there.

0: done. 2: could not start, or the record went away. 130: stopped by Ctrl-C. Run again, it goes on.
"""

import asyncio
import json

import click

from services import logs, parts
from services.cli.failing import Failed
from services.cli.process_help import LOGS, RECORD, Process
from services.cli.progress import TicketBar
from services.keeper import rebuild as rebuilding
from services.process import CannotStart
from services.records.errors import RecordError
from services.settings import Settings, SettingsError

STOPPED = 130
"""Exit code."""


@click.command(cls=Process, reads=(*RECORD, "clock", *LOGS))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rebuild(*, as_json: bool) -> None:
    """Give every open ticket a timer in another Temporal, after a move or a loss.

    First stop what still talks to the old one, and start worker, intake and keeper with the new address; then run this,
    while they run. It changes the record only, and says what the keeper does next. Doing it twice does no harm.
    """
    shown = TicketBar()
    try:
        settings = Settings.load()
        logs.configure(settings.log_level, settings.log_format)
        asyncio.run(_rebuild(settings, shown))
    except (SettingsError, CannotStart) as error:
        raise Failed(str(error), exit_code=2) from None
    except RecordError as error:
        raise Failed(f"{_so_far(shown)}: {error}", exit_code=2) from None
    except KeyboardInterrupt:
        raise Failed(f"{_so_far(shown)}: stopped", exit_code=STOPPED) from None
    click.echo(json.dumps({"tickets": shown.tickets}) if as_json else _done(shown.tickets))


async def _rebuild(settings: Settings, shown: TicketBar) -> None:
    async with parts.record(settings) as record:
        with shown:
            shown.expects(await record.upkeep.count_told())
            await rebuilding.rebuild(record.upkeep, forgot=shown.advance)


def _so_far(shown: TicketBar) -> str:
    return f"timers of {_open(shown.tickets)} are owed anew, run it again for the others"


def _done(tickets: int) -> str:
    if not tickets:
        return "No open ticket has a timer: nothing was changed. What is owed, the keeper sends."
    return "\n".join(
        (
            f"{_open(tickets)} {'is' if tickets == 1 else 'are'} owed a timer.",
            "A running keeper starts them, soonest due first, at most 150 a second of those that are not due at once;",
            "what gets late meanwhile it settles itself. `followthrough_owed_nudges` is 0 when all of them run.",
        )
    )


def _open(tickets: int) -> str:
    return f"{tickets} open ticket" + "s" * (tickets != 1)
