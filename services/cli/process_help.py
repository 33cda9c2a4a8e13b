"""The help of a process: after its options the settings that it reads, in the words of the settings themselves."""

import re
from collections.abc import Sequence

import click

from services.settings import Settings, variable

LOGS = ("log_level", "log_format")
RECORD = ("var_dir", "database_url")
TEMPORAL = ("temporal_", "embedded_temporal_")
BENEATH = 2
"""Columns for names, so few that each stands alone, and what it says of itself has the width."""


class Process(click.Command):
    """A subcommand that is a process."""

    def __init__(self, *, reads: Sequence[str], **others: object) -> None:
        """Take with what the names of those settings begin that it reads."""
        super().__init__(**others)  # type: ignore[arg-type]  # click's own
        self.fields = tuple(field for field in Settings.model_fields if field.startswith(tuple(reads)))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the settings after the options."""
        with formatter.section("Settings, from the environment"):
            formatter.write_dl([(variable(field), _told(field)) for field in self.fields], col_max=BENEATH)
        super().format_epilog(ctx, formatter)


def _told(field: str) -> str:
    """What a setting says of itself; other settings under the names by which they are set."""
    description = " ".join((Settings.model_fields[field].description or "").split())
    return re.sub(r"`(\w+)`", lambda name: _named(name.group(1)), description).replace("`", "")


def _named(word: str) -> str:
    return variable(word) if word in Settings.model_fields else word
