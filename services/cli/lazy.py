"""Groups of subcommands of which only the one that is asked for is imported, so that help answers at once."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click

STOPPED = 130
"""Exit code after Ctrl-C, as a shell gives it."""


@dataclass(frozen=True, slots=True)
class Subcommand:
    """Where a subcommand is found and what it does, in words for the overview."""

    module: str
    """A module of this package that holds the subcommand."""
    name: str
    """What the subcommand is called there."""
    summary: str


class LazyGroup(click.Group):
    """A group that knows its subcommands by name and imports the one that is asked for."""

    def __init__(self, *, table: Mapping[str, Subcommand], **of_group: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(**of_group)
        self.table = table
        """Every subcommand, in the order of the overview."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name every subcommand, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import one."""
        found = self.table.get(cmd_name)
        if found is None:
            return None
        with _leaving_at_once():
            command: click.Command = getattr(import_module(f"services.cli.{found.module}"), found.name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the overview without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, subcommand.summary) for name, subcommand in self.table.items()])


@contextmanager
def _leaving_at_once() -> Iterator[None]:
    """Have Ctrl-C end the process while nothing is begun: modules that are half imported swallow it, or break of it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = signal.signal(signal.SIGINT, lambda *_: os._exit(STOPPED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
