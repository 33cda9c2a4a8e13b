"""The record that this system's settings name, opened to be simulated: read, never written."""

import asyncio
from collections.abc import Callable

from services import parts
from services.process import CannotStart
from services.records.errors import RecordError
from services.settings import Settings, SettingsError
from services.simulation.from_record import from_record
from services.simulation.source import CannotSimulate, Given, Wanted
from workflows.domain.errors import TextError


def of_own_record(wanted: Wanted, *, read: Callable[[int], None]) -> Given:
    """Read the past tickets that are wanted; `read` is called with a number whenever so many more were.

    Raises `CannotSimulate` when there are none, or no record that can be read.
    """
    try:
        return asyncio.run(_read(wanted, read))
    except (SettingsError, CannotStart, RecordError, TextError) as error:
        raise CannotSimulate(str(error)) from None


async def _read(wanted: Wanted, read: Callable[[int], None]) -> Given:
    settings = Settings.load()
    async with parts.record(settings, is_written=False) as record:
        return await from_record(record.queries, f"record {settings.shown_record_url}", wanted, read=read)
