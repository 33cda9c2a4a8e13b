"""How the command line says that something failed: a line for each problem on standard error, and the exit code."""

from typing import IO

import click


class Failed(click.ClickException):
    """One clear line for each problem, then the exit code.

    1: refused or failed; 2: not understood, out of reach, or unable to start.
    """

    def __init__(self, *problems: str, exit_code: int) -> None:
        super().__init__("\n".join(" ".join(problem.split()) for problem in problems))
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class and reads it of the instance

    def show(self, file: IO[str] | None = None) -> None:
        """Write the lines."""
        for line in self.message.splitlines():
            click.echo(f"followthrough: {line}", file=file, err=file is None)
