"""How the command line says that something failed: one line on standard error, and the exit code."""

from typing import IO

import click


class Failed(click.ClickException):
    """One clear line, then the exit code: 1 refused or failed, 2 not understood, out of reach, or unable to start."""

    def __init__(self, text: str, *, exit_code: int) -> None:
        super().__init__(" ".join(text.split()))
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class and reads it of the instance

    def show(self, file: IO[str] | None = None) -> None:
        """Write the line."""
        click.echo(f"followthrough: {self.message}", file=file, err=file is None)
