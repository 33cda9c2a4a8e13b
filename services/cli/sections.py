"""A group of commands whose help says of each all of its first sentence, in an order that somebody chose."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import click

LONGEST = 200
"""Characters of a summary; click itself cuts it where the line ends."""


class Sections(click.Group):
    """A group whose help tells its commands apart by what they are for; without sections, in the order of adding."""

    def __init__(self, *, sections: Mapping[str, Sequence[click.Command]] | None = None, **of_group: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(**of_group)
        self._sections = sections or {}
        for command in chain.from_iterable(self._sections.values()):
            self.add_command(command)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name every command, in the order of the sections."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write a section each."""
        for title, commands in (self._sections or {"Commands": tuple(self.commands.values())}).items():
            with formatter.section(title):
                formatter.write_dl([(command.name or "", command.get_short_help_str(LONGEST)) for command in commands])
